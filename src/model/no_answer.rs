//! Why a plugin gave no answer that can be used.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a plugin gave no answer that can be used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NoAnswer {
    /// Its code ended in a trap, in words.
    Trapped(String),
    /// It used up its time.
    OutOfTime,
    /// It wanted more memory than it may have.
    OutOfMemory,
    /// It said itself that it could not decide; its words.
    Error(String),
    /// It chose what is not there.
    NoSuchCandidate {
        /// What it chose.
        choice: u64,
        /// How many there were.
        of: usize,
    },
    /// It chose a recovery step that may not be taken, in words.
    NotAllowed(String),
    /// It is asked more often than it may be.
    TooManyCalls,
    /// It is not loaded, in words.
    NotLoaded(String),
    /// Nothing came in time.
    Silent,
}

impl NoAnswer {
    /// The reason of the condition, in CamelCase.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Trapped(_) => "Trapped",
            Self::OutOfTime => "OutOfTime",
            Self::OutOfMemory => "OutOfMemory",
            Self::Error(_) => "PluginError",
            Self::NoSuchCandidate { .. } => "NoSuchCandidate",
            Self::NotAllowed(_) => "NotAllowed",
            Self::TooManyCalls => "TooManyCalls",
            Self::NotLoaded(_) => "NotLoaded",
            Self::Silent => "NoAnswer",
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trapped(why) => write!(f, "its code ended in a trap: {why}"),
            Self::OutOfTime => f.write_str("it did not answer within its time limit"),
            Self::OutOfMemory => f.write_str("it wanted more memory than its limit"),
            Self::Error(words) => write!(f, "it could not decide: {words}"),
            Self::NoSuchCandidate { choice, of } => write!(f, "it chose candidate {choice} of {of}, counted from 0"),
            Self::NotAllowed(what) => write!(f, "it chose {what}"),
            Self::TooManyCalls => f.write_str("it would have to be asked more often than its limit allows"),
            Self::NotLoaded(why) => f.write_str(why),
            Self::Silent => f.write_str("it did not answer in time"),
        }
    }
}
