//! Our daemon on the real driver: it is told at once what comes and goes, and finds each modem again.

use std::time::Duration;

use wwan::host::clock::Clock;
use wwan::model::{Instant, PortState};
use wwan::sim::{Disturbance, Witness};

use super::emulator::{UsbModem, prompt};
use super::gateway::{Daemon, configure, modem};
use super::guest::play;
use super::plug::{ping, routed, when};
use super::program::{answer, until};
use super::usb::{BOOTLOADER, EC25, MC7455};

/// Clocks of two programs that show whole milliseconds differ by so much.
const EXACT: Duration = Duration::from_millis(2);

/// Passes in a moment here.
const HOUR: Duration = Duration::from_secs(3600);

fn closed(state: &PortState) -> bool {
    *state == PortState::Closed
}

fn absent(state: &PortState) -> bool {
    *state == PortState::Absent
}

/// When the modem was first asked for a session, from a time on.
pub fn dialled(usb: &UsbModem, from: Instant) -> Instant {
    usb.until("a dial", |seen| {
        let dials = seen.notes.iter().filter(|(_, note)| matches!(note, Witness::Dialled { .. }));
        dials.map(|(at, _)| *at).find(|at| *at >= from)
    })
}

#[test]
fn dev_1_f26_f28_the_daemon_sees_at_once_what_is_plugged_in_and_what_is_pulled() {
    let name = "discovery::dev_1_f26_f28_the_daemon_sees_at_once_what_is_plugged_in_and_what_is_pulled";
    play(name, &["ip", "ping"], || {
        let clock = Clock::since_boot();
        let daemon = Daemon::start(&modem("wwan0", ""));
        daemon.until_it_shows("wwan0", "ModemPresent", "Absent");

        let usb = UsbModem::plug_in(0, EC25, prompt());
        let there = when("/sys/class/net/wwan0", true);
        let route = routed("wwan0");
        println!("wwan0 to the default route: {:?}", route.since(there));
        assert!(route <= there + Duration::from_millis(100), "{route:?} {there:?}\n{}", daemon.log());
        ping("192.0.2.1", "wwan0");
        ping("2001:db8:ffff::1", "wwan0");
        let told = daemon.until_port("wwan0", Instant::ZERO, closed);
        println!("wwan0 is there at {there:?}, the daemon is told at {told:?}");
        assert!(told <= there + EXACT, "{told:?} {there:?}");
        daemon.until_converged("wwan0");
        let first = dialled(&usb, told);
        println!("wwan0 to the request for a session: {:?}", first.since(there));

        let pulled = clock.now();
        usb.pull();
        let told = daemon.until_port("wwan0", pulled, absent);
        println!("pulled at {pulled:?}, the daemon is told at {told:?}");
        assert!(told <= pulled + EXACT, "{told:?} {pulled:?}");
        daemon.until_it_shows("wwan0", "ModemPresent", "Absent");

        // Into another socket, an hour later: as fast as the first time.
        std::thread::park_timeout(HOUR);
        let plugged = clock.now();
        usb.plug(3);
        let there = when("/sys/class/net/wwan0", true);
        // The node may be there a moment before the interface.
        let told = daemon.until_port("wwan0", plugged, closed);
        assert!(told <= there + EXACT, "{told:?} {there:?}");
        let route = routed("wwan0");
        println!("an hour later, wwan0 to the default route: {:?}", route.since(there));
        assert!(route <= there + Duration::from_millis(100), "{route:?} {there:?}\n{}", daemon.log());
        ping("192.0.2.1", "wwan0");
        daemon.until_converged("wwan0");
        daemon.end();
    });
}

#[test]
fn con_6_f16_a_session_that_the_network_ends_is_dialled_again_at_once() {
    play("discovery::con_6_f16_a_session_that_the_network_ends_is_dialled_again_at_once", &["ip", "ping"], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        let usb = UsbModem::plug_in(0, EC25, prompt());
        daemon.until_converged("wwan0");
        ping("192.0.2.1", "wwan0");
        std::thread::park_timeout(HOUR);
        usb.disturb(Disturbance::DropSession { cause: 36 });
        let down = usb.until("the end of the session", |seen| {
            let ends = seen.notes.iter().filter(|(_, note)| matches!(note, Witness::SessionDown { .. }));
            ends.map(|(at, _)| *at).next()
        });
        let again = dialled(&usb, down);
        println!("the network ends the session, the daemon dials after {:?}", again.since(down));
        assert!(again <= down + EXACT, "{again:?} {down:?}\n{}", daemon.log());
        daemon.until_converged("wwan0");
        ping("192.0.2.1", "wwan0");
        daemon.end();
    });
}

