//! Control ports: one task per modem owns its port, so that everything about it happens in order.
//!
//! Commands go in by a bounded queue and never block the loop; what was read and what became of the port comes back
//! as [`Input`]s through one bounded queue, so that a modem which talks faster than we listen is slowed down by its
//! own buffers and not by our memory.

mod line;
mod place;

use std::collections::BTreeMap;

use tokio::sync::mpsc;

pub(super) use self::line::PROXY;
pub use self::line::{Line, LineError};
pub use self::place::Roots;
use super::in_words;
use crate::model::{ModemName, PortState};
use crate::reconcile::{Input, PortKind, PortSpec};

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
}

impl ControlPorts {
    /// Ports of this host, reporting to `reports`.
    #[must_use]
    pub fn new(roots: Roots, reports: mpsc::Sender<Input>) -> Self {
        Self { roots, reports, modems: BTreeMap::new() }
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
            let port = Port { modem: modem.clone(), roots: self.roots.clone(), reports: self.reports.clone() };
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
            Command::Look(_) if open.is_some() => Some(Input::Port(self.modem.clone(), PortState::Open)),
            Command::Look(spec) => Some(self.found(&spec)),
            Command::Open(spec) => {
                // Closed first: a second descriptor on the same node would steal half of the answers.
                *open = None;
                let opened = self.open(&spec).await;
                *place = Some(spec);
                Some(match opened {
                    Ok((line, kind)) => {
                        *open = Some(line);
                        Input::Opened(self.modem.clone(), kind)
                    }
                    Err(report) => report,
                })
            }
            Command::Close => {
                *open = None;
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

    async fn open(&self, spec: &PortSpec) -> Result<(Line, PortKind), Input> {
        let Some(node) = self.roots.node(spec) else { return Err(self.found(spec)) };
        let opened = match spec {
            PortSpec::Interface(_) | PortSpec::Device(_) => Line::device(&node),
            PortSpec::Socket(_) => Line::socket(&node).await,
            PortSpec::Proxy { .. } => Line::proxy().await,
        };
        let kind = match spec {
            PortSpec::Interface(_) | PortSpec::Device(_) | PortSpec::Socket(_) => PortKind::Exclusive,
            PortSpec::Proxy { device } => PortKind::Proxy { device: device.clone() },
        };
        opened
            .map(|line| (line, kind))
            .map_err(|why| Input::Port(self.modem.clone(), PortState::Unusable(in_words(&why))))
    }

    fn found(&self, spec: &PortSpec) -> Input {
        let there = self.roots.node(spec).is_some();
        Input::Port(self.modem.clone(), if there { PortState::Closed } else { PortState::Absent })
    }
}
