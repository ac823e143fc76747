//! Control ports: one task per modem owns its port, so that everything about it happens in order.
//!
//! Commands go in by a bounded queue and never block the loop; what was read and what became of the port comes back
//! as [`Input`]s through one bounded queue, so that a modem which talks faster than we listen is slowed down by its
//! own buffers and not by our memory.

pub(super) mod holders;
mod identify;
mod known;
mod line;
pub(super) mod modem_manager;
mod place;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use self::known::Known;
pub use self::known::{Devices, InterfaceNames};
pub(super) use self::line::PROXY;
pub use self::line::{Line, LineError};
use self::modem_manager::ModemManager;
pub(super) use self::place::Found;
pub use self::place::Roots;
use super::device::{self, ControlNode};
use super::in_words;
use crate::model::{ModemName, PortState};
use crate::reconcile::{Hardware, Input, PortKind, PortSpec};

/// Commands waiting for one port. The core has one action and a handful of reads in flight per modem.
const COMMANDS: usize = 64;
/// How soon a ModemManager that was started anew is asked again. It takes a device within seconds.
const FOLLOWS: Duration = Duration::from_secs(1);
/// How long a node may be in use after ModemManager has promised to leave it, and how often that is looked at.
const LETS_GO: Duration = Duration::from_secs(3);
const LOOKS: Duration = Duration::from_millis(50);

/// What a port is told to do.
#[derive(Debug)]
enum Command {
    KeepModemManagerAway(bool),
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

