//! What recovery thinks, for those who explain it: what is wrong since when, what was tried, what comes next, and what
//! holds it up or is left out.

use super::ladder::{Diagnosis, Ladder, Step};
use super::proposal::{Chosen, PutOff};
use super::{Permits, Recovery, Spell};
use crate::model::{Action, Instant, Recovering};
use crate::reconcile::door::StepOutcome;

/// What keeps a step from being taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Held {
    /// The modem was restarted a while ago and has until then to come back.
    Settling(Instant),
    /// The power-level steps of a day or an hour are used up until then.
    BudgetSpent(Instant),
    /// A file asks to leave the modem alone, with this reason.
    Inhibited(String),
    /// A plugin puts it off.
    PutOff(PutOff),
}

/// A step that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Which.
    pub step: Step,
    /// As what.
    pub action: Action,
    /// When.
    pub at: Instant,
    /// What became of it.
    pub outcome: StepOutcome,
    /// The plugin that chose it, unless the ladder did.
    pub chosen: Option<Chosen>,
}

/// What recovery thinks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlook {
    /// What is wrong.
    pub diagnosis: Diagnosis,
    /// What is done about it, and what is not.
    pub ladder: Ladder,
    /// Since when.
    pub since: Instant,
    /// The step whose effect is awaited, when it began, and the plugin that chose it.
    pub under_way: Option<(Step, Instant, Option<Chosen>)>,
    /// Steps in this trouble.
    pub steps: u32,
    /// The last of them.
    pub taken: Vec<Taken>,
    /// What comes next, and when.
    pub next: Option<(Step, Instant)>,
    /// What holds it up.
    pub held: Option<Held>,
    /// Steps that are left out on this modem, and why.
    pub left_out: Vec<(Step, String)>,
    /// Power-level steps within the last day, and how many there may be.
    pub power_steps: (usize, usize),
}

impl Recovery {
    /// What it thinks, if anything is wrong.
    pub(in crate::reconcile) fn outlook(&self, permits: &Permits, now: Instant) -> Option<Outlook> {
        let diagnosis = self.diagnosis?;
        let spell = self.spells.get(&diagnosis)?;
        let ladder = super::ladder::of(diagnosis);
        let on_ladder = |step: Step| ladder.rungs.iter().any(|rung| rung.step == step);
        let no_power = permits.no_power.iter().map(|why| (Step::CyclePower, why.clone()));
        let failed = self.record.left_out().map(|(step, because)| (step, because.to_owned()));
        Some(Outlook {
            diagnosis,
            ladder,
            since: spell.began,
            under_way: self.trial.as_ref().map(|trial| (trial.step, trial.began, trial.chosen.clone())),
            steps: spell.steps,
            taken: spell.taken.iter().cloned().collect(),
            next: self.next,
            held: spell.held.clone(),
            left_out: no_power.chain(failed).filter(|(step, _)| on_ladder(*step)).collect(),
            power_steps: (self.record.power_steps(now), permits.per_day),
        })
    }

    /// What the condition says: whether steps are being taken.
    pub(in crate::reconcile) fn finding(&self) -> (bool, Recovering) {
        if let Some(times) = self.flaps() {
            return (true, Recovering::Flapping { times: u32::try_from(times).unwrap_or(u32::MAX) });
        }
        if let Some(trial) = &self.trial {
            let step = trial.step.words().to_owned();
            return (true, Recovering::AtStep { step, attempt: trial.attempt, at: None });
        }
        // Looking for a moment at what an attempt has brought does not end the trouble it was made in.
        let tells = |spell: &&Spell| spell.steps > 0 || spell.held.is_some();
        let present = self.diagnosis.and_then(|diagnosis| self.spells.get(&diagnosis)).filter(tells);
        let latest = || self.spells.values().filter(tells).max_by_key(|spell| spell.last_step);
        let Some(spell) = present.or_else(latest) else { return (false, Recovering::Idle) };
        match (&spell.held, spell.taken.back()) {
            (Some(Held::Inhibited(why)), _) => (false, Recovering::Inhibited(why.clone())),
            (Some(Held::BudgetSpent(at)), _) => (true, Recovering::BudgetSpent { at: *at }),
            (Some(Held::PutOff(PutOff { plugin, until, reason })), _) => {
                (true, Recovering::PutOff { plugin: plugin.clone(), reason: reason.clone(), at: *until })
            }
            (_, Some(last)) => {
                let at = self.next.map(|(_, at)| at);
                (true, Recovering::AtStep { step: last.step.words().to_owned(), attempt: spell.steps, at })
            }
            (_, None) => (false, Recovering::Idle),
        }
    }
}
