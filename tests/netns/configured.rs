//! What the kernel gets: addresses, routes, rules, MTU, name servers; and what becomes of it when the file or the
//! network changes its mind.

use super::gateway::Gateway;
use super::kernel::{addresses, alone, ip, ipv6_setting, name_servers, routes, rules, tun};

const DUAL: &[&str] = &["ip: { route_metric: 700 }"];

fn both(gateway: &Gateway) -> (String, String) {
    match gateway.given("wwan0").as_slice() {
        [v4, v6] => (v4.clone(), v6.clone()),
        other => panic!("two addresses: {other:?}"),
    }
}

#[test]
fn ip_2_ip_3_mtu_1_rt_1_dns_1_dns_2_both_families_on_a_link_without_neighbours() {
    let test = "configured::ip_2_ip_3_mtu_1_rt_1_dns_1_dns_2_both_families_on_a_link_without_neighbours";
    alone(test, &[], |dir| {
        tun("wwan0");
        std::fs::write(dir.join("theirs"), "nameserver 203.0.113.1\n").unwrap();
        assert!(
            super::program::answer("mount", &["--bind", dir.join("theirs").to_str().unwrap(), "/etc/resolv.conf"])
                .is_ok()
        );
        let gateway = Gateway::converged(dir, &[("wwan0", DUAL)]);
        let (v4, v6) = both(&gateway);
        assert_eq!(addresses("wwan0"), [format!("{v4}/32"), format!("{v6}/64")]);
        let routes = routes();
        assert_eq!(routes.len(), 2, "{routes:?}");
        assert!(routes[0].starts_with("default dev wwan0 scope link metric 700"), "{routes:?}");
        assert!(routes[1].starts_with("default dev wwan0 metric 700"), "{routes:?}");
        let link = ip("link show dev wwan0");
        assert!(link.contains("mtu 1430") && link.contains(",UP"), "{link}");
        assert_eq!(ipv6_setting("wwan0", "accept_ra"), "0");
        assert_eq!(ipv6_setting("wwan0", "addr_gen_mode"), "1");
        assert!(rules().is_empty());
        let prefix = v6.split(':').take(4).collect::<Vec<_>>().join(":");
        let servers = name_servers(&gateway.own_file());
        assert_eq!(servers[..2], ["10.64.0.1 # From wwan0", "10.64.0.2 # From wwan0"]);
        assert!(servers.len() == 4 && servers[2].starts_with(&prefix), "{servers:?}");
        let theirs = std::fs::read_to_string("/etc/resolv.conf").unwrap();
        assert_eq!(theirs, "nameserver 203.0.113.1\n", "not named, not touched");
    });
}

#[test]
fn ip_3_each_family_alone_on_the_interface() {
    alone("configured::ip_3_each_family_alone_on_the_interface", &[], |dir| {
        tun("wwan0");
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4 }"])]);
        assert!(matches!(addresses("wwan0").as_slice(), [v4] if v4.ends_with("/32")), "{:?}", addresses("wwan0"));
        assert_eq!(routes().len(), 1);
        gateway.edit(&[("wwan0", &["ip: { family: ipv6 }"])]);
        gateway.until("IPv6 alone", || match addresses("wwan0").as_slice() {
            [v6] if v6.ends_with("/64") && routes().len() == 1 => Ok(()),
            other => Err(format!("{other:?} {:?}", routes())),
        });
        gateway.until_converged();
    });
}

