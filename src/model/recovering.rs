//! What recovery does, as the condition says it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::plugin::PluginName;
use super::time::Instant;

/// What recovery does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Recovering {
    /// Nothing to recover from.
    Idle,
    /// It is at this step.
    AtStep {
        /// The step in words.
        step: String,
        /// How many there were in this trouble, with this one.
        attempt: u32,
        /// When the next one is due, if any.
        at: Option<Instant>,
    },
    /// The device restarts again and again: only the slowest steps are taken.
    Flapping {
        /// Restarts within the last minutes.
        times: u32,
    },
    /// A file asks that the modem be left alone; its text.
    Inhibited(String),
    /// Somebody paused the modem.
    Paused {
        /// Until then.
        at: Instant,
    },
    /// The steps of a day are used up.
    BudgetSpent {
        /// When there may be another.
        at: Instant,
    },
    /// A plugin puts the next step off.
    PutOff {
        /// The plugin.
        plugin: PluginName,
        /// Its reason.
        reason: String,
        /// Until then.
        at: Instant,
    },
    /// An error of our own: the part that drives this modem was started anew.
    StartedOver {
        /// The words of the panic.
        panic: String,
        /// How often lately.
        times: u32,
    },
}

impl Recovering {
    /// The reason: the name of the state in CamelCase.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::AtStep { .. } => "AtStep",
            Self::Flapping { .. } => "Flapping",
            Self::Inhibited(_) => "Inhibited",
            Self::Paused { .. } => "Paused",
            Self::BudgetSpent { .. } => "BudgetSpent",
            Self::PutOff { .. } => "PutOff",
            Self::StartedOver { .. } => "StartedOver",
        }
    }

    /// When the next step may come, if that is known.
    #[must_use]
    pub const fn next_at(&self) -> Option<Instant> {
        match self {
            Self::AtStep { at, .. } => *at,
            Self::BudgetSpent { at } | Self::PutOff { at, .. } => Some(*at),
            Self::Idle
            | Self::Flapping { .. }
            | Self::Inhibited(_)
            | Self::Paused { .. }
            | Self::StartedOver { .. } => None,
        }
    }
}

impl fmt::Display for Recovering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("nothing to recover from"),
            Self::AtStep { step, attempt, .. } => write!(f, "step {attempt}: {step}"),
            Self::Flapping { times } => write!(f, "the device restarted {times} times within minutes"),
            Self::Inhibited(why) if why.is_empty() => f.write_str("a file asks to leave the modem alone"),
            Self::Inhibited(why) => write!(f, "a file asks to leave the modem alone: {why}"),
            Self::Paused { .. } => f.write_str("paused by hand; `wwan resume` ends it"),
            Self::BudgetSpent { .. } => f.write_str("the power cycles of a day are used up"),
            Self::PutOff { plugin, reason, .. } => write!(f, "plugin {plugin} puts the next step off: {reason}"),
            Self::StartedOver { panic, times } => {
                write!(f, "an error in wwan itself, {times} times lately: {panic}; please report it")
            }
        }
    }
}
