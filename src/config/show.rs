//! The effective configuration as text again: for `wwan config show` and for its digest. Secrets are dots.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::tree::{Kind, Node};
use super::types::SECRET_KEYS;

/// What stands for a secret.
const DOTS: &str = "....";
/// Column of the origins; a longer line pushes its own to the right.
const ORIGIN_COLUMN: usize = 56;

/// YAML in blocks; with `files` every line ends with `# file:line`.
pub(super) fn show(root: &Node, files: Option<&Vec<Arc<str>>>) -> String {
    let mut out = Show { text: String::new(), files };
    out.map(root, 0);
    out.text
}

/// JSON without spaces, keys sorted.
pub(super) fn canonical(root: &Node) -> String {
    let mut text = String::new();
    canonical_into(root, false, &mut text);
    text
}

fn canonical_into(node: &Node, secret: bool, text: &mut String) {
    match &node.kind {
        Kind::Map(entries) => {
            let sorted: BTreeMap<&str, &Node> = entries.iter().map(|e| (e.key.as_str(), &e.value)).collect();
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                text.push_str(if i == 0 { "{" } else { "," });
                text.push_str(&quote(key));
                text.push(':');
                canonical_into(value, SECRET_KEYS.contains(&key), text);
            }
            text.push_str(if entries.is_empty() { "{}" } else { "}" });
        }
        Kind::List(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                canonical_into(item, secret, text);
            }
            text.push(']');
        }
        Kind::Text(_) if secret => text.push_str(&quote(DOTS)),
        Kind::Text(t) => text.push_str(&quote(t)),
        Kind::Number(n) => text.push_str(&n.to_string()),
        Kind::Bool(b) => text.push_str(&b.to_string()),
        Kind::Null => text.push_str("null"),
    }
}

struct Show<'a> {
    text: String,
    files: Option<&'a Vec<Arc<str>>>,
}

impl Show<'_> {
    fn map(&mut self, node: &Node, indent: usize) {
        for entry in node.entries() {
            self.value(&format!("{:indent$}{}:", "", text(&entry.key)), &entry.key, &entry.value, indent + 2);
        }
    }

    fn value(&mut self, head: &str, key: &str, node: &Node, indent: usize) {
        match &node.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                self.line(head, node);
                self.map(node, indent);
            }
            Kind::List(items) if items.iter().any(|i| !i.entries().is_empty()) => {
                self.line(head, node);
                for item in items {
                    self.item(item, indent);
                }
            }
            Kind::List(items) => {
                let items = items.iter().map(scalar).collect::<Vec<_>>().join(", ");
                self.line(&format!("{head} [{items}]"), node);
            }
            Kind::Map(_) => self.line(&format!("{head} {{}}"), node),
            Kind::Text(_) if SECRET_KEYS.contains(&key) => self.line(&format!("{head} {DOTS}"), node),
            _ => self.line(&format!("{head} {}", scalar(node)), node),
        }
    }

    /// A map in a list: its first key stands behind the dash.
    fn item(&mut self, node: &Node, indent: usize) {
        for (i, entry) in node.entries().iter().enumerate() {
            let dash = if i == 0 { "- " } else { "  " };
            self.value(&format!("{:indent$}{dash}{}:", "", text(&entry.key)), &entry.key, &entry.value, indent + 4);
        }
    }

    fn line(&mut self, line: &str, node: &Node) {
        let file = self.files.and_then(|f| f.get(node.at.source));
        // Writing to a String cannot fail.
        let _ = match file {
            Some(file) => writeln!(self.text, "{line:ORIGIN_COLUMN$} # {file}:{}", node.at.line),
            None => writeln!(self.text, "{line}"),
        };
    }
}

fn scalar(node: &Node) -> String {
    match &node.kind {
        Kind::Text(t) => text(t),
        Kind::Number(n) => n.to_string(),
        Kind::Bool(b) => b.to_string(),
        Kind::Null | Kind::List(_) | Kind::Map(_) => "null".to_owned(),
    }
}

/// Whether every YAML parser of either version reads the text back as this text.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
        && !is_yaml_word(text)
}

/// Whether some YAML parser takes the bare word for a boolean or for nothing.
pub(super) fn is_yaml_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    WORDS.contains(&text.to_lowercase().as_str())
}

/// A text as a YAML scalar that every parser reads back as this text.
pub(super) fn text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text) }
}

fn quote(text: &str) -> String {
    // Serialising a text cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}
