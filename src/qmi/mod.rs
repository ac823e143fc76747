//! QMI: bytes ⇄ messages. Knows the Qualcomm protocol and nothing of ours.
//!
//! ```text
//! byte stream ─ frame::Splitter ─► Frame ─ message traits ─► nas::get_serving_system::Response …
//!                                  Frame ◄─ (the same tables, the other way) ── typed messages
//! ```
//! One module per service holds its table; a row is a message, a line of it a TLV. `table`, `kinds` and `wire` are what
//! the tables are written in. Not here: client ids in use, open transactions, time-outs. Those belong to `modem`.

pub mod bands;
pub mod ctl;
mod describe;
pub mod dms;
pub mod dsd;
mod error;
mod frame;
mod kinds;
mod message;
pub mod nas;
pub mod plmn;
pub mod registry;
mod secret;
mod service;
mod table;
pub mod text;
mod tlv;
pub mod uim;
pub mod wda;
pub mod wds;
mod wire;

pub use describe::{describe, from_hex};
pub use error::ProtocolError;
pub use frame::{BROADCAST, Frame, FrameError, Kind, MAX_FRAME, Piece, Splitter};
pub use message::{Answer, Body, DecodeError, Field, Indication, Leftover, Message, Refused, Request, Response};
pub use secret::Secret;
pub use service::Service;
pub use tlv::{Tlv, Tlvs, TornTlv};

#[cfg(test)]
mod tests;
