//! What the driver tells: facts and what follows from them at once, restarts, the ends of actions.

use std::time::Duration;

use super::super::door::{EventKind, Output};
use super::{Controller, UPSTREAM, recovering};
use crate::model::defect::{Defect, planted};
use crate::model::{
    Action, Attempts, ControlState, Fact, FactSet, Failure, Instant, Registration, Report, ServingSystem, SessionState,
    SimState,
};
use crate::modem;

/// What was seen so lately was seen together with what is learned now.
const BESIDE: Duration = Duration::from_secs(60);
/// What may change while no network serves us, and nothing tells.
const OUT_OF_SERVICE: FactSet = FactSet::of(&[Fact::Sim, Fact::SimIdentity, Fact::RadioPreference]);

impl Controller {
    /// Takes over what the driver learned and did.
    pub(super) fn take_in(&mut self, now: Instant) {
        while let Some(output) = self.driver.poll_output() {
            match output {
                modem::Output::Send(bytes) => self.out.push_back(Output::Send(self.name.clone(), bytes)),
                modem::Output::Learn(report) => self.learn(report, now),
                modem::Output::Forget(facts) => {
                    self.observed.forget(facts);
                    self.touch();
                }
                modem::Output::Heard => {
                    if let Some(control) = &mut self.observed.control {
                        control.at = now;
                    }
                    if let Some(port) = &mut self.observed.port {
                        port.at = now;
                    }
                }
                modem::Output::Done(result) => self.end(result, now),
                modem::Output::Restarted { evidence } => {
                    self.observed.forget(FactSet::MODEM);
                    self.touch();
                    self.observed.dialled = None;
                    self.connectivity.note_restart();
                    self.begin_anew();
                    self.recovery.note_left();
                    self.event(EventKind::ModemRestarted { evidence: evidence.to_owned() });
                }
                modem::Output::Remember(_) if planted(Defect::LoseMemory) => {}
                modem::Output::Remember(clients) => self.remember(|memory| memory.clients = clients),
            }
        }
    }

    /// A modem that has restarted, or come back, owes nothing for what was tried before; a network or a broken reset
    /// does.
    pub(super) fn begin_anew(&mut self) {
        let lasting = |name: &str| name.starts_with("start-session") || name == Action::ResetModem.name();
        // qmi-proxy lets everybody in and hangs up where there is no modem: such a port has not come back.
        let hung_up = |attempts: &Attempts| {
            attempts.action == Action::Synchronise && attempts.last_failure == Some(Failure::PortLost)
        };
        self.observed.attempts.retain(|name, attempts| lasting(name) || hung_up(attempts));
    }

    /// While no session is up a card may have been changed without a word, and who is dialled next depends on it.
    pub(super) fn doubt_card(&mut self, now: Instant) {
        if self.driver.tells() || self.observed.up().next().is_some() {
            return;
        }
        let card = [Fact::Sim, Fact::SimIdentity].into_iter();
        let unseen = |fact: &Fact| self.observed.seen_at(*fact).is_some_and(|at| now.since(at) >= BESIDE);
        let unseen = card.filter(unseen).collect();
        self.driver.suspect(unseen, now);
    }

