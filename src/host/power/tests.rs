//! Switches on a tree of files that looks like `/sys`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::*;
use crate::host::port::ControlPorts;
use crate::reconcile::Hardware;

const PATIENCE: Duration = Duration::from_secs(30);
const AT_ONCE: Pace = Pace { apart: Duration::ZERO, again: Duration::ZERO };

/// A host with two modems at ports 3 and 4 of the root hub, of which `wwan0` is ours.
struct Rig {
    dir: tempfile::TempDir,
    roots: Roots,
    ports: ControlPorts,
    switches: Switches,
    inputs: mpsc::Receiver<Input>,
}

impl Rig {
    fn new(pace: Pace) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { sys: dir.path().join("sys"), dev: dir.path().join("dev"), proc: "/nowhere".into() };
        let rig = |path: &str, text: &str| put(&roots.sys.join(path), text);
        for file in ["bus/usb/drivers/usb/bind", "bus/usb/drivers/usb/unbind", "bus/usb/drivers_probe"] {
            rig(file, "");
        }
        rig("bus/pci/rescan", "");
        rig("devices/pci0/usb1/1-0:1.0/usb1-port3/disable", "0\n");
        rig("devices/pci0/usb1/1-0:1.0/usb1-port4/location", "");
        link(&roots.sys.join("devices/pci0/usb1"), &roots.sys.join("bus/usb/devices/usb1"));
        for (port, modem) in [(3, 0), (4, 1)] {
            plug(&roots, port, modem, "0125");
        }
        let (tell, inputs) = mpsc::channel(16);
        let ports = ControlPorts::new(roots.clone(), tell.clone());
        let switches = Switches::new(roots.clone(), ports.devices(), &dir.path().join("state"), pace, tell);
        Self { dir, roots, ports, switches, inputs }
    }

    /// Looks for the modem, as the daemon does all the time.
    async fn look(&mut self) {
        self.ports.look(&wwan0(), &spec());
        let Input::Port(..) = self.answer().await else { panic!("the port is asked for") };
    }

    async fn tell(&mut self, command: PowerCommand, switch: Option<&Switch>) -> Result<(), String> {
        self.order(command, switch, spec()).await
    }

    async fn order(&mut self, command: PowerCommand, by: Option<&Switch>, port: PortSpec) -> Result<(), String> {
        self.switches.switch(&wwan0(), PowerOrder { command, switch: by.cloned(), port }).unwrap();
        let Input::PowerDone(modem, done, result) = self.answer().await else { panic!("an order is answered") };
        assert_eq!((modem, done), (wwan0(), command));
        result
    }

    async fn answer(&mut self) -> Input {
        tokio::time::timeout(PATIENCE, self.inputs.recv()).await.unwrap().unwrap()
    }

    fn sys(&self, path: &str) -> PathBuf {
        self.roots.sys.join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.sys(path)).unwrap().trim().to_owned()
    }

    fn notes(&self) -> usize {
        fs::read_dir(self.dir.path().join("state/let-go")).map_or(0, Iterator::count)
    }

    /// The control port goes, as with a device that was let go.
    fn take_port_away(&self) {
        fs::remove_file(self.sys("class/usbmisc/cdc-wdm0")).unwrap();
    }

    /// Waits for a thread to have written.
    async fn until(&self, path: &str, text: &str) {
        let written = async {
            while self.text(path) != text {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, written).await.unwrap();
    }
}

fn wwan0() -> ModemName {
    "wwan0".into()
}

fn spec() -> PortSpec {
    PortSpec::Interface("wwan0".to_owned())
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn link(to: &Path, at: &Path) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    symlink(to, at).unwrap();
}

/// A modem with its control port and its interface, in a port of the root hub.
fn plug(roots: &Roots, port: u8, modem: u8, product: &str) {
    let device = roots.sys.join(format!("devices/pci0/usb1/1-{port}"));
    for (file, text) in [("devnum", "7\n"), ("authorized", "1\n"), ("idVendor", "2c7c\n"), ("idProduct", product)] {
        put(&device.join(file), text);
    }
    fs::create_dir_all(device.join("driver")).unwrap();
    let function = device.join(format!("1-{port}:1.4"));
    put(&function.join("bInterfaceNumber"), "04\n");
    fs::create_dir_all(function.join("driver")).unwrap();
    put(&function.join(format!("net/wwan{modem}/type")), "65534\n");
    let class = roots.sys.join(format!("class/usbmisc/cdc-wdm{modem}"));
    let node = function.join(format!("usbmisc/cdc-wdm{modem}"));
    fs::create_dir_all(&node).unwrap();
    link(&function, &node.join("device"));
    link(&node, &class);
    link(&device, &roots.sys.join(format!("bus/usb/devices/1-{port}")));
    put(&roots.dev.join(format!("cdc-wdm{modem}")), "");
}

