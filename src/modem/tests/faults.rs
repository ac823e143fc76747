//! Rows of the fault matrix that are about single bytes: late, doubled and foreign answers, frames in pieces and in heaps,
//! wrong lengths, broken TLVs, values that nobody knows.

use super::*;
use crate::model::{OperatingMode, Registration};
use crate::qmi::dms;

const MODE: FactSet = FactSet::of(&[Fact::OperatingMode]);
const CONNECTED: Report = Report::Session(IpFamily::Ipv4, SessionState::Connected);
const SECOND: Duration = Duration::from_secs(1);

/// A driver with a data client.
fn settled() -> Rig {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig
}

/// The same, asking whether there is a session.
fn asking() -> (Rig, Frame) {
    let mut rig = settled();
    rig.wait(SECOND);
    rig.driver.want(SESSION, rig.now);
    let asked = rig.request();
    (rig, asked)
}

/// What was learned, and how often anything was.
fn learned(rig: &mut Rig) -> Vec<Report> {
    let (_, outputs) = rig.outputs();
    outputs.into_iter().filter_map(|o| if let Output::Learn(report) = o { Some(report) } else { None }).collect()
}

fn with_tlvs(frame: &Frame, tlvs: &str) -> Frame {
    Frame { tlvs: crate::qmi::from_hex(tlvs).expect(tlvs), ..frame.clone() }
}

#[test]
fn qmi_4_a_request_has_five_seconds_and_an_allocation_four() {
    let (mut rig, _) = asking();
    rig.wait(Duration::from_millis(4_999));
    assert_eq!(rig.outputs(), (vec![], vec![]));
    rig.wait(Duration::from_millis(1));
    assert_eq!(rig.request().key(), ctl::get_version_info::KEY, "asks whether anybody is there");

    let mut rig = Rig::ready(&[]);
    rig.driver.start(&Action::StopSession(IpFamily::Ipv4), rig.now);
    assert_eq!(rig.request().key(), ctl::allocate_cid::KEY);
    rig.wait(Duration::from_millis(3_999));
    assert_eq!(rig.outputs(), (vec![], vec![]));
    rig.wait(Duration::from_millis(1));
    let (_, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::Timeout))), "{outputs:?}");
}

#[test]
fn f2_a_slow_modem_is_given_ten_seconds_once_it_is_known_to_be_slow() {
    let (mut rig, asked) = asking();
    rig.wait(Duration::from_secs(5));
    let probe = rig.request();
    // The first answer comes after its time and says how slow it is: the probe is waited for.
    rig.wait(Duration::from_millis(900));
    rig.send(&status(&asked, wds::ConnectionStatus::Connected));
    assert_eq!(learned(&mut rig), [], "too late to be believed");
    rig.wait(Duration::from_millis(100));
    let look = rig.request();
    rig.wait(Duration::from_secs(6));
    let answer = rig.willing(&probe);
    rig.send(&answer);
    let (frames, outputs) = rig.outputs();
    assert_eq!((frames, outputs.contains(&Output::Heard)), (vec![], true));
    assert!(!outputs.iter().any(|o| matches!(o, Output::Learn(_))), "nobody is dead: {outputs:?}");
    // The look has ten seconds from the first, and nothing is asked a second time meanwhile.
    rig.wait(Duration::from_millis(3_900));
    assert_eq!(rig.outputs(), (vec![], vec![]));
    rig.send(&status(&look, wds::ConnectionStatus::Connected));
    assert_eq!(learned(&mut rig), [CONNECTED]);
    // After five minutes without another slow answer it is a modem like others.
    rig.wait(Duration::from_secs(301));
    rig.driver.want(SESSION, rig.now);
    rig.request();
    rig.wait(Duration::from_secs(5));
    assert_eq!(rig.request().key(), ctl::get_version_info::KEY);
}

#[test]
fn f3_a_late_answer_is_not_the_next_ones() {
    let (mut rig, asked) = asking();
    rig.lapse(Duration::from_secs(5));
    rig.outputs();
    rig.wait(SECOND);
    let again = rig.request();
    assert_eq!(again.key(), asked.key());
    // "Up" comes late; meanwhile it went down, which is what the second look is about.
    rig.send(&status(&asked, wds::ConnectionStatus::Connected));
    assert_eq!(rig.outputs(), (vec![], vec![]));
    rig.send(&status(&again, wds::ConnectionStatus::Disconnected));
    assert_eq!(learned(&mut rig), [Report::Session(IpFamily::Ipv4, SessionState::Disconnected(None))]);
    // Late failures, and the same late answer again, are nothing either.
    rig.send(&asked.refusal(ProtocolError::InvalidClientId));
    rig.send(&status(&asked, wds::ConnectionStatus::Connected));
    assert_eq!(rig.outputs(), (vec![], vec![]));
}

