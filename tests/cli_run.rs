//! `wwan run` and another process that plays the modem: over a unix socket and over a PTY, through a restart.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod shell_support;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use shell_support::{Going, Place};
use wwan::qmi::{Kind, Piece, Request as _, Response as _, Splitter, ctl};

/// The modem's process, and where it is offered.
fn modem(place: &Place, listen: &str) -> Going {
    let socket = place.path("modem.sock");
    let mut modem =
        place.start(&["--socket", socket.to_str().unwrap(), "simulate", "--quick", "--no-daemon", "--listen", listen]);
    modem.expect(&["the modem is offered"]);
    modem
}

/// The daemon's process, asked on its own socket.
fn daemon(place: &Place, control: &str) -> Going {
    let text = format!(
        "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n    control: {control}\n"
    );
    place.write("wwan.yaml", &text);
    let (file, state) = (place.path("wwan.yaml"), place.path("state"));
    let args = ["run", "--config", file.to_str().unwrap(), "--state", state.to_str().unwrap(), "--simulated-links"];
    let socket = place.path("daemon.sock");
    place.start(&[&["--socket", socket.to_str().unwrap()][..], &args].concat())
}

fn wwan(place: &Place, socket: &str, args: &[&str]) -> shell_support::Ran {
    let socket = place.path(socket);
    place.wwan(&[&["--socket", socket.to_str().unwrap()][..], args].concat())
}

#[test]
fn over_a_unix_socket_and_through_a_restart_of_the_daemon() {
    let place = Place::new();
    let path = place.path("port");
    let _modem = modem(&place, &format!("unix:{}", path.display()));
    let control = format!("{{ socket: {} }}", path.display());

    let mut first = daemon(&place, &control);
    first.expect(&["condition=\"Converged\"", "to=\"True\""]);
    assert_eq!(first.end(), 0, "SIGTERM is a good end");
    assert!(place.path("state/wwan0.json").exists());

    let mut second = daemon(&place, &control);
    second.expect(&["condition=\"Converged\"", "to=\"True\""]);
    let log = second.printed();
    assert!(!log.contains("start the ipv4 session"), "the session was taken over, not started again:\n{log}");

    wwan(&place, "modem.sock", &["disturb", "unplug"]).ended(0);
    second.expect(&["condition=\"ModemPresent\"", "to=\"False\""]);
    wwan(&place, "modem.sock", &["disturb", "plug"]).ended(0);
    second.expect(&["condition=\"Converged\"", "to=\"True\""]);
    wwan(&place, "modem.sock", &["status"]).ended(1);
}

#[test]
fn over_a_pty() {
    let place = Place::new();
    let path = place.path("cdc-wdm0");
    let modem = modem(&place, &format!("pty:{}", path.display()));
    let mut daemon = daemon(&place, &format!("{{ device: {} }}", path.display()));
    daemon.expect(&["condition=\"Converged\"", "to=\"True\""]);
    wwan(&place, "daemon.sock", &["status", "--check"]).ended(0);
    // A file that did not change is read again, and nothing happens.
    daemon.signal("HUP");
    wwan(&place, "daemon.sock", &["status", "--check"]).ended(0);
    assert_eq!(modem.end(), 0);
    assert!(!path.exists(), "the link goes with the modem");
    daemon.expect(&["condition=\"ModemPresent\"", "to=\"False\""]);
}

#[test]
fn a_second_daemon_on_one_socket_is_refused() {
    let place = Place::new();
    let mut first = daemon(&place, "{ device: /nowhere }");
    first.expect(&["started"]);
    let mut second = daemon(&place, "{ device: /nowhere }");
    second.expect(&["another daemon serves"]);
}

#[test]
fn any_program_may_speak_qmi_to_the_modem() {
    let place = Place::new();
    let path = place.path("qmux_socket0");
    let _modem = modem(&place, &format!("unix:{}", path.display()));
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(shell_support::PATIENCE)).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    let mut splitter = Splitter::default();
    // The firmware boots: until it is up, requests are lost, and then it says so.
    let answer = (1..=255).find_map(|transaction| {
        let request = ctl::get_version_info::Request::default().frame(0, transaction);
        stream.write_all(&request.encode()).unwrap();
        let mut bytes = vec![0; 4096];
        let length = stream.read(&mut bytes).ok()?;
        splitter.push(&bytes[..length]).into_iter().find_map(|piece| match piece {
            Piece::Frame(frame) if frame.kind == Kind::Response => Some(frame),
            _ => None,
        })
    });
    let frame = answer.expect("an answer");
    assert!(matches!(ctl::get_version_info::Response::decode(&frame), Ok(Ok(_))), "{frame:?}");
    wwan(&place, "modem.sock", &["disturb", "unplug"]).ended(0);
    let mut rest = Vec::new();
    stream.set_read_timeout(Some(shell_support::PATIENCE)).unwrap();
    assert!(stream.read_to_end(&mut rest).is_ok(), "the modem is gone and so is the connection");
}
