//! Which requests an action is. Straight lists: whoever needs an `if` here needs a fact and a stage in the plan.

use super::call::{CARD, CONTROL, Call, DIAL, MODE};
use super::clients::Clients;
use super::quirks::Quirks;
use super::reads::{COUNTERS, Ways, endpoint};
use super::role::Role;
use super::translate;
use crate::model::defect::{Defect, planted};
use crate::model::{Action, Framing, IpFamilies, IpFamily, OperatingMode, Provider, RadioPreference, Secret};
use crate::qmi::{ProtocolError, ctl, dms, nas, uim, wda, wds};

/// What a script may look at.
pub(super) struct Context<'a> {
    pub(super) clients: &'a Clients,
    /// The device to tell the proxy; `None` without one.
    pub(super) proxy: Option<&'a str>,
    pub(super) quirks: Quirks,
    pub(super) ways: Ways,
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
        Action::SetFraming(framing) => set_framing(*framing),
        Action::Reframe(framing, families) => stops(*families, context).chain(set_framing(*framing)).collect(),
        Action::SetOperatingMode(mode) => vec![operating_mode(*mode)],
        Action::SetRadioPreference(change) => vec![radio_preference(change, context)],
        Action::EnterPin(pin) => vec![enter_pin(pin, context.ways)],
        Action::SwitchSlot(slot) => vec![switch_slot(*slot)],
        Action::StartSession(family, provider) => vec![start(*family, provider)],
        Action::StopSession(family) => vec![stop(*family, (context.handle)(*family))],
        Action::StopSessions(families) => stops(*families, context).collect(),
        Action::Attach => vec![attach(nas::PsAction::Attach)],
        Action::Reregister => vec![attach(nas::PsAction::Detach)],
        Action::CycleRadio => vec![operating_mode(OperatingMode::LowPower), operating_mode(OperatingMode::Online)],
        // A reset is accepted from offline only.
        Action::ResetModem => vec![operating_mode(OperatingMode::Offline), operating_mode(OperatingMode::Leaving)],
        Action::CycleSim => cycle_sim(),
        Action::ClearForbiddenNetworks => clear_forbidden_networks(),
        // Forgetting the settings is all there is to it: they are then asked for.
        Action::RereadSettings => Vec::new(),
        Action::SetRoaming { profile, allowed } => vec![set_roaming(*profile, *allowed)],
        Action::SetAutoconnect(on) => vec![set_autoconnect(*on)],
        Action::ReclaimClients => reclaim(context),
        Action::OpenPort
        | Action::ClosePort
        | Action::Reauthorise
        | Action::CyclePower
        | Action::Rescan
        | Action::ConfigureLink(_)
        | Action::MarkPin(_) => Vec::new(),
    }
}

/// What a new client needs before its first request: indications are per client and lost with it. A modem that refuses
/// to tell is asked instead.
pub(super) fn preparation(role: Role) -> Vec<Call> {
    match role {
        Role::Dms => {
            let report = dms::set_event_report::Request { operating_mode: Some(true), ..Default::default() };
            vec![Call::client(role, &report).optional()]
        }
        Role::Nas => network_reports(),
        Role::Uim => {
            let events = uim::Events::CARD_STATUS | uim::Events::PHYSICAL_SLOT_STATUS;
            let register = uim::register_events::Request { mask: Some(events), ..Default::default() };
            let refresh = uim::refresh_register_all::Request {
                session: Some(uim::Session::default()),
                register: Some(true),
                ..Default::default()
            };
            vec![Call::client(role, &register).optional(), Call::client(role, &refresh).optional()]
        }
        Role::Wda => Vec::new(),
        Role::Wds(family) => {
            let request =
                wds::set_ip_family::Request { family: Some(translate::ip_family(family)), ..Default::default() };
            let changes = wds::indication_register::Request {
                extended_ip_config: Some(true),
                profile_changes: Some(true),
                ..Default::default()
            };
            let statistics = wds::StatisticsReport { interval_s: STATISTICS_INTERVAL_S, counters: COUNTERS };
            let report = wds::set_event_report::Request { transfer_statistics: Some(statistics), ..Default::default() };
            vec![
                Call::client(role, &request).or(ALREADY),
                Call::client(role, &report).optional(),
                Call::client(role, &changes).optional(),
            ]
        }
    }
}

