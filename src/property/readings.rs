//! What several entries of the catalogue read.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::signal::{Overall, overall};
use super::{Value, View};
use crate::model::telemetry::{LteSignal, Neighbour, NrSignal, UmtsSignal};
use crate::model::{AccessTechnologies, AccessTechnology, Fact, IpFamily};

/// A text; an empty one is none.
pub(super) fn word(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::Text(text.to_owned()))
}

pub(super) fn address(address: Ipv4Addr) -> Option<Value> {
    Some(Value::Text(address.to_string()))
}

/// Addresses in order; no list for none.
pub(super) fn addresses(list: &[Ipv4Addr]) -> Option<Value> {
    (!list.is_empty()).then(|| Value::List(list.iter().map(Ipv4Addr::to_string).collect()))
}

pub(super) fn number(value: impl Into<i64>) -> Option<Value> {
    Some(Value::Integer(value.into()))
}

pub(super) fn count(value: u64) -> Option<Value> {
    Some(Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
}

pub(super) fn technologies(set: AccessTechnologies) -> Option<Value> {
    word(&set.iter().map(AccessTechnology::name).collect::<Vec<_>>().join(" "))
}

pub(super) fn data_technology(set: AccessTechnologies) -> Option<Value> {
    let has = |technology| set.contains(technology);
    match (has(AccessTechnology::Nr5g), has(AccessTechnology::Lte)) {
        (true, true) => word("5g_nsa"),
        (true, false) => word("5g_sa"),
        (false, true) => word("lte"),
        (false, false) => word(set.iter().last()?.name()),
    }
}

pub(super) fn lte(view: View<'_>) -> Option<LteSignal> {
    view.signal()?.lte
}

pub(super) fn nr5g(view: View<'_>) -> Option<NrSignal> {
    view.signal()?.nr5g
}

pub(super) fn umts(view: View<'_>) -> Option<UmtsSignal> {
    view.signal()?.umts
}

pub(super) fn heard(view: View<'_>) -> Option<Overall> {
    view.signal().map(overall)
}

pub(super) fn cid(view: View<'_>) -> Option<u32> {
    view.location().cid.or_else(|| view.system()?.cell_id)
}

pub(super) fn std_offset(view: View<'_>) -> Option<i16> {
    Some(i16::from(view.network_time()?.daylight_hours?) * 3600)
}

pub(super) fn neighbour(cell: &Neighbour) -> String {
    let Neighbour { technology, channel, physical_id, power_tenth_dbm: power, quality_tenth_db: quality } = *cell;
    let (power, quality) = (f64::from(power) / 10.0, f64::from(quality) / 10.0);
    format!("{technology} channel {channel} cell {physical_id} {power:.1} dBm {quality:.1} dB")
}

/// Whether the counters of a live session are known.
pub(super) fn is_counted(view: View<'_>) -> bool {
    statistics(view).is_some()
}

pub(super) fn statistics(view: View<'_>) -> Option<Value> {
    let mut sum = BTreeMap::new();
    for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
        let fresh = |at| view.now < at + Fact::statistics(family).max_age();
        let Some(seen) = view.observed.statistics(family).filter(|seen| fresh(seen.at)) else { continue };
        for (name, value) in seen.value.named() {
            let value = i64::try_from(value.unwrap_or(0)).unwrap_or(i64::MAX);
            let total: &mut i64 = sum.entry(name.to_owned()).or_default();
            *total = total.saturating_add(value);
        }
        let told_at = i64::try_from(seen.at.as_millis()).unwrap_or(i64::MAX);
        let timestamp: &mut i64 = sum.entry("timestamp".to_owned()).or_default();
        *timestamp = told_at.max(*timestamp);
    }
    (!sum.is_empty()).then_some(Value::Map(sum))
}
