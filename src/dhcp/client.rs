//! The client's side of the protocol as a state machine (RFC 2131 section 4.4, figure 5).
//!
//! Contract: inputs `handle_bytes`, `handle_timeout`, `set_host_name`, each with `now`; `poll_output` until `None`;
//! `poll_timeout`; `state` says how it stands. There is no DHCPDECLINE: on a link with one neighbour nobody else has the
//! address. There is no DHCPRELEASE either: a lease is given up when its session has ended, and nothing goes out then.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::message::{Kind, Message, option};
use super::options::{Granted, WANTED};
use crate::model::{Asking, Before, Instant, LeaseOrder, LeaseState};

/// Waits for an answer. RFC 2131 section 4.1 begins with four seconds; on a link that came up just now the first packet is
/// often lost, so the second follows soon.
const WAITS_S: [u64; 6] = [1, 4, 8, 16, 32, 64];
/// What is offered, or was ours before, is asked for so often (13 s): a server may not know us, and then says nothing.
const INSISTS: u32 = 3;
/// While the lease lasts, its server is asked this rarely (RFC 2131 section 4.4.5) …
const RENEWAL_PAUSE: Duration = Duration::from_secs(60);
/// … but so often in its whole time, where that is short.
const RENEWALS: u32 = 10;

/// What is to be sent from [`super::CLIENT_PORT`] to [`super::SERVER_PORT`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// To everybody on the link.
    Broadcast(Vec<u8>),
    /// To the server that gave the lease, from the address of the lease.
    Unicast(Ipv4Addr, Vec<u8>),
}

/// Leases one address.
#[derive(Debug)]
pub struct Client {
    station: [u8; 6],
    host_name: Option<String>,
    phase: Phase,
    asking: Asking,
    transaction: u32,
    /// Questions of this exchange, and when it began.
    sent: u32,
    begun: Instant,
    sent_at: Instant,
    /// Refusals since the last lease.
    refusals: u32,
    due: Instant,
    chance: u64,
    out: VecDeque<Output>,
}

#[derive(Debug)]
enum Phase {
    /// INIT-REBOOT: does this still hold?
    Confirming(Ipv4Addr),
    /// SELECTING: who offers something?
    Selecting,
    /// REQUESTING: this was offered.
    Requesting(Granted),
    /// BOUND since then, RENEWING and REBINDING when their times have come.
    Held(Granted, Instant),
}

impl Client {
    /// A client with this Ethernet address that begins at once. `host_name` is what the server is told.
    #[must_use]
    pub fn new(order: &LeaseOrder, host_name: Option<String>, station: [u8; 6], now: Instant) -> Self {
        let mut client = Self {
            station,
            host_name,
            phase: order.had.map_or(Phase::Selecting, Phase::Confirming),
            asking: Asking { confirms: order.had, ..Asking::default() },
            transaction: 0,
            sent: 0,
            begun: now,
            sent_at: now,
            refusals: 0,
            due: now,
            chance: order.seed,
            out: VecDeque::new(),
        };
        client.transaction = client.draw();
        client
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> LeaseState {
        match &self.phase {
            Phase::Held(held, _) => LeaseState::Held(held.lease.clone()),
            Phase::Confirming(_) | Phase::Selecting | Phase::Requesting(_) => LeaseState::Asking(self.asking.clone()),
        }
    }

    /// What is to be sent next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub const fn poll_timeout(&self) -> Instant {
        self.due
    }

    /// The server is to be told another name: at once, where there is a lease.
    pub fn set_host_name(&mut self, name: Option<String>, now: Instant) {
        let other = self.host_name != name;
        self.host_name = name;
        if other && matches!(self.phase, Phase::Held(..)) && self.sent == 0 {
            self.due = now;
        }
    }

