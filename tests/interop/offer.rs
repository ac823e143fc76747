//! The simulated modem, offered to other programs by `wwan simulate --no-daemon`.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bytes::wake;
use super::program::{Answer, Program, answer_of, until};

/// A quick modem without a daemon.
pub struct Offer {
    program: Program,
    socket: PathBuf,
    /// How many places it is offered at.
    places: usize,
}

/// Our own program.
pub fn wwan(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wwan"));
    command.arg("--no-color").arg("--socket").arg(socket);
    command
}

impl Offer {
    /// Starts it and waits until it answers: for a while after it has appeared everything is lost, as with real ones.
    /// `at` are the places of `--listen`.
    pub fn new(dir: &Path, at: &[String]) -> Self {
        let socket = dir.join("modem.sock");
        let mut command = wwan(&socket);
        command.args(["simulate", "--no-daemon", "--quick"]);
        let ours = dir.join("wake");
        command.args(at.iter().map(|at| format!("--listen={at}"))).arg(format!("--listen=unix:{}", ours.display()));
        let offer = Self { program: Program::start(dir, "modem", &mut command), socket, places: at.len() + 1 };
        offer.until_appeared(1);
        wake(&mut UnixStream::connect(ours).unwrap());
        offer
    }

    /// Waits until it has appeared so many times since the start.
    pub fn until_appeared(&self, times: usize) {
        until("the modem is offered", || {
            let said = self.program.err();
            if said.matches("the modem is offered").count() >= times * self.places { Ok(()) } else { Err(said) }
        });
    }

    /// Does something to it.
    pub fn disturb(&self, what: &str) -> Answer {
        answer_of(wwan(&self.socket).arg("disturb").args(what.split(' '))).good()
    }

    /// Ends it and checks that it had nothing to complain about.
    pub fn end(self) {
        let said = self.program.err();
        assert!(!said.contains("ERROR") && !said.contains("WARN") && !said.contains("panicked"), "{said}");
        assert!(self.program.end().0.success());
    }
}
