//! What was done lately and what did not work, over all troubles and over restarts of ours.
//!
//! Kept as ages: the core's clock begins anew with every start. While we were down the host's clock went on; what it
//! says of that time is added, and where it says nothing (no battery behind the clock) only our own time counts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::ladder::Step;
use crate::model::Instant;
use crate::reconcile::door::{Ineffective, RecoveryMemory};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A step that had no effect is given another chance after this long: hubs and firmware are exchanged.
const BELIEVED: Duration = Duration::from_secs(7 * 24 * 3600);
/// A host that could not do it is asked again the next day: it may have been updated.
const UNSUPPORTED: Duration = DAY;
/// Ages are kept anew this often while there are any, so that they do not stand still over many short lives.
const KEEP_AGAIN: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug)]
struct Failed {
    /// When it was seen.
    seen: Past,
    because: String,
    /// `None`: the host could not do it, which is not kept over a restart.
    firmware: Option<String>,
}

/// Whether it is kept over a restart of ours when a step was taken: it must not come often.
fn outlives_us(step: Step) -> bool {
    step.restarts() || matches!(step, Step::ClearForbidden | Step::Reframe)
}

/// A point in time that may lie before the clock began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Past {
    at: Instant,
    behind: Duration,
}

impl Past {
    fn age(self, now: Instant) -> Duration {
        now.since(self.at) + self.behind
    }

    /// When it will have this age.
    fn aged(self, age: Duration) -> Instant {
        self.at + age.saturating_sub(self.behind)
    }

    fn before(now: Instant, age: Duration) -> Self {
        Self { at: now, behind: age }
    }

    fn now(now: Instant) -> Self {
        Self::before(now, Duration::ZERO)
    }
}

#[derive(Debug)]
pub(super) struct Record {
    power_steps: VecDeque<Past>,
    steps: BTreeMap<Step, Past>,
    failed: BTreeMap<Step, Failed>,
    /// Something changed since it was kept.
    changed: bool,
    kept_at: Instant,
}

impl Record {
    pub(super) fn recalled(memory: &RecoveryMemory, kept_ago: u64, now: Instant) -> Self {
        let named = |name: &str| Step::ALL.into_iter().find(|step| step.name() == name);
        let past = |seconds: u64| Past::before(now, Duration::from_secs(seconds.saturating_add(kept_ago)));
        let mut power_steps: Vec<Past> = memory.power_steps.iter().map(|ago| past(*ago)).collect();
        power_steps.sort_by_key(|past| std::cmp::Reverse(past.behind));
        let failed = |(name, seen): (&String, &Ineffective)| {
            let firmware = Some(seen.firmware.clone());
            Some((named(name)?, Failed { seen: past(seen.ago), because: seen.because.clone(), firmware }))
        };
        Self {
            power_steps: power_steps.into(),
            steps: memory.steps.iter().filter_map(|(name, ago)| Some((named(name)?, past(*ago)))).collect(),
            failed: memory.ineffective.iter().filter_map(failed).collect(),
            changed: false,
            kept_at: now,
        }
    }

    /// A step is taken.
    pub(super) fn note(&mut self, step: Step, now: Instant) {
        if step.is_power_level() {
            self.count(now);
        }
        self.steps.insert(step, Past::now(now));
        self.changed |= outlives_us(step);
    }

    pub(super) fn count(&mut self, now: Instant) {
        self.power_steps.push_back(Past::now(now));
        self.changed = true;
    }

    /// The step that was taken then did not even begin.
    pub(super) fn uncount(&mut self, at: Instant) {
        self.power_steps.retain(|past| past.at != at || !past.behind.is_zero());
        self.changed = true;
    }

    /// From when a step may be taken again that needs so much distance.
    pub(super) fn since(&self, step: Step, distance: Duration) -> Instant {
        self.steps.get(&step).filter(|_| !distance.is_zero()).map_or(Instant::ZERO, |past| past.aged(distance))
    }

    /// When the next power-level step may be taken.
    pub(super) fn power_allowed_from(&mut self, per_day: usize, per_hour: usize, now: Instant) -> Instant {
        while self.power_steps.front().is_some_and(|first| first.age(now) >= DAY) {
            self.power_steps.pop_front();
        }
        if per_day == 0 {
            return now + DAY;
        }
        let nth_last = |n: usize| self.power_steps.len().checked_sub(n).and_then(|place| self.power_steps.get(place));
        let of_day = nth_last(per_day).map_or(Instant::ZERO, |past| past.aged(DAY));
        let of_hour = nth_last(per_hour).map_or(Instant::ZERO, |past| past.aged(HOUR));
        of_day.max(of_hour)
    }

    /// How long before the clock began the last power-level step was taken.
    pub(super) fn last_power_step(&self) -> Option<Duration> {
        self.power_steps.back().map(|past| past.behind)
    }

    /// Power-level steps within the last day.
    pub(super) fn power_steps(&self, now: Instant) -> usize {
        self.power_steps.iter().filter(|past| past.age(now) < DAY).count()
    }

    pub(super) fn is_effective(&self, step: Step) -> bool {
        !self.failed.contains_key(&step)
    }

    /// What is left out, and why.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (Step, &str)> {
        self.failed.iter().map(|(step, failed)| (*step, failed.because.as_str()))
    }

    pub(super) fn ineffective(&mut self, step: Step, because: &str, firmware: &str, now: Instant) {
        let firmware = Some(firmware.to_owned());
        self.failed.insert(step, Failed { seen: Past::now(now), because: because.to_owned(), firmware });
        self.changed = true;
    }

    pub(super) fn unsupported(&mut self, step: Step, because: &str, now: Instant) {
        let failed = Failed { seen: Past::now(now), because: because.to_owned(), firmware: None };
        self.failed.insert(step, failed);
    }

    /// It works after all.
    pub(super) fn effective(&mut self, step: Step) {
        self.changed |= self.failed.remove(&step).is_some();
    }

    pub(super) fn firmware_is(&mut self, firmware: &str) {
        let before = self.failed.len();
        self.failed
            .retain(|_, failed| failed.firmware.as_deref().is_none_or(|seen| seen.is_empty() || seen == firmware));
        self.changed |= self.failed.len() != before;
    }

    pub(super) fn memory(&self, now: Instant) -> RecoveryMemory {
        let seconds = |age: Duration| age.as_secs();
        let steps = self.steps.iter().filter(|(step, past)| outlives_us(**step) && past.age(now) < DAY);
        let failed = self.failed.iter().filter_map(|(step, failed)| {
            let ago = seconds(failed.seen.age(now));
            let firmware = failed.firmware.clone()?;
            Some((step.name().to_owned(), Ineffective { ago, because: failed.because.clone(), firmware }))
        });
        RecoveryMemory {
            power_steps: self.power_steps.iter().map(|p| seconds(p.age(now))).filter(|s| *s < DAY.as_secs()).collect(),
            steps: steps.map(|(step, past)| (step.name().to_owned(), seconds(past.age(now)))).collect(),
            ineffective: failed.collect(),
        }
    }

    pub(super) fn wants_keeping(&mut self, now: Instant) -> bool {
        let before = self.failed.len();
        self.failed.retain(|_, failed| {
            let believed = if failed.firmware.is_some() { BELIEVED } else { UNSUPPORTED };
            failed.seen.age(now) < believed
        });
        self.changed |= self.failed.len() != before;
        let any = !self.power_steps.is_empty() || !self.failed.is_empty();
        let wants = self.changed || any && now.since(self.kept_at) >= KEEP_AGAIN;
        if wants {
            self.changed = false;
            self.kept_at = now;
        }
        wants
    }
}
