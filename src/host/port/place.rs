//! Where a control port is: the node of a device, of a socket, or of the device that belongs to an interface.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::reconcile::PortSpec;

/// Where the kernel shows its devices.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Normally `/sys`.
    pub sys: PathBuf,
    /// Normally `/dev`.
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: PathBuf::from("/sys"), dev: PathBuf::from("/dev") }
    }
}

impl Roots {
    /// The node, if it is there now.
    pub(super) fn node(&self, spec: &PortSpec) -> Option<PathBuf> {
        let node = match spec {
            PortSpec::Interface(name) => self.of_interface(name)?,
            PortSpec::Device(path) | PortSpec::Socket(path) | PortSpec::Proxy { device: path } => PathBuf::from(path),
        };
        node.exists().then_some(node)
    }

    /// The control node beside a network interface. `qmi_wwan` hangs both below one USB interface; other drivers put
    /// the node below a sibling interface of the same device, or (Linux 5.14) into the `wwan` class.
    fn of_interface(&self, name: &str) -> Option<PathBuf> {
        let device = fs::canonicalize(self.sys.join("class/net").join(name).join("device")).ok()?;
        let mut nodes = children(&device.join("usbmisc"));
        if nodes.is_empty() {
            let siblings = device.parent().map(children).unwrap_or_default();
            nodes = siblings.iter().flat_map(|sibling| children(&sibling.join("usbmisc"))).collect();
        }
        if nodes.is_empty() {
            nodes = children(&device.join("wwan")).iter().flat_map(|wwan| children(wwan)).collect();
            nodes.retain(|port| fs::read_to_string(port.join("type")).is_ok_and(|kind| kind.trim() == "QMI"));
        }
        Some(self.dev.join(nodes.first()?.file_name()?))
    }
}

/// The entries of a directory by name; none if there is no such directory.
fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut children: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // `cdc-wdm10` comes after `cdc-wdm9`.
    children.sort_by_key(|path| (path.file_name().map(OsStr::len), path.clone()));
    children
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A `/sys` and a `/dev` with one interface `wwan0` on `usb1/1-1/1-1:1.4`, and these nodes.
    fn tree(nodes: &[&str]) -> (tempfile::TempDir, Roots) {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { sys: dir.path().join("sys"), dev: dir.path().join("dev") };
        let usb = roots.sys.join("devices/usb1/1-1");
        fs::create_dir_all(usb.join("1-1:1.4/net/wwan0")).unwrap();
        fs::create_dir_all(roots.sys.join("class/net")).unwrap();
        fs::create_dir_all(&roots.dev).unwrap();
        symlink(usb.join("1-1:1.4/net/wwan0"), roots.sys.join("class/net/wwan0")).unwrap();
        symlink(usb.join("1-1:1.4"), usb.join("1-1:1.4/net/wwan0/device")).unwrap();
        for node in nodes {
            fs::create_dir_all(usb.join(node)).unwrap();
            fs::write(roots.dev.join(Path::new(node).file_name().unwrap()), "").unwrap();
        }
        (dir, roots)
    }

    fn found(roots: &Roots) -> Option<String> {
        let node = roots.node(&PortSpec::Interface("wwan0".into()))?;
        Some(node.strip_prefix(&roots.dev).unwrap().display().to_string())
    }

    #[test]
    fn the_node_of_the_same_usb_interface_wins() {
        let (_dir, roots) = tree(&["1-1:1.0/usbmisc/cdc-wdm0", "1-1:1.4/usbmisc/cdc-wdm1"]);
        assert_eq!(found(&roots).as_deref(), Some("cdc-wdm1"));
    }

    #[test]
    fn a_sibling_has_it_otherwise() {
        let (_dir, roots) = tree(&["1-1:1.2/usbmisc/cdc-wdm10", "1-1:1.2/usbmisc/cdc-wdm9"]);
        assert_eq!(found(&roots).as_deref(), Some("cdc-wdm9"));
    }

    #[test]
    fn a_port_of_the_wwan_class_is_taken_if_it_speaks_qmi() {
        let (_dir, roots) = tree(&["1-1:1.4/wwan/wwan0/wwan0mbim0", "1-1:1.4/wwan/wwan0/wwan0qmi0"]);
        let class = roots.sys.join("devices/usb1/1-1/1-1:1.4/wwan/wwan0");
        fs::write(class.join("wwan0mbim0/type"), "MBIM\n").unwrap();
        fs::write(class.join("wwan0qmi0/type"), "QMI\n").unwrap();
        assert_eq!(found(&roots).as_deref(), Some("wwan0qmi0"));
    }

    #[test]
    fn without_a_node_there_is_no_port() {
        let (_dir, roots) = tree(&[]);
        assert_eq!(found(&roots), None);
        assert_eq!(roots.node(&PortSpec::Interface("wwan7".into())), None);
        assert_eq!(roots.node(&PortSpec::Device("/nowhere/cdc-wdm0".into())), None);
    }
}
