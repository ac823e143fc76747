//! Starting a session: retried, slow, already there, throttled, ended.

use std::time::Duration;

use wwan::model::{ConditionKind, Status};
use wwan::qmi::wds;
use wwan::sim::Personality;

use super::play::{PLAIN, Play};

const HOUR: u64 = 3_600_000;

#[test]
fn con_2_a_failed_dial_is_said_by_its_error_and_tried_again() {
    let mut play = Play::starting(PLAIN);
    play.disturb("error-on-nth service=1 message=32 n=1 error=14");
    play.until_online(60);
    let dials = play.dials();
    assert_eq!(dials.len(), 2);
    assert!(play.says("DataConnected=False Retrying") && play.says("call_failed"), "{}", play.log.join("\n"));
    let wait = dials[1].since(dials[0]);
    assert!((Duration::from_secs(4)..Duration::from_secs(7)).contains(&wait), "{wait:?}");
}

#[test]
fn con_3_f17_a_refusing_network_is_asked_within_the_budget() {
    let mut play = Play::starting(PLAIN);
    play.disturb("refuse-apn apn=internet cause=38");
    play.until("refusal", 60_000, |play| !play.dials().is_empty());
    let first = play.dials()[0];
    play.run_for(10 * HOUR);
    let dials = play.dials();
    let in_first = dials.iter().filter(|at| at.since(first) < Duration::from_secs(600)).count();
    assert!((8..=16).contains(&in_first), "{in_first} in the first ten minutes");
    for from in dials.iter().filter(|at| at.since(first) >= Duration::from_secs(600)) {
        let hour = dials.iter().filter(|at| *at >= from && at.since(*from) < Duration::from_secs(3600)).count();
        // The ladder restarts the radio now and then: a network that serves anew is asked once at once.
        assert!(hour <= 14, "{hour} in an hour from {from}");
    }
    play.disturb("accept-apn apn=internet");
    play.until_online(360);
}

#[test]
fn f17_a_permanent_cause_names_the_entry_and_is_asked_rarely() {
    let mut play = Play::starting(PLAIN);
    play.disturb("refuse-apn apn=internet cause=27");
    play.run_for(HOUR);
    let condition = play.condition(ConditionKind::DataConnected);
    let said = condition.to_string();
    assert!(said.contains("3gpp 27 (unknown APN)") && said.contains("check the apn"), "{said}");
    let provider = play.condition(ConditionKind::ProviderSelected).to_string();
    assert!(provider.contains("wwan.yaml:5"), "{provider}");
    assert!((3..=10).contains(&play.dials().len()), "{} attempts in an hour", play.dials().len());
    assert!(!play.says("Recovery"), "no step of the ladder helps");
}

#[test]
fn con_9_a_refusal_is_said_with_kind_number_words_and_remedy() {
    let mut play = Play::starting(PLAIN);
    play.disturb("refuse-apn apn=internet cause=33");
    play.until("refusal", 60_000, |play| play.says("CallFailed"));
    let said = play.condition(ConditionKind::DataConnected).to_string();
    assert!(said.contains("3gpp 33 (service option not subscribed)"), "{said}");
    assert!(said.contains("check the apn and the contract"), "{said}");
}

#[test]
fn con_4_no_effect_without_a_session_is_cleared_up_and_dialled_again() {
    let mut play = Play::online(PLAIN);
    play.disturb("ghost-session");
    let healed = play.until("second session", 10_000, |play| play.dials().len() == 2 && play.is_online());
    assert!(healed < Duration::from_secs(8), "{healed:?}");
    assert_eq!(play.order(wwan::qmi::Service::Wds, &[0x20, 0x21]), [0x20, 0x21, 0x20]);
    let stops = play.requests::<wds::stop_network::Request>();
    assert_eq!(stops[0].1.handle, Some(wds::ANY_HANDLE));
    assert_eq!(stops[0].1.disable_autoconnect, Some(true));
    assert!(play.says("says that it is so already") || play.says("NoEffect"), "{}", play.log.join("\n"));
}

