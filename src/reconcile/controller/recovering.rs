//! Recovery steps begun and judged, the power switch and the bus, pauses and inhibitions.

use std::time::Duration;

use super::super::door::{EventKind, Output, PowerCommand};
use super::super::recovery::ladder::{Diagnosis, Step};
use super::super::recovery::{Due, Judged, Over, Permits, Signs};
use super::counsel::Verdict;
use super::{Controller, HOST_ANSWERS_WITHIN};
use crate::config::ModemConfig;
use crate::model::defect::{Defect, planted};
use crate::model::time::{millis, spoken};
use crate::model::{
    Action, ConditionKind, ControlState, Device, Fact, Failure, Finding, Instant, IpFamilies, IpFamily, PortState,
    Recovering, Report, SessionState, SimState, Status,
};
use crate::plan::StageReport;
use crate::power::{Command, Next, Request, State, Supply, Timings};

use super::super::fleet::Secrets;

/// A device whose power was cut is gone from the bus after this long.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// Why there is no switch where the file names none.
const NOT_CONFIGURED: &str = "no power switch is configured (`power`)";

/// The supply before the first configuration.
pub(super) fn no_supply() -> Supply {
    Supply::without_switch(Timings::default(), NOT_CONFIGURED)
}

/// The model and firmware that experiences with recovery hold for.
pub(super) fn firmware(device: &Device) -> String {
    format!("{} {}", device.model, device.revision)
}

/// Shows that an error of our own in one modem's part stays there.
pub(super) fn panic_if_planted(report: &Report) {
    let card = planted(Defect::PanicWithoutCard) && *report == Report::Sim(SimState::Absent);
    let session = planted(Defect::PanicAtSession) && matches!(report, Report::Session(_, SessionState::Connected));
    assert!(!card && !session, "planted: {report:?}");
}

impl Controller {
    /// The power of the modem in words.
    #[must_use]
    pub fn power_info(&self, now: Instant) -> String {
        self.supply.info(now)
    }

    /// Until when nothing is written to the modem, if somebody paused it.
    #[must_use]
    pub fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Why a file asks to leave the modem alone, if one does.
    #[must_use]
    pub fn inhibited(&self) -> Option<&str> {
        self.inhibited.as_deref()
    }

    /// Why the modem cannot be reset by hand now; `None`: it can. By force only what is impossible is refused.
    #[must_use]
    pub fn reset_refusal(&self, force: bool, now: Instant) -> Option<String> {
        let off = matches!(self.supply.state(), State::PoweringOff | State::OffHold);
        if off && self.supply.why_not().is_none() {
            return Some("its power is off, and a reset does not switch it on".to_owned());
        }
        if let Some(doing) =
            self.observed.doing.as_ref().filter(|doing| matches!(doing.name(), "cycle-power" | "reset-modem"))
        {
            return Some(format!("under way: {doing}"));
        }
        let reachable = self.reset_step(force) == Step::CyclePower || self.answers();
        if !reachable {
            return Some("it does not answer, and there is no power switch".to_owned());
        }
        if force {
            return None;
        }
        if let Some(until) = self.paused_until {
            return Some(format!("it is paused for {}; --force does it anyway", spoken(now.until(until))));
        }
        self.inhibited.as_ref().map(|why| format!("a file asks to leave it alone: {why}; --force does it anyway"))
    }

    pub(in crate::reconcile) fn handle_power_done(
        &mut self,
        command: PowerCommand,
        result: Result<(), String>,
        secrets: &Secrets,
        now: Instant,
    ) {
        let request = match command {
            PowerCommand::Attach => Some(Request::Attach),
            PowerCommand::PrepareOff => Some(Request::Do(Command::StartPoweringOff)),
            PowerCommand::Off => Some(Request::Do(Command::PowerOff)),
            PowerCommand::On => Some(Request::Do(Command::PowerOn)),
            PowerCommand::Reauthorise | PowerCommand::Rescan => None,
        };
        match request {
            Some(request) => {
                if command == PowerCommand::Off && result.is_ok() && self.is_cycling_power() {
                    self.off_look = Some(now + GONE_WITHIN);
                }
                self.supply.handle_answer(request, result, now);
                self.take_power(now);
            }
            None if matches!(self.observed.doing, Some(Action::Reauthorise | Action::Rescan)) => {
                self.end(result.map_err(Failure::Host), now);
            }
            None => {}
        }
        self.turn(secrets, now);
    }

