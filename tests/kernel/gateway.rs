//! Our daemon in the guest, and what it says.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use wwan::host::clock::Clock;
use wwan::model::{Instant, ModemName, PortState};
use wwan::reconcile::Input;
use wwan::trace;

use super::program::{Answer, Program, answer_of, until};

/// Where everything of the daemon's is.
const DIR: &str = "/run/wwan-test";

/// A daemon that follows a file with these modems.
pub struct Daemon {
    program: Program,
    trace: PathBuf,
}

impl Daemon {
    /// Starts it with these entries below `modems:`, and waits until it listens.
    pub fn start(modems: &str) -> Self {
        Self::run(modems, &["run"], &[])
    }

    /// The same on a host with this message bus.
    pub fn start_beside(modems: &str, bus: &str) -> Self {
        Self::run(modems, &["run"], &[("DBUS_SYSTEM_BUS_ADDRESS", bus)])
    }

    /// The same, but interfaces are left as they are. While a device is taken away with its interface up, `usbnet` submits
    /// transfers over and over: where that is to be played in virtual time, the interface must stay down.
    pub fn start_without_links(modems: &str) -> Self {
        Self::run(modems, &["run", "--simulated-links"], &[])
    }

    fn run(modems: &str, words: &[&str], environment: &[(&str, &str)]) -> Self {
        fs::create_dir_all(DIR).unwrap();
        configure(modems);
        let dir = PathBuf::from(DIR);
        let mut command = wwan();
        command.args(words).arg("--config").arg(dir.join("wwan.yaml"));
        command.arg("--state").arg(dir.join("state")).arg("--trace").arg(dir.join("trace"));
        command.envs(environment.iter().copied());
        let mut program = Program::start(&dir, "daemon", &mut command);
        program.until_it_says("started");
        Self { program, trace: dir.join("trace") }
    }

    /// Asks it.
    pub fn ask(&self, words: &str) -> Answer {
        answer_of(wwan().args(words.split(' ')))
    }

    /// Everything it was told, with the time since boot.
    pub fn told(&self) -> Vec<trace::Entry> {
        let text = fs::read_to_string(&self.trace).unwrap();
        // The last line may be half written.
        trace::parse(&text[..text.rfind('\n').map_or(0, |end| end + 1)]).unwrap()
    }

    /// When it was first told, from a time on, that the port of a modem is in a state.
    pub fn until_port(&self, modem: &str, from: Instant, is: impl Fn(&PortState) -> bool) -> Instant {
        let modem = ModemName::from(modem);
        until("a state of the port", || {
            let told = self.told();
            let fits = |entry: &&trace::Entry| {
                let fits = matches!(&entry.input, Input::Port(name, state) if *name == modem && is(state));
                fits && entry.at >= from
            };
            let ports = || told.iter().filter(|e| matches!(e.input, Input::Port(..) | Input::Opened(..)));
            told.iter()
                .find(fits)
                .map(|entry| entry.at)
                .ok_or_else(|| format!("{:?}\n{}", ports().collect::<Vec<_>>(), self.log()))
        })
    }

    /// Waits until a modem is as the file asks, and tells the time.
    pub fn until_converged(&self, modem: &str) -> Instant {
        self.until_it_shows(modem, "Converged", "True")
    }

    /// Waits until its status has a line of a modem's with these words.
    pub fn until_it_shows(&self, modem: &str, condition: &str, words: &str) -> Instant {
        until(&format!("{condition} {words} of {modem}"), || {
            let status = self.ask(&format!("status {modem} -o wide"));
            let line = status.out.lines().find(|line| line.trim_start().starts_with(condition));
            match line {
                Some(line) if line.contains(words) => Ok(Clock::since_boot().now()),
                _ => Err(format!("{}\n{}", status.all(), self.log())),
            }
        })
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        self.program.err()
    }

    /// Ends it without a word, and waits until it is gone.
    pub fn kill(mut self) {
        self.program.signal(Signal::KILL);
        self.program.ended();
    }

    /// Asks it to end, and checks that it had nothing to complain about.
    pub fn end(self) {
        let (status, _, log) = self.program.end();
        assert!(status.success() && !log.contains("ERROR") && !log.contains("panicked"), "{log}");
    }
}

/// Writes the file.
pub fn configure(modems: &str) {
    let file = PathBuf::from(DIR).join("wwan.yaml");
    fs::write(file, format!("version: 1\nmodems:\n{modems}")).unwrap();
}

/// A modem of the file, which connects to `internet`, and these lines.
pub fn modem(name: &str, lines: &str) -> String {
    format!("  {name}:\n    service_providers:\n      - apn: internet\n{lines}")
}

fn wwan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wwan"));
    command.arg("--socket").arg(PathBuf::from(DIR).join("wwan.sock")).env("NO_COLOR", "1");
    command
}
