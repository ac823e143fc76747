//! The plan for a modem that is let go, because the file no longer names it or because we end and the file says so: leave it
//! as if we had never been there.
//!
//! The same contract as `plan`, with the stages in reverse: sessions end, what we changed in the modem is put back, the
//! link is flushed, client ids are given back, the port is closed. Nothing is insisted on: a step that fails is not
//! repeated, since nobody waits.

use crate::model::{Action, Fact, Finding, Instant, LinkState, Observed, PortState};

use super::reader::Reader;
use super::{Plan, Stage, StageReport, Step};
use crate::model::Status;

/// What to do next to let go of a modem; [`Step::Converged`] means it is gone.
#[must_use]
pub fn retire(observed: &Observed, now: Instant) -> Plan {
    let mut facts = Reader::new(observed, now);
    let step = match (&observed.doing, next(&mut facts)) {
        (Some(doing), _) => Step::Wait(Finding::InProgress(doing.to_string())),
        (None, Some(action)) => Step::Do(action, Finding::Drifted { what: "this modem is let go".to_owned() }),
        (None, None) => Step::Converged,
    };
    let report = |stage| StageReport { stage, status: Status::Unknown, finding: Finding::Waiting };
    Plan {
        stages: Stage::ALL.into_iter().map(report).collect(),
        step,
        until: facts.until,
        wanted: facts.wanted,
        effective: Vec::new(),
    }
}

fn next(facts: &mut Reader<'_>) -> Option<Action> {
    let observed = facts.observed;
    let untried = |action: &Action| !observed.attempts.contains_key(action.name());
    let open = observed.port.as_ref().is_some_and(|seen| seen.value == PortState::Open);
    let mut stop = observed.up().filter(|_| open).map(Action::StopSession);
    let flush = facts.read(Fact::Link, observed.link.as_ref()).filter(|link| link.up || !link.is_bare());
    let flush = flush.map(|_| Action::ConfigureLink(LinkState::default()));
    let radio = restored(observed).filter(|action| open && untried(action));
    let restore = put_back(observed).filter(|_| open);
    let leave = [Action::ReleaseClients, Action::ClosePort].into_iter().filter(|_| open);
    let back = stop.find(untried).or(restore).or(radio);
    back.or_else(|| flush.into_iter().chain(leave).find(untried))
}

/// Puts back the radio preference that the modem had before us, as far as it does not have it already.
fn restored(observed: &Observed) -> Option<Action> {
    let original = &observed.original_radio;
    let change = match &observed.radio_preference {
        Some(has) => original.difference(&has.value),
        None => original.clone(),
    };
    (!change.is_empty()).then_some(Action::SetRadioPreference(change))
}

/// The next thing to put back as it was before us: each is tried once.
fn put_back(observed: &Observed) -> Option<Action> {
    let roaming = observed.original_roaming.iter();
    let roaming: Vec<Action> =
        roaming.map(|(profile, allowed)| Action::SetRoaming { profile: *profile, allowed: *allowed }).collect();
    // One name, several profiles: the record of attempts knows the last one tried.
    let last = observed.attempts.get(SET_ROAMING).and_then(|tried| roaming.iter().position(|a| *a == tried.action));
    let next = roaming.into_iter().nth(last.map_or(0, |at| at + 1));
    let autoconnect = observed.original_autoconnect.map(Action::SetAutoconnect);
    next.or_else(|| autoconnect.filter(|action| !observed.attempts.contains_key(action.name())))
}

const SET_ROAMING: &str = "set-roaming";
