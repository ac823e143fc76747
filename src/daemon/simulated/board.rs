//! The task of one simulated modem and the host around it: gives them time, and carries what goes in and out.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, watch};

use crate::host::clock::Clock;
use crate::model::Instant;
use crate::reconcile::{Input, Output, PortKind};
use crate::sim::{BoardOutput, ConnectionId, Disturbance, SimHost};

/// What the task is told.
#[derive(Debug)]
pub(super) enum Order {
    /// The core asks for something.
    Output(Output),
    /// Somebody disturbs the modem.
    Disturb(Disturbance),
    /// Another program connected; where to send its frames.
    Joined(ConnectionId, mpsc::Sender<Vec<u8>>),
    /// It sent bytes.
    Said(ConnectionId, Vec<u8>),
    /// It is gone.
    Left(ConnectionId),
}

/// A simulated modem, its host, and other programs.
pub(super) struct Board {
    host: SimHost,
    programs: BTreeMap<ConnectionId, mpsc::Sender<Vec<u8>>>,
    clock: Clock,
    reports: mpsc::Sender<Input>,
    visible: watch::Sender<bool>,
    /// Other programs use the modem beside us, so we must not take it for ours alone.
    shared: bool,
}

impl Board {
    pub(super) fn new(host: SimHost, clock: Clock, reports: mpsc::Sender<Input>, shared: bool) -> Self {
        let visible = watch::Sender::new(host.board().modem().node().is_some());
        Self { host: host.with_guests(), programs: BTreeMap::new(), clock, reports, visible, shared }
    }

    /// Whether the device is on the bus.
    pub(super) fn visible(&self) -> watch::Receiver<bool> {
        self.visible.subscribe()
    }

    /// Ends when the bench is gone.
    pub(super) async fn attend(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            while let Some(output) = self.host.poll_guest() {
                self.carry(output);
            }
            while let Some(input) = self.host.poll_input() {
                if self.reports.send(self.as_seen(input)).await.is_err() {
                    return;
                }
            }
            let due = self.host.poll_timeout().map_or(Instant::FAR, |(at, _)| at);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                () = self.clock.reach(due) => self.host.handle_timeout(self.clock.now()),
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let now = self.clock.now();
        match order {
            Order::Output(output) => self.host.handle_output(&output, now),
            Order::Disturb(disturbance) => self.host.disturb(&disturbance, now),
            // A device that is not there cannot be opened: dropping the sender hangs up.
            Order::Joined(id, frames) if self.host.connect_guest(id) => drop(self.programs.insert(id, frames)),
            Order::Joined(..) => {}
            Order::Said(id, bytes) => self.host.handle_guest(id, &bytes, now),
            Order::Left(id) => {
                self.programs.remove(&id);
                self.host.disconnect_guest(id);
            }
        }
    }

    fn carry(&mut self, output: BoardOutput) {
        match output {
            BoardOutput::Bytes(id, bytes) => {
                // A program that does not read is hung up on.
                if self.programs.get(&id).is_some_and(|frames| frames.try_send(bytes).is_err()) {
                    self.programs.remove(&id);
                    self.host.disconnect_guest(id);
                }
            }
            BoardOutput::HungUp(id) => drop(self.programs.remove(&id)),
            BoardOutput::Vanished => drop(self.visible.send_replace(false)),
            BoardOutput::Appeared { .. } => drop(self.visible.send_replace(true)),
            BoardOutput::Carrier(_) => {}
        }
    }

    fn as_seen(&self, input: Input) -> Input {
        match input {
            Input::Opened(modem, _) if self.shared => {
                let node = self.host.board().modem().node().unwrap_or_default();
                Input::Opened(modem, PortKind::Proxy { device: format!("/dev/{node}") })
            }
            input => input,
        }
    }
}
