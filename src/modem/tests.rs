//! The driver against a modem that the test plays, frame by frame.
//!
//! The simulator tests behaviour at large; here are the races and refusals that must be exact.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Driver, Output};
use crate::model::{
    Action, Apn, Authentication, CallEnd, Fact, FactSet, Failure, Instant, IpFamilies, IpFamily, Provider, Report,
    SessionState,
};
use crate::qmi::{
    Frame, Indication as _, Kind, ProtocolError, Request as _, Response as _, Service, ctl, nas, uim, wds,
};

mod dialling;
mod faults;
mod granting;

const SESSION: FactSet = FactSet::of(&[Fact::SessionIpv4]);

fn provider() -> Provider {
    Provider {
        name: "internet".into(),
        origin: String::new(),
        because: String::new(),
        apn: Apn("internet".into()),
        roaming_allowed: None,
        authentication: Authentication::None,
        username: None,
        password: None,
        families: IpFamilies::Ipv4,
        profile: 1,
    }
}

/// A driver and the modem's side of its port.
pub(super) struct Rig {
    pub(super) driver: Driver,
    pub(super) now: Instant,
    next_id: u8,
}

impl Rig {
    pub(super) fn new(memory: &[(&str, u8)]) -> Self {
        let memory: BTreeMap<String, u8> = memory.iter().map(|(role, id)| ((*role).to_owned(), *id)).collect();
        let mut driver = Driver::new(&memory);
        driver.handle_opened(None);
        Self { driver, now: Instant::from_secs(1), next_id: 10 }
    }

    /// One that has synchronised.
    pub(super) fn ready(memory: &[(&str, u8)]) -> Self {
        let mut rig = Self::new(memory);
        rig.driver.start(&Action::Synchronise, rig.now);
        assert_eq!(rig.done(), Some(Ok(())));
        rig
    }

    /// What the driver put out, with requests parsed.
    pub(super) fn outputs(&mut self) -> (Vec<Frame>, Vec<Output>) {
        let mut frames = Vec::new();
        let mut others = Vec::new();
        while let Some(output) = self.driver.poll_output() {
            match output {
                Output::Send(bytes) => frames.push(Frame::parse(&bytes).expect("we send whole frames")),
                other => others.push(other),
            }
        }
        (frames, others)
    }

    /// Answers everything as a willing modem would, until nothing is asked any more. Returns what else came out.
    pub(super) fn obey(&mut self) -> Vec<Output> {
        let mut seen = Vec::new();
        loop {
            let (frames, others) = self.outputs();
            seen.extend(others);
            if frames.is_empty() {
                return seen;
            }
            for frame in frames {
                let answer = self.willing(&frame);
                self.send(&answer);
            }
        }
    }

    fn done(&mut self) -> Option<Result<(), Failure>> {
        let outcome = |o: &Output| match o {
            Output::Done(result) => Some(result.clone()),
            _ => None,
        };
        self.obey().iter().find_map(outcome)
    }

    pub(super) fn willing(&mut self, request: &Frame) -> Frame {
        match request.key() {
            ctl::allocate_cid::KEY => {
                self.next_id += 1;
                grant_client(request, self.next_id)
            }
            wds::start_network::KEY => {
                wds::start_network::Response { handle: Some(0xBEEF), ..Default::default() }.accept(request)
            }
            wds::get_packet_service_status::KEY => status(request, wds::ConnectionStatus::Connected),
            _ => Frame { kind: Kind::Response, tlvs: vec![2, 4, 0, 0, 0, 0, 0], ..request.clone() },
        }
    }

    pub(super) fn send(&mut self, frame: &Frame) {
        self.driver.handle_bytes(&frame.encode(), self.now);
    }

    /// The id of a client of ours, by its name in our memory.
    pub(super) fn driver_client(&self, role: &str) -> u8 {
        self.driver.client(role).expect("a client of this role")
    }

    pub(super) fn wait(&mut self, duration: Duration) {
        self.now = self.now + duration;
        self.driver.handle_timeout(self.now);
    }

    /// The request of this deadline is not answered; the question whether anybody is there, which follows, is.
    pub(super) fn lapse(&mut self, deadline: Duration) {
        self.wait(deadline);
        let probe = self.request();
        let answer = self.willing(&probe);
        self.send(&answer);
    }

