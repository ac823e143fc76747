//! How often drift is reported, so that a fight with another program over an interface does not take the processor.

use std::time::Duration;

use crate::model::Instant;

/// So many changes are reported at once …
const BURST: u32 = 20;
/// … and then one in this time. Whoever undoes everything we do is answered so slowly.
const ONE_IN: Duration = Duration::from_secs(1);

/// A bucket of reports.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    /// When the bucket was last filled up by one.
    filled: Instant,
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self { left: BURST, filled: now }
    }

    /// Takes one report; says when it may be made.
    pub(super) fn next(&mut self, now: Instant) -> Instant {
        while self.left < BURST && self.filled + ONE_IN <= now {
            self.left += 1;
            self.filled = self.filled + ONE_IN;
        }
        if self.left == BURST {
            self.filled = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                now
            }
            None => {
                self.filled = self.filled + ONE_IN;
                self.filled
            }
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
            assert_eq!(pace.next(now), now);
        }
        for _ in 0..5 {
            let at = pace.next(now);
            assert_eq!(at, now + ONE_IN);
            now = at;
        }
        now = now + Duration::from_secs(1000);
        for _ in 0..BURST {
            assert_eq!(pace.next(now), now, "peace fills it up");
        }
        assert_eq!(pace.next(now), now + ONE_IN);
    }
}
