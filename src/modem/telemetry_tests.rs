//! Telemetry byte by byte: the seed's vectors, lists in every order, refusals, and what a flood of indications costs.

use std::time::Duration;

use super::telemetry::{answer, beside, indication, signal, signal_strength};
use super::tests::Rig;
use super::{Output, clients::Clients};
use crate::model::telemetry::{CivilTime, Counters, Location, NetworkTime, Signal, SimReject};
use crate::model::{AccessTechnology, Fact, FactSet, IpFamily, Report};
use crate::qmi::plmn::{AsciiPlmn, BcdPlmn, Digits};
use crate::qmi::{Frame, Indication as _, Kind, ProtocolError, Request, Response as _, Service, nas, wds};

/// The answer `response` to a request that no other field of matters.
fn answered<R: Request>(request: &R, response: impl FnOnce(&Frame) -> Frame) -> Frame {
    response(&request.frame(1, 1))
}

/// A frame with these TLVs as they are on the wire.
fn raw(service: Service, kind: Kind, message: u16, tlvs: &[u8]) -> Frame {
    Frame { service, kind, message, client: 1, transaction: 1, tlvs: tlvs.to_vec() }
}

const GRANTED: [u8; 7] = [0x02, 4, 0, 0, 0, 0, 0];

fn strength(rssi: &[(u8, nas::RadioInterface)]) -> Signal {
    let rssi = rssi
        .iter()
        .map(|(minus_dbm, radio_interface)| nas::Rssi { minus_dbm: *minus_dbm, radio_interface: *radio_interface });
    signal_strength(&nas::get_signal_strength::Response { rssi: Some(rssi.collect()), ..Default::default() })
}

#[test]
fn sig_6_the_entry_of_a_technology_is_found_in_any_order() {
    use nas::RadioInterface::{Gsm, Lte, Umts};
    let lte = |signal: Signal| signal.lte.and_then(|lte| lte.rssi_dbm);
    assert_eq!(lte(strength(&[(71, Umts), (70, Lte)])), Some(-70));
    assert_eq!(lte(strength(&[(70, Lte), (71, Umts), (99, Gsm)])), Some(-70));
    let umts = strength(&[(71, Umts)]);
    assert_eq!((umts.lte, umts.umts.and_then(|u| u.rssi_dbm)), (None, Some(-71)));
    assert_eq!(strength(&[]), Signal::default());
}

#[test]
fn sig_5_every_technology_keeps_its_own_figures() {
    let told = nas::Signal {
        gsm_rssi_dbm: Some(-90),
        wcdma: Some(nas::EcioSignal { rssi_dbm: -80, ecio: 14 }),
        wcdma_rscp_dbm: Some(-95),
        lte: Some(nas::LteSignal { rssi_dbm: -60, rsrq_db: -11, rsrp_dbm: -92, snr_tenth_db: 145 }),
        nr5g: Some(nas::NrSignal { rsrp_dbm: -101, snr_tenth_db: -25 }),
        nr5g_rsrq_db: Some(-12),
        ..Default::default()
    };
    let heard = signal(&told);
    assert_eq!(heard.gsm_rssi_dbm, Some(-90));
    let umts = heard.umts.unwrap();
    assert_eq!((umts.rssi_dbm, umts.rscp_dbm, umts.ecio_tenth_db), (Some(-80), Some(-95), Some(-70)));
    let lte = heard.lte.unwrap();
    assert_eq!(
        (lte.rssi_dbm, lte.rsrp_dbm, lte.rsrq_db, lte.sinr_tenth_db),
        (Some(-60), Some(-92), Some(-11), Some(145))
    );
    let nr = heard.nr5g.unwrap();
    assert_eq!((nr.rsrp_dbm, nr.rsrq_db, nr.sinr_tenth_db), (Some(-101), Some(-12), Some(-25)));
    // What is not measured is nothing, and a block of nothing is no technology.
    let nothing = nas::NrSignal { rsrp_dbm: i16::MIN, snr_tenth_db: i16::MIN };
    assert_eq!(signal(&nas::Signal { nr5g: Some(nothing), ..Default::default() }), Signal::default());
    let rsrp_only = nas::LteSignal { rssi_dbm: i8::MIN, rsrq_db: i8::MIN, rsrp_dbm: -128, snr_tenth_db: i16::MIN };
    let lte = signal(&nas::Signal { lte: Some(rsrp_only), ..Default::default() }).lte.unwrap();
    assert_eq!((lte.rssi_dbm, lte.rsrp_dbm, lte.rsrq_db), (None, Some(-128), None), "-128 dBm is a power in 16 bits");
}

