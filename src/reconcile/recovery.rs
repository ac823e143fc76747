//! The recovery ladder: what to do when waiting does not help.
//!
//! Chosen by diagnosis, never by a bare timer: the first condition that does not hold selects the ladder, and how long
//! it has not held selects the rung. A modem that is merely out of coverage is not power-cycled; a card that waits for
//! its PIN is not reset; a network that refuses us for good is not answered with resets.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::{Action, ConditionKind, Finding, Instant, IpFamily, OperatingMode, Status};
use crate::plan::StageReport;

/// After a power-level step a modem may need minutes until it is registered again (Quectel and Sierra give five as
/// the worst case); nothing more is done to it meanwhile.
const SETTLE: Duration = Duration::from_secs(10 * 60);
/// Power-level steps in a day. A modem that six power cycles did not cure will not be cured by the seventh.
const POWER_STEPS_PER_DAY: usize = 6;
/// And in an hour: boot loops come from doing too much.
const POWER_STEPS_PER_HOUR: usize = 3;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The last rung is repeated after this long, doubled each time up to the longest.
const REPEAT: Duration = Duration::from_secs(15 * 60);
const LONGEST_REPEAT: Duration = Duration::from_secs(6 * 3600);
/// A condition that has held this long has recovered: the next trouble begins at the first rung.
const RECOVERED: Duration = Duration::from_secs(60);

/// A rung: after how long in trouble, which step.
type Rung = (u64, Action);

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Trouble {
    /// The condition does not hold.
    With(ConditionKind),
    /// It cannot be learnt whether the condition holds.
    Learning(ConditionKind),
}

/// A spell of trouble.
#[derive(Clone, Copy, Debug)]
struct Spell {
    since: Instant,
    /// Since when the condition holds again, if it does.
    better_since: Option<Instant>,
    /// Since when something else is the diagnosis: the clock of a spell runs only while it is the diagnosis itself.
    paused_since: Option<Instant>,
    steps: u32,
    last_step: Option<Instant>,
}

/// Chooses recovery steps for one modem.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    spells: BTreeMap<Trouble, Spell>,
    power_steps: VecDeque<Instant>,
    settle_until: Instant,
    /// When the ladder would act if nothing changes.
    next: Option<Instant>,
}

impl Recovery {
    /// Takes over the power-level steps of an earlier run. A time to come is one before a restart of the machine.
    pub(super) fn recalled(power_steps: &[Instant], now: Instant) -> Self {
        let power_steps: VecDeque<Instant> = power_steps.iter().copied().filter(|at| *at <= now).collect();
        let settle_until = power_steps.back().map_or(Instant::ZERO, |last| *last + SETTLE);
        Self { power_steps, settle_until, ..Self::default() }
    }

    /// When power-level steps were taken within the last day.
    pub(super) fn power_steps(&self) -> Vec<Instant> {
        self.power_steps.iter().copied().collect()
    }

    /// The step that is due, and which attempt of this spell it is.
    pub(super) fn step(&mut self, stages: &[StageReport], now: Instant) -> Option<(ConditionKind, Action, u32)> {
        self.next = None;
        if planted(Defect::NoRecovery) {
            return None;
        }
        self.note_recovered(stages, now);
        let diagnosis = stages.iter().find(|s| s.status != Status::True);
        let trouble = match diagnosis.map(trouble) {
            // An action is under way: nothing has changed yet.
            Some(None) => return None,
            Some(Some(trouble)) => Some(trouble),
            None => None,
        };
        for (_, spell) in self.spells.iter_mut().filter(|(other, _)| Some(**other) != trouble) {
            spell.paused_since.get_or_insert(now);
        }
        let (diagnosis, trouble) = (diagnosis?, trouble?);
        let spell = *self.resume(trouble, now);
        let ladder = ladder(trouble, &diagnosis.finding);
        let (rung, due) = due(&ladder, &spell)?;
        let due = due.max(self.settle_until);
        if now < due {
            self.next = Some(due);
            return None;
        }
        let (_, action) = ladder.get(rung)?;
        if is_power_level(action) && !self.power_budget_allows(now) {
            self.next = Some(now + REPEAT);
            return None;
        }
        if let Some(spell) = self.spells.get_mut(&trouble) {
            spell.steps += 1;
            spell.last_step = Some(now);
        }
        if is_power_level(action) {
            self.power_steps.push_back(now);
            self.settle_until = if planted(Defect::PowerCycleWithoutSettle) { now } else { now + SETTLE };
        }
        Some((diagnosis.stage.kind(), action.clone(), spell.steps + 1))
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.next.map(|at| (at, "a recovery step is due"))
    }

