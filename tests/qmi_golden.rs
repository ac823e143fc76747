//! Byte strings of other implementations and of real modems, against the tables.
//!
//! Those marked N come from the tests of <https://github.com/nerves-networking/qmi> (commit a84f2177, Apache-2.0,
//! copyright 2021 Frank Hunleth, Matt Ludwigs, SmartRent and others); some are captures of real modems.

use std::net::Ipv4Addr;

use wwan::qmi::plmn::{AsciiPlmn, BcdPlmn, Digits, ExactPlmn, NumericPlmn};
use wwan::qmi::{Frame, Indication, Message, Request, Response, from_hex, nas, uim, wds};

/// What stands after flags and transaction: message id, length, TLVs. Their lengths are not checked, some are wrong.
fn payload<M: Message>(hex: &str) -> Frame {
    let bytes = from_hex(hex).expect(hex);
    let message = u16::from_le_bytes([bytes[0], bytes[1]]);
    Frame { service: M::SERVICE, client: 1, kind: M::KIND, transaction: 1, message, tlvs: bytes[4..].to_vec() }
}

fn granted<R: Response>(hex: &str) -> R {
    let mut frame = payload::<R>(hex);
    if !frame.tlvs().any(|tlv| tlv.is_ok_and(|(id, _)| id == 0x02)) {
        frame.tlvs.extend([0x02, 4, 0, 0, 0, 0, 0]);
    }
    R::decode(&frame).expect("a message").expect("a success")
}

fn told<I: Indication>(hex: &str) -> I {
    I::decode(&payload::<I>(hex)).expect("a message")
}

/// The payload a request encodes to.
fn asked(request: &impl Request) -> Vec<u8> {
    request.frame(1, 1).encode()[9..].to_vec()
}

fn hex(text: &str) -> Vec<u8> {
    from_hex(text).expect(text)
}

/// RAT-1; N.
#[test]
fn setting_the_radio_technologies() {
    for (modes, bytes) in [
        (nas::ModePreference::LTE, "33000900170100011102001000"),
        (nas::ModePreference::UMTS, "33000900170100011102000800"),
        (nas::ModePreference::LTE | nas::ModePreference::UMTS, "33000900170100011102001800"),
        (
            [nas::ModePreference::LTE, nas::ModePreference::UMTS, nas::ModePreference::GSM].into_iter().collect(),
            "33000900170100011102001c00",
        ),
    ] {
        let request = nas::set_system_selection_preference::Request {
            duration: Some(nas::ChangeDuration::Permanent),
            mode_preference: Some(modes),
            ..Default::default()
        };
        assert_eq!(asked(&request), hex(bytes), "{modes}");
    }
}

/// ROAM-1; N.
#[test]
fn allowing_and_forbidding_roaming_in_a_profile() {
    for (kind, disallowed, bytes) in [
        (wds::ProfileType::ThreeGpp, false, "28000900 0102000001 3e010000"),
        (wds::ProfileType::ThreeGpp, true, "28000900 0102000001 3e010001"),
        (wds::ProfileType::ThreeGpp2, false, "28000900 0102000101 3e010000"),
        (wds::ProfileType::Epc, false, "28000900 0102000201 3e010000"),
    ] {
        let request = wds::modify_profile::Request {
            id: Some(wds::ProfileId { kind, index: 1 }),
            profile: wds::Profile { roaming_disallowed: Some(disallowed), ..Default::default() },
            ..Default::default()
        };
        assert_eq!(asked(&request), hex(bytes));
    }
}

/// CON-1; N.
#[test]
fn starting_a_session() {
    let request = wds::start_network::Request { apn: Some("apn".into()), ..Default::default() };
    assert_eq!(asked(&request), hex("20000600 140300 61706e"));
    let request = wds::start_network::Request { profile_3gpp: Some(1), ..request };
    assert_eq!(asked(&request), hex("20000a00 140300 61706e 31010001"));
    let response: wds::start_network::Response = granted("20000700 010400 01000000");
    assert_eq!(response.handle, Some(1));
}

