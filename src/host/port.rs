//! Control ports: one task per modem owns its port, so that everything about it happens in order.
//!
//! Commands go in by a bounded queue and never block the loop; what was read and what became of the port comes back
//! as [`Input`]s through one bounded queue, so that a modem which talks faster than we listen is slowed down by its
//! own buffers and not by our memory.

mod holders;
mod identify;
mod known;
mod line;
mod place;

use std::collections::BTreeMap;
use std::path::Path;

use tokio::sync::mpsc;

use self::known::Known;
pub use self::known::{Devices, InterfaceNames};
pub(super) use self::line::PROXY;
pub use self::line::{Line, LineError};
pub(super) use self::place::Found;
pub use self::place::Roots;
use super::device::{self, ControlNode};
use super::in_words;
use crate::model::{ModemName, PortState};
use crate::reconcile::{Hardware, Input, PortKind, PortSpec};

/// Commands waiting for one port. The core has one action and a handful of reads in flight per modem.
const COMMANDS: usize = 64;

/// What a port is told to do.
#[derive(Debug)]
enum Command {
    Look(PortSpec),
    Open(PortSpec),
    Close,
    Send(Vec<u8>),
}

/// The control ports of all modems.
#[derive(Debug)]
pub struct ControlPorts {
    roots: Roots,
    reports: mpsc::Sender<Input>,
    modems: BTreeMap<ModemName, mpsc::Sender<Command>>,
    known: Known,
}

impl ControlPorts {
    /// Ports of this host, reporting to `reports`.
    #[must_use]
    pub fn new(roots: Roots, reports: mpsc::Sender<Input>) -> Self {
        Self { roots, reports, modems: BTreeMap::new(), known: Known::default() }
    }

    /// What the interfaces of the modems are called, as the ports find it.
    #[must_use]
    pub fn interface_names(&self) -> InterfaceNames {
        self.known.interface_names()
    }

    /// Which devices the modems are, as the ports find it.
    #[must_use]
    pub fn devices(&self) -> Devices {
        Devices::new(self.known.clone())
    }

    /// Reports the state of the port; answered by [`Input::Port`].
    pub fn look(&mut self, modem: &ModemName, spec: &PortSpec) {
        self.tell(modem, Command::Look(spec.clone()));
    }

    /// Opens the port; answered by [`Input::Opened`] or [`Input::Port`].
    pub fn open(&mut self, modem: &ModemName, spec: &PortSpec) {
        self.tell(modem, Command::Open(spec.clone()));
    }

    /// Closes the port; answered by [`Input::Port`].
    pub fn close(&mut self, modem: &ModemName) {
        self.tell(modem, Command::Close);
    }

    /// Writes one frame. Not answered: silence is what the core watches for.
    pub fn send(&mut self, modem: &ModemName, frame: &[u8]) {
        self.tell(modem, Command::Send(frame.to_vec()));
    }

    /// A full queue means that the port takes nothing any more. What does not fit is lost, as on a real wire, and
    /// the core notices by the missing answer.
    fn tell(&mut self, modem: &ModemName, command: Command) {
        let commands = self.modems.entry(modem.clone()).or_insert_with(|| {
            let (commands, orders) = mpsc::channel(COMMANDS);
            let (roots, reports, known) = (self.roots.clone(), self.reports.clone(), self.known.clone());
            let port = Port { modem: modem.clone(), roots, reports, known };
            tokio::spawn(port.attend(orders));
            commands
        });
        if let Err(lost) = commands.try_send(command) {
            tracing::debug!(%modem, %lost, "the port's queue is full");
        }
    }
}

/// The task of one modem's port.
struct Port {
    modem: ModemName,
    roots: Roots,
    reports: mpsc::Sender<Input>,
    known: Known,
}

/// What the task was woken by.
enum Wake {
    Command(Option<Command>),
    Line(Result<Vec<u8>, LineError>),
}

impl Port {
    /// Ends when the daemon drops either end.
    async fn attend(self, mut orders: mpsc::Receiver<Command>) {
        let mut place = None;
        let mut open: Option<Line> = None;
        loop {
            let wake = match &mut open {
                None => Wake::Command(orders.recv().await),
                Some(line) => tokio::select! {
                    command = orders.recv() => Wake::Command(command),
                    read = line.turn() => Wake::Line(read),
                },
            };
            let report = match wake {
                Wake::Command(None) => return,
                Wake::Command(Some(command)) => self.obey(command, &mut place, &mut open).await,
                Wake::Line(Ok(bytes)) => Some(Input::Bytes(self.modem.clone(), bytes)),
                Wake::Line(Err(why)) => {
                    tracing::debug!(modem = %self.modem, why = in_words(&why), "the port is lost");
                    open = None;
                    self.known.release(&self.modem);
                    place.as_ref().map(|spec| self.found(spec))
                }
            };
            if let Some(report) = report
                && self.reports.send(report).await.is_err()
            {
                return;
            }
        }
    }

