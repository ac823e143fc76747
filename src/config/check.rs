//! The schema's verdict on a document, said in words with a place and a remedy.
//!
//! Every finding of the validator becomes one of ours; where it only says "none of these" we look into the alternatives
//! and speak about the one that was meant. Values of secrets never get into a message.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::MAX_FINDINGS;
use super::diagnostic::{Code, Finding};
use super::scalars::{FORMS, InterfaceName, NETWORK_DEFAULT};
use super::schema::{Compiled, compiled};
use super::suggest::{nearest, ours};
use super::tree::{self, Mark, Node, Path};
use super::types::SECRET_KEYS;

/// What in the document the grammar does not allow: all of it, but for the flood behind the first hundred.
pub(super) fn check(document: &Node, value: &Value, texts: &[&str]) -> Vec<Finding> {
    let compiled = compiled();
    let mut checker = Checker { document, texts, compiled, findings: Vec::new() };
    for error in compiled.validator.iter_errors(value) {
        if checker.findings.len() >= MAX_FINDINGS {
            break;
        }
        checker.explain(&error);
    }
    checker.findings
}

/// Keys that a `null` is to delete but that the grammar does not have.
pub(super) fn check_nulls(nulls: &[(Path, Mark)]) -> Vec<Finding> {
    let unknown = nulls.iter().filter(|(path, _)| !compiled().places.contains(&path.pattern())).take(MAX_FINDINGS);
    let finding = |(path, at): &(Path, Mark)| {
        let (parent, key) = path.split_last()?;
        let finding = Finding::error(Code::UnknownKey, *at, "unknown key").path(path);
        Some(match nearest(key, compiled().keys_at(&parent.pattern())) {
            Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
            None => finding,
        })
    };
    unknown.filter_map(finding).collect()
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
                for key in unexpected.iter().take(MAX_FINDINGS) {
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
            Kind::Format { format } => {
                let form = FORMS.iter().find(|form| form.format == Some(format));
                self.invalid(&path, form.map_or("of another form", |form| form.expected));
            }
            Kind::Minimum { .. } | Kind::Maximum { .. } => {
                let limit = |name| self.keyword(error, name).map_or_else(String::new, Value::to_string);
                let expected = format!("{} to {}", limit("minimum"), limit("maximum"));
                self.invalid(&path, &expected);
            }
            Kind::MinLength { .. } | Kind::MaxLength { .. } => self.invalid(&path, "1 to 127 characters"),
            Kind::MinItems { .. } => {
                let hint = match path.last_key() {
                    Some("hooks") => "say what the plugin is asked",
                    Some(key) if key.starts_with("only_") => "remove the key to allow everything",
                    _ => "name a program",
                };
                self.add(Code::InvalidValue, &path, "the list is empty".to_owned(), Some(hint.to_owned()));
            }
            Kind::MaxItems { .. } => {
                let most = self.keyword(error, "maxItems").map_or_else(String::new, Value::to_string);
                let (message, hint) = match path.last_key() {
                    Some("hooks") => ("more than one hook".to_owned(), "name the plugin twice, once for each hook"),
                    _ => (format!("the list is longer than {most}"), "keep those that matter most"),
                };
                self.add(Code::InvalidValue, &path, message, Some(hint.to_owned()));
            }
            Kind::MinProperties { .. } => {
                // A flag alone says nothing, so it is not offered.
                let is_flag =
                    |key: &String| self.keyword(error, "properties").is_some_and(|p| p[key]["type"] == "boolean");
                let mut keys = self.properties(error);
                keys.retain(|k| !is_flag(k));
                self.add(Code::MissingKey, &path, format!("needs one of {}", quoted(&keys)), None);
            }
            Kind::MaxProperties { .. } => {
                let Some((node, _)) = self.document.find(&path) else { return };
                let keys: Vec<String> = node.entries().iter().map(|e| e.key.clone()).collect();
                let message = format!("{} exclude each other", quoted(&keys));
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
            let expected = InterfaceName::FORM.expected;
            self.add(Code::InvalidValue, &full, format!("must be {expected}"), None);
            return;
        }
        let allowed = self.properties(error);
        let home = self.compiled.home_of(ours(key)).filter(|home| *home != path.pattern());
        let hint = match (nearest(key, allowed.iter().map(String::as_str)), home) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, Some(home)) => format!("`{}` is a key of `{home}`", ours(key)),
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
            // An empty list item: the parser of the file has said so already.
            tree::Kind::Null => return,
            tree::Kind::Bool(_) => "a boolean",
            tree::Kind::Number(n) if n.is_f64() => "a fraction",
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
        let hint =
            (path.last_key() == Some("apn")).then(|| format!("`{}` asks for the network's own", NETWORK_DEFAULT));
        self.add(Code::InvalidValue, path, format!("must be {expected}"), hint);
    }

    fn add(&mut self, code: Code, path: &Path, message: String, hint: Option<String>) {
        let (node, key_at) = self.document.find(path).unwrap_or((self.document, self.document.at));
        // The place of a map or list is that of its first item, which is not what the complaint is about.
        let is_scalar = !matches!(node.kind, tree::Kind::Map(_) | tree::Kind::List(_));
        let about_value = is_scalar && !matches!(code, Code::UnknownKey | Code::MissingKey);
        let at = if about_value { node.at } else { key_at };
        // Two keywords may refuse the same value: one complaint is enough, unless several keys are missing.
        if code != Code::MissingKey && self.findings.iter().any(|f| f.path == *path) {
            return;
        }
        let finding = Finding::error(code, at, message).path(path);
        self.findings.push(match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
    }

    /// The error's place in our tree, from a JSON pointer: only the tree can tell the key `1` from the index 1.
    fn path(&self, error: &ValidationError<'_>) -> Path {
        let mut node = Some(self.document);
        let mut path = Path::default();
        for segment in error.instance_path().as_str().split('/').skip(1) {
            let index = segment.parse().ok().filter(|i| node.is_some_and(|n| *i < n.items().len()));
            if let Some(i) = index {
                node = node.and_then(|n| n.items().get(i));
                path = path.index(i);
            } else {
                let key = segment.replace("~1", "/").replace("~0", "~");
                node = node.and_then(|n| n.child(&key));
                path = path.key(&key);
            }
        }
        path
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
