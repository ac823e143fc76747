//! What plugins say, and what the core makes of it: asked, waited for, followed, and done without. Black box: a gateway in
//! virtual time whose plugins are simulated, so that each behaves as badly as it likes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use wwan::model::{ConditionKind, Instant, ModemName, Selection, Status};
use wwan::reconcile::{Controller, Output};
use wwan::sim::world::{Options, World};
use wwan::sim::{Disturbance, Gateway, Manner, Noted, Personality, Profile, Witness};

const MINUTE: Duration = Duration::from_secs(60);

/// Three entries, of which two fit the card of the simulated modem.
const PROVIDERS: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: first, apn: super }
      - { name: other, apn: corp, only_iccid_prefixes: [\"70\"] }
      - { name: second, apn: internet }
";

fn wwan0() -> ModemName {
    "wwan0".into()
}

fn file(manner: &str, more: &str) -> String {
    format!("{PROVIDERS}plugins:\n  - {{ name: p, module: sim/{manner}, hooks: [select-provider]{more} }}\n")
}

fn gateway(file: impl Into<Vec<u8>>) -> Gateway {
    let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1);
    gateway.edit(file);
    gateway
}

fn controller(gateway: &Gateway) -> &Controller {
    gateway.controller(&wwan0()).unwrap()
}

fn apn(gateway: &Gateway) -> Option<String> {
    match &controller(gateway).desired().selection {
        Selection::Chosen(provider) => Some(provider.apn.0.clone()),
        _ => None,
    }
}

fn plugins_condition(gateway: &Gateway) -> String {
    controller(gateway).condition(ConditionKind::PluginsReady).to_string()
}

fn explained(gateway: &Gateway) -> String {
    let controller = controller(gateway);
    let (sim, choice) = controller.choice().unwrap();
    choice.explain(&controller.config().service_providers, sim)
}

fn questions(gateway: &Gateway) -> usize {
    gateway.journal().iter().filter(|note| matches!(note.what, Noted::Output(Output::Ask(..)))).count()
}

fn dials(gateway: &Gateway) -> Vec<String> {
    let dialled = |note: &wwan::sim::Note| match &note.what {
        Noted::Witness(_, Witness::Dialled { apn, .. }) => Some(apn.clone()),
        _ => None,
    };
    gateway.journal().iter().filter_map(dialled).collect()
}

#[test]
fn sel_10_a_plugin_chooses_among_the_entries_that_fit_and_is_named() {
    let mut gateway = gateway(file("last", ""));
    gateway.run_for(2 * MINUTE);
    assert_eq!(apn(&gateway).as_deref(), Some("internet"));
    assert!(
        dials(&gateway).iter().all(|apn| apn == "internet"),
        "nothing else was ever dialled: {:?}",
        dials(&gateway)
    );
    let text = explained(&gateway);
    assert!(text.contains("chosen: by plugin p: as simulated (catch-all)"), "{text}");
    assert!(text.contains("fits (catch-all), but plugin p chose [2]"), "{text}");
    assert!(text.contains("plugin p chose second: as simulated"), "{text}");
    let state = wwan::explain::explain(controller(&gateway), gateway.now()).to_string();
    assert!(state.contains("plugin p chose it: as simulated"), "{state}");
    assert_eq!(plugins_condition(&gateway), "PluginsReady=True Ready: p");
}

/// Whatever it does, the modem is online within the time that it is waited for; what it may not choose is not chosen.
#[test]
fn sel_10_safe_3_where_a_plugin_fails_the_built_in_choice_stands_and_a_condition_says_so() {
    for (manner, reason) in [
        ("traps", "Trapped"),
        ("lies", "NoSuchCandidate"),
        ("hangs", "NoAnswer"),
        ("broken", "Refused"),
        ("missing-file", "Refused"),
        ("silent", "Ready"),
    ] {
        let mut gateway = gateway(file(manner, ""));
        let chosen = gateway.run_until(Instant::from_secs(60), |gateway| apn(gateway).is_some());
        assert!(chosen, "{manner}");
        gateway.run_for(MINUTE);
        assert_eq!(apn(&gateway).as_deref(), Some("super"), "{manner}");
        assert_eq!(gateway.status(&wwan0(), ConditionKind::Converged), Status::True, "{manner}");
        let condition = plugins_condition(&gateway);
        assert!(condition.contains(reason), "{manner}: {condition}");
        assert_eq!(condition.contains("=False"), reason != "Ready", "{manner}: {condition}");
        assert!(explained(&gateway).contains("plugin p "), "{manner}: {}", explained(&gateway));
    }
}

#[test]
fn sel_10_a_plugin_is_waited_for_two_seconds_and_followed_when_it_comes_late() {
    let mut slow = gateway(file("slow", ""));
    assert!(slow.run_until(Instant::from_secs(60), |gateway| {
        matches!(controller(gateway).desired().selection, Selection::Asking { .. })
    }));
    let asked = slow.now();
    let says = controller(&slow).condition(ConditionKind::ProviderSelected).to_string();
    assert_eq!(says, "ProviderSelected=Unknown Asking: asking plugin p which service provider to use");
    assert!(slow.run_until(asked + MINUTE, |gateway| apn(gateway).is_some()));
    assert_eq!(slow.now().since(asked), Duration::from_secs(2), "no longer");
    assert_eq!(apn(&slow).as_deref(), Some("super"));
    slow.run_for(MINUTE);
    assert_eq!(apn(&slow).as_deref(), Some("internet"), "better late than never");
    assert!(plugins_condition(&slow).contains("=True"), "{}", plugins_condition(&slow));
}

#[test]
fn sel_10_a_plugin_is_asked_again_when_what_it_knows_changes_and_only_then() {
    let mut gateway = gateway(file("last", ""));
    gateway.run_for(5 * MINUTE);
    let before = questions(&gateway);
    gateway.run_for(60 * MINUTE);
    assert_eq!(questions(&gateway), before, "nothing changed");
    gateway.replace_plugin(&"p".into());
    gateway.run_for(MINUTE);
    assert_eq!(questions(&gateway), before + 1, "other bytes");
    gateway.edit(file("last", ", config: { other: true }"));
    gateway.run_for(MINUTE);
    assert_eq!(questions(&gateway), before + 2, "another configuration");
    gateway.edit(file("last", ", config: { other: true }").replace("version: 1", "# a remark\nversion: 1"));
    gateway.run_for(MINUTE);
    assert_eq!(questions(&gateway), before + 2, "an edit that means the same");
    disturb(&mut gateway, "sim-swap iccid=8949210000000000028 imsi=001010000000002");
    gateway.run_for(2 * MINUTE);
    assert!(questions(&gateway) > before + 2, "another card");
}

#[test]
fn sel_10_the_first_plugin_with_an_opinion_decides() {
    let two = |first: &str, second: &str| {
        format!(
            "{PROVIDERS}plugins:\n  - {{ name: one, module: sim/{first}, hooks: [select-provider] }}\n  \
             - {{ name: two, module: sim/{second}, hooks: [select-provider] }}\n"
        )
    };
    for (first, second, apn_of, by) in [
        ("last", "steadfast", "internet", "chosen: by plugin one"),
        ("steadfast", "last", "super", "chosen: by plugin one"),
        ("silent", "last", "internet", "chosen: by plugin two"),
        ("traps", "last", "internet", "chosen: by plugin two"),
        ("hangs", "last", "internet", "chosen: by plugin two"),
        ("silent", "silent", "super", "chosen: catch-all"),
    ] {
        let mut gateway = gateway(two(first, second));
        gateway.run_for(2 * MINUTE);
        assert_eq!(apn(&gateway).as_deref(), Some(apn_of), "{first}, {second}");
        assert!(explained(&gateway).contains(by), "{first}, {second}: {}", explained(&gateway));
    }
}

fn disturb(gateway: &mut Gateway, what: &str) {
    assert!(gateway.disturb(&wwan0(), &what.parse::<Disturbance>().unwrap()));
}

/// An access point that the network refuses: the plugin sees the failures and goes on to the next.
#[test]
fn sel_10_a_plugin_sees_what_came_of_its_choice() {
    let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1);
    disturb(&mut gateway, "refuse-apn apn=super cause=33");
    gateway.edit(file("steadfast", ""));
    gateway.run_for(5 * MINUTE);
    assert_eq!(apn(&gateway).as_deref(), Some("internet"), "{:?}", dials(&gateway));
    assert_eq!(gateway.status(&wwan0(), ConditionKind::Converged), Status::True);
    assert!(dials(&gateway).iter().filter(|apn| *apn == "super").count() <= 5, "{:?}", dials(&gateway));
}