/// INFO-3; N.
#[test]
fn reading_the_iccid() {
    let request = uim::read_transparent::Request {
        session: Some(uim::Session::default()),
        file: Some(uim::File::iccid()),
        read: Some(uim::ReadRange::default()),
        ..Default::default()
    };
    assert_eq!(asked(&request), hex("20001400 0102000000 020500e22f02003f 03040000000000"));
    let response: uim::read_transparent::Response =
        granted("20001b00 02040000000000 110c000a00 98880307000010527048 1002009000");
    assert_eq!(response.card_result, Some(uim::CardResult { sw1: 0x90, sw2: 0 }));
    assert_eq!(uim::iccid_digits(&response.data.expect("data")).as_deref(), Some("89883070000001250784"));
}

/// CELL-7; N.
#[test]
fn a_serving_system_indication_of_a_real_modem() {
    let told: nas::serving_system::Indication = told(
        "240048000106000101010201051104000303040512050036019a0100280200730029050036019a01011e0400fb1ca6011a0100f0\
         1b0100011c0800e507081f162605f01d02005dbf10010001",
    );
    let expected = nas::serving_system::Indication {
        serving_system: Some(nas::ServingSystem {
            registration: nas::RegistrationState::Registered,
            cs_attach: nas::AttachState::Attached,
            ps_attach: nas::AttachState::Attached,
            network: nas::NetworkType::ThreeGpp,
            radio_interfaces: vec![nas::RadioInterface::Umts],
        }),
        roaming: Some(nas::RoamingIndicator::Home),
        data_capabilities: Some(vec![
            nas::DataCapability::Hsdpa,
            nas::DataCapability::Hsupa,
            nas::DataCapability::Wcdma,
        ]),
        current_plmn: Some(nas::NamedPlmn { mcc: 310, mnc: 410, name: String::new() }),
        time_zone: Some(-16),
        daylight_saving: Some(1),
        universal_time: Some(nas::UniversalTime {
            year: 2021,
            month: 8,
            day: 31,
            hour: 22,
            minute: 38,
            second: 5,
            time_zone: 0xF0,
        }),
        lac: Some(48_989),
        cid: Some(27_663_611),
        umts_psc: Some(115),
        plmn_digits: Some(ExactPlmn { mcc: 310, mnc: 410, three_digits: true }),
        ..Default::default()
    };
    assert_eq!(told, expected);
}

/// CELL-9; N.
#[test]
fn cell_location_of_a_real_modem() {
    let info: nas::get_cell_location_info::Response = granted(
        "43000d0002040000000000132700011300140a1211771b01f61339000202023e0239008cfff0fb0efd1a004e0072ffe0fbc8fc18\
         00140e000102d00700080300520300080300150200010016020001001e0400ffffffff2602004600270400f613000028090002d007\
         000052030000",
    );
    assert_eq!(info.leftover, Default::default());
    let lte = info.lte_intrafrequency.expect("the block");
    assert_eq!(lte.plmn, BcdPlmn::new("310", "410"));
    assert_eq!((lte.tac, lte.global_cell_id, lte.earfcn, lte.serving_pci), (4618, 18_577_169, 5110, 57));
    let cell = |pci, rsrq_tenth_db, rsrp_tenth_dbm, rssi_tenth_dbm, rx_level| nas::LteCell {
        pci,
        rsrq_tenth_db,
        rsrp_tenth_dbm,
        rssi_tenth_dbm,
        rx_level,
    };
    assert_eq!(lte.cells, [cell(57, -116, -1040, -754, 26), cell(78, -142, -1056, -824, 24)]);
    assert_eq!(info.lte_timing_advance_us, Some(u32::MAX));
    assert_eq!((info.doppler, info.lte_intra_earfcn), (Some(70), Some(5110)));
    assert_eq!(info.lte_inter_earfcns, Some(vec![2000, 850]));
}

