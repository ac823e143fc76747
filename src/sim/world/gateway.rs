//! One gateway's life: the production core, its hosts and modems, the chaos around them, and the watch over all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::chaos::{Act, Chaos};
use super::expect::{self, Expected};
use super::notes::Notes;
use super::report::{Report, Stuck, Violation};
use super::watch::{Broken, Watch};
use super::{CALM, CALM_RESTART, CONVERGES_WITHIN, World};
use crate::config::ModemConfig;
use crate::model::{ConditionKind, Instant, ModemName, Secret, Status};
use crate::qmi::wds;
use crate::reconcile::{Event, EventKind, Fleet, Input, Output};
use crate::sim::host::SimHost;
use crate::sim::modem::{SimModem, Witness};
use crate::sim::personality::{Indications, Personality};
use crate::sim::plugin::SimPlugins;
use crate::sim::profile::Profile;
use crate::sim::random::{Random, mix};
use crate::sim::schedule::Schedule;
use crate::sim::switchboard::Switchboard;

/// A gateway in its world.
struct Gateway<'w> {
    world: &'w World,
    index: u32,
    /// Which of the world's files is in force.
    file: usize,
    fleet: Fleet,
    modems: Vec<Modem>,
    plugins: SimPlugins,
    chaos: Chaos,
    milestones: Schedule<Milestone>,
    phase: Phase,
    notes: Notes,
    now: Instant,
    /// Turns at this very moment.
    turns: u32,
    stuck: Vec<Stuck>,
    violations: Vec<Violation>,
}

struct Modem {
    name: ModemName,
    host: SimHost,
    watch: Watch,
    /// When a fight over a setting, in which the chaos left it, goes on: one write is still owed then.
    truce: Option<Instant>,
    /// It was as it should be a moment before the verdict.
    was_right: bool,
}

impl Modem {
    /// Whether nothing may be written to it at this time of its rest.
    fn rests(&self, now: Instant) -> bool {
        self.truce.is_none_or(|at| now < at || now.since(at) > AFTER_TRUCE)
    }
}

/// What a fight is over is written, looked at, and found to be as it should be.
const AFTER_TRUCE: Duration = Duration::from_secs(10);

/// Where the gateway is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Chaos,
    /// The faults have stopped; things come to rest.
    Settling,
    /// Nothing may be written any more.
    Rest,
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Milestone {
    Calm,
    /// A modem whose answers come late is silent for moments: who was right moments before a verdict is not stuck. Who is
    /// really late writes after the verdict, and nothing may be written then.
    Glance,
    Verdict,
    Restart,
    VerdictAfterRestart,
    End,
}

/// More turns than this at one moment are a circle; the world goes on after it, to find more.
const TURNS: u32 = 200;
/// The core's outputs to one input.
const OUTPUTS: u32 = 300;
/// The core never sleeps longer: a fact that it wants grows old before.
const LONGEST_SLEEP_SECS: u64 = 1_200;
/// A restarted daemon is back at rest after this long.
const RESTARTED_WITHIN: Duration = Duration::from_secs(60);
/// A glance comes this long before its verdict: longer than the answer to a late answer takes.
const GLANCE: Duration = Duration::from_secs(30);
/// Failures beyond this are not told any more.
const MAX_TOLD: usize = 20;

pub(super) fn run(world: &World, index: u32) -> Report {
    let mut gateway = Gateway::new(world, index);
    let lived = catch_unwind(AssertUnwindSafe(|| gateway.live()));
    if let Err(panic) = lived {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        gateway.broken(0, ("I1", format!("panic: {text}")));
    }
    gateway.report()
}