/// The failures that made it choose another entry are known after a restart, too: the session stays as it is.
#[test]
fn sel_10_a_restart_costs_no_session_where_a_plugin_chose_by_experience() {
    let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1);
    disturb(&mut gateway, "refuse-apn apn=super cause=33");
    gateway.edit(file("steadfast", ""));
    gateway.run_for(5 * MINUTE);
    assert_eq!(apn(&gateway).as_deref(), Some("internet"));
    gateway.kill();
    drop(gateway.take_journal());
    gateway.start(true);
    gateway.run_for(2 * MINUTE);
    assert_eq!(apn(&gateway).as_deref(), Some("internet"));
    assert_eq!(gateway.status(&wwan0(), ConditionKind::Converged), Status::True);
    assert!(dials(&gateway).is_empty(), "{:?}", dials(&gateway));
}

#[test]
fn sel_10_a_plugin_that_changes_its_mind_costs_a_few_sessions_and_no_more() {
    let mut gateway = gateway(file("fickle", ""));
    gateway.run_for(2 * MINUTE);
    let (mut changes, mut held) = (0, false);
    for round in 0..50 {
        let before = apn(&gateway);
        disturb(&mut gateway, &format!("hand-over roaming={}", round % 2 == 0));
        gateway.run_for(Duration::from_secs(10));
        changes += u32::from(before != apn(&gateway));
        held |= plugins_condition(&gateway).contains("=False ChangesItsMind");
    }
    assert!((2..=4).contains(&changes), "{changes} in ten minutes");
    assert!(held);
    gateway.run_for(15 * MINUTE);
    assert_eq!(gateway.status(&wwan0(), ConditionKind::Converged), Status::True);
    assert!(plugins_condition(&gateway).contains("=True"), "{}", plugins_condition(&gateway));
}

