//! The rules that hold at every event, checked by looking at the modem and at what the core says, never into the core.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::expect;
use crate::config::ModemConfig;
use crate::model::{ConditionKind, Finding, Instant, Status};
use crate::qmi::nas::{self, RegistrationState, RoamingIndicator};
use crate::qmi::{Frame, Indication, Kind, Piece, Request as _, Response, Splitter, ctl, dms, uim, wds};
use crate::reconcile::{Controller, Output, PowerCommand};
use crate::sim::host::SimHost;
use crate::sim::modem::Witness;

/// A broken rule: its number and what happened.
pub(super) type Broken = (&'static str, String);

/// Watches one modem.
#[derive(Debug)]
pub(super) struct Watch {
    /// What the core was told last: registered abroad or not, card gone and no other read yet.
    told: Splitter,
    told_roaming: bool,
    told_card_gone: bool,
    roaming_since: Option<Instant>,
    abroad_with_session_since: Option<Instant>,
    /// The file before the present one, for requests that were under way when it changed.
    before_edit: Option<(ModemConfig, Instant)>,
    /// Cards that were usable: the one now and those before it.
    cards: VecDeque<(Instant, String, String)>,
    lies: [Option<Instant>; 3],
    dials: VecDeque<Instant>,
    power_cycles: VecDeque<Instant>,
    off_since: Option<Instant>,
    /// Wrong PINs by card, since the daemon's memory was last lost.
    wrong_pins: BTreeMap<String, u32>,
}

/// How long the core may believe what was true: the longest age of the facts in question (`Fact::max_age`), and what
/// an answer may take on its way.
const SESSION_LIE: Duration = Duration::from_secs(120 + 40);
const APN_LIE: Duration = Duration::from_secs(1_020 + 60);
const LINK_LIE: Duration = Duration::from_secs(1_020 + 180);
const ROAMING_LIE: Duration = Duration::from_secs(360 + 60);
const CARD_LIE: Duration = Duration::from_secs(1_020 + 180);
/// A request may be on its way this long after an edit.
const IN_FLIGHT: Duration = Duration::from_secs(30);
/// Attempts at a session in ten minutes, both families, whatever happens: a dropped session is redialled at once, so
/// the worst of the simulated networks is allowed for.
const DIALS: usize = 60;
const DIALS_WITHIN: Duration = Duration::from_secs(600);
/// Power cycles in an hour, over restarts of the daemon too.
const POWER_CYCLES: usize = 3;
const POWER_WITHIN: Duration = Duration::from_secs(3600);
const MIN_OFF: Duration = Duration::from_secs(5);
/// A wrong PIN must leave two tries.
const LEAST_PIN_TRIES: u8 = 3;
/// Client ids of one daemon: six roles, and what a crash may leave until the next synchronisation.
const CLIENTS: usize = 12;

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            told: Splitter::default(),
            told_roaming: false,
            told_card_gone: false,
            roaming_since: None,
            abroad_with_session_since: None,
            before_edit: None,
            cards: VecDeque::new(),
            lies: [None; 3],
            dials: VecDeque::new(),
            power_cycles: VecDeque::new(),
            off_since: None,
            wrong_pins: BTreeMap::new(),
        }
    }

    /// The file changes from this one to another.
    pub(super) fn edited(&mut self, before: &ModemConfig, now: Instant) {
        self.before_edit = Some((before.clone(), now));
    }

    /// The daemon was restarted: it has been told nothing. `remembers`: what it asked to be kept was kept.
    pub(super) fn restarted(&mut self, remembers: bool) {
        if !remembers {
            self.wrong_pins.clear();
        }
        self.told = Splitter::default();
        self.told_roaming = false;
        self.told_card_gone = false;
    }

    /// Bytes that the core is given.
    pub(super) fn delivered(&mut self, bytes: &[u8]) {
        for piece in self.told.push(bytes) {
            if let Piece::Frame(frame) = piece {
                self.told(&frame);
            }
        }
    }

    fn told(&mut self, frame: &Frame) {
        match (frame.kind, frame.key()) {
            (Kind::Response, nas::get_serving_system::KEY) => {
                let Ok(Ok(response)) = nas::get_serving_system::Response::decode(frame) else { return };
                let Some(short) = response.serving_system else { return };
                let registered = short.registration == RegistrationState::Registered;
                self.told_roaming = registered && response.roaming == Some(RoamingIndicator::Roaming);
            }
            (Kind::Indication, uim::card_status::KEY) => {
                let Ok(indication) = uim::card_status::Indication::decode(frame) else { return };
                let ready = |status: uim::CardStatus| {
                    let application = status.application(status.gw_primary).map(|(_, application)| application.state);
                    application == Some(uim::ApplicationState::Ready)
                };
                self.told_card_gone |= !indication.status.is_some_and(ready);
            }
            (Kind::Response, uim::read_transparent::KEY) => {
                let read = uim::read_transparent::Response::decode(frame);
                self.told_card_gone &= !matches!(read, Ok(Ok(_)));
            }
            (Kind::Response, dms::uim_get_iccid::KEY) => {
                let read = dms::uim_get_iccid::Response::decode(frame);
                self.told_card_gone &= !matches!(read, Ok(Ok(_)));
            }
            (Kind::Indication, ctl::synced::KEY) => self.told_card_gone = false,
            _ => {}
        }
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
            Output::Send(_, bytes) if is_pin(bytes).is_some() => {
                let pin = is_pin(bytes)?;
                self.pin_sent(&pin, host)
            }
            Output::Send(_, bytes) if is_start(bytes) => {
                if self.told_card_gone {
                    return Some(("I4", "dials although the card it knows was taken out".to_owned()));
                }
                let modem = host.board().modem();
                let forbidden = modem.usable_card().is_some() && !may_roam(config, host);
                (forbidden && self.told_roaming && modem.is_roaming())
                    .then(|| ("I3", "starts a session although the modem said that it is roaming".to_owned()))
            }
            Output::Power(_, PowerCommand::On) => {
                let off = self.off_since.take()?;
                (now.since(off) < MIN_OFF).then(|| ("I6", format!("power was off for {:?} only", now.since(off))))
            }
            Output::Power(_, PowerCommand::Off) => {
                self.off_since = Some(now);
                over(&mut self.power_cycles, now, POWER_WITHIN, POWER_CYCLES)
                    .map(|times| ("I6", format!("{times} power cycles within an hour")))
            }
            _ => None,
        }
    }

    /// What the inspector beside the modem saw.
    pub(super) fn witness(&mut self, what: &Witness, config: &ModemConfig, now: Instant) -> Option<Broken> {
        let Witness::Dialled { apn, roaming, .. } = what else { return None };
        if let Some(times) = over(&mut self.dials, now, DIALS_WITHIN, DIALS) {
            return Some(("I6", format!("{times} attempts at a session within ten minutes")));
        }
        let old = self.before_edit.as_ref().filter(|(_, at)| now.since(*at) < IN_FLIGHT).map(|(config, _)| config);
        let configs = [Some(config), old];
        let recent =
            self.cards.iter().enumerate().filter(|(age, (until, ..))| *age == 0 || now.since(*until) < CARD_LIE);
        let entries: Vec<_> = recent
            .flat_map(|(_, (_, iccid, imsi))| {
                configs.into_iter().flatten().filter_map(|config| expect::provider(config, iccid, imsi))
            })
            .collect();
        if !entries.iter().any(|entry| entry.apn.0 == *apn) {
            return Some(("I4", format!("dials \"{apn}\", which no entry for this card asks for")));
        }
        let abroad = roaming.then_some(self.roaming_since).flatten().map_or(Duration::ZERO, |since| now.since(since));
        let forbidden = entries.iter().all(|entry| entry.roaming_allowed == Some(false));
        (forbidden && abroad > ROAMING_LIE).then(|| ("I3", format!("dials after {abroad:?} abroad")))
    }

    /// A PIN is on its way to the card: a wrong one once for each card at most, and none unless two tries are left after it.
    /// What is judged is what the core sends: a port that doubles a request is not its doing.
    fn pin_sent(&mut self, pin: &str, host: &SimHost) -> Option<Broken> {
        let Some(Some(card)) = host.board().modem().profile().slots.first() else { return None };
        if card.pin.tries < LEAST_PIN_TRIES {
            return Some(("I5", format!("tries a PIN with {} tries left", card.pin.tries)));
        }
        if card.pin.code == pin {
            return None;
        }
        let times = self.wrong_pins.entry(card.iccid.clone()).or_default();
        *times += 1;
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
        self.look_at_card(host, now);
        let abroad = modem.is_roaming();
        let roaming_since = *since(&mut self.roaming_since, abroad, now);
        let connected = modem.is_connected();
        let stays = abroad && connected && roaming_since.is_some() && !may_roam(config, host);
        if let Some(from) = since(&mut self.abroad_with_session_since, stays, now)
            && now.since(*from) > ROAMING_LIE
        {
            return Some(("I3", format!("a session stays up for {:?} abroad", now.since(*from))));
        }
        if modem.clients_in_use() > CLIENTS {
            return Some(("I10", format!("{} client ids in use", modem.clients_in_use())));
        }
        self.truthful(controller, host, connected, now)
    }

    fn truthful(&mut self, controller: &Controller, host: &SimHost, connected: bool, now: Instant) -> Option<Broken> {
        let data = controller.condition(ConditionKind::DataConnected);
        let says_connected = data.status == Status::True;
        let apn_wrong = says_connected
            && connected
            && matches!(&data.finding, Finding::Connected { apn } if !apn.is_empty() && !host.board().modem().is_connected_with(apn));
        let says_configured = controller.status(ConditionKind::LinkConfigured) == Status::True;
        let link = &host.link().ip;
        let addresses = (link.ipv4.map(|s| s.address), link.ipv6.map(|s| s.address));
        let link_wrong = says_configured && connected && addresses != host.board().modem().addresses();
        let claims = [
            (says_connected && !connected, SESSION_LIE, "DataConnected=True without a session"),
            (apn_wrong, APN_LIE, "DataConnected=True with another access point"),
            (link_wrong, LINK_LIE, "LinkConfigured=True with other addresses than the network gave"),
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
        if self.cards.front().is_some_and(|(_, known, _)| known == iccid) {
            if let Some((last_seen, ..)) = self.cards.front_mut() {
                *last_seen = now;
            }
            return;
        }
        let imsi = modem.truth().imsi.unwrap_or_default();
        self.cards.push_front((now, iccid.to_owned(), imsi));
        self.cards.truncate(4);
    }
}

/// Whether the entry for the present card allows data abroad.
fn may_roam(config: &ModemConfig, host: &SimHost) -> bool {
    let Some(Some(card)) = host.board().modem().profile().slots.first() else { return true };
    let entry = expect::provider(config, &card.iccid, &card.imsi);
    entry.is_none_or(|entry| entry.roaming_allowed != Some(false))
}

/// The PIN in a request that gives one to the card.
fn is_pin(bytes: &[u8]) -> Option<String> {
    // Looks at the address first: most frames are others.
    if !matches!(bytes.get(4), Some(2 | 11)) {
        return None;
    }
    let frame = Frame::parse(bytes).ok()?;
    match frame.key() {
        uim::verify_pin::KEY => Some(uim::verify_pin::Request::decode(&frame).ok()?.pin?.pin.reveal().to_owned()),
        dms::uim_verify_pin::KEY => {
            Some(dms::uim_verify_pin::Request::decode(&frame).ok()?.pin?.pin.reveal().to_owned())
        }
        _ => None,
    }
}

fn is_start(bytes: &[u8]) -> bool {
    // Looks at the address first: most frames are others.
    bytes.get(4) == Some(&1) && Frame::parse(bytes).is_ok_and(|frame| frame.key() == wds::start_network::KEY)
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
