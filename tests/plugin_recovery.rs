//! Recovery policies in the engine: what each way to answer comes to, and the one of the examples.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;
mod shell_support;

use plugin_support::{load, recovery_policy, root, step_answer, two};
use shell_support::Place;
use wwan::model::{Hook, NoAnswer, Plugin, StepChoice, StepOpinion, StepOption, StepQuestion};
use wwan::plugin::{LoadError, Loaded};

const REASON: &str = "(data (i32.const 64) \"hi\")";

fn loaded(bytes: &[u8]) -> Result<Loaded, LoadError> {
    load(bytes, |plugin| Plugin { hooks: vec![Hook::Recovery], ..plugin })
}

/// Two steps that may be taken, and one that may not yet.
fn question() -> StepQuestion {
    let step = |name: &str, allowed_in| StepOption { name: name.into(), allowed_in };
    StepQuestion {
        modem: "wwan0".into(),
        steps: vec![step("reopen", 0), step("reauthorise", 0), step("cycle-power", 120)],
        built_in: 1,
        config: "{}".into(),
        ..StepQuestion::default()
    }
}

#[test]
fn safe_3_every_answer_about_a_step_comes_to_what_is_meant_for_it() {
    let says = |choice| Ok(StepOpinion { choice, reason: "hi".into() });
    let not_allowed = |what: &str| Err(NoAnswer::NotAllowed(what.into()));
    for (name, body, answer) in [
        ("passes", step_answer(0, 0, 64, 2), says(StepChoice::Pass)),
        ("takes a milder one", step_answer(1, 0, 64, 2), says(StepChoice::Take(0))),
        ("takes what is due", step_answer(1, 1, 64, 2), says(StepChoice::Take(1))),
        ("holds", step_answer(2, 600, 64, 2), says(StepChoice::Hold(600))),
        ("holds for 136 years", step_answer(2, u32::MAX, 64, 2), says(StepChoice::Hold(u64::from(u32::MAX)))),
        (
            "takes what may not be taken yet",
            step_answer(1, 2, 64, 2),
            not_allowed("cycle-power, which may not be taken for another 120 s"),
        ),
        ("takes what is not there", step_answer(1, 7, 64, 2), not_allowed("step 7 of 3, counted from 0")),
        ("spins", "(loop $l (br $l)) unreachable".into(), Err(NoAnswer::OutOfTime)),
    ] {
        let asked = loaded(&recovery_policy(&body, REASON)).unwrap().ask_step(&question());
        assert_eq!(asked.answer, answer, "{name}");
    }
    for (name, body) in [
        ("a choice of a fourth kind", step_answer(3, 0, 64, 2)),
        ("a reason outside of its memory", step_answer(0, 0, 0xffff_0000, 2)),
        ("a trap", "unreachable".into()),
    ] {
        let asked = loaded(&recovery_policy(&body, REASON)).unwrap().ask_step(&question());
        assert!(matches!(asked.answer, Err(NoAnswer::Trapped(_))), "{name}: {asked:?}");
    }
}

#[test]
fn a_recovery_policy_is_not_asked_about_providers() {
    let bytes = recovery_policy(&step_answer(0, 0, 64, 2), REASON);
    let refused = load(&bytes, |plugin| plugin).err().unwrap().to_string();
    assert!(refused.contains("does not export wwan:plugin/provider-policy"), "{refused}");
    assert!(loaded(&bytes).unwrap().ask(&two()).answer.is_err());
}

#[test]
fn the_example_holds_what_is_too_early() {
    let place = Place::new();
    let path = |name: &str| root().join(name).display().to_string();
    let (hold, cases) = (path("plugins/hold-rust/hold.wasm"), path("plugins/cases/hold.json"));
    let out = place.wwan(&["plugin", "test", &hold, "--facts", &cases]).ended(0);
    assert!(out.contains("a reset is too early: for 600 s: reset-modem not before 30 min out of service"), "{out}");
    let wrong = place.write("wrong.json", r#"{ "steps": [ { "name": "reopen", "allowed_in": 9 } ] }"#);
    let ran = place.wwan(&["plugin", "test", &hold, "--facts", wrong.to_str().unwrap()]);
    assert_eq!(ran.code(), 64);
    assert!(ran.err().contains("`built_in` is none of the `steps` that may be taken now"), "{}", ran.err());
}