    /// Whether ModemManager is to be asked to leave the modem to us. Holds from the next look or opening on.
    pub fn keep_modem_manager_away(&mut self, modem: &ModemName, away: bool) {
        self.tell(modem, Command::KeepModemManagerAway(away));
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
            let modem = modem.clone();
            let port = Port { modem, roots, reports, known, place: None, line: None, manager: ModemManager::default() };
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
    /// Where the port was opened last.
    place: Option<PortSpec>,
    /// The open port.
    line: Option<Line>,
    manager: ModemManager,
}

/// What the task was woken by.
enum Wake {
    Command(Option<Command>),
    Line(Result<Vec<u8>, LineError>),
    Pause,
}

impl Port {
    /// Ends when the daemon drops either end.
    async fn attend(mut self, mut orders: mpsc::Receiver<Command>) {
        let mut pauses = tokio::time::interval(FOLLOWS);
        pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = match &mut self.line {
                None => Wake::Command(orders.recv().await),
                Some(line) => tokio::select! {
                    command = orders.recv() => Wake::Command(command),
                    read = line.turn() => Wake::Line(read),
                    _ = pauses.tick(), if self.manager.keep_away => Wake::Pause,
                },
            };
            let report = match wake {
                Wake::Command(None) => return,
                Wake::Command(Some(command)) => self.obey(command).await,
                Wake::Pause => self.follow().await,
                Wake::Line(Ok(bytes)) => Some(Input::Bytes(self.modem.clone(), bytes)),
                Wake::Line(Err(why)) => {
                    tracing::debug!(modem = %self.modem, why = in_words(&why), "the port is lost");
                    self.close()
                }
            };
            if let Some(report) = report
                && self.reports.send(report).await.is_err()
            {
                return;
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Option<Input> {
        match command {
            Command::KeepModemManagerAway(away) => {
                self.manager.keep_away = away;
                None
            }
            Command::Look(_) if self.line.is_some() => {
                let open = Input::Port(self.modem.clone(), PortState::Open);
                Some(self.follow().await.unwrap_or(open))
            }
            Command::Look(spec) => Some(self.found(&spec)),
            Command::Open(spec) => {
                // Closed first: a second descriptor on the same node would steal half of the answers.
                self.line = None;
                self.known.release(&self.modem);
                let opened = self.open(&spec).await;
                self.place = Some(spec);
                Some(match opened {
                    Ok((line, kind)) => {
                        self.line = Some(line);
                        Input::Opened(self.modem.clone(), kind)
                    }
                    Err(why) => {
                        self.known.release(&self.modem);
                        Input::Port(self.modem.clone(), why)
                    }
                })
            }
            Command::Close => self.close(),
            Command::Send(frame) => {
                match &mut self.line {
                    Some(line) => line.queue(frame),
                    None => tracing::debug!(modem = %self.modem, "nothing is open to send to"),
                }
                None
            }
        }
    }

    fn close(&mut self) -> Option<Input> {
        self.line = None;
        self.known.release(&self.modem);
        self.place.as_ref().map(|spec| self.found(spec))
    }

    async fn open(&mut self, spec: &PortSpec) -> Result<(Line, PortKind), PortState> {
        match self.roots.find(spec) {
            Found::Not(why) => Err(why),
            Found::Nodes(nodes) => self.open_one_of(&nodes, spec).await,
            Found::Path(node) => self.open_path(&node, spec).await.map_err(PortState::Unusable),
        }
    }

    async fn open_path(&mut self, node: &Path, spec: &PortSpec) -> Result<(Line, PortKind), String> {
        let opened = match spec {
            PortSpec::Socket(_) => Line::socket(node).await.map(|line| (line, PortKind::Exclusive)),
            PortSpec::Proxy { device } | PortSpec::Qrtr(device) => through_proxy(device.clone()).await,
            PortSpec::Interface(_) | PortSpec::Hardware(_) | PortSpec::Device(_) => {
                if let Some(holder) = self.known.hold(node, &self.modem) {
                    return Err(format!("{} is the entry {holder}'s", node.display()));
                }
                let device = device::node_at(&self.roots, node).map(|node| node.device);
                self.claim(node, device.as_deref()).await?.open(node).await
            }
        };
        opened.map_err(|why| in_words(&why))
    }

    /// Opens the first of these ports, or the one whose modem says that it is the one asked for.
    async fn open_one_of(&mut self, nodes: &[ControlNode], spec: &PortSpec) -> Result<(Line, PortKind), PortState> {
        let mut trouble = PortState::Absent;
        let mut fitting: Vec<&ControlNode> = Vec::new();
        // Of whom was asked last; of whom was asked before, the port is closed by then.
        let mut line = None;
        for node in nodes {
            if self.known.is_other(spec, node) || !fitting.iter().all(|first| both_may_fit(spec, first, node)) {
                continue;
            }
            line = None;
            match self.hold_and_open(node, spec).await {
                Ok(Some(opened)) => {
                    fitting.push(node);
                    line = Some(opened);
                }
                Ok(None) => {}
                Err(why) => trouble = why,
            }
            self.known.release(&self.modem);
        }
        let node = match fitting[..] {
            [] => return Err(trouble),
            [node] => node,
            [..] => return Err(PortState::Ambiguous(fitting.iter().map(ToString::to_string).collect())),
        };
        let opened = match line {
            Some(opened) if self.known.hold(&node.node, &self.modem).is_none() => opened,
            Some(_) | None => self.hold_and_open(node, spec).await?.ok_or(trouble)?,
        };
        self.known.see(&self.modem, node);
        self.known.place(&self.modem, node.interface.clone());
        Ok(opened)
    }

    async fn hold_and_open(
        &mut self,
        node: &ControlNode,
        spec: &PortSpec,
    ) -> Result<Option<(Line, PortKind)>, PortState> {
        // The driver lets two open one node, and gives each half of the answers.
        if let Some(holder) = self.known.hold(&node.node, &self.modem) {
            return Err(PortState::Unusable(format!("{node} is the entry {holder}'s")));
        }
        self.open_node(node, spec).await.map_err(|why| PortState::Unusable(format!("{node}: {why}")))
    }

    /// Opens a port; `None`: it is another modem's.
    async fn open_node(&mut self, node: &ControlNode, spec: &PortSpec) -> Result<Option<(Line, PortKind)>, String> {
        let way = self.claim(&node.node, Some(&node.device)).await?;
        let (mut line, kind) = way.open(&node.node).await.map_err(|why| in_words(&why))?;
        let PortSpec::Hardware(wanted) = spec else { return Ok(Some((line, kind))) };
        if !wanted.is_asked() {
            return Ok(Some((line, kind)));
        }
        let identity = match self.known.identity(node) {
            Some(identity) => identity,
            None => {
                let identity = identify::identity(&mut line, &kind).await.map_err(|why| in_words(&why))?;
                self.known.learn(node, identity.clone());
                identity
            }
        };
        Ok(identity.is(wanted).then_some((line, kind)))
    }

    /// Makes sure that nobody else has the node open, as far as that is ours to do.
    async fn claim(&mut self, node: &Path, device: Option<&Path>) -> Result<Way, String> {
        let promised = match device {
            Some(device) => self.manager.stay_away(&self.roots.proc, device).await,
            None => Ok(()),
        };
        let left_to_us = promised.is_ok() && self.manager.keep_away;
        // Whoever promised has it open for a moment longer: qmi-proxy closes what nobody uses any more.
        let mut patience = if left_to_us { LETS_GO } else { Duration::ZERO };
        loop {
            let Some(found) = holders::in_use(&self.roots.proc, node) else { return Ok(Way::Alone) };
            if patience.is_zero() {
                // While qmi-proxy waits for an answer, for minutes, it does not close a port, and one that we have read in
                // its place does not come.
                if left_to_us && found.is_by_proxy() {
                    return Ok(Way::ThroughProxy);
                }
                return Err(promised.err().map_or_else(|| found.to_string(), |refusal| format!("{found}; {refusal}")));
            }
            patience = patience.saturating_sub(LOOKS);
            tokio::time::sleep(LOOKS).await;
        }
    }

    /// While the port is open the interface may have been renamed, and ModemManager may have been started. Where that has
    /// opened the port before it could be asked, it is closed here until it is let go: each would get half of the answers.
    async fn follow(&mut self) -> Option<Input> {
        let held = self.known.held(&self.modem)?;
        let node = device::control_nodes(&self.roots).into_iter().find(|node| node.node == held)?;
        let may_come = self.manager.may_come(&self.roots.proc, &node.device).await;
        self.known.place(&self.modem, node.interface);
        if !may_come {
            return None;
        }
        let found = holders::in_use(&self.roots.proc, &node.node)?;
        tracing::debug!(modem = %self.modem, %found, "the port is closed until it is let go");
        self.close()
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
                    let asked = matches!(spec, PortSpec::Hardware(hardware) if hardware.is_asked());
                    let sure = nodes.len() == 1 || !asked;
                    self.known.place(&self.modem, node.interface.clone().filter(|_| sure));
                    if !asked {
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

/// Whether another modem may fit as well: there may be several of one model, but there is one of each IMEI.
fn both_may_fit(spec: &PortSpec, first: &ControlNode, other: &ControlNode) -> bool {
    let by_model_alone = matches!(spec, PortSpec::Hardware(Hardware { imei: None, model: Some(_), .. }));
    by_model_alone && other.device != first.device
}

/// How a node is opened that others may have open.
enum Way {
    Alone,
    ThroughProxy,
}

impl Way {
    async fn open(self, node: &Path) -> Result<(Line, PortKind), LineError> {
        match self {
            Self::Alone => Line::device(node).map(|line| (line, PortKind::Exclusive)),
            Self::ThroughProxy => through_proxy(node.display().to_string()).await,
        }
    }
}

async fn through_proxy(device: String) -> Result<(Line, PortKind), LineError> {
    Line::proxy().await.map(|line| (line, PortKind::Proxy { device }))
}
