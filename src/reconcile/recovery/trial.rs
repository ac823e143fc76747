//! A step on trial: an acknowledgement is no effect. Who is restarted leaves the bus, or forgets us; a modem that
//! does neither was not restarted, whatever it said.

use std::time::Duration;

use super::Due;
use super::ladder::{Diagnosis, Step};
use super::proposal::Chosen;
use crate::model::{Action, Failure, Instant};
use crate::reconcile::door::StepOutcome;

/// Within this long after the acknowledgement a restart is seen: real modems take up to 20 s to go.
const SEEN_WITHIN: Duration = Duration::from_secs(60);
/// Within this long data passes in another framing, if it does: a session comes up, and the targets are asked.
const PASSES_WITHIN: Duration = Duration::from_secs(85);

/// What there is to be seen of a modem while a step is on trial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::reconcile) struct Signs {
    /// It is there and answers.
    pub answers: bool,
    /// Data was seen to pass with the framing that is wanted now.
    pub passes: bool,
}

/// What became of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::reconcile) struct Judged {
    pub due: Due,
    pub action: Action,
    pub outcome: StepOutcome,
}

/// A step whose effect is awaited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trial {
    pub(super) diagnosis: Diagnosis,
    pub(super) step: Step,
    pub(super) attempt: u32,
    pub(super) began: Instant,
    /// The action that carries it out.
    pub(super) action: Option<Action>,
    /// When its action ended, and how.
    ended: Option<(Instant, Result<(), Failure>)>,
    /// The device left the bus or restarted since.
    pub(super) left: bool,
    /// The device was on the bus while its power should have been off.
    pub(super) stayed: bool,
    /// Whether the device was on the bus when it began, so that it could leave.
    pub(super) present: bool,
    /// The plugin that chose it.
    pub(super) chosen: Option<Chosen>,
}

impl Trial {
    pub(super) fn new(diagnosis: Diagnosis, step: Step, attempt: u32, chosen: Option<Chosen>, now: Instant) -> Self {
        Self {
            diagnosis,
            step,
            attempt,
            began: now,
            action: None,
            ended: None,
            left: false,
            stayed: false,
            present: false,
            chosen,
        }
    }

    pub(super) fn end(&mut self, outcome: &Result<(), Failure>, now: Instant) {
        self.ended = Some((now, outcome.clone()));
    }

    /// What can be said by now.
    pub(super) fn verdict(&self, seen: Signs, now: Instant) -> Option<StepOutcome> {
        let (at, outcome) = self.ended.as_ref()?;
        if let Err(failure) = outcome {
            return Some(match failure {
                // A modem that is reset may well go before it has said yes.
                Failure::PortLost | Failure::Restarted if self.step.restarts() => StepOutcome::TookEffect,
                failure => StepOutcome::Failed(failure.clone()),
            });
        }
        let shown = match self.step {
            Step::Reframe => seen.passes,
            step => !step.restarts() || self.left,
        };
        if shown {
            return Some(StepOutcome::TookEffect);
        }
        if now.since(*at) < self.patience() {
            return None;
        }
        Some(match self.step {
            Step::CyclePower if self.stayed => {
                StepOutcome::Ineffective("the device stayed on the bus while its power was off".to_owned())
            }
            Step::ResetModem if seen.answers => {
                StepOutcome::Ineffective("the modem said yes and did not restart".to_owned())
            }
            Step::Reauthorise if seen.answers => {
                StepOutcome::Ineffective("the device did not leave the bus".to_owned())
            }
            // Everything was done, and did not help.
            Step::Reframe => StepOutcome::TookEffect,
            _ => StepOutcome::Unseen,
        })
    }

    /// How long its effect is awaited.
    fn patience(&self) -> Duration {
        if self.step == Step::Reframe { PASSES_WITHIN } else { SEEN_WITHIN }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ended.as_ref().map(|(at, _)| *at + self.patience())
    }
}

/// Whether a failure says that the step does not exist here.
pub(super) fn is_unsupported(failure: &Failure) -> bool {
    match failure {
        Failure::Host(_) => true,
        Failure::Refused(error) => ["invalid_qmi_command", "not_supported", "device_unsupported", "sim_file_not_found"]
            .contains(&error.as_str()),
        Failure::NoEffect
        | Failure::NoClientIds
        | Failure::Timeout
        | Failure::CallEnded(_)
        | Failure::PortLost
        | Failure::Restarted
        | Failure::Cancelled => false,
    }
}
