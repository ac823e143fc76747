//! From frames to typed messages and back: the traits and the macro the service tables are written in.
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
        Ok(fill(frame)?.0)
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
        let (response, result) = fill::<Self>(frame)?;
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
        Ok(fill(frame)?.0)
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
    let (message, _) = place_all::<M>(section).unwrap_or_default();
    let mut out = Vec::new();
    put_all(&message, &mut out);
    (out, message.leftover().clone())
}

fn fill<M: Message>(frame: &Frame) -> Result<(M, Option<&[u8]>), DecodeError> {
    if frame.key() != (M::SERVICE, M::ID) || frame.kind != M::KIND {
        return Err(DecodeError::OtherMessage);
    }
    place_all(&frame.tlvs).map_err(|TornTlv| DecodeError::TornTlv)
}

/// The message a TLV section holds and, for responses, the value of its Result.
fn place_all<M: Message>(section: &[u8]) -> Result<(M, Option<&[u8]>), TornTlv> {
    let mut message = M::default();
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
    Ok((message, result))
}

fn put_all<M: Message>(message: &M, out: &mut Vec<u8>) {
    message.put(out);
    for tlv in &message.leftover().unknown {
        put_tlv(out, tlv.id, |out| out.extend_from_slice(&tlv.value));
    }
}

fn reply<R: Response>(response: &R, request: &Frame, error: Option<ProtocolError>) -> Frame {
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

/// A struct of optional TLVs. `0x13 | 0x34 field` reads both ids and writes the first; `..group: Group` at the end adds
/// the TLVs of a shared set.
macro_rules! tlv_set {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$fdoc:meta])* $id:literal $(| $alias:literal)* $field:ident: $type:ty $(as $layout:ty)?,)*
            $(..$group:ident: $set:ty,)?
        } $($leftover:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* #[doc = concat!("TLV ", stringify!($id), ".")] pub $field: Option<$type>,)*
            $(#[doc = "TLVs that other messages carry too."] pub $group: $set,)?
            $(#[doc = "TLVs without a field."] pub $leftover: $crate::qmi::message::Leftover,)?
        }

        impl $crate::qmi::message::TlvSet for $name {
            const FIELDS: &'static [&'static [$crate::qmi::message::Field]] = &[
                &[$($crate::qmi::message::Field {
                    ids: &[$id $(, $alias)*],
                    name: stringify!($field),
                    show: $crate::qmi::message::show::<$type, $crate::qmi::kinds::layout!($($layout)?)>,
                },)*],
                $(<$set as $crate::qmi::message::TlvSet>::FIELDS[0],)?
            ];

            #[allow(unused_variables, clippy::let_and_return)]
            fn take(&mut self, id: u8, value: &[u8]) -> $crate::qmi::message::Taken {
                let taken = match id {
                    $($id $(| $alias)* => $crate::qmi::message::place::<$type, $crate::qmi::kinds::layout!($($layout)?)>(
                        &mut self.$field,
                        value,
                    ),)*
                    _ => $crate::qmi::message::Taken::Unknown,
                };
                $(let taken = match taken {
                    $crate::qmi::message::Taken::Unknown => {
                        $crate::qmi::message::TlvSet::take(&mut self.$group, id, value)
                    }
                    placed => placed,
                };)?
                taken
            }

            #[allow(unused_variables)]
            fn put(&self, out: &mut Vec<u8>) {
                $(if let Some(value) = &self.$field {
                    $crate::qmi::tlv::put_tlv(out, $id, |out| {
                        <$crate::qmi::kinds::layout!($($layout)?) as $crate::qmi::wire::Layout<$type>>::put(value, out);
                    });
                })*
                $($crate::qmi::message::TlvSet::put(&self.$group, out);)?
            }
        }
    };
}

/// The table of a service. A row is a message and becomes a module with `ID`, `KEY` and the structs `Request` and
/// `Response`, or `Indication`.
macro_rules! service {
    ($service:ident; $($(#[$doc:meta])* $id:literal $name:ident { $($kind:ident { $($tlvs:tt)* })* })*) => {
        $(
            $(#[$doc])*
            #[doc = concat!("\n\n`", stringify!($service), "` message ", stringify!($id), ".")]
            pub mod $name {
                #[allow(unused_imports)]
                use super::*;

                /// The message id.
                pub const ID: u16 = $id;
                /// Service and message id, to match [`Frame::key`]($crate::qmi::Frame::key) against.
                pub const KEY: ($crate::qmi::Service, u16) = ($crate::qmi::Service::$service, ID);
                pub(in $crate::qmi) const BODIES: &[$crate::qmi::Body] = &[$($crate::qmi::message::body_of!($kind)),*];

                $($crate::qmi::message::body! { $service $name $kind { $($tlvs)* } })*
            }
        )*

        pub(in $crate::qmi) const MESSAGES: &[&[$crate::qmi::Body]] = &[$($name::BODIES),*];
    };
}

macro_rules! body {
    ($service:ident $name:ident request { $($tlvs:tt)* }) => {
        $crate::qmi::message::body! { @ $service $name Request "Host to modem." { $($tlvs)* } }
        impl $crate::qmi::message::Request for Request {
            type Response = Response;
        }
    };
    ($service:ident $name:ident response { $($tlvs:tt)* }) => {
        $crate::qmi::message::body! { @ $service $name Response "Modem to host." { $($tlvs)* } }
        impl $crate::qmi::message::Response for Response {}
    };
    ($service:ident $name:ident indication { $($tlvs:tt)* }) => {
        $crate::qmi::message::body! { @ $service $name Indication "Modem to host, unasked." { $($tlvs)* } }
        impl $crate::qmi::message::Indication for Indication {}
    };
    (@ $service:ident $name:ident $kind:ident $doc:literal { $($tlvs:tt)* }) => {
        $crate::qmi::message::tlv_set! { #[doc = $doc] $kind { $($tlvs)* } leftover }
        impl $crate::qmi::message::Message for $kind {
            const SERVICE: $crate::qmi::Service = $crate::qmi::Service::$service;
            const ID: u16 = ID;
            const NAME: &'static str = stringify!($name);
            const KIND: $crate::qmi::Kind = $crate::qmi::Kind::$kind;
            fn leftover(&self) -> &$crate::qmi::message::Leftover {
                &self.leftover
            }
            fn leftover_mut(&mut self) -> &mut $crate::qmi::message::Leftover {
                &mut self.leftover
            }
        }
    };
}

macro_rules! body_of {
    (request) => {
        $crate::qmi::Body::of::<Request>()
    };
    (response) => {
        $crate::qmi::Body::of::<Response>()
    };
    (indication) => {
        $crate::qmi::Body::of::<Indication>()
    };
}

pub(super) use {body, body_of, service, tlv_set};
