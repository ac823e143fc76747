//! Data sessions: handles, causes, families, addresses, profiles.

use super::*;
use crate::model::IpFamily;
use crate::qmi::wds::{self, CallEndKind, ConnectionStatus, RequestedSettings, reason};

fn start(apn: &str) -> wds::start_network::Request {
    wds::start_network::Request { apn: Some(apn.into()), ..Default::default() }
}

fn refused(answer: Answer<wds::start_network::Response>) -> (CallEndKind, i16) {
    let Err(Refused { error: ProtocolError::CallFailed, response }) = answer else { panic!("{answer:?}") };
    let reason = response.verbose_call_end_reason.unwrap();
    (reason.kind, reason.reason)
}

fn status(bench: &mut Bench, wds: u8) -> ConnectionStatus {
    granted(bench.ask(wds, &wds::get_packet_service_status::Request::default())).status.unwrap()
}

fn up(bench: &Bench) -> Vec<(IpFamily, String)> {
    bench.modem.truth().sessions
}

#[test]
fn a_session_has_a_handle_settings_and_an_end() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    let all = wds::get_current_settings::Request { settings: Some(RequestedSettings(0xFFFF)), ..Default::default() };
    assert_eq!(error(bench.ask(wds, &all)), ProtocolError::OutOfCall);
    let handle = granted(bench.ask(wds, &start("internet"))).handle.unwrap();
    assert_eq!(up(&bench), [(IpFamily::Ipv4, "internet".to_owned())]);
    assert!(bench.events.contains(&Output::Carrier(true)));
    assert_eq!(status(&mut bench, wds), ConnectionStatus::Connected);
    assert_eq!(error(bench.ask(wds, &start("internet"))), ProtocolError::NoEffect);
    let settings = granted(bench.ask(wds, &all));
    assert_eq!(settings.apn.as_deref(), Some("internet"));
    assert_eq!((settings.mtu, settings.ip_family), (Some(1430), Some(wds::IpFamily::Ipv4)));
    assert_eq!(settings.ipv4_address.unwrap().octets()[0], 10);
    let stop = |handle| wds::stop_network::Request { handle: Some(handle), ..Default::default() };
    assert_eq!(error(bench.ask(wds, &stop(handle ^ 2))), ProtocolError::InvalidHandle);
    granted(bench.ask(wds, &stop(handle)));
    assert_eq!(error(bench.ask(wds, &stop(handle))), ProtocolError::NoEffect);
    assert_eq!(up(&bench), []);
}

#[test]
fn a_session_dies_with_its_client() {
    let mut bench = Bench::ready("well-behaved-lte");
    let (ours, watching) = (bench.client(Service::Wds), bench.client(Service::Wds));
    granted(bench.ask(ours, &start("internet")));
    assert_eq!(status(&mut bench, watching), ConnectionStatus::Connected, "one data path for all");
    let client = Some(ctl::ClientId { service: Service::Wds, client: ours });
    granted(bench.ask(0, &ctl::release_cid::Request { client, ..Default::default() }));
    assert_eq!(status(&mut bench, watching), ConnectionStatus::Disconnected);
    let told = bench.indications::<wds::packet_service_status::Indication>();
    assert_eq!(told.last().unwrap().verbose_call_end_reason.as_ref().unwrap().reason, reason::CLIENT_END);
}

#[test]
fn each_family_needs_a_client_of_its_own() {
    let mut bench = Bench::ready("well-behaved-lte");
    let (v4, v6) = (bench.client(Service::Wds), bench.client(Service::Wds));
    let family = |family| wds::set_ip_family::Request { family: Some(family), ..Default::default() };
    granted(bench.ask(v6, &family(wds::IpFamily::Ipv6)));
    assert_eq!(error(bench.ask(v6, &family(wds::IpFamily::Ethernet))), ProtocolError::InvalidIpFamilyPreference);
    granted(bench.ask(v4, &start("internet")));
    granted(bench.ask(v6, &start("internet")));
    let ask = wds::get_current_settings::Request::default();
    let settings = granted(bench.ask(v6, &ask));
    assert_eq!(settings.ipv6_address.unwrap().length, 64);
    assert_eq!((up(&bench).len(), settings.ipv4_address), (2, None));
    bench.disturb("drop-session cause=36");
    assert_eq!(up(&bench), []);
    let told = bench.indications::<wds::packet_service_status::Indication>();
    assert_eq!(told.last().unwrap().ip_family, Some(wds::IpFamily::Ipv6));
}

