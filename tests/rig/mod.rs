//! The production core on one simulated modem and the simulated host beside it, in virtual time, with everything that
//! was sent, said and tried written down.

use std::time::Duration;

use wwan::config::Source;
use wwan::model::{ConditionKind, Instant, Status};
use wwan::qmi::{Frame, Service};
use wwan::reconcile::{Controller, EventKind, Fleet, Input, Output};
use wwan::sim::{Personality, Profile, SimHost, SimModem, Switchboard, Truth, Witness};

pub struct Rig {
    pub fleet: Fleet,
    pub host: SimHost,
    pub now: Instant,
    /// Events in words, with their time.
    pub log: Vec<String>,
    /// Requests, with their time.
    pub sent: Vec<(Instant, Frame)>,
    /// PINs that reached a card: right or not, tries before.
    pub pins: Vec<(bool, u8)>,
    config: String,
}

impl Rig {
    pub fn new(personality: &str, profile: Profile, config: &str) -> Self {
        let personality = Personality::named(personality).expect("a personality").clone();
        let board = Switchboard::new(SimModem::new(personality, profile, 1, Instant::ZERO));
        let mut rig = Self {
            fleet: Fleet::new(1),
            host: SimHost::new("wwan0".into(), board, 1),
            now: Instant::ZERO,
            log: Vec::new(),
            sent: Vec::new(),
            pins: Vec::new(),
            config: String::new(),
        };
        rig.edit(config);
        rig
    }

    pub fn edit(&mut self, config: &str) {
        self.config = config.to_owned();
        self.fleet.handle(Input::Config(vec![Source::new("wwan.yaml", config)]), self.now);
        self.exchange();
    }

    pub fn disturb(&mut self, text: &str) {
        self.host.disturb(&text.parse().expect("a disturbance"), self.now);
        self.exchange();
    }

    /// The daemon dies and comes back with what the host has kept.
    pub fn restart(&mut self) {
        self.host.crash();
        self.fleet = Fleet::new(1);
        self.fleet.handle(Input::Remembered("wwan0".into(), self.host.memory().clone()), self.now);
        let config = self.config.clone();
        self.edit(&config);
    }

    /// Another modem, freshly plugged in, under the same name; the host keeps what it has kept.
    fn exchange(&mut self) {
        loop {
            while let Some(output) = self.fleet.poll_output() {
                match &output {
                    Output::Send(_, bytes) => self.sent.push((self.now, Frame::parse(bytes).expect("whole frames"))),
                    Output::Event(event) => self.log.push(format!("{} {}", self.now, line(&event.what))),
                    _ => {}
                }
                self.host.handle_output(&output, self.now);
            }
            while let Some((_, witness)) = self.host.poll_witness() {
                if let Witness::PinTried { right, tries_before, .. } = witness {
                    self.pins.push((right, tries_before));
                }
            }
            let Some(input) = self.host.poll_input() else { return };
            self.fleet.handle(input, self.now);
        }
    }

    /// Lets the next thing happen, unless it is later than `until`. Whether there was one.
    pub fn step(&mut self, until: Instant) -> bool {
        let next = self.fleet.poll_timeout().into_iter().chain(self.host.poll_timeout()).map(|(at, _)| at).min();
        let next = next.unwrap_or(Instant::FAR);
        if next > until {
            self.now = until;
            return false;
        }
        self.now = next.max(self.now);
        self.host.handle_timeout(self.now);
        self.exchange();
        if self.fleet.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
            self.fleet.handle(Input::Timer, self.now);
            self.exchange();
        }
        true
    }

    pub fn run_for(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while self.step(until) {}
    }

    /// Runs until this holds; how long it took.
    pub fn until(&mut self, at_most: u64, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let (from, until) = (self.now, self.now + Duration::from_secs(at_most));
        while !holds(self) {
            assert!(self.step(until), "not {what} after {at_most} s\n{}", self.story());
        }
        self.now.since(from)
    }

    pub fn until_online(&mut self, at_most: u64) -> Duration {
        self.until(at_most, "online", Self::is_online)
    }

    pub fn is_online(&self) -> bool {
        self.controller().status(ConditionKind::Converged) == Status::True
    }

    pub fn controller(&self) -> &Controller {
        self.fleet.controller(&"wwan0".into()).expect("the file names it")
    }

    pub fn truth(&self) -> Truth {
        self.host.board().modem().truth()
    }

    /// Reason and message of a condition.
    pub fn says(&self, kind: ConditionKind) -> (&'static str, String) {
        let finding = &self.controller().condition(kind).finding;
        (finding.reason(), finding.to_string())
    }

    /// How often a request was made.
    pub fn count(&self, key: (Service, u16)) -> usize {
        self.sent.iter().filter(|(_, frame)| frame.key() == key).count()
    }

    pub fn forget(&mut self) {
        self.log.clear();
        self.sent.clear();
    }

    pub fn story(&self) -> String {
        let conditions = self.fleet.controller(&"wwan0".into()).map(|c| c.conditions().iter().map(ToString::to_string));
        let conditions: Vec<String> = conditions.into_iter().flatten().collect();
        format!("{}\n{}", self.log.join("\n"), conditions.join("\n"))
    }
}

fn line(what: &EventKind) -> String {
    match what {
        EventKind::ConditionChanged { to, .. } => to.to_string(),
        EventKind::ActionStarted { action, because, .. } => format!("begin {action}: {because}"),
        EventKind::ActionEnded { action, outcome } => format!("end {action}: {outcome:?}"),
        EventKind::Recovery { diagnosis, step, .. } => format!("recovery for {diagnosis}: {step}"),
        other => format!("{other:?}"),
    }
}
