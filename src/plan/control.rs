//! Stage control: does the modem answer, and does it frame data as we need it?

use std::time::Duration;

use crate::model::{Action, ControlState, DataFormat, Fact, Finding, PortState};

use super::Outcome;
use super::reader::Reader;

/// A modem that stopped answering is tried again after this long: a hang of a few seconds is common, and asking
/// costs nothing.
const UNRESPONSIVE_FOR: Duration = Duration::from_secs(10);
/// Attempts at the framing that is wanted, none with effect, before the modem's own is accepted: better any frames than no
/// connection.
const FRAMING_ATTEMPTS: u32 = 3;

pub(super) fn look(facts: &mut Reader<'_>) -> Outcome {
    match &facts.observed.port {
        Some(seen) if seen.value == PortState::Open => facts.effective(Action::OpenPort.name()),
        Some(seen) => {
            let what = match &seen.value {
                PortState::Unusable(why) => Finding::PortUnusable(why.clone()),
                _ => Finding::Drifted { what: "the control port is closed".to_owned() },
            };
            return facts.attempt(Action::OpenPort, || what);
        }
        None => return facts.unknown(Fact::Port),
    }
    match facts.read(Fact::Control, facts.observed.control.as_ref()) {
        None => {
            return facts.attempt(Action::Synchronise, || Finding::Drifted {
                what: "the state of the control channel is unknown".to_owned(),
            });
        }
        Some(ControlState::Unresponsive) => return unresponsive(facts),
        Some(ControlState::Exhausted) => return exhausted(facts),
        Some(ControlState::Ready) => {
            facts.effective(Action::Synchronise.name());
            facts.effective(Action::ReclaimClients.name());
        }
    }
    // Not waited for: a modem that does not tell its name still connects.
    facts.read(Fact::Device, facts.observed.device.as_ref());
    data_format(facts)
}

/// Other programs hold all ids, or have lost them; ours are no use without the one that is missing.
fn exhausted(facts: &mut Reader<'_>) -> Outcome {
    if facts.observed.doing == Some(Action::ReclaimClients) {
        return Outcome::Wait(Finding::ClientIdsExhausted);
    }
    facts.attempt(Action::ReclaimClients, || Finding::ClientIdsExhausted)
}

fn unresponsive(facts: &mut Reader<'_>) -> Outcome {
    let again = facts.observed.control.as_ref().map_or(facts.now, |seen| seen.at + UNRESPONSIVE_FOR);
    if facts.now < again {
        facts.wake_at(again);
        return Outcome::Wait(Finding::Unresponsive);
    }
    facts.attempt(Action::Synchronise, || Finding::Unresponsive)
}

fn data_format(facts: &mut Reader<'_>) -> Outcome {
    let wanted = facts.observed.framing;
    let set = Action::SetFraming(wanted);
    match facts.read(Fact::DataFormat, facts.observed.data_format.as_ref()) {
        None => facts.unknown(Fact::DataFormat),
        Some(DataFormat::Framed(framing)) if *framing != wanted => {
            if facts.attempts(&set).is_some_and(|a| !a.took_effect && a.failures >= FRAMING_ATTEMPTS) {
                return Outcome::Satisfied(Finding::Synchronised);
            }
            facts.attempt(set, || Finding::Drifted { what: format!("the modem frames data as {framing}") })
        }
        Some(DataFormat::Framed(_) | DataFormat::Fixed) => {
            facts.effective(set.name());
            Outcome::Satisfied(Finding::Synchronised)
        }
    }
}
