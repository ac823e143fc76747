//! `wwan simulate` as a newcomer uses it: converge, a wrong edit, a right one, trouble, and how it heals.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod shell_support;

use std::fs;
use std::path::PathBuf;

use shell_support::{Going, PATIENCE, Place};

/// A running simulation that has converged, and its configuration file.
struct Scene {
    place: Place,
    going: Going,
    file: PathBuf,
}

impl Scene {
    fn new(args: &[&str]) -> Self {
        let place = Place::new();
        let mut going = place.start(&[&["simulate", "--quick"], args].concat());
        going.expect(&["Converged", "True", "AllApplied"]);
        let file = place.path("wwan/wwan.yaml");
        Self { place, going, file }
    }

    fn wwan(&self, args: &[&str]) -> shell_support::Ran {
        self.place.wwan(args)
    }

    fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(&self.file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&self.file, text.replace(from, to)).unwrap();
    }

    fn disturb(&self, what: &str) {
        let words: Vec<&str> = what.split(' ').collect();
        self.wwan(&[&["disturb"], words.as_slice()].concat()).ended(0);
    }

    #[track_caller]
    fn converges(&self) {
        let patience = format!("{}s", PATIENCE.as_secs());
        self.wwan(&["wait", "--for", "Converged", "--timeout", &patience]).ended(0);
    }
}

#[test]
fn a_wrong_edit_changes_nothing_and_a_right_one_everything() {
    let mut scene = Scene::new(&[]);
    let status = scene.wwan(&["status"]).ended(0);
    assert!(status.starts_with("wwan0  ONLINE  supersim (apn super)   00101 home   lte   since "), "{status}");
    assert_eq!(scene.wwan(&["plan"]).ended(0).lines().last(), Some("Plan: no changes."));

    scene.edit("roaming_allowed: true", "roamng_allowed: true");
    scene.going.expect(&["refused", "wwan0 stays online on generation 1"]);
    scene.going.expect(&["unknown key"]);
    scene.going.expect(&["roamng_allowed: true"]);
    scene.going.expect(&["^^^"]);
    let status = scene.wwan(&["status"]).ended(0);
    assert!(
        status.contains("ONLINE") && status.contains("config refused: ") && status.contains("unknown key"),
        "{status}"
    );
    assert!(status.contains("generation 1 stays in force"), "{status}");
    scene.wwan(&["status", "--check"]).ended(3);

    scene.edit("roamng_allowed: true", "roaming_allowed: true");
    scene.edit("apn: super", "apn: other");
    scene.going.expect(&["config", "accepted", "generation 2"]);
    scene.going.expect(&["DataConnected", "True", "apn \"other\""]);
    scene.going.expect(&["Converged", "True"]);
    let status = scene.wwan(&["status", "--check"]).ended(0);
    assert!(status.contains("ONLINE") && status.contains("(apn other)"), "{status}");
    let events = scene.wwan(&["events", "-n", "1000"]).ended(0);
    assert!(events.contains("configuration refused") && events.contains("generation 2"), "{events}");
    assert_eq!(scene.going.end(), 0);
}

/// CFG-5 of the seed: one command writes the file, and the session is one with that access point.
#[test]
fn cfg_5_what_quick_configure_writes_is_dialled() {
    let place = Place::new();
    let file = place.path("quick.yaml");
    let path = file.to_str().unwrap();
    place.wwan(&["quick-configure", "m2m.example", "--file", path]).ended(0);
    let mut going = place.start(&["simulate", "--quick", "--config", path]);
    going.expect(&["wwan0", "DataConnected", "True", "apn \"m2m.example\""]);
    going.expect(&["Converged", "True"]);
    assert_eq!(going.end(), 0);
}

#[test]
fn a_plan_for_another_file_is_made_before_it_is_in_force() {
    let scene = Scene::new(&[]);
    let text = fs::read_to_string(&scene.file).unwrap();
    let other = scene.place.write("other.yaml", &text.replace("apn: super", "apn: other"));
    let plan = scene.wwan(&["plan", "--config", other.to_str().unwrap()]).ended(2);
    assert!(plan.contains("apn \"other\"") && plan.contains("1 modem."), "{plan}");
    let same = scene.wwan(&["plan", "--config", scene.file.to_str().unwrap()]).ended(0);
    assert!(same.contains("no changes"), "{same}");
    let bad = scene.place.write("bad.yaml", "version: 1\nmodms: {}\n");
    let ran = scene.wwan(&["plan", "--config", bad.to_str().unwrap()]);
    assert!(ran.err().contains("bad.yaml:2:1"), "{}", ran.err());
    ran.ended(78);
    let big = scene.place.write("big.yaml", &format!("{text}# {}\n", "x".repeat(70_000)));
    scene.wwan(&["plan", "--config", big.to_str().unwrap()]).ended(1);
}

