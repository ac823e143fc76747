//! Text → [`Config`], or diagnostics with file, line and column.
//!
//! Pure: the shell reads the files and hands them over in layer order. The stages, each in its file: `source` (bytes →
//! text), `yaml` (text → spanned tree), `merge` (layers, `defaults`), `judge` (all errors, or a configuration): by `check` (the
//! schema's verdict in words), `types` (the typed parse of the same value), `lint` (what a schema cannot see) and `resolved`
//! (defaults filled in).

mod check;
mod control;
mod diagnostic;
mod excerpt;
mod import;
mod judge;
mod lint;
mod merge;
mod network;
mod plugin;
mod power;
mod reachability;
mod recovery;
mod render;
mod resolved;
mod scalars;
mod schema;
mod secret;
mod shadowed;
mod show;
mod source;
mod suggest;
mod tree;
mod types;
mod yaml;

pub use control::ControlPort;
pub use diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub use excerpt::Excerpt;
pub use import::{Imported, import_vintage_net};
pub use network::IpConfig;
pub use power::{Line, LineAt, PowerConfig, PowerTimes, Switch};
pub use reachability::ReachabilityConfig;
pub use recovery::RecoveryConfig;
pub use resolved::{ApnSource, Auth, Config, Exporters, Match, ModemConfig, Origin, ServiceProvider, SimCondition};
pub use schema::{schema_2020_12, schema_draft_07};
pub use secret::SecretSource;
pub use source::{MAX_BYTES, Source};

use diagnostic::Finding;
use judge::Merged;
use tree::{Kind, Mark, Node, Path};

/// Most complaints about one set of files: a person is shown twenty, and the work for each grows with the file.
const MAX_FINDINGS: usize = 100;

/// What became of a set of files.
#[derive(Clone, Debug)]
#[must_use]
pub struct Loaded {
    /// The configuration, if there is no error.
    pub config: Option<Config>,
    /// Errors and warnings, in the order of the files.
    pub diagnostics: Diagnostics,
}

/// Reads all layers, low to high, as one configuration: every error of every file at once, and a `Config` only if there
/// is none.
pub fn load(sources: &[Source]) -> Loaded {
    let mut findings = Vec::new();
    let mut texts = Vec::new();
    let mut trees = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let text = source.text(index);
        texts.push(*text.as_ref().unwrap_or(&""));
        let (tree, complaints) = match text {
            Ok(text) => yaml::parse(text, index),
            Err(complaint) => (None, vec![complaint]),
        };
        findings.extend(complaints);
        match tree.map(known_version) {
            Some(Ok(tree)) => trees.push(tree),
            Some(Err(complaint)) => findings.push(complaint),
            None => {}
        }
    }
    let mut config = None;
    if sources.is_empty() {
        findings.push(no_file());
    } else if !trees.is_empty() {
        let merged = Merged::new(trees, sources, &texts);
        // What a broken file would have said is unknown: nothing can be called missing.
        let complete = findings.is_empty();
        findings.extend(merged.errors().into_iter().filter(|f| complete || !f.code.is_about_absence()));
        if findings.is_empty() {
            let (built, odd) = merged.config();
            findings.extend(odd);
            config = built;
        }
    }
    // Errors survive first: what is refused must stay refused.
    findings.sort_by_key(|f| f.severity);
    findings.truncate(MAX_FINDINGS);
    findings.sort_by_key(|f| (f.at.source, f.at.line, f.at.column));
    let diagnostics = Diagnostics(findings.into_iter().map(|f| f.complete(sources, &texts)).collect());
    Loaded { config: config.filter(|_| !diagnostics.has_errors()), diagnostics }
}

fn no_file() -> Finding {
    let message = "empty desired state: there is no configuration file";
    let hint = "write /etc/wwan.yaml, for example with `wwan quick-configure internet`";
    Finding::error(Code::NoFile, Mark::start_of(0), message).hint(hint)
}

/// Refuses a file of another version as a whole: every other complaint about it would be noise.
fn known_version(tree: Node) -> Result<Node, Finding> {
    let Some(Node { kind: Kind::Number(version), at }) = tree.child("version") else { return Ok(tree) };
    if version.as_i64() == Some(1) {
        return Ok(tree);
    }
    let message = format!("version {version} is not known; this program reads version 1");
    Err(Finding::error(Code::UnsupportedVersion, *at, message).path(&Path::default().key("version")))
}

#[cfg(test)]
mod agreement;