    /// The one request the driver sends now.
    pub(super) fn request(&mut self) -> Frame {
        let (frames, _) = self.outputs();
        assert_eq!(frames.len(), 1, "{frames:?}");
        frames.into_iter().next().expect("one")
    }
}

fn grant_client(request: &Frame, id: u8) -> Frame {
    let asked = <ctl::allocate_cid::Request as crate::qmi::Request>::decode(request).expect("an allocation");
    let client = ctl::ClientId { service: asked.service.expect("of a service"), client: id };
    ctl::allocate_cid::Response { client: Some(client), ..Default::default() }.accept(request)
}

fn status(request: &Frame, status: wds::ConnectionStatus) -> Frame {
    wds::get_packet_service_status::Response { status: Some(status), ..Default::default() }.accept(request)
}

fn keys(frames: &[Frame]) -> Vec<(Service, u16)> {
    frames.iter().map(Frame::key).collect()
}

#[test]
fn qmi_3_a_first_contact_releases_what_others_left_behind() {
    let mut rig = Rig::new(&[]);
    rig.driver.start(&Action::Synchronise, rig.now);
    let version = rig.request();
    assert_eq!(version.key(), ctl::get_version_info::KEY);
    let answer = rig.willing(&version);
    rig.send(&answer);
    assert_eq!(rig.request().key(), ctl::sync::KEY);
}

#[test]
fn qmi_3_with_clients_of_our_own_nothing_is_released() {
    let mut rig = Rig::new(&[("wds-ipv4", 7)]);
    rig.driver.start(&Action::Synchronise, rig.now);
    let version = rig.request();
    let answer = rig.willing(&version);
    rig.send(&answer);
    let (frames, outputs) = rig.outputs();
    assert_eq!(keys(&frames), []);
    assert!(outputs.contains(&Output::Done(Ok(()))), "{outputs:?}");
    // The remembered client is used again, after it was prepared anew.
    rig.driver.want(SESSION, rig.now);
    let prepare = rig.request();
    assert_eq!((prepare.key(), prepare.client), (wds::set_ip_family::KEY, 7));
}

#[test]
fn a_fact_is_learned_by_a_client_made_for_it() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    let outputs = rig.obey();
    assert!(outputs.contains(&Output::Learn(Report::Session(IpFamily::Ipv4, SessionState::Connected))), "{outputs:?}");
    assert!(outputs.contains(&Output::Remember([("wds-ipv4".to_owned(), 11)].into())), "{outputs:?}");
}

#[test]
fn f4_f5_an_answer_counts_once_and_only_if_service_client_transaction_and_message_agree() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.want(SESSION, rig.now);
    let asked = rig.request();
    let good = status(&asked, wds::ConnectionStatus::Connected);
    let wrong = [
        Frame { service: Service::Nas, ..good.clone() },
        Frame { client: good.client + 1, ..good.clone() },
        Frame { transaction: good.transaction + 1, ..good.clone() },
        Frame { message: wds::get_current_settings::ID, ..good.clone() },
    ];
    for frame in &wrong {
        rig.send(frame);
        assert_eq!(rig.outputs(), (vec![], vec![]), "{frame:?}");
    }
    rig.send(&good);
    rig.send(&good);
    let (_, outputs) = rig.outputs();
    let learned = outputs.iter().filter(|o| matches!(o, Output::Learn(_))).count();
    assert_eq!(learned, 1, "the duplicate is nobody's: {outputs:?}");
}

#[test]
fn qmi_3_f3_a_client_id_that_comes_too_late_is_given_back() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    let asked = rig.request();
    assert_eq!(asked.key(), ctl::allocate_cid::KEY);
    rig.wait(Duration::from_secs(5));
    rig.outputs();
    rig.send(&grant_client(&asked, 99));
    let (frames, _) = rig.outputs();
    let release = frames.iter().find(|f| f.key() == ctl::release_cid::KEY).expect("released");
    let released = <ctl::release_cid::Request as crate::qmi::Request>::decode(release).expect("a release");
    assert_eq!(released.client.map(|c| c.client), Some(99));
}