#[test]
fn f4_what_is_granted_twice_is_taken_once() {
    let mut rig = Rig::ready(&[]);
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    let (mut dials, mut done) = (0, 0);
    loop {
        let (frames, others) = rig.outputs();
        done += others.iter().filter(|o| matches!(o, Output::Done(_))).count();
        if frames.is_empty() {
            break;
        }
        for frame in frames {
            dials += usize::from(frame.key() == wds::start_network::KEY);
            assert_ne!(frame.key(), ctl::release_cid::KEY, "the client that was granted twice is ours");
            let answer = rig.willing(&frame);
            rig.send(&answer);
            rig.send(&answer);
        }
    }
    assert_eq!((dials, done), (1, 1));
}

#[test]
fn f6_a_frame_split_at_every_byte_is_put_together_and_the_next_one_is_not_lost() {
    let (_, asked) = asking();
    let length = status(&asked, wds::ConnectionStatus::Connected).encode().len();
    for at in 1..length {
        let (mut rig, asked) = asking();
        rig.driver.want(SESSION.union(MODE), rig.now);
        let allocation = rig.request();
        let bytes = status(&asked, wds::ConnectionStatus::Connected).encode();
        let (head, tail) = bytes.split_at(at);
        rig.driver.handle_bytes(head, rig.now);
        assert_eq!(rig.outputs(), (vec![], vec![]), "split at {at}");
        rig.wait(SECOND);
        let next = grant_client(&allocation, 77).encode();
        rig.driver.handle_bytes(&[tail, &next].concat(), rig.now);
        let (frames, outputs) = rig.outputs();
        assert!(outputs.contains(&Output::Learn(CONNECTED)), "split at {at}: {outputs:?}");
        assert_eq!(keys(&frames), [dms::set_event_report::KEY], "split at {at}: the client is granted");
    }
}

#[test]
fn f7_a_heap_of_64_kib_in_one_read_is_cut_to_its_last_frame() {
    let (mut rig, asked) = asking();
    let noise = nas::signal_info::Indication::default().frame(crate::qmi::BROADCAST).encode();
    let mut heap = Vec::new();
    while heap.len() < 64 * 1024 {
        heap.extend(&noise);
    }
    // The read ends in the middle of the answer.
    let answer = status(&asked, wds::ConnectionStatus::Connected).encode();
    heap.extend(&answer[..9]);
    rig.driver.handle_bytes(&heap, rig.now);
    assert!(!learned(&mut rig).contains(&CONNECTED));
    rig.driver.handle_bytes(&answer[9..], rig.now);
    assert!(learned(&mut rig).contains(&CONNECTED));
}

#[test]
fn f8_after_a_wrong_length_the_next_frame_counts() {
    let (_, asked) = asking();
    let broken = status(&asked, wds::ConnectionStatus::Disconnected).encode();
    for length in (0..=60).chain([0x00FF, 0x0100, 0x7FFF, 0xFFFF]).filter(|length| *length != broken.len() as u16 - 1) {
        let (mut rig, asked) = asking();
        let mut bytes = broken.clone();
        bytes[1..3].copy_from_slice(&length.to_le_bytes());
        bytes.extend([0x00, 0x01, 0xFF, 0x55]);
        rig.driver.handle_bytes(&bytes, rig.now);
        rig.send(&status(&asked, wds::ConnectionStatus::Connected));
        assert_eq!(learned(&mut rig), [CONNECTED], "length {length}");
    }
}

#[test]
fn f8_lengths_that_agree_on_too_much_swallow_no_more_than_one_deadline() {
    let (mut rig, asked) = asking();
    let mut bytes = status(&asked, wds::ConnectionStatus::Disconnected).encode();
    // Both lengths of the frame, and that of its last TLV, promise what never comes.
    bytes[1..3].copy_from_slice(&0xFF00_u16.to_le_bytes());
    bytes[11..13].copy_from_slice(&(0xFF00_u16 - 12).to_le_bytes());
    rig.driver.handle_bytes(&bytes, rig.now);
    rig.send(&status(&asked, wds::ConnectionStatus::Connected));
    assert_eq!(learned(&mut rig), [], "it looks like a part of the long one");
    rig.wait(Duration::from_secs(5));
    assert_eq!(learned(&mut rig), [CONNECTED], "in time, and nobody is asked whether he is there");
    assert_eq!(rig.outputs(), (vec![], vec![]));
}

