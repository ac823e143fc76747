//! ModemManager, unmodified, on our simulated modem: finds it, enables it, connects, measures, selects, scans,
//! disconnects, disables and resets it.

use std::fs;
use std::path::Path;

use super::manager::{Control, bus};
use super::node::{NAME, Node, cover, file, link, must, text};
use super::offer::Offer;
use super::program::{Program, program, until};
use super::stage::{Stage, play};

const NEEDS: &[&str] =
    &["ModemManager", "mmcli", "dbus-daemon", "dbus-send", "python:dbusmock", "ip", "link:veth", "mount", "umount"];

/// The USB device that the modem seems to be.
const DEVICE: &str = "/sys/devices/pci0000:00/usb1/1-1";
/// Its network interface.
const NETWORK: &str = "wwan0";

/// Builds the part of `/sys` that ModemManager reads of a USB modem with the driver `qmi_wwan`.
fn pretend_usb() {
    cover(Path::new("/sys"));
    let [device, bus] = [DEVICE, "/sys/bus/usb"].map(Path::new);
    let attributes = [("idVendor", "05c6"), ("idProduct", "9025"), ("bcdDevice", "0318")];
    let names = [("manufacturer", "wwan-sim"), ("product", "Modem")];
    for (name, value) in attributes.into_iter().chain(names) {
        file(&device.join(name), value);
    }
    fs::create_dir_all(bus.join("drivers/usb")).unwrap();
    fs::create_dir_all(bus.join("drivers/qmi_wwan")).unwrap();
    link(&device.join("subsystem"), bus);
    link(&device.join("driver"), &bus.join("drivers/usb"));

    let interface = device.join("1-1:1.4");
    for (name, value) in [("Class", "ff"), ("SubClass", "ff"), ("Protocol", "ff"), ("Number", "04")] {
        file(&interface.join(format!("bInterface{name}")), value);
    }
    link(&interface.join("subsystem"), bus);
    link(&interface.join("driver"), &bus.join("drivers/qmi_wwan"));
    for (class, name) in [("usbmisc", NAME), ("net", NETWORK)] {
        let (class, entry) = (Path::new("/sys/class").join(class), interface.join(class).join(name));
        link(&entry.join("subsystem"), &class);
        link(&entry.join("device"), &interface);
        link(&class.join(name), &entry);
    }
    let network = interface.join("net").join(NETWORK);
    file(&network.join("type"), "1");
    file(&network.join("qmi/raw_ip"), "N");
    file(&network.join("qmi/pass_through"), "N");
}

/// Puts a `/dev` with little in it in place of the real one, with PTYs of its own.
fn pretend_dev(dir: &Path) {
    let dev = dir.join("dev");
    fs::create_dir(&dev).unwrap();
    cover(&dev);
    for name in ["null", "zero", "random", "urandom", "tty"] {
        file(&dev.join(name), "");
        must("mount", &["--bind", &format!("/dev/{name}"), text(&dev.join(name))]);
    }
    let terminals = dev.join("pts");
    fs::create_dir(&terminals).unwrap();
    must("mount", &["-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=0620", "none", text(&terminals)]);
    link(&dev.join("ptmx"), Path::new("pts/ptmx"));
    must("mount", &["--rbind", text(&dev), "/dev"]);
}

#[test]
fn from_detection_to_reset() {
    play("modem_manager::from_detection_to_reset", Stage::Machine, NEEDS, |dir| {
        pretend_dev(dir);
        let pty = dir.join("pty");
        let offer = Offer::new(dir, &[format!("pty:{}", pty.display())]);
        must("ip", &["link", "set", "lo", "up"]);
        must("ip", &["link", "add", NETWORK, "type", "veth", "peer", "name", "peer"]);
        pretend_usb();
        let _node = Node::new(Path::new("/dev"), &pty);
        let address = format!("unix:path={}", text(&dir.join("bus")));
        let _bus = bus(dir, &address);

        let events = dir.join("events");
        let add = |subsystem, name| format!("action=add,subsystem={subsystem},name={name}\n");
        fs::write(&events, add("usbmisc", NAME) + &add("net", NETWORK)).unwrap();
        let mut command = program("ModemManager");
        command.args(["--debug", "--test-no-udev", "--test-no-suspend-resume", "--no-auto-scan"]);
        command.arg(format!("--initial-kernel-events={}", text(&events))).env("DBUS_SYSTEM_BUS_ADDRESS", &address);
        let manager = Program::start(dir, "manager", &mut command);

        let mm = Control { address: &address };
        mm.until_state("disabled");
        let says = mm.says("-m any");
        assert_eq!(says["modem.generic.manufacturer"], "wwan-sim");
        assert_eq!(says["modem.generic.model"], "SIM7000-QMI");
        assert_eq!(says["modem.generic.primary-port"], NAME);
        assert!(says["modem.generic.equipment-identifier"].starts_with("35"), "{says:#?}");
        let card = mm.says("-i 0");
        assert!(card["sim.properties.iccid"].starts_with("894921"), "{card:#?}");
        assert!(card["sim.properties.imsi"].starts_with("00101"), "{card:#?}");

        mm.does("--enable");
        mm.until_state("registered");
        mm.does("--simple-connect=apn=internet,ip-type=ipv4");
        mm.until_state("connected");
        let says = mm.says("-m any");
        assert_eq!(says["modem.3gpp.operator-code"], "00101");
        assert_eq!(says["modem.3gpp.registration-state"], "home");
        let bearer = mm.says("-b 1");
        assert_eq!(bearer["bearer.properties.apn"], "internet");
        assert!(bearer["bearer.ipv4-config.address"].starts_with("10."), "{bearer:#?}");
        assert_eq!(bearer["bearer.ipv4-config.mtu"], "1430");
        // The modem frames raw IP, so the driver was told to do so, too.
        let raw_ip = fs::read_to_string(Path::new(DEVICE).join("1-1:1.4/net").join(NETWORK).join("qmi/raw_ip"));
        assert_eq!(raw_ip.unwrap().trim(), "Y");

        mm.does("--signal-setup=5");
        until("a signal", || {
            let signal = mm.says("-m any --signal-get");
            let rsrp = signal.get("modem.signal.lte.rsrp").and_then(|rsrp| rsrp.parse::<f64>().ok());
            rsrp.filter(|rsrp| (-120.0..-60.0).contains(rsrp)).map(drop).ok_or_else(|| format!("{signal:#?}"))
        });
        mm.does("--simple-disconnect");
        mm.until_state("registered");
        mm.does("--set-allowed-modes=4g");
        let scan = mm.does("--3gpp-scan --timeout=60");
        assert!(scan.contains("00101 - Test 001-01 (lte, ") && scan.contains("00102 - Test 001-02"), "{scan}");
        mm.does("--disable");
        mm.until_state("disabled");
        mm.does("--reset");
        offer.until_appeared(2);

        let log = manager.err();
        let complaints: Vec<&str> = log.lines().filter(|line| says_it_cannot_read(line)).collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
        manager.end();
        offer.end();
    });
}

/// A message that did not make sense to its codec.
fn says_it_cannot_read(line: &str) -> bool {
    ["ERROR: ", "Left '", "framing error", "Invalid QMI message", "CRITICAL", "assertion"]
        .iter()
        .any(|complaint| line.contains(complaint))
}
