//! Who else has a control port open. The driver lets two programs open one `cdc-wdm` node and gives each half of the
//! answers, so that neither can work; nobody is told.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::modem_manager;

/// The name of the process of libqmi's proxy.
const PROXY: &str = "qmi-proxy";

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

/// A control port that had better not be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::host) struct InUse {
    node: PathBuf,
    by: Program,
    /// ModemManager, which works through the proxy and does not have the port open itself.
    behind: Option<Program>,
}

impl InUse {
    /// Whether this program has it open, or is behind whoever has.
    pub(in crate::host) fn concerns(&self, name: &str) -> bool {
        [Some(&self.by), self.behind.as_ref()].into_iter().flatten().any(|program| program.name == name)
    }

    /// Whether nobody but qmi-proxy has it open, which shares it with whoever asks.
    pub(super) fn is_by_proxy(&self) -> bool {
        self.by.is_proxy()
    }
}

/// As an operator needs it: `/dev/cdc-wdm0 is in use by qmi-proxy (812), and ModemManager (790) runs`.
impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is in use by {}", self.node.display(), self.by)?;
        self.behind.iter().try_for_each(|program| write!(f, ", and {program} runs"))
    }
}

/// Who has a control port open; `None`: nobody else is seen to have it. What programs of other users have open only root is
/// shown, or whoever may trace them.
///
/// `proc` is normally `/proc`. A terminal is left out: whoever plays a modem on one has it open himself.
pub(in crate::host) fn in_use(proc: &Path, node: &Path) -> Option<InUse> {
    let node = fs::canonicalize(node).ok().filter(|node| !node.starts_with("/dev/pts"))?;
    let others: Vec<Program> = others(proc);
    let holders = others.iter().filter(|program| program.has_open(proc, &node));
    let by = holders.min_by_key(|program| program.is_proxy())?.clone();
    let behind = others.iter().find(|program| program.name == modem_manager::NAME && **program != by).cloned();
    Some(InUse { node, by, behind })
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
    fn is_proxy(&self) -> bool {
        self.name == PROXY
    }

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
        let objection = |node: &Path| in_use(&proc, node).map(|use_| use_.to_string());
        assert_eq!(objection(&node), None);
        runs(&proc, 12, "qmi-proxy", &[Path::new("/dev/null"), &node]);
        let said = |text: &str| Some(format!("{} is in use by {text}", node.display()));
        assert_eq!(objection(&node), said("qmi-proxy (12)"));
        runs(&proc, 7, "ModemManager", &[]);
        assert_eq!(objection(&node), said("qmi-proxy (12), and ModemManager (7) runs"));
        assert!(in_use(&proc, &node).unwrap().is_by_proxy());
        runs(&proc, 23, "zz", &[&node]);
        assert_eq!(objection(&node), said("zz (23), and ModemManager (7) runs"));
        assert!(!in_use(&proc, &node).unwrap().is_by_proxy());
        runs(&proc, 3, "ModemManager", &[&node]);
        assert_eq!(objection(&node), said("ModemManager (3), and ModemManager (7) runs"));
        assert_eq!(objection(&dir.path().join("cdc-wdm9")), None);
        assert_eq!(in_use(&dir.path().join("nothing"), &node), None);
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
            in_use(Path::new("/proc"), &node).filter(|found| found.concerns("cat"))
        });
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(said.is_some_and(|said| said.to_string().ends_with(&format!("in use by cat ({})", child.id()))));
        assert_eq!(in_use(Path::new("/proc"), &node), None);
    }
}