fn hub_port(hub: &str, port: u8) -> Switch {
    Switch::UsbPort { hub: hub.to_owned(), port }
}

const AUTHORIZED: Switch = Switch::UsbAuthorized { device: None };
const BIND: Switch = Switch::UsbBind { device: None };

#[tokio::test]
async fn pwr_8_the_port_of_a_hub_is_switched_and_its_other_half_with_it() {
    let mut rig = Rig::new(AT_ONCE);
    let port = "devices/pci0/usb1/1-0:1.0/usb1-port3";
    put(&rig.sys("devices/pci0/usb2/2-0:1.0/usb2-port1/disable"), "0\n");
    link(&rig.sys("devices/pci0/usb2/2-0:1.0/usb2-port1"), &rig.sys(port).join("peer"));
    let halves = |rig: &Rig| {
        [rig.text(&format!("{port}/disable")), rig.text("devices/pci0/usb2/2-0:1.0/usb2-port1/disable")].join(" ")
    };
    let switch = hub_port("1", 3);
    for (command, expected) in [
        (PowerCommand::Attach, "0 0"),
        (PowerCommand::PrepareOff, "0 0"),
        (PowerCommand::Off, "1 1"),
        (PowerCommand::On, "0 0"),
    ] {
        assert_eq!(rig.tell(command, Some(&switch)).await, Ok(()));
        assert_eq!(halves(&rig), expected, "{command:?}");
    }
}

#[tokio::test]
async fn pwr_6_it_is_said_what_is_wrong_with_the_port_of_a_hub() {
    let mut rig = Rig::new(AT_ONCE);
    let why = [
        (hub_port("7", 3), "there is no hub 7"),
        (hub_port("1", 9), "hub 1 has no port 9"),
        (hub_port("1", 4), "this kernel has no switch for the ports of hub 1 (`disable`, Linux 6.0)"),
    ];
    for (switch, why) in why {
        assert_eq!(rig.tell(PowerCommand::Attach, Some(&switch)).await, Err(why.to_owned()));
    }
    let disable = rig.sys("devices/pci0/usb1/1-0:1.0/usb1-port3/disable");
    fs::remove_file(&disable).unwrap();
    symlink("/dev/null", &disable).unwrap();
    let stays = "hub 1 does not switch port 3: it says yes and stays on";
    assert_eq!(rig.tell(PowerCommand::Off, Some(&hub_port("1", 3))).await, Err(stays.to_owned()));
    assert_eq!(rig.tell(PowerCommand::On, None).await, Err("no power switch is configured (`power`)".to_owned()));
}

#[tokio::test]
async fn pwr_8_a_device_is_let_go_and_taken_back_although_it_has_no_port_meanwhile() {
    let mut rig = Rig::new(AT_ONCE);
    let unknown = "it is not known which USB device the modem is: it was not seen yet";
    let other = rig.order(PowerCommand::Attach, Some(&AUTHORIZED), PortSpec::Interface("wwan7".into())).await;
    assert_eq!(other, Err(unknown.to_owned()));
    assert_eq!(rig.tell(PowerCommand::Attach, Some(&AUTHORIZED)).await, Ok(()));
    assert_eq!(rig.tell(PowerCommand::Off, Some(&AUTHORIZED)).await, Ok(()));
    assert_eq!((rig.text("devices/pci0/usb1/1-3/authorized"), rig.notes()), ("0".into(), 1));
    rig.take_port_away();
    rig.look().await;
    assert_eq!(rig.tell(PowerCommand::On, Some(&AUTHORIZED)).await, Ok(()));
    assert_eq!((rig.text("devices/pci0/usb1/1-3/authorized"), rig.notes()), ("1".into(), 0));
    assert_eq!(rig.text("devices/pci0/usb1/1-4/authorized"), "1");

    let named = |name: &str| Switch::UsbAuthorized { device: Some(name.to_owned()) };
    assert_eq!(rig.tell(PowerCommand::Off, Some(&named("1-4"))).await, Ok(()));
    assert_eq!(rig.text("devices/pci0/usb1/1-4/authorized"), "0");
    let missing = rig.tell(PowerCommand::Attach, Some(&named("1-9"))).await;
    assert_eq!(missing, Err("there is no USB device 1-9".to_owned()));
    assert_eq!(rig.text("devices/pci0/usb1/1-4/authorized"), "1", "the former switch is left on");
}

