//! Power switches of the real kernel: a USB device that is let go and taken back, the port of a hub, a GPIO line. Time is
//! virtual, so interfaces stay down.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wwan::host::clock::Clock;
use wwan::model::{Instant, PortState};
use wwan::reconcile::{Input, PowerCommand};
use wwan::sim::Disturbance;

use super::emulator::{UsbModem, prompt};
use super::gateway::{Daemon, configure, modem};
use super::guest::{mount, play};
use super::plug::when;
use super::program::until;
use super::usb::EC25;

/// Where the bus shows the emulated modem.
const DEVICE: &str = "/sys/class/net/wwan0/device/..";

fn with_power(power: &str) -> String {
    modem("wwan0", &format!("    power: {{ {power} }}\n"))
}

/// What the switch was told and how it answered, with the time since boot.
fn answers(daemon: &Daemon) -> Vec<(Instant, PowerCommand, Result<(), String>)> {
    let of = |entry: wwan::trace::Entry| match entry.input {
        Input::PowerDone(_, command, result) => Some((entry.at, command, result)),
        _ => None,
    };
    daemon.told().into_iter().filter_map(of).collect()
}

/// The first answer to a command from a time on.
fn until_answered(daemon: &Daemon, command: PowerCommand, from: Instant) -> (Instant, Result<(), String>) {
    until(&format!("an answer to {command:?}"), || {
        let all = answers(daemon);
        let first = all.iter().find(|(at, answered, _)| *answered == command && *at >= from);
        first.map(|(at, _, result)| (*at, result.clone())).ok_or_else(|| format!("{all:?}\n{}", daemon.log()))
    })
}

/// The switch is there, by what was told from a time on.
fn until_attached(daemon: &Daemon, from: Instant) {
    until("the switch", || {
        let there = |(at, command, result): &(Instant, PowerCommand, Result<(), String>)| {
            *command == PowerCommand::Attach && result.is_ok() && *at >= from
        };
        if answers(daemon).iter().any(there) { Ok(()) } else { Err(daemon.log()) }
    });
}

fn now() -> Instant {
    Clock::since_boot().now()
}

fn until_says(file: &Path, text: &str) {
    until(&format!("{text} in {}", file.display()), || match fs::read_to_string(file) {
        Ok(said) if said.trim() == text => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

/// Has the power cycled by force: the modem leaves, stays away, comes back and connects.
fn cycle(daemon: &Daemon) {
    daemon.until_converged("wwan0");
    let begun = now();
    daemon.ask("reset wwan0 --force").good();
    let (off, result) = until_answered(daemon, PowerCommand::Off, begun);
    assert_eq!(result, Ok(()), "{}", daemon.log());
    let gone = daemon.until_port("wwan0", begun, |state| *state == PortState::Absent);
    let (on, result) = until_answered(daemon, PowerCommand::On, begun);
    assert_eq!(result, Ok(()), "{}", daemon.log());
    println!("off at {off:?}, gone at {gone:?}, on at {on:?}");
    // A reset line is held for a tenth of a second.
    assert!((5_000..5_300).contains(&on.since(off).as_millis()), "{off:?} {on:?}");
    assert!(gone <= on, "{gone:?} {on:?}");
    daemon.until_port("wwan0", on, |state| *state != PortState::Absent);
    daemon.until_converged("wwan0");
    let events = daemon.ask("events").all();
    assert!(!events.contains("had no effect"), "{events}");
}

#[test]
fn pwr_8_f26_the_kernel_lets_the_modem_go_and_takes_it_back() {
    play("power::pwr_8_f26_the_kernel_lets_the_modem_go_and_takes_it_back", &[], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        let daemon = Daemon::start_without_links(&with_power("method: usb-authorized"));
        until_attached(&daemon, Instant::ZERO);
        cycle(&daemon);
        drop(usb);
        daemon.end();
    });
}

#[test]
fn pwr_8_the_driver_lets_the_modem_go_and_takes_it_back_as_the_file_says_from_now_on() {
    let name = "power::pwr_8_the_driver_lets_the_modem_go_and_takes_it_back_as_the_file_says_from_now_on";
    play(name, &[], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        let device = fs::canonicalize(DEVICE).unwrap();
        let daemon = Daemon::start_without_links(&with_power("method: usb-authorized"));
        until_attached(&daemon, Instant::ZERO);
        daemon.until_converged("wwan0");
        let edited = now();
        let place = device.file_name().unwrap().display().to_string();
        configure(&with_power(&format!("method: usb-bind, device: \"{place}\", off_time: 8s")));
        until_attached(&daemon, edited);
        daemon.ask("reset wwan0 --force").good();
        let driver = device.join("driver").display().to_string();
        let gone = when(&driver, false);
        assert_eq!(fs::read_to_string(device.join("authorized")).unwrap().trim(), "1");
        let back = when(&driver, true);
        assert!((7_900..8_200).contains(&back.since(gone).as_millis()), "{gone:?} {back:?}");
        daemon.until_converged("wwan0");
        drop(usb);
        daemon.end();
    });
}

#[test]
fn pwr_8_a_modem_that_hangs_is_let_go_and_taken_back_by_recovery() {
    play("power::pwr_8_a_modem_that_hangs_is_let_go_and_taken_back_by_recovery", &[], || {
        let daemon = Daemon::start_without_links(&modem("wwan0", ""));
        let usb = UsbModem::plug_in(0, EC25, prompt());
        daemon.until_converged("wwan0");
        usb.disturb(Disturbance::Hang { seconds: 420 });
        for _ in 0..7 {
            std::thread::park_timeout(Duration::from_secs(60));
        }
        let (at, result) = until_answered(&daemon, PowerCommand::Reauthorise, Instant::ZERO);
        assert_eq!(result, Ok(()));
        let gone = daemon.until_port("wwan0", at - Duration::from_secs(2), |s| *s == PortState::Absent);
        assert!(gone <= at, "{gone:?} {at:?}");
        daemon.until_converged("wwan0");
        daemon.end();
    });
}

#[test]
fn pwr_8_f42_a_daemon_that_is_killed_leaves_no_modem_let_go() {
    play("power::pwr_8_f42_a_daemon_that_is_killed_leaves_no_modem_let_go", &[], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        let authorized = fs::canonicalize(DEVICE).unwrap().join("authorized");
        let daemon = Daemon::start_without_links(&with_power("method: usb-authorized, off_time: 10m"));
        until_attached(&daemon, Instant::ZERO);
        daemon.until_converged("wwan0");
        daemon.ask("reset wwan0 --force").good();
        until_says(&authorized, "0");
        daemon.kill();
        assert_eq!(fs::read_to_string(&authorized).unwrap().trim(), "0");
        // Whatever the file says now.
        let daemon = Daemon::start_without_links(&modem("wwan0", ""));
        until_says(&authorized, "1");
        daemon.until_converged("wwan0");
        drop(usb);
        daemon.end();
    });
}

