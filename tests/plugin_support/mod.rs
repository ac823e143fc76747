//! Plugins made in a test: core modules in text, wrapped into components by the WIT package of this crate.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};

use wwan::model::{
    Candidate, EngineChoice, Grants, Hook, OnError, Plugin, PluginLimits, ProviderQuestion, TrackRecord,
};
use wwan::plugin::{Cache, Compiler, Effort, LoadError, Loaded, Module, Pin};

pub const POLICY: &str = "wwan:plugin/provider-policy@0.1.0#select-provider";

pub const EXPORTER: &str = "wwan:plugin/exporter@0.1.0";

/// This crate's directory.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A core module in text, as a component of a world of a WIT package.
pub fn component_of(core: &str, wit: &Path, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(core).unwrap_or_else(|error| panic!("{error}"));
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let encoder = wit_component::ComponentEncoder::default().module(&module).unwrap();
    encoder.validate(true).encode().unwrap_or_else(|error| panic!("{error:#}"))
}

/// The contract as it was first: what is made for it must go on loading.
pub const FIRST: &str = "tests/data/plugin-wit-0.1.0";

/// A policy in text.
pub fn policy(core: &str) -> Vec<u8> {
    component_of(core, &root().join(FIRST), "policy")
}

/// A recovery policy in text: what it does when it is asked, and what else it has.
pub fn recovery_policy(body: &str, more: &str) -> Vec<u8> {
    let memory = memory_from(4096);
    let core = format!(
        r#"(module
  (import "wwan:plugin/host@0.1.1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  {memory}
  (func (export "wwan:plugin/recovery-policy@0.1.1#next-step") (param $question i32) (result i32) {body})
  {more}
)"#
    );
    component_of(&core, &root().join("plugins/wit"), "recovery-plugin")
}

/// What a recovery policy returns: the address of `Ok(choice, reason)`, written at 1024. `kind`: 0 passes, 1 takes a step,
/// 2 holds.
pub fn step_answer(kind: u32, value: u32, reason_at: u32, reason_len: u32) -> String {
    format!(
        "(i32.store8 (i32.const 1024) (i32.const 0)) (i32.store8 (i32.const 1028) (i32.const {kind})) \
         (i32.store (i32.const 1032) (i32.const {value})) (i32.store (i32.const 1036) (i32.const {reason_at})) \
         (i32.store (i32.const 1040) (i32.const {reason_len})) (i32.const 1024)"
    )
}

/// A module that gives out memory and does this when it is asked; `more`: what else it has.
pub fn core(body: &str, more: &str) -> String {
    let memory = memory_from(4096);
    format!(
        r#"(module
  (import "wwan:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  {memory}
  (func (export "{POLICY}") (param $question i32) (result i32) {body})
  {more}
)"#
    )
}

/// What gives out memory from this address on.
fn memory_from(free: u32) -> String {
    format!(
        r#"(global $free (mut i32) (i32.const {free}))
  (func $realloc (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))"#
    )
}

/// An exporter in text.
pub fn exporter(core: &str) -> Vec<u8> {
    component_of(core, &root().join(FIRST), "exporter-plugin")
}

/// A module that gives out memory, describes itself so, and does these when it is told of changes and of time; `more`: what
/// else it has. A function that returns the address 1024 or 1152 has succeeded: there is nothing but zeroes.
pub fn exporter_core(describe: &str, change: &str, tick: &str, more: &str) -> String {
    let imports = r#"(import "wwan:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (import "wwan:plugin/outlets@0.1.0" "post" (func $post (param i32 i32 i32 i32 i32 i32)))
  (import "wwan:plugin/outlets@0.1.0" "datagram" (func $datagram (param i32 i32 i32 i32)))
  (import "wwan:plugin/outlets@0.1.0" "append" (func $append (param i32 i32 i32 i32)))"#;
    exporter_module(EXPORTER, imports, describe, change, tick, more)
}

