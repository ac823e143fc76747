//! Our daemon on the real driver through the troubles of a gateway's life: it is killed, the bus is told to let the modem
//! go, a modem frames Ethernet, two modems carry packets, another program asks the same modem.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wwan::host::clock::Clock;
use wwan::model::PortState;
use wwan::sim::{Disturbance, Personality, Renewal, Witness};

use super::emulator::{UsbModem, prompt};
use super::gateway::{Daemon, modem};
use super::guest::{play, play_in_real_time};
use super::plug::{ping, routed, when};
use super::program::{PATIENCE, Program, answer, program, within};
use super::usb::{EC25, MC7455};

/// Requests for a session so far.
fn dials(usb: &UsbModem) -> usize {
    usb.until("the modem", |seen| {
        Some(seen.notes.iter().filter(|(_, note)| matches!(note, Witness::Dialled { .. })).count())
    })
}

#[test]
fn f42_a_daemon_that_is_killed_takes_its_session_over() {
    play("life::f42_a_daemon_that_is_killed_takes_its_session_over", &["ip", "ping"], || {
        let mut daemon = Daemon::start(&modem("wwan0", ""));
        let usb = UsbModem::plug_in(0, EC25, prompt());
        daemon.until_converged("wwan0");
        routed("wwan0");
        let before = dials(&usb);
        let clients = usb.until("the modem", |seen| Some(seen.truth.clients));
        // At moments that have nothing to do with one another: the idle minute's, between the looks, right after a start.
        for pause in [0, 1, 7, 333, 4_999, 61_007, 299_993] {
            std::thread::park_timeout(Duration::from_millis(pause));
            daemon.kill();
            ping("192.0.2.1", "wwan0");
            daemon = Daemon::start(&modem("wwan0", ""));
            daemon.until_converged("wwan0");
            ping("192.0.2.1", "wwan0");
        }
        assert_eq!(dials(&usb), before, "{}", daemon.log());
        let now = usb.until("the modem", |seen| Some(seen.truth.clients));
        assert!(now <= clients, "ids of clients are left behind: {clients} before, {now} now");
        daemon.end();
    });
}

#[test]
fn f26_the_bus_lets_a_modem_go_and_takes_it_back() {
    play_in_real_time("life::f26_the_bus_lets_a_modem_go_and_takes_it_back", &[], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        let _usb = UsbModem::plug_in(0, EC25, prompt());
        daemon.until_converged("wwan0");
        let device = fs::canonicalize("/sys/class/net/wwan0/device/..").unwrap();
        let authorise = |on: &str| fs::write(device.join("authorized"), on).unwrap();
        let before = Clock::since_boot().now();
        authorise("0");
        let told = daemon.until_port("wwan0", before, |state| *state == PortState::Absent);
        println!("the bus lets it go at {before:?}, the daemon is told at {told:?}");
        assert!(told.since(before) <= Duration::from_secs(1), "{told:?} {before:?}");
        daemon.until_it_shows("wwan0", "ModemPresent", "Absent");
        authorise("1");
        let there = when("/sys/class/net/wwan0", true);
        let told = daemon.until_port("wwan0", told, |state| *state == PortState::Closed);
        assert!(told <= there + Duration::from_secs(1), "{told:?} {there:?}");
        daemon.until_converged("wwan0");
        daemon.end();
    });
}

#[test]
fn dev_4_a_modem_that_frames_ethernet_is_told_not_to() {
    play("life::dev_4_a_modem_that_frames_ethernet_is_told_not_to", &["ip", "ping"], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        let usb = UsbModem::plug_in(0, EC25, Personality { ethernet_by_default: true, ..prompt() });
        daemon.until_converged("wwan0");
        usb.until("raw IP", |seen| (!seen.truth.ethernet).then_some(()));
        ping("192.0.2.1", "wwan0");
        ping("2001:db8:ffff::1", "wwan0");
        daemon.end();
    });
}

#[test]
fn dev_4_a_modem_that_passes_nothing_in_raw_ip_gets_ethernet_frames() {
    play("life::dev_4_a_modem_that_passes_nothing_in_raw_ip_gets_ethernet_frames", &["ip", "ping"], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        let usb = UsbModem::plug_in(0, EC25, Personality { silent_in_raw_ip: true, ..prompt() });
        let framed = || fs::read_to_string("/sys/class/net/wwan0/qmi/raw_ip").unwrap_or_default();
        let is = |wanted: &str| Some(framed()).filter(|framed| framed.trim() == wanted).ok_or_else(|| daemon.log());
        within(PATIENCE, "bare IP first", || is("Y"));
        within(6 * PATIENCE, "Ethernet after some minutes without an answer", || is("N"));
        daemon.until_converged("wwan0");
        usb.until("Ethernet", |seen| seen.truth.ethernet.then_some(()));
        ping("192.0.2.1", "wwan0");
        ping("2001:db8:ffff::1", "wwan0");
        daemon.end();
    });
}

