//! Which requests tell a fact.

use super::call::{CARD, Call, UNSUPPORTED};
use super::role::Role;
use crate::model::{Fact, IpFamily};
use crate::qmi::{ProtocolError, dms, nas, uim, wda, wds};

/// What the driver has found out about the modem's ways.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Ways {
    /// Whether the modem wants the data endpoint named; `None`: not tried yet.
    pub(super) names_endpoint: Option<bool>,
    /// Whether it knows the newer way to ask for the signal.
    pub(super) signal_info: Option<bool>,
    /// The card is reached by the older commands of DMS: UIM is missing, or refuses.
    pub(super) card_by_dms: bool,
    /// The card has one PIN for all its applications, which replaces the first.
    pub(super) universal_pin: bool,
    /// The card waits for its PIN: nothing but its number can be read.
    pub(super) card_locked: bool,
    /// The modem tells, and so takes, LTE bands beyond 64.
    pub(super) extended_lte_bands: bool,
}

/// The calls whose answers make up a fact; none for a fact that the host owns. `profile`: the number of the profile to
/// look at, if any matters.
pub(super) fn calls(fact: Fact, ways: Ways, profile: Option<u8>) -> Vec<Call> {
    match fact {
        Fact::Port | Fact::Link | Fact::Lease | Fact::Internet | Fact::Location => Vec::new(),
        Fact::Control => vec![Call::probe()],
        Fact::Device => device(),
        Fact::DataFormat => data_format(ways.names_endpoint),
        Fact::OperatingMode => vec![Call::client(Role::Dms, &dms::get_operating_mode::Request::default())],
        Fact::Sim if ways.card_by_dms => vec![
            Call::client(Role::Dms, &dms::uim_get_state::Request::default()).within(CARD).optional(),
            Call::client(Role::Dms, &dms::uim_get_pin_status::Request::default()).within(CARD).optional(),
        ],
        Fact::Sim => vec![Call::client(Role::Uim, &uim::get_card_status::Request::default())],
        Fact::SimIdentity if ways.card_by_dms => vec![
            Call::client(Role::Dms, &dms::uim_get_iccid::Request::default()).within(CARD),
            Call::client(Role::Dms, &dms::uim_get_imsi::Request::default()).within(CARD).optional(),
        ],
        Fact::SimIdentity if ways.card_locked => vec![read_file(uim::File::iccid())],
        Fact::SimIdentity => identity(),
        Fact::SimSlots if ways.card_by_dms => vec![modem_has_none()],
        Fact::SimSlots => vec![Call::client(Role::Uim, &uim::get_slot_status::Request::default()).or(UNSUPPORTED)],
        Fact::RadioPreference => {
            vec![Call::client(Role::Nas, &nas::get_system_selection_preference::Request::default()).or(UNSUPPORTED)]
        }
        Fact::ServingSystem => vec![Call::client(Role::Nas, &nas::get_serving_system::Request::default())],
        Fact::SessionIpv4 => vec![session(IpFamily::Ipv4)],
        Fact::SessionIpv6 => vec![session(IpFamily::Ipv6)],
        Fact::SettingsIpv4 => vec![settings(IpFamily::Ipv4)],
        Fact::SettingsIpv6 => vec![settings(IpFamily::Ipv6)],
        Fact::Profile => profile.map(stored_profile).unwrap_or_default(),
        Fact::Autoconnect => {
            vec![Call::client(DATA, &wds::get_autoconnect_settings::Request::default()).or(UNSUPPORTED)]
        }
        Fact::Throttle => {
            let request = wds::get_pdn_throttle_info::Request {
                network: Some(wds::BearerNetwork::ThreeGpp),
                ..Default::default()
            };
            vec![Call::client(DATA, &request).or(UNSUPPORTED)]
        }
        Fact::Signal => signal(ways.signal_info),
        Fact::Cell => vec![Call::client(Role::Nas, &nas::get_cell_location_info::Request::default())],
        Fact::Band => vec![Call::client(Role::Nas, &nas::get_rf_band_information::Request::default())],
        Fact::SystemInfo => vec![Call::client(Role::Nas, &nas::get_system_info::Request::default())],
        Fact::OperatorName => vec![Call::client(Role::Nas, &nas::get_operator_name::Request::default())],
        Fact::NetworkTime => vec![Call::client(Role::Nas, &nas::get_network_time::Request::default())],
        Fact::StatisticsIpv4 => vec![statistics(IpFamily::Ipv4)],
        Fact::StatisticsIpv6 => vec![statistics(IpFamily::Ipv6)],
    }
}

/// The card's number first: it can be read before the PIN, and without it the rest is of no use.
fn identity() -> Vec<Call> {
    let more = [
        uim::File::imsi(),
        uim::File::administrative_data(),
        uim::File::group_id_1(),
        uim::File::service_provider_name(),
    ];
    let more = more.into_iter().map(|file| read_file(file).optional());
    [read_file(uim::File::iccid())].into_iter().chain(more).collect()
}

/// Something every modem answers, for a fact that this one has nothing to say about.
fn modem_has_none() -> Call {
    Call::probe()
}

/// What is not about one session is asked by the client of either.
const DATA: Role = Role::Wds(IpFamily::Ipv4);

/// How modems say that they do not have what was asked for.
const NO_PROFILE: &[ProtocolError] = &[
    ProtocolError::InvalidQmiCommand,
    ProtocolError::NotSupported,
    ProtocolError::DeviceUnsupported,
    ProtocolError::InformationUnavailable,
    ProtocolError::InvalidProfile,
    ProtocolError::InvalidProfileType,
    ProtocolError::ExtendedInternal,
    ProtocolError::InvalidOperation,
    ProtocolError::AccessDenied,
];

/// The settings of a profile; and that we want to know when they change, which is cheaper to ask each time than to keep
/// track of.
fn stored_profile(index: u8) -> Vec<Call> {
    let id = wds::ProfileId { kind: wds::ProfileType::ThreeGpp, index };
    let events = wds::configure_profile_event_list::Request { profiles: Some(vec![id.clone()]), ..Default::default() };
    let read = wds::get_profile_settings::Request { id: Some(id), ..Default::default() };
    vec![Call::client(DATA, &events).optional(), Call::client(DATA, &read).or(NO_PROFILE)]
}

/// Old firmware knows the older way only: until we know, both are asked.
fn signal(signal_info: Option<bool>) -> Vec<Call> {
    use nas::StrengthItems as Items;
    let newer = Call::client(Role::Nas, &nas::get_signal_info::Request::default()).optional();
    // Everything but the interference level, which only CDMA has.
    let mask = Items::RSSI | Items::ECIO | Items::IO | Items::SINR | Items::RSRQ | Items::LTE_SNR | Items::LTE_RSRP;
    let request = nas::get_signal_strength::Request { mask: Some(mask), ..Default::default() };
    let older = Call::client(Role::Nas, &request).optional();
    match signal_info {
        Some(true) => vec![newer],
        Some(false) => vec![older],
        None => vec![newer, older],
    }
}

/// All ten counters.
pub(super) const COUNTERS: wds::StatisticsMask = wds::StatisticsMask(0x3FF);

fn statistics(family: IpFamily) -> Call {
    let request = wds::get_packet_statistics::Request { mask: Some(COUNTERS), ..Default::default() };
    Call::client(Role::Wds(family), &request)
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
        Call::client(Role::Dms, &dms::get_hardware_revision::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_ids::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_capabilities::Request::default()).optional(),
        Call::client(Role::Dms, &dms::get_band_capabilities::Request::default()).optional(),
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