fn bands(response: nas::get_rf_band_information::Response) -> Vec<(AccessTechnology, String, u32)> {
    let frame = answered(&nas::get_rf_band_information::Request::default(), |r| response.accept(r));
    let Some(Report::Band(carriers)) = answer(&frame, None) else { panic!("no report") };
    carriers.into_iter().map(|c| (c.technology, c.band, c.channel)).collect()
}

#[test]
fn band_1_the_seeds_band_is_read_from_its_bytes() {
    // One entry: LTE, band 122, channel 1575.
    let tlvs = [&GRANTED[..], &[0x01, 6, 0, 1, 8, 122, 0, 0x27, 0x06]].concat();
    let frame = raw(Service::Nas, Kind::Response, nas::get_rf_band_information::ID, &tlvs);
    let Some(Report::Band(carriers)) = answer(&frame, None) else { panic!("no report") };
    let one = carriers.first().unwrap();
    assert_eq!((one.technology, one.band.as_str(), one.channel), (AccessTechnology::Lte, "LTE Band 3", 1575));
}

#[test]
fn band_2_none_or_many_bands_high_channels_and_the_true_table() {
    assert_eq!(bands(Default::default()), []);
    let narrow = |radio_interface, band, channel| nas::RfBand { radio_interface, band: nas::ActiveBand(band), channel };
    let wide =
        |radio_interface, band, channel| nas::ExtendedRfBand { radio_interface, band: nas::ActiveBand(band), channel };
    use nas::RadioInterface::{Lte, Nr5g};
    let both = nas::get_rf_band_information::Response {
        bands: Some(vec![narrow(Nr5g, 269, 40_176), narrow(Lte, 122, 1_300)]),
        extended: Some(vec![wide(Nr5g, 269, 630_000), wide(Lte, 122, 1_300)]),
        ..Default::default()
    };
    assert_eq!(
        bands(both),
        [
            (AccessTechnology::Lte, "LTE Band 3".to_owned(), 1_300),
            (AccessTechnology::Nr5g, "NR Band n78".to_owned(), 630_000)
        ],
        "the anchor first, the channel whole"
    );
    for (number, name) in [
        (120, "LTE Band 1"),
        (133, "LTE Band 14"),
        (134, "LTE Band 17"),
        (145, "LTE Band 20"),
        (158, "LTE Band 28"),
        (161, "LTE Band 66"),
        (168, "LTE Band 71"),
        (80, "WCDMA 2100"),
        (250, "NR Band n1"),
        (9999, "Unknown Band 9999"),
    ] {
        assert_eq!(nas::ActiveBand(number).to_string(), name, "{number}");
    }
}

#[test]
fn cell_7_the_seeds_registration_is_read_to_the_second() {
    let told = nas::serving_system::Indication {
        time_zone: Some(-16),
        daylight_saving: Some(1),
        universal_time: Some(nas::UniversalTime {
            year: 2021,
            month: 8,
            day: 31,
            hour: 22,
            minute: 38,
            second: 5,
            time_zone: 0,
        }),
        lac: Some(48_989),
        cid: Some(27_663_611),
        ..Default::default()
    };
    let reports = indication(&told.frame(1), &Clients::default());
    let time =
        NetworkTime { utc: CivilTime::new(2021, 8, 31, 22, 38, 5), zone_quarters: Some(-16), daylight_hours: Some(1) };
    let place = Location { lac: Some(48_989), cid: Some(27_663_611), tac: None };
    assert_eq!(reports, [Report::LocationPart(place), Report::NetworkTimePart(time)]);
    // An invalid date is no date; the rest counts.
    let invalid = nas::serving_system::Indication {
        universal_time: Some(nas::UniversalTime { year: 2021, month: 13, ..Default::default() }),
        time_zone: Some(4),
        ..Default::default()
    };
    let reports = indication(&invalid.frame(1), &Clients::default());
    assert_eq!(reports, [Report::NetworkTimePart(NetworkTime { zone_quarters: Some(4), ..Default::default() })]);
    assert_eq!(indication(&nas::serving_system::Indication::default().frame(1), &Clients::default()), []);
}

