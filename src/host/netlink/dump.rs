//! What the kernel has, as [`Interface`].

use std::net::IpAddr;
use std::path::Path;

use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoVrf, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteProtocol, RouteType,
};
use rtnetlink::packet_route::rule::{RuleAttribute, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::io::Errno;

use super::socket::{Netlink, NetlinkError};
use crate::host::data_path;
use crate::link::{Address, Interface, Ipv6, PROTOCOL, Route, Rule, Selector, Vrf};
use crate::model::IpFamily;

const FAMILIES: [(AddressFamily, IpFamily); 2] =
    [(AddressFamily::Inet, IpFamily::Ipv4), (AddressFamily::Inet6, IpFamily::Ipv6)];

/// The interface of this name; else the one that had it, by its number, under the name that it has now. It shall be called
/// `wanted`.
pub(super) async fn dump(
    netlink: &mut Netlink,
    sys: &Path,
    name: &str,
    wanted: &str,
    known: Option<u32>,
) -> Result<Option<Interface>, NetlinkError> {
    let links = links(netlink).await?;
    let called = links.iter().find(|link| name_of(link) == Some(name));
    let Some(link) = called.or_else(|| links.iter().find(|link| Some(link.header.index) == known)) else {
        return Ok(None);
    };
    let mut found = whole(netlink, sys, link, &links).await?;
    found.name_taken = found.name != wanted && links.iter().any(|link| name_of(link) == Some(wanted));
    Ok(Some(found))
}

/// The interface of this number.
pub(super) async fn dump_of(netlink: &mut Netlink, sys: &Path, index: u32) -> Result<Option<Interface>, NetlinkError> {
    let links = links(netlink).await?;
    match links.iter().find(|link| link.header.index == index) {
        Some(link) => whole(netlink, sys, link, &links).await.map(Some),
        None => Ok(None),
    }
}

/// All that the kernel has about an interface.
async fn whole(
    netlink: &mut Netlink,
    sys: &Path,
    link: &LinkMessage,
    links: &[LinkMessage],
) -> Result<Interface, NetlinkError> {
    let mut found = interface(link);
    found.framing = data_path::framing(sys, &found.name)?;
    found.vrfs = links.iter().filter_map(vrf).collect();
    for (address, index) in addresses(netlink).await? {
        let link_local = matches!(address.address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        match index == found.index {
            true if !link_local => found.addresses.push(address),
            true => {}
            false => found.elsewhere.push(address.address),
        }
    }
    for (family, ours) in FAMILIES {
        found.routes.extend(routes(netlink, family, found.index).await?);
        found.rules.extend(rules(netlink, family, ours).await?);
    }
    Ok(found)
}

async fn links(netlink: &mut Netlink) -> Result<Vec<LinkMessage>, NetlinkError> {
    let all = netlink.dump(RouteNetlinkMessage::GetLink(LinkMessage::default())).await?;
    Ok(all
        .into_iter()
        .filter_map(|one| if let RouteNetlinkMessage::NewLink(link) = one { Some(link) } else { None })
        .collect())
}

fn name_of(link: &LinkMessage) -> Option<&str> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.as_str()),
        _ => None,
    })
}

fn interface(link: &LinkMessage) -> Interface {
    let flags = link.header.flags;
    let mut found = Interface {
        index: link.header.index,
        name: name_of(link).unwrap_or_default().to_owned(),
        up: flags.contains(LinkFlags::Up),
        raw_ip: flags.intersects(LinkFlags::Noarp | LinkFlags::Pointopoint),
        ..Interface::default()
    };
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::Address(address) => found.station = address.as_slice().try_into().ok(),
            LinkAttribute::Mtu(mtu) => found.mtu = *mtu,
            LinkAttribute::Controller(index) if *index != 0 => found.master = Some(*index),
            LinkAttribute::AfSpecUnspec(families) => found.ipv6 = families.iter().find_map(ipv6),
            _ => {}
        }
    }
    found
}

fn ipv6(family: &AfSpecUnspec) -> Option<Ipv6> {
    let AfSpecUnspec::Inet6(attributes) = family else { return None };
    let (mut on, mut accepts, mut makes) = (false, true, true);
    for attribute in attributes {
        match attribute {
            AfSpecInet6::DevConf(settings) => {
                on = settings.disable_ipv6 == 0;
                accepts = settings.accept_ra != 0;
            }
            AfSpecInet6::AddrGenMode(mode) => makes = *mode != In6AddrGenMode::None,
            _ => {}
        }
    }
    on.then_some(Ipv6 { quiet: !accepts && !makes })
}

