//! Other programs that are run for their effect: briefly, without a terminal, and never for ever.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A program that has not ended by then is ended.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Runs a program with an input; gives what it printed.
///
/// # Errors
/// It could not be run, ended badly or did not end; in words.
pub(in crate::host) async fn run(program: &str, arguments: &[String], input: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("cannot run {program}: {error}"))?;
    let input = input.to_owned();
    let ended = async {
        if let Some(mut stdin) = child.stdin.take() {
            // Who does not read it says why by how it ends.
            drop(stdin.write_all(input.as_bytes()).await);
        }
        child.wait_with_output().await
    };
    let Ok(ended) = tokio::time::timeout(ENDS_WITHIN, ended).await else {
        return Err(format!("{program} does not end"));
    };
    let output = ended.map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing").trim();
    Err(format!("{program} failed ({}): {line}", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_program_says_and_how_it_fails() {
        let shell = |script: &str| vec!["-c".to_owned(), script.to_owned()];
        assert_eq!(run("sh", &shell("cat"), "hello").await.unwrap(), "hello");
        let failed = run("sh", &shell("echo no such link >&2; exit 3"), "").await.unwrap_err();
        assert_eq!(failed, "sh failed (exit status: 3): no such link");
        assert!(run("/nowhere/program", &[], "").await.unwrap_err().starts_with("cannot run /nowhere/program: "));
    }
}
