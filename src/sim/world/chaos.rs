//! What goes wrong when: each hour a random few of all things, at random rates (swarm testing).
//!
//! A world in which everything fails all the time tests little: nothing ever gets far. So an hour has up to eight
//! kinds of trouble, each at its own pace, and some hours have none.

use std::time::Duration;

use super::World;
use super::expect;
use crate::config::ModemConfig;
use crate::model::{AddressMethod, Instant};
use crate::sim::disturbance::{Disturbance, Renewal};
use crate::sim::faulty::Faults;
use crate::sim::random::Random;
use crate::sim::schedule::Schedule;

/// Something the world does to a gateway.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Act {
    /// To the modem with this number.
    Disturb(usize, Disturbance),
    /// The daemon dies and is started again, with or without its memory.
    Crash { remembers: bool },
    /// Bytes of this modem suffer from now on: on the way to it and back.
    Faults(usize, Faults, Faults),
    /// Another file takes effect.
    Edit(usize),
}

/// Plans the trouble of one gateway.
#[derive(Debug)]
pub(super) struct Chaos {
    plan: Schedule<Planned>,
    hours: Random,
    kinds: Vec<Random>,
    trouble: Trouble,
    end: Instant,
}

/// What the trouble is made of.
#[derive(Debug)]
struct Trouble {
    /// Whether each modem tells of changes.
    modems: Vec<bool>,
    files: usize,
    apns: Vec<String>,
    /// Serial number and subscriber of cards that may be put in.
    cards: Vec<(String, String)>,
}

#[derive(Debug)]
enum Planned {
    /// A new hour: other kinds of trouble.
    Hour,
    /// The next trouble of a kind, which goes on until the hour ends.
    Kind {
        kind: usize,
        pace: u64,
        until: Instant,
    },
    Act(Act),
}

/// A kind of trouble is an example of it, whose parameters are drawn anew each time, or one of these.
const CRASH: usize = 0;
const EDIT: usize = 1;
const DISTURBANCES: usize = 2;

/// Mean seconds between two troubles of one kind.
const PACES: [u64; 5] = [60, 240, 600, 1_200, 2_400];

/// The age at which the last fact is looked at again (`Fact::max_age`).
const LONGEST_AGE: Duration = Duration::from_secs(6 * 3600 + 300);

/// What is undone is undone by then.
const LONGEST_TROUBLE: Duration = Duration::from_secs(5_400);
/// Refused for good again and again, a session is asked for once an hour, spread by a fifth (`plan::backoff`).
const LONGEST_REFUSAL: Duration = Duration::from_secs(3600 * 6 / 5 + 60);

impl Chaos {
    /// For modems with these entries in the file, which tell of changes or do not.
    pub(super) fn new(world: &World, gateway: u32, configs: &[&ModemConfig], modems: Vec<bool>) -> Self {
        // The last of them is about DHCP servers: without one nothing would come of it.
        let leased = configs.iter().any(|config| config.ip.method == AddressMethod::Dhcp);
        let examples = Disturbance::all_examples().len() - usize::from(!leased);
        let kind = |kind: usize| Random::stream(world.options.seed, "kind", u64::from(gateway) << 8 | kind as u64);
        let apns = configs
            .iter()
            .flat_map(|config| &config.service_providers)
            .filter_map(|provider| Some(provider.named_apn()?.0.clone()));
        let cards = configs.iter().flat_map(|config| expect::cards(config, u64::from(gateway)));
        let trouble = Trouble {
            modems,
            files: world.files.len(),
            apns: apns.filter(|apn| !apn.is_empty()).collect(),
            cards: cards.map(|card| (card.iccid, card.imsi)).collect(),
        };
        let mut chaos = Self {
            plan: Schedule::default(),
            hours: Random::stream(world.options.seed, "hours", gateway.into()),
            kinds: (0..examples + DISTURBANCES).map(kind).collect(),
            trouble,
            end: world.calm_begins(),
        };
        if !world.options.peaceful {
            chaos.plan.at(Instant::from_secs(60), Planned::Hour);
            for (from, to) in &world.outages {
                for modem in 0..configs.len() {
                    let coverage = |on| Planned::Act(Act::Disturb(modem, Disturbance::Coverage { on }));
                    chaos.plan.at(*from, coverage(false));
                    chaos.plan.at(*to, coverage(true));
                }
            }
        }
        chaos
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.plan.next().map(|(at, _)| at).filter(|at| *at < self.end)
    }

