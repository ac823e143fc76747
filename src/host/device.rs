//! The modems of this host, as the kernel shows them: which devices have a control port that speaks QMI, where each is,
//! what its node and its interface are called today.
//!
//! Read anew every time: numbers of nodes and names of interfaces are the order in which devices came, and change with
//! every plug; a place on the bus does not.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::port::Roots;
use crate::reconcile::Hardware;

/// Drivers of `cdc-wdm` nodes that speak another protocol than QMI.
const NOT_QMI: [&str; 1] = ["cdc_mbim"];

/// USB devices that are a modem which waits for firmware. Sierra Wireless: boot-and-hold of the MC74xx, EM74xx and EM75xx;
/// Qualcomm: the emergency download mode of any of its chips.
const BOOTLOADERS: [&str; 4] = ["1199:9070", "1199:9078", "1199:9090", "05c6:9008"];
/// The maker of the chips: its emergency mode forgets whose modem it is in.
const QUALCOMM: &str = "05c6:";

/// A control port of a device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControlNode {
    /// The device, below `/sys/devices`: of USB the device itself, not one of its interfaces.
    pub device: PathBuf,
    /// What the port hangs on: of USB the interface.
    pub function: PathBuf,
    /// USB vendor and product in lower case; `None`: another bus.
    pub usb_id: Option<String>,
    /// The number the kernel gave the device when it came; another one after every plug. `None`: another bus.
    pub arrival: Option<String>,
    /// The node in `/dev`.
    pub node: PathBuf,
    /// The network interface beside it.
    pub interface: Option<String>,
}

/// As people find it: `1-1.3 (2c7c:0125, cdc-wdm0)`.
impl fmt::Display for ControlNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.usb_id.as_deref().map(|id| format!("{id}, ")).unwrap_or_default();
        write!(f, "{} ({id}{})", name(&self.device), name(&self.node))
    }
}

/// The control ports of this host that speak QMI, in the order of their places. Several on one device: the first is
/// the one that drivers and makers call the main one.
pub(super) fn control_nodes(roots: &Roots) -> Vec<ControlNode> {
    let mut found: Vec<ControlNode> = Vec::new();
    for entry in children(&roots.sys.join("class/usbmisc")) {
        if name(&entry).starts_with("cdc-wdm") {
            found.extend(on_usb(roots, &entry));
        }
    }
    for port in children(&roots.sys.join("class/wwan")) {
        let speaks_qmi = fs::read_to_string(port.join("type")).is_ok_and(|kind| kind.trim() == "QMI");
        // `qmi_wwan` has two nodes for one port (Linux 5.14), of which one can be open at a time.
        if speaks_qmi
            && let Some(node) = in_wwan_class(roots, &port)
            && found.iter().all(|other| other.function != node.function)
        {
            found.push(node);
        }
    }
    // `1-1:1.10` comes after `1-1:1.8`.
    let place = |path: &PathBuf| (path.as_os_str().len(), path.clone());
    found.sort_by_key(|node| (place(&node.device), place(&node.function)));
    found
}

/// The control port behind a path in `/dev`, which may be a link to its node.
pub(super) fn node_at(roots: &Roots, path: &Path) -> Option<ControlNode> {
    let path = fs::canonicalize(path).ok()?;
    control_nodes(roots).into_iter().find(|node| fs::canonicalize(&node.node).is_ok_and(|node| node == path))
}

fn on_usb(roots: &Roots, entry: &Path) -> Option<ControlNode> {
    let function = fs::canonicalize(entry.join("device")).ok()?;
    let driver = fs::canonicalize(function.join("driver")).map(|driver| name(&driver)).unwrap_or_default();
    if NOT_QMI.contains(&driver.as_str()) {
        return None;
    }
    Some(described(function, roots.dev.join(name(entry))))
}

/// A port `wwan0qmi0` hangs on the device `wwan0` of the class, which hangs on the hardware.
fn in_wwan_class(roots: &Roots, port: &Path) -> Option<ControlNode> {
    let wwan = fs::canonicalize(port.join("device")).ok()?;
    let function = fs::canonicalize(wwan.join("device")).ok()?;
    Some(described(function, roots.dev.join(name(port))))
}