/// Counters once a minute: nobody looks at a rate more closely, and a report costs the modem a wake-up.
const STATISTICS_INTERVAL_S: u8 = 60;
/// A signal that moved by less looks the same to a person: 5 dB, in tenths.
const SIGNAL_STEP: u16 = 50;
/// The borders between the bars, for modems that want borders instead of steps, dBm.
const SIGNAL_BORDERS: [i8; 4] = [-113, -85, -75, -65];

fn network_reports() -> Vec<Call> {
    let reports = nas::register_indications::Request {
        system_selection_preference: Some(true),
        serving_system: Some(true),
        network_time: Some(true),
        signal_info: Some(true),
        current_plmn_name: Some(true),
        network_reject: Some(nas::NetworkRejectReport { report: true, suppress_system_info: false }),
        ..Default::default()
    };
    // Old firmware refuses the whole of it for one report it does not know.
    let least = nas::register_indications::Request {
        system_selection_preference: Some(true),
        serving_system: Some(true),
        ..Default::default()
    };
    let borders = nas::config_signal_info::Request { rssi_dbm: Some(SIGNAL_BORDERS.to_vec()), ..Default::default() };
    let steps = nas::config_signal_info_v2::Request {
        gsm_rssi_delta: Some(SIGNAL_STEP),
        wcdma_rssi_delta: Some(SIGNAL_STEP),
        lte_rssi_delta: Some(SIGNAL_STEP),
        lte_rsrp_delta: Some(SIGNAL_STEP),
        nr5g_rsrp_delta: Some(SIGNAL_STEP),
        ..Default::default()
    };
    vec![
        Call::client(Role::Nas, &least).optional(),
        Call::client(Role::Nas, &reports).optional(),
        Call::client(Role::Nas, &borders).optional(),
        Call::client(Role::Nas, &steps).optional(),
    ]
}

pub(super) fn allocate(role: Role) -> Call {
    Call::control(&ctl::allocate_cid::Request { service: Some(role.service()), ..Default::default() })
}

pub(super) fn release(role: Role, id: u8) -> Call {
    let client = ctl::ClientId { service: role.service(), client: id };
    Call::control(&ctl::release_cid::Request { client: Some(client), ..Default::default() }).optional()
}

/// What a card that has begun a refresh waits for.
pub(super) fn refreshed(event: &uim::RefreshEvent) -> Call {
    let session = uim::Session { kind: event.session, application_id: event.application_id.clone() };
    let request = uim::refresh_complete::Request { session: Some(session), success: Some(true), ..Default::default() };
    Call::client(Role::Uim, &request).within(CARD).optional()
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
    open.into_iter().chain([Call::probe()]).chain(sync).collect()
}

/// Ours one by one, for modems that ignore Sync or share it with others; then all, if the port is ours alone.
fn reclaim(context: &Context<'_>) -> Vec<Call> {
    let ours = context.clients.ids().map(|(role, id)| release(role, id));
    let all = context.proxy.is_none().then(|| Call::control(&ctl::sync::Request::default()).within(CONTROL));
    ours.chain(all).chain([Call::probe()]).collect()
}

fn set_roaming(index: u8, allowed: bool) -> Call {
    let request = wds::modify_profile::Request {
        id: Some(wds::ProfileId { kind: wds::ProfileType::ThreeGpp, index }),
        profile: wds::Profile { roaming_disallowed: Some(!allowed), ..Default::default() },
        ..Default::default()
    };
    Call::client(Role::Wds(IpFamily::Ipv4), &request)
}

