//! Finds out whether data passes, as cheaply as that can be known.
//!
//! First the interface's own counters, which cost nothing: packets that go and come are proof enough. Where packets go
//! and none come, or where for a while there were none at all, the file's targets are asked; three questions in a row
//! without an answer are believed. A budget of octets in a day bounds what all questions cost together.
//!
//! The contract of a state machine: inputs `follow`, `handle_timeout`, `handle_packets`, `handle_probed`; `poll_output`
//! until `None`; `poll_timeout`. What was found out is told as a fact.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::ReachabilityConfig;
use crate::model::{Elsewhere, Instant, Internet, IpSettings, Packets, Portal, Probe, Probed, Proof, Target};

/// While packets go, the counters are looked at this often: two looks, since the first may still have seen the last
/// packets that came, and three questions find a dead path within half a minute.
const COUNT_BUSY: Duration = Duration::from_secs(5);
/// While none go.
const COUNT_IDLE: Duration = Duration::from_secs(30);
/// So many questions in a row without an answer are believed: one may be lost, and two with it.
const BELIEVED_AFTER: u32 = 3;
/// The questions that decide follow each other quickly …
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// … and those after them at twice the distance each time, from here to there.
const STILL_DEAD: Duration = Duration::from_secs(10);
const STILL_DEAD_LONGEST: Duration = Duration::from_secs(60);
/// What goes without an answer may not be meant to have one: after an answer to a question, silence is believed to be
/// meant for so long.
const ONE_WAY: Duration = Duration::from_secs(60);
/// An answer of the host to a look takes milliseconds, to a question some seconds for each target. One that is missing
/// for this long does not come any more.
const HOST_ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// What the budget has for this time may be spent at once: trouble comes in lumps.
const LUMP: Duration = Duration::from_secs(3 * 3600);
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What the host is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// The counters of the interface.
    Packets,
    /// An answer from outside.
    Probe(Probe),
}

/// Finds out whether data passes through one modem.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    config: Option<ReachabilityConfig>,
    /// The addresses that the interface has; `None`: there is no way out yet.
    path: Option<IpSettings>,
    /// The counters as they were last.
    last: Option<Packets>,
    /// When the counters are due.
    count_at: Instant,
    /// When the targets are due, whatever the counters say.
    ask_at: Instant,
    /// When silence is not taken for one that was meant.
    doubt_from: Instant,
    /// Questions in a row that nobody answered.
    tries: u32,
    /// The number of the last question, and whether it is open.
    number: u64,
    is_open: bool,
    /// A question has just gone unanswered, and how it is elsewhere.
    silence: Option<Elsewhere>,
    /// When the host must have answered what it was asked.
    deadline: Option<Instant>,
    /// Until when the budget would last if what was spent had been spent evenly.
    paid_until: Instant,
    out: VecDeque<Asked>,
}

impl Reachability {
    /// What the file asks and which way out there is; `None`: none. Says whether what was known does not count any more.
    pub(super) fn follow(&mut self, config: &ReachabilityConfig, path: Option<&IpSettings>, now: Instant) -> bool {
        let path = path.filter(|_| !config.targets.is_empty());
        let same_intent = self.config.as_ref() == Some(config);
        let same = same_intent
            && match (&self.path, path) {
                (Some(before), Some(path)) => before.is_same_way_as(path),
                (before, path) => before.is_none() && path.is_none(),
            };
        if !same {
            let (paid_until, number) = (self.paid_until, self.number);
            let (config, path) = (Some(config.clone()), path.cloned());
            *self = Self { config, path, paid_until, number, ask_at: now, ..Self::default() };
        }
        self.handle_timeout(now);
        !same
    }

