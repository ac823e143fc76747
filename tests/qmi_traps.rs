//! The traps of the protocol, a test each: what looks alike and is not, what is said twice and differs.

use std::net::{Ipv4Addr, Ipv6Addr};

use wwan::qmi::bands::{ExtendedLteBands, LteBands, NrBands};
use wwan::qmi::plmn::{AsciiPlmn, BcdPlmn, Digits, ExactPlmn};
use wwan::qmi::{
    BROADCAST, DecodeError, Frame, Indication, Kind, Message, Piece, ProtocolError, Request, Response, Secret, Service,
    Splitter, Tlv, ctl, dms, dsd, nas, uim, wds,
};

/// A message of the tables from TLVs in hexadecimal.
fn frame<M: Message>(tlvs: &str) -> Frame {
    let tlvs = wwan::qmi::from_hex(tlvs).expect(tlvs);
    Frame { service: M::SERVICE, client: 1, kind: M::KIND, transaction: 1, message: M::ID, tlvs }
}

/// A granted response; the Result is added.
fn granted<R: Response>(tlvs: &str) -> R {
    R::decode(&frame::<R>(&format!("02 0400 0000 0000 {tlvs}"))).expect("a message").expect("a success")
}

fn told<I: Indication>(tlvs: &str) -> I {
    I::decode(&frame::<I>(tlvs)).expect("a message")
}

