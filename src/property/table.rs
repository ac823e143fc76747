//! The table: names with values, and what has changed.
//!
//! Putting what is there already is silent, and so is deleting what is not. Several values put together change together:
//! nobody sees a part of them. A name is parts with dots between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Value, fits};
use crate::model::Instant;

/// A value and since when it has been so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The value.
    pub value: Value,
    /// When it was put.
    pub since: Instant,
}

/// One change of one property.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Its full name.
    pub name: String,
    /// The value before and since when; `None`: it was not there.
    pub old: Option<(Value, Instant)>,
    /// The value now; `None`: it is gone.
    pub new: Option<Value>,
    /// When it changed.
    pub at: Instant,
}

/// Properties by full name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table(BTreeMap<String, Held>);

impl Table {
    /// Puts a value; `None` deletes it. The change, if it is one.
    pub fn put(&mut self, name: &str, value: Option<Value>, now: Instant) -> Option<Change> {
        let before = self.0.get(name);
        if before.map(|held| &held.value) == value.as_ref() {
            return None;
        }
        let old = before.map(|held| (held.value.clone(), held.since));
        match &value {
            Some(value) => {
                self.0.insert(name.to_owned(), Held { value: value.clone(), since: now });
            }
            None => {
                self.0.remove(name);
            }
        }
        Some(Change { name: name.to_owned(), old, new: value, at: now })
    }

    /// Puts several values at once.
    pub fn put_many<'a>(
        &mut self,
        values: impl IntoIterator<Item = (&'a str, Option<Value>)>,
        now: Instant,
    ) -> Vec<Change> {
        values.into_iter().filter_map(|(name, value)| self.put(name, value, now)).collect()
    }

    /// Deletes a value.
    pub fn delete(&mut self, name: &str, now: Instant) -> Option<Change> {
        self.put(name, None, now)
    }

    /// Deletes everything.
    pub fn clear(&mut self, now: Instant) -> Vec<Change> {
        let names: Vec<String> = self.0.keys().cloned().collect();
        names.iter().filter_map(|name| self.delete(name, now)).collect()
    }

    /// One value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Held> {
        self.0.get(name)
    }

    /// Everything below a name and the name itself, sorted.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Held)> {
        let below =
            move |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.iter().filter(move |(name, _)| below(name))
    }

    /// Everything that a pattern fits, sorted.
    pub fn matching<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = (&'a str, &'a Held)> {
        self.iter().filter(move |(name, _)| fits(pattern, name))
    }

    /// Everything, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Held)> {
        self.0.iter().map(|(name, held)| (name.as_str(), held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Instant = Instant::from_secs;

    fn text(value: &str) -> Option<Value> {
        Some(Value::Text(value.into()))
    }

    #[test]
    fn prop_1_a_change_has_both_values_and_both_times_and_an_equal_put_is_none() {
        let mut table = Table::default();
        let name = "wwan0.mobile.apn";
        let first = table.put(name, text("a"), AT(1)).unwrap();
        assert_eq!(first, Change { name: name.into(), old: None, new: text("a"), at: AT(1) });
        assert_eq!(table.put(name, text("a"), AT(2)), None);
        assert_eq!(table.get(name).map(|held| held.since), Some(AT(1)), "an equal put keeps the time");
        let second = table.put(name, text("b"), AT(3)).unwrap();
        assert_eq!(second.old, text("a").map(|old| (old, AT(1))));
        let gone = table.delete(name, AT(4)).unwrap();
        assert_eq!((gone.old, gone.new), (text("b").map(|old| (old, AT(3))), None));
        assert_eq!(table.delete(name, AT(5)), None);
        assert_eq!(table.get(name), None);
    }

    #[test]
    fn prop_1_several_values_change_together() {
        let mut table = Table::default();
        table.put("wwan0.a", text("1"), AT(1));
        let puts = [("wwan0.a", text("1")), ("wwan0.b", text("2")), ("wwan0.c", None)];
        let changes = table.put_many(puts, AT(2));
        assert_eq!(changes.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["wwan0.b"]);
        let cleared = table.clear(AT(3));
        assert_eq!(cleared.len(), 2);
        assert!(cleared.iter().all(|change| change.new.is_none()));
    }

    #[test]
    fn prop_1_by_prefix_and_by_pattern_sorted() {
        let mut table = Table::default();
        for name in ["wwan1.mobile.iccid", "wwan0.mobile.iccid", "wwan0.mobile", "wwan0.mobiles", "connection"] {
            table.put(name, text("x"), AT(1));
        }
        let names = |found: Vec<(&str, &Held)>| found.into_iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(table.under("wwan0.mobile").collect()), ["wwan0.mobile", "wwan0.mobile.iccid"]);
        assert_eq!(names(table.matching("*.mobile.iccid").collect()), ["wwan0.mobile.iccid", "wwan1.mobile.iccid"]);
        assert_eq!(table.iter().count(), 5);
    }
}
