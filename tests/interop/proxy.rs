//! Our daemon through the real `qmi-proxy`, which knows every message of QMI by its own tables and writes down what it
//! read: an independent reader of all that our client sends and of all that the simulated modem answers.

use super::gateway::{Gateway, NEEDS};
use super::stage::{Stage, play};

/// What the daemon must have sent on its way from nothing to online.
const SENT: &[&str] = &[
    "Allocate CID",
    "Get Card Status",
    "Get Current Settings",
    "Get Data Format",
    "Get IDs",
    "Get Operating Mode",
    "Get Packet Service Status",
    "Get Serving System",
    "Get System Selection Preference",
    "Get Version Info",
    "Read Transparent",
    "Register Events",
    "Register Indications",
    "Set Event Report",
    "Set IP Family",
    "Set System Selection Preference",
    "Start Network",
];

/// What newer proxies know: with a name from libqmi 1.36 on, by number in the one before.
const NEWER: &[&str] = &["(0x007d)"];

/// One message as the proxy wrote it down.
struct Message<'a> {
    name: &'a str,
    sent: bool,
    tlvs: usize,
    understood: usize,
}

fn messages(log: &str) -> Vec<Message<'_>> {
    let blocks = log.split("] [Debug] ").filter(|block| block.contains("(translated)..."));
    blocks
        .map(|block| {
            let count = |what: &str| block.lines().filter(|line| line.contains(what)).count();
            let name = block.lines().find_map(|line| line.split_once("  message     = ")).map(|(_, name)| name.trim());
            // A message that the proxy knows has a name in quotes before its number.
            let name = name.map(|name| name.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(name));
            let first = block.lines().next().unwrap_or_default();
            Message {
                name: name.unwrap_or("no name"),
                sent: first.contains("sent"),
                tlvs: count("  type       = "),
                understood: count("  translated = "),
            }
        })
        .collect()
}

#[test]
fn qmi_6_the_daemon_converges_and_the_proxy_understands_every_byte() {
    play("proxy::qmi_6_the_daemon_converges_and_the_proxy_understands_every_byte", Stage::Machine, NEEDS, |dir| {
        let modem = ["only_radio_technologies: [lte]", "service_providers: [{ apn: internet }]"];
        let mut gateway = Gateway::new(dir, &modem);
        gateway.until_converged();
        let status = gateway.ask("status").good().out;
        assert!(
            status.contains("ONLINE") && status.contains("apn internet") && status.contains("00101 home"),
            "{status}"
        );

        let log = gateway.end();
        let messages = messages(&log);
        let sent: Vec<&Message<'_>> = messages.iter().filter(|message| message.sent).collect();
        for name in SENT {
            assert!(sent.iter().any(|message| message.name == *name), "{name} was not sent");
        }
        // No name and no translation: the proxy has never heard of such a thing, so we made it up.
        for Message { name, sent, tlvs, understood } in messages.iter().filter(|m| !NEWER.contains(&m.name)) {
            let way = if *sent { "sent" } else { "received" };
            assert!(
                !name.starts_with("(0x") && *name != "no name" && tlvs == understood,
                "{way} {name}: {understood} of {tlvs} TLVs understood"
            );
        }
    });
}
