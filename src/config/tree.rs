//! The spanned tree: what a file says and where it says it.
//!
//! Not YAML (that is `yaml.rs`) and not the grammar (that is `types.rs`): any keys, any values, each with its place.

use std::fmt;

use serde_json::{Map, Number, Value};

/// A stretch of text in one of the sources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark {
    /// Index of the source in layer order.
    pub source: usize,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte, counted from the start of the text (after a byte order mark).
    pub start: usize,
    /// Byte after the last one; equal to `start` where the parser knows no end.
    pub end: usize,
}

impl Mark {
    /// The start of a source: the place of a complaint about the whole file.
    #[must_use]
    pub const fn start_of(source: usize) -> Self {
        Self { source, line: 1, column: 1, start: 0, end: 0 }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Where the value is written.
    pub at: Mark,
}

/// A value: JSON's, but a number keeps no fraction that is not there (`1400.0` is 1400, as JSON Schema has it).
#[derive(Clone, Debug)]
pub enum Kind {
    /// An explicit `null` or `~`: it deletes what a lower layer says.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; every key once.
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub key_at: Mark,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The entries of a map; none for any other value.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for any other value.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The entry of a map under `key`.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The value of a map under `key`.
    #[must_use]
    pub fn child(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|e| &e.value)
    }

    /// The text, if the value is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON, the form that both the schema and the types read.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Number(n) => Value::Number(n.clone()),
            Kind::Text(t) => Value::String(t.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Map(entries) => {
                Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect::<Map<_, _>>())
            }
        }
    }

    /// The node at a path, with the mark of the key that holds it (its own mark for a list item and for the root).
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<(&Self, Mark)> {
        let mut found = (self, self.at);
        for step in &path.0 {
            found = match step {
                Step::Key(key) => found.0.entry(key).map(|e| (&e.value, e.key_at))?,
                Step::Index(i) => found.0.items().get(*i).map(|n| (n, n.at))?,
            };
        }
        Some(found)
    }
}

/// The way from the root of a document to a value; printed as `modems.wwan0.service_providers[0].apn`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Path(pub Vec<Step>);

/// One step down.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Path {
    /// This path, one key further down.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// This path, one list item further down.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// The place in the grammar: `modems.*.service_providers[].apn`.
    #[must_use]
    pub fn pattern(&self) -> String {
        let mut general = self.clone();
        let of_modems = self.0.first() == Some(&Step::Key("modems".to_owned()));
        if let (true, Some(Step::Key(name))) = (of_modems, general.0.get_mut(1)) {
            "*".clone_into(name);
        }
        general.0.iter().fold(String::new(), |text, step| match step {
            Step::Key(key) if text.is_empty() => key.clone(),
            Step::Key(key) => format!("{text}.{key}"),
            Step::Index(_) => format!("{text}[]"),
        })
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The way to the map and the key in it; `None` for the root and for list items.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &str)> {
        match self.0.split_last()? {
            (Step::Key(key), parent) => Some((Self(parent.to_vec()), key)),
            _ => None,
        }
    }

    /// The last key on the way, whatever list items follow it.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|s| match s {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