    /// Takes in what came to our port, whatever it is.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        let Some(message) = Message::decode(bytes) else { return };
        if message.transaction != self.transaction || message.station != self.station || self.sent == 0 {
            return;
        }
        match (message.kind, &self.phase) {
            (Kind::Offer, Phase::Selecting) => {
                let Some(offer) = message.lease() else { return };
                self.asking.tries = 0;
                self.sent = 0;
                self.phase = Phase::Requesting(offer);
                self.ask(now);
            }
            (Kind::Ack, Phase::Confirming(_) | Phase::Requesting(_) | Phase::Held(..)) => {
                let Some(granted) = message.lease() else { return };
                // Its time began when it was asked for at the latest (RFC 2131 section 4.4.1).
                self.due = self.sent_at + seconds(granted.renew_after);
                self.phase = Phase::Held(granted, self.sent_at);
                self.asking = Asking::default();
                (self.sent, self.refusals) = (0, 0);
            }
            (Kind::Nak, Phase::Confirming(_) | Phase::Requesting(_) | Phase::Held(..)) => {
                // Whoever takes back what it offers is not asked as fast as it answers.
                let pause = self.refusals.checked_sub(1).map_or(Duration::ZERO, |nth| self.wait(nth));
                self.refusals += 1;
                self.select(Before::Refused(message.said()), now);
                self.due = now + pause;
            }
            _ => {}
        }
        if self.due <= now {
            self.handle_timeout(now);
        }
    }

    /// Asks, or gives up, as far as it is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if now < self.due {
            return;
        }
        match &self.phase {
            Phase::Confirming(_) | Phase::Requesting(_) if self.sent >= INSISTS => {
                let before = self.asking.before.clone();
                self.select(before, now);
            }
            Phase::Held(held, since) if now >= *since + seconds(held.lease.seconds) => self.select(Before::RanOut, now),
            Phase::Held(..) if self.sent == 0 => self.begin(now),
            Phase::Confirming(_) | Phase::Selecting | Phase::Requesting(_) | Phase::Held(..) => {}
        }
        self.ask(now);
    }

    /// Looks for a server anew, with nothing in hand.
    fn select(&mut self, before: Before, now: Instant) {
        let tries = self.asking.tries;
        self.phase = Phase::Selecting;
        self.asking = Asking { confirms: None, tries, before };
        self.begin(now);
        self.due = now;
    }

    /// Another exchange begins.
    fn begin(&mut self, now: Instant) {
        self.transaction = self.draw();
        (self.sent, self.begun) = (0, now);
    }

    fn ask(&mut self, now: Instant) {
        let trying = now.since(self.begun).as_secs();
        let message = Message {
            kind: Kind::Request,
            transaction: self.transaction,
            seconds: u16::try_from(trying).unwrap_or(u16::MAX),
            broadcast: true,
            client_address: Ipv4Addr::UNSPECIFIED,
            your_address: Ipv4Addr::UNSPECIFIED,
            station: self.station,
            options: Default::default(),
        };
        let message = message.with(option::PARAMETERS, WANTED);
        let message = match &self.host_name {
            Some(name) => message.with(option::HOST_NAME, name.as_bytes()),
            None => message,
        };
        let mut to = None;
        let (message, due) = match &self.phase {
            Phase::Confirming(address) => (message.with(option::REQUESTED_ADDRESS, address.octets()), None),
            Phase::Selecting => (Message { kind: Kind::Discover, ..message }, None),
            Phase::Requesting(offer) => {
                let message = message.with(option::REQUESTED_ADDRESS, offer.lease.address.octets());
                (message.with(option::SERVER, offer.lease.server.octets()), None)
            }
            Phase::Held(Granted { lease, rebind_after, .. }, since) => {
                let rebinds = *since + seconds(*rebind_after);
                let (deadline, server) = match now < rebinds {
                    true => (rebinds, Some(lease.server)),
                    false => (*since + seconds(lease.seconds), None),
                };
                to = server;
                let pause = RENEWAL_PAUSE.min(seconds(lease.seconds) / RENEWALS).max(now.until(deadline) / 2);
                let message = Message { client_address: lease.address, broadcast: false, ..message };
                (message, Some((now + pause).min(deadline)))
            }
        };
        let bytes = message.encode();
        self.due = match due {
            Some(due) => due,
            None => {
                self.asking.tries = self.asking.tries.saturating_add(1);
                now + self.wait(self.sent)
            }
        };
        self.sent = self.sent.saturating_add(1);
        self.sent_at = now;
        self.out.push_back(to.map_or(Output::Broadcast(bytes.clone()), |server| Output::Unicast(server, bytes)));
    }

    /// How long to wait after the nth question, from 0; up to a second more or less, so that not all devices of a network
    /// that comes back ask at once.
    fn wait(&mut self, nth: u32) -> Duration {
        let base = WAITS_S.get(nth as usize).or(WAITS_S.last()).copied().unwrap_or_default();
        let spread = if base > 1 { 2000 } else { 500 };
        let least = Duration::from_secs(base).saturating_sub(Duration::from_millis(if base > 1 { 1000 } else { 0 }));
        least + Duration::from_millis(u64::from(self.draw()) % spread)
    }

    /// SplitMix64: transactions and waits need to differ, not to be secret.
    fn draw(&mut self) -> u32 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
