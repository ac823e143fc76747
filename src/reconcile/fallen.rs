//! Controllers that panicked: an error of our own in one modem's part must not touch the others, nor spin.
//!
//! The part is started anew at once, with what it had asked to be remembered. One that goes on failing is left alone
//! for a growing while: whatever it chokes on is then still there.

use std::any::Any;
use std::time::Duration;

use crate::model::Instant;

/// Failures that count together.
const LATELY: Duration = Duration::from_secs(3600);
/// So many of them are answered at once.
const AT_ONCE: u32 = 3;
/// The first pause after that; doubled each time up to an hour.
const PAUSE: Duration = Duration::from_secs(60);

/// The failures of one controller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fallen {
    /// How often lately.
    pub(super) times: u32,
    /// The words of the last panic.
    pub(super) panic: String,
    last: Instant,
    /// Nothing is handled before.
    pub(super) until: Instant,
    /// It waits for that.
    pub(super) resting: bool,
}

impl Fallen {
    /// Another failure after `before`.
    pub(super) fn again(before: Option<&Self>, panic: String, now: Instant) -> Self {
        let lately = before.filter(|before| now.since(before.last) < LATELY).map_or(0, |before| before.times);
        let times = lately.saturating_add(1);
        let doublings = times.saturating_sub(AT_ONCE + 1).min(6);
        let pause = if times <= AT_ONCE { Duration::ZERO } else { (PAUSE * 2_u32.pow(doublings)).min(LATELY) };
        Self { times, panic, last: now, until: now + pause, resting: !pause.is_zero() }
    }

    /// Whether the controller is left alone.
    pub(super) fn rests(&self, now: Instant) -> bool {
        now < self.until
    }

    /// How long the failure is told of.
    pub(super) fn told_until(&self) -> Instant {
        self.last + LATELY
    }
}

/// The words of a panic.
pub(super) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_failing_is_left_alone_for_longer_and_longer() {
        let mut fallen: Option<Fallen> = None;
        let mut now = Instant::ZERO;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let next = Fallen::again(fallen.as_ref(), "x".into(), now);
            pauses.push(now.until(next.until).as_secs());
            now = next.until;
            fallen = Some(next);
        }
        assert_eq!(pauses, [0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 0, 0], "and after an hour in peace, anew");
    }
}
