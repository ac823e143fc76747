//! Telling: what is known, as properties and their changes; who looks, and what the sessions carry.

use super::super::door::{Event, EventKind, Output};
use super::super::fleet::Secrets;
use super::Controller;
use crate::model::telemetry::Traffic;
use crate::model::{FactSet, Instant, IpFamily, Status};
use crate::property::{self, Value, View};

/// Properties are taken at most this often: whatever a modem sends, a property changes ten times a second at most, and
/// the last value wins.
const TAKEN_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

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
        !self.touched && !self.driver.is_looking(facts)
    }

    /// What the sessions have carried.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }

    /// Something was learned or forgotten: the properties may differ.
    pub(super) fn touch(&mut self) {
        self.touched = true;
        let due = self.taken_at.map_or(Instant::ZERO, |at| at + TAKEN_EVERY);
        self.take_at = Some(self.take_at.map_or(due, |at| at.min(due)));
    }

    /// Takes the properties anew, if it is time, and tells what has changed.
    pub(super) fn tell(&mut self, now: Instant) {
        if self.take_at.is_some_and(|at| now >= at) {
            self.take(now);
        }
    }

    /// Takes the properties anew, whatever the time: before something is done that people want to see coming.
    pub(super) fn take(&mut self, now: Instant) {
        let traffic = self.meter.traffic();
        let view = self.view(&traffic, now);
        let values: Vec<Option<Value>> = property::values(view).map(|(_, value)| value).collect();
        self.take_at = view.until();
        self.taken_at = Some(now);
        self.touched = false;
        // Most are as they were, and a table of names takes longer to ask.
        let named = self.property_names.iter().zip(&values).enumerate();
        let differ = named.filter(|(place, (_, value))| self.told_values.get(*place) != Some(value));
        let puts = differ.map(|(_, (name, value))| (name.as_str(), value.clone()));
        let changes = self.properties.put_many(puts, now);
        self.told_values = values;
        if changes.is_empty() {
            return;
        }
        self.out.push_back(Output::Changed(changes));
    }

    /// A property as it is now, even if its last change is not told yet.
    #[must_use]
    pub fn property(&self, name: &str, now: Instant) -> Option<Value> {
        let traffic = self.meter.traffic();
        property::values(self.view(&traffic, now)).find(|(property, _)| property.name == name)?.1
    }

    fn view<'a>(&'a self, traffic: &'a Traffic, now: Instant) -> View<'a> {
        let (observed, desired, conditions) = (&self.observed, &self.desired, self.conditions.list());
        View { observed, desired, conditions, traffic, connection: self.connectivity.truth(), now }
    }

    /// The modem is let go: nothing is known of it any more.
    pub(in super::super) fn tell_gone(&mut self, now: Instant) {
        self.told_values.clear();
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
        let any_left = self.observed.is_up(family.other());
        self.meter.ended(family, any_left);
        self.observed.forget(FactSet::of(&[crate::model::Fact::statistics(family)]));
    }

    /// Publishes the conditions.
    pub(super) fn publish(&mut self, now: Instant) {
        for news in self.conditions.update(&self.plan, self.paused_until, self.generation, now) {
            self.event(news);
        }
        let (status, finding) = match self.advice.finding() {
            (Status::True, fine) => self.counsel.finding().unwrap_or((Status::True, fine)),
            trouble => trouble,
        };
        if let Some(news) = self.conditions.set_plugins(status, finding, self.generation, now) {
            self.event(news);
        }
        self.publish_recovery(now);
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
