//! Line protocol: `measurement,tags fields time`, one line for what changed of a modem at one time.

use std::collections::{BTreeMap, BTreeSet};

use crate::exports::wwan::plugin::exporter::{Change, Value};

/// Bytes of a line's fields at most, so that a line with some tags fits into a datagram: what is known of a modem when an
/// exporter begins is more. Lines of the same time are one point to a database.
const FIELDS: usize = 1000;

/// Lines that are not sent yet.
#[derive(Default)]
pub struct Lines {
    /// Measurement and tags but for the modem, as they are written.
    head: String,
    tail: String,
    lines: Vec<String>,
    bytes: usize,
}

impl Lines {
    /// None yet. Tags are sorted, as databases like them.
    pub fn new(measurement: &str, tags: BTreeMap<String, String>) -> Self {
        let (before, after): (Vec<_>, Vec<_>) = tags.iter().partition(|(key, _)| key.as_str() < "modem");
        let written = |tags: Vec<(&String, &String)>| -> String {
            tags.iter().map(|(key, value)| format!(",{}={}", key_of(key), key_of(value))).collect()
        };
        let head = format!("{}{}", measurement_of(measurement), written(before));
        Self { head, tail: written(after), lines: Vec::new(), bytes: 0 }
    }

    /// Bytes of all lines.
    pub fn len(&self) -> usize {
        self.bytes
    }

    pub fn clear(&mut self) {
        self.lines.clear();
        self.bytes = 0;
    }

    /// Adds what has changed; what changed at the same time of the same modem is one line.
    pub fn add(&mut self, changes: Vec<Change>) {
        let mut at: Option<(String, Option<u64>)> = None;
        let (mut fields, mut seen): (Vec<String>, BTreeSet<String>) = Default::default();
        for Change { modem, property, value, at: time } in changes {
            let this = Some((modem, time));
            let is_long = fields.iter().map(String::len).sum::<usize>() > FIELDS;
            // Without a clock, a second value of a property is a second line.
            if this != at || is_long || !seen.insert(property.clone()) {
                self.end(at.take(), std::mem::take(&mut fields));
                at = this;
                seen = BTreeSet::from([property.clone()]);
            }
            fields.extend(value.into_iter().flat_map(|value| fields_of(&property, value)));
        }
        self.end(at, fields);
    }

    fn end(&mut self, at: Option<(String, Option<u64>)>, fields: Vec<String>) {
        let Some((modem, time)) = at.filter(|_| !fields.is_empty()) else { return };
        // Nanoseconds are what databases take a time for where nobody says otherwise.
        let time = time.map_or_else(String::new, |ms| format!(" {ms}000000"));
        let line = format!("{},modem={}{} {}{time}\n", self.head, key_of(&modem), self.tail, fields.join(","));
        self.bytes += line.len();
        self.lines.push(line);
    }

    /// All lines, in pieces that are not larger than this unless one line is.
    pub fn in_pieces_of(&self, largest: usize) -> Vec<String> {
        let mut pieces: Vec<String> = Vec::new();
        for line in &self.lines {
            match pieces.last_mut().filter(|piece| piece.len() + line.len() <= largest) {
                Some(piece) => piece.push_str(line),
                None => pieces.push(line.clone()),
            }
        }
        pieces
    }
}

fn fields_of(property: &str, value: Value) -> Vec<String> {
    let key = key_of(property);
    match value {
        Value::Flag(flag) => vec![format!("{key}={flag}")],
        Value::Integer(number) => vec![format!("{key}={number}i")],
        Value::Text(text) => vec![format!("{key}={}", text_of(&text))],
        Value::Texts(texts) => vec![format!("{key}={}", text_of(&texts.join(" ")))],
        Value::Numbers(numbers) => {
            numbers.into_iter().map(|(name, number)| format!("{key}.{}={number}i", key_of(&name))).collect()
        }
    }
}

/// A key of a tag or field, or the value of a tag.
fn key_of(text: &str) -> String {
    escaped(text, &[',', '=', ' '])
}

fn measurement_of(text: &str) -> String {
    escaped(text, &[',', ' '])
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if special.contains(&c) => out.extend(['\\', c]),
            // A line ends the line.
            '\n' | '\r' => out.push('_'),
            c => out.push(c),
        }
    }
    out
}

/// The value of a text field.
fn text_of(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " "))
}
