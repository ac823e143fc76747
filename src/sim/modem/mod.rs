//! A simulated modem: speaks QMI as real ones do, with their delays, limits and faults.
//!
//! ```text
//! handle_frame ─► waiting ─(latency)─► one file per service ─► response ─► poll_output
//! disturb, power ─► life, card, radio, calls ─(steps in time)─► indications ─► poll_output
//! ```
//! The contract of a state machine: getters; inputs `handle_frame`, `handle_timeout`, `power`, `disturb`, each with
//! `now`, which never goes back; `poll_output` until `None` after every input; `poll_timeout` says when to call
//! `handle_timeout` and why. All chance comes from the seed.
#![expect(clippy::result_large_err, reason = "a refusal carries the same values as a response")]

mod answer;
mod calls;
mod card;
mod clients;
mod ctl;
mod disturb;
mod dms;
mod files;
mod life;
mod nas;
mod profiles;
mod radio;
mod serving;
mod telemetry;
mod uim;
mod wds;
mod witness;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use super::personality::{Indications, Personality};
use super::profile::{Card, Network, Profile};
use super::random::Random;
use super::schedule::Schedule;
use crate::model::Instant;
use crate::qmi::{BROADCAST, Frame, Indication, Kind, Service};
use calls::Calls;
use card::CardSlot;
use clients::{Client, Clients};
use life::Life;
use radio::{Memory as RadioMemory, Radio};

pub use life::Power;
pub use witness::{Truth, Witness};

/// What a simulated modem does to its surroundings.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// A frame for the host.
    Send(Frame),
    /// The device is gone from the bus.
    Vanished,
    /// The device is on the bus, with this node.
    Appeared {
        /// Name of the node, for example `cdc-wdm0`.
        node: String,
    },
    /// The data path carries packets now, or does so no more.
    Carrier(bool),
}

/// A simulated modem.
#[derive(Debug)]
pub struct SimModem {
    personality: Personality,
    profile: Profile,
    life: Life,
    /// What survives a restart of the modem.
    memory: Memory,
    clients: Clients,
    card: CardSlot,
    radio: Radio,
    calls: Calls,
    ethernet: bool,
    /// Requests that are not answered yet, by the order of their arrival.
    waiting: BTreeMap<u64, Frame>,
    arrivals: u64,
    /// When the queue of each client, or of each service where the modem serialises, is through.
    busy: BTreeMap<(Service, u8), Instant>,
    errors: Vec<disturb::PlannedError>,
    whims: Whims,
    /// The card that somebody took out and may put back.
    taken: Option<Card>,
    schedule: Schedule<Due>,
    outputs: VecDeque<Output>,
    witnessed: VecDeque<(Instant, Witness)>,
    chance: Chance,
}

/// Misbehaviour that is due.
#[derive(Debug, Default)]
struct Whims {
    /// How long the next session takes.
    slow_dial: Option<std::time::Duration>,
    /// How often a profile is not written, with which error, and whether beside success.
    refuse_profile: (u32, u16, bool),
    /// Indications that get lost.
    lost_indications: u32,
}

/// What is kept in flash.
#[derive(Debug)]
struct Memory {
    radio: RadioMemory,
    profiles: profiles::Profiles,
    autoconnect: bool,
    persistent_low_power: bool,
}

/// One stream for each kind of chance.
#[derive(Debug)]
struct Chance {
    latency: Random,
    delivery: Random,
    radio: Random,
    address: Random,
    life: Random,
}

/// What shall happen by itself.
#[derive(Debug)]
enum Due {
    /// A waiting request is answered.
    Answer(u64),
    /// A frame goes out late or for the second time.
    Send(Frame),
    Life(life::Step),
    Card(card::Step),
    Radio(radio::Step),
    /// A changed list of attach profiles is in force.
    AttachList(u8),
    /// The counters of a client's session are reported.
    Statistics(u8),
}

impl Due {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Answer(_) => "an answer",
            Self::Send(_) => "a late frame",
            Self::Life(_) => "the device's life",
            Self::Card(_) => "the card",
            Self::Radio(_) => "the radio",
            Self::AttachList(_) => "the attach list",
            Self::Statistics(_) => "a report of counters",
        }
    }
}

/// Requests beyond this are lost: real firmware has a small queue, and ours must not grow without bound.
const MAX_WAITING: usize = 64;

