//! One modem from nothing to online, disturbed and healed, in virtual time: the shortest way from the core to a modem
//! and back. The virtual world does the same a thousand times over; here one can read what happens.

use std::time::Duration;

use wwan::config::Source;
use wwan::model::{ConditionKind, Fact, Instant, LinkState, ModemName, PortState, Status};
use wwan::reconcile::{EventKind, Fleet, Input, Memory, Output, PortKind};
use wwan::sim::{BoardOutput, ConnectionId, Disturbance, Personality, Profile, SimModem, Switchboard};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    only_radio_technologies: [lte]
    service_providers:
      - { apn: internet, roaming_allowed: true, ip_family: ipv4 }
";

struct Gateway {
    fleet: Fleet,
    board: Switchboard,
    now: Instant,
    link: LinkState,
    open: Option<u32>,
    connections: u32,
    memory: Memory,
    log: Vec<String>,
    requests: Vec<(Instant, u8, u16)>,
}

fn name() -> ModemName {
    "wwan0".into()
}

impl Gateway {
    fn new(personality: &str, config: &str) -> Self {
        let personality = Personality::named(personality).expect("a personality").clone();
        let modem = SimModem::new(personality, Profile::default(), 1, Instant::ZERO);
        let mut gateway = Self {
            fleet: Fleet::new(1),
            board: Switchboard::new(modem),
            now: Instant::ZERO,
            link: LinkState::default(),
            open: None,
            connections: 0,
            memory: Memory::default(),
            log: Vec::new(),
            requests: Vec::new(),
        };
        gateway.edit(config);
        gateway
    }

    fn edit(&mut self, config: &str) {
        self.input(Input::Config(vec![Source::new("wwan.yaml", config)]));
    }

    fn input(&mut self, input: Input) {
        self.fleet.handle(input, self.now);
        self.settle();
    }

    fn disturb(&mut self, text: &str) {
        let disturbance: Disturbance = text.parse().expect("a disturbance");
        self.board.disturb(&disturbance, self.now);
        self.settle();
    }

