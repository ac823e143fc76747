//! Operations as the kernel wants to be told them.

use std::net::IpAddr;
use std::path::Path;

use rtnetlink::packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use rtnetlink::packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use rtnetlink::packet_route::link::{AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkFlags, LinkMessage};
use rtnetlink::packet_route::route::{RouteAttribute, RouteFlags, RouteMessage, RouteProtocol, RouteScope, RouteType};
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::io::Errno;

use super::socket::{Netlink, NetlinkError};
use crate::host::data_path;
use crate::link::{Address, Interface, Operation, PROTOCOL, Route, Rule, Selector};
use crate::model::IpFamily;

/// Does it to an interface as it was dumped. What is there already, or gone already, is done.
pub(super) async fn carry_out(
    netlink: &mut Netlink,
    sys: &Path,
    has: &Interface,
    operation: &Operation,
) -> Result<(), NetlinkError> {
    use RouteNetlinkMessage as M;
    let add = NLM_F_CREATE | NLM_F_EXCL;
    match operation {
        Operation::Rename(name) => rename(netlink, has, name).await,
        Operation::SetMaster(master) => {
            let attribute = LinkAttribute::Controller(master.unwrap_or(0));
            netlink.change(M::SetLink(link(has, vec![attribute])), 0).await
        }
        Operation::Quiet => quiet(netlink, has).await,
        Operation::SetMtu(mtu) => netlink.change(M::SetLink(link(has, vec![LinkAttribute::Mtu(*mtu)])), 0).await,
        Operation::Frame(framing) => {
            data_path::prepare(sys, &has.name, *framing)?;
            Ok(())
        }
        Operation::SetStation(station) => {
            let attribute = LinkAttribute::Address(station.to_vec());
            netlink.change(M::SetLink(link(has, vec![attribute])), 0).await
        }
        Operation::Up => netlink.change(M::SetLink(up(has, true)), 0).await,
        Operation::Down => netlink.change(M::SetLink(up(has, false)), 0).await,
        Operation::AddAddress { address: one, prefix_route } => {
            there(netlink.change(M::NewAddress(address(has, *one, Some(*prefix_route))), add).await)
        }
        Operation::RemoveAddress(one) => gone(netlink.change(M::DelAddress(address(has, *one, None)), 0).await),
        // Behind others of its metric: what leads through another interface keeps its place.
        Operation::AddRoute(one) => {
            there(netlink.change(M::NewRoute(route(has, *one)), NLM_F_CREATE | NLM_F_APPEND).await)
        }
        Operation::RemoveRoute(one) => gone(netlink.change(M::DelRoute(route(has, *one)), 0).await),
        Operation::AddRule(one) => there(netlink.change(M::NewRule(rule(one)), add).await),
        Operation::RemoveRule(one) => gone(netlink.change(M::DelRule(rule(one)), 0).await),
    }
}

fn there(result: Result<(), NetlinkError>) -> Result<(), NetlinkError> {
    except(result, &[Errno::EXIST])
}

fn gone(result: Result<(), NetlinkError>) -> Result<(), NetlinkError> {
    except(result, &[Errno::SRCH, Errno::NOENT, Errno::ADDRNOTAVAIL])
}

fn except(result: Result<(), NetlinkError>, meant: &[Errno]) -> Result<(), NetlinkError> {
    match result {
        Err(error) if error.is_one_of(meant) => Ok(()),
        result => result,
    }
}

/// Before Linux 6.2 an interface has to be down for it; it is brought up again like one that somebody took down.
async fn rename(netlink: &mut Netlink, has: &Interface, name: &str) -> Result<(), NetlinkError> {
    let renamed = || RouteNetlinkMessage::SetLink(link(has, vec![LinkAttribute::IfName(name.to_owned())]));
    match netlink.change(renamed(), 0).await {
        Err(error) if error.is_one_of(&[Errno::BUSY]) => {
            netlink.change(RouteNetlinkMessage::SetLink(up(has, false)), 0).await?;
            netlink.change(renamed(), 0).await
        }
        result => result,
    }
}

/// The kernel shows both settings on netlink, but takes one of them only as a file.
async fn quiet(netlink: &mut Netlink, has: &Interface) -> Result<(), NetlinkError> {
    let path = format!("/proc/sys/net/ipv6/conf/{}/accept_ra", has.name);
    std::fs::write(&path, "0").map_err(|source| NetlinkError::Setting { path, source })?;
    let none = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
    let attribute = LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(vec![none])]);
    netlink.change(RouteNetlinkMessage::SetLink(link(has, vec![attribute])), 0).await
}

fn link(has: &Interface, attributes: Vec<LinkAttribute>) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = has.index;
    message.attributes = attributes;
    message
}

fn up(has: &Interface, up: bool) -> LinkMessage {
    let mut message = link(has, Vec::new());
    message.header.change_mask = LinkFlags::Up;
    message.header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
    message
}

/// An address to add, with or without a route to its prefix; or to remove.
fn address(has: &Interface, address: Address, add: Option<bool>) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(address.address);
    message.header.prefix_len = address.prefix;
    message.header.index = has.index;
    message.attributes.push(AddressAttribute::Local(address.address));
    message.attributes.push(AddressAttribute::Address(address.address));
    if let Some(prefix_route) = add {
        // The network says that it is ours: nobody has to be asked whether he has it, which takes a second.
        let mut flags = AddressFlags::empty();
        flags.set(AddressFlags::Nodad, address.address.is_ipv6());
        flags.set(AddressFlags::Noprefixroute, !prefix_route);
        message.attributes.push(AddressAttribute::Flags(flags));
    }
    message
}

fn route(has: &Interface, route: Route) -> RouteMessage {
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = family(route.destination);
    header.destination_prefix_length = route.prefix;
    header.table = u8::try_from(route.table).unwrap_or_default();
    header.protocol = RouteProtocol::Other(PROTOCOL);
    header.kind = RouteType::Unicast;
    header.scope = match (route.gateway, route.destination) {
        (None, IpAddr::V4(_)) => RouteScope::Link,
        _ => RouteScope::Universe,
    };
    if route.gateway.is_some() {
        // The gateway need not be within the prefix of our address.
        header.flags = RouteFlags::Onlink;
    }
    message.attributes.extend([
        RouteAttribute::Oif(has.index),
        RouteAttribute::Table(route.table),
        RouteAttribute::Priority(route.metric),
    ]);
    if route.prefix > 0 {
        message.attributes.push(RouteAttribute::Destination(route.destination.into()));
    }
    message.attributes.extend(route.gateway.map(|gateway| RouteAttribute::Gateway(gateway.into())));
    message
}

fn rule(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.action = RuleAction::ToTable;
    message.header.table = u8::try_from(rule.table).unwrap_or_default();
    match &rule.selector {
        Selector::From(address) => {
            message.header.family = family(*address);
            message.header.src_len = if address.is_ipv4() { 32 } else { 128 };
            message.attributes.push(RuleAttribute::Source(*address));
        }
        Selector::BoundTo(of, name) => {
            message.header.family = match of {
                IpFamily::Ipv4 => AddressFamily::Inet,
                IpFamily::Ipv6 => AddressFamily::Inet6,
            };
            message.attributes.push(RuleAttribute::Oifname(name.clone()));
        }
    }
    message.attributes.extend([
        RuleAttribute::Table(rule.table),
        RuleAttribute::Priority(rule.priority),
        RuleAttribute::Protocol(RouteProtocol::Other(PROTOCOL)),
    ]);
    message
}

const fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}
