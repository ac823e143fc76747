//! Plugging, pulling, and other programs: what the driver shows of our emulated modem, and what it does with packets.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wwan::host::clock::Clock;
use wwan::host::data_path::{DataPathError, Prepared, prepare};
use wwan::model::{Framing, Instant};
use wwan::sim::Personality;

use super::emulator::{UsbModem, prompt};
use super::guest::play;
use super::program::{answer, until};
use super::usb::EC25;

/// How fine we look: what is seen is exact to this.
const FINE: Duration = Duration::from_millis(1);

/// Waits for a path to be there, or not to be there, and tells the time since boot.
pub fn when(path: &str, there: bool) -> Instant {
    let clock = Clock::since_boot();
    until(path, || {
        let begun = clock.now();
        while Path::new(path).exists() != there {
            if clock.now().since(begun) > Duration::from_millis(50) {
                return Err(format!("is it there: {}", !there));
            }
            std::thread::park_timeout(FINE);
        }
        Ok(clock.now())
    })
}

/// Waits until the kernel has an IPv4 default route through an interface, and tells the time since boot.
pub fn routed(interface: &str) -> Instant {
    let clock = Clock::since_boot();
    let is_there = || {
        let routes = fs::read_to_string("/proc/net/route").unwrap();
        let mut fields = routes.lines().map(|line| line.split('\t').take(2).collect::<Vec<_>>());
        fields.any(|route| route == [interface, "00000000"])
    };
    until(&format!("a default route through {interface}"), || {
        let begun = clock.now();
        while !is_there() {
            if clock.now().since(begun) > Duration::from_millis(50) {
                return Err(answer("ip", &["address"]).all());
            }
            std::thread::park_timeout(FINE);
        }
        Ok(clock.now())
    })
}

/// Brings the interface up with the addresses that the network gave.
pub fn configure_link(modem: &UsbModem, interface: &str) {
    let (v4, v6) = modem.until("a session", |seen| seen.addresses.0.map(|_| seen.addresses));
    answer("ip", &["link", "set", interface, "up"]).good();
    let each = [("-4", v4.map(|v4| format!("{v4}/32"))), ("-6", v6.map(|v6| format!("{v6}/64")))];
    for (family, address) in each.into_iter().filter_map(|(family, address)| Some((family, address?))) {
        answer("ip", &[family, "address", "add", &address, "dev", interface]).good();
        answer("ip", &[family, "route", "add", "default", "dev", interface]).good();
    }
}

/// Three packets there and back, and none lost.
pub fn ping(target: &str, interface: &str) {
    let answer = answer("ping", &["-n", "-c", "3", "-i", "0.2", "-W", "2", "-I", interface, target]).good();
    assert!(answer.out.contains("3 received"), "{answer:?}");
}

/// Starts a session as a person would, who leaves it running.
fn dial_by_hand(modem: &UsbModem) {
    modem.until("the network", |seen| seen.truth.attached.then_some(()));
    let start = ["-d", "/dev/cdc-wdm0", "--wds-start-network=apn=internet,ip-type=4", "--client-no-release-cid"];
    let started = answer("qmicli", &start).good();
    assert!(started.out.contains("Network started"), "{started:?}");
    modem.until("a session", |seen| seen.addresses.0);
}

#[test]
fn dev_1_a_modem_is_plugged_in_used_by_qmicli_pulled_and_plugged_in_again() {
    let needs = &["qmicli", "ip", "ping"];
    play("plug::dev_1_a_modem_is_plugged_in_used_by_qmicli_pulled_and_plugged_in_again", needs, || {
        let clock = Clock::since_boot();
        let plugged = clock.now();
        let modem = UsbModem::plug_in(0, EC25, prompt());
        let seen = when("/sys/class/net/wwan0", true);
        // The bus waits for contacts to settle and resets the device twice: that much is the kernel's own.
        let enumeration = seen.since(plugged);
        println!("plug to wwan0: {enumeration:?}");
        assert!((400..=500).contains(&enumeration.as_millis()), "{enumeration:?}");
        assert!(Path::new("/dev/cdc-wdm0").exists(), "the node comes first");

        let ids = answer("qmicli", &["-d", "/dev/cdc-wdm0", "--dms-get-ids"]).good();
        assert!(ids.out.contains(&modem.imei), "{ids:?}");
        dial_by_hand(&modem);
        assert_eq!(prepare(Path::new("/sys"), "wwan0", Framing::RawIp).unwrap(), Prepared::Changed);
        configure_link(&modem, "wwan0");
        ping("192.0.2.1", "wwan0");
        modem.until("packets", |seen| (seen.answered >= 3).then_some(()));

        modem.pull();
        when("/sys/class/net/wwan0", false);
        when("/dev/cdc-wdm0", false);
        modem.plug(1);
        when("/sys/class/net/wwan0", true);
        answer("qmicli", &["-d", "/dev/cdc-wdm0", "--dms-get-ids"]).good();
    });
}

#[test]
fn dev_3_the_driver_changes_its_framing_only_while_the_interface_is_down() {
    let needs = &["qmicli", "ip", "ping"];
    play("plug::dev_3_the_driver_changes_its_framing_only_while_the_interface_is_down", needs, || {
        let modem = UsbModem::plug_in(0, EC25, Personality { ethernet_by_default: true, ..prompt() });
        when("/sys/class/net/wwan0", true);
        let sys = Path::new("/sys");
        let kind = || fs::read_to_string("/sys/class/net/wwan0/type").unwrap().trim().to_owned();
        assert_eq!(prepare(sys, "wwan0", Framing::Ethernet).unwrap(), Prepared::Unchanged);
        dial_by_hand(&modem);
        // The kernel gives it any address (Linux 6.12), and takes frames to some of them for bare packets.
        answer("ip", &["link", "set", "wwan0", "address", "02:00:00:00:00:02"]).good();
        configure_link(&modem, "wwan0");
        // ARPHRD_ETHER: packets go out in frames, and the network is asked for stations.
        assert_eq!(kind(), "1");
        ping("192.0.2.1", "wwan0");

        let refused = prepare(sys, "wwan0", Framing::RawIp).unwrap_err();
        assert!(matches!(refused, DataPathError::Up { .. }), "{refused}");
        answer("ip", &["link", "set", "wwan0", "down"]).good();
        assert_eq!(prepare(sys, "wwan0", Framing::RawIp).unwrap(), Prepared::Changed);
        assert_eq!(prepare(sys, "wwan0", Framing::RawIp).unwrap(), Prepared::Unchanged);
        // ARPHRD_NONE.
        assert_eq!(kind(), "65534");
        let raw = ["-d", "/dev/cdc-wdm0", "--wda-set-data-format=link-layer-protocol=raw-ip"];
        answer("qmicli", &raw).good();
        modem.until("raw IP", |seen| (!seen.truth.ethernet).then_some(()));
        answer("ip", &["address", "flush", "dev", "wwan0"]).good();
        configure_link(&modem, "wwan0");
        ping("192.0.2.1", "wwan0");
    });
}
