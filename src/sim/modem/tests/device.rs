//! Booting, client ids, operating modes, resets, the card, the way of answers.

use super::*;
use crate::model::IpFamily;
use crate::qmi::{dms, nas, uim, wda};
use crate::sim::{Card, Pin};

fn mode(mode: dms::OperatingMode) -> dms::set_operating_mode::Request {
    dms::set_operating_mode::Request { mode: Some(mode), ..Default::default() }
}

#[test]
fn a_booting_modem_is_silent_and_then_says_that_it_started() {
    let mut bench = Bench::fresh("well-behaved-lte");
    bench.run(2_000);
    assert_eq!(bench.modem.node(), None);
    bench.run(4_100);
    assert_eq!(bench.events, [Output::Appeared { node: "cdc-wdm0".into() }]);
    let lost = bench.send(0, &ctl::get_version_info::Request::default());
    bench.run(10_000);
    assert!(bench.answer::<ctl::get_version_info::Request>(0, lost).is_none());
    assert_eq!(bench.indications::<ctl::synced::Indication>().len(), 1);
    let services = bench.ask(0, &ctl::get_version_info::Request::default()).unwrap().services.unwrap();
    assert!(services.iter().any(|service| service.service == Service::Wds));
}

#[test]
fn client_ids_are_few_and_sync_takes_them_all_back() {
    let mut bench = Bench::ready("few-client-ids");
    assert_eq!([1, 2, 3].map(|_| bench.client(Service::Nas)), [1, 2, 3]);
    let request = ctl::allocate_cid::Request { service: Some(Service::Nas), ..Default::default() };
    assert_eq!(error(bench.ask(0, &request)), ProtocolError::ClientIdsExhausted);
    let unknown = ctl::allocate_cid::Request { service: Some(Service::Voice), ..Default::default() };
    assert_eq!(error(bench.ask(0, &unknown)), ProtocolError::InvalidServiceType);
    granted(bench.ask(0, &ctl::sync::Request::default()));
    let stale = bench.ask(2, &nas::get_serving_system::Request::default());
    assert_eq!(error(stale), ProtocolError::InvalidClientId);
    assert_eq!(bench.client(Service::Nas), 1);
    let one = ctl::ClientId { service: Service::Nas, client: 1 };
    granted(bench.ask(0, &ctl::release_cid::Request { client: Some(one.clone()), ..Default::default() }));
    let twice = bench.ask(0, &ctl::release_cid::Request { client: Some(one), ..Default::default() });
    assert_eq!(error(twice), ProtocolError::InvalidClientId);
}

#[test]
fn a_reset_needs_offline_first_and_loses_everything() {
    let mut bench = Bench::ready("well-behaved-lte");
    let dms = bench.client(Service::Dms);
    assert_eq!(error(bench.ask(dms, &mode(dms::OperatingMode::Reset))), ProtocolError::InvalidTransition);
    granted(bench.ask(dms, &mode(dms::OperatingMode::Offline)));
    assert_eq!(error(bench.ask(dms, &mode(dms::OperatingMode::Online))), ProtocolError::InvalidTransition);
    granted(bench.ask(dms, &mode(dms::OperatingMode::Reset)));
    bench.run(60_000);
    assert_eq!(bench.events, [Output::Vanished, Output::Appeared { node: "cdc-wdm1".into() }]);
    let stale = bench.ask(dms, &dms::get_operating_mode::Request::default());
    assert_eq!(error(stale), ProtocolError::InvalidClientId);
    let dms = bench.client(Service::Dms);
    let now = bench.ask(dms, &dms::get_operating_mode::Request::default()).unwrap().mode;
    assert_eq!(now, Some(dms::OperatingMode::Online));
}

#[test]
fn a_broken_reset_is_acknowledged_and_does_nothing() {
    let mut bench = Bench::ready("broken-reset");
    let dms = bench.client(Service::Dms);
    granted(bench.ask(dms, &mode(dms::OperatingMode::Offline)));
    granted(bench.ask(dms, &mode(dms::OperatingMode::Reset)));
    bench.run(60_000);
    assert_eq!(bench.events, []);
    bench.modem.power(Power::Off, bench.now);
    bench.modem.power(Power::On, bench.now);
    bench.run(60_000);
    assert_eq!(bench.modem.truth().mode, dms::OperatingMode::Online);
}

