//! What the plan would do from here to rest, if every action worked: the answer to `wwan plan`.

use serde::{Deserialize, Serialize};

use crate::model::{
    Action, AddressMethod, ControlState, DataFormat, Desired, Fact, FactSet, Finding, Instant, IpFamily, LinkState,
    ModemProfile, Observed, OperatingMode, PinChance, PortState, Report, Secret, Seen, SessionSettings, SessionState,
    SimSlots, SimState, Status,
};

use super::{Stage, Step, plan};

/// One action that the plan would take.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Previewed {
    /// The stage that asks for it.
    pub stage: Stage,
    /// The action.
    pub action: Action,
    /// What makes it necessary, in words.
    pub because: String,
}

/// More actions than any modem needs from nothing to online; a plan that is longer does not come to rest.
pub(super) const LONGEST: usize = 24;

/// The actions from here to rest, if every one works; and what the plan waits for there, unless it is converged.
#[must_use]
pub fn preview(desired: &Desired, observed: &Observed, now: Instant) -> (Vec<Previewed>, Option<Finding>) {
    let mut assumed = observed.clone();
    assumed.doing = None;
    assumed.attempts.clear();
    let mut actions = Vec::new();
    let mut started = false;
    let mut desired = desired.clone();
    for _ in 0..LONGEST {
        let plan = plan(&desired, &assumed, now);
        let (action, because) = match plan.step {
            Step::Do(action, because) => (action, because.to_string()),
            // The addresses come with the session, and the link after them.
            Step::Wait(Finding::NoAddress | Finding::Reading(Fact::Lease)) if started => {
                actions.push(link_to_come(&desired));
                return (actions, None);
            }
            // Whether data passes is seen when all is done, and nothing more is done for it.
            Step::Wait(Finding::Reading(Fact::Internet)) => return (actions, None),
            Step::Wait(finding) => return (actions, Some(finding)),
            Step::Converged => return (actions, None),
        };
        let deciding = plan.stages.iter().find(|s| s.status != Status::True);
        let stage = deciding.map_or(Stage::Session, |s| s.stage);
        started |= matches!(action, Action::StartSession(..));
        if let Action::MarkPin(_) = action {
            // Which PIN does not matter to what would be done.
            desired.pin = PinChance::Allowed(Secret::default());
        }
        assume(&action, &mut assumed, now);
        actions.push(Previewed { stage, action, because });
    }
    (actions, None)
}

fn link_to_come(desired: &Desired) -> Previewed {
    let because = match desired.link.method {
        AddressMethod::Modem => "with the addresses that the network will give",
        AddressMethod::Dhcp => "with the address that a DHCP server will give",
    };
    let default_route_metric = Some(desired.link.route_metric);
    let action = Action::ConfigureLink(LinkState { up: true, default_route_metric, ..LinkState::default() });
    Previewed { stage: Stage::Link, action, because: because.to_owned() }
}

/// Believes that an action worked: what the modem would then report.
pub fn assume(action: &Action, observed: &mut Observed, now: Instant) {
    let device = observed.device.clone();
    let had = observed.radio_preference.as_ref().map(|seen| seen.value.clone()).unwrap_or_default();
    let slots = observed.sim_slots.as_ref().map(|seen| seen.value).unwrap_or_default();
    observed.forget(action.touches());
    let mut learn = |report| observed.learn(report, now);
    match action {
        Action::OpenPort => learn(Report::Port(PortState::Open)),
        Action::ClosePort | Action::ReleaseClients => learn(Report::Port(PortState::Closed)),
        Action::Synchronise => learn(Report::Control(ControlState::Ready)),
        Action::SetFraming(framing) | Action::Reframe(framing, _) => {
            learn(Report::DataFormat(DataFormat::Framed(*framing)));
        }
        Action::SetOperatingMode(mode) => learn(Report::OperatingMode(*mode)),
        Action::CycleRadio => learn(Report::OperatingMode(OperatingMode::Online)),
        Action::SetRadioPreference(change) => {
            let preference = change.or(&had);
            learn(Report::RadioPreference(preference));
        }
        Action::EnterPin(_) => learn(Report::Sim(SimState::Ready)),
        Action::SwitchSlot(slot) => {
            let count = slots.count.max(*slot);
            learn(Report::SimSlots(SimSlots { count, active: Some(*slot) }));
        }
        Action::StartSession(family, provider) => {
            learn(Report::Session(*family, SessionState::Connected));
            let apn = Some(provider.apn.clone());
            learn(Report::Settings(*family, SessionSettings { apn, ..SessionSettings::default() }));
            observed.dialled = Some(provider.clone());
        }
        Action::StopSession(family) => {
            learn(Report::Session(*family, SessionState::Disconnected(None)));
            learn(Report::Autoconnect(false));
            observed.dialled = None;
        }
        Action::StopSessions(_) => learn(Report::Autoconnect(false)),
        Action::ConfigureLink(link) => learn(Report::Link(link.clone())),
        Action::SetRoaming { profile, allowed } => {
            learn(Report::Profile(ModemProfile { index: *profile, roaming_allowed: Some(*allowed) }));
        }
        Action::SetAutoconnect(on) => learn(Report::Autoconnect(*on)),
        Action::ReclaimClients => learn(Report::Control(ControlState::Ready)),
        Action::MarkPin(_)
        | Action::Attach
        | Action::Reregister
        | Action::ResetModem
        | Action::Reauthorise
        | Action::CyclePower
        | Action::Rescan
        | Action::CycleSim
        | Action::ClearForbiddenNetworks
        | Action::RereadSettings => {}
    }
    reassume(action, observed, now);
    observed.device = observed.device.take().or(device);
}

/// Facts that an action makes us forget but leaves as they would be on a modem that does as it is told.
fn reassume(action: &Action, observed: &mut Observed, now: Instant) {
    let lost = action.touches();
    let down = |family| Report::Session(family, SessionState::Disconnected(None));
    for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
        if lost.contains(Fact::session(family)) && observed.session(family).is_none() {
            observed.learn(down(family), now);
        }
    }
    if lost.without(FactSet::SESSIONS).contains(Fact::ServingSystem) {
        observed.serving_system = serving(observed, now);
    }
}

fn serving(observed: &Observed, now: Instant) -> Option<Seen<crate::model::ServingSystem>> {
    use crate::model::{AccessTechnologies, Registration, ServingSystem};
    let technologies =
        observed.radio_preference.as_ref().and_then(|s| s.value.technologies).unwrap_or(AccessTechnologies::NONE);
    let value = ServingSystem {
        registration: Registration::Home,
        ps_attached: true,
        network_known: true,
        plmn: None,
        operator_name: None,
        technologies,
    };
    Some(Seen { value, at: now, since: now })
}
