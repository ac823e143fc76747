//! The only file that reads a clock, but for the threads of plugins.
//!
//! Everything else is told the time: the core as `model::Instant` beside each input, people as a UTC stamp beside
//! each event.
#![allow(clippy::disallowed_methods, reason = "somewhere the clock must be read: here and nowhere else")]

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::model::Instant;

/// Time that only goes forward, also while the machine sleeps: what was seen before that is as old as it is.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The time since the machine was started at our [`Instant::ZERO`].
    zero: Duration,
    started: Instant,
}

/// While the machine sleeps, so does a timer of the runtime: it is good for waits that no sleep makes much longer.
const BRIEF: Duration = Duration::from_millis(100);

impl Clock {
    /// Begins at [`Instant::ZERO`].
    #[must_use]
    pub fn start() -> Self {
        Self { zero: since_boot(), started: Instant::ZERO }
    }

    /// Shows the time since the machine was started, so that a time that was kept over a restart of the daemon still
    /// means something.
    #[must_use]
    pub fn since_boot() -> Self {
        Self { zero: Duration::ZERO, started: Instant::ZERO + since_boot() }
    }

    /// What it showed at its start.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO + since_boot().saturating_sub(self.zero)
    }

    /// Waits until `at`. Nothing is waited for at [`Instant::FAR`], so that never ends.
    pub async fn reach(&self, at: Instant) {
        if at == Instant::FAR {
            return std::future::pending().await;
        }
        loop {
            // Our instants are whole milliseconds, rounded down: one more, or we would wake before `at` and spin.
            let wait = match self.now().until(at) {
                Duration::ZERO => return,
                wait => wait + Duration::from_millis(1),
            };
            if wait <= BRIEF {
                return tokio::time::sleep(wait).await;
            }
            let rings = match alarm(self.zero + Duration::from_millis(at.as_millis() + 1)) {
                Ok(alarm) => alarm.readable().await.map(drop),
                Err(why) => Err(why),
            };
            if rings.is_err() {
                // No descriptors left, say. Then it may be late after a sleep of the machine.
                return tokio::time::sleep(wait).await;
            }
        }
    }
}

fn since_boot() -> Duration {
    let boot = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(boot.tv_sec).unwrap_or_default(), u32::try_from(boot.tv_nsec).unwrap_or_default())
}

/// Readable at that time since boot, and as soon as the machine wakes where it slept then.
fn alarm(at: Duration) -> io::Result<AsyncFd<OwnedFd>> {
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    let at = Timespec { tv_sec: at.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: at.subsec_nanos().into() };
    let never_again = Timespec { tv_sec: 0, tv_nsec: 0 };
    timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &Itimerspec { it_interval: never_again, it_value: at })?;
    super::watched(timer)
}

/// Wall-clock time in UTC to the second, as RFC 3339 writes it. For people; nothing is decided by it.
#[must_use]
pub fn utc() -> String {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(since_epoch.as_secs())
}

/// Wall-clock time in milliseconds since 1970 UTC. For exporters that may know it; nothing is decided by it.
#[must_use]
pub fn unix_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

fn rfc3339(unix: u64) -> String {
    let (days, second) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second % 3600 / 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01. Years begin in March here, so that the leap day is the
/// last of its year and month lengths follow the line 153 m / 5.
fn civil(days: u64) -> (u64, u64, u64) {
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_right_at_the_turns_of_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (unix, text) in cases {
            assert_eq!(rfc3339(unix), text);
        }
    }

    #[test]
    fn f41_time_goes_on_while_the_machine_sleeps() {
        // `/proc/uptime` counts that time, too.
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let shown = Clock::since_boot().now().as_millis() as f64 / 1000.0;
        assert!((0.0..60.0).contains(&(shown - seconds + 0.02)), "{shown} {seconds}");
    }

    #[tokio::test]
    async fn the_past_is_reached_at_once_and_the_future_not_too_early() {
        let clock = Clock::start();
        clock.reach(Instant::ZERO).await;
        for wait in [5, 150] {
            let at = clock.now() + Duration::from_millis(wait);
            clock.reach(at).await;
            assert!(clock.now() >= at);
        }
    }
}