/// CELL-2; N.
#[test]
fn system_info_of_a_real_modem() {
    for (digits, mcc, mnc) in [("333130343130", "310", "410"), ("3231343037ff", "214", "07")] {
        let info: nas::get_system_info::Response = granted(&format!(
            "4d00880002040000000000130300000000140300020200191d00010301030101010000ffff010a771b0100000001{digits}\
             010a121e0200ffff210100002601000027040001000000290100012a0400000000002f0400000000003104000000000034\
             0200ffff38040003000000390400010000003e0400000000004404000300000046040004000000",
        ));
        assert_eq!(info.leftover, Default::default());
        let expected = nas::LteSystem {
            common: nas::SystemInfo {
                domain: Some(nas::ServiceDomain::CsPs),
                capability: Some(nas::ServiceDomain::CsPs),
                roaming: Some(nas::RoamingStatus::Roaming),
                forbidden: Some(false),
                lac: None,
                cid: Some(18_577_162),
                reject: None,
                network: Some(AsciiPlmn { mcc: Digits::new(mcc), mnc: Digits::new(mnc) }),
            },
            tac: Some(4618),
        };
        assert_eq!(info.lte_system, Some(expected));
        assert_eq!(info.lte_service.expect("a block").status, nas::ServiceStatus::Available);
        assert_eq!(info.sim_reject, Some(nas::SimReject::Available));
        assert_eq!(info.registration_restriction, Some(nas::RegistrationRestriction::Unrestricted));
        assert_eq!(info.lte_cell_access, Some(nas::LteCellAccess::AllCalls));
    }
}

/// INFO-5; N. Its name is big-endian, against libqmi's word for the encoding.
#[test]
fn an_operator_name_of_a_real_modem() {
    let told: nas::operator_name::Indication = told("3a00190014160001000000080041005400260054080041005400260054");
    let nitz = told.nitz.expect("a name");
    assert_eq!((nitz.long_text(), nitz.short_text()), ("AT&T".into(), "AT&T".into()));
}

/// N.
#[test]
fn system_selection_preference_of_a_real_modem() {
    let preference: nas::get_system_selection_preference::Response = granted(
        "34006300020400000000001001000011020018001208000000800600000000140200ff001508001a3800000000080816010000\
         18040002000000190400020000001a08003f000000000000001c03000208051d0400000000001f04000100000020040003000000",
    );
    assert_eq!(preference.mode_preference, Some(nas::ModePreference::LTE | nas::ModePreference::UMTS));
    assert_eq!(preference.roaming_preference, Some(nas::RoamingPreference::Any));
    assert_eq!(preference.network_selection, Some(nas::SelectionMode::Automatic));
    let bands = preference.lte_bands.expect("bands");
    assert_eq!(bands.iter().collect::<Vec<_>>(), [2, 4, 5, 12, 13, 14, 52, 60]);
    assert_eq!(preference.acquisition_order, Some(vec![nas::RadioInterface::Lte, nas::RadioInterface::Umts]));
    assert_eq!(preference.usage, Some(nas::UsagePreference::VoiceCentric));
    assert_eq!(preference.voice_domain, Some(nas::VoiceDomainPreference::PsPreferred));
}

/// STAT-1; N.
#[test]
fn transfer_statistics() {
    let ten = wds::StatisticsMask(0x3FF);
    let request = wds::set_event_report::Request {
        transfer_statistics: Some(wds::StatisticsReport { interval_s: 60, counters: ten }),
        ..Default::default()
    };
    assert_eq!(asked(&request), hex("01000800 110500 3c ff030000"));

    let told: wds::event_report::Indication = told(
        "01004e001004001c00000011040010000000120400ffffffff130400ffffffff140400ffffffff150400ffffffff\
         190800f0050000000000001a080080030000000000002504000000000026040000000000",
    );
    assert_eq!((told.tx_packets_ok, told.rx_packets_ok), (Some(28), Some(16)));
    assert_eq!((told.tx_bytes_ok, told.rx_bytes_ok), (Some(1520), Some(896)));
    assert_eq!((told.tx_packets_error, told.rx_overflows), (Some(u32::MAX), Some(u32::MAX)), "not counted");
    assert_eq!((told.tx_packets_dropped, told.rx_packets_dropped), (Some(0), Some(0)));
}

