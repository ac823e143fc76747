//! The rules that hold at every event, checked by looking at the modem and at what the core says, never into the core.

mod wire;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::expect;
use crate::config::{ModemConfig, ServiceProvider};
use crate::model::{Action, ConditionKind, Finding, Instant, IpFamily, Reach, Status};
use crate::qmi::wds;
use crate::reconcile::{Controller, EventKind, Output, PowerCommand};
use crate::sim::host::SimHost;
use crate::sim::modem::Witness;
use wire::{Claimed, Wire};

/// A broken rule: its number and what happened.
pub(super) type Broken = (&'static str, String);

/// Watches one modem.
#[derive(Debug)]
pub(super) struct Watch {
    wire: Wire,
    /// The core said that a session is up.
    said_connected: bool,
    roaming_since: Option<Instant>,
    abroad_with_session_since: Option<Instant>,
    /// The file before the present one, for requests that were under way when it changed.
    before_edit: Option<(ModemConfig, Instant)>,
    /// Cards that were usable: the one now and those before it.
    cards: VecDeque<(Instant, String, String)>,
    lies: [Option<Instant>; 6],
    /// The addresses that the network gave last.
    addresses: (Option<Ipv4Addr>, Option<Ipv6Addr>),
    dials: VecDeque<Instant>,
    /// Families whose session is up, and we did nothing since that could end it.
    undisturbed: BTreeSet<IpFamily>,
    /// Families whose session was ended by somebody else: the next attempt brings it back.
    lost: BTreeSet<IpFamily>,
    power_cycles: VecDeque<Instant>,
    /// Power cycles and enumerations anew, of a daemon that keeps its memory.
    power_steps: VecDeque<Instant>,
    /// The same, of all daemons.
    power_steps_ever: Vec<Instant>,
    off_since: Option<Instant>,
    leaked_since: Option<Instant>,
    wedged_since: Option<Instant>,
    stale_since: Option<Instant>,
    /// The daemon was restarted in a calm: it has to take over what is up.
    adopting: bool,
    /// What the modem did not tell until now.
    untold: Vec<ConditionKind>,
    /// An action is under way.
    acts: bool,
    /// Plugins have a say in which entry is used.
    plugins: bool,
    /// Wrong PINs by card, since the daemon's memory was last lost, and when the last one was tried.
    wrong_pins: BTreeMap<String, (u32, Instant)>,
}

/// How long the core may believe what was true: the longest age of the facts in question (`Fact::max_age`), and what
/// an answer may take on its way.
const SESSION_LIE: Duration = Duration::from_secs(120 + 40);
const APN_LIE: Duration = Duration::from_secs(720 + 60);
const LINK_LIE: Duration = Duration::from_secs(720 + 180);
/// Which of the lies is about a path that is silent.
const INTERNET_SILENT: usize = 5;
/// An idle path is asked about every five minutes, and three questions in a row have to fail.
const INTERNET_LIE: Duration = Duration::from_secs(300 + 120);
const ROAMING_LIE: Duration = Duration::from_secs(480 + 60);
const CARD_LIE: Duration = Duration::from_secs(1_020 + 180);
/// A request may be on its way this long after an edit.
const IN_FLIGHT: Duration = Duration::from_secs(30);
/// Attempts at a session in ten minutes, both families, whatever happens, but for those that bring back what came up and was
/// ended by somebody else: that is redialled at once, as often as it is.
const DIALS: usize = 40;
const DIALS_WITHIN: Duration = Duration::from_secs(600);
/// Power cycles in an hour, over restarts of a daemon that keeps its memory.
const POWER_CYCLES: usize = 3;
const POWER_WITHIN: Duration = Duration::from_secs(3600);
const MIN_OFF: Duration = Duration::from_secs(5);
/// Power-level steps of one daemon: apart, so that the modem can boot and register in between, and in a day.
const POWER_APART: Duration = Duration::from_secs(600);
const POWER_STEPS: usize = 6;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A grant is remembered when it arrives: it may be on its way for so long.
const LEAK: Duration = Duration::from_secs(60);
/// The rungs up to a power cycle take 12 minutes; three in an hour are allowed, so another spell may have to wait.
const WEDGED: Duration = Duration::from_secs(90 * 60);
/// What wedges again and again is cycled ever more rarely: after six hours, spread by a fifth, at the latest.
const WEDGED_AGAIN: Duration = Duration::from_secs(8 * 3600);
/// An action under way, such as a dial, comes first; it may take two minutes.
const STALE: Duration = Duration::from_secs(180);
/// A wrong PIN must leave two tries.
const LEAST_PIN_TRIES: u8 = 3;

impl Watch {
    pub(super) fn new(plugins: bool) -> Self {
        Self {
            plugins,
            wire: Wire::default(),
            said_connected: false,
            roaming_since: None,
            abroad_with_session_since: None,
            before_edit: None,
            cards: VecDeque::new(),
            lies: [None; 6],
            addresses: (None, None),
            dials: VecDeque::new(),
            undisturbed: BTreeSet::new(),
            lost: BTreeSet::new(),
            power_cycles: VecDeque::new(),
            power_steps: VecDeque::new(),
            power_steps_ever: Vec::new(),
            off_since: None,
            leaked_since: None,
            wedged_since: None,
            stale_since: None,
            adopting: false,
            untold: Vec::new(),
            acts: false,
            wrong_pins: BTreeMap::new(),
        }
    }

    /// The file changes from this one to another.
    pub(super) fn edited(&mut self, before: &ModemConfig, now: Instant) {
        self.before_edit = Some((before.clone(), now));
        self.wire.other_network();
    }

    /// The daemon was restarted, with its memory or without, and the disk had taken the last of it or not: it has been
    /// told nothing.
    pub(super) fn restarted(&mut self, remembers: bool, host: &SimHost) {
        let kept = host.has_kept();
        self.wire.restarted();
        if remembers && !kept {
            // It knows some of its client ids, and begins with those; the others it cannot know.
            let (in_use, known) = (host.board().modem().clients_in_use(), host.memory().clients.len());
            self.wire.unkept_clients(in_use.saturating_sub(known));
        }
        self.said_connected = false;
        if !(remembers && kept) {
            self.power_steps.clear();
            self.power_cycles.clear();
        }
        // What was not kept was not tried.
        if !remembers {
            self.wrong_pins.clear();
        }
    }

    /// From here on the sessions that are up have to stay.
    pub(super) fn adoption_begins(&mut self) {
        self.adopting = true;
    }

    /// Sessions may come and go again.
    pub(super) fn adoption_ends(&mut self) {
        self.adopting = false;
    }

    /// Bytes that the core is given.
    pub(super) fn delivered(&mut self, bytes: &[u8], now: Instant) {
        self.wire.delivered(bytes, now);
    }

    /// What the core asks for.
    pub(super) fn output(
        &mut self,
        output: &Output,
        config: &ModemConfig,
        host: &SimHost,
        now: Instant,
    ) -> Option<Broken> {
        match output {
            Output::Send(_, bytes) => {
                if self.wire.sent(bytes, now) != Some(wds::start_network::KEY) {
                    return None;
                }
                if self.wire.card_gone {
                    return Some(("I4", "dials although the card it knows was taken out".to_owned()));
                }
                let modem = host.board().modem();
                // Of a card that was exchanged moments ago without a word the core cannot know.
                let forbidden = modem.usable_card().is_some()
                    && !may_roam(config, host, self.plugins)
                    && self.entries(config, now).all(|entry| entry.roaming_allowed == Some(false));
                (forbidden && self.wire.roaming && modem.is_roaming())
                    .then(|| ("I3", "starts a session although the modem said that it is roaming".to_owned()))
            }
            Output::OpenPort(_, _) | Output::ClosePort(_) => {
                self.wire.cut();
                None
            }
            Output::Event(event) => self.event(&event.what),
            // The bus cannot enumerate anew what is not on it: the host refuses, and nothing was done.
            Output::Power(_, PowerCommand::Reauthorise) if host.board().modem().node().is_none() => None,
            Output::Power(_, PowerCommand::Reauthorise) => self.power_step(now),
            Output::Power(_, PowerCommand::On) => {
                let off = self.off_since.take()?;
                (now.since(off) < MIN_OFF).then(|| ("I6", format!("power was off for {:?} only", now.since(off))))
            }
            Output::Power(_, PowerCommand::Off) => {
                self.off_since = Some(now);
                over(&mut self.power_cycles, now, POWER_WITHIN, POWER_CYCLES)
                    .map(|times| ("I6", format!("{times} power cycles within an hour")))
                    .or_else(|| self.power_step(now))
            }
            _ => None,
        }
    }

    /// What the core says it does.
    fn event(&mut self, event: &EventKind) -> Option<Broken> {
        match event {
            EventKind::Recovery { diagnosis, step, outcome: None, .. } => {
                let power_level = matches!(step, Action::CyclePower | Action::Reauthorise);
                let never = matches!(
                    diagnosis,
                    ConditionKind::ConfigValid
                        | ConditionKind::SimReady
                        | ConditionKind::ProviderSelected
                        | ConditionKind::Registered
                );
                // A modem that does not even say how it is with these hangs.
                let told = !self.untold.contains(diagnosis);
                (power_level && never && told).then(|| ("I6", format!("{step}, although it cannot help {diagnosis}")))
            }
            EventKind::ActionEnded { action, outcome } => self.wire.ends(action, outcome),
            _ => None,
        }
    }

    /// Power-level steps of one daemon: apart, and few in a day.
    fn power_step(&mut self, now: Instant) -> Option<Broken> {
        let apart = self.power_steps.back().map(|last| now.since(*last)).filter(|apart| *apart < POWER_APART);
        let times = over(&mut self.power_steps, now, DAY, POWER_STEPS);
        self.power_steps_ever.push(now);
        apart
            .map(|apart| ("I6", format!("two power-level steps within {apart:?}")))
            .or_else(|| times.map(|times| ("I6", format!("{times} power-level steps within a day"))))
    }

    /// What the inspector beside the modem saw.
    pub(super) fn witness(&mut self, what: &Witness, config: &ModemConfig, now: Instant) -> Option<Broken> {
        if self.adopting && matches!(what, Witness::SessionDown { .. }) {
            return Some(("I7", format!("a restart of the daemon cost the session: {what:?}")));
        }
        if let Witness::PinTried { iccid, right: false, tries_before } = what {
            return self.wrong_pin(iccid, *tries_before, now);
        }
        match what {
            Witness::SessionUp { family, .. } => _ = self.undisturbed.insert(*family),
            Witness::SessionDown { family } if self.undisturbed.remove(family) => _ = self.lost.insert(*family),
            Witness::Wrote { service, message } if (*service, *message) != wds::start_network::KEY => {
                self.undisturbed.clear();
            }
            _ => {}
        }
        let Witness::Dialled { family, apn, roaming } = what else { return None };
        if !self.lost.remove(family)
            && let Some(times) = over(&mut self.dials, now, DIALS_WITHIN, DIALS)
        {
            return Some(("I6", format!("{times} attempts at a session within ten minutes")));
        }
        let old = self.before_edit.as_ref().filter(|(_, at)| now.since(*at) < IN_FLIGHT).map(|(config, _)| config);
        let configs = [Some(config), old].into_iter().flatten();
        let entries: Vec<_> = configs.flat_map(|config| self.entries(config, now)).collect();
        if !entries.iter().any(|entry| expect::apn(entry) == *apn) {
            return Some(("I4", format!("dials \"{apn}\", which no entry for this card asks for")));
        }
        let abroad = roaming.then_some(self.roaming_since).flatten().map_or(Duration::ZERO, |since| now.since(since));
        let forbidden = entries.iter().all(|entry| entry.roaming_allowed == Some(false));
        (forbidden && abroad > ROAMING_LIE).then(|| ("I3", format!("dials after {abroad:?} abroad")))
    }

    /// The entries for the card that is in, and for those before it that the core may still believe in.
    fn entries<'c>(&self, config: &'c ModemConfig, now: Instant) -> impl Iterator<Item = &'c ServiceProvider> {
        let recent =
            self.cards.iter().enumerate().filter(move |(age, (until, ..))| *age == 0 || now.since(*until) < CARD_LIE);
        recent.flat_map(|(_, (_, iccid, imsi))| expect::providers(config, iccid, imsi, self.plugins))
    }

    /// A card was given a wrong PIN: once each at most, and never unless two tries are left after it.
    fn wrong_pin(&mut self, iccid: &str, tries_before: u8, now: Instant) -> Option<Broken> {
        let (times, last) = self.wrong_pins.entry(iccid.to_owned()).or_default();
        (*times, *last) = (*times + 1, now);
        if tries_before < LEAST_PIN_TRIES {
            return Some(("I5", format!("tries a PIN with {tries_before} tries left")));
        }
        (*times > 1).then(|| ("I5", format!("gives a card a wrong PIN for the {times}. time")))
    }

    /// How things are now, and what the core says of them.
    pub(super) fn look(
        &mut self,
        controller: &Controller,
        config: &ModemConfig,
        host: &SimHost,
        now: Instant,
    ) -> Option<Broken> {
        let modem = host.board().modem();
        let acts = controller.observed().doing.is_some();
        if std::mem::replace(&mut self.acts, acts) && !acts {
            self.wire.rests();
        }
        self.untold.clear();
        let unknown = controller.conditions().iter().filter(|condition| condition.status == Status::Unknown);
        self.untold.extend(unknown.map(|condition| condition.kind));
        self.look_at_card(host, now);
        let abroad = modem.is_roaming();
        let roaming_since = *since(&mut self.roaming_since, abroad, now);
        let connected = modem.is_connected();
        // A modem that hears nothing cannot be told to end it.
        let stays = abroad
            && connected
            && roaming_since.is_some()
            && !may_roam(config, host, self.plugins)
            && !modem.is_silent(now);
        if let Some(from) = since(&mut self.abroad_with_session_since, stays, now)
            && now.since(*from) > ROAMING_LIE
        {
            return Some(("I3", format!("a session stays up for {:?} abroad", now.since(*from))));
        }
        self.clients(controller, host, now)
            .or_else(|| self.wedged(host, now))
            .or_else(|| self.stale_addresses(controller, host, connected, now))
            .or_else(|| self.truthful(controller, host, connected, now))
    }

    /// Client ids that nobody remembers are lost until the modem restarts, and there are few.
    fn clients(&mut self, controller: &Controller, host: &SimHost, now: Instant) -> Option<Broken> {
        let modem = host.board().modem();
        let in_use = modem.clients_in_use();
        if in_use == 0 && modem.is_idle() {
            self.wire.no_clients();
        }
        let known = host.memory().clients.len() + self.wire.excused_clients();
        // A daemon that lost its memory begins with releasing them all, once the modem answers; and nothing can be kept on
        // a full disk.
        let ready = controller.status(ConditionKind::ControlReady) == Status::True && host.has_kept();
        let leaked = since(&mut self.leaked_since, ready && in_use > known, now);
        leaked
            .filter(|from| now.since(*from) > LEAK)
            .map(|_| ("I10", format!("{in_use} client ids in use, {known} known of")))
    }

    /// A firmware that only a power cycle cures gets one, unless the day's budget is used up.
    fn wedged(&mut self, host: &SimHost, now: Instant) -> Option<Broken> {
        let today = self.power_steps_ever.iter().filter(|at| now.since(**at) < DAY).count();
        let wedged = host.board().modem().is_wedged(now) && today < POWER_STEPS;
        let from = (*since(&mut self.wedged_since, wedged, now))?;
        let patience = if today == 0 { WEDGED } else { WEDGED_AGAIN };
        (now.since(from) > patience).then(|| ("I2", format!("a wedged modem is left alone for {:?}", now.since(from))))
    }

    /// Addresses of a session that the core knows to be over lead programs nowhere.
    fn stale_addresses(
        &mut self,
        controller: &Controller,
        host: &SimHost,
        connected: bool,
        now: Instant,
    ) -> Option<Broken> {
        let knows = controller.status(ConditionKind::ControlReady) == Status::True
            && controller.status(ConditionKind::DataConnected) != Status::True;
        let stale = !connected && !host.link().is_bare() && knows;
        let from = (*since(&mut self.stale_since, stale, now))?;
        (now.since(from) > STALE).then(|| ("I8", format!("addresses of no session stay for {:?}", now.since(from))))
    }

    fn truthful(&mut self, controller: &Controller, host: &SimHost, connected: bool, now: Instant) -> Option<Broken> {
        let data = controller.condition(ConditionKind::DataConnected);
        let says_connected = data.status == Status::True;
        let newly = says_connected && !std::mem::replace(&mut self.said_connected, says_connected);
        let control_ready = controller.status(ConditionKind::ControlReady) == Status::True;
        let apn = match &data.finding {
            Finding::Connected { apn } if !apn.is_empty() => Some(apn.as_str()),
            _ => None,
        };
        let radio = controller.status(ConditionKind::RadioConfigured) == Status::True;
        let claimed = Claimed { connected: says_connected, newly, control_ready, radio, apn };
        if let Some(broken) = self.wire.claims(&claimed, now) {
            return Some(broken);
        }
        let apn_wrong = says_connected
            && connected
            && matches!(&data.finding, Finding::Connected { apn } if !apn.is_empty() && !host.board().modem().is_connected_with(apn));
        let says_configured = controller.status(ConditionKind::LinkConfigured) == Status::True;
        let link = &host.link().ip;
        // Each family by itself: each is a fact of its own, and may be wrong where the other is not.
        let (v4, v6) = host.board().modem().addresses();
        if std::mem::replace(&mut self.addresses, (v4, v6)) != (v4, v6) {
            // Another way out: what was silent on the one before says nothing about it.
            self.lies[INTERNET_SILENT] = None;
        }
        let v4_wrong = says_configured && connected && link.ipv4.map(|s| s.address) != v4;
        let v6_wrong = says_configured && connected && link.ipv6.map(|s| s.address) != v6;
        let says_internet = controller.connection().reach == Reach::Internet;
        let claims = [
            (says_connected && !connected, SESSION_LIE, "DataConnected=True without a session"),
            (apn_wrong, APN_LIE, "DataConnected=True with another access point"),
            (v4_wrong, LINK_LIE, "LinkConfigured=True with another IPv4 address than the network gave"),
            (v6_wrong, LINK_LIE, "LinkConfigured=True with another IPv6 address than the network gave"),
            (says_internet && !connected, SESSION_LIE, "connection=internet without a session"),
            (says_internet && !host.passes(), INTERNET_LIE, "connection=internet where no data passes"),
        ];
        for (lie, (is_lie, allowed, what)) in self.lies.iter_mut().zip(claims) {
            if let Some(from) = since(lie, is_lie, now)
                && now.since(*from) > allowed
            {
                return Some(("I8", format!("{what} for {:?}", now.since(*from))));
            }
        }
        None
    }

    fn look_at_card(&mut self, host: &SimHost, now: Instant) {
        let modem = host.board().modem();
        let Some(iccid) = modem.usable_card() else { return };
        // Its PIN was turned off while a try had no answer yet: that looks as if it had been right.
        self.wrong_pins.retain(|card, (_, last)| card != iccid || now.since(*last) > IN_FLIGHT);
        if self.cards.front().is_some_and(|(_, known, _)| known == iccid) {
            if let Some((last_seen, ..)) = self.cards.front_mut() {
                *last_seen = now;
            }
            return;
        }
        self.wire.other_network();
        let imsi = modem.truth().imsi.unwrap_or_default();
        self.cards.push_front((now, iccid.to_owned(), imsi));
        self.cards.truncate(4);
    }
}

/// Whether an entry for the present card allows data abroad.
fn may_roam(config: &ModemConfig, host: &SimHost, plugins: bool) -> bool {
    let Some(Some(card)) = host.board().modem().profile().slots.first() else { return true };
    let entries = expect::providers(config, &card.iccid, &card.imsi, plugins);
    entries.is_empty() || entries.iter().any(|entry| entry.roaming_allowed != Some(false))
}

/// Keeps the time since which something holds.
fn since(slot: &mut Option<Instant>, holds: bool, now: Instant) -> &Option<Instant> {
    if holds {
        slot.get_or_insert(now);
    } else {
        *slot = None;
    }
    slot
}

/// Notes an event; how many there were lately, if that is more than allowed.
fn over(events: &mut VecDeque<Instant>, now: Instant, within: Duration, most: usize) -> Option<usize> {
    events.push_back(now);
    while events.front().is_some_and(|first| now.since(*first) >= within) {
        events.pop_front();
    }
    (events.len() > most).then_some(events.len())
}
