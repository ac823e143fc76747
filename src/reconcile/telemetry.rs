//! When telemetry is asked for.
//!
//! Two speeds. Calm, while nobody looks: indications and a rare look, within the idle budget of the whole modem.
//! Watched, while a client watches or has asked lately: at once, and then at the pace of each fact. A demand is a time,
//! not a count of clients, so that a client that vanishes costs nothing and a trace tells who asked.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{ControlState, Fact, FactSet, Instant, Observed};

/// A demand lasts this long: a client that watches renews it, one that asked once is likely to ask again.
pub const WATCHED_FOR: Duration = Duration::from_secs(60);

/// While no network serves us, what the technologies see is asked this often unasked: it may say why.
const WHY_NOT_SERVED: Duration = Duration::from_secs(60);

/// Decides which telemetry is due.
#[derive(Clone, Default, Debug)]
pub(super) struct Telemetry {
    /// Until when each fact is watched.
    watched: BTreeMap<Fact, Instant>,
    /// When the next fact is due.
    next: Option<Instant>,
}

impl Telemetry {
    /// Somebody wants to see these facts.
    pub(super) fn watch(&mut self, facts: FactSet, now: Instant) {
        for fact in facts.intersection(FactSet::TELEMETRY).iter() {
            self.watched.insert(fact, now + WATCHED_FOR);
        }
    }

    /// The facts that are due. One time for each fact: however often a session comes and goes, there is one poll.
    pub(super) fn wanted(&mut self, observed: &Observed, now: Instant) -> FactSet {
        self.watched.retain(|_, until| *until > now);
        self.next = None;
        let mut wanted = FactSet::NONE;
        let told = tellable(observed);
        for fact in told.iter() {
            let Some(pace) = self.pace(fact, observed) else { continue };
            match observed.seen_at(fact).map(|at| at + pace) {
                Some(due) if due > now => self.next = Some(self.next.map_or(due, |next| next.min(due))),
                _ => wanted.insert(fact),
            }
        }
        wanted
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.next.map(|at| (at, "telemetry is due"))
    }

    fn pace(&self, fact: Fact, observed: &Observed) -> Option<Duration> {
        if self.watched.contains_key(&fact) {
            return Some(fact.refresh_after());
        }
        match fact {
            Fact::SystemInfo if !is_served(observed) => Some(WHY_NOT_SERVED),
            _ => fact.calm_refresh(),
        }
    }
}

/// What the modem can tell in its present state. Asking for the rest would only be refused.
fn tellable(observed: &Observed) -> FactSet {
    let answers = observed.control.as_ref().is_some_and(|seen| seen.value == ControlState::Ready);
    if !answers {
        return FactSet::NONE;
    }
    let mut facts = FactSet::of(&[Fact::Signal, Fact::SystemInfo]);
    if is_served(observed) {
        facts = facts.union(FactSet::of(&[Fact::Cell, Fact::Band, Fact::OperatorName, Fact::NetworkTime]));
    }
    facts.union(observed.up().map(Fact::statistics).collect())
}

fn is_served(observed: &Observed) -> bool {
    observed.serving_system.as_ref().is_some_and(|seen| seen.value.registration.is_registered())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::telemetry::Signal;
    use crate::model::{AccessTechnologies, IpFamily, Registration, Report, ServingSystem, SessionState};

    const AT: fn(u64) -> Instant = Instant::from_secs;

    fn connected() -> Observed {
        let mut observed = Observed::default();
        observed.learn(Report::Control(ControlState::Ready), AT(0));
        observed.learn(
            Report::ServingSystem(ServingSystem {
                registration: Registration::Home,
                ps_attached: true,
                network_known: true,
                plmn: None,
                operator_name: None,
                technologies: AccessTechnologies::NONE,
            }),
            AT(0),
        );
        observed.learn(Report::Session(IpFamily::Ipv4, SessionState::Connected), AT(0));
        observed
    }

    #[test]
    fn nothing_is_asked_of_a_modem_that_does_not_answer() {
        let mut telemetry = Telemetry::default();
        telemetry.watch(FactSet::TELEMETRY, AT(0));
        assert!(telemetry.wanted(&Observed::default(), AT(1)).is_empty());
        assert_eq!(telemetry.poll_timeout(), None);
    }

    #[test]
    fn what_is_watched_is_due_at_once_and_then_at_its_pace_until_nobody_watches() {
        let mut telemetry = Telemetry::default();
        let mut observed = connected();
        observed.learn(Report::Signal(Signal::default()), AT(100));
        observed.learn(Report::Statistics(IpFamily::Ipv4, Default::default()), AT(100));
        telemetry.wanted(&observed, AT(110));
        assert_eq!(telemetry.poll_timeout().map(|(at, _)| at), Some(AT(100 + 7200)), "calm");
        telemetry.watch(FactSet::of(&[Fact::Signal, Fact::Cell, Fact::SessionIpv4]), AT(111));
        let wanted = telemetry.wanted(&observed, AT(111));
        assert!(wanted.contains(Fact::Cell) && !wanted.contains(Fact::Signal), "{wanted:?}: the signal is fresh");
        assert!(!wanted.contains(Fact::SessionIpv4), "the plan's facts are the plan's");
        assert!(telemetry.wanted(&observed, AT(130)).contains(Fact::Signal));
        assert!(!telemetry.wanted(&observed, AT(172)).contains(Fact::Cell), "a minute after the last question");
    }

    #[test]
    fn counters_are_asked_for_only_while_there_is_a_session_that_counts() {
        let mut telemetry = Telemetry::default();
        let mut observed = connected();
        let wanted = telemetry.wanted(&observed, AT(1));
        assert!(wanted.contains(Fact::StatisticsIpv4) && !wanted.contains(Fact::StatisticsIpv6));
        observed.learn(Report::Session(IpFamily::Ipv4, SessionState::Disconnected(None)), AT(2));
        assert!(!telemetry.wanted(&observed, AT(2)).contains(Fact::StatisticsIpv4));
    }
}
