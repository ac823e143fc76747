//! Two modems in one gateway do not touch each other's interface, routes, rules or name servers.

use super::gateway::Gateway;
use super::kernel::{addresses, alone, name_servers, routes, rules, tun};

#[test]
fn rt_1_rt_3_dns_1_safe_1_each_modem_has_its_own() {
    alone("two::rt_1_rt_3_dns_1_safe_1_each_modem_has_its_own", &[], |dir| {
        tun("wwan0");
        tun("wwan1");
        let first: &[&str] = &["ip: { route_metric: 100, family: ipv4 }"];
        let second: &[&str] = &["ip: { table: 200, family: ipv4 }"];
        let mut gateway = Gateway::converged(dir, &[("wwan0", first), ("wwan1", second)]);
        let of = |list: Vec<String>, name: &str| list.into_iter().filter(|line| line.contains(name)).count();
        assert_eq!((of(routes(), "wwan0"), of(routes(), "wwan1"), rules().len()), (1, 2, 2));
        assert_ne!(addresses("wwan0"), addresses("wwan1"));
        let servers = name_servers(&gateway.own_file());
        assert_eq!(servers, ["10.64.0.1 # From wwan0, wwan1", "10.64.0.2 # From wwan0, wwan1"]);

        let theirs =
            || (addresses("wwan1"), rules(), routes().into_iter().filter(|r| r.contains("wwan1")).collect::<Vec<_>>());
        let before = theirs();
        gateway.disturb("wwan0", "drop-session cause=36");
        gateway.until_converged();
        gateway.kill();
        gateway.start();
        gateway.until_converged();
        assert_eq!(theirs(), before);

        gateway.edit(&[("wwan1", second)]);
        gateway.until("wwan0 is let go", || {
            let left = addresses("wwan0").len() + of(routes(), "wwan0");
            let servers = name_servers(&gateway.own_file());
            let told = servers == ["10.64.0.1 # From wwan1", "10.64.0.2 # From wwan1"];
            if left == 0 && told { Ok(()) } else { Err(format!("{left} {servers:?}")) }
        });
        assert_eq!(theirs(), before);
    });
}
