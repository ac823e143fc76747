//! The target in the room `modem`: the client state machine against a modem that a byte string plays.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use wwan::model::{Action, Actor, Fact, FactSet, Framing, Instant, IpFamilies, IpFamily, OperatingMode};
use wwan::modem::{Driver, Output};
use wwan::qmi::{Frame, Service};
use wwan::reconcile::{EventKind, Output as CoreOutput};
use wwan::sim::{Gateway, Noted, Personality, Pin, Profile};

use crate::modem::Modem;

/// An action ends within this: a dial of two minutes, with clients to be made before it and a probe after it.
const ENDS_WITHIN: Duration = Duration::from_secs(400);
/// Outputs to one input: a look at every fact, a client for each role, and everything failing at once.
const OUTPUTS: usize = 200;
/// Outputs for each byte that came in: the smallest frame has 13.
const OUTPUTS_PER_BYTE: usize = 4;

/// A driver, and the modem that the bytes play.
struct Rig {
    driver: Driver,
    modem: Modem,
    now: Instant,
    open: bool,
    /// Since when an action is under way.
    acting: Option<Instant>,
}

/// `data` is a program: an instruction of one byte and two of operands each, some with bytes behind them.
pub fn client(data: &[u8]) {
    let remembers = data.first().is_some_and(|byte| byte % 2 == 1);
    let mut rig = Rig::new(remembers);
    let mut rest = data.get(1..).unwrap_or_default();
    while let [instruction, a, b, more @ ..] = rest {
        rest = more;
        match instruction % 16 {
            0 | 1 => rig.reply(|modem| modem.answer(*a, *b)),
            2 => {
                let (byte, more) = rest.split_first().unwrap_or((&0, &[]));
                rest = more;
                rig.reply(|modem| modem.mutated(*a, *b, *byte));
            }
            3 => rig.reply(|modem| modem.refusal(*a, u16::from(*b))),
            4 => rig.reply(|modem| modem.again(*a)),
            5 => rig.reply(|modem| Some(modem.indication(*a, *b))),
            6 => {
                let (bytes, more) = rest.split_at(usize::from(*a).min(rest.len()));
                rest = more;
                rig.bytes(bytes);
            }
            7 => rig.pass(Duration::from_millis(1 << (a % 18))),
            8 => rig.pass_to_timeout(),
            9 if rig.open => rig.close(),
            9 => rig.open(a % 4 == 0),
            10 => rig.want(FactSet::of(&facts(*a, *b))),
            11 => rig.suspect(FactSet::of(&facts(*a, *b))),
            12 | 13 => rig.start(*a),
            14 => rig.cancel(),
            _ => rig.everything(*a),
        }
    }
    rig.come_to_rest();
}

impl Rig {
    fn new(remembers: bool) -> Self {
        let memory = if remembers { vec![("dms", 3), ("nas", 4), ("wds-ipv4", 5)] } else { Vec::new() };
        let granted = [(Service::Dms, 3), (Service::Nas, 4), (Service::Wds, 5)].into_iter().filter(|_| remembers);
        let memory: BTreeMap<String, u8> = memory.into_iter().map(|(role, id)| (role.to_owned(), id)).collect();
        let now = Instant::from_secs(1);
        let modem = Modem::remembering(granted);
        Self { driver: Driver::new(&memory), modem, now, open: false, acting: None }
    }

    fn open(&mut self, proxy: bool) {
        self.modem.reopens();
        self.driver.handle_opened(proxy.then(|| "/dev/cdc-wdm0".to_owned()));
        self.open = true;
        self.drain(0);
    }

    fn close(&mut self) {
        self.modem.reopens();
        self.driver.handle_closed(self.now);
        self.open = false;
        self.drain(0);
        assert!(self.acting.is_none(), "an action outlives its port");
    }

    fn reply(&mut self, frame: impl FnOnce(&mut Modem) -> Option<Frame>) {
        if let Some(frame) = frame(&mut self.modem) {
            self.bytes(&frame.encode());
        }
    }