    /// What happens now; call again until `None`.
    pub(super) fn act(&mut self, now: Instant) -> Option<Act> {
        while now < self.end {
            let (_, planned) = self.plan.pop(now)?;
            match planned {
                Planned::Act(act) => return Some(act),
                Planned::Hour => self.hour(now),
                Planned::Kind { kind, pace, until } if now < until => {
                    self.again(kind, pace, until, now);
                    if let Some(act) = self.draw(kind, now) {
                        return Some(act);
                    }
                }
                Planned::Kind { .. } => {}
            }
        }
        None
    }

    fn hour(&mut self, now: Instant) {
        let until = now + Duration::from_secs(3600);
        self.plan.at(until, Planned::Hour);
        for _ in 0..self.hours.below(9) {
            let kind = self.hours.below(self.kinds.len() as u64) as usize;
            let pace = *self.hours.pick(&PACES).unwrap_or(&PACES[0]);
            self.again(kind, pace, until, now);
        }
        for modem in 0..self.trouble.modems.len() {
            let (to_modem, to_core) = (self.faults(), self.faults());
            // No bus and no driver sends a request twice; a modem that answers twice is met.
            let to_modem = Faults { duplicate: 0, ..to_modem };
            self.plan.at(now, Planned::Act(Act::Faults(modem, to_modem, to_core)));
        }
    }

    fn again(&mut self, kind: usize, pace: u64, until: Instant, now: Instant) {
        let Some(random) = self.kinds.get_mut(kind) else { return };
        let at = now + Duration::from_millis(random.between(1, 2_000 * pace));
        self.plan.at(at, Planned::Kind { kind, pace, until });
    }

    /// One trouble of this kind; what lasts is undone some time later.
    fn draw(&mut self, kind: usize, now: Instant) -> Option<Act> {
        let random = self.kinds.get_mut(kind)?;
        match kind {
            CRASH => return Some(Act::Crash { remembers: !random.chance(200) }),
            EDIT => return Some(Act::Edit(random.below(self.trouble.files as u64) as usize)),
            _ => {}
        }
        let example = Disturbance::all_examples().into_iter().nth(kind - DISTURBANCES)?;
        // What a network does not carry is not asked for again for a day, and the calm is shorter.
        if matches!(example, Disturbance::Families { .. } | Disturbance::OneFamily { .. }) {
            return None;
        }
        let disturbance = self.trouble.vary(example, random);
        let modem = random.below(self.trouble.modems.len() as u64) as usize;
        if self.trouble.too_late(&disturbance, modem, now, self.end) {
            return None;
        }
        if let Some(undo) = disturbance.undo() {
            // Mostly soon, now and then long enough for the slow parts of the ladder.
            let longest = if random.chance(200) { LONGEST_TROUBLE } else { Duration::from_secs(600) };
            let at = now + Duration::from_secs(random.between(5, longest.as_secs()));
            // What is not undone ends with the faults.
            if !self.trouble.too_late(&undo, modem, at, self.end) {
                self.plan.at(at, Planned::Act(Act::Disturb(modem, undo)));
            }
        }
        Some(Act::Disturb(modem, disturbance))
    }

    /// Faults of one direction for an hour. Damage that could pass for another truth is left out (a flipped bit, a frame
    /// that goes on with the bytes of the next): QMI has no checksum, and USB, which has one, delivers a frame as it was
    /// or not at all.
    fn faults(&mut self) -> Faults {
        let random = &mut self.hours;
        if random.chance(500) {
            return Faults::default();
        }
        let mut rate = |most: u64| if random.chance(400) { random.between(1, most) as u16 } else { 0 };
        let (drop, delay, duplicate, reorder) = (rate(60), rate(100), rate(60), rate(60));
        let (split, coalesce, noise, stray) = (rate(200), rate(200), rate(30), rate(30));
        let (delay_ms, corrupt, truncate) = ((20, 4_000), 0, 0);
        Faults { drop, delay, delay_ms, duplicate, reorder, split, coalesce, corrupt, noise, stray, truncate }
    }
}

impl Trouble {
    /// Whether it is found, but not within the calm: nothing tells of it.
    fn too_late(&self, disturbance: &Disturbance, modem: usize, at: Instant, end: Instant) -> bool {
        let tells = self.modems.get(modem).is_some_and(|tells| *tells);
        let found_within = match disturbance {
            Disturbance::EthernetFraming
            | Disturbance::LoseIndications { .. }
            | Disturbance::ForeignProfile { .. }
            // Refused, a modem has no such setting, and is asked again in an hour.
            | Disturbance::ErrorOnNth { service: 0x1A, .. } => LONGEST_AGE,
            Disturbance::ModePreference { .. } if !tells => LONGEST_AGE,
            // At the end of the faults the network takes the modem in anew, and who is told asks at once; before, or untold, it
            // asks in its own time.
            Disturbance::RefuseApn { .. } if !tells => LONGEST_TROUBLE + LONGEST_REFUSAL,
            Disturbance::AcceptApn { .. } => LONGEST_REFUSAL,
            _ => return false,
        };
        at + found_within > end
    }