fn vrf(link: &LinkMessage) -> Option<Vrf> {
    let info = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::LinkInfo(info) => Some(info),
        _ => None,
    })?;
    let table = info.iter().find_map(|info| match info {
        LinkInfo::Data(InfoData::Vrf(attributes)) => attributes.iter().find_map(|attribute| match attribute {
            InfoVrf::TableId(table) => Some(*table),
            _ => None,
        }),
        _ => None,
    })?;
    Some(Vrf { index: link.header.index, name: name_of(link)?.to_owned(), table })
}

/// All addresses of the host, each with the number of its interface.
async fn addresses(netlink: &mut Netlink) -> Result<Vec<(Address, u32)>, NetlinkError> {
    let all = netlink.dump(RouteNetlinkMessage::GetAddress(AddressMessage::default())).await?;
    Ok(all.into_iter().filter_map(address).collect())
}

fn address(message: RouteNetlinkMessage) -> Option<(Address, u32)> {
    let RouteNetlinkMessage::NewAddress(message) = message else { return None };
    // Where both are told, the other one is the peer's.
    let local = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    let address = local.or_else(|| {
        message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Address(address) => Some(*address),
            _ => None,
        })
    })?;
    Some((Address { address, prefix: message.header.prefix_len }, message.header.index))
}

/// Routes through an interface that carry our protocol.
async fn routes(netlink: &mut Netlink, family: AddressFamily, index: u32) -> Result<Vec<Route>, NetlinkError> {
    let mut ask = RouteMessage::default();
    ask.header.address_family = family;
    ask.header.protocol = RouteProtocol::Other(PROTOCOL);
    ask.attributes.push(RouteAttribute::Oif(index));
    let all = netlink.dump(RouteNetlinkMessage::GetRoute(ask)).await?;
    Ok(all.into_iter().flat_map(|message| route(message, index)).collect())
}

/// The route of a message, as often as it leads through the interface.
fn route(message: RouteNetlinkMessage, index: u32) -> Vec<Route> {
    let RouteNetlinkMessage::NewRoute(message) = message else { return Vec::new() };
    let header = &message.header;
    let ours = header.protocol == RouteProtocol::Other(PROTOCOL) && header.kind == RouteType::Unicast;
    if !ours || header.flags.contains(RouteFlags::Cloned) {
        return Vec::new();
    }
    let family = if header.address_family == AddressFamily::Inet6 { IpFamily::Ipv6 } else { IpFamily::Ipv4 };
    let mut route = Route::default_of(family, None, 0, u32::from(header.table));
    route.prefix = header.destination_prefix_length;
    let (mut out, mut hops) = (None, Vec::new());
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(address) => route.destination = ip(address).unwrap_or(route.destination),
            RouteAttribute::Gateway(address) => route.gateway = ip(address),
            RouteAttribute::Priority(metric) => route.metric = *metric,
            RouteAttribute::Table(table) => route.table = *table,
            RouteAttribute::Oif(index) => out = Some(*index),
            RouteAttribute::MultiPath(several) => hops.clone_from(several),
            _ => {}
        }
    }
    // Two IPv6 routes that differ in their gateway are shown as one with two ways.
    let gateway_of = |attributes: &[RouteAttribute]| {
        attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::Gateway(address) => ip(address),
            _ => None,
        })
    };
    let here = hops.iter().filter(|hop| hop.interface_index == index);
    let several = here.map(|hop| Route { gateway: gateway_of(&hop.attributes), ..route });
    several.chain((out == Some(index)).then_some(route)).collect()
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(v4) => Some(IpAddr::V4(*v4)),
        RouteAddress::Inet6(v6) => Some(IpAddr::V6(*v6)),
        _ => None,
    }
}

/// Rules that carry our protocol.
async fn rules(netlink: &mut Netlink, family: AddressFamily, ours: IpFamily) -> Result<Vec<Rule>, NetlinkError> {
    let mut ask = RuleMessage::default();
    ask.header.family = family;
    match netlink.dump(RouteNetlinkMessage::GetRule(ask)).await {
        Ok(all) => Ok(all.into_iter().filter_map(|message| rule(message, ours)).collect()),
        // A kernel without policy routing has no rules.
        Err(error) if error.is_one_of(&[Errno::OPNOTSUPP]) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn rule(message: RouteNetlinkMessage, family: IpFamily) -> Option<Rule> {
    let RouteNetlinkMessage::NewRule(message) = message else { return None };
    let (mut ours, mut selector, mut priority) = (false, None, 0);
    let mut table = u32::from(message.header.table);
    for attribute in message.attributes {
        match attribute {
            RuleAttribute::Protocol(protocol) => ours = protocol == RouteProtocol::Other(PROTOCOL),
            RuleAttribute::Source(address) => selector = Some(Selector::From(address)),
            RuleAttribute::Oifname(name) => selector = Some(Selector::BoundTo(family, name)),
            RuleAttribute::Priority(value) => priority = value,
            RuleAttribute::Table(value) => table = value,
            _ => {}
        }
    }
    Some(Rule { selector: selector.filter(|_| ours)?, table, priority })
}
