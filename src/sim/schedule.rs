//! What shall happen later, in order of time and, at one time, in order of asking.

use std::collections::BTreeMap;

use crate::model::Instant;

/// Things due at certain times.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    due: BTreeMap<(Instant, u64), T>,
    asked: u64,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self { due: BTreeMap::new(), asked: 0 }
    }
}

impl<T> Schedule<T> {
    pub(super) fn at(&mut self, at: Instant, what: T) {
        self.asked += 1;
        self.due.insert((at, self.asked), what);
    }

    /// The first thing that is due by `now`, with the time it was due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(Instant, T)> {
        let entry = self.due.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let ((at, _), what) = entry.remove_entry();
        Some((at, what))
    }

    pub(super) fn next(&self) -> Option<(Instant, &T)> {
        self.due.first_key_value().map(|((at, _), what)| (*at, what))
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.due.retain(|_, what| keep(what));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}
