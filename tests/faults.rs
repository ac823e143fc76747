//! Rows of the fault matrix, each once, against the simulated modem in virtual time: slow, late, doubled and foreign
//! answers, bytes in crumbs and heaps, noise, broken values, and a port that goes away.
//!
//! What needs single bytes is tested beside the driver (`src/modem/tests/faults.rs`); the other rows are with their
//! features.

use std::time::Duration;

mod gateway_support;

use gateway_support::{Gateway, Wire, name};
use wwan::model::{ConditionKind, PortState, Reach, Status};
use wwan::qmi::{Frame, Indication as _, Kind, Piece, ProtocolError, Service, Splitter, ctl, dms, nas, wds};
use wwan::reconcile::{EventKind, Input};
use wwan::sim::{Faults, Personality, Profile};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    only_radio_technologies: [lte]
    service_providers:
      - { apn: internet, ip_family: ipv4 }
";

/// What our clients amount to: one of each of four services, and one of the data service.
const CLIENTS: usize = 5;

fn online() -> Gateway {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.until_online(60);
    gateway.run_for(130);
    gateway.forget_the_past();
    gateway
}

/// A modem that is plugged in as the wire becomes what it is.
fn starting(wire: Wire) -> Gateway {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.wire = Some(wire);
    gateway
}

impl Gateway {
    /// Nothing that serves the user was touched: the session and its address are as they were, and nobody was told
    /// anything else.
    #[track_caller]
    fn is_undisturbed(&self) {
        let log = self.log();
        let writes = [wds::start_network::KEY, wds::stop_network::KEY, nas::set_system_selection_preference::KEY];
        assert_eq!(writes.map(|key| self.count(key)), [0; 3], "{log}");
        assert_eq!((self.links, self.steps(), self.truth().sessions.len()), (0, vec![], 1), "{log}");
        assert_eq!(self.controller().connection().reach, Reach::Internet, "{log}");
        let told = |(_, what): &&(_, EventKind)| matches!(what, EventKind::ConnectionChanged { .. });
        assert_eq!(self.events.iter().find(told), None, "{log}");
        assert!(self.truth().clients <= CLIENTS, "{:?}", self.truth());
    }

    /// It comes online at once, and then nothing that serves the user is touched for so many seconds.
    #[track_caller]
    fn comes_online_and_stays_so(&mut self, seconds: u64) {
        self.until_online(60);
        self.came_online_at_once();
        self.forget_the_past();
        self.run_for(seconds);
        self.is_undisturbed();
    }

    /// It came online with one write of each kind and one session.
    #[track_caller]
    fn came_online_at_once(&self) {
        assert_eq!(self.steps(), [], "{}", self.log());
        self.came_online();
    }

    /// The same, at whatever cost in time.
    #[track_caller]
    fn came_online(&self) {
        let writes = [wds::start_network::KEY, nas::set_system_selection_preference::KEY];
        assert_eq!(writes.map(|key| self.count(key)), [1; 2], "{}", self.log());
        assert_eq!((self.truth().sessions.len(), self.truth().clients), (1, CLIENTS), "{}", self.log());
    }

    fn truth(&self) -> wwan::sim::Truth {
        self.host.board().modem().truth()
    }
}

#[test]
fn f2_slow_answers_are_waited_for() {
    let slow = Faults { delay: 1000, delay_ms: (2_000, 9_000), ..Faults::default() };
    // From the first moment on: everything is asked for once, if slowly.
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.host.set_faults(Faults::default(), slow);
    gateway.until_online(600);
    gateway.came_online();
    assert!(gateway.steps().iter().all(|(_, step)| *step == "close-port"), "nothing that hurts: {}", gateway.log());

    // And while online: nobody notices, for a day.
    let mut gateway = online();
    gateway.host.set_faults(Faults::default(), slow);
    gateway.run_for(24 * 3600);
    gateway.is_undisturbed();
}

