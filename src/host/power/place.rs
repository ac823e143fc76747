//! Which USB device a modem is, also while it has no control port.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::device::{self, ControlNode};
use super::super::port::{Devices, Found, Roots};
use super::hub_port;
use super::owed::{Note, Owed};
use super::usb_device::UsbDevice;
use crate::config::Switch;
use crate::model::ModemName;
use crate::reconcile::{Hardware, PortSpec};

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceError {
    #[error("there is no USB device {0}")]
    NoDevice(String),
    #[error("{} is not on USB", .0.display())]
    NotUsb(PathBuf),
    #[error("it is not known which USB device the modem is: it was not seen yet")]
    Unknown,
    #[error("the modem is not where it was seen last, {}", .0.display())]
    Left(PathBuf),
}

/// Where the modems are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    roots: Roots,
    devices: Devices,
    owed: Owed,
}

impl Places {
    pub(super) fn new(roots: Roots, devices: Devices, owed: Owed) -> Self {
        Self { roots, devices, owed }
    }

    /// The USB device that the modem is: the one that the file names, else where it was seen last or let go, else the
    /// only one that bears its marks. Never one that may be another modem.
    pub(super) fn find(
        &self,
        modem: &ModemName,
        switch: Option<&Switch>,
        port: &PortSpec,
    ) -> Result<UsbDevice, PlaceError> {
        if let Some(Switch::UsbAuthorized { device: Some(name) } | Switch::UsbBind { device: Some(name) }) = switch {
            return self.named(name).ok_or_else(|| PlaceError::NoDevice(name.clone()));
        }
        if let Some(device) = self.owed.of(modem).as_ref().and_then(Note::device) {
            return Ok(device);
        }
        let seen = self.visible(port).or_else(|| self.devices.last(modem));
        match &seen {
            Some(node) if node.usb_id.is_none() => return Err(PlaceError::NotUsb(node.device.clone())),
            Some(node) if self.is_still(node) => {
                return UsbDevice::at(&node.device).ok_or_else(|| PlaceError::NotUsb(node.device.clone()));
            }
            _ => {}
        }
        if let Some(Switch::UsbPort { hub, port }) = switch
            && let Some(device) = self.named(&hub_port::device_at(hub, *port))
        {
            return Ok(device);
        }
        let marked = if let PortSpec::Hardware(hardware) = port { self.marked(hardware) } else { None };
        marked.ok_or_else(|| seen.map_or(PlaceError::Unknown, |node| PlaceError::Left(node.device)))
    }

    /// The modem's control port, where it can be told without asking anybody.
    fn visible(&self, port: &PortSpec) -> Option<ControlNode> {
        if matches!(port, PortSpec::Hardware(hardware) if hardware.is_asked()) {
            return None;
        }
        match self.roots.find(port) {
            Found::Nodes(nodes) => nodes.into_iter().next(),
            Found::Path(path) => device::node_at(&self.roots, &path),
            Found::Not(_) => None,
        }
    }

    /// Whether the modem is, as far as is known, on a bus that can be looked through.
    pub(super) fn is_on_pci(&self, modem: &ModemName, port: &PortSpec) -> bool {
        let hardware = self.roots.sys.join("devices");
        let pci = |path: &Path| {
            path.strip_prefix(&hardware).is_ok_and(|place| {
                let mut parts = place.components().map(|part| part.as_os_str().to_string_lossy());
                parts.next().is_some_and(|first| first.starts_with("pci")) && parts.all(|part| !part.starts_with("usb"))
            })
        };
        let marked = match port {
            PortSpec::Hardware(Hardware { sysfs_path: Some(path), .. }) => Some(self.in_roots(path)),
            _ => None,
        };
        self.devices.last(modem).map(|node| node.device).or(marked).is_some_and(|path| pci(&path))
    }

    /// Whether the device at that place is of the same kind, or one that waits for its firmware there.
    fn is_still(&self, node: &ControlNode) -> bool {
        let hardware = Hardware { usb_id: node.usb_id.clone(), ..Hardware::default() };
        let loading = |bootloader: &device::Bootloader| {
            bootloader.device == node.device && device::may_be(&self.roots, &hardware, bootloader)
        };
        device::usb_id(&node.device) == node.usb_id || device::bootloaders(&self.roots).iter().any(loading)
    }

    fn named(&self, name: &str) -> Option<UsbDevice> {
        UsbDevice::at(&self.roots.sys.join("bus/usb/devices").join(name))
    }

    /// The only device with these marks. Nobody can be asked who it is without a control port.
    fn marked(&self, hardware: &Hardware) -> Option<UsbDevice> {
        let Hardware { usb_id, sysfs_path, imei: None, model: None } = hardware else { return None };
        if let Some(path) = sysfs_path
            && let Some(device) = UsbDevice::at(&self.in_roots(path))
            && usb_id.is_none()
        {
            return Some(device);
        }
        let place = match sysfs_path {
            Some(path) => Some(fs::canonicalize(self.in_roots(path)).ok()?),
            None => None,
        };
        let wanted = usb_id.as_ref()?;
        let all = device::children(&self.roots.sys.join("bus/usb/devices"));
        let fitting = all.iter().filter(|path| device::usb_id(path).as_ref() == Some(wanted));
        let found: Vec<UsbDevice> = fitting
            .filter_map(|path| UsbDevice::at(path))
            .filter(|device| place.as_ref().is_none_or(|place| device.path.starts_with(place)))
            .collect();
        <[UsbDevice; 1]>::try_from(found).ok().map(|[only]| only)
    }

    fn in_roots(&self, path: &str) -> PathBuf {
        Path::new(path).strip_prefix("/sys").map_or_else(|_| PathBuf::from(path), |rest| self.roots.sys.join(rest))
    }
}
