//! The catalogue against what was observed.

use super::*;
use crate::model::telemetry::{
    Carrier, Cell, CivilTime, Counters, Location, LteSignal, NetworkTime, NrSignal, Octets, Signal, System, SystemInfo,
    Traffic, UmtsSignal,
};
use crate::model::{
    AccessTechnology, Apn, Authentication, Condition, Connection, ControlState, Desired, DesiredLink, Device, Fact,
    Iccid, Imei, Imsi, Instant, IpFamilies, IpFamily, LinkState, Observed, OperatingMode, PinChance, PortState,
    Provider, RadioPreference, Reach, Registration, Report, Selection, ServingSystem, SessionState, SimIdentity,
    SimState,
};

const AT: Instant = Instant::from_secs(100);

/// A modem of which everything is known that can be.
fn observed() -> Observed {
    let mut observed = Observed::default();
    let lte = AccessTechnology::Lte;
    let common = System {
        technology: lte,
        serves: true,
        roaming: Some(false),
        forbidden: Some(false),
        lac: Some(1),
        tac: Some(2),
        cell_id: Some(3),
        reject: None,
        mcc: "001".into(),
        mnc: "01".into(),
    };
    let host: std::net::Ipv4Addr = "10.9.0.1".parse().unwrap();
    let lease = crate::model::Lease {
        address: host,
        prefix: 24,
        server: host,
        seconds: 3600,
        routers: vec![host],
        dns: vec![host],
        domain: Some("one.example".into()),
        search: vec!["two.example".into()],
        mtu: Some(1430),
        broadcast: Some(host),
        host_name: Some("gw".into()),
        ntp: vec![host],
    };
    let ip = crate::model::IpSettings { mtu: Some(1430), ..Default::default() };
    for report in [
        Report::Port(PortState::Open),
        Report::Lease(crate::model::LeaseState::Held(lease)),
        Report::Control(ControlState::Ready),
        Report::Device(Device {
            manufacturer: "maker".into(),
            model: "model".into(),
            revision: "1".into(),
            hardware_revision: "2".into(),
            imei: Imei::parse("490154203237518").ok(),
            imei_software_version: Some("78".into()),
            meid: Some("A0".into()),
            esn: Some("80".into()),
            ..Device::default()
        }),
        Report::OperatingMode(OperatingMode::Online),
        Report::Sim(SimState::Ready),
        Report::SimIdentity(SimIdentity {
            imsi: Imsi::parse("001010000000001").ok(),
            ..SimIdentity::of(Iccid::parse("8949000000000000000").unwrap())
        }),
        Report::RadioPreference(RadioPreference {
            technologies: Some([lte].into_iter().collect()),
            ..RadioPreference::default()
        }),
        Report::ServingSystem(ServingSystem {
            registration: Registration::Home,
            ps_attached: true,
            network_known: true,
            plmn: Some(crate::model::Plmn { mcc: 214, mnc: 7, three_digit_mnc: false }),
            operator_name: Some("serving".into()),
            technologies: [lte, AccessTechnology::Nr5g].into_iter().collect(),
        }),
        Report::Session(IpFamily::Ipv4, SessionState::Connected),
        Report::Link(LinkState { up: true, ip, ..LinkState::default() }),
        Report::Signal(Signal {
            gsm_rssi_dbm: Some(-90),
            umts: Some(UmtsSignal { rssi_dbm: Some(-80), rscp_dbm: Some(-90), ecio_tenth_db: Some(-70) }),
            lte: Some(LteSignal {
                rssi_dbm: Some(-70),
                rsrp_dbm: Some(-98),
                rsrq_db: Some(-10),
                sinr_tenth_db: Some(145),
            }),
            nr5g: Some(NrSignal { rsrp_dbm: Some(-100), rsrq_db: Some(-11), sinr_tenth_db: Some(120) }),
        }),
        Report::Cell(Cell {
            technology: lte,
            plmn: None,
            area: Some(2),
            cell_id: Some(3),
            physical_id: Some(101),
            channel: Some(1300),
            neighbours: Vec::new(),
        }),
        Report::Band(vec![Carrier {
            technology: lte,
            band: "LTE Band 3".into(),
            channel: 1300,
            bandwidth_khz: Some(20_000),
        }]),
        Report::SystemInfo(SystemInfo { systems: vec![common], ..SystemInfo::default() }),
        Report::OperatorName("told".into()),
        Report::Location(Location { lac: Some(1), cid: Some(3), tac: Some(2) }),
        Report::NetworkTime(NetworkTime {
            utc: CivilTime::new(2021, 8, 31, 22, 38, 5),
            zone_quarters: Some(-16),
            daylight_hours: Some(1),
        }),
        Report::Statistics(
            IpFamily::Ipv4,
            Counters { tx_bytes: Some(1520), rx_bytes: Some(896), ..Default::default() },
        ),
    ] {
        observed.learn(report, AT);
    }
    observed
}

