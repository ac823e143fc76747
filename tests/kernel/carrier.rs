//! The network behind the modem: every address answers to ping and to questions for names, and in Ethernet frames to
//! questions for neighbours.
//! Only who has an address of the network is heard.

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
    let body = match header[12..14] == ARP {
        true => arp(body, addresses)?,
        false => packet(body, addresses).or_else(|| neighbour(body, addresses))?,
    };
    Some([&header[6..12], &STATION, &header[12..14], &body].concat())
}

fn packet(sent: &[u8], (v4, v6): Addresses) -> Option<Vec<u8>> {
    match sent.first()? >> 4 {
        4 if sent.get(12..16)? == v4?.octets() => {
            let header = usize::from(sent[0] & 0xf) * 4;
            match sent[9] {
                1 => echo(sent, header, 12..16, 16..20, [8, 0]),
                UDP => no_such_name(sent, header, 12..16, 16..20),
                _ => None,
            }
        }
        6 if sent.get(8..24)? == v6?.octets() => match sent[6] {
            58 => echo(sent, 40, 8..24, 24..40, [128, 129]),
            UDP => no_such_name(sent, 40, 8..24, 24..40),
            _ => None,
        },
        _ => None,
    }
}

const UDP: u8 = 17;

/// The answer to a question for a name (RFC 1035 section 4.1.1): the question, marked as an answer.
fn no_such_name(sent: &[u8], at: usize, from: std::ops::Range<usize>, to: std::ops::Range<usize>) -> Option<Vec<u8>> {
    let (ports, flags) = (sent.get(at..at + 4)?, sent.get(at + 10..at + 12)?);
    if ports[2..] != 53_u16.to_be_bytes() {
        return None;
    }
    let mut answer = turned(sent, from, to);
    answer[at..at + 2].copy_from_slice(&ports[2..]);
    answer[at + 2..at + 4].copy_from_slice(&ports[..2]);
    // An answer; no such name.
    let marked = [flags[0] | 0x80, flags[1] | 3];
    answer[at + 10..at + 12].copy_from_slice(&marked);
    let word = |bytes: &[u8]| u16::from_be_bytes([bytes[0], bytes[1]]);
    correct(&mut answer, at + 6, word(flags), word(&marked));
    Some(answer)
}

/// Source and destination change places, which no checksum notices.
fn turned(sent: &[u8], from: std::ops::Range<usize>, to: std::ops::Range<usize>) -> Vec<u8> {
    let mut answer = sent.to_vec();
    answer[from.clone()].copy_from_slice(&sent[to.clone()]);
    answer[to].copy_from_slice(&sent[from]);
    answer
}

/// Corrects a checksum after one word was changed (RFC 1624, equation 3).
fn correct(packet: &mut [u8], at: usize, old: u16, new: u16) {
    let checksum = u16::from_be_bytes([packet[at], packet[at + 1]]);
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    packet[at..at + 2].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
}

/// The reply to an echo request.
fn echo(
    sent: &[u8],
    at: usize,
    from: std::ops::Range<usize>,
    to: std::ops::Range<usize>,
    [request, reply]: [u8; 2],
) -> Option<Vec<u8>> {
    if *sent.get(at)? != request || sent.len() < at + 8 {
        return None;
    }
    let mut answer = turned(sent, from, to);
    answer[at] = reply;
    correct(&mut answer, at + 2, u16::from(request) << 8, u16::from(reply) << 8);
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

/// The advertisement that answers a solicitation (RFC 4861 sections 4.3 and 4.4) for any address but the host's own.
fn neighbour(sent: &[u8], (_, v6): Addresses) -> Option<Vec<u8>> {
    const SOLICITATION: u8 = 135;
    const ADVERTISEMENT: [u8; 8] = [136, 0, 0, 0, 0x60, 0, 0, 0];
    let (own, target) = (v6?.octets(), sent.get(48..64)?);
    if (sent[6], sent[40]) != (58, SOLICITATION) || sent[8..24] != own || *target == own {
        return None;
    }
    let mut message = [&ADVERTISEMENT, target, &[2, 1], &STATION].concat();
    let length = u8::try_from(message.len()).unwrap();
    // RFC 8200 section 8.1: the pseudo-header counts, too.
    let summed = [target, &own, &[0, 0, 0, length, 0, 0, 0, 58], &message].concat();
    let words = summed.chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
    let sum = words.fold(0, |sum: u32, word| (sum + word) % 0xffff);
    message[2..4].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
    Some([&[0x60, 0, 0, 0, 0, length, 58, 255], target, &own, &message].concat())
}
