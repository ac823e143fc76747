//! Whatever the bytes are: no panic, no loss on the way out and in again, no difference by how a stream is chopped.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wwan::qmi::{Body, Frame, Kind, Piece, Service, Splitter, Tlv, describe, from_hex, registry};

const CAPTURES: [&str; 4] = [
    include_str!("data/frames/modemmanager.txt"),
    include_str!("data/frames/ofono.txt"),
    include_str!("data/frames/qmicli.txt"),
    include_str!("data/frames/uqmi.txt"),
];

/// The longest captured frame of each message and direction.
fn samples() -> Vec<Vec<u8>> {
    let mut samples = BTreeMap::new();
    for line in CAPTURES.iter().flat_map(|text| text.lines()) {
        let bytes = from_hex(&line[1..]).expect(line);
        let frame = Frame::parse(&bytes).expect(line);
        let longest: &mut Vec<u8> = samples.entry((frame.service, frame.message, frame.kind)).or_default();
        if bytes.len() > longest.len() {
            *longest = bytes;
        }
    }
    samples.into_values().collect()
}

/// Everything that can be done to a frame of unknown origin.
fn decode(frame: &Frame) {
    if let Some(body) = registry::find(frame.service, frame.message, frame.kind) {
        assert_stable(body, &frame.tlvs);
    }
}

/// What was understood once is understood again, and nothing else comes with it.
fn assert_stable(body: &Body, section: &[u8]) {
    let (once, leftover) = (body.recode)(section);
    let (twice, still_left) = (body.recode)(&once);
    assert_eq!(once, twice, "{body:?}");
    assert_eq!(leftover.unknown, still_left.unknown, "{body:?}");
    assert_eq!(still_left.malformed, [], "{body:?}");
}

fn section(tlvs: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut frame =
        Frame { service: Service::Ctl, client: 0, kind: Kind::Request, transaction: 0, message: 0, tlvs: vec![] };
    tlvs.iter().for_each(|(id, value)| frame.push(&Tlv { id: *id, value: value.clone() }));
    frame.tlvs
}

/// Frames, and the number of bytes that belong to none.
fn summary(pieces: impl IntoIterator<Item = Piece>) -> (Vec<Frame>, usize) {
    let (mut frames, mut skipped) = (vec![], 0);
    for piece in pieces {
        match piece {
            Piece::Frame(frame) => frames.push(frame),
            Piece::Skipped(count) => skipped += count,
        }
    }
    (frames, skipped)
}

/// Whole frames, each with a TLV at its end that promises more than there is.
fn torn() -> Vec<Vec<u8>> {
    let torn = |bytes: &Vec<u8>| {
        let mut frame = Frame::parse(bytes).expect("a captured frame");
        frame.tlvs.extend([0x10, 0xFF, 0xFF, 7]);
        frame.encode()
    };
    samples().iter().map(torn).collect()
}

