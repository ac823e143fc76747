//! The fleet against a host that is played by the test.

use super::{Fleet, Input, Output, PortKind};
use crate::config::Source;
use crate::model::{Instant, ModemName, PortState};

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