fn tlvs_of(frame: &Frame) -> String {
    frame.tlvs.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn roaming_is_zero_in_serving_system_and_one_in_system_info() {
    let abroad: nas::get_serving_system::Response = granted("10 0100 00");
    assert_eq!(abroad.roaming, Some(nas::RoamingIndicator::Roaming));
    let home: nas::serving_system::Indication = told("10 0100 01");
    assert_eq!(home.roaming, Some(nas::RoamingIndicator::Home));

    let lte = |roaming: &str| -> Option<nas::RoamingStatus> {
        let info: nas::get_system_info::Response =
            granted(&format!("19 1d00 0103 0103 01{roaming} 0100 00ffff 01775b1b01 000000 01333130343130 010a12"));
        info.lte_system.expect("the block").common.roaming
    };
    assert_eq!(lte("00"), Some(nas::RoamingStatus::Home));
    assert_eq!(lte("01"), Some(nas::RoamingStatus::Roaming));
}

#[test]
fn serving_system_numbers_its_tlvs_differently_in_response_and_indication() {
    let response: nas::get_serving_system::Response = granted("1c 0200 5dbf 1d 0400 fb1ca601 24 0200 0a12");
    assert_eq!((response.lac, response.cid, response.lte_tac), (Some(0xBF5D), Some(27_663_611), Some(0x120A)));

    let indication: nas::serving_system::Indication = told("1d 0200 5dbf 1e 0400 fb1ca601 25 0200 0a12");
    assert_eq!((indication.lac, indication.cid, indication.lte_tac), (Some(0xBF5D), Some(27_663_611), Some(0x120A)));
    assert_eq!(indication.universal_time, None);
}

#[test]
fn system_info_numbers_its_tlvs_differently_in_response_and_indication() {
    let response: nas::get_system_info::Response = granted("27 0400 02000000 4a 0300 020200 50 0300 00120a");
    assert_eq!(response.sim_reject, Some(nas::SimReject::CsInvalid));
    assert_eq!(response.nr5g_service.expect("a block").status, nas::ServiceStatus::Available);
    assert_eq!(response.nr5g_tac, Some(0x120A));

    let indication: nas::system_info::Indication = told("28 0400 02000000 4c 0300 020200 52 0300 00120a 50 0100 01");
    assert_eq!(indication.sim_reject, Some(nas::SimReject::CsInvalid));
    assert_eq!(indication.nr5g_service.expect("a block").status, nas::ServiceStatus::Available);
    assert_eq!((indication.nr5g_tac, indication.endc_available), (Some(0x120A), Some(true)));
}

#[test]
fn packet_status_is_one_byte_in_the_response_and_two_in_the_indication() {
    let response: wds::get_packet_service_status::Response = granted("01 0100 02");
    assert_eq!(response.status, Some(wds::ConnectionStatus::Connected));
    let indication: wds::packet_service_status::Indication = told("01 0200 0201");
    assert_eq!(
        indication.status,
        Some(wds::PacketServiceStatus { status: wds::ConnectionStatus::Connected, reconfigure: true })
    );
    let short: wds::packet_service_status::Indication = told("01 0100 02");
    assert_eq!(short.status, None);
    assert_eq!(short.leftover.malformed, [Tlv { id: 0x01, value: vec![0x02] }]);
}

#[test]
fn the_technology_of_packet_status_has_two_ids_and_is_written_under_the_real_one() {
    for id in ["13", "34"] {
        let indication: wds::packet_service_status::Indication = told(&format!("{id} 0200 8088"));
        assert_eq!(indication.technology, Some(wds::ExtendedTechnology::Epc));
        assert_eq!(tlvs_of(&indication.frame(1)), "1302008088");
    }
    let both: wds::packet_service_status::Indication = told("34 0200 0480 13 0200 8088");
    assert_eq!(both.technology, Some(wds::ExtendedTechnology::Umts), "the first one wins");
    let odd: wds::packet_service_status::Indication = told("13 0200 9999");
    assert_eq!(odd.technology, Some(wds::ExtendedTechnology::Unknown(0x9999)));
}

#[test]
fn an_mnc_of_two_digits_is_padded_with_ff_and_differs_from_one_of_three() {
    assert_eq!(Digits([0x30, 0x37, 0xFF]).as_str(), "07");
    assert_eq!(Digits([0x34, 0x31, 0x30]).as_str(), "410");
    assert_eq!(Digits([0x30, 0x37, b'F']).as_str(), "07");
    assert_eq!(Digits([0xFF; 3]).as_str(), "");
    assert_eq!(Digits::new("07"), Digits([0x30, 0x37, 0xFF]));

    let exact = |three_digits| ExactPlmn { mcc: 310, mnc: 26, three_digits }.digits();
    assert_eq!(exact(true), ("310".into(), "026".into()));
    assert_eq!(exact(false), ("310".into(), "26".into()));

    assert_eq!(BcdPlmn([0x09, 0xF1, 0x04]).digits(), Some(("901".into(), "40".into())));
    assert_eq!(BcdPlmn([0x13, 0x00, 0x14]).digits(), Some(("310".into(), "410".into())));
    assert_eq!(BcdPlmn([0xFF; 3]).digits(), None);
    assert_eq!(BcdPlmn::new("901", "40"), BcdPlmn([0x09, 0xF1, 0x04]));
    assert_eq!(BcdPlmn::new("310", "410"), BcdPlmn([0x13, 0x00, 0x14]));
}

#[test]
fn a_network_of_system_info_counts_only_when_flagged_valid() {
    let block = |valid: &str| -> Option<AsciiPlmn> {
        let info: nas::get_system_info::Response =
            granted(&format!("19 1d00 0103 0103 0100 0100 00ffff 01775b1b01 000000 {valid}323134 3037ff 010a12"));
        info.lte_system.expect("the block").common.network
    };
    assert_eq!(block("01"), Some(AsciiPlmn { mcc: Digits::new("214"), mnc: Digits::new("07") }));
    assert_eq!(block("00"), None);
}

#[test]
fn ipv4_is_backwards_and_ipv6_is_not() {
    let settings: wds::get_current_settings::Response = granted(
        "1e 0400 0200400a 20 0400 0100400a 21 0400 fcffffff 29 0400 96050000 \
         25 1100 20010db8000000000000000000000002 40 27 1000 20010db8000000000000000000000053",
    );
    assert_eq!(settings.ipv4_address, Some(Ipv4Addr::new(10, 64, 0, 2)));
    assert_eq!(settings.ipv4_gateway, Some(Ipv4Addr::new(10, 64, 0, 1)));
    assert_eq!(settings.ipv4_netmask, Some(Ipv4Addr::new(255, 255, 255, 252)));
    assert_eq!(settings.mtu, Some(1430));
    let address = Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 2);
    assert_eq!(settings.ipv6_address, Some(wds::Ipv6Prefix { address, length: 64 }));
    assert_eq!(settings.ipv6_primary_dns, Some(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 0x53)));
}

