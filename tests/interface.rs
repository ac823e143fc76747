//! The data path's framing and the state of the interface, with a modem and a host that do not do as they are asked.

mod gateway_support;

use gateway_support::Gateway;
use wwan::model::{Action, ConditionKind, DataFormat, Fact, Framing, Status};
use wwan::qmi::{Frame, Kind, Response as _, wda};
use wwan::reconcile::{EventKind, Output};
use wwan::sim::{Personality, Profile};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: internet, ip_family: ipv4 }
";

fn framing(gateway: &Gateway) -> Option<DataFormat> {
    gateway.controller().observed().data_format.as_ref().map(|seen| seen.value)
}

fn state(gateway: &Gateway) -> Option<String> {
    Some(gateway.controller().properties().get("wwan0.state")?.value.to_string())
}

#[test]
fn dev_4_a_modem_that_frames_ethernet_is_told_not_to() {
    // The second wants to be told which endpoint is meant, and refuses the plain question.
    for personality in ["ethernet-by-default", "quectel-like"] {
        let mut gateway = Gateway::new(personality, CONFIG);
        gateway.until_online(120);
        gateway.disturb("ethernet-framing");
        assert!(gateway.host.board().modem().truth().ethernet);
        // The modem does not tell: it is found at the next look.
        gateway.run_for(Fact::DataFormat.refresh_after().as_secs() + 10);
        assert_eq!(
            (gateway.host.board().modem().truth().ethernet, framing(&gateway)),
            (false, Some(DataFormat::Framed(Framing::RawIp)))
        );
        assert_eq!(gateway.status(ConditionKind::Converged), Status::True, "{personality}: {}", gateway.log());
    }
    let mut gateway = Gateway::new("ethernet-by-default", CONFIG);
    gateway.until_online(120);
    assert!(!gateway.host.board().modem().truth().ethernet);
    assert!(gateway.count(wda::set_data_format::KEY) >= 1);
    // The framing is settled before the first session.
    let at = |key: (wwan::qmi::Service, u16)| {
        gateway.requests.iter().position(|(_, service, id)| (*service, *id) == (key.0.into(), key.1))
    };
    assert!(at(wda::set_data_format::KEY) < at(wwan::qmi::wds::start_network::KEY));
}

#[test]
fn dev_4_a_modem_that_insists_on_ethernet_gets_its_way() {
    let insists = |chunk: Vec<u8>| {
        let Ok(answer) = Frame::parse(&chunk) else { return vec![chunk] };
        if answer.kind != Kind::Response || answer.key() != wda::get_data_format::KEY {
            return vec![chunk];
        }
        let ethernet = wda::Format { link_protocol: Some(wda::LinkProtocol::Ieee8023), ..Default::default() };
        let told = wda::get_data_format::Response { format: ethernet, ..Default::default() };
        vec![told.accept(&answer).encode()]
    };
    // It only says so: no packet would pass.
    let config = format!("{CONFIG}    reachability: {{ targets: [] }}\n");
    let mut gateway = Gateway::new("well-behaved-lte", &config);
    gateway.wire = Some(Box::new(insists));
    gateway.until_online(120);
    assert_eq!(framing(&gateway), Some(DataFormat::Framed(Framing::Ethernet)));
    // Twice for each attempt: with the endpoint and without.
    let asked = gateway.count(wda::set_data_format::KEY);
    assert!((2..=6).contains(&asked), "asked {asked} times\n{}", gateway.log());
    gateway.run_for(3_600);
    assert_eq!(gateway.count(wda::set_data_format::KEY), asked, "and not again and again");
    assert_eq!(gateway.status(ConditionKind::Converged), Status::True);
}

/// A modem that passes nothing in raw IP, with this in its file.
fn silent_in_raw_ip(more: &str) -> Gateway {
    let personality = Personality { silent_in_raw_ip: true, ..Personality::default() };
    Gateway::of(personality, Profile::default(), &format!("{CONFIG}{more}"))
}

fn reframed(gateway: &Gateway) -> usize {
    gateway.steps().iter().filter(|(_, step)| *step == "reframe").count()
}

