//! The plugins that come with the source: each is what its text says it is, and all answer the same cases alike, whatever
//! they are written in. `UPDATE=1` writes anew what is made of the contract and of text alone; the others are built by
//! `plugins/build`. One that is not committed, for its size, and not built says `skipped: why`; with `WWAN_NO_SKIP=1` that
//! is a failure.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, clippy::print_stdout, missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;
mod shell_support;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use plugin_support::{component_of, entry, load, root, two};
use serde::Deserialize;
use shell_support::Place;
use wit_component::StringEncoding;
use wwan::model::{EngineChoice, Opinion, Plugin, ProviderQuestion};
use wwan::plugin::{Cache, Compiler, Effort, Loaded, Module, Pin};

const FIRST_WORKING: [&str; 2] =
    ["plugins/first-working-wat/first-working.wasm", "plugins/template-rust/template.wasm"];
const PREFER: &str = "plugins/prefer-rust/prefer.wasm";
/// The same in other languages: with a limit of size, beyond which a component is not committed.
const PREFER_TOO: [&str; 3] =
    ["plugins/prefer-c/prefer.wasm", "plugins/prefer-js/prefer.wasm", "plugins/prefer-python/prefer.wasm"];
/// Bytes of a component that is committed.
const COMMITTED: usize = 2 << 20;
/// A component with a Python in it has 18 MB: more than a device compiles by itself.
const LARGEST: u64 = 64 << 20;
const CONTRACT: &str = "plugins/prefer-c/contract.bin";

fn path(name: &str) -> String {
    root().join(name).display().to_string()
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_component_of_the_text_is_the_text_s() {
    let text = fs::read_to_string(root().join("plugins/first-working-wat/policy.wat")).unwrap();
    let made = component_of(&text, &root().join("plugins/wit"), "policy");
    let file: PathBuf = root().join(FIRST_WORKING[0]);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).unwrap();
    }
    assert_eq!(bytes(FIRST_WORKING[0]), made, "UPDATE=1 writes it anew");
    assert!(made.len() < 4096, "{} bytes", made.len());
}

/// What the linker makes a component of C by is the contract in binary form.
#[test]
fn the_contract_that_c_is_linked_with_is_the_contract() {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(root().join("plugins/wit")).unwrap();
    let world = resolve.select_world(&[package], Some("configured-policy")).unwrap();
    let made = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root().join(CONTRACT), &made).unwrap();
    }
    assert_eq!(bytes(CONTRACT), made, "UPDATE=1 writes it anew");
}

/// By the command that an author uses.
#[test]
fn plugin_test_goes_through_the_cases() {
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

#[derive(Deserialize)]
struct Case {
    case: String,
    facts: Facts,
    expect: String,
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    config: serde_json::Map<String, serde_json::Value>,
    #[serde(flatten)]
    question: serde_json::Map<String, serde_json::Value>,
}

fn cases(name: &str) -> Vec<Case> {
    serde_json::from_slice(&bytes(name)).unwrap()
}

/// A guest, compiled once and then kept beside what the tests are built to: a large one takes a minute.
fn guest(name: &str) -> Option<Loaded> {
    let file = root().join(name);
    if !file.exists() {
        let why = format!("{name} is not built: plugins/build {}", name.split('/').nth(1).unwrap());
        assert!(std::env::var_os("WWAN_NO_SKIP").is_none(), "skipped although WWAN_NO_SKIP is set: {why}");
        // Past the capture of the test harness, which shows nothing of a test that passes.
        std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes()).unwrap();
        return None;
    }
    let module = Module::read(&file, Pin { max_bytes: LARGEST, ..Pin::default() }).unwrap();
    let compiler = Compiler::of(PathBuf::from(env!("CARGO_BIN_EXE_wwan")), Effort::BY_HAND);
    let cache = Cache::new(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guests"));
    let loaded = Loaded::new(&module, &entry(&file), &compiler, &cache);
    Some(loaded.unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// What it says to every case, for which reason, and to the log; whatever it says is expected.
fn says(name: &str, loaded: &Loaded, file: &str) -> Vec<(Opinion, Vec<String>)> {
    let of = |Case { case, facts, expect }: Case| {
        let config = serde_json::Value::Object(facts.config).to_string();
        loaded.check(&config).unwrap();
        let question: ProviderQuestion = serde_json::from_value(facts.question.into()).unwrap();
        let asked = loaded.ask(&ProviderQuestion { config, ..question.clone() });
        println!("{name}: {case}: {} instructions, {} KiB", asked.fuel, asked.memory / 1024);
        let opinion = asked.answer.unwrap_or_else(|error| panic!("{name}: {case}: {error}"));
        let chosen = opinion.choice.map_or("no-opinion", |choice| &question.candidates[choice].name);
        assert_eq!(chosen, expect, "{name}: {case}");
        (opinion, asked.lines.into_iter().map(|line| line.text).collect())
    };
    cases(file).into_iter().map(of).collect()
}

/// The same questions, the same answers and the same reasons, whatever a plugin is written in, within the limits that every
/// plugin has.
#[test]
fn sel_10_plugins_in_rust_c_javascript_and_python_answer_alike() {
    let rust = guest(PREFER).unwrap();
    let schema =
        |loaded: &Loaded| serde_json::from_str::<serde_json::Value>(loaded.schema.as_deref().unwrap()).unwrap();
    for name in PREFER_TOO {
        let Some(loaded) = guest(name) else { continue };
        assert_eq!(schema(&loaded), schema(&rust), "{name}");
        for file in ["plugins/cases/prefer.json", "plugins/cases/first-working.json"] {
            assert_eq!(says(name, &loaded, file), says(PREFER, &rust, file), "{name}");
        }
    }
}

#[test]
fn sel_10_a_plugin_in_text_answers_as_one_in_rust_does() {
    let file = "plugins/cases/first-working.json";
    let choices = |name: &str| -> Vec<_> {
        says(name, &guest(name).unwrap(), file).into_iter().map(|(opinion, _)| opinion.choice).collect()
    };
    for name in FIRST_WORKING {
        assert_eq!(choices(name), choices(PREFER), "{name}");
    }
}

/// A larger one is built where it is needed, and needs nothing that plugins do not get.
#[test]
fn what_is_committed_is_small() {
    for name in FIRST_WORKING.into_iter().chain([PREFER]).chain(PREFER_TOO) {
        let is_ignored = name.contains("python");
        assert!(is_ignored || bytes(name).len() < COMMITTED, "{name}");
    }
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
        "wwan:plugin/provider-policy@0.1.1",
        "wwan:plugin/settings@0.1.1",
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
    let module = Module::read(&root().join(PREFER), Pin::default()).unwrap();
    let nobody = Compiler::of("/nonexistent".into(), Effort::BY_HAND);
    let cache = Cache::new(state.join("plugins"));
    let begun = Instant::now();
    let entry = entry(&root().join(PREFER));
    let loaded = Loaded::new(&module, &entry, &nobody, &cache).unwrap();
    println!("loaded from the cache in {:?}", begun.elapsed());
    assert!(loaded.ask(&two()).answer.is_ok());
    assert!(Loaded::new(&module, &entry, &nobody, &Cache::none()).is_err());
}
