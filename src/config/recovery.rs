//! How the supply is switched and what is done when waiting does not help, as the reconciler works with it.

use std::time::Duration;

use super::scalars::TimeSpan;
use super::types;

/// How the supply is switched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Power {
    /// Not at all.
    None,
    /// By a command to the modem.
    ModemReset,
    /// By the port of a USB hub.
    UsbPort {
        /// The hub as the kernel names it.
        hub: String,
        /// Its port, 1 to 31.
        port: u8,
        /// How long each state of the power lasts.
        times: PowerTimes,
    },
}

/// How long each state of the power lasts; `None`: as usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PowerTimes {
    /// In peace after a power cycle.
    pub hold: Option<Duration>,
    /// To shut down before the cut.
    pub shutdown_time: Option<Duration>,
    /// Without power.
    pub off_time: Option<Duration>,
}

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

impl From<types::Power> for Power {
    fn from(typed: types::Power) -> Self {
        match typed {
            types::Power::None {} => Self::None,
            types::Power::ModemReset {} => Self::ModemReset,
            types::Power::UsbPort { hub, port, hold, shutdown_time, off_time } => {
                let of = |span: Option<TimeSpan>| span.map(|span| span.duration());
                let times = PowerTimes { hold: of(hold), shutdown_time: of(shutdown_time), off_time: of(off_time) };
                Self::UsbPort { hub: hub.0, port: port.0, times }
            }
        }
    }
}

impl From<types::Recovery> for RecoveryConfig {
    fn from(typed: types::Recovery) -> Self {
        Self {
            watchdog: typed.watchdog.map(|span| span.duration()),
            power_cycles_per_day: typed.max_power_cycles_per_day.map_or(DEFAULT_POWER_CYCLES_PER_DAY, |n| n.0),
        }
    }
}
