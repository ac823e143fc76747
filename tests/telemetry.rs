//! Telemetry and properties from a simulated modem to the table and its changes, in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use wwan::config::Source;
use wwan::model::{ConditionKind, FactSet, Instant, ModemName, Status};
use wwan::property::{self, Change, Value};
use wwan::qmi::{Frame, Indication as _, nas, wds};
use wwan::reconcile::{EventKind, Fleet, Input, Output};
use wwan::sim::{Personality, Profile, SimHost, SimModem, Switchboard};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: main, apn: internet, roaming_allowed: true, ip_family: ipv4 }
";

/// Modems, their hosts and one core.
struct Bench {
    fleet: Fleet,
    hosts: Vec<(ModemName, SimHost)>,
    now: Instant,
    changes: Vec<Change>,
    events: Vec<EventKind>,
    requests: Vec<(Instant, u16, u8)>,
    /// A client that watches everything renews its demand.
    watched: Option<&'static str>,
    renew_at: Instant,
}

impl Bench {
    fn new(config: &str, modems: &[(&str, &str)], change: impl Fn(&mut Profile)) -> Self {
        let host = |(number, (name, personality)): (usize, &(&str, &str))| {
            let personality = Personality::named(personality).expect("a personality").clone();
            let mut profile = Profile::numbered(number as u64 + 1);
            change(&mut profile);
            let modem = SimModem::new(personality, profile, number as u64 + 1, Instant::ZERO);
            (ModemName::from(*name), SimHost::new((*name).into(), Switchboard::new(modem), 1))
        };
        let mut bench = Self {
            fleet: Fleet::new(1),
            hosts: modems.iter().enumerate().map(host).collect(),
            now: Instant::ZERO,
            changes: Vec::new(),
            events: Vec::new(),
            requests: Vec::new(),
            watched: None,
            renew_at: Instant::ZERO,
        };
        bench.fleet.handle(Input::Config(vec![Source::new("wwan.yaml", config)]), bench.now);
        bench.settle();
        bench
    }

    fn one(personality: &str) -> Self {
        Self::new(CONFIG, &[("wwan0", personality)], |_| {})
    }

    fn online(personality: &str) -> Self {
        let mut bench = Self::one(personality);
        bench.until(180, |bench| bench.converged("wwan0"));
        bench.run_for(30);
        bench.forget();
        bench
    }

    fn forget(&mut self) {
        self.changes.clear();
        self.events.clear();
        self.requests.clear();
    }

    fn settle(&mut self) {
        loop {
            while let Some(output) = self.fleet.poll_output() {
                match &output {
                    Output::Changed(changes) => self.changes.extend(changes.iter().cloned()),
                    Output::Event(event) => self.events.push(event.what.clone()),
                    Output::Send(_, bytes) => {
                        let frame = Frame::parse(bytes).expect("whole frames");
                        self.requests.push((self.now, frame.message, frame.service.into()));
                    }
                    _ => {}
                }
                for (_, host) in &mut self.hosts {
                    host.handle_output(&output, self.now);
                }
            }
            let Some(input) = self.hosts.iter_mut().find_map(|(_, host)| host.poll_input()) else { return };
            self.fleet.handle(input, self.now);
        }
    }

    fn watch(&mut self, pattern: &'static str) {
        self.watched = Some(pattern);
        self.demand(pattern);
        self.renew_at = self.now + Duration::from_secs(30);
    }

