//! What ModemManager, oFono, qmicli and uqmi once asked a modem, asked of the simulated one.
//!
//! The captures have the answers of another simulator, with which those programs did their work. Ours must grant what
//! that one granted; what it refused, ours may grant.

use std::collections::BTreeMap;
use std::time::Duration;

use wwan::model::{Instant, Plmn};
use wwan::qmi::{Frame, Kind, ProtocolError, from_hex, registry};
use wwan::sim::{Card, Output, Personality, Profile, SimModem};

/// A modem that is booted and attached.
fn ready() -> (SimModem, Instant) {
    let mut profile = Profile::default();
    profile.slots.push(Some(Card::of_test_network(2)));
    // The network that qmicli chose by hand.
    for card in profile.slots.iter_mut().flatten() {
        card.home = Plmn { mcc: 901, mnc: 40, three_digit_mnc: false };
    }
    let mut modem = SimModem::new(Personality::default(), profile, 1, Instant::ZERO);
    let mut now = Instant::ZERO;
    while !modem.truth().attached {
        now = modem.poll_timeout().expect("an attached modem some time").0;
        modem.handle_timeout(now);
    }
    while modem.poll_output().is_some() {}
    (modem, now)
}

/// The response to one request.
fn answer(modem: &mut SimModem, now: &mut Instant, request: &Frame) -> Frame {
    modem.handle_frame(request, *now);
    let patience = *now + Duration::from_secs(200);
    loop {
        while let Some(output) = modem.poll_output() {
            if let Output::Send(frame) = output
                && frame.kind == Kind::Response
                && (frame.service, frame.client, frame.transaction)
                    == (request.service, request.client, request.transaction)
            {
                return frame;
            }
        }
        *now = modem.poll_timeout().expect("an answer").0;
        assert!(*now < patience, "no answer to {request:?}");
        modem.handle_timeout(*now);
    }
}

fn result(response: &Frame) -> ProtocolError {
    let (_, value) = response.tlvs().map(|tlv| tlv.expect("whole")).find(|(id, _)| *id == 2).expect("a result");
    match value {
        [0, 0, ..] => ProtocolError::None,
        [_, _, low, high, ..] => u16::from_le_bytes([*low, *high]).into(),
        short => panic!("{short:?}"),
    }
}

/// Replays a capture; returns what the other simulator granted and ours refuses.
fn refused(capture: &str) -> Vec<String> {
    let (mut modem, mut now) = ready();
    let mut granted_then = BTreeMap::new();
    let frames: Vec<Frame> = capture
        .lines()
        .map(|line| Frame::parse(&from_hex(&line[1..]).expect("hex digits")).expect("a frame"))
        .collect();
    for (index, frame) in frames.iter().enumerate().filter(|(_, frame)| frame.kind == Kind::Response) {
        let asked = frames[..index].iter().rposition(|request| {
            request.kind == Kind::Request
                && (request.service, request.client, request.transaction, request.message)
                    == (frame.service, frame.client, frame.transaction, frame.message)
        });
        granted_then.insert(asked, result(frame) == ProtocolError::None);
    }
    let mut refused = Vec::new();
    for (index, request) in frames.iter().enumerate().filter(|(_, frame)| frame.kind == Kind::Request) {
        // A reset ends the capture: nothing after it makes sense without the program's reaction.
        if request.key() == wwan::qmi::dms::set_operating_mode::KEY && request.tlvs.last() == Some(&4) {
            break;
        }
        // The handle in the capture is another session's.
        if request.key() == wwan::qmi::wds::stop_network::KEY {
            continue;
        }
        let now_refused = result(&answer(&mut modem, &mut now, request));
        if granted_then.get(&Some(index)) == Some(&true) && now_refused != ProtocolError::None {
            let name = registry::find(request.service, request.message, Kind::Request).map_or("?", |body| body.name);
            refused.push(format!("{name}: {now_refused}"));
        }
        // The programs waited until the modem was registered again.
        while modem.poll_timeout().is_some_and(|(at, _)| at < now + Duration::from_secs(10)) {
            now = modem.poll_timeout().expect("just seen").0;
            modem.handle_timeout(now);
            while modem.poll_output().is_some() {}
        }
    }
    refused
}

#[test]
fn modemmanager_gets_what_it_needs() {
    assert_eq!(refused(include_str!("data/frames/modemmanager.txt")), [""; 0]);
}

#[test]
fn ofono_gets_what_it_needs() {
    assert_eq!(refused(include_str!("data/frames/ofono.txt")), [""; 0]);
}

#[test]
fn qmicli_gets_what_it_asks() {
    assert_eq!(refused(include_str!("data/frames/qmicli.txt")), [""; 0]);
}

#[test]
fn uqmi_gets_what_it_asks() {
    assert_eq!(refused(include_str!("data/frames/uqmi.txt")), [""; 0]);
}
