//! What a controller is told of its surroundings, and when it wants to be told of the time.

use super::super::door::{Output, PortKind};
use super::super::fleet::Secrets;
use super::Controller;
use crate::model::{Action, ApnAnswer, Fact, Failure, HomeDigits, Instant, LinkState, PortState, Report};

impl Controller {
    pub(in super::super) fn handle_port(&mut self, state: PortState, secrets: &Secrets, now: Instant) {
        self.host_looks.remove(&Fact::Port);
        let opening = matches!(self.observed.doing, Some(Action::OpenPort));
        if state == PortState::Open && !opening && !self.driver.is_open() {
            // It was told to be gone and is open all the same: what we knew of the channel is lost, so it is opened anew.
            self.out.push_back(Output::ClosePort(self.name.clone()));
            return self.turn(secrets, now);
        }
        self.note_presence(&state, now);
        if state != PortState::Open {
            self.lose_port(now);
            if matches!(self.observed.doing, Some(Action::ClosePort)) {
                self.end(Ok(()), now);
            } else if opening {
                let why = match &state {
                    PortState::Unusable(why) => why.clone(),
                    PortState::Absent => "no such device".to_owned(),
                    PortState::Ambiguous(_) | PortState::Bootloader(_) => "no device to open it of".to_owned(),
                    PortState::Closed | PortState::Open => "it was closed again".to_owned(),
                };
                self.end(Err(Failure::Host(why)), now);
            }
        }
        self.learn(Report::Port(state), now);
        self.turn(secrets, now);
    }

    pub(in super::super) fn handle_opened(&mut self, kind: PortKind, secrets: &Secrets, now: Instant) {
        self.lose_port(now);
        if matches!(self.observed.doing, Some(Action::OpenPort)) {
            self.end(Ok(()), now);
        }
        self.learn(Report::Port(PortState::Open), now);
        self.begin_anew();
        self.driver.handle_opened(match kind {
            PortKind::Exclusive => None,
            PortKind::Proxy { device } => Some(device),
        });
        self.turn(secrets, now);
    }

    pub(in super::super) fn handle_bytes(&mut self, bytes: &[u8], secrets: &Secrets, now: Instant) {
        self.driver.handle_bytes(bytes, now);
        self.turn(secrets, now);
    }

    pub(in super::super) fn handle_link(&mut self, state: LinkState, secrets: &Secrets, now: Instant) {
        self.host_looks.remove(&Fact::Link);
        // While a change is under way an older state may still arrive; the look after the change decides.
        if !matches!(self.observed.doing, Some(Action::ConfigureLink(_))) {
            self.learn(Report::Link(state), now);
        }
        self.turn(secrets, now);
    }

    pub(in super::super) fn handle_link_done(&mut self, result: Result<(), String>, secrets: &Secrets, now: Instant) {
        if matches!(self.observed.doing, Some(Action::ConfigureLink(_))) {
            self.end(result.map_err(Failure::Host), now);
        }
        self.turn(secrets, now);
    }

    pub(in super::super) fn handle_lookup(
        &mut self,
        home: &HomeDigits,
        answer: ApnAnswer,
        secrets: &Secrets,
        now: Instant,
    ) {
        if self.lookup.handle_answer(home, answer, now) {
            self.choice = None;
        }
        self.turn(secrets, now);
    }

    pub(in super::super) fn handle_timeout(&mut self, secrets: &Secrets, now: Instant) {
        self.driver.handle_timeout(now);
        self.handle_power_timeout(now);
        self.keep_again(now);
        if self.host_deadline.is_some_and(|deadline| now >= deadline) {
            self.mark_not_kept();
            self.end(Err(Failure::Host("the host does not answer".to_owned())), now);
        }
        self.turn(secrets, now);
    }

    pub(in super::super) fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub(in super::super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let host = self.host_deadline.map(|at| (at, "the host is to answer"));
        let looks = self.host_looks.values().min().map(|at| (*at, "the host is to report"));
        let plan = (self.plan.until != Instant::FAR).then_some((self.plan.until, "a fact is due or a wait ends"));
        // While an action is in flight the ladder waits for its end, whatever its time.
        let recovery = self.recovery.poll_timeout().filter(|_| self.observed.doing.is_none());
        let off_look = self.off_look.map(|at| (at, "the power is off"));
        let paused = self.paused_until.map(|at| (at, "a pause ends"));
        let idle = self.observed.doing.is_none() && !self.retiring;
        let watchdog = self.supply.watchdog_at().filter(|_| idle).map(|at| (at, "the watchdog barks"));
        let keep_again = self.keep_again_at.map(|at| (at, "what could not be kept is to be kept"));
        let connection = self.connectivity.poll_timeout(self.config.connection_grace);
        let (lookup, telemetry) = (self.lookup.poll_timeout(), self.telemetry.poll_timeout());
        let inner = [
            self.driver.poll_timeout(),
            self.supply.poll_timeout(),
            recovery,
            off_look,
            paused,
            watchdog,
            connection,
            keep_again,
            lookup,
            telemetry,
            self.advice.poll_timeout(),
            self.counsel.poll_timeout(),
            self.reachability.poll_timeout(),
        ];
        let properties = self.take_at.map(|at| (at, "properties are to be told"));
        [host, looks, plan, properties].into_iter().chain(inner).flatten().min()
    }
}