#[test]
fn bit_n_minus_one_is_band_n() {
    let lte = LteBands::from_iter([1, 3, 20, 28]);
    assert_eq!(lte.0, [0x0808_0005]);
    assert_eq!(lte.iter().collect::<Vec<_>>(), [1, 3, 20, 28]);
    assert_eq!(ExtendedLteBands::from_iter([66, 71]).0, [0, 1 << 1 | 1 << 6, 0, 0]);
    assert_eq!(NrBands::from_iter([78, 257, 512]).0, [0, 1 << 13, 0, 0, 1, 0, 0, 1 << 63]);
    assert_eq!(LteBands::from_iter([0, 65, 600]), LteBands::default(), "what does not fit is left out");
}

#[test]
fn the_band_in_use_is_numbered_by_neither_3gpp_nor_the_masks() {
    let lte = [(120, 1), (133, 14), (134, 17), (142, 40), (145, 20), (158, 28), (161, 66), (167, 48), (168, 71)];
    for (number, band) in lte {
        assert_eq!(nas::ActiveBand(number).lte(), Some(band));
        assert_eq!(nas::ActiveBand::from_lte(band), Some(nas::ActiveBand(number)));
    }
    for (number, band) in [(250, 1), (253, 5), (257, 28), (268, 77), (269, 78), (270, 79), (277, 257)] {
        assert_eq!(nas::ActiveBand(number).nr5g(), Some(band));
        assert_eq!(nas::ActiveBand::from_nr5g(band), Some(nas::ActiveBand(number)));
    }
    let names = [
        (45, "GSM 900 Primary"),
        (81, "WCDMA PCS 1900"),
        (89, "Unknown Band 89"),
        (122, "LTE Band 3"),
        (169, "Unknown Band 169"),
        (269, "NR Band n78"),
        (302, "Unknown Band 302"),
        (0, "CDMA Band Class 0"),
    ];
    for (number, name) in names {
        assert_eq!(nas::ActiveBand(number).to_string(), name);
    }
}

#[test]
fn a_card_file_is_addressed_by_little_endian_directories() {
    assert_eq!(uim::File::iccid(), uim::File { id: 0x2FE2, path: vec![0x00, 0x3F] });
    assert_eq!(uim::File::imsi(), uim::File { id: 0x6F07, path: vec![0x00, 0x3F, 0xFF, 0x7F] });
    let request = uim::read_transparent::Request {
        session: Some(uim::Session::default()),
        file: Some(uim::File::iccid()),
        read: Some(uim::ReadRange::default()),
        ..Default::default()
    };
    assert_eq!(tlvs_of(&request.frame(1, 1)), "0102000000020500e22f02003f03040000000000");
}

