//! What a plugin costs: a question to a policy as we ask it, beside the bare engine doing the same; loading; telling an
//! exporter.
//!
//! `cargo bench --bench plugin`. On a shared machine compare figures within one run only: `asked` is to be at most twice
//! `bare_engine`.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::path::{Path, PathBuf};

use divan::{Bencher, black_box};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};
use wwan::model::{
    Candidate, EngineChoice, Grants, Hook, OnError, Outlet, Plugin, PluginLimits, ProviderQuestion, TrackRecord,
};
use wwan::plugin::{Batch, Cache, Compiler, Effort, Loaded, Module, Pin, Told};
use wwan::property::Value;

mod bare {
    wasmtime::component::bindgen!({ path: "plugins/wit", world: "policy" });
}

const POLICY: &str = "plugins/template-rust/template.wasm";
/// The same in JavaScript, with its engine in it.
const JAVASCRIPT: &str = "plugins/prefer-js/prefer.wasm";
const EXPORTER: &str = "plugins/exporter-rust/influx.wasm";

fn main() {
    divan::main();
}

fn entry(path: &Path, hook: Hook, engine: EngineChoice) -> Plugin {
    Plugin {
        name: "p".into(),
        module: path.display().to_string(),
        sha256: None,
        hooks: vec![hook],
        grants: Grants::default(),
        outlets: vec![Outlet::HttpPost("http://127.0.0.1:9/write".into())],
        limits: PluginLimits::default(),
        on_error: OnError::BuiltIn,
        engine,
        config: "{}".into(),
    }
}

fn load(name: &str, hook: Hook, engine: EngineChoice, cache: &Cache) -> Loaded {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    let module = Module::read(&path, Pin::default()).unwrap();
    let compiler = Compiler::of(PathBuf::from(env!("CARGO_BIN_EXE_wwan")), Effort::BY_HAND);
    Loaded::new(&module, &entry(&path, hook, engine), &compiler, cache).unwrap()
}

fn question() -> ProviderQuestion {
    let candidate = |name: &str, failures| Candidate {
        name: name.into(),
        apn: name.into(),
        history: TrackRecord { failures, ..TrackRecord::default() },
        ..Candidate::default()
    };
    ProviderQuestion {
        modem: "wwan0".into(),
        candidates: vec![candidate("a", 2), candidate("b", 0)],
        config: "{}".into(),
        ..ProviderQuestion::default()
    }
}

#[divan::bench(args = [EngineChoice::Interpreted, EngineChoice::Native])]
fn asked(bencher: Bencher<'_, '_>, engine: EngineChoice) {
    let loaded = load(POLICY, Hook::SelectProvider, engine, &Cache::none());
    let question = question();
    assert_eq!(loaded.ask(&question).answer.unwrap().choice, Some(1));
    bencher.bench(|| loaded.ask(black_box(&question)));
}

/// What an engine within the engine costs.
#[divan::bench(args = [EngineChoice::Interpreted, EngineChoice::Native])]
fn asked_in_javascript(bencher: Bencher<'_, '_>, engine: EngineChoice) {
    let loaded = load(JAVASCRIPT, Hook::SelectProvider, engine, &Cache::none());
    let question = question();
    assert_eq!(loaded.ask(&question).answer.unwrap().choice, Some(1));
    bencher.bench(|| loaded.ask(black_box(&question)));
}

struct Host;

impl bare::wwan::plugin::types::Host for Host {}

impl bare::wwan::plugin::host::Host for Host {
    fn log(&mut self, _: bare::wwan::plugin::types::Severity, _: String) {}
}

/// The engine with nothing of ours but its settings: fresh store and instance, fuel, the same question.
#[divan::bench]
fn bare_engine(bencher: Bencher<'_, '_>) {
    use bare::exports::wwan::plugin::provider_policy::Question;
    use bare::wwan::plugin::types;

    let mut config = Config::new();
    config.target(if cfg!(target_pointer_width = "64") { "pulley64" } else { "pulley32" }).unwrap();
    config.consume_fuel(true).epoch_interruption(true).signals_based_traps(false);
    config.memory_reservation(0).memory_reservation_for_growth(0).memory_guard_size(0).memory_init_cow(false);
    let engine = Engine::new(&config).unwrap();
    let component = Component::from_file(&engine, Path::new(env!("CARGO_MANIFEST_DIR")).join(POLICY)).unwrap();
    let mut linker: Linker<Host> = Linker::new(&engine);
    bare::Policy::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();
    let candidate = |name: &str, failures| types::Candidate {
        name: name.into(),
        apn: name.into(),
        fits: String::new(),
        roaming_allowed: None,
        history: types::TrackRecord { worked: false, failures, last_failure: String::new() },
    };
    let sim = types::Sim {
        iccid_prefix: String::new(),
        iccid: None,
        imsi: None,
        home_network: None,
        service_provider_name: None,
        group_identifier: None,
    };
    let question = Question {
        modem: "wwan0".into(),
        labels: Vec::new(),
        sim,
        network: None,
        candidates: vec![candidate("a", 2), candidate("b", 0)],
        built_in: 0,
        config: "{}".into(),
    };
    bencher.bench(|| {
        let mut store = Store::new(&engine, Host);
        store.set_fuel(100_000_000).unwrap();
        store.set_epoch_deadline(1);
        let instance = pre.instantiate(&mut store).unwrap();
        let policy = bare::Policy::new(&mut store, &instance).unwrap();
        let answer = policy.wwan_plugin_provider_policy().call_select_provider(&mut store, black_box(&question));
        assert_eq!(answer.unwrap().unwrap().choice, Some(1));
    });
}

/// A start of the daemon with the plugin compiled before: read, summed, found in the cache, linked, tried out.
#[divan::bench]
fn load_from_the_cache(bencher: Bencher<'_, '_>) {
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::new(state.path().join("plugins"));
    drop(load(POLICY, Hook::SelectProvider, EngineChoice::Interpreted, &cache));
    bencher.bench(|| load(POLICY, Hook::SelectProvider, EngineChoice::Interpreted, &cache));
}

/// Ten changes, as a modem that is watched has them in a second.
#[divan::bench]
fn exporter_is_told(bencher: Bencher<'_, '_>) {
    let loaded = load(EXPORTER, Hook::Export, EngineChoice::Interpreted, &Cache::none());
    let mut resident = loaded.move_in(vec![Outlet::HttpPost("http://127.0.0.1:9/write".into())], "{}").unwrap();
    let told = |number: i64| Told {
        modem: "wwan0".into(),
        property: "mobile.lte_rsrp_dbm".into(),
        value: Some(Value::Integer(number)),
        at: Some(1_764_230_000_000),
    };
    bencher.bench_local(|| {
        let called = resident.tell(&loaded, Batch { changes: (0..10).map(told).collect(), lost: 0 });
        assert!(called.result.is_ok());
    });
}
