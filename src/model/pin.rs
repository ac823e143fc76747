//! The PIN guard: which PIN was tried on which card, remembered without remembering either.
//!
//! A PIN has four to eight digits, so every fingerprint of it can be undone by trying them all. Three things together
//! keep the marks of a leaked state file from telling it: the fingerprint is keyed with the device's own number, which
//! is in no state file; each candidate costs ten thousand rounds; and only 16 bits are kept, too few to be sure of a
//! long PIN. The price is that one new PIN in 65,536 is taken for one that was tried: it is then not tried, and said so.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{Iccid, Secret};

/// Fewer tries than this left, and none is made: after a wrong one two must remain, one for a human and one to spare.
pub const LEAST_TRIES: u8 = 3;
/// More tries than any card has (ETSI TS 102 221 leaves the number to the issuer; the most in use is ten): such a count
/// is no count.
pub const MOST_TRIES: u8 = 10;
/// Rounds of the fingerprint: a few milliseconds for the one PIN there is, a minute for all of four digits.
const ROUNDS: u32 = 10_000;

/// A card and a PIN, as fingerprints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PinMark {
    card: u32,
    pin: u16,
}

impl PinMark {
    /// The mark of a PIN on a card; `device` is the device's own number.
    #[must_use]
    pub fn of(device: u64, card: &Iccid, pin: &Secret) -> Self {
        let key = (device, device.rotate_left(29) ^ 0x7777_616e_2070_696e);
        let card_print = sip(key, card.as_str().as_bytes());
        let mut print = sip(key, format!("{card} {}", pin.reveal()).as_bytes());
        for _ in 0..ROUNDS {
            print = sip((key.0 ^ print, key.1), &print.to_le_bytes());
        }
        Self { card: card_print as u32, pin: print as u16 }
    }
}

impl fmt::Debug for PinMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinMark")
    }
}

/// A PIN that was given to a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TriedPin {
    /// Which, on which.
    pub mark: PinMark,
    /// What became of it.
    pub outcome: PinOutcome,
}

/// What became of a PIN that was given to a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinOutcome {
    /// About to be tried, or no answer came: never again.
    Unknown,
    /// The card refused it: never again.
    Refused,
    /// The card took it: it may be given to it again at its next start.
    Accepted,
}

/// What may be done with the PIN of the file on the card that is in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum PinChance {
    /// The file has none.
    #[default]
    NotConfigured,
    /// The card's number is not known, so nobody can say.
    CardUnknown,
    /// It cannot be had: why, in words.
    Missing(String),
    /// It is not four to eight digits.
    Malformed,
    /// It was never tried on this card: that it will be must be written down first.
    Untried(PinMark),
    /// It is written down, or the card has taken it before: it may be tried now.
    Allowed(Secret),
    /// It was tried on this card, and must not be tried again.
    Tried {
        /// The card refused it; otherwise it is not known what became of it.
        refused: bool,
    },
}

/// Why a PIN that the file has is not tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NoTry {
    /// The card's number cannot be read.
    CardUnknown,
    /// The PIN cannot be had: why, in words.
    Missing(String),
    /// What the file leads to is no PIN.
    Malformed,
    /// Too few tries are left, or their number is not known.
    TooFewTries,
    /// It was tried before, and how that ended is not known.
    TriedBefore,
    /// That it is tried could not be written down: why, in words.
    NotKept(String),
    /// The card accepted it and asks for it all the same.
    NoEffect,
}

impl fmt::Display for NoTry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CardUnknown => f.write_str("the number of the card cannot be read, so it is not known whether it was tried before"),
            Self::Missing(why) => write!(f, "{why}"),
            Self::Malformed => f.write_str("what `sim.pin` leads to is not 4 to 8 digits"),
            Self::TooFewTries => {
                f.write_str("two tries must be left after a wrong one; enter the PIN by hand once, then the count is full again")
            }
            Self::TriedBefore => f.write_str(
                "it was tried on this card once, and what became of that is not known; enter it by hand, or turn the PIN off",
            ),
            Self::NotKept(why) => write!(
                f,
                "that it is tried cannot be written down ({why}), and without that a restart would try it again; make room for the state directory"
            ),
            Self::NoEffect => f.write_str("the card accepts it and still asks for it"),
        }
    }
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short texts.
fn sip(key: (u64, u64), text: &[u8]) -> u64 {
    let mut v = [
        key.0 ^ 0x736f_6d65_7073_6575,
        key.1 ^ 0x646f_7261_6e64_6f6d,
        key.0 ^ 0x6c79_6765_6e65_7261,
        key.1 ^ 0x7465_6462_7974_6573,
    ];
    let chunks = text.chunks_exact(8);
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    last[7] = text.len() as u8;
    let words = chunks.map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    for word in words.chain([u64::from_le_bytes(last)]) {
        v[3] ^= word;
        round(&mut v);
        round(&mut v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    (0..4).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(device: u64, card: &str, pin: &str) -> PinMark {
        PinMark::of(device, &Iccid::parse(card).unwrap(), &Secret::new(pin.into()))
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // The paper's own vector: key 00 … 0f, text 00 … 0e.
        let text: Vec<u8> = (0..15).collect();
        assert_eq!(sip((0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908), &text), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn another_pin_card_or_device_is_another_mark() {
        let one = mark(1, "8988307000000000001", "1234");
        assert_eq!(one, mark(1, "8988307000000000001", "1234"));
        assert_ne!(one, mark(1, "8988307000000000001", "1235"));
        assert_ne!(one, mark(1, "8988307000000000002", "1234"));
        assert_ne!(one, mark(2, "8988307000000000001", "1234"));
    }

    #[test]
    fn a_mark_shows_neither_pin_nor_card() {
        let mark = mark(1, "8988307000000000001", "1234");
        let kept = format!("{mark:?} {}", serde_json::to_string(&mark).unwrap());
        assert!(!kept.contains("1234") && !kept.contains("89883"), "{kept}");
    }
}
