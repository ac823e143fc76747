//! An address from a DHCP server, in virtual time: the production core and the production client against a simulated
//! server.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use wwan::explain::explain;
use wwan::model::{ConditionKind, Instant, LinkState, ModemName, Reach, Status};
use wwan::property::Value;
use wwan::reconcile::{EventKind, Output};
use wwan::sim::{Gateway, Noted, Personality, Profile};

const LINK: ConditionKind = ConditionKind::LinkConfigured;
const MINUTE: Duration = Duration::from_secs(60);

fn name() -> ModemName {
    "wwan0".into()
}

fn file(ip: &str) -> String {
    format!("version: 1\nmodems:\n  wwan0:\n    service_providers: [{{ apn: internet }}]\n    ip: {{ {ip} }}\n")
}

fn gateway(ip: &str) -> Gateway {
    let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1);
    gateway.edit(file(ip));
    gateway
}

fn online(ip: &str) -> Gateway {
    let mut gateway = gateway(ip);
    within(&mut gateway, 120, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
    drop(gateway.take_journal());
    gateway
}

#[track_caller]
fn within(gateway: &mut Gateway, seconds: u64, so: impl FnMut(&Gateway) -> bool) {
    let end = gateway.now() + Duration::from_secs(seconds);
    let seen = gateway.run_until(end, so);
    let conditions = gateway.controller(&name()).map(|controller| format!("{:#?}", controller.conditions()));
    assert!(seen, "not within {seconds} s: {conditions:?}");
}

fn disturb(gateway: &mut Gateway, what: &str) {
    assert!(gateway.disturb(&name(), &what.parse().unwrap()));
}

fn link(gateway: &Gateway) -> &LinkState {
    gateway.host(&name()).unwrap().link()
}

fn reason(gateway: &Gateway) -> &'static str {
    gateway.controller(&name()).unwrap().condition(LINK).finding.reason()
}

/// What the network carries packets of.
fn carried(gateway: &Gateway) -> String {
    let (v4, _) = gateway.host(&name()).unwrap().board().modem().carried();
    v4.map(|address| address.to_string()).unwrap_or_default()
}

fn address(gateway: &Gateway) -> String {
    link(gateway).ip.ipv4.map(|ip| ip.address.to_string()).unwrap_or_default()
}

fn events(gateway: &Gateway) -> Vec<&EventKind> {
    let mut found = Vec::new();
    for note in gateway.journal() {
        if let Noted::Output(Output::Event(event)) = &note.what {
            found.push(&event.what);
        }
    }
    found
}

fn configured(gateway: &Gateway) -> usize {
    let is = |what: &Noted| matches!(what, Noted::Output(Output::ConfigureLink(..)));
    gateway.journal().iter().filter(|note| is(&note.what)).count()
}

