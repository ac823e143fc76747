//! On a `/sys` and a `/dev` of our own.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// An empty machine.
struct Machine {
    _dir: tempfile::TempDir,
    roots: Roots,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { sys: dir.path().join("sys"), dev: dir.path().join("dev"), proc: "/nowhere".into() };
        for place in ["class/net", "class/usbmisc", "class/wwan", "bus/usb/devices", "devices/usb1"] {
            fs::create_dir_all(roots.sys.join(place)).unwrap();
        }
        fs::create_dir_all(&roots.dev).unwrap();
        Self { _dir: dir, roots }
    }

    /// One that has `wwan0` on `1-1:1.4` of an EC25, and these nodes below `1-1`.
    fn with(nodes: &[&str]) -> Self {
        let machine = Self::new().usb("1-1", "2c7c:0125").interface("1-1", "1-1:1.4", "wwan0");
        nodes.iter().fold(machine, |machine, node| {
            let (function, node) = node.split_once('/').unwrap();
            machine.node("1-1", function, node, "qmi_wwan")
        })
    }

    fn usb(self, place: &str, id: &str) -> Self {
        let device = self.usb_device(place);
        fs::create_dir_all(&device).unwrap();
        let (vendor, product) = id.split_once(':').unwrap();
        for (file, text) in [("idVendor", vendor), ("idProduct", product), ("devnum", "2")] {
            fs::write(device.join(file), format!("{text}\n")).unwrap();
        }
        symlink(&device, self.roots.sys.join("bus/usb/devices").join(place)).unwrap();
        self
    }

    fn usb_device(&self, place: &str) -> PathBuf {
        self.roots.sys.join("devices/usb1").join(place)
    }

    fn interface(self, device: &str, function: &str, name: &str) -> Self {
        let function = self.usb_device(device).join(function);
        self.class_device("net", &function, name);
        self
    }

    fn node(self, device: &str, function: &str, name: &str, driver: &str) -> Self {
        let function = self.usb_device(device).join(function);
        let driver = self.roots.sys.join("bus/usb/drivers").join(driver);
        fs::create_dir_all(&driver).unwrap();
        fs::create_dir_all(&function).unwrap();
        if !function.join("driver").exists() {
            symlink(driver, function.join("driver")).unwrap();
        }
        self.class_device("usbmisc", &function, name);
        fs::write(self.roots.dev.join(name), "").unwrap();
        self
    }

    /// A port `wwan0qmi0` of `wwan0` on a function.
    fn wwan_port(self, function: &Path, name: &str, kind: &str) -> Self {
        let wwan = function.join("wwan/wwan0");
        if !wwan.exists() {
            self.class_device("wwan", function, "wwan0");
        }
        let port = wwan.join(name);
        fs::create_dir_all(&port).unwrap();
        symlink(&wwan, port.join("device")).unwrap();
        fs::write(port.join("type"), format!("{kind}\n")).unwrap();
        symlink(&port, self.roots.sys.join("class/wwan").join(name)).unwrap();
        fs::write(self.roots.dev.join(name), "").unwrap();
        self
    }

    fn class_device(&self, class: &str, function: &Path, name: &str) {
        let place = function.join(class).join(name);
        fs::create_dir_all(&place).unwrap();
        symlink(function, place.join("device")).unwrap();
        symlink(&place, self.roots.sys.join("class").join(class).join(name)).unwrap();
    }

    /// The node that is found for an interface.
    fn of_wwan0(&self) -> Option<String> {
        self.node_of(&PortSpec::Interface("wwan0".into()))
    }

    fn node_of(&self, spec: &PortSpec) -> Option<String> {
        match self.roots.find(spec) {
            Found::Nodes(nodes) => Some(device::name(&nodes[0].node)),
            Found::Path(_) | Found::Not(_) => None,
        }
    }

    fn not(&self, spec: &PortSpec) -> Option<PortState> {
        match self.roots.find(spec) {
            Found::Not(why) => Some(why),
            Found::Nodes(_) | Found::Path(_) => None,
        }
    }
}

fn usb_id(id: &str) -> PortSpec {
    PortSpec::Hardware(Hardware { usb_id: Some(id.into()), ..Hardware::default() })
}

fn at(path: &str) -> PortSpec {
    PortSpec::Hardware(Hardware { sysfs_path: Some(path.into()), ..Hardware::default() })
}

#[test]
fn dev_2_the_node_of_the_same_usb_interface_wins() {
    let machine = Machine::with(&["1-1:1.0/cdc-wdm0", "1-1:1.4/cdc-wdm1"]);
    assert_eq!(machine.of_wwan0().as_deref(), Some("cdc-wdm1"));
}

#[test]
fn dev_2_a_sibling_has_the_node_otherwise() {
    let machine = Machine::with(&["1-1:1.2/cdc-wdm10", "1-1:1.2/cdc-wdm9"]);
    assert_eq!(machine.of_wwan0().as_deref(), Some("cdc-wdm9"));
}

#[test]
fn dev_2_a_port_of_the_wwan_class_is_taken_if_it_speaks_qmi() {
    let machine = Machine::with(&[]);
    let function = machine.usb_device("1-1").join("1-1:1.4");
    let machine = machine.wwan_port(&function, "wwan0mbim0", "MBIM").wwan_port(&function, "wwan0qmi0", "QMI");
    assert_eq!(machine.of_wwan0().as_deref(), Some("wwan0qmi0"));
}

#[test]
fn dev_2_of_two_nodes_of_one_port_the_older_kind_is_taken() {
    let machine = Machine::with(&["1-1:1.4/cdc-wdm0"]);
    let function = machine.usb_device("1-1").join("1-1:1.4");
    let machine = machine.wwan_port(&function, "wwan0qmi0", "QMI");
    assert_eq!(machine.of_wwan0().as_deref(), Some("cdc-wdm0"));
    assert_eq!(machine.node_of(&usb_id("2c7c:0125")).as_deref(), Some("cdc-wdm0"));
}