    /// Lets everything that happens at this instant happen.
    fn settle(&mut self) {
        loop {
            if let Some(output) = self.fleet.poll_output() {
                self.carry_out(output);
            } else if let Some(output) = self.board.poll_output() {
                self.board_says(output);
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Look(name, Fact::Link) => self.fleet.handle(Input::Link(name, self.link.clone()), self.now),
            Output::Look(name, _) => {
                let state = match (self.open, self.board.modem().node()) {
                    (Some(_), _) => PortState::Open,
                    (None, Some(_)) => PortState::Closed,
                    (None, None) => PortState::Absent,
                };
                self.fleet.handle(Input::Port(name, state), self.now);
            }
            Output::OpenPort(name, _) => {
                self.connections += 1;
                if self.board.connect(ConnectionId(self.connections)) {
                    self.open = Some(self.connections);
                    self.fleet.handle(Input::Opened(name, PortKind::Exclusive), self.now);
                } else {
                    self.fleet.handle(Input::Port(name, PortState::Absent), self.now);
                }
            }
            Output::ClosePort(name) => {
                if let Some(id) = self.open.take() {
                    self.board.disconnect(ConnectionId(id));
                }
                self.fleet.handle(Input::Port(name, PortState::Closed), self.now);
            }
            Output::Send(_, bytes) => {
                let frame = wwan::qmi::Frame::parse(&bytes).expect("whole frames");
                self.requests.push((self.now, frame.service.into(), frame.message));
                if let Some(id) = self.open {
                    self.board.bytes(ConnectionId(id), &bytes, self.now);
                }
            }
            Output::ConfigureLink(name, link) => {
                self.link = link;
                self.fleet.handle(Input::LinkDone(name, Ok(())), self.now);
            }
            Output::Power(name, command) => {
                use wwan::reconcile::PowerCommand as C;
                use wwan::sim::Power as P;
                let power = match command {
                    C::Off => Some(P::Off),
                    C::On => Some(P::On),
                    C::Reauthorise => Some(P::Reauthorise),
                    C::Attach | C::PrepareOff | C::Rescan => None,
                };
                if let Some(power) = power {
                    self.board.power(power, self.now);
                }
                self.fleet.handle(Input::PowerDone(name, command, Ok(())), self.now);
            }
            Output::Remember(_, memory) => self.memory = memory,
            Output::Fetch(_) => {}
            Output::Event(event) => self.log.push(format!("{} {}", self.now, line(&event.what))),
        }
    }

    fn board_says(&mut self, output: BoardOutput) {
        match output {
            BoardOutput::Bytes(ConnectionId(id), bytes) if self.open == Some(id) => {
                self.fleet.handle(Input::Bytes(name(), bytes), self.now);
            }
            BoardOutput::HungUp(ConnectionId(id)) if self.open == Some(id) => {
                self.open = None;
                self.fleet.handle(Input::Port(name(), PortState::Absent), self.now);
            }
            BoardOutput::Appeared { .. } => self.fleet.handle(Input::Port(name(), PortState::Closed), self.now),
            BoardOutput::Vanished | BoardOutput::Bytes(..) | BoardOutput::HungUp(_) | BoardOutput::Carrier(_) => {}
        }
    }

    /// Runs until a moment.
    fn run(&mut self, until: Instant) {
        loop {
            let core = self.fleet.poll_timeout().map(|(at, _)| at);
            let board = self.board.poll_timeout().map(|(at, _)| at);
            let next = core.into_iter().chain(board).min().unwrap_or(Instant::FAR);
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            self.board.handle_timeout(self.now);
            self.settle();
            self.fleet.handle(Input::Timer, self.now);
            self.settle();
        }
    }

    fn run_for(&mut self, seconds: u64) {
        self.run(self.now + Duration::from_secs(seconds));
    }

    fn status(&self, kind: ConditionKind) -> Status {
        self.fleet.controller(&name()).map_or(Status::Unknown, |c| c.status(kind))
    }

    fn online(&self) -> bool {
        self.status(ConditionKind::Converged) == Status::True
    }

    /// Runs until online, and says after how long.
    fn until_online(&mut self, at_most: u64) -> Duration {
        let from = self.now;
        for _ in 0..at_most * 10 {
            if self.online() {
                return self.now.since(from);
            }
            self.run(self.now + Duration::from_millis(100));
        }
        let conditions = self.fleet.controller(&name()).map(|c| c.conditions().to_vec());
        panic!("not online after {at_most} s\n{}\n{conditions:#?}", self.log.join("\n"));
    }
}

fn line(what: &EventKind) -> String {
    match what {
        EventKind::ConditionChanged { to, .. } => to.to_string(),
        EventKind::ActionStarted { action, because, .. } => format!("begin {action}: {because}"),
        EventKind::ActionEnded { action, outcome } => format!("end {action}: {outcome:?}"),
        other => format!("{other:?}"),
    }
}

fn requests(gateway: &Gateway, key: (wwan::qmi::Service, u16)) -> usize {
    gateway.requests.iter().filter(|(_, service, id)| (*service, *id) == (key.0.into(), key.1)).count()
}

/// A gateway that has been online for a while, with a clean log.
fn online(config: &str) -> Gateway {
    let mut gateway = Gateway::new("well-behaved-lte", config);
    gateway.until_online(60);
    gateway.run_for(120);
    gateway.log.clear();
    gateway.requests.clear();
    gateway
}

#[test]
fn every_personality_comes_online() {
    for personality in Personality::all() {
        let mut gateway = Gateway::new(personality.name, CONFIG);
        gateway.until_online(180);
    }
}

/// Disturbance, seconds until it must be noticed, seconds until it must be healed after that, and what the log says.
const HEALED: &[(&str, u64, u64, &str)] = &[
    ("drop-session cause=36", 1, 5, "3gpp 36 (regular deactivation)"),
    ("low-power", 1, 15, "the operating mode is LowPower"),
    ("mode-preference mask=8", 5, 20, "the modem allows umts, the file asks for lte"),
    ("silent-reset", 65, 10, "the modem does not know our client ids"),
    ("forget-clients", 65, 10, "the modem does not know our client ids"),
    ("reset", 1, 30, "ModemPresent=False Absent"),
    ("hang seconds=300", 75, 320, "ControlReady=False Unresponsive"),
    ("foreign-apn apn=other", 1, 10, "uses apn \"other\", the file asks for \"internet\""),
    ("change-address tell=true", 1, 1, "the network gave"),
    ("change-address tell=false", 305, 1, "the network gave"),
    ("power-cut seconds=10", 1, 40, "ModemPresent=False Absent"),
];

#[test]
fn whatever_disturbs_is_noticed_and_healed() {
    for (disturbance, notice, heal, evidence) in HEALED {
        let mut gateway = online(CONFIG);
        gateway.disturb(disturbance);
        let from = gateway.now;
        while gateway.log.is_empty() {
            gateway.run(gateway.now + Duration::from_millis(50));
            assert!(gateway.now.since(from).as_secs() <= *notice, "{disturbance}: unnoticed for {notice} s");
        }
        gateway.until_online(*heal);
        gateway.run_for(30);
        let log = gateway.log.join("\n");
        assert!(gateway.online(), "{disturbance}: not for good\n{log}");
        assert!(log.contains(evidence), "{disturbance}: no reason in\n{log}");
    }
}

#[test]
fn an_edit_changes_what_differs_and_nothing_else() {
    let mut gateway = online(CONFIG);
    gateway.edit(&CONFIG.replace("apn: internet", "apn: other"));
    gateway.run_for(10);
    assert!(gateway.online(), "{}", gateway.log.join("\n"));
    assert_eq!(gateway.board.modem().truth().sessions.len(), 1);
    assert!(format!("{:?}", gateway.board.modem().truth()).contains("other"));
    use wwan::qmi::{nas, wds};
    assert_eq!(requests(&gateway, wds::stop_network::KEY), 1);
    assert_eq!(requests(&gateway, wds::start_network::KEY), 1);
    assert_eq!(requests(&gateway, nas::set_system_selection_preference::KEY), 0);
}

#[test]
fn an_edit_that_says_the_same_is_no_edit() {
    let mut gateway = online(CONFIG);
    gateway.edit(&format!("# moved\n{CONFIG}\n"));
    gateway.run_for(30);
    assert_eq!((gateway.fleet.generation(), gateway.log.len()), (1, 0), "{:?}", gateway.log);
}

#[test]
fn a_wrong_edit_changes_a_condition_and_not_the_modem() {
    let mut gateway = online(CONFIG);
    gateway.edit(&CONFIG.replace("apn:", "apm:"));
    gateway.run_for(300);
    assert_eq!(gateway.status(ConditionKind::ConfigValid), Status::False);
    assert!(gateway.online());
    assert_eq!(gateway.log.len(), 1, "{:?}", gateway.log);
    gateway.edit(CONFIG);
    assert_eq!(gateway.status(ConditionKind::ConfigValid), Status::True);
}

#[test]
fn a_modem_that_the_file_no_longer_names_is_let_go() {
    let mut gateway = online(CONFIG);
    gateway.edit(&CONFIG.replace("wwan0", "wwan7"));
    gateway.run_for(30);
    let truth = gateway.board.modem().truth();
    assert!(truth.sessions.is_empty() && truth.clients == 0, "{truth:?}");
    assert_eq!((gateway.open, &gateway.link, &gateway.memory), (None, &LinkState::default(), &Memory::default()));
    assert!(gateway.fleet.controller(&name()).is_none());
}

#[test]
fn a_restart_of_ours_leaves_the_session_alone() {
    let mut gateway = online(CONFIG);
    let before = gateway.board.modem().truth();
    for _ in 0..50 {
        if let Some(id) = gateway.open.take() {
            gateway.board.disconnect(ConnectionId(id));
        }
        gateway.fleet = Fleet::new(1);
        gateway.fleet.handle(Input::Remembered(name(), gateway.memory.clone()), gateway.now);
        gateway.edit(CONFIG);
        gateway.until_online(5);
        gateway.run_for(7);
    }
    let after = gateway.board.modem().truth();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "no client id leaked, no session lost");
    use wwan::qmi::wds;
    assert_eq!(requests(&gateway, wds::start_network::KEY) + requests(&gateway, wds::stop_network::KEY), 0);
}

