//! An Elixir value as far as a configuration has them, with its place.

use std::fmt;

use crate::config::tree::Mark;

/// Longest value that is repeated in a remark: a line or two.
const MAX_CHARS: usize = 120;

/// Keys whose value is a secret of some network: never repeated.
const SECRET_WORDS: [&str; 6] = ["psk", "password", "passphrase", "secret", "private_key", "preshared"];

/// A value and where it is written.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Term {
    pub value: Value,
    pub at: Mark,
}

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Integer(i64),
    Text(String),
    Atom(String),
    /// A module.
    Alias(String),
    List(Vec<Term>),
    Tuple(Vec<Term>),
    Map(Vec<(Term, Term)>),
    /// What is only known when the program runs, as it is written.
    Code(String),
}

impl Term {
    /// Keys and values of a map or keyword list, keys as text; `None` for any other value.
    pub fn pairs(&self) -> Option<Vec<(&str, &Self, &Self)>> {
        let pairs: Vec<(&Self, &Self)> = match &self.value {
            Value::Map(entries) => entries.iter().map(|(key, value)| (key, value)).collect(),
            Value::List(items) => items.iter().map(Self::pair).collect::<Option<_>>()?,
            _ => return None,
        };
        pairs.into_iter().map(|(key, value)| Some((key.name()?, key, value))).collect()
    }

    fn pair(&self) -> Option<(&Self, &Self)> {
        match &self.value {
            Value::Tuple(parts) => match parts.as_slice() {
                [key, value] => Some((key, value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a map or keyword list under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pairs()?.into_iter().find(|(name, ..)| *name == key).map(|(.., value)| value)
    }

    /// An atom or a text, for what is a name in either form.
    pub fn name(&self) -> Option<&str> {
        match &self.value {
            Value::Atom(name) | Value::Text(name) | Value::Alias(name) => Some(name),
            _ => None,
        }
    }
}

/// Whether the value under this key must not be shown.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// As Elixir writes it, secrets as dots, cut where it gets long.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => write!(f, "{}…", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

impl Term {
    fn write(&self, out: &mut String) {
        // Nobody reads further than this.
        if out.len() > MAX_CHARS * 4 {
            return;
        }
        match &self.value {
            Value::Nil => out.push_str("nil"),
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Integer(n) => out.push_str(&n.to_string()),
            Value::Text(text) => out.push_str(&format!("{text:?}")),
            Value::Atom(name) => out.push_str(&format!(":{name}")),
            Value::Alias(name) => out.push_str(name),
            // Nobody knows what it would be, nor what is in it.
            Value::Code(code) if is_secret(code) => out.push_str("...."),
            Value::Code(code) => out.push_str(&code.split_whitespace().collect::<Vec<_>>().join(" ")),
            Value::Tuple(items) => Self::write_all(items, '{', '}', out),
            Value::List(items) => match self.pairs().filter(|pairs| !pairs.is_empty()) {
                Some(pairs) => Self::write_pairs(&pairs, "[", ']', out),
                None => Self::write_all(items, '[', ']', out),
            },
            Value::Map(_) => Self::write_pairs(&self.pairs().unwrap_or_default(), "%{", '}', out),
        }
    }

    fn write_all(items: &[Self], open: char, close: char, out: &mut String) {
        out.push(open);
        for (i, item) in items.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            item.write(out);
        }
        out.push(close);
    }

    fn write_pairs(pairs: &[(&str, &Self, &Self)], open: &str, close: char, out: &mut String) {
        out.push_str(open);
        for (i, (name, _, value)) in pairs.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            out.push_str(&format!("{name}: "));
            if is_secret(name) { out.push_str("....") } else { value.write(out) }
        }
        out.push(close);
    }
}
