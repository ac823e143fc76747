//! Which requests tell a fact.

use super::call::{CARD, CONTROL, Call};
use super::role::Role;
use crate::model::{Fact, IpFamily};
use crate::qmi::{ctl, dms, nas, uim, wda, wds};

/// The calls whose answers make up a fact; none for a fact that the host owns. `names_endpoint`: whether the modem wants
/// the data endpoint named, once that is known.
pub(super) fn calls(fact: Fact, names_endpoint: Option<bool>) -> Vec<Call> {
    match fact {
        Fact::Port | Fact::Link => Vec::new(),
        Fact::Control => vec![Call::control(&ctl::get_version_info::Request::default()).within(CONTROL)],
        Fact::Device => device(),
        Fact::DataFormat => data_format(names_endpoint),
        Fact::OperatingMode => vec![Call::client(Role::Dms, &dms::get_operating_mode::Request::default())],
        Fact::Sim => vec![Call::client(Role::Uim, &uim::get_card_status::Request::default())],
        Fact::SimIdentity => vec![read_file(uim::File::iccid()), read_file(uim::File::imsi()).optional()],
        Fact::Technologies => {
            vec![Call::client(Role::Nas, &nas::get_system_selection_preference::Request::default())]
        }
        Fact::ServingSystem => vec![Call::client(Role::Nas, &nas::get_serving_system::Request::default())],
        Fact::SessionIpv4 => vec![session(IpFamily::Ipv4)],
        Fact::SessionIpv6 => vec![session(IpFamily::Ipv6)],
        Fact::SettingsIpv4 => vec![settings(IpFamily::Ipv4)],
        Fact::SettingsIpv6 => vec![settings(IpFamily::Ipv6)],
    }
}

fn read_file(file: uim::File) -> Call {
    let request = uim::read_transparent::Request {
        session: Some(uim::Session { kind: uim::SessionKind::PrimaryGwProvisioning, application_id: Vec::new() }),
        file: Some(file),
        // Length 0: the whole file.
        read: Some(uim::ReadRange { offset: 0, length: 0 }),
        ..Default::default()
    };
    Call::client(Role::Uim, &request).within(CARD)
}

fn device() -> Vec<Call> {
    vec![
        Call::client(Role::Dms, &dms::get_manufacturer::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_model::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_revision::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_ids::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_capabilities::Request::default()).optional(),
    ]
}

/// Newer modems answer only when the endpoint is named, older ones only when it is not: until we know, both are asked.
fn data_format(names_endpoint: Option<bool>) -> Vec<Call> {
    let named = wda::get_data_format::Request { endpoint: Some(endpoint()), ..Default::default() };
    let plain = wda::get_data_format::Request::default();
    let call = |request| Call::client(Role::Wda, request).optional();
    match names_endpoint {
        Some(true) => vec![call(&named)],
        Some(false) => vec![call(&plain)],
        None => vec![call(&plain), call(&named)],
    }
}

/// The data interface of most USB modems.
pub(super) fn endpoint() -> wda::Endpoint {
    wda::Endpoint { kind: wda::EndpointKind::Hsusb, interface: 4 }
}

fn session(family: IpFamily) -> Call {
    Call::client(Role::Wds(family), &wds::get_packet_service_status::Request::default())
}

fn settings(family: IpFamily) -> Call {
    use wds::RequestedSettings as Wanted;
    let requested =
        Wanted::APN_NAME | Wanted::DNS_ADDRESS | Wanted::IP_ADDRESS | Wanted::GATEWAY | Wanted::MTU | Wanted::IP_FAMILY;
    let request = wds::get_current_settings::Request { settings: Some(requested), ..Default::default() };
    Call::client(Role::Wds(family), &request)
}
