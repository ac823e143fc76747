//! Time as the core knows it: milliseconds since the process (or the simulated world) began.
//!
//! Not `std::time::Instant`: ours can be written in a const, printed, stored in a trace and invented by a
//! simulator. Wall-clock time never appears here: it jumps, and no deadline may depend on it.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in monotonic time, in milliseconds since the start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(u64);

impl Instant {
    /// The start.
    pub const ZERO: Self = Self(0);
    /// Later than anything that is waited for.
    pub const FAR: Self = Self(u64::MAX);

    /// The instant `ms` milliseconds after the start.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// The instant `s` seconds after the start.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1000))
    }

    /// Milliseconds since the start.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// How long until `later`; zero if it has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, d: Duration) -> Self {
        let ms = millis(d);
        Self(self.0.saturating_add(ms))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, d: Duration) -> Self {
        let ms = millis(d);
        Self(self.0.saturating_sub(ms))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How far [`spread`] goes, either way, in percent.
pub const SPREAD_PERCENT: u64 = 20;

/// A wait made longer or shorter by up to a fifth, always alike for the same `seed`: devices that lost something at one
/// moment do not all come back at one moment.
#[must_use]
pub fn spread(wait: Duration, seed: u64) -> Duration {
    let percent = 100 - SPREAD_PERCENT + chance(seed) % (2 * SPREAD_PERCENT + 1);
    let ms = millis(wait);
    Duration::from_millis(ms.saturating_mul(percent) / 100)
}

/// A number that looks like chance and is always the same for the same `seed`: SplitMix64's finaliser, so neighbouring
/// seeds give unrelated numbers.
#[must_use]
pub fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A duration in whole milliseconds; one that is longer than anybody lives, as long as there is room for.
#[must_use]
pub fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// A duration as a person says it: `38s`, `4m10s`, `3h12m`, `2d4h`; below a second `250ms`.
#[must_use]
pub fn spoken(d: Duration) -> String {
    let s = d.as_secs();
    let two = |a: u64, ua: &str, b: u64, ub: &str| if b == 0 { format!("{a}{ua}") } else { format!("{a}{ua}{b}{ub}") };
    match s {
        0 if d.is_zero() => "0s".to_owned(),
        0 => format!("{}ms", d.as_millis()),
        1..60 => format!("{s}s"),
        60..3600 => two(s / 60, "m", s % 60, "s"),
        3600..86_400 => two(s / 3600, "h", s % 3600 / 60, "m"),
        _ => two(s / 86_400, "d", s % 86_400 / 3600, "h"),
    }
}

/// A duration as a person writes it: `250ms`, `30s`, `5m`, `2h`, `1d`; several parts may follow one another. `None`: no
/// duration, or one beyond what can be counted.
#[must_use]
pub fn written(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |length| digits + length);
        let milliseconds = match &rest[digits..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = count.checked_mul(milliseconds).and_then(|more| total.checked_add(more))?;
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// A wait in words with the time it ends, for messages.
#[must_use]
pub fn due(at: Instant, now: Instant) -> String {
    if at <= now { "now".to_owned() } else { format!("in {}", spoken(now.until(at))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant::FAR + Duration::from_secs(1), Instant::FAR);
        assert_eq!(Instant::ZERO - Duration::from_secs(1), Instant::ZERO);
        assert_eq!(Instant::ZERO.since(Instant::from_secs(3)), Duration::ZERO);
    }

    #[test]
    fn durations_are_spoken() {
        let cases = [
            (0, "0s"),
            (250, "250ms"),
            (38_000, "38s"),
            (250_000, "4m10s"),
            (3_600_000, "1h"),
            (11_520_000, "3h12m"),
            (187_200_000, "2d4h"),
        ];
        for (ms, text) in cases {
            assert_eq!(spoken(Duration::from_millis(ms)), text);
            assert_eq!(written(text), Some(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_not_taken_for_one() {
        let too_long = ["99999999999999999999s", "18446744073709551615h"];
        for bad in ["", "5", "m", "5x", "-5s", "5s3", "5 s", "٣s", "5mss"].into_iter().chain(too_long) {
            assert_eq!(written(bad), None, "{bad}");
        }
    }
}
