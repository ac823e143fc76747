//! A naive kernel for the tests: carries out operations one at a time, with the side effects of the real one.

use std::net::IpAddr;

use super::interface::{Interface, Ipv6, family};
use super::operations::Operation;
use crate::model::{Framing, IpFamily};

/// Does it. The interface loses what the real kernel would take from it.
pub(super) fn carry_out(operation: &Operation, has: &mut Interface) {
    match operation {
        Operation::Rename(name) => has.name.clone_from(name),
        Operation::Frame(framing) => {
            assert!(!has.up, "the driver is busy");
            has.framing = Some(*framing);
            has.raw_ip = *framing == Framing::RawIp;
            has.station = (!has.raw_ip).then_some([0x46, 0, 0, 0, 0, 1]);
        }
        Operation::SetStation(station) => has.station = Some(*station),
        Operation::SetMaster(master) => {
            // Moving between routing domains flushes the routes.
            has.master = *master;
            has.routes.clear();
        }
        Operation::Quiet => {
            if let Some(ipv6) = &mut has.ipv6 {
                ipv6.quiet = true;
            }
        }
        Operation::SetMtu(mtu) => set_mtu(*mtu, has),
        Operation::Up => has.up = true,
        Operation::AddAddress { address, .. } => {
            assert!(!has.addresses.contains(address), "{address} is there");
            assert!(has.ipv6.is_some() || address.address.is_ipv4(), "no IPv6 for {address}");
            has.addresses.push(*address);
        }
        Operation::AddRoute(route) => {
            assert!(has.up, "the network is down");
            assert!(!has.routes.contains(route), "{route} is there");
            has.routes.push(*route);
        }
        Operation::AddRule(rule) => {
            assert!(!has.rules.contains(rule), "{rule} is there");
            has.rules.push(rule.clone());
        }
        Operation::RemoveRule(rule) => {
            let at = has.rules.iter().position(|one| one == rule).expect("the rule");
            has.rules.remove(at);
        }
        // What went by itself is as good as removed.
        Operation::RemoveRoute(route) => has.routes.retain(|one| one != route),
        Operation::RemoveAddress(address) => {
            has.addresses.retain(|one| one != address);
            if address.address.is_ipv4() && !has.addresses.iter().any(|one| one.address.is_ipv4()) {
                // Without its last address an interface has no IPv4.
                has.routes.retain(|route| family(route.destination) != IpFamily::Ipv4);
            }
        }
        Operation::Down => {
            has.up = false;
            has.routes.clear();
            has.addresses.retain(|one| one.address.is_ipv4());
        }
    }
}

fn set_mtu(mtu: u32, has: &mut Interface) {
    let before = std::mem::replace(&mut has.mtu, mtu);
    match has.ipv6 {
        // Where the host has switched it off it does not come back.
        None if before < 1280 && mtu >= 1280 => has.ipv6 = Some(Ipv6::default()),
        Some(_) if mtu < 1280 => {
            has.ipv6 = None;
            has.addresses.retain(|one| one.address.is_ipv4());
            has.routes.retain(|route| matches!(route.destination, IpAddr::V4(_)));
        }
        _ => {}
    }
}
