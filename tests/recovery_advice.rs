//! What plugins say about recovery steps, and what the core makes of it: asked when a step is due, held to what may be done,
//! and done without. Black box: a gateway in virtual time whose plugins are simulated.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::VecDeque;
use std::time::Duration;

use wwan::explain::explain;
use wwan::model::{
    About, Answer, ConditionKind, Instant, ModemName, PluginState, PortState, Status, StepChoice, StepOpinion,
    StepQuestion,
};
use wwan::reconcile::{Controller, EventKind, Fleet, Input, Output};
use wwan::sim::world::{Options, World};
use wwan::sim::{Disturbance, Gateway, Noted, Personality, Profile};
use wwan::trace::Entry;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn wwan0() -> ModemName {
    "wwan0".into()
}

/// A modem with a power switch, and these plugins.
fn file(manners: &[&str]) -> String {
    let plugin = |manner: &&str| format!("  - {{ name: {manner}, module: sim/{manner}, hooks: [recovery] }}\n");
    let plugins = if manners.is_empty() { "" } else { "plugins:\n" };
    format!(
        "version: 1\nmodems:\n  wwan0:\n    power: {{ method: usb-port, hub: \"1-1\", port: 3 }}\n    service_providers: \
         [{{ apn: internet, roaming_allowed: true }}]\n{plugins}{}",
        manners.iter().map(plugin).collect::<String>()
    )
}

/// Online for a while, and then in this trouble.
fn troubled(manners: &[&str], trouble: &str) -> Gateway {
    let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1);
    gateway.edit(file(manners));
    gateway.run_for(5 * MINUTE);
    assert_eq!(gateway.status(&wwan0(), ConditionKind::Converged), Status::True, "{manners:?}");
    gateway.take_journal();
    assert!(gateway.disturb(&wwan0(), &trouble.parse::<Disturbance>().unwrap()));
    gateway
}

fn controller(gateway: &Gateway) -> &Controller {
    gateway.controller(&wwan0()).unwrap()
}