#[test]
fn refusals_say_why_and_too_many_are_throttled() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    bench.disturb("refuse-apn apn=Bad.Apn cause=33");
    for _ in 0..6 {
        assert_eq!(refused(bench.ask(wds, &start("bad.apn"))), (CallEndKind::ThreeGpp, 33));
    }
    let throttled = (CallEndKind::Internal, reason::PDN_IPV4_CALL_THROTTLED);
    assert_eq!(refused(bench.ask(wds, &start("bad.apn"))), throttled);
    let info = granted(bench.ask(wds, &wds::get_pdn_throttle_info::Request::default()));
    assert_eq!(info.throttled.unwrap()[0].apn, "bad.apn");
    granted(bench.ask(wds, &start("internet")));
    bench.run(130_000);
    bench.disturb("drop-session cause=36");
    assert_eq!(refused(bench.ask(wds, &start("bad.apn"))), (CallEndKind::ThreeGpp, 33));
    bench.disturb("accept-apn apn=bad.apn");
    bench.run(2_000);
    assert!(!bench.modem.truth().attached, "detached by the network");
    bench.run(20_000);
    granted(bench.ask(wds, &start("bad.apn")));
}

#[test]
fn without_service_there_is_no_session() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    granted(bench.ask(wds, &start("internet")));
    bench.disturb("coverage on=false");
    bench.run(3_000);
    assert_eq!(up(&bench), []);
    let no_service = (CallEndKind::CallManager, reason::NO_SERVICE);
    assert_eq!(refused(bench.ask(wds, &start("internet"))), no_service);
    bench.disturb("low-power");
    assert_eq!(refused(bench.ask(wds, &start("internet"))), (CallEndKind::CallManager, reason::OFFLINE));
}

#[test]
fn the_network_may_carry_one_family_only() {
    let mut profile = Profile::default();
    profile.network.ipv6 = false;
    let mut bench = Bench::with("well-behaved-lte", profile);
    bench.run(60_000);
    let wds = bench.client(Service::Wds);
    let v6 = wds::start_network::Request { ip_family: Some(wds::IpFamily::Ipv6), ..start("internet") };
    assert_eq!(refused(bench.ask(wds, &v6)), (CallEndKind::ThreeGpp, 50));
}

#[test]
fn a_client_asks_about_the_session_that_it_started() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    let v6 = wds::start_network::Request { ip_family: Some(wds::IpFamily::Ipv6), ..start("internet") };
    granted(bench.ask(wds, &v6));
    assert_eq!(status(&mut bench, wds), ConnectionStatus::Connected);
    let settings = granted(bench.ask(wds, &wds::get_current_settings::Request::default()));
    assert!(settings.ipv6_address.is_some() && settings.ipv4_address.is_none(), "{settings:?}");
}

#[test]
fn a_foreign_session_is_in_the_way_until_it_is_stopped() {
    let mut bench = Bench::ready("well-behaved-lte");
    let (wds, v6) = (bench.client(Service::Wds), bench.client(Service::Wds));
    granted(bench.ask(wds, &start("internet")));
    bench.disturb("foreign-apn apn=elsewhere");
    assert_eq!(up(&bench), [(IpFamily::Ipv4, "elsewhere".to_owned())]);
    assert_eq!(error(bench.ask(wds, &start("internet"))), ProtocolError::NoEffect);
    let other = wds::start_network::Request { ip_family: Some(wds::IpFamily::Ipv6), ..start("internet") };
    assert_eq!(refused(bench.ask(v6, &other)), (CallEndKind::Internal, reason::INTERFACE_IN_USE));
    let stop = wds::stop_network::Request { handle: Some(wds::ANY_HANDLE), ..Default::default() };
    granted(bench.ask(wds, &stop));
    granted(bench.ask(wds, &start("internet")));
}

