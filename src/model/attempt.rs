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
    /// How many of the last ones in a row came to the same: done in vain, refused for good, or failed otherwise.
    #[serde(default)]
    pub alike: u32,
}

/// What an attempt came to, as far as it decides whether another one is worth making.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Upshot {
    /// Acknowledged, and its effect is not in sight.
    InVain,
    /// Acknowledged, and done: what it brought did not last.
    Passing,
    /// The network refused, and says that asking again cannot help.
    RefusedForGood,
    /// Anything else, which may be better the next time.
    Failed,
}

impl Attempts {
    /// One attempt more, which ended now.
    #[must_use]
    pub fn after(before: Option<&Self>, action: Action, failure: Option<Failure>, now: Instant) -> Self {
        let mut attempts = Self {
            action,
            failures: before.map_or(0, |before| before.failures).saturating_add(1),
            last_at: now,
            last_failure: failure,
            took_effect: false,
            since: before.map_or(now, |before| before.since),
            excused: false,
            alike: 1,
        };
        if let Some(before) = before.filter(|before| before.upshot() == attempts.upshot()) {
            attempts.alike = before.alike.saturating_add(1);
        }
        attempts
    }

    /// Attempts in a row that were acknowledged without any effect.
    #[must_use]
    pub fn in_vain(&self) -> u32 {
        if self.upshot() == Upshot::InVain { self.alike } else { 0 }
    }

    /// Attempts in a row that the network refused for good; none if the last one failed for another reason.
    #[must_use]
    pub fn refused_for_good(&self) -> u32 {
        if self.upshot() == Upshot::RefusedForGood { self.alike } else { 0 }
    }

    fn upshot(&self) -> Upshot {
        match &self.last_failure {
            None if self.took_effect => Upshot::Passing,
            None => Upshot::InVain,
            Some(Failure::CallEnded(cause)) if cause.is_permanent() => Upshot::RefusedForGood,
            Some(_) => Upshot::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_to_something_else_before_does_not_count() {
        let (network, apn) = (CallEnd::of_3gpp(38), CallEnd::of_3gpp(33));
        let one =
            |before: Option<&Attempts>, failure| Attempts::after(before, Action::OpenPort, failure, Instant::ZERO);
        let mut last = one(None, Some(Failure::CallEnded(network)));
        for _ in 0..12 {
            last = one(Some(&last), Some(Failure::CallEnded(network)));
        }
        last = one(Some(&last), Some(Failure::CallEnded(apn)));
        assert_eq!((last.failures, last.refused_for_good(), last.in_vain()), (14, 1, 0));
        last = one(Some(&last), Some(Failure::CallEnded(apn)));
        assert_eq!((last.failures, last.refused_for_good()), (15, 2));
        last = one(Some(&last), None);
        assert_eq!((last.failures, last.refused_for_good(), last.in_vain()), (16, 0, 1));
        last.took_effect = true;
        last = one(Some(&last), None);
        assert_eq!(last.in_vain(), 1, "the one before was done, and undone by somebody else");
        last = one(Some(&last), None);
        assert_eq!(last.in_vain(), 2);
    }
}