    /// Looks at the counters when they are due, and before anybody is asked.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.path.is_none() {
            return;
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            // The host owes an answer: nothing was learnt, and it is asked anew.
            self.deadline = None;
            self.is_open = false;
            self.count_at = now + COUNT_BUSY;
            self.ask_at = self.ask_at.max(now + COUNT_BUSY);
        }
        if self.deadline.is_none() && now >= self.count_at.min(self.may_ask_from()) {
            self.out.push_back(Asked::Packets);
            self.deadline = Some(now + HOST_ANSWERS_WITHIN);
        }
    }

    /// The counters, as they are.
    pub(super) fn handle_packets(&mut self, packets: Packets, now: Instant) -> Option<Internet> {
        if self.path.is_none() || self.is_open {
            return None;
        }
        self.deadline = None;
        let before = self.last.replace(packets);
        let went = before.is_some_and(|before| packets.tx > before.tx);
        let came = before.is_some_and(|before| packets.rx > before.rx);
        self.count_at = now + if went { COUNT_BUSY } else { COUNT_IDLE };
        let silence = self.silence.take();
        if went && came {
            // Whoever was asked is gone, but somebody else is there.
            self.proven(now);
            return Some(Internet::Reached(Proof::Traffic));
        }
        if let Some(elsewhere) = silence {
            return self.unanswered(elsewhere, now);
        }
        if went && self.tries == 0 && now >= self.doubt_from {
            self.ask_at = self.ask_at.min(now);
        }
        if now >= self.may_ask_from() {
            self.ask(now);
        }
        None
    }

    /// What became of a question.
    pub(super) fn handle_probed(&mut self, number: u64, probed: Probed, now: Instant) -> Option<Internet> {
        if !self.is_open || number != self.number {
            return None;
        }
        self.is_open = false;
        self.deadline = None;
        self.pay(&probed, now);
        self.count_at = now;
        let found = match probed {
            Probed::Unanswered(elsewhere) => {
                // Before that is believed, what has come meanwhile is looked at.
                self.silence = Some(elsewhere);
                return None;
            }
            Probed::Answered(target) => {
                self.proven(now);
                self.doubt_from = now + ONE_WAY;
                Internet::Reached(Proof::Answer(target))
            }
            Probed::Portal(portal) => {
                self.tries = 0;
                self.ask_at = now + STILL_DEAD_LONGEST;
                Internet::Portal(portal)
            }
            Probed::NobodyToAsk(why) => {
                self.tries = 0;
                self.ask_at = now + self.every();
                Internet::NotLookedAt(why)
            }
        };
        // What went and came for the question is no traffic.
        self.last = None;
        Some(found)
    }

    fn unanswered(&mut self, elsewhere: Elsewhere, now: Instant) -> Option<Internet> {
        self.tries += 1;
        let Some(more) = self.tries.checked_sub(BELIEVED_AFTER) else {
            self.ask_at = now + ASK_AGAIN;
            return None;
        };
        self.ask_at = now + (STILL_DEAD * 2_u32.pow(more.min(8))).min(STILL_DEAD_LONGEST);
        Some(Internet::Unanswered { tries: self.tries, elsewhere })
    }

    fn proven(&mut self, now: Instant) {
        self.tries = 0;
        self.ask_at = now + self.every();
    }

    fn every(&self) -> Duration {
        self.config.as_ref().map(|config| config.every).unwrap_or_default()
    }

    fn ask(&mut self, now: Instant) {
        let (Some(config), Some(path)) = (&self.config, &self.path) else { return };
        self.number += 1;
        self.is_open = true;
        self.deadline = Some(now + HOST_ANSWERS_WITHIN);
        let (targets, ip) = (config.targets.clone(), path.clone());
        self.out.push_back(Asked::Probe(Probe { number: self.number, targets, ip }));
    }

    fn pay(&mut self, probed: &Probed, now: Instant) {
        let Some(config) = &self.config else { return };
        let asked = match probed {
            Probed::Answered(last) | Probed::Portal(Portal { target: last, .. }) => {
                config.targets.iter().position(|target| target == last).map_or(config.targets.len(), |place| place + 1)
            }
            Probed::Unanswered(_) => config.targets.len(),
            Probed::NobodyToAsk(_) => 0,
        };
        let cost: u64 = config.targets.iter().take(asked).map(Target::octets).sum();
        let worth = Duration::from_millis(cost * DAY_MS / config.octets_per_day.max(1));
        self.paid_until = self.paid_until.max(now) + worth;
    }

    /// From when a question may be asked.
    fn may_ask_from(&self) -> Instant {
        self.ask_at.max(self.paid_until - LUMP)
    }

    /// What the host is asked for next.
    pub(super) fn poll_output(&mut self) -> Option<Asked> {
        self.out.pop_front()
    }

    /// When something is due, and what.
    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.path.as_ref()?;
        let due = self.deadline.unwrap_or_else(|| self.may_ask_from().min(self.count_at));
        Some((due, "whether data passes is to be found out"))
    }
}

#[cfg(test)]
mod tests;