    pub(in crate::reconcile) fn pause(&mut self, until: Option<Instant>, secrets: &Secrets, now: Instant) {
        if self.paused_until != until {
            self.paused_until = until;
            self.event(EventKind::Paused(until));
        }
        self.turn(secrets, now);
    }

    pub(in crate::reconcile) fn inhibit(&mut self, why: Option<&str>, secrets: &Secrets, now: Instant) {
        if self.inhibited.as_deref() != why {
            self.inhibited = why.map(str::to_owned);
            self.event(EventKind::Inhibited(self.inhibited.clone()));
        }
        self.turn(secrets, now);
    }

    /// This controller takes over from one that panicked.
    pub(in crate::reconcile) fn note_fallen(&mut self, panic: &str, times: u32, told_until: Instant, now: Instant) {
        let finding = Finding::Recovery(Recovering::StartedOver { panic: panic.to_owned(), times });
        self.conditions.set_recovering(true, &finding, self.generation, now);
        self.fallen = Some((finding, told_until));
    }

    /// Resets the modem because somebody asks for it. What is in flight is given up.
    pub(in crate::reconcile) fn reset(&mut self, force: bool, secrets: &Secrets, now: Instant) {
        if self.reset_refusal(force, now).is_none() {
            if self.observed.doing.is_some() {
                self.driver.cancel(now);
                self.take_in(now);
                self.end(Err(Failure::Cancelled), now);
            }
            let step = self.reset_step(force);
            let due = self.recovery.by_hand(self.diagnosis(), step, self.supply.hold(), now);
            self.begin_step(due, now);
        }
        self.turn(secrets, now);
    }

    /// The strongest means by force, the modem's own command else.
    fn reset_step(&self, force: bool) -> Step {
        if force && self.supply.why_not().is_none() { Step::CyclePower } else { Step::ResetModem }
    }

    /// What recovery may do, as things are now.
    pub(super) fn permits(&self) -> Permits {
        Permits {
            reframes: self.may_reframe(),
            no_power: self.supply.why_not().map(str::to_owned),
            per_day: self.config.recovery.power_cycles_per_day.into(),
            hold: self.supply.hold(),
            inhibited: self.inhibited.clone(),
        }
    }

    /// Takes the step that is due, if one is, or what plugins would have in its place.
    pub(super) fn recover(&mut self, now: Instant) -> bool {
        if self.supply.watchdog_due(now) && self.obey_watchdog(now) {
            return true;
        }
        let permits = self.permits();
        let Some(proposal) = self.recovery.propose(&self.plan.stages, &permits, now) else { return false };
        let (choice, chosen) = match self.counsel(&proposal, now) {
            Verdict::Wait => return false,
            Verdict::PutOff(by) => {
                self.recovery.put_off(&proposal, by);
                return false;
            }
            Verdict::BuiltIn => (proposal.built_in, None),
            Verdict::Take(choice, chosen) => (choice, Some(chosen)),
        };
        let Some(due) = self.recovery.take(&proposal, choice, chosen, &permits, now) else { return false };
        self.begin_step(due, now);
        true
    }

    /// The plain watchdog of those who ask for it: not online for so long means power, or a reset where there is no
    /// switch. Not where only a person can help, and not beyond the budget.
    fn obey_watchdog(&mut self, now: Instant) -> bool {
        let diagnosis = self.diagnosis();
        let permits = self.permits();
        let helpless = diagnosis.is_none_or(Diagnosis::needs_a_person);
        let step = if permits.no_power.is_none() { Step::CyclePower } else { Step::ResetModem };
        let reachable = step == Step::CyclePower || self.answers();
        if self.is_online() || helpless || !reachable || !self.recovery.watchdog_may(&permits, now) {
            self.supply.pet(now);
            return false;
        }
        if !step.is_power_level() {
            self.recovery.count(now);
        }
        let due = self.recovery.by_hand(diagnosis, step, permits.hold, now);
        self.begin_step(due, now);
        true
    }

    fn begin_step(&mut self, due: Due, now: Instant) {
        let action = self.action_of(due.step);
        self.event(EventKind::Recovery {
            diagnosis: due.diagnosis.condition(),
            step: action.clone(),
            attempt: due.attempt,
            outcome: None,
            next_at: due.next_at,
        });
        if due.step == Step::ResetModem {
            self.supply.restarted(now);
        }
        let present = self.observed.port.as_ref().is_some_and(|seen| seen.value != PortState::Absent);
        self.recovery.note_begun(&action, present);
        self.begin(action, now);
    }