#[test]
fn sel_10_what_was_said_last_stands_if_the_file_says_so() {
    for (on_error, stands) in [("built-in", "super"), ("last-answer", "internet")] {
        let mut gateway = gateway(file("last", &format!(", on_error: {on_error}")));
        gateway.run_for(2 * MINUTE);
        assert_eq!(apn(&gateway).as_deref(), Some("internet"));
        gateway.turn_plugins_into(Manner::Traps);
        disturb(&mut gateway, "hand-over roaming=true");
        gateway.run_for(2 * MINUTE);
        assert!(plugins_condition(&gateway).contains("Trapped"), "{}", plugins_condition(&gateway));
        assert_eq!(apn(&gateway).as_deref(), Some(stands), "{on_error}");
    }
}

#[test]
fn sel_10_without_plugins_there_is_no_condition_about_them() {
    let gateway = gateway(PROVIDERS);
    assert!(controller(&gateway).conditions().iter().all(|c| c.kind != ConditionKind::PluginsReady));
    let gateway = self::gateway(file("last", ""));
    assert!(controller(&gateway).conditions().iter().any(|c| c.kind == ConditionKind::PluginsReady));
}

/// What a plugin says is an input: the same inputs give the same outputs, without any plugin.
#[test]
fn sel_10_a_trace_is_replayed_without_a_plugin() {
    use wwan::reconcile::{Fleet, Input};
    use wwan::trace::Entry;

    let mut fleet = Fleet::new(1);
    let source = wwan::config::Source::new("wwan.yaml", file("last", ""));
    let name = wwan::model::PluginName::from("p");
    let state = wwan::model::PluginState::Ready { digest: "d".into(), refused: None };
    let opinion = wwan::model::Opinion { choice: Some(1), reason: "because".into() };
    let answer = Ok(wwan::model::Answer::Provider(opinion));
    let inputs =
        [Input::Config(vec![source]), Input::Plugin(name.clone(), state), Input::Answer(wwan0(), name, 1, answer)];
    let mut live = Vec::new();
    let mut text = String::new();
    for (second, input) in inputs.into_iter().enumerate() {
        let at = Instant::from_secs(second as u64);
        text += &(Entry { at, input: input.clone() }.to_line() + "\n");
        fleet.handle(input, at);
        live.extend(std::iter::from_fn(|| fleet.poll_output()));
    }
    let entries = wwan::trace::parse(&text).unwrap();
    let mut replayed = Fleet::new(1);
    let mut again = Vec::new();
    for Entry { at, input } in entries {
        replayed.handle(input, at);
        again.extend(std::iter::from_fn(|| replayed.poll_output()));
    }
    assert_eq!(format!("{live:?}"), format!("{again:?}"));
    assert!(format!("{live:?}").contains("Plugins("), "it was asked for");
}

/// A troubled world whose plugins trap, hang, lie and change their minds: every rule holds, and every modem comes to rest.
#[test]
fn sel_10_safe_3_a_troubled_world_recovers_whatever_its_plugins_do() {
    let world = include_str!("world.yaml");
    for manner in ["erratic", "fickle", "lies", "hangs", "last"] {
        let file = format!("{world}plugins:\n  - {{ name: p, module: sim/{manner}, hooks: [select-provider] }}\n");
        let options = Options { gateways: 3, hours: 4, seed: 5, ..Options::default() };
        let world = World::new(&file, options).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)));
        let report = world.run();
        assert!(report.is_good(), "{manner}: {report}");
    }
}
