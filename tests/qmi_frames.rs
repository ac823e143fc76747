//! Frames captured from ModemManager, oFono, qmicli and uqmi against the tables: what third parties send we can read
//! and would write the same way.

use std::collections::BTreeSet;

use wwan::qmi::{Body, Frame, Kind, Piece, Splitter, Tlv, describe, from_hex, registry};

const CAPTURES: [(&str, &str); 4] = [
    ("modemmanager", include_str!("data/frames/modemmanager.txt")),
    ("ofono", include_str!("data/frames/ofono.txt")),
    ("qmicli", include_str!("data/frames/qmicli.txt")),
    ("uqmi", include_str!("data/frames/uqmi.txt")),
];

/// `(program, sent by the host, bytes)` of every line.
fn frames() -> Vec<(&'static str, bool, Vec<u8>)> {
    let lines = CAPTURES.iter().flat_map(|(program, text)| text.lines().map(move |line| (*program, line)));
    lines.map(|(program, line)| (program, line.starts_with('>'), from_hex(&line[1..]).expect(line))).collect()
}

fn body(frame: &Frame) -> &'static Body {
    registry::find(frame.service, frame.message, frame.kind).unwrap_or_else(|| panic!("{frame:?} is in no table"))
}

fn tlvs(section: &[u8]) -> Vec<Tlv> {
    let mut tlvs: Vec<_> = wwan::qmi::Tlvs::new(section)
        .map(|tlv| tlv.map(|(id, value)| Tlv { id, value: value.to_vec() }).expect("a parsed frame"))
        .collect();
    tlvs.sort_by_key(|tlv| tlv.id);
    tlvs
}

#[test]
fn the_corpus_is_what_we_think_it_is() {
    assert_eq!(frames().len(), 665);
    let kinds: BTreeSet<_> = frames()
        .iter()
        .map(|(_, _, bytes)| Frame::parse(bytes).unwrap())
        .map(|frame| (frame.service, frame.message, frame.kind))
        .collect();
    assert_eq!(kinds.len(), 136);
}

#[test]
fn every_frame_parses_and_encodes_to_the_same_bytes() {
    for (program, from_host, bytes) in frames() {
        let frame = Frame::parse(&bytes).unwrap_or_else(|error| panic!("{program}: {error}"));
        assert_eq!(frame.kind == Kind::Request, from_host);
        assert_eq!(frame.encode(), bytes, "{program}: {frame:?}");
    }
}

#[test]
fn every_request_of_a_third_party_is_known_and_encodes_to_the_same_tlvs() {
    for (program, _, bytes) in frames().iter().filter(|(_, from_host, _)| *from_host) {
        let frame = Frame::parse(bytes).unwrap();
        let (again, leftover) = (body(&frame).recode)(&frame.tlvs);
        assert_eq!(leftover, Default::default(), "{program}:\n{}", describe(bytes));
        assert_eq!(tlvs(&again), tlvs(&frame.tlvs), "{program}:\n{}", describe(bytes));
    }
}

#[test]
fn every_answer_decodes_without_leftovers() {
    for (program, _, bytes) in frames().iter().filter(|(_, from_host, _)| !from_host) {
        let frame = Frame::parse(bytes).unwrap();
        let (_, leftover) = (body(&frame).recode)(&frame.tlvs);
        assert_eq!(leftover, Default::default(), "{program}:\n{}", describe(bytes));
    }
}

#[test]
fn one_stream_of_all_frames_is_cut_into_the_same_frames() {
    let stream: Vec<u8> = frames().iter().flat_map(|(_, _, bytes)| bytes.clone()).collect();
    for chunk in [1, 7, 64, 2048, stream.len()] {
        let mut splitter = Splitter::default();
        let pieces: Vec<Piece> = stream.chunks(chunk).flat_map(|bytes| splitter.push(bytes)).collect();
        let expected: Vec<_> =
            frames().iter().map(|(_, _, bytes)| Piece::Frame(Frame::parse(bytes).unwrap())).collect();
        assert_eq!(pieces, expected);
        assert_eq!(splitter.pending(), 0);
    }
}
