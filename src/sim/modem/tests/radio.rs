//! Registration, roaming, refusals, preferences.

use super::*;
use crate::qmi::nas::{self, ModePreference, RegistrationState};

fn registration(bench: &mut Bench, nas: u8) -> RegistrationState {
    let response = granted(bench.ask(nas, &nas::get_serving_system::Request::default()));
    response.serving_system.unwrap().registration
}

fn prefer(modes: ModePreference) -> nas::set_system_selection_preference::Request {
    nas::set_system_selection_preference::Request { mode_preference: Some(modes), ..Default::default() }
}

#[test]
fn registration_goes_by_searching_with_partial_values() {
    let mut bench = Bench::ready("well-behaved-lte");
    let _nas = bench.client(Service::Nas);
    bench.disturb("coverage on=false");
    bench.run(3_000);
    bench.disturb("coverage on=true");
    bench.run(20_000);
    let told = bench.indications::<nas::serving_system::Indication>();
    let mut steps: Vec<_> = told
        .iter()
        .map(|told| {
            let short = told.serving_system.as_ref().unwrap();
            (short.registration, short.ps_attach == nas::AttachState::Attached, told.current_plmn.is_some())
        })
        .collect();
    steps.dedup();
    let searching = (RegistrationState::NotRegisteredSearching, false, false);
    let partly = (RegistrationState::Registered, false, false);
    assert_eq!(steps, [searching, partly, (RegistrationState::Registered, true, true)]);
}

#[test]
fn both_ways_of_saying_roaming_agree() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    bench.disturb("roaming on=true");
    bench.run(20_000);
    let serving = granted(bench.ask(nas, &nas::get_serving_system::Request::default()));
    let system = granted(bench.ask(nas, &nas::get_system_info::Request::default()));
    assert_eq!(serving.roaming, Some(nas::RoamingIndicator::Roaming));
    assert_eq!(serving.current_plmn.unwrap().mnc, 2);
    let common = system.lte_system.unwrap().common;
    assert_eq!(common.roaming, Some(nas::RoamingStatus::Roaming));
    assert_eq!(common.network.unwrap().mnc.as_str(), "02");
}

#[test]
fn a_refused_registration_carries_its_cause() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    let report = Some(nas::NetworkRejectReport { report: true, suppress_system_info: false });
    let register = nas::register_indications::Request { network_reject: report, ..Default::default() };
    granted(bench.ask(nas, &register));
    bench.disturb("deny cause=11");
    bench.run(20_000);
    assert_eq!(registration(&mut bench, nas), RegistrationState::RegistrationDenied);
    let told = bench.indications::<nas::network_reject::Indication>();
    assert_eq!(told[0].cause, Some(nas::RejectCause::PlmnNotAllowed));
    let reject = granted(bench.ask(nas, &nas::get_system_info::Request::default())).lte_system.unwrap().common.reject;
    assert_eq!(reject.unwrap().cause, nas::RejectCause::PlmnNotAllowed);
    bench.disturb("admit");
    bench.run(20_000);
    assert_eq!(registration(&mut bench, nas), RegistrationState::Registered);
}

#[test]
fn a_preference_takes_effect_later_survives_a_power_cut_and_drops_unknown_bits() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    granted(bench.ask(nas, &prefer(ModePreference::LTE | ModePreference::NR5G)));
    let read = granted(bench.ask(nas, &nas::get_system_selection_preference::Request::default()));
    assert_eq!(read.mode_preference, Some(ModePreference::LTE));
    assert!(bench.modem.truth().registered, "not yet");
    bench.run(1_600);
    assert!(!bench.modem.truth().registered, "registers anew");
    bench.disturb("power-cut seconds=1");
    bench.run(60_000);
    assert_eq!(bench.modem.truth().technologies, ModePreference::LTE);
    let nas = bench.client(Service::Nas);
    assert_eq!(error(bench.ask(nas, &prefer(ModePreference::NR5G))), ProtocolError::InvalidArgument);
    let for_now = nas::set_system_selection_preference::Request {
        duration: Some(nas::ChangeDuration::UntilPowerCycle),
        ..prefer(ModePreference::GSM)
    };
    granted(bench.ask(nas, &for_now));
    bench.disturb("power-cut seconds=1");
    bench.run(60_000);
    assert_eq!(bench.modem.truth().technologies, ModePreference::LTE);
}

