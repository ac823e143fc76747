//! The fleet against a host that is played by the test.

use super::{Fleet, Input, Output, PortKind};
use crate::config::Source;
use crate::model::{Instant, ModemName, PluginState, PortState};
use crate::property::Value;

const FILE: &str = "version: 1\nmodems: {wwan0: {service_providers: [{apn: internet}]}}\n";

/// What the fleet asks of the port.
fn asks(fleet: &mut Fleet, input: Input, seconds: u64) -> Vec<&'static str> {
    fleet.handle(input, Instant::from_secs(seconds));
    let port = |output: Output| match output {
        Output::OpenPort(..) => Some("open"),
        Output::ClosePort(_) => Some("close"),
        _ => None,
    };
    std::iter::from_fn(|| fleet.poll_output()).filter_map(port).collect()
}

#[test]
fn a_port_that_was_gone_and_is_still_open_is_opened_anew() {
    let wwan0 = ModemName::from("wwan0");
    let port = |state| Input::Port(wwan0.clone(), state);
    let mut fleet = Fleet::new(1);
    asks(&mut fleet, Input::Config(vec![Source::new("wwan.yaml", FILE)]), 0);
    assert_eq!(asks(&mut fleet, port(PortState::Closed), 1), ["open"]);
    // The host looks while it opens: that is not what was opened.
    assert_eq!(asks(&mut fleet, port(PortState::Open), 1), [""; 0]);
    assert_eq!(asks(&mut fleet, Input::Opened(wwan0.clone(), PortKind::Exclusive), 2), [""; 0]);
    assert_eq!(asks(&mut fleet, port(PortState::Open), 3), [""; 0], "it is as it should be");
    assert_eq!(asks(&mut fleet, port(PortState::Absent), 4), [""; 0]);
    assert_eq!(asks(&mut fleet, port(PortState::Open), 60), ["close"]);
    assert_eq!(asks(&mut fleet, port(PortState::Closed), 60), ["open"]);
}

/// What the fleet says of properties of plugins: the name, and the value if there is one.
fn published(fleet: &mut Fleet, input: Input, seconds: u64) -> Vec<(String, Option<Value>)> {
    fleet.handle(input, Instant::from_secs(seconds));
    let changes = |output| if let Output::Changed(changes) = output { changes } else { Vec::new() };
    let changes = std::iter::from_fn(|| fleet.poll_output()).flat_map(changes);
    changes.map(|change| (change.name, change.new)).filter(|(name, _)| name.starts_with("plugin.")).collect()
}

#[test]
fn prop_5_what_a_plugin_publishes_is_there_while_it_runs() {
    let with = |config: &str| {
        let plugin = format!("{{name: p, module: /p.wasm, hooks: [export], config: {config}}}");
        Input::Config(vec![Source::new("wwan.yaml", format!("{FILE}plugins: [{plugin}]\n"))])
    };
    let state = |state| Input::Plugin("p".into(), state);
    let ready = || state(PluginState::Ready { digest: "d".into(), refused: None });
    let publishes = |values: &[(&str, i64)]| {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Value::Integer(*value)));
        Input::Published("p".into(), values.collect())
    };
    let put = |name: &str, value: i64| (name.to_owned(), Some(Value::Integer(value)));
    let gone = |name: &str| (name.to_owned(), None);

    let fleet = &mut Fleet::new(1);
    assert_eq!(published(fleet, with("{}"), 0), []);
    assert_eq!(published(fleet, ready(), 1), []);
    assert_eq!(published(fleet, publishes(&[("a", 1), ("b.c", 2)]), 2), [put("plugin.p.a", 1), put("plugin.p.b.c", 2)]);
    assert_eq!(published(fleet, publishes(&[("b.c", 2), ("d", 3)]), 3), [gone("plugin.p.a"), put("plugin.p.d", 3)]);
    // It is asked no more, then it is again.
    let two = [gone("plugin.p.b.c"), gone("plugin.p.d")];
    assert_eq!(published(fleet, state(PluginState::Quarantined("traps".into())), 4), two);
    assert_eq!(published(fleet, ready(), 5), [put("plugin.p.b.c", 2), put("plugin.p.d", 3)]);
    // An edit that does not touch it leaves it alone, another one does not.
    assert_eq!(published(fleet, with("{}"), 6), []);
    assert_eq!(published(fleet, with("{x: 1}"), 7), two);
    assert_eq!(published(fleet, ready(), 8), [], "what the one before it had is forgotten");
    assert_eq!(published(fleet, publishes(&[("a", 1)]), 9), [put("plugin.p.a", 1)]);
    assert_eq!(fleet.properties("plugin.*").len(), 1);
    assert_eq!(published(fleet, Input::Config(vec![Source::new("wwan.yaml", FILE)]), 10), [gone("plugin.p.a")]);
    assert_eq!(published(fleet, publishes(&[("a", 1)]), 11), [], "the file names it no more");
}
