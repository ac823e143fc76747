//! DHCP beside a simulated modem: our own client, and the network's server at the other end of the link.
//!
//! The server gives what the network has given to the session, and refuses everything else. It is a contemporary of the
//! session: another one has another server, which knows nobody.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::random::{Random, Span};
use super::schedule::Schedule;
use crate::dhcp::{Client, Kind, Message, Output, option};
use crate::model::{Instant, LeaseOrder, LeaseState};

/// How long the network takes there and back.
const ROUND_TRIP_MS: Span = (30, 120);
/// For how long an address is given, in seconds.
const LEASE_S: u32 = 3600;
/// The first of the name servers of the simulated networks.
const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 1);
/// What every simulated host is called.
const HOST_NAME: &str = "gateway";
const STATION: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// The client of one host, if it has something to lease.
#[derive(Debug, Default)]
pub(super) struct Dhcp {
    client: Option<(LeaseOrder, Client)>,
    told: Option<LeaseState>,
    /// What the server has answered, on its way.
    answers: Schedule<Vec<u8>>,
    /// The server says nothing.
    pub(super) silent: bool,
    /// The name that a client told last.
    heard: Option<String>,
}

impl Dhcp {
    /// What the core wants to have leased.
    pub(super) fn order(&mut self, order: Option<&LeaseOrder>, now: Instant) {
        self.told = None;
        let name = |order: &LeaseOrder| Some(order.host_name.clone().unwrap_or_else(|| HOST_NAME.to_owned()));
        match (order, &mut self.client) {
            (Some(order), Some((running, client))) if running.number == order.number => {
                *running = order.clone();
                client.set_host_name(name(order), now);
            }
            (Some(order), _) => self.client = Some((order.clone(), Client::new(order, name(order), STATION, now))),
            (None, _) => self.client = None,
        }
    }

    /// The daemon died, and its client with it.
    pub(super) fn crash(&mut self) {
        (self.client, self.told, self.answers) = (None, None, Schedule::default());
    }

    /// Says again how it stands.
    pub(super) fn look(&mut self) {
        self.told = None;
    }

    /// The name that the server was told last.
    pub(super) fn heard(&self) -> Option<&str> {
        self.heard.as_deref()
    }

    /// Lets happen what is due on a link with `address` at our end, as far as the network is concerned; `None`: nothing
    /// passes. Returns what the core is to be told.
    pub(super) fn turn(
        &mut self,
        address: Option<Ipv4Addr>,
        random: &mut Random,
        now: Instant,
    ) -> Option<(u64, LeaseState)> {
        let (order, client) = self.client.as_mut()?;
        while let Some((_, answer)) = self.answers.pop(now) {
            client.handle_bytes(&answer, now);
        }
        client.handle_timeout(now);
        while let Some(Output::Broadcast(question) | Output::Unicast(_, question)) = client.poll_output() {
            let Some(address) = address.filter(|_| !self.silent) else { continue };
            let Some(question) = Message::decode(&question) else { continue };
            self.heard =
                question.options.get(&option::HOST_NAME).map(|name| String::from_utf8_lossy(name).into_owned());
            let at = now + random.within(ROUND_TRIP_MS).max(Duration::from_millis(1));
            self.answers.at(at, answer(&question, address).encode());
        }
        let state = client.state();
        let news = self.told.as_ref() != Some(&state);
        self.told = Some(state.clone());
        news.then_some((order.number, state))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let (_, client) = self.client.as_ref()?;
        self.answers.next().map(|(at, _)| at).into_iter().chain([client.poll_timeout()]).min()
    }
}

/// What a server answers that has this address for whoever asks.
fn answer(question: &Message, address: Ipv4Addr) -> Message {
    let server = Ipv4Addr::from_bits(address.to_bits() ^ 3);
    let asked = question.options.get(&option::REQUESTED_ADDRESS).map(Vec::as_slice);
    let wants = asked.unwrap_or(&question.client_address.octets()) == address.octets();
    let kind = match question.kind {
        Kind::Discover => Kind::Offer,
        _ if wants => Kind::Ack,
        _ => Kind::Nak,
    };
    let given = if kind == Kind::Nak { Ipv4Addr::UNSPECIFIED } else { address };
    let answer = Message { kind, your_address: given, options: Default::default(), ..question.clone() };
    let answer = answer.with(option::SERVER, server.octets());
    if kind == Kind::Nak {
        return answer.with(option::MESSAGE, "wrong address");
    }
    answer
        .with(option::LEASE_TIME, LEASE_S.to_be_bytes())
        .with(option::SUBNET_MASK, [255, 255, 255, 252])
        .with(option::ROUTER, server.octets())
        .with(option::NAME_SERVER, NAME_SERVER.octets())
        .with(option::DOMAIN, "carrier.example")
}
