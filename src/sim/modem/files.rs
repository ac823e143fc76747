//! The files on a card that anybody reads: serial number, subscriber, provider name, administrative data.

use crate::model::Plmn;
use crate::qmi::uim::{AccessLogic, AccessRule, CardResult, File, FileAttributes, FileType};
use crate::sim::profile::Card;

/// ETSI TS 102 221 clause 10.2.1.1: normal ending.
pub(super) const DONE: CardResult = CardResult { sw1: 0x90, sw2: 0x00 };
/// Clause 10.2.1.5: file not found.
/// Clause 10.2.1.5: offset outside the file.
pub(super) const OUTSIDE: CardResult = CardResult { sw1: 0x6B, sw2: 0x00 };
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
        // EF FPLMN, clause 4.2.16.
        (0x6F7B, USIM) => Some(padded(card.forbidden.iter().flat_map(network).collect(), FORBIDDEN)),
        _ => None,
    }
}

/// Writes into a file; the networks left in EF FPLMN are all that a test asks of it.
pub(super) fn write(card: &mut Card, file: &File, offset: u16, data: &[u8]) -> Result<(), CardResult> {
    let (0x6F7B, USIM) = (file.id, file.path.as_slice()) else { return Err(NOT_FOUND) };
    let offset = usize::from(offset);
    let Some(range) = offset.checked_add(data.len()).filter(|end| *end <= FORBIDDEN).map(|end| offset..end) else {
        return Err(OUTSIDE);
    };
    let mut bytes = content(card, file).unwrap_or_default();
    bytes[range].copy_from_slice(data);
    let kept = bytes.chunks_exact(3);
    card.forbidden.retain(|plmn| kept.clone().any(|chunk| chunk == network(plmn)));
    Ok(())
}

/// Octets of EF FPLMN on the simulated card: four networks.
const FORBIDDEN: usize = 12;

/// A network in three octets, 3GPP TS 24.008 clause 10.5.1.3.
fn network(plmn: &Plmn) -> [u8; 3] {
    let digit = |number: u16, place: u16| (number / 10_u16.pow(u32::from(place)) % 10) as u8;
    let third = if plmn.three_digit_mnc { digit(plmn.mnc, 0) } else { 0xF };
    let places = if plmn.three_digit_mnc { (2, 1) } else { (1, 0) };
    [
        digit(plmn.mcc, 1) << 4 | digit(plmn.mcc, 2),
        third << 4 | digit(plmn.mcc, 0),
        digit(plmn.mnc, places.1) << 4 | digit(plmn.mnc, places.0),
    ]
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

    #[test]
    fn forbidden_networks_are_cleared_by_writing_over_them() {
        let of = |mcc, mnc, three_digit_mnc| Plmn { mcc, mnc, three_digit_mnc };
        let mut card = Card { forbidden: vec![of(262, 7, false), of(310, 410, true)], ..Card::of_test_network(1) };
        let file = File::forbidden_networks();
        let bytes = content(&card, &file).unwrap();
        assert_eq!(bytes[..9], [0x62, 0xF2, 0x70, 0x13, 0x00, 0x14, 0xFF, 0xFF, 0xFF]);
        assert_eq!(write(&mut card, &file, 0, &[0xFF; 3]), Ok(()));
        assert_eq!(card.forbidden, [of(310, 410, true)]);
        assert_eq!(write(&mut card, &file, 12, &[0xFF; 12]), Err(OUTSIDE));
        assert_eq!(write(&mut card, &file, 0, &[0xFF; 12]), Ok(()));
        assert!(card.forbidden.is_empty());
    }
}
