//! Technologies, bands and network selection: kept as the file asks, put back when it asks no more.

mod rig;

use std::time::Duration;

use rig::Rig;
use wwan::model::ConditionKind::RadioConfigured;
use wwan::model::Plmn;
use wwan::qmi::{Request as _, nas, wds};
use wwan::sim::Profile;

const HOUR: u64 = 3600;
const FREE: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers: [{ apn: internet, ip_family: ipv4 }]\n";
const SET: (wwan::qmi::Service, u16) = nas::set_system_selection_preference::KEY;
const GSM_TO_LTE: u16 = 0x1C;

fn with(keys: &str) -> String {
    format!("{FREE}    {keys}\n")
}

fn online(personality: &str, config: &str) -> Rig {
    let mut rig = Rig::new(personality, Profile::default(), config);
    rig.until_online(120);
    rig.run_for(120);
    rig
}

#[test]
fn rat_3_without_the_key_the_modem_keeps_its_own() {
    let mut rig = online("well-behaved-lte", FREE);
    rig.disturb("mode-preference mask=16");
    rig.run_for(HOUR);
    assert_eq!(rig.count(SET), 0);
    assert_eq!(rig.truth().technologies.0, 0x10, "another program's choice is none of our business");
    assert!(rig.is_online());
}

#[test]
fn rat_5_a_refused_preference_holds_the_dial_back_whatever_card_comes() {
    let mut rig = Rig::new("well-behaved-lte", Profile::default(), &with("only_radio_technologies: [lte]"));
    for n in [1, 2] {
        rig.disturb(&format!("error-on-nth service=3 message=51 n={n} error=3"));
    }
    rig.until(60, "refused once", |rig| rig.count(SET) == 1);
    rig.disturb("sim-swap iccid=8949210000000000028 imsi=001010000000002");
    rig.until(120, "dialled", |rig| rig.count(wds::start_network::KEY) == 1);
    assert_eq!(rig.count(SET), 3, "{}", rig.story());
    let at = |key| rig.sent.iter().filter(move |(_, frame)| frame.key() == key).map(|(at, _)| *at);
    let writes: Vec<_> = at(SET).collect();
    assert!(at(wds::start_network::KEY).all(|dial| dial > writes[2]));
    // By back-off: about 5 s, then about 10 s; the new card's arrival in between does not hurry it.
    let pauses: Vec<Duration> = writes.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!((4..=7).contains(&pauses[0].as_secs()) && (8..=13).contains(&pauses[1].as_secs()), "{pauses:?}");
    assert!(rig.log.iter().any(|line| line.contains("set the radio preference: lte: modem answers internal")));
    rig.until_online(60);
}

#[test]
fn rat_6_drift_is_written_back_and_what_is_right_is_not_touched() {
    let mut rig = online("well-behaved-lte", &with("only_radio_technologies: [lte]"));
    assert_eq!(rig.count(SET), 1);
    rig.run_for(HOUR);
    assert_eq!(rig.count(SET), 1, "equal: no write");
    rig.disturb("mode-preference mask=8");
    rig.until(20, "put back", |rig| rig.truth().technologies.0 == 0x10);
    assert_eq!(rig.count(SET), 2);
    rig.run_for(120);
    rig.restart();
    rig.run_for(600);
    assert_eq!(rig.count(SET), 2, "a restart of ours writes nothing");
}

#[test]
fn rat_6_the_modems_own_values_come_back_when_the_key_goes() {
    let mut rig = online("well-behaved-lte", &with("only_radio_technologies: [lte]"));
    rig.edit(&with("only_radio_technologies: [gsm, lte]"));
    rig.until(30, "changed", |rig| rig.truth().technologies.0 == 0x14);
    rig.run_for(120);
    // Over a restart of ours too, and with another key taking its place.
    rig.restart();
    rig.run_for(60);
    rig.edit(&with("only_lte_bands: [3, 20]"));
    rig.until(60, "as it was", |rig| rig.truth().technologies.0 == GSM_TO_LTE);
    assert_eq!(rig.truth().lte_bands, [3, 20]);
    rig.run_for(120);
    rig.edit(FREE);
    rig.until(60, "as it was", |rig| rig.truth().lte_bands == [1, 3, 7, 20, 28]);
    rig.until_online(60);
    rig.run_for(60);
    assert!(rig.host.memory().original_radio.is_empty(), "nothing owed any more");
    rig.forget();
    rig.disturb("bands lte=[7]");
    rig.run_for(HOUR);
    assert_eq!(rig.count(SET), 0, "and nothing defended any more");
}