/// MTU-1, IP-2; N.
#[test]
fn current_settings_of_a_real_modem() {
    let settings: wds::get_current_settings::Response = granted(
        "2d005b00 020400000000001101000015040008080808160400040408081d0100001e04006368880a1f020000012004006468880a\
         210400f8ffffff220100002301000024010000290400780500002a0100002b0100042c0100002d02008088",
    );
    assert_eq!(settings.pdp_type, Some(wds::PdpType::Ipv4));
    assert_eq!(settings.primary_dns, Some(Ipv4Addr::new(8, 8, 8, 8)));
    assert_eq!(settings.secondary_dns, Some(Ipv4Addr::new(8, 8, 4, 4)));
    assert_eq!(settings.ipv4_address, Some(Ipv4Addr::new(10, 136, 104, 99)));
    assert_eq!(settings.ipv4_gateway, Some(Ipv4Addr::new(10, 136, 104, 100)));
    assert_eq!(settings.ipv4_netmask, Some(Ipv4Addr::new(255, 255, 255, 248)));
    assert_eq!(settings.profile, Some(wds::ProfileId { kind: wds::ProfileType::ThreeGpp, index: 1 }));
    assert_eq!((settings.mtu, settings.ip_family), (Some(1400), Some(wds::IpFamily::Ipv4)));
    assert_eq!(settings.technology, Some(wds::ExtendedTechnology::Epc));
    assert_eq!((settings.pcscf_addresses, settings.domains), (Some(vec![]), Some(vec![])));
    assert_eq!(settings.leftover.malformed, []);
}

/// MTU-3: what the seed read as MTUs are a list of names and an IPv6 address.
#[test]
fn neither_0x24_nor_0x25_is_an_mtu() {
    let settings: wds::get_current_settings::Response = granted("2d000c00 250200dc05 240400dc050000");
    assert_eq!(settings.mtu, None);
    assert_eq!(settings.leftover.malformed.len(), 2);
}

/// BAND-1; N.
#[test]
fn the_band_of_a_real_modem() {
    let info: nas::get_rf_band_information::Response = granted("31001000 02040000000000 010600 01 05 5100 af02");
    let [band] = &info.bands.expect("a list")[..] else { panic!("one band") };
    assert_eq!(band.radio_interface, nas::RadioInterface::Umts);
    assert_eq!((band.band.to_string().as_str(), band.channel), ("WCDMA PCS 1900", 687));
}

/// SIG-1, CELL-3; N.
#[test]
fn signal_strength_and_home_network() {
    let mask = nas::StrengthItems(0xEF);
    let request = nas::get_signal_strength::Request { mask: Some(mask), ..Default::default() };
    assert_eq!(asked(&request), hex("20000500 100200ef00"));
    let strength: nas::get_signal_strength::Response = granted("20000700 110400 0100 0a 08");
    assert_eq!(strength.rssi, Some(vec![nas::Rssi { minus_dbm: 10, radio_interface: nas::RadioInterface::Lte }]));
    let home: nas::get_home_network::Response = granted("25000d00 010a00 dd00 ef00 05 68656c6c6f");
    assert_eq!(home.home_network, Some(nas::NamedPlmn { mcc: 221, mnc: 239, name: "hello".into() }));
    let name = nas::get_plmn_name::Request { plmn: Some(NumericPlmn { mcc: 310, mnc: 410 }), ..Default::default() };
    assert_eq!(asked(&name), hex("44000700 010400 3601 9a01"));
}
