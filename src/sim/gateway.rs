//! One gateway in virtual time: the production core, and a host with a simulated modem for each name.
//!
//! The shortest way from the core to a modem and back, for scenarios, tests and benchmarks: they say what happens and
//! look at the journal. The virtual world has its own, which watches every event besides.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::disturbance::Disturbance;
use super::host::SimHost;
use super::modem::{SimModem, Witness};
use super::personality::Personality;
use super::plugin::{Manner, SimPlugins};
use super::profile::Profile;
use super::random::mix;
use super::switchboard::Switchboard;
use crate::config::Source;
use crate::model::{
    ConditionKind, Fact, Instant, LinkState, ModemName, Packets, PluginName, PortState, Probed, Secret, Status,
};
use crate::reconcile::{Controller, Fleet, Input, Memory, Output, SecretRef};

/// A gateway.
#[derive(Debug)]
pub struct Gateway {
    seed: u64,
    fleet: Fleet,
    /// The daemon runs.
    alive: bool,
    /// Since when it runs.
    started: Instant,
    sources: Vec<Source>,
    hosts: Vec<(ModemName, SimHost)>,
    plugins: SimPlugins,
    /// What the secrets of the configuration are, by name, path or variable.
    secrets: BTreeMap<String, Secret>,
    /// What the gateway itself has to tell the core.
    inputs: VecDeque<Input>,
    journal: Vec<Note>,
    now: Instant,
    /// Turns at this very moment.
    turns: u32,
    restless: Option<String>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    /// When.
    pub at: Instant,
    /// What.
    pub what: Noted,
}

/// What is noted.
#[derive(Clone, PartialEq, Debug)]
pub enum Noted {
    /// The core asked for something. Its looks at the host are left out.
    Output(Output),
    /// The inspector beside a modem saw something.
    Witness(ModemName, Witness),
}

/// More turns than this at one moment are a circle.
const TURNS: u32 = 200;
/// So are more inputs than this: a modem's queue holds 64 requests.
const INPUTS: u32 = 10_000;

impl Gateway {
    /// A gateway with these hosts, before its daemon is told a configuration. `seed` is the gateway's own number.
    #[must_use]
    pub fn new(hosts: Vec<(ModemName, SimHost)>, seed: u64) -> Self {
        Self {
            seed,
            fleet: Fleet::new(seed),
            alive: true,
            started: Instant::ZERO,
            sources: Vec::new(),
            hosts,
            plugins: SimPlugins::new(seed),
            secrets: BTreeMap::new(),
            inputs: VecDeque::new(),
            journal: Vec::new(),
            now: Instant::ZERO,
            turns: 0,
            restless: None,
        }
    }

    /// A gateway with one modem, `wwan0`.
    #[must_use]
    pub fn single(personality: Personality, profile: Profile, seed: u64) -> Self {
        let name = ModemName::from("wwan0");
        let host = host(name.clone(), personality, profile, seed);
        Self::new(vec![(name, host)], seed)
    }

    /// The same with secrets, by the name, path or variable that the configuration calls them by.
    #[must_use]
    pub fn with_secrets(self, secrets: BTreeMap<String, Secret>) -> Self {
        Self { secrets, ..self }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// When the daemon was started last.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The core.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// What keeps a modem; `None`: the file does not name it, or no daemon runs.
    #[must_use]
    pub fn controller(&self, modem: &ModemName) -> Option<&Controller> {
        self.fleet.controller(modem)
    }

    /// The status of a condition, `Unknown` where nothing keeps the modem.
    #[must_use]
    pub fn status(&self, modem: &ModemName, kind: ConditionKind) -> Status {
        self.controller(modem).map_or(Status::Unknown, |controller| controller.status(kind))
    }

    /// The host beside a modem.
    #[must_use]
    pub fn host(&self, modem: &ModemName) -> Option<&SimHost> {
        self.hosts.iter().find(|(name, _)| name == modem).map(|(_, host)| host)
    }

    /// The names of all modems that are plugged in.
    pub fn modems(&self) -> impl Iterator<Item = &ModemName> {
        self.hosts.iter().map(|(name, _)| name)
    }

    /// What happened, oldest first.
    #[must_use]
    pub fn journal(&self) -> &[Note] {
        &self.journal
    }

    /// Takes the journal away, to start a new one.
    pub fn take_journal(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.journal)
    }

