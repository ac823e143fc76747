//! What sessions carry, and what becomes of what is known when they, the network, the card or the modem go.

use super::*;

#[test]
fn stat_1_stat_2_counters_by_report_and_sums_over_reconnects() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.run_for(600);
    assert_eq!(bench.asked(wds::get_packet_statistics::KEY), [], "reports cost no request");
    let Some(Value::Map(counters)) = bench.get("mobile.statistics") else { panic!("{:#?}", bench.dump()) };
    let names: Vec<&str> = counters.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "rx_bytes",
            "rx_drops",
            "rx_errors",
            "rx_overflows",
            "rx_packets",
            "timestamp",
            "tx_bytes",
            "tx_drops",
            "tx_errors",
            "tx_overflows",
            "tx_packets"
        ]
    );
    assert!(counters["rx_bytes"] > 500_000 && counters["tx_packets"] > 0 && counters["rx_errors"] == 0, "{counters:?}");
    assert_eq!(bench.integer("mobile.rx_rate_bps"), Some(9_600), "1200 octets a second");
    assert_eq!(bench.integer("mobile.session_rx_bytes"), Some(counters["rx_bytes"]));
    let before = bench.integer("mobile.lifetime_rx_bytes").expect("a sum");
    bench.disturb("drop-session cause=36");
    bench.run(Duration::from_millis(400));
    assert_eq!(bench.get("mobile.statistics"), None, "of no session");
    bench.until(120, |bench| bench.converged("wwan0"));
    bench.run_for(130);
    let session = bench.integer("mobile.session_rx_bytes").expect("counted");
    assert!(session < 250_000, "counted anew: {session}");
    assert_eq!(bench.integer("mobile.lifetime_rx_bytes"), Some(before + session));
    assert!(bench.integer("mobile.session_uptime_s").is_some_and(|s| (60..=140).contains(&s)));
}

#[test]
fn stat_2_the_lifetime_survives_a_restart_of_ours_and_a_modem_that_reports_nothing_is_asked() {
    let mut bench = Bench::online("never-indicates");
    bench.watch("wwan0.mobile.statistics");
    bench.run_for(300);
    assert!(bench.asked(wds::get_packet_statistics::KEY).len() >= 4);
    let before = bench.integer("mobile.lifetime_rx_bytes").expect("a sum");
    bench.run_for(1800);
    let kept = bench.hosts[0].1.memory().clone();
    assert!(kept.traffic.lifetime.rx > 0, "{kept:?}");
    let latest = bench.integer("mobile.lifetime_rx_bytes").expect("a sum");
    bench.hosts[0].1.crash();
    bench.fleet = Fleet::new(1);
    bench.fleet.handle(Input::Remembered("wwan0".into(), kept), bench.now);
    bench.fleet.handle(Input::Config(vec![Source::new("wwan.yaml", CONFIG)]), bench.now);
    bench.settle();
    bench.until(60, |bench| bench.converged("wwan0"));
    bench.watch("wwan0.mobile.statistics");
    bench.run_for(70);
    let after = bench.integer("mobile.lifetime_rx_bytes").expect("a sum");
    assert!(before < latest && latest <= after, "{before} {latest} {after}");
    let missed = after - latest;
    assert!(missed < 1_200 * 200, "what ran on meanwhile is counted once: {missed}");
}

#[test]
fn mtu_1_the_networks_mtu_is_on_the_link() {
    let bench = Bench::online("well-behaved-lte");
    assert_eq!(bench.hosts[0].1.link().ip.mtu, Some(1430));
    assert_eq!(bench.integer("mtu"), Some(1430));
}

