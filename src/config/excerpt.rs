//! The one line of a file that a complaint shows, with every secret on it blotted out.

use serde::{Deserialize, Serialize};

use super::tree::Mark;

/// Longest excerpt, in characters: two terminal lines. A longer line is cut around the place.
const MAX_CHARS: usize = 160;
/// Characters kept before the place when a line is cut.
const CONTEXT_BEFORE: usize = 60;

/// A line of a file and the stretch of it that is meant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Excerpt {
    /// The line, without its end.
    pub text: String,
    /// First byte of the stretch within `text`.
    pub start: usize,
    /// Byte after the last one; equal to `start` if only a point is known.
    pub end: usize,
}

impl Excerpt {
    /// The line that `at` points into; `None` where the text has no such place.
    pub(super) fn of(text: &str, at: Mark) -> Option<Self> {
        let before = text.get(..at.start)?;
        let from = before.rfind('\n').map_or(0, |i| i + 1);
        let to = text[at.start..].find('\n').map_or(text.len(), |i| at.start + i);
        let line = text[from..to].trim_end_matches('\r');
        let start = (at.start - from).min(line.len());
        let end = at.end.saturating_sub(from).clamp(start, line.len());
        let end = if line.is_char_boundary(end) { start + line[start..end].trim_end().len() } else { start };
        Some(Self { text: blot(line), start, end }.cut())
    }

    fn cut(self) -> Self {
        if self.text.chars().count() <= MAX_CHARS {
            return self;
        }
        let from = self.text[..self.start].char_indices().rev().nth(CONTEXT_BEFORE - 1).map_or(0, |(i, _)| i);
        let rest = &self.text[from..];
        let to = rest.char_indices().nth(MAX_CHARS).map_or(rest.len(), |(i, _)| i);
        let start = self.start - from;
        Self { text: rest[..to].to_owned(), start, end: (self.end - from).clamp(start, to.max(start)) }
    }
}

/// Replaces the value of every secret key on the line by dots, one a byte, so that columns stay where they are.
///
/// Works on the text alone, so that it holds for files that do not parse and for keys that are misspelt. A map
/// (`{ credential: … }`) only names where the secret is, and stays.
fn blot(line: &str) -> String {
    let mut out = line.to_owned();
    let mut from = 0;
    while let Some(colon) = out[from..].find(':').map(|i| from + i) {
        from = colon + 1;
        let value = out[from..].trim_start();
        let start = out.len() - value.len();
        if !is_secret(word_before(&out[..colon])) || value.is_empty() || value.starts_with('{') {
            continue;
        }
        let in_flow_map = out[..colon].contains('{');
        from = start + length_of_value(value, in_flow_map);
        out.replace_range(start..from, &".".repeat(from - start));
    }
    out
}

fn word_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    text.rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next().unwrap_or_default()
}

/// Whether the word is, or was to be, the key of a secret: by what is left of it in most misspellings.
fn is_secret(word: &str) -> bool {
    let word = word.to_lowercase();
    ["pas", "sword", "pwd", "secret", "pin"].iter().any(|part| word.contains(part))
}

/// Bytes of a scalar at the start of `text`; rather too many than too few.
fn length_of_value(text: &str, in_flow_map: bool) -> usize {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text.rfind(quote).filter(|i| *i > 0).map_or(text.len(), |i| i + 1),
        _ if in_flow_map => text[..text.find([',', '}']).unwrap_or(text.len())].trim_end().len(),
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blotted_out_and_columns_stay() {
        for (line, want) in [
            ("  password: hunter2", "  password: ......."),
            (
                r#"auth: { method: pap, "password": "a, b", user: x }"#,
                r#"auth: { method: pap, "password": ......, user: x }"#,
            ),
            (r#"password: "a\"b""#, "password: ......"),
            ("password: a, b }", "password: ......"),
            ("sim: {pin: 1234}", "sim: {pin: ....}"),
            ("password: { credential: corp }", "password: { credential: corp }"),
            ("apn: internet, prt: 3", "apn: internet, prt: 3"),
            ("pasword: a", "pasword: ."),
            ("{ url: x:y, sim_pin: 12 }", "{ url: x:y, sim_pin: .. }"),
        ] {
            assert_eq!(blot(line), want);
        }
    }

    #[test]
    fn every_secret_key_is_known_here() {
        assert!(super::super::types::SECRET_KEYS.into_iter().all(is_secret));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}apn: x{}", " ".repeat(500), "y".repeat(5000));
        let excerpt = Excerpt::of(&line, Mark { source: 0, line: 1, column: 501, start: 500, end: 503 }).unwrap();
        assert_eq!(excerpt.text.chars().count(), MAX_CHARS);
        assert_eq!(&excerpt.text[excerpt.start..excerpt.end], "apn");
    }
}
