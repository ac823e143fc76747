//! Programs that switch: run without a shell, never for ever, and quoted when they fail.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::model::ModemName;

/// A program that has not ended by then is ended, with whatever it started. The core waits five seconds longer.
const ENDS_WITHIN: Duration = Duration::from_secs(15);
/// What it left running may keep its output open; what it wrote itself is there by then.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// So much of what it printed is kept: its end, where programs say why they failed.
const QUOTED: usize = 500;

/// Why a program did not switch.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    #[error("no program is named")]
    Empty,
    #[error("cannot run {program}")]
    Run { program: String, source: std::io::Error },
    #[error("{program} does not end within {within:?}{}", said(.output))]
    Endless { program: String, within: Duration, output: String },
    #[error("{program} failed ({status}){}", said(.output))]
    Failed { program: String, status: ExitStatus, output: String },
}

fn said(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(": {output}") }
}

/// Whether it can be run.
pub(super) fn look(words: &[String]) -> Result<(), ProgramError> {
    let [program, ..] = words else { return Err(ProgramError::Empty) };
    rustix::fs::access(program.as_str(), rustix::fs::Access::EXEC_OK)
        .map_err(|why| ProgramError::Run { program: program.clone(), source: why.into() })
}

/// Runs it to its end.
pub(super) async fn run(words: &[String], modem: &ModemName) -> Result<(), ProgramError> {
    run_within(ENDS_WITHIN, words, modem).await
}

async fn run_within(within: Duration, words: &[String], modem: &ModemName) -> Result<(), ProgramError> {
    let [program, arguments @ ..] = words else { return Err(ProgramError::Empty) };
    let mut command = Command::new(program);
    command.args(arguments).env("WWAN_MODEM", &modem.0).current_dir("/").kill_on_drop(true);
    // A group of its own, so that what it starts can be ended with it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let failed = |source| ProgramError::Run { program: program.clone(), source };
    let mut child = command.spawn().map_err(failed)?;
    let group = Group(child.id());
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let ended = tokio::time::timeout(within, attend(&mut child, &mut output, &mut errors)).await;
    let printed = in_one_line(&[output, errors].concat());
    match ended {
        // It is let alone with what it has left running: that may be its way.
        Ok(Ok(status)) if status.success() => {
            group.spare();
            Ok(())
        }
        Ok(Ok(status)) => Err(ProgramError::Failed { program: program.clone(), status, output: printed }),
        Ok(Err(why)) => Err(failed(why)),
        Err(_) => Err(ProgramError::Endless { program: program.clone(), within, output: printed }),
    }
}

/// Reads what it prints until it ends.
async fn attend(child: &mut Child, output: &mut Vec<u8>, errors: &mut Vec<u8>) -> std::io::Result<ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = async { tokio::join!(keep_end(stdout, output), keep_end(stderr, errors)) };
    tokio::pin!(reading);
    tokio::select! {
        _ = &mut reading => child.wait().await,
        status = child.wait() => {
            drop(tokio::time::timeout(LAST_WORDS, reading).await);
            status
        }
    }
}

async fn keep_end(from: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    let mut part = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut part).await {
        kept.extend(part.get(..read).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(QUOTED));
    }
}

fn in_one_line(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.lines().map(|line| line.chars().map(clean).collect::<String>()).filter(|line| !line.trim().is_empty()).fold(
        String::new(),
        |all, line| if all.is_empty() { line.trim().to_owned() } else { format!("{all}; {}", line.trim()) },
    )
}

/// The processes that a program may have started; they end with it unless it is spared.
struct Group(Option<u32>);

impl Group {
    fn spare(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(leader) = leader {
            // All of them may have ended by themselves.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<String> {
        vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()]
    }

    async fn refusal(words: &[String]) -> String {
        super::super::in_words(&run(words, &"wwan0".into()).await.unwrap_err())
    }

    #[tokio::test]
    async fn pwr_8_a_program_switches_without_a_shell() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("it is; $HOME").display().to_string();
        run(&["/usr/bin/touch".to_owned(), file.clone()], &"wwan0".into()).await.unwrap();
        assert!(std::path::Path::new(&file).exists(), "the words are taken as they are");
        run(&shell(&format!("echo $WWAN_MODEM >'{file}'")), &"wwan1".into()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "wwan1\n");
    }

    #[tokio::test]
    async fn pwr_6_a_program_that_fails_is_quoted() {
        let said = refusal(&shell("echo out; echo 'no such relay' >&2; exit 3")).await;
        assert_eq!(said, "/bin/sh failed (exit status: 3): out; no such relay");
        assert_eq!(refusal(&shell("exit 1")).await, "/bin/sh failed (exit status: 1)");
        let killed = refusal(&shell("kill -9 $$")).await;
        assert!(killed.starts_with("/bin/sh failed (signal: 9"), "{killed}");
        let missing = refusal(&["/nowhere/relay".to_owned()]).await;
        assert!(missing.starts_with("cannot run /nowhere/relay: No such file"), "{missing}");
        assert!(look(&["/nowhere/relay".to_owned()]).is_err() && look(&shell("")).is_ok());
    }

    #[tokio::test]
    async fn a_program_may_print_more_than_anybody_reads() {
        let said = refusal(&shell("yes | head -c 1000000; printf 'the end' >&2; exit 1")).await;
        assert!(said.ends_with("the end") && said.len() < 2000, "{}", said.len());
    }

    #[tokio::test]
    async fn pwr_6_a_program_that_does_not_end_is_ended_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let script = format!("tail -f /dev/null & echo $! >'{}'; echo waiting; wait", file.display());
        let mut limit = Duration::from_millis(100);
        // A busy machine may take longer to start a shell.
        let (said, child) = loop {
            let said = run_within(limit, &shell(&script), &"wwan0".into()).await.unwrap_err().to_string();
            match std::fs::read_to_string(&file) {
                Ok(child) if said.contains("waiting") => break (said, child),
                _ => limit *= 2,
            }
        };
        assert_eq!(said, format!("/bin/sh does not end within {limit:?}: waiting"));
        // Gone, or dead and not yet buried by whoever inherits it.
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        let gone = async {
            while lives() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_program_leaves_running_keeps_nobody_waiting() {
        run(&shell("sleep 10 & exit 0"), &"wwan0".into()).await.unwrap();
        assert!(refusal(&shell("sleep 10 & echo no; exit 1")).await.ends_with("no"));
    }
}