fn desired() -> Desired {
    let provider = Provider {
        name: "main".into(),
        origin: String::new(),
        because: String::new(),
        apn: Apn("internet".into()),
        roaming_allowed: None,
        authentication: Authentication::None,
        username: None,
        password: None,
        families: IpFamilies::Ipv4,
        profile: 1,
    };
    Desired {
        radio: RadioPreference::default(),
        slot: None,
        pin: PinChance::NotConfigured,
        selection: Selection::Chosen(provider),
        link: DesiredLink::default(),
        looks_at_internet: false,
    }
}

fn conditions() -> Vec<Condition> {
    let kind = crate::model::ConditionKind::LinkConfigured;
    let finding = crate::model::Finding::Configured { addresses: String::new() };
    vec![Condition { kind, status: crate::model::Status::True, finding, since: AT, observed_generation: 1 }]
}

/// What is there, by name.
fn dump(observed: &Observed, now: Instant) -> BTreeMap<&'static str, Value> {
    let traffic = Traffic { rate: Some(Octets { tx: 1, rx: 2 }), ..Traffic::default() };
    let (desired, conditions) = (desired(), conditions());
    let connection = Connection { reach: Reach::Internet, gap: None, since: AT };
    let view =
        View { observed, desired: &desired, conditions: &conditions, traffic: &traffic, connection: &connection, now };
    values(view).filter_map(|(property, value)| Some((property.name, value?))).collect()
}

#[test]
fn patterns_fit_parts_and_rests() {
    for (pattern, name, fit) in [
        ("wwan0.mobile.iccid", "wwan0.mobile.iccid", true),
        ("wwan0.mobile.*", "wwan0.mobile.iccid", true),
        ("*.mobile.iccid", "wwan1.mobile.iccid", true),
        ("wwan0.*", "wwan0.mobile.iccid", true),
        ("*", "wwan0.mobile.iccid", true),
        ("wwan0.mobile", "wwan0.mobile.iccid", false),
        ("wwan0.mobile.iccid.x", "wwan0.mobile.iccid", false),
        ("wwan0.*.imei", "wwan0.mobile.iccid", false),
        ("wwan0.mobile.signal*", "wwan0.mobile.signal_dbm", true),
        ("wwan0.mobile.signal*", "wwan0.mobile.iccid", false),
        ("wwan0.mobile.*_dbm", "wwan0.mobile.lte_rsrp_dbm", true),
        ("wwan0.mobile.*_dbm", "wwan0.mobile.lte_rsrq_db", false),
        ("wwan0.mobile.l*r*_d*", "wwan0.mobile.lte_rsrp_dbm", true),
        ("wwan0.mobile.l*x*_d*", "wwan0.mobile.lte_rsrp_dbm", false),
        ("wwan*.mobile.iccid", "wwan12.mobile.iccid", true),
        ("wwan*.mobile.iccid", "eth0.mobile.iccid", false),
        ("a*a", "a", false),
    ] {
        assert_eq!(fits(pattern, name), fit, "{pattern} and {name}");
    }
}

#[test]
fn a_name_stands_for_all_below_it_and_the_seeds_spelling_is_understood() {
    for (pattern, name, selected) in [
        ("wwan0.mobile", "wwan0.mobile.iccid", true),
        ("wwan0", "wwan0.mobile.iccid", true),
        ("interface/wwan0/mobile/iccid", "wwan0.mobile.iccid", true),
        ("interface.wwan0.mobile", "wwan0.mobile.iccid", true),
        ("wwan0.mobile.iccid", "wwan0.mobile.iccid", true),
        ("wwan", "wwan0.mobile.iccid", false),
        ("wwan0.mobile.ic", "wwan0.mobile.iccid", false),
        ("", "connection", false),
    ] {
        assert_eq!(selects(pattern, name), selected, "{pattern} and {name}");
    }
}

#[test]
fn the_catalogue_is_sorted_and_documented() {
    assert!(CATALOGUE.is_sorted_by(|a, b| a.name < b.name), "sorted by name, no name twice");
    for property in CATALOGUE {
        assert!(property.doc.ends_with('.'), "{}: a doc is a sentence", property.name);
    }
}

#[test]
fn every_value_is_of_the_kind_the_catalogue_says() {
    let there = dump(&observed(), AT);
    for property in CATALOGUE {
        if let Some(value) = there.get(property.name) {
            assert_eq!(value.kind(), property.kind, "{}", property.name);
        }
    }
    // These are there only while nothing serves us.
    let absent: Vec<&str> = CATALOGUE.iter().map(|p| p.name).filter(|name| !there.contains_key(name)).collect();
    assert_eq!(absent, ["mobile.reject_cause", "mobile.sim_rej_info"]);
}

