//! What others do to the interface is undone at once.

use super::gateway::Gateway;
use super::kernel::{Monitor, addresses, alone, ip, routes, rules, tun};
use super::program::answer;

/// From the change to its repair, at most.
const WITHIN_MS: u64 = 100;

/// A machine that does other things as well may be late; what looks only now and then is late every time.
const TRIES: usize = 5;

/// Does something, waits until it is undone, and says how long it took from the first change to the last, by the clock
/// of the monitor.
fn repaired(monitor: &mut Monitor, gateway: &Gateway, what: &str, right: &dyn Fn() -> bool) -> u64 {
    let changes = monitor.during(|| {
        what.split("; ").for_each(|one| drop(ip(one)));
        gateway.until(what, || if right() { Ok(()) } else { Err(format!("{:?} {:?}", addresses("wwan0"), routes())) });
        gateway.until_converged();
    });
    let (Some((first, _)), Some((last, _))) = (changes.first(), changes.last()) else {
        panic!("{what}: nothing has happened");
    };
    last.saturating_sub(*first)
}

#[test]
fn f38_dev_7_what_others_change_is_repaired_within_100_ms() {
    alone("drift::f38_dev_7_what_others_change_is_repaired_within_100_ms", &[], |dir| {
        tun("wwan0");
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { table: 300 }"])]);
        let mut monitor = Monitor::start(dir);
        let state = || {
            let link = answer("ip", &["-o", "link", "show", "dev", "wwan0"]).out;
            let flags = link.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            (addresses("wwan0"), routes(), rules(), link.contains("mtu 1430"), flags)
        };
        let wanted = state();
        let right = || state() == wanted;
        for what in [
            "-4 addr flush dev wwan0",
            "-6 addr flush dev wwan0",
            "link set wwan0 down",
            "-4 route del default table 300",
            "-6 route del default table 300",
            "-4 rule del priority 1000",
            "link set wwan0 mtu 1200",
            "link set wwan0 name stolen0",
            "addr add 192.168.7.7/24 dev wwan0",
        ] {
            let times: Vec<u64> = std::iter::repeat_with(|| repaired(&mut monitor, &gateway, what, &right))
                .take(TRIES)
                .scan(false, |done, ms| {
                    let go_on = !*done;
                    *done = ms <= WITHIN_MS;
                    go_on.then_some(ms)
                })
                .collect();
            println!("{what}: {times:?} ms");
            assert!(times.iter().any(|ms| *ms <= WITHIN_MS), "{what}: {times:?} ms\n{}", gateway.log());
        }
    });
}

#[test]
fn f38_dev_7_an_interface_that_goes_and_comes_is_configured_again() {
    alone("drift::f38_dev_7_an_interface_that_goes_and_comes_is_configured_again", &[], |dir| {
        let mut gateway = Gateway::new(dir, &[("wwan0", &[])]);
        gateway.start();
        let says = |reason: &str| {
            let answer = gateway.ask("status -o wide");
            if answer.out.contains(reason) { Ok(()) } else { Err(answer.all()) }
        };
        gateway.until("NoInterface", || says("NoInterface"));
        for _ in 0..2 {
            tun("wwan0");
            gateway.until_converged();
            assert_eq!((addresses("wwan0").len(), routes().len()), (2, 2));
            ip("tuntap del mode tun name wwan0");
            gateway.until("NoInterface", || says("NoInterface"));
        }
    });
}

#[test]
fn f38_lost_news_are_made_up_for() {
    alone("drift::f38_lost_news_are_made_up_for", &[], |dir| {
        tun("wwan0");
        let gateway = Gateway::converged(dir, &[("wwan0", &[])]);
        let wanted = addresses("wwan0");
        // While the daemon hears nothing, more happens than its socket holds; and in the middle of it what matters.
        gateway.signal(rustix::process::Signal::STOP);
        let flood: String =
            (0..4000).map(|n| format!("route add blackhole 198.18.{}.{}/32\n", n / 250, n % 250)).collect();
        let quiet: String = flood.replace("add", "del");
        let file = dir.join("flood");
        let batch = |text: &str| {
            std::fs::write(&file, text).unwrap();
            ip(&format!("-batch {}", file.display()));
        };
        batch(&flood);
        ip("addr flush dev wwan0");
        batch(&quiet);
        gateway.signal(rustix::process::Signal::CONT);
        gateway.until("its addresses", || match addresses("wwan0") {
            now if now == wanted && routes().len() == 2 => Ok(()),
            now => Err(format!("{now:?} {:?}", routes())),
        });
        let log = gateway.log();
        assert!(log.contains("changes of interfaces were lost"), "the flood was too small:\n{log}");
        gateway.until_converged();
    });
}
