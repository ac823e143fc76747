//! Targets in the room `qmi`.

use wwan::qmi::{self, Kind, Piece, Service, Splitter, registry};

/// A stream: cut whole and in halves it must give the same frames, and every byte must be accounted for.
pub fn frames(data: &[u8]) {
    let mut whole = Splitter::default();
    let pieces = whole.push(data);
    let mut halves = Splitter::default();
    let (head, tail) = data.split_at(data.len() / 2);
    let mut halved = halves.push(head);
    halved.extend(halves.push(tail));

    let used: usize = pieces.iter().map(length).sum();
    assert_eq!(used + whole.pending(), data.len());
    assert_eq!(only_frames(&pieces), only_frames(&halved));
    for frame in only_frames(&pieces) {
        assert_eq!(qmi::Frame::parse(&frame.encode()).as_ref(), Ok(frame));
        recode(frame.service, frame.kind, frame.message, &frame.tlvs);
    }
}

/// Anything at all as text.
pub fn describe(data: &[u8]) {
    assert_eq!(qmi::describe(data).is_empty(), data.is_empty());
}

/// CTL messages.
pub fn decode_ctl(data: &[u8]) {
    decode(Service::Ctl, data);
}

/// DMS messages.
pub fn decode_dms(data: &[u8]) {
    decode(Service::Dms, data);
}

/// DSD messages.
pub fn decode_dsd(data: &[u8]) {
    decode(Service::Dsd, data);
}

/// NAS messages.
pub fn decode_nas(data: &[u8]) {
    decode(Service::Nas, data);
}

/// UIM messages.
pub fn decode_uim(data: &[u8]) {
    decode(Service::Uim, data);
}

/// WDA messages.
pub fn decode_wda(data: &[u8]) {
    decode(Service::Wda, data);
}

/// WDS messages.
pub fn decode_wds(data: &[u8]) {
    decode(Service::Wds, data);
}

/// `data` is a direction, a message id and a TLV section.
fn decode(service: Service, data: &[u8]) {
    let [kind, low, high, section @ ..] = data else { return };
    let kind = match kind % 3 {
        0 => Kind::Request,
        1 => Kind::Response,
        _ => Kind::Indication,
    };
    recode(service, kind, u16::from_le_bytes([*low, *high]), section);
}

/// What was understood once must be understood again.
fn recode(service: Service, kind: Kind, message: u16, section: &[u8]) {
    let Some(body) = registry::find(service, message, kind) else { return };
    let (once, _) = (body.recode)(section);
    let (twice, leftover) = (body.recode)(&once);
    assert_eq!(once, twice);
    assert!(leftover.malformed.is_empty());
}

fn length(piece: &Piece) -> usize {
    match piece {
        Piece::Frame(frame) => frame.encoded_len(),
        Piece::Skipped(count) => *count,
    }
}

fn only_frames(pieces: &[Piece]) -> Vec<&qmi::Frame> {
    pieces.iter().filter_map(|piece| if let Piece::Frame(frame) = piece { Some(frame) } else { None }).collect()
}
