//! Networks in the forms QMI has for them.
//!
//! QMI writes a network (MCC and MNC) in three ways: as numbers with a flag beside them that says whether the MNC has
//! three digits, as ASCII padded with 0xFF, and as the three BCD bytes of 3GPP. `09` and `009` are different networks,
//! so a number alone is never enough.

use std::fmt;

use super::kinds::wire_struct;
use super::wire::{Malformed, Reader, Wire};

wire_struct! {
    /// A network as numbers. Whether the MNC has two digits or three stands elsewhere in the message.
    NumericPlmn {
        mcc: u16,
        mnc: u16,
    }
}

wire_struct! {
    /// A network as numbers, complete.
    ExactPlmn {
        mcc: u16,
        mnc: u16,
        /// "Includes PCS digit": the MNC is written with three digits.
        three_digits: bool,
    }
}

impl ExactPlmn {
    /// MCC and MNC in digits: `310`, `026`.
    pub fn digits(&self) -> (String, String) {
        let width = if self.three_digits { 3 } else { 2 };
        (format!("{:03}", self.mcc), format!("{:0width$}", self.mnc))
    }
}

/// Up to three ASCII digits, padded with 0xFF (some firmware: `F` or NUL).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(pub [u8; 3]);

impl Digits {
    /// The first three digits of `digits`, padded.
    pub fn new(digits: &str) -> Self {
        let mut bytes = [0xFF; 3];
        bytes.iter_mut().zip(digits.bytes()).for_each(|(byte, digit)| *byte = digit);
        Self(bytes)
    }

    /// The digits before the padding; empty when there are none.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.0.len());
        str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Wire for Digits {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Wire::get(r).map(Self)
    }
}

wire_struct! {
    /// A network in ASCII digits.
    AsciiPlmn {
        mcc: Digits,
        mnc: Digits,
    }
}

/// A network as in 3GPP TS 24.008 10.5.1.3: MCC2 MCC1, MNC3 MCC3, MNC2 MNC1, where MNC3 = F means two digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BcdPlmn(pub [u8; 3]);

impl BcdPlmn {
    /// From digits: `("901", "40")` is `09 F1 04`. Anything that is not a digit becomes filler.
    pub fn new(mcc: &str, mnc: &str) -> Self {
        let nibble = |digits: &str, at: usize| digits.as_bytes().get(at).map_or(0xF, |d| d.wrapping_sub(b'0').min(0xF));
        let pair = |low: u8, high: u8| high << 4 | low;
        Self([
            pair(nibble(mcc, 0), nibble(mcc, 1)),
            pair(nibble(mcc, 2), nibble(mnc, 2)),
            pair(nibble(mnc, 0), nibble(mnc, 1)),
        ])
    }

    /// MCC and MNC in digits, or nothing where a nibble is no digit (all F: no network).
    pub fn digits(&self) -> Option<(String, String)> {
        let [a, b, c] = self.0;
        let text = |nibbles: &[u8]| -> Option<String> {
            nibbles.iter().map(|nibble| char::from_digit((*nibble).into(), 10)).collect()
        };
        let mcc = text(&[a & 0xF, a >> 4, b & 0xF])?;
        let mnc = [c & 0xF, c >> 4, b >> 4];
        let mnc = text(if mnc[2] == 0xF { &mnc[..2] } else { &mnc })?;
        Some((mcc, mnc))
    }
}

impl fmt::Debug for BcdPlmn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digits() {
            Some((mcc, mnc)) => write!(f, "{mcc}-{mnc}"),
            None => f.write_str("none"),
        }
    }
}

impl Wire for BcdPlmn {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Wire::get(r).map(Self)
    }
}
