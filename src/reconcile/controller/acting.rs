//! Acting: one action at a time, begun, ended, called off; and looking at what the host or the modem can tell.

use super::super::door::{EventKind, Output};
use super::{Controller, HOST_ANSWERS_WITHIN, LOOK_AGAIN, UPSTREAM};
use crate::model::call_end::Class;
use crate::model::defect::{Defect, planted};
use crate::model::{
    Action, Actor, Attempts, ConditionKind, Fact, FactSet, Failure, Instant, Report, Selection, SessionSettings,
    SessionState,
};
use crate::plan::{self, Step};

impl Controller {
    /// Calls off dialling that is no longer wanted: it may take two minutes, and an edit does not wait for it.
    pub(super) fn call_off(&mut self, now: Instant) {
        let Some(Action::StartSession(_, dialling)) = &self.observed.doing else { return };
        let wanted = match &self.desired.selection {
            Selection::Chosen(provider) => dialling.dials_like(provider),
            Selection::Undecided
            | Selection::LookingUp
            | Selection::Asking { .. }
            | Selection::NoMatch { .. }
            | Selection::SecretMissing { .. } => false,
        };
        if !wanted || self.retiring || plan::forbids_data(&self.desired, &self.observed) {
            self.driver.cancel(now);
            self.take_in(now);
        }
    }

    /// Begins the plan's next action, or a recovery step where the plan can only wait. Says whether it began one.
    pub(super) fn begin_next(&mut self, now: Instant) -> bool {
        self.counsel.stop_waiting();
        if self.observed.doing.is_some() {
            return false;
        }
        if self.paused_until.is_some() {
            self.recovery.suspend(now);
            self.supply.pet(now);
            return false;
        }
        if let Step::Do(action, because) = self.plan.step.clone()
            && !(self.inhibited.is_some() && action == Action::ResetModem)
        {
            let serves = self.plan.deciding().map_or(ConditionKind::Converged, |first| first.stage.kind());
            self.told = is_told(self.attempts_at(&action));
            if self.told {
                let because = because.to_string();
                self.event(EventKind::ActionStarted { action: action.clone(), because, serves });
            }
            self.begin(action, now);
            return true;
        }
        if self.retiring {
            return false;
        }
        self.recover(now)
    }

    pub(super) fn begin(&mut self, action: Action, now: Instant) {
        match &action {
            Action::SetRadioPreference(change) => self.save_original(change),
            Action::EnterPin(pin) => self.pin_begins(pin),
            _ => {}
        }
        self.keep_originals(&action);
        if !planted(Defect::KeepFactsAfterAction) {
            self.observed.forget(action.touches());
        }
        self.observed.doing = Some(action.clone());
        self.touch();
        if let Action::StartSession(..) = action {
            self.observed.dialled = None;
            // The access point is told before it is dialled.
            self.take(now);
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
            Actor::Store => {
                self.host_deadline = Some(now + HOST_ANSWERS_WITHIN);
                if let Action::MarkPin(mark) = action {
                    self.mark_pin(mark, now);
                }
            }
            Actor::Power => self.begin_at_the_switch(&action, now),
        }
    }

