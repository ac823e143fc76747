//! Whether data passes, through a real interface to a carrier in a namespace of its own: name servers, a port that takes
//! connections, one that refuses them, a web server, and nobody.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::gateway::Gateway;
use super::kernel::{addresses, alone, ip, routes};
use super::program::{Program, answer, program};

/// The simulated networks give these name servers.
const NAME_SERVERS: [&str; 2] = ["10.64.0.1", "10.64.0.2"];
/// Hosts of the carrier's (RFC 5737, RFC 3849).
const HOST: &str = "203.0.113.5";
const HOST_V6: &str = "2001:db8:5::5";

/// The network behind `wwan0`, which is a veth here.
struct Carrier {
    /// Who has asked the name servers.
    asked: Arc<Mutex<Vec<SocketAddr>>>,
    visits: Arc<AtomicU32>,
    /// The status of the web server's answers.
    status: Arc<AtomicU16>,
}

fn carrier(words: &str) {
    answer("ip", &[&["-n", "carrier"], &words.split(' ').collect::<Vec<_>>()[..]].concat()).good();
}

impl Carrier {
    /// A carrier whose end of the cable is down.
    fn new() -> Self {
        ip("netns add carrier");
        ip("link add wwan0 type veth peer name air netns carrier");
        carrier("link set lo up");
        for host in NAME_SERVERS.iter().chain([&HOST]) {
            carrier(&format!("addr add {host}/32 dev lo"));
        }
        carrier(&format!("addr add {HOST_V6}/128 dev lo"));
        let this = Self { asked: Arc::default(), visits: Arc::default(), status: Arc::new(AtomicU16::new(204)) };
        for server in NAME_SERVERS {
            let asked = Arc::clone(&this.asked);
            inside(move || name_server(&UdpSocket::bind((server, 53)).unwrap(), &asked));
        }
        let (visits, status) = (Arc::clone(&this.visits), Arc::clone(&this.status));
        inside(move || web_server(&TcpListener::bind((HOST, 80)).unwrap(), &visits, &status));
        let visits = Arc::clone(&this.visits);
        inside(move || {
            let v6: Ipv6Addr = HOST_V6.parse().unwrap();
            let listener = TcpListener::bind((v6, 443)).unwrap();
            for _ in listener.incoming() {
                visits.fetch_add(1, Ordering::Relaxed);
            }
        });
        this
    }

    /// The cable is plugged in, and the network has the gateway that the modem was told of.
    fn appear(&self) {
        carrier("link set air up");
        let shown = routes();
        let via = |route: &String| Some(route.split("via ").nth(1)?.split(' ').next()?.to_owned());
        for gateway in shown.iter().filter_map(via) {
            carrier(&format!("addr add {gateway}/{} dev air nodad", if gateway.contains(':') { 64 } else { 30 }));
        }
    }

