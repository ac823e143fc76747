//! A modem and its gateway, played from beginning to end in virtual time, with everything that passed between them kept.

use std::time::Duration;

use wwan::config::Source;
use wwan::model::{Condition, ConditionKind, Connection, Instant, LinkState, ModemName, Reach, Status};
use wwan::property::Value;
use wwan::qmi::{Frame, Kind, Piece, Request, Response, Service, Splitter, wds};
use wwan::reconcile::{EventKind, Fleet, Input, Output};
use wwan::sim::{Personality, Profile, SimHost, SimModem, Switchboard};

/// One provider with an access point, in one family, that says nothing else.
pub const PLAIN: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: internet, ip_family: ipv4 }
";

/// The core, the host, the modem, and what happened.
pub struct Play {
    pub fleet: Fleet,
    pub host: SimHost,
    pub now: Instant,
    /// Events in words.
    pub log: Vec<String>,
    /// Requests of the core.
    pub sent: Vec<(Instant, Frame)>,
    /// What the modem answered or told.
    pub heard: Vec<(Instant, Frame)>,
    /// What the interface was made.
    pub links: Vec<LinkState>,
    /// How far packets got, each time that changed.
    pub reaches: Vec<(Instant, Reach)>,
    splitter: Splitter,
}

pub fn name() -> ModemName {
    "wwan0".into()
}

impl Play {
    /// A modem that is plugged in as the daemon starts.
    pub fn new(personality: Personality, profile: Profile, config: &str) -> Self {
        let modem = SimModem::new(personality, profile, 1, Instant::ZERO);
        let mut play = Self {
            fleet: Fleet::new(1),
            host: SimHost::new(name(), Switchboard::new(modem), 1),
            now: Instant::ZERO,
            log: Vec::new(),
            sent: Vec::new(),
            heard: Vec::new(),
            links: Vec::new(),
            reaches: Vec::new(),
            splitter: Splitter::default(),
        };
        play.edit(config);
        play
    }

    /// A well-behaved modem that has been online for two minutes; what happened before is forgotten.
    pub fn online(config: &str) -> Self {
        Self::online_as("well-behaved-lte", config)
    }

    /// The same with another character.
    pub fn online_as(personality: &str, config: &str) -> Self {
        let mut play = Self::starting_as(personality, config);
        play.until_online(180);
        play.run_for(120_000);
        play.forget();
        play
    }

    /// A well-behaved modem that starts.
    pub fn starting(config: &str) -> Self {
        Self::starting_as("well-behaved-lte", config)
    }

    /// The same with another character.
    pub fn starting_as(personality: &str, config: &str) -> Self {
        Self::new(Personality::named(personality).expect("a personality").clone(), Profile::default(), config)
    }

    /// Forgets what happened so far.
    pub fn forget(&mut self) {
        self.log.clear();
        self.sent.clear();
        self.heard.clear();
        self.links.clear();
        self.reaches.clear();
    }

    pub fn edit(&mut self, config: &str) {
        self.tell(Input::Config(vec![Source::new("wwan.yaml", config)]));
        self.settle();
    }

    pub fn disturb(&mut self, text: &str) {
        self.host.disturb(&text.parse().expect("a disturbance"), self.now);
        self.settle();
    }

    /// The daemon is killed and starts again at once.
    pub fn restart(&mut self, config: &str) {
        self.host.crash();
        self.splitter = Splitter::default();
        self.fleet = Fleet::new(1);
        self.tell(Input::Remembered(name(), self.host.memory().clone()));
        self.edit(config);
    }

    fn tell(&mut self, input: Input) {
        if let Input::Bytes(_, bytes) = &input {
            for piece in self.splitter.push(bytes) {
                if let Piece::Frame(frame) = piece {
                    self.heard.push((self.now, frame));
                }
            }
        }
        self.fleet.handle(input, self.now);
    }

    fn settle(&mut self) {
        loop {
            while let Some(output) = self.fleet.poll_output() {
                self.note(&output);
                self.host.handle_output(&output, self.now);
            }
            let Some(input) = self.host.poll_input() else { return };
            self.tell(input);
        }
    }

    fn note(&mut self, output: &Output) {
        match output {
            Output::Send(_, bytes) => self.sent.push((self.now, Frame::parse(bytes).expect("whole frames"))),
            Output::ConfigureLink(_, link) => self.links.push(link.clone()),
            Output::Event(event) => {
                if let EventKind::ConnectionChanged { to, .. } = &event.what {
                    self.reaches.push((self.now, to.reach));
                }
                self.log.push(format!("{} {}", self.now, line(&event.what)));
            }
            _ => {}
        }
    }

