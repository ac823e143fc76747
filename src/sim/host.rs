//! The host beside one simulated modem: its port, its network interface, its power switch, its memory.
//!
//! ```text
//! core ─ Output ─► handle_output ─► port ─ Faulty ─► Switchboard ─► modem
//!      ◄─ Input ── poll_input ◄──── link, power ◄─── Faulty ◄───────┘
//! ```
//! The contract of a state machine: getters; inputs `handle_output`, `handle_timeout`, `disturb`, `crash`; `poll_input`
//! (the host's outputs are the core's inputs) until `None` after every input; `poll_timeout`.

use std::collections::VecDeque;
use std::time::Duration;

use super::dhcp::Dhcp;
use super::disturbance::Disturbance;
use super::faulty::{Faults, Faulty};
use super::modem::{Power, Witness};
use super::outside::Outside;
use super::random::{Random, Span};
use super::schedule::Schedule;
use super::switchboard::{BoardOutput, ConnectionId, Switchboard};
use crate::model::{
    Apn, ApnCandidate, ApnUsage, Authentication, Fact, Framing, HomeDigits, Instant, LinkState, ModemName, PortState,
    Probed,
};
use crate::reconcile::{Input, Memory, Output, PortKind, PowerCommand};

/// The host of one modem.
#[derive(Debug)]
pub struct SimHost {
    name: ModemName,
    board: Switchboard,
    to_modem: Faulty,
    to_core: Faulty,
    link: LinkState,
    outside: Outside,
    dhcp: Dhcp,
    has_power_switch: bool,
    frames_as_told: bool,
    /// The switch says yes and does nothing.
    switch_stuck: bool,
    /// Another program holds the port.
    port_busy: bool,
    memory: Memory,
    kept_at: Instant,
    /// The disk takes nothing.
    disk_full: bool,
    /// The disk did not take what the core asked for last.
    unkept: bool,
    /// What the core will be told, and when.
    answers: Schedule<Input>,
    inputs: VecDeque<Input>,
    /// What other programs are to be told; `None`: there are none.
    guests: Option<VecDeque<BoardOutput>>,
    random: Random,
}

/// The daemon's connection to the switchboard.
pub const DAEMON: ConnectionId = ConnectionId(0);

/// The access point that the database of a simulated host has for every network.
pub const DATABASE_APN: &str = "internet";

/// How long the kernel takes for what it is asked.
const KERNEL_MS: Span = (1, 15);
/// How long a power switch takes.
const SWITCH_MS: Span = (20, 200);
/// How long an answer from outside takes.
const ROUND_TRIP_MS: Span = (30, 200);
/// How long one waits for an answer that does not come.
const NO_ANSWER_MS: Span = (5_000, 5_000);
/// Changes the kernel tells of unasked, of a thousand: the rest the core finds by looking.
const NOTICED_PER_MILLE: u16 = 900;

impl SimHost {
    /// The host of the modem behind `board`, which the file calls `name`.
    #[must_use]
    pub fn new(name: ModemName, board: Switchboard, seed: u64) -> Self {
        Self {
            name,
            board,
            to_modem: Faulty::new(seed, 0),
            to_core: Faulty::new(seed, 1),
            link: LinkState::default(),
            outside: Outside::default(),
            dhcp: Dhcp::default(),
            has_power_switch: true,
            frames_as_told: true,
            switch_stuck: false,
            port_busy: false,
            memory: Memory::default(),
            kept_at: Instant::ZERO,
            disk_full: false,
            unkept: false,
            answers: Schedule::default(),
            inputs: VecDeque::new(),
            guests: None,
            random: Random::stream(seed, "host", 0),
        }
    }

    /// A host whose power switch is missing.
    #[must_use]
    pub fn without_power_switch(self) -> Self {
        Self { has_power_switch: false, ..self }
    }

    /// A host whose driver frames packets in its one way and says nothing of it.
    #[must_use]
    pub fn with_fixed_framing(self) -> Self {
        Self { frames_as_told: false, ..self }
    }

    /// A host whose programs send and receive all the time.
    #[must_use]
    pub fn with_traffic(mut self) -> Self {
        self.outside.talk(true, Instant::ZERO);
        self
    }

