//! What is beyond the interface of a simulated modem: packets that go and come, and somebody who answers.

use crate::model::{Elsewhere, Instant, Packets, Probe, Probed, Target};

/// The internet as one host sees it.
#[derive(Debug, Default)]
pub(super) struct Outside {
    packets: Packets,
    counted_at: Instant,
    /// Programs of the host talk all the time.
    busy: bool,
    /// Nobody answers, through whatever interface.
    pub(super) silent: bool,
}

/// Packets a second each way while programs talk.
const PACKETS_PER_SECOND: u64 = 2;

impl Outside {
    /// Programs of the host talk from now on, or are silent.
    pub(super) fn talk(&mut self, on: bool, now: Instant) {
        self.busy = on;
        self.counted_at = now;
    }

    /// The counters of the interface, through which data passes or not.
    pub(super) fn count(&mut self, passes: bool, now: Instant) -> Packets {
        let seconds = now.since(self.counted_at).as_secs();
        if self.busy && seconds > 0 {
            self.packets.tx += seconds * PACKETS_PER_SECOND;
            self.packets.rx += if passes { seconds * PACKETS_PER_SECOND } else { 0 };
        }
        if seconds > 0 {
            self.counted_at = now;
        }
        self.packets
    }

    /// Somebody is asked.
    pub(super) fn ask(&mut self, probe: &Probe, passes: bool) -> Probed {
        let reachable = |target: &&Target| match target {
            Target::NameServers => !probe.ip.dns.is_empty(),
            Target::NameServer(_) | Target::Tcp(_) | Target::Http(..) => true,
        };
        let Some(target) = probe.targets.iter().find(reachable) else {
            return Probed::NobodyToAsk("the network gave no name server".to_owned());
        };
        self.packets.tx += 1;
        if self.silent {
            return Probed::Unanswered(Elsewhere::Unanswered);
        }
        if !passes {
            return Probed::Unanswered(Elsewhere::NoOtherWay);
        }
        self.packets.rx += 1;
        Probed::Answered(target.clone())
    }
}
