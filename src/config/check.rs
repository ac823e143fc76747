//! The schema's verdict on a document, said in words with a place and a remedy.
//!
//! Every finding of the validator becomes one of ours; where it only says "none of these" we look into the alternatives
//! and speak about the one that was meant. Values of secrets never get into a message.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::diagnostic::{Code, Finding};
use super::scalars::{FORMS, ListenAddress};
use super::schema::{Compiled, compiled};
use super::suggest::nearest;
use super::tree::{self, Mark, Node, Path, Step};
use super::types::SECRET_KEYS;

/// Everything in the document that the grammar does not allow.
pub(super) fn check(document: &Node, value: &Value, texts: &[&str]) -> Vec<Finding> {
    let compiled = compiled();
    let mut checker = Checker { document, texts, compiled, findings: Vec::new() };
    for error in compiled.validator.iter_errors(value) {
        checker.explain(&error);
    }
    checker.findings
}

/// Keys that a `null` is to delete but that the grammar does not have.
pub(super) fn check_nulls(nulls: &[(Path, Mark)]) -> Vec<Finding> {
    let unknown = nulls.iter().filter(|(path, _)| !compiled().places.contains(&path.pattern()));
    unknown.map(|(path, at)| Finding::error(Code::UnknownKey, *at, "unknown key").path(path)).collect()
}

