//! The state machine beside its switch: answers that take their time, that fail, or that never come; a modem that was
//! on before we came; and no switch at all.
//!
//! Contract of the state machine: getters; inputs, each with `now`; [`Supply::poll_next`] until `None`;
//! [`Supply::poll_timeout`] says when to call [`Supply::handle_timeout`], and why.

use std::collections::VecDeque;
use std::time::Duration;

use super::machine::{Command, Event, Machine, State, Timings};
use crate::model::Instant;

/// The switch itself is quick; one that does not answer for this long is broken.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// A switch that failed to give the power is asked again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(10 * 60);
/// A modem that stays away although it has power by all we know: the switch may not have done what it acknowledged. It is
/// told again so often; that cuts nothing.
const ASSURE_EVERY: Duration = Duration::from_secs(10 * 60);

/// What the switch is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Request {
    /// To get ready: is it there, may we use it?
    Attach,
    /// To do this.
    Do(Command),
}

/// What a change leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Ask the switch.
    Tell(Request),
    /// The power cycle that was begun ended.
    CycleEnded(Result<(), String>),
}

/// Whether there is a switch.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Switch {
    /// It was asked, and has not answered yet.
    Attaching,
    /// It answers.
    Working,
    /// There is none that works, and why.
    None(String),
}

/// The power of one modem and its switch.
#[derive(Debug)]
pub struct Supply {
    machine: Machine,
    switch: Switch,
    /// What the switch was asked last, and when it must have answered.
    asked: Option<(Request, Instant)>,
    /// A power cycle was begun and has not ended.
    cycling: bool,
    /// Whether anybody looked yet if the modem is there.
    looked: bool,
    /// The power is on because we switched it on.
    ours: bool,
    /// Not to be switched on before.
    not_before: Instant,
    /// When to tell a switch again that is on, while the modem is away.
    assure_at: Option<Instant>,
    next: VecDeque<Next>,
}

impl Supply {
    /// Without a switch, and why.
    #[must_use]
    pub fn without_switch(timings: Timings, why: &str) -> Self {
        Self {
            machine: Machine::new(timings),
            switch: Switch::None(why.to_owned()),
            asked: None,
            cycling: false,
            looked: false,
            ours: false,
            not_before: Instant::ZERO,
            assure_at: None,
            next: VecDeque::new(),
        }
    }

    /// With a switch, which is asked at once whether it works.
    #[must_use]
    pub fn with_switch(timings: Timings, now: Instant) -> Self {
        let mut supply = Self { switch: Switch::Attaching, ..Self::without_switch(timings, "") };
        supply.ask(Request::Attach, now);
        supply
    }

    /// Other times from now on; what runs already is not changed.
    pub fn set_timings(&mut self, timings: Timings) {
        self.machine.timings = timings;
    }

    /// Why power cannot be switched; `None`: it can.
    #[must_use]
    pub fn why_not(&self) -> Option<&str> {
        match &self.switch {
            Switch::Attaching => Some("the power switch has not answered yet"),
            Switch::Working => None,
            Switch::None(why) => Some(why),
        }
    }

    /// Where the power is.
    #[must_use]
    pub fn state(&self) -> State {
        self.machine.state()
    }

    /// How long a modem is left in peace after a power cycle.
    #[must_use]
    pub fn hold(&self) -> Duration {
        self.machine.timings.hold
    }

    /// The state in words, and why it cannot be switched where it cannot.
    #[must_use]
    pub fn info(&self, now: Instant) -> String {
        match &self.switch {
            Switch::None(why) => format!("{}, not switched: {why}", self.machine.info(now)),
            Switch::Attaching | Switch::Working => self.machine.info(now),
        }
    }

    /// Somebody looked whether the modem is there.
    pub fn handle_presence(&mut self, present: bool, now: Instant) {
        let first = !std::mem::replace(&mut self.looked, true);
        let busy = self.cycling || self.asked.is_some_and(|(request, _)| request != Request::Attach);
        if busy {
            return;
        }
        let off = matches!(self.state(), State::Off | State::OffHold | State::WaitingToPowerOn);
        let should_be_there = self.state() == State::On && self.why_not().is_none();
        let assure_at = self.assure_at.take().unwrap_or(now + ASSURE_EVERY);
        match present {
            false if should_be_there && now >= assure_at => self.ask(Request::Do(Command::PowerOn), now),
            false if should_be_there => self.assure_at = Some(assure_at),
            // It was on before we came, or came on without us: nothing to do, and nothing to undo.
            true if off => {
                self.ours = false;
                self.machine.found_on(now);
            }
            // Power may have been cut a moment ago, by us before a crash: it stays off for its time.
            false if first => self.machine.found_off(now),
            _ => {}
        }
        self.want_on(now);
    }

