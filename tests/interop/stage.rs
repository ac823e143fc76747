//! Where a test plays: in namespaces of its own, of which it is the first process, so that nothing outlives it and
//! nothing it does is seen outside.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program::answer;

/// Set for the test that runs inside: the directory it may use.
const INSIDE: &str = "WWAN_INTEROP_INSIDE";

/// Programs are also looked for here: not every user has these in his path.
const MORE_PLACES: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/libexec"];

/// How much of the machine the test has for itself.
#[derive(Clone, Copy)]
pub enum Stage {
    /// Processes and network, abstract sockets included.
    Network,
    /// Mounts, too: `/sys` and `/dev` may be replaced.
    Machine,
}

impl Stage {
    /// What makes the namespaces. Whoever calls becomes root in them; `--kill-child` takes everything down with the
    /// test, however it ends.
    fn namespaces(self) -> &'static [&'static str] {
        match self {
            Self::Network => &["-Urn", "--pid", "--fork", "--mount-proc", "--kill-child"],
            Self::Machine => &["-Urnm", "--pid", "--fork", "--mount-proc", "--kill-child"],
        }
    }
}

/// Plays the test of this name on its stage, or says why it is skipped.
pub fn play(test: &str, stage: Stage, needs: &[&str], act: impl FnOnce(&Path)) {
    if let Some(dir) = std::env::var_os(INSIDE) {
        act(Path::new(&dir));
        return;
    }
    if let Some(why) = missing(needs).or_else(|| refused(stage)) {
        skip(test, &why);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut inside = Command::new("timeout");
    inside.args(["--kill-after=5", "180", "unshare"]).args(stage.namespaces()).arg(std::env::current_exe().unwrap());
    inside.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(INSIDE, dir.path());
    let output = inside.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{complaints}", output.status);
    assert!(said.contains("test result: ok. 1 passed"), "no test is called {test}:\n{said}");
    print!("{said}");
}

/// Says on the terminal that a test is skipped. Where nothing may be skipped it fails.
pub fn skip(test: &str, why: &str) {
    assert!(std::env::var_os("WWAN_NO_SKIP").is_none(), "skipped although WWAN_NO_SKIP is set: {why}");
    // Past the capture of the test runner: a test that did not happen must not look like one that passed.
    std::io::stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes()).unwrap();
}

/// The first of these that is not there, in words: programs, `python:` modules, `link:` types of the kernel.
pub fn missing(needs: &[&str]) -> Option<String> {
    needs.iter().find_map(|need| match need.split_once(':') {
        Some(("python", module)) => {
            let there = answer("/usr/bin/python3", &["-c", &format!("import {module}")]).is_ok();
            (!there).then(|| format!("the module {module} of python3 is not installed"))
        }
        Some((_, link)) => {
            // `name` in words: a bare name that begins an option of `ip link add` is taken for that option.
            let trial = ["-Urn", "ip", "link", "add", "name", "trial0", "type", link, "peer", "name", "trial1"];
            (!answer("unshare", &trial).is_ok()).then(|| format!("the kernel has no links of type {link}"))
        }
        None => find(need).is_none().then(|| format!("{need} is not installed")),
    })
}

fn refused(stage: Stage) -> Option<String> {
    if let Some(why) = missing(&["unshare", "timeout"]) {
        return Some(why);
    }
    let trial = answer("unshare", &[stage.namespaces(), &["true"]].concat());
    (!trial.is_ok()).then(|| format!("namespaces are not permitted here: {}", trial.err.trim()))
}

/// Where a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(MORE_PLACES.map(PathBuf::from));
    places.map(|place| place.join(program)).find(|file| file.is_file())
}
