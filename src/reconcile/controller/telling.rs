//! Telling: what is known, as properties and their changes; who looks, and what the sessions carry.

use std::time::Duration;

use super::super::door::{Event, EventKind, Output};
use super::super::fleet::Secrets;
use super::Controller;
use crate::model::telemetry::Traffic;
use crate::model::{FactSet, Instant, IpFamily, ModemName};
use crate::property::{self, CATALOGUE, View};

/// A property changes at most this often, whatever a modem sends: ten times a second, and the last value wins.
const CHANGES_EVERY: Duration = Duration::from_millis(100);
/// Properties are taken so often in that time at most: each costs a few microseconds, and a flood has many moments.
const TAKES: u32 = 10;

/// When properties are taken, and when each has changed.
#[derive(Debug)]
pub(super) struct Takes {
    /// Full names, in the order of the catalogue.
    names: Vec<String>,
    /// When each last changed.
    changed: Vec<Option<Instant>>,
    /// Since when each has no value although one was told.
    away: Vec<Option<Instant>>,
    /// Something was learned that is not in the properties yet.
    touched: bool,
    /// A change was held back.
    held: bool,
    /// When they have to be taken again although nothing is learned: a fact grows too old, or a change was held back.
    due: Option<Instant>,
    /// The span of time under way, and the takes in it.
    span: (Instant, u32),
}

impl Takes {
    pub(super) fn new(modem: &ModemName, now: Instant) -> Self {
        Self {
            names: CATALOGUE.iter().map(|property| format!("{modem}.{}", property.name)).collect(),
            changed: vec![None; CATALOGUE.len()],
            away: vec![None; CATALOGUE.len()],
            touched: true,
            held: false,
            due: None,
            span: (now, 0),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        // What is touched is taken at the end of the turn, unless that has to wait for the next span.
        let touched = self.touched.then(|| self.span.0 + CHANGES_EVERY);
        touched.into_iter().chain(self.due).min().map(|at| (at, "properties are to be told"))
    }

    /// Whether it is time; counts it if so.
    fn is_time(&mut self, now: Instant) -> bool {
        if !self.touched && self.due.is_none_or(|due| now < due) {
            return false;
        }
        if now >= self.span.0 + CHANGES_EVERY {
            self.span = (now, 0);
        }
        if self.span.1 >= TAKES {
            self.touched = true;
            return false;
        }
        self.span.1 += 1;
        true
    }
}

impl Controller {
    /// Somebody wants to see this telemetry.
    pub(in super::super) fn handle_watched(&mut self, facts: FactSet, secrets: &Secrets, now: Instant) {
        self.telemetry.watch(facts, now);
        self.turn(secrets, now);
    }

    /// Whether no look at one of these facts is under way and everything learned is in the properties: whoever waits for
    /// that sees them as they are now.
    #[must_use]
    pub fn is_current(&self, facts: FactSet) -> bool {
        !self.takes.touched && !self.takes.held && !self.driver.is_looking(facts)
    }

    /// What the sessions have carried.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }

    /// Something was learned or forgotten: the properties may differ.
    pub(super) fn touch(&mut self) {
        self.takes.touched = true;
    }

    /// Takes the properties anew, if there is a reason, and tells what has changed.
    pub(super) fn tell(&mut self, now: Instant) {
        if !self.takes.is_time(now) {
            return;
        }
        let traffic = self.meter.traffic();
        let conditions = self.conditions.list();
        let connection = self.connectivity.truth();
        let (observed, desired) = (&self.observed, &self.desired);
        let view = View { observed, desired, conditions, traffic: &traffic, connection, now };
        let mut changes = Vec::new();
        let mut held_until: Option<Instant> = None;
        let Takes { names, changed, away, .. } = &mut self.takes;
        for (((name, changed), away), (_, value)) in names.iter().zip(changed).zip(away).zip(property::values(view)) {
            if self.properties.get(name).map(|held| &held.value) == value.as_ref() {
                *away = None;
                continue;
            }
            // What is being asked anew, after an action of ours for example, is not gone: only what stays away is.
            let away_since = match &value {
                None => Some(*away.get_or_insert(now)),
                Some(_) => {
                    *away = None;
                    None
                }
            };
            let held = [*changed, away_since].into_iter().flatten().max().map(|at| at + CHANGES_EVERY);
            match held.filter(|until| *until > now) {
                Some(until) => held_until = Some(held_until.map_or(until, |earliest| earliest.min(until))),
                None => {
                    *changed = Some(now);
                    changes.extend(self.properties.put(name, value, now));
                }
            }
        }
        self.takes.due = view.until().into_iter().chain(held_until).min();
        self.takes.touched = false;
        self.takes.held = held_until.is_some();
        if !changes.is_empty() {
            self.out.push_back(Output::Changed(changes));
        }
    }

    /// The modem is let go: nothing is known of it any more.
    pub(in super::super) fn tell_gone(&mut self, now: Instant) {
        let changes = self.properties.clear(now);
        if !changes.is_empty() {
            self.out.push_back(Output::Changed(changes));
        }
    }

    /// The counters of a session were told.
    pub(super) fn count(&mut self, family: IpFamily, now: Instant) {
        let reading = self.observed.statistics(family).and_then(|seen| seen.value.octets());
        if let Some(reading) = reading {
            self.meter.read(family, reading, now);
        }
        self.keep_tally(now);
    }

    /// A session is down: its counters are nobody's.
    pub(super) fn stop_counting(&mut self, family: IpFamily) {
        let other = match family {
            IpFamily::Ipv4 => IpFamily::Ipv6,
            IpFamily::Ipv6 => IpFamily::Ipv4,
        };
        let any_left = self.observed.session(other).is_some_and(|seen| seen.value.is_up());
        self.meter.ended(family, any_left);
        self.observed.forget(FactSet::of(&[crate::model::Fact::statistics(family)]));
    }

    /// Publishes the conditions.
    pub(super) fn publish(&mut self, now: Instant) {
        for news in self.conditions.update(&self.plan, self.generation, now) {
            self.event(news);
        }
        if self.conditions.take_changed() {
            self.touch();
        }
    }

    pub(super) fn event(&mut self, what: EventKind) {
        self.out.push_back(Output::Event(Event { modem: Some(self.name.clone()), what }));
    }

    fn keep_tally(&mut self, now: Instant) {
        if let Some(tally) = self.meter.worth_keeping(&self.memory.traffic, now) {
            self.remember(|memory| memory.traffic = tally);
        }
    }
}