#[test]
fn what_is_pulled_out_is_missed_and_put_back_heals() {
    let mut scene = Scene::new(&[]);
    scene.disturb("unplug");
    scene.going.expect(&["ModemPresent", "False", "Absent"]);
    let status = scene.wwan(&["status"]).ended(0);
    assert!(status.starts_with("wwan0  OFFLINE  ModemPresent=False Absent: "), "{status}");
    let explanation = scene.wwan(&["explain"]).ended(0);
    assert!(explanation.starts_with("wwan0 is not online: the modem is not there."), "{explanation}");
    scene.wwan(&["wait", "--timeout", "1s"]).ended(75);
    scene.wwan(&["status", "--check"]).ended(3);
    scene.disturb("plug");
    scene.converges();
}

#[test]
fn what_another_program_changes_is_put_back() {
    let mut scene = Scene::new(&[]);
    for (what, evidence) in [
        ("drop-session cause=36", "regular deactivation"),
        ("low-power", "LowPower"),
        ("mode-preference mask=4", "the modem allows gsm"),
        ("flush-link", "the interface has no address"),
    ] {
        scene.disturb(what);
        scene.going.expect(&[evidence]);
        scene.converges();
    }
}

#[test]
fn a_card_decides_who_is_dialled() {
    let mut scene = Scene::new(&[]);
    let chosen = scene.wwan(&["explain", "provider"]).ended(0);
    assert!(chosen.contains("supersim") && chosen.contains("chosen: "), "{chosen}");
    scene.disturb("sim-out");
    scene.going.expect(&["SimReady", "False", "NoCard"]);
    scene.disturb("sim-swap iccid=8949210000000000028 imsi=001010000000002");
    scene.going.expect(&["DataConnected", "True", "apn \"internet\""]);
    scene.converges();
    let status = scene.wwan(&["status"]).ended(0);
    assert!(status.contains("fallback (apn internet)"), "{status}");
}

#[test]
fn answers_for_programs_are_json() {
    let scene = Scene::new(&[]);
    let json = |args: &[&str]| -> serde_json::Value { serde_json::from_str(&scene.wwan(args).ended(0)).unwrap() };
    let status = json(&["status", "-o", "json"]);
    assert_eq!(status["modems"][0]["online"], true);
    assert_eq!(status["modems"][0]["conditions"][0]["condition"], "ConfigValid");
    assert_eq!(json(&["plan", "-o", "json"])["modems"][0]["next"]["next"], "converged");
    assert_eq!(json(&["explain", "-o", "json"])["modems"][0]["name"], "wwan0");
    let events = scene.wwan(&["events", "-o", "json", "-n", "3"]).ended(0);
    assert_eq!(events.lines().count(), 3);
    for line in events.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string() && event["at"].is_string());
    }
    let wide = scene.wwan(&["status", "-o", "wide"]).ended(0);
    assert!(wide.contains("CONDITION") && wide.contains("LinkConfigured     True"), "{wide}");
    let running = scene.wwan(&["config", "show", "--running"]).ended(0);
    assert!(running.starts_with("# generation 1\n") && running.contains("apn: super"), "{running}");
    scene.wwan(&["status", "wwan7"]).ended(64);
    scene.wwan(&["explain", "--modem", "wwan7"]).ended(64);
}

#[test]
fn events_are_followed() {
    let scene = Scene::new(&[]);
    let mut events = scene.place.start(&["events", "-f", "-n", "1"]);
    events.expect(&["wwan0"]);
    scene.disturb("unplug");
    events.expect(&["ModemPresent True->False"]);
}

