//! QMUX frames, and how to find them in a stream of bytes.
//!
//! ```text
//! 01 | length u16 | sender 00 host, 80 modem | service | client        the QMUX header
//! flags | transaction u8 or u16 | message u16 | length u16 | TLVs     the SDU
//! ```
//! A frame here always has a TLV section that adds up; what the TLVs mean is the business of `message`.

use super::error::ProtocolError;
use super::message::put_result;
use super::service::Service;
use super::tlv::{Tlv, Tlvs, put_tlv};

/// Indications for every client of a service carry this client id.
pub const BROADCAST: u8 = 0xFF;

/// The longest frame the 16-bit length can announce: 64 KiB with its marker.
pub const MAX_FRAME: usize = 1 + u16::MAX as usize;

/// The longest TLV section that fits a frame of any service.
pub(super) const MAX_TLVS: usize = MAX_FRAME - QMUX_HEAD - 7;

const MARKER: u8 = 0x01;
/// Marker, length, sender, service, client.
const QMUX_HEAD: usize = 6;
const FROM_HOST: u8 = 0x00;
const FROM_MODEM: u8 = 0x80;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Host to modem.
    Request,
    /// Modem to host, answering one request.
    Response,
    /// Modem to host, unasked.
    Indication,
}

/// One QMI message with its address, its TLVs still bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// The service spoken to.
    pub service: Service,
    /// The client of that service; 0 for CTL, [`BROADCAST`] for all.
    pub client: u8,
    /// The direction.
    pub kind: Kind,
    /// Pairs a response with its request, per service and client. CTL has eight bits, the others sixteen; 0 in
    /// indications.
    pub transaction: u16,
    /// The message id, unique per service and kind.
    pub message: u16,
    /// The TLV section as on the wire.
    pub tlvs: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The bytes end before the frame does.
    #[error("the frame is cut short")]
    Short,
    /// No frame starts here, or its lengths and flags contradict one another.
    #[error("not a QMUX frame")]
    Garbage,
    /// A frame, and then something else.
    #[error("bytes after the frame")]
    Trailing,
}

impl Frame {
    /// Service and message id, to `match` against the `KEY` of a message module.
    pub fn key(&self) -> (Service, u16) {
        (self.service, self.message)
    }

    /// The TLVs in order. A parsed frame has no torn one.
    pub fn tlvs(&self) -> Tlvs<'_> {
        Tlvs::new(&self.tlvs)
    }

    /// Appends a TLV the tables may know nothing of; left out where it would overflow the frame.
    pub fn push(&mut self, tlv: &Tlv) {
        put_tlv(&mut self.tlvs, tlv.id, |out| out.extend_from_slice(&tlv.value));
    }

    /// The answer to this request that is a bare refusal, for messages known or not.
    pub fn refusal(&self, error: ProtocolError) -> Self {
        let mut tlvs = Vec::new();
        put_result(&mut tlvs, Some(error));
        Self { kind: Kind::Response, tlvs, ..self.clone() }
    }

    /// How many bytes [`encode`](Self::encode) gives.
    pub fn encoded_len(&self) -> usize {
        QMUX_HEAD + sdu_head(self.service == Service::Ctl) + self.tlvs.len().min(MAX_TLVS)
    }

    /// The bytes for the control port. Request flags say "host", the others "modem".
    pub fn encode(&self) -> Vec<u8> {
        // A section beyond the limit can only be put together by hand; what does not fit cannot be sent.
        let tlvs = &self.tlvs[..self.tlvs.len().min(MAX_TLVS)];
        let ctl = self.service == Service::Ctl;
        let mut out = Vec::with_capacity(self.encoded_len());
        out.push(MARKER);
        out.extend_from_slice(&(self.encoded_len() as u16 - 1).to_le_bytes());
        out.push(if self.kind == Kind::Request { FROM_HOST } else { FROM_MODEM });
        out.extend_from_slice(&[self.service.into(), self.client, flags(ctl, self.kind)]);
        match ctl {
            true => out.push(self.transaction as u8),
            false => out.extend_from_slice(&self.transaction.to_le_bytes()),
        }
        out.extend_from_slice(&self.message.to_le_bytes());
        out.extend_from_slice(&(tlvs.len() as u16).to_le_bytes());
        out.extend_from_slice(tlvs);
        out
    }

    /// Reads exactly one frame.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        match scan(bytes) {
            Scan::Frame(frame, length) if length == bytes.len() && frame.encoded_len() == length => Ok(frame),
            Scan::Frame(frame, length) if frame.encoded_len() == length => Err(FrameError::Trailing),
            Scan::Frame(..) => Err(FrameError::Garbage),
            Scan::Garbage => Err(FrameError::Garbage),
            Scan::More => Err(FrameError::Short),
        }
    }
}

/// Without the TLV bytes: they hold PINs and passwords.
impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { service, client, kind, transaction, message, tlvs } = self;
        write!(f, "{service:?} {message:#06x} {kind:?} client {client} transaction {transaction}, {} bytes", tlvs.len())
    }
}

/// What a stream turns out to consist of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A frame.
    Frame(Frame),
    /// So many bytes that belong to none.
    Skipped(usize),
}

