//! Programs that a test starts, watches and ends. Nothing waits without a deadline, and nothing waits blindly: it is
//! looked again and again whether what is waited for has come.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use wwan::host::clock::Clock;

use super::stage;

/// Longer than anything here takes, on a machine that does other things as well.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until there is something to see, and panics with what was seen last when patience ends.
pub fn until<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    within(PATIENCE, what, look)
}

/// The same with another patience.
pub fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let clock = Clock::start();
    loop {
        let seen = match look() {
            Ok(found) => return found,
            Err(seen) => seen,
        };
        let waited = clock.now().since(wwan::model::Instant::ZERO);
        assert!(waited < patience, "not in {patience:?}: {what}\n{seen}");
        std::thread::park_timeout(PAUSE);
    }
}

/// What a program answered.
#[derive(Debug)]
pub struct Answer {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    pub fn is_ok(&self) -> bool {
        self.exit == Some(0)
    }

    /// Everything it said.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Panics unless it succeeded.
    pub fn good(self) -> Self {
        assert!(self.is_ok(), "{self:#?}");
        self
    }
}

/// A program by its name, with nothing to read.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(stage::find(name).unwrap_or_else(|| PathBuf::from(name)));
    command.stdin(Stdio::null()).env("LC_ALL", "C");
    command
}

/// Runs a program to its end.
pub fn answer(name: &str, args: &[&str]) -> Answer {
    answer_of(program(name).args(args))
}

/// Runs a command to its end.
pub fn answer_of(command: &mut Command) -> Answer {
    let mut watched = Command::new("timeout");
    watched.args(["--kill-after=5", &PATIENCE.as_secs().to_string()]).arg(command.get_program());
    watched.args(command.get_args()).stdin(Stdio::null());
    watched.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match watched.output() {
        Ok(output) => Answer { exit: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) },
        Err(error) => Answer { exit: None, out: String::new(), err: error.to_string() },
    }
}

/// A program that goes on, writing to `NAME.out` and `NAME.err`. It is ended when this is dropped.
pub struct Program {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Program {
    pub fn start(dir: &Path, name: &str, command: &mut Command) -> Self {
        let [out, err] = ["out", "err"].map(|kind| dir.join(format!("{name}.{kind}")));
        let file = |path: &PathBuf| File::create(path).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err)).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{name}: {error}")), out, err }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard output so far.
    pub fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// What it wrote to standard error so far.
    pub fn err(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    /// Waits until it has written `text`, to either.
    pub fn until_it_says(&mut self, text: &str) {
        until(text, || {
            let said = self.out() + &self.err();
            match self.child.try_wait().unwrap() {
                _ if said.contains(text) => Ok(()),
                None => Err(said),
                Some(status) => panic!("it ended with {status} and did not say {text:?}:\n{said}"),
            }
        });
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        until("the end of a program", || self.child.try_wait().unwrap().ok_or_else(|| self.out() + &self.err()))
    }

    /// Asks it to end, waits, and returns how it ended and all it wrote to standard output and to standard error.
    pub fn end(mut self) -> (ExitStatus, String, String) {
        self.signal(Signal::TERM);
        let status = self.ended();
        (status, self.out(), self.err())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Only ours, and only while it is not waited for, so the number is still its own.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
