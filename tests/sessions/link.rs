//! The truth of `connection`, from a modem that fails in parts.

use std::time::Duration;

use wwan::model::Reach;

use super::play::{PLAIN, Play};

#[test]
fn lnk_1_bring_up_ends_at_the_internet_and_the_property_says_so() {
    let mut play = Play::starting(PLAIN);
    assert_eq!(play.property("connection").map(|v| v.to_string()).as_deref(), Some("disconnected"));
    play.until_online(60);
    play.run_for(100);
    assert_eq!(play.connection().reach, Reach::Internet);
    assert_eq!(play.property("connection").map(|v| v.to_string()).as_deref(), Some("internet"));
    assert_eq!(play.reaches.last().map(|(_, reach)| *reach), Some(Reach::Internet));
    assert!(play.says("connection disconnected -> internet"), "{}", play.log.join("\n"));
}

#[test]
fn lnk_2_the_circuit_domain_does_not_matter() {
    let mut play = Play::online(PLAIN);
    play.disturb("circuit on=false");
    play.run_for(30_000);
    assert_eq!(play.connection().reach, Reach::Internet);
    assert!(play.reaches.is_empty() && play.is_online());
    let serving = play.granted::<wwan::qmi::nas::get_serving_system::Response>();
    let last = serving.last().and_then(|response| response.serving_system.as_ref()).expect("it was read");
    assert_eq!(last.cs_attach, wwan::qmi::nas::AttachState::Detached);
}

#[test]
fn lnk_3_f33_a_blip_of_the_network_is_nothing_to_tell_and_ends_no_session() {
    let mut play = Play::online(PLAIN);
    play.disturb("blip ms=850");
    play.run_for(10_000);
    assert!(play.reaches.is_empty(), "{:?}", play.reaches);
    let from = play.now;
    play.disturb("blip ms=1900");
    play.run_for(10_000);
    let told: Vec<_> = play.reaches.iter().map(|(at, reach)| (at.since(from), *reach)).collect();
    let [(down, Reach::Disconnected), (up, Reach::Internet)] = told[..] else { panic!("{told:?}") };
    // From the first bad report, which takes a look.
    assert!((Duration::from_millis(1_000)..Duration::from_millis(1_060)).contains(&down), "{down:?}");
    assert!((Duration::from_millis(1_900)..Duration::from_millis(1_960)).contains(&up), "{up:?}");
    play.disturb("blip ms=15000");
    play.run_for(60_000);
    assert_eq!(play.order(wwan::qmi::Service::Wds, &[0x20, 0x21]), [0_u16; 0], "the session is kept throughout");
    assert!(play.links.is_empty(), "and its addresses: {:?}", play.links);
    assert!(play.is_online());
}

#[test]
fn lnk_3_the_grace_is_the_files() {
    let config = format!("{PLAIN}    connection: {{ grace: 30s }}\n");
    let mut play = Play::online(&config);
    play.disturb("blip ms=25000");
    play.run_for(60_000);
    assert!(play.reaches.is_empty(), "{:?}", play.reaches);
    let none = format!("{PLAIN}    connection: {{ grace: 0s }}\n");
    let mut play = Play::online(&none);
    play.disturb("blip ms=300");
    play.run_for(10_000);
    assert_eq!(play.reaches.len(), 2, "without grace everything is told");
}

#[test]
fn lnk_4_a_lost_session_or_address_is_told_at_once() {
    let mut play = Play::online(PLAIN);
    let from = play.now;
    play.disturb("drop-session cause=36");
    play.until("news", 200, |play| !play.reaches.is_empty());
    let (at, reach) = play.reaches[0];
    assert!(reach == Reach::Disconnected && at.since(from) < Duration::from_millis(60), "{:?}", at.since(from));
    play.until("internet again", 10_000, |play| play.connection().reach == Reach::Internet);
    play.run_for(120_000);
    play.forget();
    play.disturb("flush-link");
    // The kernel tells of nine changes in ten; the tenth is found by looking.
    play.until("news", 100_000, |play| !play.reaches.is_empty());
    assert_eq!(play.reaches[0].1, Reach::Disconnected);
    play.until("internet again", 10_000, |play| play.connection().reach == Reach::Internet);
}

#[test]
fn lnk_6_over_a_restart_the_internet_is_kept_and_verified() {
    let mut play = Play::online(PLAIN);
    assert!(play.host.memory().internet);
    play.restart(PLAIN);
    play.until("the guess", 50, |play| play.connection().reach == Reach::Internet);
    play.run_for(60_000);
    assert_eq!(play.reaches.iter().map(|(_, reach)| *reach).collect::<Vec<_>>(), [Reach::Internet], "kept");
    assert!(play.count::<wwan::qmi::wds::get_packet_service_status::Request>() > 0, "and asked for");
}

#[test]
fn lnk_6_a_session_that_dropped_meanwhile_is_found_out() {
    let mut play = Play::online(PLAIN);
    play.host.crash();
    play.disturb("drop-session cause=36");
    play.disturb("refuse-apn apn=internet cause=33");
    play.restart(PLAIN);
    play.until("the guess", 50, |play| play.connection().reach == Reach::Internet);
    play.until("the truth", 2_000, |play| play.connection().reach == Reach::Disconnected);
    play.run_for(60_000);
    assert_eq!(play.connection().reach, Reach::Disconnected);
    assert!(!play.host.memory().internet);
}