#[test]
fn mtu_2_an_unknown_mtu_is_asked_for_within_300_s_again() {
    let mut bench = Bench::new(CONFIG, &[("wwan0", "well-behaved-lte")], |profile| profile.network.mtu = None);
    bench.until(180, |bench| bench.converged("wwan0"));
    bench.run_for(1);
    assert_eq!(bench.get("mtu"), None);
    bench.forget();
    bench.run_for(1_500);
    let asked = bench.asked(wds::get_current_settings::KEY);
    assert!(gaps(&asked).iter().all(|gap| (299..=301).contains(gap)) && (4..=5).contains(&asked.len()), "{asked:?}");
    bench.disturb("mtu mtu=1400 tell=false");
    bench.run_for(310);
    assert_eq!((bench.integer("mtu"), bench.hosts[0].1.link().ip.mtu), (Some(1400), Some(1400)));
}

#[test]
fn ind_2_what_is_otherwise_indicated_is_asked_for_at_the_start() {
    let mut bench = Bench::one("never-indicates");
    bench.until(120, |bench| bench.text("connection").as_deref() == Some("internet"));
    for key in [nas::get_serving_system::KEY, wds::get_packet_service_status::KEY] {
        assert!(!bench.asked(key).is_empty(), "{key:?}");
    }
}

#[test]
fn lnk_5_every_change_of_the_connection_is_told_once_with_its_reason() {
    let mut bench = Bench::one("well-behaved-lte");
    bench.until(120, |bench| bench.converged("wwan0"));
    bench.disturb("coverage on=false");
    bench.run_for(60);
    bench.disturb("coverage on=true");
    bench.until(120, |bench| bench.converged("wwan0"));
    bench.run_for(1);
    let told: Vec<(String, String, String)> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            EventKind::ConnectionChanged { from, to } => Some((from.to_string(), to.reach.to_string(), to.because())),
            _ => None,
        })
        .collect();
    assert!(told.iter().all(|(from, to, because)| from != to && !because.is_empty()), "{told:#?}");
    assert!(told.windows(2).all(|pair| pair[0].1 == pair[1].0), "a chain: {told:#?}");
    assert_eq!(told.first().map(|(from, ..)| from.as_str()), Some("disconnected"));
    assert_eq!(told.last().map(|(_, to, _)| to.as_str()), Some("internet"));
    let lost = told.iter().find(|(from, ..)| from == "internet").expect("lost");
    assert!(["no network serves us", "the data session is down"].contains(&lost.2.as_str()), "{lost:?}");
    assert_eq!(bench.text("connection_reason").as_deref(), Some("session, address and network are in order"));
}

#[test]
fn lnk_9_denied_says_why() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.disturb("deny cause=11");
    bench.run_for(30);
    let controller = bench.fleet.controller(&"wwan0".into()).expect("the modem");
    let registered = controller.condition(ConditionKind::Registered);
    assert_eq!(registered.finding.to_string(), "the network refuses us, cause 11");
    assert_eq!(bench.integer("mobile.reject_cause"), Some(11));
    assert_eq!(bench.text("mobile.registration").as_deref(), Some("denied"));
}

#[test]
fn sel_7_the_access_point_is_told_before_it_is_dialled() {
    let mut bench = Bench::one("well-behaved-lte");
    let dialled = |bench: &Bench| !bench.asked(wds::start_network::KEY).is_empty();
    while !dialled(&bench) {
        assert!(bench.now < Instant::from_secs(120));
        bench.run(Duration::from_millis(1));
    }
    assert!(!bench.converged("wwan0"), "the answer is still to come");
    assert_eq!(bench.text("mobile.apn").as_deref(), Some("internet"));
    let told = bench.changes.iter().find(|change| change.name == "wwan0.mobile.apn").expect("told");
    assert!(told.at <= bench.asked(wds::start_network::KEY)[0]);
    // Also when the dial fails.
    let mut bench = Bench::one("well-behaved-lte");
    bench.disturb("refuse-apn apn=internet cause=33");
    bench.run_for(60);
    assert_eq!(bench.text("mobile.apn").as_deref(), Some("internet"));
}

