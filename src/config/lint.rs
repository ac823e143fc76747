//! What the schema cannot see: demands on the whole, and settings that are legal but hardly meant.
//!
//! [`structure`] finds errors in the merged tree even where the schema has complaints of its own; [`meaning`] finds
//! warnings in a configuration that is valid.

use std::collections::BTreeMap;

use super::control::ControlPort;
use super::diagnostic::{Code, Finding};
use super::judge::Merged;
use super::network::RESERVED_TABLES;
use super::resolved::{Config, Match, ModemConfig};
use super::show::is_yaml_word;
use super::tree::{Entry, Kind, Mark, Node, Path};
use super::types::SECRET_KEYS;
use crate::model::plugin::PROPERTIES;

/// Shown with every complaint about a missing provider (seed CFG-1: the message has an example).
const PROVIDER_EXAMPLE: &str = "for example: `service_providers: [{ apn: internet }]`";

/// Errors in the merged document and in its modems, `defaults` already under them.
pub(super) fn structure(document: &Node, modems: &[Entry]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = Path::default().key("modems");
    let is_map = matches!(document.kind, Kind::Map(_));
    if is_map && is_empty_map(document.child("modems")) && !allows_empty(document) {
        let (_, at) = document.find(&root).unwrap_or((document, Mark::start_of(document.at.source)));
        let finding = Finding::error(Code::NoModem, at, "empty desired state: there is no modem");
        findings.push(finding.path(&root).hint("if that is meant, say `allow_empty: true`"));
    }
    for modem in modems {
        let path = root.key(&modem.key);
        if modem.key == PROPERTIES {
            let message = "`plugin` is where the properties of plugins are, not those of a modem";
            findings.push(
                Finding::error(Code::InvalidValue, modem.key_at, message).path(&path).hint("rename the interface"),
            );
        }
        providers(document, modem, &path, &mut findings);
        routing(modem, &path.key("ip"), &mut findings);
        programs(modem, &path.key("power"), &mut findings);
    }
    pins(document, &Path::default(), &mut findings);
    unique_plugins(document, &mut findings);
    findings
}

fn is_empty_map(modems: Option<&Node>) -> bool {
    modems.is_none_or(|m| matches!(&m.kind, Kind::Map(entries) if entries.is_empty()))
}

fn allows_empty(document: &Node) -> bool {
    document.child("allow_empty").is_some_and(|n| matches!(n.kind, Kind::Bool(true)))
}

