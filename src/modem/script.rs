//! Which requests an action is. Straight lists: whoever needs an `if` here needs a fact and a stage in the plan.

use super::call::{CONTROL, Call, DIAL, MODE};
use super::clients::Clients;
use super::quirks::Quirks;
use super::reads::endpoint;
use super::role::Role;
use super::translate;
use crate::model::defect::{Defect, planted};
use crate::model::{AccessTechnologies, Action, IpFamily, OperatingMode, Provider};
use crate::qmi::{ProtocolError, ctl, dms, nas, uim, wda, wds};

/// What a script may look at.
pub(super) struct Context<'a> {
    pub(super) clients: &'a Clients,
    /// The device to tell the proxy; `None` without one.
    pub(super) proxy: Option<&'a str>,
    pub(super) quirks: Quirks,
    /// The handle of the session in each family.
    pub(super) handle: &'a dyn Fn(IpFamily) -> Option<u32>,
}

/// Answers to ending a session that has ended already.
const ENDED: &[ProtocolError] = &[ProtocolError::NoEffect, ProtocolError::OutOfCall, ProtocolError::InvalidHandle];
/// The answer to asking for what is so already.
const ALREADY: &[ProtocolError] = &[ProtocolError::NoEffect];

/// The calls of an action; none for an action that is not the modem's.
pub(super) fn calls(action: &Action, context: &Context<'_>) -> Vec<Call> {
    match action {
        Action::Synchronise => synchronise(context),
        Action::ReleaseClients => context.clients.ids().map(|(role, id)| release(role, id)).collect(),
        Action::SetRawIp => set_raw_ip(),
        Action::SetOperatingMode(mode) => vec![operating_mode(*mode)],
        Action::SetTechnologies(set) => vec![technologies(*set, context.quirks)],
        Action::StartSession(family, provider) => vec![start(*family, provider)],
        Action::StopSession(family) => vec![stop(*family, (context.handle)(*family))],
        Action::Attach => vec![attach(nas::PsAction::Attach)],
        Action::Reregister => vec![attach(nas::PsAction::Detach)],
        Action::CycleRadio => vec![operating_mode(OperatingMode::LowPower), operating_mode(OperatingMode::Online)],
        // A reset is accepted from offline only.
        Action::ResetModem => vec![operating_mode(OperatingMode::Offline), operating_mode(OperatingMode::Leaving)],
        Action::OpenPort | Action::ClosePort | Action::Reauthorise | Action::CyclePower | Action::ConfigureLink(_) => {
            Vec::new()
        }
    }
}

/// What a new client needs before its first request: indications are per client and lost with it.
pub(super) fn preparation(role: Role) -> Vec<Call> {
    let call = match role {
        Role::Dms => {
            Call::client(role, &dms::set_event_report::Request { operating_mode: Some(true), ..Default::default() })
                .optional()
        }
        Role::Nas => {
            let report = nas::register_indications::Request {
                system_selection_preference: Some(true),
                serving_system: Some(true),
                ..Default::default()
            };
            Call::client(role, &report).optional()
        }
        Role::Uim => {
            let events = uim::Events::CARD_STATUS | uim::Events::PHYSICAL_SLOT_STATUS;
            Call::client(role, &uim::register_events::Request { mask: Some(events), ..Default::default() }).optional()
        }
        Role::Wda => return Vec::new(),
        Role::Wds(family) => {
            let request =
                wds::set_ip_family::Request { family: Some(translate::ip_family(family)), ..Default::default() };
            Call::client(role, &request).or(ALREADY)
        }
    };
    vec![call]
}

pub(super) fn allocate(role: Role) -> Call {
    Call::control(&ctl::allocate_cid::Request { service: Some(role.service()), ..Default::default() })
}

pub(super) fn release(role: Role, id: u8) -> Call {
    let client = ctl::ClientId { service: role.service(), client: id };
    Call::control(&ctl::release_cid::Request { client: Some(client), ..Default::default() }).optional()
}

pub(super) fn probe() -> Call {
    Call::control(&ctl::get_version_info::Request::default())
}

fn synchronise(context: &Context<'_>) -> Vec<Call> {
    let open = context.proxy.map(|device| {
        let device = Some(device.to_owned());
        Call::control(&ctl::proxy_open::Request { device, ..Default::default() })
    });
    // Releasing every client id cleans up after whoever crashed before us, but ends live sessions and disturbs
    // others: only when the port is ours alone and we have no client of our own to lose.
    let clean = context.proxy.is_none() && (context.clients.is_empty() || planted(Defect::SyncAtEveryStart));
    let sync = clean.then(|| Call::control(&ctl::sync::Request::default()).within(CONTROL));
    open.into_iter().chain([probe()]).chain(sync).collect()
}

fn set_raw_ip() -> Vec<Call> {
    let plain = wda::set_data_format::Request { link_protocol: Some(wda::LinkProtocol::RawIp), ..Default::default() };
    let named = wda::set_data_format::Request { endpoint: Some(endpoint()), ..plain.clone() };
    vec![Call::client(Role::Wda, &plain).optional(), Call::client(Role::Wda, &named).optional()]
}

fn operating_mode(mode: OperatingMode) -> Call {
    let mode = Some(translate::operating_mode_request(mode));
    let request = dms::set_operating_mode::Request { mode, ..Default::default() };
    Call::client(Role::Dms, &request).within(MODE).or(ALREADY)
}

fn technologies(set: AccessTechnologies, quirks: Quirks) -> Call {
    let request = nas::set_system_selection_preference::Request {
        duration: (!quirks.no_change_duration).then_some(nas::ChangeDuration::Permanent),
        mode_preference: Some(translate::mode_preference(set)),
        ..Default::default()
    };
    Call::client(Role::Nas, &request).or(ALREADY)
}

fn attach(action: nas::PsAction) -> Call {
    let request = nas::attach_detach::Request { action: Some(action), ..Default::default() };
    Call::client(Role::Nas, &request).within(MODE).or(ALREADY)
}

fn start(family: IpFamily, provider: &Provider) -> Call {
    let authenticates = provider.username.is_some() || provider.password.is_some();
    let request = wds::start_network::Request {
        apn: (!provider.apn.0.is_empty()).then(|| provider.apn.0.clone()),
        authentication: authenticates.then(|| translate::authentication(provider.authentication)),
        username: provider.username.as_deref().map(Into::into),
        password: provider.password.as_ref().map(|password| password.reveal().into()),
        ip_family: Some(translate::ip_family(family)),
        ..Default::default()
    };
    // "No effect" means that a session is up already: whose it is we shall see when we look.
    Call::client(Role::Wds(family), &request).within(DIAL).or(ALREADY)
}

fn stop(family: IpFamily, handle: Option<u32>) -> Call {
    let request = wds::stop_network::Request {
        handle: Some(handle.unwrap_or(wds::ANY_HANDLE)),
        disable_autoconnect: handle.is_none().then_some(true),
        ..Default::default()
    };
    Call::client(Role::Wds(family), &request).within(MODE).or(ENDED)
}