#[test]
fn con_4_f18_no_effect_with_a_session_of_our_apn_adopts_it() {
    // While a refusal is waited out, another program connects, and nothing tells of it.
    let mut play = Play::starting_as("never-indicates", PLAIN);
    play.disturb("refuse-apn apn=internet cause=38");
    play.until("refusals", 300_000, |play| play.dials().len() == 5);
    play.run_for(2_000);
    let mut silent = play;
    silent.disturb("accept-apn apn=internet");
    silent.run_for(12_000);
    silent.disturb("foreign-apn apn=internet");
    silent.until_online(70);
    assert_eq!(silent.sessions(), ["ipv4 internet"]);
    assert_eq!(silent.count::<wds::stop_network::Request>(), 0, "what fits is adopted");
}

#[test]
fn f18_a_foreign_session_with_another_apn_is_replaced_and_never_two_left() {
    let mut play = Play::online(PLAIN);
    play.disturb("foreign-apn apn=elsewhere");
    play.until("our session", 10_000, |play| play.is_online() && play.sessions() == ["ipv4 internet"]);
    // Our own handle first, as nobody said whose session it is; then whatever is up.
    let stops = play.requests::<wds::stop_network::Request>();
    assert_eq!((stops.last().and_then(|(_, ask)| ask.handle), play.dials().len()), (Some(wds::ANY_HANDLE), 1));
    assert!(stops.last().map(|(at, _)| *at) < play.dials().first().copied());
}

#[test]
fn con_5_a_slow_answer_is_waited_for_and_used() {
    let mut play = Play::starting(PLAIN);
    play.disturb("slow-dial seconds=20");
    play.until_online(60);
    assert_eq!(play.dials().len(), 1);
    play.run_for(HOUR / 4);
    assert_eq!(play.dials().len(), 1);
    assert!(play.is_online());
}

#[test]
fn con_6_f16_a_dropped_session_is_dialled_again_at_once_and_its_reason_kept() {
    let mut play = Play::online(PLAIN);
    let dropped = play.now;
    play.disturb("drop-session cause=39");
    play.until("dial", 1_000, |play| play.dials().len() == 1);
    assert!(play.dials()[0].since(dropped) < Duration::from_millis(500));
    assert!(play.says("3gpp 39 (reactivation requested)"), "{}", play.log.join("\n"));
    play.until_online(5);
}

#[test]
fn f16_a_session_that_keeps_dropping_is_dialled_ever_more_slowly() {
    let mut play = Play::online(PLAIN);
    for _ in 0..120 {
        play.disturb("drop-session cause=36");
        play.run_for(5_000);
    }
    assert!((8..=24).contains(&play.dials().len()), "{} dials in ten minutes", play.dials().len());
    play.until_online(90);
}

#[test]
fn con_6_a_drop_that_nobody_told_of_is_found_by_asking() {
    let mut play = Play::online_as("never-indicates", PLAIN);
    play.disturb("drop-session cause=36");
    let longest = wwan::model::Fact::SessionIpv4.refresh_after().as_millis() as u64 + 2_000;
    play.until("dial", longest, |play| play.dials().len() == 1);
    play.until_online(10);
}