#[test]
fn card_numbers_are_swapped_and_end_at_the_filler() {
    let bytes = |hex| wwan::qmi::from_hex(hex).expect(hex);
    let iccid = |hex| uim::iccid_digits(&bytes(hex));
    assert_eq!(iccid("64730304000010527020").as_deref(), Some("46373040000001250702"));
    assert_eq!(iccid("983706113254769810f2").as_deref(), Some("8973601123456789012"));
    assert_eq!(iccid("9888").as_deref(), Some("8988"));
    assert_eq!(iccid("ffffffffffffffffffff"), None);
    assert_eq!(iccid("98a7"), None);
    assert_eq!(iccid(""), None);
    for digits in ["46373040000001250702", "8973601123456789012"] {
        assert_eq!(uim::iccid_digits(&uim::iccid_bytes(digits)).as_deref(), Some(digits));
        assert_eq!(uim::iccid_bytes(digits).len(), 10);
    }

    assert_eq!(uim::imsi_digits(&bytes("089910045100000010")).as_deref(), Some("901401500000001"));
    assert_eq!(uim::imsi_bytes("901401500000001"), bytes("089910045100000010"));
    assert_eq!(uim::imsi_digits(&uim::imsi_bytes("90140150000001")).as_deref(), Some("90140150000001"));
    assert_eq!(uim::imsi_digits(&bytes("ffffffffffffffffff")), None);

    assert_eq!(uim::mnc_length(&bytes("00000002")), Some(2));
    assert_eq!(uim::mnc_length(&bytes("00000003ff")), Some(3));
    assert_eq!(uim::mnc_length(&bytes("000000")), None);
    assert_eq!(uim::mnc_length(&bytes("000000ff")), None);
}

#[test]
fn names_come_in_three_alphabets() {
    let spn = |hex: &str| uim::service_provider_name(&wwan::qmi::from_hex(hex).expect(hex));
    assert_eq!(spn("01 4f72616e6765 ffffffff").as_deref(), Some("Orange"));
    assert_eq!(spn("01 80 004f0032 ffff ffff").as_deref(), Some("O2"));
    assert_eq!(spn("01 4002 ff").as_deref(), Some("¡$"), "GSM 7-bit is not ASCII");
    assert_eq!(spn("01 ffff"), None);
    assert_eq!(spn(""), None);

    let name = |encoding, bytes: &str, spare| nas::PlmnName {
        encoding,
        long: wwan::qmi::from_hex(bytes).expect(bytes),
        long_spare_bits: spare,
        ..Default::default()
    };
    assert_eq!(name(nas::NameEncoding::Ucs2, "0041005400260054", 0).long_text(), "AT&T");
    assert_eq!(name(nas::NameEncoding::Ucs2, "4100540026005400", 0).long_text(), "AT&T");
    // Six characters are 42 bits: six spare ones in six bytes.
    assert_eq!(name(nas::NameEncoding::Gsm, "4f79d87d2e03", 6).long_text(), "Orange");
}

#[test]
fn card_status_points_at_an_application_and_an_empty_list_at_none() {
    let status: uim::get_card_status::Response = granted(
        "10 2d00 0000 ffff ffff ffff 01 \
         01 00 03 0a 00 01 \
         02 07 02 0b 0000 10 a0000000871002ffffffff8903020000 00 03 03 0a 01 03 0a",
    );
    let status = status.status.expect("the status");
    let (card, application) = status.application(status.gw_primary).expect("the primary application");
    assert_eq!(card.state, uim::CardState::Present);
    assert_eq!((application.kind, application.state), (uim::ApplicationKind::Usim, uim::ApplicationState::Ready));
    assert_eq!(application.pin1, uim::PinState::Disabled);
    assert_eq!(status.gw_secondary, uim::CardIndex::NONE);
    assert_eq!(status.application(status.gw_secondary), None);

    let empty: uim::get_card_status::Response = granted("10 0900 0000 ffff ffff ffff 00");
    let empty = empty.status.expect("the status");
    assert_eq!(empty.gw_primary.position(), Some((0, 0)));
    assert_eq!(empty.application(empty.gw_primary), None, "the index is a promise the list may not keep");
    assert_eq!(uim::CardIndex(0x0102).position(), Some((1, 2)));
}

