//! Aligned columns.

use super::out::{Out, Tone};

/// A cell and its tone.
pub type Cell = (Tone, String);

/// The rows as lines: every column as wide as its widest cell, the last one as it is.
#[must_use]
pub fn lines(out: Out, gap: usize, rows: &[Vec<Cell>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter(|row| column + 1 < row.len()).filter_map(|row| row.get(column));
        cells.map(|(_, text)| text.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter().map(|row| line(out, gap, &widths, row)).collect()
}

fn line(out: Out, gap: usize, widths: &[usize], row: &[Cell]) -> String {
    let mut line = String::new();
    for (column, (tone, text)) in row.iter().enumerate() {
        line.push_str(&out.paint(*tone, text));
        if column + 1 < row.len() {
            line.push_str(&" ".repeat(widths[column] - text.chars().count() + gap));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_one_does_not_count() {
        let row = |cells: &[&str]| cells.iter().map(|text| (Tone::Plain, (*text).to_owned())).collect::<Vec<_>>();
        let rows =
            [row(&["a", "bb", "end"]), row(&["aaa", "b", "longer end"]), row(&["a", "a long end in column two"])];
        assert_eq!(
            lines(Out::plain(), 2, &rows),
            ["a    bb  end", "aaa  b   longer end", "a    a long end in column two"]
        );
    }
}
