//! Who else has a control port open. The driver lets two programs open one `cdc-wdm` node and gives each half of the
//! answers, so that neither can work; nobody is told.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::modem_manager;

/// A program of this host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Program {
    name: String,
    id: u32,
}

/// As an operator looks for it: `ModemManager (790)`.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.id)
    }
}

/// Why a control port had better not be opened; `None`: nobody else is seen to have it. What programs of other users have
/// open only root is shown, or whoever may trace them.
///
/// `proc` is normally `/proc`. A terminal is left out: whoever plays a modem on one has it open himself.
pub(in crate::host) fn objection(proc: &Path, node: &Path) -> Option<String> {
    let node = fs::canonicalize(node).ok().filter(|node| !node.starts_with("/dev/pts"))?;
    let others: Vec<Program> = others(proc);
    let holder = others.iter().find(|program| program.has_open(proc, &node))?;
    let other = others.iter().find(|program| program.name == modem_manager::NAME && *program != holder);
    let behind = other.map(|program| format!(", and {program} runs")).unwrap_or_default();
    Some(format!("{} is in use by {holder}{behind}", node.display()))
}

/// The process of this name that runs.
pub(in crate::host) fn process(proc: &Path, name: &str) -> Option<u32> {
    others(proc).iter().find(|program| program.name == name).map(|program| program.id)
}

/// Whether this process is, still, one of this name.
pub(super) fn is(proc: &Path, id: u32, name: &str) -> bool {
    program(proc, id).is_some_and(|program| program.name == name)
}

/// The programs that run, without our own.
fn others(proc: &Path) -> Vec<Program> {
    let ids = fs::read_dir(proc).into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let others = ids.filter(|id| *id != std::process::id());
    let mut programs: Vec<Program> = others.filter_map(|id| program(proc, id)).collect();
    programs.sort();
    programs
}

fn program(proc: &Path, id: u32) -> Option<Program> {
    let name = fs::read_to_string(of(proc, id).join("comm")).ok()?;
    Some(Program { name: name.trim().to_owned(), id })
}

impl Program {
    fn has_open(&self, proc: &Path, node: &Path) -> bool {
        let open = fs::read_dir(of(proc, self.id).join("fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|path| path == node)
    }
}

fn of(proc: &Path, id: u32) -> PathBuf {
    proc.join(id.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A program of this name with these files open.
    fn runs(proc: &Path, id: u32, name: &str, open: &[&Path]) {
        let fds = of(proc, id).join("fd");
        fs::create_dir_all(&fds).unwrap();
        fs::write(of(proc, id).join("comm"), format!("{name}\n")).unwrap();
        open.iter().enumerate().for_each(|(fd, path)| symlink(path, fds.join(fd.to_string())).unwrap());
    }

    #[test]
    fn f37_whoever_has_the_port_is_named_and_so_is_modem_manager_behind_its_proxy() {
        let dir = tempfile::tempdir().unwrap();
        let (proc, node) = (dir.path().join("proc"), dir.path().join("cdc-wdm0"));
        fs::write(&node, "").unwrap();
        let node = fs::canonicalize(node).unwrap();
        runs(&proc, 1, "systemd", &[Path::new("/dev/null")]);
        runs(&proc, std::process::id(), "wwan", &[&node]);
        fs::write(proc.join("uptime"), "1.0").unwrap();
        assert_eq!(objection(&proc, &node), None);
        runs(&proc, 12, "qmi-proxy", &[Path::new("/dev/null"), &node]);
        let said = |text: &str| Some(format!("{} is in use by {text}", node.display()));
        assert_eq!(objection(&proc, &node), said("qmi-proxy (12)"));
        runs(&proc, 7, "ModemManager", &[]);
        assert_eq!(objection(&proc, &node), said("qmi-proxy (12), and ModemManager (7) runs"));
        runs(&proc, 3, "ModemManager", &[&node]);
        assert_eq!(objection(&proc, &node), said("ModemManager (3), and ModemManager (7) runs"));
        assert_eq!(objection(&proc, &dir.path().join("cdc-wdm9")), None);
        assert_eq!(objection(&dir.path().join("nothing"), &node), None);
    }

    #[test]
    fn f37_a_real_program_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let node = dir.path().join("cdc-wdm0");
        let held = fs::File::create(&node).unwrap();
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).stdout(held).spawn().unwrap();
        // It is `cat` only once it has begun.
        let said = (0..10_000).find_map(|_| {
            std::thread::yield_now();
            objection(Path::new("/proc"), &node).filter(|said| said.contains("cat ("))
        });
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(said.is_some_and(|said| said.ends_with(&format!("in use by cat ({})", child.id()))));
        assert_eq!(objection(Path::new("/proc"), &node), None);
    }
}