#[test]
fn cell_8_an_answer_is_the_whole_of_the_location() {
    let response = nas::get_serving_system::Response { cid: Some(5), lac: Some(0xFFFE), ..Default::default() };
    let frame = answered(&nas::get_serving_system::Request::default(), |r| response.accept(r));
    assert_eq!(beside(&frame), [Report::Location(Location { cid: Some(5), ..Default::default() })], "FFFE is no area");
}

fn system_info(response: nas::get_system_info::Response) -> crate::model::telemetry::SystemInfo {
    let frame = answered(&nas::get_system_info::Request::default(), |r| response.accept(r));
    let Some(Report::SystemInfo(info)) = answer(&frame, None) else { panic!("no report") };
    info
}

fn network(mcc: [u8; 3], mnc: [u8; 3]) -> nas::SystemInfo {
    let network = Some(AsciiPlmn { mcc: Digits(mcc), mnc: Digits(mnc) });
    nas::SystemInfo { network, ..Default::default() }
}

const SERVES: nas::RadioService = nas::RadioService {
    status: nas::ServiceStatus::Available,
    true_status: nas::ServiceStatus::Available,
    preferred_data_path: true,
};

#[test]
fn cell_1_cell_2_codes_are_text_and_end_before_the_padding() {
    for (mcc, mnc, text) in [
        (*b"310", *b"410", ("310", "410")),
        (*b"214", [0x30, 0x37, 0xFF], ("214", "07")),
        (*b"001", [0x30, 0x31, 0x00], ("001", "01")),
        (*b"310", *b"026", ("310", "026")),
    ] {
        let lte = nas::LteSystem { common: network(mcc, mnc), tac: Some(7) };
        let info = system_info(nas::get_system_info::Response {
            lte_service: Some(SERVES),
            lte_system: Some(lte),
            ..Default::default()
        });
        let system = info.systems.first().unwrap();
        assert_eq!((system.mcc.as_str(), system.mnc.as_str()), text);
        assert_eq!((system.technology, system.serves, system.tac), (AccessTechnology::Lte, true, Some(7)));
    }
}

#[test]
fn cell_6_every_technology_is_read_and_an_unknown_reject_has_a_name() {
    let umts = nas::WcdmaSystem { common: network(*b"214", *b"07\xFF"), ..Default::default() };
    let info = system_info(nas::get_system_info::Response {
        wcdma_service: Some(SERVES),
        wcdma_system: Some(umts),
        lte_service: Some(nas::RadioService { status: nas::ServiceStatus::None, ..SERVES }),
        ..Default::default()
    });
    let serving: Vec<_> = info.systems.iter().filter(|system| system.serves).collect();
    assert_eq!((serving.len(), serving[0].technology, serving[0].mnc.as_str()), (1, AccessTechnology::Umts, "07"));
    for (raw, name) in [
        (0, "not_available"),
        (1, "available"),
        (2, "cs_invalid"),
        (3, "ps_invalid"),
        (4, "cs_ps_invalid"),
        (5, "unknown"),
        (7, "unknown"),
    ] {
        let info = system_info(nas::get_system_info::Response {
            sim_reject: Some(raw.into()),
            registration_restriction: Some(nas::RegistrationRestriction::Unrestricted),
            ..Default::default()
        });
        assert_eq!((info.sim_reject.map(SimReject::name), info.restricted), (Some(name), false));
    }
}

