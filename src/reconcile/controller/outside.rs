//! Whether data passes, as far as one modem's controller has to do with it: the way out, the host's answers, the fact.

use super::super::door::Output;
use super::super::fleet::Secrets;
use super::super::reachability::Asked;
use super::Controller;
use crate::model::{Fact, FactSet, Instant, Internet, Packets, Probed, Report};

impl Controller {
    pub(in super::super) fn handle_packets(&mut self, packets: Packets, secrets: &Secrets, now: Instant) {
        let found = self.reachability.handle_packets(packets, now);
        self.find(found, secrets, now);
    }

    pub(in super::super) fn handle_probed(&mut self, number: u64, probed: Probed, secrets: &Secrets, now: Instant) {
        let found = self.reachability.handle_probed(number, probed, now);
        self.find(found, secrets, now);
    }

    /// What was found out. Mostly it is nothing new, and there is nothing to conclude anew.
    fn find(&mut self, found: Option<Internet>, secrets: &Secrets, now: Instant) {
        let Some(internet) = found else { return self.look_outside() };
        match &mut self.observed.internet {
            Some(seen) if seen.value == internet => {
                seen.at = now;
                return self.look_outside();
            }
            known => {
                let known = known.as_ref().is_some_and(|seen| seen.value.is_cut_off());
                if matches!(internet, Internet::Unanswered { .. }) && !known {
                    // The address may have been changed without a word, or the session be gone.
                    self.driver.suspect(FactSet::SESSIONS, now);
                }
            }
        }
        self.learn(Report::Internet(internet), now);
        self.turn(secrets, now);
    }

    /// The way out is the interface with its addresses. What was found out about another one does not count, unless it is
    /// that data does not pass: that is believed until it does.
    pub(super) fn follow_path(&mut self, now: Instant) {
        let link = self.observed.link.as_ref().map(|seen| &seen.value);
        if link.is_none() && !self.retiring {
            // Between a change of the link and the look after it: the way out is as it was until that is seen.
            return self.reachability.handle_timeout(now);
        }
        let path = link.filter(|link| link.up && !link.is_bare() && !self.retiring).map(|link| &link.ip);
        let other = self.reachability.follow(&self.config.reachability, path, now);
        let believed = |internet: &Internet| internet.is_cut_off() && self.desired.looks_at_internet;
        if other && self.observed.internet.as_ref().is_some_and(|seen| !believed(&seen.value)) {
            self.observed.forget(FactSet::of(&[Fact::Internet]));
            self.touch();
        }
    }

    /// Asks the host for what is due.
    pub(super) fn look_outside(&mut self) {
        while let Some(asked) = self.reachability.poll_output() {
            self.out.push_back(match asked {
                Asked::Packets => Output::Look(self.name.clone(), Fact::Internet),
                Asked::Probe(probe) => Output::Probe(self.name.clone(), probe),
            });
        }
    }
}
