//! Stage registration: does a network serve us, and may we use it?
//!
//! A session that is up survives a registration that is lost for a while: nothing is torn down here, except where
//! the file forbids data in the network that serves us.

use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Desired, Fact, Finding, IpFamily, Observed, Plmn, Registration, Selection};

use super::reader::{Reader, UNTOLD};
use super::{Outcome, session};

/// Between registering and attaching pass a second or two.
const ATTACHES_WITHIN: Duration = Duration::from_secs(10);

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let Some(serving) = facts.read(Fact::ServingSystem, facts.observed.serving_system.as_ref()) else {
        return facts.unknown(Fact::ServingSystem);
    };
    match serving.registration {
        Registration::Roaming if forbids_roaming(desired) => forbidden_network(serving.plmn, facts),
        Registration::Home | Registration::Roaming if !serving.ps_attached => not_attached(facts),
        Registration::Home => Outcome::Satisfied(Finding::Home(serving.plmn)),
        Registration::Roaming => Outcome::Satisfied(Finding::Roaming(serving.plmn)),
        Registration::Denied(cause) => Outcome::Wait(Finding::Denied(cause)),
        Registration::NotRegistered | Registration::Searching | Registration::Unknown => {
            // A radio that was turned off or told to use a technology that is not there, or a card that was taken out,
            // looks like a network that cannot be found.
            for fact in [Fact::OperatingMode, Fact::Sim, Fact::RadioPreference] {
                facts.look_every(fact, UNTOLD);
            }
            Outcome::Wait(match serving.registration {
                Registration::NotRegistered => Finding::NotRegistered,
                Registration::Unknown => Finding::RegistrationUnknown,
                _ => Finding::Searching,
            })
        }
    }
}

/// Whether the network that serves us is one where the file forbids data: then no dialling goes on either.
#[must_use]
pub fn forbids_data(desired: &Desired, observed: &Observed) -> bool {
    let serving = observed.serving_system.as_ref().map(|seen| seen.value.registration);
    serving == Some(Registration::Roaming) && forbids_roaming(desired)
}

fn forbids_roaming(desired: &Desired) -> bool {
    let forbids = |selection: &Selection| matches!(selection, Selection::Chosen(p) if p.roaming_allowed == Some(false));
    forbids(&desired.selection) && !planted(Defect::IgnoreRoaming)
}

/// Modems attach by themselves as they register; one that does not is told to.
fn not_attached(facts: &mut Reader<'_>) -> Outcome {
    let since = facts.observed.serving_system.as_ref().map_or(facts.now, |seen| seen.since);
    let patience = since + ATTACHES_WITHIN;
    if facts.now < patience {
        facts.wake_at(patience);
        return Outcome::Wait(Finding::NotAttached);
    }
    facts.attempt(Action::Attach, || Finding::NotAttached)
}

/// No data here: whatever session is up, or might be, has to go.
fn forbidden_network(plmn: Option<Plmn>, facts: &mut Reader<'_>) -> Outcome {
    for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
        let fact = Fact::session(family);
        let Some(state) = facts.read(fact, facts.observed.session(family)) else {
            return facts.unknown(fact);
        };
        if state.is_up() {
            return session::stop(family, facts, || Finding::RoamingNotAllowed(plmn));
        }
        facts.effective(Action::StopSession(family).name());
    }
    Outcome::Wait(Finding::RoamingNotAllowed(plmn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccessTechnologies, Instant, Observed, PinChance, RadioPreference, Report, ServingSystem};

    #[test]
    fn lnk_9_every_state_of_registration_has_its_own_reason() {
        for (registration, reason) in [
            (Registration::NotRegistered, "NotRegistered"),
            (Registration::Searching, "Searching"),
            (Registration::Denied(Some(11)), "Denied"),
            (Registration::Unknown, "RegistrationUnknown"),
            (Registration::Home, "Home"),
            (Registration::Roaming, "Roaming"),
        ] {
            let mut observed = Observed::default();
            let serving = ServingSystem {
                registration,
                ps_attached: true,
                network_known: true,
                plmn: None,
                operator_name: None,
                technologies: AccessTechnologies::NONE,
            };
            observed.learn(Report::ServingSystem(serving), Instant::ZERO);
            let desired = Desired {
                radio: RadioPreference::default(),
                slot: None,
                pin: PinChance::NotConfigured,
                selection: Selection::Undecided,
                link: crate::model::DesiredLink::default(),
                looks_at_internet: false,
            };
            let outcome = look(&desired, &mut Reader::new(&observed, Instant::from_secs(1)));
            let (Outcome::Wait(finding) | Outcome::Satisfied(finding)) = &outcome else { panic!("{outcome:?}") };
            assert_eq!(finding.reason(), reason);
            assert_eq!(matches!(outcome, Outcome::Satisfied(_)), registration.is_registered());
        }
    }
}