#[test]
fn rat_6_a_modem_that_is_let_go_gets_its_own_values_back() {
    let keys = "only_radio_technologies: [lte]\n    only_lte_bands: [3, 20]\n    network: \"00101\"";
    let mut rig = online("well-behaved-lte", &with(keys));
    let home = Plmn { mcc: 1, mnc: 1, three_digit_mnc: false };
    assert_eq!(rig.truth().network, Some(home));
    rig.edit("version: 1\nallow_empty: true\nmodems: {}\n");
    rig.run_for(60);
    let truth = rig.truth();
    assert_eq!((truth.technologies.0, truth.network), (GSM_TO_LTE, None), "{}", rig.story());
    assert_eq!(truth.lte_bands, [1, 3, 7, 20, 28]);
    assert_eq!(truth.clients, 0);
    assert_eq!(*rig.host.memory(), Default::default());
}

#[test]
fn one_write_has_what_differs_and_nothing_else() {
    let keys = "only_radio_technologies: [lte, nr5g]\n    only_lte_bands: [3, 20, 66]\n    only_nr5g_bands: [28, 78]\n    only_nr5g_sa_bands: [78]\n    network: automatic";
    let rig = online("quectel-like", &with(keys));
    assert_eq!(rig.count(SET), 1, "{}", rig.story());
    let (_, frame) = rig.sent.iter().find(|(_, frame)| frame.key() == SET).unwrap();
    let request = nas::set_system_selection_preference::Request::decode(frame).unwrap();
    let lte: Vec<u16> = request.extended_lte_bands.as_ref().unwrap().iter().collect();
    assert_eq!(lte, [3, 20], "what the hardware lacks is left out");
    assert_eq!(request.lte_bands, None, "a modem that tells the wide form is written the wide form");
    assert_eq!(request.nr5g_sa_bands.as_ref().unwrap().iter().collect::<Vec<_>>(), [78]);
    assert_eq!(request.nr5g_nsa_bands.as_ref().unwrap().iter().collect::<Vec<_>>(), [28, 78]);
    assert_eq!(request.mode_preference, Some(nas::ModePreference(0x50)));
    assert_eq!(request.network_selection, None, "it is automatic already");
    let truth = rig.truth();
    assert_eq!((truth.lte_bands, truth.nr5g_bands), (vec![3, 20], [vec![78], vec![28, 78]]));
}

#[test]
fn bands_and_network_that_others_changed_are_put_back() {
    let keys = "only_lte_bands: [3, 20]\n    network: automatic";
    for (disturbance, evidence) in [
        ("bands lte=[7]", "the modem's LTE bands are 7, the file asks for 3 20"),
        ("manual-network plmn=00102", "the modem's network selection is 00102, the file asks for automatic"),
    ] {
        let mut rig = online("well-behaved-lte", &with(keys));
        rig.forget();
        rig.disturb(disturbance);
        rig.until(20, "put back", |rig| rig.truth().lte_bands == [3, 20] && rig.truth().network.is_none());
        rig.run_for(1);
        rig.until_online(60);
        let log = rig.log.join("\n");
        assert!(log.contains(&evidence.replace("network selection is", "network selection are")), "{log}");
    }
}

#[test]
fn f35_firmware_that_ignores_bands_is_reported_and_left_alone() {
    let mut rig = Rig::new("stubborn-bands", Profile::default(), &with("only_lte_bands: [3]"));
    rig.until(120, "reported", |rig| rig.says(RadioConfigured).0 == "Ignored");
    rig.run_for(5 * HOUR);
    assert_eq!(rig.count(SET), 4, "{}", rig.story());
    let message = rig.says(RadioConfigured).1;
    assert!(message.contains("its firmware ignores it"), "{message}");
    assert!(!rig.log.iter().any(|line| line.contains("recovery for")), "no reset helps: {}", rig.story());
    assert!(rig.log.iter().all(|line| !line.contains("the modem restarted")));
    rig.edit(FREE);
    rig.until_online(60);
}

#[test]
fn f36_a_fight_with_another_program_is_reported_and_slowed_down() {
    let mut rig = online("well-behaved-lte", &with("only_radio_technologies: [lte]"));
    rig.forget();
    let until = rig.now + Duration::from_secs(HOUR);
    while rig.now < until {
        rig.disturb("mode-preference mask=12");
        rig.run_for(20);
    }
    let writes = rig.count(SET);
    assert!((6..=25).contains(&writes), "{writes} writes in an hour\n{}", rig.story());
    assert!(rig.log.iter().any(|line| line.contains("RadioConfigured=False Contended")), "{}", rig.story());
    rig.until(400, "won", |rig| rig.truth().technologies.0 == 0x10);
    rig.until_online(60);
}
