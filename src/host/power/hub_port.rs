//! The port of a USB hub: Linux shows a switch for each (`disable`, since 6.0), which works where the hub can.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::super::port::Roots;
use super::usb_device::write;

/// Why a port cannot be switched.
#[derive(Debug, thiserror::Error)]
pub(super) enum HubPortError {
    #[error("there is no hub {0}")]
    NoHub(String),
    #[error("hub {hub} has no port {port}")]
    NoPort { hub: String, port: u8 },
    #[error("this kernel has no switch for the ports of hub {0} (`disable`, Linux 6.0)")]
    NoSwitch(String),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("hub {hub} does not switch port {port}: it says yes and stays {}", if *on { "on" } else { "off" })]
    NoEffect { hub: String, port: u8, on: bool },
}

/// A port of a hub.
#[derive(Clone, Debug)]
pub(super) struct HubPort {
    roots: Roots,
    hub: String,
    port: u8,
}

/// What the kernel calls the hub's device, and the hub's one function.
fn names(hub: &str) -> (String, String) {
    // The root hub of a bus is the device `usb1`, and its function is `1-0:1.0`.
    if hub.contains('-') {
        (hub.to_owned(), format!("{hub}:1.0"))
    } else {
        (format!("usb{hub}"), format!("{hub}-0:1.0"))
    }
}

/// What the kernel calls a device that is plugged into a port.
pub(super) fn device_at(hub: &str, port: u8) -> String {
    if hub.contains('-') { format!("{hub}.{port}") } else { format!("{hub}-{port}") }
}

impl HubPort {
    pub(super) fn new(roots: &Roots, hub: &str, port: u8) -> Self {
        Self { roots: roots.clone(), hub: hub.to_owned(), port }
    }

    /// Whether it can be switched, as far as can be seen.
    pub(super) fn look(&self) -> Result<(), HubPortError> {
        for switch in self.switches()? {
            rustix::fs::access(&switch, rustix::fs::Access::WRITE_OK)
                .map_err(|why| HubPortError::Write { path: switch, source: why.into() })?;
        }
        Ok(())
    }

    pub(super) fn off(&self) -> Result<(), HubPortError> {
        self.set("1")
    }

    pub(super) fn on(&self) -> Result<(), HubPortError> {
        self.set("0")
    }

    fn set(&self, disable: &str) -> Result<(), HubPortError> {
        for path in self.switches()? {
            write(&path, disable).map_err(|source| HubPortError::Write { path: path.clone(), source })?;
            let text = fs::read_to_string(&path).map_err(|source| HubPortError::Read { path, source })?;
            if text.trim() != disable {
                let (hub, port) = (self.hub.clone(), self.port);
                return Err(HubPortError::NoEffect { hub, port, on: disable == "1" });
            }
        }
        Ok(())
    }

    /// The switch of the port, and that of its other half: a socket of USB 3 is a port of two hubs, and has power until
    /// both cut it.
    fn switches(&self) -> Result<Vec<PathBuf>, HubPortError> {
        let (hub, function) = names(&self.hub);
        let function = self.roots.sys.join("bus/usb/devices").join(&hub).join(function);
        if !function.exists() {
            return Err(HubPortError::NoHub(self.hub.clone()));
        }
        let port = function.join(format!("{hub}-port{}", self.port));
        if !port.exists() {
            return Err(HubPortError::NoPort { hub: self.hub.clone(), port: self.port });
        }
        let mut switches = vec![port.join("disable")];
        if !switches.iter().all(|switch| switch.exists()) {
            return Err(HubPortError::NoSwitch(self.hub.clone()));
        }
        switches
            .extend(fs::canonicalize(port.join("peer")).ok().map(|peer| peer.join("disable")).filter(|p| p.exists()));
        Ok(switches)
    }
}
