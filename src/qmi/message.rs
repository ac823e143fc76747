//! From frames to typed messages and back: the traits that the messages of the tables have.
//!
//! Every TLV of every message is an `Option`: QMI lets a modem leave any of them out. TLVs come in any order, the
//! first of several wins, bytes after a known value are tolerated (firmware grows), and a TLV that cannot be read is
//! set aside without harm to the others.

use std::fmt::Debug;

use super::error::ProtocolError;
use super::frame::{Frame, Kind};
use super::service::Service;
use super::tlv::{Tlv, Tlvs, TornTlv, put_tlv};
use super::wire::{Layout, Malformed, Reader, Wire};

/// The TLV that every response carries: status and error.
pub(super) const RESULT: u8 = 0x02;

/// One direction of one message of the tables.
pub trait Message: TlvSet + Debug + Clone + PartialEq {
    /// Its service.
    const SERVICE: Service;
    /// Its id within the service.
    const ID: u16;
    /// Its name in the table, for logs.
    const NAME: &'static str;
    /// Its direction.
    const KIND: Kind;
    /// What decoding could not place.
    fn leftover(&self) -> &Leftover;
    /// The same, to fill.
    fn leftover_mut(&mut self) -> &mut Leftover;
}

/// Host to modem.
pub trait Request: Message {
    /// What the modem answers.
    type Response: Response;

    /// The frame that asks this.
    fn frame(&self, client: u8, transaction: u16) -> Frame {
        let mut tlvs = Vec::new();
        put_all(self, &mut tlvs);
        Frame { service: Self::SERVICE, client, kind: Kind::Request, transaction, message: Self::ID, tlvs }
    }

    /// Reads a request. One whose mandatory TLVs are missing or in `leftover().malformed` still decodes.
    fn decode(frame: &Frame) -> Result<Self, DecodeError> {
        Ok(open(frame)?.0)
    }
}

/// Modem to host, answering a [`Request`].
pub trait Response: Message {
    /// The frame that grants `request` with these values.
    fn accept(&self, request: &Frame) -> Frame {
        reply(self, request, None)
    }

    /// The frame that refuses `request`. A refusal may carry values: why a call ended, how many tries a PIN has left.
    fn refuse(&self, request: &Frame, error: ProtocolError) -> Frame {
        reply(self, request, Some(error))
    }

    /// Reads a response: the answer, or the refusal together with the values that came with it.
    fn decode(frame: &Frame) -> Result<Answer<Self>, DecodeError> {
        let (response, result) = open::<Self>(frame)?;
        let result = result.ok_or(DecodeError::NoResult)?;
        let [s0, s1, e0, e1] = Reader::new(result).array().map_err(|Malformed| DecodeError::NoResult)?;
        match u16::from_le_bytes([s0, s1]) {
            0 => Ok(Ok(response)),
            _ => Ok(Err(Refused { error: u16::from_le_bytes([e0, e1]).into(), response })),
        }
    }
}

/// Modem to host, unasked.
pub trait Indication: Message {
    /// The frame that tells `client`, or all with [`BROADCAST`](super::BROADCAST).
    fn frame(&self, client: u8) -> Frame {
        let mut tlvs = Vec::new();
        put_all(self, &mut tlvs);
        Frame { service: Self::SERVICE, client, kind: Kind::Indication, transaction: 0, message: Self::ID, tlvs }
    }

    /// Reads an indication. A value that is absent has not changed; it is not gone.
    fn decode(frame: &Frame) -> Result<Self, DecodeError> {
        Ok(open(frame)?.0)
    }
}

/// What a well-formed response says.
pub type Answer<R> = Result<R, Refused<R>>;

/// The modem said no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused<R> {
    /// Its reason.
    pub error: ProtocolError,
    /// The values it sent along.
    pub response: R,
}

/// Why a frame is not the message it was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Another service, id or direction.
    #[error("another message than the one expected")]
    OtherMessage,
    /// A response without a readable Result TLV.
    #[error("a response without a result")]
    NoResult,
    /// The TLV section does not add up. Parsed frames never say this.
    #[error("a TLV is longer than its frame")]
    TornTlv,
}

/// The TLVs of a message that no field holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Leftover {
    /// Types the table does not list; encoding sends them again, after the known ones.
    pub unknown: Vec<Tlv>,
    /// Types the table lists whose values it could not read; not sent again.
    pub malformed: Vec<Tlv>,
}

/// A set of optional TLVs: a message, or a group that several messages share.
pub trait TlvSet: Default {
    /// Its rows; a shared group adds a slice of its own.
    const FIELDS: &'static [&'static [Field]];
    /// Places one TLV.
    fn take(&mut self, id: u8, value: &[u8]) -> Taken;
    /// Appends those that are present.
    fn put(&self, out: &mut Vec<u8>);
}

