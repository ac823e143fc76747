//! What differs between two texts, line by line, for people.

/// More pairs of lines than this are not compared one by one: 2,000 lines against 2,000.
const MAX_PAIRS: usize = 4_000_000;
/// Lines around a change that are shown to find it.
const CONTEXT: usize = 3;

/// The lines of `new` against those of `old`: `-` is missing now, `+` is new. Empty: no difference.
#[must_use]
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let changes = changes(&old, &new);
    let near = |at: usize| {
        let around = changes.get(at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(changes.len()));
        around.unwrap_or_default().iter().any(|(sign, _)| *sign != ' ')
    };
    let mut text = String::new();
    let mut skipped = false;
    for (at, (sign, line)) in changes.iter().enumerate() {
        if !near(at) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            text.push_str("  ...\n");
        }
        text.push_str(format!("{sign} {line}").trim_end());
        text.push('\n');
    }
    text
}

fn changes<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let same_start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (head, old, new) = (&old[..same_start], &old[same_start..], &new[same_start..]);
    let same_end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, tail) = old.split_at(old.len() - same_end);
    let new = &new[..new.len() - same_end];
    let keep = |lines: &[&'a str]| lines.iter().map(|line| (' ', *line)).collect::<Vec<_>>();
    [keep(head), middle(old, new), keep(tail)].concat()
}

/// By the longest common subsequence.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        let gone = old.iter().map(|line| ('-', *line));
        return gone.chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    // The length of what the rests of both from (i, j) on have in common.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = match old[i] == new[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_eq!(diff("", ""), "");
    }

    #[test]
    fn a_change_is_shown_with_what_is_around_it() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = "1\n2\n3\n4\n5\nsix\nand more\n7\n8\n9\n";
        assert_eq!(diff(old, new), "  ...\n  3\n  4\n  5\n- 6\n+ six\n+ and more\n  7\n  8\n  9\n");
        assert_eq!(diff("", "new\n"), "+ new\n");
        assert_eq!(diff("old\n\n", ""), "- old\n-\n");
    }

    #[test]
    fn two_changes_far_apart_keep_what_is_common() {
        let old = "a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n";
        let new = "x\n1\n2\n3\n4\n5\n6\n7\n8\ny\n";
        assert_eq!(diff(old, new), "- a\n+ x\n  1\n  2\n  3\n  ...\n  6\n  7\n  8\n- b\n+ y\n");
    }

    #[test]
    fn long_texts_are_compared_in_bounded_time() {
        let text = |word: &str| (0..5_000).map(|n| format!("{word} {n}\n")).collect::<String>();
        let lines = diff(&text("old"), &text("new")).lines().count();
        assert_eq!(lines, 10_000);
    }
}
