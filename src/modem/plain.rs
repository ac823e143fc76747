//! Text that a modem, a card or a network wrote: made fit to be printed, before it goes anywhere.
//!
//! Names come from the air. What moves a cursor, ends a line or turns the direction of writing would let whoever sends
//! them write into logs and onto screens; and a name has an end.

/// Longest text that is kept, in characters: names of networks have 36 at most where they follow the standard.
const LONGEST: usize = 64;

/// The text on one line, in printable characters, with the others escaped (`\n`, `\u{202e}`); cut off after 64.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for char in text.chars().take(LONGEST) {
        match is_printable(char) {
            true => plain.push(char),
            false => plain.extend(char.escape_default()),
        }
    }
    match plain.char_indices().nth(LONGEST) {
        Some((end, _)) => plain[..end].to_owned(),
        None => plain,
    }
}

fn is_printable(char: char) -> bool {
    // Line and paragraph separators, marks and overrides of direction, and the byte order mark.
    let invisible =
        ['\u{200B}'..='\u{200F}', '\u{2028}'..='\u{202E}', '\u{2066}'..='\u{2069}', '\u{FEFF}'..='\u{FEFF}'];
    !char.is_control() && !invisible.iter().any(|range| range.contains(&char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f11_text_from_outside_is_one_short_printable_line() {
        let cases = [
            ("Telekom.de", "Telekom.de"),
            ("¡Hola! Ñandú 中国移动", "¡Hola! Ñandú 中国移动"),
            ("A\0T", "A\\u{0}T"),
            ("one\nERROR two\r", "one\\nERROR two\\r"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b\u{2028}c", "a\\u{202e}b\\u{2028}c"),
            ("\u{FFFD}", "\u{FFFD}"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        for endless in ["x".repeat(300), "\0".repeat(300), "é".repeat(300)] {
            let plain = plain(&endless);
            assert!(plain.chars().count() <= LONGEST && plain.chars().all(is_printable), "{plain:?}");
        }
    }
}
