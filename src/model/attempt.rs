//! What became of actions: how one failed, and how often one was tried.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::call_end::CallEnd;
use super::time::Instant;

/// Why an action did not succeed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// No answer in time.
    Timeout,
    /// The modem refused: its error by name.
    Refused(String),
    /// The network or the modem ended the attempt, with this cause.
    CallEnded(CallEnd),
    /// The port went away.
    PortLost,
    /// The modem restarted meanwhile.
    Restarted,
    /// We called it off.
    Cancelled,
    /// The host could not do it; in words.
    Host(String),
    /// The modem says that it is so already.
    NoEffect,
    /// The modem has no client id left.
    NoClientIds,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Refused(error) => write!(f, "modem answers {error}"),
            Self::CallEnded(cause) => write!(f, "{cause}"),
            Self::PortLost => f.write_str("the port went away"),
            Self::Restarted => f.write_str("the modem restarted"),
            Self::Cancelled => f.write_str("called off"),
            Self::Host(why) => f.write_str(why),
            Self::NoEffect => f.write_str("the modem says that it is so already"),
            Self::NoClientIds => f.write_str("the modem has no client id left"),
        }
    }
}

/// What became of our attempts at one kind of action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempts {
    /// The action, with its particulars: another one of the same name starts counting anew.
    pub action: Action,
    /// Attempts in a row that did not bring what they should, or not for long.
    pub failures: u32,
    /// When the last one ended.
    pub last_at: Instant,
    /// How the last one failed; `None`: it was acknowledged.
    pub last_failure: Option<Failure>,
    /// Whether its effect was in sight since.
    pub took_effect: bool,
    /// When the first of them ended.
    #[serde(default)]
    pub since: Instant,
    /// Something has changed since the last one: the next need not wait.
    #[serde(default)]
    pub excused: bool,
}
