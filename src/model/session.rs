//! Data sessions: 2G PDP context, 4G PDN connection, 5G PDU session, all by one name.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::call_end::CallEnd;

/// One IP version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpFamily {
    /// Version 4.
    Ipv4,
    /// Version 6.
    Ipv6,
}

impl IpFamily {
    /// The other one of the two.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Ipv4 => Self::Ipv6,
            Self::Ipv6 => Self::Ipv4,
        }
    }
}

impl fmt::Display for IpFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}

/// Which IP versions a session carries (3GPP PDN type).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpFamilies {
    /// Version 4 alone.
    Ipv4,
    /// Version 6 alone.
    Ipv6,
    /// Both.
    #[default]
    Ipv4v6,
}

impl IpFamilies {
    /// The versions, 4 first.
    #[must_use]
    pub const fn families(self) -> &'static [IpFamily] {
        match self {
            Self::Ipv4 => &[IpFamily::Ipv4],
            Self::Ipv6 => &[IpFamily::Ipv6],
            Self::Ipv4v6 => &[IpFamily::Ipv4, IpFamily::Ipv6],
        }
    }
}

impl fmt::Display for IpFamilies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ipv4v6 => "ipv4v6",
        })
    }
}

/// How the session authenticates (3GPP TS 27.007 `+CGAUTH`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// Not at all.
    #[default]
    None,
    /// Password in the clear (RFC 1334).
    Pap,
    /// Challenge handshake (RFC 1994).
    Chap,
}

/// The state of a session in one IP family, as the modem reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Down; with the cause where the modem gave one.
    Disconnected(Option<CallEnd>),
    /// Being set up.
    Connecting,
    /// Up.
    Connected,
    /// Up, but traffic is held back by the network.
    Suspended,
}

impl SessionState {
    /// Whether there is a session, be it held back.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Connected | Self::Suspended)
    }
}

/// IPv4 settings that the network gave to the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ipv4Settings {
    /// Our address.
    pub address: Ipv4Addr,
    /// Prefix length, 0 to 32.
    pub prefix: u8,
    /// The gateway; arbitrary on a point-to-point link.
    pub gateway: Option<Ipv4Addr>,
}

/// IPv6 settings that the network gave to the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ipv6Settings {
    /// Our address.
    pub address: Ipv6Addr,
    /// Prefix length, 0 to 128.
    pub prefix: u8,
    /// The gateway.
    pub gateway: Option<Ipv6Addr>,
}

/// Everything the network told us about one session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct IpSettings {
    /// IPv4, if the session carries it.
    pub ipv4: Option<Ipv4Settings>,
    /// IPv6, if the session carries it.
    pub ipv6: Option<Ipv6Settings>,
    /// Name servers, in the network's order, IPv4 first.
    pub dns: Vec<std::net::IpAddr>,
    /// Domains to search names in, where a DHCP server gave some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
    /// Largest packet, in octets.
    pub mtu: Option<u32>,
}

impl IpSettings {
    /// Whether packets go from and to the same places, whatever size they may have.
    #[must_use]
    pub fn is_same_way_as(&self, other: &Self) -> bool {
        let Self { ipv4, ipv6, dns, search, mtu: _ } = self;
        (ipv4, ipv6, dns, search) == (&other.ipv4, &other.ipv6, &other.dns, &other.search)
    }
}