#[test]
fn info_4_prop_3_another_card_is_read_and_nothing_of_the_old_one_is_left() {
    let mut bench = Bench::online("well-behaved-lte");
    let (iccid, imsi) = (bench.text("mobile.iccid"), bench.text("mobile.imsi"));
    assert!(iccid.is_some() && imsi.is_some());
    bench.disturb("sim-swap iccid=8988307000000000018 imsi=901405100000001");
    bench.run(Duration::from_millis(150));
    assert_eq!((bench.text("mobile.iccid"), bench.text("mobile.apn")), (None, None), "at once");
    bench.until(120, |bench| bench.converged("wwan0"));
    assert_eq!(bench.text("mobile.iccid").as_deref(), Some("8988307000000000018"));
    assert_eq!(bench.text("mobile.imsi").as_deref(), Some("901405100000001"));
    let changes = bench.changed("mobile.iccid");
    assert_eq!(changes.first(), Some(&(iccid, None)), "{changes:?}");
}

#[test]
fn info_5_names_and_revisions() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.demand("wwan0.mobile");
    bench.run_for(1);
    assert_eq!(bench.text("mobile.operator_name").as_deref(), Some("Test 001-01"));
    assert_eq!(bench.text("mobile.hardware_revision").as_deref(), Some("10001"));
    assert!(bench.text("mobile.firmware_revision").is_some_and(|text| text.starts_with("SIM-1.0")));
    assert_eq!(bench.text("mobile.imeisv_svn").as_deref(), Some("01"));
    assert!(bench.text("mobile.imsi").is_some_and(|imsi| imsi.starts_with("00101")));
}

#[test]
fn prop_3_what_is_cleared_when_the_session_ends_the_network_goes_and_the_modem_is_pulled() {
    use wwan::property::{CATALOGUE, Lifetime};
    let left = |bench: &Bench, lifetimes: &[Lifetime]| -> Vec<String> {
        let of = |name: &str| CATALOGUE.iter().find(|p| name == format!("wwan0.{}", p.name)).map(|p| p.lifetime);
        bench.dump().into_keys().filter(|name| of(name).is_some_and(|l| lifetimes.contains(&l))).collect()
    };
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0");
    bench.run_for(70);
    for lifetime in [Lifetime::Modem, Lifetime::Card, Lifetime::Service, Lifetime::Session, Lifetime::Link] {
        assert!(!left(&bench, &[lifetime]).is_empty(), "{lifetime:?}");
    }
    bench.disturb("refuse-apn apn=internet cause=33");
    bench.run_for(10);
    assert_eq!(left(&bench, &[Lifetime::Session]), [""; 0]);
    assert!(!left(&bench, &[Lifetime::Service]).is_empty());
    bench.disturb("coverage on=false");
    bench.run_for(10);
    assert_eq!(left(&bench, &[Lifetime::Session, Lifetime::Service]), [""; 0]);
    assert!(!left(&bench, &[Lifetime::Card]).is_empty());
    bench.disturb("sim-out");
    bench.run_for(2);
    assert_eq!(left(&bench, &[Lifetime::Session, Lifetime::Service, Lifetime::Card]), [""; 0]);
    assert!(!left(&bench, &[Lifetime::Modem]).is_empty());
    bench.disturb("unplug");
    bench.run_for(10);
    let gone = [Lifetime::Session, Lifetime::Service, Lifetime::Card, Lifetime::Modem];
    assert_eq!(left(&bench, &gone), [""; 0]);
    assert!(!left(&bench, &[Lifetime::Configured]).is_empty());
    bench.fleet.handle(Input::Config(vec![Source::new("wwan.yaml", CONFIG.replace("wwan0", "wwan7"))]), bench.now);
    bench.settle();
    bench.run_for(10);
    assert!(!bench.dump().keys().any(|name| name.starts_with("wwan0.")), "{:#?}", bench.dump());
}