#[test]
fn dev_2_f27_two_modems_that_swap_their_numbers_keep_their_entries() {
    play("discovery::dev_2_f27_two_modems_that_swap_their_numbers_keep_their_entries", &["ip", "ping"], || {
        let quectel = "    match: { usb_id: \"2c7c:0125\" }\n";
        let sierra = "    match: { usb_id: \"1199:9071\" }\n";
        let daemon = Daemon::start(&(modem("field", quectel) + &modem("office", sierra)));
        let ec25 = UsbModem::plug_in(0, EC25, prompt());
        when("/dev/cdc-wdm0", true);
        let mc7455 = UsbModem::plug_in(1, MC7455, prompt());
        when("/dev/cdc-wdm1", true);
        daemon.until_converged("field");
        daemon.until_converged("office");
        routed("field");
        routed("office");

        ec25.pull();
        mc7455.pull();
        when("/sys/class/net/field", false);
        when("/sys/class/net/office", false);
        let pulled = Clock::since_boot().now();
        mc7455.plug(1);
        when("/dev/cdc-wdm0", true);
        ec25.plug(0);
        when("/dev/cdc-wdm1", true);
        dialled(&ec25, pulled);
        dialled(&mc7455, pulled);
        daemon.until_converged("field");
        daemon.until_converged("office");
        let imei = |modem: &str| daemon.ask(&format!("get {modem}.mobile.imei")).good().out;
        until_contains(|| imei("field"), &ec25.imei);
        until_contains(|| imei("office"), &mc7455.imei);
        for (interface, vendor) in [("field", "2c7c"), ("office", "1199")] {
            routed(interface);
            ping("192.0.2.1", interface);
            assert_eq!(vendor_of(interface), vendor);
        }
        daemon.end();
    });
}

#[test]
fn dev_2_two_modems_that_have_each_others_names_get_their_own() {
    play("discovery::dev_2_two_modems_that_have_each_others_names_get_their_own", &["ip", "ping"], || {
        let _mc7455 = UsbModem::plug_in(1, MC7455, prompt());
        when("/sys/class/net/wwan0", true);
        let _ec25 = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan1", true);
        let quectel = "    match: { usb_id: \"2c7c:0125\" }\n";
        let sierra = "    match: { usb_id: \"1199:9071\" }\n";
        let daemon = Daemon::start(&(modem("wwan0", quectel) + &modem("wwan1", sierra)));
        daemon.until_converged("wwan0");
        daemon.until_converged("wwan1");
        for (interface, vendor) in [("wwan0", "2c7c"), ("wwan1", "1199")] {
            routed(interface);
            ping("192.0.2.1", interface);
            assert_eq!(vendor_of(interface), vendor);
        }
        daemon.end();
    });
}

/// The USB vendor of the device that an interface belongs to.
fn vendor_of(interface: &str) -> String {
    let device = format!("/sys/class/net/{interface}/device/../idVendor");
    std::fs::read_to_string(device).unwrap().trim().to_owned()
}

fn until_contains(look: impl Fn() -> String, text: &str) {
    until(text, || {
        let seen = look();
        if seen.contains(text) { Ok(()) } else { Err(seen) }
    });
}

#[test]
fn dev_2_of_two_modems_that_fit_none_is_chosen_until_the_file_says_which() {
    play("discovery::dev_2_of_two_modems_that_fit_none_is_chosen_until_the_file_says_which", &[], || {
        let usb_id = "    match: { usb_id: \"2c7c:0125\" }\n";
        let [first, second] = [0, 1].map(|port| UsbModem::plug_in(port, EC25, prompt()));
        when("/sys/class/net/wwan1", true);
        let daemon = Daemon::start(&modem("wwan0", usb_id));
        daemon.until_it_shows("wwan0", "ModemPresent", "Ambiguous");
        let explained = daemon.ask("explain").all();
        assert!(explained.contains("(2c7c:0125, cdc-wdm0)") && explained.contains("cdc-wdm1)"), "{explained}");

        // The IMEI tells: the modems are asked, the one that is meant is used, the other is left as it is.
        configure(&modem("wwan0", &format!("    match: {{ imei: \"{}\" }}\n", second.imei)));
        daemon.until_converged("wwan0");
        second.until("a session", |seen| seen.addresses.0);
        // Its interface keeps its name: that of the entry is the other modem's, which is none of ours.
        routed("wwan1");
        first.until("nothing of ours in it", |seen| (seen.truth.clients == 0 && seen.notes.is_empty()).then_some(()));

        // The other one is meant: the port that is open is given up for it.
        configure(&modem("wwan0", &format!("    match: {{ imei: \"{}\" }}\n", first.imei)));
        first.until("a session", |seen| seen.addresses.0);
        until_contains(|| daemon.ask("get wwan0.mobile.imei").all(), &first.imei);
        daemon.until_converged("wwan0");
        routed("wwan0");
        // Nothing of it stays on the interface that it was.
        until("nothing on wwan1", || {
            let left = answer("ip", &["-br", "address", "show", "dev", "wwan1"]).good().out;
            if left.contains("DOWN") && !left.contains('.') { Ok(()) } else { Err(left) }
        });
        daemon.end();
    });
}

#[test]
fn dev_2_a_modem_in_its_boot_loader_is_said_to_be() {
    play("discovery::dev_2_a_modem_in_its_boot_loader_is_said_to_be", &[], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        let _usb = UsbModem::plug_in(0, BOOTLOADER, prompt());
        daemon.until_it_shows("wwan0", "ModemPresent", "InBootloader");
        daemon.end();
    });
}
