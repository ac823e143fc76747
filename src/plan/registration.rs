//! Stage registration: does a network serve us, and may we use it?
//!
//! A session that is up survives a registration that is lost for a while: nothing is torn down here, except where
//! the file forbids data in the network that serves us.

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Desired, Fact, Finding, IpFamily, Plmn, Registration, Selection};

use super::Outcome;
use super::reader::Reader;

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let Some(serving) = facts.read(Fact::ServingSystem, facts.observed.serving_system.as_ref()) else {
        return facts.unknown(Fact::ServingSystem);
    };
    let forbidden = matches!(&desired.selection, Selection::Chosen(provider) if provider.roaming_allowed == Some(false))
        && !planted(Defect::IgnoreRoaming);
    match serving.registration {
        Registration::Roaming if forbidden => forbidden_network(serving.plmn, facts),
        Registration::Home | Registration::Roaming if !serving.ps_attached => Outcome::Wait(Finding::NotAttached),
        Registration::Home => Outcome::Satisfied(Finding::Home(serving.plmn)),
        Registration::Roaming => Outcome::Satisfied(Finding::Roaming(serving.plmn)),
        Registration::Denied(cause) => Outcome::Wait(Finding::Denied(cause)),
        Registration::NotRegistered | Registration::Searching | Registration::Unknown => {
            Outcome::Wait(Finding::Searching)
        }
    }
}

/// No data here: whatever session is up, or might be, has to go.
fn forbidden_network(plmn: Option<Plmn>, facts: &mut Reader<'_>) -> Outcome {
    for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
        let fact = Fact::session(family);
        let Some(state) = facts.read(fact, facts.observed.session(family)) else {
            return facts.unknown(fact);
        };
        if state.is_up() {
            return facts.attempt(Action::StopSession(family), || Finding::RoamingNotAllowed(plmn));
        }
        facts.effective(Action::StopSession(family).name());
    }
    Outcome::Wait(Finding::RoamingNotAllowed(plmn))
}
