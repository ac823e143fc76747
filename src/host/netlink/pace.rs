//! How often an interface is looked at because of news, and how often drift is reported, so that neither a flood of news
//! nor a fight with another program takes the processor.

use std::time::Duration;

use crate::model::Instant;

/// So many changes are reported at once: one change of ours is several of the kernel's, and a bring-up is dozens …
const BURST: u32 = 100;
/// … and then one in this time. Whoever undoes everything we do is answered so slowly.
const ONE_IN: Duration = Duration::from_secs(1);
/// News that come closer together are one: a change of the link is several messages. A tenth of what repair may take.
const APART: Duration = Duration::from_millis(10);

/// A bucket of reports.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    /// When the bucket was last filled up by one.
    filled: Instant,
    looked: Option<Instant>,
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self { left: BURST, filled: now, looked: None }
    }

    /// When to look because of news that came now.
    pub(super) fn look_at(&mut self, now: Instant) -> Instant {
        self.fill(now);
        let apart = self.looked.map_or(now, |looked| now.max(looked + APART));
        if self.left > 0 { apart } else { apart.max(self.filled + ONE_IN) }
    }

    /// The interface was looked at, and was otherwise than it was said to be, or not.
    pub(super) fn looked(&mut self, changed: bool, now: Instant) {
        self.fill(now);
        self.looked = Some(now);
        if changed {
            self.left = self.left.saturating_sub(1);
        }
    }

    fn fill(&mut self, now: Instant) {
        while self.left < BURST && self.filled + ONE_IN <= now {
            self.left += 1;
            self.filled = self.filled + ONE_IN;
        }
        if self.left == BURST {
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f38_a_burst_is_reported_at_once_and_a_fight_once_a_second() {
        let mut now = Instant::from_secs(100);
        let mut pace = Pace::new(Instant::ZERO);
        for _ in 0..BURST {
            let at = pace.look_at(now);
            assert!(at.since(now) <= APART);
            now = at;
            pace.looked(true, now);
        }
        let exhausted = now;
        for fight in 1..5 {
            now = pace.look_at(now);
            assert!(now.since(exhausted) <= ONE_IN * fight && now.since(exhausted) >= ONE_IN * (fight - 1));
            pace.looked(true, now);
        }
        now = now + Duration::from_secs(1000);
        assert_eq!(pace.look_at(now), now, "peace fills it up");
    }

    #[test]
    fn news_that_change_nothing_cost_nothing_but_come_apart() {
        let mut now = Instant::from_secs(100);
        let mut pace = Pace::new(Instant::ZERO);
        for _ in 0..10 * BURST {
            now = pace.look_at(now);
            pace.looked(false, now);
            assert_eq!(pace.look_at(now), now + APART);
        }
    }
}
