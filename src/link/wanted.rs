//! What the kernel should have for a wanted state, on an interface as it is.

use std::fmt;
use std::net::IpAddr;

use crate::model::{IpFamily, LinkState, Routing};

use super::interface::{Address, Interface, Route, Rule, Selector, Vrf};
use super::{IPV6_MIN_MTU, MAIN_TABLE};

/// The metric that the kernel gives to an IPv6 route that asks for 0.
const IPV6_METRIC_OF_0: u32 = 1024;

/// Why an interface cannot be as it is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is no VRF device of this name.
    NoVrf(String),
    /// The host has switched IPv6 off, and nothing but IPv6 is wanted.
    NoIpv6,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVrf(name) => write!(f, "there is no VRF {name}"),
            Self::NoIpv6 => f.write_str("IPv6 is switched off on this host, and the network gave nothing else"),
        }
    }
}

/// What there should be of ours.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) up: bool,
    /// `None`: it may stay as it is.
    pub(super) mtu: Option<u32>,
    /// `None`: none of ours.
    pub(super) master: Option<u32>,
    /// The addresses come from the modem or a lease, and from nowhere else.
    pub(super) quiet: bool,
    pub(super) addresses: Vec<Address>,
    pub(super) routes: Vec<Route>,
    pub(super) rules: Vec<Rule>,
}

impl Wanted {
    pub(super) fn of(wants: &LinkState, name: &str, has: &Interface) -> Result<Self, Refusal> {
        let (ipv4, mut ipv6) = (wants.ip.ipv4, wants.ip.ipv6);
        if ipv6.is_some() && !takes_ipv6(has) {
            if ipv4.is_none() {
                return Err(Refusal::NoIpv6);
            }
            // The host's owner has switched it off; that must not cost him the other family.
            ipv6 = None;
        }
        let vrf = vrf(wants, has)?;
        let tables = tables(wants, vrf);
        // Without neighbours an IPv4 prefix would only make some addresses of others unreachable: its network and its
        // broadcast address. An IPv6 prefix is the subscriber's own, and programs that share it want to see it.
        let v4 = ipv4.map(|s| Address { address: s.address.into(), prefix: if has.raw_ip { 32 } else { s.prefix } });
        let v6 = ipv6.map(|s| Address { address: s.address.into(), prefix: s.prefix });
        let gateways = [
            v4.map(|_| (IpFamily::Ipv4, ipv4.and_then(|s| s.gateway).map(IpAddr::V4))),
            v6.map(|_| (IpFamily::Ipv6, ipv6.and_then(|s| s.gateway).map(IpAddr::V6))),
        ];
        let route = |(family, gateway): (IpFamily, Option<IpAddr>), (table, metric): (u32, u32)| {
            let metric = if family == IpFamily::Ipv6 && metric == 0 { IPV6_METRIC_OF_0 } else { metric };
            Route::default_of(family, gateway.filter(|_| !has.raw_ip), metric, table)
        };
        let of = |one| tables.iter().map(move |place| route(one, *place));
        let routes = gateways.into_iter().flatten().flat_map(of).collect();
        let addresses: Vec<Address> = v4.into_iter().chain(v6).collect();
        Ok(Self {
            up: wants.up,
            mtu: if ipv6.is_some() { Some(wants.ip.mtu.unwrap_or(has.mtu).max(IPV6_MIN_MTU)) } else { wants.ip.mtu },
            master: vrf.map(|vrf| vrf.index),
            quiet: wants.up || !addresses.is_empty(),
            rules: rules(&wants.routing, name, &addresses),
            addresses,
            routes,
        })
    }
}

/// Where IPv6 has gone because the MTU is too small, it comes back with the right one.
fn takes_ipv6(has: &Interface) -> bool {
    has.ipv6.is_some() || has.mtu < IPV6_MIN_MTU
}

/// The VRF that the interface has to belong to.
fn vrf<'a>(wants: &LinkState, has: &'a Interface) -> Result<Option<&'a Vrf>, Refusal> {
    let Routing::Vrf(name) = &wants.routing else { return Ok(None) };
    let found = has.vrfs.iter().find(|vrf| vrf.name == *name);
    found.map(Some).ok_or_else(|| Refusal::NoVrf(name.clone()))
}

/// The tables for the default route, each with its metric there. In a table of its own nobody competes with it.
fn tables(wants: &LinkState, vrf: Option<&Vrf>) -> Vec<(u32, u32)> {
    let shared = vrf.map_or(MAIN_TABLE, |vrf| vrf.table);
    let own = match wants.routing {
        Routing::Table { table, .. } => Some((table, 0)),
        Routing::Main | Routing::Vrf(_) => None,
    };
    wants.default_route_metric.map(|metric| (shared, metric)).into_iter().chain(own).collect()
}

/// The rules that lead to an own table. Programs that bind to the interface have no address yet when the route is looked
/// up, so there is a rule for them beside that for the address.
fn rules(routing: &Routing, name: &str, addresses: &[Address]) -> Vec<Rule> {
    let Routing::Table { table, rule_priority } = routing else { return Vec::new() };
    let rule = |selector| Rule { selector, table: *table, priority: *rule_priority };
    let of = |address: &Address| {
        let bound = Selector::BoundTo(super::interface::family(address.address), name.to_owned());
        [rule(Selector::From(address.address)), rule(bound)]
    };
    addresses.iter().flat_map(of).collect()
}