    /// Runs until a moment.
    pub fn run(&mut self, until: Instant) {
        loop {
            let due = self.fleet.poll_timeout().into_iter().chain(self.host.poll_timeout()).map(|(at, _)| at).min();
            match due {
                Some(at) if at <= until => self.now = self.now.max(at),
                _ => {
                    self.now = until;
                    return;
                }
            }
            self.host.handle_timeout(self.now);
            self.settle();
            if self.fleet.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
                self.tell(Input::Timer);
            }
            self.settle();
        }
    }

    pub fn run_for(&mut self, ms: u64) {
        self.run(self.now + Duration::from_millis(ms));
    }

    /// Runs until something holds, and says after how long.
    pub fn until(&mut self, what: &str, at_most_ms: u64, holds: impl Fn(&Self) -> bool) -> Duration {
        let from = self.now;
        while !holds(self) {
            assert!(
                self.now.since(from) <= Duration::from_millis(at_most_ms),
                "no {what} within {at_most_ms} ms\n{}\n{:#?}",
                self.log.join("\n"),
                self.conditions(),
            );
            self.run_for(10);
        }
        self.now.since(from)
    }

    pub fn until_online(&mut self, seconds: u64) -> Duration {
        self.until("connection", seconds * 1000, Self::is_online)
    }

    pub fn is_online(&self) -> bool {
        self.status(ConditionKind::Converged) == Status::True
    }

    pub fn status(&self, kind: ConditionKind) -> Status {
        self.fleet.controller(&name()).map_or(Status::Unknown, |c| c.status(kind))
    }

    pub fn condition(&self, kind: ConditionKind) -> &Condition {
        self.fleet.controller(&name()).expect("the modem").condition(kind)
    }

    pub fn conditions(&self) -> Vec<String> {
        let controller = self.fleet.controller(&name());
        controller.map(|c| c.conditions().iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    pub fn connection(&self) -> Connection {
        *self.fleet.controller(&name()).expect("the modem").connection()
    }

    pub fn property(&self, property: &str) -> Option<Value> {
        let full = format!("{}.{property}", name());
        self.fleet.controller(&name())?.properties().get(&full).map(|held| held.value.clone())
    }

    /// Access points of the sessions that are up.
    pub fn sessions(&self) -> Vec<String> {
        let sessions = self.host.board().modem().truth().sessions;
        sessions.into_iter().map(|(family, apn)| format!("{family} {apn}")).collect()
    }

    /// How often the core sent this request.
    pub fn count<R: Request>(&self) -> usize {
        self.requests::<R>().len()
    }

    /// The requests of this kind, with their times.
    pub fn requests<R: Request>(&self) -> Vec<(Instant, R)> {
        let of_kind = self.sent.iter().filter(|(_, frame)| frame.key() == (R::SERVICE, R::ID));
        of_kind.map(|(at, frame)| (*at, R::decode(frame).expect("our own request"))).collect()
    }

    /// When each session was asked for.
    pub fn dials(&self) -> Vec<Instant> {
        self.requests::<wds::start_network::Request>().into_iter().map(|(at, _)| at).collect()
    }

    /// What the modem granted of this kind.
    pub fn granted<R: Response>(&self) -> Vec<R> {
        let of_kind =
            self.heard.iter().filter(|(_, frame)| frame.kind == Kind::Response && frame.key() == (R::SERVICE, R::ID));
        of_kind.filter_map(|(_, frame)| R::decode(frame).ok()?.ok()).collect()
    }

    /// Messages to a service in their order.
    pub fn order(&self, service: Service, messages: &[u16]) -> Vec<u16> {
        let wanted = |frame: &Frame| frame.service == service && messages.contains(&frame.message);
        self.sent.iter().filter(|(_, frame)| wanted(frame)).map(|(_, frame)| frame.message).collect()
    }

    pub fn says(&self, what: &str) -> bool {
        self.log.iter().any(|line| line.contains(what))
    }
}

fn line(what: &EventKind) -> String {
    match what {
        EventKind::ConditionChanged { to, .. } => to.to_string(),
        EventKind::ActionStarted { action, because, .. } => format!("begin {action}: {because}"),
        EventKind::ActionEnded { action, outcome } => format!("end {action}: {outcome:?}"),
        EventKind::ConnectionChanged { from, to } => format!("connection {from} -> {}: {}", to.reach, to.because()),
        other => format!("{other:?}"),
    }
}