    /// Set once the core went round in circles without time passing: at what.
    #[must_use]
    pub fn restless(&self) -> Option<&str> {
        self.restless.as_deref()
    }

    /// Replaces the configuration by one file.
    pub fn edit(&mut self, text: impl Into<Vec<u8>>) {
        self.configure(vec![Source::new("wwan.yaml", text)]);
    }

    /// Replaces the configuration. A daemon that does not run reads it when it starts.
    pub fn configure(&mut self, sources: Vec<Source>) {
        self.sources = sources;
        self.tell(Input::Config(self.sources.clone()));
        self.settle(&mut |_| false);
    }

    /// Lets something happen to a modem or its host. False: there is no such modem.
    pub fn disturb(&mut self, modem: &ModemName, disturbance: &Disturbance) -> bool {
        let now = self.now;
        let Some(host) = self.host_mut(modem) else { return false };
        host.disturb(disturbance, now);
        self.settle(&mut |_| false);
        true
    }

    /// The daemon dies.
    pub fn kill(&mut self) {
        self.alive = false;
        self.fleet = Fleet::new(self.seed);
        self.inputs.clear();
        self.plugins.crash();
        for (_, host) in &mut self.hosts {
            host.crash();
        }
    }

    /// The daemon starts, with or without what it asked to be remembered.
    pub fn start(&mut self, remembers: bool) {
        // What happened meanwhile was told to nobody.
        self.kill();
        self.alive = true;
        self.started = self.now;
        let memories: Vec<(ModemName, Memory)> =
            self.hosts.iter().map(|(name, host)| (name.clone(), host.recall(self.now))).collect();
        for (name, memory) in memories.into_iter().filter(|_| remembers) {
            self.tell(Input::Remembered(name, memory));
        }
        self.configure(self.sources.clone());
    }

    /// The module of a plugin is replaced by another one.
    pub fn replace_plugin(&mut self, name: &PluginName) {
        self.plugins.replace(name, self.now);
        self.settle(&mut |_| false);
    }