/// Bytes that look like values: small counts and lengths in front, then anything.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..80),
        vec(0u8..4, 0..40),
        (0u8..6, vec(any::<u8>(), 0..80)).prop_map(|(count, mut bytes)| {
            bytes.insert(0, count);
            bytes
        }),
        Just(vec![0xFF; 300]),
    ]
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_survived(bytes in vec(any::<u8>(), 0..600)) {
        let text = describe(&bytes);
        prop_assert_eq!(text.is_empty(), bytes.is_empty());
        summary(Splitter::default().push(&bytes)).0.iter().for_each(decode);
    }

    #[test]
    fn arbitrary_text_is_no_reason_to_panic(text in any::<String>()) {
        from_hex(&text);
    }

    #[test]
    fn every_message_comes_back_from_arbitrary_values(
        body in select(registry::bodies().collect::<Vec<_>>()),
        picks in vec((any::<Index>(), value()), 0..12),
        strange in vec((any::<u8>(), value()), 0..3),
    ) {
        let ids: Vec<u8> = body.fields.iter().copied().flatten().flat_map(|field| field.ids).copied().collect();
        let known = picks.into_iter().filter(|_| !ids.is_empty()).map(|(pick, value)| (*pick.get(&ids), value));
        let tlvs: Vec<_> = known.chain(strange).collect();
        assert_stable(body, &section(&tlvs));
        for (id, value) in tlvs {
            body.fields.iter().copied().flatten().filter(|field| field.ids.contains(&id)).for_each(|field| {
                (field.show)(&value);
            });
        }
    }

    #[test]
    fn frames_come_back_from_their_bytes(
        service in any::<u8>(),
        client in any::<u8>(),
        kind in select(vec![Kind::Request, Kind::Response, Kind::Indication]),
        transaction in any::<u16>(),
        message in any::<u16>(),
        tlvs in vec((any::<u8>(), vec(any::<u8>(), 0..50)), 0..8),
    ) {
        let service = Service::from(service);
        let transaction = if service == Service::Ctl { transaction & 0xFF } else { transaction };
        let frame = Frame { service, client, kind, transaction, message, tlvs: section(&tlvs) };
        let bytes = frame.encode();
        prop_assert_eq!(bytes.len(), frame.encoded_len());
        prop_assert_eq!(Frame::parse(&bytes), Ok(frame));
    }

    #[test]
    fn qmi_1_how_a_stream_is_chopped_makes_no_difference(
        parts in vec(prop_oneof![3 => select(samples()), 1 => select(torn()), 1 => vec(select(vec![0u8, 1, 2, 0x0C, 0x80]), 0..30)], 1..20),
        cuts in vec(any::<Index>(), 0..40),
    ) {
        let stream = parts.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();

        let mut whole = Splitter::default();
        let mut chopped = Splitter::default();
        let pieces = cuts.windows(2).flat_map(|cut| chopped.push(&stream[cut[0]..cut[1]])).collect::<Vec<_>>();
        let (frames, skipped) = summary(pieces);
        prop_assert_eq!(&summary(whole.push(&stream)), &(frames.clone(), skipped));
        prop_assert_eq!(chopped.pending(), whole.pending());
        let used: usize = frames.iter().map(Frame::encoded_len).sum();
        prop_assert_eq!(used + skipped + chopped.pending(), stream.len(), "every byte is accounted for");
    }
}

#[test]
fn every_message_comes_back_from_nothing() {
    for body in registry::bodies() {
        assert_eq!((body.recode)(&[]), (vec![], Default::default()), "{body:?}");
    }
}

#[test]
fn every_truncation_of_a_captured_frame_is_survived() {
    for bytes in samples() {
        for end in 0..bytes.len() {
            assert!(Frame::parse(&bytes[..end]).is_err());
            describe(&bytes[..end]);
            let whole = Frame::parse(&bytes).expect("a captured frame");
            let cut = end.min(whole.tlvs.len());
            decode(&Frame { tlvs: whole.tlvs[..cut].to_vec(), ..whole });
        }
    }
}

#[test]
fn qmi_2_every_mutation_of_one_byte_of_a_captured_frame_is_survived() {
    for mut bytes in samples() {
        for at in 0..bytes.len() {
            let original = bytes[at];
            for byte in 0..=u8::MAX {
                bytes[at] = byte;
                if let Ok(frame) = Frame::parse(&bytes) {
                    decode(&frame);
                }
            }
            bytes[at] = original ^ 0x01;
            describe(&bytes);
            bytes[at] = original;
        }
    }
}

#[test]
fn qmi_1_f8_a_frame_that_lost_its_end_takes_no_other_with_it() {
    let next = samples().swap_remove(0);
    let whole = Frame::parse(&next).expect("a captured frame");
    for bytes in samples() {
        for end in 1..bytes.len() {
            // As many as it takes to fill what was announced.
            let others = next.repeat(bytes.len() / next.len() + 2);
            let (frames, _) = summary(Splitter::default().push(&[&bytes[..end], &others].concat()));
            // What fills the gap by chance is a frame like others; a torn one is not made of its neighbour's bytes.
            let by_chance = frames.first().is_some_and(|frame| frame.encoded_len() == bytes.len());
            assert!(by_chance || frames.first() == Some(&whole), "cut at {end}: {frames:?}");
        }
    }
}

#[test]
fn qmi_1_the_splitter_holds_no_more_than_one_frame() {
    let mut endless = Splitter::default();
    // A header that announces 64 KiB of one TLV, and then noise for ever.
    let header = from_hex("01 ffff 80 03 01 04 0000 2400 f3ff 01 f0ff").expect("hex");
    for noise in std::iter::once(header).chain(std::iter::repeat_n(vec![0x55; 1000], 200)) {
        endless.push(&noise);
        assert!(endless.pending() <= wwan::qmi::MAX_FRAME, "{}", endless.pending());
    }
}
