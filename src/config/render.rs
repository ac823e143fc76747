//! Diagnostics → text for people: the complaint, the line, a caret, what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Diagnostics, Severity};

/// Most errors that are printed: whoever has more has one mistake made many times.
const MAX_SHOWN: usize = 20;

impl Diagnostics {
    /// All of it, with colours if `styled`; errors beyond the twentieth are only counted. Ends with a line that counts,
    /// and is empty if there is nothing to say.
    #[must_use]
    pub fn render(&self, styled: bool) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut shown = 0;
        let mut text = String::new();
        for diagnostic in &self.0 {
            shown += usize::from(diagnostic.severity == Severity::Error);
            if diagnostic.severity == Severity::Warning || shown <= MAX_SHOWN {
                text.push_str(&diagnostic.render(styled));
                text.push_str("\n\n");
            }
        }
        if shown > MAX_SHOWN {
            text.push_str(&format!("… and {} more errors\n", shown - MAX_SHOWN));
        }
        let counts = [(shown, "error"), (self.0.len() - shown, "warning")];
        let counts = counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| plural(n, what));
        text.push_str(&counts.collect::<Vec<_>>().join(", "));
        text.push('\n');
        text
    }
}

impl Diagnostic {
    /// One complaint, without a line end.
    #[must_use]
    pub fn render(&self, styled: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.title()).id(self.code.name());
        let group = match &self.excerpt {
            Some(excerpt) => {
                let label = self.hint.as_deref().unwrap_or_default();
                let mark = AnnotationKind::Primary.span(excerpt.start..excerpt.end).label(label);
                let line = usize::try_from(self.line).unwrap_or(usize::MAX);
                title.element(Snippet::source(excerpt.text.as_str()).line_start(line).annotation(mark))
            }
            None => match &self.hint {
                Some(hint) => Group::with_title(title).element(Level::HELP.message(hint.as_str())),
                None => Group::with_title(title),
            },
        };
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

fn plural(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