    async fn obey(&self, command: Command, place: &mut Option<PortSpec>, open: &mut Option<Line>) -> Option<Input> {
        match command {
            Command::Look(_) if open.is_some() => {
                self.follow();
                Some(Input::Port(self.modem.clone(), PortState::Open))
            }
            Command::Look(spec) => Some(self.found(&spec)),
            Command::Open(spec) => {
                // Closed first: a second descriptor on the same node would steal half of the answers.
                *open = None;
                self.known.release(&self.modem);
                let opened = self.open(&spec).await;
                *place = Some(spec);
                Some(match opened {
                    Ok((line, kind)) => {
                        *open = Some(line);
                        Input::Opened(self.modem.clone(), kind)
                    }
                    Err(why) => {
                        self.known.release(&self.modem);
                        Input::Port(self.modem.clone(), why)
                    }
                })
            }
            Command::Close => {
                *open = None;
                self.known.release(&self.modem);
                place.as_ref().map(|spec| self.found(spec))
            }
            Command::Send(frame) => {
                match open {
                    Some(line) => line.queue(frame),
                    None => tracing::debug!(modem = %self.modem, "nothing is open to send to"),
                }
                None
            }
        }
    }

    async fn open(&self, spec: &PortSpec) -> Result<(Line, PortKind), PortState> {
        let line = match self.roots.find(spec) {
            Found::Not(why) => return Err(why),
            Found::Nodes(nodes) => self.open_one_of(&nodes, spec).await?,
            Found::Path(node) => self.open_path(&node, spec).await.map_err(PortState::Unusable)?,
        };
        let kind = match spec {
            PortSpec::Proxy { device } => PortKind::Proxy { device: device.clone() },
            PortSpec::Interface(_) | PortSpec::Hardware(_) | PortSpec::Device(_) | PortSpec::Socket(_) => {
                PortKind::Exclusive
            }
        };
        Ok((line, kind))
    }

    async fn open_path(&self, node: &Path, spec: &PortSpec) -> Result<Line, String> {
        let opened = match spec {
            PortSpec::Socket(_) => Line::socket(node).await,
            PortSpec::Proxy { .. } => Line::proxy().await,
            PortSpec::Interface(_) | PortSpec::Hardware(_) | PortSpec::Device(_) => {
                if let Some(holder) = self.known.hold(node, &self.modem) {
                    return Err(format!("{} is the entry {holder}'s", node.display()));
                }
                if let Some(why) = self.objection(node) {
                    return Err(why);
                }
                Line::device(node)
            }
        };
        opened.map_err(|why| in_words(&why))
    }

    /// Opens the first of these ports, or the one whose modem has the IMEI that is asked for.
    async fn open_one_of(&self, nodes: &[ControlNode], spec: &PortSpec) -> Result<Line, PortState> {
        let mut trouble = PortState::Absent;
        for node in nodes {
            if self.known.is_other(spec, node) {
                continue;
            }
            // The driver lets two open one node, and gives each half of the answers.
            if let Some(holder) = self.known.hold(&node.node, &self.modem) {
                trouble = PortState::Unusable(format!("{node} is the entry {holder}'s"));
                continue;
            }
            match self.open_node(node, spec).await {
                Ok(Some(line)) => {
                    self.known.see(&self.modem, node);
                    self.known.place(&self.modem, node.interface.clone());
                    return Ok(line);
                }
                Ok(None) => self.known.release(&self.modem),
                Err(why) => {
                    self.known.release(&self.modem);
                    trouble = PortState::Unusable(format!("{node}: {why}"));
                }
            }
        }
        Err(trouble)
    }

    /// Opens a port; `None`: it is another modem's.
    async fn open_node(&self, node: &ControlNode, spec: &PortSpec) -> Result<Option<Line>, String> {
        if let Some(why) = self.objection(&node.node) {
            return Err(why);
        }
        let mut line = Line::device(&node.node).map_err(|why| in_words(&why))?;
        let PortSpec::Hardware(Hardware { imei: Some(wanted), .. }) = spec else { return Ok(Some(line)) };
        let imei = match self.known.imei(node) {
            Some(imei) => imei,
            None => {
                let imei = identify::imei(&mut line).await.map_err(|why| in_words(&why))?;
                self.known.learn(node, imei.clone());
                imei
            }
        };
        Ok((imei == *wanted).then_some(line))
    }

    /// Why the node had better not be opened.
    fn objection(&self, node: &Path) -> Option<String> {
        holders::objection(&self.roots.proc, node)
    }

    /// The interface may have been renamed while the port is open.
    fn follow(&self) {
        let Some(held) = self.known.held(&self.modem) else { return };
        if let Some(node) = device::control_nodes(&self.roots).into_iter().find(|node| node.node == held) {
            self.known.place(&self.modem, node.interface);
        }
    }

    fn found(&self, spec: &PortSpec) -> Input {
        let state = match self.roots.find(spec) {
            Found::Path(path) => {
                self.known.place(&self.modem, Some(self.modem.0.clone()));
                if let Some(node) = device::node_at(&self.roots, &path) {
                    self.known.see(&self.modem, &node);
                }
                PortState::Closed
            }
            Found::Nodes(nodes) => match nodes.iter().find(|node| !self.known.is_other(spec, node)) {
                Some(node) => {
                    // Which one of several it is will be known when it was asked.
                    let by_imei = matches!(spec, PortSpec::Hardware(Hardware { imei: Some(_), .. }));
                    let sure = nodes.len() == 1 || !by_imei;
                    self.known.place(&self.modem, node.interface.clone().filter(|_| sure));
                    if !by_imei {
                        self.known.see(&self.modem, node);
                    }
                    PortState::Closed
                }
                None => PortState::Absent,
            },
            Found::Not(why) => why,
        };
        if !state.is_there() {
            // What is left of an entry's own interface is still its: addresses may have to go.
            let own = !matches!(spec, PortSpec::Hardware(_));
            self.known.place(&self.modem, own.then(|| self.modem.0.clone()));
        }
        Input::Port(self.modem.clone(), state)
    }
}