    /// A host where other programs use the modem too: [`Self::poll_guest`] must be drained.
    #[must_use]
    pub fn with_guests(self) -> Self {
        Self { guests: Some(VecDeque::new()), ..self }
    }

    /// The switchboard and the modem behind it.
    #[must_use]
    pub fn board(&self) -> &Switchboard {
        &self.board
    }

    /// Another program opens the device. False: it is not there, or the number is the daemon's.
    pub fn connect_guest(&mut self, id: ConnectionId) -> bool {
        id != DAEMON && self.board.connect(id)
    }

    /// Another program sends bytes.
    pub fn handle_guest(&mut self, id: ConnectionId, bytes: &[u8], now: Instant) {
        if id != DAEMON {
            self.board.bytes(id, bytes, now);
            self.pump(now);
        }
    }

    /// Another program closes the device.
    pub fn disconnect_guest(&mut self, id: ConnectionId) {
        if id != DAEMON {
            self.board.disconnect(id);
        }
    }

    /// What other programs are to be told: bytes, hang-ups, the device coming and going.
    pub fn poll_guest(&mut self) -> Option<BoardOutput> {
        self.guests.as_mut()?.pop_front()
    }

    /// The network interface as it is.
    #[must_use]
    pub fn link(&self) -> &LinkState {
        &self.link
    }

    /// What the core asked to be remembered.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The same as a daemon that starts is given it: with its age.
    #[must_use]
    pub fn recall(&self, now: Instant) -> Memory {
        Memory { kept_ago: now.since(self.kept_at).as_secs(), ..self.memory.clone() }
    }

    /// Whether the disk has taken all that the core asked to be remembered.
    #[must_use]
    pub fn has_kept(&self) -> bool {
        !self.unkept
    }

    /// What the network's DHCP server was told last that this host is called.
    #[must_use]
    pub fn host_name_heard(&self) -> Option<&str> {
        self.dhcp.heard()
    }

