//! Sessions over restarts and edits of ours, and sessions that the modem starts by itself.

use wwan::model::{ConditionKind, LinkState, Status};
use wwan::qmi::{Service, nas, wds};
use wwan::reconcile::Memory;

use super::play::{PLAIN, Play, name};

const OTHER: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: other, ip_family: ipv4 }
";

#[test]
fn con_7_cfg_7_an_edited_apn_is_a_stop_with_our_handle_and_a_start() {
    let mut play = Play::starting(&PLAIN.replace("    service", "    only_radio_technologies: [lte]\n    service"));
    play.until_online(60);
    let handle = play.granted::<wds::start_network::Response>()[0].handle;
    assert!(handle.is_some());
    play.run_for(120_000);
    play.forget();
    play.edit(&OTHER.replace("    service", "    only_radio_technologies: [lte]\n    service"));
    play.until("other session", 10_000, |play| play.is_online() && play.sessions() == ["ipv4 other"]);
    let stops = play.requests::<wds::stop_network::Request>();
    assert_eq!(stops.len(), 1);
    assert_eq!((stops[0].1.handle, stops[0].1.disable_autoconnect), (handle, None));
    assert_eq!(play.order(Service::Wds, &[0x20, 0x21]), [0x21, 0x20]);
    assert_eq!(play.count::<nas::set_system_selection_preference::Request>(), 0, "the technologies are left alone");
    assert!(play.links.iter().all(|link| link.up), "the link never goes down: {:?}", play.links);
}

#[test]
fn con_7_cfg_9_a_modem_that_is_no_longer_named_is_left_as_it_was() {
    let config = PLAIN.replace("ip_family: ipv4", "ip_family: ipv4, roaming_allowed: false");
    let mut play = Play::starting(&config);
    play.until_online(60);
    let handle = play.granted::<wds::start_network::Response>()[0].handle;
    play.run_for(120_000);
    play.forget();
    play.edit(&config.replace("wwan0", "wwan7"));
    play.run_for(30_000);
    let stops = play.requests::<wds::stop_network::Request>();
    assert_eq!((stops.len(), stops[0].1.handle), (1, handle));
    // The session, then the profile as it was, then the client ids.
    assert_eq!(play.order(Service::Wds, &[0x20, 0x21, 0x28]), [0x21, 0x28]);
    let released = play.sent.iter().position(|(_, frame)| frame.key() == wwan::qmi::ctl::release_cid::KEY);
    let restored = play.sent.iter().position(|(_, frame)| frame.key() == wds::modify_profile::KEY);
    assert!(restored < released && restored.is_some());
    assert_eq!(play.requests::<wds::modify_profile::Request>()[0].1.profile.roaming_disallowed, Some(false));
    let truth = play.host.board().modem().truth();
    assert!(truth.sessions.is_empty() && truth.clients == 0, "{truth:?}");
    assert_eq!(play.links.last(), Some(&LinkState::default()), "flushed and down");
    assert!(!play.host.is_open());
    assert_eq!(play.host.memory(), &Memory::default());
    assert!(play.fleet.controller(&name()).is_none() && play.property("mobile.apn").is_none(), "no property is left");
}

#[test]
fn con_11_a_live_session_with_our_apn_is_adopted() {
    let mut play = Play::online(PLAIN);
    play.restart(PLAIN);
    play.until_online(10);
    play.run_for(600_000);
    assert_eq!(play.order(Service::Wds, &[0x20, 0x21]), [0_u16; 0], "neither started nor stopped");
    assert_eq!(play.sessions(), ["ipv4 internet"]);
    assert!(play.links.is_empty(), "the addresses stay: {:?}", play.links);
}

#[test]
fn con_11_a_live_session_with_another_apn_is_replaced() {
    let mut play = Play::online(PLAIN);
    play.restart(OTHER);
    play.until("our session", 10_000, |play| play.is_online() && play.sessions() == ["ipv4 other"]);
    let stops = play.requests::<wds::stop_network::Request>();
    assert_eq!((stops.len(), stops[0].1.handle), (1, Some(wds::ANY_HANDLE)), "whose handle died with us");
}

#[test]
fn con_10_the_networks_own_apn_is_any_apn() {
    let mut play = Play::starting(&PLAIN.replace("apn: internet", "apn: network-default"));
    play.until_online(60);
    play.run_for(3_600_000);
    assert!(play.is_online(), "{}", play.log.join("\n"));
    assert_eq!(play.order(Service::Wds, &[0x20, 0x21]), [0x20]);
    assert!(play.condition(ConditionKind::DataConnected).to_string().contains("internet"), "says which one it got");
}

#[test]
fn a_session_that_the_modem_starts_by_itself_is_ended_for_good_and_given_back() {
    let mut play = Play::online(PLAIN);
    play.disturb("autoconnect apn=elsewhere");
    play.until("our session", 30_000, |play| play.is_online() && play.sessions() == ["ipv4 internet"]);
    let settings = play.requests::<wds::set_autoconnect_settings::Request>();
    assert_eq!(settings.len(), 1, "{}", play.log.join("\n"));
    assert_eq!(settings[0].1.status, Some(wds::Autoconnect::Disabled));
    assert_eq!(play.host.memory().original_autoconnect, Some(true));
    // Over the next registrations it stays away.
    play.disturb("coverage on=false");
    play.run_for(10_000);
    play.disturb("coverage on=true");
    play.until("our session", 60_000, |play| play.is_online() && play.sessions() == ["ipv4 internet"]);
    assert_eq!(play.count::<wds::set_autoconnect_settings::Request>(), 1);
    play.forget();
    play.edit(&PLAIN.replace("wwan0", "wwan7"));
    play.run_for(30_000);
    let given_back = play.requests::<wds::set_autoconnect_settings::Request>();
    assert_eq!(given_back.last().and_then(|(_, ask)| ask.status), Some(wds::Autoconnect::Enabled));
}

#[test]
fn a_session_that_fits_is_nobodys_fight() {
    let mut play = Play::online(PLAIN);
    play.disturb("autoconnect apn=internet");
    play.run_for(60_000);
    assert!(play.is_online());
    assert_eq!(play.count::<wds::set_autoconnect_settings::Request>(), 0, "what works is left alone");
    assert_eq!(play.status(ConditionKind::DataConnected), Status::True);
}