    fn action_of(&self, step: Step) -> Action {
        match step {
            Step::Rescan => Action::Rescan,
            Step::Reopen => Action::ClosePort,
            Step::Reread => Action::RereadSettings,
            Step::Reconnect => Action::StopSessions(self.families_up()),
            Step::Reframe => Action::Reframe(self.observed.framing.other(), self.families_up()),
            Step::Reregister => Action::Reregister,
            Step::CycleSim => Action::CycleSim,
            Step::ClearForbidden => Action::ClearForbiddenNetworks,
            Step::CycleRadio => Action::CycleRadio,
            Step::ResetModem => Action::ResetModem,
            Step::Reauthorise => Action::Reauthorise,
            Step::CyclePower => Action::CyclePower,
        }
    }

    /// The families to be ended; IPv4 where none is seen to be up.
    fn families_up(&self) -> IpFamilies {
        let up = |family| self.observed.is_up(family);
        match (up(IpFamily::Ipv4), up(IpFamily::Ipv6)) {
            (true, true) => IpFamilies::Ipv4v6,
            (false, true) => IpFamilies::Ipv6,
            (_, false) => IpFamilies::Ipv4,
        }
    }

    /// An action of the host's switch or bus begins.
    pub(super) fn begin_at_the_switch(&mut self, action: &Action, now: Instant) {
        let command = match action {
            Action::Reauthorise => PowerCommand::Reauthorise,
            Action::Rescan => PowerCommand::Rescan,
            _ => {
                self.supply.cycle(now);
                return self.take_power(now);
            }
        };
        self.host_deadline = Some(now + HOST_ANSWERS_WITHIN);
        self.out.push_back(Output::Power(self.name.clone(), command));
    }

    /// Takes over what the supply wants.
    pub(super) fn take_power(&mut self, now: Instant) {
        while let Some(next) = self.supply.poll_next() {
            match next {
                Next::Tell(request) => {
                    let command = match request {
                        Request::Attach => PowerCommand::Attach,
                        Request::Do(Command::StartPoweringOff) => PowerCommand::PrepareOff,
                        Request::Do(Command::PowerOff) => PowerCommand::Off,
                        Request::Do(Command::PowerOn) => PowerCommand::On,
                    };
                    self.out.push_back(Output::Power(self.name.clone(), command));
                }
                Next::CycleEnded(result) if self.is_cycling_power() => {
                    self.off_look = None;
                    self.end(result.map_err(Failure::Host), now);
                }
                Next::CycleEnded(_) => {}
            }
        }
    }

    pub(super) fn handle_power_timeout(&mut self, now: Instant) {
        if self.paused_until.is_some_and(|until| now >= until) {
            self.paused_until = None;
            self.event(EventKind::Paused(None));
        }
        self.supply.handle_timeout(now);
        self.take_power(now);
        if self.off_look.is_some_and(|at| now >= at) {
            self.off_look = None;
            self.out.push_back(Output::Look(self.name.clone(), Fact::Port));
        }
    }

    /// The host says where the port is.
    pub(super) fn note_presence(&mut self, state: &PortState, now: Instant) {
        let before = self.observed.port.as_ref().map(|seen| &seen.value);
        let there = |state: &PortState| *state != PortState::Absent;
        let cut = self.is_cycling_power() && self.supply.state() == State::WaitingToPowerOn;
        match state {
            PortState::Absent if before.is_none_or(there) && (before.is_some() || self.observed.doing.is_some()) => {
                self.recovery.note_vanished(now);
            }
            PortState::Closed if before == Some(&PortState::Open) && self.observed.doing != Some(Action::ClosePort) => {
                self.recovery.note_left();
            }
            state if cut && there(state) => self.recovery.note_stayed(),
            _ => {}
        }
        self.supply.handle_presence(there(state), now);
        self.take_power(now);
    }

    /// Whether a step had its effect.
    pub(super) fn judge_step(&mut self, now: Instant) {
        if !self.recovery.is_trying() {
            return;
        }
        let firmware = self.observed.device.as_ref().map(|seen| firmware(&seen.value)).unwrap_or_default();
        let permits = self.permits();
        let signs = Signs { answers: self.answers(), passes: self.passes_as_framed() };
        if let Some(Judged { due, action, outcome }) = self.recovery.verdict(&firmware, signs, &permits, now) {
            self.event(EventKind::Recovery {
                diagnosis: due.diagnosis.condition(),
                step: action,
                attempt: due.attempt,
                outcome: Some(outcome),
                next_at: due.next_at,
            });
        }
    }

