//! Type, length, value: the list a QMI message consists of. Knows no meaning of any type.

use super::frame::MAX_TLVS;
use super::wire::{Reader, Wire};

/// One TLV kept as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Tlv {
    /// The type; its meaning depends on the message and its direction.
    pub id: u8,
    /// The value, uninterpreted.
    pub value: Vec<u8>,
}

impl std::fmt::Debug for Tlv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#04x}:", self.id)?;
        self.value.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A TLV promises more bytes than follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTlv;

/// Walks a TLV section: `(id, value)` in the order of the wire. Ends after the first torn one.
#[derive(Debug, Clone)]
pub struct Tlvs<'a>(Reader<'a>);

impl<'a> Tlvs<'a> {
    /// Walks `section`.
    pub fn new(section: &'a [u8]) -> Self {
        Self(Reader::new(section))
    }

    fn one(&mut self) -> Option<(u8, &'a [u8])> {
        let id = u8::get(&mut self.0).ok()?;
        let length = u16::get(&mut self.0).ok()?;
        Some((id, self.0.take(length.into()).ok()?))
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Result<(u8, &'a [u8]), TornTlv>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let tlv = self.one();
        if tlv.is_none() {
            self.0.rest();
        }
        Some(tlv.ok_or(TornTlv))
    }
}

/// Appends a TLV whose value `put` writes. One that does not fit its frame any more is left out.
pub(super) fn put_tlv(out: &mut Vec<u8>, id: u8, put: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[id, 0, 0]);
    put(out);
    let length = out.len() - start - 3;
    match u16::try_from(length) {
        Ok(length) if out.len() <= MAX_TLVS => out[start + 1..start + 3].copy_from_slice(&length.to_le_bytes()),
        _ => out.truncate(start),
    }
}
