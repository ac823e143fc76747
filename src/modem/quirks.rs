//! What some modems need done differently, by model and firmware. A new quirk is a line here and a line where it acts.

use crate::model::Device;

/// Deviations from what most modems accept.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Quirks {
    /// Refuses a selection preference that says how long it lasts.
    pub(super) no_change_duration: bool,
}

struct Entry {
    /// The model begins with this.
    model: &'static str,
    /// The firmware revision begins with this; empty: any.
    revision: &'static str,
    set: fn(&mut Quirks),
}

const TABLE: &[Entry] = &[
    // The simulator's own, which keeps this table honest.
    Entry { model: "SIMULATED-RIGID", revision: "", set: |quirks| quirks.no_change_duration = true },
];

impl Quirks {
    /// All that fit: those of the model and those of its firmware add up.
    pub(super) fn of(device: &Device) -> Self {
        let fits = |e: &&Entry| device.model.starts_with(e.model) && device.revision.starts_with(e.revision);
        let mut quirks = Self::default();
        TABLE.iter().filter(fits).for_each(|entry| (entry.set)(&mut quirks));
        quirks
    }
}