#[test]
fn dev_6_two_modems_carry_packets_at_once() {
    play("life::dev_6_two_modems_carry_packets_at_once", &["ip", "ping"], || {
        let daemon = Daemon::start(&(modem("wwan0", "") + &modem("wwan1", "")));
        let first = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        let second = UsbModem::plug_in(5, MC7455, prompt());
        daemon.until_converged("wwan0");
        daemon.until_converged("wwan1");
        ping("192.0.2.1", "wwan0");
        ping("192.0.2.1", "wwan1");
        for usb in [&first, &second] {
            usb.until("answers", |seen| (seen.answered >= 3).then_some(()));
        }
        daemon.end();
    });
}

#[test]
fn another_program_uses_the_same_modem_through_the_proxy_and_neither_is_disturbed() {
    let name = "life::another_program_uses_the_same_modem_through_the_proxy_and_neither_is_disturbed";
    play(name, &["qmicli", "qmi-proxy"], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        fs::create_dir_all("/run/proxy").unwrap();
        let proxy = Program::start(Path::new("/run/proxy"), "proxy", program("qmi-proxy").arg("--no-exit"));
        let control = "    control: { device: /dev/cdc-wdm0, proxy: true }\n";
        let daemon = Daemon::start(&modem("wwan0", control));
        daemon.until_converged("wwan0");
        let dialled = dials(&usb);
        for question in ["--dms-get-ids", "--nas-get-serving-system", "--wds-get-packet-service-status"] {
            let said = answer("qmicli", &["-p", "-d", "/dev/cdc-wdm0", question]).good();
            assert!(!said.out.is_empty(), "{said:?}");
        }
        assert_eq!(daemon.ask("status --check").exit, Some(0), "{}", daemon.log());
        assert_eq!(dials(&usb), dialled);
        daemon.end();
        proxy.end();
    });
}

#[test]
fn lnk_7_f19_a_session_that_carries_nothing_is_found_and_begun_anew() {
    play("life::lnk_7_f19_a_session_that_carries_nothing_is_found_and_begun_anew", &["ip", "ping"], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        let daemon = Daemon::start(&modem("wwan0", "    reachability: { every: 90s }\n"));
        daemon.until_converged("wwan0");
        daemon.until_it_shows("wwan0", "InternetReachable", "Reached");
        let asked = usb.until("a question", |seen| (seen.answered >= 1).then_some(seen.answered));
        let dialled = dials(&usb);
        let died = Clock::since_boot().now();
        usb.disturb(Disturbance::CarryNothing { until: Renewal::Session });
        // Looking costs real time, and what passes virtually does not.
        std::thread::park_timeout(Duration::from_secs(105));
        let found = daemon.until_it_shows("wwan0", "InternetReachable", "Unanswered");
        println!("nothing passes from {died:?}, found at {found:?}, after {asked} answered questions");
        assert!(found.since(died) <= Duration::from_secs(125), "{found:?} {died:?}");
        std::thread::park_timeout(Duration::from_secs(75));
        let healed = daemon.until_it_shows("wwan0", "InternetReachable", "Reached");
        println!("passes again at {healed:?}");
        assert!(healed.since(found) <= Duration::from_secs(90) && dials(&usb) > dialled, "{healed:?} {found:?}");
        ping("192.0.2.1", "wwan0");
        daemon.end();
    });
}

#[test]
fn f40_a_wall_clock_that_jumps_changes_nothing() {
    play("life::f40_a_wall_clock_that_jumps_changes_nothing", &["ip", "date"], || {
        let daemon = Daemon::start(&modem("wwan0", ""));
        let usb = UsbModem::plug_in(0, EC25, prompt());
        daemon.until_converged("wwan0");
        let dialled = dials(&usb);
        let told = || daemon.log().lines().filter(|line| line.contains("wwan0")).count();
        let before = told();
        for day in ["2036-01-01", "2006-01-01", "1970-01-02", "2026-01-01"] {
            answer("date", &["--set", day]).good();
            std::thread::park_timeout(Duration::from_secs(900));
            daemon.until_converged("wwan0");
        }
        assert_eq!((dials(&usb), told()), (dialled, before), "{}", daemon.log());
        daemon.end();
    });
}

#[test]
fn f39_a_queue_that_is_stuck_is_found_and_no_power_is_cut_for_it() {
    play("life::f39_a_queue_that_is_stuck_is_found_and_no_power_is_cut_for_it", &["ip", "ping"], || {
        let daemon = Daemon::start(&modem("wwan0", "    reachability: { every: 90s }\n"));
        let usb = UsbModem::plug_in(0, EC25, prompt());
        daemon.until_converged("wwan0");
        usb.choke(true);
        let stuck = Clock::since_boot().now();
        std::thread::park_timeout(Duration::from_secs(110));
        let found = daemon.until_it_shows("wwan0", "InternetReachable", "Unanswered");
        println!("stuck from {stuck:?}, found at {found:?}");
        assert!(found.since(stuck) <= Duration::from_secs(125), "{found:?} {stuck:?}");
        usb.choke(false);
        std::thread::park_timeout(Duration::from_secs(60));
        daemon.until_converged("wwan0");
        ping("192.0.2.1", "wwan0");
        let log = daemon.log();
        assert!(!log.contains("reset") && !log.contains("cycle"), "{log}");
        daemon.end();
    });
}
