//! The network interface: what it shall be like, and what it is like.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lease::AddressMethod;
use super::session::IpSettings;

/// What the network interface shall be like, beyond what the network tells.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DesiredLink {
    /// Where the IPv4 address comes from.
    #[serde(default)]
    pub method: AddressMethod,
    /// Largest packet in octets, overriding the network's.
    pub mtu: Option<u32>,
    /// Metric of the default route; lower wins.
    pub route_metric: u32,
    /// Whether to install a default route at all.
    pub default_route: bool,
    /// Where the routes are kept.
    #[serde(default)]
    pub routing: Routing,
    /// Who is told of the name servers.
    #[serde(default)]
    pub resolver: Resolver,
    /// Whether TCP connections that are forwarded are told the largest packet.
    #[serde(default)]
    pub clamp_mss: bool,
}

/// The network interface, as the host sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LinkState {
    /// There is no such interface.
    #[serde(default)]
    pub absent: bool,
    /// Administratively up.
    pub up: bool,
    /// How its driver frames packets; `None`: it has one way only, or it does not matter.
    #[serde(default)]
    pub framing: Option<Framing>,
    /// What is configured on it.
    pub ip: IpSettings,
    /// Metric of the default route through it, if there is one.
    pub default_route_metric: Option<u32>,
    /// Where its routes are kept.
    #[serde(default)]
    pub routing: Routing,
    /// Who is told of the name servers.
    #[serde(default)]
    pub resolver: Resolver,
    /// Whether TCP connections that are forwarded are told the largest packet, where it is known.
    #[serde(default)]
    pub clamp_mss: bool,
}

impl LinkState {
    /// Whether nothing is configured that would lead anywhere.
    #[must_use]
    pub const fn is_bare(&self) -> bool {
        self.ip.ipv4.is_none() && self.ip.ipv6.is_none() && self.default_route_metric.is_none()
    }
}

/// What goes over the data path between modem and driver. Both must agree: a modem that sends bare IP packets to a driver
/// which expects Ethernet frames, or the other way round, is connected and carries nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Bare IP packets.
    #[default]
    RawIp,
    /// Ethernet frames.
    Ethernet,
}

impl Framing {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::RawIp => Self::Ethernet,
            Self::Ethernet => Self::RawIp,
        }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RawIp => "raw IP",
            Self::Ethernet => "Ethernet",
        })
    }
}

/// Where the routes through an interface are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// In the table that everybody uses.
    #[default]
    Main,
    /// In a table of its own, too, which serves what is sent from the interface's addresses or bound to the interface.
    /// There is a default route in it whether or not everybody's has one.
    Table {
        /// The table's number, neither 0 nor 253 to 255, which are the kernel's.
        table: u32,
        /// Priority of the rules that lead to it, below 32766, where the main table's is; lower is asked first.
        rule_priority: u32,
    },
    /// In the table of this VRF device, which somebody else has made.
    Vrf(String),
}

/// Who is told of the name servers that the network gave.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolver {
    /// `systemd-resolved` where it runs, else a file of our own.
    #[default]
    Auto,
    /// `systemd-resolved`.
    Resolved,
    /// The program `resolvconf`.
    Resolvconf,
    /// A file, in the form of `resolv.conf`; `None`: our own.
    File(Option<String>),
    /// Nobody.
    None,
}
