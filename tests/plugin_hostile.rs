//! Plugins that were made to do harm, each with what becomes of it: refused, or ended at a limit, or its answer cut to
//! size; never more memory than allowed, never a choice that is not there, and the next good plugin is none the worse.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;

use std::time::{Duration, Instant};

use plugin_support::{FIRST, POLICY, answer, compiler, component_of, core, entry, load, policy, root, two};
use wwan::model::{NoAnswer, Opinion, Plugin, PluginLimits};
use wwan::plugin::{Asked, Cache, Compiler, Effort, LoadError, Loaded, MAX_BYTES, Module, Pin};

/// What shall become of a plugin.
#[derive(Debug)]
enum Outcome {
    /// It is not loaded, and these words say why.
    Refused(&'static str),
    OutOfTime,
    OutOfMemory,
    Trapped(&'static str),
    Says(&'static str),
    NoSuchCandidate(u64),
    /// It chooses this, for a reason that begins so.
    Chooses(u32, &'static str),
}
use Outcome::{Chooses, NoSuchCandidate, OutOfMemory, OutOfTime, Refused, Says, Trapped};

struct Hostile {
    name: &'static str,
    bytes: Vec<u8>,
    outcome: Outcome,
}

fn hostile(name: &'static str, bytes: Vec<u8>, outcome: Outcome) -> Hostile {
    Hostile { name, bytes, outcome }
}

/// A policy that does this when it is asked.
fn does(name: &'static str, body: &str, more: &str, outcome: Outcome) -> Hostile {
    hostile(name, policy(&core(body, more)), outcome)
}

/// A policy with this instead of that.
fn with(name: &'static str, what: &str, instead: &str, outcome: Outcome) -> Hostile {
    let good = core(&answer(1, 64, 2), "(data (i32.const 64) \"hi\")");
    let bad = good.replace(what, instead);
    assert_ne!(good, bad, "{name}");
    hostile(name, policy(&bad), outcome)
}

/// The WIT package with this instead of that, and a policy made for it.
fn contract(name: &'static str, what: &str, instead: &str, core: &str, outcome: Outcome) -> Hostile {
    let scratch = tempfile::tempdir().unwrap();
    let wit = std::fs::read_to_string(root().join(FIRST).join("plugin.wit")).unwrap();
    assert!(wit.contains(what), "{name}");
    std::fs::write(scratch.path().join("plugin.wit"), wit.replace(what, instead)).unwrap();
    hostile(name, component_of(core, scratch.path(), "policy"), outcome)
}

/// Text of a component.
fn component(name: &'static str, text: &str, outcome: Outcome) -> Hostile {
    hostile(name, wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}")), outcome)
}

const MEMORY: &str = "(memory (export \"memory\") 4)";
const GIVES: &str = "(local.get $at))\n  (func (export \"wwan";

fn asked_too_much() -> Vec<Hostile> {
    let recurses = "(func $r (param i64 i64 i64 i64) (result i64) (i64.add (call $r (local.get 0) (local.get 1) \
                    (local.get 2) (local.get 3)) (local.get 3)))";
    vec![
        does("spins", "(loop $l (br $l)) unreachable", "", OutOfTime),
        does("spins through calls", "(loop $l (call $f) (br $l)) unreachable", "(func $f)", OutOfTime),
        does(
            "spreads what it may not have over two memories",
            "(drop (memory.grow (i32.const 150))) (drop (memory.grow $more (i32.const 150))) unreachable",
            "(memory $more 1)",
            OutOfMemory,
        ),
        does(
            "fills its memory without end: few instructions, much time",
            "(drop (memory.grow (i32.const 200))) (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 13000000)) (br $l)) unreachable",
            "",
            OutOfTime,
        ),
        does(
            "copies its memory without end",
            "(loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const 262143)) (br $l)) unreachable",
            "",
            OutOfTime,
        ),
        does("spins at its start", "unreachable", "(func $s (loop $l (br $l))) (start $s)", Refused("time limit")),
        does("grows page by page", "(loop $l (drop (memory.grow (i32.const 1))) (br $l)) unreachable", "", OutOfMemory),
        does("grows at once", "(drop (memory.grow (i32.const 65000))) unreachable", "", OutOfMemory),
        does(
            "grows at its start",
            "unreachable",
            "(func $s (drop (memory.grow (i32.const 1000)))) (start $s)",
            Refused("more memory"),
        ),
        with("has too much memory to begin with", MEMORY, "(memory (export \"memory\") 300)", Refused("more memory")),
        with("has all memory there is", MEMORY, "(memory (export \"memory\") 65536)", Refused("more memory")),
        does("a table of a million", "unreachable", "(table 1000000 funcref)", Refused("more memory")),
        does(
            "a table that grows",
            "(loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l)) unreachable",
            "(table $t 1 funcref)",
            OutOfMemory,
        ),
        does("recurses", "(call $r) unreachable", "(func $r (call $r))", Trapped("stack")),
        does(
            "recurses with much in mind",
            "(drop (call $r (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))) unreachable",
            recurses,
            Trapped("stack"),
        ),
        does(
            "writes to the log without end",
            "(loop $l (call $log (i32.const 1) (i32.const 64) (i32.const 2)) (br $l)) unreachable",
            "",
            OutOfTime,
        ),
        does(
            "gives out memory without end",
            "(loop $l (drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 64))) (br $l)) unreachable",
            "",
            OutOfTime,
        ),
    ]
}

fn bad_answers() -> Vec<Hostile> {
    let err = "(i32.store8 (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1028) (i32.const 64)) \
               (i32.store (i32.const 1032) (i32.const 9)) (i32.const 1024)";
    let tag = |at: u32, tag: u32| {
        format!("{} (i32.store8 (i32.const {at}) (i32.const {tag}))", answer(1, 64, 2)).replace(
            &format!("(i32.const 1024) (i32.store8 (i32.const {at})"),
            &format!("(i32.store8 (i32.const {at})"),
        ) + " (i32.const 1024)"
    };
    let words = "(data (i32.const 64) \"\\1b[31mred\\0d\\0anext\\00\")";
    vec![
        does("the first that is not there", &answer(2, 64, 2), "", NoSuchCandidate(2)),
        does("the last number there is", &answer(u32::MAX, 64, 2), "", NoSuchCandidate(u64::from(u32::MAX))),
        does("a reason of a quarter of a megabyte", &answer(1, 0, 262_144), "", Trapped("")),
        does(
            "a reason of ten thousand letters",
            &answer(1, 131_072, 10_000),
            "(data (i32.const 131072) \"aaaa\")",
            Chooses(1, "aaaa"),
        ),
        does("a reason beyond its memory", &answer(1, 64, 2_000_000), "", Trapped("bounds")),
        does("a reason that begins at the end", &answer(1, 262_143, 2), "", Trapped("bounds")),
        does("a reason of all addresses", &answer(1, 4_294_967_295, 4_294_967_295), "", Trapped("")),
        does("a reason that is no text", &answer(1, 64, 2), "(data (i32.const 64) \"\\ff\\fe\")", Trapped("utf-8")),
        does("a reason with commands for a terminal", &answer(1, 64, 14), words, Chooses(1, "[31mred  next")),
        does("an error with commands for a terminal", err, words, Says("[31mred")),
        does("a result that is neither", &tag(1024, 2), "", Trapped("discriminant")),
        does("a choice that is neither", &tag(1028, 7), "", Trapped("discriminant")),
        does("an answer at an odd address", "(i32.const 1025)", "", Trapped("align")),
        does("an answer nowhere", "(i32.const -16)", "", Trapped("bounds")),
        does("an answer half beyond the end", "(i32.const 262136)", "", Trapped("bounds")),
        does("gives up", "unreachable", "", Trapped("unreachable")),
        does("divides by nothing", "(i32.div_u (i32.const 1) (i32.const 0))", "", Trapped("divide by zero")),
        does("no number made one", "(i32.trunc_f32_s (f32.const nan))", "", Trapped("conversion")),
        does(
            "calls nobody",
            "(call_indirect (result i32) (i32.const 0))",
            "(table 1 funcref)",
            Trapped("uninitialized"),
        ),
        does(
            "calls somebody else",
            "(call_indirect (result i32) (i32.const 0))",
            "(table 1 funcref) (func $f) (elem (i32.const 0) $f)",
            Trapped("indirect call"),
        ),
        does(
            "trips when its answer was read",
            &answer(1, 64, 2),
            &format!("(func (export \"cabi_post_{POLICY}\") (param i32) unreachable)"),
            Trapped("unreachable"),
        ),
        does(
            "writes a line of a quarter of a megabyte",
            "(call $log (i32.const 1) (i32.const 0) (i32.const 262144)) unreachable",
            "",
            Trapped(""),
        ),
        does(
            "writes a line from beyond",
            "(call $log (i32.const 1) (i32.const -9) (i32.const 99)) unreachable",
            "",
            Trapped(""),
        ),
        does(
            "writes with a severity that is none",
            "(call $log (i32.const 77) (i32.const 0) (i32.const 1)) unreachable",
            "",
            Trapped(""),
        ),
        with("gives out memory that it has not", GIVES, "(i32.const -65536))\n  (func (export \"wwan", Trapped("")),
        with(
            "gives out memory at an odd address",
            GIVES,
            "(i32.const 4097))\n  (func (export \"wwan",
            Trapped("align"),
        ),
        with("trips when asked for memory", GIVES, "unreachable)\n  (func (export \"wwan", Trapped("unreachable")),
        with("spins when asked for memory", GIVES, "(loop $l (br $l)) unreachable)\n  (func (export \"wwan", OutOfTime),
        with(
            "writes to the log when asked for memory",
            GIVES,
            "(call $log (i32.const 1) (i32.const 64) (i32.const 2)) (local.get $at))\n  (func (export \"wwan",
            Trapped("leave"),
        ),
    ]
}

fn not_ours() -> Vec<Hostile> {
    let good = policy(&core(&answer(1, 64, 2), ""));
    let wasi = "(component (import \"wasi:cli/environment@0.2.0\" (instance (export \"get-arguments\" (func (result (list string)))))))";
    let many = format!("(component (core module $m (memory 1)) {})", "(core instance (instantiate $m))".repeat(80));
    let no_version = core(&answer(1, 64, 2), "").replace("@0.1.0", "@0.2.0");
    let no_question = core("(i32.const 0)", "").replace("(param $question i32)", "");
    let with_disk = core("(call $read) unreachable", "")
        .replace("(import", "(import \"wwan:plugin/host@0.1.0\" \"read-disk\" (func $read))\n  (import");
    vec![
        hostile("nothing at all", Vec::new(), Refused("no WebAssembly")),
        hostile(
            "noise",
            (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            Refused("no WebAssembly"),
        ),
        hostile("a text", b"#!/bin/sh\nreboot\n".to_vec(), Refused("no WebAssembly")),
        hostile("another program", b"\x7fELF\x02\x01\x01".repeat(100), Refused("no WebAssembly")),
        hostile("a core module", wat::parse_str("(module)").unwrap(), Refused("core module")),
        hostile("a component that was cut", good[..good.len() / 2].to_vec(), Refused("")),
        hostile("a component without its last byte", good[..good.len() - 1].to_vec(), Refused("")),
        hostile("a head and no more", good[..8].to_vec(), Refused("does not export")),
        component("an empty component", "(component)", Refused("does not export")),
        component("wants the command line", wasi, Refused("wasi:cli/environment")),
        component("eighty memories", &many, Refused("does not export")),
        contract("of the next version", "wwan:plugin@0.1.0", "wwan:plugin@0.2.0", &no_version, Refused("0.2.0")),
        contract(
            "asked nothing",
            "select-provider: func(question: question) -> result<opinion, string>",
            "select-provider: func() -> string",
            &no_question,
            Refused("its select-provider is another"),
        ),
        contract(
            "wants to read the disk",
            "log: func(severity: severity, message: string);",
            "log: func(severity: severity, message: string);\n    read-disk: func();",
            &with_disk,
            Refused("read-disk"),
        ),
        component("vectors", "(component (core module (func (drop (v128.const i64x2 0 0)))))", Refused("SIMD")),
        component("memory of 64 bits", "(component (core module (memory i64 1)))", Refused("memory64")),
        component("shared memory", "(component (core module (memory 1 1 shared)))", Refused("threads")),
        component("tail calls", "(component (core module (func $f (return_call $f))))", Refused("tail call")),
        component(
            "a type that does not fit",
            "(component (core module (func (result i32) (i64.const 1))))",
            Refused("type mismatch"),
        ),
    ]
}

fn large() -> Vec<Hostile> {
    // Without optimisation the compiler takes milliseconds for each.
    let many = if cfg!(debug_assertions) { 500 } else { 10_000 };
    let functions: String =
        (0..many).map(|n| format!("(func (param i32) (result i32) (i32.add (local.get 0) (i32.const {n})))")).collect();
    let blocks = format!("{}{}", "(block ".repeat(900), ")".repeat(900));
    let locals = format!("(func (local {}))", "i64 ".repeat(50_001));
    let targets = format!("(func (param i32) (block (br_table {} (local.get 0))))", "0 ".repeat(20_000));
    let data = format!("(data (i32.const 4096) \"{}\")", "x".repeat(200_000));
    vec![
        does("ten thousand functions", &answer(1, 64, 2), &functions, Chooses(1, "")),
        does("nine hundred blocks, one in another", &answer(1, 64, 2), &format!("(func {blocks})"), Chooses(1, "")),
        does("fifty thousand locals", &answer(1, 64, 2), "", Chooses(1, ""))
            .with_module(&locals, Refused("too many locals")),
        does("twenty thousand ways to go", &answer(1, 64, 2), &targets, Chooses(1, "")),
        does("much data", &answer(1, 64, 2), &data, Chooses(1, "")),
        does("data beyond its memory", &answer(1, 64, 2), "(data (i32.const 262140) \"12345\")", Refused("bounds")),
    ]
}

impl Hostile {
    /// The same with a core module in it that the encoder would refuse itself.
    fn with_module(mut self, field: &str, outcome: Outcome) -> Self {
        self.bytes = wat::parse_str(format!("(component (core module {field}))")).unwrap();
        self.outcome = outcome;
        self
    }

    /// What became of it, and how long that took.
    fn try_it(&self) -> Result<Asked, LoadError> {
        let limits = PluginLimits { time: Duration::from_millis(5), ..PluginLimits::default() };
        load(&self.bytes, |plugin| Plugin { limits, ..plugin }).map(|loaded| loaded.ask(&two()))
    }

    fn wrong(&self) -> Option<String> {
        let got = self.try_it();
        let memory = got.as_ref().map_or(0, |asked| asked.memory);
        let lines = got.as_ref().map_or(0, |asked| asked.lines.len());
        let right = match (&self.outcome, &got) {
            (Refused(words), Err(error)) => error.to_string().contains(words),
            (_, Err(_)) | (Refused(_), Ok(_)) => false,
            (outcome, Ok(asked)) => match (outcome, &asked.answer) {
                (OutOfTime, Err(NoAnswer::OutOfTime)) | (OutOfMemory, Err(NoAnswer::OutOfMemory)) => true,
                (Trapped(words), Err(NoAnswer::Trapped(why))) => why.to_lowercase().contains(words),
                (Says(words), Err(NoAnswer::Error(said))) => said.contains(words) && plain(said),
                (NoSuchCandidate(n), Err(NoAnswer::NoSuchCandidate { choice, of: 2 })) => n == choice,
                (Chooses(choice, words), Ok(Opinion { choice: Some(chosen), reason })) => {
                    *choice as usize == *chosen && reason.starts_with(words) && plain(reason)
                }
                _ => false,
            },
        };
        let bounded = memory <= PluginLimits::default().memory && lines <= 16;
        (!right || !bounded).then(|| {
            let got = got.map(|asked| asked.answer).map_err(|error| error.to_string());
            format!("{}: expected {:?}, memory {memory}, {lines} lines, got {got:?}", self.name, self.outcome)
        })
    }
}

fn plain(text: &str) -> bool {
    text.len() <= 200 && !text.chars().any(char::is_control)
}

#[test]
fn safe_3_every_hostile_plugin_comes_to_the_end_that_is_meant_for_it() {
    let all: Vec<Hostile> = [asked_too_much(), bad_answers(), not_ours(), large()].into_iter().flatten().collect();
    assert!(all.len() >= 40, "{}", all.len());
    let wrong: Vec<String> = all.iter().filter_map(Hostile::wrong).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    let good = load(&policy(&core(&answer(1, 64, 2), "(data (i32.const 64) \"hi\")")), |plugin| plugin).unwrap();
    assert_eq!(good.ask(&two()).answer, Ok(Opinion { choice: Some(1), reason: "hi".into() }), "after all of them");
}

#[test]
fn safe_3_an_instance_remembers_nothing() {
    let counts = "(global.set $n (i32.add (global.get $n) (i32.const 1)))";
    let body = format!(
        "{counts} {}",
        answer(0, 64, 2).replacen(
            "(i32.const 0)) (i32.store (i32.const 1036)",
            "(global.get $n)) (i32.store (i32.const 1036)",
            1
        )
    );
    let plugin = load(&policy(&core(&body, "(global $n (mut i32) (i32.const 0))")), |plugin| plugin).unwrap();
    let choices: Vec<_> = (0..5).map(|_| plugin.ask(&two()).answer.unwrap().choice).collect();
    assert_eq!(choices, [Some(1); 5], "the same question, the same answer");
    let fuel: Vec<_> = (0..5).map(|_| plugin.ask(&two()).fuel).collect();
    assert!(fuel.windows(2).all(|pair| pair[0] == pair[1]), "and the same way to it: {fuel:?}");
}

/// The time limit is a number of instructions: it ends a plugin at the same one every time.
#[test]
fn safe_3_the_fuel_limit_is_kept_to_the_instruction() {
    let limits = PluginLimits { time: Duration::from_millis(1), ..PluginLimits::default() };
    let rounds = |n: u64| {
        let counts = "(local.set $i (i32.add (local.get $i) (i32.const 1)))";
        let again = format!("(br_if $l (i32.lt_u (local.get $i) (i32.const {n})))");
        let body = format!("(local $i i32) (loop $l {counts} {again}) {}", answer(1, 64, 2));
        let plugin = load(&policy(&core(&body, "")), |plugin| Plugin { limits, ..plugin }).unwrap();
        let asked = plugin.ask(&two());
        (asked.answer.is_ok(), asked.fuel)
    };
    let (few, more) = (rounds(1_000).1, rounds(2_000).1);
    let each = (more - few) / 1_000;
    let most = 1_000 + (limits.fuel() - few) / each;
    let (answers, fuel) = rounds(most - 1);
    assert!(answers && fuel <= limits.fuel() && limits.fuel() - fuel <= 2 * each, "{fuel} for {most} rounds of {each}");
    assert_eq!(rounds(most + 10), (false, limits.fuel()), "{most} rounds of {each}");
}

#[test]
fn safe_3_a_module_that_is_too_large_is_not_even_read() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("large.wasm");
    std::fs::File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
    let error = Module::read(&path, Pin::default()).unwrap_err();
    assert!(error.to_string().contains("larger than 4096 KiB"), "{error}");
}

/// What takes the compiler more than it may ends in its process, and only there.
#[test]
fn safe_3_a_compile_bomb_dies_in_the_child() {
    let body = "(local.set 0 (i32.mul (local.get 0) (i32.add (local.get 0) (local.get 1))))".repeat(300_000);
    let bomb = policy(&core(&answer(1, 64, 2), &format!("(func (param i32 i32) {body})")));
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("bomb.wasm");
    std::fs::write(&path, bomb).unwrap();
    let module = Module::read(&path, Pin::default()).unwrap();
    let program = || std::path::PathBuf::from(env!("CARGO_BIN_EXE_wwan"));
    for (effort, what) in [
        (Effort { seconds: 60, address_space: 96 << 20 }, "96 MiB"),
        (Effort { seconds: 0, address_space: 1 << 30 }, "0 s"),
    ] {
        let begun = Instant::now();
        let error =
            Loaded::new(&module, &entry(&path), &Compiler::of(program(), effort), &Cache::none()).err().unwrap();
        let error = error.to_string();
        assert!(error.contains("more than it may") && error.contains(what), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    drop(compiler());
}