fn providers(document: &Node, modem: &Entry, path: &Path, findings: &mut Vec<Finding>) {
    let path = path.key("service_providers");
    let Some(list) = modem.value.child("service_providers") else {
        let finding = Finding::error(Code::NoServiceProvider, modem.key_at, "at least one service provider is needed");
        findings.push(finding.path(&path).hint(PROVIDER_EXAMPLE));
        return;
    };
    let Kind::List(items) = &list.kind else { return };
    if items.is_empty() {
        let finding = Finding::error(Code::NoServiceProvider, list.at, "at least one service provider is needed");
        findings.push(finding.path(&path).hint(PROVIDER_EXAMPLE));
    }
    let mut names: BTreeMap<&str, Mark> = BTreeMap::new();
    for (i, item) in items.iter().enumerate() {
        let path = written_at(document, item).unwrap_or_else(|| path.index(i));
        let Kind::Map(_) = item.kind else { continue };
        match (item.child("apn"), item.entry("lookup")) {
            (None, None) => {
                let finding = Finding::error(Code::MissingKey, item.at, "`apn` is missing").path(&path);
                push_once(findings, finding.hint("add `apn: …`; `network-default` asks for the network's own"));
            }
            (Some(_), Some(lookup)) => {
                let message = "`apn` and `lookup` exclude each other";
                let finding = Finding::error(Code::InvalidValue, lookup.key_at, message).path(&path.key("lookup"));
                push_once(findings, finding.hint("keep one; `apn: null` takes back what a lower layer says"));
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        let Some(name) = item.child("name") else { continue };
        let Some(text) = name.text() else { continue };
        if let Some(first) = names.insert(text, name.at) {
            let message = format!("`{text}` is already the name of the entry on line {}", first.line);
            push_once(findings, Finding::error(Code::DuplicateName, name.at, message).path(&path.key("name")));
        }
    }
}

/// Two plugins of one name could not be told apart by anybody.
fn unique_plugins(document: &Node, findings: &mut Vec<Finding>) {
    let path = Path::default().key("plugins");
    let mut names: BTreeMap<&str, Mark> = BTreeMap::new();
    for (i, item) in document.child("plugins").map(Node::items).unwrap_or_default().iter().enumerate() {
        let Some((name, text)) = item.child("name").and_then(|name| Some((name, name.text()?))) else { continue };
        if let Some(first) = names.insert(text, name.at) {
            let message = format!("`{text}` is already the name of the plugin on line {}", first.line);
            findings.push(Finding::error(Code::DuplicateName, name.at, message).path(&path.index(i).key("name")));
        }
    }
}

/// A table that is somebody else's, and two places for the routes.
fn routing(modem: &Entry, path: &Path, findings: &mut Vec<Finding>) {
    let Some(ip) = modem.value.child("ip") else { return };
    let Some(table) = ip.entry("table") else { return };
    if let Kind::Number(number) = &table.value.kind
        && number.as_u64().is_some_and(|n| RESERVED_TABLES.contains(&n))
    {
        let message = "253 to 255 are the tables that everybody uses";
        let finding = Finding::error(Code::InvalidValue, table.value.at, message).path(&path.key("table"));
        push_once(findings, finding.hint("leave `table` out for the main table, or take a number of your own"));
    }
    if let Some(vrf) = ip.entry("vrf") {
        let message = "`table` and `vrf` exclude each other: a VRF has its table";
        let finding = Finding::error(Code::InvalidValue, vrf.key_at, message).path(&path.key("vrf"));
        push_once(findings, finding.hint("keep one; `table: null` takes back what a lower layer says"));
    }
}

/// Programs are run without a shell, and by a service manager that has a search path of its own.
fn programs(modem: &Entry, path: &Path, findings: &mut Vec<Finding>) {
    let Some(power) = modem.value.child("power") else { return };
    for key in ["switch_on", "switch_off", "shut_down"] {
        let first = power.child(key).and_then(|words| words.items().first());
        if let Some(program) = first.filter(|program| program.text().is_some_and(|text| !text.starts_with('/'))) {
            let message = "a program is named by its path from the root";
            let finding = Finding::error(Code::InvalidValue, program.at, message).path(&path.key(key).index(0));
            push_once(findings, finding.hint("for example: `[\"/usr/bin/gpioset\", \"…\"]`"));
        }
    }
}

/// The path under which an entry is written: those of `defaults` are met in every modem and belong to none.
fn written_at(document: &Node, item: &Node) -> Option<Path> {
    let path = Path::default().key("defaults").key("service_providers");
    let (list, _) = document.find(&path)?;
    let index = list.items().iter().position(|n| n.at == item.at)?;
    Some(path.index(index))
}

fn push_once(findings: &mut Vec<Finding>, finding: Finding) {
    if findings.iter().all(|f| f.at != finding.at || f.code != finding.code) {
        findings.push(finding);
    }
}

fn pins(node: &Node, path: &Path, findings: &mut Vec<Finding>) {
    for entry in node.entries() {
        let path = path.key(&entry.key);
        let is_pin = |t: &str| (4..=8).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if entry.key == "pin" && entry.value.text().is_some_and(|t| !is_pin(t)) {
            let message = "a PIN has 4 to 8 digits (3GPP TS 31.101 clause 9.5.1)";
            findings.push(Finding::error(Code::InvalidValue, entry.value.at, message).path(&path));
        }
        pins(&entry.value, &path, findings);
    }
}

/// What is odd about a valid configuration; the one error among it is two modems that claim the same hardware.
pub(super) fn meaning(valid: &Merged<'_>, config: &Config) -> Vec<Finding> {
    let root = Path::default().key("modems");
    let mut findings = unreachable(valid, config, &root);
    same_hardware(valid, config, &root, &mut findings);
    same_switch(valid, config, &root, &mut findings);
    untold_hostname(valid, &root, &mut findings);
    walk(valid, &valid.document, &Path::default(), &mut findings);
    findings
}

/// Entries that never take effect. One that `defaults` gives to several modems is odd only if that holds in each of them:
/// that one modem has its own is what `defaults` are for.
fn unreachable(valid: &Merged<'_>, config: &Config, root: &Path) -> Vec<Finding> {
    let mut uses: BTreeMap<Mark, usize> = BTreeMap::new();
    let mut odd: BTreeMap<(Mark, Code), (usize, Finding)> = BTreeMap::new();
    for entry in &valid.modems {
        let Some(modem) = config.modems.get(&entry.key.as_str().into()) else { continue };
        let nodes = entry.value.child("service_providers").map(Node::items).unwrap_or_default();
        for node in nodes {
            *uses.entry(node.at).or_default() += 1;
        }
        let path = root.key(&entry.key).key("service_providers");
        for (i, finding) in super::shadowed::shadowed_entries(modem, nodes) {
            let path = written_at(&valid.document, &nodes[i]).unwrap_or_else(|| path.index(i));
            let key = (finding.at, finding.code);
            odd.entry(key).or_insert_with(|| (0, finding.path(&path))).0 += 1;
        }
    }
    odd.retain(|(at, _), (times, _)| uses.get(at) == Some(times));
    odd.into_values().map(|(_, finding)| finding).collect()
}

/// Two modems that name the same hardware would fight over it.
fn same_hardware(valid: &Merged<'_>, config: &Config, path: &Path, findings: &mut Vec<Finding>) {
    let claims = |e: &Entry| config.modems.get(&e.key.as_str().into()).map(claim);
    for (i, entry) in valid.modems.iter().enumerate() {
        let Some(mine) = claims(entry) else { continue };
        let earlier = &valid.modems[..i];
        let Some(other) = earlier.iter().find(|e| claims(e).is_some_and(|c| collide(&c, &mine))) else { continue };
        let message = format!("claims the same hardware as `{}` on line {}", other.key, other.key_at.line);
        findings.push(Finding::error(Code::SameHardware, entry.key_at, message).path(&path.key(&entry.key)));
    }
}

/// One switch for two modems may be how the board is made, but a cycle of one is a cycle of both.
fn same_switch(valid: &Merged<'_>, config: &Config, path: &Path, findings: &mut Vec<Finding>) {
    let switch = |e: &Entry| config.modems.get(&e.key.as_str().into()).and_then(|modem| modem.power.switch());
    for (i, entry) in valid.modems.iter().enumerate() {
        let Some(mine) = switch(entry).filter(|switch| switch.is_one_place()) else { continue };
        let Some(other) = valid.modems[..i].iter().find(|e| switch(e) == Some(mine)) else { continue };
        let message = format!("switches the same power as `{}` on line {}", other.key, other.key_at.line);
        let finding = Finding::warning(Code::SameSwitch, entry.key_at, message).path(&path.key(&entry.key));
        findings.push(finding.hint("when recovery cycles the power of one, the other goes offline too"));
    }
}

/// A name that nobody is told. Where `defaults` gives it, it is for the modems that use DHCP, if one does.
fn untold_hostname(valid: &Merged<'_>, path: &Path, findings: &mut Vec<Finding>) {
    let dhcp = |ip: &Node| ip.child("method").and_then(Node::text) == Some("dhcp");
    let names = |modem: &Entry| Some((modem.key.clone(), modem.value.child("ip")?.clone()));
    let modems: Vec<(String, Node)> = valid.modems.iter().filter_map(names).collect();
    let told: Vec<Mark> =
        modems.iter().filter(|(_, ip)| dhcp(ip)).filter_map(|(_, ip)| Some(ip.entry("hostname")?.key_at)).collect();
    for (modem, ip) in &modems {
        let Some(name) = ip.entry("hostname").filter(|name| !told.contains(&name.key_at)) else { continue };
        let message = "nobody is told this name: it is for a DHCP server";
        let path = path.key(modem).key("ip").key("hostname");
        let finding = Finding::warning(Code::NoEffect, name.key_at, message).path(&path);
        push_once(findings, finding.hint("add `method: dhcp`, or leave `hostname` out"));
    }
}

fn claim(modem: &ModemConfig) -> (&Match, &ControlPort) {
    (&modem.matching, &modem.control)
}

fn collide(a: &(&Match, &ControlPort), b: &(&Match, &ControlPort)) -> bool {
    let same_match = a.0 == b.0 && *a.0 != Match::default();
    same_match || a.1.address().is_some_and(|address| b.1.address() == Some(address))
}

/// Values that are legal as they stand, but stand badly: readable secrets, and texts without the quotes they need elsewhere.
fn walk(valid: &Merged<'_>, node: &Node, path: &Path, findings: &mut Vec<Finding>) {
    for entry in node.entries() {
        let path = path.key(&entry.key);
        let readable = valid.sources.get(entry.value.at.source).is_some_and(|s| s.world_readable);
        if SECRET_KEYS.contains(&entry.key.as_str()) && entry.value.text().is_some() && readable {
            let message = "every user of this system can read this secret";
            let finding = Finding::warning(Code::ReadableSecret, entry.value.at, message).path(&path);
            push_once(findings, finding.hint("chmod 600 the file, or write `{ credential: … }` or `{ file: … }`"));
        }
        walk(valid, &entry.value, &path, findings);
    }
    for (i, item) in node.items().iter().enumerate() {
        walk(valid, item, &path.index(i), findings);
    }
    if let Some(text) = node.text().filter(|t| misread(t)) {
        let source = valid.texts.get(node.at.source).copied().unwrap_or_default();
        let bare = source.get(node.at.start..node.at.end).is_some_and(|written| written.trim() == text);
        if bare {
            let message = "without quotes other YAML tools read this as a number or a boolean";
            let finding = Finding::warning(Code::UnquotedText, node.at, message).path(path);
            push_once(findings, finding.hint("quote it, so that a tool that rewrites the file keeps it"));
        }
    }
}

/// Whether YAML 1.1 (`PyYAML`, and so Ansible) takes the bare text for something else: `0123` for 83, `12:30` for 750.
fn misread(text: &str) -> bool {
    let is_number =
        |t: &str| t.starts_with(|c: char| c.is_ascii_digit()) && t.bytes().all(|b| b == b'_' || b.is_ascii_digit());
    let mut groups = text.split(':');
    let numeric = groups.next().is_some_and(is_number) && groups.all(|g| g.parse::<u8>().is_ok_and(|n| n < 60));
    numeric || is_yaml_word(text)
}