#[test]
fn dev_2_a_modem_on_another_bus_is_found_by_its_interface_and_by_its_place() {
    let machine = Machine::new();
    let function = machine.roots.sys.join("devices/pci0000:00/0000:01:00.0");
    let machine = machine.wwan_port(&function, "wwan0qmi0", "QMI");
    let net = function.join("wwan/wwan0/net/wwan0");
    fs::create_dir_all(&net).unwrap();
    assert_eq!(machine.of_wwan0().as_deref(), Some("wwan0qmi0"));
    assert_eq!(machine.node_of(&at("/sys/devices/pci0000:00/0000:01:00.0")).as_deref(), Some("wwan0qmi0"));
    assert_eq!(machine.not(&usb_id("2c7c:0125")), Some(PortState::Absent));
}

#[test]
fn without_a_node_there_is_no_port() {
    let machine = Machine::with(&[]);
    for spec in [
        PortSpec::Interface("wwan0".into()),
        PortSpec::Interface("wwan7".into()),
        PortSpec::Device("/nowhere/cdc-wdm0".into()),
        usb_id("2c7c:0125"),
        at("/sys/bus/usb/devices/1-1"),
    ] {
        assert_eq!(machine.not(&spec), Some(PortState::Absent), "{spec:?}");
    }
}

#[test]
fn a_node_that_speaks_mbim_is_none() {
    let machine = Machine::with(&[]).node("1-1", "1-1:1.4", "cdc-wdm0", "cdc_mbim");
    assert_eq!(machine.of_wwan0(), None);
}

/// Two modems: an EC25 on `1-1`, and on `1-2` an MC7455, whose node and interface have lower numbers.
fn two() -> Machine {
    Machine::new()
        .usb("1-1", "2c7c:0125")
        .interface("1-1", "1-1:1.4", "wwan1")
        .node("1-1", "1-1:1.4", "cdc-wdm1", "qmi_wwan")
        .usb("1-2", "1199:9071")
        .interface("1-2", "1-2:1.8", "wwan0")
        .node("1-2", "1-2:1.8", "cdc-wdm0", "qmi_wwan")
}

#[test]
fn dev_2_f27_marks_find_the_modem_whatever_its_numbers_are() {
    let machine = two();
    assert_eq!(machine.node_of(&usb_id("2c7c:0125")).as_deref(), Some("cdc-wdm1"));
    assert_eq!(machine.node_of(&usb_id("1199:9071")).as_deref(), Some("cdc-wdm0"));
    assert_eq!(machine.node_of(&at("/sys/bus/usb/devices/1-1")).as_deref(), Some("cdc-wdm1"));
    assert_eq!(machine.node_of(&at("/sys/devices/usb1/1-2")).as_deref(), Some("cdc-wdm0"));
    assert_eq!(machine.not(&at("/sys/bus/usb/devices/1-3")), Some(PortState::Absent));
    let both = Hardware {
        usb_id: Some("2c7c:0125".into()),
        sysfs_path: Some("/sys/bus/usb/devices/1-2".into()),
        ..Hardware::default()
    };
    assert_eq!(machine.not(&PortSpec::Hardware(both)), Some(PortState::Absent));
}

#[test]
fn dev_2_two_devices_that_fit_are_named_and_none_is_chosen() {
    let machine = two();
    let both = vec!["1-1 (2c7c:0125, cdc-wdm1)".to_owned(), "1-2 (1199:9071, cdc-wdm0)".to_owned()];
    assert_eq!(machine.not(&at("/sys/devices/usb1")), Some(PortState::Ambiguous(both)));
    // A place is a whole name: what hangs on 1-10 does not hang on 1-1.
    let machine = machine.usb("1-10", "2c7c:0125").node("1-10", "1-10:1.4", "cdc-wdm2", "qmi_wwan");
    assert_eq!(machine.node_of(&at("/sys/bus/usb/devices/1-1")).as_deref(), Some("cdc-wdm1"));
    assert!(matches!(machine.not(&usb_id("2c7c:0125")), Some(PortState::Ambiguous(_))));
}

#[test]
fn dev_2_two_ports_of_one_device_are_no_doubt() {
    let machine = two().node("1-2", "1-2:1.10", "cdc-wdm2", "qmi_wwan");
    assert_eq!(machine.node_of(&usb_id("1199:9071")).as_deref(), Some("cdc-wdm0"));
}

#[test]
fn dev_2_a_modem_in_its_boot_loader_is_told_from_one_that_is_not_there() {
    let machine = Machine::new().usb("1-1", "1199:9090").usb("1-2", "1d6b:0002");
    let waits = Some(PortState::Bootloader("1-1 (1199:9090)".to_owned()));
    assert_eq!(machine.not(&PortSpec::Interface("wwan0".into())), waits);
    assert_eq!(machine.not(&usb_id("1199:9091")), waits);
    assert_eq!(machine.not(&at("/sys/bus/usb/devices/1-1")), waits);
    // Another maker's modem is not meant, nor another place.
    assert_eq!(machine.not(&usb_id("2c7c:0125")), Some(PortState::Absent));
    assert_eq!(machine.not(&at("/sys/bus/usb/devices/1-2")), Some(PortState::Absent));
    // Qualcomm's emergency mode is everybody's.
    let machine = Machine::new().usb("1-1", "05c6:9008");
    let waits = Some(PortState::Bootloader("1-1 (05c6:9008)".to_owned()));
    assert_eq!(machine.not(&usb_id("2c7c:0125")), waits);
}