fn set_autoconnect(on: bool) -> Call {
    let status = if on { wds::Autoconnect::Enabled } else { wds::Autoconnect::Disabled };
    let request = wds::set_autoconnect_settings::Request { status: Some(status), ..Default::default() };
    Call::client(Role::Wds(IpFamily::Ipv4), &request).or(ALREADY)
}

fn set_framing(framing: Framing) -> Vec<Call> {
    let protocol = translate::link_protocol(framing);
    let plain = wda::set_data_format::Request { link_protocol: Some(protocol), ..Default::default() };
    let named = wda::set_data_format::Request { endpoint: Some(endpoint()), ..plain.clone() };
    vec![Call::client(Role::Wda, &plain).optional(), Call::client(Role::Wda, &named).optional()]
}

fn operating_mode(mode: OperatingMode) -> Call {
    let mode = Some(translate::operating_mode_request(mode));
    let request = dms::set_operating_mode::Request { mode, ..Default::default() };
    Call::client(Role::Dms, &request).within(MODE).or(ALREADY)
}

fn radio_preference(change: &RadioPreference, context: &Context<'_>) -> Call {
    let request = nas::set_system_selection_preference::Request {
        duration: (!context.quirks.no_change_duration).then_some(nas::ChangeDuration::Permanent),
        ..translate::selection_request(change, context.ways.extended_lte_bands)
    };
    Call::client(Role::Nas, &request).or(ALREADY)
}

/// Nothing is tolerated here: only the card's own consent is one.
fn enter_pin(pin: &Secret, ways: Ways) -> Call {
    let id = if ways.universal_pin { uim::PinId::Upin } else { uim::PinId::Pin1 };
    let by_uim = uim::verify_pin::Request {
        session: Some(uim::Session::default()),
        pin: Some(uim::PinEntry { id, pin: pin.reveal().into() }),
        ..Default::default()
    };
    let by_dms = dms::uim_verify_pin::Request {
        pin: Some(dms::PinEntry { id: dms::PinId::Pin1, pin: pin.reveal().into() }),
        ..Default::default()
    };
    let call = if ways.card_by_dms { Call::client(Role::Dms, &by_dms) } else { Call::client(Role::Uim, &by_uim) };
    call.within(CARD)
}

fn switch_slot(slot: u8) -> Call {
    let request =
        uim::switch_slot::Request { logical_slot: Some(1), physical_slot: Some(slot.into()), ..Default::default() };
    Call::client(Role::Uim, &request).within(MODE).or(ALREADY)
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
        profile_3gpp: Some(provider.profile),
        ..Default::default()
    };
    Call::client(Role::Wds(family), &request).within(DIAL)
}

/// The logical slot that the modem uses.
const SLOT: u8 = 1;

fn cycle_sim() -> Vec<Call> {
    let off = uim::power_off_sim::Request { slot: Some(SLOT), ..Default::default() };
    let on = uim::power_on_sim::Request { slot: Some(SLOT), ..Default::default() };
    vec![Call::client(Role::Uim, &off).within(CARD).or(ALREADY), Call::client(Role::Uim, &on).within(CARD).or(ALREADY)]
}

/// Octets of one network in EF FPLMN, and how many there are at least (3GPP TS 31.102 clause 4.2.16).
const FORBIDDEN: u16 = 3 * 4;
/// Pieces of that size to clear: cards have up to twenty entries. What is not there is refused, which is no harm.
const PIECES: u16 = 5;

fn clear_forbidden_networks() -> Vec<Call> {
    let clear = |piece: u16| {
        let request = uim::write_transparent::Request {
            session: Some(uim::Session { kind: uim::SessionKind::PrimaryGwProvisioning, application_id: Vec::new() }),
            file: Some(uim::File::forbidden_networks()),
            write: Some(uim::WriteRange { offset: piece * FORBIDDEN, data: vec![0xFF; FORBIDDEN.into()] }),
            ..Default::default()
        };
        Call::client(Role::Uim, &request).within(CARD)
    };
    std::iter::once(clear(0)).chain((1..PIECES).map(|piece| clear(piece).optional())).collect()
}

