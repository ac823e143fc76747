//! The step that is due, before it is taken: what else may be taken in its place, and how long it can be put off.

use std::time::Duration;

use super::ladder::{Diagnosis, Often, Rung, Step};
use super::{Due, Held, Permits, Recovery, Taken, Trial, rungs};
use crate::model::{Instant, PluginName};
use crate::plan::StageReport;

/// However often steps are put off in one trouble, by waiting or by milder ones: in all for so long at most. A plugin that
/// holds for ever costs an outage of an hour, once.
const PUT_OFF_AT_MOST: Duration = Duration::from_secs(3600);

/// A step that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::reconcile) struct Proposal {
    pub diagnosis: Diagnosis,
    /// The steps against it, the mildest first, each once.
    pub options: Vec<Choice>,
    /// Which of these is due.
    pub built_in: usize,
    /// Steps taken in this trouble.
    steps: u32,
    /// Since when it is due.
    due_since: Instant,
    /// For how long others were put off before.
    before: Duration,
    /// It repeats the last rung.
    again: bool,
}

/// A step of a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::reconcile) struct Choice {
    pub step: Step,
    /// How long until it may be taken.
    pub allowed_in: Duration,
    /// Its rung.
    place: usize,
}

impl Proposal {
    /// For how long steps have been put off in this trouble.
    pub fn put_off(&self, now: Instant) -> Duration {
        self.before + now.since(self.due_since)
    }

    /// Until when it can be put off.
    pub fn deadline(&self) -> Instant {
        self.due_since + PUT_OFF_AT_MOST.saturating_sub(self.before)
    }
}

/// Who puts a step off, until when, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PutOff {
    /// The plugin.
    pub plugin: PluginName,
    /// Until when.
    pub until: Instant,
    /// Its reason.
    pub reason: String,
}

/// Who chose a step, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// The plugin.
    pub plugin: PluginName,
    /// Its reason.
    pub reason: String,
}

impl Recovery {
    /// Since when there is a trouble, and what was done about it lately.
    pub(in crate::reconcile) fn history(
        &self,
        diagnosis: Diagnosis,
    ) -> (Option<Instant>, impl Iterator<Item = &Taken>) {
        let spell = self.spells.get(&diagnosis);
        (spell.map(|spell| spell.began), spell.into_iter().flat_map(|spell| &spell.taken))
    }

    /// The step that is due, and what may be taken in its place.
    pub(in crate::reconcile) fn propose(
        &mut self,
        stages: &[StageReport],
        permits: &Permits,
        now: Instant,
    ) -> Option<Proposal> {
        let diagnosis = self.diagnose(stages, now)?;
        let (place, again) = self.due(diagnosis, permits, now)?;
        let rungs = rungs(diagnosis);
        let step = rungs.get(place)?.step;
        let mut options: Vec<Choice> = Vec::new();
        for (other, rung) in rungs.iter().enumerate() {
            let is_due = other == place;
            let listed = options.iter().any(|choice| choice.step == rung.step);
            if listed || !is_due && (rung.step == step || !permits.allows(rung.step)) {
                continue;
            }
            let allowed_in =
                if is_due { Some(Duration::ZERO) } else { self.allowed_in(diagnosis, place, other, permits, now) };
            options.extend(allowed_in.map(|allowed_in| Choice { step: rung.step, allowed_in, place: other }));
        }
        let built_in = options.iter().position(|choice| choice.place == place)?;
        let spell = self.spells.get_mut(&diagnosis)?;
        let due_since = *spell.due_since.get_or_insert(now);
        Some(Proposal { diagnosis, options, built_in, steps: spell.steps, due_since, before: spell.put_off, again })
    }

    /// How long until a rung may be taken while another is due; `None`: it is not taken in this trouble (any more).
    fn allowed_in(
        &mut self,
        diagnosis: Diagnosis,
        due: usize,
        place: usize,
        permits: &Permits,
        now: Instant,
    ) -> Option<Duration> {
        let ladder = rungs(diagnosis);
        let (rung, after): (&Rung, u64) = (ladder.get(place)?, ladder.get(due)?.after);
        if !self.record.is_effective(rung.step) {
            return None;
        }
        if place > due {
            return Some(Duration::from_secs(rung.after.saturating_sub(after).max(1)));
        }
        // Its time has come before: what limits it besides are its distance, the modem's peace and the budget.
        let (at, held) = self.allowed_from(rung.step, permits, self.record.since(rung.step, rung.distance()), now);
        (rung.often != Often::Once && held.is_none() && at <= now).then_some(Duration::ZERO)
    }

    /// Takes a step of a proposal. `None`: it may not be taken.
    pub(in crate::reconcile) fn take(
        &mut self,
        proposal: &Proposal,
        choice: usize,
        chosen: Option<Chosen>,
        permits: &Permits,
        now: Instant,
    ) -> Option<Due> {
        let Proposal { diagnosis, built_in, again, .. } = *proposal;
        let Choice { step, place, .. } = *proposal.options.get(choice).filter(|choice| choice.allowed_in.is_zero())?;
        let spell = self.spells.get_mut(&diagnosis)?;
        spell.held = None;
        spell.steps += 1;
        spell.last_step = Some(now);
        spell.last_rung = Some(place);
        // A milder one in its place leaves the ladder where it is.
        if choice == built_in {
            spell.put_off = proposal.put_off(now);
            spell.due_since = None;
            if again {
                spell.repeats += 1;
            } else {
                spell.rung = place + 1;
            }
        }
        let attempt = spell.steps;
        self.note(step, permits.hold, now);
        self.trial = Some(Trial::new(diagnosis, step, attempt, chosen, now));
        let next_at = self.next_at(diagnosis, permits);
        Some(Due { diagnosis, step, attempt, next_at })
    }

    /// Takes no step for a while.
    pub(in crate::reconcile) fn put_off(&mut self, proposal: &Proposal, by: PutOff) {
        let Some(spell) = self.spells.get_mut(&proposal.diagnosis) else { return };
        spell.not_before = spell.not_before.max(by.until);
        self.next = proposal.options.get(proposal.built_in).map(|choice| (choice.step, by.until));
        spell.held = Some(Held::PutOff(by));
    }
}
