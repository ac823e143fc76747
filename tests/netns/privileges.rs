//! The daemon with the one privilege that it needs.

use super::gateway::Gateway;
use super::kernel::{addresses, alone, ip, routes, rules, tun};

/// `CAP_NET_ADMIN` (12), as the kernel shows a set of capabilities.
const NET_ADMIN_ALONE: &str = "0000000000001000";

#[test]
fn safe_2_to_administer_the_network_is_all_it_needs() {
    alone("privileges::safe_2_to_administer_the_network_is_all_it_needs", &["setpriv"], |dir| {
        tun("wwan0");
        let only = ["setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all", "--no-new-privs"];
        let mut gateway = Gateway::new(dir, &[("wwan0", &["ip: { table: 300 }"])]).started_by(&only);
        gateway.start();
        gateway.until_converged();
        let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.daemon_id())).unwrap();
        let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
        assert_eq!(effective, NET_ADMIN_ALONE, "{status}");
        assert_eq!((addresses("wwan0").len(), routes().len(), rules().len()), (2, 4, 4));
        // Neither less when it has to repair something.
        ip("address flush dev wwan0");
        gateway.until("both addresses again", || match addresses("wwan0").len() {
            2 => Ok(()),
            _ => Err(ip("address show dev wwan0")),
        });
        gateway.until_converged();
    });
}
