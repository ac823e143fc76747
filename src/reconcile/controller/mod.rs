//! The controller of one modem.
//!
//! Contract of the state machine: `configure`, `retire` and `handle_*` take inputs, each with `now`; after each,
//! `poll_output` until `None`; `poll_timeout` says when to call `handle_timeout`.

mod acting;
mod advice;
mod advising;
mod counsel;
mod framing;
mod inputs;
mod keeping;
mod learning;
mod lease;
mod lookup;
mod memory;
mod outside;
mod recovering;
mod telling;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::conditions::Conditions;
use super::connectivity::Connectivity;
use super::door::{Hardware, Memory, Output, PortSpec};
use super::reachability::Reachability;
use super::recovery::{Outlook, Recovery};
use super::telemetry::Telemetry;
use super::traffic::Meter;
use crate::config::{ControlPort, Match, ModemConfig};
use crate::model::defect::{Defect, planted};
use crate::model::{
    Action, Actor, Condition, ConditionKind, Connection, Desired, DesiredLink, Fact, FactSet, Finding, Iccid, Imsi,
    Instant, ModemName, Observed, PinChance, PinMark, Secret, Selection, SimIdentity, SimState, Status,
};
use crate::modem::Driver;
use crate::plan::{self, Plan, Previewed, Step};
use crate::power::Supply;
use crate::property::{self, Table};
use crate::provider::{self, Choice};

use self::advice::Advice;
pub(super) use self::advice::{Advisor, Roster};
use self::advising::Records;
use self::counsel::Counsel;
use self::lease::Leasing;
use self::lookup::Lookup;
use super::fleet::Secrets;

/// The host answers in milliseconds; an answer that is missing for this long does not come any more.
const HOST_ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// The host is not asked for the same fact more often than this while it does not answer.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// An effect that has lasted this long clears the record of the attempts it took.
const LASTED: Duration = Duration::from_secs(60);
/// What a session rests on. When one fails or ends, any of these may be why.
const UPSTREAM: FactSet = FactSet::of(&[
    Fact::Sim,
    Fact::SimIdentity,
    Fact::OperatingMode,
    Fact::RadioPreference,
    Fact::ServingSystem,
    Fact::DataFormat,
]);
/// Turns of the loop after one input: each begins an action that ends at once. More means a rule that undoes another.
const TURNS: usize = 16;

/// Keeps one modem as the file asks.
#[derive(Debug)]
pub struct Controller {
    name: ModemName,
    config: ModemConfig,
    generation: u64,
    retiring: bool,
    observed: Observed,
    desired: Desired,
    /// The choice without plugins, and the card it was made for.
    choice: Option<(SimIdentity, Choice)>,
    /// The same as plugins would have it.
    advised: Option<Choice>,
    advice: Advice,
    counsel: Counsel,
    records: Records,
    lookup: Lookup,
    leasing: Leasing,
    plan: Plan,
    conditions: Conditions,
    connectivity: Connectivity,
    reachability: Reachability,
    recovery: Recovery,
    telemetry: Telemetry,
    meter: Meter,
    properties: Table,
    /// Their full names, in the order of the catalogue.
    property_names: Box<[String]>,
    /// The values that were put last, in the same order.
    told_values: Vec<Option<property::Value>>,
    /// Something was learned since the properties were last taken.
    touched: bool,
    /// When the properties were last taken, and when they are to be taken again.
    taken_at: Option<Instant>,
    take_at: Option<Instant>,
    driver: Driver,
    supply: Supply,
    /// When to look whether a modem without power has left the bus.
    off_look: Option<Instant>,
    /// Nothing is written to the modem before.
    paused_until: Option<Instant>,
    /// Why the modem is to be left alone, if a file says so.
    inhibited: Option<String>,
    /// An error of our own, and until when it is told of.
    fallen: Option<(Finding, Instant)>,
    /// Whether the action in flight was told of: endless repetitions are not.
    told: bool,
    /// When the last network was lost, while there is none.
    out_of_service_at: Option<Instant>,
    /// Whether data could flow at the last turn.
    was_online: bool,
    /// What is kept over a restart of ours.
    memory: Memory,
    /// The revision of the memory that must be kept before the action in flight has ended.
    awaits_kept: Option<u64>,
    /// When to ask again for what could not be kept.
    keep_again_at: Option<Instant>,
    /// That this PIN is tried is written down: it may be, once.
    permit: Option<PinMark>,
    /// The PIN that was given to the card last and whose effect was not seen yet.
    entered: Option<PinMark>,
    /// The mark worked out last, and for what.
    known_mark: Option<(Iccid, Secret, PinMark)>,
    /// When the host must have answered the action in flight.
    host_deadline: Option<Instant>,
    host_looks: BTreeMap<Fact, Instant>,
    out: VecDeque<Output>,
}

