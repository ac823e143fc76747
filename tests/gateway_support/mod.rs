//! A gateway in virtual time: the production core on a simulated modem and its host, and what happened.
#![allow(dead_code, reason = "each test uses its part")]

use std::time::Duration;

use wwan::config::Source;
use wwan::model::{ConditionKind, Instant, ModemName, Status};
use wwan::reconcile::{Controller, EventKind, Fleet, Input, Output};
use wwan::sim::{Disturbance, Personality, Profile, SimHost, SimModem, Switchboard};

pub const FILE: &str = "/etc/wwan.yaml";

/// One gateway with one modem, `wwan0`.
pub struct Gateway {
    pub fleet: Fleet,
    pub host: SimHost,
    pub now: Instant,
    pub events: Vec<(Instant, EventKind)>,
    /// Every request: when, service, message.
    pub requests: Vec<(Instant, u8, u16)>,
    pub power: Vec<(Instant, wwan::reconcile::PowerCommand)>,
    pub opened: u32,
    /// What the link was made, how often.
    pub links: u32,
    /// Questions to the internet, and the number of the last one.
    pub questions: u32,
    pub asked: Option<u64>,
    /// How often the core was told something.
    pub inputs: u32,
    /// What becomes of a chunk from the modem on its way; `None`: nothing.
    pub wire: Option<Wire>,
    /// What the host does not do, nor answer; `None`: it does everything.
    pub unheard: Option<fn(&Output) -> bool>,
}

/// A chunk from the modem, and the reads in which it arrives.
pub type Wire = Box<dyn FnMut(Vec<u8>) -> Vec<Vec<u8>>>;

pub fn name() -> ModemName {
    "wwan0".into()
}

impl Gateway {
    pub fn new(personality: &str, config: &str) -> Self {
        Self::with(personality, Profile::default(), config)
    }

    pub fn with(personality: &str, profile: Profile, config: &str) -> Self {
        let personality = Personality::named(personality).expect("a personality").clone();
        Self::of(personality, profile, config)
    }

    pub fn of(personality: Personality, profile: Profile, config: &str) -> Self {
        let modem = SimModem::new(personality, profile, 1, Instant::ZERO);
        let mut gateway = Self {
            fleet: Fleet::new(1),
            host: SimHost::new(name(), Switchboard::new(modem), 1),
            now: Instant::ZERO,
            events: Vec::new(),
            requests: Vec::new(),
            power: Vec::new(),
            opened: 0,
            links: 0,
            questions: 0,
            asked: None,
            inputs: 0,
            wire: None,
            unheard: None,
        };
        gateway.edit(config);
        gateway
    }

    pub fn edit(&mut self, config: &str) {
        self.input(Input::Config(vec![Source::new(FILE, config)]));
    }

    pub fn input(&mut self, input: Input) {
        self.fleet.handle(input, self.now);
        self.settle();
    }

    pub fn disturb(&mut self, text: &str) {
        let disturbance: Disturbance = text.parse().expect("a disturbance");
        self.host.disturb(&disturbance, self.now);
        self.settle();
    }

    /// Lets everything that happens at this instant happen.
    pub fn settle(&mut self) {
        loop {
            self.carry_out();
            let Some(input) = self.host.poll_input() else { return };
            for input in self.on_the_wire(input) {
                self.inputs += 1;
                self.fleet.handle(input, self.now);
                self.carry_out();
            }
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.fleet.poll_output() {
            self.note(&output);
            if !self.unheard.is_some_and(|unheard| unheard(&output)) {
                self.host.handle_output(&output, self.now);
            }
        }
    }

    fn on_the_wire(&mut self, input: Input) -> Vec<Input> {
        match (input, &mut self.wire) {
            (Input::Bytes(name, chunk), Some(wire)) => {
                wire(chunk).into_iter().map(|read| Input::Bytes(name.clone(), read)).collect()
            }
            (input, _) => vec![input],
        }
    }

    fn note(&mut self, output: &Output) {
        match output {
            Output::Event(event) => self.events.push((self.now, event.what.clone())),
            Output::Send(_, bytes) => {
                let frame = wwan::qmi::Frame::parse(bytes).expect("whole frames");
                self.requests.push((self.now, frame.service.into(), frame.message));
            }
            Output::Power(_, command) => self.power.push((self.now, *command)),
            Output::OpenPort(..) => self.opened += 1,
            Output::ConfigureLink(..) => self.links += 1,
            Output::Probe(_, probe) => {
                self.questions += 1;
                self.asked = Some(probe.number);
            }
            _ => {}
        }
    }

    pub fn run_for(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        loop {
            let core = self.fleet.poll_timeout().map(|(at, _)| at);
            let host = self.host.poll_timeout().map(|(at, _)| at);
            let next = core.into_iter().chain(host).min().unwrap_or(Instant::FAR);
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            self.host.handle_timeout(self.now);
            self.settle();
            self.fleet.handle(Input::Timer, self.now);
            self.settle();
        }
    }

    /// Runs until a condition is so, and says after how many seconds.
    #[track_caller]
    pub fn until(&mut self, kind: ConditionKind, status: Status, at_most: u64) -> u64 {
        let from = self.now;
        while self.status(kind) != status {
            assert!(
                self.now.since(from).as_secs() <= at_most,
                "{kind} is not {status} after {at_most} s\n{}\n{:#?}",
                self.log(),
                self.controller().conditions()
            );
            self.run_for(1);
        }
        self.now.since(from).as_secs()
    }

    #[track_caller]
    pub fn until_online(&mut self, at_most: u64) -> u64 {
        self.until(ConditionKind::Converged, Status::True, at_most)
    }

    pub fn controller(&self) -> &Controller {
        self.fleet.controller(&name()).expect("the modem")
    }

    pub fn status(&self, kind: ConditionKind) -> Status {
        self.fleet.controller(&name()).map_or(Status::Unknown, |controller| controller.status(kind))
    }

    pub fn reason(&self, kind: ConditionKind) -> &'static str {
        self.controller().condition(kind).finding.reason()
    }

    /// Recovery steps that began: when and what.
    pub fn steps(&self) -> Vec<(u64, &'static str)> {
        let begun = |(at, what): &(Instant, EventKind)| match what {
            EventKind::Recovery { step, outcome: None, .. } => Some((at.as_millis() / 1000, step.name())),
            _ => None,
        };
        self.events.iter().filter_map(begun).collect()
    }

    /// Outcomes of recovery steps: what and how.
    pub fn outcomes(&self) -> Vec<(&'static str, String)> {
        let ended = |(_, what): &(Instant, EventKind)| match what {
            EventKind::Recovery { step, outcome: Some(outcome), .. } => Some((step.name(), outcome.to_string())),
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }

    pub fn count(&self, key: (wwan::qmi::Service, u16)) -> usize {
        self.requests.iter().filter(|(_, service, id)| (*service, *id) == (key.0.into(), key.1)).count()
    }

    pub fn log(&self) -> String {
        self.events.iter().map(|(at, what)| format!("{at} {what:?}\n")).collect()
    }

    pub fn forget_the_past(&mut self) {
        self.events.clear();
        self.requests.clear();
        self.power.clear();
        self.opened = 0;
        self.links = 0;
        self.inputs = 0;
    }
}