#[test]
fn prop_4_the_connection_of_the_device_is_the_best_of_its_modems() {
    let config = CONFIG.to_owned()
        + "  wwan1:\n    service_providers:\n      - { name: main, apn: internet, roaming_allowed: true, ip_family: ipv4 }\n";
    let mut bench = Bench::new(&config, &[("wwan0", "well-behaved-lte"), ("wwan1", "well-behaved-lte")], |_| {});
    let global = |bench: &Bench| bench.fleet.globals().get("connection").map(|held| held.value.to_string());
    assert_eq!(global(&bench).as_deref(), Some("disconnected"));
    bench.until(120, |bench| bench.converged("wwan0") && bench.converged("wwan1"));
    bench.run_for(1);
    assert_eq!(global(&bench).as_deref(), Some("internet"));
    bench.forget();
    bench.disturb("unplug");
    bench.run_for(10);
    assert_eq!(bench.text("connection").as_deref(), Some("disconnected"));
    assert_eq!(global(&bench).as_deref(), Some("internet"), "the other one");
    assert!(!bench.changes.iter().any(|change| change.name == "connection"));
    let other = "unplug".parse().expect("a disturbance");
    bench.hosts[1].1.disturb(&other, bench.now);
    bench.settle();
    bench.run_for(10);
    assert_eq!(global(&bench).as_deref(), Some("disconnected"));
}

#[test]
fn dev_7_life_1_what_an_interface_is_and_has() {
    let mut bench = Bench::one("well-behaved-lte");
    assert_eq!(bench.text("state").as_deref(), Some("configuring"));
    bench.until(120, |bench| bench.converged("wwan0"));
    bench.run_for(1);
    assert_eq!(bench.text("state").as_deref(), Some("configured"));
    assert_eq!((bench.text("type").as_deref(), bench.get("present")), (Some("wwan"), Some(Value::Flag(true))));
    assert!(bench.text("addresses").is_some_and(|text| text.starts_with("10.") && text.ends_with("/30")));
    bench.disturb("refuse-apn apn=internet cause=33");
    bench.run_for(30);
    assert_eq!(bench.text("state").as_deref(), Some("retrying"));
    bench.disturb("unplug");
    bench.run_for(10);
    assert_eq!(bench.get("present"), Some(Value::Flag(false)));
}

#[test]
fn f13_a_flood_of_indications_changes_a_property_ten_times_a_second_at_most_and_starves_nothing() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0.mobile");
    bench.run_for(5);
    bench.forget();
    let start = bench.now;
    let mut state = 1_u32;
    for burst in 0..2_000_u32 {
        // 10 indications each millisecond, as many frames in one read as the modem sends.
        let mut bytes = Vec::new();
        for _ in 0..10 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let lte =
                nas::LteSignal { rssi_dbm: -60 - (state >> 28) as i8, rsrq_db: -10, rsrp_dbm: -90, snr_tenth_db: 0 };
            let signal = nas::Signal { lte: Some(lte), ..Default::default() };
            bytes.extend(nas::signal_info::Indication { signal, ..Default::default() }.frame(0xFF).encode());
        }
        bench.fleet.handle(Input::Bytes("wwan0".into(), bytes), bench.now);
        bench.settle();
        if burst == 1_000 {
            bench.fleet.handle(Input::Watched("wwan0".into(), FactSet::TELEMETRY), bench.now);
        }
        bench.run(Duration::from_millis(1));
    }
    let seconds = bench.now.since(start).as_secs();
    assert_eq!(seconds, 2);
    let mut changes: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &bench.changes {
        *changes.entry(&change.name).or_default() += 1;
    }
    let signal = changes.get("wwan0.mobile.signal_dbm").copied().unwrap_or(0);
    assert!((10..=21).contains(&signal), "{changes:?}");
    assert!(changes.values().all(|count| *count <= 21), "{changes:?}");
    bench.disturb("drop-session cause=36");
    bench.until(10, |bench| bench.converged("wwan0"));
    assert!(bench.hosts[0].1.is_open());
}
