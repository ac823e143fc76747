//! Layers → one tree; `defaults` → under every modem. Every value keeps the place where it was written.
//!
//! Maps merge, scalars and lists replace, `null` says "as if nobody had set it". Two exceptions: `service_providers`
//! and `plugins` merge by `name`, and the maps of [`WHOLE_KEYS`] are replaced as one value. Nothing here knows whether a key is legal.

use super::tree::{Entry, Kind, Mark, Node, Path};
use super::types::WHOLE_KEYS;

/// Lists whose entries have a name, by which other layers mean them.
const NAMED_LISTS: [&str; 2] = ["service_providers", "plugins"];

/// Merges the trees of all files, low to high. A `null` stays in the result: `defaults` may still be under it.
pub(super) fn layers(trees: Vec<Node>) -> Node {
    let nothing = Node { kind: Kind::Map(Vec::new()), at: Mark::start_of(0) };
    trees.into_iter().reduce(|low, high| over(low, high, "")).unwrap_or(nothing)
}

/// What every modem shall do once `defaults` is merged under it, in the order of the files; only those that are maps.
pub(super) fn modems(merged: &Node) -> Vec<Entry> {
    let defaults = merged.child("defaults").filter(|d| matches!(d.kind, Kind::Map(_)));
    let entries = merged.child("modems").map(Node::entries).unwrap_or_default();
    let own = entries.iter().filter(|e| matches!(e.value.kind, Kind::Map(_)));
    own.map(|entry| {
        let value = match defaults {
            Some(defaults) => over(defaults.clone(), entry.value.clone(), &entry.key),
            None => entry.value.clone(),
        };
        Entry { value: live(value), ..entry.clone() }
    })
    .collect()
}

/// The tree without the `null`s of its maps: what remains once every layer has spoken.
pub(super) fn live(node: Node) -> Node {
    let kind = match node.kind {
        Kind::Map(entries) => {
            let kept = entries.into_iter().filter(|e| !matches!(e.value.kind, Kind::Null));
            Kind::Map(kept.map(|e| Entry { value: live(e.value), ..e }).collect())
        }
        Kind::List(items) => Kind::List(items.into_iter().map(live).collect()),
        other => other,
    };
    Node { kind, at: node.at }
}

/// Every key that is `null`, with its place: a key that the grammar does not have is an error even so.
pub(super) fn nulls(node: &Node, path: &Path, found: &mut Vec<(Path, Mark)>) {
    for entry in node.entries() {
        let path = path.key(&entry.key);
        match entry.value.kind {
            Kind::Null => found.push((path, entry.key_at)),
            _ => nulls(&entry.value, &path, found),
        }
    }
    for (i, item) in node.items().iter().enumerate() {
        nulls(item, &path.index(i), found);
    }
}

fn over(low: Node, high: Node, key: &str) -> Node {
    let kind = match (low.kind, high.kind) {
        (Kind::Map(low), Kind::Map(high)) if !WHOLE_KEYS.contains(&key) => Kind::Map(maps(low, high)),
        (Kind::List(low), Kind::List(high)) if NAMED_LISTS.contains(&key) => Kind::List(by_name(low, high)),
        (_, high) => high,
    };
    Node { kind, at: high.at }
}

fn maps(mut entries: Vec<Entry>, high: Vec<Entry>) -> Vec<Entry> {
    for entry in high {
        match entries.iter().position(|e| e.key == entry.key) {
            Some(i) => {
                let low = entries.remove(i);
                let value = over(low.value, entry.value, &entry.key);
                entries.insert(i, Entry { value, ..entry });
            }
            None => entries.push(entry),
        }
    }
    entries
}

/// Entries that both lists name are merged in the lower list's place. The higher list's other entries come first, so
/// that they win. Entries without a name cannot be meant by another layer: those of the lower list are replaced.
fn by_name(low: Vec<Node>, high: Vec<Node>) -> Vec<Node> {
    let mut kept: Vec<Node> = low.into_iter().filter(|n| name(n).is_some()).collect();
    let mut first = Vec::new();
    for entry in high {
        match kept.iter().position(|k| name(&entry).is_some() && name(k) == name(&entry)) {
            Some(i) => {
                let low = kept.remove(i);
                kept.insert(i, over(low, entry, ""));
            }
            None => first.push(entry),
        }
    }
    first.extend(kept);
    first
}

fn name(provider: &Node) -> Option<&str> {
    provider.child("name")?.text()
}
