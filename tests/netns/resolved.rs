//! Name servers for systemd-resolved, on a message bus of the test's own where a double of it writes down what it is
//! told.

use std::path::Path;

use super::gateway::Gateway;
use super::kernel::{alone, ip, name_servers, tun};
use super::program::{Program, answer, program, until};

const NEEDS: [&str; 4] = ["dbus-daemon", "dbus-send", "busctl", "python:dbusmock"];
const NAME: &str = "org.freedesktop.resolve1";
const PATH: &str = "/org/freedesktop/resolve1";
const MANAGER: &str = "org.freedesktop.resolve1.Manager";

/// A bus, and on it the double; without methods it refuses everything.
fn bus(dir: &Path, address: &str, methods: &[(&str, &str)]) -> [Program; 2] {
    let mut bus = program("dbus-daemon");
    let bus = Program::start(dir, "bus", bus.args(["--session", "--nofork", "--nopidfile", "--address", address]));
    until("the bus", || if dir.join("bus").exists() { Ok(()) } else { Err(bus.err()) });
    let mut double = program("/usr/bin/python3");
    double.args(["-u", "-m", "dbusmock", "--system", NAME, PATH, MANAGER]).env("DBUS_SYSTEM_BUS_ADDRESS", address);
    let double = Program::start(dir, "double", &mut double);
    let send = |arguments: &[String]| {
        let to = [format!("--bus={address}"), "--print-reply".into(), format!("--dest={NAME}"), PATH.to_owned()];
        let all: Vec<&str> = to.iter().chain(arguments).map(String::as_str).collect();
        answer("dbus-send", &all)
    };
    until("the double", || {
        let here = send(&["org.freedesktop.DBus.Peer.Ping".into()]);
        if here.is_ok() { Ok(()) } else { Err(here.all() + &double.err()) }
    });
    for (method, signature) in methods {
        let add = ["org.freedesktop.DBus.Mock.AddMethod".to_owned(), format!("string:{MANAGER}")];
        let what = [format!("string:{method}"), format!("string:{signature}"), "string:".into(), "string:".into()];
        send(&[&add[..], &what[..]].concat()).good();
    }
    [bus, double]
}

fn number() -> String {
    let shown = ip("-o link show dev wwan0");
    shown.split(':').next().unwrap().to_owned()
}

#[test]
fn dns_2_resolved_is_told_for_the_interface_and_told_when_it_is_over() {
    alone("resolved::dns_2_resolved_is_told_for_the_interface_and_told_when_it_is_over", &NEEDS, |dir| {
        tun("wwan0");
        let address = format!("unix:path={}", dir.join("bus").display());
        let methods = [("SetLinkDNS", "ia(iay)"), ("SetLinkDefaultRoute", "ib"), ("RevertLink", "i")];
        let [_bus, double] = bus(dir, &address, &methods);
        let mut gateway =
            Gateway::new(dir, &[("wwan0", &["ip: { family: ipv4 }"])]).with("DBUS_SYSTEM_BUS_ADDRESS", &address);
        gateway.start();
        gateway.until_converged();
        let index = number();
        let said = double.out();
        let servers = said.lines().find(|line| line.contains("SetLinkDNS")).unwrap_or_else(|| panic!("{said}"));
        assert!(servers.contains(&format!("SetLinkDNS {index} ")), "{servers}");
        // Addresses as octets: 10.64.0.1 and 10.64.0.2.
        let numbers = servers.replace("Int32", "").replace(|c: char| !c.is_ascii_digit(), " ");
        let octets = numbers.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(octets.contains("2 10 64 0 1") && octets.contains("2 10 64 0 2"), "{servers}");
        assert!(said.contains(&format!("SetLinkDefaultRoute {index} True")), "{said}");
        assert!(!gateway.own_file().exists(), "one listener is enough");
        gateway.edit(&[]);
        gateway.until("RevertLink", || {
            let said = double.out();
            if said.contains(&format!("RevertLink {index}")) { Ok(()) } else { Err(said) }
        });
    });
}

#[test]
fn dns_2_where_resolved_refuses_a_file_of_our_own_does() {
    alone("resolved::dns_2_where_resolved_refuses_a_file_of_our_own_does", &NEEDS, |dir| {
        tun("wwan0");
        let address = format!("unix:path={}", dir.join("bus").display());
        let [_bus, _double] = bus(dir, &address, &[]);
        let mut gateway =
            Gateway::new(dir, &[("wwan0", &["ip: { family: ipv4 }"])]).with("DBUS_SYSTEM_BUS_ADDRESS", &address);
        gateway.start();
        gateway.until_converged();
        assert_eq!(name_servers(&gateway.own_file()).len(), 2);
        assert!(gateway.log().contains("systemd-resolved does not take the name servers"), "{}", gateway.log());
        // Who insists on it is told that it does not work.
        gateway.edit(&[("wwan0", &["ip: { family: ipv4 }", "dns: { method: resolved }"])]);
        gateway.until("a failure in words", || {
            let said = gateway.ask("status -o wide").all();
            if said.contains("busctl failed") { Ok(()) } else { Err(said) }
        });
    });
}
