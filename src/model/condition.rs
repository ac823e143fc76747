//! The public truth about one modem: conditions in the manner of Kubernetes, in order of dependency.
//!
//! The first one that is False is the diagnosis; those after it are Unknown. A condition carries a `Finding`: a
//! closed value that names its reason and says its message, so that two findings can be compared without text.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::time::Instant;

/// What a condition is about, in order of dependency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ConditionKind {
    /// The configuration was accepted. The same for every modem.
    ConfigValid,
    /// The device is there.
    ModemPresent,
    /// It answers.
    ControlReady,
    /// The card can be used.
    SimReady,
    /// An entry of the file fits the card.
    ProviderSelected,
    /// Operating mode and allowed technologies are as the file asks.
    RadioConfigured,
    /// A network serves us and may be used.
    Registered,
    /// The data session is up, with the right APN.
    DataConnected,
    /// The interface has the addresses the network gave.
    LinkConfigured,
    /// Data passes.
    InternetReachable,
    /// All of the above.
    Converged,
    /// Steps are taken against something that does not mend itself. Beside the others: nothing depends on it.
    Recovering,
    /// Every plugin of the file can be asked, and answers. Beside the others: the built-in choice does without them.
    PluginsReady,
}

impl ConditionKind {
    /// All of them, in order of dependency.
    pub const ALL: [Self; 13] = [
        Self::ConfigValid,
        Self::ModemPresent,
        Self::ControlReady,
        Self::SimReady,
        Self::ProviderSelected,
        Self::RadioConfigured,
        Self::Registered,
        Self::DataConnected,
        Self::LinkConfigured,
        Self::InternetReachable,
        Self::Converged,
        Self::Recovering,
        Self::PluginsReady,
    ];

    /// Whether it is one of the conditions that a connection is made of, as opposed to those that say how it is with the
    /// file, with the whole, with recovery and with plugins.
    #[must_use]
    pub const fn is_stage(self) -> bool {
        !matches!(self, Self::ConfigValid | Self::Converged | Self::Recovering | Self::PluginsReady)
    }
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Truth value of a condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Status {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Not known, or not worth asking yet.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One public truth.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// What it is about.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub status: Status,
    /// Why.
    pub finding: Finding,
    /// Since when `status` holds.
    pub since: Instant,
    /// The configuration's generation this was concluded for.
    pub observed_generation: u64,
}

impl Condition {
    /// How long it has been so.
    #[must_use]
    pub fn age(&self, now: Instant) -> Duration {
        now.since(self.since)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} {}: {}", self.kind, self.status, self.finding.reason(), self.finding)
    }
}