/// Cuts a byte stream into frames: partial ones, several at once, garbage between them.
///
/// Holds at most the beginning of one frame, so never more than [`MAX_FRAME`] bytes between two calls.
#[derive(Debug, Default)]
pub struct Splitter {
    pending: Vec<u8>,
}

impl Splitter {
    /// Adds what was read and returns what is complete, in order. How the stream was chopped makes no difference to
    /// the frames. After garbage it goes on with the next bytes that form a whole frame.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.pending.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        let (mut at, mut skipped) = (0, 0);
        loop {
            match scan(&self.pending[at..]) {
                Scan::More => break,
                Scan::Garbage => {
                    at += 1;
                    skipped += 1;
                }
                Scan::Frame(frame, length) => {
                    pieces.extend((skipped > 0).then_some(Piece::Skipped(skipped)));
                    // What is torn off its end belongs to no frame.
                    skipped = length - frame.encoded_len();
                    pieces.push(Piece::Frame(frame));
                    at += length;
                }
            }
        }
        pieces.extend((skipped > 0).then_some(Piece::Skipped(skipped)));
        self.pending.drain(..at);
        pieces
    }

    /// The rest of the frame that waits for it will not come: its beginning is garbage, and what is whole behind it is
    /// returned. A wrong length would swallow 64 KiB of what follows otherwise.
    pub fn give_up(&mut self) -> Vec<Piece> {
        if self.pending.is_empty() {
            return Vec::new();
        }
        self.pending.remove(0);
        let mut pieces = vec![Piece::Skipped(1)];
        pieces.extend(self.push(&[]));
        pieces
    }

    /// How many bytes wait for the rest of their frame. Not zero after a long silence: the rest will not come.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }
}

enum Scan {
    /// A frame may start here, the bytes end too early to say.
    More,
    Garbage,
    Frame(Frame, usize),
}

/// Looks for a frame at the very start of `bytes`. Every check is made as early as its bytes are there, so that noise
/// that looks like a header does not make us wait for 64 KiB.
fn scan(bytes: &[u8]) -> Scan {
    let (mut frame, total) = match head(bytes) {
        Head::Frame(frame, total) => (frame, total),
        Head::More => return Scan::More,
        Head::Garbage => return Scan::Garbage,
    };
    let Some(tlvs) = bytes.get(frame.encoded_len()..total) else { return Scan::More };
    let whole: usize = Tlvs::new(tlvs).map_while(Result::ok).map(|(_, value)| 3 + value.len()).sum();
    // A TLV that promises more than follows: the firmware is wrong and the frame ends here, or its end got lost on the
    // way and what we look at is the next frame, which must not go with it.
    let is_torn = whole < tlvs.len();
    if is_torn && (0..tlvs.len()).any(|at| !matches!(head(&tlvs[at..]), Head::Garbage)) {
        return Scan::Garbage;
    }
    frame.tlvs = tlvs[..whole].to_vec();
    Scan::Frame(frame, total)
}

/// What the first bytes of a frame say.
enum Head {
    More,
    Garbage,
    /// A frame without its TLVs, and how long it is with them.
    Frame(Frame, usize),
}

fn head(bytes: &[u8]) -> Head {
    let [marker, rest @ ..] = bytes else { return Head::More };
    if *marker != MARKER {
        return Head::Garbage;
    }
    let [low, high, rest @ ..] = rest else { return Head::More };
    let total = 1 + usize::from(u16::from_le_bytes([*low, *high]));
    if total < QMUX_HEAD + sdu_head(true)
        || rest.first().is_some_and(|sender| ![FROM_HOST, FROM_MODEM].contains(sender))
    {
        return Head::Garbage;
    }
    let [_, service, client, sdu @ ..] = rest else { return Head::More };
    let ctl = Service::from(*service) == Service::Ctl;
    let Some(tlvs_length) = total.checked_sub(QMUX_HEAD + sdu_head(ctl)) else { return Head::Garbage };
    let Some((head, _)) = sdu.split_at_checked(sdu_head(ctl)) else { return Head::More };
    let (transaction, message, announced) = match *head {
        [_, transaction, m0, m1, l0, l1] => (transaction.into(), [m0, m1], [l0, l1]),
        [_, t0, t1, m0, m1, l0, l1] => (u16::from_le_bytes([t0, t1]), [m0, m1], [l0, l1]),
        _ => return Head::Garbage,
    };
    let kind = [Kind::Request, Kind::Response, Kind::Indication].into_iter().find(|kind| flags(ctl, *kind) == head[0]);
    let (Some(kind), true) = (kind, usize::from(u16::from_le_bytes(announced)) == tlvs_length) else {
        return Head::Garbage;
    };
    let (service, client, message) = (Service::from(*service), *client, u16::from_le_bytes(message));
    Head::Frame(Frame { service, client, kind, transaction, message, tlvs: Vec::new() }, total)
}

/// Flags, transaction, message, length.
fn sdu_head(ctl: bool) -> usize {
    if ctl { 6 } else { 7 }
}

fn flags(ctl: bool, kind: Kind) -> u8 {
    match (kind, ctl) {
        (Kind::Request, _) => 0,
        (Kind::Response, true) => 1,
        (Kind::Response, false) | (Kind::Indication, true) => 2,
        (Kind::Indication, false) => 4,
    }
}
