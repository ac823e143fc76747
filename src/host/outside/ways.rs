//! The other ways out of this host: interfaces that a default route leads through.

use std::fs;

use super::ask::Way;
use crate::host::port::Roots;

/// Every other way out, the one with the best route first.
pub(super) fn others(roots: &Roots, interface: &str) -> Vec<Way> {
    let read = |name: &str| fs::read_to_string(roots.proc.join("net").join(name)).unwrap_or_default();
    let mut routes: Vec<(u32, String, bool)> = ipv4(&read("route")).chain(ipv6(&read("ipv6_route"))).collect();
    routes.retain(|(_, name, _)| name != interface && name != "lo");
    routes.sort();
    let mut ways: Vec<Way> = Vec::new();
    for (_, name, is_ipv6) in routes {
        match ways.iter_mut().find(|way| way.interface == name) {
            Some(way) => way.add_family(is_ipv6),
            None => ways.push(Way::of_host(name, is_ipv6)),
        }
    }
    ways
}

/// Metric and interface of every IPv4 default route (proc_net(5): `route`).
fn ipv4(table: &str) -> impl Iterator<Item = (u32, String, bool)> {
    table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, "00000000", _, flags, _, _, metric, "00000000", ..] = fields.as_slice() else { return None };
        let up = u32::from_str_radix(flags, 16).ok()? & 1 != 0;
        up.then(|| Some((metric.parse().ok()?, (*name).to_owned(), false)))?
    })
}

/// The same of IPv6 (`ipv6_route`): destination, its prefix length, source, its length, next hop, metric, two counters,
/// flags, interface.
fn ipv6(table: &str) -> impl Iterator<Item = (u32, String, bool)> {
    const ANY: &str = "00000000000000000000000000000000";
    /// `RTF_REJECT`: a default route that says no.
    const REJECT: u32 = 0x200;
    table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [ANY, "00", _, _, _, metric, _, _, flags, name] = fields.as_slice() else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let metric = u32::from_str_radix(metric, 16).ok()?;
        (flags & 1 != 0 && flags & REJECT == 0).then(|| (metric, (*name).to_owned(), true))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wwan0\t00000000\t0141400A\t0003\t0\t0\t700\t00000000\t0\t0\t0
eth1\t00000000\t0100A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0
eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
";
    const IPV6_ROUTE: &str = "\
20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    #[test]
    fn the_best_other_way_is_first_and_says_its_families() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("net")).unwrap();
        fs::write(dir.path().join("net/route"), ROUTE).unwrap();
        fs::write(dir.path().join("net/ipv6_route"), IPV6_ROUTE).unwrap();
        let roots = Roots { proc: dir.path().into(), ..Roots::default() };
        let ways = others(&roots, "wwan0");
        let families: Vec<_> = ways.iter().map(|way| (way.interface.as_str(), way.ipv4, way.ipv6)).collect();
        assert_eq!(families, [("eth0", true, false), ("eth1", true, true)]);
        assert!(others(&Roots { proc: "/nowhere".into(), ..roots }, "wwan0").is_empty());
    }
}