#[test]
fn pwr_8_the_port_of_a_hub_is_switched() {
    play("power::pwr_8_the_port_of_a_hub_is_switched", &[], || {
        let usb = UsbModem::plug_in(2, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        let device = fs::canonicalize(DEVICE).unwrap();
        let place = device.file_name().unwrap().to_str().unwrap().to_owned();
        let (hub, port) = place.split_once('-').unwrap();
        let shown = device.parent().unwrap().join(format!("{hub}-0:1.0/usb{hub}-port{port}/disable"));
        // The emulated hub forgets what is plugged in when a port loses its power; a real device does not.
        usb.feed(shown, "0");
        let daemon =
            Daemon::start_without_links(&with_power(&format!("method: usb-port, hub: \"{hub}\", port: {port}")));
        until_attached(&daemon, Instant::ZERO);
        cycle(&daemon);
        drop(usb);
        daemon.end();
    });
}

/// A chip with a line that feeds a modem and a line that resets it, both pulled up.
fn chip() -> PathBuf {
    mount("configfs", "configfs", "/sys/kernel/config", "");
    let chip = Path::new("/sys/kernel/config/gpio-sim/board");
    let bank = chip.join("bank");
    for (offset, name) in [(2, "MODEM_POWER"), (3, "MODEM_RESET_N")] {
        let line = bank.join(format!("line{offset}"));
        fs::create_dir_all(&line).unwrap();
        fs::write(line.join("name"), name).unwrap();
    }
    fs::write(bank.join("num_lines"), "4").unwrap();
    fs::write(bank.join("label"), "modem-board").unwrap();
    fs::write(chip.join("live"), "1").unwrap();
    let told = |path: PathBuf| fs::read_to_string(path).unwrap().trim().to_owned();
    let lines = Path::new("/sys/devices/platform").join(told(chip.join("dev_name"))).join(told(bank.join("chip_name")));
    for line in [2, 3] {
        fs::write(lines.join(format!("sim_gpio{line}/pull")), "pull-up").unwrap();
    }
    lines
}

#[test]
fn pwr_8_a_gpio_line_feeds_the_modem() {
    play("power::pwr_8_a_gpio_line_feeds_the_modem", &[], || {
        let lines = chip();
        let [supply, reset] = [2, 3].map(|line| lines.join(format!("sim_gpio{line}/value")));
        let usb = UsbModem::plug_in(0, EC25, prompt());
        usb.feed(supply.clone(), "1");
        when("/sys/class/net/wwan0", true);
        let name = "method: gpio, chip: modem-board, line: MODEM_POWER, reset: { line: 3, active_low: true }";
        let daemon = Daemon::start_without_links(&with_power(name));
        until_attached(&daemon, Instant::ZERO);
        daemon.until_converged("wwan0");
        // An adopted line is left as it is.
        assert!(!daemon.told().iter().any(|told| matches!(&told.input, Input::Port(_, PortState::Absent))));
        cycle(&daemon);
        assert_eq!([&supply, &reset].map(|line| fs::read_to_string(line).unwrap().trim().to_owned()), ["1", "1"]);
        daemon.ask("reset wwan0 --force").good();
        until_says(&supply, "0");
        until_says(&reset, "0");
        // The line is the chip's again, which pulls it up.
        daemon.kill();
        until_says(&supply, "1");
        let daemon = Daemon::start_without_links(&with_power("method: gpio, chip: gpiochip0, line: 2"));
        daemon.until_converged("wwan0");
        daemon.end();
    });
}

#[test]
fn pwr_6_a_switch_that_comes_later_is_used_then() {
    play("power::pwr_6_a_switch_that_comes_later_is_used_then", &[], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        let daemon = Daemon::start_without_links(&with_power("method: gpio, chip: modem-board, line: MODEM_POWER"));
        daemon.until_converged("wwan0");
        let (_, refused) = until_answered(&daemon, PowerCommand::Attach, Instant::ZERO);
        assert_eq!(refused, Err("there is no GPIO chip modem-board".to_owned()));
        usb.feed(chip().join("sim_gpio2/value"), "1");
        until_attached(&daemon, Instant::ZERO);
        cycle(&daemon);
        daemon.end();
    });
}
