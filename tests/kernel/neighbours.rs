//! Other managers of modems on the same host.

use std::fs;
use std::path::Path;

use super::emulator::{UsbModem, prompt};
use super::gateway::{Daemon, configure, modem};
use super::guest::play;
use super::manager::{Control, bus};
use super::plug::when;
use super::program::{Program, program, until};
use super::usb::MC7455;

const NEEDS: &[&str] = &["ModemManager", "mmcli", "dbus-daemon", "dbus-send", "python:dbusmock"];
const ADDRESS: &str = "unix:path=/run/neighbours/bus";

/// ModemManager, which is told of the modem in place of udev.
fn modem_manager(dir: &Path) -> Program {
    let event = |subsystem, name| format!("action=add,subsystem={subsystem},name={name}\n");
    fs::write(dir.join("events"), event("usbmisc", "cdc-wdm0") + &event("net", "wwan0")).unwrap();
    let mut command = program("ModemManager");
    command.args(["--debug", "--test-no-udev", "--test-no-suspend-resume", "--no-auto-scan"]);
    command.arg(format!("--initial-kernel-events={}", dir.join("events").display()));
    Program::start(dir, "manager", command.env("DBUS_SYSTEM_BUS_ADDRESS", ADDRESS))
}

/// ModemManager has the modem. It is left to it as long as the file says nothing, then asked for, and comes back to it when
/// we end. A ModemManager that is started anew does not take it from us.
#[test]
fn f37_modem_manager_lets_the_modem_go_when_the_file_says_so() {
    play("neighbours::f37_modem_manager_lets_the_modem_go_when_the_file_says_so", NEEDS, || {
        let dir = Path::new("/run/neighbours");
        fs::create_dir_all(dir).unwrap();
        let _usb = UsbModem::plug_in(0, MC7455, prompt());
        when("/dev/cdc-wdm0", true);
        when("/sys/class/net/wwan0", true);
        let _bus = bus(dir, ADDRESS);
        let mut manager = modem_manager(dir);
        let mm = Control { address: ADDRESS };
        mm.until_state("disabled");

        let daemon = Daemon::start_beside(&modem("wwan0", ""), ADDRESS);
        daemon.until_it_shows("wwan0", "ControlReady", "and ModemManager (");
        mm.until_state("disabled");
        configure(&modem("wwan0", "    modem_manager: inhibit\n"));
        daemon.until_converged("wwan0");
        let has_none = || match mm.says("-L") {
            list if list.get("modem-list").is_some_and(|count| count == "0") => Ok(()),
            list => Err(format!("{list:#?}\n{}", daemon.log())),
        };
        until("ModemManager has no modem", has_none);

        manager.end();
        manager = modem_manager(dir);
        until("ModemManager is asked again", || {
            has_none()?;
            let said = manager.out() + &manager.err();
            said.contains("inhibit").then_some(()).ok_or(said)
        });
        daemon.until_converged("wwan0");
        daemon.end();
        mm.until_state("disabled");
        manager.end();
    });
}