#[test]
fn f3_late_answers_are_nobodys_and_what_they_grant_is_given_back() {
    let mut personality = Personality::named("well-behaved-lte").expect("a personality").clone();
    // A quarter of all answers come when nobody waits for them any more, client ids and sessions too.
    personality.late_per_mille = 250;
    personality.late_ms = (12_000, 14_000);
    let mut gateway = Gateway::of(personality, Profile::default(), CONFIG);
    gateway.until_online(900);
    gateway.run_for(4 * 3600);
    assert_eq!(gateway.truth().sessions.len(), 1, "{}", gateway.log());
    assert!(gateway.truth().clients <= CLIENTS, "{:?}", gateway.truth());
    assert!(gateway.count(ctl::release_cid::KEY) >= 1, "at least one client id was granted late");
}

#[test]
fn f4_answers_that_all_come_twice_do_nothing_twice() {
    let mut gateway = starting(Box::new(|chunk| vec![chunk.clone(), chunk]));
    gateway.comes_online_and_stays_so(3600);
}

/// Before every answer come four that differ from it in one of the four things that have to agree, and say that the
/// modem does not know us: whoever believes one starts anew.
fn strangers(chunk: Vec<u8>) -> Vec<Vec<u8>> {
    let Ok(answer) = Frame::parse(&chunk) else { return vec![chunk] };
    if answer.kind != Kind::Response {
        return vec![chunk];
    }
    let lie = answer.refusal(ProtocolError::InvalidClientId);
    let service = if answer.service == Service::Nas { Service::Dms } else { Service::Nas };
    let transaction = lie.transaction ^ if answer.service == Service::Ctl { 0x80 } else { 0x4000 };
    let lies = [
        Frame { service, ..lie.clone() },
        Frame { client: lie.client ^ 0x40, ..lie.clone() },
        Frame { transaction, ..lie.clone() },
        Frame { message: lie.message ^ 0x0100, ..lie },
    ];
    lies.iter().map(Frame::encode).chain([chunk]).collect()
}

#[test]
fn f5_an_answer_that_is_wrong_in_one_of_four_things_is_rejected() {
    let mut gateway = starting(Box::new(strangers));
    gateway.comes_online_and_stays_so(3600);
}

#[test]
fn f6_bytes_that_come_one_by_one_are_put_together() {
    let mut gateway = starting(Box::new(|chunk| chunk.into_iter().map(|byte| vec![byte]).collect()));
    gateway.comes_online_and_stays_so(3600);
}

#[test]
fn f7_many_frames_in_one_read_of_64_kib_are_all_read() {
    // Each answer stands at the end of a heap of indications, as after a suspended host.
    let heap = |chunk: Vec<u8>| {
        let noise = nas::signal_info::Indication::default().frame(0xFF).encode();
        let mut read = noise.repeat(64 * 1024 / noise.len());
        read.extend(chunk);
        vec![read]
    };
    let mut gateway = starting(Box::new(heap));
    gateway.comes_online_and_stays_so(600);
}

#[test]
fn f8_noise_and_wrong_lengths_drop_no_session() {
    let mut count = 0_u32;
    // Before every answer comes another kind of rubbish; one in eight answers is itself spoilt.
    let rubbish = move |chunk: Vec<u8>| {
        count += 1;
        let mut read = match count % 4 {
            0 => vec![0x00, 0x55, 0xFF],
            1 => vec![0x01, 0x0C, 0x00, 0x81],
            2 => chunk[..chunk.len() / 2].to_vec(),
            _ => vec![0x01; 40],
        };
        let mut chunk = chunk;
        if count.is_multiple_of(8) {
            chunk[1] ^= 0x04;
        }
        read.extend(chunk);
        vec![read]
    };
    let mut gateway = online();
    gateway.wire = Some(Box::new(rubbish));
    gateway.run_for(3600);
    gateway.is_undisturbed();
    gateway.wire = None;
    gateway.forget_the_past();
    gateway.run_for(3600);
    gateway.is_undisturbed();
}

#[test]
fn f8_a_channel_of_nothing_but_garbage_is_resynchronised_and_keeps_its_session() {
    let mut gateway = online();
    gateway.wire = Some(Box::new(|chunk| vec![chunk.iter().map(|byte| !byte).collect()]));
    let at = gateway.until(ConditionKind::ControlReady, Status::False, 60);
    assert!(at <= 60, "a look is due every 40 s, and two deadlines come after it: {at}");
    gateway.wire = None;
    gateway.until_online(25);
    gateway.run_for(60);
    assert_eq!((gateway.count(wds::start_network::KEY), gateway.count(wds::stop_network::KEY)), (0, 0));
    assert_eq!((gateway.truth().sessions.len(), gateway.links), (1, 0), "{}", gateway.log());
}

