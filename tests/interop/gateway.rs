//! A gateway: our daemon, the real `qmi-proxy`, and a simulated modem behind a device node.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};

use super::node::{Node, pretend_driver, text};
use super::offer::{Offer, wwan};
use super::program::{Answer, Program, answer_of, program, until};

/// What the tests need for it.
pub const NEEDS: &[&str] = &["qmi-proxy", "qmicli", "mount", "umount"];

/// What in the log of the proxy means that it could not read something.
const COMPLAINTS: [&str; 5] = ["ERROR", "unexpected", "Left '", "Warning", "CRITICAL"];

/// What it says when it is asked to end, when the device goes away, and of the network of a modem that has none.
const NOT_COMPLAINTS: [&str; 4] = [
    "network_id_valid = 'no' mcc = ' ERROR: invalid string",
    "Caught signal, stopping the loop",
    "Cannot read from istream: connection broken",
    "sending request to device failed: endpoint hangup",
];

pub struct Gateway {
    daemon: Program,
    proxy: Program,
    pub offer: Offer,
    node: Node,
    socket: PathBuf,
}

impl Gateway {
    /// Starts all three; the configuration of the modem is the lines of `modem`.
    pub fn new(dir: &Path, modem: &[&str]) -> Self {
        let link = dir.join("pty");
        let offer = Offer::new(dir, &[format!("pty:{}", link.display())]);
        pretend_driver();
        let node = Node::new(dir, &link);
        let proxy = Program::start(dir, "proxy", program("qmi-proxy").args(["--no-exit", "--verbose-full"]));
        let place = SocketAddr::from_abstract_name("qmi-proxy").unwrap();
        until("the proxy listens", || {
            UnixStream::connect_addr(&place).map(drop).map_err(|error| format!("{error}\n{}", proxy.err()))
        });

        let [config, state, socket] = ["wwan.yaml", "state", "wwan.sock"].map(|name| dir.join(name));
        let lines: Vec<String> = modem.iter().map(|line| format!("    {line}\n")).collect();
        let control = format!("    control: {{ device: {}, proxy: true }}\n", text(node.path()));
        std::fs::write(&config, format!("version: 1\nmodems:\n  wwan0:\n{control}{}", lines.concat())).unwrap();
        let mut command = wwan(&socket);
        command.args(["run", "--simulated-links", "--config"]).arg(config).arg("--state").arg(state);
        let mut daemon = Program::start(dir, "daemon", &mut command);
        daemon.until_it_says("started");
        Self { daemon, proxy, offer, node, socket }
    }

    /// Asks the daemon.
    pub fn ask(&self, words: &str) -> Answer {
        answer_of(wwan(&self.socket).args(words.split(' ')))
    }

    /// Uses the modem as another program beside the daemon does: through the same proxy.
    pub fn qmicli(&self, words: &str) -> Answer {
        answer_of(program("qmicli").args(["-p", "-d", text(self.node.path())]).args(words.split(' ')))
    }

    /// Everything the daemon says has happened, the oldest first, without the times.
    pub fn events(&self) -> Vec<String> {
        let answer = self.ask("events -n 1000").good();
        let without_time = |line: &str| line.split_once(' ').map(|(_, what)| what.to_owned());
        answer.out.lines().filter_map(without_time).collect()
    }

    /// Waits until everything is as the file asks.
    pub fn until_converged(&mut self) {
        until("Converged", || {
            self.node.follow();
            let answer = self.ask("status -o wide --check");
            if answer.is_ok() { Ok(()) } else { Err(format!("{}\n{}", answer.all(), self.events().join("\n"))) }
        });
    }

    /// Waits until each of these is part of an event, one after the other, later than the first `known` ones.
    pub fn until_it_tells(&mut self, known: usize, reasons: &[&str]) {
        until("the reasons in the events", || {
            self.node.follow();
            let events = self.events();
            let mut news = events.iter().skip(known);
            let missing = reasons.iter().find(|reason| !news.any(|event| event.contains(**reason)));
            missing.map_or(Ok(()), |missing| Err(format!("no {missing:?} in\n{}", events[known..].join("\n"))))
        });
    }

    /// Ends all three, checks that none had anything to complain about, and returns what the proxy wrote down.
    pub fn end(self) -> String {
        let said = self.daemon.err();
        assert!(!said.contains("ERROR") && !said.contains("panicked"), "{said}");
        assert!(self.daemon.end().0.success());
        // Only when it ends is all written that the proxy has in its buffers.
        let (_, log, errors) = self.proxy.end();
        self.offer.end();
        for complaint in COMPLAINTS {
            let complains = |line: &&str| {
                line.contains(complaint) && !NOT_COMPLAINTS.iter().any(|harmless| line.contains(harmless))
            };
            let found = log.lines().chain(errors.lines()).find(complains);
            assert!(found.is_none(), "the proxy complains: {found:?}");
        }
        log
    }
}
