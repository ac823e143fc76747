//! Power cycles: off, wait until it is really off, on, and wait until a modem had time to boot.
//!
//! Pure: it says what the switch shall do next and when. The hold times are what keeps a modem from being switched
//! on and off faster than its capacitors and its flash file system can stand.

use std::time::Duration;

use crate::model::Instant;

/// Modems keep running for seconds on their capacitors; off for less is not off.
const MIN_OFF: Duration = Duration::from_secs(5);
/// The switch itself is quick; one that does not answer for this long is broken.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// Where a power cycle stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cycle {
    /// None is under way.
    #[default]
    Idle,
    /// The switch was told to cut the power.
    TurningOff {
        /// When it must have answered.
        until: Instant,
    },
    /// The power is off.
    Off {
        /// When it may come back.
        until: Instant,
    },
    /// The switch was told to give the power back.
    TurningOn {
        /// When it must have answered.
        until: Instant,
    },
    /// The switch was told to enumerate the device anew.
    Reauthorising {
        /// When it must have answered.
        until: Instant,
    },
}

/// What the switch shall do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// Cut the power.
    Off,
    /// Give it back.
    On,
    /// Enumerate the device anew.
    Reauthorise,
}

/// What a step of the cycle leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing yet.
    Wait,
    /// The switch shall do this.
    Tell(Switch),
    /// The cycle ended.
    Done(Result<(), String>),
}

impl Cycle {
    /// Begins to cut and restore the power.
    pub fn begin(&mut self, now: Instant) -> Switch {
        *self = Self::TurningOff { until: now + ANSWERS_WITHIN };
        Switch::Off
    }

    /// Begins to enumerate the device anew.
    pub fn reauthorise(&mut self, now: Instant) -> Switch {
        *self = Self::Reauthorising { until: now + ANSWERS_WITHIN };
        Switch::Reauthorise
    }

    /// The switch answered.
    pub fn handle_answer(&mut self, answer: Result<(), String>, now: Instant) -> Next {
        match (*self, answer) {
            (Self::Idle | Self::Off { .. }, _) => Next::Wait,
            (Self::TurningOff { .. }, Ok(())) => {
                *self = Self::Off { until: now + MIN_OFF };
                Next::Wait
            }
            (_, answer) => {
                *self = Self::Idle;
                Next::Done(answer)
            }
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) -> Next {
        match *self {
            Self::Off { until } if now >= until => {
                *self = Self::TurningOn { until: now + ANSWERS_WITHIN };
                Next::Tell(Switch::On)
            }
            Self::TurningOff { until } | Self::TurningOn { until } | Self::Reauthorising { until } if now >= until => {
                *self = Self::Idle;
                Next::Done(Err("the switch does not answer".to_owned()))
            }
            _ => Next::Wait,
        }
    }

    /// When to call [`Cycle::handle_timeout`], and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        match *self {
            Self::Idle => None,
            Self::Off { until } => Some((until, "the power stays off for a while")),
            Self::TurningOff { until } | Self::TurningOn { until } | Self::Reauthorising { until } => {
                Some((until, "the power switch is to answer"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_secs(100);

    #[test]
    fn a_cycle_stays_off_long_enough() {
        let mut cycle = Cycle::default();
        assert_eq!(cycle.begin(T), Switch::Off);
        assert_eq!(cycle.handle_answer(Ok(()), T), Next::Wait);
        assert_eq!(cycle.handle_timeout(T + MIN_OFF - Duration::from_millis(1)), Next::Wait);
        assert_eq!(cycle.handle_timeout(T + MIN_OFF), Next::Tell(Switch::On));
        assert_eq!(cycle.handle_answer(Ok(()), T + MIN_OFF), Next::Done(Ok(())));
        assert_eq!(cycle, Cycle::Idle);
    }

    #[test]
    fn a_dead_switch_ends_the_cycle() {
        let mut cycle = Cycle::default();
        cycle.begin(T);
        assert!(matches!(cycle.handle_timeout(T + ANSWERS_WITHIN), Next::Done(Err(_))));
        assert_eq!(cycle.poll_timeout(), None);
    }

    #[test]
    fn late_answers_of_the_switch_change_nothing() {
        let mut cycle = Cycle::default();
        assert_eq!(cycle.handle_answer(Ok(()), T), Next::Wait);
        assert_eq!(cycle, Cycle::Idle);
    }
}
