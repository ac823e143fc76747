//! What is done when waiting does not help, as the reconciler works with it.

use std::time::Duration;

use super::types;

/// What is done when waiting does not help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecoveryConfig {
    /// Cycle the power whenever not online for so long.
    pub watchdog: Option<Duration>,
    /// Power cycles in 24 hours at most.
    pub power_cycles_per_day: u8,
}

/// A modem that six power cycles did not cure will not be cured by the seventh.
pub const DEFAULT_POWER_CYCLES_PER_DAY: u8 = 6;

impl From<types::Recovery> for RecoveryConfig {
    fn from(typed: types::Recovery) -> Self {
        Self {
            watchdog: typed.watchdog.map(|span| span.duration()),
            power_cycles_per_day: typed.max_power_cycles_per_day.map_or(DEFAULT_POWER_CYCLES_PER_DAY, |n| n.0),
        }
    }
}