    /// All plugins behave like this from here on, whatever their modules are called.
    pub fn turn_plugins_into(&mut self, manner: Manner) {
        self.plugins.turn_into(manner);
    }

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let _ = self.run_until(self.now + duration, |_| false);
    }

    /// Lets time pass until `end`, or until the moment at which `stop` holds. True: it did. Asked after every input, so
    /// that what holds for an instant only is seen as well.
    pub fn run_until(&mut self, end: Instant, mut stop: impl FnMut(&Self) -> bool) -> bool {
        let mut stopped = stop(self);
        loop {
            stopped |= self.settle(&mut stop);
            if stopped || self.restless.is_some() {
                return stopped;
            }
            let core = self.fleet.poll_timeout().map(|(at, _)| at);
            let hosts = self.hosts.iter().filter_map(|(_, host)| host.poll_timeout()).map(|(at, _)| at);
            let next = hosts.chain(core).chain(self.plugins.poll_timeout()).min().unwrap_or(Instant::FAR);
            if next > end {
                self.now = end;
                return false;
            }
            self.turn_to(next.max(self.now));
            for (_, host) in &mut self.hosts {
                host.handle_timeout(self.now);
            }
            if self.fleet.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
                self.tell(Input::Timer);
                stopped |= stop(self);
            }
        }
    }

    fn turn_to(&mut self, next: Instant) {
        self.turns = if next > self.now { 0 } else { self.turns + 1 };
        self.now = next;
        if self.turns > TURNS {
            let why = self.fleet.poll_timeout().map_or("nothing", |(_, why)| why);
            self.restless = Some(format!("goes round in circles at {}: {why}", self.now));
        }
    }

    /// Lets everything that happens at this moment happen.
    fn settle(&mut self, stop: &mut impl FnMut(&Self) -> bool) -> bool {
        let mut stopped = false;
        let mut inputs = 0;
        loop {
            let of_a_host = |(_, host): &mut (ModemName, SimHost)| host.poll_input();
            let input = self.inputs.pop_front().or_else(|| self.hosts.iter_mut().find_map(of_a_host));
            let input = input.or_else(|| self.plugins.poll_input(self.now));
            self.witnesses();
            let Some(input) = input else { return stopped };
            inputs += 1;
            if inputs > INPUTS {
                self.restless = Some(format!("goes round in circles at {}: {INPUTS} inputs", self.now));
                return stopped;
            }
            self.tell(input);
            stopped |= stop(self);
        }
    }

    /// Gives the core an input and carries out what it asks for.
    fn tell(&mut self, input: Input) {
        if !self.alive {
            return;
        }
        self.fleet.handle(input, self.now);
        while let Some(output) = self.fleet.poll_output() {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        let now = self.now;
        match &output {
            Output::Fetch(secret) => self.inputs.push_back(Input::Secret(secret.clone(), self.secret(secret))),
            Output::Event(_) | Output::Changed(_) => {}
            Output::Plugins(plugins) => self.plugins.have(plugins, now),
            Output::Ask(modem, question) => self.plugins.ask(modem, question, now),
            _ => match output.modem().and_then(|name| self.host_mut(name)) {
                Some(host) => host.handle_output(&output, now),
                None => self.nothing_there(&output),
            },
        }
        self.witnesses();
        if !matches!(output, Output::Look(..)) {
            self.journal.push(Note { at: now, what: Noted::Output(output) });
        }
    }

    /// The file names a modem that nobody plugged in.
    fn nothing_there(&mut self, output: &Output) {
        let missing = || Err("no such device".to_owned());
        self.inputs.extend(match output {
            Output::Look(name, Fact::Link) => Some(Input::Link(name.clone(), LinkState::default())),
            Output::Look(name, Fact::Internet) => Some(Input::Packets(name.clone(), Packets::default())),
            Output::Probe(name, probe) => {
                Some(Input::Probed(name.clone(), probe.number, Probed::NobodyToAsk("no such device".to_owned())))
            }
            Output::Look(_, Fact::Lease) => None,
            Output::Look(name, _) | Output::OpenPort(name, _) | Output::ClosePort(name) => {
                Some(Input::Port(name.clone(), PortState::Absent))
            }
            Output::ConfigureLink(name, _) => Some(Input::LinkDone(name.clone(), missing())),
            Output::Power(name, command) => Some(Input::PowerDone(name.clone(), *command, missing())),
            Output::LookUp(name, home) => {
                Some(Input::LookedUp(name.clone(), home.clone(), Err("no such device".to_owned())))
            }
            Output::Lease(..) | Output::Send(..) | Output::Remember(..) | Output::Fetch(_) | Output::Event(_) => None,
            Output::Changed(_) | Output::Plugins(_) | Output::Ask(..) => None,
        });
    }

    fn secret(&self, secret: &SecretRef) -> Result<Secret, String> {
        let (SecretRef::Credential(name) | SecretRef::File(name) | SecretRef::Variable(name)) = secret;
        self.secrets.get(name).cloned().ok_or_else(|| format!("nobody gave the gateway the secret {name}"))
    }

    fn witnesses(&mut self) {
        for (name, host) in &mut self.hosts {
            while let Some((at, seen)) = host.poll_witness() {
                self.journal.push(Note { at, what: Noted::Witness(name.clone(), seen) });
            }
        }
    }

    fn host_mut(&mut self, modem: &ModemName) -> Option<&mut SimHost> {
        self.hosts.iter_mut().find(|(name, _)| name == modem).map(|(_, host)| host)
    }

    /// For what only the host offers: faults on the way, calm.
    pub(super) fn with_host(&mut self, modem: &ModemName, f: impl FnOnce(&mut SimHost, Instant)) {
        let now = self.now;
        if let Some(host) = self.host_mut(modem) {
            f(host, now);
        }
        self.settle(&mut |_| false);
    }
}

