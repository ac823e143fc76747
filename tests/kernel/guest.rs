//! The two halves of a test: the host boots the kernel with this program as first process, the guest plays.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program::answer;
use super::stage::{missing, skip};

/// Set for the first process of the guest.
const INSIDE: &str = "WWAN_KERNEL_INSIDE";
/// Names a tree of files that lies over the host's in the guest.
const OVER: &str = "WWAN_KERNEL_OVER";
/// The last line of a guest whose test passed. A kernel that panics, a first process that dies do not say it.
const PASSED: &str = "guest: passed";
/// What the guest's programs need; the kernel gives its first process no path.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// A test takes seconds of the host's time; a kernel that hangs is ended after this many.
const PATIENCE: &str = "240";

/// How time passes in the guest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    /// It stands still while anything computes.
    Virtual,
    /// As outside.
    Real,
}

/// Plays the test of this name in a guest, or says why it is skipped. Time is virtual.
pub fn play(test: &str, needs: &[&str], act: impl FnOnce()) {
    play_in(Time::Virtual, None, test, needs, act);
}

/// The same with a tree of files over the host's own: the one that this script of ours has made.
pub fn play_over(script: &str, test: &str, needs: &[&str], act: impl FnOnce()) {
    play_in(Time::Virtual, Some(script), test, needs, act);
}

/// The same in real time, for what the kernel waits for by computing: `usbnet` submits transfers over and over while
/// its device is taken away with the interface up, which is a moment of real time and an eternity of virtual.
pub fn play_in_real_time(test: &str, needs: &[&str], act: impl FnOnce()) {
    play_in(Time::Real, None, test, needs, act);
}

/// The same on Debian's own kernel as it is, in an emulated computer and in real time: slow.
pub fn play_on_debian(test: &str, needs: &[&str], act: impl FnOnce()) {
    play_on(&["qemu-system-x86_64"], test, needs, act, || {
        made_by("tests/kernel/debian").map(|dir| emulated(&dir, test))
    });
}

fn play_in(time: Time, over: Option<&str>, test: &str, needs: &[&str], act: impl FnOnce()) {
    play_on(&[], test, needs, act, || {
        let over = over.map(made_by).transpose();
        Ok(user_mode(time, &made_by("tests/kernel/build")?, over?.as_deref(), test))
    });
}

fn play_on(
    machine_needs: &[&str],
    test: &str,
    needs: &[&str],
    act: impl FnOnce(),
    machine: impl FnOnce() -> Result<Machine, String>,
) {
    if std::env::var_os(INSIDE).is_some() {
        inside(act);
    }
    let missing = [&["timeout", "mount", "systemctl"], machine_needs, needs].into_iter().find_map(missing);
    match missing.map_or_else(machine, Err) {
        Ok(machine) => boot(machine),
        Err(why) => skip(test, &why),
    }
}

/// What this script of ours has made before.
fn made_by(script: &str) -> Result<PathBuf, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let found = answer(&path.display().to_string(), &["--find"]);
    if found.is_ok() { Ok(PathBuf::from(found.out.trim())) } else { Err(format!("{script} has not been run")) }
}

/// A computer, which is an ordinary program, and what it keeps while it runs.
struct Machine(Command, Option<tempfile::TempDir>);

/// What a kernel is told for its first process: what it does not know itself goes there, settings to the environment, the
/// rest to the arguments.
fn first_process(test: &str) -> String {
    format!("{INSIDE}=1 PATH={PATH} RUST_BACKTRACE=0 -- {test} --exact --nocapture --test-threads=1")
}

fn this_program() -> String {
    std::env::current_exe().unwrap().display().to_string()
}

/// User-Mode Linux.
fn user_mode(time: Time, kernel: &Path, over: Option<&Path>, test: &str) -> Machine {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = Command::new(kernel);
    machine.args(["mem=256M", "rootfstype=hostfs", "rootflags=/", "ro", "con0=fd:0,fd:1", "con=null", "ssl=null"]);
    machine.args(["quiet", "random.trust_cpu=on", "net.ifnames=0", "wwan_hwsim.devices=0"]);
    if time == Time::Virtual {
        machine.arg("time-travel=inf-cpu");
    }
    machine.arg(format!("uml_dir={}", dir.path().display()));
    machine.args(over.map(|tree| format!("{OVER}={}", tree.display())));
    machine.arg(format!("init={}", this_program()));
    machine.args(first_process(test).split(' '));
    Machine(machine, Some(dir))
}

/// An emulated computer.
fn emulated(dir: &Path, test: &str) -> Machine {
    let mut machine = Command::new("qemu-system-x86_64");
    machine.args(["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "512", "-no-reboot", "-nodefaults"]);
    machine.args(["-display", "none", "-serial", "stdio"]);
    machine.arg("-virtfs").arg("local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap");
    machine.arg("-kernel").arg(dir.join("vmlinuz")).arg("-initrd").arg(dir.join("initrd.gz"));
    let kernel = format!("console=ttyS0 quiet panic=-1 net.ifnames=0 WWAN_KERNEL_FIRST={}", this_program());
    machine.arg("-append").arg(format!("{kernel} {}", first_process(test)));
    Machine(machine, None)
}

fn boot(Machine(machine, _kept): Machine) {
    let mut watched = Command::new("timeout");
    watched.args(["--kill-after=5", PATIENCE]).arg(machine.get_program()).args(machine.get_args());
    let output = watched.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    let complaints = String::from_utf8_lossy(&output.stderr);
    let passed = said.lines().any(|line| line == PASSED) && !said.contains("Kernel panic");
    assert!(passed, "{}\n{said}\n{complaints}", output.status);
    print!("{said}");
}

/// The life of the guest's first process. Never returns: the machine is switched off.
fn inside(act: impl FnOnce()) -> ! {
    let played = catch_unwind(AssertUnwindSafe(|| {
        furnish();
        act();
    }));
    // Behind whatever the runner has begun to say.
    println!("\n{}", if played.is_ok() { PASSED } else { "guest: failed" });
    // Twice `--force`: by system call, without asking a service manager, of which there is none.
    let off = answer("systemctl", &["poweroff", "--force", "--force"]);
    unreachable!("the machine is still on: {off:?}");
}

/// The host's files, read-only below and a memory of our own above: what is written here nobody else sees.
fn furnish() {
    mount("tmpfs", "tmpfs", "/tmp", "");
    for dir in ["upper", "work", "root"] {
        fs::create_dir(Path::new("/tmp").join(dir)).unwrap();
    }
    let over = std::env::var(OVER).map(|tree| {
        // Mounted by itself: of two layers none may lie within the other.
        fs::create_dir("/tmp/over").unwrap();
        mount("hostfs", "none", "/tmp/over", &tree);
        "/tmp/over:"
    });
    let layers = format!("lowerdir={}/,upperdir=/tmp/upper,workdir=/tmp/work", over.unwrap_or_default());
    mount("overlay", "overlay", "/tmp/root", &layers);
    for (kind, place) in [("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "run")] {
        mount(kind, kind, &format!("/tmp/root/{place}"), "");
    }
    std::os::unix::fs::chroot("/tmp/root").unwrap();
    std::env::set_current_dir("/").unwrap();
    answer("ip", &["link", "set", "lo", "up"]).good();
}

/// Mounts, as `mount` does.
pub fn mount(kind: &str, what: &str, place: &str, options: &str) {
    let options = if options.is_empty() { "rw" } else { options };
    answer("mount", &["-n", "-t", kind, "-o", options, what, place]).good();
}