fn described(function: PathBuf, node: PathBuf) -> ControlNode {
    let above = function.parent().filter(|parent| usb_id(parent).is_some()).map(Path::to_owned);
    let interface = interface_of(&function, above.as_deref());
    let device = above.unwrap_or_else(|| function.clone());
    let arrival = fs::read_to_string(device.join("devnum")).ok().map(|number| number.trim().to_owned());
    ControlNode { usb_id: usb_id(&device), arrival, interface, node, function, device }
}

/// The interface of the same function. Where it has none, the one of a sibling, if there is only one.
fn interface_of(function: &Path, device: Option<&Path>) -> Option<String> {
    let first = |directory: &Path| children(&directory.join("net")).first().map(|path| name(path));
    // Drivers of the `wwan` class hang it below the class's device.
    let of = |function: &Path| {
        first(function).or_else(|| children(&function.join("wwan")).iter().find_map(|wwan| first(wwan)))
    };
    of(function).or_else(|| {
        let all: Vec<String> = device.map(children)?.iter().filter_map(|sibling| of(sibling)).collect();
        <[String; 1]>::try_from(all).ok().map(|[only]| only)
    })
}

/// A USB device that is a modem in its boot loader.
pub(super) struct Bootloader {
    pub(super) device: PathBuf,
    usb_id: String,
}

impl fmt::Display for Bootloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", name(&self.device), self.usb_id)
    }
}

/// The devices of this host that are modems in their boot loaders.
pub(super) fn bootloaders(roots: &Roots) -> Vec<Bootloader> {
    let devices = children(&roots.sys.join("bus/usb/devices"));
    let found = devices.iter().filter_map(|entry| {
        let usb_id = usb_id(entry).filter(|id| BOOTLOADERS.contains(&id.as_str()))?;
        Some(Bootloader { device: fs::canonicalize(entry).ok()?, usb_id })
    });
    found.collect()
}

/// Whether the marks that can be seen fit; the IMEI cannot be.
pub(super) fn fits(roots: &Roots, hardware: &Hardware, node: &ControlNode) -> bool {
    let id = hardware.usb_id.as_ref().is_none_or(|id| node.usb_id.as_ref() == Some(id));
    id && hangs_on(roots, hardware, &node.function)
}

/// Whether this may be the device: its place is the same and its maker is, as far as the boot loader tells.
pub(super) fn may_be(roots: &Roots, hardware: &Hardware, bootloader: &Bootloader) -> bool {
    let maker = |id: &str| id.split(':').next().map(str::to_owned);
    let id = hardware
        .usb_id
        .as_ref()
        .is_none_or(|id| bootloader.usb_id.starts_with(QUALCOMM) || maker(id) == maker(&bootloader.usb_id));
    id && hangs_on(roots, hardware, &bootloader.device)
}

/// A path in `/sys` may lead through links, as `/sys/bus/usb/devices/1-1` does.
fn hangs_on(roots: &Roots, hardware: &Hardware, device: &Path) -> bool {
    let Some(path) = &hardware.sysfs_path else { return true };
    let path = Path::new(path).strip_prefix("/sys").map_or_else(|_| PathBuf::from(path), |rest| roots.sys.join(rest));
    fs::canonicalize(path).is_ok_and(|place| device.starts_with(place))
}

/// USB vendor and product of a device in `/sys`.
pub(super) fn usb_id(device: &Path) -> Option<String> {
    let part = |file| fs::read_to_string(device.join(file)).ok().map(|text| text.trim().to_lowercase());
    Some(format!("{}:{}", part("idVendor")?, part("idProduct")?))
}

/// The last part of a path.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The entries of a directory by name; none if there is no such directory.
pub(super) fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut children: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // `cdc-wdm10` comes after `cdc-wdm9`.
    children.sort_by_key(|path| (path.file_name().map(OsStr::len), path.clone()));
    children
}
