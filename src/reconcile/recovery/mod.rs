//! Recovery: what to do when waiting does not help.
//!
//! Chosen by diagnosis, never by a bare timer: the first condition that does not hold selects the ladder (`ladder`, which
//! is data), and how long it has not held selects the rung. Every step is a trial whose effect is looked for (`trial`);
//! what had none on this modem is remembered and left out (`record`), as is what was done lately, over restarts of ours.

pub mod ladder;
mod outlook;
mod proposal;
mod record;
mod spell;
mod trial;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::door::{RecoveryMemory, StepOutcome};
use crate::model::defect::{Defect, planted};
use crate::model::time::spread;
use crate::model::{Action, Failure, Finding, Framing, Instant, Status};
use crate::plan::StageReport;

use ladder::{Diagnosis, Often, Rung, Step};
pub use outlook::{Held, Outlook, Taken};
pub(super) use proposal::{Choice, Proposal};
pub use proposal::{Chosen, PutOff};
use record::Record;
use spell::Spell;
use trial::Trial;
pub(super) use trial::{Judged, Signs};

/// After a reset that was not a power cycle: as long as a modem may need until it is registered again (Quectel and
/// Sierra give five minutes as the worst case), twice.
pub const SETTLE: Duration = Duration::from_secs(10 * 60);
/// A power cycle that was begun has ended after this long.
const CYCLE_TAKES: Duration = Duration::from_secs(60);
/// And in an hour: boot loops come from doing too much.
const POWER_STEPS_PER_HOUR: usize = 3;
/// The last rung is repeated after this long, doubled each time up to the longest.
const REPEAT: Duration = Duration::from_secs(15 * 60);
const LONGEST_REPEAT: Duration = Duration::from_secs(6 * 3600);
/// A condition that has held this long has recovered: the next trouble begins at the first rung.
const RECOVERED: Duration = Duration::from_secs(60);
/// A step that failed before it could do anything, and may be taken once only, gets another chance after this long.
const SECOND_CHANCE: Duration = Duration::from_secs(60);
/// So many restarts of the device, not of our making, within so long are a boot loop.
const FLAPS: usize = 3;
const FLAPS_WITHIN: Duration = Duration::from_secs(10 * 60);
/// And a device that was in one is treated with care for so long.
const FLAPS_COUNT_FOR: Duration = Duration::from_secs(6 * 3600);
/// Steps that are remembered of one trouble.
const TOLD: usize = 8;

/// What recovery may do, as the file, the host and people say now.
#[derive(Clone, Debug)]
pub(super) struct Permits {
    /// Whether another framing may help: it can be set, and data was never seen to pass in this one.
    pub(super) reframes: bool,
    /// Why power cannot be switched; `None`: it can.
    pub(super) no_power: Option<String>,
    /// Power-level steps in a day.
    pub(super) per_day: usize,
    /// How long a modem is left in peace after a power cycle.
    pub(super) hold: Duration,
    /// Why no step at the level of a reset may be taken.
    pub(super) inhibited: Option<String>,
}

/// A step that is to be taken now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Due {
    pub(super) diagnosis: Diagnosis,
    pub(super) step: Step,
    /// Which one of this trouble, from 1.
    pub(super) attempt: u32,
    /// When the next one would be due.
    pub(super) next_at: Option<Instant>,
}

/// A trouble that is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Over {
    pub(super) diagnosis: Diagnosis,
    pub(super) action: Action,
    pub(super) attempts: u32,
    pub(super) took: Duration,
}

/// Chooses recovery steps for one modem.
#[derive(Debug)]
pub(super) struct Recovery {
    /// Spreads the waits of many devices.
    seed: u64,
    spells: BTreeMap<Diagnosis, Spell>,
    record: Record,
    settle_until: Instant,
    /// The same before the last step: it holds again if that step did not even begin.
    settled_before: Instant,
    /// Restarts of the device that were not our doing.
    flaps: VecDeque<Instant>,
    trial: Option<Trial>,
    /// What is wrong now, and when the ladder would act if nothing changes.
    diagnosis: Option<Diagnosis>,
    next: Option<(Step, Instant)>,
    /// Something is under way, of ours or of the modem's: what is next has to wait for its end.
    in_progress: bool,
}