#[test]
fn cell_9_the_serving_cell_and_its_neighbours() {
    let heard = |pci, rsrp_tenth_dbm| nas::LteCell {
        pci,
        rsrq_tenth_db: -110,
        rsrp_tenth_dbm,
        rssi_tenth_dbm: -600,
        rx_level: 20,
    };
    let intra = nas::LteIntrafrequency {
        plmn: BcdPlmn::new("901", "40"),
        tac: 6699,
        global_cell_id: 1_192_961,
        earfcn: 0xFFFF,
        serving_pci: 101,
        cells: vec![heard(101, -920), heard(102, -1005)],
        ..Default::default()
    };
    let other = nas::LteFrequency { earfcn: 6300, cells: vec![heard(77, -1100)], ..Default::default() };
    let response = nas::get_cell_location_info::Response {
        lte_intrafrequency: Some(intra),
        lte_interfrequency: Some(nas::LteInterfrequency { idle: false, frequencies: vec![other] }),
        lte_intra_earfcn: Some(66_486),
        lte_inter_earfcns: Some(vec![70_656]),
        ..Default::default()
    };
    let frame = answered(&nas::get_cell_location_info::Request::default(), |r| response.accept(r));
    let Some(Report::Cell(cell)) = answer(&frame, None) else { panic!("no report") };
    assert_eq!((cell.cell_id, cell.area, cell.physical_id), (Some(1_192_961), Some(6699), Some(101)));
    assert_eq!(cell.channel, Some(66_486), "channels beyond 65535 are whole");
    assert_eq!(cell.plmn.map(|plmn| plmn.to_string()).as_deref(), Some("90140"));
    let around: Vec<_> = cell.neighbours.iter().map(|n| (n.channel, n.physical_id, n.power_tenth_dbm)).collect();
    assert_eq!(around, [(66_486, 102, -1005), (70_656, 77, -1100)], "the serving cell is no neighbour");
}

#[test]
fn stat_1_the_seeds_report_is_read_from_its_bytes() {
    let le = |value: u32| value.to_le_bytes();
    let mut tlvs = Vec::new();
    for (id, value) in
        [(0x10, 28), (0x11, 16), (0x12, u32::MAX), (0x13, 0), (0x14, 0), (0x15, 0), (0x25, u32::MAX), (0x26, 0)]
    {
        tlvs.extend([&[id, 4, 0][..], &le(value)].concat());
    }
    for (id, value) in [(0x19, 1520_u64), (0x1A, 896)] {
        tlvs.extend([&[id, 8, 0][..], &value.to_le_bytes()].concat());
    }
    let clients = Clients::remembered(&[("wds-ipv4".to_owned(), 1)].into());
    let frame = raw(Service::Wds, Kind::Indication, wds::event_report::ID, &tlvs);
    let counters = Counters {
        tx_packets: Some(28),
        rx_packets: Some(16),
        tx_errors: Some(0),
        rx_errors: Some(0),
        tx_overflows: Some(0),
        rx_overflows: Some(0),
        tx_bytes: Some(1520),
        rx_bytes: Some(896),
        tx_drops: Some(0),
        rx_drops: Some(0),
    };
    assert_eq!(indication(&frame, &clients), [Report::Statistics(IpFamily::Ipv4, counters)]);
    // For nobody in particular and of no family: whose they are cannot be known.
    assert_eq!(indication(&Frame { client: 0xFF, ..frame }, &clients), []);
}

#[test]
fn stat_1_a_data_client_asks_for_all_ten_counters_every_minute() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::SessionIpv4]), rig.now);
    let mut asked = None;
    loop {
        let (frames, _) = rig.outputs();
        let Some(frame) = frames.into_iter().next() else { break };
        if frame.key() == wds::set_event_report::KEY {
            asked = Some(frame.tlvs.clone());
        }
        let answer = rig.willing(&frame);
        rig.send(&answer);
    }
    assert_eq!(asked.as_deref(), Some(&[0x11, 5, 0, 60, 0xFF, 0x03, 0, 0][..]), "60 s, mask 0x3FF");
}