    /// The modem does what it is for.
    pub fn pet(&mut self, now: Instant) {
        self.machine.handle(Event::Pet, now);
    }

    /// The modem was restarted by other means: it is left in peace for a while.
    pub fn restarted(&mut self, now: Instant) {
        if matches!(self.state(), State::On | State::OnHold) {
            self.machine.found_on(now);
        }
    }

    /// Whether the watchdog waits to be obeyed: by [`Self::cycle`], or by [`Self::pet`] if that must not be.
    #[must_use]
    pub fn watchdog_due(&self, now: Instant) -> bool {
        self.watchdog_at().is_some_and(|due| now >= due)
    }

    /// When the watchdog is to be obeyed, unless it is petted before.
    #[must_use]
    pub fn watchdog_at(&self) -> Option<Instant> {
        self.machine.poll_timeout().filter(|_| self.state() == State::On)
    }

    /// Off and on again, whatever the hold times say. Ends with [`Next::CycleEnded`].
    pub fn cycle(&mut self, now: Instant) {
        self.cycling = true;
        if let Some(why) = self.why_not() {
            let why = why.to_owned();
            return self.end(Err(why));
        }
        let event =
            if matches!(self.state(), State::Off | State::OffHold) { Event::PowerOn } else { Event::ForceReset };
        self.event(event, now);
        let moves = matches!(self.state(), State::Resetting | State::WaitingToPowerOn) || self.asked.is_some();
        if !moves {
            self.end(Err("the power is being switched off".to_owned()));
        }
    }

    /// The modem is not wanted any more: what we switched on is switched off. Nothing else is touched.
    pub fn release(&mut self, now: Instant) {
        if self.ours && self.why_not().is_none() {
            self.event(Event::PowerOff, now);
        }
    }

    /// It is wanted again.
    pub fn reclaim(&mut self, now: Instant) {
        if matches!(self.state(), State::WaitingToPowerOff | State::PoweringOff | State::OffHold) {
            self.event(Event::PowerOn, now);
        }
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let leaving = matches!(self.state(), State::WaitingToPowerOff | State::PoweringOff | State::Resetting);
        !leaving && self.asked.is_none_or(|(request, _)| request == Request::Attach)
    }

    /// The switch answered.
    pub fn handle_answer(&mut self, to: Request, answer: Result<(), String>, now: Instant) {
        if self.asked.is_none_or(|(asked, _)| asked != to) {
            // Too late: it was given up, or something else was asked since.
            return;
        }
        self.asked = None;
        match (to, answer) {
            (Request::Attach, Ok(())) => {
                self.switch = Switch::Working;
                if self.looked {
                    self.want_on(now);
                }
            }
            (Request::Attach, Err(why)) => self.switch = Switch::None(why),
            (Request::Do(command), Ok(())) => {
                self.ours |= command == Command::PowerOn;
                self.machine.restart_timer(now);
                if command == Command::PowerOn && self.cycling {
                    self.end(Ok(()));
                }
            }
            (Request::Do(_), Err(why)) => self.failed(why, now),
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some((request, deadline)) = self.asked {
            if now >= deadline {
                self.handle_answer(request, Err("the power switch does not answer".to_owned()), now);
            } else if !matches!(request, Request::Do(Command::StartPoweringOff) | Request::Attach) {
                // What comes next rests on the answer. A modem that does not shut down by itself is cut off anyway.
                return;
            }
        }
        if !self.watchdog_due(now) {
            self.event(Event::Timeout, now);
        }
    }

    /// What follows.
    pub fn poll_next(&mut self) -> Option<Next> {
        self.next.pop_front()
    }

    /// When to call [`Self::handle_timeout`], and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let answer = self.asked.map(|(_, at)| (at, "the power switch is to answer"));
        let waits = match self.asked {
            Some((Request::Do(Command::PowerOff | Command::PowerOn), _)) => None,
            // Whether to obey the watchdog is not decided here.
            _ if self.state() == State::On => None,
            _ => self.machine.poll_timeout().map(|at| (at, "the time of a power state ends")),
        };
        answer.into_iter().chain(waits).min()
    }

