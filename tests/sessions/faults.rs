//! Rows of the fault matrix: each fault once, and what is done about it in which time.

use std::time::Duration;

use wwan::model::{ConditionKind, Fact, Reach, Status};
use wwan::qmi::{ctl, nas, wds};

use super::play::{PLAIN, Play};

/// The longest a lost indication of a fact stays unnoticed: until the next look.
fn next_look(fact: Fact) -> u64 {
    fact.refresh_after().as_millis() as u64 + 3_000
}

#[test]
fn f14_a_lost_indication_is_made_good_by_asking() {
    // What happens, the fact it changes, and what shows that it was noticed.
    let cases: [(&str, Fact, &str); 4] = [
        ("drop-session cause=36", Fact::SessionIpv4, "the ipv4 session is down"),
        ("change-address tell=true", Fact::SettingsIpv4, "the network gave"),
        ("low-power", Fact::OperatingMode, "the operating mode is LowPower"),
        ("hand-over roaming=true", Fact::ServingSystem, "Registered=True Roaming"),
    ];
    for (what, fact, evidence) in cases {
        let mut play = Play::online(PLAIN);
        play.disturb("lose-indications n=50");
        play.disturb(what);
        play.until(what, next_look(fact), |play| play.says(evidence));
        play.disturb("lose-indications n=0");
        play.until_online(60);
    }
}

#[test]
fn f15_a_spurious_end_is_looked_at_and_nothing_happens() {
    let mut play = Play::online(PLAIN);
    play.disturb("spurious-disconnect");
    play.run_for(1_000);
    // Two, if the modem says it twice.
    let looks = play.count::<wds::get_packet_service_status::Request>();
    assert!((1..=2).contains(&looks), "one look: {looks}");
    play.run_for(30_000);
    assert_eq!(play.order(wwan::qmi::Service::Wds, &[0x20, 0x21]), [0_u16; 0]);
    assert!(play.links.is_empty() && play.reaches.is_empty() && play.is_online(), "{}", play.log.join("\n"));
}

#[test]
fn f21_new_settings_are_read_and_applied_as_a_whole() {
    let mut play = Play::online(PLAIN);
    for what in ["change-address tell=true", "mtu mtu=1358 tell=true"] {
        play.forget();
        play.disturb(what);
        play.until(what, 1_000, |play| !play.links.is_empty() && play.is_online());
        play.run_for(1_000);
        let [link] = &play.links[..] else { panic!("{what}: one change, not {:?}", play.links) };
        assert_eq!(link.ip.ipv4.map(|s| s.address), play.host.board().modem().addresses().0, "{what}");
        assert_eq!(play.host.link(), link);
    }
    assert_eq!(play.host.link().ip.mtu, Some(1358));
    assert_eq!(play.order(wwan::qmi::Service::Wds, &[0x20, 0x21]), [0_u16; 0], "the session is left alone");
}

#[test]
fn f22_new_settings_that_nobody_told_of_are_found() {
    let mut play = Play::online(PLAIN);
    play.disturb("change-address tell=false");
    play.until("new address", next_look(Fact::SettingsIpv4), |play| !play.links.is_empty());
    play.run_for(1_000);
    assert_eq!(play.host.link().ip.ipv4.map(|s| s.address), play.host.board().modem().addresses().0);
}

#[test]
fn f23_clients_that_a_silent_restart_took_are_made_anew_at_once() {
    let mut play = Play::online(PLAIN);
    play.disturb("silent-reset");
    // The first look after the modem runs again is answered with "no such client".
    play.until("the evidence", next_look(Fact::SessionIpv4) + 10_000, |play| play.says("does not know our client ids"));
    let noticed = play.now;
    assert_ne!(play.connection().reach, Reach::Internet, "nothing is claimed any more");
    play.until("all anew", 10_000, |play| play.dials().len() == 1);
    play.until_online(10);
    assert!(play.now.since(noticed) < Duration::from_secs(15));
    assert!(play.count::<nas::register_indications::Request>() >= 1, "indications are asked for again");
}

#[test]
fn f24_an_announced_restart_is_acted_on_at_once() {
    let mut play = Play::online(PLAIN);
    play.disturb("firmware-restart");
    play.until("the announcement", 10_000, |play| play.says("announced that it restarted"));
    let told = play.heard.iter().find(|(_, frame)| frame.key() == ctl::synced::KEY).map(|(at, _)| *at);
    assert!(told.is_some_and(|at| play.now.since(at) <= Duration::from_millis(100)));
    play.until_online(60);
    assert_eq!(play.dials().len(), 1);
}

#[test]
fn f25_lost_client_ids_are_taken_back_and_none_leaks() {
    let mut play = Play::starting(PLAIN);
    play.until("contact", 60_000, |play| play.says("ControlReady=True"));
    play.disturb("take-clients service=1");
    play.until("exhaustion", 60_000, |play| play.says("ClientIdsExhausted"));
    let said = play.log.iter().find(|line| line.contains("ClientIdsExhausted")).expect("just seen");
    assert!(said.contains("ControlReady=False"), "{said}");
    play.until_online(60);
    assert!(play.host.board().modem().clients_in_use() <= 6);
    // Who has every client that he needs is not disturbed: after a quarter of an hour each has been used.
    play.run_for(1_200_000);
    play.forget();
    play.disturb("take-clients service=2");
    play.run_for(3_600_000);
    assert!(play.is_online() && play.dials().is_empty(), "who needs no client is not disturbed");
}

#[test]
fn f33_a_registration_that_comes_back_within_seconds_costs_nothing() {
    let mut play = Play::online(PLAIN);
    play.disturb("blip ms=14000");
    play.run_for(2_000);
    assert_eq!(play.status(ConditionKind::Registered), Status::False, "it is said");
    play.run_for(30_000);
    assert!(play.is_online());
    assert_eq!(play.order(wwan::qmi::Service::Wds, &[0x20, 0x21]), [0_u16; 0]);
}