#[test]
fn persistent_low_power_survives_a_power_cut_and_low_power_does_not() {
    for (asked, after) in [
        (dms::OperatingMode::LowPower, dms::OperatingMode::Online),
        (dms::OperatingMode::PersistentLowPower, dms::OperatingMode::PersistentLowPower),
    ] {
        let mut bench = Bench::ready("well-behaved-lte");
        let dms = bench.client(Service::Dms);
        granted(bench.ask(dms, &mode(asked)));
        assert!(!bench.modem.truth().registered);
        bench.disturb("power-cut seconds=3");
        bench.run(60_000);
        assert_eq!(bench.modem.truth().mode, after);
    }
}

#[test]
fn a_silent_reset_is_noticed_by_nothing_but_lost_client_ids() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    bench.disturb("silent-reset");
    bench.run(90_000);
    assert_eq!(bench.events, [], "the node stays");
    assert!(bench.heard.is_empty(), "nothing is said: {:?}", bench.heard);
    let stale = bench.ask(nas, &nas::get_serving_system::Request::default());
    assert_eq!(error(stale), ProtocolError::InvalidClientId);
    assert!(bench.modem.truth().attached);
}

#[test]
fn a_hung_modem_answers_late_or_never() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    bench.disturb("hang seconds=30");
    let sent: Vec<u16> = (0..20).map(|_| bench.send(nas, &nas::get_serving_system::Request::default())).collect();
    bench.run(29_000);
    assert!(bench.heard.is_empty());
    bench.run(5_000);
    let answered = sent.iter().filter(|t| bench.answer::<nas::get_serving_system::Request>(nas, **t).is_some()).count();
    assert!((1..20).contains(&answered), "{answered} of 20");
}

#[test]
fn the_planned_request_meets_its_error_once() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    bench.disturb("error-on-nth service=3 message=36 n=2 error=3");
    let mut ask = || bench.ask(nas, &nas::get_serving_system::Request::default());
    assert!(ask().is_ok());
    assert_eq!(error(ask()), ProtocolError::Internal);
    assert!(ask().is_ok());
}

#[test]
fn unplugged_is_gone_until_plugged_in() {
    let mut bench = Bench::ready("well-behaved-lte");
    bench.disturb("unplug");
    bench.run(60_000);
    assert_eq!(bench.events, [Output::Vanished]);
    bench.disturb("plug");
    bench.run(60_000);
    assert!(bench.modem.truth().attached);
    bench.modem.power(Power::Reauthorise, bench.now);
    bench.run(2_000);
    assert!(bench.modem.truth().attached, "the firmware does not notice");
}

#[test]
fn the_card_becomes_ready_in_steps() {
    let mut bench = Bench::fresh("well-behaved-lte");
    let mut seen = Vec::new();
    for _ in 0..3_000 {
        bench.run(5);
        if bench.modem.truth().answers {
            let status = bench.modem.card_status();
            let state = status.application(status.gw_primary).map(|(_, app)| app.state);
            if seen.last() != Some(&state) {
                seen.push(state);
            }
        }
    }
    assert_eq!(seen, [None, Some(uim::ApplicationState::Detected), Some(uim::ApplicationState::Ready)]);
}