    /// The action in flight ended: what it could change is not believed until it is seen.
    pub(super) fn end(&mut self, outcome: Result<(), Failure>, now: Instant) {
        self.host_deadline = None;
        let Some(action) = self.observed.doing.take() else { return };
        self.recovery.note_ended(&action, &outcome, now);
        if !planted(Defect::KeepFactsAfterAction) {
            self.observed.forget(action.touches());
        }
        self.touch();
        if self.retiring && outcome.is_ok() {
            self.note_put_back(&action);
        }
        match (&action, &outcome) {
            (Action::StartSession(family, provider), Ok(())) => {
                self.observed.dialled = Some(provider.clone());
                self.observed.not_offered.remove(family);
            }
            (Action::StartSession(family, provider), Err(Failure::NoEffect)) if planted(Defect::NoEffectIsSuccess) => {
                self.observed.dialled = Some(provider.clone());
                self.observed.learn(Report::Session(*family, SessionState::Connected), now);
                self.observed.learn(Report::Settings(*family, SessionSettings::default()), now);
            }
            (Action::StartSession(family, _), Err(failure)) => {
                self.driver.suspect(self.upstream(), now);
                // What keeps this family out may be a session of somebody else's in the other.
                if matches!(failure, Failure::CallEnded(cause) if cause.class() == Class::Occupied) {
                    self.driver.suspect(FactSet::of(&[Fact::settings(family.other())]), now);
                }
            }
            (Action::SetRoaming { .. }, Ok(())) => self.note_profile_write(now),
            (Action::StopSession(_) | Action::StopSessions(_), Ok(())) => self.observed.dialled = None,
            (Action::SetRadioPreference(_), Ok(())) => self.preference_written(now),
            (Action::EnterPin(_), outcome) => self.pin_ended(outcome),
            _ => {}
        }
        let answered = match &action {
            Action::StartSession(family, provider) => self.note_not_offered(*family, provider, &outcome, now),
            _ => false,
        };
        if let Action::StartSession(_, provider) = &action
            && !answered
        {
            self.note_dial(provider, &outcome);
        }
        let before = self.attempts_at(&action);
        // Another outcome than before is news, however often it was tried.
        let news = self.told || before.is_none_or(|before| before.last_failure.as_ref() != outcome.as_ref().err());
        if outcome != Err(Failure::Cancelled) && !answered {
            // A session that is in the way is another matter than a refusal: it is counted for itself.
            let in_the_way = outcome == Err(Failure::NoEffect);
            let before = before.filter(|b| !in_the_way || b.last_failure == Some(Failure::NoEffect));
            let attempts = Attempts::after(before, action.clone(), outcome.clone().err(), now);
            self.observed.attempts.insert(action.name().to_owned(), attempts);
        }
        self.told = true;
        if news {
            self.event(EventKind::ActionEnded { action, outcome });
        }
    }

    /// What became of earlier attempts at this very action.
    fn attempts_at(&self, action: &Action) -> Option<&Attempts> {
        self.observed.attempts.get(action.name()).filter(|attempts| attempts.action == *action)
    }

    /// What a session rests on, of what matters here.
    pub(super) fn upstream(&self) -> FactSet {
        match plan::profile_of_interest(&self.desired, &self.observed) {
            Some(_) => UPSTREAM.union(FactSet::of(&[Fact::Profile])),
            None => UPSTREAM,
        }
    }

    /// The port is not open any more, or was opened anew: nothing the modem said before counts.
    pub(super) fn lose_port(&mut self, now: Instant) {
        self.driver.handle_closed(now);
        self.take_in(now);
        self.observed.forget(FactSet::MODEM);
        self.touch();
    }

    /// Asks for the facts the plan wants.
    pub(super) fn look(&mut self, now: Instant) {
        let changing = self.observed.doing.as_ref().map_or(FactSet::NONE, Action::touches);
        let telemetry = self.telemetry.wanted(&self.observed, now);
        let wanted = self.plan.wanted.union(telemetry).without(changing);
        self.driver.mind_profile(plan::profile_of_interest(&self.desired, &self.observed));
        self.driver.want(wanted, now);
        self.look_outside();
        for fact in [Fact::Port, Fact::Link, Fact::Lease] {
            if !wanted.contains(fact) {
                self.host_looks.remove(&fact);
            } else if self.host_looks.get(&fact).is_none_or(|again| now >= *again) {
                self.host_looks.insert(fact, now + LOOK_AGAIN);
                self.out.push_back(Output::Look(self.name.clone(), fact));
            }
        }
    }
}

/// Whether another attempt is worth a word: the first few are, and then ever fewer of what is repeated without end.
fn is_told(before: Option<&Attempts>) -> bool {
    let failures = before.map_or(0, |attempts| attempts.failures);
    failures < TOLD_ATTEMPTS || failures.is_power_of_two()
}

/// Attempts at one thing that are told one by one.
const TOLD_ATTEMPTS: u32 = 4;