    fn want_on(&mut self, now: Instant) {
        let off = matches!(self.state(), State::Off | State::OffHold);
        if off && self.why_not().is_none() && now >= self.not_before {
            self.event(Event::PowerOn, now);
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        if let Some(command) = self.machine.handle(event, now) {
            self.ask(Request::Do(command), now);
        }
    }

    fn ask(&mut self, request: Request, now: Instant) {
        self.asked = Some((request, now + ANSWERS_WITHIN));
        self.next.push_back(Next::Tell(request));
    }

    fn failed(&mut self, why: String, now: Instant) {
        self.machine.fail();
        self.not_before = now + ASK_AGAIN;
        if self.cycling {
            self.end(Err(why));
        }
    }

    fn end(&mut self, result: Result<(), String>) {
        self.cycling = false;
        self.next.push_back(Next::CycleEnded(result));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_secs(100);

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    /// A switch that works, on a modem that is there.
    fn on() -> Supply {
        let mut supply = Supply::with_switch(Timings::default(), T);
        assert_eq!(told(&mut supply), [Next::Tell(Request::Attach)]);
        supply.handle_answer(Request::Attach, Ok(()), T);
        supply.handle_presence(true, T);
        assert_eq!(told(&mut supply), [], "a running modem is not touched");
        supply
    }

    fn told(supply: &mut Supply) -> Vec<Next> {
        std::iter::from_fn(|| supply.poll_next()).collect()
    }

    fn tell(command: Command) -> Vec<Next> {
        vec![Next::Tell(Request::Do(command))]
    }

    #[test]
    fn a_switch_is_told_again_while_the_modem_stays_away() {
        let mut supply = on();
        let away = T + Timings::default().hold;
        supply.handle_timeout(away);
        assert_eq!(supply.state(), State::On);
        for looks in 0..3 {
            let from = away + ASSURE_EVERY * looks;
            supply.handle_presence(false, from + seconds(1));
            supply.handle_presence(false, from + ASSURE_EVERY);
            assert_eq!(told(&mut supply), [], "not yet");
            supply.handle_presence(false, from + ASSURE_EVERY + seconds(1));
            assert_eq!(told(&mut supply), tell(Command::PowerOn), "and nothing is cut");
            supply.handle_answer(Request::Do(Command::PowerOn), Ok(()), from + ASSURE_EVERY + seconds(1));
            assert_eq!((supply.state(), told(&mut supply)), (State::On, vec![]));
            supply.handle_presence(true, from + ASSURE_EVERY + seconds(2));
        }
    }

    #[test]
    fn a_cycle_stays_off_long_enough_from_the_answer_on() {
        let mut supply = on();
        supply.cycle(T);
        assert_eq!(told(&mut supply), tell(Command::StartPoweringOff));
        // The modem never answers to that: it is cut off all the same.
        supply.handle_timeout(T + seconds(5));
        assert_eq!(told(&mut supply), tell(Command::PowerOff));
        supply.handle_timeout(T + seconds(11));
        assert_eq!(told(&mut supply), [], "not before the switch has answered");
        supply.handle_answer(Request::Do(Command::PowerOff), Ok(()), T + seconds(11));
        supply.handle_timeout(T + seconds(15));
        assert_eq!(told(&mut supply), []);
        supply.handle_timeout(T + seconds(16));
        assert_eq!(told(&mut supply), tell(Command::PowerOn));
        supply.handle_answer(Request::Do(Command::PowerOn), Ok(()), T + seconds(16));
        assert_eq!(told(&mut supply), [Next::CycleEnded(Ok(()))]);
        assert_eq!(supply.state(), State::OnHold);
    }

    #[test]
    fn pwr_6_a_switch_that_fails_at_any_step_ends_the_cycle_and_is_off() {
        let commands = [Command::StartPoweringOff, Command::PowerOff, Command::PowerOn];
        for failing in commands {
            let mut supply = on();
            let mut now = T;
            supply.cycle(now);
            let ended = loop {
                match supply.poll_next() {
                    Some(Next::CycleEnded(result)) => break result,
                    Some(Next::Tell(request)) if request == Request::Do(failing) => {
                        supply.handle_answer(request, Err("jammed".to_owned()), now);
                    }
                    Some(Next::Tell(request)) => supply.handle_answer(request, Ok(()), now),
                    None => {
                        now = supply.poll_timeout().unwrap().0;
                        supply.handle_timeout(now);
                    }
                }
            };
            assert_eq!(ended, Err("jammed".to_owned()), "{failing:?}");
            assert_eq!(supply.state(), State::Off, "{failing:?}");
            // The modem is still there: it is on, whatever the switch says.
            supply.handle_presence(true, now);
            assert_eq!((supply.state(), told(&mut supply)), (State::OnHold, vec![]), "{failing:?}");
        }
    }

    #[test]
    fn pwr_6_a_switch_that_is_not_there_is_disabled_with_its_reason() {
        let mut supply = Supply::with_switch(Timings::default(), T);
        told(&mut supply);
        supply.handle_answer(Request::Attach, Err("no such hub".to_owned()), T);
        supply.handle_presence(false, T);
        assert_eq!(supply.why_not(), Some("no such hub"));
        assert_eq!(supply.info(T), "Off (OK to power on in 5s), not switched: no such hub");
        supply.cycle(T);
        assert_eq!(told(&mut supply), [Next::CycleEnded(Err("no such hub".to_owned()))]);
        let mut silent = Supply::with_switch(Timings::default(), T);
        silent.handle_timeout(T + ANSWERS_WITHIN);
        assert_eq!(silent.why_not(), Some("the power switch does not answer"));
    }

    #[test]
    fn a_modem_without_power_is_given_some_when_it_has_been_off_long_enough() {
        let mut supply = Supply::with_switch(Timings::default(), T);
        supply.handle_answer(Request::Attach, Ok(()), T);
        told(&mut supply);
        supply.handle_presence(false, T);
        assert_eq!((supply.state(), told(&mut supply)), (State::WaitingToPowerOn, vec![]));
        supply.handle_timeout(T + seconds(5));
        assert_eq!(told(&mut supply), tell(Command::PowerOn));
        supply.handle_answer(Request::Do(Command::PowerOn), Err("jammed".to_owned()), T + seconds(5));
        for at in [10, 300, 599] {
            supply.handle_presence(false, T + seconds(at));
        }
        assert_eq!(told(&mut supply), [], "a switch that failed is not hammered");
        supply.handle_presence(false, T + seconds(606));
        assert_eq!(told(&mut supply), tell(Command::PowerOn));
    }

    #[test]
    fn what_we_switched_on_is_switched_off_when_it_is_no_longer_wanted_and_nothing_else() {
        let mut found = on();
        found.release(T);
        found.handle_timeout(T + seconds(1));
        assert_eq!((found.is_at_rest(), told(&mut found)), (true, vec![]));

        let mut ours = Supply::with_switch(Timings::default(), T);
        ours.handle_answer(Request::Attach, Ok(()), T);
        ours.handle_presence(false, T);
        ours.handle_timeout(T + seconds(5));
        ours.handle_answer(Request::Do(Command::PowerOn), Ok(()), T + seconds(5));
        told(&mut ours);
        let later = T + seconds(3600);
        ours.handle_timeout(later);
        ours.release(later);
        ours.reclaim(later + Duration::from_millis(5));
        ours.handle_timeout(later + seconds(1));
        assert_eq!(told(&mut ours), [], "a change of mind");
        ours.release(later + seconds(2));
        assert!(!ours.is_at_rest());
        ours.handle_timeout(later + seconds(3));
        assert_eq!(told(&mut ours), tell(Command::StartPoweringOff));
    }

    #[test]
    fn late_answers_change_nothing() {
        let mut supply = on();
        supply.handle_answer(Request::Do(Command::PowerOff), Err("late".to_owned()), T);
        supply.handle_answer(Request::Attach, Err("late".to_owned()), T);
        assert_eq!((supply.state(), supply.why_not()), (State::OnHold, None));
    }
}
