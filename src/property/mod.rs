//! Properties: what is known of a modem, as named values for people, scripts and plugins.
//!
//! A property is a line of the [`CATALOGUE`]: name, kind, unit, doc, lifetime, and how it is read from what was observed.
//! Nothing sets a property and nothing clears one: it is there while its [`Lifetime`] lasts and the facts it is read
//! from are fresh, so a stale one cannot exist. The [`Table`] turns that into changes. Not here: who asks, and how values
//! travel.

mod catalogue;
mod readings;
pub mod signal;
mod table;
mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::FactSet;

pub use catalogue::CATALOGUE;
pub use table::{Change, Held, Table};
pub use view::{Lifetime, View};

/// The kind of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Flag,
    /// Texts in order.
    List,
    /// Whole numbers by name.
    Map,
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Flag(bool),
    /// A whole number, in the property's unit.
    Integer(i64),
    /// Text.
    Text(String),
    /// Texts in order.
    List(Vec<String>),
    /// Whole numbers by name.
    Map(BTreeMap<String, i64>),
}

impl Value {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Flag(_) => Kind::Flag,
            Self::Integer(_) => Kind::Integer,
            Self::Text(_) => Kind::Text,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
            // Texts with spaces of their own need more than a space between them.
            Self::List(v) => f.write_str(&v.join(if v.iter().any(|text| text.contains(' ')) { ", " } else { " " })),
            Self::Map(v) => {
                for (at, (name, value)) in v.iter().enumerate() {
                    write!(f, "{}{name}={value}", if at == 0 { "" } else { " " })?;
                }
                Ok(())
            }
        }
    }
}

/// An entry of the catalogue.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Property {
    /// Its name below the modem's: `mobile.iccid` of `wwan0` is `wwan0.mobile.iccid`.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// The unit of its value; empty where it has none.
    pub unit: &'static str,
    /// How long it is there.
    pub lifetime: Lifetime,
    /// Whether it identifies a person, a device or a place.
    pub private: bool,
    /// The telemetry it is read from: what is asked for while somebody watches it.
    #[serde(skip)]
    pub telemetry: FactSet,
    /// What it says.
    pub doc: &'static str,
    /// Reads it; `None`: not known.
    #[serde(skip)]
    pub read: fn(View<'_>) -> Option<Value>,
}

impl Property {
    /// The same, in a unit.
    #[must_use]
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// The same, read from this telemetry.
    #[must_use]
    pub const fn told_by(self, telemetry: FactSet) -> Self {
        Self { telemetry, ..self }
    }

    /// The same, as one that identifies a person, a device or a place.
    #[must_use]
    pub const fn private(self) -> Self {
        Self { private: true, ..self }
    }
}

/// The full names of a modem's properties, in the order of the catalogue.
#[must_use]
pub fn names(modem: &str) -> Box<[String]> {
    CATALOGUE.iter().map(|property| format!("{modem}.{}", property.name)).collect()
}

/// Every property with its value, in the order of the catalogue; `None`: its lifetime is over, or it is not known.
pub fn values(view: View<'_>) -> impl Iterator<Item = (&'static Property, Option<Value>)> {
    let lasting =
        [Lifetime::Configured, Lifetime::Modem, Lifetime::Card, Lifetime::Service, Lifetime::Session, Lifetime::Link]
            .map(|lifetime| view.lasts(lifetime));
    CATALOGUE.iter().map(move |property| {
        let value = if lasting[property.lifetime as usize] { (property.read)(view) } else { None };
        (property, value)
    })
}

/// The telemetry that the properties a pattern selects of a modem are read from.
#[must_use]
pub fn telemetry_of(pattern: &str, modem: &str) -> FactSet {
    let selected = CATALOGUE.iter().filter(|property| selects(pattern, &format!("{modem}.{}", property.name)));
    selected.fold(FactSet::NONE, |facts, property| facts.union(property.telemetry))
}

/// Whether a pattern selects a name: it fits, or it names something above it. The seed's way of writing names,
/// `interface/wwan0/mobile/iccid`, is understood too.
#[must_use]
pub fn selects(pattern: &str, name: &str) -> bool {
    let pattern = spelt(pattern);
    fits(&pattern, name) || fits(&format!("{pattern}.*"), name)
}

/// A pattern or name as we spell it.
#[must_use]
pub fn spelt(pattern: &str) -> String {
    let dotted = pattern.replace('/', ".");
    dotted.strip_prefix("interface.").map_or(dotted.clone(), str::to_owned)
}

/// Whether a full name such as `wwan0.mobile.iccid` fits a pattern, in which `*` stands for one part or for some of its
/// letters, and a last part that is `*` for all the rest.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = name.split('.');
    let mut wanted = pattern.split('.').peekable();
    while let Some(want) = wanted.next() {
        let last = wanted.peek().is_none();
        match (want, parts.next()) {
            ("*", Some(_)) if last => return true,
            ("*", Some(_)) => {}
            (want, Some(part)) if fits_part(want, part) => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// The same of one part: what stands between the stars comes in this order, the first at the beginning, the last at the
/// end.
fn fits_part(want: &str, part: &str) -> bool {
    let Some((first, rest)) = want.split_once('*') else { return want == part };
    let Some(mut left) = part.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = left.split_once(piece) else { return false };
        left = after;
    }
    left.ends_with(last)
}

/// The catalogue as JSON, for documentation and for those who generate code from it.
#[must_use]
pub fn catalogue_json() -> String {
    let list = serde_json::to_string_pretty(CATALOGUE).unwrap_or_default();
    list + "\n"
}
