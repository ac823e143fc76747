//! What happened, as the control API tells it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::ConditionView;

/// Past events.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EventsView {
    /// Oldest first.
    pub events: Vec<EventView>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EventView {
    /// Its number since the daemon's start.
    pub number: u64,
    /// When, in UTC.
    pub at: String,
    /// When, since the daemon's start.
    pub uptime_ms: u64,
    /// The modem it is about; none: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modem: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// The kinds of events.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Happening {
    /// A configuration came into force.
    ConfigAccepted {
        /// Its number.
        generation: u64,
    },
    /// A configuration was refused.
    ConfigRejected {
        /// Its errors, as the validator prints them.
        report: String,
    },
    /// A condition changed.
    ConditionChanged {
        /// Its status before.
        from: String,
        /// The condition now.
        condition: ConditionView,
    },
    /// An action began.
    ActionStarted {
        /// Which.
        action: String,
        /// Why.
        because: String,
        /// For the sake of which condition.
        serves: String,
    },
    /// An action ended.
    ActionEnded {
        /// Which.
        action: String,
        /// How it failed; none: it was acknowledged.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    /// The modem restarted by itself.
    ModemRestarted {
        /// How we noticed.
        evidence: String,
    },
    /// A recovery step begins or ended.
    Recovery {
        /// For which condition.
        diagnosis: String,
        /// The step.
        step: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// What became of it; none: it begins.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
        /// When the next step is due if this one does not help.
        #[serde(skip_serializing_if = "Option::is_none")]
        next_in_ms: Option<u64>,
    },
    /// A trouble that recovery steps were taken against is over.
    Recovered {
        /// The condition that holds again.
        diagnosis: String,
        /// The last step.
        step: String,
        /// How many there were.
        attempts: u32,
        /// How long the trouble lasted.
        took_ms: u64,
    },
    /// The modem was paused, or goes on.
    Paused {
        /// For how long; none: it goes on.
        #[serde(skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
    },
    /// An inhibit file appeared, or is gone.
    Inhibited {
        /// Its text; none: it is gone.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// An error in the daemon itself: the part that drives this modem was started anew.
    ControllerReset {
        /// The words of the panic.
        panic: String,
        /// How often this happened lately.
        times: u32,
    },
    /// A modem that the file no longer names was let go.
    Retired,
    /// Packets get further than before, or less far: `disconnected`, `lan`, `internet`.
    ConnectionChanged {
        /// How far before.
        from: String,
        /// How far now.
        to: String,
        /// Why.
        because: String,
    },
}
