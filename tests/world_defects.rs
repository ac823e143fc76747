//! The world has teeth: each planted defect of the core is caught by it within two hundred modem-hours.
//!
//! A defect that nothing catches means a rule that the world lacks, or a fault that it never makes.

#![cfg(debug_assertions)]

use wwan::model::defect::{Defect, plant};
use wwan::sim::world::{Options, World};

const CONFIG: &str = include_str!("world.yaml");
const EDIT: &str = include_str!("world-edit.yaml");

/// Hours of chaos in the life of one gateway; the calm after it takes another.
const HOURS: u32 = 12;
/// Gateways that may live until a defect shows: 15 lives of 13 hours are 195 modem-hours.
const LIVES: u32 = 15;

/// Modems among which a defect shows: all of them, or those of the one character that provokes it.
fn characters(defect: Defect) -> Vec<String> {
    match defect {
        // Late grants need late answers.
        Defect::LateIsFresh | Defect::LeakLateClient => vec!["late-and-duplicate".to_owned()],
        // An answer that is no longer true needs a modem that holds it back.
        Defect::DropDoubtWhileLooking => vec!["sluggish".to_owned()],
        _ => Vec::new(),
    }
}

/// The file that a defect shows under.
fn file(defect: Defect) -> String {
    match defect {
        // What may be done with a wrong PIN shows where the file has one.
        Defect::RetryPin | Defect::IgnorePinTries => wrong_pin(),
        _ => CONFIG.to_owned(),
    }
}

fn wrong_pin() -> String {
    CONFIG.replace("pin: \"1234\"", "pin: \"9999\"")
}

fn world(file: &str, personalities: Vec<String>) -> World {
    let edits = vec![EDIT.to_owned()];
    let options = Options { seed: 3, gateways: LIVES, hours: HOURS, edits, personalities, ..Options::default() };
    World::new(file, options).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

/// What the first life that goes wrong says of it; `None`: nobody noticed anything.
fn caught(defect: Defect) -> Option<(u32, String)> {
    let world = world(&file(defect), characters(defect));
    plant(Some(defect));
    // Most are caught in the first; what shows rarely has more lives to show.
    let verdict = (0..4 * LIVES).find_map(|gateway| {
        let report = world.gateway(gateway);
        let broken = report.violations.first().map(|v| format!("{}: {}", v.invariant, v.detail));
        let stuck = report.stuck.first().map(|s| format!("stuck: {}", s.detail));
        broken.or(stuck).map(|what| (gateway + 1, what))
    });
    plant(None);
    verdict
}

#[test]
fn every_planted_defect_is_caught() {
    let verdicts: Vec<_> = Defect::ALL.iter().map(|defect| (defect.name(), caught(*defect))).collect();
    for (name, verdict) in &verdicts {
        match verdict {
            Some((lives, what)) => println!("{name}: life {lives}: {what}"),
            None => println!("{name}: NOT CAUGHT"),
        }
    }
    let missed: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.is_none()).map(|(name, _)| *name).collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn without_a_defect_nothing_is_caught() {
    for provoked in [Defect::LateIsFresh, Defect::DropDoubtWhileLooking, Defect::RetryPin, Defect::NoRecovery] {
        let report = world(&file(provoked), characters(provoked)).run();
        assert!(report.is_good(), "{report}");
    }
}
