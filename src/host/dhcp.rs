//! DHCP clients on the interfaces of the modems: a socket and a clock for [`crate::dhcp::Client`], one task per modem.
//!
//! An ordinary UDP socket that is bound to the interface, so that it works on every kind of link and takes one privilege:
//! port 68 is below 1024. Answers come as broadcasts until there is an address. Where the kernel checks from where packets
//! come (`rp_filter`) it drops those too, so the check is off on this one interface while a server is asked.

mod filter;
mod socket;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use self::filter::Filter;
use super::clock::Clock;
use super::port::{InterfaceNames, Roots};
use crate::dhcp::{Client, Output, SERVER_PORT};
use crate::model::{Instant, LeaseOrder, LeaseState, ModemName, fnv_1a, fnv_1a_on};
use crate::reconcile::Input;

/// A socket that cannot be had is tried for this rarely: what it lacks comes from people.
const OPEN_AGAIN: Duration = Duration::from_secs(10);
/// The longest message: servers put up to 576 octets into one, unless they are told of more (RFC 2131 section 2).
const LARGEST: usize = 1500;
/// So many questions without an answer, and a filter that would drop it is to blame.
const TELLING_TRIES: u32 = 2;

/// The clients of all modems.
#[derive(Debug)]
pub struct Clients {
    tasks: BTreeMap<ModemName, mpsc::UnboundedSender<Order>>,
    inputs: mpsc::Sender<Input>,
    names: InterfaceNames,
    roots: Roots,
}

#[derive(Debug)]
enum Order {
    Have(Option<LeaseOrder>),
    Look,
}

impl Clients {
    /// None yet; for interfaces of these `names`, with reports to `inputs`.
    #[must_use]
    pub fn new(inputs: mpsc::Sender<Input>, names: InterfaceNames, roots: Roots) -> Self {
        Self { tasks: BTreeMap::new(), inputs, names, roots }
    }

    /// Has this leased, or nothing; reports how it stands, now and whenever it changes, as [`Input::Lease`].
    pub fn have(&mut self, modem: &ModemName, order: Option<LeaseOrder>) {
        self.order(modem, Order::Have(order));
    }

    /// Reports how it stands, if something is to be leased.
    pub fn look(&mut self, modem: &ModemName) {
        self.order(modem, Order::Look);
    }

    fn order(&mut self, modem: &ModemName, order: Order) {
        let Self { tasks, inputs, names, roots } = self;
        let orders = tasks.entry(modem.clone()).or_insert_with(|| {
            let (orders, received) = mpsc::unbounded_channel();
            let attendant = Attendant {
                modem: modem.clone(),
                inputs: inputs.clone(),
                names: names.clone(),
                roots: roots.clone(),
                clock: Clock::start(),
                running: None,
                told: None,
            };
            tokio::spawn(attendant.attend(received));
            orders
        });
        // The task ends only with this sender.
        drop(orders.send(order));
    }
}

/// Who looks after the client of one modem.
struct Attendant {
    modem: ModemName,
    inputs: mpsc::Sender<Input>,
    names: InterfaceNames,
    roots: Roots,
    clock: Clock,
    running: Option<Running>,
    /// What was said last.
    told: Option<LeaseState>,
}

struct Running {
    order: LeaseOrder,
    client: Client,
    way: Way,
}

/// The way out.
enum Way {
    /// Through this interface.
    Open { interface: String, socket: UdpSocket, filter: Filter },
    /// None; why, and when to try again.
    Shut { interface: Option<String>, why: String, again: Instant },
}

/// What an attendant was woken by.
enum Wake {
    Order(Option<Order>),
    Bytes(io::Result<Vec<u8>>),
    Interface,
    Due,
}