#[test]
fn a_card_that_comes_out_takes_the_network_with_it() {
    let mut bench = Bench::ready("well-behaved-lte");
    let uim = bench.client(Service::Uim);
    let events = uim::Events::CARD_STATUS | uim::Events::SAP_CONNECTION;
    let granted_events = bench.ask(uim, &uim::register_events::Request { mask: Some(events), ..Default::default() });
    assert_eq!(granted(granted_events).mask, Some(uim::Events::CARD_STATUS));
    bench.disturb("sim-out");
    assert!(!bench.modem.truth().registered);
    let told = bench.indications::<uim::card_status::Indication>();
    assert_eq!(told[0].status.as_ref().unwrap().cards[0].state, uim::CardState::Absent);
    bench.disturb("sim-swap iccid=8949210000000000028 imsi=001010000000002");
    bench.run(30_000);
    let truth = bench.modem.truth();
    assert_eq!((truth.iccid.as_deref(), truth.attached), (Some("8949210000000000028"), true));
    let read = uim::read_transparent::Request {
        session: Some(uim::Session::default()),
        file: Some(uim::File::iccid()),
        read: Some(uim::ReadRange::default()),
        ..Default::default()
    };
    let data = granted(bench.ask(uim, &read)).data.unwrap();
    assert_eq!(data, [0x98, 0x94, 0x12, 0, 0, 0, 0, 0, 0x20, 0xF8]);
    let spn = uim::read_transparent::Request { file: Some(uim::File::new(0x6F38, &[0x3F00, 0x7FFF])), ..read };
    assert_eq!(error(bench.ask(uim, &spn)), ProtocolError::SimFileNotFound);
}

#[test]
fn a_wrong_pin_costs_a_try_and_the_right_one_opens_the_card() {
    let mut profile = Profile::default();
    profile.slots[0] = Some(Card { pin: Pin::new("4321"), ..Card::of_test_network(1) });
    let mut bench = Bench::with("well-behaved-lte", profile);
    bench.run(30_000);
    assert!(!bench.modem.truth().registered);
    let uim = bench.client(Service::Uim);
    let verify = |code: &str| uim::verify_pin::Request {
        session: Some(uim::Session::default()),
        pin: Some(uim::PinEntry { id: uim::PinId::Pin1, pin: code.into() }),
        ..Default::default()
    };
    let Err(Refused { error: refused, response }) = bench.ask(uim, &verify("0000")) else { panic!() };
    assert_eq!((refused, response.retries.unwrap().verify), (ProtocolError::IncorrectPin, 2));
    assert_eq!(granted(bench.ask(uim, &verify("4321"))).retries.unwrap().verify, 3);
    bench.run(30_000);
    assert!(bench.modem.truth().attached);
    for left in [2, 1, 0] {
        let Err(Refused { response, .. }) = bench.ask(uim, &verify("0000")) else { panic!() };
        assert_eq!(response.retries.unwrap().verify, left);
    }
    assert_eq!(error(bench.ask(uim, &verify("4321"))), ProtocolError::PinBlocked);
    let unblock = uim::unblock_pin::Request {
        pin: Some(uim::PinUnblock { id: uim::PinId::Pin1, puk: "12345678".into(), new_pin: "1111".into() }),
        ..Default::default()
    };
    granted(bench.ask(uim, &unblock));
    bench.run(30_000);
    assert!(bench.modem.truth().attached);
}

#[test]
fn a_second_slot_is_switched_to() {
    let mut profile = Profile::default();
    profile.slots.push(Some(Card::of_test_network(77)));
    let mut bench = Bench::with("well-behaved-lte", profile);
    bench.run(30_000);
    let uim = bench.client(Service::Uim);
    let switch =
        |slot| uim::switch_slot::Request { logical_slot: Some(1), physical_slot: Some(slot), ..Default::default() };
    assert_eq!(error(bench.ask(uim, &switch(1))), ProtocolError::NoEffect);
    assert_eq!(error(bench.ask(uim, &switch(3))), ProtocolError::InvalidArgument);
    granted(bench.ask(uim, &switch(2)));
    bench.run(30_000);
    assert_eq!(bench.modem.truth().imsi, Some(Card::of_test_network(77).imsi));
    let slots = granted(bench.ask(uim, &uim::get_slot_status::Request::default())).slots.unwrap();
    assert_eq!([slots[0].logical_slot, slots[1].logical_slot], [0, 1]);
}

