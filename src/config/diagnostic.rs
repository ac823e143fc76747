//! What is wrong with a configuration, where, and what to write instead.
//!
//! Values only; `render.rs` turns them into text. A message never repeats the value of a secret.

use serde::{Deserialize, Serialize};

use super::excerpt::Excerpt;
use super::source::Source;
use super::tree::{Mark, Path};

/// Whether the configuration can be used in spite of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The configuration is refused; the last good one stays in force.
    Error,
    /// It is used, but probably does not do what was meant.
    Warning,
}

/// The kind of complaint: stable, for scripts and for `wwan validate -o json`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Not YAML.
    Syntax,
    /// Not UTF-8 text.
    Encoding,
    /// Beyond a limit of size, depth or number of values.
    TooLarge,
    /// A file that says nothing.
    EmptyFile,
    /// A last line that may have been cut off.
    UnfinishedLine,
    /// No file at all.
    NoFile,
    /// A key without a value.
    EmptyValue,
    /// The same key twice in one map.
    DuplicateKey,
    /// A `version` that this program does not know.
    UnsupportedVersion,
    /// A key that the grammar does not have at this place.
    UnknownKey,
    /// A key that the grammar demands.
    MissingKey,
    /// Another type than the grammar has.
    WrongType,
    /// A word that is not among those allowed.
    UnknownValue,
    /// A text or number that is out of range or not of the form demanded.
    InvalidValue,
    /// The schema accepts what the types refuse: a defect of this program.
    SchemaMismatch,
    /// No modem, and nobody said that none is meant.
    NoModem,
    /// A modem without a service provider.
    NoServiceProvider,
    /// Two entries of one list have the same name.
    DuplicateName,
    /// Two modems claim the same hardware.
    SameHardware,
    /// Two modems have one power switch.
    SameSwitch,
    /// A setting that does nothing as long as another one is as it is.
    NoEffect,
    /// A service provider that no SIM can choose.
    UnreachableProvider,
    /// A prefix that an earlier entry always takes.
    ShadowedPrefix,
    /// A catch-all written before an entry with conditions.
    CatchAllOrder,
    /// A bare text that other YAML parsers take for a number or a boolean.
    UnquotedText,
    /// A secret in a file that everybody may read.
    ReadableSecret,
    /// A setting of another program that did not go over as it was.
    NotImported,
}

impl Code {
    /// Whether it says that something is not there.
    pub(super) fn is_about_absence(self) -> bool {
        matches!(self, Self::MissingKey | Self::NoModem | Self::NoServiceProvider)
    }

    /// As it is printed: `unknown-key`.
    #[must_use]
    pub fn name(self) -> String {
        let variant = format!("{self:?}");
        let mut name = String::new();
        for c in variant.chars() {
            if c.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }
}

/// One complaint, complete in itself: it can be printed, sent and stored without the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The kind of complaint.
    pub code: Code,
    /// What it is about: `modems.wwan0.service_providers[0].apn`; empty for a whole file.
    pub path: String,
    /// The file; empty if there is none.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, one line.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line of the file, secrets blotted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// All complaints about one configuration, errors and warnings, in the order of the files.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|d| d.severity == Severity::Error)
    }

    /// The warnings alone.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|d| d.severity == Severity::Warning)
    }

    /// Whether the configuration is refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The first error in one line, for a condition's message: `/etc/wwan.yaml:4:5: …: unknown key (and 2 more)`.
    #[must_use]
    pub fn headline(&self) -> Option<String> {
        let mut errors = self.errors();
        let first = errors.next()?.title();
        Some(match errors.count() {
            0 => first,
            more => format!("{first} (and {more} more)"),
        })
    }
}

impl Diagnostic {
    /// `file:line:column: path: message`.
    #[must_use]
    pub fn title(&self) -> String {
        let Self { file, line, column, path, message, .. } = self;
        let place = if file.is_empty() { String::new() } else { format!("{file}:{line}:{column}: ") };
        if path.is_empty() { format!("{place}{message}") } else { format!("{place}{path}: {message}") }
    }
}

/// A complaint while the sources are still at hand: it points into them instead of quoting them.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub severity: Severity,
    pub code: Code,
    pub path: Path,
    pub at: Mark,
    pub message: String,
    pub hint: Option<String>,
}

impl Finding {
    pub fn error(code: Code, at: Mark, message: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self { severity, code, path: Path::default(), at, message: message.into(), hint: None }
    }

    pub fn warning(code: Code, at: Mark, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, at, message) }
    }

    pub fn path(mut self, path: &Path) -> Self {
        self.path = path.clone();
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The complaint with everything it needs once the sources are gone.
    pub fn complete(self, sources: &[Source], texts: &[&str]) -> Diagnostic {
        let Self { severity, code, path, at, message, hint } = self;
        let file = sources.get(at.source).map(|s| s.path.clone()).unwrap_or_default();
        let whole_file = at == Mark::start_of(at.source);
        let excerpt = texts.get(at.source).filter(|_| !whole_file).and_then(|text| Excerpt::of(text, at));
        let (path, message, hint) = (printable(&path.to_string()), printable(&message), hint.map(|h| printable(&h)));
        Diagnostic { severity, code, path, file, line: at.line, column: at.column, message, hint, excerpt }
    }
}

/// What files say gets into terminals and logs: without control characters, and not longer than a few lines.
fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i == MAX_CHARS => {
                out.push('…');
                break;
            }
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_printed_as_it_is_serialised() {
        for code in [Code::Syntax, Code::TooLarge, Code::UnreachableProvider] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }

    #[test]
    fn what_files_say_is_printable() {
        assert_eq!(printable("a\u{1b}[31m\n"), "a\\u{1b}[31m\\u{a}");
        assert_eq!(printable(&"é".repeat(1000)).chars().count(), 301);
    }
}