    /// What a client that asks once costs.
    fn demand(&mut self, pattern: &str) {
        let names: Vec<ModemName> = self.hosts.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            let facts = property::telemetry_of(pattern, &name.0);
            self.fleet.handle(Input::Watched(name, facts), self.now);
        }
        self.settle();
    }

    fn run_for(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let hosts = self.hosts.iter().filter_map(|(_, host)| host.poll_timeout());
            let next = hosts.chain(self.fleet.poll_timeout()).map(|(at, _)| at).min().unwrap_or(Instant::FAR);
            let next = self.watched.map_or(next, |_| next.min(self.renew_at));
            if next > end {
                self.now = end;
                return;
            }
            self.now = next.max(self.now);
            if let Some(pattern) = self.watched.filter(|_| self.renew_at <= self.now) {
                self.watch(pattern);
            }
            for (_, host) in &mut self.hosts {
                host.handle_timeout(self.now);
            }
            self.settle();
            self.fleet.handle(Input::Timer, self.now);
            self.settle();
        }
    }

    fn until(&mut self, seconds: u64, holds: impl Fn(&Self) -> bool) {
        for _ in 0..seconds * 10 {
            if holds(self) {
                return;
            }
            self.run(Duration::from_millis(100));
        }
        panic!("not within {seconds} s: {:#?}", self.dump());
    }

    fn converged(&self, name: &str) -> bool {
        self.fleet.controller(&name.into()).is_some_and(|c| c.status(ConditionKind::Converged) == Status::True)
    }

    fn disturb(&mut self, text: &str) {
        let disturbance = text.parse().expect("a disturbance");
        self.hosts[0].1.disturb(&disturbance, self.now);
        self.settle();
    }

    fn get(&self, name: &str) -> Option<Value> {
        Some(self.fleet.controller(&"wwan0".into())?.properties().get(&format!("wwan0.{name}"))?.value.clone())
    }

    fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Integer(value) => Some(value),
            other => panic!("{name}: {other:?}"),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string())
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let all = self.fleet.properties("*").into_iter();
        all.map(|(name, held)| (name, held.value.to_string())).collect()
    }

    fn asked(&self, key: (wwan::qmi::Service, u16)) -> Vec<Instant> {
        let of = |(at, message, service): &(Instant, u16, u8)| {
            ((*message, *service) == (key.1, key.0.into())).then_some(*at)
        };
        self.requests.iter().filter_map(of).collect()
    }

    fn changed(&self, name: &str) -> Vec<(Option<String>, Option<String>)> {
        let full = format!("wwan0.{name}");
        let of = self.changes.iter().filter(|change| change.name == full);
        of.map(|c| (c.old.as_ref().map(|(v, _)| v.to_string()), c.new.as_ref().map(ToString::to_string))).collect()
    }
}

fn gaps(times: &[Instant]) -> Vec<u64> {
    times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect()
}

#[test]
fn sig_3_a_watched_signal_is_told_at_once_and_then_every_30_s() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.run_for(600);
    bench.forget();
    bench.disturb("signal rssi_dbm=-70 rsrp_dbm=-98");
    bench.watch("wwan0.mobile.signal_dbm");
    bench.run_for(301);
    let asked = bench.asked(nas::get_signal_info::KEY);
    assert!(gaps(&asked).iter().all(|gap| (30..=31).contains(gap)), "{asked:?}");
    assert!(asked.len() >= 9, "{asked:?}");
    let told = ["mobile.signal_asu", "mobile.signal_dbm", "mobile.signal_4bars"].map(|name| bench.integer(name));
    assert_eq!(told, [Some(21), Some(-70), Some(3)]);
    let together: Vec<Instant> =
        bench.changes.iter().filter(|c| c.name.starts_with("wwan0.mobile.signal_")).map(|c| c.at).collect();
    assert!(together.windows(2).all(|pair| pair[0] == pair[1]), "one change of all three: {together:?}");
    assert!(bench.asked(nas::get_cell_location_info::KEY).is_empty(), "nobody watches cells");
    // When nobody watches any more, nobody is asked.
    bench.watched = None;
    bench.run_for(120);
    bench.forget();
    bench.run_for(600);
    assert_eq!(bench.asked(nas::get_signal_info::KEY), []);
}

#[test]
fn sig_4_a_modem_that_refuses_the_signal_keeps_everything_else_and_is_unknown_after_three_misses() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0.mobile");
    bench.run_for(5);
    assert!(bench.integer("mobile.signal_dbm").is_some_and(|dbm| dbm > -80));
    for n in 1..=3 {
        bench.disturb(&format!("error-on-nth service=3 message={} n={n} error=3", nas::get_signal_info::ID));
    }
    bench.run_for(58);
    assert!(bench.integer("mobile.signal_dbm").is_some_and(|dbm| dbm > -80), "two misses are none");
    bench.run_for(32);
    let told = ["mobile.signal_asu", "mobile.signal_dbm", "mobile.signal_4bars"].map(|name| bench.integer(name));
    assert_eq!(told, [Some(99), Some(-113), Some(0)]);
    assert!(bench.converged("wwan0"));
    bench.run_for(35);
    assert!(bench.integer("mobile.signal_dbm").is_some_and(|dbm| dbm > -80), "and known again");
}

