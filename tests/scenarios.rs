//! Every directory below `tests/scenarios` and `examples/scenarios`, played by the command that users have for it.
//!
//! A new test is a new directory; `wwan test --help` has its language. `UPDATE=1 cargo test` rewrites what is expected,
//! but not where an expectation of a script is not met.
#![cfg(feature = "daemon")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "each directory is a result of its own")]

mod shell_support;

use std::fs;
use std::path::{Path, PathBuf};

use shell_support::Place;

fn directories(below: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
    let mut found: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Plays all of them, one command each: a panic of the core is the failure of one scenario.
fn play(below: &str) {
    let update = std::env::var_os("UPDATE").is_some();
    let place = Place::new();
    let mut failed = Vec::new();
    for dir in directories(below) {
        let mut args = vec!["test", dir.to_str().unwrap()];
        args.extend(update.then_some("--update"));
        let ran = place.wwan(&args);
        let name = dir.file_name().unwrap().to_str().unwrap();
        let good = ran.code() == 0 && dir.join("expected").is_file();
        println!("scenario {name} ... {}", if good { "ok" } else { "FAILED" });
        if !good {
            failed.push(format!("{}{}", ran.out(), ran.err()));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn every_scenario_is_as_expected() {
    play("tests/scenarios");
}

#[test]
fn every_example_is_as_expected() {
    play("examples/scenarios");
}
