//! An address from a DHCP server behind the link, which is dnsmasq of Debian: bound, prolonged, refused, gone.

use std::path::Path;

use super::gateway::Gateway;
use super::kernel::{Monitor, addresses, alone, ip, name_servers, routes};
use super::program::{Program, answer, program, until};

const NEEDS: [&str; 3] = ["link:veth", "dnsmasq", "nsenter"];

/// The network behind `wwan0`, which is a veth here.
struct Network<'a> {
    dir: &'a Path,
    servers: u32,
}

impl<'a> Network<'a> {
    fn new(dir: &'a Path) -> Self {
        ip("netns add carrier");
        ip("link add wwan0 type veth peer name air netns carrier");
        let this = Self { dir, servers: 0 };
        this.ip("link set lo up");
        this.ip("link set air up");
        this.ip("addr add 10.9.0.1/24 dev air");
        this
    }

    fn ip(&self, words: &str) {
        answer("ip", &[&["-n", "carrier"], &words.split(' ').collect::<Vec<_>>()[..]].concat()).good();
    }

    /// A server that gives addresses of a /24 for two minutes, which is the shortest that it gives.
    fn serve(&mut self, subnet: &str, more: &[&str]) -> Program {
        self.servers += 1;
        let mut command = program("nsenter");
        command.args(["--net=/run/netns/carrier", "--"]).arg(super::stage::find("dnsmasq").unwrap());
        // It stays whoever it is: it may change that in no namespace of users.
        command.args(["--no-daemon", "--conf-file=/dev/null", "--port=0"]);
        command.args(["--log-facility=-", "--log-dhcp", "--leasefile-ro", "--no-ping", "--dhcp-authoritative"]);
        command.args(["--interface=air", "--bind-interfaces", "--pid-file="]);
        command.arg(format!("--dhcp-range={subnet}.10,{subnet}.20,255.255.255.0,120"));
        command.args(more);
        let mut server = Program::start(self.dir, &format!("dnsmasq{}", self.servers), &mut command);
        server.until_it_says("DHCP, sockets bound exclusively to interface air");
        server
    }
}

fn times(server: &Program, what: &str) -> usize {
    server.err().matches(what).count()
}

/// The one address and the one route, if they are of this subnet.
fn is_of(subnet: &str) -> Result<(), String> {
    match (addresses("wwan0").as_slice(), routes().as_slice()) {
        ([address], [route])
            if address.starts_with(&format!("{subnet}."))
                && route.starts_with(&format!("default via {subnet}.1 dev wwan0")) =>
        {
            Ok(())
        }
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn ip_1_cfg_12_a_lease_gives_address_router_name_servers_and_domains_and_hears_our_name() {
    let test = "dhcp::ip_1_cfg_12_a_lease_gives_address_router_name_servers_and_domains_and_hears_our_name";
    alone(test, &NEEDS, |dir| {
        let mut network = Network::new(dir);
        let told = ["--dhcp-option=6,10.9.0.53", "--dhcp-option=option:domain-search,a.example,b.example"];
        let told =
            [&told[..], &["--dhcp-option=26,1400", "--dhcp-option=42,10.9.0.123", "--domain=c.example"]].concat();
        let server = network.serve("10.9.0", &told);
        // As most distributions set it: the answers have to come through all the same.
        let filter = "/proc/sys/net/ipv4/conf/wwan0/rp_filter";
        std::fs::write(filter, "2").unwrap();
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4, method: dhcp, hostname: till-7 }"])]);
        is_of("10.9.0").unwrap();
        assert!(addresses("wwan0")[0].ends_with("/24") && routes()[0].contains("metric 700"), "{:?}", routes());
        assert!(ip("link show dev wwan0").contains("mtu 1400"));
        assert_eq!(name_servers(&gateway.own_file()), ["10.9.0.53 # From wwan0"]);
        let file = std::fs::read_to_string(gateway.own_file()).unwrap();
        assert!(file.ends_with("\nsearch a.example b.example\n"), "{file}");
        assert!(server.err().contains("client provides name: till-7"), "{}", server.err());
        assert_eq!(std::fs::read_to_string(filter).unwrap().trim(), "2", "as it was");
        let options = gateway.ask("get wwan0.dhcp_options").out;
        for told in ["a.example b.example", "10.9.0.123", "c.example", "10.9.0.1", "120"] {
            assert!(options.contains(told), "{told}: {options}");
        }
        // Without a name in the file it is the host's, and the lease is the same.
        let before = addresses("wwan0");
        gateway.edit(&[("wwan0", &["ip: { family: ipv4, method: dhcp }"])]);
        let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let own = format!("client provides name: {}", own.trim());
        gateway.until("the host's own name", || if server.err().contains(&own) { Ok(()) } else { Err(server.err()) });
        assert_eq!(addresses("wwan0"), before);
    });
}

#[test]
fn ip_4_a_lease_that_is_prolonged_is_no_event_and_touches_nothing() {
    alone("dhcp::ip_4_a_lease_that_is_prolonged_is_no_event_and_touches_nothing", &NEEDS, |dir| {
        let mut network = Network::new(dir);
        let server = network.serve("10.9.0", &["--dhcp-option=option:T1,4s"]);
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4, method: dhcp }"])]);
        let mut monitor = Monitor::start(dir);
        let events = || gateway.ask("events -n 1000").out;
        let before = events();
        let changes = monitor.during(|| {
            let acknowledged = times(&server, "DHCPACK");
            gateway.until("three renewals", || {
                let now = times(&server, "DHCPACK");
                if now >= acknowledged + 3 { Ok(()) } else { Err(server.err()) }
            });
        });
        assert!(changes.is_empty(), "{changes:#?}\n{}", server.err());
        assert_eq!(events(), before);
        is_of("10.9.0").unwrap();
    });
}

