//! Which service providers can ever be chosen: entries and prefixes that an earlier entry always takes.
//!
//! Warnings only. The rules of the choice itself are in `provider`; this file knows what follows from them.

use super::diagnostic::{Code, Finding};
use super::resolved::{ModemConfig, ServiceProvider, SimCondition};
use super::tree::{Node, Path};

/// Warns about every entry of the list (`nodes` are the same entries in the tree) that no SIM can choose.
pub(super) fn reach(modem: &ModemConfig, nodes: &[Node], path: &Path, findings: &mut Vec<Finding>) {
    let providers = &modem.service_providers;
    for (i, provider) in providers.iter().enumerate() {
        let Some(node) = nodes.get(i) else { continue };
        let path = path.index(i);
        let warn = |code, message: String| Finding::warning(code, node.at, message).path(&path);
        if let Some(condition) = provider.conditions.iter().find(|c| c.values().is_empty()) {
            let message =
                format!("can never be chosen: `{}` is empty, and an empty list fits no card", condition.key());
            findings.push(warn(Code::UnreachableProvider, message).hint("remove the key to fit every card"));
        } else if let Some(taken) = providers.iter().enumerate().find(|(j, p)| takes_all(p, *j, provider, i)) {
            let message = format!("can never be chosen: {} fits whenever it does, and comes first", label(taken));
            findings.push(warn(Code::UnreachableProvider, message));
        } else if let Some((prefix, taken)) = shadowed(&providers[..i], provider) {
            let message = format!("prefix {prefix} has no effect: {} takes it first", label(taken));
            findings.push(warn(Code::ShadowedPrefix, message).hint("list the longer prefixes before the shorter"));
        }
        let before = || {
            nodes
                .iter()
                .skip(i + 1)
                .zip(&providers[i + 1..])
                .find(|(n, p)| !p.is_catch_all() && n.at.source == node.at.source)
        };
        if provider.is_catch_all() && before().is_some() {
            let message = "has no conditions: it is tried after all entries that have some, though it is listed before"
                .to_owned();
            findings.push(warn(Code::CatchAllOrder, message).hint("list it last, so that the file reads as it works"));
        }
    }
}

/// Whether `first` fits every SIM that `second` fits and is tried before it.
fn takes_all(first: &ServiceProvider, i: usize, second: &ServiceProvider, j: usize) -> bool {
    let before = match (first.is_catch_all(), second.is_catch_all()) {
        (false, true) => true,
        (true, false) => false,
        _ => i < j,
    };
    before && first.conditions.iter().all(|c| always_holds(c) || second.conditions.iter().any(|d| implies(d, c)))
}

/// Every card that is read has an ICCID, so the empty prefix fits every card.
fn always_holds(condition: &SimCondition) -> bool {
    matches!(condition, SimCondition::IccidPrefixes(list) if list.iter().any(String::is_empty))
}

/// Whether every SIM that fulfils `narrow` fulfils `wide`.
fn implies(narrow: &SimCondition, wide: &SimCondition) -> bool {
    use SimCondition::{HomeNetworks, IccidPrefixes, ImsiPrefixes};
    match (narrow, wide) {
        (IccidPrefixes(n), IccidPrefixes(w))
        | (ImsiPrefixes(n) | HomeNetworks(n), ImsiPrefixes(w))
        | (HomeNetworks(n), HomeNetworks(w)) => n.iter().all(|n| w.iter().any(|w| n.starts_with(w))),
        _ => false,
    }
}

/// An ICCID prefix of `provider` that an earlier entry with no other condition always takes.
fn shadowed<'a>(
    earlier: &'a [ServiceProvider],
    provider: &'a ServiceProvider,
) -> Option<(&'a str, (usize, &'a ServiceProvider))> {
    let mine = provider.conditions.iter().find_map(iccid_prefixes)?;
    earlier.iter().enumerate().find_map(|taken| {
        let [condition] = taken.1.conditions.as_slice() else { return None };
        let theirs = iccid_prefixes(condition)?;
        let prefix = mine.iter().find(|m| theirs.iter().any(|t| m.starts_with(t)))?;
        Some((prefix.as_str(), taken))
    })
}

fn iccid_prefixes(condition: &SimCondition) -> Option<&Vec<String>> {
    match condition {
        SimCondition::IccidPrefixes(list) => Some(list),
        _ => None,
    }
}

fn label((i, provider): (usize, &ServiceProvider)) -> String {
    match &provider.name {
        Some(name) => format!("`{name}` ({})", provider.origin),
        None => format!("entry [{i}] ({})", provider.origin),
    }
}