impl Controller {
    pub(super) fn new(name: ModemName, config: ModemConfig, memory: &Memory, seed: u64, now: Instant) -> Self {
        let desired = Desired { link: DesiredLink::default(), ..desired(&config, Selection::Undecided) };
        let observed = Observed {
            seed,
            original_roaming: memory.original_roaming.clone(),
            original_autoconnect: memory.original_autoconnect,
            framing: framing::expected(memory),
            ..Observed::default()
        };
        let plan = plan::plan(&desired, &observed, now);
        Self {
            property_names: property::names(&name.0),
            name,
            config,
            generation: 0,
            retiring: false,
            observed,
            desired,
            choice: None,
            advised: None,
            advice: Advice::new(now),
            counsel: Counsel::new(now),
            records: Records::default(),
            lookup: Lookup::default(),
            leasing: Leasing::default(),
            plan,
            conditions: Conditions::new(now),
            connectivity: Connectivity::new(memory.internet, now),
            reachability: Reachability::default(),
            recovery: Recovery::new(seed, &memory.recovery, memory.kept_ago, now),
            telemetry: Telemetry::default(),
            meter: Meter::new(memory.traffic, now),
            properties: Table::default(),
            told_values: Vec::new(),
            touched: true,
            taken_at: None,
            take_at: Some(now),
            driver: Driver::new(&memory.clients),
            supply: recovering::no_supply(),
            off_look: None,
            paused_until: None,
            inhibited: None,
            fallen: None,
            told: true,
            out_of_service_at: None,
            was_online: false,
            memory: Memory { kept_ago: 0, ..memory.clone() },
            awaits_kept: None,
            keep_again_at: None,
            permit: None,
            entered: None,
            known_mark: None,
            host_deadline: None,
            host_looks: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    /// The modem's name in the file.
    #[must_use]
    pub fn name(&self) -> &ModemName {
        &self.name
    }

    /// Its conditions, in order of dependency.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        self.conditions.list()
    }

    /// One of its conditions.
    #[must_use]
    pub fn condition(&self, kind: ConditionKind) -> &Condition {
        self.conditions.of(kind)
    }

    /// What is known of it.
    #[must_use]
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// What it shall be like.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }

    /// The file's entry for it.
    #[must_use]
    pub fn config(&self) -> &ModemConfig {
        &self.config
    }

    /// Where its control port is.
    #[must_use]
    pub fn port(&self) -> PortSpec {
        port_spec(&self.name, &self.config)
    }

    /// What another entry for this modem would lead to, with the card that is in now.
    #[must_use]
    pub fn preview_of(&self, config: &ModemConfig, now: Instant) -> (Vec<Previewed>, Option<Finding>) {
        let sim = self.observed.sim_identity.as_ref().map(|seen| &seen.value);
        let answer = self.lookup.answer();
        let selection = match sim.map(|sim| provider::choose(&config.service_providers, sim, answer)) {
            None => Selection::Undecided,
            // A password is not needed to say what would be done.
            Some(choice) => super::selection::without_password(config, &choice),
        };
        let pin = self.desired.pin.clone();
        plan::preview(&Desired { pin, ..desired(config, selection) }, &self.observed, now)
    }

    /// The choice of the service provider and the card it was made for, once there is one.
    #[must_use]
    pub fn choice(&self) -> Option<(&SimIdentity, &Choice)> {
        self.choice.as_ref().map(|(sim, choice)| (sim, self.advised.as_ref().unwrap_or(choice)))
    }

    /// The last conclusion.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The actions from here to rest, if each one works, and what is waited for there.
    #[must_use]
    pub fn preview(&self, now: Instant) -> (Vec<Previewed>, Option<Finding>) {
        plan::preview(&self.desired, &self.observed, now)
    }

    /// What is known of it, as named values.
    #[must_use]
    pub fn properties(&self) -> &Table {
        &self.properties
    }

    /// How far packets get, why, and since when.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        self.connectivity.truth()
    }

