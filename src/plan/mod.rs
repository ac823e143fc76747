//! `plan(desired, observed, now)`: what to do next about one modem, and what every stage found.
//!
//! Pure and level-triggered: it looks at the state, never at what just happened. Stages decide in the order of
//! [`Stage::ALL`]; the first that is not satisfied decides the step, those after it only wait. The plan never
//! holds a programme, only the next action: after it we look again.
//!
//! Not here: QMI (the `modem` room translates actions), recovery from faults that no plan can mend
//! (`reconcile::recovery`), and the clock.

mod backoff;
mod control;
mod link;
mod power;
mod preview;
mod profile;
mod provider;
mod radio;
mod reachability;
mod reader;
mod registration;
mod retire;
mod session;
mod sim;

#[cfg(test)]
mod laws;

use serde::{Deserialize, Serialize};

use crate::model::{Action, ConditionKind, Desired, FactSet, Finding, Instant, Observed, Status};

pub use preview::{Previewed, assume, preview};
pub use profile::profile_of_interest;
use reader::Reader;
pub use registration::forbids_data;
pub use retire::retire;

/// A concern of the plan, in the order in which they decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The device is there.
    Power,
    /// It answers, with the framing we need.
    Control,
    /// The card is ready.
    Sim,
    /// An entry of the file fits the card.
    Provider,
    /// Operating mode and technologies.
    Radio,
    /// A network serves us and may be used.
    Registration,
    /// The data session.
    Session,
    /// The network interface.
    Link,
    /// Data passes.
    Reachability,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Power,
        Self::Control,
        Self::Sim,
        Self::Provider,
        Self::Radio,
        Self::Registration,
        Self::Session,
        Self::Link,
        Self::Reachability,
    ];

    /// The condition that a stage decides.
    #[must_use]
    pub const fn kind(self) -> ConditionKind {
        match self {
            Self::Power => ConditionKind::ModemPresent,
            Self::Control => ConditionKind::ControlReady,
            Self::Sim => ConditionKind::SimReady,
            Self::Provider => ConditionKind::ProviderSelected,
            Self::Radio => ConditionKind::RadioConfigured,
            Self::Registration => ConditionKind::Registered,
            Self::Session => ConditionKind::DataConnected,
            Self::Link => ConditionKind::LinkConfigured,
            Self::Reachability => ConditionKind::InternetReachable,
        }
    }

    fn look(self, desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
        match self {
            Self::Power => power::look(facts),
            Self::Control => control::look(facts),
            Self::Sim => sim::look(desired, facts),
            Self::Provider => provider::look(desired),
            Self::Radio => radio::look(desired, facts),
            Self::Registration => registration::look(desired, facts),
            Self::Session => session::look(desired, facts),
            Self::Link => link::look(desired, facts),
            Self::Reachability => reachability::look(desired, facts),
        }
    }
}

/// What a stage concludes.
#[derive(Clone, PartialEq, Debug)]
enum Outcome {
    /// As it should be.
    Satisfied(Finding),
    /// Not known; the reader has noted what to ask for.
    Unknown(Finding),
    /// Not as it should be, and nothing to do but wait.
    Wait(Finding),
    /// Not as it should be, and this mends it.
    Act(Action, Finding),
}

/// What one stage found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// Whether its condition holds.
    pub status: Status,
    /// Why.
    pub finding: Finding,
}

/// What to do next.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// This, now; and what makes it necessary.
    Do(Action, Finding),
    /// Nothing: the finding says what is waited for.
    Wait(Finding),
    /// Nothing: everything is as the file asks.
    Converged,
}

/// The conclusion from what is known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What each stage found, all of them, in order.
    pub stages: Vec<StageReport>,
    /// What to do next.
    pub step: Step,
    /// When this conclusion must be drawn anew at the latest: a fact it rests on is due, or a wait ends.
    pub until: Instant,
    /// Facts that are unknown or due for another look.
    pub wanted: FactSet,
    /// Names of actions whose effect is in plain sight.
    pub effective: Vec<String>,
}

impl Plan {
    /// The stage that decided the step, unless everything is as it should be.
    #[must_use]
    pub fn deciding(&self) -> Option<&StageReport> {
        self.stages.iter().find(|s| s.status != Status::True)
    }
}

/// A DHCP server that has not answered so many questions may take its time: nothing else is put off for it any more.
const LEASE_TRIES: u32 = 2;

/// Concludes what to do next.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed, now: Instant) -> Plan {
    let mut facts = Reader::new(observed, now);
    let mut stages = Vec::with_capacity(Stage::ALL.len());
    let mut step = None;
    for stage in Stage::ALL {
        if step.is_some() {
            stages.push(StageReport { stage, status: Status::Unknown, finding: Finding::Waiting });
            continue;
        }
        facts.begin();
        let outcome = stage.look(desired, &mut facts);
        if matches!(outcome, Outcome::Wait(_)) {
            facts.wait_for_change();
        }
        let (status, finding, next) = match outcome {
            Outcome::Satisfied(finding) => (Status::True, finding, None),
            Outcome::Unknown(finding) => (Status::Unknown, finding.clone(), Some(Step::Wait(finding))),
            Outcome::Wait(finding) => (Status::False, finding.clone(), Some(Step::Wait(finding))),
            Outcome::Act(action, finding) => (Status::False, finding.clone(), Some(Step::Do(action, finding))),
        };
        stages.push(StageReport { stage, status, finding });
        step = next;
    }
    // Where all that is left is to find out whether data passes, or a DHCP server does not answer, what would be better still
    // is worth doing.
    let unanswered = |finding: &Finding| match finding {
        Finding::NoLease(asking) => asking.tries > LEASE_TRIES,
        finding => matches!(finding, Finding::CannotLease(_)),
    };
    let in_place = stages.iter().all(|report| {
        report.status == Status::True || report.stage == Stage::Reachability || unanswered(&report.finding)
    });
    let better = facts.improvement.take().filter(|_| in_place);
    let step = match step {
        Some(Step::Wait(finding)) => match session::stale_link(&mut facts).or(better) {
            Some((action, why)) => Step::Do(action, why),
            None => Step::Wait(finding),
        },
        Some(step) => step,
        None => better.map_or(Step::Converged, |(action, because)| Step::Do(action, because)),
    };
    // One action at a time: while one is in flight the conclusion stands, but nothing new begins.
    let step = match (&observed.doing, step) {
        (Some(doing), Step::Do(..)) => Step::Wait(Finding::InProgress(doing.to_string())),
        (None, Step::Do(action, because)) => match facts.unsettled() {
            Some(fact) if waits_for_certainty(&action) => Step::Wait(Finding::Reading(fact)),
            _ => Step::Do(action, because),
        },
        (_, step) => step,
    };
    Plan { stages, step, until: facts.until, wanted: facts.wanted, effective: facts.effective }
}

/// Whether an action rests on what the modem says. Opening the port and removing what leads nowhere do not.
fn waits_for_certainty(action: &Action) -> bool {
    match action {
        Action::ConfigureLink(link) => !link.is_bare(),
        Action::OpenPort | Action::ClosePort | Action::Synchronise => false,
        _ => true,
    }
}
