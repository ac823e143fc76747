//! Properties: what is known of a modem, as named values for people, scripts and plugins.
//!
//! A property is a line of the [`CATALOGUE`]: name, kind, unit, doc, and how it is read from what was observed. Nothing
//! sets a property and nothing clears one: it is there as long as the facts it is read from are believed, so a stale
//! one cannot exist. Not here: who asks, and how values travel.

mod catalogue;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Condition, Desired, Observed};

pub use catalogue::CATALOGUE;

/// What properties are read from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was observed.
    pub observed: &'a Observed,
    /// What the file asks for.
    pub desired: &'a Desired,
    /// The conditions.
    pub conditions: &'a [Condition],
}

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
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
            Self::List(v) => f.write_str(&v.join(" ")),
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
    /// Whether it identifies a person or a device.
    pub private: bool,
    /// What it says.
    pub doc: &'static str,
    /// Reads it; `None`: not known.
    #[serde(skip)]
    pub read: fn(View<'_>) -> Option<Value>,
}

/// All properties that are known, by name.
#[must_use]
pub fn table(view: View<'_>) -> BTreeMap<&'static str, Value> {
    CATALOGUE.iter().filter_map(|property| Some((property.name, (property.read)(view)?))).collect()
}

/// Whether a full name such as `wwan0.mobile.iccid` fits a pattern, in which `*` stands for one part and a last `*` for
/// all the rest.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = name.split('.');
    let mut wanted = pattern.split('.').peekable();
    while let Some(want) = wanted.next() {
        let last = wanted.peek().is_none();
        match (want, parts.next()) {
            ("*", Some(_)) if last => return true,
            ("*", Some(_)) => {}
            (want, Some(part)) if want == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// The catalogue as JSON, for documentation and for those who generate code from it.
#[must_use]
pub fn catalogue_json() -> String {
    let list = serde_json::to_string_pretty(CATALOGUE).unwrap_or_default();
    list + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AccessTechnologies, DesiredLink, Instant, Plmn, Registration, Report, Selection, ServingSystem,
    };

    #[test]
    fn patterns_fit_parts_and_rests() {
        for (pattern, name, fit) in [
            ("wwan0.mobile.iccid", "wwan0.mobile.iccid", true),
            ("wwan0.mobile.*", "wwan0.mobile.iccid", true),
            ("*.mobile.iccid", "wwan1.mobile.iccid", true),
            ("wwan0.*", "wwan0.mobile.iccid", true),
            ("*", "wwan0.mobile.iccid", true),
            ("wwan0.mobile", "wwan0.mobile.iccid", false),
            ("wwan0.mobile.iccid.x", "wwan0.mobile.iccid", false),
            ("wwan0.*.imei", "wwan0.mobile.iccid", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} and {name}");
        }
    }

    #[test]
    fn cell_3_the_provider_is_the_brand_of_the_serving_network_and_absent_where_nobody_knows_it() {
        let desired = Desired { technologies: None, selection: Selection::Undecided, link: DesiredLink::default() };
        let provider = |mcc, mnc, three_digit_mnc| {
            let mut observed = Observed::default();
            let plmn = Some(Plmn { mcc, mnc, three_digit_mnc });
            let technologies = AccessTechnologies::default();
            let registration = Registration::Home;
            let serving = ServingSystem { registration, ps_attached: true, plmn, operator_name: None, technologies };
            observed.learn(Report::ServingSystem(serving), Instant::ZERO);
            table(View { observed: &observed, desired: &desired, conditions: &[] }).remove("mobile.provider")
        };
        assert_eq!(provider(214, 7, false), Some(Value::Text("Movistar".to_owned())));
        assert_eq!(provider(310, 410, true), Some(Value::Text("AT&T".to_owned())));
        assert_eq!(provider(214, 7, true), None, "214 007 is another network");
    }

    #[test]
    fn the_catalogue_is_sorted_and_documented() {
        assert!(CATALOGUE.is_sorted_by(|a, b| a.name < b.name), "sorted by name, no name twice");
        for property in CATALOGUE {
            assert!(property.doc.ends_with('.'), "{}: a doc is a sentence", property.name);
        }
    }
}