#[test]
fn a_slow_request_holds_up_no_other_unless_the_modem_serialises() {
    for (personality, at_once) in [("well-behaved-lte", true), ("quectel-like", false)] {
        let mut bench = Bench::ready(personality);
        let nas = bench.client(Service::Nas);
        let dms = bench.client(Service::Dms);
        let scan = bench.send(nas, &nas::network_scan::Request::default());
        let quick = bench.send(nas, &nas::get_serving_system::Request::default());
        let other = bench.send(dms, &dms::get_ids::Request::default());
        bench.run(500);
        assert_eq!(bench.answer::<nas::get_serving_system::Request>(nas, quick).is_some(), at_once);
        assert!(bench.answer::<dms::get_ids::Request>(dms, other).is_some());
        assert!(bench.answer::<nas::network_scan::Request>(nas, scan).is_none());
        let abort = nas::abort::Request { transaction: Some(scan), ..Default::default() };
        granted(bench.ask(nas, &abort));
        let aborted = bench.answer::<nas::network_scan::Request>(nas, scan).unwrap();
        assert_eq!(error(aborted), ProtocolError::Aborted);
        assert_eq!(error(bench.ask(nas, &abort)), ProtocolError::InvalidTransactionId);
    }
}

#[test]
fn some_modems_want_to_know_the_endpoint() {
    let mut bench = Bench::ready("quectel-like");
    let wda = bench.client(Service::Wda);
    assert_eq!(error(bench.ask(wda, &wda::get_data_format::Request::default())), ProtocolError::MissingArgument);
    let endpoint = Some(wda::Endpoint { kind: wda::EndpointKind::Hsusb, interface: 4 });
    let format = granted(bench.ask(wda, &wda::get_data_format::Request { endpoint, ..Default::default() })).format;
    assert_eq!(format.link_protocol, Some(wda::LinkProtocol::RawIp));
    let mut bench = Bench::ready("ethernet-by-default");
    let wda = bench.client(Service::Wda);
    assert!(bench.modem.truth().ethernet);
    let raw = wda::LinkProtocol::RawIp;
    let set = wda::set_data_format::Request { link_protocol: Some(raw), ..Default::default() };
    assert_eq!(granted(bench.ask(wda, &set)).format.link_protocol, Some(raw));
    assert!(!bench.modem.truth().ethernet);
}

#[test]
fn messages_without_behaviour_are_refused_and_broken_ones_too() {
    let mut bench = Bench::ready("nsa-5g");
    let dms = bench.client(Service::Dms);
    let iccid = bench.ask(dms, &dms::uim_get_iccid::Request::default());
    assert_eq!(error(iccid), ProtocolError::InvalidQmiCommand);
    let fcc = bench.ask(dms, &dms::foxconn_set_fcc_authentication_v2::Request::default());
    assert_eq!(error(fcc), ProtocolError::InvalidQmiCommand);
    let nothing = bench.ask(dms, &dms::set_operating_mode::Request::default());
    assert_eq!(error(nothing), ProtocolError::MissingArgument);
}

#[test]
fn late_and_double_answers_happen() {
    let mut bench = Bench::ready("late-and-duplicate");
    let nas = bench.client(Service::Nas);
    let asked: Vec<Instant> = (0..200)
        .map(|_| {
            bench.send(nas, &nas::get_serving_system::Request::default());
            bench.run(100);
            bench.now
        })
        .collect();
    bench.run(30_000);
    assert!(bench.heard.len() > asked.len(), "some come twice: {}", bench.heard.len());
    assert!(bench.heard.iter().any(|(at, _)| *at > asked[199] + Duration::from_secs(4)), "some come late");
    assert_eq!(bench.modem.truth().sessions, Vec::<(IpFamily, String)>::new());
}

#[test]
fn the_same_seed_makes_the_same_life() {
    let life = || {
        let mut bench = Bench::ready("late-and-duplicate");
        let nas = bench.client(Service::Nas);
        for _ in 0..50 {
            bench.send(nas, &nas::get_signal_info::Request::default());
            bench.run(300);
        }
        bench.heard.iter().map(|(at, frame)| (*at, frame.encode())).collect::<Vec<_>>()
    };
    assert_eq!(life(), life());
}