/// What became of one TLV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A field holds it, or held one before.
    Placed,
    /// Its field cannot read it.
    Malformed,
    /// There is no field for it.
    Unknown,
}

/// A row of a table, for those who look at messages without knowing their types.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The TLV type; further ones are read but never written.
    pub ids: &'static [u8],
    /// The field it fills.
    pub name: &'static str,
    /// The value as `Debug` text; `None` where the bytes do not hold one.
    pub show: fn(&[u8]) -> Option<String>,
}

/// One direction of one message, as a value.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its service.
    pub service: Service,
    /// Its id within the service.
    pub id: u16,
    /// Its name in the table.
    pub name: &'static str,
    /// Its direction.
    pub kind: Kind,
    /// The TLVs it may carry, besides the Result of a response.
    pub fields: &'static [&'static [Field]],
    /// Decodes a TLV section and encodes it again, without the Result; with it what found no place.
    pub recode: fn(&[u8]) -> (Vec<u8>, Leftover),
}

impl Body {
    pub(super) const fn of<M: Message>() -> Self {
        Self { service: M::SERVICE, id: M::ID, name: M::NAME, kind: M::KIND, fields: M::FIELDS, recode: recode::<M> }
    }
}

fn recode<M: Message>(section: &[u8]) -> (Vec<u8>, Leftover) {
    let mut message = M::default();
    // Of a torn section it keeps what comes before the tear.
    let _ = fill(&mut message, section);
    let mut out = Vec::new();
    put_all(&message, &mut out);
    (out, message.leftover().clone())
}

/// The message a frame holds and, for responses, the value of its Result.
fn open<M: Message>(frame: &Frame) -> Result<(M, Option<&[u8]>), DecodeError> {
    if frame.key() != (M::SERVICE, M::ID) || frame.kind != M::KIND {
        return Err(DecodeError::OtherMessage);
    }
    let mut message = M::default();
    let result = fill(&mut message, &frame.tlvs).map_err(|TornTlv| DecodeError::TornTlv)?;
    Ok((message, result))
}

/// Places every TLV of a section and returns the value of the Result that responses have.
fn fill<'a, M: Message>(message: &mut M, section: &'a [u8]) -> Result<Option<&'a [u8]>, TornTlv> {
    let mut result = None;
    for tlv in Tlvs::new(section) {
        let (id, value) = tlv?;
        if id == RESULT && M::KIND == Kind::Response {
            result = result.or(Some(value));
            continue;
        }
        match message.take(id, value) {
            Taken::Placed => {}
            Taken::Unknown => message.leftover_mut().unknown.push(Tlv { id, value: value.to_vec() }),
            Taken::Malformed => message.leftover_mut().malformed.push(Tlv { id, value: value.to_vec() }),
        }
    }
    Ok(result)
}

fn put_all<M: Message>(message: &M, out: &mut Vec<u8>) {
    message.put(out);
    for tlv in &message.leftover().unknown {
        put_tlv(out, tlv.id, |out| out.extend_from_slice(&tlv.value));
    }
}

fn reply<R: Response>(response: &R, request: &Frame, error: Option<ProtocolError>) -> Frame {
    debug_assert_eq!(request.key(), (R::SERVICE, R::ID), "a response to another request");
    let mut tlvs = Vec::new();
    put_result(&mut tlvs, error);
    put_all(response, &mut tlvs);
    let Frame { service, client, transaction, message, .. } = *request;
    Frame { service, client, kind: Kind::Response, transaction, message, tlvs }
}

/// The Result TLV; modems send it first.
pub(super) fn put_result(out: &mut Vec<u8>, error: Option<ProtocolError>) {
    put_tlv(out, RESULT, |out| {
        u16::from(error.is_some()).put(out);
        error.unwrap_or(ProtocolError::None).put(out);
    });
}

/// What the tables expand to.
#[doc(hidden)]
pub(super) fn place<T, L: Layout<T>>(slot: &mut Option<T>, value: &[u8]) -> Taken {
    if slot.is_some() {
        return Taken::Placed;
    }
    let Ok(value) = L::get(&mut Reader::new(value)) else { return Taken::Malformed };
    *slot = Some(value);
    Taken::Placed
}

/// What the tables expand to.
pub(super) fn show<T: Debug, L: Layout<T>>(value: &[u8]) -> Option<String> {
    L::get(&mut Reader::new(value)).ok().map(|value| format!("{value:?}"))
}