#[test]
fn no_data_where_roaming_is_forbidden() {
    let mut gateway = online(&CONFIG.replace("roaming_allowed: true", "roaming_allowed: false"));
    gateway.disturb("roaming on=true");
    gateway.run_for(30);
    let reason =
        |g: &Gateway| g.fleet.controller(&name()).map(|c| c.condition(ConditionKind::Registered).finding.reason());
    assert_eq!(reason(&gateway), Some("RoamingNotAllowed"), "{}", gateway.log.join("\n"));
    assert!(gateway.board.modem().truth().sessions.is_empty());
    gateway.disturb("roaming on=false");
    gateway.until_online(60);
}

#[test]
fn another_card_means_another_provider() {
    let config = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: first, only_iccid_prefixes: [\"89492\"], ip_family: ipv4 }
      - { apn: second, only_iccid_prefixes: [\"89883\"], ip_family: ipv4 }
";
    let mut gateway = online(config);
    gateway.disturb("sim-swap iccid=8988307000000000018 imsi=901405100000001");
    gateway.run_for(20);
    gateway.until_online(120);
    assert!(format!("{:?}", gateway.board.modem().truth()).contains("second"), "{}", gateway.log.join("\n"));
}

#[test]
fn a_refused_apn_is_said_in_words_and_not_hammered() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.disturb("refuse-apn apn=internet cause=33");
    gateway.run_for(3600);
    let controller = gateway.fleet.controller(&name()).expect("the modem");
    let condition = controller.condition(ConditionKind::DataConnected);
    assert_eq!(condition.finding.reason(), "CallFailed");
    assert!(condition.to_string().contains("3gpp 33 (service option not subscribed)"), "{condition}");
    let dials = requests(&gateway, wwan::qmi::wds::start_network::KEY);
    assert!((3..=12).contains(&dials), "{dials} attempts in an hour\n{}", gateway.log.join("\n"));
    assert!(!gateway.log.iter().any(|l| l.contains("Recovery")), "no reset helps: {}", gateway.log.join("\n"));
    gateway.disturb("accept-apn apn=internet");
    gateway.until_online(60);
}

#[test]
fn a_calm_hour_costs_no_writes_and_two_requests_a_minute() {
    let mut gateway = online(CONFIG);
    gateway.run_for(3600);
    assert!(gateway.log.is_empty(), "nothing happens: {:?}", gateway.log);
    assert!(gateway.requests.len() <= 120, "{} requests: {:?}", gateway.requests.len(), gateway.requests);
}

#[test]
fn a_proxy_that_lets_us_in_and_hangs_up_is_not_hammered() {
    let config = CONFIG.replace("wwan0:\n", "wwan0:\n    control: { device: /dev/cdc-wdm0, proxy: true }\n");
    let mut fleet = Fleet::new(1);
    let (mut now, mut opened) = (Instant::ZERO, 0);
    fleet.handle(Input::Config(vec![Source::new("wwan.yaml", config)]), now);
    while now < Instant::ZERO + Duration::from_secs(60) {
        while let Some(output) = fleet.poll_output() {
            match output {
                Output::OpenPort(name, _) => {
                    opened += 1;
                    let kind = PortKind::Proxy { device: "/dev/cdc-wdm0".into() };
                    fleet.handle(Input::Opened(name, kind), now);
                }
                Output::Look(name, Fact::Port) | Output::Send(name, _) => {
                    fleet.handle(Input::Port(name, PortState::Closed), now);
                }
                _ => {}
            }
            assert!(opened < 20, "opened {opened} times within {now}");
        }
        now = fleet.poll_timeout().map_or(Instant::FAR, |(at, _)| at).max(now);
        fleet.handle(Input::Timer, now);
    }
    assert!(opened > 3, "given up after {opened}");
}
