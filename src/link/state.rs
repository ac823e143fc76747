//! What is said of an interface: the words of the core for what the kernel has.

use std::net::IpAddr;

use crate::model::session::{Ipv4Settings, Ipv6Settings};
use crate::model::{IpFamily, IpSettings, LinkState};

use super::interface::{Interface, family};
use super::operations;

/// The state of an interface that should be called `name`. Of what was configured last the kernel keeps only a part
/// (no gateway of a link without neighbours, no name servers): where nothing has to be done for it, it is as it was
/// configured.
#[must_use]
pub fn state(has: &Interface, name: &str, configured: Option<&LinkState>) -> LinkState {
    if let Some(configured) = configured.filter(|link| operations(has, name, link).is_ok_and(|list| list.is_empty())) {
        return configured.clone();
    }
    let mut ip = IpSettings::default();
    for one in &has.addresses {
        match one.address {
            IpAddr::V4(address) => {
                let gateway =
                    gateway(has, IpFamily::Ipv4).and_then(|a| if let IpAddr::V4(a) = a { Some(a) } else { None });
                ip.ipv4.get_or_insert(Ipv4Settings { address, prefix: one.prefix, gateway });
            }
            IpAddr::V6(address) => {
                let gateway =
                    gateway(has, IpFamily::Ipv6).and_then(|a| if let IpAddr::V6(a) = a { Some(a) } else { None });
                ip.ipv6.get_or_insert(Ipv6Settings { address, prefix: one.prefix, gateway });
            }
        }
    }
    // The MTU of an interface that leads nowhere says nothing.
    ip.mtu = (!has.addresses.is_empty()).then_some(has.mtu);
    let default_route_metric = has.routes.iter().find(|route| route.prefix == 0).map(|route| route.metric);
    LinkState { up: has.up, framing: has.framing, ip, default_route_metric, ..LinkState::default() }
}

fn gateway(has: &Interface, of: IpFamily) -> Option<IpAddr> {
    has.routes.iter().filter(|route| route.prefix == 0).filter_map(|route| route.gateway).find(|a| family(*a) == of)
}