#[test]
fn f9_a_broken_tlv_harms_no_other() {
    // The result, and then: is the session up?
    let cases = [
        ("a TLV nobody knows", "02 0400 00000000 77 0300 010203 01 0100 02", true),
        ("an empty one", "02 0400 00000000 10 0000 01 0100 02", true),
        ("the other way round", "01 0100 02 02 0400 00000000", true),
        ("the second of two is one too many", "02 0400 00000000 01 0100 02 01 0100 01", true),
        ("the last one promises more than there is", "02 0400 00000000 01 0100 02 10 ff00 aabbcc", true),
        ("the last one has no length", "02 0400 00000000 01 0100 02 10", true),
        ("the value is missing", "02 0400 00000000", false),
        ("the value is empty", "02 0400 00000000 01 0000", false),
        ("the value itself is torn", "02 0400 00000000 10 0100 05 01 ffff 02", false),
        ("there is no result", "01 0100 02", false),
        ("the result is too short", "02 0200 0000 01 0100 02", false),
    ];
    for (what, tlvs, is_up) in cases {
        let (mut rig, asked) = asking();
        let answer = status(&asked, wds::ConnectionStatus::Connected);
        rig.send(&with_tlvs(&answer, tlvs));
        let (_, outputs) = rig.outputs();
        assert_eq!(outputs.contains(&Output::Learn(CONNECTED)), is_up, "{what}: {outputs:?}");
        // The error is that there is no such fact, at once and not when its time is up.
        assert_eq!(outputs.contains(&Output::Forget(SESSION)), !is_up, "{what}: {outputs:?}");
        // The next answer is read as ever.
        rig.wait(SECOND);
        rig.driver.want(SESSION, rig.now);
        let asked = rig.request();
        rig.send(&status(&asked, wds::ConnectionStatus::Connected));
        assert_eq!(learned(&mut rig), [CONNECTED], "{what}");
    }
}

#[test]
fn f10_a_value_that_nobody_knows_is_none_of_those_we_know() {
    // A session in a state of the future is in none: neither up nor down is claimed, and it is looked at again.
    let (mut rig, asked) = asking();
    rig.send(&status(&asked, wds::ConnectionStatus::Unknown(9)));
    let (_, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Forget(SESSION)), "{outputs:?}");
    assert!(!outputs.iter().any(|o| matches!(o, Output::Learn(_))), "{outputs:?}");

    // An operating mode of the future is not online.
    let mut rig = settled();
    let mode = ask(&mut rig, Fact::OperatingMode, dms::get_operating_mode::KEY);
    let said = dms::get_operating_mode::Response { mode: Some(0x77.into()), ..Default::default() };
    rig.send(&said.accept(&mode));
    assert_eq!(learned(&mut rig), [Report::OperatingMode(OperatingMode::Other)]);

    // A registration of the future is not one, and a technology of the future is none of ours.
    let mut rig = settled();
    let serving = ask(&mut rig, Fact::ServingSystem, nas::get_serving_system::KEY);
    rig.send(&with_tlvs(&serving.refusal(ProtocolError::None), "02 0400 00000000 01 0700 09 07 07 07 02 63 08"));
    let (_, outputs) = rig.outputs();
    let seen = outputs.iter().find_map(|o| match o {
        Output::Learn(Report::ServingSystem(serving)) => Some(serving),
        _ => None,
    });
    let seen = seen.unwrap_or_else(|| panic!("{outputs:?}"));
    assert_eq!((&seen.registration, seen.ps_attached), (&Registration::Unknown, false));
    assert_eq!(seen.technologies.iter().count(), 1, "of 0x63 and LTE, LTE");

    // A shade of roaming that nobody knows is not home: it may cost money.
    let mut rig = settled();
    let serving = ask(&mut rig, Fact::ServingSystem, nas::get_serving_system::KEY);
    let said = "02 0400 00000000 01 0600 01 01 01 02 01 08 10 0100 05";
    rig.send(&with_tlvs(&serving.refusal(ProtocolError::None), said));
    let (_, outputs) = rig.outputs();
    let abroad = |o: &Output| matches!(o, Output::Learn(Report::ServingSystem(seen)) if seen.registration == Registration::Roaming);
    assert!(outputs.iter().any(abroad), "{outputs:?}");
}