    /// Whether a trouble is over.
    pub(super) fn judge_troubles(&mut self, now: Instant) {
        for Over { diagnosis, action, attempts, took } in self.recovery.note_recovered(&self.plan.stages, now) {
            self.event(EventKind::Recovered {
                diagnosis: diagnosis.condition(),
                step: action,
                attempts,
                took_ms: millis(took),
            });
        }
    }

    /// Publishes what recovery does, and keeps what it has learnt.
    pub(super) fn publish_recovery(&mut self, now: Instant) {
        let online = self.is_online();
        if online || self.was_online {
            self.supply.pet(now);
        }
        if online {
            self.counsel.rest();
        }
        self.was_online = online;
        self.fallen = self.fallen.take().filter(|(_, until)| now < *until);
        let (holds, finding) = match (&self.fallen, self.paused_until, &self.inhibited) {
            (Some((fallen, _)), ..) => (true, fallen.clone()),
            (None, Some(at), _) => (false, Finding::Recovery(Recovering::Paused { at })),
            (None, None, Some(why)) => (false, Finding::Recovery(Recovering::Inhibited(why.clone()))),
            (None, None, None) => {
                let (holds, state) = self.recovery.finding();
                (holds, Finding::Recovery(state))
            }
        };
        if let Some(news) = self.conditions.set_recovering(holds, &finding, self.generation, now) {
            self.event(news);
        }
        if self.recovery.wants_keeping(now) {
            let recovery = self.recovery.memory(now);
            self.remember(|memory| memory.recovery = recovery);
        }
    }

    /// Takes over how the file wants the power to be switched.
    pub(super) fn set_supply(&mut self, config: &ModemConfig, now: Instant) {
        let timings = timings(config);
        let same = self.generation > 0 && self.config.power.switch() == config.power.switch();
        if !same {
            self.leave_switch(now);
        }
        match config.power.switch() {
            _ if same => self.supply.set_timings(timings),
            Some(_) => self.supply = Supply::with_switch(timings, now),
            None => self.supply = Supply::without_switch(timings, NOT_CONFIGURED),
        }
        if !same && let Some(seen) = &self.observed.port {
            self.supply.handle_presence(seen.value != PortState::Absent, now);
        }
        if self.retiring {
            self.supply.reclaim(now);
        }
        self.take_power(now);
    }

    /// The file names another switch, or none. The old one is not left off, and does not say any more how a cycle ended.
    fn leave_switch(&mut self, now: Instant) {
        if self.supply.is_cut() {
            self.out.push_back(Output::Power(self.name.clone(), PowerCommand::On));
        }
        if self.is_cycling_power() {
            self.off_look = None;
            self.end(Err(Failure::Cancelled), now);
        }
    }

    fn diagnosis(&self) -> Option<Diagnosis> {
        let first: Option<&StageReport> = self.plan.stages.iter().find(|stage| stage.status != Status::True);
        first.and_then(Diagnosis::of)
    }

    fn is_cycling_power(&self) -> bool {
        matches!(self.observed.doing, Some(Action::CyclePower))
    }

    fn answers(&self) -> bool {
        let open = self.observed.port.as_ref().is_some_and(|seen| seen.value == PortState::Open);
        open && self.observed.control.as_ref().is_some_and(|seen| seen.value == ControlState::Ready)
    }

    /// Whether data can flow, as far as is known.
    #[must_use]
    pub fn is_online(&self) -> bool {
        let status = |kind| self.plan.stages.iter().find(|s| s.stage.kind() == kind).map(|s| s.status);
        status(ConditionKind::LinkConfigured) == Some(Status::True)
            && status(ConditionKind::InternetReachable) != Some(Status::False)
    }
}

fn timings(config: &ModemConfig) -> Timings {
    let default = Timings::default();
    let times = config.power.times();
    Timings {
        hold: times.hold.unwrap_or(default.hold),
        time_to_power_off: times.shutdown_time.unwrap_or(default.time_to_power_off),
        min_off: times.off_time.unwrap_or(default.min_off),
        watchdog: config.recovery.watchdog,
    }
}
