//! What an exporter is told, between the loop that knows it and the thread that waits for its plugin: bounded, and the loop
//! never waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Grants;
use crate::property::{self, CATALOGUE, Property, Value};

/// Changes that wait for the exporter: a modem that is watched has some ten in a second, and an exporter is called ten
/// times a second.
const WAITING: usize = 1024;
/// Changes in one call.
const IN_ONE_CALL: usize = 256;

/// A property as an exporter is told it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The modem.
    pub modem: String,
    /// The property's name below the modem's.
    pub property: String,
    /// Its value; `None`: it is not known any more.
    pub value: Option<Value>,
    /// When it changed, in milliseconds since 1970 UTC, if that may be told.
    pub at: Option<u64>,
}

/// What an exporter is told at once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    /// The changes, the oldest first.
    pub changes: Vec<Told>,
    /// Changes that were lost before these.
    pub lost: u64,
}

/// What one exporter is told.
pub(super) struct Feed {
    grants: Grants,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is known now, by modem and property: for an exporter that begins.
    known: BTreeMap<(String, &'static str), (Value, u64)>,
    waiting: VecDeque<Told>,
    /// What the exporter wants; nothing: everything.
    patterns: Vec<String>,
    /// Lost and not yet told to the exporter.
    lost: u64,
    /// Lost since the start.
    lost_ever: u64,
}

impl Feed {
    /// Knows nothing yet.
    pub(super) fn new(grants: Grants) -> Self {
        Self { grants, state: Mutex::default() }
    }

    /// A property has this value now, `at` in milliseconds since 1970 UTC. Whether something waits for the exporter that
    /// waited not before.
    pub(super) fn tell(&self, name: &str, value: Option<&Value>, at: u64) -> bool {
        let Some((modem, property)) = split(name).filter(|(_, property)| may_see(&self.grants, property)) else {
            return false;
        };
        let mut state = self.state();
        let key = (modem.to_owned(), property.name);
        if state.known.get(&key).map(|(known, _)| known) == value {
            return false;
        }
        let told = self.told(&key, value.cloned(), at);
        match value {
            Some(value) => drop(state.known.insert(key, (value.clone(), at))),
            None => drop(state.known.remove(&key)),
        }
        if !state.wants(&told) {
            return false;
        }
        let was_empty = state.waiting.is_empty();
        state.push(told);
        was_empty
    }

    fn told(&self, (modem, property): &(String, &'static str), value: Option<Value>, at: u64) -> Told {
        let at = self.grants.clock.then_some(at);
        Told { modem: modem.clone(), property: (*property).to_owned(), value, at }
    }

    /// A new instance begins, which wants this: everything that is known waits for it, and what waited does not any more.
    pub(super) fn begin(&self, patterns: &[String]) {
        let mut state = self.state();
        state.patterns = patterns.to_vec();
        state.lost = 0;
        let known = state.known.iter().map(|(key, (value, at))| self.told(key, Some(value.clone()), *at));
        let all: Vec<Told> = known.filter(|told| state.wants(told)).collect();
        state.waiting.clear();
        all.into_iter().for_each(|told| state.push(told));
    }

    /// Whether something waits.
    pub(super) fn has_some(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// What the exporter is told next.
    pub(super) fn take(&self) -> Batch {
        let mut state = self.state();
        let count = state.waiting.len().min(IN_ONE_CALL);
        Batch { changes: state.waiting.drain(..count).collect(), lost: std::mem::take(&mut state.lost) }
    }

    /// Changes that were lost since the start.
    pub(super) fn lost_ever(&self) -> u64 {
        self.state().lost_ever
    }

    /// The modems that something is known of.
    pub(super) fn modems(&self) -> BTreeSet<String> {
        self.state().known.keys().map(|(modem, _)| modem.clone()).collect()
    }

    /// Nothing panics while it holds the lock, so what it guards is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wants(&self, told: &Told) -> bool {
        let name = format!("{}.{}", told.modem, told.property);
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| property::selects(pattern, &name))
    }

    fn push(&mut self, told: Told) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
            self.lost += 1;
            self.lost_ever += 1;
        }
        self.waiting.push_back(told);
    }
}

/// The modem of a full name, which may have dots in its own, and the property.
fn split(name: &str) -> Option<(&str, &'static Property)> {
    let modem = |property: &Property| name.strip_suffix(property.name)?.strip_suffix('.');
    let found = CATALOGUE.iter().filter_map(|property| Some((modem(property)?, property)));
    found.min_by_key(|(modem, _)| modem.len())
}