/// Wants a fact and answers all that comes before the request for it.
fn ask(rig: &mut Rig, fact: Fact, key: (Service, u16)) -> Frame {
    rig.driver.want(FactSet::of(&[fact]), rig.now);
    for _ in 0..9 {
        let (frames, _) = rig.outputs();
        for frame in frames {
            if frame.key() == key {
                return frame;
            }
            let answer = rig.willing(&frame);
            rig.send(&answer);
        }
    }
    panic!("{fact:?} is not asked for")
}

#[test]
fn a_doubt_holds_until_a_later_look_has_answered() {
    let (mut rig, first) = asking();
    rig.driver.suspect(SESSION, rig.now);
    // The look under way began before the doubt: what it says settles nothing.
    rig.send(&status(&first, wds::ConnectionStatus::Connected));
    let second = rig.request();
    assert_eq!(rig.driver.unsettled(rig.now), SESSION);
    // The next is not answered. It is still doubtful when it is asked once more, well after three seconds.
    rig.lapse(Duration::from_secs(5));
    rig.outputs();
    rig.wait(SECOND);
    let third = rig.request();
    assert_eq!((third.key(), rig.driver.unsettled(rig.now)), (second.key(), SESSION));
    rig.send(&status(&third, wds::ConnectionStatus::Connected));
    assert_eq!(rig.driver.unsettled(rig.now), FactSet::NONE);
}

#[test]
fn a_question_that_is_never_answered_holds_nothing_up_for_more_than_a_minute() {
    let (mut rig, _) = asking();
    rig.driver.suspect(SESSION, rig.now);
    for second in 0..60 {
        assert_eq!(rig.driver.unsettled(rig.now), SESSION, "after {second} s");
        // It answers everything else.
        for frame in rig.outputs().0.iter().filter(|frame| frame.key() != wds::get_packet_service_status::KEY) {
            let answer = rig.willing(frame);
            rig.send(&answer);
        }
        rig.wait(SECOND);
    }
    assert_eq!(rig.driver.unsettled(rig.now), FactSet::NONE);
}

#[test]
fn doubts_without_end_hold_nothing_up_for_more_than_three_seconds() {
    let (mut rig, mut asked) = asking();
    let doubtful_since = rig.now;
    rig.driver.suspect(SESSION, rig.now);
    while rig.driver.unsettled(rig.now) == SESSION {
        rig.driver.suspect(SESSION, rig.now);
        rig.send(&status(&asked, wds::ConnectionStatus::Connected));
        asked = rig.request();
        rig.wait(Duration::from_millis(500));
    }
    assert_eq!(rig.now.since(doubtful_since), Duration::from_secs(3));
}

#[test]
fn on_the_ipc_router_nobody_is_a_client_for_longer_than_the_port_is_open() {
    let mut rig = Rig::new(&[("dms", 7)]);
    rig.driver.handle_opened(Some("qrtr://0".to_owned()));
    rig.driver.start(&Action::Synchronise, rig.now);
    let open = rig.request();
    assert_eq!(open.key(), ctl::proxy_open::KEY);
    let opened = rig.willing(&open);
    rig.send(&opened);
    // libqmi answers in place of the modem, and has no versions to tell.
    let probe = rig.request();
    rig.send(&probe.refusal(ProtocolError::NotSupported));
    assert!(rig.outputs().1.contains(&Output::Done(Ok(()))));
    rig.driver.want(MODE, rig.now);
    assert_eq!(rig.request().key(), ctl::allocate_cid::KEY);
}

#[test]
fn an_id_that_is_granted_is_nobody_elses_any_more() {
    // What was remembered is of before a restart that nobody saw.
    let mut rig = Rig::ready(&[("wds-ipv4", 1)]);
    rig.next_id = 0;
    rig.driver.want(FactSet::of(&[Fact::SessionIpv6]), rig.now);
    let outputs = rig.obey();
    let remembered =
        outputs.iter().rev().find_map(|o| if let Output::Remember(ids) = o { Some(ids.clone()) } else { None });
    assert_eq!(remembered, Some([("wds-ipv6".to_owned(), 1)].into()));
}