    /// What else may have changed with what serves us now: not every modem tells.
    fn serving_seen(&mut self, serving: &ServingSystem, now: Instant) {
        let Some(before) = self.observed.serving_system.as_ref().map(|seen| &seen.value) else {
            if serving.registration.is_registered() {
                self.excuse_sessions();
            }
            return;
        };
        let (was, is) = (before.registration.is_registered(), serving.registration.is_registered());
        let other_radio = before.technologies != serving.technologies;
        let other = before.plmn != serving.plmn || other_radio || !was || !before.ps_attached && serving.ps_attached;
        // Before it has found its first network it may lose its card, too: it stops looking then.
        let stopped =
            before.registration == Registration::Searching && serving.registration == Registration::NotRegistered;
        let doubtful = match (was, is) {
            // The radio went off, or the card was changed.
            (true, false) => UPSTREAM.without(FactSet::of(&[Fact::ServingSystem])),
            // Out of service a card or the settings of the radio may change without a trace in the registration, and a
            // modem that starts sessions by itself has started others when it is back.
            (false, true) => {
                let out_since = self.out_of_service_at.take().unwrap_or_default();
                let unseen = |at: Instant| now.since(at) >= BESIDE || at < out_since;
                let silent = OUT_OF_SERVICE.union(self.observed.up().map(Fact::settings).collect());
                silent.iter().filter(|fact| self.observed.seen_at(*fact).is_some_and(unseen)).collect()
            }
            // Somebody may have changed what is allowed.
            (true, true) if other_radio => FactSet::of(&[Fact::RadioPreference]).without(self.driver.unsettled(now)),
            _ => FactSet::NONE,
        };
        if was && !is || stopped {
            self.out_of_service_at = Some(now);
        }
        self.driver.suspect(doubtful, now);
        if other && is {
            self.excuse_sessions();
        }
    }

    pub(super) fn learn(&mut self, report: Report, now: Instant) {
        if let Report::ServingSystem(serving) = &report {
            self.serving_seen(serving, now);
        }
        recovering::panic_if_planted(&report);
        if let Report::Device(device) = &report {
            self.compare_device(device);
        }
        if let Report::Sim(state) = &report {
            let before = self.observed.sim.as_ref().map(|seen| std::mem::discriminant(&seen.value));
            let readable = matches!(state, SimState::Ready | SimState::PinRequired { .. });
            // What could be read before the PIN is not all there is.
            if !readable || before.is_some_and(|before| before != std::mem::discriminant(state)) {
                self.observed.forget(FactSet::of(&[Fact::SimIdentity]));
            }
            self.pin_seen(state);
        }
        if report == Report::Control(ControlState::Ready)
            && self.observed.control.as_ref().is_none_or(|seen| seen.value != ControlState::Ready)
        {
            // It was silent for a while: whatever it told us then is lost. At a start nothing is known yet.
            let known = FactSet::MODEM.iter().filter(|fact| self.observed.seen_at(*fact).is_some());
            let known = known.collect::<FactSet>().without(FactSet::of(&[Fact::Control, Fact::Device]));
            self.driver.suspect(known, now);
        }
        if let Report::Session(family, SessionState::Disconnected(cause)) = &report {
            if self.observed.is_up(*family) {
                self.driver.suspect(self.upstream(), now);
                // What ended this one without a word may have ended the other, and the modem may have started that anew.
                let other = family.other();
                if cause.is_none() && self.observed.is_up(other) {
                    self.driver.suspect(FactSet::of(&[Fact::session(other), Fact::settings(other)]), now);
                }
            }
            self.stop_counting(*family);
        }
        if let Report::Settings(family, settings) = &report {
            let before = self.observed.settings(*family).map(|seen| &seen.value);
            if before != Some(settings) {
                // A network that gave one family another address, or began anew, may have given the other one too.
                let other = family.other();
                if self.observed.settings(other).is_some_and(|seen| now.since(seen.at) >= BESIDE) {
                    self.driver.suspect(FactSet::of(&[Fact::settings(other)]), now);
                }
            }
        }
        if let Report::Device(device) = &report {
            self.recovery.note_firmware(&recovering::firmware(device));
        }
        let counted = match &report {
            Report::Statistics(family, _) => Some(*family),
            _ => None,
        };
        let fact = report.fact();
        let known = self.observed.expires(fact).is_some_and(|at| now < at);
        self.observed.learn(report, now);
        if let Some(family) = counted {
            self.count(family, now);
        }
        // What only confirms what is known changes no property but a rate.
        if !known || counted.is_some() || self.observed.since(fact).is_none_or(|since| since == now) {
            self.touch();
        }
    }
}