#[test]
fn rt_1_rt_4_routes_follow_the_file() {
    alone("configured::rt_1_rt_4_routes_follow_the_file", &[], |dir| {
        tun("wwan0");
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { default_route: false }"])]);
        assert_eq!((routes(), addresses("wwan0").len()), (Vec::new(), 2));
        gateway.edit(&[("wwan0", &["ip: { route_metric: 50 }"])]);
        gateway.until("metric 50", || {
            let routes = routes();
            if routes.len() == 2 && routes.iter().all(|r| r.contains("metric 50")) {
                Ok(())
            } else {
                Err(format!("{routes:?}"))
            }
        });
        gateway.edit(&[("wwan0", &["ip: { default_route: false, table: 300, rule_priority: 900 }"])]);
        let (v4, v6) = both(&gateway);
        gateway.until("a table of its own", || {
            let (routes, rules) = (routes(), rules());
            let there = |text: &str| rules.iter().any(|rule| rule.starts_with(text) && rule.contains("lookup 300"));
            let ruled = there(&format!("900: from {v4}"))
                && there(&format!("900: from {v6}"))
                && there("900: from all oif wwan0");
            let tabled = routes.len() == 2 && routes.iter().all(|route| route.contains("table 300"));
            if ruled && tabled && rules.len() == 4 { Ok(()) } else { Err(format!("{routes:?} {rules:?}")) }
        });
        // What is sent from the modem's address goes there; what is sent from nowhere in particular does not.
        assert!(ip(&format!("route get 203.0.113.5 from {v4}")).contains("dev wwan0"));
        assert!(!super::program::answer("ip", &["route", "get", "203.0.113.5"]).is_ok());
        assert!(ip("route get 203.0.113.5 oif wwan0").contains("dev wwan0"));
        gateway.edit(&[("wwan0", &[])]);
        gateway.until("the main table", || {
            let (routes, rules) = (routes(), rules());
            let main = routes.len() == 2
                && routes.iter().all(|route| route.contains("metric 700") && !route.contains("table"));
            if main && rules.is_empty() { Ok(()) } else { Err(format!("{routes:?} {rules:?}")) }
        });
    });
}

#[test]
fn mtu_1_dns_2_overrides_follow_the_file() {
    alone("configured::mtu_1_dns_2_overrides_follow_the_file", &[], |dir| {
        tun("wwan0");
        let named = dir.join("named/resolv.conf");
        let dns = format!("dns: {{ method: file, path: {} }}", named.display());
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { mtu: 1300 }", &dns])]);
        assert!(ip("link show dev wwan0").contains("mtu 1300"));
        assert_eq!((name_servers(&named).len(), gateway.own_file().exists()), (4, false));
        // Taken away by somebody, it comes back with the next look at the interface.
        std::fs::remove_file(&named).unwrap();
        ip("link set dev wwan0 mtu 1299");
        gateway.until("the file", || if named.exists() { Ok(()) } else { Err("gone".to_owned()) });
        gateway.edit(&[("wwan0", &["dns: { method: none }"])]);
        gateway.until("nobody is told", || match name_servers(&named).as_slice() {
            [] => Ok(()),
            left => Err(format!("{left:?}")),
        });
        gateway.until("the network's MTU", || {
            let link = ip("link show dev wwan0");
            if link.contains("mtu 1430") { Ok(()) } else { Err(link) }
        });
        assert!(!gateway.own_file().exists());
    });
}

#[test]
fn ip_2_a_changed_address_leaves_no_moment_without_one() {
    alone("configured::ip_2_a_changed_address_leaves_no_moment_without_one", &[], |dir| {
        tun("wwan0");
        let gateway = Gateway::converged(dir, &[("wwan0", &[])]);
        let mut monitor = super::kernel::Monitor::start(dir);
        let before = addresses("wwan0");
        let changes = monitor.during(|| {
            gateway.disturb("wwan0", "change-address tell=true");
            gateway.until("other addresses", || {
                let now = addresses("wwan0");
                let other = now.len() == 2 && now.iter().all(|address| !before.contains(address));
                if other { Ok(()) } else { Err(format!("{now:?}")) }
            });
            gateway.until_converged();
        });
        // Every address of before goes after its successor has come, and no default route goes at all.
        let place = |text: &str, deleted: bool| {
            changes.iter().position(|(_, line)| line.contains(text) && line.contains("Deleted") == deleted)
        };
        // Of a new IPv6 address the kernel tells in its own time, on a busy machine after it told of the old one that went: for
        // these `link::tests` shows the order.
        for (old, new) in before.iter().zip(addresses("wwan0")).filter(|(old, _)| old.contains('.')) {
            assert!(place(&new, false).unwrap() < place(old, true).unwrap(), "{changes:#?}");
        }
        assert!(place("default", true).is_none(), "{changes:#?}");
    });
}