#[test]
fn ip_1_a_lease_gives_address_router_name_servers_and_domain() {
    let gateway = online("family: ipv4, method: dhcp");
    let ip = &link(&gateway).ip;
    let given = ip.ipv4.unwrap();
    assert_eq!((given.address.to_string(), given.prefix), (carried(&gateway), 30));
    assert!(given.gateway.is_some() && link(&gateway).default_route_metric == Some(700));
    // The simulated network tells the modem of two name servers, its DHCP server of one.
    assert_eq!(ip.dns, ["10.64.0.1".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!((ip.search.as_slice(), ip.mtu), (&["carrier.example".to_owned()][..], Some(1430)));
    let held =
        |property: &str| gateway.controller(&name()).unwrap().properties().get(property).map(|held| held.value.clone());
    assert_eq!(held("wwan0.dhcp_options.domain"), Some(Value::Text("carrier.example".into())));
    assert_eq!(held("wwan0.dhcp_options.mask"), Some(Value::Integer(30)));
}

#[test]
fn ip_4_renewals_without_a_change_are_no_event_and_touch_nothing() {
    let mut gateway = online("family: ipv4, method: dhcp");
    gateway.run_for(MINUTE);
    drop(gateway.take_journal());
    // A lease is an hour's.
    gateway.run_for(5 * 60 * MINUTE);
    assert_eq!((configured(&gateway), events(&gateway)), (0, Vec::new()));
    assert_eq!((address(&gateway), gateway.status(&name(), LINK)), (carried(&gateway), Status::True));
}

#[test]
fn ip_1_a_server_that_falls_silent_costs_the_lease_when_it_runs_out() {
    let mut gateway = online("family: ipv4, method: dhcp");
    disturb(&mut gateway, "dhcp-silent on=true");
    gateway.run_for(45 * MINUTE);
    assert_eq!(address(&gateway), carried(&gateway), "as long as it lasts");
    within(&mut gateway, 20 * 60, |g| link(g).is_bare());
    assert!(link(&gateway).up && link(&gateway).ip.dns.is_empty() && link(&gateway).ip.search.is_empty());
    within(&mut gateway, 30, |g| reason(g) == "NoLease");
    let controller = gateway.controller(&name()).unwrap();
    assert_eq!(controller.connection().reach, Reach::Disconnected);
    let said = explain(controller, gateway.now()).to_string();
    assert!(said.contains("no DHCP server has given an address") && said.contains("the DHCP lease ran out"), "{said}");
    disturb(&mut gateway, "dhcp-silent on=false");
    within(&mut gateway, 180, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
}

#[test]
fn ip_1_without_a_server_recovery_is_gentle_and_says_why() {
    let mut gateway = gateway("family: ipv4, method: dhcp");
    disturb(&mut gateway, "dhcp-silent on=true");
    within(&mut gateway, 60, |g| reason(g) == "NoLease");
    gateway.run_for(30 * MINUTE);
    let steps: Vec<&str> = events(&gateway)
        .into_iter()
        .filter_map(|what| match what {
            EventKind::Recovery { step, outcome: None, .. } => Some(step.name()),
            _ => None,
        })
        .collect();
    assert!(steps.starts_with(&["stop-sessions", "stop-sessions", "reframe", "reset-modem"]), "{steps:?}");
    assert!(!steps.contains(&"cycle-power"), "{steps:?}");
    let said = explain(gateway.controller(&name()).unwrap(), gateway.now()).to_string();
    assert!(said.contains("method: modem"), "{said}");
}

#[test]
fn ip_1_an_address_of_before_that_is_refused_is_replaced_at_once() {
    // While no daemon runs the network gives another address: the one on the interface is asked for and refused.
    let mut gateway = online("family: ipv4, method: dhcp");
    let before = address(&gateway);
    gateway.kill();
    disturb(&mut gateway, "change-address tell=false");
    gateway.run_for(MINUTE);
    assert_eq!(address(&gateway), before, "nobody has touched it");
    gateway.start(true);
    within(&mut gateway, 2, |g| address(g) == carried(g));
    assert_ne!(address(&gateway), before);
    within(&mut gateway, 60, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
}

#[test]
fn f42_a_restart_keeps_the_lease_without_a_hole() {
    let mut gateway = online("family: ipv4, method: dhcp");
    for silent in [false, true] {
        disturb(&mut gateway, &format!("dhcp-silent on={silent}"));
        gateway.start(true);
        drop(gateway.take_journal());
        let mut holes = 0;
        let end = gateway.now() + Duration::from_secs(10);
        gateway.run_until(end, |g| {
            holes += u32::from(link(g).is_bare());
            false
        });
        assert_eq!(holes, 0, "silent: {silent}");
    }
    // Nobody says that it still holds, so it is not ours.
    within(&mut gateway, 30, |g| link(g).is_bare());
}

#[test]
fn a_lease_of_another_session_is_not_used() {
    let mut gateway = online("family: ipv4, method: dhcp");
    for (trouble, seconds) in
        [("drop-session cause=36", 60), ("change-address tell=true", 30), ("change-address tell=false", 400)]
    {
        let before = carried(&gateway);
        drop(gateway.take_journal());
        disturb(&mut gateway, trouble);
        within(&mut gateway, seconds, |g| {
            let now = carried(g);
            now != before && !now.is_empty() && address(g) == now
        });
        within(&mut gateway, 60, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
    }
}

#[test]
fn cfg_12_the_server_is_told_the_files_name_else_the_hosts() {
    let heard = |gateway: &Gateway| gateway.host(&name()).unwrap().host_name_heard().map(str::to_owned);
    let mut gateway = online("family: ipv4, method: dhcp");
    assert_eq!(heard(&gateway).as_deref(), Some("gateway"));
    gateway.edit(file("family: ipv4, method: dhcp, hostname: till-7"));
    within(&mut gateway, 5, |g| heard(g).as_deref() == Some("till-7"));
    gateway.run_for(MINUTE);
    assert_eq!(configured(&gateway), 0, "the same lease");
}

#[test]
fn ip_1_ip_2_from_one_method_to_the_other_and_back() {
    let mut gateway = online("family: ipv4");
    let domains = |gateway: &Gateway| link(gateway).ip.search.len();
    for (ip, searched) in [("family: ipv4, method: dhcp", 1), ("family: ipv4, method: modem", 0)] {
        gateway.edit(file(ip));
        let mut holes = 0;
        within(&mut gateway, 30, |g| {
            holes += u32::from(link(g).is_bare());
            domains(g) == searched
        });
        assert_eq!((holes, address(&gateway)), (0, carried(&gateway)));
        within(&mut gateway, 30, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
    }
}

#[test]
fn ip_1_ip_3_ipv6_does_not_wait_for_a_lease() {
    let mut gateway = gateway("family: ipv4v6, method: dhcp");
    disturb(&mut gateway, "dhcp-silent on=true");
    within(&mut gateway, 120, |g| g.status(&name(), LINK) == Status::True);
    assert!(link(&gateway).ip.ipv6.is_some() && link(&gateway).ip.ipv4.is_none());
    let finding = gateway.controller(&name()).unwrap().condition(LINK).finding.to_string();
    assert!(finding.contains("no DHCP lease"), "{finding}");
    disturb(&mut gateway, "dhcp-silent on=false");
    within(&mut gateway, 120, |g| address(g) == carried(g) && link(g).ip.ipv6.is_some());
}

#[test]
fn ip_1_nothing_is_leased_while_no_session_is_up_and_other_hands_are_undone() {
    let mut gateway = online("family: ipv4, method: dhcp");
    disturb(&mut gateway, "coverage on=false");
    within(&mut gateway, 180, |g| link(g).is_bare());
    let orders = |gateway: &Gateway| {
        let order =
            |what: &Noted| if let Noted::Output(Output::Lease(_, order)) = what { Some(order.is_some()) } else { None };
        gateway.journal().iter().filter_map(|note| order(&note.what)).collect::<Vec<_>>()
    };
    assert_eq!(orders(&gateway), [false]);
    disturb(&mut gateway, "coverage on=true");
    within(&mut gateway, 180, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
    for hand in ["flush-link", "link-down"] {
        disturb(&mut gateway, hand);
        gateway.run_for(MINUTE);
        let end = gateway.now() + 2 * MINUTE;
        gateway.run_until(end, |g| g.status(&name(), ConditionKind::Converged) == Status::True);
        assert_eq!((address(&gateway), link(&gateway).up), (carried(&gateway), true), "{hand}");
    }
    assert!(gateway.now() < Instant::from_secs(3600) && gateway.restless().is_none());
}
