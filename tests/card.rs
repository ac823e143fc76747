//! The SIM card in all its states: number, PIN, slots, refresh, removal; on the production core and a simulated modem.

mod rig;

use std::time::Duration;

use rig::Rig;
use wwan::model::ConditionKind::{ProviderSelected, SimReady};
use wwan::qmi::{dms, uim, wds};
use wwan::sim::{Card, Pin, Profile};

const HOUR: u64 = 3600;
const ANY: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers: [{ apn: internet, ip_family: ipv4 }]\n";
const TWO: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: first, only_iccid_prefixes: [\"89492\"], ip_family: ipv4 }
      - { apn: second, only_iccid_prefixes: [\"89883\"], ip_family: ipv4 }
";

fn with_pin(pin: &str) -> String {
    format!("{ANY}    sim: {{ pin: \"{pin}\" }}\n")
}

/// A modem whose card asks for PIN 1234.
fn locked(tries: u8) -> Profile {
    let card = Card { pin: Pin { tries, ..Pin::new("1234") }, ..Card::of_test_network(1) };
    Profile { slots: vec![Some(card)], ..Profile::default() }
}

fn recovers(rig: &Rig) -> bool {
    rig.log.iter().any(|line| line.contains("recovery for"))
}

#[test]
fn sel_5_f12_without_a_card_number_nothing_is_dialled_and_nothing_reset() {
    let card = Card { iccid: String::new(), ..Card::of_test_network(1) };
    let mut rig = Rig::new("well-behaved-lte", Profile { slots: vec![Some(card)], ..Profile::default() }, ANY);
    rig.run_for(6 * HOUR);
    let (reason, message) = rig.says(SimReady);
    assert_eq!(reason, "BadIccid", "{}", rig.story());
    assert!(message.contains("\"FFFFFFF\" and has 0 digits"), "{message}");
    assert_eq!(rig.count(wds::start_network::KEY), 0);
    assert!(!recovers(&rig), "{}", rig.story());
    rig.disturb("sim-swap iccid=8949210000000000028 imsi=001010000000002");
    rig.until_online(60);
}

#[test]
fn sel_5_a_card_that_is_not_ready_to_be_read_is_waited_for() {
    let mut rig = Rig::new("well-behaved-lte", Profile::default(), ANY);
    for n in 1..=4 {
        // UimUninitialized to the first reads: some twelve seconds with the pauses between them.
        rig.disturb(&format!("error-on-nth service=11 message=32 n={n} error=37"));
    }
    rig.until(60, "registered", |rig| rig.truth().registered);
    let before = rig.count(wds::start_network::KEY);
    assert_eq!(before, 0, "{}", rig.story());
    rig.until_online(60);
}

#[test]
fn sel_6_without_an_entry_for_the_card_nothing_is_dialled_until_the_file_changes() {
    let mut rig = Rig::new("well-behaved-lte", Profile::default(), &TWO.replace("89492", "70"));
    rig.run_for(HOUR);
    assert_eq!(rig.says(ProviderSelected).0, "NoMatch", "{}", rig.story());
    assert_eq!(rig.count(wds::start_network::KEY), 0);
    rig.edit(TWO);
    rig.until_online(10);
}

#[test]
fn info_4_f30_a_refreshed_card_is_read_anew_and_told_so() {
    let mut rig = Rig::new("well-behaved-lte", Profile::default(), TWO);
    rig.until_online(60);
    rig.run_for(120);
    rig.disturb("sim-refresh iccid=8988307000000000018 imsi=901405100000001");
    rig.run_for(1);
    rig.until_online(60);
    assert!(rig.host.board().modem().is_connected_with("second"), "{}", rig.story());
    assert_eq!(rig.truth().refreshes, 1, "refresh complete was said");
    let registered = rig.count(uim::refresh_register_all::KEY);
    assert_eq!(registered, 1);
}

#[test]
fn f30_whatever_happens_to_the_card_has_a_name_and_passes() {
    for (disturbance, undo, reason) in [
        ("sim-out", "sim-in", "NoCard"),
        ("sim-error on=true", "sim-error on=false", "CardError"),
        ("pin-lock pin=1234 tries=3 puk_tries=10", "pin-off", "PinRequired"),
        ("pin-lock pin=1234 tries=0 puk_tries=10", "pin-off", "PukRequired"),
        ("pin-lock pin=1234 tries=0 puk_tries=0", "pin-off", "Blocked"),
    ] {
        let mut rig = Rig::new("well-behaved-lte", Profile::default(), ANY);
        rig.until_online(60);
        rig.run_for(60);
        rig.disturb(disturbance);
        let noticed = rig.until(10, "noticed", |rig| rig.says(SimReady).0 == reason);
        assert!(noticed < Duration::from_secs(5), "{disturbance}: {noticed:?}");
        let dials = rig.count(wds::start_network::KEY);
        rig.run_for(600);
        assert_eq!(rig.says(SimReady).0, reason, "{disturbance}\n{}", rig.story());
        assert_eq!(rig.count(wds::start_network::KEY), dials, "{disturbance}: no session without a card");
        rig.disturb(undo);
        rig.run_for(1);
        rig.until_online(120);
    }
}

#[test]
fn dev_6_f31_the_right_pin_is_entered_once_and_again_only_when_the_card_asks_again() {
    let mut rig = Rig::new("well-behaved-lte", locked(3), &with_pin("1234"));
    rig.until_online(60);
    assert_eq!(rig.pins, [(true, 3)]);
    let kept = serde_json::to_string(rig.host.memory()).unwrap();
    assert!(kept.contains("accepted") && !kept.contains("1234"), "{kept}");
    let shown = format!("{}{:?}{:?}", rig.story(), rig.controller().observed().attempts, rig.controller().desired());
    assert!(!shown.contains("1234\""), "{shown}");
    // A card that took it takes it again, after each restart of the modem, and of ours.
    rig.run_for(120);
    rig.disturb("power-cut seconds=10");
    rig.run_for(5);
    rig.until_online(120);
    assert_eq!(rig.pins, [(true, 3), (true, 3)]);
    rig.restart();
    rig.until_online(30);
    assert_eq!(rig.pins.len(), 2, "a restart of ours asks nothing of the card");
    rig.disturb("reset");
    rig.run_for(5);
    rig.until_online(120);
    assert_eq!(rig.pins.len(), 3);
}

#[test]
fn f31_a_wrong_pin_is_tried_once_over_restarts_and_resets_and_its_own_editing() {
    let mut rig = Rig::new("well-behaved-lte", locked(3), &with_pin("9999"));
    rig.until(60, "refused", |rig| rig.says(SimReady).0 == "WrongPin");
    assert!(rig.says(SimReady).1.contains("2 tries left"), "{}", rig.story());
    for trouble in ["reset", "power-cut seconds=5", "silent-reset", "sim-out", "sim-in", "hang seconds=20"] {
        rig.disturb(trouble);
        rig.run_for(HOUR);
        rig.restart();
        rig.run_for(HOUR);
        rig.edit(&with_pin("8888"));
        rig.run_for(60);
        rig.edit(&with_pin("9999"));
        rig.run_for(HOUR);
    }
    assert_eq!(rig.pins, [(false, 3)], "{}", rig.story());
    assert_eq!(rig.truth().pin_tries, Some(2));
    rig.edit(&with_pin("1234"));
    rig.run_for(60);
    let (reason, message) = rig.says(SimReady);
    assert_eq!((reason, rig.pins.len()), ("PinNotTried", 1), "not even the right one with two left");
    assert!(message.contains("two tries must be left"), "{message}");
}

#[test]
fn f31_a_card_with_more_tries_gets_the_corrected_pin() {
    let mut rig = Rig::new("well-behaved-lte", locked(10), &with_pin("9999"));
    rig.run_for(HOUR);
    assert_eq!(rig.pins, [(false, 10)]);
    rig.edit(&with_pin("1234"));
    rig.until_online(60);
    assert_eq!(rig.pins, [(false, 10), (true, 9)]);
}

#[test]
fn f31_few_or_no_tries_left_means_none() {
    for tries in [0, 1, 2] {
        let mut rig = Rig::new("well-behaved-lte", locked(tries), &with_pin("1234"));
        rig.run_for(24 * HOUR);
        assert_eq!(rig.pins, [], "{tries} left");
        assert!(!recovers(&rig), "no reset helps a card: {}", rig.story());
        let reason = if tries == 0 { "PukRequired" } else { "PinNotTried" };
        assert_eq!(rig.says(SimReady).0, reason);
    }
}

#[test]
fn f31_a_crash_between_the_mark_and_the_try_means_no_try() {
    let mut rig = Rig::new("well-behaved-lte", locked(3), &with_pin("1234"));
    rig.until(60, "marked", |rig| !rig.host.memory().pins.is_empty());
    assert_eq!(rig.pins, [], "the mark comes first");
    rig.restart();
    rig.run_for(HOUR);
    assert_eq!(rig.pins, []);
    assert_eq!(rig.says(SimReady).0, "PinNotTried");
    assert!(rig.says(SimReady).1.contains("what became of that is not known"), "{}", rig.story());
    // By hand, as it says.
    rig.disturb("pin-off");
    rig.until_online(60);
}

#[test]
fn f31_a_disk_that_keeps_no_mark_means_no_try() {
    let mut rig = Rig::new("well-behaved-lte", locked(3), &with_pin("1234"));
    rig.disturb("disk-full on=true");
    rig.run_for(HOUR);
    let (reason, message) = rig.says(SimReady);
    assert_eq!((reason, rig.pins.len()), ("PinNotTried", 0), "{}", rig.story());
    assert!(message.contains("no space left on device"), "{message}");
    rig.disturb("disk-full on=false");
    rig.until_online(60);
    assert_eq!(rig.pins, [(true, 3)]);
}

#[test]
fn f31_a_card_that_asks_for_nothing_is_given_nothing() {
    let mut rig = Rig::new("well-behaved-lte", Profile::default(), &with_pin("1234"));
    rig.until_online(60);
    rig.run_for(HOUR);
    assert_eq!(rig.count(uim::verify_pin::KEY) + rig.count(dms::uim_verify_pin::KEY), 0);
    assert!(rig.host.memory().pins.is_empty());
}

#[test]
fn f31_without_a_pin_in_the_file_the_card_waits_and_the_remedy_is_named() {
    let mut rig = Rig::new("well-behaved-lte", locked(3), ANY);
    rig.run_for(HOUR);
    assert!(rig.says(SimReady).1.contains("write it as `sim.pin`"), "{}", rig.story());
    let by_credential = format!("{ANY}    sim: {{ pin: {{ credential: pin }} }}\n");
    rig.edit(&by_credential);
    rig.run_for(60);
    assert!(rig.says(SimReady).1.contains("no secrets in a simulated host"), "{}", rig.story());
    assert_eq!(rig.pins, []);
}

#[test]
fn f31_a_mark_outlives_the_file_that_named_the_modem() {
    let mut rig = Rig::new("well-behaved-lte", locked(10), &with_pin("9999"));
    rig.until(60, "refused", |rig| rig.says(SimReady).0 == "WrongPin");
    rig.edit("version: 1\nallow_empty: true\nmodems: {}\n");
    rig.run_for(60);
    assert_eq!(rig.host.memory().pins.len(), 1);
    assert!(rig.host.memory().clients.is_empty());
    rig.edit(&with_pin("9999"));
    rig.run_for(HOUR);
    assert_eq!(rig.pins, [(false, 10)]);
}

#[test]
fn a_modem_without_uim_reaches_its_card_by_dms() {
    let mut rig = Rig::new("no-uim", locked(3), &with_pin("1234"));
    rig.until_online(90);
    assert_eq!(rig.pins, [(true, 3)]);
    assert_eq!((rig.count(dms::uim_verify_pin::KEY), rig.count(uim::verify_pin::KEY)), (1, 0));
    let identity = &rig.controller().observed().sim_identity.as_ref().unwrap().value;
    let card = Card::of_test_network(1);
    assert_eq!(identity.iccid.as_str(), card.iccid);
    assert_eq!(identity.imsi.as_ref().unwrap().as_str(), card.imsi);
    assert_eq!(identity.gid1, None, "DMS has no files");
}

#[test]
fn sel_11_a_card_tells_all_that_a_provider_may_ask_for() {
    let card = Card { gid1: vec![0x4E, 0x8A, 0xFF], provider_name: "Super SIM".into(), ..Card::of_test_network(1) };
    let config = "version: 1
labels: [factory-7]
modems:
  wwan0:
    service_providers:
      - { apn: a, only_labels: [lab], ip_family: ipv4 }
      - { apn: b, only_gid1_prefixes: [\"4F\"], ip_family: ipv4 }
      - { apn: c, only_home_networks: [\"001010\"], ip_family: ipv4 }
      - apn: d
        only_labels: [factory-7]
        only_gid1_prefixes: [\"4e8\"]
        only_service_provider_names: [super sim]
        only_home_networks: [\"00101\"]
        ip_family: ipv4
";
    let mut rig = Rig::new("well-behaved-lte", Profile { slots: vec![Some(card)], ..Profile::default() }, config);
    rig.until_online(60);
    assert!(rig.host.board().modem().is_connected_with("d"), "{}", rig.story());
    let (identity, choice) = rig.controller().choice().unwrap();
    let words = choice.explain(&rig.controller().config().service_providers, identity);
    for line in [
        "home network 00101, GID1 4E8A, provider name \"Super SIM\"",
        "the labels of this device (factory-7) are none of lab",
        "GID1 starts with none of 4F",
        "IMSI belongs to none of 001010",
        "chosen: home network 00101, GID1 prefix 4E8, provider name \"super sim\", label factory-7",
    ] {
        assert!(words.contains(line), "no \"{line}\" in\n{words}");
    }
}

#[test]
fn dev_6_the_slot_of_the_file_is_used_and_defended() {
    let other = Card { iccid: "8988307000000000018".into(), ..Card::of_test_network(2) };
    let slots = vec![Some(Card::of_test_network(1)), Some(other)];
    let mut rig = Rig::new("well-behaved-lte", Profile { slots, ..Profile::default() }, TWO);
    rig.until_online(60);
    assert_eq!(rig.truth().slot, 1);
    assert_eq!(rig.count(uim::get_slot_status::KEY), 0, "not asked for, not looked at");
    rig.edit(&format!("{TWO}    sim: {{ slot: 2 }}\n"));
    rig.until(60, "in slot 2", |rig| rig.truth().slot == 2);
    rig.run_for(1);
    rig.until_online(60);
    assert!(rig.host.board().modem().is_connected_with("second"), "{}", rig.story());
    rig.run_for(120);
    rig.forget();
    rig.disturb("swap-slot slot=1");
    rig.run_for(1);
    rig.until_online(90);
    assert_eq!(rig.truth().slot, 2);
    assert_eq!(rig.count(uim::switch_slot::KEY), 1, "{}", rig.story());
    rig.forget();
    rig.run_for(HOUR);
    assert_eq!(rig.count(uim::switch_slot::KEY), 0);
}

#[test]
fn dev_6_a_slot_that_is_not_there_is_said_and_not_tried_for_ever() {
    let config = format!("{TWO}    sim: {{ slot: 2 }}\n");
    for (personality, words) in [
        ("well-behaved-lte", "the modem has 1"),
        ("stubborn-bands", "cannot switch slots"),
        ("no-uim", "cannot switch slots"),
    ] {
        let mut rig = Rig::new(personality, Profile::default(), &config);
        rig.run_for(6 * HOUR);
        let (reason, message) = rig.says(SimReady);
        assert_eq!(reason, "NoSuchSlot", "{personality}: {}", rig.story());
        assert!(message.contains(words), "{personality}: {message}");
        assert_eq!(rig.count(uim::switch_slot::KEY), 0);
        assert!(!recovers(&rig), "{personality}: {}", rig.story());
        let one = config.replace("slot: 2", "slot: 1");
        rig.edit(&one);
        if personality == "well-behaved-lte" {
            rig.until_online(60);
        }
    }
}

/// The rules above have teeth: each planted defect breaks one of them.
#[cfg(debug_assertions)]
#[test]
fn planted_defects_of_the_pin_guard_are_seen() {
    use wwan::model::defect::{Defect, plant};
    plant(Some(Defect::IgnorePinTries));
    let mut rig = Rig::new("well-behaved-lte", locked(2), &with_pin("9999"));
    rig.run_for(HOUR);
    let few = rig.pins.clone();
    plant(Some(Defect::RetryPin));
    let mut rig = Rig::new("well-behaved-lte", locked(3), &with_pin("9999"));
    rig.run_for(HOUR);
    plant(None);
    assert_eq!(few, [(false, 2)], "tried with two left");
    assert!(rig.pins.len() > 1, "tried again: {:?}", rig.pins);
}