/// What identifies a person, a device or a place is seen with its grant. One that this list does not know is not seen at
/// all.
fn may_see(grants: &Grants, property: &Property) -> bool {
    let granted = match property.name {
        "mobile.iccid" => grants.iccid,
        "mobile.imsi" => grants.imsi,
        "mobile.imei" | "mobile.esn" | "mobile.meid" => grants.imei,
        "mobile.cell_id" | "mobile.cid" | "mobile.lac" | "mobile.tac" | "mobile.neighbours" => grants.location,
        "addresses" | "dhcp_options.broadcast" | "dhcp_options.ip" => grants.addresses,
        _ => false,
    };
    !property.private || granted
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Grants =
        Grants { iccid: true, imsi: true, imei: true, location: true, addresses: true, clock: true, watch: true };

    fn number(value: i64) -> Option<Value> {
        Some(Value::Integer(value))
    }

    fn tell(feed: &Feed, name: &str, value: i64) -> bool {
        feed.tell(name, number(value).as_ref(), 7)
    }

    fn names(batch: &Batch) -> Vec<String> {
        batch.changes.iter().map(|told| format!("{}/{}", told.modem, told.property)).collect()
    }

    /// With every grant everything is seen, without any nothing that is private: no property is forgotten.
    #[test]
    fn every_private_property_has_a_grant_and_needs_it() {
        for property in CATALOGUE {
            assert!(may_see(&ALL, property), "{} has no grant", property.name);
            assert_eq!(may_see(&Grants::default(), property), !property.private, "{}", property.name);
        }
        let only = |grants: Grants| -> Vec<&str> {
            CATALOGUE.iter().filter(|p| p.private && may_see(&grants, p)).map(|p| p.name).collect()
        };
        assert_eq!(only(Grants { iccid: true, ..Grants::default() }), ["mobile.iccid"]);
        assert_eq!(only(Grants { imsi: true, ..Grants::default() }), ["mobile.imsi"]);
        assert_eq!(only(Grants { clock: true, watch: true, ..Grants::default() }), [""; 0]);
    }

    #[test]
    fn what_is_not_granted_is_not_told() {
        let feed = Feed::new(Grants { location: true, ..Grants::default() });
        assert!(!feed.tell("wwan0.mobile.iccid", Some(&Value::Text("8988307".into())), 1));
        assert!(tell(&feed, "a.b-c.mobile.tac", 5), "a modem with a dot in its name");
        assert!(!tell(&feed, "a.b-c.nonsense", 5));
        let batch = feed.take();
        assert_eq!(names(&batch), ["a.b-c/mobile.tac"]);
        assert_eq!(batch.changes[0].at, None, "no clock without its grant");
        feed.begin(&[]);
        assert_eq!(names(&feed.take()), ["a.b-c/mobile.tac"], "nor to one that begins later");
    }

    #[test]
    fn what_is_the_same_is_not_told_again_and_what_is_gone_is() {
        let feed = Feed::new(ALL);
        assert!(tell(&feed, "wwan0.mobile.lte_rsrp_dbm", -90) && !tell(&feed, "wwan0.mobile.lte_rsrp_dbm", -90));
        assert!(!feed.tell("wwan0.mobile.lte_rsrp_dbm", None, 9), "the first one waits still");
        let batch = feed.take();
        assert_eq!(batch.changes.iter().map(|told| told.value.clone()).collect::<Vec<_>>(), [number(-90), None]);
        assert_eq!(batch.changes[1].at, Some(9));
        feed.begin(&[]);
        assert!(!feed.has_some(), "nothing is known");
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let feed = Feed::new(ALL);
        let count = WAITING as i64 + 10;
        assert_eq!((0..count).filter(|value| tell(&feed, "wwan0.mobile.lte_rsrp_dbm", *value)).count(), 1);
        let batch = feed.take();
        assert_eq!((batch.changes.len(), batch.lost, feed.lost_ever()), (IN_ONE_CALL, 10, 10));
        assert_eq!(batch.changes[0].value, number(10));
        assert_eq!(feed.take().lost, 0, "told once");
    }

    #[test]
    fn one_that_begins_is_told_what_it_wants_of_what_is_known() {
        let feed = Feed::new(ALL);
        tell(&feed, "wwan0.mobile.lte_rsrp_dbm", -90);
        tell(&feed, "wwan1.mobile.lte_rsrp_dbm", -80);
        tell(&feed, "wwan0.mobile.tac", 5);
        feed.begin(&["wwan0.mobile.*_dbm".to_owned()]);
        assert_eq!(names(&feed.take()), ["wwan0/mobile.lte_rsrp_dbm"]);
        assert!(!tell(&feed, "wwan1.mobile.lte_rsrp_dbm", -81) && tell(&feed, "wwan0.mobile.lte_rsrp_dbm", -91));
        assert_eq!(feed.modems(), BTreeSet::from(["wwan0".to_owned(), "wwan1".to_owned()]));
    }
}
