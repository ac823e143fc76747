//! Versions of the contract. 0.1.1 added interfaces to 0.1.0: what was built for that runs on today's host. 0.1.2, which
//! is made up here, adds a function: a plugin that was built for an older one runs on a host that has it, and one that was
//! built for it runs on today's as long as it does not use it.
#![cfg(feature = "wasm-compiler")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;

use std::fs;

use plugin_support::{FIRST, answer, component_of, core, load, root, two};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store};
use wwan::model::{Hook, Opinion, Plugin};

/// The host of tomorrow.
mod newer {
    wasmtime::component::bindgen!({ path: "tests/data/plugin-wit-0.1.2", world: "policy" });
}

use newer::exports::wwan::plugin::provider_policy::Question;
use newer::wwan::plugin::types::{Candidate, Severity, Sim, TrackRecord};

const NEWER: &str = "tests/data/plugin-wit-0.1.2";
/// Built when the contract was 0.1.0, and never since.
const OLD: [&str; 2] = ["tests/data/plugin-0.1.0/template.wasm", "tests/data/plugin-0.1.0/first-working.wasm"];
const OLD_EXPORTER: &str = "tests/data/plugin-0.1.0/influx.wasm";
const ADDED: &str = "\n    /// New in 0.1.2.\n    now: func() -> u64;\n";

struct Host;

impl newer::wwan::plugin::types::Host for Host {}

impl newer::wwan::plugin::host::Host for Host {
    fn log(&mut self, _: Severity, _: String) {}

    fn now(&mut self) -> u64 {
        7
    }
}

#[test]
fn the_newer_contract_is_this_one_and_a_function() {
    let this = fs::read_to_string(root().join("plugins/wit/plugin.wit")).unwrap();
    let newer = fs::read_to_string(root().join(NEWER).join("plugin.wit")).unwrap();
    assert_eq!(newer.replace(ADDED, "").replace("@0.1.2", "@0.1.1"), this);
}

/// Without these, 0.1.1 is 0.1.0 to the letter.
#[test]
fn what_0_1_1_added_is_interfaces_and_their_worlds() {
    let first = fs::read_to_string(root().join(FIRST).join("plugin.wit")).unwrap();
    let mut this = fs::read_to_string(root().join("plugins/wit/plugin.wit")).unwrap();
    for (from, to) in [
        ("/// Chooses among the recovery steps", "/// Where an exporter may send to"),
        ("/// A plugin that chooses recovery steps", "/// A plugin that exports properties"),
        ("/// Properties of an exporter's own", "/// Says what the plugin's `config` may contain"),
        ("\n/// An exporter that has properties of its own", ""),
    ] {
        let from = this.find(from).unwrap();
        let to = if to.is_empty() { this.len() } else { this.find(to).unwrap() };
        this.replace_range(from..to, "");
    }
    // The text above the package is for people.
    let contract = |text: &str| text.split_once("package wwan:plugin@").unwrap().1[5..].to_owned();
    assert_eq!(contract(&this), contract(&first));
}

#[test]
fn a_plugin_of_0_1_0_runs_on_today_s_host() {
    for name in OLD {
        let loaded = load(&fs::read(root().join(name)).unwrap(), |plugin| plugin).unwrap();
        assert!(loaded.exports.iter().any(|export| export == "wwan:plugin/provider-policy@0.1.0"), "{name}");
        assert!(matches!(loaded.ask(&two()).answer, Ok(Opinion { choice: Some(0), .. })), "{name}");
    }
    let exporter = fs::read(root().join(OLD_EXPORTER)).unwrap();
    let loaded = load(&exporter, |plugin| Plugin { hooks: vec![Hook::Export], ..plugin }).unwrap();
    assert!(loaded.description.is_some());
}

/// What a plugin is asked it must have been built for.
#[test]
fn a_plugin_of_0_1_0_is_not_asked_about_recovery() {
    let bytes = fs::read(root().join(OLD[0])).unwrap();
    let refused = load(&bytes, |plugin| Plugin { hooks: vec![Hook::Recovery], ..plugin }).err().unwrap().to_string();
    assert!(refused.contains("does not export wwan:plugin/recovery-policy@0.1.1"), "{refused}");
}

#[test]
fn a_plugin_of_0_1_0_runs_on_a_host_of_0_1_2() {
    let engine = Engine::default();
    let mut linker: Linker<Host> = Linker::new(&engine);
    newer::Policy::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host).unwrap();
    for name in OLD {
        let component = Component::new(&engine, fs::read(root().join(name)).unwrap()).unwrap();
        let mut store = Store::new(&engine, Host);
        let policy = newer::Policy::instantiate(&mut store, &component, &linker).unwrap();
        let candidate = |failures| Candidate {
            name: format!("failed {failures}"),
            apn: String::new(),
            fits: String::new(),
            roaming_allowed: Some(true),
            history: TrackRecord { worked: false, failures, last_failure: String::new() },
        };
        let question = Question {
            modem: "wwan0".into(),
            labels: vec!["lab".into()],
            sim: Sim {
                iccid_prefix: "8988307".into(),
                iccid: None,
                imsi: None,
                home_network: None,
                service_provider_name: None,
                group_identifier: None,
            },
            network: None,
            candidates: vec![candidate(2), candidate(0)],
            built_in: 0,
            config: "{}".into(),
        };
        let opinion =
            policy.wwan_plugin_provider_policy().call_select_provider(&mut store, &question).unwrap().unwrap();
        assert_eq!(opinion.choice, Some(1), "{name}: {}", opinion.reason);
    }
}

#[test]
fn a_plugin_of_0_1_2_runs_on_a_host_of_0_1_1_unless_it_uses_what_is_new() {
    let of_newer = |text: &str| component_of(&text.replace("@0.1.0", "@0.1.2"), &root().join(NEWER), "policy");
    let good = core(&answer(1, 64, 2), "(data (i32.const 64) \"hi\")");
    let asked = load(&of_newer(&good), |plugin| plugin).unwrap().ask(&two());
    assert_eq!(asked.answer, Ok(Opinion { choice: Some(1), reason: "hi".into() }));
    let uses =
        good.replacen("(import", "(import \"wwan:plugin/host@0.1.0\" \"now\" (func (result i64)))\n  (import", 1);
    let refused = load(&of_newer(&uses), |plugin| plugin).err().unwrap().to_string();
    assert!(refused.contains("needs what plugins do not get") && refused.contains("now"), "{refused}");
}