impl Recovery {
    pub(super) fn new(seed: u64, memory: &RecoveryMemory, kept_ago: u64, now: Instant) -> Self {
        let record = Record::recalled(memory, kept_ago, now);
        let settle_until =
            record.last_power_step().map_or(Instant::ZERO, |age| now + (SETTLE + CYCLE_TAKES).saturating_sub(age));
        Self {
            seed,
            spells: BTreeMap::new(),
            record,
            settle_until,
            settled_before: settle_until,
            flaps: VecDeque::new(),
            trial: None,
            diagnosis: None,
            next: None,
            in_progress: false,
        }
    }

    /// The step that is due, taken as the ladder has it.
    #[cfg(test)]
    pub(super) fn step(&mut self, stages: &[StageReport], permits: &Permits, now: Instant) -> Option<Due> {
        let proposal = self.propose(stages, permits, now)?;
        self.take(&proposal, proposal.built_in, None, permits, now)
    }

    /// What is wrong, if steps may be taken against it now.
    fn diagnose(&mut self, stages: &[StageReport], now: Instant) -> Option<Diagnosis> {
        if planted(Defect::NoRecovery) {
            return None;
        }
        let found = stages.iter().find(|stage| stage.status != Status::True);
        let told = found.map(|stage| (stage, Diagnosis::of(stage)));
        self.in_progress = matches!(told, Some((stage, None)) if matches!(stage.finding, Finding::InProgress(_)));
        let diagnosis = match told {
            // Nothing has changed yet.
            _ if self.in_progress => return None,
            Some((_, diagnosis)) => diagnosis.map(|diagnosis| self.flapping(diagnosis, now)),
            None => None,
        };
        self.next = None;
        self.diagnosis = diagnosis;
        for (_, spell) in self.spells.iter_mut().filter(|(other, _)| Some(**other) != diagnosis) {
            spell.paused_since.get_or_insert(now);
        }
        let diagnosis = diagnosis?;
        self.spells.entry(diagnosis).or_insert_with(|| Spell::new(now)).resume(now);
        self.trial.is_none().then_some(diagnosis)
    }

    /// The rung that is due, by its place, and whether that is a repetition.
    fn due(&mut self, diagnosis: Diagnosis, permits: &Permits, now: Instant) -> Option<(usize, bool)> {
        let rungs = rungs(diagnosis);
        let spell = self.spells.get(&diagnosis)?;
        let (at, rung, again) = self.choose(diagnosis, rungs, spell, permits)?;
        let (due, held) = self.allowed_from(rung.step, permits, at, now);
        let spell = self.spells.get_mut(&diagnosis)?;
        if now < due || held.is_some() {
            self.next = Some((rung.step, due));
            let put_off = matches!(&spell.held, Some(Held::PutOff(by)) if now < by.until);
            if held.is_some() || !put_off {
                spell.held = held;
            }
            return None;
        }
        spell.held = None;
        Some((rungs.iter().position(|other| other == rung)?, again))
    }

