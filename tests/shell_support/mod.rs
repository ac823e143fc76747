//! The command `wwan` as a user runs it: in a directory of its own, with a deadline for everything.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Longer than anything here takes, on a machine that does ten other things.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A directory with its own control socket.
pub struct Place {
    pub dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The command, not yet run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wwan"));
        command.args(args).stdin(Stdio::null()).env("XDG_RUNTIME_DIR", self.dir.path());
        for variable in ["WWAN_SOCKET", "NO_COLOR", "RUST_LOG", "JOURNAL_STREAM", "CREDENTIALS_DIRECTORY"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs a command to its end.
    pub fn wwan(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().unwrap())
    }

    /// Starts a command that goes on, and follows what it prints.
    pub fn start(&self, args: &[&str]) -> Going {
        Going::new(self.command(args))
    }
}

/// A command that has ended.
pub struct Ran(Output);

impl Ran {
    pub fn code(&self) -> i32 {
        self.0.status.code().expect("it was not killed")
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// What it printed, if it ended with this code.
    #[track_caller]
    pub fn ended(self, code: i32) -> String {
        assert_eq!(self.code(), code, "stdout: {}\nstderr: {}", self.out(), self.err());
        self.out()
    }
}

/// A command that goes on. It is ended when this is dropped.
pub struct Going {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Going {
    pub fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = channel();
        let errors = tell.clone();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|l| tell.send(l)));
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|l| errors.send(l))
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// The next line that contains all of these words.
    #[track_caller]
    pub fn expect(&mut self, words: &[&str]) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if words.iter().all(|word| line.contains(word)) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {words:?} in time after\n{}", self.seen.join("\n")),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without {words:?}\n{}", self.seen.join("\n")),
            }
        }
    }

    /// A line that contains all of these words, printed already or to come.
    #[track_caller]
    pub fn has_said(&mut self, words: &[&str]) -> String {
        let said = self.seen.iter().find(|line| words.iter().all(|word| line.contains(word))).cloned();
        said.unwrap_or_else(|| self.expect(words))
    }

    /// Everything it printed so far.
    pub fn printed(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Asks it to end, and waits until it has.
    pub fn end(self) -> i32 {
        self.signal("TERM");
        self.ended()
    }

    /// Waits until it has ended.
    pub fn ended(mut self) -> i32 {
        self.child.wait().unwrap().code().expect("it ended by itself")
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
