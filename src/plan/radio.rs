//! Stage radio: is the radio on, and restricted as the file asks?
//!
//! Restrictions are read before they are written, and only what differs is. Where the file says nothing, the modem's
//! own value stays, or comes back if we were the ones who changed it.

use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::{
    AccessTechnologies, AccessTechnology, Action, BandSet, Desired, Device, Fact, Finding, Instant, OperatingMode,
    RadioPreference, Resistance, Setting,
};

use super::Outcome;
use super::reader::Reader;

/// Writes within an hour that are repairs; more are a fight with another program.
const REPAIRS_PER_HOUR: usize = 4;
const HOUR: Duration = Duration::from_secs(3600);
/// In a fight we repair this rarely: often enough to win against a program that does it once, too rarely to thrash.
const CONTENDED_FOR: Duration = Duration::from_secs(180);

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
    preference(&desired.radio, facts)
}

const ONLINE: Action = Action::SetOperatingMode(OperatingMode::Online);
const SET_PREFERENCE: &str = "set-radio-preference";

fn preference(file: &RadioPreference, facts: &mut Reader<'_>) -> Outcome {
    let device = facts.observed.device.as_ref().map(|seen| &seen.value);
    let asked = match device.map_or_else(|| Ok(file.clone()), |device| possible(file, device)) {
        Ok(asked) => asked,
        Err(unsupported) => return Outcome::Wait(*unsupported),
    };
    let wanted = asked.or(&facts.observed.original_radio.except(file));
    if wanted.is_empty() {
        return Outcome::Satisfied(Finding::Applied { preference: asked, without: Vec::new() });
    }
    let Some(has) = facts.read(Fact::RadioPreference, facts.observed.radio_preference.as_ref()) else {
        return facts.unknown(Fact::RadioPreference);
    };
    let change = wanted.difference(has);
    if change.is_empty() && !planted(Defect::RewriteTechnologies) {
        facts.effective(SET_PREFERENCE);
        let without = asked.except(has).settings();
        return Outcome::Satisfied(Finding::Applied { preference: asked.restricted_to(has), without });
    }
    // What is written depends on what the hardware has, and what it replaces is remembered by the device's number.
    if device.is_none() {
        facts.read(Fact::Device, facts.observed.device.as_ref());
        return facts.unknown(Fact::Device);
    }
    let change = if change.is_empty() { wanted } else { change };
    write(change, has, file, facts)
}

fn write(change: RadioPreference, has: &RadioPreference, file: &RadioPreference, facts: &mut Reader<'_>) -> Outcome {
    let what = differences(&change, has, file);
    let action = Action::SetRadioPreference(change);
    if let Some((writes, at)) = facts.ignored(&action) {
        return Outcome::Wait(Finding::Ignored(Resistance { what, writes, at }));
    }
    if let Some((at, writes)) = contended(&facts.observed.radio_writes, facts.now) {
        facts.wake_at(at);
        return Outcome::Wait(Finding::Contended(Resistance { what, writes, at }));
    }
    facts.attempt(action, || Finding::Drifted { what })
}

/// Until when to leave it, and how often it was written, if something else seems to write it as well.
fn contended(writes: &[Instant], now: Instant) -> Option<(Instant, u32)> {
    let lately = writes.iter().filter(|at| now.since(**at) < HOUR).count();
    let at = *writes.last()? + CONTENDED_FOR;
    (lately >= REPAIRS_PER_HOUR && now < at).then_some((at, u32::try_from(lately).unwrap_or(u32::MAX)))
}

fn differences(change: &RadioPreference, has: &RadioPreference, file: &RadioPreference) -> String {
    let one = |setting: Setting| {
        let (is, wanted) = (has.value(setting), change.value(setting));
        let why = if file.value(setting).is_empty() {
            format!("the file asks for nothing any more, its own were {wanted}")
        } else {
            format!("the file asks for {wanted}")
        };
        match setting {
            Setting::Technologies => format!("the modem allows {is}, {why}"),
            other => format!("the modem's {} are {is}, {why}", other.name()),
        }
    };
    change.settings().into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What the file asks, without what the hardware lacks: one file serves a fleet of different modems.
fn possible(file: &RadioPreference, device: &Device) -> Result<RadioPreference, Box<Finding>> {
    let technologies = match (file.technologies, device.supports) {
        (Some(asked), supports) if !supports.is_empty() => match asked.intersection(supports) {
            AccessTechnologies::NONE => return Err(Box::new(Finding::TechnologiesUnsupported { supports, asked })),
            common => Some(common),
        },
        (asked, _) => asked,
    };
    let has_nr5g = device.supports.is_empty() || device.supports.contains(AccessTechnology::Nr5g);
    let bands = |asked: &Option<BandSet>, setting, supports: &BandSet| match asked {
        None => Ok(None),
        Some(_) if setting != Setting::LteBands && !has_nr5g => Ok(None),
        Some(asked) if supports.is_empty() => Ok(Some(asked.clone())),
        Some(asked) => match asked.intersection(supports) {
            common if common.is_empty() => {
                Err(Box::new(Finding::BandsUnsupported { setting, supports: supports.clone(), asked: asked.clone() }))
            }
            common => Ok(Some(common)),
        },
    };
    Ok(RadioPreference {
        technologies,
        lte_bands: bands(&file.lte_bands, Setting::LteBands, &device.lte_bands)?,
        nr5g_sa_bands: bands(&file.nr5g_sa_bands, Setting::Nr5gSaBands, &device.nr5g_bands)?,
        nr5g_nsa_bands: bands(&file.nr5g_nsa_bands, Setting::Nr5gNsaBands, &device.nr5g_bands)?,
        network: file.network,
    })
}

#[cfg(test)]
#[path = "radio_tests.rs"]
mod tests;
