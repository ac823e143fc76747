//! IP versions: what the network carries, what it does not, and that nobody asks for it in a circle.

use std::time::Duration;

use wwan::model::{ConditionKind, Status};
use wwan::qmi::wds;

use super::play::Play;

const DUAL: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: internet }
";
const DAY: u64 = 24 * 3_600_000;

/// The families of the sessions that were asked for.
fn asked(play: &Play) -> Vec<wds::IpFamily> {
    play.requests::<wds::start_network::Request>().into_iter().filter_map(|(_, ask)| ask.ip_family).collect()
}

#[test]
fn ip_3_two_sessions_on_two_clients_give_one_link() {
    let mut play = Play::starting(DUAL);
    play.until("both sessions", 60_000, |play| play.sessions().len() == 2 && play.host.link().ip.ipv6.is_some());
    let clients: std::collections::BTreeSet<u8> = play
        .sent
        .iter()
        .filter(|(_, frame)| frame.key() == wds::start_network::KEY)
        .map(|(_, frame)| frame.client)
        .collect();
    assert_eq!(clients.len(), 2, "a client for each family");
    assert_eq!(play.count::<wds::set_ip_family::Request>(), 2);
    play.run_for(10_000);
    let link = &play.host.link().ip;
    let modem = play.host.board().modem().addresses();
    assert_eq!((link.ipv4.map(|s| s.address), link.ipv6.map(|s| s.address)), modem);
    assert_eq!((link.ipv4.map(|s| s.prefix), link.ipv6.map(|s| s.prefix)), (Some(30), Some(64)));
    assert!(link.ipv4.and_then(|s| s.gateway).is_some() && link.ipv6.and_then(|s| s.gateway).is_some());
    assert!(link.dns.iter().any(|dns| dns.is_ipv4()) && link.dns.iter().any(|dns| dns.is_ipv6()), "{link:?}");
    assert_eq!(link.mtu, Some(1430));
}

#[test]
fn ip_2_the_link_has_what_the_modem_says() {
    let mut play = Play::starting(super::play::PLAIN);
    play.until_online(60);
    let link = play.host.link();
    assert_eq!(link.ip.ipv4.map(|s| s.address), play.host.board().modem().addresses().0);
    assert!(link.up && link.ip.ipv6.is_none() && link.ip.dns.len() == 2, "{link:?}");
    assert_eq!(link.default_route_metric, Some(700));
}

#[test]
fn mtu_3_the_settings_are_read_once_for_each_session() {
    let mut play = Play::starting(DUAL);
    play.until("both sessions", 60_000, |play| play.sessions().len() == 2 && play.host.link().ip.ipv6.is_some());
    assert_eq!(play.count::<wds::get_current_settings::Request>(), 2);
}

#[test]
fn ip_3_a_family_the_network_does_not_carry_is_asked_for_once_a_day() {
    for (carried, missing, up) in [
        ("families ipv4=true ipv6=false", wds::IpFamily::Ipv6, "ipv4 internet"),
        ("families ipv4=false ipv6=true", wds::IpFamily::Ipv4, "ipv6 internet"),
    ] {
        let mut play = Play::starting(DUAL);
        play.disturb(carried);
        let online = play.until_online(60);
        assert!(online < Duration::from_secs(30), "the other family at once: {online:?}");
        play.run_for(DAY - 120_000);
        assert_eq!(play.sessions(), [up]);
        assert_eq!(asked(&play).len(), 2, "{carried}: {:?}", asked(&play));
        play.run_for(240_000);
        assert_eq!(asked(&play).iter().filter(|family| **family == missing).count(), 2, "{carried}: once a day");
        assert!(!play.says("Recovery"), "{}", play.log.join("\n"));
    }
}

#[test]
fn ip_3_what_a_network_refused_is_asked_of_another_network_card_or_file() {
    let refused = || {
        let mut play = Play::online(&DUAL.replace("apn: internet", "apn: internet, roaming_allowed: true"));
        play.disturb("families ipv4=true ipv6=false");
        play.disturb("drop-session cause=36");
        play.until("refusal", 10_000, |play| play.dials().len() >= 2 && play.is_online());
        play.run_for(600_000);
        play.disturb("families ipv4=true ipv6=true");
        play.run_for(600_000);
        assert_eq!(play.sessions(), ["ipv4 internet"], "nothing has changed: nobody asks");
        play
    };
    let both = |play: &Play| play.sessions().len() == 2;
    let mut other_network = refused();
    other_network.disturb("hand-over roaming=true");
    other_network.until("both sessions", 400_000, both);
    let mut other_card = refused();
    other_card.disturb("sim-swap iccid=8949210000000000028 imsi=001010000000002");
    other_card.until("both sessions", 60_000, both);
    let mut other_file = refused();
    other_file.edit(&DUAL.replace("apn: internet", "apn: internet, roaming_allowed: true, name: new"));
    other_file.until("both sessions", 10_000, both);
}

#[test]
fn ip_3_one_family_at_a_time_is_one_family() {
    let mut play = Play::starting(DUAL);
    play.disturb("one-family on=true");
    play.until_online(60);
    play.run_for(DAY / 2);
    assert_eq!(play.sessions(), ["ipv4 internet"]);
    assert_eq!(asked(&play), [wds::IpFamily::Ipv4, wds::IpFamily::Ipv6]);
}

#[test]
fn ip_3_a_file_that_insists_on_a_family_is_told_that_there_is_none() {
    let mut play = Play::starting(&DUAL.replace("apn: internet", "apn: internet, ip_family: ipv6"));
    play.disturb("families ipv4=true ipv6=false");
    play.run_for(2 * 3_600_000);
    assert!(play.sessions().is_empty());
    let condition = play.condition(ConditionKind::DataConnected);
    assert_eq!((condition.status, condition.finding.reason()), (Status::False, "FamilyNotOffered"));
    let said = condition.to_string();
    assert!(said.contains("does not carry ipv6: 3gpp 50") && said.contains("ip_family: ipv4"), "{said}");
    assert_eq!(play.dials().len(), 1, "one refused start, not a loop of them");
    assert!(!play.says("Recovery"), "no step of the ladder helps");
}
