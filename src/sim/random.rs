//! Chance that can be repeated: numbers that follow from a seed and from nothing else.
//!
//! Every purpose has a stream of its own (after omicron's `PlannerRng`): one more latency drawn for one modem moves
//! no address, no fault and no other modem, so a failing seed stays failing while the code around it changes.

use std::time::Duration;

use crate::model::fnv_1a;

/// A span of milliseconds, both ends included.
pub type Span = (u32, u32);

/// A stream of numbers (SplitMix64: Steele, Lea and Flood 2014; small, and good enough for dice).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of one purpose for one of many: `Random::stream(seed, "latency", modem)`.
    #[must_use]
    pub fn stream(seed: u64, purpose: &str, index: u64) -> Self {
        let mut state = Self(seed ^ fnv_1a(purpose.as_bytes()));
        let salt = state.next();
        let mut state = Self(salt ^ index.wrapping_mul(GOLDEN));
        Self(state.next())
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "an endless stream is no use as an iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `n`; 0 for `n` = 0.
    pub fn below(&mut self, n: u64) -> u64 {
        // The bias of the remainder is far below what dice of at most a million sides could show.
        self.next() % n.max(1)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// A duration within the span.
    pub fn within(&mut self, (low, high): Span) -> Duration {
        Duration::from_millis(self.between(low.into(), high.into()))
    }

    /// True in so many of a thousand cases.
    pub fn chance(&mut self, per_mille: u16) -> bool {
        per_mille > 0 && self.below(1000) < per_mille.into()
    }

    /// One of them; `None` when there is none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u64) as usize)
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's finaliser: neighbouring inputs give unrelated outputs.
#[must_use]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_do_not_resemble_one_another() {
        let draw = |purpose, index| {
            let mut random = Random::stream(7, purpose, index);
            [random.next(), random.next()]
        };
        assert_eq!(draw("latency", 3), draw("latency", 3));
        assert_ne!(draw("latency", 3), draw("latency", 4));
        assert_ne!(draw("latency", 3), draw("address", 3));
        assert_ne!(draw("latency", 3)[0], draw("latency", 3)[1]);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut random = Random::stream(1, "dice", 0);
        let rolls: Vec<u64> = (0..500).map(|_| random.between(1, 6)).collect();
        assert!((1..=6).all(|face| rolls.contains(&face)));
        assert!(rolls.iter().all(|roll| (1..=6).contains(roll)));
        assert!(!random.chance(0));
        assert!((0..200).all(|_| random.chance(1000)));
        assert_eq!(random.below(0), 0);
        assert_eq!(random.pick::<u8>(&[]), None);
    }
}
