//! Which service providers can ever be chosen: entries and prefixes that an earlier entry always takes.
//!
//! Warnings only. The rules of the choice itself are in `provider`; this file knows what follows from them.

use super::diagnostic::{Code, Finding};
use super::resolved::{ModemConfig, ServiceProvider, SimCondition};
use super::tree::Node;

/// Warns about every entry of the list that no SIM can choose; `nodes` are the same entries in the tree.
pub(super) fn shadowed_entries(modem: &ModemConfig, nodes: &[Node]) -> Vec<(usize, Finding)> {
    let providers = &modem.service_providers;
    let mut findings = Vec::new();
    for (i, (provider, node)) in providers.iter().zip(nodes).enumerate() {
        if let Some((code, message, hint)) = fault(providers, i) {
            findings.push((i, Finding::warning(code, node.at, message).hint(hint)));
        }
        // An entry of a lower layer comes later in the list, but nobody wrote it there.
        let below = |n: &Node| n.at.source == node.at.source && n.at.start > node.at.start;
        let mut later = providers.iter().zip(nodes).skip(i + 1).filter(|(_, n)| below(n));
        if provider.is_catch_all() && later.any(|(p, _)| !p.is_catch_all()) {
            let message = "has no conditions: it is tried after all entries that have some, though it is listed before";
            let finding = Finding::warning(Code::CatchAllOrder, node.at, message);
            findings.push((i, finding.hint("list it last, so that the file reads as it works")));
        }
    }
    findings
}

/// Why an entry, or one of its prefixes, never takes effect, and what to do.
fn fault(providers: &[ServiceProvider], i: usize) -> Option<(Code, String, &'static str)> {
    let provider = &providers[i];
    if let Some(condition) = provider.conditions.iter().find(|c| c.values().is_empty()) {
        let message = format!("can never be chosen: `{}` is empty, and an empty list fits no card", condition.key());
        return Some((Code::UnreachableProvider, message, "remove the key to fit every card"));
    }
    if let Some(taken) = providers.iter().enumerate().find(|(j, p)| takes_all(p, *j, provider, i)) {
        let message = format!("can never be chosen: {} fits whenever it does, and comes first", label(taken));
        return Some((Code::UnreachableProvider, message, "list it before that one, or remove it"));
    }
    let (prefix, taken) = shadowed(&providers[..i], provider)?;
    let message = format!("prefix {prefix} has no effect: {} takes it first", label(taken));
    Some((Code::ShadowedPrefix, message, "list the longer prefixes before the shorter"))
}

/// Whether `first` fits every SIM that `second` fits and is tried before it.
fn takes_all(first: &ServiceProvider, i: usize, second: &ServiceProvider, j: usize) -> bool {
    // Whether a database knows a card's network is not known here.
    if first.named_apn().is_none() {
        return false;
    }
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
    use SimCondition::{Gid1Prefixes, HomeNetworks, IccidPrefixes, ImsiPrefixes, Labels, ServiceProviderNames};
    match (narrow, wide) {
        (IccidPrefixes(n), IccidPrefixes(w))
        | (Gid1Prefixes(n), Gid1Prefixes(w))
        | (ImsiPrefixes(n) | HomeNetworks(n), ImsiPrefixes(w)) => n.iter().all(|n| w.iter().any(|w| n.starts_with(w))),
        // Of 31026 and 310260 a card that says how long its network code is fits one.
        (HomeNetworks(n), HomeNetworks(w)) | (Labels { any_of: n, .. }, Labels { any_of: w, .. }) => {
            n.iter().all(|n| w.contains(n))
        }
        (ServiceProviderNames(n), ServiceProviderNames(w)) => {
            n.iter().all(|n| w.iter().any(|w| w.eq_ignore_ascii_case(n)))
        }
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
        let ([condition], Some(_)) = (taken.1.conditions.as_slice(), taken.1.named_apn()) else { return None };
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