struct Checker<'a> {
    document: &'a Node,
    texts: &'a [&'a str],
    compiled: &'static Compiled,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        let path = self.path(error);
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(&path, key, error);
                }
            }
            Kind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                self.add(Code::MissingKey, &path, format!("`{key}` is missing"), Some(example(key)));
            }
            Kind::Type { kind } => self.wrong_type(&path, &type_names(kind)),
            Kind::Constant { expected_value } => self.unknown_value(&path, &[expected_value.to_string()]),
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => self.alternatives(&path, context),
            Kind::Pattern { pattern } => {
                let form = FORMS.iter().find(|f| f.pattern == pattern.as_str());
                let expected = form.map_or_else(|| format!("of the form {pattern}"), |f| f.expected.to_owned());
                self.invalid(&path, &expected);
            }
            Kind::Format { .. } => self.invalid(&path, ListenAddress::FORM.expected),
            Kind::Minimum { .. } | Kind::Maximum { .. } => {
                let limit = |name| self.keyword(error, name).map_or_else(String::new, Value::to_string);
                let expected = format!("{} to {}", limit("minimum"), limit("maximum"));
                self.invalid(&path, &expected);
            }
            Kind::MinLength { .. } | Kind::MaxLength { .. } => self.invalid(&path, "1 to 127 characters"),
            Kind::MinItems { .. } => {
                let hint = "remove the key to allow everything".to_owned();
                self.add(Code::InvalidValue, &path, "the list is empty".to_owned(), Some(hint));
            }
            Kind::MinProperties { .. } => {
                let keys = quoted(&self.properties(error));
                self.add(Code::MissingKey, &path, format!("needs one of {keys}"), None);
            }
            Kind::MaxProperties { .. } => {
                let message = "these keys exclude each other".to_owned();
                self.add(Code::InvalidValue, &path, message, Some("keep one of them".to_owned()));
            }
            _ => self.add(Code::InvalidValue, &path, error.masked().to_string(), None),
        }
    }

    /// None of the alternatives holds: finds the one that was meant.
    fn alternatives(&mut self, path: &Path, branches: &[Vec<ValidationError<'_>>]) {
        let here = |e: &ValidationError<'_>| self.path(e) == *path;
        let mut types = BTreeSet::new();
        let mut words = Vec::new();
        let mut word_path = None;
        let mut meant: Vec<&Vec<ValidationError<'_>>> = Vec::new();
        for branch in branches {
            let mismatch = branch.iter().find(|e| match e.kind() {
                Kind::Type { .. } => here(e),
                Kind::Constant { .. } => true,
                _ => false,
            });
            match mismatch.map(|e| (e, e.kind())) {
                Some((_, Kind::Type { kind })) => types.extend(type_names(kind)),
                Some((e, Kind::Constant { expected_value })) => {
                    words.push(expected_value.to_string());
                    word_path = Some(self.path(e));
                }
                _ => meant.push(branch),
            }
        }
        match (meant.iter().min_by_key(|b| b.len()), word_path) {
            (Some(branch), _) => {
                for error in branch.iter() {
                    self.explain(error);
                }
            }
            (None, Some(path)) => self.unknown_value(&path, &words),
            (None, None) => self.wrong_type(path, &types.into_iter().collect::<Vec<_>>()),
        }
    }

    fn unknown_key(&mut self, path: &Path, key: &str, error: &ValidationError<'_>) {
        let full = path.key(key);
        if *path == Path::default().key("modems") {
            let expected = super::scalars::InterfaceName::FORM.expected;
            self.add(Code::InvalidValue, &full, format!("must be {expected}"), None);
            return;
        }
        let allowed = self.properties(error);
        let taken = self.document.find(path).map(|(node, _)| node.entries()).unwrap_or_default();
        let free = allowed.iter().map(String::as_str).filter(|a| taken.iter().all(|e| e.key != *a));
        let hint = match (nearest(key, free), self.compiled.home_of(key)) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, Some(home)) => format!("`{key}` is a key of `{home}`"),
            (None, None) => format!("the keys here are {}", quoted(&allowed)),
        };
        self.add(Code::UnknownKey, &full, "unknown key".to_owned(), Some(hint));
    }

    fn unknown_value(&mut self, path: &Path, words: &[String]) {
        let words: Vec<String> = words.iter().map(|w| w.trim_matches('"').to_owned()).collect();
        let Some((node, _)) = self.document.find(path) else { return };
        let Some(text) = node.text() else {
            return self.wrong_type(path, &["string"]);
        };
        let message = format!("`{text}` is not one of {}", quoted(&words));
        let hint = match text {
            "amps" => Some("analogue networks are gone, and no QMI modem accepts `amps`".to_owned()),
            _ => nearest(text, words.iter().map(String::as_str)).map(|meant| format!("did you mean `{meant}`?")),
        };
        self.add(Code::UnknownValue, path, message, hint);
    }

    fn wrong_type(&mut self, path: &Path, expected: &[&'static str]) {
        let Some((node, _)) = self.document.find(path) else { return };
        let is = match &node.kind {
            tree::Kind::Null => "nothing",
            tree::Kind::Bool(_) => "a boolean",
            tree::Kind::Number(_) => "a number",
            tree::Kind::Text(_) => "a string",
            tree::Kind::List(_) => "a list",
            tree::Kind::Map(_) => "a map",
        };
        let want = expected.iter().map(|t| in_words(t)).collect::<Vec<_>>().join(" or ");
        let written = self.written(node);
        let hint = match (&node.kind, expected) {
            (tree::Kind::Number(_) | tree::Kind::Bool(_), [.., "string"] | ["string", ..]) => {
                Some(if is_secret(path) { "quote it".to_owned() } else { format!("quote it: \"{written}\"") })
            }
            (tree::Kind::Text(t), ["integer"]) if t.parse::<i64>().is_ok() => Some("remove the quotes".to_owned()),
            (tree::Kind::Text(t), ["boolean"]) => yes_or_no(t).map(|b| format!("write `{b}`")),
            (tree::Kind::Text(_) | tree::Kind::Number(_), ["array"]) => {
                Some(format!("write a list: [\"{}\"]", unquoted(written)))
            }
            _ => None,
        };
        self.add(Code::WrongType, path, format!("must be {want}, not {is}"), hint);
    }

    fn invalid(&mut self, path: &Path, expected: &str) {
        let hint = (path.last_key() == Some("apn"))
            .then(|| format!("`{}` asks for the network's own", super::scalars::NETWORK_DEFAULT));
        self.add(Code::InvalidValue, path, format!("must be {expected}"), hint);
    }

    fn add(&mut self, code: Code, path: &Path, message: String, hint: Option<String>) {
        let Some((node, key_at)) = self.document.find(path) else { return };
        let about_key = matches!(code, Code::UnknownKey | Code::MissingKey) || is_map_or_list(node);
        let at = if about_key { key_at } else { node.at };
        // A pattern and a format may refuse the same text: one complaint is enough.
        if self.findings.iter().any(|f| f.path == *path && f.code == code && f.message == message) {
            return;
        }
        let finding = Finding::error(code, at, message).path(path);
        self.findings.push(match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
    }

    /// The error's place in our tree. The validator cannot tell the key `1` from the index 1; the tree can.
    fn path(&self, error: &ValidationError<'_>) -> Path {
        let mut node = Some(self.document);
        let mut steps = Vec::new();
        for segment in error.instance_path().segments() {
            let step = match segment {
                LocationSegment::Index(i) if node.is_some_and(|n| i < n.items().len()) => Step::Index(i),
                other => Step::Key(other.to_string()),
            };
            node = node.and_then(|n| match &step {
                Step::Index(i) => n.items().get(*i),
                Step::Key(key) => n.child(key),
            });
            steps.push(step);
        }
        Path(steps)
    }

    /// A value as it is spelt in the file.
    fn written(&self, node: &Node) -> &str {
        let text = self.texts.get(node.at.source).copied().unwrap_or_default();
        text.get(node.at.start..node.at.end).unwrap_or_default().trim()
    }

    /// The keyword beside the one that the error is about.
    fn keyword(&self, error: &ValidationError<'_>, name: &str) -> Option<&Value> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.compiled.document.pointer(parent)?.get(name)
    }

    fn properties(&self, error: &ValidationError<'_>) -> Vec<String> {
        let properties = self.keyword(error, "properties").and_then(Value::as_object);
        properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
    }
}

fn is_map_or_list(node: &Node) -> bool {
    matches!(node.kind, tree::Kind::Map(_) | tree::Kind::List(_))
}

fn is_secret(path: &Path) -> bool {
    path.last_key().is_some_and(|k| SECRET_KEYS.contains(&k))
}

fn type_names(kind: &TypeKind) -> Vec<&'static str> {
    match kind {
        TypeKind::Single(t) => vec![t.as_str()],
        TypeKind::Multiple(set) => set.iter().map(|t| t.as_str()).collect(),
    }
}

fn in_words(json_type: &str) -> &'static str {
    match json_type {
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a map",
        _ => "nothing",
    }
}

/// The words that YAML 1.1 took for booleans.
fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "on" | "y" | "true" => Some(true),
        "no" | "off" | "n" | "false" => Some(false),
        _ => None,
    }
}

fn example(key: &str) -> String {
    match key {
        "version" => "write `version: 1` at the top of the file".to_owned(),
        "method" => "say which method".to_owned(),
        key => format!("add `{key}: …`"),
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}