fn exporter_module(exporter: &str, imports: &str, describe: &str, change: &str, tick: &str, more: &str) -> String {
    let memory = memory_from(200_000);
    format!(
        r#"(module
  {imports}
  (memory (export "memory") 8)
  {memory}
  (func (export "{exporter}#describe") (param i32 i32) (result i32) {describe})
  (func (export "{exporter}#on-change") (param $changes i32) (param $count i32) (param $lost i64) (result i32)
    (global.set $free (i32.const 200000)) {change})
  (func (export "{exporter}#on-tick") (param $known i32) (param $at i64) (result i32) {tick})
  {more}
)"#
    )
}

/// An exporter in text that puts properties of its own when it is told of changes; `more`: what else it has.
pub fn publishing_exporter(change: &str, more: &str) -> Vec<u8> {
    let imports = r#"(import "wwan:plugin/properties@0.1.1" "put" (func $put (param i32 i32 i32 i32 i64 i32 i32)))"#;
    let done = "(i32.const 1024)";
    let core = exporter_module("wwan:plugin/exporter@0.1.1", imports, done, change, done, more);
    component_of(&core, &root().join("plugins/wit"), "publishing-exporter-plugin")
}

/// Puts a property whose name is at this address: a flag (0), a number (1), or text at `value` (2).
pub fn put(name_at: u32, name_len: u32, kind: u32, value: i64, text_len: u32) -> String {
    format!(
        "(call $put (i32.const {name_at}) (i32.const {name_len}) (i32.const 1) (i32.const {kind}) (i64.const {value}) \
         (i32.const {text_len}) (i32.const 2048))"
    )
}

/// What a good policy returns: the address of `Ok(choice, reason)`, written at 1024.
pub fn answer(choice: u32, reason_at: u32, reason_len: u32) -> String {
    format!(
        "(i32.store8 (i32.const 1024) (i32.const 0)) (i32.store8 (i32.const 1028) (i32.const 1)) \
         (i32.store (i32.const 1032) (i32.const {choice})) (i32.store (i32.const 1036) (i32.const {reason_at})) \
         (i32.store (i32.const 1040) (i32.const {reason_len})) (i32.const 1024)"
    )
}

/// A plugin's entry for a file.
pub fn entry(path: &Path) -> Plugin {
    Plugin {
        name: "p".into(),
        module: path.display().to_string(),
        sha256: None,
        hooks: vec![Hook::SelectProvider],
        grants: Grants::default(),
        outlets: Vec::new(),
        limits: PluginLimits::default(),
        on_error: OnError::BuiltIn,
        engine: EngineChoice::Interpreted,
        config: "{}".into(),
    }
}

/// The compiler: the program under test.
pub fn compiler() -> Compiler {
    Compiler::of(PathBuf::from(env!("CARGO_BIN_EXE_wwan")), Effort::BESIDE_THE_DAEMON)
}

/// Loads bytes as the daemon does.
pub fn load(bytes: &[u8], entry: impl FnOnce(Plugin) -> Plugin) -> Result<Loaded, LoadError> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("p.wasm");
    std::fs::write(&path, bytes).unwrap();
    let module = Module::read(&path, Pin::default()).unwrap_or_else(|error| panic!("{error}"));
    Loaded::new(&module, &entry(self::entry(&path)), &compiler(), &Cache::none())
}

/// Two candidates, of which the first is the built-in choice.
pub fn two() -> ProviderQuestion {
    let candidate = |name: &str| Candidate { name: name.into(), apn: name.into(), ..Candidate::default() };
    ProviderQuestion {
        modem: "wwan0".into(),
        candidates: vec![candidate("a"), candidate("b")],
        config: "{}".into(),
        ..ProviderQuestion::default()
    }
}

/// A history of so many failures.
pub fn failed(failures: u32) -> TrackRecord {
    TrackRecord { failures, ..TrackRecord::default() }
}
