//! Configurations of VintageNetQMI → `wwan.yaml`, for those who come from there.
//!
//! An Elixir file is a program; we read its literals. `lexer` (text → tokens), `parser` (tokens → terms), `find` (where
//! the network is configured), `convert` (what that means here). What is not a literal, has no counterpart or means
//! something else is said, in the new file and as a warning. No code is run.

mod convert;
mod find;
mod lexer;
mod parser;
mod term;

use super::diagnostic::{Diagnostics, Finding};
use super::source::Source;
use super::tree::Mark;

/// What became of a foreign file.
#[derive(Clone, Debug)]
#[must_use]
pub struct Imported {
    /// The text of `wwan.yaml`, unless there is an error.
    pub yaml: Option<String>,
    /// Errors, and everything that did not go over as it was.
    pub diagnostics: Diagnostics,
}

/// Reads an Elixir file that configures VintageNet: a `config.exs`, a piece of it, or a call of `VintageNet.configure`.
pub fn import_vintage_net(source: &Source) -> Imported {
    let converted = source.text(0).and_then(|text| {
        let tokens = lexer::tokens(text)?;
        let found = find::find(text, &tokens)?;
        let file = source.path.rsplit('/').next().unwrap_or_default();
        Ok((text, convert::convert(&found, file)))
    });
    let (text, lines, mut findings) = match converted {
        Ok((text, converted)) => (text, converted.lines, converted.findings),
        Err(finding) => (source.text(0).unwrap_or_default(), Vec::new(), vec![finding]),
    };
    findings.truncate(super::MAX_FINDINGS);
    findings.sort_by_key(|f| (f.at.line, f.at.column));
    let sources = std::slice::from_ref(source);
    let diagnostics = Diagnostics(findings.into_iter().map(|finding| complete(finding, sources, text)).collect());
    let yaml = (!diagnostics.has_errors()).then(|| lines.join("\n") + "\n");
    Imported { yaml, diagnostics }
}

/// A complaint with the line it is about, unless that line may have a secret of another network on it.
fn complete(finding: Finding, sources: &[Source], text: &str) -> super::Diagnostic {
    let from = text.get(..finding.at.start).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1);
    let line = text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let secret = term::is_secret(line);
    let Mark { line, column, .. } = finding.at;
    let mut diagnostic = finding.complete(sources, &[text]);
    if secret {
        diagnostic.excerpt = None;
    }
    (diagnostic.line, diagnostic.column) = (line, column);
    diagnostic
}