    fn vanish(&self) {
        carrier("link set air down");
        carrier("addr flush dev air");
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A thread in the carrier's namespace, ready when this returns.
fn inside(act: impl FnOnce() + Send + 'static) {
    let space = open("/run/netns/carrier", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    thread::spawn(move || {
        let space = File::from(space);
        move_into_link_name_space(std::os::fd::AsFd::as_fd(&space), Some(LinkNameSpaceType::Network)).unwrap();
        act();
    });
}

/// Answers every question with what it asked: no such name.
fn name_server(socket: &UdpSocket, asked: &Mutex<Vec<SocketAddr>>) {
    let mut buffer = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        asked.lock().unwrap().push(from);
        buffer[2] |= 0x80;
        buffer[3] |= 3;
        drop(socket.send_to(&buffer[..length], from));
    }
}

fn web_server(listener: &TcpListener, visits: &AtomicU32, status: &AtomicU16) {
    for mut stream in listener.incoming().flatten() {
        visits.fetch_add(1, Ordering::Relaxed);
        drop(stream.read(&mut [0; 1024]));
        let answer = format!("HTTP/1.1 {} X\r\nContent-Length: 0\r\n\r\n", status.load(Ordering::Relaxed));
        drop(stream.write_all(answer.as_bytes()));
    }
}

fn gateway(dir: &std::path::Path, family: &str, reachability: &str) -> Gateway {
    let ip = format!("ip: {{ family: {family} }}");
    let reachability = format!("reachability: {{ {reachability} }}");
    let mut gateway = Gateway::new(dir, &[("wwan0", &[&ip, &reachability])]);
    gateway.start();
    until_it_shows(&gateway, "LinkConfigured", "True");
    gateway
}

fn until_it_shows(gateway: &Gateway, condition: &str, words: &str) {
    gateway.until(&format!("{condition} {words}"), || {
        let status = gateway.ask("status wwan0 -o wide");
        let line = status.out.lines().find(|line| line.trim_start().starts_with(condition));
        if line.is_some_and(|line| line.contains(words)) { Ok(()) } else { Err(status.all()) }
    });
}

const INTERNET: &str = "InternetReachable";

#[test]
fn lnk_7_f19_name_servers_are_asked_through_the_interface_until_they_answer() {
    alone("outside::lnk_7_f19_name_servers_are_asked_through_the_interface_until_they_answer", &["link:veth"], |dir| {
        let carrier = Carrier::new();
        let gateway = gateway(dir, "ipv4", "every: 10s");
        until_it_shows(&gateway, INTERNET, "Unanswered");
        assert!(gateway.ask("get wwan0.connection").out.contains("lan"));
        carrier.appear();
        until_it_shows(&gateway, INTERNET, "Reached");
        gateway.until_converged();
        assert!(gateway.ask("get wwan0.connection").out.contains("internet"));
        let own = addresses("wwan0")[0].split('/').next().unwrap().to_owned();
        assert!(carrier.asked.lock().unwrap().iter().all(|from| from.ip().to_string() == own), "from {own}");
        carrier.vanish();
        until_it_shows(&gateway, INTERNET, "Unanswered");
    });
}

#[test]
fn lnk_8_while_packets_go_and_come_nobody_is_asked() {
    alone("outside::lnk_8_while_packets_go_and_come_nobody_is_asked", &["link:veth"], |dir| {
        let carrier = Carrier::new();
        let gateway = gateway(dir, "ipv4", "every: 10s");
        carrier.appear();
        until_it_shows(&gateway, INTERNET, "Reached");
        let mut ping = program("ping");
        ping.args(["-i", "0.2", HOST]);
        let mut ping = Program::start(dir, "ping", &mut ping);
        until_it_shows(&gateway, INTERNET, "packets go and come");
        let asked = carrier.asked();
        // Twice the time after which an idle path is asked about.
        let echoes = |least: usize| {
            gateway.until("echoes", || {
                let seen = ping.out().lines().count();
                if seen >= least { Ok(()) } else { Err(format!("{seen}")) }
            });
        };
        let begun = ping.out().lines().count();
        echoes(begun + 100);
        assert_eq!(carrier.asked(), asked, "20 s of traffic");
        ping.signal(rustix::process::Signal::INT);
        ping.ended();
        gateway.until("a question", || if carrier.asked() > asked { Ok(()) } else { Err(String::new()) });
    });
}

#[test]
fn lnk_7_a_port_that_refuses_is_alive_and_so_is_one_of_ipv6_alone() {
    alone("outside::lnk_7_a_port_that_refuses_is_alive_and_so_is_one_of_ipv6_alone", &["link:veth"], |dir| {
        let carrier = Carrier::new();
        let mut gateway = gateway(dir, "ipv4", &format!("targets: [\"tcp://{HOST}:9\"]"));
        carrier.appear();
        until_it_shows(&gateway, INTERNET, &format!("tcp://{HOST}:9 answers"));
        let targets = format!("reachability: {{ targets: [\"tcp://{HOST}:9\", \"tcp://[{HOST_V6}]:443\"] }}");
        gateway.edit(&[("wwan0", &["ip: { family: ipv6 }", &targets])]);
        until_it_shows(&gateway, "LinkConfigured", "2001:db8");
        carrier.appear();
        until_it_shows(&gateway, INTERNET, &format!("tcp://[{HOST_V6}]:443 answers"));
        assert!(carrier.visits.load(Ordering::Relaxed) > 0);
        gateway.stop();
    });
}

#[test]
fn lnk_7_a_page_that_is_not_the_targets_own_is_told() {
    alone("outside::lnk_7_a_page_that_is_not_the_targets_own_is_told", &["link:veth"], |dir| {
        let carrier = Carrier::new();
        carrier.status.store(302, Ordering::Relaxed);
        let gateway = gateway(dir, "ipv4", &format!("every: 10s, targets: [\"http://{HOST}/204\"]"));
        carrier.appear();
        until_it_shows(&gateway, INTERNET, "Portal");
        let said = gateway.ask("explain").all();
        assert!(said.contains("somebody else answers") && said.contains("302"), "{said}");
        carrier.status.store(204, Ordering::Relaxed);
        gateway.edit(&[(
            "wwan0",
            &["ip: { family: ipv4 }", &format!("reachability: {{ targets: [\"http://{HOST}/\"] }}")],
        )]);
        until_it_shows(&gateway, INTERNET, "Reached");
    });
}

#[test]
fn lnk_7_another_way_out_of_the_host_is_evidence() {
    alone("outside::lnk_7_another_way_out_of_the_host_is_evidence", &["link:veth"], |dir| {
        let _carrier = Carrier::new();
        // The host's other uplink: a cable that leads somewhere else, where the target is.
        ip("netns add office");
        ip("link add eth0 type veth peer name lan netns office");
        let office = |words: &str| {
            answer("ip", &[&["-n", "office"], &words.split(' ').collect::<Vec<_>>()[..]].concat()).good();
        };
        office("link set lo up");
        office("link set lan up");
        office("addr add 192.168.7.1/24 dev lan");
        office(&format!("addr add {HOST}/32 dev lo"));
        ip("link set eth0 up");
        ip("addr add 192.168.7.2/24 dev eth0");
        ip("route add default via 192.168.7.1 metric 100");
        let gateway = gateway(dir, "ipv4", &format!("targets: [\"tcp://{HOST}:9\"]"));
        until_it_shows(&gateway, INTERNET, "through another interface they are answered");
        office("link set lan down");
        until_it_shows(&gateway, INTERNET, "they are not answered either");
    });
}