#[test]
fn rt_2_dns_1_everything_goes_and_comes_with_the_session() {
    alone("configured::rt_2_dns_1_everything_goes_and_comes_with_the_session", &[], |dir| {
        tun("wwan0");
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { table: 300 }"])]);
        let count =
            || (addresses("wwan0").len(), routes().len(), rules().len(), name_servers(&gateway.own_file()).len());
        assert_eq!(count(), (2, 4, 4, 4));
        for _ in 0..2 {
            gateway.disturb("wwan0", "coverage on=false");
            gateway.until("nothing", || if count() == (0, 0, 0, 0) { Ok(()) } else { Err(format!("{:?}", count())) });
            gateway.disturb("wwan0", "coverage on=true");
            gateway
                .until("everything", || if count() == (2, 4, 4, 4) { Ok(()) } else { Err(format!("{:?}", count())) });
        }
        gateway.until_converged();
    });
}

#[test]
fn safe_1_rt_3_what_is_not_ours_stays_and_what_is_goes_with_the_modem() {
    alone("configured::safe_1_rt_3_what_is_not_ours_stays_and_what_is_goes_with_the_modem", &[], |dir| {
        tun("wwan0");
        ip("link add eth0 type veth peer name cable");
        ip("addr add 198.51.100.2/24 dev eth0");
        ip("link set eth0 up");
        ip("link set cable up");
        ip("route add default via 198.51.100.1 dev eth0 metric 700");
        ip("rule add from 198.51.100.2 lookup 77 priority 500");
        let theirs = || ["-4 route show table all", "-4 rule show"].map(ip).concat();
        let before = theirs();
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { table: 300 }"])]);
        assert_eq!(rules().len(), 4);
        gateway.edit(&[("wwan0", &[])]);
        gateway.until("the main table", || {
            if rules().is_empty() && routes().len() == 2 { Ok(()) } else { Err(format!("{:?}", rules())) }
        });
        // Two defaults of one metric: the one that was there first stays the first.
        assert!(ip("route get 203.0.113.5").contains("dev eth0"));
        gateway.edit(&[]);
        gateway.until("the interface is let go", || {
            let link = ip("link show dev wwan0");
            let bare = addresses("wwan0").is_empty() && routes().is_empty() && !link.contains(",UP");
            if bare { Ok(()) } else { Err(format!("{link} {:?}", routes())) }
        });
        assert_eq!(theirs(), before);
        assert!(name_servers(&gateway.own_file()).is_empty());
    });
}