#[test]
fn sig_5_every_technology_reports_under_its_own_names() {
    for (personality, mask, present, absent) in [
        (
            "well-behaved-lte",
            16,
            vec!["lte_rssi_dbm", "lte_rsrp_dbm", "lte_rsrq_db", "lte_sinr_tenth_db"],
            "umts_rssi_dbm",
        ),
        ("well-behaved-lte", 8, vec!["umts_rssi_dbm", "umts_rscp_dbm", "umts_ecio_tenth_db"], "lte_rssi_dbm"),
        ("well-behaved-lte", 4, vec!["gsm_rssi_dbm"], "umts_rssi_dbm"),
        ("never-indicates", 16, vec!["lte_rssi_dbm", "lte_rsrp_dbm"], "gsm_rssi_dbm"),
        ("nsa-5g", 80, vec!["lte_rsrp_dbm", "nr5g_rsrp_dbm", "nr5g_rsrq_db", "nr5g_sinr_tenth_db"], "gsm_rssi_dbm"),
        ("quectel-like", 64, vec!["nr5g_rsrp_dbm", "nr5g_rsrq_db", "nr5g_sinr_tenth_db"], "lte_rsrp_dbm"),
    ] {
        let mut bench = Bench::new(CONFIG, &[("wwan0", personality)], |profile| {
            profile.network.technologies = nas::ModePreference(mask);
        });
        bench.until(180, |bench| bench.converged("wwan0"));
        bench.watch("wwan0.mobile");
        bench.run_for(40);
        for name in &present {
            assert!(
                bench.get(&format!("mobile.{name}")).is_some(),
                "{personality} {mask}: no {name}\n{:#?}",
                bench.dump()
            );
        }
        assert_eq!(bench.get(&format!("mobile.{absent}")), None, "{personality} {mask}");
        assert!(bench.integer("mobile.signal_4bars").is_some_and(|bars| bars > 0), "{personality} {mask}");
    }
}

#[test]
fn band_1_band_2_bands_by_technology_every_minute_and_after_an_error_sooner() {
    for (personality, mask, band, channel, count) in [
        ("well-behaved-lte", 16, Some("LTE Band 3"), Some(1_300), 1),
        ("well-behaved-lte", 8, Some("WCDMA 2100"), Some(10_700), 1),
        ("well-behaved-lte", 4, Some("GSM 900 Primary"), Some(62), 1),
        ("nsa-5g", 80, Some("LTE Band 3"), Some(1_300), 2),
        ("quectel-like", 64, Some("NR Band n78"), Some(630_000), 1),
        ("slow-boot", 16, None, None, 0),
    ] {
        let mut bench = Bench::new(CONFIG, &[("wwan0", personality)], |profile| {
            profile.network.technologies = nas::ModePreference(mask);
        });
        bench.until(300, |bench| bench.converged("wwan0"));
        bench.run_for(10);
        bench.watch("wwan0.mobile.band");
        bench.run_for(5);
        assert_eq!(bench.text("mobile.band").as_deref(), band, "{personality} {mask}");
        assert_eq!(bench.integer("mobile.channel"), channel, "{personality} {mask}");
        let list = match bench.get("mobile.bands") {
            Some(Value::List(list)) => list.len(),
            _ => 0,
        };
        assert_eq!(list, count, "{personality} {mask}");
    }
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0.mobile.band");
    bench.run_for(1);
    bench.disturb(&format!("error-on-nth service=3 message={} n=2 error=3", nas::get_rf_band_information::ID));
    bench.run_for(240);
    let asked = gaps(&bench.asked(nas::get_rf_band_information::KEY));
    assert_eq!(asked, [60, 60, 30, 60], "60 s after an answer, 30 s after an error");
}

#[test]
fn cell_1_cell_9_codes_and_cells_at_once_and_every_25_s() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0.mobile");
    bench.run_for(1);
    let told = ["mobile.mcc", "mobile.mnc", "mobile.cell_id", "mobile.tac", "mobile.pci", "mobile.earfcn"];
    assert_eq!(
        told.map(|name| bench.text(name).unwrap_or_default()),
        ["001", "01", "1192961", "6699", "101", "1300"].map(str::to_owned)
    );
    assert!(bench.text("mobile.neighbours").is_some_and(|text| text.contains("channel 6300 cell 77")));
    bench.run_for(250);
    for key in [nas::get_system_info::KEY, nas::get_cell_location_info::KEY] {
        let asked = bench.asked(key);
        assert!(gaps(&asked).iter().all(|gap| (25..=26).contains(gap)) && asked.len() >= 10, "{asked:?}");
    }
}

