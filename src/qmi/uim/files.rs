//! What the files of a card hold (ETSI TS 102 221, 3GPP TS 31.102), and where they are.

use super::File;
use crate::qmi::text;

impl File {
    /// A file and the directories above it.
    pub fn new(id: u16, directories: &[u16]) -> Self {
        Self { id, path: directories.iter().flat_map(|directory| directory.to_le_bytes()).collect() }
    }

    /// EF ICCID, the card's serial number: [`iccid_digits`].
    pub fn iccid() -> Self {
        Self::new(0x2FE2, &[MF])
    }

    /// EF IMSI, the subscriber: [`imsi_digits`].
    pub fn imsi() -> Self {
        Self::new(0x6F07, &[MF, USIM])
    }

    /// EF AD, which knows the length of the MNC: [`mnc_length`].
    pub fn administrative_data() -> Self {
        Self::new(0x6FAD, &[MF, USIM])
    }

    /// EF SPN, the service provider's name: [`service_provider_name`].
    pub fn service_provider_name() -> Self {
        Self::new(0x6F46, &[MF, USIM])
    }

    /// EF GID1, which tells apart providers that share a network; filler 0xFF.
    pub fn group_id_1() -> Self {
        Self::new(0x6F3E, &[MF, USIM])
    }

    /// EF FPLMN, the networks that refused this card for good: three octets each, 0xFF where there is none.
    pub fn forbidden_networks() -> Self {
        Self::new(0x6F7B, &[MF, USIM])
    }
}

/// The root directory.
const MF: u16 = 0x3F00;
/// The directory of whatever USIM the session is for.
const USIM: u16 = 0x7FFF;

/// The digits of an ICCID from EF ICCID or Slot Status, without filler; `None` where there are none. 3GPP TS 31.102
/// 13.2.
pub fn iccid_digits(bytes: &[u8]) -> Option<String> {
    digits(nibbles(bytes))
}

/// EF ICCID for these digits: ten bytes, low nibble first, filler F.
pub fn iccid_bytes(digits: &str) -> Vec<u8> {
    let mut bytes = pack(digits.bytes());
    bytes.resize(bytes.len().max(10), 0xFF);
    bytes
}

/// The digits of an IMSI from EF IMSI: a length, a nibble for type and parity, digits. 3GPP TS 31.102 4.2.2.
pub fn imsi_digits(bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first()?;
    let used = rest.get(..usize::from(*length))?;
    digits(nibbles(used).skip(1))
}

/// EF IMSI for these digits: nine bytes.
pub fn imsi_bytes(digits: &str) -> Vec<u8> {
    let kind = if digits.len() % 2 == 1 { b'9' } else { b'1' };
    let packed = pack([kind].into_iter().chain(digits.bytes()));
    let mut bytes = vec![packed.len() as u8];
    bytes.extend(packed);
    bytes.resize(bytes.len().max(9), 0xFF);
    bytes
}

/// How many digits the MNC within the IMSI has, from EF AD; old cards do not say. 3GPP TS 31.102 4.2.18.
pub fn mnc_length(bytes: &[u8]) -> Option<usize> {
    let length = usize::from(bytes.get(3)? & 0x0F);
    matches!(length, 2 | 3).then_some(length)
}

/// The service provider's name from EF SPN: a byte of display conditions, text, filler. 3GPP TS 31.102 4.2.12.
pub fn service_provider_name(bytes: &[u8]) -> Option<String> {
    let (_, name) = bytes.split_first()?;
    let name = match name {
        // ETSI TS 102 221 annex A: 0x80 announces UCS-2, anything else is GSM 7-bit, one character a byte.
        [0x80, ucs2 @ ..] => {
            let units: Vec<_> =
                ucs2.chunks_exact(2).take_while(|unit| *unit != [0xFF, 0xFF]).flatten().copied().collect();
            text::ucs2_be(&units)
        }
        gsm => text::gsm7(gsm.iter().copied().take_while(|byte| *byte != 0xFF)),
    };
    (!name.is_empty()).then_some(name)
}

/// Low nibble first.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [byte & 0xF, byte >> 4])
}

/// Digits up to the filler. Anything else is no number.
fn digits(nibbles: impl Iterator<Item = u8>) -> Option<String> {
    let digits: String = nibbles
        .take_while(|nibble| *nibble != 0xF)
        .map(|nibble| char::from_digit(nibble.into(), 10))
        .collect::<Option<_>>()?;
    (!digits.is_empty()).then_some(digits)
}

/// Low nibble first; what is no digit and an odd end become filler.
fn pack(digits: impl Iterator<Item = u8>) -> Vec<u8> {
    let nibbles: Vec<u8> = digits.map(|digit| digit.wrapping_sub(b'0').min(0xF)).collect();
    nibbles.chunks(2).map(|pair| pair[0] | pair.get(1).unwrap_or(&0xF) << 4).collect()
}
