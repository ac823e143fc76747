//! The only way a stage sees a fact: an old one reads as unknown, and the reader remembers what was read.
//!
//! From what the stages read follow three things that no stage has to think of: which facts to ask for, when the
//! conclusion expires, and which earlier actions have had their effect.

use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Attempts, Fact, FactSet, Finding, Instant, Observed, Seen};

use super::{Outcome, backoff};

/// While a stage waits for a fact to change, it is looked at this often: not every modem tells.
const IMPATIENT: Duration = Duration::from_secs(10);

/// What may be why a stage waits although an earlier one is content is looked at this often: not every modem tells, and at
/// their calm rate such facts would be looked at too late to be online again within five minutes.
pub(super) const UNTOLD: Duration = Duration::from_secs(60);

/// Acknowledged attempts in a row without effect before we believe that the firmware ignores them.
pub(super) const IGNORED_AFTER: u32 = 4;
/// What firmware ignores is tried again this rarely: flash wears, and only an update changes its mind.
const IGNORED_FOR: Duration = Duration::from_secs(6 * 3600);

pub(super) struct Reader<'a> {
    pub(super) observed: &'a Observed,
    pub(super) now: Instant,
    pub(super) wanted: FactSet,
    pub(super) until: Instant,
    pub(super) effective: Vec<String>,
    /// Something worth doing although every condition holds.
    pub(super) improvement: Option<(Action, Finding)>,
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
        let due = self.due(fact, seen.at);
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

    /// What the modem acknowledges again and again without doing it: how often, and when to try once more. Only for actions
    /// that nobody should repeat for ever.
    pub(super) fn ignored(&mut self, action: &Action) -> Option<(u32, Instant)> {
        let attempts = self.observed.attempts.get(action.name()).filter(|attempts| attempts.action == *action)?;
        let at = attempts.last_at + IGNORED_FOR;
        (attempts.in_vain() >= IGNORED_AFTER && self.now < at).then(|| {
            self.wake_at(at);
            (attempts.in_vain(), at)
        })
    }

    /// Whether a fact was seen within this time; if not, it is asked for.
    pub(super) fn is_fresh(&mut self, fact: Fact, within: Duration) -> bool {
        let fresh = self.observed.seen_at(fact).is_some_and(|at| self.now.since(at) < within);
        self.read.insert(fact);
        if !fresh {
            self.wanted.insert(fact);
        }
        fresh
    }

    /// The same for a fact that says how to act rather than whether to wait: waiting does not ask for it more often.
    pub(super) fn read_at_its_pace<T>(&mut self, fact: Fact, seen: Option<&'a Seen<T>>) -> Option<&'a T> {
        let in_stage = self.in_stage;
        let value = self.read(fact, seen);
        self.in_stage = in_stage;
        value
    }

    /// When a fact is to be looked at again. What there is of each of two families takes turns: a look at either session
    /// also shows a modem that hangs or has restarted, and a change of either address makes the other doubtful.
    fn due(&self, fact: Fact, at: Instant) -> Instant {
        let observed = self.observed;
        let (other, other_at, pace) = match fact {
            Fact::SessionIpv4 => (Fact::SessionIpv6, observed.seen_at(Fact::SessionIpv6), Fact::SESSION_LOOK),
            Fact::SessionIpv6 => (Fact::SessionIpv4, observed.seen_at(Fact::SessionIpv4), Fact::SESSION_LOOK),
            Fact::SettingsIpv4 => (Fact::SettingsIpv6, observed.seen_at(Fact::SettingsIpv6), Fact::SETTINGS_LOOK),
            Fact::SettingsIpv6 => (Fact::SettingsIpv4, observed.seen_at(Fact::SettingsIpv4), Fact::SETTINGS_LOOK),
            _ => return at + fact.refresh_after(),
        };
        match other_at.filter(|seen| self.now < *seen + other.max_age()) {
            // The one seen longer ago is next.
            Some(seen) if (at, fact) < (seen, other) => seen + pace,
            Some(_) => at + 2 * pace,
            None => at + pace,
        }
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

    /// Whether `attempt` would let the action begin now.
    pub(super) fn may_begin(&self, action: &Action) -> bool {
        backoff::holds_back(action, self.observed, self.now).is_none()
    }

    /// What became of the last attempts at exactly this action.
    pub(super) fn attempts(&self, action: &Action) -> Option<&'a Attempts> {
        self.observed.attempts.get(action.name()).filter(|attempts| attempts.action == *action)
    }

    /// Notes that an action of this name has had its effect.
    pub(super) fn effective(&mut self, name: &str) {
        // Only worth noting where there is something to clear: this runs at every turn of a calm modem.
        if self.observed.attempts.contains_key(name) {
            self.effective.push(name.to_owned());
        }
    }
}
