//! Which recovery step comes next, as a plugin is asked it, and what it says.

use serde::{Deserialize, Serialize};

/// The longest that one answer can hold the next step up, in seconds; more is taken as this.
pub const LONGEST_HOLD: u64 = 15 * 60;

/// Which recovery step is taken: everything a plugin gets to see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StepQuestion {
    /// The modem.
    pub modem: String,
    /// The device's labels.
    pub labels: Vec<String>,
    /// The condition that does not hold, in CamelCase.
    pub condition: String,
    /// Its reason, in CamelCase.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// The steps against it, the mildest first.
    pub steps: Vec<StepOption>,
    /// Which of these is taken without a plugin.
    pub built_in: usize,
    /// What was done in this trouble, the oldest first.
    pub tried: Vec<StepTried>,
    /// Seconds since the trouble began.
    pub out_of_service: u64,
    /// Seconds for which steps have been put off in this trouble.
    pub put_off: u64,
    /// The plugin's configuration, a JSON object.
    pub config: String,
}

/// A step of the ladder.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StepOption {
    /// Its name, such as `cycle-radio`.
    pub name: String,
    /// Seconds until it may be taken, if nothing is done before; 0: now.
    pub allowed_in: u64,
}

/// A step that was taken.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StepTried {
    /// Its name.
    pub name: String,
    /// Seconds ago.
    pub ago: u64,
    /// What became of it, in words.
    pub outcome: String,
}

/// What a plugin says of the next step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepOpinion {
    /// What it would do.
    pub choice: StepChoice,
    /// Why.
    pub reason: String,
}

/// What a plugin would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StepChoice {
    /// No opinion.
    Pass,
    /// Take this one of the steps.
    Take(usize),
    /// Take none for so many seconds.
    Hold(u64),
}

impl StepQuestion {
    /// Whether a step of this number is there and may be taken now; in words, why not.
    ///
    /// # Errors
    /// It is not, or may not.
    pub fn allows(&self, step: usize) -> Result<(), String> {
        match self.steps.get(step) {
            None => Err(format!("step {step} of {}, counted from 0", self.steps.len())),
            Some(StepOption { name, allowed_in }) if *allowed_in > 0 => {
                Err(format!("{name}, which may not be taken for another {allowed_in} s"))
            }
            Some(_) => Ok(()),
        }
    }
}
