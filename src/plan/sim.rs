//! Stage sim: can the card be used, and whose is it?

use crate::model::{Fact, Finding, SimState};

use super::Outcome;
use super::reader::Reader;

pub(super) fn look(facts: &mut Reader<'_>) -> Outcome {
    let Some(state) = facts.read(Fact::Sim, facts.observed.sim.as_ref()) else {
        return facts.unknown(Fact::Sim);
    };
    match *state {
        SimState::Absent => Outcome::Wait(Finding::NoCard),
        SimState::Starting => Outcome::Wait(Finding::CardStarting),
        SimState::PinRequired { tries_left } => Outcome::Wait(Finding::PinRequired { tries_left }),
        SimState::PukRequired { tries_left } => Outcome::Wait(Finding::PukRequired { tries_left }),
        SimState::Blocked => Outcome::Wait(Finding::CardBlocked),
        SimState::Error => Outcome::Wait(Finding::CardError),
        SimState::Ready => match facts.read(Fact::SimIdentity, facts.observed.sim_identity.as_ref()) {
            None => facts.unknown(Fact::SimIdentity),
            Some(_) => Outcome::Satisfied(Finding::CardReady),
        },
    }
}