    /// Answers whatever is asked, and what is asked then, as a willing modem would.
    fn everything(&mut self, variant: u8) {
        for _ in 0..64 {
            let Some(frame) = self.modem.answer(0, variant) else { return };
            self.bytes(&frame.encode());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.open {
            self.modem.says(bytes);
            self.driver.handle_bytes(bytes, self.now);
            self.drain(bytes.len());
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some((at, _)) = self.driver.poll_timeout().filter(|(at, _)| *at <= until) {
            self.timeout(at.max(self.now));
        }
        self.now = until;
    }

    fn pass_to_timeout(&mut self) {
        if let Some((at, _)) = self.driver.poll_timeout() {
            self.timeout(at.max(self.now));
        }
    }

    fn timeout(&mut self, now: Instant) {
        self.now = now;
        self.driver.handle_timeout(now);
        self.drain(0);
        if let Some((at, why)) = self.driver.poll_timeout() {
            assert!(at > now, "wants to be woken at {at} for {why}; it is {now}");
        }
    }

    fn want(&mut self, facts: FactSet) {
        self.driver.want(facts, self.now);
        self.drain(0);
    }

    fn suspect(&mut self, facts: FactSet) {
        self.driver.suspect(facts, self.now);
        self.drain(0);
    }

    fn start(&mut self, which: u8) {
        if self.acting.is_none() {
            self.acting = Some(self.now);
            let actions = actions();
            self.driver.start(&actions[usize::from(which) % actions.len()], self.now);
            self.drain(0);
        }
    }

    fn cancel(&mut self) {
        self.driver.cancel(self.now);
        self.drain(0);
        assert!(self.acting.is_none(), "an action outlives its end");
    }

    fn drain(&mut self, bytes: usize) {
        let mut outputs = 0;
        while let Some(output) = self.driver.poll_output() {
            outputs += 1;
            assert!(
                outputs <= OUTPUTS + bytes * OUTPUTS_PER_BYTE,
                "{outputs} outputs to {bytes} bytes, and {output:?}"
            );
            match output {
                Output::Send(bytes) => {
                    assert!(self.open, "sends through a closed port");
                    self.modem.hears(&bytes);
                }
                Output::Done(result) => {
                    assert!(self.acting.take().is_some(), "an action ended that was not begun: {result:?}");
                }
                Output::Restarted { .. } => self.modem.forgets(),
                Output::Learn(_) | Output::Forget(_) | Output::Heard | Output::Remember(_) => {}
            }
        }
        if let Some(since) = self.acting {
            assert!(
                self.now.since(since) <= ENDS_WITHIN,
                "an action has been under way since {since}; it is {}",
                self.now
            );
        }
    }

    /// With a modem that says nothing more, the action ends by itself.
    fn come_to_rest(&mut self) {
        while self.acting.is_some() {
            let timeout = self.driver.poll_timeout();
            assert!(timeout.is_some(), "an action is under way and nothing will ever end it");
            self.pass_to_timeout();
        }
    }
}

fn facts(a: u8, b: u8) -> Vec<Fact> {
    let mask = u16::from_le_bytes([a, b]);
    Fact::ALL.into_iter().enumerate().filter(|(bit, _)| mask >> (bit % 16) & 1 == 1).map(|(_, fact)| fact).collect()
}

/// The modem's actions: those without particulars, and those that the core begins in the life of a gateway.
fn actions() -> &'static [Action] {
    static ALL: OnceLock<Vec<Action>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = vec![
            Action::Synchronise,
            Action::StopSession(IpFamily::Ipv4),
            Action::StopSession(IpFamily::Ipv6),
            Action::StopSessions(IpFamilies::Ipv4v6),
            Action::SetOperatingMode(OperatingMode::Online),
            Action::SetFraming(Framing::RawIp),
            Action::Reframe(Framing::Ethernet, IpFamilies::Ipv4v6),
            Action::Attach,
            Action::Reregister,
            Action::CycleRadio,
            Action::ResetModem,
            Action::ReleaseClients,
        ];
        for begun in begun() {
            if begun.actor() == Actor::Modem && !all.contains(&begun) {
                all.push(begun);
            }
        }
        assert!(all.iter().any(|action| matches!(action, Action::StartSession(..))), "{all:?}");
        all
    })
}

/// What the core begins: technologies and roaming to be set, sessions of both families, a card without and with a PIN.
fn begun() -> Vec<Action> {
    let locked = Pin::new("1234");
    let open = Pin { enabled: false, ..locked.clone() };
    let mut journal = Vec::new();
    for pin in [open, locked] {
        let mut profile = Profile::default();
        profile.slots.iter_mut().flatten().for_each(|card| card.pin = pin.clone());
        let mut gateway = Gateway::single(Personality::default(), profile, 1);
        gateway.edit(include_str!("client.yaml"));
        gateway.run_for(Duration::from_secs(300));
        journal.extend(gateway.take_journal());
    }
    let actions = journal.into_iter().filter_map(|note| match note.what {
        Noted::Output(CoreOutput::Event(event)) => match event.what {
            EventKind::ActionStarted { action, .. } => Some(action),
            _ => None,
        },
        _ => None,
    });
    actions.collect()
}