/// Every answer is changed in its TLVs; what is no answer passes.
fn changed(mut change: impl FnMut(&mut Frame) + 'static) -> Wire {
    Box::new(move |chunk| {
        let pieces = Splitter::default().push(&chunk);
        let frames = pieces.into_iter().filter_map(|p| if let Piece::Frame(frame) = p { Some(frame) } else { None });
        let encode = |mut frame: Frame| {
            change(&mut frame);
            frame.encode()
        };
        frames.map(encode).collect()
    })
}

#[test]
fn f9_broken_tlvs_beside_good_ones_are_skipped() {
    // Unknown, empty, and at the end one that promises 64 KiB.
    let broken = [0xE7, 3, 0, 1, 2, 3, 0xE8, 0, 0, 0xE9, 0xFF, 0xFF, 7];
    let mut gateway = starting(changed(move |frame| frame.tlvs.extend(broken)));
    gateway.comes_online_and_stays_so(3600);

    // Without their values answers say nothing; nothing is concluded from that, and nothing is lost by it.
    let mut gateway = online();
    gateway.wire = Some(changed(|frame| frame.tlvs = vec![2, 4, 0, 0, 0, 0, 0]));
    gateway.run_for(120);
    assert_eq!((gateway.count(wds::start_network::KEY), gateway.count(wds::stop_network::KEY)), (0, 0));
    gateway.wire = None;
    gateway.until_online(60);
    assert_eq!(gateway.truth().sessions.len(), 1, "{}", gateway.log());
    assert!(gateway.steps().iter().all(|(_, step)| *step == "close-port"), "nothing that hurts: {}", gateway.log());
}

#[test]
fn f10_values_of_the_future_are_taken_for_none_of_today() {
    let put = |key: (Service, u16), value: &'static [u8]| {
        changed(move |frame: &mut Frame| {
            if frame.key() == key && frame.kind == Kind::Response {
                replace(frame, 0x01, value);
            }
        })
    };
    // What is said of it, and that no session is asked for on the strength of a state nobody knows.
    let cases = [
        ("an operating mode", put(dms::get_operating_mode::KEY, &[0x77]), ConditionKind::RadioConfigured),
        ("a registration", put(nas::get_serving_system::KEY, &[9, 1, 1, 2, 1, 8]), ConditionKind::Registered),
        ("a session's state", put(wds::get_packet_service_status::KEY, &[9]), ConditionKind::DataConnected),
    ];
    for (what, wire, condition) in cases {
        let mut gateway = starting(wire);
        gateway.run_for(300);
        assert_ne!(gateway.status(condition), Status::True, "{what}: {}", gateway.log());
        assert_ne!(gateway.controller().connection().reach, Reach::Internet, "{what}");
        gateway.wire = None;
        gateway.until_online(400);
    }
}

#[test]
fn f11_a_name_from_the_air_is_one_short_printable_line_everywhere() {
    let endless = "N".repeat(300);
    let names: [(&[u8], &str); 5] = [
        (b"\xFF\xFEok\xC3(", "\u{FFFD}\u{FFFD}ok\u{FFFD}("),
        (b"A\0B\0\0", "A\\u{0}B"),
        (b"ok\n2026-01-01 ERROR wwan0\x1b[2J", "ok\\n2026-01-01 ERROR wwan0\\u{1b}[2J"),
        (endless.as_bytes(), &endless[..64]),
        ("\u{202e}\u{e9}".as_bytes(), "\\u{202e}\u{e9}"),
    ];
    for (name, expected) in names {
        let named = name[..name.len().min(255)].to_vec();
        let on_the_air = named.clone();
        let mut gateway = starting(changed(move |frame: &mut Frame| match (frame.key(), frame.kind) {
            (nas::get_serving_system::KEY, Kind::Response) => {
                let network = [&[1, 0, 1, 0, on_the_air.len() as u8], &on_the_air[..]].concat();
                replace(frame, 0x12, &network);
            }
            (nas::get_operator_name::KEY, Kind::Response) => {
                frame.tlvs = vec![2, 4, 0, 0, 0, 0, 0];
                replace(frame, 0x13, &on_the_air);
            }
            (nas::operator_name::KEY, Kind::Indication) => {
                frame.tlvs.clear();
                replace(frame, 0x13, &on_the_air);
            }
            _ => {}
        }));
        gateway.until_online(60);
        gateway.came_online_at_once();
        let property = gateway.controller().properties().get("wwan0.mobile.operator_name").map(|p| p.value.to_string());
        assert_eq!(property.as_deref(), Some(expected), "{named:?}");
        // Nor does it get anywhere else, in logs, conditions or facts.
        let controller = gateway.controller();
        let seen = format!("{}{:?}{:?}", gateway.log(), controller.conditions(), controller.observed().serving_system);
        assert!(!seen.chars().any(|char| char.is_control() && char != '\n'), "{seen:?}");
        assert!(!seen.lines().any(|line| line.starts_with("2026-01-01 ERROR")), "{seen}");
        assert!(!seen.contains(&endless[..65]), "{seen}");
    }
}