/// On one line: it is wrapped for people.
fn explained(gateway: &Gateway) -> String {
    let text = explain(controller(gateway), gateway.now()).to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The steps that were begun, and when.
fn steps(gateway: &Gateway) -> Vec<(Instant, String)> {
    let begun = |note: &wwan::sim::Note| match &note.what {
        Noted::Output(Output::Event(event)) => match &event.what {
            EventKind::Recovery { step, outcome: None, .. } => Some((note.at, step.name().to_owned())),
            _ => None,
        },
        _ => None,
    };
    gateway.journal().iter().filter_map(begun).collect()
}

fn names(gateway: &Gateway) -> Vec<String> {
    steps(gateway).into_iter().map(|(_, name)| name).collect()
}

fn questions(gateway: &Gateway) -> Vec<(Instant, StepQuestion)> {
    let asked = |note: &wwan::sim::Note| match &note.what {
        Noted::Output(Output::Ask(_, question)) => match &question.about {
            About::Step(about) => Some((note.at, about.clone())),
            About::Provider(_) => None,
        },
        _ => None,
    };
    gateway.journal().iter().filter_map(asked).collect()
}

fn told(gateway: &Gateway, kind: ConditionKind) -> Vec<String> {
    let told = |note: &wwan::sim::Note| match &note.what {
        Noted::Output(Output::Event(event)) => match &event.what {
            EventKind::ConditionChanged { to, .. } if to.kind == kind => Some(to.to_string()),
            _ => None,
        },
        _ => None,
    };
    gateway.journal().iter().filter_map(told).collect()
}

fn until_online(gateway: &mut Gateway, within: Duration) -> Duration {
    let begun = gateway.now();
    // It has to be noticed first.
    let lost = gateway.run_until(begun + 10 * MINUTE, |g| g.status(&wwan0(), ConditionKind::Converged) != Status::True);
    assert!(lost);
    let back = gateway.run_until(begun + within, |g| g.status(&wwan0(), ConditionKind::Converged) == Status::True);
    assert!(back, "{}", explained(gateway));
    gateway.now().since(begun)
}

#[test]
fn safe_3_a_plugin_is_asked_about_the_step_that_is_due_and_what_was_tried() {
    let mut gateway = troubled(&["silent"], "wedge");
    until_online(&mut gateway, HOUR);
    assert_eq!(names(&gateway), ["close-port", "reauthorise", "cycle-power"], "no opinion: the ladder");
    let questions = questions(&gateway);
    assert_eq!(questions.len(), 3, "once for each step");
    for ((asked_at, _), (begun_at, _)) in questions.iter().zip(steps(&gateway)) {
        assert!(begun_at.since(*asked_at) < Duration::from_millis(10), "an answer is used at once");
    }
    let (_, first) = &questions[0];
    let of = |question: &StepQuestion| -> Vec<(String, bool)> {
        question.steps.iter().map(|step| (step.name.clone(), step.allowed_in == 0)).collect()
    };
    let ladder = |allowed: usize| -> Vec<(String, bool)> {
        ["reopen", "reauthorise", "cycle-power"].iter().enumerate().map(|(i, s)| ((*s).into(), i < allowed)).collect()
    };
    assert_eq!((first.modem.as_str(), first.condition.as_str()), ("wwan0", "ControlReady"));
    assert_eq!((of(first), first.built_in, first.tried.len()), (ladder(1), 0, 0));
    let (_, last) = &questions[2];
    assert_eq!((last.built_in, last.tried.len()), (2, 2));
    assert_eq!(of(last)[0], ("reopen".into(), true), "a milder one may be taken again");
    assert_eq!(last.tried[0].name, "reopen");
    assert!(last.out_of_service >= 200, "{last:?}");
}

#[test]
fn safe_3_a_plugin_that_fails_is_done_without_and_a_condition_says_so() {
    let mut alone = troubled(&[], "wedge");
    let without = until_online(&mut alone, HOUR);
    for (manner, reason) in [
        ("traps", "Trapped"),
        ("lies", "NotAllowed"),
        ("hangs", "NoAnswer"),
        ("slow", "NoAnswer"),
        ("broken", "Refused"),
    ] {
        let mut gateway = troubled(&[manner], "wedge");
        let took = until_online(&mut gateway, HOUR);
        assert_eq!(names(&gateway), names(&alone), "{manner}");
        assert!(took < without + Duration::from_secs(20), "{manner}: {took:?}, without {without:?}");
        let said = told(&gateway, ConditionKind::PluginsReady).join("\n")
            + &controller(&gateway).condition(ConditionKind::PluginsReady).to_string();
        assert!(said.contains(reason), "{manner}: {said}");
        if manner != "broken" {
            assert_eq!(gateway.status(&wwan0(), ConditionKind::PluginsReady), Status::True, "{manner}: it is over");
        }
    }
}

#[test]
fn safe_3_a_plugin_that_holds_for_ever_costs_an_hour_and_says_why() {
    let mut alone = troubled(&[], "wedge");
    let without = until_online(&mut alone, HOUR);
    let mut gateway = troubled(&["holds"], "wedge");
    gateway.run_for(10 * MINUTE);
    assert!(steps(&gateway).is_empty());
    let recovering = controller(&gateway).condition(ConditionKind::Recovering).to_string();
    assert!(recovering.contains("PutOff") && recovering.contains("plugin holds"), "{recovering}");
    let explained = explained(&gateway);
    assert!(explained.contains("reopen the control port; plugin holds puts it off: as simulated"), "{explained}");
    assert_eq!(questions(&gateway).len(), 1, "not asked before the hold has ended");
    until_online(&mut gateway, 3 * HOUR);
    assert_eq!(names(&gateway), names(&alone));
    let took = gateway.now().since(questions(&gateway)[0].0);
    assert!(took < without + HOUR + MINUTE, "{took:?}, without {without:?}");
    assert!(questions(&gateway).len() <= 5, "{}", questions(&gateway).len());
}

#[test]
fn safe_3_a_milder_step_may_be_taken_again_and_no_step_before_its_time() {
    let mut gateway = troubled(&["mild"], "wedge");
    until_online(&mut gateway, 3 * HOUR);
    let names = names(&gateway);
    assert!(names.iter().filter(|name| *name == "close-port").count() > 3, "{names:?}");
    assert_eq!(names.last().map(String::as_str), Some("cycle-power"), "{names:?}");
    let text = explained(&gateway);
    assert!(!text.contains("plugin mild"), "it is over: {text}");

    let mut gateway = troubled(&["mild"], "wedge");
    gateway.run_for(12 * MINUTE);
    let text = explained(&gateway);
    assert!(text.contains("plugin mild chose it: as simulated"), "{text}");
}

#[test]
fn safe_3_the_first_plugin_with_an_opinion_decides() {
    let mut gateway = troubled(&["silent", "hangs", "holds", "last"], "wedge");
    gateway.run_for(10 * MINUTE);
    assert!(steps(&gateway).is_empty(), "the third holds");
    let (asked, _) = questions(&gateway)[0];
    assert_eq!(questions(&gateway).iter().filter(|(at, _)| *at == asked).count(), 4, "all are asked at once");
}

/// Budgets and diagnoses bind plugins too: out of coverage nothing is power-cycled, whoever asks for it.
#[test]
fn safe_3_pwr_9_a_day_out_of_coverage_has_no_power_cycle_whatever_a_plugin_says() {
    for manner in ["last", "mild", "lies", "fickle"] {
        let mut gateway = troubled(&[manner], "coverage on=false");
        gateway.run_for(24 * HOUR);
        let names = names(&gateway);
        assert!(!names.is_empty(), "{manner}");
        assert!(names.iter().all(|name| name == "cycle-radio" || name == "reset-modem"), "{manner}: {names:?}");
        assert!(names.iter().filter(|name| *name == "reset-modem").count() <= 4, "{manner}: {names:?}");
        assert!(names.len() <= 40, "{manner}: {}", names.len());
    }
}

#[test]
fn safe_3_a_trace_of_a_recovery_is_replayed_without_a_plugin() {
    let mut fleet = Fleet::new(1);
    let mut played = |input: Input, at: Instant| {
        fleet.handle(input, at);
        std::iter::from_fn(|| fleet.poll_output()).collect::<Vec<_>>()
    };
    let state = PluginState::Ready { digest: "d".into(), refused: None };
    let mut next: VecDeque<Input> = [
        Input::Config(vec![wwan::config::Source::new("wwan.yaml", file(&["p"]))]),
        Input::Plugin("p".into(), state),
        Input::Port(wwan0(), PortState::Absent),
    ]
    .into();
    let (mut live, mut trace) = (Vec::new(), String::new());
    for second in 0..600 {
        let at = Instant::from_secs(second);
        let input = next.pop_front().unwrap_or(Input::Timer);
        trace += &(Entry { at, input: input.clone() }.to_line() + "\n");
        for output in played(input, at) {
            if let Output::Ask(modem, question) = &output {
                let opinion = StepOpinion { choice: StepChoice::Hold(60), reason: "because".into() };
                let (plugin, number) = (question.plugin.clone(), question.number);
                next.push_back(Input::Answer(modem.clone(), plugin, number, Ok(Answer::Step(opinion))));
            }
            live.push(output);
        }
    }
    let mut replayed = Fleet::new(1);
    let mut again = Vec::new();
    for Entry { at, input } in wwan::trace::parse(&trace).unwrap() {
        replayed.handle(input, at);
        again.extend(std::iter::from_fn(|| replayed.poll_output()));
    }
    assert_eq!(format!("{live:?}"), format!("{again:?}"));
    assert!(format!("{live:?}").contains("PutOff"), "it was followed");
}

#[test]
fn safe_3_a_troubled_world_recovers_whatever_its_plugins_do_about_recovery() {
    let world = include_str!("world.yaml");
    for manner in ["traps", "hangs", "lies", "holds", "mild", "erratic", "fickle"] {
        let file = format!("{world}plugins:\n  - {{ name: p, module: sim/{manner}, hooks: [recovery] }}\n");
        let options = Options { gateways: 3, hours: 4, seed: 7, ..Options::default() };
        let world = World::new(&file, options).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)));
        let report = world.run();
        assert!(report.is_good(), "{manner}: {report}");
    }
}