#[test]
fn an_indication_makes_us_look_and_keeps_the_cause() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    let reason = wds::VerboseCallEndReason { kind: wds::CallEndKind::ThreeGpp, reason: 36 };
    let status_of = |status| Some(wds::PacketServiceStatus { status, reconfigure: false });
    let gone = wds::packet_service_status::Indication {
        status: status_of(wds::ConnectionStatus::Disconnected),
        verbose_call_end_reason: Some(reason),
        ..Default::default()
    };
    rig.send(&gone.frame(rig.next_id));
    let look = rig.request();
    assert_eq!(look.key(), wds::get_packet_service_status::KEY);
    rig.send(&status(&look, wds::ConnectionStatus::Disconnected));
    let (_, outputs) = rig.outputs();
    let down = Report::Session(IpFamily::Ipv4, SessionState::Disconnected(Some(CallEnd::of_3gpp(36))));
    assert!(outputs.contains(&Output::Learn(down)), "{outputs:?}");
}

#[test]
fn a_storm_of_indications_costs_one_look_at_a_time() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::ServingSystem]), rig.now);
    rig.obey();
    let storm = nas::serving_system::Indication::default().frame(crate::qmi::BROADCAST);
    for _ in 0..10_000 {
        rig.send(&storm);
    }
    let (frames, _) = rig.outputs();
    assert_eq!(frames.len(), 2, "the serving system and the technologies: {frames:?}");
    for frame in &frames {
        let answer = rig.willing(frame);
        rig.send(&answer);
    }
    let (frames, _) = rig.outputs();
    assert!(frames.len() <= 2, "once more after the answers, since they may be too early: {frames:?}");
}

#[test]
fn qmi_3_a_modem_that_does_not_know_us_is_set_up_anew() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.want(SESSION, rig.now);
    let look = rig.request();
    rig.send(&look.refusal(ProtocolError::InvalidClientId));
    let (_, outputs) = rig.outputs();
    assert!(outputs.iter().any(|o| matches!(o, Output::Restarted { .. })), "{outputs:?}");
    assert!(outputs.contains(&Output::Remember(BTreeMap::new())), "{outputs:?}");
    // Nothing is asked before the channel is synchronised again.
    rig.driver.want(SESSION, rig.now);
    assert_eq!(rig.outputs().0, vec![]);
    rig.driver.start(&Action::Synchronise, rig.now);
    assert_eq!(rig.done(), Some(Ok(())));
}

#[test]
fn an_announced_restart_is_believed() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.wait(Duration::from_secs(10));
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    rig.outputs();
    rig.send(&ctl::synced::Indication::default().frame(0));
    let (_, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::Restarted))), "{outputs:?}");
    assert!(outputs.iter().any(|o| matches!(o, Output::Restarted { .. })), "{outputs:?}");
}

#[test]
fn the_echo_of_our_own_release_is_no_restart() {
    let mut rig = Rig::ready(&[]);
    rig.send(&ctl::synced::Indication::default().frame(0));
    assert_eq!(rig.outputs(), (vec![], vec![]));
    rig.wait(Duration::from_secs(4));
    rig.send(&ctl::synced::Indication::default().frame(0));
    assert!(rig.outputs().1.iter().any(|o| matches!(o, Output::Restarted { .. })));
}

#[test]
fn a_modem_that_has_just_booted_is_asked_again_at_once() {
    let mut rig = Rig::new(&[]);
    rig.driver.start(&Action::Synchronise, rig.now);
    rig.outputs();
    rig.send(&ctl::synced::Indication::default().frame(0));
    assert_eq!(rig.outputs().1, vec![Output::Done(Err(Failure::Restarted))]);
}

#[test]
fn qmi_4_one_lost_request_is_not_a_dead_modem() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.want(SESSION, rig.now);
    rig.request();
    rig.wait(Duration::from_secs(5));
    let probe = rig.request();
    assert_eq!(probe.key(), ctl::get_version_info::KEY, "asks whether anybody is there");
    let answer = rig.willing(&probe);
    rig.send(&answer);
    let (_, outputs) = rig.outputs();
    assert!(!outputs.iter().any(|o| matches!(o, Output::Learn(Report::Control(_)))), "{outputs:?}");
    // The look is repeated in its time.
    let (again, _) = rig.driver.poll_timeout().expect("a repetition");
    rig.wait(rig.now.until(again));
    assert_eq!(rig.request().key(), wds::get_packet_service_status::KEY);
}

