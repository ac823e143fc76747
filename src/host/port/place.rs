//! Where a control port is: the node of a device, of a socket, of the device that belongs to an interface, or of the
//! device that has the marks of an entry.

use std::path::{Path, PathBuf};

use super::super::device::{self, ControlNode};
use crate::model::PortState;
use crate::reconcile::{Hardware, PortSpec};

/// Where the kernel shows its devices.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Normally `/sys`.
    pub sys: PathBuf,
    /// Normally `/dev`.
    pub dev: PathBuf,
    /// Normally `/proc`.
    pub proc: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: PathBuf::from("/sys"), dev: PathBuf::from("/dev"), proc: PathBuf::from("/proc") }
    }
}

/// What is found where a port shall be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::host) enum Found {
    /// A path that the file says.
    Path(PathBuf),
    /// Ports that fit as far as can be seen, all of one device unless they have to be asked; never none.
    Nodes(Vec<ControlNode>),
    /// None, or several devices where there must be one.
    Not(PortState),
}

impl Roots {
    /// What is there now.
    pub(in crate::host) fn find(&self, spec: &PortSpec) -> Found {
        match spec {
            PortSpec::Interface(name) => self.of_interface(name),
            PortSpec::Hardware(hardware) => self.of_hardware(hardware),
            // Only qmi-proxy knows which nodes there are, and hangs up where there is none.
            PortSpec::Qrtr(node) => Found::Path(node.into()),
            PortSpec::Device(path) | PortSpec::Socket(path) | PortSpec::Proxy { device: path } => {
                let there = Path::new(path).exists();
                if there { Found::Path(path.into()) } else { Found::Not(PortState::Absent) }
            }
        }
    }

    /// The control node beside a network interface. `qmi_wwan` hangs both below one USB interface; other drivers put
    /// the node below a sibling interface of the same device, or (Linux 5.14) into the `wwan` class.
    fn of_interface(&self, name: &str) -> Found {
        let mut nodes = device::control_nodes(self);
        nodes.retain(|node| node.interface.as_deref() == Some(name) && node.node.exists());
        nodes.sort_by_key(|node| !node.function.join("net").join(name).exists());
        if nodes.is_empty() { self.none_fits(&Hardware::default()) } else { Found::Nodes(nodes) }
    }

    fn of_hardware(&self, hardware: &Hardware) -> Found {
        let mut nodes = device::control_nodes(self);
        nodes.retain(|node| device::fits(self, hardware, node) && node.node.exists());
        let mut devices: Vec<&ControlNode> = nodes.iter().collect();
        devices.dedup_by(|a, b| a.device == b.device);
        match devices.len() {
            0 => self.none_fits(hardware),
            // All are possible until then.
            2.. if !hardware.is_asked() => Found::Not(PortState::Ambiguous(in_words(&devices))),
            _ => Found::Nodes(nodes),
        }
    }

    /// No modem fits: is there one that does not start?
    fn none_fits(&self, hardware: &Hardware) -> Found {
        let mut bootloaders = device::bootloaders(self).into_iter();
        let waiting = bootloaders.find(|bootloader| device::may_be(self, hardware, bootloader));
        Found::Not(waiting.map_or(PortState::Absent, |device| PortState::Bootloader(device.to_string())))
    }
}

fn in_words(nodes: &[&ControlNode]) -> Vec<String> {
    nodes.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
