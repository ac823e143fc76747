//! ModemManager, asked to leave a device to us. It keeps its word as long as whoever asked is connected to it, so
//! its own `mmcli --inhibit-device` runs for as long as that is wanted.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStdout, Command};

use super::holders;

/// The name of its process.
pub(in crate::host) const NAME: &str = "ModemManager";
/// It lets a modem go that it uses before it answers: it hangs up first. Its own patience ends after 30 s.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Octets of its output that are read at most.
const LINE: usize = 4096;
/// What `mmcli` prints once it was promised.
const PROMISED: &str = "successfully inhibited";

/// What one modem's port has asked of it.
#[derive(Debug, Default)]
pub(super) struct ModemManager {
    /// Whether it is to be asked at all.
    pub(super) keep_away: bool,
    asked: Option<Inhibition>,
}

impl ModemManager {
    /// Keeps it away from a device where it runs, and waits for its promise. Without one its reason is told.
    pub(super) async fn stay_away(&mut self, proc: &Path, device: &Path) -> Result<(), String> {
        let Some(asked) = self.see_to_it(proc, device) else { return Ok(()) };
        let promised = asked.promised().await;
        if promised.is_err() {
            self.asked = None;
        }
        promised.map_err(|why| format!("ModemManager was asked to leave {} alone: {why}", device.display()))
    }

    /// The same without waiting, while the port is open: it may have been started, or started anew. Tells whether it runs
    /// and has not promised, so that it may take the device as well.
    pub(super) async fn may_come(&mut self, proc: &Path, device: &Path) -> bool {
        match self.see_to_it(proc, device) {
            // Looks once whether the promise is there.
            Some(asked) => !matches!(tokio::time::timeout(Duration::ZERO, asked.promised()).await, Ok(Ok(()))),
            None => false,
        }
    }

    /// What it was asked, where it runs.
    fn see_to_it(&mut self, proc: &Path, device: &Path) -> Option<&mut Inhibition> {
        if !(self.keep_away && self.asked.as_mut().is_some_and(|asked| asked.stands(proc, device))) {
            // Dropped before it is asked anew: what one has inhibited nobody else can.
            self.asked = None;
            let manager = if self.keep_away { holders::process(proc, NAME) } else { None };
            self.asked = manager.and_then(|manager| {
                let asked = Inhibition::ask("mmcli", manager, device);
                asked.map_err(|error| tracing::debug!(%error, "cannot run mmcli, which asks ModemManager")).ok()
            });
        }
        self.asked.as_mut()
    }
}

/// A request that stands until this is dropped.
#[derive(Debug)]
struct Inhibition {
    /// The process that was asked, and for which device: one that is started anew has forgotten what was asked.
    of: (u32, PathBuf),
    child: Child,
    /// `None` once it has promised.
    says: Option<ChildStdout>,
    /// What it has printed.
    said: String,
}

impl Inhibition {
    fn ask(program: impl AsRef<OsStr>, manager: u32, device: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg("--inhibit-device").arg(device).env("LC_ALL", "C").current_dir("/").kill_on_drop(true);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let says = child.stdout.take();
        Ok(Self { of: (manager, device.to_owned()), child, says, said: String::new() })
    }

    /// Whether this device is left alone: whoever was asked is still there, and so is who asks.
    fn stands(&mut self, proc: &Path, device: &Path) -> bool {
        let (manager, asked_for) = &self.of;
        asked_for == device && holders::is(proc, *manager, NAME) && self.lasts()
    }

    /// Whether it is still being asked, or has promised.
    fn lasts(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its promise. May be dropped and called again.
    async fn promised(&mut self) -> Result<(), String> {
        match tokio::time::timeout(ANSWERS_WITHIN, self.first_line()).await {
            Ok(()) if self.said.contains(PROMISED) => {
                self.says = None;
                Ok(())
            }
            Ok(()) => Err(self.refusal().await),
            Err(_) => Err(format!("no answer within {ANSWERS_WITHIN:?}")),
        }
    }

    /// Reads until a line has ended, or more was printed than a line has, or nothing follows.
    async fn first_line(&mut self) {
        let Some(says) = &mut self.says else { return };
        let mut portion = [0; 256];
        while !self.said.contains('\n') && self.said.len() < LINE {
            match says.read(&mut portion).await {
                Ok(read) if read > 0 => self.said.push_str(&String::from_utf8_lossy(&portion[..read])),
                // What was read before it failed says enough.
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// What it printed at its end, in one line.
    async fn refusal(&mut self) -> String {
        let said = &mut self.said;
        let rest = async {
            read(self.says.take(), said).await;
            read(self.child.stderr.take(), said).await;
        };
        // A program that says something else and stays must not hold the port up.
        drop(tokio::time::timeout(Duration::from_secs(1), rest).await);
        let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        if said.is_empty() { "mmcli says nothing".to_owned() } else { said }
    }
}

async fn read(from: Option<impl AsyncRead + Unpin>, into: &mut String) {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What was read before it failed says enough.
        drop(from.take(LINE as u64).read_to_end(&mut bytes).await);
    }
    into.push_str(&String::from_utf8_lossy(&bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that answers as this script does.
    async fn answered(script: &str) -> (Result<(), String>, Inhibition) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("mmcli");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut asked = Inhibition::ask(&program, 1, Path::new("/sys/devices/usb1/1-1")).unwrap();
        (asked.promised().await, asked)
    }

    #[tokio::test]
    async fn f37_a_promise_stands_while_its_program_runs() {
        let promise = "echo \"successfully inhibited device with uid '$2'\"; echo press; exec cat /dev/zero >/dev/null";
        let (promised, mut asked) = answered(promise).await;
        assert_eq!(promised, Ok(()));
        assert!(asked.lasts());
        assert_eq!(asked.promised().await, Ok(()));
        asked.child.kill().await.unwrap();
        assert!(!asked.lasts());
    }

    #[tokio::test]
    async fn f37_a_refusal_is_told_in_one_line() {
        let refusals = [
            ("echo 'error: couldn'\\''t inhibit' >&2; exit 1", "error: couldn't inhibit"),
            ("echo one; echo; echo two; echo three >&2", "one; two; three"),
            ("exit 1", "mmcli says nothing"),
        ];
        for (script, why) in refusals {
            assert_eq!(answered(script).await.0, Err(why.to_owned()), "{script}");
        }
    }
}