#[tokio::test]
async fn pwr_8_a_device_is_taken_from_its_driver_and_given_back() {
    let mut rig = Rig::new(AT_ONCE);
    rig.look().await;
    assert_eq!(rig.tell(PowerCommand::Attach, Some(&BIND)).await, Ok(()));
    assert_eq!(rig.tell(PowerCommand::Off, Some(&BIND)).await, Ok(()));
    assert_eq!((rig.text("bus/usb/drivers/usb/unbind"), rig.notes()), ("1-3".into(), 1));
    fs::remove_dir(rig.sys("devices/pci0/usb1/1-3/driver")).unwrap();
    rig.take_port_away();
    assert_eq!(rig.tell(PowerCommand::On, Some(&BIND)).await, Ok(()));
    assert_eq!((rig.text("bus/usb/drivers/usb/bind"), rig.notes()), ("1-3".into(), 0));
}

#[tokio::test]
async fn a_device_is_let_go_and_taken_back_by_its_entry_whatever_switches_its_power() {
    let mut rig = Rig::new(AT_ONCE);
    rig.look().await;
    assert_eq!(rig.tell(PowerCommand::Reauthorise, None).await, Ok(()));
    assert_eq!((rig.text("devices/pci0/usb1/1-3/authorized"), rig.notes()), ("1".into(), 0));
    // It comes back as another one, which is not ours to touch.
    put(&rig.sys("devices/pci0/usb1/1-3/idProduct"), "0306");
    rig.take_port_away();
    let left = rig.tell(PowerCommand::Reauthorise, None).await.unwrap_err();
    assert!(left.starts_with("the modem is not where it was seen last, ") && left.ends_with("/usb1/1-3"), "{left}");
    // Unless the file says where it is.
    assert_eq!(rig.tell(PowerCommand::Reauthorise, Some(&hub_port("1", 3))).await, Ok(()));
    let marks =
        |usb_id: &str| PortSpec::Hardware(Hardware { usb_id: Some(format!("2c7c:{usb_id}")), ..Hardware::default() });
    assert_eq!(rig.order(PowerCommand::Reauthorise, None, marks("0306")).await, Ok(()));
}

#[tokio::test]
async fn a_device_that_refuses_to_be_let_go_is_not_owed() {
    let mut rig = Rig::new(AT_ONCE);
    rig.look().await;
    let switch = rig.sys("devices/pci0/usb1/1-3/authorized");
    fs::remove_file(&switch).unwrap();
    symlink("/dev/full", &switch).unwrap();
    let refused = rig.tell(PowerCommand::Reauthorise, None).await.unwrap_err();
    assert!(refused.starts_with("cannot write ") && refused.contains("No space left"), "{refused}");
    assert_eq!(rig.notes(), 0);
}

#[tokio::test]
async fn f42_a_daemon_that_dies_after_letting_go_takes_back_at_its_next_start() {
    let mut rig = Rig::new(Pace { apart: Duration::from_secs(3600), again: Duration::ZERO });
    rig.look().await;
    let order = PowerOrder { command: PowerCommand::Reauthorise, switch: None, port: spec() };
    rig.switches.switch(&wwan0(), order).unwrap();
    rig.until("devices/pci0/usb1/1-3/authorized", "0").await;
    assert_eq!(rig.notes(), 1);
    let (tell, _inputs) = mpsc::channel(1);
    let state = rig.dir.path().join("state");
    let next = Switches::new(rig.roots.clone(), Devices::none(), &state, AT_ONCE, tell);
    std::mem::forget(std::mem::replace(&mut rig.switches, next));
    rig.until("devices/pci0/usb1/1-3/authorized", "1").await;
}

#[tokio::test]
async fn a_daemon_that_ends_takes_back_what_it_let_go() {
    let mut rig = Rig::new(AT_ONCE);
    rig.look().await;
    assert_eq!(rig.tell(PowerCommand::Off, Some(&AUTHORIZED)).await, Ok(()));
    assert_eq!(rig.text("devices/pci0/usb1/1-3/authorized"), "0");
    let (switches, sys) = (rig.switches, rig.roots.sys);
    drop(switches);
    assert_eq!(fs::read_to_string(sys.join("devices/pci0/usb1/1-3/authorized")).unwrap().trim(), "1");
}

#[tokio::test]
async fn a_device_that_was_let_go_before_we_came_is_left_so() {
    let mut rig = Rig::new(AT_ONCE);
    put(&rig.sys("devices/pci0/usb1/1-3/authorized"), "0\n");
    let switch = Switch::UsbAuthorized { device: Some("1-3".to_owned()) };
    for (command, expected) in [(PowerCommand::Attach, "0"), (PowerCommand::On, "1"), (PowerCommand::Off, "0")] {
        assert_eq!(rig.tell(command, Some(&switch)).await, Ok(()));
        assert_eq!(rig.text("devices/pci0/usb1/1-3/authorized"), expected, "{command:?}");
    }
    let (switches, sys) = (rig.switches, rig.roots.sys);
    drop(switches);
    assert_eq!(fs::read_to_string(sys.join("devices/pci0/usb1/1-3/authorized")).unwrap().trim(), "0");
}