    /// Whether it was given a configuration yet.
    pub(super) fn is_configured(&self) -> bool {
        self.generation > 0
    }

    /// What recovery thinks, if anything is wrong.
    #[must_use]
    pub fn outlook(&self, now: Instant) -> Option<Outlook> {
        self.recovery.outlook(&self.permits(), now)
    }

    /// Whether it is being let go.
    pub(super) fn is_retiring(&self) -> bool {
        self.retiring
    }

    /// Whether everything we set up is gone and the controller can be dropped.
    pub(super) fn is_gone(&self) -> bool {
        let nothing_left = self.plan.step == Step::Converged && self.observed.doing.is_none();
        self.retiring && nothing_left && self.supply.is_at_rest()
    }

    pub(super) fn configure(&mut self, config: ModemConfig, generation: u64, secrets: &Secrets, now: Instant) {
        let intent = self.config != config || self.retiring;
        self.set_supply(&config, now);
        if port_spec(&self.name, &config) != self.port() {
            // What is open is another device's, or may be.
            self.out.push_back(Output::ClosePort(self.name.clone()));
        }
        self.config = config;
        self.generation = generation;
        self.retiring = false;
        if intent {
            // A new intent is tried at once, however often the old one failed.
            self.observed.attempts.clear();
            self.observed.radio_writes.clear();
            self.observed.not_offered.clear();
            self.observed.profile_writes.clear();
            self.choice = None;
            self.records.clear();
            self.advice.forget_decision();
            self.doubt_card(now);
        }
        self.turn(secrets, now);
    }

    pub(super) fn retire(&mut self, secrets: &Secrets, now: Instant) {
        self.retiring = true;
        self.observed.attempts.clear();
        self.supply.release(now);
        self.take_power(now);
        self.turn(secrets, now);
    }

    pub(super) fn set_config_condition(&mut self, condition: &Condition) {
        self.conditions.set_config(condition);
    }

    /// The one path: learn, conclude, begin at most one action at a time, publish.
    fn turn(&mut self, secrets: &Secrets, now: Instant) {
        let mut turns = 0;
        loop {
            self.take_in(now);
            self.choose(secrets, now);
            self.settle_original();
            self.forget_originals();
            self.note_framing();
            self.judge_step(now);
            self.follow_framing();
            self.follow_path(now);
            self.follow_lease();
            self.follow_connection(now);
            self.observed.unsettled = self.driver.unsettled(now);
            self.plan = match self.retiring {
                false => plan::plan(&self.desired, &self.observed, now),
                true => plan::retire(&self.observed, now),
            };
            self.clear_attempts(now);
            self.call_off(now);
            self.judge_troubles(now);
            turns += 1;
            let begun = turns < TURNS && self.begin_next(now);
            if !begun {
                break;
            }
        }
        debug_assert!(turns < TURNS, "actions that end at once, one after another: {:?}", self.plan);
        self.look(now);
        self.take_in(now);
        self.follow_connection(now);
        self.publish(now);
        self.tell(now);
    }