#[test]
fn dev_4_the_other_framing_is_tried_where_data_has_never_passed_and_remembered_where_it_does() {
    // With a lease to be had the interface has no address before data passes.
    for more in ["", "    ip: { method: dhcp }\n"] {
        let mut gateway = silent_in_raw_ip(more);
        let after = gateway.until_online(420);
        assert_eq!((reframed(&gateway), framing(&gateway)), (1, Some(DataFormat::Framed(Framing::Ethernet))), "{more}");
        assert_eq!(gateway.outcomes().last(), Some(&("reframe", "took effect".to_owned())), "{}", gateway.log());
        let remembered = gateway.host.memory().framings.iter().map(|(model, proven)| (model.as_str(), proven.framing));
        assert_eq!(remembered.collect::<Vec<_>>(), [("SIM7000-QMI", Framing::Ethernet)]);
        println!("{more}: online after {after} s");
        // It frames bare IP after each start, and is told at once.
        gateway.disturb("reset");
        gateway.until(ConditionKind::ModemPresent, Status::False, 30);
        gateway.until_online(60);
        gateway.run_for(3600);
        assert_eq!((reframed(&gateway), framing(&gateway)), (1, Some(DataFormat::Framed(Framing::Ethernet))));
    }
}

#[test]
fn dev_4_a_framing_that_does_not_help_is_left_again_and_tried_once_a_day() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.host.disturb(&"unanswered on=true".parse().unwrap(), gateway.now);
    gateway.until(ConditionKind::InternetReachable, Status::False, 180);
    let mut ethernet = 0;
    for _ in 0..20 * 60 {
        gateway.run_for(1);
        ethernet += u32::from(framing(&gateway) == Some(DataFormat::Framed(Framing::Ethernet)));
    }
    assert_eq!((reframed(&gateway), framing(&gateway)), (1, Some(DataFormat::Framed(Framing::RawIp))));
    assert!((60..100).contains(&ethernet), "for {ethernet} s, as long as the trial");
    assert!(gateway.host.memory().framings.is_empty());
    gateway.run_for(23 * 3600);
    assert_eq!(reframed(&gateway), 1);
}

#[test]
fn dev_4_where_data_has_passed_or_nothing_can_be_set_no_other_framing_is_tried() {
    let silenced = |gateway: &mut Gateway| {
        gateway.disturb("carry-nothing until=modem");
        gateway.until(ConditionKind::InternetReachable, Status::False, 600);
        gateway.until_online(3600);
        reframed(gateway)
    };
    let mut proven = Gateway::new("well-behaved-lte", CONFIG);
    proven.until_online(120);
    assert_eq!(silenced(&mut proven), 0, "{}", proven.log());
    // A driver that has no such setting frames in its one way.
    let mut fixed = silent_in_raw_ip("");
    fixed.host = fixed.host.with_fixed_framing();
    fixed.run_for(3600);
    assert_eq!(reframed(&fixed), 0, "{}", fixed.log());
}

#[test]
fn life_1_a_host_that_hangs_is_given_up_told_and_tried_again() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    assert_eq!(state(&gateway).as_deref(), Some("configuring"));
    gateway.unheard = Some(|output| matches!(output, Output::ConfigureLink(..)));
    while gateway.links == 0 {
        gateway.run_for(1);
    }
    let asked = gateway.now;
    assert_eq!(state(&gateway).as_deref(), Some("configuring"), "it may still answer");
    let failed =
        |what: &EventKind| matches!(what, EventKind::ActionEnded { action: Action::ConfigureLink(_), outcome: Err(_) });
    while !gateway.events.iter().any(|(_, what)| failed(what)) {
        gateway.run_for(1);
        assert!(gateway.now.since(asked).as_secs() <= 31, "{}", gateway.log());
    }
    // Said and tried again, now and then, for as long as it hangs; and nobody claims that all is well.
    let (mut states, tries) = (std::collections::BTreeSet::new(), gateway.links);
    for _ in 0..240 {
        gateway.run_for(1);
        states.extend(state(&gateway));
        assert_ne!(gateway.status(ConditionKind::LinkConfigured), Status::True);
    }
    assert!((1..=8).contains(&(gateway.links - tries)), "tried again\n{}", gateway.log());
    assert_eq!(states.into_iter().collect::<Vec<_>>(), ["configuring", "retrying"], "{}", gateway.log());
    gateway.unheard = None;
    gateway.until_online(60);
    gateway.run_for(1);
    assert_eq!(state(&gateway).as_deref(), Some("configured"));
}
