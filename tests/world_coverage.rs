//! The world reaches everything: each recovery step and each reason of a condition, at least once, in fleets with
//! ordinary and with odd files. What no world can reach is named here, with where it is shown instead.
//!
//! `WWAN_WORLD_TIMES=9 cargo test --test world_coverage` makes every fleet nine times as large: 11,000 modem-hours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;

use wwan::sim::world::{Options, Report, World};

const CONFIG: &str = include_str!("world.yaml");
const EDIT: &str = include_str!("world-edit.yaml");

/// The recovery steps, by the actions that carry them out.
const STEPS: [&str; 12] = [
    "rescan",
    "close-port",
    "reread-settings",
    "stop-sessions",
    "reframe",
    "reregister",
    "cycle-sim",
    "clear-forbidden-networks",
    "cycle-radio",
    "reset-modem",
    "reauthorise",
    "cycle-power",
];

/// Reasons that no world reaches.
const ELSEWHERE: &[(&str, &str)] = &[
    ("Waiting", "passes in moments, and is not told: src/plan/laws.rs"),
    ("Reading", "passes in moments, and is not told: src/plan/laws.rs"),
    ("InProgress", "passes in moments, and is not told: src/plan/laws.rs"),
    ("Progressing", "passes in moments, and is not told: src/plan/laws.rs"),
    ("Accepted", "told of the file, not of a modem: tests/config_live.rs"),
    ("Asking", "no plugin is asked in these worlds: tests/advice.rs"),
    ("Ambiguous", "every modem of a world has its own port: tests/kernel"),
    ("InBootloader", "the firmware of a world starts: tests/kernel"),
    ("BadIccid", "the cards of a world have numbers: tests/card.rs"),
    ("CannotLease", "the host of a world may ask any server: tests/netns/dhcp.rs (SAFE-2)"),
    ("FamilyNotOffered", "believed for a day, longer than the calm: tests/sessions (CON-10)"),
    ("Ignored", "firmware that ignores what it is told: tests/radio_preference.rs (F35)"),
    ("NoInterface", "the interfaces of a world are there: tests/netns (F38)"),
    ("NetworkLocked", "the cards of a world fit their modems: tests/card.rs (F30)"),
    ("NotLookedAt", "the files of a world look, and its networks give name servers: tests/reachability.rs"),
    ("Portal", "nobody in a world asks to be paid: tests/reachability.rs"),
    ("PortUnusable", "no path of a world's port is wrong: tests/shell_ports.rs"),
    ("RegistrationUnknown", "the modems of a world know: tests/qmi_traps.rs"),
    ("Rejected", "a wrong edit: tests/config_live.rs"),
    ("SecretMissing", "the host of a world has every secret: tests/explain.rs"),
    ("Inhibited", "a file of somebody's: tests/recovery.rs"),
    ("PutOff", "no plugin is asked in these worlds: tests/recovery_advice.rs"),
    ("Paused", "a request of somebody's: tests/recovery.rs"),
    ("StartedOver", "an error of our own: tests/world_defects.rs"),
];

/// The reasons there are, as the source has them: one that is added is missed here.
fn reasons() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in ["src/model/finding.rs", "src/model/internet.rs", "src/model/recovering.rs"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a readable file");
        let body = text.split("fn reason(&self)").nth(1).and_then(|rest| rest.split("\n    }\n").next());
        for arm in body.expect("its reasons").lines().filter_map(|line| line.split_once("=> \"")) {
            found.insert(arm.1.split('"').next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// Files, gateways that live with each for half a day, and their modems: all with faults, or one character in peace.
fn fleets() -> Vec<(String, u32, Option<&'static str>)> {
    let with = |from: &str, to: &str| {
        let file = CONFIG.replace(from, to);
        assert_ne!(file, CONFIG, "{from}");
        file
    };
    vec![
        (CONFIG.to_owned(), 40, None),
        (with("pin: \"1234\"", "pin: \"9999\""), 10, None),
        // Nothing for the card's PIN.
        (with("    sim: { pin: \"1234\" }\n", ""), 10, None),
        // Nothing for most cards.
        (with("    - name: fallback\n      apn: internet\n      roaming_allowed: false\n", ""), 10, None),
        (with("apn: super\n", "lookup: mobile-broadband-provider-info\n"), 10, None),
        (with("sim: { pin: \"1234\" }", "sim: { slot: 2 }"), 5, None),
        (with("ip: { family: ipv4v6", "ip: { method: dhcp, family: ipv4v6"), 5, None),
        (with("[lte, nr5g]", "[td_scdma]"), 5, None),
        (with("only_radio_technologies: [lte, nr5g]", "only_lte_bands: [71]"), 5, None),
        (CONFIG.to_owned(), 5, Some("silent-in-raw-ip")),
    ]
}

/// How much larger the fleets are than for every `cargo test`.
fn times() -> u32 {
    std::env::var("WWAN_WORLD_TIMES").map_or(1, |times| times.parse().expect("WWAN_WORLD_TIMES is a number"))
}

fn run((file, gateways, character): (String, u32, Option<&str>)) -> Report {
    let (edits, personalities) = (vec![EDIT.to_owned()], character.map(str::to_owned).into_iter().collect());
    let options = Options {
        seed: 11,
        gateways: gateways * times(),
        hours: 12,
        edits,
        personalities,
        peaceful: character.is_some(),
        ..Options::default()
    };
    World::new(&file, options).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false))).run()
}

#[test]
fn every_recovery_step_and_every_reason_is_reached() {
    let mut counters: BTreeMap<String, u64> = BTreeMap::new();
    let lives: Vec<_> = fleets().into_iter().map(|fleet| thread::spawn(|| run(fleet))).collect();
    let reports: Vec<Report> = lives.into_iter().map(|life| life.join().expect("a report")).collect();
    println!("{} modem-hours", reports.iter().map(Report::modem_hours).sum::<u64>());
    for report in &reports {
        assert!(report.violations.is_empty(), "{report}");
        for (what, times) in &report.counters {
            *counters.entry(what.clone()).or_default() += times;
        }
    }
    // With the ordinary file everything comes to its end, too, and in peace.
    for report in [reports.first(), reports.last()].into_iter().flatten() {
        assert!(report.is_good(), "{report}");
    }

    let reached = |reason: &str| {
        counters.keys().any(|what| what.starts_with("condition ") && what.ends_with(&format!(" {reason}")))
    };
    let elsewhere = |reason: &str| ELSEWHERE.iter().any(|(name, _)| *name == reason);
    let missed: Vec<String> = reasons().into_iter().filter(|reason| !reached(reason) && !elsewhere(reason)).collect();
    let there = reasons();
    let stale: Vec<&str> = ELSEWHERE.iter().map(|(name, _)| *name).filter(|name| !there.contains(*name)).collect();
    let taken = |step: &str| counters.keys().any(|what| what.starts_with(&format!("recovery step {step}")));
    let not_taken: Vec<&str> = STEPS.into_iter().filter(|step| !taken(step)).collect();
    assert!(
        missed.is_empty() && stale.is_empty() && not_taken.is_empty(),
        "reasons that no world reached: {missed:?}\nlisted as shown elsewhere, and gone: {stale:?}\nsteps never taken: {not_taken:?}\n{counters:#?}"
    );
}