#[test]
fn units_are_what_the_field_names_say() {
    let signal: nas::get_signal_info::Response = granted("14 0600 b9 f5 9fff 7400 17 0400 a1ff b400");
    assert_eq!(
        signal.signal.lte,
        Some(nas::LteSignal { rssi_dbm: -71, rsrq_db: -11, rsrp_dbm: -97, snr_tenth_db: 116 })
    );
    assert_eq!(signal.signal.nr5g, Some(nas::NrSignal { rsrp_dbm: -95, snr_tenth_db: 180 }));

    let strength: nas::get_signal_strength::Response = granted("11 0400 0100 47 08");
    assert_eq!(strength.rssi, Some(vec![nas::Rssi { minus_dbm: 71, radio_interface: nas::RadioInterface::Lte }]));
}

#[test]
fn a_result_of_one_is_success_for_the_attach_list_alone() {
    let done: wds::set_lte_attach_pdn_list_result::Indication = told("01 0100 01");
    assert_eq!(done.succeeded, Some(true));
}

#[test]
fn radio_interfaces_are_numbered_by_service() {
    assert_eq!(i8::from(nas::RadioInterface::Nr5g), 12);
    assert_eq!(u8::from(dms::RadioInterface::Nr5g), 10);
    assert_eq!(nas::ModePreference::NR5G.0, 0x40);
    assert_eq!(nas::ScanTypes::NR5G.0, 0x10);
    let list: nas::serving_system::Indication = told("01 0700 01 01 01 02 02 08 63");
    let radios = list.serving_system.expect("a value").radio_interfaces;
    assert_eq!(radios, [nas::RadioInterface::Lte, nas::RadioInterface::Unknown(0x63)]);
}

#[test]
fn a_failed_response_keeps_what_came_with_it() {
    let pin = frame::<uim::verify_pin::Response>("02 0400 0100 0c00 10 0200 020a");
    let refused = uim::verify_pin::Response::decode(&pin).expect("a message").expect_err("a refusal");
    assert_eq!(refused.error, ProtocolError::IncorrectPin);
    assert_eq!(refused.response.retries, Some(uim::Retries { verify: 2, unblock: 10 }));

    let call = frame::<wds::start_network::Response>("02 0400 0100 0e00 10 0200 fa03 11 0400 0600 2100");
    let refused = wds::start_network::Response::decode(&call).expect("a message").expect_err("a refusal");
    assert_eq!(refused.error.name(), "call_failed");
    assert_eq!(refused.response.call_end_reason, Some(wds::CallEndReason::OptionUnsubscribed));
    let reason = refused.response.verbose_call_end_reason.expect("a reason");
    assert_eq!(reason.cause(), Some(wds::SessionCause::OptionUnsubscribed));
    let strange = wds::VerboseCallEndReason { kind: 0x55.into(), reason: -7 };
    assert_eq!((strange.kind, strange.cause()), (wds::CallEndKind::Unknown(0x55), None));
}

#[test]
fn a_response_without_a_result_is_none() {
    for tlvs in ["", "01 0100 02", "02 0200 0000"] {
        let response =
            wds::get_packet_service_status::Response::decode(&frame::<wds::get_packet_service_status::Response>(tlvs));
        assert_eq!(response, Err(DecodeError::NoResult));
    }
    let wrong = frame::<wds::get_packet_service_status::Request>("");
    assert_eq!(wds::get_packet_service_status::Response::decode(&wrong), Err(DecodeError::OtherMessage));
    let mut torn = frame::<wds::packet_service_status::Indication>("01 0500 02");
    assert_eq!(wds::packet_service_status::Indication::decode(&torn), Err(DecodeError::TornTlv));
    torn.tlvs = vec![0x01];
    assert_eq!(wds::packet_service_status::Indication::decode(&torn), Err(DecodeError::TornTlv));
}