#[test]
fn info_5_a_name_in_ucs_2_is_read() {
    let long = [0x41, 0, 0x54, 0, 0x26, 0, 0x54, 0].to_vec();
    let name = nas::PlmnName { encoding: nas::NameEncoding::Ucs2, long, ..Default::default() };
    let told = nas::operator_name::Indication { nitz: Some(name), ..Default::default() };
    assert_eq!(indication(&told.frame(1), &Clients::default()), [Report::OperatorName("AT&T".into())]);
}

/// Answers requests for the signal by `respond`, everything else willingly; returns what was asked and learned.
fn look_at_signal(rig: &mut Rig, respond: &dyn Fn(&Frame) -> Option<Frame>) -> (Vec<u16>, Vec<Signal>) {
    rig.driver.want(FactSet::of(&[Fact::Signal]), rig.now);
    let (mut asked, mut learned) = (Vec::new(), Vec::new());
    loop {
        let (frames, outputs) = rig.outputs();
        learned.extend(outputs.into_iter().filter_map(|output| match output {
            Output::Learn(Report::Signal(signal)) => Some(signal),
            _ => None,
        }));
        if frames.is_empty() {
            return (asked, learned);
        }
        for frame in frames {
            let about = [nas::get_signal_info::ID, nas::get_signal_strength::ID].contains(&frame.message);
            if frame.service == Service::Nas && about {
                asked.push(frame.message);
                if let Some(answer) = respond(&frame) {
                    rig.send(&answer);
                }
            } else {
                let answer = rig.willing(&frame);
                rig.send(&answer);
            }
        }
    }
}

#[test]
fn sig_5_old_firmware_is_asked_the_old_way_and_only_once_in_vain() {
    let mut rig = Rig::ready(&[]);
    let old = |frame: &Frame| {
        Some(match frame.message {
            nas::get_signal_info::ID => frame.refusal(ProtocolError::InvalidQmiCommand),
            _ => {
                let strength = nas::Strength { dbm: -71, radio_interface: nas::RadioInterface::Gsm };
                nas::get_signal_strength::Response { strength: Some(strength), ..Default::default() }.accept(frame)
            }
        })
    };
    let (asked, learned) = look_at_signal(&mut rig, &old);
    assert_eq!(asked, [nas::get_signal_info::ID, nas::get_signal_strength::ID]);
    assert_eq!(learned.last().and_then(|signal| signal.gsm_rssi_dbm), Some(-71));
    assert_eq!(look_at_signal(&mut rig, &old).0, [nas::get_signal_strength::ID]);
}

#[test]
fn sig_4_silence_is_never_fatal_and_after_three_misses_the_signal_is_unknown() {
    let mut rig = Rig::ready(&[]);
    let good = |frame: &Frame| {
        if frame.message == nas::get_signal_strength::ID {
            return Some(frame.refusal(ProtocolError::InformationUnavailable));
        }
        let lte = nas::LteSignal { rssi_dbm: -70, rsrq_db: -10, rsrp_dbm: -98, snr_tenth_db: 100 };
        let signal = nas::Signal { lte: Some(lte), ..Default::default() };
        Some(nas::get_signal_info::Response { signal, ..Default::default() }.accept(frame))
    };
    assert_eq!(look_at_signal(&mut rig, &good).1.len(), 1);
    for miss in 1..=3 {
        let (asked, learned) = look_at_signal(&mut rig, &|_| None);
        assert_eq!((asked.len(), learned.len()), (1, 0), "miss {miss}");
        // The request times out; the probe that follows is answered.
        rig.wait(Duration::from_secs(5));
        let outputs = rig.obey();
        let unknown = outputs.contains(&Output::Learn(Report::Signal(Signal::default())));
        assert_eq!(unknown, miss == 3, "miss {miss}: {outputs:?}");
        assert!(!outputs.iter().any(|o| matches!(o, Output::Forget(_) | Output::Restarted { .. })), "{outputs:?}");
        rig.wait(Duration::from_secs(30));
        rig.driver.want(FactSet::NONE, rig.now);
    }
    assert_eq!(look_at_signal(&mut rig, &good).1.len(), 1, "it recovers");
}

