//! The files on a card that anybody reads: serial number, subscriber, provider name, administrative data.

use crate::qmi::uim::{AccessLogic, AccessRule, CardResult, File, FileAttributes, FileType};
use crate::sim::profile::Card;

/// ETSI TS 102 221 clause 10.2.1.1: normal ending.
pub(super) const DONE: CardResult = CardResult { sw1: 0x90, sw2: 0x00 };
/// Clause 10.2.1.5: file not found.
pub(super) const NOT_FOUND: CardResult = CardResult { sw1: 0x6A, sw2: 0x82 };

/// The content of a transparent file.
pub(super) fn content(card: &Card, file: &File) -> Option<Vec<u8>> {
    match (file.id, file.path.as_slice()) {
        // EF ICCID under MF.
        (0x2FE2, [0x00, 0x3F]) => Some(padded(swapped_bcd(&card.iccid), 10)),
        // EF IMSI, 3GPP TS 31.102 clause 4.2.2: length, then parity and digits.
        (0x6F07, USIM) => {
            let parity = if card.imsi.len() % 2 == 1 { "9" } else { "1" };
            let body = swapped_bcd(&format!("{parity}{}", card.imsi));
            let mut bytes = vec![body.len() as u8];
            bytes.extend(body);
            Some(padded(bytes, 9))
        }
        // EF AD, clause 4.2.18: normal operation, length of the network code.
        (0x6FAD, USIM) => Some(vec![0x00, 0x00, 0x00, if card.home.three_digit_mnc { 3 } else { 2 }]),
        // EF SPN, clause 4.2.12.
        (0x6F46, USIM) => {
            let mut bytes = vec![0x01];
            bytes.extend(card.provider_name.bytes().take(16));
            Some(padded(bytes, 17))
        }
        // EF GID1, clause 4.2.10.
        (0x6F3E, USIM) => Some(card.gid1.clone()),
        _ => None,
    }
}

pub(super) fn attributes(card: &Card, file: &File) -> Option<FileAttributes> {
    let free = || AccessRule { logic: AccessLogic::Always, ..AccessRule::default() };
    let never = || AccessRule { logic: AccessLogic::Never, ..AccessRule::default() };
    Some(FileAttributes {
        file_size: content(card, file)?.len() as u16,
        file_id: file.id,
        file_type: FileType::Transparent,
        read: free(),
        write: never(),
        increase: never(),
        deactivate: never(),
        activate: never(),
        ..FileAttributes::default()
    })
}

/// MF, then the USIM's directory.
const USIM: &[u8] = &[0x00, 0x3F, 0xFF, 0x7F];

/// Digits as cards keep them: two to a byte, the first one low, filled with F.
pub(super) fn swapped_bcd(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match *pair {
            [low, high] => (high - b'0') << 4 | (low - b'0'),
            [low] => 0xF0 | (low - b'0'),
            _ => unreachable!("chunks of two"),
        })
        .collect()
}

fn padded(mut bytes: Vec<u8>, to: usize) -> Vec<u8> {
    bytes.resize(to.max(bytes.len()), 0xFF);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::profile::Card;

    #[test]
    fn files_lie_as_the_standard_says() {
        let card =
            Card { iccid: "8988303000001234567".into(), imsi: "901405104312345".into(), ..Card::of_test_network(1) };
        let iccid = content(&card, &File::iccid()).unwrap();
        assert_eq!(iccid, [0x98, 0x88, 0x03, 0x03, 0x00, 0x00, 0x21, 0x43, 0x65, 0xF7]);
        let imsi = content(&card, &File::imsi()).unwrap();
        assert_eq!(imsi, [0x08, 0x99, 0x10, 0x04, 0x15, 0x40, 0x13, 0x32, 0x54]);
        assert_eq!(content(&card, &File::new(0x6F38, &[0x3F00, 0x7FFF])), None);
        assert_eq!(attributes(&card, &File::iccid()).unwrap().file_size, 10);
    }
}
