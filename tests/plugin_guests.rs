//! The plugins that come with the source: each is what its text says it is, and all answer the same cases alike.
//! `UPDATE=1` writes the component of the text anew; those of Rust are built by `plugins/build`.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;
mod shell_support;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use plugin_support::{load, policy, root, two};
use shell_support::Place;
use wwan::model::{EngineChoice, Opinion, Plugin};

const FIRST_WORKING: [&str; 2] =
    ["plugins/first-working-wat/first-working.wasm", "plugins/template-rust/template.wasm"];
const PREFER: &str = "plugins/prefer-rust/prefer.wasm";

fn path(name: &str) -> String {
    root().join(name).display().to_string()
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_component_of_the_text_is_the_text_s() {
    let text = fs::read_to_string(root().join("plugins/first-working-wat/policy.wat")).unwrap();
    let made = policy(&text);
    let file: PathBuf = root().join(FIRST_WORKING[0]);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).unwrap();
    }
    assert_eq!(bytes(FIRST_WORKING[0]), made, "UPDATE=1 writes it anew");
    assert!(made.len() < 4096, "{} bytes", made.len());
}

/// The same questions, the same answers, whatever a plugin is written in: by the command that an author uses.
#[test]
fn sel_10_plugins_in_two_languages_answer_alike() {
    let place = Place::new();
    for plugin in FIRST_WORKING {
        let out = place.wwan(&["plugin", "test", &path(plugin), "--facts", &path("plugins/cases/first-working.json")]);
        let out = out.ended(0);
        assert_eq!(out.matches("\nok    ").count() + usize::from(out.starts_with("ok    ")), 6, "{plugin}: {out}");
    }
    place.wwan(&["plugin", "test", &path(PREFER), "--facts", &path("plugins/cases/prefer.json")]).ended(0);
    // Without a configuration it is one more of the first kind.
    place.wwan(&["plugin", "test", &path(PREFER), "--facts", &path("plugins/cases/first-working.json")]).ended(0);
}

#[test]
fn what_is_not_as_expected_is_said_and_ends_with_one() {
    let place = Place::new();
    let facts = place.write("facts.json", r#"{ "candidates": [ { "name": "a" }, { "name": "b" } ] }"#);
    let facts = facts.to_str().unwrap();
    let out = place.wwan(&["plugin", "test", &path(FIRST_WORKING[1]), "--facts", facts, "--expect", "b"]).ended(1);
    assert!(out.contains("answers  a") && out.contains("expected b"), "{out}");
    let wrong = place.write("wrong.json", r#"{ "candidates": [ { "name": "a" } ], "networks": {} }"#);
    let ran = place.wwan(&["plugin", "test", &path(FIRST_WORKING[1]), "--facts", wrong.to_str().unwrap()]);
    assert_eq!(ran.code(), 64);
    assert!(ran.err().contains("`networks` is not a part of a question"), "{}", ran.err());
}

#[test]
fn a_configuration_is_checked_by_the_plugin_s_own_schema() {
    let with = |config: &str| load(&bytes(PREFER), |plugin| Plugin { config: config.to_owned(), ..plugin });
    assert!(with(r#"{"by_network":{"262":["a"]}}"#).is_ok());
    for (config, words) in [
        (r#"{"by_netwrk":{}}"#, "by_netwrk"),
        (r#"{"give_up_after":0}"#, "give_up_after"),
        (r#"{"by_network":{"germany":["a"]}}"#, "germany"),
    ] {
        let error = with(config).err().unwrap().to_string();
        assert!(error.starts_with("its `config`: ") && error.contains(words), "{error}");
    }
}

#[test]
fn show_says_what_is_in_a_component() {
    let place = Place::new();
    let out = place.wwan(&["plugin", "show", &path(PREFER)]).ended(0);
    for words in [
        "sha256   ",
        "wwan:plugin/provider-policy@0.1.0",
        "wwan:plugin/settings@0.1.0",
        "needs    wwan:plugin/",
        "by_network",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let refused = place.wwan(&["plugin", "show", &path("Cargo.toml")]);
    assert_eq!(refused.code(), 1);
    assert!(refused.err().contains("no WebAssembly"), "{}", refused.err());
}

/// Interpreted and native code count the same instructions and give the same answer.
#[test]
fn both_engines_agree_to_the_instruction() {
    for name in FIRST_WORKING {
        let with = |engine| load(&bytes(name), |plugin| Plugin { engine, ..plugin }).unwrap().ask(&two());
        let (interpreted, native) = (with(EngineChoice::Interpreted), with(EngineChoice::Native));
        assert_eq!(interpreted, native, "{name}");
        assert!(matches!(interpreted.answer, Ok(Opinion { choice: Some(0), .. })), "{interpreted:?}");
    }
}

/// Compiled ahead of time, a plugin is loaded without a compiler.
#[test]
fn what_was_compiled_ahead_needs_no_compiler() {
    let place = Place::new();
    let state = place.path("state");
    let out = place.wwan(&["plugin", "compile", &path(PREFER), "--state", state.to_str().unwrap()]).ended(0);
    assert!(out.starts_with("compiled "), "{out}");
    let module = wwan::plugin::Module::read(&root().join(PREFER), wwan::plugin::Pin::default()).unwrap();
    let nobody = wwan::plugin::Compiler::of("/nonexistent".into(), wwan::plugin::Effort::BY_HAND);
    let cache = wwan::plugin::Cache::new(state.join("plugins"));
    let begun = Instant::now();
    let entry = plugin_support::entry(&root().join(PREFER));
    let loaded = wwan::plugin::Loaded::new(&module, &entry, &nobody, &cache).unwrap();
    println!("loaded from the cache in {:?}", begun.elapsed());
    assert!(loaded.ask(&two()).answer.is_ok());
    assert!(wwan::plugin::Loaded::new(&module, &entry, &nobody, &wwan::plugin::Cache::none()).is_err());
}
