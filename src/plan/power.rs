//! Stage power: is the device there?

use crate::model::{Fact, Finding, PortState};

use super::Outcome;
use super::reader::Reader;

pub(super) fn look(facts: &mut Reader<'_>) -> Outcome {
    match facts.read(Fact::Port, facts.observed.port.as_ref()) {
        None => facts.unknown(Fact::Port),
        Some(PortState::Absent) => Outcome::Wait(Finding::Absent),
        Some(PortState::Ambiguous(devices)) => Outcome::Wait(Finding::Ambiguous(devices.clone())),
        Some(PortState::Bootloader(device)) => Outcome::Wait(Finding::InBootloader(device.clone())),
        Some(PortState::Closed | PortState::Open | PortState::Unusable(_)) => Outcome::Satisfied(Finding::Enumerated),
    }
}
