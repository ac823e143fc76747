//! What a server's options make of a lease. They come from outside: what is no address, no name or no time is left out.

use std::net::Ipv4Addr;

use super::message::{Message, option};
use crate::model::Lease;

/// What a server is asked to tell beside an address (option 55).
pub(super) const WANTED: [u8; 11] = [
    option::SUBNET_MASK,
    option::ROUTER,
    option::NAME_SERVER,
    option::HOST_NAME,
    option::DOMAIN,
    option::MTU,
    option::BROADCAST,
    option::NTP_SERVER,
    option::RENEWAL_TIME,
    option::REBINDING_TIME,
    option::DOMAIN_SEARCH,
];

/// A server that names no time gives an hour.
const HOUR: u32 = 3600;
/// A lease lasts so many seconds at least, and nobody is asked sooner after the last answer, whatever a server says.
const SHORTEST: u32 = 10;
const SOONEST: u32 = 2;
/// Of each list so many are kept: resolvers use three, and a list of a thousand is no list.
const MOST: usize = 16;
/// Every host takes packets of so many octets (RFC 791).
const LEAST_MTU: u16 = 68;

/// A lease, and when to have it prolonged: servers vary that each time, so that not all clients come at once.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) lease: Lease,
    /// T1: from here on its server is asked.
    pub(super) renew_after: u32,
    /// T2: from here on any server is.
    pub(super) rebind_after: u32,
}

impl Message {
    /// The lease that an offer or an acknowledgement speaks of; `None`: it gives no address that a host could have.
    pub(super) fn lease(&self) -> Option<Granted> {
        let address = self.your_address;
        if !is_of_a_host(address) {
            return None;
        }
        let seconds = self.number(option::LEASE_TIME).unwrap_or(HOUR).max(SHORTEST);
        // RFC 2131 section 4.4.5: a half and seven eighths, where the server does not say otherwise.
        let of = |numerator: u64| u32::try_from(u64::from(seconds) * numerator / 8).unwrap_or(u32::MAX);
        let rebind_after =
            self.number(option::REBINDING_TIME).filter(|t| (SOONEST..seconds).contains(t)).unwrap_or_else(|| of(7));
        let renew_after = self.number(option::RENEWAL_TIME).filter(|t| (SOONEST..rebind_after).contains(t));
        let mask = self
            .addresses(option::SUBNET_MASK)
            .next()
            .map(u32::from)
            .filter(|mask| mask.count_zeros() == mask.trailing_zeros());
        let mtu =
            self.options.get(&option::MTU).and_then(|value| value.as_slice().try_into().ok()).map(u16::from_be_bytes);
        let hosts = |number| self.addresses(number).filter(|address| is_of_a_host(*address)).take(MOST).collect();
        let lease = Lease {
            address,
            prefix: mask.map_or(32, |mask| u8::try_from(mask.count_ones()).unwrap_or(32)),
            server: self.server()?,
            seconds,
            routers: hosts(option::ROUTER),
            dns: hosts(option::NAME_SERVER),
            domain: self.text(option::DOMAIN).and_then(|text| domain(&text)),
            search: self.options.get(&option::DOMAIN_SEARCH).map(|value| domains(value)).unwrap_or_default(),
            mtu: mtu.filter(|mtu| *mtu >= LEAST_MTU).map(u32::from),
            broadcast: self.addresses(option::BROADCAST).next(),
            host_name: self.text(option::HOST_NAME).and_then(|text| domain(&text)),
            ntp: hosts(option::NTP_SERVER),
        };
        Some(Granted { lease, renew_after: renew_after.unwrap_or_else(|| of(4).min(rebind_after)), rebind_after })
    }

    /// Who says so.
    pub(super) fn server(&self) -> Option<Ipv4Addr> {
        self.addresses(option::SERVER).next().filter(|address| is_of_a_host(*address))
    }

    /// What a server says to people, in printable characters.
    pub(super) fn said(&self) -> String {
        let text = self.text(option::MESSAGE).unwrap_or_default();
        text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(64).collect()
    }

    fn addresses(&self, number: u8) -> impl Iterator<Item = Ipv4Addr> {
        let (addresses, _) = self.options.get(&number).map(|value| value.as_chunks::<4>()).unwrap_or_default();
        addresses.iter().map(|octets| Ipv4Addr::from(*octets))
    }

    fn number(&self, option: u8) -> Option<u32> {
        Some(u32::from_be_bytes(self.options.get(&option)?.as_slice().try_into().ok()?))
    }

    /// Some servers end texts as C does.
    fn text(&self, option: u8) -> Option<String> {
        let bytes = self.options.get(&option)?;
        Some(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned())
    }
}

fn is_of_a_host(address: Ipv4Addr) -> bool {
    !address.is_unspecified() && !address.is_broadcast() && !address.is_multicast() && !address.is_loopback()
}

/// A name that may go into files of others: letters, digits, `-` and `_` in labels (RFC 1035 section 2.3).
fn domain(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(fits) && !label.starts_with('-')
    };
    (text.len() <= 253 && text.split('.').all(label)).then(|| text.to_owned())
}

/// Names in a row, each with its labels, which may go on at an earlier place of the option (RFC 3397, RFC 1035 section
/// 4.1.4). The first that is broken ends the list.
fn domains(value: &[u8]) -> Vec<String> {
    let (mut names, mut at) = (Vec::new(), 0);
    while at < value.len() && names.len() < MOST {
        let Some((labels, next)) = labels(value, at) else { break };
        names.extend(domain(&labels.join(".")));
        at = next;
    }
    names
}

/// The labels of the name at a place, and the place after it. A reference leads back only, so that there is an end.
fn labels(value: &[u8], mut at: usize) -> Option<(Vec<String>, usize)> {
    let (mut labels, mut next) = (Vec::new(), None);
    let mut earliest = at;
    loop {
        let length = *value.get(at)?;
        match length {
            0 => return Some((labels, next.unwrap_or(at + 1))),
            1..=63 => {
                let end = at + 1 + usize::from(length);
                labels.push(String::from_utf8_lossy(value.get(at + 1..end)?).into_owned());
                at = end;
            }
            0xc0.. => {
                let to = usize::from(length & 0x3f) << 8 | usize::from(*value.get(at + 1)?);
                next.get_or_insert(at + 2);
                if to >= earliest {
                    return None;
                }
                (at, earliest) = (to, to);
            }
            64..=191 => return None,
        }
    }
}
