//! Executors for simulated modems: the same loop and the same core, with a bench instead of hardware.
//!
//! One task per modem owns it and everything around it; see `board`. Modems are made when the configuration first
//! names them. Time is real; chance comes from a seed.

mod board;
mod cast;
mod offer;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use tokio::sync::mpsc;

use self::board::{Board, Order};
pub use self::cast::Cast;
use super::executor::{self, Executors, Leases, Links, Outside, Plugins, Ports, Power, Store};
use crate::api::{ErrorCode, Limits, Reply, Request, Response, Server, ServerError};
use crate::host::clock::Clock;
use crate::host::endpoint::{Endpoint, EndpointError, Listen};
use crate::host::power::PowerOrder;
use crate::host::report;
use crate::model::{Fact, LeaseOrder, LeaseState, LinkState, ModemName, Packets, Probe, Probed};
use crate::reconcile::{Input, Memory, Output, PortSpec};
use crate::sim::Disturbance;

/// Orders waiting for one modem.
const ORDERS: usize = 256;

/// A bench of simulated modems, shared by the executors that each do one thing with it.
#[derive(Clone)]
pub struct Bench(Rc<RefCell<Inner>>);

struct Inner {
    cast: Cast,
    clock: Clock,
    reports: mpsc::Sender<Input>,
    /// Where the first modem is offered to other programs.
    offers: Vec<Listen>,
    modems: BTreeMap<ModemName, mpsc::Sender<Order>>,
}

impl Bench {
    /// An empty bench that reports to `reports`. The first modem made is offered at `offers`.
    ///
    /// # Errors
    /// A modem cannot be offered there.
    pub fn new(
        cast: Cast,
        offers: Vec<Listen>,
        clock: Clock,
        reports: mpsc::Sender<Input>,
    ) -> Result<Self, EndpointError> {
        // Tried now, so that a mistake is an error of the command and not a line in a log.
        offers.iter().try_for_each(|listen| Endpoint::bind(listen).map(drop))?;
        Ok(Self(Rc::new(RefCell::new(Inner { cast, clock, reports, offers, modems: BTreeMap::new() }))))
    }

    /// Puts a modem on the bench unless it is there.
    pub fn plug_in(&self, modem: &ModemName) {
        self.0.borrow_mut().orders(modem);
    }

    /// Executors that all use this bench, but for the plugins, which are real.
    #[must_use]
    pub fn executors(&self, plugins: Box<dyn Plugins>) -> Executors {
        Executors {
            plugins,
            ports: Box::new(self.clone()),
            links: Box::new(self.clone()),
            leases: Box::new(self.clone()),
            outside: Box::new(self.clone()),
            power: Box::new(self.clone()),
            store: Box::new(Forgetful),
            bench: Some(Box::new(self.clone())),
        }
    }

    /// What does not fit into the queue is lost, as with a port that takes nothing.
    fn output(&self, modem: &ModemName, output: Output) {
        if let Err(why) = self.order(modem, Order::Output(output)) {
            tracing::debug!(%modem, why);
        }
    }

    fn order(&self, modem: &ModemName, order: Order) -> Result<(), String> {
        let sent = self.0.borrow_mut().orders(modem).try_send(order);
        sent.map_err(|_| "the simulated modem does not keep up".to_owned())
    }
}

impl Inner {
    fn orders(&mut self, modem: &ModemName) -> &mpsc::Sender<Order> {
        let Self { cast, clock, reports, offers, modems } = self;
        modems.entry(modem.clone()).or_insert_with(|| {
            let (orders, received) = mpsc::channel(ORDERS);
            let offers = std::mem::take(offers);
            let board = Board::new(cast.host(modem, clock.now()), *clock, reports.clone(), !offers.is_empty());
            for listen in offers {
                tokio::spawn(offer::offer(listen, orders.clone(), board.visible()));
            }
            tokio::spawn(board.attend(received));
            orders
        })
    }
}

impl Ports for Bench {
    /// There is none beside a simulated modem.
    fn keep_modem_manager_away(&mut self, _: &ModemName, _: bool) {}

    fn look(&mut self, modem: &ModemName, _: &PortSpec) {
        self.output(modem, Output::Look(modem.clone(), Fact::Port));
    }

    fn open(&mut self, modem: &ModemName, spec: &PortSpec) {
        self.output(modem, Output::OpenPort(modem.clone(), spec.clone()));
    }

    fn close(&mut self, modem: &ModemName) {
        self.output(modem, Output::ClosePort(modem.clone()));
    }

    fn send(&mut self, modem: &ModemName, frame: &[u8]) {
        self.output(modem, Output::Send(modem.clone(), frame.to_vec()));
    }
}

