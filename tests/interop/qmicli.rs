//! `qmicli`, command by command: every one over a PTY, as if it were the device node, and over the socket of
//! `qmi-proxy`.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::offer::Offer;
use super::program::{Answer, Program, answer_of, program, until};
use super::stage::{Stage, play};

/// One thing to do, in order, and what must come of it.
enum Step {
    /// The command succeeds and says all of this.
    Says(&'static str, &'static [&'static str]),
    /// The command fails and says all of this.
    Fails(&'static str, &'static [&'static str]),
    /// The command says all of this sooner or later.
    Becomes(&'static str, &'static [&'static str]),
    /// The command goes on, says the first, is interrupted, and says the second.
    Interrupted(&'static str, &'static str, &'static str),
    /// This happens to the modem.
    Happens(&'static str),
}
use Step::{Becomes, Fails, Happens, Interrupted, Says};

const REGISTERED: &[&str] = &["Registration state: 'registered'", "PS: 'attached'"];
const SERVING: &str = "--nas-get-serving-system";
const DIAL: &str = "--wds-start-network=apn=internet,ip-type=4";

/// `{handle}` stands for the packet data handle that was last told.
const STEPS: &[Step] = &[
    Becomes(SERVING, REGISTERED),
    Says("--get-service-version-info", &["ctl (1.5)", "wds (1.67)", "dms (1.14)", "nas (1.25)", "uim (1.46)", "dsd ("]),
    // Who it is.
    Says("--dms-get-manufacturer", &["Manufacturer: 'wwan-sim'"]),
    Says("--dms-get-model", &["Model: 'SIM7000-QMI'"]),
    Says("--dms-get-ids", &["IMEI: '35", "IMEI SV: '01'"]),
    Says("--dms-get-revision", &["Revision: 'SIM-1.0 1 [Jan 01 2024 00:00:00]'"]),
    Says("--dms-get-capabilities", &["Networks: 'gsm, umts, lte'", "Max RX channel rate: '150000000'"]),
    Says("--dms-get-operating-mode", &["Mode: 'online'", "HW restricted: 'no'"]),
    Says("--dms-get-band-capabilities", &["LTE bands: '1, 3, 7, 20, 28'", "wcdma-2100"]),
    // Its card.
    Says("--dms-uim-get-pin-status", &["PIN1:", "Status: disabled", "Verify: 3", "Unblock: 10"]),
    Says("--dms-uim-get-iccid", &["ICCID: '894921"]),
    Says("--dms-uim-get-imsi", &["IMSI: '00101"]),
    Says("--uim-get-card-status", &["Card state: 'present'", "Application state: 'ready'", "'usim (2)'"]),
    Says("--uim-get-slot-status", &["1 physical slots found", "Slot status: active", "ICCID: 894921"]),
    Says("--uim-read-transparent=0x3F00,0x2FE2", &["SW1: '0x90'", "98:94:12"]),
    Says("--uim-read-transparent=0x3F00,0x7FFF,0x6F07", &["SW1: '0x90'", "08:09:10:10"]),
    Fails("--uim-read-transparent=0x3F00,0x7FFF,0x6FFE", &["SimFileNotFound"]),
    // Its PIN. Wrong ones cost tries, a right one gives them back.
    Says("--uim-set-pin-protection=PIN1,enable,1234", &["PIN protection updated"]),
    Says("--dms-uim-get-pin-status", &["Status: enabled-verified"]),
    Fails("--uim-verify-pin=PIN1,0000", &["IncorrectPin", "Retries left:", "Verify: 2", "Unblock: 10"]),
    Fails("--dms-uim-verify-pin=PIN,0000", &["IncorrectPin", "Verify: 1"]),
    Says("--uim-verify-pin=PIN1,1234", &["PIN verified successfully"]),
    Says("--dms-uim-get-pin-status", &["Verify: 3"]),
    Says("--uim-set-pin-protection=PIN1,disable,1234", &["PIN protection updated"]),
    // Its network.
    Says(SERVING, &["MCC: '1'", "MNC: '1'", "Description: 'Test 001-01'", "[0]: 'lte'", "Roaming status: 'off'"]),
    Says("--nas-get-system-info", &["LTE service:", "Status: 'available'", "Roaming status: 'off'", "MCC: '001'"]),
    Says("--nas-get-signal-info", &["LTE:", "RSSI: '-", "RSRQ: '-10 dB'", "RSRP: '-", "SNR: '"]),
    Says("--nas-get-signal-strength", &["Network 'lte': '-", "RSRQ:", "SNR:", "RSRP:"]),
    Says("--nas-get-home-network", &["MCC: '1'", "Description: 'wwan test'"]),
    Says("--nas-get-rf-band-info", &["Radio Interface:   'lte'", "Active Band Class: 'eutran-3'", "'1300'"]),
    Says("--nas-get-cell-location-info", &["Intrafrequency LTE Info", "PLMN: '00101'", "EUTRA Absolute RF Channel"]),
    Says("--nas-network-scan", &["'current-serving, home, not-forbidden'", "Test 001-02", "RAT: 'lte'", "success"]),
    Says("--nas-get-system-selection-preference", &["Mode preference: 'gsm, umts, lte'", "preference: 'automatic'"]),
    Says("--nas-set-system-selection-preference=lte|5gnr", &["set successfully"]),
    Says("--nas-get-system-selection-preference", &["Mode preference: 'lte'"]),
    Fails("--nas-set-system-selection-preference=5gnr", &["InvalidArgument"]),
    Happens("coverage on=false"),
    Becomes(SERVING, &["'not-registered-searching'", "PS: 'detached'"]),
    Fails("--nas-get-signal-strength", &["InformationUnavailable"]),
    Says("--dsd-get-system-status", &["No available data system"]),
    Happens("coverage on=true"),
    Happens("deny cause=11"),
    Becomes(SERVING, &["Registration state: 'registration-denied'"]),
    Happens("admit"),
    Happens("roaming on=true"),
    Becomes(SERVING, &["Registration state: 'registered'", "PS: 'attached'", "MNC: '2'", "Roaming status: 'on'"]),
    Happens("roaming on=false"),
    Becomes(SERVING, &["Registration state: 'registered'", "PS: 'attached'", "Roaming status: 'off'"]),
    // Its data path.
    Says("--wda-get-data-format", &["Link layer protocol: 'raw-ip'", "QoS flow header: no"]),
    Says("--dsd-get-system-status", &["Network type: '3gpp'", "RAT: '3gpp-lte'"]),
    Says("--wds-get-profile-list=3gpp", &["[1] 3gpp", "PDP type: 'ipv4-or-ipv6'"]),
    Says("--wds-get-lte-attach-parameters", &["APN: internet", "IP support type: ipv4v6", "OTA attach performed: yes"]),
    // A session, made and ended by programs that pass one client id on.
    Fails("--wds-get-current-settings", &["OutOfCall"]),
    Says("--wds-start-network=apn=internet,ip-type=4 --client-no-release-cid", &["Packet data handle: '", "CID: '1'"]),
    Says("--wds-get-packet-service-status --client-cid=1 --client-no-release-cid", &["'connected'"]),
    Says(
        "--wds-get-current-settings --client-cid=1 --client-no-release-cid",
        &[
            "IP Family: IPv4",
            "IPv4 address: 10.",
            "subnet mask: 255.255.255.252",
            "primary DNS: 10.64.0.1",
            "MTU: 1430",
        ],
    ),
    Says("--wds-get-packet-statistics --client-cid=1 --client-no-release-cid", &["TX packets OK:", "RX bytes OK:"]),
    Fails("--wds-start-network=apn=internet,ip-type=4", &["NoEffect"]),
    Fails("--wds-stop-network=12345 --client-cid=1 --client-no-release-cid", &["InvalidHandle"]),
    Says("--wds-stop-network={handle} --client-cid=1", &["Network stopped"]),
    Says("--wds-get-packet-service-status", &["'disconnected'"]),
    Fails("--wds-get-packet-service-status --client-cid=1", &["InvalidClientId"]),
    // Sessions that do not come up.
    Happens("refuse-apn apn=bad.apn cause=33"),
    Fails(
        "--wds-start-network=apn=bad.apn,ip-type=4",
        &["CallFailed", "verbose call end reason (6,33): [3gpp] option-unsubscribed"],
    ),
    Happens("low-power"),
    Fails(DIAL, &["call end reason"]),
    Says("--dms-set-operating-mode=online", &["Operating mode set successfully"]),
    Becomes(SERVING, REGISTERED),
    // A session that a program watches until it is interrupted, and one that the network ends.
    Interrupted(
        "--wds-start-network=apn=internet,ip-type=4 --wds-follow-network",
        "Ctrl+C will stop the network",
        "Network cancelled... releasing resources",
    ),
    Says("--wds-get-packet-service-status", &["'disconnected'"]),
    Says("--wds-start-network=apn=internet,ip-type=6 --client-no-release-cid", &["Packet data handle: '", "CID: '1'"]),
    Says("--wds-get-current-settings --client-cid=1 --client-no-release-cid", &["IP Family: IPv6", "2001:db8:", "/64"]),
    Happens("drop-session cause=36"),
    Says("--wds-get-packet-service-status --client-cid=1", &["'disconnected'"]),
    // What the modem does not have.
    Fails("--voice-get-config=auto-answer", &["couldn't create client for the 'voice' service", "InvalidServiceType"]),
    // The way to a reset leads over offline.
    Fails("--dms-set-operating-mode=reset", &["InvalidTransition"]),
    Says("--dms-set-operating-mode=offline", &["Operating mode set successfully"]),
    Fails("--dms-set-operating-mode=online", &["InvalidTransition"]),
    Says("--dms-set-operating-mode=reset", &["Operating mode set successfully"]),
];

/// How `qmicli` is led to the modem.
struct Way<'a> {
    options: Vec<&'a str>,
    dir: &'a Path,
}

impl Way<'_> {
    fn command(&self, words: &str) -> Command {
        let mut command = program("qmicli");
        command.args(["--silent", "--device-open-qmi"]).args(&self.options).args(words.split(' '));
        command
    }

    fn ask(&self, words: &str) -> Answer {
        answer_of(&mut self.command(words))
    }
}

fn walk(way: &Way<'_>, offer: &Offer) {
    let mut handle = String::new();
    for step in STEPS {
        match step {
            Says(words, says) => {
                let answer = way.ask(&words.replace("{handle}", &handle));
                assert!(answer.is_ok() && lacks(&answer, says).is_none(), "{words}: {answer:#?}\nnot {says:?}");
                if let Some(told) = answer.out.split("Packet data handle: '").nth(1) {
                    handle = told.split('\'').next().unwrap().to_owned();
                }
            }
            Fails(words, says) => {
                let answer = way.ask(words);
                assert!(answer.exit == Some(1) && lacks(&answer, says).is_none(), "{words}: {answer:#?}\nnot {says:?}");
            }
            Becomes(words, says) => until(words, || {
                let answer = way.ask(words);
                lacks(&answer, says).map_or(Ok(()), |lacking| Err(format!("{answer:#?}\nlacks {lacking:?}")))
            }),
            Interrupted(words, before, after) => {
                let mut qmicli = Program::start(way.dir, "qmicli", &mut way.command(words));
                qmicli.until_it_says(before);
                qmicli.signal(Signal::INT);
                qmicli.until_it_says(after);
                qmicli.ended();
            }
            Happens(what) => drop(offer.disturb(what)),
        }
    }
    offer.until_appeared(2);
}

/// The first of these that was not said.
fn lacks<'a>(answer: &Answer, says: &[&'a str]) -> Option<&'a str> {
    let all = answer.all();
    says.iter().find(|text| !all.contains(**text)).copied()
}

#[test]
fn every_command_over_a_pty() {
    play("qmicli::every_command_over_a_pty", Stage::Network, &["qmicli"], |dir| {
        let node = dir.join("cdc-wdm0").display().to_string();
        let offer = Offer::new(dir, &[format!("pty:{node}")]);
        walk(&Way { options: vec!["-d", &node], dir }, &offer);
        offer.end();
    });
}

#[test]
fn every_command_over_the_socket_of_qmi_proxy() {
    play("qmicli::every_command_over_the_socket_of_qmi_proxy", Stage::Network, &["qmicli"], |dir| {
        let offer = Offer::new(dir, &["qmi-proxy".to_owned()]);
        // Any device node will do: the modem that answers is the one behind the socket.
        walk(&Way { options: vec!["-p", "-d", "/dev/null"], dir }, &offer);
        offer.end();
    });
}