#[test]
fn cell_4_one_poll_however_often_the_session_comes_and_goes() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0.mobile");
    for _ in 0..4 {
        bench.disturb("drop-session cause=36");
        bench.until(120, |bench| bench.converged("wwan0"));
        bench.run_for(61);
    }
    bench.forget();
    bench.run_for(250);
    let asked = bench.asked(nas::get_system_info::KEY);
    assert!((9..=11).contains(&asked.len()), "one request in 25 s: {asked:?}");
}

#[test]
fn cell_5_cell_6_what_the_network_thinks_of_the_sim_while_nothing_serves_us() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.watch("wwan0.mobile");
    bench.run_for(2);
    assert_eq!(bench.text("mobile.sim_rej_info"), None, "served");
    assert!(bench.text("mobile.mcc").is_some());
    bench.disturb("coverage on=false");
    for (state, name) in [
        (0, "not_available"),
        (1, "available"),
        (2, "cs_invalid"),
        (3, "ps_invalid"),
        (4, "cs_ps_invalid"),
        (7, "unknown"),
    ] {
        bench.disturb(&format!("sim-reject state={state}"));
        bench.run_for(30);
        assert_eq!(bench.text("mobile.sim_rej_info").as_deref(), Some(name));
        assert_eq!((bench.get("mobile.mcc"), bench.get("mobile.mnc")), (None, None));
    }
    bench.disturb("coverage on=true");
    bench.until(60, |bench| bench.converged("wwan0"));
    bench.run_for(1);
    assert_eq!(bench.text("mobile.sim_rej_info"), None, "cleared on service");
}

#[test]
fn cell_6_codes_are_told_on_every_technology() {
    for (personality, mask) in [("well-behaved-lte", 4), ("well-behaved-lte", 8), ("quectel-like", 64)] {
        let mut bench = Bench::new(CONFIG, &[("wwan0", personality)], |profile| {
            profile.network.technologies = nas::ModePreference(mask);
        });
        bench.until(180, |bench| bench.converged("wwan0"));
        bench.watch("wwan0.mobile");
        bench.run_for(5);
        assert_eq!(bench.text("mobile.mcc").as_deref(), Some("001"), "{personality} {mask}");
        assert_eq!(bench.text("mobile.mnc").as_deref(), Some("01"), "{personality} {mask}");
    }
}

#[test]
fn cell_7_place_and_time_as_the_network_tells_them() {
    let mut bench = Bench::new(CONFIG, &[("wwan0", "well-behaved-lte")], |profile| {
        profile.network.zone_quarters = -16;
        profile.network.daylight_hours = 1;
        profile.network.cell = 27_663_611;
    });
    bench.until(180, |bench| bench.converged("wwan0"));
    bench.run_for(10);
    // Nobody watches: all of this came beside what the plan asks, or by indication.
    assert_eq!(bench.integer("mobile.utc_offset"), Some(-18_000));
    assert_eq!(bench.integer("mobile.std_offset"), Some(3_600));
    assert_eq!(bench.integer("mobile.cid"), Some(27_663_611));
    assert!(bench.text("mobile.network_datetime").is_some_and(|text| text.starts_with("2024-01-01 00:00:")));
    assert_eq!(bench.get("mobile.roaming"), Some(Value::Flag(false)));
}

#[test]
fn cell_8_roaming_is_told_both_ways_and_a_handover_moves_the_cell() {
    let mut bench = Bench::online("well-behaved-lte");
    bench.disturb("roaming on=true");
    bench.until(60, |bench| bench.get("mobile.roaming") == Some(Value::Flag(true)));
    bench.disturb("roaming on=false");
    bench.until(60, |bench| bench.get("mobile.roaming") == Some(Value::Flag(false)));
    bench.run_for(10);
    let tac = bench.get("mobile.tac");
    assert!(tac.is_some());
    bench.forget();
    bench.disturb("handover cell=77");
    bench.run_for(1);
    assert_eq!(bench.integer("mobile.cid"), Some(77), "an indication is believed");
    assert_eq!(bench.get("mobile.tac"), tac, "and says nothing of what it leaves out");
}

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
