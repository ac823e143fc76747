//! Text → [`Config`], or diagnostics with file, line and column.
//!
//! Pure: the shell reads the files and hands them over in layer order. The stages, each in its file: `source` (bytes →
//! text), `yaml` (text → spanned tree), `merge` (layers, `defaults`), `check` (the schema's verdict in words), `types` (the
//! typed parse of the same value), `lint` (what a schema cannot see), `resolved` (defaults filled in).

use std::sync::Arc;

use serde::Deserialize;

mod check;
pub mod diagnostic;
pub mod excerpt;
mod lint;
mod merge;
mod reach;
mod render;
pub mod resolved;
pub mod scalars;
pub mod schema;
pub mod secret;
mod show;
pub mod source;
mod suggest;
pub mod tree;
pub mod types;
mod yaml;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub use resolved::{
    Auth, Config, ControlPort, IpConfig, Match, ModemConfig, Origin, Power, ServiceProvider, SimCondition,
};
pub use schema::{schema_2020_12, schema_draft_07};
pub use secret::SecretSource;
pub use source::Source;

use diagnostic::Finding;
use excerpt::Excerpt;
use tree::{Entry, Kind, Mark, Node, Path};

/// What became of a set of files.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration, if there is no error.
    pub config: Option<Config>,
    /// Errors and warnings, in the order of the files.
    pub diagnostics: Diagnostics,
}

/// Reads all layers, low to high, as one configuration: every error of every file at once, and a `Config` only if there
/// is none.
#[must_use]
pub fn load(sources: &[Source]) -> Loaded {
    let mut findings = Vec::new();
    let mut texts = Vec::new();
    let mut trees = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let text = source.text(index).map_err(|f| findings.push(f)).unwrap_or_default();
        texts.push(text);
        if findings.iter().all(|f: &Finding| f.at.source != index) {
            match yaml::parse(text, index).and_then(known_version) {
                Ok(tree) => trees.push(tree),
                Err(errors) => findings.extend(errors),
            }
        }
    }
    // What a broken file would have said is unknown: nothing can be called missing.
    let complete = findings.is_empty();
    let mut config = None;
    if !trees.is_empty() {
        let merged = merge::layers(trees);
        let (errors, accepted) = judge(&merged, sources, &texts);
        findings.extend(errors.into_iter().filter(|f| complete || !f.code.is_about_absence()));
        config = accepted.filter(|_| complete);
    } else if sources.is_empty() {
        let message = "empty desired state: there is no configuration file";
        let hint = "write /etc/wwan.yaml, for example with `wwan quick-configure internet`";
        findings.push(Finding::error(Code::NoFile, Mark::start_of(0), message).hint(hint));
    }
    findings.sort_by_key(|f| (f.at.source, f.at.line, f.at.column));
    let diagnostics = findings.into_iter().map(|f| diagnostic(f, sources, &texts)).collect();
    Loaded { config, diagnostics: Diagnostics(diagnostics) }
}

/// Judges a merged tree: all complaints, and the configuration if none of them is an error.
fn judge(merged: &Node, sources: &[Source], texts: &[&str]) -> (Vec<Finding>, Option<Config>) {
    let document = merge::live(merged.clone());
    let modems = merge::modems(merged);
    let value = document.to_json();
    let mut nulls = Vec::new();
    merge::nulls(merged, &Path::default(), &mut nulls);

    let mut findings = check::check_nulls(&nulls);
    findings.extend(check::check(&document, &value, texts));
    findings.extend(lint::structure(&document, &modems));
    if !findings.is_empty() {
        return (findings, None);
    }
    match typed(&value, &modems) {
        Ok((document_typed, modems_typed)) => {
            let files = sources.iter().map(|s| Arc::from(s.path.as_str())).collect();
            let config = resolved::resolve(&document_typed, modems_typed, effective(&document, &modems), files);
            findings.extend(lint::meaning(&config, sources));
            let refused = findings.iter().any(|f| f.severity == Severity::Error);
            (findings, (!refused).then_some(config))
        }
        Err(error) => {
            let message = format!("accepted by the schema, refused by the parser: {error}");
            (vec![Finding::error(Code::SchemaMismatch, document.at, message)], None)
        }
    }
}

type TypedModem<'a> = (String, types::Modem, &'a Node, Mark);

fn typed<'a>(
    value: &serde_json::Value,
    modems: &'a [Entry],
) -> Result<(types::Document, Vec<TypedModem<'a>>), serde_json::Error> {
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
fn known_version(tree: Node) -> Result<Node, Vec<Finding>> {
    let Some(Kind::Number(version)) = tree.child("version").map(|n| &n.kind) else { return Ok(tree) };
    if version.as_i64() == Some(1) {
        return Ok(tree);
    }
    let at = tree.child("version").map_or(tree.at, |n| n.at);
    let message = format!("version {version} is not known; this program reads version 1");
    Err(vec![Finding::error(Code::UnsupportedVersion, at, message).path(&Path::default().key("version"))])
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
mod tests {
    use super::*;

    #[test]
    fn proto() {
        for t in [
            include_str!("../../tests/data/config/proto.yaml"),
            "a: [1\n",
            "a: !foo x\n",
            "\ta: 1\n",
            "a: 'b\n",
            "<<: {a: 1}\n",
            "a: 1\n---\nb: 1\n",
            "? [1]\n: 2\n",
            "~: 1\n",
            "1: 1\n",
            "a: *b\n",
            "a:\n",
            "a: &x [*x]\n",
            "version: 2\nfoo: bar\n",
            "version: 1\n",
            "foo",
            "[1]",
            "version: 1\nmodems: {wwan0: {}}\n",
        ] {
            println!("=====\n{t}-----");
            let l = load(&[Source::new("/etc/wwan.yaml", t)]);
            println!("{}", l.diagnostics.render(false));
            if let Some(c) = l.config {
                println!("{:#?}\n{}\n{}", c.modems, c.show(true), c.canonical())
            }
        }
    }
}
