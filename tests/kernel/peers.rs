//! Others that keep a modem online, on the same emulated modem, the same driver and in the same virtual time: the figures of
//! both, from the same looks at the modem and the kernel. `tests/kernel/peers/compare` prints them side by side.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use wwan::host::clock::Clock;
use wwan::model::Instant;
use wwan::sim::{Disturbance, Witness};

use super::discovery::dialled;
use super::emulator::{UsbModem, prompt};
use super::gateway::{Daemon, modem};
use super::guest::{play, play_over};
use super::manager::bus;
use super::plug::{routed, when};
use super::program::{Program, answer, program, until};
use super::usb::MC7455;

const DIR: &str = "/run/peers";
const BUS: &str = "unix:path=/run/peers/bus";
const INTERFACE: &str = "/sys/class/net/wwan0";

/// What takes the user's time, measured on whoever is there.
fn measure(who: &str) {
    let clock = Clock::since_boot();
    let figure = |what: &str, from: Instant, to: Instant| {
        println!("figure\t{who}\t{what}\t{}", to.since(from).as_millis());
    };
    let plugged = clock.now();
    let usb = UsbModem::plug_in(0, MC7455, prompt());
    figure("plug to wwan0 (the kernel's own)", plugged, when(INTERFACE, true));
    let route = routed("wwan0");
    figure("plug to the request for a session", plugged, dialled(&usb, plugged));
    figure("plug to the default route", plugged, route);

    std::thread::park_timeout(Duration::from_secs(120));
    usb.disturb(Disturbance::DropSession { cause: 36 });
    let down = usb.until("the end of the session", |seen| {
        let mut notes = seen.notes.iter();
        notes.find(|(at, note)| *at > plugged && matches!(note, Witness::SessionDown { .. })).map(|(at, _)| *at)
    });
    figure("the network ends the session to the next request", down, dialled(&usb, down));
    usb.until("the new session", |seen| seen.addresses.0);

    std::thread::park_timeout(Duration::from_secs(120));
    usb.pull();
    when(INTERFACE, false);
    std::thread::park_timeout(Duration::from_secs(120));
    let plugged = clock.now();
    usb.plug(1);
    figure("plugged in again to wwan0", plugged, when(INTERFACE, true));
    let route = routed("wwan0");
    figure("plugged in again to the request for a session", plugged, dialled(&usb, plugged));
    figure("plugged in again to the default route", plugged, route);
}

#[test]
fn our_daemon() {
    play("peers::our_daemon", &["ip"], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        measure("wwan");
        daemon.end();
    });
}

/// NetworkManager's profile of a connection through any modem.
const PROFILE: &str = "[connection]\nid=modem\ntype=gsm\nautoconnect=true\n\n[gsm]\napn=internet\n\n[ipv4]\nmethod=auto\n\n\
                       [ipv6]\nmethod=auto\n";

#[test]
fn modem_manager_with_network_manager() {
    let needs = &["ModemManager", "dbus-daemon", "dbus-send", "python:dbusmock", "ip"];
    play_over("tests/kernel/peers/fetch", "peers::modem_manager_with_network_manager", needs, || {
        let dir = Path::new(DIR);
        fs::create_dir_all(dir).unwrap();
        let _bus = bus(dir, BUS);
        let mut udev = program("/usr/lib/systemd/systemd-udevd");
        let _udev = Program::start(dir, "udev", &mut udev);
        until("udev", || {
            let said = answer("udevadm", &["trigger", "--action=add"]);
            if Path::new("/run/udev/control").exists() && said.is_ok() { Ok(()) } else { Err(said.all()) }
        });
        answer("udevadm", &["settle"]).good();

        let profile = Path::new("/etc/NetworkManager/system-connections/modem.nmconnection");
        fs::create_dir_all(profile.parent().unwrap()).unwrap();
        fs::write(profile, PROFILE).unwrap();
        fs::set_permissions(profile, fs::Permissions::from_mode(0o600)).unwrap();
        fs::create_dir_all("/var/lib/NetworkManager").unwrap();
        let start =
            |name, command: &mut Command| Program::start(dir, name, command.env("DBUS_SYSTEM_BUS_ADDRESS", BUS));
        let manager = start("modem-manager", &mut program("ModemManager"));
        let network = start("network-manager", program("NetworkManager").arg("--no-daemon"));
        // Their own start is not what is measured.
        std::thread::park_timeout(Duration::from_secs(30));
        measure("peer");
        network.end();
        manager.end();
    });
}
