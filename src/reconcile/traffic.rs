//! Adds up what the sessions have carried.
//!
//! The modem counts anew with every session, and our process may end at any time; the sum must survive both. So the
//! last reading is kept beside the sum: whatever lies between it and the next one is added, and a reading below it is a
//! new count. What was carried between the last reading and the end of a session is lost, a minute's worth at most
//! where the modem reports.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::telemetry::{Octets, Traffic};
use crate::model::{Instant, IpFamily};

/// The sum is written down this often: a hundred times a day wears no flash out, and a power cut loses at most as much.
const KEPT_EVERY: Duration = Duration::from_secs(15 * 60);

/// What is kept of the traffic over a restart of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Since this modem came under our care.
    pub lifetime: Octets,
    /// Since the present connection began.
    pub session: Octets,
    /// The last reading of the IPv4 session, while it counts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<Octets>,
    /// The last reading of the IPv6 session, while it counts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Octets>,
}

/// Counts the traffic of one modem.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    tally: Tally,
    /// When the last reading of each family was taken, and the rate it gave.
    rates: [Option<(Instant, Option<Octets>)>; 2],
    kept_at: Instant,
}

impl Meter {
    pub(super) fn new(tally: Tally, now: Instant) -> Self {
        Self { tally, rates: [None; 2], kept_at: now }
    }

    /// A reading of a session's counters.
    pub(super) fn read(&mut self, family: IpFamily, reading: Octets, now: Instant) {
        let last = match family {
            IpFamily::Ipv4 => &mut self.tally.ipv4,
            IpFamily::Ipv6 => &mut self.tally.ipv6,
        };
        let before = last.replace(reading);
        let counts_on = before.filter(|before| reading.tx >= before.tx && reading.rx >= before.rx);
        let added = match counts_on {
            Some(before) => Octets { tx: reading.tx - before.tx, rx: reading.rx - before.rx },
            None => reading,
        };
        if before.is_some() && counts_on.is_none() {
            // Another session than the one before, and nobody told us of its beginning.
            self.tally.session = Octets::default();
        }
        self.tally.session = self.tally.session + added;
        self.tally.lifetime = self.tally.lifetime + added;
        let slot = &mut self.rates[family as usize];
        let per_second = |octets: u64, ms: u64| octets.saturating_mul(1000) / ms;
        let rate = match *slot {
            Some((at, rate)) if counts_on.is_some() => match now.since(at).as_millis() as u64 {
                // Two readings of one moment have no rate.
                0 => rate,
                ms => Some(Octets { tx: per_second(added.tx, ms), rx: per_second(added.rx, ms) }),
            },
            _ => None,
        };
        *slot = Some((now, rate));
    }

    /// A session is down. When none is left, the connection has ended.
    pub(super) fn ended(&mut self, family: IpFamily, any_left: bool) {
        match family {
            IpFamily::Ipv4 => self.tally.ipv4 = None,
            IpFamily::Ipv6 => self.tally.ipv6 = None,
        }
        self.rates[family as usize] = None;
        if !any_left {
            self.tally.session = Octets::default();
        }
    }

    /// The sums. A rate is told only where there were two readings.
    pub(super) fn traffic(&self) -> Traffic {
        let known = self.rates.iter().flatten().filter_map(|(_, rate)| *rate);
        Traffic {
            session: self.tally.session,
            lifetime: self.tally.lifetime,
            rate: known.reduce(|sum, rate| sum + rate),
        }
    }

    /// What to write down now, if it is time: at once when a connection has ended.
    pub(super) fn worth_keeping(&mut self, kept: &Tally, now: Instant) -> Option<Tally> {
        let ended =
            (kept.ipv4.is_some() && self.tally.ipv4.is_none()) || (kept.ipv6.is_some() && self.tally.ipv6.is_none());
        if *kept == self.tally || !(ended || now.since(self.kept_at) >= KEPT_EVERY) {
            return None;
        }
        self.kept_at = now;
        Some(self.tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpFamily = IpFamily::Ipv4;
    const V6: IpFamily = IpFamily::Ipv6;

    fn octets(tx: u64, rx: u64) -> Octets {
        Octets { tx, rx }
    }

    #[test]
    fn stat_2_sums_survive_reconnects_and_restarts() {
        let at = Instant::from_secs;
        let mut meter = Meter::default();
        meter.read(V4, octets(100, 1000), at(0));
        meter.read(V4, octets(160, 1600), at(60));
        meter.read(V6, octets(5, 5), at(60));
        let traffic = meter.traffic();
        assert_eq!((traffic.session, traffic.lifetime), (octets(165, 1605), octets(165, 1605)));
        assert_eq!(traffic.rate, Some(octets(1, 10)));
        // We restart: the session counts on, and what it carried meanwhile is added.
        let mut meter = Meter::new(meter.worth_keeping(&Tally::default(), at(900)).unwrap(), at(1000));
        assert_eq!(meter.traffic().rate, None, "of one reading");
        meter.read(V4, octets(200, 2000), at(1001));
        assert_eq!(meter.traffic().lifetime, octets(205, 2005));
        // It reconnects: the modem counts from nothing.
        meter.ended(V4, true);
        assert_eq!(meter.traffic().session, octets(205, 2005), "IPv6 is still up");
        meter.ended(V6, false);
        meter.read(V4, octets(7, 70), at(1100));
        let traffic = meter.traffic();
        assert_eq!((traffic.session, traffic.lifetime), (octets(7, 70), octets(212, 2075)));
    }

    #[test]
    fn stat_2_a_count_that_began_anew_while_we_were_away_is_added_whole() {
        let mut meter = Meter::new(
            Tally { ipv4: Some(octets(500, 500)), lifetime: octets(900, 900), ..Tally::default() },
            Instant::ZERO,
        );
        meter.read(V4, octets(20, 600), Instant::ZERO);
        let traffic = meter.traffic();
        assert_eq!((traffic.session, traffic.lifetime), (octets(20, 600), octets(920, 1500)));
    }

    #[test]
    fn the_sum_is_written_down_when_a_session_ends_and_seldom_otherwise() {
        let at = Instant::from_secs;
        let mut meter = Meter::default();
        let mut kept = Tally::default();
        let mut writes = 0;
        for minute in 0..60 {
            meter.read(V4, octets(minute * 10, minute * 10), at(minute * 60));
            if let Some(tally) = meter.worth_keeping(&kept, at(minute * 60)) {
                kept = tally;
                writes += 1;
            }
        }
        assert_eq!(writes, 3, "at 15, 30 and 45 minutes");
        meter.ended(V4, false);
        assert!(meter.worth_keeping(&kept, at(3600)).is_some());
        kept = Tally { ipv4: None, session: Octets::default(), ..kept };
        kept.lifetime = octets(590, 590);
        assert_eq!(meter.worth_keeping(&kept, at(9999)), None, "nothing new");
    }
}
