//! The only way a stage sees a fact: an old one reads as unknown, and the reader remembers what was read.
//!
//! From what the stages read follow three things that no stage has to think of: which facts to ask for, when the
//! conclusion expires, and which earlier actions have had their effect.

use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Fact, FactSet, Finding, Instant, Observed, Seen};

use super::{Outcome, backoff};

/// While a stage waits for a fact to change, it is looked at this often: not every modem tells.
const IMPATIENT: Duration = Duration::from_secs(10);

pub(super) struct Reader<'a> {
    pub(super) observed: &'a Observed,
    pub(super) now: Instant,
    pub(super) wanted: FactSet,
    pub(super) until: Instant,
    pub(super) effective: Vec<String>,
    /// Something worth doing although every condition holds.
    pub(super) improvement: Option<Action>,
    /// What the present stage has read.
    in_stage: FactSet,
    /// What any stage has read so far.
    read: FactSet,
}

impl<'a> Reader<'a> {
    pub(super) fn new(observed: &'a Observed, now: Instant) -> Self {
        Self {
            observed,
            now,
            wanted: FactSet::NONE,
            until: Instant::FAR,
            effective: Vec::new(),
            improvement: None,
            in_stage: FactSet::NONE,
            read: FactSet::NONE,
        }
    }

    /// A fact the conclusion rests on that is being looked at: an action had better wait for the answer.
    pub(super) fn unsettled(&self) -> Option<Fact> {
        self.read.intersection(self.observed.unsettled).iter().next()
    }

    /// A stage begins.
    pub(super) fn begin(&mut self) {
        self.in_stage = FactSet::NONE;
    }

    /// The stage waits: look at what it has read more often than when all is well.
    pub(super) fn wait_for_change(&mut self) {
        for fact in self.in_stage.iter() {
            self.look_every(fact, IMPATIENT);
        }
    }

    /// Looks at a fact at least this often: one of an earlier stage that may be why this one waits.
    pub(super) fn look_every(&mut self, fact: Fact, every: Duration) {
        let Some(at) = self.observed.seen_at(fact) else { return };
        match at + every {
            due if self.now >= due => self.wanted.insert(fact),
            due => self.wake_at(due),
        }
    }

    /// The value of a fact, if it is known and not too old.
    pub(super) fn read<T>(&mut self, fact: Fact, seen: Option<&'a Seen<T>>) -> Option<&'a T> {
        let Some(seen) = seen else {
            self.wanted.insert(fact);
            return None;
        };
        let due = seen.at + fact.refresh_after();
        let expires = seen.at + fact.max_age();
        if self.now >= due {
            self.wanted.insert(fact);
        }
        let ageless = planted(Defect::NothingAges)
            || planted(Defect::SessionNeverAges) && matches!(fact, Fact::SessionIpv4 | Fact::SessionIpv6);
        if ageless {
            self.wanted = self.wanted.without(FactSet::of(&[fact]));
            return Some(&seen.value);
        }
        if self.now >= expires {
            return None;
        }
        self.wake_at(if self.now >= due { expires } else { due });
        self.in_stage.insert(fact);
        self.read.insert(fact);
        Some(&seen.value)
    }

    /// Draws the conclusion anew at that time at the latest.
    pub(super) fn wake_at(&mut self, at: Instant) {
        self.until = self.until.min(at);
    }

    /// The outcome when a fact is missing.
    pub(super) fn unknown(&self, fact: Fact) -> Outcome {
        Outcome::Unknown(match &self.observed.doing {
            Some(action) if action.touches().contains(fact) => Finding::InProgress(action.to_string()),
            _ => Finding::Reading(fact),
        })
    }

    /// The outcome when an action would mend what `drift` describes: now, or when its back-off has passed.
    pub(super) fn attempt(&mut self, action: Action, drift: impl FnOnce() -> Finding) -> Outcome {
        if self.observed.doing.as_ref().is_some_and(|doing| doing.name() == action.name()) {
            return Outcome::Wait(Finding::InProgress(action.to_string()));
        }
        match backoff::holds_back(&action, self.observed, self.now) {
            None => Outcome::Act(action, drift()),
            Some(finding) => {
                if let Some(at) = finding.retry_at() {
                    self.wake_at(at);
                }
                Outcome::Wait(finding)
            }
        }
    }

    /// Notes that an action of this name has had its effect.
    pub(super) fn effective(&mut self, name: &str) {
        // Only worth noting where there is something to clear: this runs at every turn of a calm modem.
        if self.observed.attempts.contains_key(name) {
            self.effective.push(name.to_owned());
        }
    }
}