#[test]
fn qmi_2_tlvs_come_in_any_order_grow_repeat_and_are_new() {
    // A real answer to Get IDs has its TLVs in the order 02 13 12 10 11.
    let ids: dms::get_ids::Response = granted("13 0200 3031 12 0000 10 0100 30 11 0300 383637");
    assert_eq!(ids.imei.as_deref(), Some("867"));
    assert_eq!((ids.meid.as_deref(), ids.esn.as_deref()), (Some(""), Some("0")));

    let grown: nas::get_signal_info::Response = granted("14 0900 b9 f5 9fff 7400 aabbcc 77 0200 0102");
    assert_eq!(grown.signal.lte.expect("a value").rsrp_dbm, -97);
    assert_eq!(grown.leftover.unknown, [Tlv { id: 0x77, value: vec![1, 2] }]);
    assert_eq!(grown.leftover.malformed, []);

    let twice: dms::get_operating_mode::Response = granted("01 0100 01 01 0100 00");
    assert_eq!(twice.mode, Some(dms::OperatingMode::LowPower));

    let half: nas::get_system_info::Response = granted("19 0200 0103 14 0300 020200");
    assert_eq!((&half.lte_system, half.leftover.malformed.len()), (&None, 1));
    assert!(half.lte_service.is_some(), "one bad TLV harms no other");
}

#[test]
fn qmi_2_numbers_and_messages_of_the_future_are_kept_and_dates_that_are_none_are_none() {
    let serving: nas::serving_system::Indication = told("01 0700 01 01 01 02 02 0c 1f");
    let radios = serving.serving_system.expect("a value").radio_interfaces;
    assert_eq!(radios, [nas::RadioInterface::Nr5g, nas::RadioInterface::Unknown(0x1F)]);
    let rejected: nas::get_system_info::Response = granted("27 0400 07000000 14 0300 020200");
    assert_eq!((rejected.sim_reject, rejected.lte_service.is_some()), (Some(nas::SimReject::Unknown(7)), true));
    let data: dsd::get_system_status::Response = granted("10 1100 01 00000000 99990000 0000000000000000");
    let systems = data.systems.expect("a list");
    assert_eq!(systems[0].technology, dsd::Technology::Unknown(0x9999));
    // The month of Smarch is passed on as it came: whoever makes a date of it finds that there is none.
    let time: nas::network_time::Indication = told("01 0800 e507 0d 20 19 3d 3d 09 10 0100 f0");
    let universal = time.universal_time.expect("a value");
    assert_eq!((universal.month, universal.day_of_week), (13, nas::DayOfWeek::Unknown(9)));
    let civil = wwan::model::telemetry::CivilTime::new(universal.year, universal.month, universal.day, 0, 0, 0);
    assert_eq!(civil, None);
    // A message of the future, and one of a service of the future.
    for bytes in ["011000 80 03 01 04 0000 fe5f 0400 01 0100 05", "010c00 80 e7 01 04 0000 0100 0000"] {
        let bytes = wwan::qmi::from_hex(bytes).expect("hex");
        let pieces = Splitter::default().push(&bytes);
        assert!(matches!(pieces[..], [Piece::Frame(_)]), "{pieces:?}");
        assert!(!wwan::qmi::describe(&bytes).is_empty());
    }
}

#[test]
fn text_is_trimmed_and_never_refused() {
    let model = |hex: &str| -> Option<String> { granted::<dms::get_model::Response>(hex).model };
    assert_eq!(model("01 0600 45433235 0000").as_deref(), Some("EC25"));
    assert_eq!(model("01 0300 41ff42").as_deref(), Some("A\u{FFFD}B"));
    assert_eq!(model("01 0000").as_deref(), Some(""));
    assert_eq!(model(""), None);
    let plmn: nas::get_home_network::Response = granted("01 0a00 3601 9a01 05 4100540000");
    assert_eq!(plmn.home_network.expect("a network").name, "A\0T");
}

#[test]
fn a_count_that_promises_too_much_is_malformed_and_takes_no_memory() {
    let scan: nas::network_scan::Response = granted("10 0400 ffff 0000");
    assert_eq!((scan.networks, scan.leftover.malformed.len()), (None, 1));
    let name: nas::get_home_network::Response = granted("01 0700 3601 9a01 ff 4154");
    assert_eq!((name.home_network, name.leftover.malformed.len()), (None, 1));
}