#[test]
fn mtu_4_forwarded_connections_are_told_the_largest_packet_of_the_network() {
    let test = "configured::mtu_4_forwarded_connections_are_told_the_largest_packet_of_the_network";
    alone(test, &["nft"], |dir| {
        tun("wwan0");
        super::program::answer("nft", &["add", "table", "inet", "wwan_wwan0"]).good();
        super::program::answer("nft", &["add", "table", "inet", "theirs"]).good();
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { route_metric: 700 }"])]);
        let tables = || super::program::answer("nft", &["list", "tables"]).good().out;
        gateway.until("what an earlier daemon left is gone", || match tables().as_str() {
            "table inet theirs\n" => Ok(()),
            other => Err(other.to_owned()),
        });
        let clamped_to = |mtu: u32| {
            let rules = super::program::answer("nft", &["list", "table", "inet", "wwan_wwan0"]);
            let one = |direction: &str, family: &str, headers: u32| {
                let size = format!("maxseg size set {}", mtu - headers);
                let fits = |line: &str| {
                    line.contains(&format!("{direction} \"wwan0\" meta nfproto {family}")) && line.ends_with(&size)
                };
                rules.out.lines().any(fits)
            };
            let all = ["iifname", "oifname"].iter().all(|d| one(d, "ipv4", 40) && one(d, "ipv6", 60));
            if all { Ok(()) } else { Err(rules.all()) }
        };
        gateway.edit(&[("wwan0", &["ip: { clamp_mss: true }"])]);
        gateway.until("the network's 1430", || clamped_to(1430));
        gateway.edit(&[("wwan0", &["ip: { clamp_mss: true, mtu: 1300 }"])]);
        gateway.until("the file's 1300", || clamped_to(1300));
        gateway.until_converged();
        gateway.disturb("wwan0", "coverage on=false");
        gateway.until("down, it is gone", || clamped_to(1300).err().map(|_| ()).ok_or_else(tables));
        gateway.disturb("wwan0", "coverage on=true");
        gateway.until("up, it is back", || clamped_to(1300));
        gateway.edit(&[("wwan0", &["ip: { route_metric: 700 }"])]);
        gateway.until("not asked for any more", || match tables().as_str() {
            "table inet theirs\n" => Ok(()),
            other => Err(other.to_owned()),
        });
    });
}

#[test]
fn mtu_4_a_connection_from_behind_the_gateway_offers_segments_that_fit() {
    let test = "configured::mtu_4_a_connection_from_behind_the_gateway_offers_segments_that_fit";
    alone(test, &["link:veth", "nft", "nsenter", "timeout", "bash"], |dir| {
        let within = |namespace: &str, words: &[&str]| {
            let net = format!("--net=/run/netns/{namespace}");
            super::program::answer("nsenter", &[&[&net, "--"], words].concat())
        };
        // The mobile network, where somebody else answers for every address, and a machine behind the gateway.
        for words in [
            "netns add carrier",
            "link add wwan0 type veth peer name air netns carrier",
            "-n carrier link add away type veth peer name nowhere",
            "-n carrier link set nowhere up",
            "-n carrier link set away up",
            "-n carrier link set air up",
            "-n carrier route add default dev away",
            "netns add behind",
            "link add lan type veth peer name eth0 netns behind",
            "addr add 198.18.0.1/30 dev lan",
            "link set lan up",
            "-n behind addr add 198.18.0.2/30 dev eth0",
            "-n behind link set eth0 up",
            "-n behind route add default via 198.18.0.1",
        ] {
            ip(words);
        }
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        for setting in ["ip_forward", "conf/air/proxy_arp"] {
            within("carrier", &["bash", "-c", &format!("echo 1 > /proc/sys/net/ipv4/{setting}")]).good();
        }
        let heard = "table inet heard { chain calls { type filter hook prerouting priority 0; \
                     tcp flags syn tcp option maxseg size 1460 counter; tcp flags syn tcp option maxseg size 1390 counter; }; }";
        within("carrier", &["nft", heard]).good();
        // Nobody takes the call: it is the opening that counts.
        let call = || drop(within("behind", &["timeout", "1", "bash", "-c", "</dev/tcp/192.0.2.1/80"]));
        let heard = || {
            let rules = within("carrier", &["nft", "list", "table", "inet", "heard"]).good().out;
            ["1460", "1390"].map(|size| {
                let rule = rules.lines().find(|line| line.contains(&format!("maxseg size {size} ")));
                !rule.expect("the rule").contains("packets 0 ")
            })
        };
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4 }"])]);
        call();
        assert_eq!(heard(), [true, false], "1500 of the machine less 40, which the network does not take");
        gateway.edit(&[("wwan0", &["ip: { family: ipv4, clamp_mss: true }"])]);
        gateway.until("1430 of the network less 40", || {
            call();
            if heard() == [true, true] { Ok(()) } else { Err(within("carrier", &["nft", "list", "ruleset"]).all()) }
        });
    });
}