    fn vary(&self, example: Disturbance, random: &mut Random) -> Disturbance {
        use Disturbance as D;
        let apn = |random: &mut Random| random.pick(&self.apns).cloned().unwrap_or_default();
        match example {
            D::PowerCut { .. } => D::PowerCut { seconds: random.between(1, 60) as u32 },
            D::Hang { .. } => D::Hang { seconds: random.between(3, 300) as u32 },
            D::Dead { .. } => D::Dead { seconds: random.between(600, 6 * 3_600) as u32 },
            D::ErrorOnNth { .. } => {
                let (service, message) = *random.pick(REQUESTS).unwrap_or(&(3, 0x24));
                let n = random.between(1, 3) as u32;
                let error = *random.pick(ERRORS).unwrap_or(&3);
                D::ErrorOnNth { service, message, n, error }
            }
            D::SimSwap { .. } => match random.pick(&self.cards) {
                Some((iccid, imsi)) => D::SimSwap { iccid: iccid.clone(), imsi: imsi.clone() },
                None => D::SimIn,
            },
            D::Roaming { .. } => D::Roaming { on: random.chance(700) },
            D::Deny { .. } => D::Deny { cause: *random.pick(&[3, 7, 8, 11, 13, 15, 17, 22]).unwrap_or(&11) },
            D::RefuseApn { .. } => {
                let cause = *random.pick(&[8, 26, 27, 29, 33, 34, 38]).unwrap_or(&33);
                D::RefuseApn { apn: apn(random), cause }
            }
            D::AcceptApn { .. } => D::AcceptApn { apn: apn(random) },
            D::DropSession { .. } => D::DropSession { cause: *random.pick(&[36, 38, 39]).unwrap_or(&36) },
            D::ChangeAddress { .. } => D::ChangeAddress { tell: random.chance(500) },
            D::SlowDial { .. } => D::SlowDial { seconds: random.between(1, 150) as u32 },
            D::RefuseProfile { .. } => {
                D::RefuseProfile { times: random.between(1, 4) as u32, error: 1005, granted: random.chance(500) }
            }
            D::ForeignProfile { .. } => D::ForeignProfile { profile: 1, roaming: random.chance(500) },
            D::PinLock { pin, .. } => {
                let puk_tries = if random.chance(100) { 0 } else { 10 };
                D::PinLock { pin, tries: random.below(5) as u8, puk_tries }
            }
            D::Autoconnect { .. } => D::Autoconnect { apn: apn(random) },
            D::LoseIndications { .. } => D::LoseIndications { n: random.between(1, 20) as u32 },
            D::Blip { .. } => D::Blip { ms: random.between(50, 15_000) as u32 },
            D::Traffic { .. } => D::Traffic { on: random.chance(500) },
            D::CarryNothing { .. } => {
                let until = [Renewal::Session, Renewal::Radio, Renewal::Modem];
                D::CarryNothing { until: *random.pick(&until).unwrap_or(&Renewal::Session) }
            }
            D::HandOver { .. } => D::HandOver { roaming: random.chance(500) },
            D::TakeClients { .. } => D::TakeClients { service: *random.pick(&[1, 2, 3, 11, 26]).unwrap_or(&1) },
            D::Mtu { .. } => D::Mtu { mtu: random.between(1280, 1500) as u32, tell: random.chance(500) },
            D::ModePreference { .. } => D::ModePreference { mask: *random.pick(&[4, 8, 12, 16, 64]).unwrap_or(&4) },
            other => other,
        }
    }
}

/// Requests that meet a planned error: those a daemon lives on.
const REQUESTS: &[(u8, u16)] = &[
    (0x00, 0x21),
    (0x00, 0x22),
    (0x00, 0x27),
    (0x01, 0x20),
    (0x01, 0x21),
    (0x01, 0x22),
    (0x01, 0x2D),
    (0x01, 0x4D),
    (0x02, 0x2D),
    (0x02, 0x2E),
    (0x03, 0x23),
    (0x03, 0x24),
    (0x03, 0x33),
    (0x03, 0x34),
    (0x03, 0x4D),
    (0x0B, 0x20),
    (0x0B, 0x2F),
    (0x1A, 0x20),
    (0x1A, 0x21),
];
/// Internal, out of memory, device not ready, device in use, information unavailable, not supported.
const ERRORS: &[u16] = &[3, 2, 0x34, 0x17, 0x4A, 0x5E];
