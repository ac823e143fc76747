//! Text → [`Config`], or diagnostics with file, line and column.
//!
//! Pure: the shell reads the files and hands them over in layer order. The stages, each in its file: `source` (bytes →
//! text), `yaml` (text → spanned tree), `merge` (layers, `defaults`), `check` (the schema's verdict in words), `types` (the
//! typed parse of the same value), `lint` (what a schema cannot see), `resolved` (defaults filled in).

use std::sync::Arc;

use serde_json::Value;

mod check;
mod diagnostic;
mod excerpt;
mod lint;
mod merge;
mod reach;
mod render;
mod resolved;
mod scalars;
mod schema;
mod secret;
mod show;
mod source;
mod suggest;
mod tree;
mod types;
mod yaml;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub use excerpt::Excerpt;
pub use resolved::{
    Auth, Config, ControlPort, IpConfig, Match, ModemConfig, Origin, Power, ServiceProvider, SimCondition,
};
pub use schema::{schema_2020_12, schema_draft_07};
pub use secret::SecretSource;
pub use source::{MAX_BYTES, Source};

use diagnostic::Finding;
use lint::Valid;
use tree::{Entry, Kind, Mark, Node, Path};

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
    // What a broken file would have said is unknown: nothing can be called missing.
    let complete = findings.is_empty();
    let mut config = None;
    if !trees.is_empty() {
        let merged = merge::layers(trees);
        let (document, modems) = (merge::live(merged.clone()), merge::modems(&merged));
        let value = document.to_json();
        let judged = judge(&merged, &document, &modems, &value, &texts);
        findings.extend(judged.into_iter().filter(|f| complete || !f.code.is_about_absence()));
        if findings.is_empty() {
            config = configure(&document, &modems, &value, sources, &texts, &mut findings);
        }
    } else if sources.is_empty() {
        let message = "empty desired state: there is no configuration file";
        let hint = "write /etc/wwan.yaml, for example with `wwan quick-configure internet`";
        findings.push(Finding::error(Code::NoFile, Mark::start_of(0), message).hint(hint));
    }
    findings.sort_by_key(|f| (f.at.source, f.at.line, f.at.column));
    let refused = findings.iter().any(|f| f.severity == Severity::Error);
    let diagnostics = findings.into_iter().map(|f| diagnostic(f, sources, &texts)).collect();
    Loaded { config: config.filter(|_| !refused), diagnostics: Diagnostics(diagnostics) }
}

/// Every error of a merged tree that can be told before it is parsed into types.
fn judge(merged: &Node, document: &Node, modems: &[Entry], value: &Value, texts: &[&str]) -> Vec<Finding> {
    let mut nulls = Vec::new();
    merge::nulls(merged, &Path::default(), &mut nulls);
    let mut findings = check::check_nulls(&nulls);
    findings.extend(check::check(document, value, texts));
    findings.extend(lint::structure(document, modems));
    findings
}

/// The configuration of a document without errors, and what is odd about it.
fn configure(
    document: &Node,
    modems: &[Entry],
    value: &Value,
    sources: &[Source],
    texts: &[&str],
    findings: &mut Vec<Finding>,
) -> Option<Config> {
    match typed(value, modems) {
        Ok((typed_document, typed_modems)) => {
            let files = sources.iter().map(|s| Arc::from(s.path.as_str())).collect();
            let config = resolved::resolve(&typed_document, typed_modems, effective(document, modems), files);
            findings.extend(lint::meaning(&Valid { config: &config, document, modems, sources, texts }));
            Some(config)
        }
        Err(error) => {
            let message = format!("accepted by the schema, refused by the parser: {error}");
            findings.push(Finding::error(Code::SchemaMismatch, document.at, message));
            None
        }
    }
}

type TypedModem<'a> = (String, types::Modem, &'a Node, Mark);

fn typed<'a>(value: &Value, modems: &'a [Entry]) -> Result<(types::Document, Vec<TypedModem<'a>>), serde_json::Error> {
    let document = types::Document::deserialize(value)?;
    let modems = modems.iter().map(|entry| {
        let modem = types::Modem::deserialize(&entry.value.to_json())?;
        Ok((entry.key.clone(), modem, &entry.value, entry.key_at))
    });
    Ok((document, modems.collect::<Result<_, serde_json::Error>>()?))
}

/// The document with `defaults` moved into every modem.
fn effective(document: &Node, modems: &[Entry]) -> Node {
    let entries = document.entries().iter().filter(|e| e.key != "defaults").map(|e| match e.key.as_str() {
        "modems" => Entry { value: Node { kind: Kind::Map(modems.to_vec()), at: e.value.at }, ..e.clone() },
        _ => e.clone(),
    });
    Node { kind: Kind::Map(entries.collect()), at: document.at }
}

/// Refuses a file of another version as a whole: every other complaint about it would be noise.
fn known_version(tree: Node) -> Result<Node, Finding> {
    let Some(Kind::Number(version)) = tree.child("version").map(|n| &n.kind) else { return Ok(tree) };
    if version.as_i64() == Some(1) {
        return Ok(tree);
    }
    let at = tree.child("version").map_or(tree.at, |n| n.at);
    let message = format!("version {version} is not known; this program reads version 1");
    Err(Finding::error(Code::UnsupportedVersion, at, message).path(&Path::default().key("version")))
}

fn diagnostic(finding: Finding, sources: &[Source], texts: &[&str]) -> Diagnostic {
    let Finding { severity, code, path, at, message, hint } = finding;
    let file = sources.get(at.source).map(|s| s.path.clone()).unwrap_or_default();
    let whole_file = at == Mark::start_of(at.source);
    let excerpt = texts.get(at.source).filter(|_| !whole_file).and_then(|text| Excerpt::of(text, at));
    Diagnostic {
        severity,
        code,
        path: path.to_string(),
        file,
        line: at.line,
        column: at.column,
        message,
        hint,
        excerpt,
    }
}

#[cfg(test)]
mod agreement;