    /// The spell of a trouble, its clock running.
    fn resume(&mut self, trouble: Trouble, now: Instant) -> &Spell {
        let fresh = Spell { since: now, better_since: None, paused_since: None, steps: 0, last_step: None };
        let spell = self.spells.entry(trouble).or_insert(fresh);
        spell.better_since = None;
        if let Some(paused_since) = spell.paused_since.take() {
            let pause = now.since(paused_since);
            spell.since = spell.since + pause;
            spell.last_step = spell.last_step.map(|at| at + pause);
        }
        spell
    }

    /// Ends the spells of what has recovered.
    fn note_recovered(&mut self, stages: &[StageReport], now: Instant) {
        for report in stages {
            let kind = report.stage.kind();
            if !matches!(report.finding, Finding::Reading(_) | Finding::Waiting | Finding::InProgress(_)) {
                self.spells.remove(&Trouble::Learning(kind));
            }
            if report.status != Status::True {
                continue;
            }
            if let Some(spell) = self.spells.get_mut(&Trouble::With(kind)) {
                let since = *spell.better_since.get_or_insert(now);
                if now.since(since) >= RECOVERED {
                    self.spells.remove(&Trouble::With(kind));
                }
            }
        }
    }

    fn power_budget_allows(&mut self, now: Instant) -> bool {
        while self.power_steps.front().is_some_and(|first| now.since(*first) >= DAY) {
            self.power_steps.pop_front();
        }
        let lately = self.power_steps.iter().filter(|at| now.since(**at) < HOUR).count();
        let allowed = self.power_steps.len() < POWER_STEPS_PER_DAY && lately < POWER_STEPS_PER_HOUR;
        allowed || planted(Defect::NoPowerBudget)
    }
}

/// The rung to take next and when: the first at its time in the spell, later ones at their distance from the step
/// before, the last one again and again at growing distance.
fn due(ladder: &[Rung], spell: &Spell) -> Option<(usize, Instant)> {
    let last = ladder.len().checked_sub(1)?;
    let taken = spell.steps as usize;
    let seconds = |rung: usize| Duration::from_secs(ladder.get(rung).map_or(0, |(after, _)| *after));
    match spell.last_step {
        None => Some((0, spell.since + seconds(0))),
        Some(at) if taken <= last => Some((taken, at + (seconds(taken) - seconds(taken - 1)))),
        Some(at) => {
            let doublings = u32::try_from(taken - last - 1).unwrap_or(u32::MAX).min(8);
            Some((last, at + (REPEAT * 2_u32.pow(doublings)).min(LONGEST_REPEAT)))
        }
    }
}

fn is_power_level(action: &Action) -> bool {
    matches!(action, Action::CyclePower | Action::Reauthorise)
}

/// What a diagnosis is trouble with; nothing while an action is under way or an earlier stage decides.
fn trouble(diagnosis: &StageReport) -> Option<Trouble> {
    let kind = diagnosis.stage.kind();
    match (&diagnosis.finding, diagnosis.status) {
        (Finding::InProgress(_) | Finding::Waiting, _) => None,
        (Finding::Reading(_), _) | (_, Status::Unknown) => Some(Trouble::Learning(kind)),
        (_, Status::True | Status::False) => Some(Trouble::With(kind)),
    }
}

