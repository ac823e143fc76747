//! Debian's own kernel, as it is: the drivers that gateways really have. One run through everything; the rest is played in
//! User-Mode Linux, where time is exact.

use super::emulator::{UsbModem, prompt};
use super::gateway::{Daemon, modem};
use super::guest::play_on_debian;
use super::plug::{ping, when};
use super::usb::EC25;

#[test]
fn dev_1_a_modem_connects_and_comes_back_on_debians_kernel() {
    play_on_debian("debian::dev_1_a_modem_connects_and_comes_back_on_debians_kernel", &["ip", "ping"], || {
        let usb = UsbModem::plug_in(0, EC25, prompt());
        when("/sys/class/net/wwan0", true);
        let daemon = Daemon::start(&modem("wwan0", ""));
        daemon.until_converged("wwan0");
        ping("192.0.2.1", "wwan0");
        usb.pull();
        when("/sys/class/net/wwan0", false);
        daemon.until_it_shows("wwan0", "ModemPresent", "False");
        usb.plug(1);
        daemon.until_converged("wwan0");
        ping("192.0.2.1", "wwan0");
        daemon.end();
    });
}