impl Attendant {
    /// Until nobody gives orders any more.
    async fn attend(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            let due = self.running.as_ref().map_or(Instant::FAR, Running::due);
            let interface = self.running.as_ref().and_then(|running| running.way.interface()).map(str::to_owned);
            let (clock, is_running) = (self.clock, self.running.is_some());
            let wake = tokio::select! {
                biased;
                order = orders.recv() => Wake::Order(order),
                () = clock.reach(due) => Wake::Due,
                () = self.names.changed(&self.modem, interface.as_deref()), if is_running => Wake::Interface,
                bytes = received(self.running.as_ref()) => Wake::Bytes(bytes),
            };
            let now = clock.now();
            match wake {
                Wake::Order(None) => return,
                Wake::Order(Some(Order::Look)) => self.told = None,
                Wake::Order(Some(Order::Have(order))) => self.take(order, now),
                Wake::Interface => self.open(now),
                Wake::Due => {
                    if self.running.as_ref().is_some_and(|running| running.way.opens() <= now) {
                        self.open(now);
                    }
                    self.with(|running| running.client.handle_timeout(now));
                }
                Wake::Bytes(Ok(bytes)) => self.with(|running| running.client.handle_bytes(&bytes, now)),
                Wake::Bytes(Err(why)) => self.shut(format!("cannot listen for a DHCP server: {why}"), now),
            }
            self.send().await;
            self.report().await;
        }
    }

    fn take(&mut self, order: Option<LeaseOrder>, now: Instant) {
        self.told = None;
        match (order, &mut self.running) {
            (Some(order), Some(running)) if running.order.number == order.number => {
                running.client.set_host_name(host_name(&order, &self.roots), now);
                running.order = order;
            }
            (Some(order), _) => {
                // The way of before is closed first: it may have a filter to put back.
                self.running = None;
                let interface = self.names.of(&self.modem);
                let station = interface.as_deref().and_then(|name| station(&self.roots, name));
                let station = station.unwrap_or_else(|| self.made_up());
                let client = Client::new(&order, host_name(&order, &self.roots), station, now);
                let way = Way::Shut { interface, why: String::new(), again: now };
                self.running = Some(Running { order, client, way });
                self.open(now);
            }
            (None, _) => self.running = None,
        }
    }

    /// Opens a way through the interface as it is called now.
    fn open(&mut self, now: Instant) {
        let Some(name) = self.names.of(&self.modem) else { return self.shut("there is no interface".to_owned(), now) };
        match socket::open(&name) {
            Ok(socket) => {
                let filter = Filter::of(&self.roots, &name);
                self.with(|running| running.way = Way::Open { interface: name, socket, filter });
            }
            Err(why) => self.shut(why.to_string(), now),
        }
    }

    fn shut(&mut self, why: String, now: Instant) {
        tracing::debug!(modem = %self.modem, "{why}");
        let interface = self.names.of(&self.modem);
        self.with(|running| running.way = Way::Shut { interface, why, again: now + OPEN_AGAIN });
    }

    fn with(&mut self, act: impl FnOnce(&mut Running)) {
        if let Some(running) = &mut self.running {
            act(running);
        }
    }

    async fn send(&mut self) {
        let Some(Running { client, way, .. }) = &mut self.running else { return };
        if let Way::Open { filter, .. } = way {
            filter.set(matches!(client.state(), LeaseState::Asking(_)));
        }
        while let Some(output) = client.poll_output() {
            // What cannot be sent is like what is lost: it is sent again.
            let Way::Open { socket, .. } = way else { continue };
            let (to, bytes) = match output {
                Output::Broadcast(bytes) => (std::net::Ipv4Addr::BROADCAST, bytes),
                Output::Unicast(server, bytes) => (server, bytes),
            };
            if let Err(why) = socket.send_to(&bytes, (to, SERVER_PORT)).await {
                tracing::debug!(modem = %self.modem, "the DHCP server at {to} is not asked: {why}");
            }
        }
    }

    async fn report(&mut self) {
        let Some(running) = &self.running else { return };
        let state = running.state();
        if self.told.as_ref() != Some(&state) {
            match &state {
                LeaseState::Unable(why) => tracing::warn!(modem = %self.modem, "{why}"),
                LeaseState::Asking(asking) => tracing::debug!(modem = %self.modem, "{asking}"),
                LeaseState::Held(lease) => {
                    tracing::debug!(modem = %self.modem, seconds = lease.seconds, "has a DHCP lease")
                }
            }
            self.told = Some(state.clone());
            // The loop may have ended.
            drop(self.inputs.send(Input::Lease(self.modem.clone(), running.order.number, state)).await);
        }
    }

    /// An Ethernet address for a link that has none, always the same for this machine and modem. Marked as no maker's.
    fn made_up(&self) -> [u8; 6] {
        let machine = fnv_1a(&std::fs::read("/etc/machine-id").unwrap_or_default());
        let [_, _, a, b, c, d, e, _] = fnv_1a_on(machine, self.modem.0.as_bytes()).to_be_bytes();
        [0x02, a, b, c, d, e]
    }
}

impl Running {
    fn due(&self) -> Instant {
        self.client.poll_timeout().min(self.way.opens())
    }

    fn state(&self) -> LeaseState {
        match (&self.way, self.client.state()) {
            // A lease is held as long as it lasts, whether it can be prolonged or not.
            (_, held @ LeaseState::Held(_)) => held,
            (Way::Shut { why, .. }, _) => LeaseState::Unable(why.clone()),
            (Way::Open { filter, .. }, LeaseState::Asking(asking)) if asking.tries >= TELLING_TRIES => {
                filter.to_blame().map_or(LeaseState::Asking(asking), LeaseState::Unable)
            }
            (Way::Open { .. }, state) => state,
        }
    }
}

impl Way {
    /// When it is to be opened.
    fn opens(&self) -> Instant {
        match self {
            Self::Open { .. } => Instant::FAR,
            Self::Shut { again, .. } => *again,
        }
    }

    fn interface(&self) -> Option<&str> {
        match self {
            Self::Open { interface, .. } => Some(interface),
            Self::Shut { interface, .. } => interface.as_deref(),
        }
    }
}

/// What comes in next. Safe to be dropped and called again.
async fn received(running: Option<&Running>) -> io::Result<Vec<u8>> {
    let Some(Running { way: Way::Open { socket, .. }, .. }) = running else { return std::future::pending().await };
    let mut buffer = vec![0; LARGEST];
    let length = socket.recv(&mut buffer).await?;
    buffer.truncate(length);
    Ok(buffer)
}

/// The name that the file says, else this host's.
fn host_name(order: &LeaseOrder, roots: &Roots) -> Option<String> {
    let own = || std::fs::read_to_string(roots.proc.join("sys/kernel/hostname")).ok();
    let name = order.host_name.clone().or_else(own)?;
    let name = name.trim();
    (!name.is_empty() && name != "(none)" && name.len() <= 255).then(|| name.to_owned())
}

/// The Ethernet address of an interface; `None`: it has none.
fn station(roots: &Roots, interface: &str) -> Option<[u8; 6]> {
    /// `ARPHRD_ETHER`.
    const ETHERNET: &str = "1";
    let device = roots.sys.join("class/net").join(interface);
    let read = |name: &str| std::fs::read_to_string(device.join(name)).ok();
    if read("type")?.trim() != ETHERNET {
        return None;
    }
    let octets: Vec<u8> =
        read("address")?.trim().split(':').map(|octet| u8::from_str_radix(octet, 16)).collect::<Result<_, _>>().ok()?;
    octets.try_into().ok()
}