#[test]
fn qmi_4_silence_on_the_control_service_is_a_dead_modem() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.wait(Duration::from_secs(4));
    rig.wait(Duration::from_secs(4));
    let (_, outputs) = rig.outputs();
    let unresponsive = Report::Control(crate::model::ControlState::Unresponsive);
    assert!(outputs.contains(&Output::Learn(unresponsive)), "{outputs:?}");
}

#[test]
fn an_answer_without_its_value_is_asked_for_again_later_not_at_once() {
    let mut rig = Rig::ready(&[]);
    let mode = FactSet::of(&[Fact::OperatingMode]);
    rig.driver.want(mode, rig.now);
    let outputs = rig.obey();
    assert!(outputs.contains(&Output::Forget(mode)), "{outputs:?}");
    rig.driver.want(mode, rig.now);
    assert_eq!(rig.outputs().0, vec![], "not at once");
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.outputs().0.len(), 1);
}

#[test]
fn a_result_that_is_promised_is_waited_for() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::SimIdentity]), rig.now);
    let read = loop {
        let frame = rig.request();
        if frame.key() == uim::read_transparent::KEY {
            break frame;
        }
        let answer = rig.willing(&frame);
        rig.send(&answer);
    };
    let promise = uim::read_transparent::Response { indication_token: Some(5), ..Default::default() };
    rig.send(&promise.accept(&read));
    assert_eq!(rig.outputs().0, vec![], "the next file is not read before");
    let iccid = vec![0x98, 0x37, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2];
    let kept = uim::read_transparent::Response { data: Some(iccid), ..Default::default() }.accept(&read);
    rig.send(&Frame { kind: Kind::Indication, transaction: 0, ..kept });
    let mut outputs = Vec::new();
    // The files that not every card has: no answer to them is missed.
    for _ in 0..4 {
        let (frames, others) = rig.outputs();
        outputs.extend(others);
        rig.send(&frames[0].refusal(ProtocolError::SimFileNotFound));
    }
    outputs.extend(rig.outputs().1);
    let known = |o: &Output| matches!(o, Output::Learn(Report::SimIdentity(sim)) if sim.iccid.as_str() == "8973601123456789012");
    assert!(outputs.iter().any(known), "{outputs:?}");
}

#[test]
fn a_file_that_cannot_be_read_just_now_is_asked_for_again_before_the_card_is_known() {
    let mut rig = Rig::ready(&[]);
    let iccid = vec![0x98, 0x37, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2];
    let known = |o: &Output| matches!(o, Output::Learn(Report::SimIdentity(_)));
    for _ in 0..40 {
        rig.driver.want(FactSet::of(&[Fact::SimIdentity]), rig.now);
        let (frames, others) = rig.outputs();
        if others.iter().any(known) {
            assert!(rig.now >= Instant::from_secs(1 + 1 + 2 + 5), "after three failed looks: {}", rig.now);
            return;
        }
        rig.wait(if frames.is_empty() { Duration::from_secs(1) } else { Duration::ZERO });
        for frame in frames {
            let answer = match uim::read_transparent::Request::decode(&frame).map(|read| read.file) {
                Ok(Some(file)) if file.id != 0x2FE2 => frame.refusal(ProtocolError::Internal),
                Ok(_) => {
                    uim::read_transparent::Response { data: Some(iccid.clone()), ..Default::default() }.accept(&frame)
                }
                Err(_) => rig.willing(&frame),
            };
            rig.send(&answer);
        }
    }
    panic!("a card that never answers is known by its number alone in the end");
}

#[test]
fn a_port_that_goes_away_ends_everything() {
    let mut rig = Rig::ready(&[]);
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    rig.outputs();
    rig.driver.handle_closed(rig.now);
    assert!(rig.outputs().1.contains(&Output::Done(Err(Failure::PortLost))));
    assert_eq!(rig.driver.poll_timeout(), None);
}