impl<'w> Gateway<'w> {
    fn new(world: &'w World, index: u32) -> Self {
        let seed = world.options.seed;
        let configs: Vec<(&ModemName, &ModemConfig)> =
            world.files.first().map(|file| file.config.modems.iter().collect()).unwrap_or_default();
        let plugins = world.files.first().is_some_and(|file| !file.config.plugins.is_empty());
        let modems = configs.iter().enumerate().map(|(number, (name, config))| {
            let number = u64::from(index) * 16 + number as u64;
            let modem = new_modem(world, config, number);
            let name: ModemName = (*name).clone();
            let host = SimHost::new(name.clone(), Switchboard::new(modem), mix(seed ^ mix(number)));
            // The programs of every other gateway talk, those of the rest only listen.
            let host = if index.is_multiple_of(2) { host.with_traffic() } else { host };
            Modem { name, host, watch: Watch::new(plugins), truce: None, was_right: false }
        });
        let modems: Vec<Modem> = modems.collect();
        let tells =
            modems.iter().map(|modem| modem.host.board().modem().personality().indications != Indications::Never);
        let tells = tells.collect();
        let of: Vec<&ModemConfig> = configs.iter().map(|(_, config)| *config).collect();
        let mut milestones = Schedule::default();
        let calm = world.calm_begins();
        milestones.at(calm, Milestone::Calm);
        let verdicts = [
            (CONVERGES_WITHIN, Milestone::Verdict),
            (CALM_RESTART, Milestone::Restart),
            (CALM_RESTART + RESTARTED_WITHIN, Milestone::VerdictAfterRestart),
            (CALM, Milestone::End),
        ];
        for (after, verdict) in verdicts {
            milestones.at(calm + after - GLANCE, Milestone::Glance);
            milestones.at(calm + after, verdict);
        }
        Self {
            modems,
            plugins: SimPlugins::new(mix(seed ^ mix(u64::from(index)))),
            chaos: Chaos::new(world, index, &of, tells),
            world,
            index,
            file: 0,
            fleet: Fleet::new(mix(seed ^ u64::from(index))),
            milestones,
            phase: Phase::Chaos,
            notes: Notes::new(world.options.history),
            now: Instant::ZERO,
            turns: 0,
            stuck: Vec::new(),
            violations: Vec::new(),
        }
    }

    fn report(self) -> Report {
        let mut report = Report::new(self.world.options.seed);
        report.gateways = 1;
        report.modem_seconds = self.now.as_millis() / 1000 * self.modems.len() as u64;
        report.trace_hash = self.notes.hash() ^ u64::from(self.index);
        report.stuck = self.stuck;
        report.violations = self.violations;
        report.counters = self.notes.counters();
        report
    }