impl SimModem {
    /// A modem that was plugged in at `now`.
    #[must_use]
    pub fn new(personality: Personality, profile: Profile, seed: u64, now: Instant) -> Self {
        let chance = |purpose| Random::stream(seed, purpose, 0);
        let mut modem = Self {
            life: Life::default(),
            memory: Memory {
                radio: RadioMemory::of(&personality),
                profiles: profiles::Profiles::default(),
                autoconnect: false,
                persistent_low_power: false,
            },
            clients: Clients::new(personality.clients_per_service, personality.uim),
            card: CardSlot::default(),
            radio: Radio::default(),
            calls: Calls::default(),
            ethernet: false,
            waiting: BTreeMap::new(),
            arrivals: 0,
            busy: BTreeMap::new(),
            errors: Vec::new(),
            whims: Whims::default(),
            taken: None,
            schedule: Schedule::default(),
            outputs: VecDeque::new(),
            witnessed: VecDeque::new(),
            chance: Chance {
                latency: chance("latency"),
                delivery: chance("delivery"),
                radio: chance("radio"),
                address: chance("address"),
                life: chance("life"),
            },
            personality,
            profile,
        };
        modem.start(now);
        modem
    }

    /// Its character.
    #[must_use]
    pub fn personality(&self) -> &Personality {
        &self.personality
    }

    /// Who it is, its cards and the network around it, as they are now.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// A request from the host. Anything that is not a request is ignored.
    pub fn handle_frame(&mut self, frame: &Frame, now: Instant) {
        if !self.life.answers() || frame.kind != Kind::Request || self.waiting.len() >= MAX_WAITING {
            return;
        }
        self.witness_arrival(frame, now);
        if let Some(until) = self.life.hung_until(now) {
            // A hung firmware loses part of what it is sent and answers the rest in a burst; a dead one loses all.
            if self.life.is_lost(now) || self.chance.delivery.chance(500) {
                return;
            }
            self.wait(frame.clone(), until);
            return;
        }
        let pace = answer::pace(frame.key());
        let mut at = now + self.chance.latency.within(pace.span(&self.personality));
        if pace == answer::Pace::Dial {
            at = at.max(now + self.whims.slow_dial.take().unwrap_or_default());
        }
        let at = match self.queue_of(frame, pace) {
            None => at,
            Some(queue) => {
                let free = self.busy.get(&queue).copied().unwrap_or(Instant::ZERO);
                let at = at.max(free + now.until(at));
                self.busy.insert(queue, at);
                at
            }
        };
        self.wait(frame.clone(), at);
    }

    /// Lets happen what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, due)) = self.schedule.pop(now) {
            match due {
                Due::Answer(arrival) => self.answer(arrival, now),
                Due::Send(frame) => self.send(frame),
                Due::Life(step) => self.life_step(step, now),
                Due::Card(step) => self.card_step(step, now),
                Due::Radio(step) => self.radio_step(step, now),
                Due::AttachList(client) => self.attach_list_done(client),
                Due::Statistics(client) => self.statistics_due(client, now),
            }
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next thing an inspector beside the modem would note.
    pub fn poll_witness(&mut self) -> Option<(Instant, Witness)> {
        self.witnessed.pop_front()
    }

    /// When something happens by itself, and what.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.schedule.next().map(|(at, due)| (at, due.reason()))
    }

    fn wait(&mut self, frame: Frame, at: Instant) {
        self.arrivals += 1;
        self.waiting.insert(self.arrivals, frame);
        self.schedule.at(at, Due::Answer(self.arrivals));
    }

    /// The queue a request has to stand in. Slow ones stand in none, unless the modem serialises.
    fn queue_of(&self, frame: &Frame, pace: answer::Pace) -> Option<(Service, u8)> {
        match (self.personality.serialises, pace) {
            (_, answer::Pace::AtOnce) => None,
            (true, _) => Some((frame.service, 0)),
            (false, answer::Pace::Quick | answer::Pace::Card) => Some((frame.service, frame.client)),
            (false, _) => None,
        }
    }

    fn send(&mut self, frame: Frame) {
        if self.life.answers() {
            self.outputs.push_back(Output::Send(frame));
        }
    }

    /// Tells the clients of the indication's service that want it.
    fn indicate<I: Indication>(&mut self, indication: &I, wants: impl Fn(&Client) -> bool) {
        if self.whims.lost_indications > 0 {
            self.whims.lost_indications -= 1;
            return;
        }
        let to: Vec<u8> = self.clients.of(I::SERVICE).filter(|(_, client)| wants(client)).map(|(id, _)| id).collect();
        let to = match self.personality.indications {
            Indications::Broadcast if !to.is_empty() => vec![BROADCAST],
            Indications::ToEach | Indications::Broadcast => to,
            Indications::Never => return,
        };
        self.deliver(indication, to);
    }

    /// Tells one client what is meant for it alone.
    fn indicate_to<I: Indication>(&mut self, indication: &I, client: u8) {
        match self.personality.indications {
            Indications::ToEach => self.deliver(indication, vec![client]),
            Indications::Broadcast => self.deliver(indication, vec![BROADCAST]),
            Indications::Never => {}
        }
    }

    fn deliver<I: Indication>(&mut self, indication: &I, to: Vec<u8>) {
        for client in to {
            self.send(indication.frame(client));
            if self.chance.delivery.chance(self.personality.repeated_per_mille) {
                self.send(indication.frame(client));
            }
        }
    }

    fn network(&self) -> &Network {
        &self.profile.network
    }
}
