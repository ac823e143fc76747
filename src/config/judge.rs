//! One merged document: all its errors, or the configuration it asks for.
//!
//! The schema and the types read the same value, so that one cannot accept what the other refuses.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::diagnostic::{Code, Finding};
use super::resolved::{self, Config};
use super::source::Source;
use super::tree::{Entry, Kind, Mark, Node, Path};
use super::{check, lint, merge, types};

/// The layers as one document.
pub(super) struct Merged<'a> {
    pub sources: &'a [Source],
    /// The text of each source.
    pub texts: &'a [&'a str],
    /// The document as written, without what was deleted.
    pub document: Node,
    /// Its modems, `defaults` merged under each.
    pub modems: Vec<Entry>,
    value: Value,
    nulls: Vec<(Path, Mark)>,
}

impl<'a> Merged<'a> {
    /// Merges the trees of the sources, low to high.
    pub fn new(trees: Vec<Node>, sources: &'a [Source], texts: &'a [&'a str]) -> Self {
        let tree = merge::layers(trees);
        let modems = merge::modems(&tree);
        let mut nulls = Vec::new();
        merge::nulls(&tree, &Path::default(), &mut nulls);
        let document = merge::live(tree);
        let value = document.to_json();
        Self { sources, texts, document, modems, value, nulls }
    }

    /// Every error that can be told before the document is parsed into types.
    pub fn errors(&self) -> Vec<Finding> {
        let mut findings = check::check_nulls(&self.nulls);
        findings.extend(check::check(&self.document, &self.value, self.texts));
        findings.extend(lint::structure(&self.document, &self.modems));
        findings
    }

    /// The configuration of a document without errors, and what is odd about it.
    pub fn config(&self) -> (Option<Config>, Vec<Finding>) {
        let Ok((document, modems)) = self.typed() else {
            let message = "the schema accepts this, but the parser does not: please report this file";
            return (None, vec![Finding::error(Code::SchemaMismatch, self.document.at, message)]);
        };
        let files = self.sources.iter().map(|s| Arc::from(s.path.as_str())).collect();
        let modems = modems.into_iter().zip(&self.modems);
        let config = resolved::resolve(document, modems, self.effective(), files);
        let odd = lint::meaning(self, &config);
        (Some(config), odd)
    }

    fn typed(&self) -> Result<(types::Document, Vec<types::Modem>), serde_json::Error> {
        let modems = self.modems.iter().map(|entry| Deserialize::deserialize(&entry.value.to_json()));
        Ok((Deserialize::deserialize(&self.value)?, modems.collect::<Result<_, _>>()?))
    }

    /// The document with `defaults` moved into every modem.
    fn effective(&self) -> Node {
        let entries = self.document.entries().iter().filter(|e| e.key != "defaults");
        let entries = entries.map(|e| match e.key.as_str() {
            "modems" => Entry { value: Node { kind: Kind::Map(self.modems.clone()), at: e.value.at }, ..e.clone() },
            _ => e.clone(),
        });
        Node { kind: Kind::Map(entries.collect()), at: self.document.at }
    }
}
