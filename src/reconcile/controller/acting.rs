//! Acting: one action at a time, begun, ended, called off; and looking at what the host or the modem can tell.

use super::super::door::{EventKind, Output, PowerCommand};
use super::{Controller, HOST_ANSWERS_WITHIN, LOOK_AGAIN, UPSTREAM};
use crate::model::defect::{Defect, planted};
use crate::model::{
    Action, Actor, Attempts, ConditionKind, Fact, FactSet, Failure, Instant, Report, Selection, SessionState,
};
use crate::plan::Step;
use crate::power::{self, Switch};

impl Controller {
    /// Calls off dialling that is no longer wanted: it may take two minutes, and an edit does not wait for it.
    pub(super) fn call_off(&mut self, now: Instant) {
        let Some(Action::StartSession(_, dialling)) = &self.observed.doing else { return };
        let wanted = match &self.desired.selection {
            Selection::Chosen(provider) => dialling.dials_like(provider),
            Selection::Undecided
            | Selection::LookingUp
            | Selection::NoMatch { .. }
            | Selection::SecretMissing { .. } => false,
        };
        if !wanted || self.retiring {
            self.driver.cancel(now);
            self.take_in(now);
        }
    }

    /// Begins the plan's next action, or a recovery step where the plan can only wait. Says whether it began one.
    pub(super) fn begin_next(&mut self, now: Instant) -> bool {
        if self.observed.doing.is_some() {
            return false;
        }
        if let Step::Do(action, because) = self.plan.step.clone() {
            let serves = self.plan.deciding().map_or(ConditionKind::Converged, |first| first.stage.kind());
            let because = because.to_string();
            self.event(EventKind::ActionStarted { action: action.clone(), because, serves });
            self.begin(action, now);
            return true;
        }
        if self.retiring {
            return false;
        }
        let Some((diagnosis, step, attempt)) = self.recovery.step(&self.plan.stages, now) else { return false };
        let power_steps = self.recovery.power_steps();
        self.remember(|memory| memory.power_steps = power_steps);
        self.event(EventKind::Recovery { diagnosis, step: step.clone(), attempt });
        self.begin(step, now);
        true
    }

    pub(super) fn begin(&mut self, action: Action, now: Instant) {
        if !planted(Defect::KeepFactsAfterAction) {
            self.observed.forget(action.touches());
        }
        self.observed.doing = Some(action.clone());
        if let Action::StartSession(..) = action {
            self.observed.dialled = None;
        }
        match action.actor() {
            Actor::Modem => self.driver.start(&action, now),
            Actor::Port => {
                self.host_deadline = Some(now + HOST_ANSWERS_WITHIN);
                self.out.push_back(match action {
                    Action::OpenPort => Output::OpenPort(self.name.clone(), self.port()),
                    _ => Output::ClosePort(self.name.clone()),
                });
            }
            Actor::Link => {
                self.host_deadline = Some(now + HOST_ANSWERS_WITHIN);
                if let Action::ConfigureLink(link) = action {
                    self.out.push_back(Output::ConfigureLink(self.name.clone(), link));
                }
            }
            Actor::Power => {
                let switch = match action {
                    Action::Reauthorise => self.cycle.reauthorise(now),
                    _ => self.cycle.begin(now),
                };
                self.power(power::Next::Tell(switch), now);
            }
        }
    }

    pub(super) fn power(&mut self, next: power::Next, now: Instant) {
        match next {
            power::Next::Wait => {}
            power::Next::Tell(switch) => {
                let command = match switch {
                    Switch::Off => PowerCommand::Off,
                    Switch::On => PowerCommand::On,
                    Switch::Reauthorise => PowerCommand::Reauthorise,
                };
                self.out.push_back(Output::Power(self.name.clone(), command));
            }
            power::Next::Done(result) => self.end(result.map_err(Failure::Host), now),
        }
    }

    /// The action in flight ended: what it could change is not believed until it is seen.
    pub(super) fn end(&mut self, outcome: Result<(), Failure>, now: Instant) {
        self.host_deadline = None;
        let Some(action) = self.observed.doing.take() else { return };
        if !planted(Defect::KeepFactsAfterAction) {
            self.observed.forget(action.touches());
        }
        match (&action, &outcome) {
            (Action::StartSession(family, provider), Ok(())) => {
                self.observed.dialled = Some(provider.clone());
                if planted(Defect::NoEffectIsSuccess) {
                    self.observed.learn(Report::Session(*family, SessionState::Connected), now);
                }
            }
            (Action::StartSession(..), Err(_)) => self.driver.suspect(UPSTREAM, now),
            (Action::StopSession(_), Ok(())) => self.observed.dialled = None,
            _ => {}
        }
        if outcome != Err(Failure::Cancelled) {
            let before = self.observed.attempts.get(action.name()).filter(|attempts| attempts.action == action);
            let attempts = Attempts {
                action: action.clone(),
                failures: before.map_or(0, |attempts| attempts.failures) + 1,
                last_at: now,
                last_failure: outcome.clone().err(),
                took_effect: false,
            };
            self.observed.attempts.insert(action.name().to_owned(), attempts);
        }
        self.event(EventKind::ActionEnded { action, outcome });
    }

    /// The port is not open any more, or was opened anew: nothing the modem said before counts.
    pub(super) fn lose_port(&mut self, now: Instant) {
        self.driver.handle_closed(now);
        self.take_in(now);
        self.observed.forget(FactSet::MODEM);
    }

    /// Asks for the facts the plan wants.
    pub(super) fn look(&mut self, now: Instant) {
        let changing = self.observed.doing.as_ref().map_or(FactSet::NONE, Action::touches);
        let wanted = self.plan.wanted.without(changing);
        self.driver.want(wanted, now);
        for fact in [Fact::Port, Fact::Link] {
            if !wanted.contains(fact) {
                self.host_looks.remove(&fact);
            } else if self.host_looks.get(&fact).is_none_or(|again| now >= *again) {
                self.host_looks.insert(fact, now + LOOK_AGAIN);
                self.out.push_back(Output::Look(self.name.clone(), fact));
            }
        }
    }
}
