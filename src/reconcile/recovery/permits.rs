//! What recovery may do now.

use std::time::Duration;

use super::ladder::Step;

/// What recovery may do, as the file, the host and people say now.
#[derive(Clone, Debug)]
pub(in super::super) struct Permits {
    /// Why power cannot be switched; `None`: it can.
    pub(in super::super) no_power: Option<String>,
    /// Power-level steps in a day.
    pub(in super::super) per_day: usize,
    /// How long a modem is left in peace after a power cycle.
    pub(in super::super) hold: Duration,
    /// Why no step at the level of a reset may be taken.
    pub(in super::super) inhibited: Option<String>,
}

impl Permits {
    pub(super) fn allows(&self, step: Step) -> bool {
        step != Step::CyclePower || self.no_power.is_none()
    }
}