#[test]
fn ind_1_each_indication_goes_where_it_belongs() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::ServingSystem, Fact::SessionIpv4]), rig.now);
    rig.obey();
    let wds = rig.driver_client("wds-ipv4");
    let nas_client = rig.driver_client("nas");
    let mut after = |frame: Frame| {
        rig.send(&frame);
        let (frames, outputs) = rig.outputs();
        for frame in &frames {
            let answer = rig.willing(frame);
            rig.send(&answer);
        }
        rig.obey();
        (frames.iter().map(Frame::key).collect::<Vec<_>>(), outputs)
    };
    let (asked, _) = after(nas::serving_system::Indication::default().frame(nas_client));
    assert!(asked.contains(&nas::get_serving_system::KEY), "doubted: {asked:?}");
    let up = wds::PacketServiceStatus { status: wds::ConnectionStatus::Connected, reconfigure: false };
    let (asked, _) =
        after(wds::packet_service_status::Indication { status: Some(up), ..Default::default() }.frame(wds));
    assert!(asked.contains(&wds::get_packet_service_status::KEY), "doubted: {asked:?}");
    let (asked, outputs) =
        after(wds::event_report::Indication { tx_bytes_ok: Some(7), ..Default::default() }.frame(wds));
    assert_eq!(asked, [], "believed");
    assert!(matches!(outputs.as_slice(), [Output::Learn(Report::Statistics(IpFamily::Ipv4, _))]), "{outputs:?}");
    let (asked, outputs) = after(raw(Service::Nas, Kind::Indication, 0x7777, &[1, 1, 0, 9]));
    assert_eq!((asked, outputs), (vec![], vec![]), "unknown: ignored");
}

#[test]
fn a_flood_of_indications_costs_ten_looks_a_second() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::ServingSystem]), rig.now);
    rig.obey();
    rig.wait(Duration::from_secs(2));
    let client = rig.driver_client("nas");
    let mut looks = 0;
    for millisecond in 0..3_000_u64 {
        if millisecond > 0 {
            rig.wait(Duration::from_millis(1));
        }
        for _ in 0..5 {
            rig.send(&nas::serving_system::Indication::default().frame(client));
        }
        loop {
            let (frames, _) = rig.outputs();
            if frames.is_empty() {
                break;
            }
            for frame in frames {
                looks += usize::from(frame.key() == nas::get_serving_system::KEY);
                let answer = rig.willing(&frame);
                rig.send(&answer);
            }
        }
    }
    assert!((20..=33).contains(&looks), "{looks} looks in three seconds");
}

#[test]
fn mtu_3_only_the_mtu_is_an_mtu() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::SettingsIpv6]), rig.now);
    let mut settings = Vec::new();
    let mut asked = Vec::new();
    loop {
        let (frames, outputs) = rig.outputs();
        settings.extend(outputs.into_iter().filter_map(|output| match output {
            Output::Learn(Report::Settings(_, settings)) => Some(settings),
            _ => None,
        }));
        let Some(frame) = frames.into_iter().next() else { break };
        asked.push(frame.key());
        let answer = match frame.key() {
            wds::get_current_settings::KEY => {
                // 0x24: P-CSCF domain list, two bytes here; 0x25: an IPv6 address and its prefix length.
                let address = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 64];
                let tlvs = [&GRANTED[..], &[0x24, 2, 0, 0xDC, 0x05], &[0x25, 17, 0], &address].concat();
                Frame { kind: Kind::Response, tlvs, ..frame.clone() }
            }
            _ => rig.willing(&frame),
        };
        rig.send(&answer);
    }
    assert_eq!(settings.len(), 1);
    assert_eq!(settings[0].ip.mtu, None);
    assert!(settings[0].ip.ipv6.is_some());
    let families = asked.iter().filter(|key| **key == wds::set_ip_family::KEY).count();
    let queries = asked.iter().filter(|key| **key == wds::get_current_settings::KEY).count();
    assert_eq!((families, queries), (1, 1), "the family is the client's, and one query tells");
}