#[tokio::test]
async fn the_bus_looks_for_a_driver_of_the_modem_alone() {
    let mut rig = Rig::new(AT_ONCE);
    rig.look().await;
    assert_eq!(rig.tell(PowerCommand::Rescan, None).await, Ok(()));
    assert_eq!(rig.text("bus/usb/drivers_probe"), "", "it has one");
    for port in [3, 4] {
        fs::remove_dir(rig.sys(&format!("devices/pci0/usb1/1-{port}/1-{port}:1.4/driver"))).unwrap();
    }
    assert_eq!(rig.tell(PowerCommand::Rescan, None).await, Ok(()));
    assert_eq!((rig.text("bus/usb/drivers_probe"), rig.text("bus/pci/rescan")), ("1-3:1.4".into(), String::new()));
}

#[tokio::test]
async fn the_pci_bus_is_looked_through_for_a_modem_that_is_said_to_be_there() {
    let mut rig = Rig::new(AT_ONCE);
    let at = |path: &str| {
        PortSpec::Hardware(Hardware { sysfs_path: Some(format!("/sys/devices/{path}")), ..Hardware::default() })
    };
    for elsewhere in ["pci0/usb1/1-7", "platform/modem"] {
        assert_eq!(rig.order(PowerCommand::Rescan, None, at(elsewhere)).await, Ok(()));
        assert_eq!(rig.text("bus/pci/rescan"), "");
    }
    assert_eq!(rig.order(PowerCommand::Rescan, None, at("pci0/0000:00:1c.0")).await, Ok(()));
    assert_eq!(rig.text("bus/pci/rescan"), "1");
}

#[tokio::test]
async fn pwr_6_a_chip_that_is_not_there_is_said() {
    let mut rig = Rig::new(AT_ONCE);
    let supply = Line { at: crate::config::LineAt::Offset(3), active_low: false };
    let switch = Switch::Gpio { chip: "gpiochip7".to_owned(), supply, reset: None };
    let why = rig.tell(PowerCommand::Attach, Some(&switch)).await;
    assert_eq!(why, Err("there is no GPIO chip gpiochip7".to_owned()));
}

#[tokio::test]
async fn pwr_11_a_modem_that_does_not_shut_down_is_cut_off() {
    let mut rig = Rig::new(AT_ONCE);
    let endless = ["/usr/bin/tail", "-f", "/dev/null"].map(str::to_owned).to_vec();
    let at_once = vec!["/bin/true".to_owned()];
    let switch = Switch::Command { switch_on: at_once.clone(), switch_off: at_once, shut_down: Some(endless) };
    for command in [PowerCommand::PrepareOff, PowerCommand::Off] {
        let order = PowerOrder { command, switch: Some(switch.clone()), port: spec() };
        rig.switches.switch(&wwan0(), order).unwrap();
    }
    let late = Err("it was not done when the next order came".to_owned());
    assert_eq!(rig.answer().await, Input::PowerDone(wwan0(), PowerCommand::PrepareOff, late));
    assert_eq!(rig.answer().await, Input::PowerDone(wwan0(), PowerCommand::Off, Ok(())));
}

#[tokio::test]
async fn pwr_11_programs_are_run_in_the_order_of_the_core() {
    let mut rig = Rig::new(AT_ONCE);
    let log = rig.dir.path().join("log").display().to_string();
    let say = |word: &str| vec!["/bin/sh".to_owned(), "-c".to_owned(), format!("echo $WWAN_MODEM {word} >>'{log}'")];
    let by = |shut_down| Switch::Command { switch_on: say("on"), switch_off: say("off"), shut_down };
    for command in [PowerCommand::Attach, PowerCommand::PrepareOff, PowerCommand::Off, PowerCommand::On] {
        assert_eq!(rig.tell(command, Some(&by(Some(say("down"))))).await, Ok(()));
    }
    assert_eq!(rig.tell(PowerCommand::PrepareOff, Some(&by(None))).await, Ok(()));
    assert_eq!(fs::read_to_string(&log).unwrap(), "wwan0 down\nwwan0 off\nwwan0 on\n");
    let missing =
        Switch::Command { switch_on: vec!["/nowhere/on".to_owned()], switch_off: say("off"), shut_down: None };
    let why = rig.tell(PowerCommand::Attach, Some(&missing)).await.unwrap_err();
    assert!(why.starts_with("cannot run /nowhere/on: No such file"), "{why}");
}
