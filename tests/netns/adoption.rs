//! A daemon that ends, however it ends, leaves the link as it is; the next one takes it over and changes nothing.

use super::gateway::Gateway;
use super::kernel::{Monitor, addresses, alone, name_servers, routes, rules, tun};

#[test]
fn safe_1_f42_a_restart_changes_nothing_in_the_kernel() {
    alone("adoption::safe_1_f42_a_restart_changes_nothing_in_the_kernel", &[], |dir| {
        tun("wwan0");
        let mut gateway = Gateway::converged(dir, &[("wwan0", &["ip: { table: 300 }"])]);
        let state = |gateway: &Gateway| (addresses("wwan0"), routes(), rules(), name_servers(&gateway.own_file()));
        let before = state(&gateway);
        let made = std::fs::metadata(gateway.own_file()).unwrap().modified().unwrap();
        let mut monitor = Monitor::start(dir);
        for kill in [true, false, true] {
            let changes = monitor.during(|| {
                if kill {
                    gateway.kill()
                } else {
                    gateway.stop()
                }
                assert_eq!(state(&gateway), before, "nothing is undone");
                gateway.start();
                gateway.until_converged();
            });
            assert!(changes.is_empty(), "{changes:#?}\n{}", gateway.log());
        }
        assert_eq!(state(&gateway), before);
        assert_eq!(std::fs::metadata(gateway.own_file()).unwrap().modified().unwrap(), made, "not written again");
    });
}

#[test]
fn safe_1_what_an_earlier_run_left_and_nobody_wants_any_more_is_removed() {
    alone("adoption::safe_1_what_an_earlier_run_left_and_nobody_wants_any_more_is_removed", &[], |dir| {
        tun("wwan0");
        let mut gateway = Gateway::converged(dir, &[("wwan0", &["ip: { table: 300 }"])]);
        gateway.kill();
        // While no daemon runs the network gives other addresses, and the file asks for another table.
        let old = addresses("wwan0");
        gateway.disturb("wwan0", "change-address tell=true");
        gateway.edit(&[("wwan0", &["ip: { table: 301, family: ipv4 }"])]);
        gateway.start();
        gateway.until("the new state", || {
            let (addresses, routes, rules) = (addresses("wwan0"), routes(), rules());
            let new = addresses.len() == 1 && !old.contains(&addresses[0]);
            let led = routes.len() == 2 && rules.len() == 2;
            let tabled = !routes.iter().chain(&rules).any(|line| line.contains("300"));
            if new && led && tabled { Ok(()) } else { Err(format!("{addresses:?} {routes:?} {rules:?}")) }
        });
        gateway.until_converged();
    });
}