#[test]
fn con_8_another_card_takes_the_place_of_a_retry() {
    let config = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: first, only_iccid_prefixes: [\"89492\"], ip_family: ipv4 }
      - { apn: second, only_iccid_prefixes: [\"89883\"], ip_family: ipv4 }
";
    let mut play = Play::starting(config);
    play.disturb("refuse-apn apn=first cause=38");
    play.until("refusals", 120_000, |play| play.dials().len() == 3);
    play.disturb("sim-swap iccid=8988307000000000018 imsi=901405100000001");
    play.forget();
    play.until_online(60);
    play.run_for(120_000);
    let apns: Vec<_> = play.requests::<wds::start_network::Request>().into_iter().map(|(_, ask)| ask.apn).collect();
    assert_eq!(apns, [Some("second".to_owned())], "one attempt, and none for the old card");
}

#[test]
fn con_12_items_that_fail_are_retried_alone() {
    let config = "version: 1
modems:
  wwan0:
    only_radio_technologies: [lte]
    service_providers:
      - { apn: internet, ip_family: ipv4, roaming_allowed: false }
";
    let mut play = Play::starting(config);
    // The reports of a client, and the profile: neither makes the technologies be written again.
    play.disturb("error-on-nth service=1 message=1 n=1 error=3");
    play.disturb("error-on-nth service=1 message=3 n=1 error=3");
    play.disturb("refuse-profile times=1 error=1005 granted=false");
    play.until_online(120);
    assert_eq!(play.count::<wwan::qmi::nas::set_system_selection_preference::Request>(), 1);
    let writes = play.requests::<wds::modify_profile::Request>();
    assert_eq!(writes.len(), 2);
    assert!(play.dials()[0].since(writes[1].0) < Duration::from_secs(1), "then it dials at once");
}

#[test]
fn sel_7_the_apn_is_known_before_and_while_it_is_dialled() {
    let mut play = Play::starting(PLAIN);
    play.disturb("slow-dial seconds=20");
    play.until("dial", 60_000, |play| play.dials().len() == 1);
    play.run_for(5_000);
    assert_ne!(play.status(ConditionKind::DataConnected), Status::True);
    assert_eq!(play.property("mobile.apn").map(|v| v.to_string()).as_deref(), Some("internet"));
    play.until_online(60);
    play.disturb("refuse-apn apn=internet cause=33");
    play.run_for(5_000);
    assert_eq!(play.property("mobile.apn").map(|v| v.to_string()).as_deref(), Some("internet"), "also when it fails");
}

#[test]
fn sel_8_another_card_dials_at_once_with_its_own_apn() {
    let config = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: first, only_iccid_prefixes: [\"89492\"], ip_family: ipv4 }
      - { apn: second, only_iccid_prefixes: [\"89883\"], ip_family: ipv4 }
";
    let quick = Personality { answer_ms: (1, 3), card_answer_ms: (1, 5), attach_ms: (1, 3), ..Personality::default() };
    let mut play = Play::new(quick, wwan::sim::Profile::default(), config);
    play.until_online(60);
    play.run_for(5_000);
    play.disturb("sim-swap iccid=8988307000000000018 imsi=901405100000001");
    play.forget();
    play.until("dial", 60_000, |play| !play.dials().is_empty());
    let (dialled, ask) = play.requests::<wds::start_network::Request>().swap_remove(0);
    assert_eq!(ask.apn.as_deref(), Some("second"));
    // What it waited for: the card's number, or the network's attachment.
    let learnt = |key| play.heard.iter().filter(|(_, f)| f.key() == key).map(|(at, _)| *at).rfind(|at| *at <= dialled);
    let last = [wwan::qmi::uim::read_transparent::KEY, wwan::qmi::nas::get_serving_system::KEY].map(learnt);
    let waited = dialled.since(last.into_iter().flatten().max().expect("both were read"));
    assert!(waited < Duration::from_millis(100), "{waited:?}");
}

#[test]
fn a_throttled_apn_is_left_alone_for_as_long_as_the_modem_says() {
    let mut play = Play::starting(PLAIN);
    play.disturb("refuse-apn apn=internet cause=38");
    let said = |play: &Play| play.condition(ConditionKind::DataConnected).to_string();
    play.until("throttling", 600_000, |play| said(play).contains("internal 209 (throttled)"));
    let asked = play.count::<wds::get_pdn_throttle_info::Request>();
    assert_eq!(asked, 1, "asked once, not all the time");
    let granted = play.granted::<wds::get_pdn_throttle_info::Response>();
    let left = granted[0].throttled.as_ref().and_then(|list| list.first()).map(|entry| entry.ipv4_left_ms).unwrap();
    let dials = play.dials().len();
    let from = play.now;
    assert!(left > 60_000, "longer than our own pause: {left}");
    play.until("next dial", 120_000, |play| play.dials().len() > dials);
    let waited = play.now.since(from);
    assert!(waited + Duration::from_millis(200) >= Duration::from_millis(left.into()), "{waited:?} of {left} ms");
}