/// A host with a modem that was plugged in at the start.
#[must_use]
pub fn host(name: ModemName, personality: Personality, profile: Profile, seed: u64) -> SimHost {
    // Two modems of one gateway do not roll the same dice.
    let seed = name.0.bytes().fold(seed, |seed, byte| mix(seed ^ u64::from(byte)));
    SimHost::new(name, Switchboard::new(SimModem::new(personality, profile, seed, Instant::ZERO)), seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n";
    const MINUTE: Duration = Duration::from_secs(60);

    fn gateway(personality: &str) -> Gateway {
        let personality = Personality::named(personality).unwrap().clone();
        let mut gateway = Gateway::single(personality, Profile::default(), 1);
        gateway.edit(CONFIG);
        gateway
    }

    fn converged(gateway: &Gateway) -> bool {
        gateway.status(&"wwan0".into(), ConditionKind::Converged) == Status::True
    }

    #[test]
    fn the_core_brings_every_personality_online() {
        for personality in Personality::all() {
            let mut gateway = gateway(personality.name);
            // One has to be found out first.
            gateway.run_for(if personality.silent_in_raw_ip { 8 * MINUTE } else { 5 * MINUTE });
            assert!(converged(&gateway), "{}: {:#?}", personality.name, gateway.controller(&"wwan0".into()));
            assert!(gateway.host(&"wwan0".into()).unwrap().link().ip.ipv4.is_some(), "{}", personality.name);
        }
    }

    #[test]
    fn the_core_brings_it_back_after_a_replug() {
        let mut gateway = gateway("well-behaved-lte");
        gateway.run_for(2 * MINUTE);
        assert!(gateway.disturb(&"wwan0".into(), &Disturbance::PowerCut { seconds: 10 }));
        gateway.run_for(5 * MINUTE);
        assert!(converged(&gateway));
        let modem = gateway.host(&"wwan0".into()).unwrap().board().modem();
        assert_eq!(modem.node().as_deref(), Some("cdc-wdm1"));
    }

    #[test]
    fn running_stops_at_the_moment_something_holds() {
        let mut gateway = gateway("well-behaved-lte");
        assert!(!gateway.run_until(Instant::from_secs(1), converged));
        assert_eq!(gateway.now(), Instant::from_secs(1));
        assert!(gateway.run_until(Instant::from_secs(120), converged));
        assert!(gateway.now() < Instant::from_secs(60), "{}", gateway.now());
        assert!(gateway.run_until(Instant::from_secs(600), converged), "holds already");
    }

    #[test]
    fn a_dead_daemon_asks_for_nothing_and_a_new_one_remembers() {
        let mut gateway = gateway("well-behaved-lte");
        gateway.run_for(2 * MINUTE);
        gateway.kill();
        drop(gateway.take_journal());
        gateway.run_for(MINUTE);
        assert!(gateway.journal().is_empty() && !converged(&gateway));
        gateway.start(true);
        gateway.run_for(MINUTE);
        assert!(converged(&gateway));
        let dialled = |note: &&Note| matches!(note.what, Noted::Witness(_, Witness::Dialled { .. }));
        assert_eq!(gateway.journal().iter().filter(dialled).count(), 0, "the session was adopted");
    }

    #[test]
    fn a_modem_that_nobody_plugged_in_is_absent_and_secrets_are_told() {
        let auth = "\n        auth: { method: chap, username: u, password: { credential: corp } }\n";
        let config = CONFIG.replace("internet\n", &format!("internet{auth}"));
        let secrets = BTreeMap::from([("corp".to_owned(), Secret::new("s3cret".to_owned()))]);
        let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1).with_secrets(secrets);
        gateway.edit(format!("{config}  wwan7:\n    service_providers:\n      - apn: internet\n"));
        gateway.run_for(2 * MINUTE);
        assert!(converged(&gateway), "{:#?}", gateway.controller(&"wwan0".into()).map(Controller::conditions));
        assert_eq!(gateway.status(&"wwan7".into(), ConditionKind::ModemPresent), Status::False);
        assert_eq!(gateway.restless(), None);
    }
}