#[test]
fn prop_2_the_seeds_names_have_the_seeds_types() {
    use Kind::{Flag, Integer, List, Map, Text};
    let seed = [
        ("addresses", List),
        ("connection", Text),
        ("mobile.access_technology", Text),
        ("mobile.apn", Text),
        ("mobile.band", Text),
        ("mobile.channel", Integer),
        ("mobile.cid", Integer),
        ("mobile.esn", Text),
        ("mobile.iccid", Text),
        ("mobile.imei", Text),
        ("mobile.imeisv_svn", Text),
        ("mobile.lac", Integer),
        ("mobile.manufacturer", Text),
        ("mobile.mcc", Text),
        ("mobile.meid", Text),
        ("mobile.mnc", Text),
        ("mobile.model", Text),
        ("mobile.network_datetime", Text),
        ("mobile.roaming", Flag),
        ("mobile.signal_4bars", Integer),
        ("mobile.signal_asu", Integer),
        ("mobile.signal_dbm", Integer),
        ("mobile.sim_rej_info", Text),
        ("mobile.statistics", Map),
        ("mobile.std_offset", Integer),
        ("mobile.utc_offset", Integer),
        ("present", Flag),
        ("state", Text),
        ("type", Text),
    ];
    for (name, kind) in seed {
        let property = CATALOGUE.iter().find(|property| property.name == name);
        assert_eq!(property.map(|property| property.kind), Some(kind), "{name}");
    }
    let there = dump(&observed(), AT);
    assert_eq!(there["mobile.utc_offset"], Value::Integer(-18_000));
    assert_eq!(there["mobile.std_offset"], Value::Integer(3_600));
    assert_eq!(there["mobile.network_datetime"], Value::Text("2021-08-31 22:38:05".into()));
}

#[test]
fn prop_3_no_property_outlives_its_lifetime_or_the_facts_it_is_read_from() {
    let full = observed();
    let there = dump(&full, AT);
    let ends = [
        (Lifetime::Modem, Fact::Control),
        (Lifetime::Card, Fact::SimIdentity),
        (Lifetime::Service, Fact::ServingSystem),
        (Lifetime::Session, Fact::SessionIpv4),
        (Lifetime::Link, Fact::Link),
    ];
    for (lifetime, fact) in ends {
        let mut ended = full.clone();
        ended.forget(FactSet::of(&[fact]));
        let left = dump(&ended, AT);
        for property in CATALOGUE.iter().filter(|property| property.lifetime == lifetime) {
            assert!(!left.contains_key(property.name), "{} outlives its {lifetime:?}", property.name);
        }
        let configured = CATALOGUE.iter().filter(|property| property.lifetime == Lifetime::Configured);
        assert!(configured.into_iter().all(|property| left.contains_key(property.name)));
    }
    // Seven hours later every fact is old.
    let later = dump(&full, AT + std::time::Duration::from_secs(7 * 3600));
    let timeless =
        ["connection", "connection_reason", "mobile.lifetime_rx_bytes", "mobile.lifetime_tx_bytes", "state", "type"];
    assert_eq!(later.into_keys().collect::<Vec<_>>(), timeless);
    assert!(there.len() > 60);
}

#[test]
fn whoever_watches_a_property_has_its_telemetry_asked_for() {
    let full = observed();
    let there = dump(&full, AT);
    for fact in FactSet::TELEMETRY.iter() {
        let mut without = full.clone();
        without.forget(FactSet::of(&[fact]));
        let left = dump(&without, AT);
        let read: Vec<&Property> =
            CATALOGUE.iter().filter(|property| there.get(property.name) != left.get(property.name)).collect();
        // The location comes beside the registration: there is nothing to ask.
        let asked = read.iter().filter(|property| property.telemetry.contains(fact) || fact == Fact::Location);
        assert_eq!(asked.count(), read.len(), "{fact:?}: {:?}", read.iter().map(|p| p.name).collect::<Vec<_>>());
    }
    let of = |pattern: &str| telemetry_of(pattern, "wwan0");
    assert_eq!(of("wwan0.mobile.signal_dbm"), FactSet::of(&[Fact::Signal]));
    assert_eq!(of("wwan0.mobile.iccid"), FactSet::NONE);
    assert_eq!(of("wwan1.mobile"), FactSet::NONE);
    assert!(of("interface/wwan0/mobile").contains(Fact::Cell));
}

#[test]
fn cell_3_the_provider_is_the_brand_of_the_serving_network_and_absent_where_nobody_knows_it() {
    let provider = |mcc, mnc, three_digit_mnc| {
        let mut observed = observed();
        let serving = observed.serving_system.as_mut().unwrap();
        serving.value.plmn = Some(crate::model::Plmn { mcc, mnc, three_digit_mnc });
        dump(&observed, AT).remove("mobile.provider")
    };
    assert_eq!(provider(214, 7, false), Some(Value::Text("Movistar".to_owned())));
    assert_eq!(provider(310, 410, true), Some(Value::Text("AT&T".to_owned())));
    assert_eq!(provider(214, 7, true), None, "214 007 is another network");
}