#[test]
fn what_is_too_long_for_the_wire_is_left_out_or_cut_never_garbled() {
    let apn = "x".repeat(70_000);
    let request = wds::start_network::Request { apn: Some(apn), profile_3gpp: Some(1), ..Default::default() };
    assert_eq!(tlvs_of(&request.frame(1, 1)), "31010001");
    let request = nas::set_system_selection_preference::Request {
        acquisition_order: Some(vec![nas::RadioInterface::Lte; 300]),
        ..Default::default()
    };
    let again = nas::set_system_selection_preference::Request::decode(&request.frame(1, 1)).expect("a message");
    assert_eq!(again.acquisition_order.map(|order| order.len()), Some(255));
}

#[test]
fn ctl_has_eight_bit_transactions_and_flags_of_its_own() {
    let request = ctl::allocate_cid::Request { service: Some(Service::Uim), ..Default::default() };
    let bytes = request.frame(0, 6).encode();
    assert_eq!(bytes, wwan::qmi::from_hex("010f0000000000062200040001 01000b").expect("hex"));
    let asked = Frame::parse(&bytes).expect("a frame");
    let answer = ctl::allocate_cid::Response {
        client: Some(ctl::ClientId { service: Service::Uim, client: 1 }),
        ..Default::default()
    };
    assert_eq!(
        answer.accept(&asked).encode(),
        wwan::qmi::from_hex("011700800000010622000c000204000000000001020 00b01").expect("hex")
    );
    let synced = ctl::synced::Indication::default().frame(0).encode();
    assert_eq!(synced, wwan::qmi::from_hex("010b008000000200270000 00").expect("hex"));
    assert_eq!(Frame::parse(&synced).expect("a frame").key(), ctl::synced::KEY);
}

#[test]
fn an_indication_for_all_clients_says_so() {
    let frame = nas::signal_info::Indication::default().frame(BROADCAST);
    let again = Frame::parse(&frame.encode()).expect("a frame");
    assert_eq!((again.client, again.kind), (0xFF, Kind::Indication));
}

#[test]
fn an_unknown_request_is_refused_by_number() {
    let bytes = wwan::qmi::from_hex("010c00000301 00 0200 2b00 0000").expect("hex");
    let refusal = Frame::parse(&bytes).expect("a frame").refusal(ProtocolError::InvalidQmiCommand);
    assert_eq!(refusal.encode(), wwan::qmi::from_hex("0113008003010202002b00070002040001004700").expect("hex"));
}

#[test]
fn secrets_do_not_reach_the_log() {
    let request = uim::verify_pin::Request {
        pin: Some(uim::PinEntry { id: uim::PinId::Pin1, pin: "73913".into() }),
        ..Default::default()
    };
    let frame = request.frame(1, 1);
    assert!(!format!("{request:?} {frame:?}").contains("73913"), "{request:?} {frame:?}");
    assert!(!wwan::qmi::describe(&frame.encode()).contains("73913"));
    assert_eq!(Secret::from("73913").reveal(), "73913");
}

#[test]
fn qmi_1_garbage_between_frames_is_skipped_and_counted() {
    let one = dms::get_model::Request::default().frame(1, 1);
    let two = dms::get_ids::Request::default().frame(1, 2);
    let mut stream = vec![0x00, 0x01, 0x02, 0x03];
    stream.extend(one.encode());
    // A frame whose length is one short: what follows it must survive.
    let mut wrong = one.encode();
    wrong[1] -= 1;
    stream.extend(&wrong);
    stream.extend(two.encode());
    let mut splitter = Splitter::default();
    assert_eq!(
        splitter.push(&stream),
        [Piece::Skipped(4), Piece::Frame(one.clone()), Piece::Skipped(wrong.len()), Piece::Frame(two)]
    );
    assert_eq!(splitter.push(&one.encode()[..5]), []);
    assert_eq!(splitter.pending(), 5);
}
