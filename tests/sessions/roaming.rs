//! Roaming: in the modem's profile, and as a decision.

use std::time::Duration;

use wwan::model::ConditionKind;
use wwan::qmi::wds;

use super::play::{PLAIN, Play};

fn config(roaming: &str) -> String {
    PLAIN.replace("ip_family: ipv4", &format!("ip_family: ipv4{roaming}"))
}

fn allowed() -> String {
    config(", roaming_allowed: true")
}

fn forbidden() -> String {
    config(", roaming_allowed: false")
}

/// What was written into profiles: their numbers and whether roaming was disallowed.
fn writes(play: &Play) -> Vec<(u8, bool)> {
    let one = |ask: wds::modify_profile::Request| {
        (ask.id.expect("an index").index, ask.profile.roaming_disallowed.expect("a bit"))
    };
    play.requests::<wds::modify_profile::Request>().into_iter().map(|(_, ask)| one(ask)).collect()
}

#[test]
fn roam_1_the_profile_is_written_before_the_dial_and_only_when_it_differs() {
    let mut play = Play::starting(&forbidden());
    play.until_online(60);
    assert_eq!(writes(&play), [(1, true)]);
    let written = play.requests::<wds::modify_profile::Request>()[0].0;
    assert!(written < play.dials()[0], "before the dial");
    let frame = play.sent.iter().map(|(_, frame)| frame).find(|frame| frame.key() == wds::modify_profile::KEY).unwrap();
    assert_eq!(frame.tlvs, [0x01, 2, 0, 0, 1, 0x3E, 1, 0, 1]);
    play.forget();
    play.edit(&allowed());
    play.run_for(10_000);
    assert_eq!(writes(&play), [(1, false)], "the other way round");
    assert!(play.dials().is_empty(), "the session that is up stays");
    let mut fresh = Play::starting(&allowed());
    fresh.until_online(60);
    assert!(writes(&fresh).is_empty(), "it says so already");
}

#[test]
fn roam_1_a_file_that_says_nothing_leaves_the_profile_alone() {
    let mut play = Play::starting(PLAIN);
    play.until_online(60);
    play.disturb("drop-session cause=36");
    play.disturb("foreign-profile profile=1 roaming=false");
    play.run_for(3_600_000);
    assert!(writes(&play).is_empty());
    assert_eq!(play.count::<wds::get_profile_settings::Request>(), 0, "not even looked at");
}

#[test]
fn roam_2_a_profile_that_cannot_be_written_is_not_dialled_with() {
    for refusal in ["refuse-profile times=2 error=1005 granted=false", "refuse-profile times=2 error=1005 granted=true"]
    {
        let mut play = Play::starting(&forbidden());
        play.disturb(refusal);
        play.until("refusal", 60_000, |play| writes(play).len() == 1);
        play.run_for(1_000);
        assert!(play.dials().is_empty());
        let said = play.condition(ConditionKind::DataConnected).to_string();
        assert!(said.contains("three gpp read only flag set"), "{said}");
        play.until_online(60);
        assert_eq!(writes(&play).len(), 3, "{refusal}");
        let times: Vec<_> = play.requests::<wds::modify_profile::Request>().into_iter().map(|(at, _)| at).collect();
        assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= Duration::from_secs(4)), "{times:?}");
        assert!(play.dials()[0] > times[2]);
    }
}