#[test]
fn prop_1_values_are_asked_for_and_watched() {
    let scene = Scene::new(&[]);
    scene.disturb("signal rssi_dbm=-70 rsrp_dbm=-98");
    // The value alone, as it is now; in the seed's spelling too.
    assert_eq!(scene.wwan(&["get", "wwan0.mobile.signal_dbm"]).ended(0), "-70\n");
    assert_eq!(scene.wwan(&["get", "interface/wwan0/mobile/signal_4bars"]).ended(0), "3\n");
    assert_eq!(scene.wwan(&["get", "wwan0.mobile.nr5g_rsrp_dbm"]).ended(1), "");
    assert_eq!(scene.wwan(&["get", "connection"]).ended(0), "internet\n");
    let some = scene.wwan(&["get", "wwan0.mobile.signal*"]).ended(0);
    let names: Vec<&str> = some.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["wwan0.mobile.signal_4bars", "wwan0.mobile.signal_asu", "wwan0.mobile.signal_dbm"]);
    let all = scene.wwan(&["get", "wwan0.mobile.*"]).ended(0);
    for line in ["wwan0.mobile.apn ", "wwan0.mobile.band ", "LTE Band 3", "wwan0.mobile.lte_rsrp_dbm ", "-98 dBm"] {
        assert!(all.contains(line), "{line} in\n{all}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&scene.wwan(&["get", "-o", "json", "wwan0.mobile.statistics"]).ended(0)).unwrap();
    assert!(json["tx_bytes"].is_number(), "{json}");

    let mut watch = scene.place.start(&["watch", "--initial", "wwan0.mobile.signal_dbm"]);
    watch.expect(&["wwan0.mobile.signal_dbm -70"]);
    scene.disturb("signal rssi_dbm=-85 rsrp_dbm=-112");
    watch.expect(&["wwan0.mobile.signal_dbm -70 -> -85"]);
    let mut watch = scene.place.start(&["watch", "-o", "json", "--initial", "wwan0"]);
    watch.expect(&["\"name\":\"wwan0.present\""]);
    scene.disturb("unplug");
    watch.expect(&["\"name\":\"wwan0.present\"", "\"old\":true", "\"new\":false"]);
}

#[test]
fn ops_1_one_modem_on_one_screen() {
    let scene = Scene::new(&[]);
    let screen = scene.wwan(&["status", "wwan0"]).ended(0);
    for words in [
        "wwan0  ONLINE",
        "  Device      wwan-sim SIM7000-QMI",
        "  Connection  internet since ",
        "  Provider    supersim (apn super): ",
        "  Network     Test 001-01 (00101) home, lte, LTE Band 3, 20 MHz, channel 1300",
        "  Signal      [####] -",
        "  Cell        1192961, area 6699, physical 101",
        "  Session     up ",
        "  Addresses   10.",
        "  Config      ",
        "Converged          True",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    assert!(screen.lines().count() <= 60 && !screen.contains("hunter2"), "{screen}");
}

#[test]
fn a_second_one_is_refused_and_spares_the_file_of_the_first() {
    let scene = Scene::new(&[]);
    scene.edit("apn: super", "apn: precious");
    let second = scene.wwan(&["simulate"]);
    assert!(second.err().contains("another daemon serves"), "{}", second.err());
    second.ended(1);
    assert!(fs::read_to_string(&scene.file).unwrap().contains("precious"));
}

#[test]
fn a_trace_of_the_run_can_be_replayed() {
    let place = Place::new();
    let trace = place.path("trace");
    let mut going = place.start(&["simulate", "--quick", "--trace", trace.to_str().unwrap()]);
    going.expect(&["Converged", "True", "AllApplied"]);
    assert_eq!(going.end(), 0);
    let entries = wwan::trace::parse(&fs::read_to_string(&trace).unwrap()).unwrap();
    let outputs = wwan::trace::replay(1, entries);
    let converged = format!("{outputs:?}").contains("AllApplied");
    assert!(converged, "the replay must come to the same end");
}

#[test]
fn a_fleet_is_the_same_for_the_same_seed() {
    let place = Place::new();
    let verdict = |seed: &str| {
        let ran = place.wwan(&["simulate", "--fleet", "3", "--hours", "1", "--seed", seed]);
        ran.out().lines().next().unwrap().to_owned()
    };
    let first = verdict("7");
    assert!(first.starts_with("seed 7: 3 gateways, ") && first.contains("trace hash "), "{first}");
    assert_eq!(verdict("7"), first);
    assert_ne!(verdict("8"), first.replace("seed 7", "seed 8"));
    let bad = place.write("bad.yaml", "version: 1\n");
    place.wwan(&["simulate", "--fleet", "1", "--config", bad.to_str().unwrap()]).ended(78);
}