    /// Chooses the service provider for the card that is in now.
    fn choose(&mut self, secrets: &Secrets, now: Instant) {
        let pin = self.pin_chance(secrets);
        let locked = self.observed.sim.as_ref().is_some_and(|seen| seen.value != SimState::Ready);
        let sim = self.observed.sim_identity.as_ref().map(|seen| &seen.value).filter(|_| !locked);
        let providers = &self.config.service_providers;
        let imsi = sim.and_then(|sim| sim.imsi.as_ref());
        let home = imsi.filter(|_| providers.iter().any(|entry| entry.named_apn().is_none()));
        if let Some(home) = self.lookup.want(home.map(Imsi::home_digits), now) {
            self.out.push_back(Output::LookUp(self.name.clone(), home));
        }
        let Some(sim) = sim else {
            self.desire(Desired { pin, ..desired(&self.config, Selection::Undecided) });
            self.advice.rest();
            return;
        };
        if self
            .choice
            .as_ref()
            .is_none_or(|(chosen_for, _)| chosen_for != sim && !planted(Defect::KeepChoiceOverSimSwap))
        {
            if self.choice.is_some() {
                // What was refused was refused to another card.
                self.observed.attempts.retain(|name, _| !name.starts_with("start-session"));
                self.records.clear();
            }
            self.choice = Some((sim.clone(), provider::choose(providers, sim, self.lookup.answer())));
        }
        let waits_for = self.advise(now);
        let Some((_, choice)) = self.choice() else { return };
        let selection = match waits_for {
            Some(plugin) => Selection::Asking { plugin },
            None => super::selection::complete(&self.config, choice, secrets),
        };
        self.desire(Desired { pin, ..desired(&self.config, selection) });
    }

    fn desire(&mut self, desired: Desired) {
        if self.desired != desired {
            self.desired = desired;
            self.touch();
        }
    }

    /// Clears the record of attempts whose effect is in sight: at once where nobody else is bothered by a repetition,
    /// otherwise once the effect has lasted.
    fn clear_attempts(&mut self, now: Instant) {
        for name in &self.plan.effective {
            let Some(attempts) = self.observed.attempts.get_mut(name) else { continue };
            let local = matches!(attempts.action.actor(), Actor::Port | Actor::Link)
                || matches!(attempts.action, Action::Synchronise);
            if local || now.since(attempts.last_at) >= LASTED {
                self.observed.attempts.remove(name);
            } else {
                attempts.took_effect = true;
            }
        }
    }

    /// The status of a condition, for those who only want to know that.
    #[must_use]
    pub fn status(&self, kind: ConditionKind) -> Status {
        self.condition(kind).status
    }
}

fn desired(config: &ModemConfig, selection: Selection) -> Desired {
    let link = DesiredLink {
        method: config.ip.method,
        mtu: config.ip.mtu.map(u32::from),
        route_metric: config.ip.route_metric,
        default_route: config.ip.default_route,
        routing: config.ip.routing.clone(),
        resolver: config.resolver.clone(),
        clamp_mss: config.ip.clamp_mss,
    };
    Desired {
        radio: config.radio.clone(),
        slot: config.slot,
        pin: PinChance::NotConfigured,
        selection,
        link,
        looks_at_internet: !config.reachability.targets.is_empty(),
    }
}

/// Where an entry's modem is controlled.
#[must_use]
pub fn port_spec(name: &ModemName, config: &ModemConfig) -> PortSpec {
    match &config.control {
        ControlPort::OfInterface if config.matching.is_empty() => PortSpec::Interface(name.0.clone()),
        ControlPort::OfInterface => {
            let Match { usb_id, sysfs_path, imei, model } = config.matching.clone();
            PortSpec::Hardware(Hardware { usb_id, sysfs_path, imei, model })
        }
        ControlPort::Device { path, proxy: true } => PortSpec::Proxy { device: path.clone() },
        ControlPort::Device { path, proxy: false } => PortSpec::Device(path.clone()),
        ControlPort::Socket { path } => PortSpec::Socket(path.clone()),
        ControlPort::Qrtr { node } => PortSpec::Qrtr(node.clone()),
    }
}