#[test]
fn ip_1_a_refusal_takes_everything_and_another_server_gives_anew() {
    alone("dhcp::ip_1_a_refusal_takes_everything_and_another_server_gives_anew", &NEEDS, |dir| {
        let mut network = Network::new(dir);
        let server = network.serve("10.9.0", &["--dhcp-option=option:T1,4s"]);
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4, method: dhcp }"])]);
        is_of("10.9.0").unwrap();
        let mut monitor = Monitor::start(dir);
        let mut other = None;
        let changes = monitor.during(|| {
            server.end();
            // The old address of the network stays: that is whom a renewal is sent to.
            network.ip("addr add 10.9.5.1/24 dev air");
            other = Some(network.serve("10.9.5", &[]));
            gateway.until("an address of the other server", || is_of("10.9.5"));
        });
        let other = other.unwrap();
        assert!(times(&other, "DHCPNAK") > 0, "{}", other.err());
        let place = |text: &str| changes.iter().position(|(_, line)| line.contains(text));
        let gone = changes.iter().position(|(_, line)| line.contains("Deleted") && line.contains("10.9.0.")).unwrap();
        assert!(gone < place("10.9.5.").unwrap(), "what was refused goes first: {changes:#?}");
        gateway.until_converged();
    });
}

#[test]
fn ip_1_without_its_server_a_lease_runs_out_and_everything_goes() {
    alone("dhcp::ip_1_without_its_server_a_lease_runs_out_and_everything_goes", &NEEDS, |dir| {
        let mut network = Network::new(dir);
        let server = network.serve("10.9.0", &["--dhcp-option=6,10.9.0.53"]);
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4, method: dhcp }"])]);
        let said = server.end().2;
        let clock = wwan::host::clock::Clock::start();
        let state = || (addresses("wwan0").len(), routes().len(), name_servers(&gateway.own_file()).len());
        assert_eq!(state(), (1, 1, 1), "{said}");
        // Two minutes are longer than the patience of one wait.
        until("most of the lease", || {
            let waited = clock.now().since(wwan::model::Instant::ZERO).as_secs();
            assert_eq!(state(), (1, 1, 1), "after {waited} s");
            if waited >= 55 { Ok(()) } else { Err(String::new()) }
        });
        until("more of it", || {
            let waited = clock.now().since(wwan::model::Instant::ZERO).as_secs();
            if waited >= 110 { Ok(()) } else { Err(String::new()) }
        });
        gateway.until("nothing is left", || if state() == (0, 0, 0) { Ok(()) } else { Err(format!("{:?}", state())) });
        gateway.until("it is said why", || {
            let said = gateway.ask("explain").all();
            if said.contains("the DHCP lease ran out") { Ok(()) } else { Err(said) }
        });
    });
}

#[test]
fn ip_1_only_while_a_session_is_up_and_anew_for_each() {
    alone("dhcp::ip_1_only_while_a_session_is_up_and_anew_for_each", &NEEDS, |dir| {
        let mut network = Network::new(dir);
        let server = network.serve("10.9.0", &[]);
        let gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4, method: dhcp }"])]);
        gateway.disturb("wwan0", "coverage on=false");
        gateway.until("nothing", || {
            if addresses("wwan0").is_empty() && routes().is_empty() { Ok(()) } else { Err(String::new()) }
        });
        let asked = times(&server, "DHCPDISCOVER");
        gateway.disturb("wwan0", "coverage on=true");
        gateway.until("an address again", || is_of("10.9.0"));
        assert!(times(&server, "DHCPDISCOVER") > asked, "{}", server.err());
        gateway.until_converged();
    });
}

#[test]
fn safe_1_f42_a_restart_asks_whether_the_lease_holds_and_changes_nothing() {
    alone("dhcp::safe_1_f42_a_restart_asks_whether_the_lease_holds_and_changes_nothing", &NEEDS, |dir| {
        let mut network = Network::new(dir);
        let server = network.serve("10.9.0", &[]);
        let mut gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4, method: dhcp }"])]);
        let before = (addresses("wwan0"), routes());
        let mut monitor = Monitor::start(dir);
        let discovered = times(&server, "DHCPDISCOVER");
        let changes = monitor.during(|| {
            gateway.kill();
            gateway.start();
            gateway.until_converged();
        });
        assert!(changes.is_empty(), "{changes:#?}\n{}\n{}", gateway.log(), server.err());
        assert_eq!((addresses("wwan0"), routes()), before);
        assert_eq!(times(&server, "DHCPDISCOVER"), discovered, "{}", server.err());
    });
}

#[test]
fn safe_2_ip_1_port_68_takes_a_privilege_and_its_lack_is_told() {
    let needs = [&NEEDS[..], &["setpriv"]].concat();
    alone("dhcp::safe_2_ip_1_port_68_takes_a_privilege_and_its_lack_is_told", &needs, |dir| {
        let mut network = Network::new(dir);
        let _server = network.serve("10.9.0", &[]);
        let entry: [(&str, &[&str]); 1] = [("wwan0", &["ip: { family: ipv4, method: dhcp }"])];
        let only = ["setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all", "--no-new-privs"];
        let mut gateway = Gateway::new(dir, &entry).started_by(&only);
        gateway.start();
        gateway.until("the remedy", || {
            let said = gateway.ask("explain").all();
            if said.contains("CAP_NET_BIND_SERVICE") { Ok(()) } else { Err(said) }
        });
        gateway.stop();
        let both = ["setpriv", "--bounding-set=-all,+net_admin,+net_bind_service", "--inh-caps=-all", "--no-new-privs"];
        let mut gateway = gateway.started_by(&both);
        gateway.start();
        gateway.until_converged();
        is_of("10.9.0").unwrap();
    });
}
