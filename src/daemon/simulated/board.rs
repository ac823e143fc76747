//! The task of one simulated modem: the modem, its switchboard, the interface and the power switch beside it.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, watch};

use crate::host::clock::Clock;
use crate::model::{Instant, LinkState, ModemName, PortState};
use crate::reconcile::{Input, PortKind, PowerCommand};
use crate::sim::{BoardOutput, ConnectionId, Disturbance, Power, Switchboard};

/// The daemon's own connection; other programs count from 1.
const OURS: ConnectionId = ConnectionId(0);

/// What the task is told.
#[derive(Debug)]
pub(super) enum Order {
    LookPort,
    Open,
    Close,
    Send(Vec<u8>),
    LookLink,
    ConfigureLink(LinkState),
    Power(PowerCommand),
    Disturb(Disturbance),
    /// Another program connected; where to send its frames.
    Joined(ConnectionId, mpsc::Sender<Vec<u8>>),
    /// It sent bytes.
    Said(ConnectionId, Vec<u8>),
    /// It is gone.
    Left(ConnectionId),
}

/// A simulated modem and what surrounds it.
pub(super) struct Board {
    name: ModemName,
    board: Switchboard,
    link: LinkState,
    programs: BTreeMap<ConnectionId, mpsc::Sender<Vec<u8>>>,
    clock: Clock,
    reports: mpsc::Sender<Input>,
    visible: watch::Sender<bool>,
    /// Other programs use the modem beside us, so we must not take it for ours alone.
    shared: bool,
}

impl Board {
    pub(super) fn new(
        name: ModemName,
        board: Switchboard,
        clock: Clock,
        reports: mpsc::Sender<Input>,
        shared: bool,
    ) -> Self {
        let (link, programs, visible) = (LinkState::default(), BTreeMap::new(), watch::Sender::new(false));
        Self { name, board, link, programs, clock, reports, visible, shared }
    }

    /// Whether the device is on the bus.
    pub(super) fn visible(&self) -> watch::Receiver<bool> {
        self.visible.subscribe()
    }

    /// Ends when the bench is gone.
    pub(super) async fn attend(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            while let Some(output) = self.board.poll_output() {
                let report = self.carry(output);
                if !self.report(report).await {
                    return;
                }
            }
            let due = self.board.poll_timeout().map_or(Instant::FAR, |(at, _)| at);
            let report = tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                () = self.clock.reach(due) => {
                    self.board.handle_timeout(self.clock.now());
                    None
                }
            };
            if !self.report(report).await {
                return;
            }
        }
    }

    /// Whether anybody still listens.
    async fn report(&self, report: Option<Input>) -> bool {
        match report {
            Some(report) => self.reports.send(report).await.is_ok(),
            None => true,
        }
    }

    fn obey(&mut self, order: Order) -> Option<Input> {
        let now = self.clock.now();
        match order {
            Order::LookPort => Some(self.port()),
            Order::Open => Some(self.open()),
            Order::Close => {
                self.board.disconnect(OURS);
                Some(self.port())
            }
            Order::Send(frame) => {
                self.board.bytes(OURS, &frame, now);
                None
            }
            Order::LookLink => Some(self.link()),
            Order::ConfigureLink(link) => Some(self.configure(link)),
            Order::Power(command) => {
                self.board.power(power(command), now);
                Some(Input::PowerDone(self.name.clone(), Ok(())))
            }
            Order::Disturb(disturbance) => {
                self.board.disturb(&disturbance, now);
                self.disturb_link(&disturbance)
            }
            Order::Joined(id, frames) => {
                // A device that is not there cannot be opened: dropping the sender hangs up.
                if self.board.connect(id) {
                    self.programs.insert(id, frames);
                }
                None
            }
            Order::Said(id, bytes) => {
                self.board.bytes(id, &bytes, now);
                None
            }
            Order::Left(id) => {
                self.programs.remove(&id);
                self.board.disconnect(id);
                None
            }
        }
    }

    fn carry(&mut self, output: BoardOutput) -> Option<Input> {
        match output {
            BoardOutput::Bytes(OURS, bytes) => Some(Input::Bytes(self.name.clone(), bytes)),
            BoardOutput::Bytes(id, bytes) => {
                // A program that does not read is hung up on.
                if self.programs.get(&id).is_some_and(|frames| frames.try_send(bytes).is_err()) {
                    self.programs.remove(&id);
                    self.board.disconnect(id);
                }
                None
            }
            BoardOutput::HungUp(id) => {
                self.programs.remove(&id);
                None
            }
            BoardOutput::Vanished => {
                self.visible.send_replace(false);
                self.link = LinkState::default();
                Some(self.port())
            }
            BoardOutput::Appeared { .. } => {
                self.visible.send_replace(true);
                Some(self.port())
            }
            BoardOutput::Carrier(_) => None,
        }
    }

    fn port(&self) -> Input {
        let state = if self.board.modem().node().is_none() {
            PortState::Absent
        } else if self.board.is_connected(OURS) {
            PortState::Open
        } else {
            PortState::Closed
        };
        Input::Port(self.name.clone(), state)
    }

    fn open(&mut self) -> Input {
        self.board.disconnect(OURS);
        if !self.board.connect(OURS) {
            return self.port();
        }
        let device = self.board.modem().node().map(|node| format!("/dev/{node}")).unwrap_or_default();
        let kind = if self.shared { PortKind::Proxy { device } } else { PortKind::Exclusive };
        Input::Opened(self.name.clone(), kind)
    }

    fn link(&self) -> Input {
        Input::Link(self.name.clone(), self.link.clone())
    }

    fn configure(&mut self, link: LinkState) -> Input {
        let done = match self.board.modem().node() {
            Some(_) => {
                self.link = link;
                Ok(())
            }
            None => Err("no such interface".to_owned()),
        };
        Input::LinkDone(self.name.clone(), done)
    }

    /// What concerns the interface alone; the kernel tells us of it at once.
    fn disturb_link(&mut self, disturbance: &Disturbance) -> Option<Input> {
        match disturbance {
            Disturbance::FlushLink => self.link = LinkState { up: self.link.up, ..LinkState::default() },
            Disturbance::LinkDown => self.link = LinkState::default(),
            _ => return None,
        }
        Some(self.link())
    }
}

fn power(command: PowerCommand) -> Power {
    match command {
        PowerCommand::Off => Power::Off,
        PowerCommand::On => Power::On,
        PowerCommand::Reauthorise => Power::Reauthorise,
    }
}