    /// The rung to take next and when: the first that is possible at its time in the spell, later ones at their distance
    /// from the step before, the last one again and again at growing distance. Also whether it is a repetition.
    fn choose<'r>(
        &self,
        diagnosis: Diagnosis,
        rungs: &'r [Rung],
        spell: &Spell,
        permits: &Permits,
    ) -> Option<(Instant, &'r Rung, bool)> {
        let salt = self.seed ^ (diagnosis.condition() as u64) << 8;
        let possible = |rung: &Rung| permits.allows(rung.step) && self.record.is_effective(rung.step);
        let fresh = |rung: &Rung| self.record.since(rung.step, rung.distance());
        let upcoming = rungs.iter().enumerate().skip(spell.rung);
        let last = rungs.len().saturating_sub(1);
        // A rung that may not be taken again yet is passed over, unless nothing comes after it.
        let next = upcoming
            .filter(|(_, rung)| possible(rung))
            .find(|(place, rung)| *place == last || fresh(rung) <= spell.since + Duration::from_secs(rung.after));
        if let Some((place, rung)) = next {
            let wait = |seconds: u64| spread(Duration::from_secs(seconds), salt ^ place as u64);
            let from_start = spell.since + wait(rung.after);
            let before = spell.last_rung.and_then(|place| rungs.get(place)).map_or(0, |rung| rung.after);
            let from_last = spell.last_step.map_or(Instant::ZERO, |at| at + wait(rung.after.saturating_sub(before)));
            let at = from_start.max(from_last).max(fresh(rung)).max(spell.not_before);
            return Some((at, rung, false));
        }
        // What was ineffective may not be so for ever: where nothing else is left it is tried again, rarely.
        let again = |rung: &&Rung| rung.often != Often::Once && permits.allows(rung.step);
        let effective = rungs.iter().rev().filter(again).find(|rung| self.record.is_effective(rung.step));
        let (rung, pause) = match effective {
            Some(rung) => (rung, (REPEAT * 2_u32.pow(spell.repeats.min(8))).min(LONGEST_REPEAT)),
            None => (rungs.iter().rev().find(again)?, LONGEST_REPEAT),
        };
        let last = spell.last_step.unwrap_or(spell.since + Duration::from_secs(rung.after));
        let at = last + spread(pause, salt ^ 0x100 ^ u64::from(spell.repeats));
        Some((at.max(fresh(rung)).max(spell.not_before), rung, true))
    }

    /// From when a step may be taken that is due at `at`; says what holds it up.
    fn allowed_from(&mut self, step: Step, permits: &Permits, at: Instant, now: Instant) -> (Instant, Option<Held>) {
        if let Some(why) = permits.inhibited.as_ref().filter(|_| step.restarts() && now >= at) {
            return (at, Some(Held::Inhibited(why.clone())));
        }
        let due = at.max(self.earliest(step));
        if now >= at && now < due {
            return (due, Some(Held::Settling(due)));
        }
        if step.is_power_level() && now >= due && !planted(Defect::NoPowerBudget) {
            let free = self.record.power_allowed_from(permits.per_day, POWER_STEPS_PER_HOUR, now);
            if free > now {
                return (free, Some(Held::BudgetSpent(free)));
            }
        }
        (due, None)
    }

    /// Nothing of this weight is done before the modem has had its time.
    fn earliest(&self, step: Step) -> Instant {
        // Reopening a port or asking anew disturbs nobody.
        if matches!(step, Step::Rescan | Step::Reopen | Step::Reread) { Instant::ZERO } else { self.settle_until }
    }

    /// A step is taken, by the ladder or by hand.
    pub(super) fn note(&mut self, step: Step, hold: Duration, now: Instant) {
        self.record.note(step, now);
        self.settled_before = self.settle_until;
        if step.is_power_level() && !planted(Defect::PowerCycleWithoutSettle) {
            let settle = if step == Step::CyclePower { hold } else { SETTLE };
            self.settle_until = now + settle;
        }
    }

    /// A step was begun by hand: its effect is looked for like that of any other.
    pub(super) fn by_hand(&mut self, diagnosis: Option<Diagnosis>, step: Step, hold: Duration, now: Instant) -> Due {
        self.note(step, hold, now);
        let diagnosis = diagnosis.or(self.diagnosis).unwrap_or(Diagnosis::NoAnswer);
        let attempt = self.spells.get_mut(&diagnosis).map_or(1, |spell| {
            spell.steps += 1;
            spell.last_step = Some(now);
            spell.steps
        });
        self.trial = Some(Trial::new(diagnosis, step, attempt, None, now));
        Due { diagnosis, step, attempt, next_at: None }
    }

    /// Ends the spells of what has recovered; those that steps were taken against are told.
    pub(super) fn note_recovered(&mut self, stages: &[StageReport], now: Instant) -> Vec<Over> {
        let mut over = Vec::new();
        if self.spells.is_empty() {
            return over;
        }
        for report in stages {
            let kind = report.stage.kind();
            if !matches!(report.finding, Finding::Reading(_) | Finding::Waiting | Finding::InProgress(_)) {
                self.spells.remove(&Diagnosis::Untold(kind));
            }
            if report.status != Status::True {
                let of_kind = self.spells.iter_mut().filter(|(diagnosis, _)| diagnosis.condition() == kind);
                of_kind.for_each(|(_, spell)| spell.better_since = None);
                continue;
            }
            let ended = |diagnosis: &Diagnosis, spell: &mut Spell| {
                let same = diagnosis.condition() == kind && !matches!(diagnosis, Diagnosis::Untold(_));
                same && now.since(*spell.better_since.get_or_insert(now)) >= RECOVERED
            };
            let ended: Vec<Diagnosis> =
                self.spells.iter_mut().filter_map(|(d, spell)| ended(d, spell).then_some(*d)).collect();
            for diagnosis in ended {
                let Some(spell) = self.spells.remove(&diagnosis) else { continue };
                let Some(last) = spell.taken.back().filter(|_| spell.steps > 0) else { continue };
                let until = spell.better_since.unwrap_or(now);
                let (action, took) = (last.action.clone(), until.since(spell.began));
                over.push(Over { diagnosis, action, attempts: spell.steps, took });
            }
        }
        over
    }

    /// Nothing is done for a while: no clock runs.
    pub(super) fn suspend(&mut self, now: Instant) {
        self.next = None;
        for spell in self.spells.values_mut() {
            spell.paused_since.get_or_insert(now);
        }
    }

    /// The modem restarted, or its port closed: a step that restarts it has had its effect.
    pub(super) fn note_left(&mut self) {
        if let Some(trial) = &mut self.trial {
            trial.left = true;
        }
    }

    /// The device left the bus.
    pub(super) fn note_vanished(&mut self, now: Instant) {
        let ours = self.trial.as_ref().is_some_and(|trial| trial.step.restarts() && !trial.left);
        self.note_left();
        if ours {
            return;
        }
        while self.flaps.front().is_some_and(|first| now.since(*first) >= FLAPS_WITHIN) {
            self.flaps.pop_front();
        }
        self.flaps.push_back(now);
    }

    /// The device was seen on the bus while its power should have been off.
    pub(super) fn note_stayed(&mut self) {
        if let Some(trial) = &mut self.trial {
            trial.stayed = true;
        }
    }

    /// The step begins, by this action, while the device is on the bus or not.
    pub(super) fn note_begun(&mut self, action: &Action, present: bool) {
        if let Some(trial) = &mut self.trial {
            trial.action = Some(action.clone());
            trial.present = present;
        }
    }

    /// An action ended, perhaps that of the step.
    pub(super) fn note_ended(&mut self, action: &Action, outcome: &Result<(), Failure>, now: Instant) {
        let Some(trial) = self.trial.as_mut().filter(|trial| trial.action.as_ref() == Some(action)) else { return };
        trial.end(outcome, now);
        // The modem's time to come back begins when it has power again.
        if trial.step.is_power_level() && self.settle_until > trial.began {
            self.settle_until = self.settle_until + now.since(trial.began);
        }
    }

    /// Whether the effect of a step is awaited.
    pub(super) const fn is_trying(&self) -> bool {
        self.trial.is_some()
    }

    /// The framing that is on trial.
    pub(super) fn tried_framing(&self) -> Option<Framing> {
        match self.trial.as_ref()?.action {
            Some(Action::Reframe(framing, _)) => Some(framing),
            _ => None,
        }
    }

    /// Whether the watchdog may take this step now; a reset counts for it like power.
    pub(super) fn watchdog_may(&mut self, permits: &Permits, now: Instant) -> bool {
        let free = self.record.power_allowed_from(permits.per_day, POWER_STEPS_PER_HOUR, now) <= now;
        free && permits.inhibited.is_none() && self.trial.is_none()
    }

    /// A step counts against the budget of a day that would not by itself.
    pub(super) fn count(&mut self, now: Instant) {
        self.record.count(now);
    }

    /// What became of the step under trial, once that can be said.
    pub(super) fn verdict(&mut self, firmware: &str, seen: Signs, permits: &Permits, now: Instant) -> Option<Judged> {
        let outcome = self.trial.as_ref()?.verdict(seen, now)?;
        let Trial { diagnosis, step, attempt, action, began, present, chosen, .. } = self.trial.take()?;
        let action = action?;
        match &outcome {
            StepOutcome::Ineffective(because) => self.record.ineffective(step, because, firmware, now),
            StepOutcome::Failed(failure) if present && trial::is_unsupported(failure) => {
                self.record.unsupported(step, &failure.to_string(), now);
            }
            StepOutcome::Failed(failure) => {
                if matches!(failure, Failure::Host(_)) {
                    // Nothing was done: it costs nothing, and nobody needs time to recover from it.
                    self.record.uncount(began);
                    self.settle_until = self.settled_before;
                }
                self.failed(diagnosis, step, now);
            }
            StepOutcome::TookEffect => self.record.effective(step),
            StepOutcome::Unseen => {}
        }
        if let Some(spell) = self.spells.get_mut(&diagnosis) {
            if spell.taken.len() == TOLD {
                spell.taken.pop_front();
            }
            spell.taken.push_back(Taken { step, action: action.clone(), at: began, outcome: outcome.clone(), chosen });
        }
        let next_at = self.next_at(diagnosis, permits);
        Some(Judged { due: Due { diagnosis, step, attempt, next_at }, action, outcome })
    }

    /// When the next step is due, as far as that is known.
    fn next_at(&self, diagnosis: Diagnosis, permits: &Permits) -> Option<Instant> {
        let (at, rung, _) = self.choose(diagnosis, rungs(diagnosis), self.spells.get(&diagnosis)?, permits)?;
        Some(at.max(self.earliest(rung.step)))
    }

    fn failed(&mut self, diagnosis: Diagnosis, step: Step, now: Instant) {
        let Some(spell) = self.spells.get_mut(&diagnosis) else { return };
        let once = spell.last_rung.and_then(|place| rungs(diagnosis).get(place));
        if once.is_some_and(|rung| rung.step == step && rung.often == Often::Once) && spell.steps < 6 {
            spell.rung = spell.last_rung.unwrap_or(0);
            spell.not_before = now + SECOND_CHANCE;
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let spell = self.diagnosis.and_then(|diagnosis| self.spells.get(&diagnosis));
        let held = spell.is_some_and(|spell| matches!(spell.held, Some(Held::Inhibited(_))));
        let next = self.next.filter(|_| !held && !self.in_progress).map(|(_, at)| (at, "a recovery step is due"));
        let trial =
            self.trial.as_ref().and_then(Trial::deadline).map(|at| (at, "a recovery step is to show its effect"));
        let better = self.spells.values().filter(|spell| spell.steps > 0).filter_map(|spell| spell.better_since);
        let better = better.min().map(|since| (since + RECOVERED, "a trouble is over"));
        [next, trial, better].into_iter().flatten().min()
    }

    /// What is to be remembered over a restart of ours.
    pub(super) fn memory(&self, now: Instant) -> RecoveryMemory {
        self.record.memory(now)
    }

    /// Whether what is remembered has changed, or grown old enough to be kept anew.
    pub(super) fn wants_keeping(&mut self, now: Instant) -> bool {
        self.record.wants_keeping(now)
    }

    /// The modem's model and firmware are known: what was learnt on others does not count.
    pub(super) fn note_firmware(&mut self, firmware: &str) {
        self.record.firmware_is(firmware);
    }

    /// A boot loop looks like an absent modem, or like one that does not answer, and calls for the opposite.
    fn flapping(&mut self, diagnosis: Diagnosis, now: Instant) -> Diagnosis {
        while self.flaps.front().is_some_and(|first| now.since(*first) >= FLAPS_COUNT_FOR) {
            self.flaps.pop_front();
        }
        let dead = matches!(diagnosis, Diagnosis::ModemAbsent | Diagnosis::NoAnswer | Diagnosis::Untold(_));
        if dead && self.flaps.len() >= FLAPS { Diagnosis::BootLoop } else { diagnosis }
    }

    /// Restarts of the device lately, if it is in a boot loop.
    pub(super) fn flaps(&self) -> Option<usize> {
        (self.diagnosis == Some(Diagnosis::BootLoop)).then_some(self.flaps.len())
    }
}

impl Permits {
    fn allows(&self, step: Step) -> bool {
        match step {
            Step::CyclePower => self.no_power.is_none(),
            Step::Reframe => self.reframes,
            _ => true,
        }
    }
}

fn rungs(diagnosis: Diagnosis) -> &'static [Rung] {
    const HURT: &[Rung] = &[Rung { after: 300, step: Step::CyclePower, often: Often::Freely }];
    if diagnosis == Diagnosis::Searching && planted(Defect::PowerCycleWhenSearching) {
        return HURT;
    }
    ladder::of(diagnosis).rungs
}
