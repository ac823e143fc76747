//! `wwan run` as a service: what it tells the service manager, and what it leaves behind when it is told to end.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "interop/program.rs"]
mod program;
mod shell_support;
#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "interop/stage.rs"]
mod stage;

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use shell_support::{Going, PATIENCE, Place};

/// How often the service manager wants to hear from us.
const WATCHDOG: Duration = Duration::from_millis(400);

/// The modem's process, in a place where the daemon finds it.
fn modem(place: &Place) -> Going {
    let (socket, listen) = (place.path("modem.sock"), format!("unix:{}", place.path("port").display()));
    let mut modem =
        place.start(&["--socket", socket.to_str().unwrap(), "simulate", "--quick", "--no-daemon", "--listen", &listen]);
    modem.expect(&["the modem is offered"]);
    modem
}

/// The daemon, with these lines in its modem's entry.
fn daemon(place: &Place, lines: &str) -> Command {
    let control = format!("    control: {{ socket: {} }}\n", place.path("port").display());
    let entry = format!("  wwan0:\n    service_providers:\n      - apn: internet\n{control}{lines}");
    let file = place.write("wwan.yaml", &format!("version: 1\nmodems:\n{entry}"));
    let (socket, state) = (place.path("daemon.sock"), place.path("state"));
    let words = ["run", "--simulated-links", "--config", file.to_str().unwrap(), "--state", state.to_str().unwrap()];
    place.command(&[&["--socket", socket.to_str().unwrap()][..], &words].concat())
}

/// A service manager that listens.
struct Listener(UnixDatagram);

impl Listener {
    fn new(place: &Place) -> Self {
        let socket = UnixDatagram::bind(place.path("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    /// What is said next; `None`: nothing within the time.
    fn next(&self, within: Duration) -> Option<String> {
        self.0.set_read_timeout(Some(within)).unwrap();
        let mut bytes = [0; 4096];
        let length = self.0.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    /// The next message with these words; the others are passed over.
    #[track_caller]
    fn until(&self, words: &str) -> String {
        loop {
            let said = self.next(PATIENCE).unwrap_or_else(|| panic!("nobody said {words}"));
            if said.contains(words) {
                return said;
            }
        }
    }

    /// What has been said so far is passed over.
    fn forget(&self) {
        while self.next(Duration::from_millis(1)).is_some() {}
    }
}

#[test]
fn f45_the_service_manager_hears_that_we_are_ready_how_we_are_and_that_we_still_turn() {
    let place = Place::new();
    let listener = Listener::new(&place);
    let _modem = modem(&place);
    let mut command = daemon(&place, "");
    command.env("NOTIFY_SOCKET", place.path("notify"));
    command.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string()).env_remove("WATCHDOG_PID");
    let daemon = Going::new(command);
    listener.until("READY=1");
    listener.until("STATUS=wwan0: internet");
    for _ in 0..3 {
        listener.until("WATCHDOG=1");
    }
    // Whoever does not turn says nothing.
    daemon.signal("STOP");
    listener.forget();
    assert_eq!(listener.next(WATCHDOG * 3), None);
    daemon.signal("CONT");
    listener.until("WATCHDOG=1");

    daemon.signal("HUP");
    assert!(listener.until("RELOADING=1").contains("MONOTONIC_USEC="));
    listener.until("READY=1");
    // A file that is refused is no reason to be restarted.
    place.write("wwan.yaml", "version: 1\nmodems: 5\n");
    daemon.signal("HUP");
    listener.until("READY=1");
    listener.until("STATUS=configuration refused; wwan0: internet");
    daemon.signal("TERM");
    listener.until("STOPPING=1");
    assert_eq!(daemon.ended(), 0);
}

#[test]
fn a_session_stays_when_the_daemon_ends_unless_the_file_says_otherwise() {
    let place = Place::new();
    let _modem = modem(&place);
    for (lines, stays) in [("", true), ("    on_exit: disconnect\n", false), ("    on_exit: keep\n", true)] {
        let mut going = Going::new(daemon(&place, lines));
        going.expect(&["condition=\"Converged\"", "to=\"True\""]);
        going.signal("TERM");
        going.expect(&["ends"]);
        let log = going.printed();
        assert_eq!(log.contains("action=\"stop the ipv4 session\""), !stays, "{lines}{log}");
        assert_eq!(going.ended(), 0);
    }
    // After the last one: the session is there, and taken over.
    let mut last = Going::new(daemon(&place, ""));
    last.expect(&["condition=\"Converged\"", "to=\"True\""]);
    let log = last.printed();
    assert!(!log.contains("start the ipv4 session"), "{log}");
}

#[test]
fn the_unit_is_one_that_systemd_understands() {
    let test = "the_unit_is_one_that_systemd_understands";
    if let Some(why) = stage::missing(&["systemd-analyze"]) {
        return stage::skip(test, &why);
    }
    let place = Place::new();
    let unit = std::fs::read_to_string("packaging/systemd/wwan.service").unwrap();
    let unit = place.write("wwan.service", &unit.replace("/usr/bin/wwan", env!("CARGO_BIN_EXE_wwan")));
    // It complains about what it does not know and ends well all the same.
    let said = program::answer("systemd-analyze", &["verify", unit.to_str().unwrap()]);
    assert!(said.is_ok() && said.all().trim().is_empty(), "{said:?}");
}
