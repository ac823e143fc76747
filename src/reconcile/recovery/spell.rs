//! A spell of trouble: how long one diagnosis has been true, and what was done about it.

use std::collections::VecDeque;
use std::time::Duration;

use super::outlook::{Held, Taken};
use crate::model::Instant;

/// So long a trouble that is the diagnosis again, after another one was, may mend along with that one.
const MEND_ALONG: Duration = Duration::from_secs(60);

/// A spell of trouble.
#[derive(Clone, Debug)]
pub(super) struct Spell {
    /// When it began, whatever else was wrong since.
    pub(super) began: Instant,
    /// The same, later by the time in which something else was wrong.
    pub(super) since: Instant,
    /// Since when the condition holds again, if it does.
    pub(super) better_since: Option<Instant>,
    /// Since when something else is the diagnosis: the clock of a spell runs only while it is the diagnosis itself.
    pub(super) paused_since: Option<Instant>,
    /// The rung that comes next, as far as its limits allow.
    pub(super) rung: usize,
    /// The rung taken last.
    pub(super) last_rung: Option<usize>,
    pub(super) last_step: Option<Instant>,
    /// Repetitions of the last rung.
    pub(super) repeats: u32,
    /// Steps in all.
    pub(super) steps: u32,
    /// Not before: a failed step gets another chance.
    pub(super) not_before: Instant,
    /// What holds the next step up.
    pub(super) held: Option<Held>,
    /// Since when the step that comes next is due.
    pub(super) due_since: Option<Instant>,
    /// For how long others before it were put off.
    pub(super) put_off: Duration,
    pub(super) taken: VecDeque<Taken>,
}

impl Spell {
    /// One that begins now.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            began: now,
            since: now,
            better_since: None,
            paused_since: None,
            rung: 0,
            last_rung: None,
            last_step: None,
            repeats: 0,
            steps: 0,
            not_before: Instant::ZERO,
            held: None,
            due_since: None,
            put_off: Duration::ZERO,
            taken: VecDeque::new(),
        }
    }

    /// It is the diagnosis (again): its clock runs.
    pub(super) fn resume(&mut self, now: Instant) {
        self.better_since = None;
        if let Some(paused_since) = self.paused_since.take() {
            let pause = now.since(paused_since);
            self.since = self.since + pause;
            self.last_step = self.last_step.map(|at| at + pause);
            self.due_since = self.due_since.map(|at| at + pause);
            // What was wrong meanwhile may have been the cause of this, too. Of two troubles that take turns, the longer
            // one still gets its steps.
            self.not_before = self.not_before.max(now + pause.min(MEND_ALONG));
        }
    }
}
