//! An IPv4 address from a DHCP server (RFC 2131): what is asked for, what was given, and why there is none.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// Where the IPv4 address of the interface comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressMethod {
    /// The settings that the modem has of the network.
    #[default]
    Modem,
    /// A DHCP server behind the interface.
    Dhcp,
}

/// What the host shall lease on the interface of a modem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeaseOrder {
    /// A number for each session: a lease belongs to the one it was asked for in.
    pub number: u64,
    /// The name to tell the server (option 12); `None`: the host's own.
    pub host_name: Option<String>,
    /// An address that the interface has from before: the server is asked first whether it still holds.
    pub had: Option<Ipv4Addr>,
    /// Chance for transactions and waits, another one in every order.
    pub seed: u64,
}

/// How it stands with a lease.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseState {
    /// A server is being asked.
    Asking(Asking),
    /// This is ours.
    Held(Lease),
    /// The host cannot ask; in words, with what helps.
    Unable(String),
}

/// A server is being asked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Asking {
    /// Whether this address of before still holds: it may be used until the server says no, or nothing.
    pub confirms: Option<Ipv4Addr>,
    /// Questions in a row that nobody has answered, the open one included.
    pub tries: u32,
    /// What became of the lease before.
    pub before: Before,
}

/// What became of the lease before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// There was none in this session.
    #[default]
    None,
    /// The server took it back (DHCPNAK), or refused what was asked for; with its words, which may be none.
    Refused(String),
    /// It ran out, and nobody prolonged it.
    RanOut,
}

/// What a server gave, and for how long; not when it is to be prolonged, which servers vary each time. Names have the
/// characters of host names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// Our address.
    pub address: Ipv4Addr,
    /// Prefix length of the subnet, 0 to 32 (option 1); 32 where the server does not say.
    pub prefix: u8,
    /// Who gave it (option 54).
    pub server: Ipv4Addr,
    /// For how long, in seconds (option 51); `u32::MAX`: for ever.
    pub seconds: u32,
    /// Routers, the best first (option 3).
    pub routers: Vec<Ipv4Addr>,
    /// Name servers, the best first (option 6).
    pub dns: Vec<Ipv4Addr>,
    /// The domain (option 15).
    pub domain: Option<String>,
    /// Domains to search names in (option 119).
    pub search: Vec<String>,
    /// Largest packet in octets, 68 and more (option 26).
    pub mtu: Option<u32>,
    /// The broadcast address of the subnet (option 28).
    pub broadcast: Option<Ipv4Addr>,
    /// The name that the server has for us (option 12).
    pub host_name: Option<String>,
    /// Time servers (option 42).
    pub ntp: Vec<Ipv4Addr>,
}

impl Lease {
    /// Domains to search names in: those of the list, else the one.
    #[must_use]
    pub fn searched(&self) -> &[String] {
        if self.search.is_empty() { self.domain.as_slice() } else { &self.search }
    }
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.before {
            Before::None if self.tries <= 1 => return f.write_str("a DHCP server is being asked for an address"),
            Before::None => {}
            Before::Refused(said) if said.is_empty() => f.write_str("the DHCP server took the address back, ")?,
            Before::Refused(said) => write!(f, "the DHCP server took the address back (\"{said}\"), ")?,
            Before::RanOut => f.write_str("the DHCP lease ran out, ")?,
        }
        match self.tries {
            0 | 1 => f.write_str("another is asked for"),
            tries => write!(f, "no DHCP server has answered {tries} questions"),
        }
    }
}
