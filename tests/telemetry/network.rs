//! What the radio hears and what serves it: signal, bands, cells, place and time.

use super::*;

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
