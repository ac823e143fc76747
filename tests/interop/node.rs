//! A device node `cdc-wdm0` of the driver `qmi_wwan`, as programs look for it below `/dev` and `/sys`, with a simulated
//! modem behind it. Only in namespaces of the test's own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::program::answer;

/// The name of the node.
pub const NAME: &str = "cdc-wdm0";

/// Runs a program that must succeed.
pub fn must(program: &str, args: &[&str]) {
    answer(program, args).good();
}

/// Puts an empty file system over a directory.
pub fn cover(directory: &Path) {
    must("mount", &["-t", "tmpfs", "-o", "mode=755", "none", text(directory)]);
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Makes a file, and the directories it is in.
pub fn file(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Makes a link, and the directories it is in.
pub fn link(path: &Path, to: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(to, path).unwrap();
}

/// A PTY and when it was linked: numbers are given out again.
type Device = (PathBuf, SystemTime);

/// A node that plays what a link to a PTY points to. A link will not do: programs resolve it, and look for the
/// driver of the PTY.
pub struct Node {
    path: PathBuf,
    link: PathBuf,
    shown: Option<Device>,
}

impl Node {
    /// A node in `directory`, for the PTY that `link` points to.
    pub fn new(directory: &Path, link: &Path) -> Self {
        let mut node = Self { path: directory.join(NAME), link: link.to_owned(), shown: None };
        node.follow();
        node
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn device(&self) -> Option<Device> {
        let since = fs::symlink_metadata(&self.link).ok()?.modified().ok()?;
        Some((fs::read_link(&self.link).ok()?, since))
    }

    /// Does what the kernel and udev do: the node goes with the device, and comes back with it.
    pub fn follow(&mut self) {
        let now = self.device();
        if now == self.shown {
            return;
        }
        if self.shown.take().is_some() {
            must("umount", &["--lazy", text(&self.path)]);
            fs::remove_file(&self.path).unwrap();
        }
        if let Some((pty, since)) = now {
            file(&self.path, "");
            // The PTY may be gone again by now: then the next look sees it.
            if answer("mount", &["--bind", text(&pty), text(&self.path)]).is_ok() {
                self.shown = Some((pty, since));
            } else {
                fs::remove_file(&self.path).unwrap();
            }
        }
    }
}

/// Lets programs find that the driver of the node is `qmi_wwan`.
pub fn pretend_driver() {
    let class = Path::new("/sys/class");
    cover(class);
    let driver = class.join("fake/qmi_wwan");
    fs::create_dir_all(&driver).unwrap();
    link(&class.join("usbmisc").join(NAME).join("device/driver"), &driver);
}
