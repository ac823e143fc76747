//! Bytes as text for a human: a line for each frame, a line for each TLV. Makes something of any bytes at all.

use std::fmt::{self, Write};

use super::frame::{Frame, Kind, Piece, Splitter};
use super::message::{Body, RESULT};
use super::registry;
use super::tlv::TornTlv;
use super::wire::{Reader, Wire};
use super::{BROADCAST, ProtocolError};

/// Describes all frames in `bytes`, and what lies between them.
pub fn describe(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    for piece in Splitter::default().push(bytes) {
        let (head, tail) = match &piece {
            Piece::Frame(frame) => rest.split_at(frame.encoded_len()),
            Piece::Skipped(count) => rest.split_at(*count),
        };
        rest = tail;
        text += &match piece {
            Piece::Frame(frame) => frame_text(&frame),
            Piece::Skipped(_) => format!("no frame: {}\n", Hex(head)),
        };
    }
    if !rest.is_empty() {
        text += &format!("cut short: {}\n", Hex(rest));
    }
    text
}

/// The bytes of hexadecimal text; spaces, line ends, colons and commas between them do not matter.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ':' | ','))
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn frame_text(frame: &Frame) -> String {
    let body = registry::find(frame.service, frame.message, frame.kind);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_frame(&mut text, frame, body);
    text
}

fn write_frame(text: &mut String, frame: &Frame, body: Option<&Body>) -> fmt::Result {
    let service = frame.service.to_string().to_uppercase();
    let name = body.map_or("message", |body| body.name);
    let kind = match frame.kind {
        Kind::Request => "request",
        Kind::Response => "response",
        Kind::Indication => "indication",
    };
    write!(text, "{service} {name} {kind} ({:#06x})", frame.message)?;
    match frame.client {
        BROADCAST => write!(text, ", all clients")?,
        client => write!(text, ", client {client}")?,
    }
    writeln!(text, ", transaction {}", frame.transaction)?;
    for tlv in frame.tlvs() {
        match tlv {
            Ok((id, value)) => write_tlv(text, frame.kind, body, id, value)?,
            Err(TornTlv) => writeln!(text, "  torn")?,
        }
    }
    Ok(())
}

fn write_tlv(text: &mut String, kind: Kind, body: Option<&Body>, id: u8, value: &[u8]) -> fmt::Result {
    write!(text, "  {id:#04x} ")?;
    if kind == Kind::Response && id == RESULT {
        return writeln!(text, "result: {}", result(value));
    }
    let field = body.and_then(|body| body.fields.iter().copied().flatten().find(|field| field.ids.contains(&id)));
    let Some(field) = field else {
        return writeln!(text, "unknown: {}", Hex(value));
    };
    match (field.show)(value) {
        Some(shown) => writeln!(text, "{}: {shown}", field.name),
        None => writeln!(text, "{} malformed: {}", field.name, Hex(value)),
    }
}

fn result(value: &[u8]) -> String {
    let mut r = Reader::new(value);
    match (u16::get(&mut r), ProtocolError::get(&mut r)) {
        (Ok(0), Ok(_)) => "success".into(),
        (Ok(_), Ok(error)) => format!("failure, {error}"),
        _ => format!("malformed: {}", Hex(value)),
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