#[test]
fn roam_3_another_provider_finds_the_profile_as_it_was() {
    let config = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: first, only_iccid_prefixes: [\"89492\"], ip_family: ipv4, roaming_allowed: false }
      - { apn: second, only_iccid_prefixes: [\"89883\"], ip_family: ipv4 }
";
    let mut play = Play::online(config);
    assert_eq!(play.host.memory().original_roaming.get(&1), Some(&true));
    play.disturb("sim-swap iccid=8988307000000000018 imsi=901405100000001");
    play.until("other session", 60_000, |play| play.is_online() && play.sessions() == ["ipv4 second"]);
    assert_eq!(writes(&play), [(1, false)], "put back");
    let restored = play.requests::<wds::modify_profile::Request>()[0].0;
    assert!(restored < play.dials()[0], "before the dial");
    assert!(play.host.memory().original_roaming.is_empty(), "nothing is left to put back");
    play.run_for(3_600_000);
    assert_eq!(writes(&play).len(), 1);
}

#[test]
fn roam_3_a_removed_key_puts_the_profile_back_over_a_restart_too() {
    let mut play = Play::online(&forbidden());
    play.restart(PLAIN);
    play.until("the profile put back", 10_000, |play| writes(play) == [(1, false)]);
    play.run_for(10_000);
    assert!(play.is_online() && play.dials().is_empty(), "the session stays");
    assert!(play.host.memory().original_roaming.is_empty());
}

#[test]
fn roam_3_another_profile_number_leaves_the_first_as_it_was() {
    let mut play = Play::online(&forbidden());
    play.edit(&config(", roaming_allowed: false, profile_index: 2"));
    play.run_for(5_000);
    assert_eq!(writes(&play).first(), Some(&(1, false)), "{:?}", writes(&play));
    // The second does not exist in this modem: it is said, and tried again.
    let said = play.condition(ConditionKind::DataConnected).to_string();
    assert!(said.contains("profile 2") && said.contains("invalid profile number"), "{said}");
}

#[test]
fn f36_a_profile_changed_behind_us_is_put_right_until_it_is_a_fight() {
    let mut play = Play::online(&allowed());
    play.disturb("foreign-profile profile=1 roaming=false");
    play.until("repair", 60_000, |play| writes(play) == [(1, false)]);
    for _ in 0..10 {
        play.run_for(120_000);
        play.disturb("foreign-profile profile=1 roaming=false");
    }
    play.run_for(60_000);
    assert_eq!(writes(&play).len(), 4, "no tug of war");
    let condition = play.condition(ConditionKind::DataConnected);
    assert_eq!(condition.finding.reason(), "Contended");
    assert!(condition.to_string().contains("something else sets it too"), "{condition}");
    assert_eq!(play.sessions(), ["ipv4 internet"], "the session is no part of the fight");
    play.run_for(3_600_000);
    assert_eq!(writes(&play).len(), 5, "and put right when it is over");
    assert_eq!(play.condition(ConditionKind::DataConnected).finding.reason(), "Connected");
}

#[test]
fn f36_a_change_that_nobody_told_of_is_found_when_it_hurts() {
    let mut play = Play::online_as("never-indicates", &allowed());
    play.disturb("foreign-profile profile=1 roaming=false");
    play.disturb("hand-over roaming=true");
    play.disturb("drop-session cause=36");
    play.until("session", 120_000, |play| play.is_online() && play.sessions() == ["ipv4 internet"]);
    assert_eq!(writes(&play), [(1, false)], "a refused dial makes us look at the profile");
}

#[test]
fn roam_4_f34_roaming_that_begins_ends_the_session_and_its_end_brings_it_back() {
    let mut play = Play::online(&forbidden());
    play.disturb("hand-over roaming=true");
    play.until("end of the session", 2_000, |play| play.sessions().is_empty());
    play.run_for(1_000);
    assert_eq!(play.condition(ConditionKind::Registered).finding.reason(), "RoamingNotAllowed");
    assert_eq!(play.count::<wds::stop_network::Request>(), 1);
    play.run_for(3_600_000);
    assert!(play.dials().is_empty(), "no session abroad");
    assert!(!play.says("Recovery"), "nothing is broken");
    play.disturb("hand-over roaming=false");
    play.until_online(10);
    assert_eq!(play.dials().len(), 1);
}

#[test]
fn roam_4_where_it_is_allowed_the_session_goes_on_abroad() {
    let mut play = Play::online(&allowed());
    play.disturb("hand-over roaming=true");
    play.run_for(60_000);
    assert!(play.is_online());
    assert_eq!(play.condition(ConditionKind::Registered).finding.reason(), "Roaming");
    assert_eq!(play.order(wwan::qmi::Service::Wds, &[0x20, 0x21]), [0_u16; 0]);
}

#[test]
fn roam_4_a_dial_under_way_is_called_off_abroad() {
    let mut play = Play::online(&forbidden());
    play.disturb("slow-dial seconds=60");
    play.disturb("drop-session cause=36");
    play.until("dial", 2_000, |play| play.dials().len() == 1);
    play.run_for(1_000);
    play.disturb("hand-over roaming=true");
    play.until("abort", 2_000, |play| play.count::<wds::abort::Request>() == 1);
    play.run_for(120_000);
    assert!(play.sessions().is_empty());
    assert_eq!(play.condition(ConditionKind::Registered).finding.reason(), "RoamingNotAllowed");
}
