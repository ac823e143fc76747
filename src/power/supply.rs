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

/// A switch that is missing is looked for so often: a hub or a chip may be plugged in later, and a look costs nothing.
const ATTACH_AGAIN: Duration = Duration::from_secs(60);

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
    /// It was there at the last look.
    present: bool,
    /// The power is on because we switched it on.
    ours: bool,
    /// It was on without us; a cycle of ours does not make it ours.
    found_on: bool,
    /// Not to be switched on before.
    not_before: Instant,
    /// When to tell a switch again that is on, while the modem is away.
    assure_at: Option<Instant>,
    /// When to look again for a switch that is missing.
    attach_at: Option<Instant>,
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
            present: false,
            ours: false,
            found_on: false,
            not_before: Instant::ZERO,
            assure_at: None,
            attach_at: None,
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

    /// Whether the power is cut, and is to come back.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.why_not().is_none() && self.state() == State::WaitingToPowerOn
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
        self.found_on |= present && !self.ours;
        let came = present && !std::mem::replace(&mut self.present, present);
        // A switch that is missing may have come with it.
        self.attach_at = self.attach_at.map(|at| if came { now } else { at });
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

    /// The modem is not wanted any more: what we switched on is switched off. Nothing else is touched; a cycle of a modem
    /// that was on without us goes on to its end.
    pub fn release(&mut self, now: Instant) {
        if self.ours && self.why_not().is_none() {
            if self.cycling {
                self.end(Err("the modem is not wanted any more".to_owned()));
            }
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
            (Request::Attach, Err(why)) => {
                self.switch = Switch::None(why);
                self.attach_at = Some(now + ATTACH_AGAIN);
            }
            (Request::Do(command), Ok(())) => {
                self.ours |= command == Command::PowerOn && !self.found_on;
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
        if self.asked.is_none() && self.attach_at.take_if(|at| now >= *at).is_some() {
            self.ask(Request::Attach, now);
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
        let attach =
            self.attach_at.filter(|_| self.asked.is_none()).map(|at| (at, "a switch that is missing is looked for"));
        answer.into_iter().chain(waits).chain(attach).min()
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
mod tests;