#[test]
fn technologies_follow_the_hardware() {
    for (personality, modes, interfaces) in [
        (
            "nsa-5g",
            ModePreference::LTE | ModePreference::NR5G,
            vec![nas::RadioInterface::Lte, nas::RadioInterface::Nr5g],
        ),
        ("nsa-5g", ModePreference::LTE, vec![nas::RadioInterface::Lte]),
        ("quectel-like", ModePreference::LTE | ModePreference::NR5G, vec![nas::RadioInterface::Nr5g]),
        ("well-behaved-lte", ModePreference::GSM, vec![nas::RadioInterface::Gsm]),
    ] {
        let mut bench = Bench::ready(personality);
        let nas = bench.client(Service::Nas);
        granted(bench.ask(nas, &prefer(modes)));
        bench.run(30_000);
        let short = granted(bench.ask(nas, &nas::get_serving_system::Request::default())).serving_system.unwrap();
        assert_eq!(short.radio_interfaces, interfaces, "{personality} {modes}");
    }
}

#[test]
fn who_never_indicates_never_does_and_who_broadcasts_tells_all_at_once() {
    let mut silent = Bench::ready("never-indicates");
    let _nas = silent.client(Service::Nas);
    silent.disturb("roaming on=true");
    silent.run(20_000);
    assert!(silent.heard.is_empty());
    let mut loud = Bench::ready("nsa-5g");
    let _clients = [loud.client(Service::Nas), loud.client(Service::Nas)];
    loud.disturb("roaming on=true");
    loud.run(20_000);
    let told: Vec<&Frame> = loud.heard.iter().map(|(_, frame)| frame).collect();
    assert!(!told.is_empty() && told.iter().all(|frame| frame.client == BROADCAST));
}

#[test]
fn a_scan_tells_home_and_visited_networks() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    let scan = granted(bench.ask(nas, &nas::network_scan::Request::default()));
    let networks = scan.networks.unwrap();
    assert!(networks[0].status.contains(nas::NetworkStatus::HOME | nas::NetworkStatus::CURRENT_SERVING));
    assert_eq!((networks.len(), networks[1].mnc), (2, 2));
}

#[test]
fn a_manual_network_that_is_not_here_is_searched_for() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    let manual = nas::ManualNetwork { mcc: 999, mnc: 99, radio_interface: nas::RadioInterface::Lte };
    let register = nas::initiate_network_register::Request {
        action: Some(nas::RegisterAction::Manual),
        network: Some(manual),
        ..Default::default()
    };
    granted(bench.ask(nas, &register));
    bench.run(20_000);
    assert_eq!(registration(&mut bench, nas), RegistrationState::NotRegisteredSearching);
    let automatic =
        nas::initiate_network_register::Request { action: Some(nas::RegisterAction::Automatic), ..Default::default() };
    granted(bench.ask(nas, &automatic));
    bench.run(20_000);
    assert_eq!(registration(&mut bench, nas), RegistrationState::Registered);
}

#[test]
fn detaching_ends_service_until_attached_again() {
    let mut bench = Bench::ready("well-behaved-lte");
    let nas = bench.client(Service::Nas);
    let action = |action| nas::attach_detach::Request { action: Some(action), ..Default::default() };
    granted(bench.ask(nas, &action(nas::PsAction::Detach)));
    let truth = bench.modem.truth();
    assert_eq!((truth.registered, truth.attached), (true, false));
    granted(bench.ask(nas, &action(nas::PsAction::Attach)));
    bench.run(5_000);
    assert!(bench.modem.truth().attached);
}