impl Links for Bench {
    fn look(&mut self, modem: &ModemName) {
        self.output(modem, Output::Look(modem.clone(), Fact::Link));
    }

    fn configure(&mut self, modem: &ModemName, link: &LinkState) {
        self.output(modem, Output::ConfigureLink(modem.clone(), link.clone()));
    }
}

impl Leases for Bench {
    fn have(&mut self, modem: &ModemName, order: Option<LeaseOrder>) {
        self.output(modem, Output::Lease(modem.clone(), order));
    }

    fn look(&mut self, modem: &ModemName) {
        self.output(modem, Output::Look(modem.clone(), Fact::Lease));
    }
}

impl Outside for Bench {
    fn count(&mut self, modem: &ModemName) {
        self.output(modem, Output::Look(modem.clone(), Fact::Internet));
    }

    fn ask(&mut self, modem: &ModemName, probe: Probe) {
        self.output(modem, Output::Probe(modem.clone(), probe));
    }
}

impl Power for Bench {
    fn switch(&mut self, modem: &ModemName, order: PowerOrder) {
        self.output(modem, Output::Power(modem.clone(), order.command));
    }
}

impl executor::Bench for Bench {
    fn disturb(&mut self, modem: &ModemName, disturbance: &Disturbance) -> Result<(), String> {
        self.order(modem, Order::Disturb(disturbance.clone()))
    }
}

/// Lets people disturb a modem without a daemon to do anything about it. Ends when it is dropped.
///
/// # Errors
/// The socket cannot be made.
pub async fn serve(bench: &Bench, modem: &ModemName, socket: &Path) -> Result<(), ServerError> {
    let (tell, mut calls) = mpsc::channel(1);
    let serving = Server::bind(socket)?.serve(Limits::default(), tell);
    let answering = async {
        while let Some(call) = calls.recv().await {
            let response = match call.request {
                Request::Disturb { disturbance, .. } => match bench.order(modem, Order::Disturb(disturbance)) {
                    Ok(()) => Response::Done,
                    Err(why) => Response::error(ErrorCode::Failed, why),
                },
                _ => Response::error(ErrorCode::Failed, "only the modem runs here, without a daemon"),
            };
            drop(call.reply.send(Reply::Once(response)));
        }
    };
    tokio::join!(serving, answering);
    Ok(())
}

/// Keeps nothing: the simulated modem and its card end with the process.
struct Forgetful;

impl Store for Forgetful {
    fn recall(&self) -> Vec<(ModemName, Memory)> {
        Vec::new()
    }

    fn remember(&mut self, _: &ModemName, _: &Memory) -> Result<(), String> {
        Ok(())
    }
}

/// Interfaces that exist in memory only, for modems that do not.
#[derive(Debug)]
pub struct SimulatedLinks {
    links: BTreeMap<ModemName, LinkState>,
    inputs: mpsc::Sender<Input>,
}

impl SimulatedLinks {
    /// All of them down.
    #[must_use]
    pub fn new(inputs: mpsc::Sender<Input>) -> Self {
        Self { links: BTreeMap::new(), inputs }
    }
}

impl Links for SimulatedLinks {
    fn look(&mut self, modem: &ModemName) {
        let link = self.links.get(modem).cloned().unwrap_or_default();
        report(&self.inputs, Input::Link(modem.clone(), link));
    }

    fn configure(&mut self, modem: &ModemName, link: &LinkState) {
        self.links.insert(modem.clone(), link.clone());
        report(&self.inputs, Input::LinkDone(modem.clone(), Ok(())));
    }
}

/// Clients on interfaces that exist in memory only, where nobody can be asked.
#[derive(Debug)]
pub struct NoLeases(pub mpsc::Sender<Input>);

impl Leases for NoLeases {
    fn have(&mut self, modem: &ModemName, order: Option<LeaseOrder>) {
        let Some(order) = order else { return };
        let unable = LeaseState::Unable("the interface is simulated".to_owned());
        report(&self.0, Input::Lease(modem.clone(), order.number, unable));
    }

    fn look(&mut self, _: &ModemName) {}
}

/// What is beyond interfaces that exist in memory only: nothing.
#[derive(Debug)]
pub struct NothingOutside(pub mpsc::Sender<Input>);

impl Outside for NothingOutside {
    fn count(&mut self, modem: &ModemName) {
        report(&self.0, Input::Packets(modem.clone(), Packets::default()));
    }

    fn ask(&mut self, modem: &ModemName, probe: Probe) {
        let nobody = Probed::NobodyToAsk("the interface is simulated".to_owned());
        report(&self.0, Input::Probed(modem.clone(), probe.number, nobody));
    }
}