fn ladder(trouble: Trouble, finding: &Finding) -> Vec<Rung> {
    let kind = match trouble {
        // What only the host can tell does not come sooner by disturbing the modem; any other fact that cannot be learnt is trouble with the channel, whatever it is about.
        Trouble::Learning(ConditionKind::ModemPresent | ConditionKind::LinkConfigured) => return Vec::new(),
        Trouble::Learning(_) => ConditionKind::ControlReady,
        Trouble::With(kind) => kind,
    };
    match kind {
        ConditionKind::ControlReady => {
            vec![(45, Action::ClosePort), (120, Action::Reauthorise), (240, Action::CyclePower)]
        }
        ConditionKind::ModemPresent => vec![(180, Action::Reauthorise), (300, Action::CyclePower)],
        ConditionKind::SimReady => match finding {
            Finding::NoCard | Finding::CardError => vec![(300, Action::CycleRadio)],
            Finding::CardStarting => vec![(120, Action::CycleRadio), (300, Action::ResetModem)],
            // A card that waits for a human gets no reset.
            _ => Vec::new(),
        },
        ConditionKind::RadioConfigured => match finding {
            // The hardware lacks it, the firmware ignores it, or somebody else wants it otherwise: a reset mends none of these.
            Finding::TechnologiesUnsupported { .. }
            | Finding::BandsUnsupported { .. }
            | Finding::Ignored(_)
            | Finding::Contended(_) => Vec::new(),
            // Offline, and its own reset did not help: there is nothing left to lose.
            Finding::RadioOff(OperatingMode::Offline | OperatingMode::Leaving) => {
                vec![(60, Action::CyclePower), (90, Action::Reauthorise)]
            }
            Finding::Retrying { action, .. } if *action == Action::ResetModem.to_string() => {
                vec![(60, Action::CyclePower), (90, Action::Reauthorise)]
            }
            _ => vec![(300, Action::ResetModem), (600, Action::Reauthorise), (1200, Action::CyclePower)],
        },
        ConditionKind::Registered if planted(Defect::PowerCycleWhenSearching) => vec![(300, Action::CyclePower)],
        ConditionKind::Registered => match finding {
            Finding::RoamingNotAllowed(_) => Vec::new(),
            Finding::Denied(_) => vec![(900, Action::CycleRadio)],
            _ => vec![(900, Action::CycleRadio), (3600, Action::ResetModem)],
        },
        ConditionKind::DataConnected => match finding {
            Finding::CallFailed { cause, .. } if cause.is_permanent() => Vec::new(),
            Finding::FamilyNotOffered { .. } => Vec::new(),
            _ => vec![
                (300, Action::Reregister),
                (600, Action::CycleRadio),
                (1200, Action::ResetModem),
                (2400, Action::CyclePower),
            ],
        },
        ConditionKind::LinkConfigured => {
            vec![(60, Action::StopSession(IpFamily::Ipv4)), (300, Action::ResetModem)]
        }
        ConditionKind::ConfigValid | ConditionKind::ProviderSelected | ConditionKind::Converged => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CallEnd;
    use crate::plan::Stage;

    fn report(stage: Stage, finding: Finding) -> Vec<StageReport> {
        let before = Stage::ALL.into_iter().take_while(|s| *s != stage);
        let held = before.map(|stage| StageReport { stage, status: Status::True, finding: Finding::Enumerated });
        held.chain([StageReport { stage, status: Status::False, finding }]).collect()
    }

    /// The steps taken in a day in which the finding never changes.
    fn day(stages: &[StageReport]) -> Vec<(u64, &'static str)> {
        let mut recovery = Recovery::default();
        let mut steps = Vec::new();
        for second in 0..24 * 3600 {
            let now = Instant::from_secs(second);
            if let Some((_, action, _)) = recovery.step(stages, now) {
                steps.push((second, action.name()));
            }
        }
        steps
    }

    #[test]
    fn out_of_coverage_never_cycles_power() {
        let steps = day(&report(Stage::Registration, Finding::Searching));
        assert_eq!(&steps[..2], [(900, "cycle-radio"), (3600, "reset-modem")]);
        assert!(steps.iter().all(|(_, name)| *name != "cycle-power" && *name != "reauthorise"));
        assert!(steps.len() < 12, "{steps:?}");
    }

    #[test]
    fn what_needs_a_human_is_left_alone() {
        let call = Finding::CallFailed {
            family: IpFamily::Ipv4,
            apn: "corp".into(),
            cause: CallEnd::of_3gpp(33),
            failures: 3,
            at: Instant::ZERO,
        };
        assert!(day(&report(Stage::Session, call)).is_empty());
        assert!(day(&report(Stage::Sim, Finding::PinRequired { tries_left: 3 })).is_empty());
        assert!(day(&report(Stage::Sim, Finding::PukRequired { tries_left: 10 })).is_empty());
        assert!(day(&report(Stage::Registration, Finding::RoamingNotAllowed(None))).is_empty());
    }

    #[test]
    fn a_dead_modem_climbs_the_ladder_within_its_budget() {
        let steps = day(&report(Stage::Control, Finding::Unresponsive));
        assert_eq!(&steps[..2], [(45, "close-port"), (120, "reauthorise")]);
        let power: Vec<u64> =
            steps.iter().filter(|(_, n)| *n == "cycle-power" || *n == "reauthorise").map(|(s, _)| *s).collect();
        assert!(power.len() <= POWER_STEPS_PER_DAY, "{power:?}");
        assert!(power.windows(2).all(|w| w[1] - w[0] >= SETTLE.as_secs()), "{power:?}");
    }

    #[test]
    fn a_spell_that_ended_starts_over_at_the_first_rung() {
        let mut recovery = Recovery::default();
        let bad = report(
            Stage::Session,
            Finding::Retrying {
                action: String::new(),
                failure: None,
                took_effect: false,
                failures: 1,
                at: Instant::FAR,
            },
        );
        let good: Vec<StageReport> = bad.iter().map(|r| StageReport { status: Status::True, ..r.clone() }).collect();
        assert_eq!(recovery.step(&bad, Instant::from_secs(0)), None);
        assert_eq!(recovery.step(&bad, Instant::from_secs(299)), None);
        assert_eq!(recovery.step(&good, Instant::from_secs(299)), None);
        assert_eq!(recovery.step(&good, Instant::from_secs(360)), None);
        assert_eq!(recovery.step(&bad, Instant::from_secs(361)), None, "the clock starts anew");
        let due = recovery.poll_timeout().map(|(at, _)| at);
        assert_eq!(due, Some(Instant::from_secs(661)));
    }
}