    /// Whether the daemon has the port open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.board.is_connected(DAEMON)
    }

    /// What the core asks for. Outputs about other modems are ignored.
    pub fn handle_output(&mut self, output: &Output, now: Instant) {
        match output {
            Output::Look(name, Fact::Lease) if *name == self.name => self.dhcp.look(),
            Output::Look(name, fact) if *name == self.name => {
                let answer = match fact {
                    Fact::Link => Input::Link(self.name.clone(), self.link.clone()),
                    Fact::Internet => Input::Packets(self.name.clone(), self.outside.count(self.passes(), now)),
                    _ => Input::Port(self.name.clone(), self.port()),
                };
                self.answer(answer, KERNEL_MS, now);
            }
            Output::OpenPort(name, _) if *name == self.name => self.open(now),
            Output::ClosePort(name) if *name == self.name => {
                self.close();
                let state = self.port();
                self.answer(Input::Port(self.name.clone(), state), KERNEL_MS, now);
            }
            Output::Send(name, bytes) if *name == self.name && self.is_open() => {
                self.to_modem.handle_bytes(bytes.clone(), now);
            }
            Output::ConfigureLink(name, link) if *name == self.name => {
                let result = self.configure_link(link);
                self.answer(Input::LinkDone(self.name.clone(), result), KERNEL_MS, now);
            }
            Output::Lease(name, order) if *name == self.name => self.dhcp.order(order.as_ref(), now),
            Output::Probe(name, probe) if *name == self.name => {
                let probed = self.outside.ask(probe, self.passes());
                let within = if matches!(probed, Probed::Unanswered(_)) { NO_ANSWER_MS } else { ROUND_TRIP_MS };
                self.answer(Input::Probed(self.name.clone(), probe.number, probed), within, now);
            }
            Output::Power(name, command) if *name == self.name => {
                let result = self.switch(*command, now);
                self.answer(Input::PowerDone(self.name.clone(), *command, result), SWITCH_MS, now);
            }
            Output::Remember(name, memory) if *name == self.name => {
                self.unkept = self.disk_full;
                let kept = if self.disk_full { Err("no space left on device".to_owned()) } else { Ok(()) };
                if kept.is_ok() {
                    self.memory = memory.clone();
                    self.kept_at = now;
                }
                self.answer(Input::Kept(self.name.clone(), memory.revision, kept), KERNEL_MS, now);
            }
            Output::LookUp(name, home) if *name == self.name => {
                let answer = Input::LookedUp(name.clone(), home.clone(), Ok(vec![database_entry(home)]));
                self.answer(answer, KERNEL_MS, now);
            }
            Output::Fetch(secret) => {
                self.inputs.push_back(Input::Secret(secret.clone(), Err("no secrets in a simulated host".into())));
            }
            _ => {}
        }
        self.pump(now);
    }

    /// Lets something happen to the modem or to the host.
    pub fn disturb(&mut self, disturbance: &Disturbance, now: Instant) {
        match disturbance {
            Disturbance::FlushLink => self.link.ip = Default::default(),
            Disturbance::LinkDown => self.link.up = false,
            Disturbance::PortBusy { on } => self.port_busy = *on,
            Disturbance::PowerStuck { on } => self.switch_stuck = *on,
            Disturbance::DiskFull { on } => self.disk_full = *on,
            Disturbance::Traffic { on } => self.outside.talk(*on, now),
            Disturbance::Unanswered { on } => self.outside.silent = *on,
            Disturbance::DhcpSilent { on } => self.dhcp.silent = *on,
            _ => self.board.disturb(disturbance, now),
        }
        if matches!(disturbance, Disturbance::FlushLink | Disturbance::LinkDown) {
            self.notice(Input::Link(self.name.clone(), self.link.clone()));
        }
        self.pump(now);
    }

    /// Undoes everything that lasts, on the way too.
    pub fn calm(&mut self, now: Instant) {
        self.set_faults(Faults::default(), Faults::default());
        self.switch_stuck = false;
        self.port_busy = false;
        self.disk_full = false;
        self.outside.silent = false;
        self.dhcp.silent = false;
        self.board.calm(now);
        self.pump(now);
    }

    /// Sets what goes wrong on the way to the modem and back.
    pub fn set_faults(&mut self, to_modem: Faults, to_core: Faults) {
        self.to_modem.set(to_modem);
        self.to_core.set(to_core);
    }

    /// The daemon died: the port is closed, answers find nobody. What it asked to be remembered stays.
    pub fn crash(&mut self) {
        self.close();
        self.answers = Schedule::default();
        self.inputs.clear();
        self.dhcp.crash();
    }

    /// Lets happen what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, input)) = self.answers.pop(now) {
            self.inputs.push_back(input);
        }
        self.to_modem.handle_timeout(now);
        self.to_core.handle_timeout(now);
        self.board.handle_timeout(now);
        self.pump(now);
    }

    /// What the core is told next.
    pub fn poll_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    /// The next note of the inspector beside the modem.
    pub fn poll_witness(&mut self) -> Option<(Instant, Witness)> {
        self.board.poll_witness()
    }

    /// When something happens by itself, and what.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let answer = self.answers.next().map(|(at, _)| (at, "an answer of the host"));
        let dhcp = self.dhcp.poll_timeout().map(|at| (at, "a DHCP client or server"));
        let ways = [self.to_modem.poll_timeout(), self.to_core.poll_timeout(), self.board.poll_timeout()];
        ways.into_iter().chain([answer, dhcp]).flatten().min()
    }

    fn port(&self) -> PortState {
        match (self.board.modem().node(), self.is_open()) {
            (None, _) => PortState::Absent,
            (Some(_), true) => PortState::Open,
            (Some(_), false) => PortState::Closed,
        }
    }

    /// Whether data passes: the interface has an address that the network carries packets of, framed as the modem does.
    #[must_use]
    pub fn passes(&self) -> bool {
        let modem = self.board.modem();
        let framing = if modem.frames_ethernet() { Framing::Ethernet } else { Framing::RawIp };
        let (v4, v6) = modem.carried();
        let ip = &self.link.ip;
        let carried = (v4.is_some() && v4 == ip.ipv4.map(|ip| ip.address))
            || (v6.is_some() && v6 == ip.ipv6.map(|ip| ip.address));
        self.link.up && carried && self.link.framing.is_none_or(|expected| expected == framing)
    }

    fn open(&mut self, now: Instant) {
        self.close();
        if let Some(node) = self.board.modem().node().filter(|_| self.port_busy) {
            let why = format!("cannot open /dev/{node}: Device or resource busy (os error 16)");
            return self.answer(Input::Port(self.name.clone(), PortState::Unusable(why)), KERNEL_MS, now);
        }
        let opened = self.board.connect(DAEMON);
        let input = match opened {
            true => Input::Opened(self.name.clone(), PortKind::Exclusive),
            false => Input::Port(self.name.clone(), PortState::Absent),
        };
        self.answer(input, KERNEL_MS, now);
    }

    fn close(&mut self) {
        self.board.disconnect(DAEMON);
        self.to_modem.clear();
        self.to_core.clear();
    }

    fn configure_link(&mut self, link: &LinkState) -> Result<(), String> {
        if self.board.modem().node().is_none() {
            return Err("no such device".to_owned());
        }
        self.link = LinkState { framing: link.framing.filter(|_| self.frames_as_told), ..link.clone() };
        Ok(())
    }

    fn switch(&mut self, command: PowerCommand, now: Instant) -> Result<(), String> {
        let power = match command {
            PowerCommand::Reauthorise if self.board.modem().node().is_none() => return Err("no such device".into()),
            PowerCommand::Reauthorise => Power::Reauthorise,
            PowerCommand::Rescan => {
                self.inputs.push_back(Input::Port(self.name.clone(), self.port()));
                return Ok(());
            }
            _ if !self.has_power_switch => return Err("no power switch".into()),
            // The simulated modem needs no time to say goodbye.
            PowerCommand::Attach | PowerCommand::PrepareOff => return Ok(()),
            _ if self.switch_stuck => return Ok(()),
            PowerCommand::Off => Power::Off,
            PowerCommand::On => Power::On,
        };
        self.board.power(power, now);
        Ok(())
    }

    fn answer(&mut self, input: Input, within: Span, now: Instant) {
        let at: Instant = now + self.random.within(within).max(Duration::from_millis(1));
        self.answers.at(at, input);
    }

    /// A change that the kernel usually tells of.
    fn notice(&mut self, input: Input) {
        if self.random.chance(NOTICED_PER_MILLE) {
            self.inputs.push_back(input);
        }
    }

    /// Moves bytes along and takes over what the modem did.
    fn pump(&mut self, now: Instant) {
        loop {
            let mut moved = false;
            while let Some(chunk) = self.to_modem.poll_output() {
                self.board.bytes(DAEMON, &chunk, now);
                moved = true;
            }
            while let Some(output) = self.board.poll_output() {
                self.take(output, now);
                moved = true;
            }
            if !moved {
                break;
            }
        }
        let (v4, _) = self.board.modem().carried();
        let news = self.dhcp.turn(v4.filter(|_| self.link.up), &mut self.random, now);
        self.inputs.extend(news.map(|(number, state)| Input::Lease(self.name.clone(), number, state)));
        while let Some(bytes) = self.to_core.poll_output() {
            self.inputs.push_back(Input::Bytes(self.name.clone(), bytes));
        }
    }

    fn take(&mut self, output: BoardOutput, now: Instant) {
        if let Some(guests) = &mut self.guests
            && !matches!(output, BoardOutput::Bytes(DAEMON, _) | BoardOutput::HungUp(DAEMON))
        {
            guests.push_back(output.clone());
        }
        match output {
            BoardOutput::Bytes(id, bytes) if id == DAEMON => self.to_core.handle_bytes(bytes, now),
            BoardOutput::HungUp(id) if id == DAEMON => {
                // Reading from an open port fails: this is always noticed.
                self.close();
                self.inputs.push_back(Input::Port(self.name.clone(), PortState::Absent));
            }
            BoardOutput::Vanished => {
                self.link = LinkState::default();
                self.notice(Input::Port(self.name.clone(), PortState::Absent));
            }
            BoardOutput::Appeared { .. } => {
                self.notice(Input::Port(self.name.clone(), PortState::Closed));
            }
            BoardOutput::Bytes(..) | BoardOutput::HungUp(_) | BoardOutput::Carrier(_) => {}
        }
    }
}

fn database_entry(home: &HomeDigits) -> ApnCandidate {
    let network = home.to_string().chars().take(5).collect();
    ApnCandidate {
        network,
        provider: "Simulated".to_owned(),
        primary: true,
        gid1: Vec::new(),
        apn: Apn(DATABASE_APN.to_owned()),
        usage: ApnUsage::Internet,
        prepaid: false,
        authentication: Authentication::None,
        username: None,
        password: None,
    }
}
