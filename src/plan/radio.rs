//! Stage radio: is the radio on, and restricted as the file asks?

use crate::model::defect::{Defect, planted};
use crate::model::{AccessTechnologies, Action, Desired, Fact, Finding, OperatingMode};

use super::Outcome;
use super::reader::Reader;

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let Some(mode) = facts.read(Fact::OperatingMode, facts.observed.operating_mode.as_ref()) else {
        return facts.unknown(Fact::OperatingMode);
    };
    match *mode {
        OperatingMode::Online => facts.effective(ONLINE.name()),
        OperatingMode::LowPower if planted(Defect::IgnoreModeDrift) => {}
        OperatingMode::Leaving => return Outcome::Wait(Finding::RadioOff(*mode)),
        // An offline modem does not come back online without a reset.
        OperatingMode::Offline => return facts.attempt(Action::ResetModem, || Finding::RadioOff(*mode)),
        OperatingMode::LowPower | OperatingMode::PersistentLowPower | OperatingMode::Other => {
            return facts.attempt(ONLINE, || Finding::RadioOff(*mode));
        }
    }
    match desired.technologies {
        None => Outcome::Satisfied(Finding::Applied { technologies: AccessTechnologies::NONE }),
        Some(asked) => technologies(asked, facts),
    }
}

const ONLINE: Action = Action::SetOperatingMode(OperatingMode::Online);

fn technologies(asked: AccessTechnologies, facts: &mut Reader<'_>) -> Outcome {
    // What the hardware lacks is left out: one file serves a fleet of different modems.
    let supports = facts.observed.device.as_ref().map_or(AccessTechnologies::NONE, |d| d.value.supports);
    let possible = if supports.is_empty() { asked } else { asked.intersection(supports) };
    if possible.is_empty() {
        return Outcome::Wait(Finding::TechnologiesUnsupported { supports, asked });
    }
    let Some(has) = facts.read(Fact::Technologies, facts.observed.technologies.as_ref()) else {
        return facts.unknown(Fact::Technologies);
    };
    let write = Action::SetTechnologies(possible);
    if *has == possible && !planted(Defect::RewriteTechnologies) {
        facts.effective(write.name());
        return Outcome::Satisfied(Finding::Applied { technologies: possible });
    }
    facts.attempt(write, || Finding::Drifted { what: format!("the modem allows {has}, the file asks for {asked}") })
}
