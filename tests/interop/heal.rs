//! Other programs meddle with a modem that our daemon keeps online: it puts back what the file governs, and tells why.

use super::gateway::{Gateway, NEEDS};
use super::program::until;
use super::stage::{Stage, play};

/// What another program does, what the daemon says about it in its events, one after the other, and what other
/// programs see in the end.
struct Meddling {
    commands: &'static [&'static str],
    reasons: &'static [&'static str],
    in_the_end: &'static [(&'static str, &'static str)],
}

/// More than this does not happen where every step has its reason.
const TOO_MUCH: usize = 60;

const CONNECTED: (&str, &str) = ("--wds-get-packet-service-status", "Connection status: 'connected'");
const ONLINE: (&str, &str) = ("--dms-get-operating-mode", "Mode: 'online'");
const LTE: (&str, &str) = ("--nas-get-system-selection-preference", "Mode preference: 'lte'");

fn heals(test: &str, meddling: &Meddling) {
    play(test, Stage::Machine, NEEDS, |dir| {
        let provider = "service_providers: [{ apn: internet, ip_family: ipv4 }]";
        let mut gateway = Gateway::new(dir, &["only_radio_technologies: [lte]", provider]);
        gateway.until_converged();
        let known = gateway.events().len();
        for command in meddling.commands {
            match command.starts_with("--") {
                true => gateway.qmicli(command).good(),
                false => gateway.offer.disturb(command),
            };
        }
        gateway.until_it_tells(known, meddling.reasons);
        gateway.until_converged();
        for (command, says) in meddling.in_the_end {
            until(says, || {
                let answer = gateway.qmicli(command);
                if answer.out.contains(says) { Ok(()) } else { Err(answer.all()) }
            });
        }
        gateway.until_converged();
        let story = gateway.events().split_off(known);
        println!("{}", story.join("\n"));
        assert!(story.len() < TOO_MUCH, "it ran in circles");
        gateway.end();
    });
}

#[test]
fn a_changed_selection_of_technologies() {
    let meddling = Meddling {
        commands: &["--nas-set-system-selection-preference=umts"],
        reasons: &[
            "begins set the radio preference: lte, for RadioConfigured: the modem allows umts, the file asks for lte",
        ],
        in_the_end: &[LTE, CONNECTED],
    };
    heals("heal::a_changed_selection_of_technologies", &meddling);
}

#[test]
fn a_session_that_another_client_stopped() {
    let meddling = Meddling {
        commands: &["--wds-stop-network=4294967295"],
        reasons: &[
            "begins start the ipv4 session with apn \"internet\", for DataConnected: \
             the ipv4 session is down: cm 2000 (ended by a client)",
            "done   start the ipv4 session",
        ],
        in_the_end: &[CONNECTED],
    };
    heals("heal::a_session_that_another_client_stopped", &meddling);
}

#[test]
fn a_radio_that_another_client_turned_off() {
    let meddling = Meddling {
        commands: &["--dms-set-operating-mode=low-power"],
        reasons: &[
            "begins set the operating mode to Online, for RadioConfigured: the operating mode is LowPower",
            "done   start the ipv4 session",
        ],
        in_the_end: &[ONLINE, CONNECTED],
    };
    heals("heal::a_radio_that_another_client_turned_off", &meddling);
}

/// From offline there is no way back but a reset.
#[test]
fn a_modem_that_another_client_took_offline() {
    let meddling = Meddling {
        commands: &["--dms-set-operating-mode=offline"],
        reasons: &[
            "begins reset modem, for RadioConfigured: the operating mode is Offline",
            "done   start the ipv4 session",
        ],
        in_the_end: &[ONLINE, LTE, CONNECTED],
    };
    heals("heal::a_modem_that_another_client_took_offline", &meddling);
}

#[test]
fn a_modem_that_was_reset() {
    let meddling = Meddling {
        commands: &["reset"],
        reasons: &["the modem restarted: ", "done   start the ipv4 session"],
        in_the_end: &[ONLINE, LTE, CONNECTED],
    };
    heals("heal::a_modem_that_was_reset", &meddling);
}