#[test]
fn addresses_may_change_with_and_without_a_word() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    granted(bench.ask(wds, &start("internet")));
    bench.heard.clear();
    let address = |bench: &mut Bench| {
        granted(bench.ask(wds, &wds::get_current_settings::Request::default())).ipv4_address.unwrap()
    };
    let first = address(&mut bench);
    bench.disturb("change-address tell=false");
    let second = address(&mut bench);
    assert_ne!(first, second);
    assert!(bench.indications::<wds::packet_service_status::Indication>().is_empty());
    bench.disturb("change-address tell=true");
    let told = bench.indications::<wds::packet_service_status::Indication>();
    assert!(told[0].status.as_ref().unwrap().reconfigure);
}

#[test]
fn an_indication_may_come_before_the_response_it_belongs_to() {
    let first_is_response = |personality: &str| {
        let mut bench = Bench::ready(personality);
        let wds = bench.client(Service::Wds);
        bench.heard.clear();
        bench.send(wds, &start("internet"));
        bench.run(20_000);
        bench.heard[0].1.kind == Kind::Response
    };
    assert!(first_is_response("well-behaved-lte"));
    assert!(!first_is_response("nsa-5g"));
}

#[test]
fn autoconnect_dials_by_itself_and_does_not_let_go() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    let set = wds::set_autoconnect_settings::Request { status: Some(wds::Autoconnect::Enabled), ..Default::default() };
    granted(bench.ask(wds, &set));
    assert_eq!(up(&bench).len(), 1);
    let stop = wds::stop_network::Request { handle: Some(wds::ANY_HANDLE), ..Default::default() };
    assert_eq!(error(bench.ask(wds, &stop)), ProtocolError::NoEffect);
    granted(bench.ask(wds, &wds::stop_network::Request { disable_autoconnect: Some(true), ..stop }));
    assert_eq!(up(&bench), []);
}

#[test]
fn counters_grow_while_connected() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    let mask = Some(wds::StatisticsMask(0xFFFF_FFFF));
    let ask = wds::get_packet_statistics::Request { mask, ..Default::default() };
    assert_eq!(error(bench.ask(wds, &ask)), ProtocolError::OutOfCall);
    granted(bench.ask(wds, &start("internet")));
    let before = granted(bench.ask(wds, &ask)).rx_bytes_ok.unwrap();
    bench.run(10_000);
    assert!(granted(bench.ask(wds, &ask)).rx_bytes_ok.unwrap() >= before + 12_000);
}

#[test]
fn profiles_are_stored_and_dialled_from() {
    let mut bench = Bench::ready("well-behaved-lte");
    let wds = bench.client(Service::Wds);
    let profile = wds::Profile { apn: Some("iot".into()), name: Some("mine".into()), ..Default::default() };
    let create = wds::create_profile::Request { kind: Some(wds::ProfileType::ThreeGpp), profile, ..Default::default() };
    let id = granted(bench.ask(wds, &create)).id.unwrap();
    assert_eq!(id.index, 2);
    let profile = wds::Profile { apn: Some("m2m".into()), ..Default::default() };
    granted(bench.ask(wds, &wds::modify_profile::Request { id: Some(id.clone()), profile, ..Default::default() }));
    let read = granted(bench.ask(wds, &wds::get_profile_settings::Request { id: Some(id), ..Default::default() }));
    assert_eq!((read.profile.apn.as_deref(), read.profile.name.as_deref()), (Some("m2m"), Some("mine")));
    let list = granted(bench.ask(wds, &wds::get_profile_list::Request::default())).profiles.unwrap();
    assert_eq!(list.iter().map(|line| line.index).collect::<Vec<_>>(), [1, 2]);
    granted(bench.ask(wds, &wds::start_network::Request { profile_3gpp: Some(2), ..Default::default() }));
    assert_eq!(up(&bench), [(IpFamily::Ipv4, "m2m".to_owned())]);
    let none = bench.ask(wds, &wds::start_network::Request { profile_3gpp: Some(9), ..Default::default() });
    assert_eq!(error(none), ProtocolError::InvalidProfile);
}
