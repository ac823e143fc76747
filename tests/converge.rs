//! One modem from nothing to online, disturbed and healed, in virtual time: laws that one wants in a table or a loop. A
//! story is better told as a scenario (`tests/scenarios`); the virtual world does the same a thousand times over.

use std::ops::Deref;
use std::time::Duration;

use wwan::config::Source;
use wwan::model::{ConditionKind, Fact, Instant, LinkState, ModemName, PortState, Status};
use wwan::reconcile::{EventKind, Fleet, Input, Memory, Output, PortKind};
use wwan::sim::{self, Disturbance, Note, Noted, Personality, Profile, SimHost, Truth};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    only_radio_technologies: [lte]
    service_providers:
      - { apn: internet, roaming_allowed: true, ip_family: ipv4 }
";

/// A gateway with one modem, and what happened since its log was cleared.
struct Gateway {
    inner: sim::Gateway,
    log: Vec<String>,
    requests: Vec<(Instant, u8, u16)>,
}

impl Deref for Gateway {
    type Target = sim::Gateway;

    fn deref(&self) -> &sim::Gateway {
        &self.inner
    }
}

fn name() -> ModemName {
    "wwan0".into()
}

impl Gateway {
    fn new(personality: &str, config: &str) -> Self {
        let personality = Personality::named(personality).expect("a personality").clone();
        let inner = sim::Gateway::single(personality, Profile::default(), 1);
        let mut gateway = Self { inner, log: Vec::new(), requests: Vec::new() };
        gateway.edit(config);
        gateway
    }

    fn edit(&mut self, config: &str) {
        self.inner.edit(config);
        self.note();
    }

    fn disturb(&mut self, text: &str) {
        let disturbance: Disturbance = text.parse().expect("a disturbance");
        assert!(self.inner.disturb(&name(), &disturbance));
        self.note();
    }

    /// The daemon dies and is started again, with its memory.
    fn restart(&mut self) {
        self.inner.start(true);
        self.note();
    }

    fn note(&mut self) {
        assert_eq!(self.inner.restless(), None, "{}", self.log.join("\n"));
        for Note { at, what } in self.inner.take_journal() {
            match what {
                Noted::Output(Output::Event(event)) => self.log.push(format!("{at} {}", line(&event.what))),
                Noted::Output(Output::Send(_, bytes)) => {
                    let frame = wwan::qmi::Frame::parse(&bytes).expect("whole frames");
                    self.requests.push((at, frame.service.into(), frame.message));
                }
                Noted::Output(_) | Noted::Witness(..) => {}
            }
        }
    }

    /// Runs until a moment.
    fn run(&mut self, until: Instant) {
        self.inner.run_until(until, |_| false);
        self.note();
    }

    fn run_for(&mut self, seconds: u64) {
        self.run(self.now() + Duration::from_secs(seconds));
    }

    fn status(&self, kind: ConditionKind) -> Status {
        self.inner.status(&name(), kind)
    }

    fn online(&self) -> bool {
        self.status(ConditionKind::Converged) == Status::True
    }

    fn host(&self) -> &SimHost {
        self.inner.host(&name()).expect("the one host")
    }

    fn truth(&self) -> Truth {
        self.host().board().modem().truth()
    }

