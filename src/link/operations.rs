//! The difference between what the kernel has and what it should have, as operations in an order that leaves no hole.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use crate::model::{Framing, LinkState, Routing};

use super::interface::{Address, Interface, Route, Rule, Selector};
use super::wanted::{Refusal, Wanted};

/// One change of the kernel's network configuration. All but those of rules are about one interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Give it this name.
    Rename(String),
    /// Let its driver frame packets like this. It is down then, and what else it needs is seen afterwards: an Ethernet
    /// interface is another one than one without neighbours.
    Frame(Framing),
    /// Give it this Ethernet address.
    SetStation([u8; 6]),
    /// Put it below the VRF device of this number; `None`: take it out of the one it is in.
    SetMaster(Option<u32>),
    /// Let it make no IPv6 addresses, and take none from router advertisements.
    Quiet,
    /// Set the largest packet, in octets.
    SetMtu(u32),
    /// Bring it up.
    Up,
    /// Add an address.
    AddAddress {
        /// Which.
        address: Address,
        /// Whether its prefix is reached through the interface.
        prefix_route: bool,
    },
    /// Add a route, behind others of the same metric.
    AddRoute(Route),
    /// Add a rule.
    AddRule(Rule),
    /// Remove a rule of ours.
    RemoveRule(Rule),
    /// Remove a route of ours.
    RemoveRoute(Route),
    /// Remove an address.
    RemoveAddress(Address),
    /// Take it down.
    Down,
}

/// What has to be done so that the interface, which should be called `name`, is as it is wanted; nothing if it is.
///
/// # Errors
/// It cannot be so on this host.
pub fn operations(has: &Interface, name: &str, wants: &LinkState) -> Result<Vec<Operation>, Refusal> {
    let wanted = Wanted::of(wants, name, has)?;
    let mut list = Vec::new();
    if has.name != name {
        list.push(Operation::Rename(name.to_owned()));
    }
    if let Some(framing) = reframed(has, wants) {
        if has.up {
            list.push(Operation::Down);
        }
        list.push(Operation::Frame(framing));
        return Ok(list);
    }
    if let Some(station) = has.station.filter(|_| has.framing == Some(Framing::Ethernet)).and_then(unlike_ip) {
        list.push(Operation::SetStation(station));
    }
    if has.master != wanted.master && (wanted.master.is_some() || is_vrf(has)) {
        list.push(Operation::SetMaster(wanted.master));
    }
    if wanted.quiet && has.ipv6.is_some_and(|ipv6| !ipv6.quiet) {
        // Before it comes up: what it makes of an advertisement would have to be removed again.
        list.push(Operation::Quiet);
    }
    if let Some(mtu) = wanted.mtu.filter(|mtu| *mtu != has.mtu) {
        list.push(Operation::SetMtu(mtu));
    }
    if wanted.up && !has.up {
        list.push(Operation::Up);
    }
    list.extend(
        missing(&wanted.addresses, &has.addresses)
            .map(|address| Operation::AddAddress { address, prefix_route: !has.raw_ip }),
    );
    list.extend(missing(&wanted.routes, &has.routes).map(Operation::AddRoute));
    list.extend(missing(&wanted.rules, &has.rules).map(Operation::AddRule));
    let stale = has.rules.iter().filter(|rule| is_ours(rule, has, name, &wants.routing, &wanted.addresses));
    let stale: Vec<Rule> = stale.cloned().collect();
    list.extend(missing(&stale, &wanted.rules).map(Operation::RemoveRule));
    list.extend(missing(&has.routes, &wanted.routes).map(Operation::RemoveRoute));
    list.extend(missing(&has.addresses, &wanted.addresses).map(Operation::RemoveAddress));
    if !wanted.up && has.up {
        list.push(Operation::Down);
    }
    Ok(list)
}

/// The framing that the driver has to be told.
fn reframed(has: &Interface, wants: &LinkState) -> Option<Framing> {
    let wanted = wants.framing.filter(|_| wants.up)?;
    has.framing.is_some_and(|now| now != wanted).then_some(wanted)
}

/// Another Ethernet address for one that begins like an IP header: `qmi_wwan` takes the frames to it for bare packets and
/// ruins them. It avoids such an address where it chooses it itself; Linux 6.11 and later let `usbnet` choose one.
fn unlike_ip(station: [u8; 6]) -> Option<[u8; 6]> {
    let [first, rest @ ..] = station;
    let version = first >> 4;
    let [a, b, c, d, e] = rest;
    // Locally administered, as the kernel's own random ones.
    matches!(version, 4 | 6).then_some([first & 0x0f | 0x02, a, b, c, d, e])
}

/// What is in one list and not in the other, once each, in the order of the one.
fn missing<'a, T: Clone + Ord>(from: &'a [T], in_other: &'a [T]) -> impl Iterator<Item = T> {
    let mut known: BTreeSet<&T> = in_other.iter().collect();
    from.iter().filter(move |one| known.insert(*one)).cloned()
}

/// Whether it is below a VRF device; below anything else somebody else has put it.
fn is_vrf(has: &Interface) -> bool {
    has.vrfs.iter().any(|vrf| has.master == Some(vrf.index))
}

/// Whether a rule with our protocol is this interface's, or nobody's: those of other modems are left to them.
fn is_ours(rule: &Rule, has: &Interface, name: &str, routing: &Routing, wanted: &[Address]) -> bool {
    let here = |address: IpAddr| has.addresses.iter().chain(wanted).any(|a| a.address == address);
    match &rule.selector {
        Selector::BoundTo(_, interface) => interface == name || *interface == has.name,
        Selector::From(address) if here(*address) => true,
        Selector::From(address) => {
            matches!(routing, Routing::Table { table, .. } if *table == rule.table) || !has.elsewhere.contains(address)
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename(name) => write!(f, "rename the interface to {name}"),
            Self::Frame(Framing::RawIp) => f.write_str("let the driver pass bare IP packets"),
            Self::Frame(Framing::Ethernet) => f.write_str("let the driver pass Ethernet frames"),
            Self::SetStation(_) => {
                f.write_str("give the interface an Ethernet address that does not look like an IP header")
            }
            Self::SetMaster(Some(_)) => f.write_str("put the interface into its VRF"),
            Self::SetMaster(None) => f.write_str("take the interface out of its VRF"),
            Self::Quiet => f.write_str("switch off the kernel's own IPv6 addresses"),
            Self::SetMtu(mtu) => write!(f, "set the MTU to {mtu}"),
            Self::Up => f.write_str("bring the interface up"),
            Self::AddAddress { address, .. } => write!(f, "add the address {address}"),
            Self::AddRoute(route) => write!(f, "add the route {route}"),
            Self::AddRule(rule) => write!(f, "add the rule {rule}"),
            Self::RemoveRule(rule) => write!(f, "remove the rule {rule}"),
            Self::RemoveRoute(route) => write!(f, "remove the route {route}"),
            Self::RemoveAddress(address) => write!(f, "remove the address {address}"),
            Self::Down => f.write_str("take the interface down"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.destination, self.prefix)?;
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        write!(f, " metric {} table {}", self.metric, self.table)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            Selector::From(address) => write!(f, "from {address}")?,
            Selector::BoundTo(family, name) => write!(f, "oif {name} ({family})")?,
        }
        write!(f, " lookup {} priority {}", self.table, self.priority)
    }
}
