//! The network behind the modem: every address answers to ping, the gateway answers to ARP. Only who has an address of
//! the network is heard.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses that the network gave.
pub type Addresses = (Option<Ipv4Addr>, Option<Ipv6Addr>);

const ETHERNET: usize = 14;
const ARP: [u8; 2] = [0x08, 0x06];
/// The station that answers for the whole network.
const STATION: [u8; 6] = [0x02, 0x50, 0xf3, 0, 0, 1];

/// What the network answers to what the host sent, in the framing that is in force; `None`: nothing.
pub fn answer(sent: &[u8], ethernet: bool, addresses: Addresses) -> Option<Vec<u8>> {
    if !ethernet {
        return packet(sent, addresses);
    }
    let (header, body) = sent.split_at_checked(ETHERNET)?;
    let body = if header[12..14] == ARP { arp(body, addresses)? } else { packet(body, addresses)? };
    Some([&header[6..12], &STATION, &header[12..14], &body].concat())
}

fn packet(sent: &[u8], (v4, v6): Addresses) -> Option<Vec<u8>> {
    match sent.first()? >> 4 {
        4 if sent.get(12..16)? == v4?.octets() && sent[9] == 1 => {
            let header = usize::from(sent[0] & 0xf) * 4;
            echo(sent, header, 12..16, 16..20, [8, 0])
        }
        6 if sent.get(8..24)? == v6?.octets() && sent[6] == 58 => echo(sent, 40, 8..24, 24..40, [128, 129]),
        _ => None,
    }
}

/// The reply to an echo request: source and destination change places, which no checksum notices; the type changes.
fn echo(
    sent: &[u8],
    at: usize,
    from: std::ops::Range<usize>,
    to: std::ops::Range<usize>,
    [request, reply]: [u8; 2],
) -> Option<Vec<u8>> {
    if *sent.get(at)? != request {
        return None;
    }
    let mut answer = sent.to_vec();
    answer[from.clone()].copy_from_slice(&sent[to.clone()]);
    answer[to].copy_from_slice(&sent[from]);
    answer[at] = reply;
    let checksum = u16::from_be_bytes([*sent.get(at + 2)?, *sent.get(at + 3)?]);
    // RFC 1624, equation 3.
    let (old, new) = (u32::from(request) << 8, u32::from(reply) << 8);
    let sum = u32::from(!checksum) + (!old & 0xffff) + new;
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    answer[at + 2..at + 4].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
    Some(answer)
}

/// The reply to an ARP request (RFC 826) for any address but the host's own.
fn arp(sent: &[u8], (v4, _): Addresses) -> Option<Vec<u8>> {
    let own = v4?.octets();
    let sent = sent.get(..28)?;
    if sent[7] != 1 || sent[24..28] == own {
        return None;
    }
    Some([&sent[..7], &[2], &STATION, &sent[24..28], &sent[8..18]].concat())
}
