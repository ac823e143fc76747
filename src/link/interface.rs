//! What the kernel has: one interface, and what of the host's routing is about it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::{Framing, IpFamily};

/// A network interface as a dump of the kernel shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Interface {
    /// Its number (`ifindex`).
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Another interface of the host has the name that this one shall have.
    pub name_taken: bool,
    /// Administratively up.
    pub up: bool,
    /// Largest packet, in octets.
    pub mtu: u32,
    /// How its driver frames packets; `None`: it has one way only.
    pub framing: Option<Framing>,
    /// Its Ethernet address; `None`: it has none.
    pub station: Option<[u8; 6]>,
    /// Packets go as they are, without a link-layer header: there are no neighbours to ask for.
    pub raw_ip: bool,
    /// The number of the device it belongs to: a VRF, or a bridge.
    pub master: Option<u32>,
    /// `None`: the kernel has no IPv6 on it.
    pub ipv6: Option<Ipv6>,
    /// Its addresses, but for those that the kernel gives itself for the link alone (fe80::/10).
    pub addresses: Vec<Address>,
    /// Routes through it that carry our protocol, of any table.
    pub routes: Vec<Route>,
    /// Rules of the host that carry our protocol: this interface's, and those of other modems.
    pub rules: Vec<Rule>,
    /// Addresses of the host's other interfaces.
    pub elsewhere: Vec<IpAddr>,
    /// The host's VRF devices.
    pub vrfs: Vec<Vrf>,
}

/// IPv6 on an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ipv6 {
    /// It makes no addresses and takes none from router advertisements: they come from the modem.
    pub quiet: bool,
}

/// An address on an interface.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// Length of its prefix: 0 to 32, or to 128.
    pub prefix: u8,
}

/// A route of ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Route {
    /// Where it leads: an address of zeros for everywhere.
    pub destination: IpAddr,
    /// Length of the destination's prefix.
    pub prefix: u8,
    /// Through whom; `None`: whoever is at the other end of the link.
    pub gateway: Option<IpAddr>,
    /// Its metric; lower wins.
    pub metric: u32,
    /// Its table.
    pub table: u32,
}

/// A rule of ours: what it selects is looked up in a table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rule {
    /// What it selects.
    pub selector: Selector,
    /// The table.
    pub table: u32,
    /// Its priority; lower is asked first.
    pub priority: u32,
}

/// What a rule selects.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Selector {
    /// Packets from this address.
    From(IpAddr),
    /// Packets of sockets that are bound to this interface.
    BoundTo(IpFamily, String),
}

/// A VRF device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vrf {
    /// Its number (`ifindex`).
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its routing table.
    pub table: u32,
}

impl Route {
    /// The default route of a family.
    #[must_use]
    pub const fn default_of(family: IpFamily, gateway: Option<IpAddr>, metric: u32, table: u32) -> Self {
        let destination = match family {
            IpFamily::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpFamily::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self { destination, prefix: 0, gateway, metric, table }
    }
}

/// The family of an address.
#[must_use]
pub(super) const fn family(address: IpAddr) -> IpFamily {
    match address {
        IpAddr::V4(_) => IpFamily::Ipv4,
        IpAddr::V6(_) => IpFamily::Ipv6,
    }
}