    /// Runs until online, and says after how long.
    fn until_online(&mut self, at_most: u64) -> Duration {
        let from = self.now();
        let converged = |g: &sim::Gateway| g.status(&name(), ConditionKind::Converged) == Status::True;
        let online = self.inner.run_until(from + Duration::from_secs(at_most), converged);
        self.note();
        let conditions = self.controller(&name()).map(|c| c.conditions().to_vec());
        assert!(online, "not online after {at_most} s\n{}\n{conditions:#?}", self.log.join("\n"));
        self.now().since(from)
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
    // Not at a moment when a look at the session is due.
    gateway.run_for(130);
    gateway.log.clear();
    gateway.requests.clear();
    gateway
}

#[test]
fn every_personality_comes_online() {
    for personality in Personality::all() {
        let mut gateway = Gateway::new(personality.name, CONFIG);
        // One has to be found out first.
        gateway.until_online(if personality.silent_in_raw_ip { 420 } else { 180 });
    }
}

/// Disturbance, seconds until it must be noticed, seconds until it must be healed after that, and what the log says.
const HEALED: &[(&str, u64, u64, &str)] = &[
    ("drop-session cause=36", 1, 5, "3gpp 36 (regular deactivation)"),
    ("low-power", 1, 15, "the operating mode is LowPower"),
    ("mode-preference mask=8", 5, 20, "the modem allows umts, the file asks for lte"),
    ("silent-reset", 45, 10, "the modem does not know our client ids"),
    ("forget-clients", 45, 10, "the modem does not know our client ids"),
    ("reset", 1, 30, "ModemPresent=False Absent"),
    ("hang seconds=300", 55, 320, "ControlReady=False Unresponsive"),
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
        let from = gateway.now();
        while gateway.log.is_empty() {
            gateway.run(gateway.now() + Duration::from_millis(50));
            assert!(gateway.now().since(from).as_secs() <= *notice, "{disturbance}: unnoticed for {notice} s");
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
    assert_eq!(gateway.truth().sessions.len(), 1);
    assert!(format!("{:?}", gateway.truth()).contains("other"));
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
    assert_eq!((gateway.fleet().generation(), gateway.log.len()), (1, 0), "{:?}", gateway.log);
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
fn cfg_9_qmi_3_a_modem_that_the_file_no_longer_names_is_let_go() {
    let mut gateway = online(CONFIG);
    gateway.edit(&CONFIG.replace("wwan0", "wwan7"));
    gateway.run_for(30);
    let truth = gateway.truth();
    assert!(truth.sessions.is_empty() && truth.clients == 0, "{truth:?}");
    let host = gateway.host();
    assert_eq!((host.is_open(), host.link(), host.memory()), (false, &LinkState::default(), &Memory::default()));
    assert!(gateway.controller(&name()).is_none());
}

#[test]
fn life_3_a_restart_of_ours_leaves_the_session_alone() {
    let mut gateway = online(CONFIG);
    let before = gateway.truth();
    for _ in 0..50 {
        gateway.restart();
        gateway.until_online(5);
        gateway.run_for(7);
    }
    let after = gateway.truth();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "no client id leaked, no session lost");
    use wwan::qmi::wds;
    assert_eq!(requests(&gateway, wds::start_network::KEY) + requests(&gateway, wds::stop_network::KEY), 0);
}

#[test]
fn no_data_where_roaming_is_forbidden() {
    let mut gateway = online(&CONFIG.replace("roaming_allowed: true", "roaming_allowed: false"));
    gateway.disturb("roaming on=true");
    gateway.run_for(30);
    let reason = |g: &Gateway| g.controller(&name()).map(|c| c.condition(ConditionKind::Registered).finding.reason());
    assert_eq!(reason(&gateway), Some("RoamingNotAllowed"), "{}", gateway.log.join("\n"));
    assert!(gateway.truth().sessions.is_empty());
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
    assert!(format!("{:?}", gateway.truth()).contains("second"), "{}", gateway.log.join("\n"));
}

#[test]
fn a_refused_apn_is_said_in_words_and_not_hammered() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.disturb("refuse-apn apn=internet cause=33");
    gateway.run_for(3600);
    let controller = gateway.controller(&name()).expect("the modem");
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
    let dual = CONFIG.replace("ip_family: ipv4", "ip_family: ipv4v6");
    let cases =
        [("well-behaved-lte", CONFIG), ("well-behaved-lte", &dual), ("never-indicates", &dual), ("nsa-5g", &dual)];
    for (personality, config) in cases {
        let mut gateway = Gateway::new(personality, config);
        gateway.until_online(120);
        gateway.run_for(600);
        gateway.log.clear();
        gateway.requests.clear();
        gateway.run_for(3600);
        assert!(gateway.log.is_empty(), "{personality}: nothing happens: {:?}", gateway.log);
        let mut kinds = std::collections::BTreeMap::new();
        for (_, service, message) in &gateway.requests {
            *kinds.entry(format!("{service:02x}.{message:04x}")).or_insert(0) += 1;
        }
        assert!(gateway.requests.len() <= 120, "{personality}: {} requests: {kinds:?}", gateway.requests.len());
        let looks = requests(&gateway, wwan::qmi::wds::get_packet_service_status::KEY);
        assert!(looks >= 88, "{personality}: the sessions are looked at every 40 s, not {looks} times");
    }
}

#[test]
fn dev_5_a_proxy_that_lets_us_in_and_hangs_up_is_not_hammered() {
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