    fn live(&mut self) {
        self.start_daemon();
        while self.phase != Phase::Over {
            self.exchange();
            let next = self.next();
            self.turns = if next > self.now { 0 } else { self.turns + 1 };
            self.now = next.max(self.now);
            if self.turns > TURNS {
                let why = self.fleet.poll_timeout().map_or("nothing", |(_, why)| why);
                self.broken(0, ("I9", format!("goes round in circles without time passing: {why}")));
                self.now = self.now + Duration::from_millis(100);
            }
            while let Some(act) = self.chaos.act(self.now) {
                self.act(act);
            }
            for modem in &mut self.modems {
                modem.host.handle_timeout(self.now);
            }
            if self.fleet.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
                self.tell(Input::Timer);
            }
            while let Some((_, milestone)) = self.milestones.pop(self.now) {
                self.pass(milestone);
            }
        }
    }

    fn next(&mut self) -> Instant {
        let fleet = self.fleet.poll_timeout().map(|(at, _)| at);
        if fleet.is_none_or(|at| at > self.now + Duration::from_secs(LONGEST_SLEEP_SECS)) {
            self.broken(0, ("I11", format!("the core wants to be woken at {fleet:?}")));
        }
        let hosts = self.modems.iter().filter_map(|modem| modem.host.poll_timeout()).map(|(at, _)| at);
        let milestone = self.milestones.next().map(|(at, _)| at);
        let plugins = self.plugins.poll_timeout();
        hosts
            .chain([fleet, plugins, self.chaos.poll_timeout(), milestone].into_iter().flatten())
            .min()
            .unwrap_or(self.now)
    }

    /// Passes inputs and outputs on until nobody has anything to say.
    fn exchange(&mut self) {
        loop {
            let mut quiet = true;
            for at in 0..self.modems.len() {
                while let Some(input) = self.modems[at].host.poll_input() {
                    if let Input::Bytes(_, bytes) = &input {
                        self.modems[at].watch.delivered(bytes, self.now);
                    }
                    quiet = false;
                    self.tell(input);
                }
                self.witnesses(at);
            }
            while let Some(input) = self.plugins.poll_input(self.now) {
                quiet = false;
                self.tell(input);
            }
            if quiet {
                return;
            }
        }
    }

    /// Gives the core an input and carries out what it asks for.
    fn tell(&mut self, input: Input) {
        self.fleet.handle(input, self.now);
        let mut outputs = 0;
        let mut secrets = Vec::new();
        while let Some(output) = self.fleet.poll_output() {
            outputs += 1;
            if outputs == OUTPUTS {
                self.broken(0, ("I9", format!("{OUTPUTS} outputs to one input")));
            }
            if let Output::Fetch(secret) = &output {
                secrets.push(secret.clone());
            }
            self.carry_out(output);
        }
        self.watch();
        for secret in secrets {
            self.tell(Input::Secret(secret, Ok(Secret::new("simulated".to_owned()))));
        }
    }

    fn carry_out(&mut self, output: Output) {
        if let Some(at) = output.modem().and_then(|name| self.modems.iter().position(|modem| modem.name == *name)) {
            let config = config(self.world, self.file, at);
            let modem = &mut self.modems[at];
            let broken = modem.watch.output(&output, config, &modem.host, self.now);
            modem.host.handle_output(&output, self.now);
            let writes = matches!(
                output,
                Output::ConfigureLink(..) | Output::Power(..) | Output::OpenPort(..) | Output::ClosePort(_)
            );
            self.break_if(at, broken);
            if writes && self.phase == Phase::Rest && self.modems[at].rests(self.now) {
                self.broken(at, ("I2", format!("writes at rest: {output:?}")));
            }
        }
        match &output {
            Output::Plugins(plugins) => self.plugins.have(plugins, self.now),
            Output::Ask(modem, question) => self.plugins.ask(modem, question, self.now),
            _ => {}
        }
        if let Output::Event(Event { modem, what: EventKind::ControllerReset { panic, .. } }) = &output {
            let at = self.modems.iter().position(|other| Some(&other.name) == modem.as_ref()).unwrap_or(0);
            let detail = format!("panic: {panic}");
            self.broken(at, ("I1", detail));
        }
        self.notes.output(output, self.now);
    }

    fn witnesses(&mut self, at: usize) {
        let config = config(self.world, self.file, at);
        while let Some((when, what)) = self.modems[at].host.poll_witness() {
            let broken = self.modems[at].watch.witness(&what, config, when);
            self.break_if(at, broken);
            // What the network did not offer is asked for again after a day, and a day may end in the calm.
            let not_offered = self.fleet.controller(&self.modems[at].name).map(|c| &c.observed().not_offered);
            let asks_again = not_offered.is_some_and(|families| match &what {
                Witness::Dialled { family, .. } => families.contains_key(family),
                Witness::Wrote { service, message } => {
                    (*service, *message) == wds::start_network::KEY && !families.is_empty()
                }
                _ => false,
            });
            let may_come = asks_again || matches!(what, Witness::SessionUp { .. });
            if self.phase == Phase::Rest && !may_come && self.modems[at].rests(when) {
                self.broken(at, ("I2", format!("at rest: {what:?}")));
            }
        }
    }

    fn watch(&mut self) {
        for at in 0..self.modems.len() {
            let config = config(self.world, self.file, at);
            let modem = &mut self.modems[at];
            let Some(controller) = self.fleet.controller(&modem.name) else { continue };
            let broken = modem.watch.look(controller, config, &modem.host, self.now);
            self.break_if(at, broken);
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Disturb(at, disturbance) => {
                self.notes.count(format!("disturbance {}", disturbance.name()));
                self.notes.say(format!("*** {disturbance}"), self.now);
                self.modems[at].host.disturb(&disturbance, self.now);
            }
            Act::Crash { remembers } => {
                let how = if remembers { "crash" } else { "crash, memory lost" };
                self.notes.count(format!("disturbance {how}"));
                self.notes.say(format!("*** {how}"), self.now);
                self.restart_daemon(remembers);
            }
            Act::Faults(at, to_modem, to_core) => {
                self.notes.say(format!("*** faults {to_modem:?} / {to_core:?}"), self.now);
                self.modems[at].host.set_faults(to_modem, to_core);
            }
            Act::Edit(file) => {
                self.notes.count("disturbance edit".to_owned());
                self.notes.say(format!("*** edit: file {file}"), self.now);
                for at in 0..self.modems.len() {
                    let before = config(self.world, self.file, at);
                    self.modems[at].watch.edited(before, self.now);
                }
                self.file = file;
                self.tell(Input::Config(self.world.files[file].source.clone()));
            }
        }
    }

    fn pass(&mut self, milestone: Milestone) {
        self.notes.say(format!("*** {milestone:?}"), self.now);
        match milestone {
            Milestone::Glance => {
                let right: Vec<bool> = (0..self.modems.len()).map(|at| self.wrong(at).is_none()).collect();
                self.modems.iter_mut().zip(right).for_each(|(modem, right)| modem.was_right = right);
            }
            Milestone::Calm => {
                self.phase = Phase::Settling;
                for modem in &mut self.modems {
                    modem.host.calm(self.now);
                }
                self.plugins.calm(self.now);
            }
            Milestone::Verdict | Milestone::VerdictAfterRestart => {
                self.judge();
                self.phase = Phase::Rest;
                for modem in &mut self.modems {
                    modem.watch.adoption_ends();
                    let conditions = self.fleet.controller(&modem.name).map(|controller| controller.conditions());
                    let fought = conditions.into_iter().flatten().filter(|c| c.finding.reason() == "Contended");
                    modem.truce = fought.filter_map(|condition| condition.finding.retry_at()).min();
                }
            }
            Milestone::Restart => {
                self.judge();
                self.phase = Phase::Settling;
                self.restart_daemon(true);
                self.modems.iter_mut().for_each(|modem| modem.watch.adoption_begins());
            }
            Milestone::End => {
                self.judge();
                self.phase = Phase::Over;
            }
        }
    }

    /// Who is stuck: not as it should be, or the core does not say so, now as a moment ago.
    fn judge(&mut self) {
        for at in 0..self.modems.len() {
            let Some(wrong) = self.wrong(at).filter(|_| !self.modems[at].was_right) else { continue };
            let Modem { name, host, .. } = &self.modems[at];
            let conditions = self.fleet.controller(name).map(|controller| controller.conditions()).unwrap_or_default();
            let first = conditions.iter().find(|c| c.status != Status::True);
            let says = first.map_or_else(|| "Converged".to_owned(), ToString::to_string);
            let personality = host.board().modem().personality().name;
            self.stuck.push(Stuck {
                gateway: self.index,
                modem: name.to_string(),
                detail: format!("at {}, {personality}: {wrong}; says {says}", self.now),
                history: self.notes.history(),
            });
        }
    }

    /// What is wrong with a modem, or with what the core says of it.
    fn wrong(&self, at: usize) -> Option<String> {
        let config = config(self.world, self.file, at);
        let Modem { name, host, .. } = &self.modems[at];
        let says = self.fleet.controller(name)?.status(ConditionKind::Converged) == Status::True;
        let plugins = !self.world.files[self.file].config.plugins.is_empty();
        let judged = |expected: &Expected| {
            let wrong = expect::wrong(expected, config, host);
            let should_say = matches!(expected, Expected::Online { .. });
            wrong.or_else(|| (says != should_say).then(|| format!("should be {expected:?}, says Converged={says}")))
        };
        let verdicts: Vec<_> = expect::expected(config, host.board().modem(), plugins).iter().map(judged).collect();
        verdicts.into_iter().reduce(Option::and).flatten()
    }

    fn start_daemon(&mut self) {
        self.tell(Input::Config(self.world.files[self.file].source.clone()));
    }

    fn restart_daemon(&mut self, remembers: bool) {
        let seed = mix(self.world.options.seed ^ u64::from(self.index));
        self.fleet = Fleet::new(seed);
        self.plugins.crash();
        for at in 0..self.modems.len() {
            self.modems[at].host.crash();
            let Modem { host, watch, .. } = &mut self.modems[at];
            watch.restarted(remembers, host);
            if remembers {
                let Modem { name, host, .. } = &self.modems[at];
                let remembered = Input::Remembered(name.clone(), host.recall(self.now));
                self.fleet.handle(remembered, self.now);
            }
        }
        self.start_daemon();
    }

    fn break_if(&mut self, at: usize, broken: Option<Broken>) {
        if let Some(broken) = broken {
            self.broken(at, broken);
        }
    }

    fn broken(&mut self, at: usize, (invariant, detail): Broken) {
        self.notes.count(format!("violation {invariant}"));
        let first = !self.violations.iter().any(|told| told.invariant == invariant && told.detail == detail);
        if first && self.violations.len() < MAX_TOLD {
            self.violations.push(Violation {
                invariant,
                gateway: self.index,
                modem: self.modems.get(at).map(|modem| modem.name.to_string()).unwrap_or_default(),
                at: self.now,
                detail,
                history: self.notes.history(),
            });
        }
    }
}

/// The file's entry for a modem. Every file of a world names the same modems.
fn config(world: &World, file: usize, at: usize) -> &ModemConfig {
    let configs = |file: usize| world.files.get(file).and_then(|file| file.config.modems.values().nth(at));
    configs(file).or_else(|| configs(0)).unwrap_or_else(|| unreachable!("a modem is in the file it was made for"))
}

fn new_modem(world: &World, config: &ModemConfig, number: u64) -> SimModem {
    let mut random = Random::stream(world.options.seed, "modem", number);
    let personality = random.pick(&world.personalities).map_or_else(Personality::default, |p| (*p).clone());
    let mut profile = Profile::numbered(number);
    // Mostly a card that the file knows; the last of the list is a stranger.
    profile.slots = vec![random.pick(&expect::cards(config, number)).cloned()];
    profile.network.ipv6 = random.chance(800);
    profile.network.mtu = random.chance(800).then_some(1430);
    SimModem::new(personality, profile, mix(world.options.seed ^ mix(number)), Instant::ZERO)
}
