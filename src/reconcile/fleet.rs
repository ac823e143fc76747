//! All modems of one daemon, and the configuration they share.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::controller::Controller;
use super::door::{Event, EventKind, Inhibition, Input, Memory, Output, SecretRef};
use super::fallen::{self, Fallen};
use super::plugins::Plugins;
use crate::config::{self, Config, Diagnostics, ModemConfig, SecretSource, Source};
use crate::model::plugin::PROPERTIES;
use crate::model::{
    Condition, ConditionKind, Finding, Iccid, Instant, ModemName, PinMark, PinOutcome, Plugin, PluginState, Secret,
    Status, TriedPin,
};
use crate::plan::Previewed;
use crate::property::{self, Held, Table, Value};

/// What all modems share and only the fleet may see whole: secrets, and what was done with PINs.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// What the shell fetched, or why it could not.
    fetched: BTreeMap<SecretRef, Result<Secret, String>>,
    /// PINs given to cards, by any modem: a card may move from one to another.
    pins: BTreeMap<PinMark, PinOutcome>,
    /// The device's own number, the key of the marks.
    device: u64,
}

impl Secrets {
    /// The value of a secret, or why it cannot be had.
    pub(super) fn value(&self, source: &SecretSource) -> Result<Secret, String> {
        if let SecretSource::Inline(secret) = source {
            return Ok(secret.clone());
        }
        match reference(source).and_then(|reference| self.fetched.get(&reference)) {
            Some(Ok(secret)) => Ok(secret.clone()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("not fetched yet".to_owned()),
        }
    }

    /// The mark of a PIN on a card.
    pub(super) fn mark(&self, card: &Iccid, pin: &Secret) -> PinMark {
        PinMark::of(self.device, card, pin)
    }

    /// What became of a PIN on a card, if it was ever given to it.
    pub(super) fn tried(&self, mark: PinMark) -> Option<PinOutcome> {
        self.pins.get(&mark).copied()
    }
}

/// What a configuration would do to one modem.
#[derive(Clone, PartialEq, Debug)]
pub struct ModemPreview {
    /// The modem.
    pub modem: ModemName,
    /// The actions, in order, if each one works.
    pub actions: Vec<Previewed>,
    /// What is waited for at rest, unless everything is as the file asks.
    pub then: Option<Finding>,
}

/// The core of one daemon.
///
/// Inputs go in by [`Fleet::handle`] with a `now` that never goes backwards; after each, outputs come out of
/// [`Fleet::poll_output`] until `None`; [`Fleet::poll_timeout`] says when [`Input::Timer`] is due.
#[derive(Debug)]
pub struct Fleet {
    seed: u64,
    generation: u64,
    config: Option<Config>,
    diagnostics: Diagnostics,
    condition: Condition,
    memories: BTreeMap<ModemName, Memory>,
    inhibition: Inhibition,
    plugins: Plugins,
    secrets: Secrets,
    controllers: BTreeMap<ModemName, Controller>,
    /// Controllers that panicked lately.
    fallen: BTreeMap<ModemName, Fallen>,
    /// Properties of the device as a whole.
    globals: Table,
    now: Instant,
    out: VecDeque<Output>,
}

impl Fleet {
    /// A fleet without configuration. `seed` is the device's own number: it spreads the retries of many devices.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let condition = Condition {
            kind: ConditionKind::ConfigValid,
            status: Status::Unknown,
            finding: Finding::Waiting,
            since: Instant::ZERO,
            observed_generation: 0,
        };
        Self {
            seed,
            generation: 0,
            config: None,
            diagnostics: Diagnostics::default(),
            condition,
            memories: BTreeMap::new(),
            inhibition: Inhibition::default(),
            plugins: Plugins::default(),
            secrets: Secrets { device: seed, ..Secrets::default() },
            controllers: BTreeMap::new(),
            fallen: BTreeMap::new(),
            globals: Table::default(),
            now: Instant::ZERO,
            out: VecDeque::new(),
        }
    }

    /// The number of the configuration in force, counted from 1; 0 before the first.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// What was said of the newest edit, in force or not.
    #[must_use]
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Whether the newest edit is in force.
    #[must_use]
    pub fn config_condition(&self) -> &Condition {
        &self.condition
    }

    /// All modems, by name.
    pub fn controllers(&self) -> impl Iterator<Item = &Controller> {
        self.controllers.values()
    }

    /// Properties of the device as a whole: `connection`, the best of all modems, and those of plugins.
    #[must_use]
    pub fn globals(&self) -> &Table {
        &self.globals
    }

    /// What plugins publish, by the names of plugin and property.
    pub fn published(&self) -> impl Iterator<Item = (&str, &Value)> {
        let below = |name| str::strip_prefix(name, PROPERTIES)?.strip_prefix('.');
        self.globals.under(PROPERTIES).filter_map(move |(name, held)| Some((below(name)?, &held.value)))
    }

    /// The plugins of the file, and how it is with each.
    pub fn plugins(&self) -> impl Iterator<Item = (&Plugin, &PluginState)> {
        self.plugins.iter()
    }

    /// Every property that a pattern selects, sorted.
    #[must_use]
    pub fn properties(&self, pattern: &str) -> Vec<(String, Held)> {
        let tables = self.controllers.values().map(Controller::properties).chain([&self.globals]);
        let selected = tables.flat_map(Table::iter).filter(|(name, _)| property::selects(pattern, name));
        let mut found: Vec<(String, Held)> = selected.map(|(name, held)| (name.to_owned(), held.clone())).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// Whether a modem is being let go and is not gone yet.
    #[must_use]
    pub fn is_letting_go(&self) -> bool {
        self.controllers.values().any(Controller::is_retiring)
    }

    /// One modem.
    #[must_use]
    pub fn controller(&self, name: &ModemName) -> Option<&Controller> {
        self.controllers.get(name)
    }

    /// What a configuration would change, without applying it.
    ///
    /// # Errors
    /// The diagnostics, if it is not valid.
    pub fn preview(&self, sources: &[Source], now: Instant) -> Result<Vec<ModemPreview>, Diagnostics> {
        let loaded = config::load(sources);
        let Some(config) = loaded.config else { return Err(loaded.diagnostics) };
        let of = |(name, modem): (&ModemName, &ModemConfig)| {
            let (actions, then) = match self.controllers.get(name) {
                Some(controller) => controller.preview_of(modem, now),
                None => (Vec::new(), Some(Finding::Reading(crate::model::Fact::Port))),
            };
            ModemPreview { modem: name.clone(), actions, then }
        };
        Ok(config.modems.iter().map(of).collect())
    }

    /// Takes in what happened. Inputs about a modem that the file does not name are ignored.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.now = now;
        match input {
            Input::Config(sources) => {
                self.configure(&sources, now);
                self.show_plugins(now);
            }
            Input::Remembered(name, memory) => {
                self.note_pins(&memory.pins);
                self.memories.insert(name, memory);
            }
            Input::Secret(reference, value) => {
                self.secrets.fetched.insert(reference, value);
                self.each(now, |controller, secrets| controller.handle_timeout(secrets, now));
            }
            Input::Port(name, state) => self.with(&name, now, |c, s| c.handle_port(state, s, now)),
            Input::Opened(name, kind) => self.with(&name, now, |c, s| c.handle_opened(kind, s, now)),
            Input::Bytes(name, bytes) => self.with(&name, now, |c, s| c.handle_bytes(&bytes, s, now)),
            Input::Lease(name, number, state) => self.with(&name, now, |c, s| c.handle_lease(number, state, s, now)),
            Input::Link(name, state) => self.with(&name, now, |c, s| c.handle_link(state, s, now)),
            Input::LinkDone(name, result) => self.with(&name, now, |c, s| c.handle_link_done(result, s, now)),
            Input::Packets(name, packets) => self.with(&name, now, |c, s| c.handle_packets(packets, s, now)),
            Input::Probed(name, number, probed) => {
                self.with(&name, now, |c, s| c.handle_probed(number, probed, s, now));
            }
            Input::PowerDone(name, command, result) => {
                self.with(&name, now, |c, s| c.handle_power_done(command, result, s, now));
            }
            Input::Inhibited(inhibition) => {
                self.inhibition = inhibition.clone();
                self.each(now, |controller, secrets| {
                    let why = inhibition.of(controller.name()).map(str::to_owned);
                    controller.inhibit(why.as_deref(), secrets, now);
                });
            }
            Input::Pause(name, until) => self.with(&name, now, |c, s| c.pause(until, s, now)),
            Input::Reset { modem, force } => self.with(&modem, now, |c, s| c.reset(force, s, now)),
            Input::LookedUp(name, home, answer) => {
                self.with(&name, now, |c, s| c.handle_lookup(&home, answer, s, now));
            }
            Input::Kept(name, revision, result) => {
                self.with(&name, now, |c, s| c.handle_kept(revision, result, s, now));
            }
            Input::Plugin(plugin, state) => {
                self.plugins.set_state(plugin, state);
                self.show_plugins(now);
                let roster = self.plugins.roster();
                self.each(now, |c, s| c.set_roster(roster.clone(), s, now));
            }
            Input::Published(plugin, values) => {
                self.plugins.set_published(plugin, values);
                self.show_plugins(now);
            }
            Input::Answer(name, plugin, number, answer) => {
                self.with(&name, now, |c, s| c.handle_answer(&plugin, number, answer, s, now));
            }
            Input::Watched(name, facts) => self.with(&name, now, |c, s| c.handle_watched(facts, s, now)),
            Input::Leave => self.each(now, |controller, secrets| {
                if controller.config().disconnect_on_exit {
                    controller.retire(secrets, now);
                }
            }),
            Input::Timer => {
                self.wake_fallen(now);
                let due = |c: &Controller| c.poll_timeout().is_some_and(|(at, _)| at <= now);
                self.each(now, |controller, secrets| {
                    if due(controller) {
                        controller.handle_timeout(secrets, now);
                    }
                });
            }
        }
        let best = self.controllers.values().map(|c| c.connection().reach).max().unwrap_or_default();
        let best = Some(Value::Text(best.name().to_owned()));
        self.out.extend(self.globals.put("connection", best, now).map(|change| Output::Changed(vec![change])));
    }

    /// Puts what plugins publish beside the device's other properties, and takes away what they publish no more.
    fn show_plugins(&mut self, now: Instant) {
        let there = self.globals.under(PROPERTIES);
        let mut puts: BTreeMap<String, Option<Value>> = there.map(|(name, _)| (name.to_owned(), None)).collect();
        puts.extend(self.plugins.properties().map(|(name, value)| (name, Some(value.clone()))));
        let changes = self.globals.put_many(puts.iter().map(|(name, value)| (name.as_str(), value.clone())), now);
        if !changes.is_empty() {
            self.out.push_back(Output::Changed(changes));
        }
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Timer`] is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let rests = |name: &ModemName| self.fallen.get(name).filter(|fallen| fallen.resting);
        let rested = |(name, _): &(&ModemName, &Controller)| rests(name).is_none();
        let awake = self.controllers.iter().filter(rested).filter_map(|(_, controller)| controller.poll_timeout());
        let fallen = self.fallen.values().filter(|fallen| fallen.resting);
        let fallen = fallen.map(|fallen| (fallen.until, "a modem's part that failed is started anew"));
        awake.chain(fallen).min()
    }

    /// Lets those go on whose rest is over.
    fn wake_fallen(&mut self, now: Instant) {
        let over = |fallen: &&mut Fallen| fallen.resting && !fallen.rests(now);
        self.fallen.values_mut().filter(over).for_each(|fallen| fallen.resting = false);
        let configs = self.config.iter().flat_map(|config| &config.modems);
        let asleep =
            |name: &ModemName| self.controllers.get(name).is_some_and(|controller| !controller.is_configured());
        let woken: Vec<(ModemName, ModemConfig)> =
            configs.filter(|(name, _)| asleep(name)).map(|(name, config)| (name.clone(), config.clone())).collect();
        for (name, config) in woken {
            self.apply(&name, &config, now);
        }
    }

    /// Lets a controller do something. One that panics is started anew; the others do not notice.
    fn with(&mut self, name: &ModemName, now: Instant, f: impl FnOnce(&mut Controller, &Secrets)) {
        let Some(controller) = self.controllers.get_mut(name) else { return };
        if self.fallen.get(name).is_some_and(|fallen| fallen.rests(now)) {
            return;
        }
        let secrets = &self.secrets;
        match catch_unwind(AssertUnwindSafe(|| f(controller, secrets))) {
            Ok(()) => self.drain(name),
            Err(panic) => self.start_over(name, &*panic, now),
        }
    }

    /// Replaces a controller that panicked. What it had in mind is not trusted any more, what it asked to be remembered
    /// is: without the client ids a live session would end.
    fn start_over(&mut self, name: &ModemName, panic: &(dyn Any + Send), now: Instant) {
        let Some(broken) = self.controllers.remove(name) else { return };
        let fallen = Fallen::again(self.fallen.get(name), fallen::words(panic), now);
        let (panic, times) = (fallen.panic.clone(), fallen.times);
        self.event(Some(name.clone()), EventKind::ControllerReset { panic, times });
        // The port is open for the one that is gone: its successor opens it anew.
        self.out.push_back(Output::ClosePort(name.clone()));
        self.fallen.insert(name.clone(), fallen.clone());
        if let Some(config) = self.config.as_ref().and_then(|config| config.modems.get(name)).cloned() {
            self.memories.insert(name.clone(), broken.memory().clone());
            self.apply(name, &config, now);
        }
    }

    fn each(&mut self, now: Instant, mut f: impl FnMut(&mut Controller, &Secrets)) {
        let names: Vec<ModemName> = self.controllers.keys().cloned().collect();
        for name in names {
            self.with(&name, now, &mut f);
        }
    }

    fn drain(&mut self, name: &ModemName) {
        let Some(controller) = self.controllers.get_mut(name) else { return };
        while let Some(output) = controller.poll_output() {
            self.out.push_back(output);
        }
        let pins = controller.tried_pins();
        let gone = controller.is_gone();
        if gone {
            controller.tell_gone(self.now);
            while let Some(output) = controller.poll_output() {
                self.out.push_back(output);
            }
        }
        let lasting = gone.then(|| controller.memory().after_retirement());
        self.note_pins(&pins);
        if let Some(lasting) = lasting {
            self.controllers.remove(name);
            self.out.push_back(Output::Remember(name.clone(), lasting.clone()));
            self.memories.insert(name.clone(), lasting);
            self.event(Some(name.clone()), EventKind::Retired);
        }
    }

    fn configure(&mut self, sources: &[Source], now: Instant) {
        let loaded = config::load(sources);
        self.diagnostics = loaded.diagnostics;
        let Some(config) = loaded.config else { return self.reject(now) };
        let changed = self.config.as_ref() != Some(&config);
        if changed {
            self.generation += 1;
        }
        self.set_condition(Status::True, Finding::Accepted { generation: self.generation }, now);
        if changed {
            self.event(None, EventKind::ConfigAccepted { generation: self.generation });
            self.secrets.fetched.clear();
        }
        self.fetch_secrets(&config);
        self.out.extend(self.plugins.configure(&config).map(Output::Plugins));
        self.config = Some(config.clone());
        for name in self.controllers.keys().cloned().collect::<Vec<_>>() {
            if !config.modems.contains_key(&name) {
                self.with(&name, now, |controller, secrets| controller.retire(secrets, now));
            }
        }
        for (name, modem) in &config.modems {
            self.apply(name, modem, now);
        }
    }

    fn apply(&mut self, name: &ModemName, modem: &ModemConfig, now: Instant) {
        if !self.controllers.contains_key(name) {
            let memory = self.memories.remove(name).unwrap_or_default();
            // Modems of one device do not retry in step either.
            let seed = name.0.bytes().fold(self.seed, |seed, byte| seed.rotate_left(5) ^ u64::from(byte));
            let mut controller = Controller::new(name.clone(), modem.clone(), &memory, seed, now);
            if let Some(fallen) = self.fallen.get(name) {
                controller.note_fallen(&fallen.panic, fallen.times, fallen.told_until(), now);
            }
            self.controllers.insert(name.clone(), controller);
        }
        let generation = self.generation;
        let condition = self.condition.clone();
        let inhibited = self.inhibition.of(name).map(str::to_owned);
        let roster = self.plugins.roster();
        self.with(name, now, |controller, secrets| {
            controller.set_config_condition(&condition);
            controller.set_roster(roster, secrets, now);
            controller.inhibit(inhibited.as_deref(), secrets, now);
            controller.configure(modem.clone(), generation, secrets, now);
        });
    }

    fn reject(&mut self, now: Instant) {
        let error = self.diagnostics.headline().unwrap_or_default();
        self.set_condition(Status::False, Finding::Rejected { error }, now);
        let report = self.diagnostics.render(false);
        self.event(None, EventKind::ConfigRejected { report });
    }

    fn set_condition(&mut self, status: Status, finding: Finding, now: Instant) {
        if self.condition.status != status {
            self.condition.since = now;
        }
        self.condition.status = status;
        self.condition.finding = finding;
        self.condition.observed_generation = self.generation;
        for controller in self.controllers.values_mut() {
            controller.set_config_condition(&self.condition);
        }
    }

    fn fetch_secrets(&mut self, config: &Config) {
        let providers = config.modems.values().flat_map(|modem| &modem.service_providers);
        let passwords = providers.filter_map(|p| p.auth.as_ref()).map(|auth| &auth.password);
        let pins = config.modems.values().filter_map(|modem| modem.pin.as_ref());
        let references = passwords.chain(pins).filter_map(reference);
        let missing: std::collections::BTreeSet<SecretRef> =
            references.filter(|reference| !self.secrets.fetched.contains_key(reference)).collect();
        self.out.extend(missing.into_iter().map(Output::Fetch));
    }

    /// Takes over what a modem's memory says of PINs.
    fn note_pins(&mut self, pins: &[TriedPin]) {
        for tried in pins {
            self.secrets.pins.insert(tried.mark, tried.outcome);
        }
    }

    fn event(&mut self, modem: Option<ModemName>, what: EventKind) {
        self.out.push_back(Output::Event(Event { modem, what }));
    }
}

fn reference(source: &SecretSource) -> Option<SecretRef> {
    match source {
        SecretSource::Inline(_) => None,
        SecretSource::Credential(name) => Some(SecretRef::Credential(name.clone())),
        SecretSource::File(path) => Some(SecretRef::File(path.clone())),
        SecretSource::Variable(name) => Some(SecretRef::Variable(name.clone())),
    }
}
