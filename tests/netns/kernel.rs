//! What the kernel of the test's namespace has, as `ip` tells it, and what happens in it.

use std::path::Path;

use super::program::{Program, answer, program, until};
use super::stage::{Stage, play};

/// What every test here needs.
const NEEDS: [&str; 4] = ["ip", "mount", "umount", "ping"];

/// Plays a test in namespaces of its own, and checks that the machine outside is as it was.
pub fn alone(test: &str, needs: &[&str], act: impl FnOnce(&Path)) {
    let inside = std::env::var_os("WWAN_INTEROP_INSIDE").is_some();
    let before = (!inside).then(outside);
    play(test, Stage::Machine, &[&NEEDS, needs].concat(), |dir| {
        // What is made below /run is seen by nobody else.
        assert!(answer("mount", &["-t", "tmpfs", "none", "/run"]).is_ok());
        ip("link set lo up");
        act(dir);
    });
    if let Some(before) = before {
        assert_eq!(outside(), before, "the machine's own network has changed");
    }
}

/// Addresses, routes, rules and the resolver's file of the machine; without what counts down by itself.
fn outside() -> String {
    let shown = ["-o addr", "-4 route show table all", "-6 route show table all", "-4 rule", "-6 rule"].map(|what| {
        let text = answer("ip", &what.split(' ').collect::<Vec<_>>()).out;
        let steady = |word: &&str| !word.ends_with("sec");
        text.lines().map(|line| line.split(' ').filter(steady).collect::<Vec<_>>().join(" ") + "\n").collect::<String>()
    });
    let resolver = std::fs::read("/etc/resolv.conf").unwrap_or_default();
    format!("{}{}", shown.concat(), String::from_utf8_lossy(&resolver))
}

/// Runs `ip`, which has to succeed.
#[track_caller]
pub fn ip(words: &str) -> String {
    answer("ip", &words.split(' ').collect::<Vec<_>>()).good().out
}

/// A TUN: no link layer, as an interface of `qmi_wwan` in raw IP.
pub fn tun(name: &str) {
    ip(&format!("tuntap add mode tun name {name}"));
}

/// Addresses of an interface, without those that the kernel gives itself; none, if there is no such interface.
pub fn addresses(name: &str) -> Vec<String> {
    let shown = answer("ip", &["-o", "addr", "show", "dev", name]).out;
    let address = |line: &str| {
        let mut words = line.split_whitespace().skip_while(|word| !word.starts_with("inet"));
        Some(words.nth(1)?.to_owned())
    };
    shown.lines().filter_map(address).filter(|address| !address.starts_with("fe80:")).collect()
}

/// Routes that carry our protocol, each as a line of `ip`.
pub fn routes() -> Vec<String> {
    let shown = ["-4", "-6"].map(|family| ip(&format!("{family} route show table all proto 119")));
    shown.concat().lines().map(|line| line.trim().to_owned()).collect()
}

/// Rules that carry our protocol, sorted.
pub fn rules() -> Vec<String> {
    let shown = ["-4", "-6"].map(|family| ip(&format!("{family} rule show")));
    let ours = shown.concat();
    let mut ours: Vec<String> = ours
        .lines()
        .filter(|line| line.contains("proto 119"))
        .map(|line| line.replace('\t', " ").trim().to_owned())
        .collect();
    // Among rules of one priority the order says only which came first.
    ours.sort();
    ours
}

/// A setting below `/proc/sys/net/ipv6/conf`.
pub fn ipv6_setting(interface: &str, name: &str) -> String {
    std::fs::read_to_string(format!("/proc/sys/net/ipv6/conf/{interface}/{name}")).unwrap().trim().to_owned()
}

/// The name servers of a file, each with where it is from.
pub fn name_servers(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("nameserver ")).map(str::to_owned).collect()
}

/// `ip monitor`: every change, with its time.
pub struct Monitor {
    program: Program,
    marks: u32,
}

/// Marks are routes to these, which no test has otherwise (RFC 5737).
const MARK: &str = "192.0.2.";

impl Monitor {
    pub fn start(dir: &Path) -> Self {
        let mut command = program("ip");
        command.args(["-ts", "-o", "monitor", "link", "address", "route", "rule"]);
        let monitor = Self { program: Program::start(dir, "monitor", &mut command), marks: 0 };
        let mut marks = 0;
        until("the monitor listens", || {
            marks += 1;
            ip(&format!("route add blackhole {MARK}255/32 metric {marks}"));
            if monitor.program.out().contains(MARK) { Ok(()) } else { Err(String::new()) }
        });
        monitor
    }

    /// Everything up to now has been written down; what is said later is after this.
    fn mark(&mut self) -> usize {
        self.marks += 1;
        let mark = format!("{MARK}{} ", self.marks);
        ip(&format!("route add blackhole {}/32", mark.trim()));
        until("the mark", || {
            let said = self.program.out();
            let lines = said.lines().take_while(|line| !line.contains(&mark)).count();
            if said.lines().count() > lines { Ok(lines + 1) } else { Err(said) }
        })
    }

    /// What happens while something is done: changes, without marks, each with its time in milliseconds of the day.
    pub fn during(&mut self, act: impl FnOnce()) -> Vec<(u64, String)> {
        let from = self.mark();
        act();
        let to = self.mark();
        let said = self.program.out();
        let lines = said.lines().take(to).skip(from).filter(|line| !line.contains(MARK));
        lines.filter_map(|line| Some((stamp(line)?, line.to_owned()))).collect()
    }
}

/// `[2026-01-02T03:04:05.678901] …` as milliseconds of the day.
fn stamp(line: &str) -> Option<u64> {
    let (day, _) = line.strip_prefix('[')?.split_once(']')?;
    let (_, time) = day.split_once('T')?;
    let mut parts = time.split([':', '.']).map(|part| part.parse::<u64>().ok());
    let (hour, minute, second, fraction) = (parts.next()??, parts.next()??, parts.next()??, parts.next()??);
    Some(((hour * 60 + minute) * 60 + second) * 1000 + fraction / 1000)
}