fn stops(families: IpFamilies, context: &Context<'_>) -> impl Iterator<Item = Call> {
    families.families().iter().map(|family| stop(*family, (context.handle)(*family)))
}

fn stop(family: IpFamily, handle: Option<u32>) -> Call {
    let request = wds::stop_network::Request {
        handle: Some(handle.unwrap_or(wds::ANY_HANDLE)),
        disable_autoconnect: handle.is_none().then_some(true),
        ..Default::default()
    };
    Call::client(Role::Wds(family), &request).within(MODE).or(ENDED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccessTechnologies, AccessTechnology as T, Apn, Authentication, IpFamilies, Secret};

    /// Message id, length and TLVs of the request that restricts a modem to these technologies.
    fn request(technologies: &[T], quirks: Quirks) -> String {
        let technologies: AccessTechnologies = technologies.iter().copied().collect();
        let change = RadioPreference { technologies: Some(technologies), ..RadioPreference::default() };
        let clients = Clients::default();
        let context = Context { clients: &clients, proxy: None, quirks, ways: Ways::default(), handle: &|_| None };
        let calls = calls(&Action::SetRadioPreference(change), &context);
        assert_eq!(calls.len(), 1, "one write");
        // QMUX header 6, flags 1, transaction 2.
        calls[0].frame.encode()[9..].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn rat_1_rat_2_technologies_are_written_byte_by_byte_as_others_do() {
        for (technologies, bytes) in [
            (&[T::Lte][..], "33000900170100011102001000"),
            (&[T::Lte, T::Umts], "33000900170100011102001800"),
            (&[T::Lte, T::Umts, T::Gsm], "33000900170100011102001c00"),
            (&[T::Cdma1x], "33000900170100011102000100"),
            (&[T::TdScdma], "33000900170100011102002000"),
            (&[T::Cdma1xEvdo], "33000900170100011102000200"),
            (&[T::Nr5g], "33000900170100011102004000"),
        ] {
            assert_eq!(request(technologies, Quirks::default()), bytes, "{technologies:?}");
        }
        let rigid = Quirks { no_change_duration: true };
        assert_eq!(request(&[T::Lte], rigid), "330005001102001000", "firmware that refuses the duration");
    }

    #[test]
    fn a_pin_goes_the_way_the_card_is_reached() {
        let pin = Secret::new("1234".into());
        let hex = |ways: Ways| -> String {
            enter_pin(&pin, ways).frame.encode()[9..].iter().map(|byte| format!("{byte:02x}")).collect()
        };
        assert_eq!(hex(Ways::default()), "26000e000102000000020600010431323334");
        let upin = Ways { universal_pin: true, ..Ways::default() };
        assert_eq!(hex(upin), "26000e000102000000020600030431323334");
        let dms = Ways { card_by_dms: true, ..Ways::default() };
        assert_eq!(hex(dms), "28000900010600010431323334");
    }

    fn provider(apn: &str) -> Provider {
        Provider {
            name: apn.to_owned(),
            origin: String::new(),
            because: String::new(),
            apn: Apn(apn.to_owned()),
            roaming_allowed: None,
            authentication: Authentication::None,
            username: None,
            password: None,
            families: IpFamilies::Ipv4v6,
            profile: 1,
        }
    }

    fn frames(action: &Action, handle: Option<u32>) -> Vec<crate::qmi::Frame> {
        let context = Context {
            clients: &Clients::default(),
            proxy: None,
            quirks: Quirks::default(),
            ways: Ways::default(),
            handle: &|_| handle,
        };
        calls(action, &context).into_iter().map(|call| call.frame).collect()
    }

    fn only_tlvs(action: &Action) -> Vec<u8> {
        let frames = frames(action, None);
        assert_eq!(frames.len(), 1, "{frames:?}");
        frames.into_iter().next().map(|frame| frame.tlvs).unwrap()
    }

    fn has(tlvs: &[u8], tlv: &[u8]) -> bool {
        tlvs.windows(tlv.len()).any(|window| window == tlv)
    }

    #[test]
    fn con_1_a_session_is_started_with_apn_and_profile() {
        let tlvs = only_tlvs(&Action::StartSession(IpFamily::Ipv4, provider("super")));
        assert!(has(&tlvs, &[0x14, 5, 0, b's', b'u', b'p', b'e', b'r']), "{tlvs:02x?}");
        assert!(has(&tlvs, &[0x31, 1, 0, 1]), "{tlvs:02x?}");
        // Beside the seed's two only the family, which tells two sessions of one modem apart.
        let family = [0x19, 1, 0, 4];
        assert_eq!(tlvs.len(), 8 + 4 + family.len());
        assert!(has(&tlvs, &family), "{tlvs:02x?}");
    }

    #[test]
    fn con_10_credentials_family_and_profile_are_where_they_belong() {
        let corp = Provider {
            authentication: Authentication::Chap,
            username: Some("gw".into()),
            password: Some(Secret::new("pw".into())),
            profile: 3,
            ..provider("corp")
        };
        let action = Action::StartSession(IpFamily::Ipv6, corp.clone());
        let tlvs = only_tlvs(&action);
        for tlv in [
            &[0x14, 4, 0, b'c', b'o', b'r', b'p'][..],
            &[0x16, 1, 0, 2],
            &[0x17, 2, 0, b'g', b'w'],
            &[0x18, 2, 0, b'p', b'w'],
            &[0x19, 1, 0, 6],
            &[0x31, 1, 0, 3],
        ] {
            assert!(has(&tlvs, tlv), "{tlv:02x?} in {tlvs:02x?}");
        }
        let pap = Provider { authentication: Authentication::Pap, ..corp };
        assert!(has(&only_tlvs(&Action::StartSession(IpFamily::Ipv4, pap)), &[0x16, 1, 0, 1]));
        assert!(!has(&only_tlvs(&Action::StartSession(IpFamily::Ipv4, provider("x"))), &[0x16]), "none asked for");
        let shown = format!("{action:?} {action}");
        assert!(!shown.contains("\"pw\""), "the password is never shown: {shown}");
    }

    #[test]
    fn con_10_no_apn_asks_for_the_networks_own() {
        let tlvs = only_tlvs(&Action::StartSession(IpFamily::Ipv4, provider("")));
        assert_eq!(tlvs, [0x19, 1, 0, 4, 0x31, 1, 0, 1]);
    }

    #[test]
    fn roam_1_the_profile_is_told_whether_roaming_is_forbidden() {
        let tlvs = |allowed| only_tlvs(&Action::SetRoaming { profile: 1, allowed });
        assert_eq!(tlvs(true), [0x01, 2, 0, 0, 1, 0x3E, 1, 0, 0]);
        assert_eq!(tlvs(false), [0x01, 2, 0, 0, 1, 0x3E, 1, 0, 1]);
        let frame = &frames(&Action::SetRoaming { profile: 1, allowed: true }, None)[0];
        assert_eq!((frame.service, frame.message), (crate::qmi::Service::Wds, 0x28));
    }

    #[test]
    fn con_7_ours_is_ended_by_its_handle_and_any_other_for_good() {
        let stop = Action::StopSession(IpFamily::Ipv4);
        assert_eq!(frames(&stop, Some(0x0403_0201))[0].tlvs, [0x01, 4, 0, 1, 2, 3, 4]);
        assert_eq!(frames(&stop, None)[0].tlvs, [0x01, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x10, 1, 0, 1]);
    }

    #[test]
    fn con_5_a_session_has_two_minutes_to_come_up() {
        assert!(DIAL >= std::time::Duration::from_secs(120));
    }
}