/// Puts another value in the place of a TLV.
fn replace(frame: &mut Frame, id: u8, value: &[u8]) {
    let mut tlvs = Vec::new();
    let kept = frame.tlvs().filter_map(Result::ok).filter(|(other, _)| *other != id);
    for (id, value) in kept.chain([(id, value)]) {
        tlvs.push(id);
        tlvs.extend((value.len() as u16).to_le_bytes());
        tlvs.extend(value);
    }
    frame.tlvs = tlvs;
}

#[test]
fn f26_a_port_that_goes_away_with_requests_in_flight_ends_them_and_is_not_spun_on() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.disturb("slow-dial seconds=20");
    while gateway.count(wds::start_network::KEY) == 0 {
        gateway.run_for(1);
    }
    assert!(gateway.truth().waiting > 0, "the network has not answered yet");
    gateway.forget_the_past();
    gateway.disturb("unplug");
    let ended = |what: &EventKind| matches!(what, EventKind::ActionEnded { outcome: Err(_), .. });
    assert!(gateway.events.iter().any(|(_, what)| ended(what)), "at once: {}", gateway.log());
    assert_eq!(
        (gateway.status(ConditionKind::ModemPresent), gateway.reason(ConditionKind::ModemPresent)),
        (Status::False, "Absent")
    );
    gateway.forget_the_past();
    gateway.run_for(600);
    assert!(gateway.opened <= 20 && gateway.requests.is_empty(), "{} opens", gateway.opened);
    assert!(gateway.inputs <= 600, "{} inputs in ten minutes of nothing", gateway.inputs);
    gateway.disturb("plug");
    gateway.until_online(60);
}

#[test]
fn f26_dev_5_a_node_that_cannot_be_opened_is_tried_twice_a_minute_at_most() {
    for errno in ["Input/output error (os error 5)", "No such device (os error 19)"] {
        let mut gateway = online();
        gateway.disturb("port-busy on=true");
        gateway.input(Input::Port(name(), PortState::Unusable(errno.to_owned())));
        assert_ne!(gateway.status(ConditionKind::Converged), Status::True, "at once");
        gateway.run_for(60);
        let said = gateway.controller().condition(ConditionKind::ControlReady);
        assert_eq!(said.status, Status::False, "{}", gateway.log());
        assert!(said.to_string().contains("cannot open /dev/cdc-wdm0"), "{said}");
        assert_eq!(gateway.requests, [], "nothing is sent where nobody reads");
        gateway.forget_the_past();
        gateway.run_for(1800);
        assert!((1..=60).contains(&gateway.opened), "{errno}: {} opens in half an hour", gateway.opened);
        gateway.disturb("port-busy on=false");
        gateway.until_online(60);
    }
}

#[test]
fn f41_after_a_sleep_of_the_host_nothing_is_believed_that_was_seen_before() {
    let mut gateway = online();
    // The network ended the session while the host slept, and nobody was awake to be told.
    gateway.disturb("lose-indications n=20");
    gateway.disturb("drop-session cause=36");
    gateway.now = gateway.now + Duration::from_secs(8 * 3600);
    gateway.input(Input::Timer);
    assert_ne!(gateway.controller().connection().reach, Reach::Internet, "the old truth is none");
    assert!(gateway.until_online(10) <= 10);
    assert_eq!(gateway.steps(), [], "no recovery was needed");
}
