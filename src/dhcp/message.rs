//! A message as it is on the wire: fixed fields, and options by their numbers (RFC 2131 section 2, RFC 2132).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Numbers of the options that are used here (RFC 2132, RFC 3397).
#[allow(missing_docs, reason = "they are called as in the registry")]
pub mod option {
    pub const SUBNET_MASK: u8 = 1;
    pub const ROUTER: u8 = 3;
    pub const NAME_SERVER: u8 = 6;
    pub const HOST_NAME: u8 = 12;
    pub const DOMAIN: u8 = 15;
    pub const MTU: u8 = 26;
    pub const BROADCAST: u8 = 28;
    pub const NTP_SERVER: u8 = 42;
    pub const REQUESTED_ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub(super) const OVERLOAD: u8 = 52;
    pub(super) const MESSAGE_TYPE: u8 = 53;
    pub const SERVER: u8 = 54;
    pub const PARAMETERS: u8 = 55;
    pub const MESSAGE: u8 = 56;
    pub const RENEWAL_TIME: u8 = 58;
    pub const REBINDING_TIME: u8 = 59;
    pub const DOMAIN_SEARCH: u8 = 119;
    pub(super) const PAD: u8 = 0;
    pub(super) const END: u8 = 255;
}

/// The kinds of messages between a client and a server, as far as we use them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Is there a server?
    Discover,
    /// A server offers an address.
    Offer,
    /// The client wants the address, or to keep it.
    Request,
    /// It is the client's.
    Ack,
    /// It is not.
    Nak,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What it says.
    pub kind: Kind,
    /// The transaction it belongs to.
    pub transaction: u32,
    /// For how many seconds the client has been trying.
    pub seconds: u16,
    /// The answer is wanted as a broadcast: the client has no address yet that it could be sent to.
    pub broadcast: bool,
    /// The address that the client has.
    pub client_address: Ipv4Addr,
    /// The address that the server gives.
    pub your_address: Ipv4Addr,
    /// The client's Ethernet address.
    pub station: [u8; 6],
    /// Options, those that come in parts joined (RFC 3396).
    pub options: BTreeMap<u8, Vec<u8>>,
}

/// Octets before the options: the fixed fields and the cookie.
const FIXED: usize = 240;
/// What the options begin with.
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Relays drop what is shorter than a message of BOOTP (RFC 1542 section 2.1).
const SHORTEST: usize = 300;
const ETHERNET: u8 = 1;
const BROADCAST: u16 = 0x8000;
/// Where a server may put options when there is no room for them elsewhere (option 52).
const FILE: std::ops::Range<usize> = 108..236;
const SERVER_NAME: std::ops::Range<usize> = 44..108;

impl Message {
    /// As it goes onto the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; FIXED];
        let (operation, kind) = self.kind.codes();
        bytes[..3].copy_from_slice(&[operation, ETHERNET, 6]);
        bytes[4..8].copy_from_slice(&self.transaction.to_be_bytes());
        bytes[8..10].copy_from_slice(&self.seconds.to_be_bytes());
        bytes[10..12].copy_from_slice(&(if self.broadcast { BROADCAST } else { 0 }).to_be_bytes());
        bytes[12..16].copy_from_slice(&self.client_address.octets());
        bytes[16..20].copy_from_slice(&self.your_address.octets());
        bytes[28..34].copy_from_slice(&self.station);
        bytes[236..240].copy_from_slice(&COOKIE);
        bytes.extend([option::MESSAGE_TYPE, 1, kind]);
        for (number, value) in &self.options {
            for part in value.chunks(255) {
                bytes.extend([*number, u8::try_from(part.len()).unwrap_or(u8::MAX)]);
                bytes.extend(part);
            }
        }
        bytes.push(option::END);
        bytes.resize(bytes.len().max(SHORTEST), option::PAD);
        bytes
    }

    /// Reads what came from the wire; `None`: it is no such message. What follows a broken option is ignored.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (fixed, rest) = bytes.split_at_checked(FIXED)?;
        let address = |at: usize| Ipv4Addr::new(fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]);
        if fixed[236..240] != COOKIE || fixed[1] != ETHERNET || fixed[2] != 6 {
            return None;
        }
        let mut options = BTreeMap::new();
        collect(rest, &mut options);
        // RFC 2131 section 4.1: first the file field, then the name of the server.
        let overload = options.get(&option::OVERLOAD).and_then(|value: &Vec<u8>| value.first().copied()).unwrap_or(0);
        for (bit, place) in [(1, FILE), (2, SERVER_NAME)] {
            if overload & bit != 0 {
                collect(&fixed[place], &mut options);
            }
        }
        let kind = options.remove(&option::MESSAGE_TYPE)?;
        Some(Self {
            kind: Kind::of(fixed[0], *kind.first()?)?,
            transaction: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            seconds: u16::from_be_bytes([fixed[8], fixed[9]]),
            broadcast: u16::from_be_bytes([fixed[10], fixed[11]]) & BROADCAST != 0,
            client_address: address(12),
            your_address: address(16),
            station: fixed[28..34].try_into().ok()?,
            options,
        })
    }

    /// The same with an option.
    #[must_use]
    pub fn with(mut self, number: u8, value: impl Into<Vec<u8>>) -> Self {
        self.options.insert(number, value.into());
        self
    }
}

fn collect(mut bytes: &[u8], options: &mut BTreeMap<u8, Vec<u8>>) {
    while let [number, rest @ ..] = bytes {
        bytes = match (*number, rest) {
            (option::END, _) | (1.., []) => return,
            (option::PAD, rest) => rest,
            (number, [length, rest @ ..]) => {
                let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else { return };
                options.entry(number).or_default().extend(value);
                rest
            }
        };
    }
}

impl Kind {
    /// The operation, of a client or a server, and the message type.
    const fn codes(self) -> (u8, u8) {
        match self {
            Self::Discover => (1, 1),
            Self::Offer => (2, 2),
            Self::Request => (1, 3),
            Self::Ack => (2, 5),
            Self::Nak => (2, 6),
        }
    }

    fn of(operation: u8, kind: u8) -> Option<Self> {
        let all = [Self::Discover, Self::Offer, Self::Request, Self::Ack, Self::Nak];
        all.into_iter().find(|one| one.codes() == (operation, kind))
    }
}
