//! Several programs on one modem, as behind qmi-proxy: who asked gets the answer, who owns a client hears of it.
//!
//! ```text
//! connection 1 ─ bytes ─┐               ┌─ SimModem
//! connection 2 ─ bytes ─┴─ Switchboard ─┘   CTL transactions renumbered, all else as it came
//! ```
//! The contract of a state machine: getters; inputs `connect`, `bytes`, `disconnect`, `disturb`, `power`,
//! `handle_timeout`; `poll_output` until `None` after every input; `poll_timeout`. Closing a connection leaves its
//! client ids in the modem, as a crash of a program does with real ones.

use std::collections::{BTreeMap, VecDeque};

use super::disturbance::Disturbance;
use super::modem::{self, Power, SimModem, Witness};
use crate::model::Instant;
use crate::qmi::ctl;
use crate::qmi::{BROADCAST, Frame, Kind, Piece, ProtocolError, Request, Response, Service, Splitter};

/// A connection of one program; the number is the caller's choice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub u32);

/// What comes out of a switchboard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BoardOutput {
    /// A whole frame for a program.
    Bytes(ConnectionId, Vec<u8>),
    /// The device is gone from under this connection.
    HungUp(ConnectionId),
    /// The device is gone from the bus.
    Vanished,
    /// The device is on the bus, with this node.
    Appeared {
        /// Name of the node.
        node: String,
    },
    /// The data path carries packets now, or does so no more.
    Carrier(bool),
}

/// One modem and the programs that talk to it.
#[derive(Debug)]
pub struct Switchboard {
    modem: SimModem,
    connections: BTreeMap<ConnectionId, Splitter>,
    /// Who asked under which CTL transaction of ours, and what his was. Kept until the number comes round again, so
    /// that a second answer finds its way too.
    ctl: BTreeMap<u8, (ConnectionId, u16)>,
    last_ctl: u8,
    /// Who asked what, the oldest first.
    asked: VecDeque<(Service, u8, u16, ConnectionId)>,
    /// Who used a client id last.
    owners: BTreeMap<(Service, u8), ConnectionId>,
    outputs: VecDeque<BoardOutput>,
}

/// More open requests than this are forgotten; their answers go to whoever used the client id last.
const MAX_ASKED: usize = 256;

impl Switchboard {
    /// A switchboard in front of `modem`.
    #[must_use]
    pub fn new(modem: SimModem) -> Self {
        Self {
            modem,
            connections: BTreeMap::new(),
            ctl: BTreeMap::new(),
            last_ctl: 0,
            asked: VecDeque::new(),
            owners: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// The modem behind it.
    #[must_use]
    pub fn modem(&self) -> &SimModem {
        &self.modem
    }

    /// Whether this connection is open.
    #[must_use]
    pub fn is_connected(&self, id: ConnectionId) -> bool {
        self.connections.contains_key(&id)
    }

    /// A program opens the device. False: it is not there.
    pub fn connect(&mut self, id: ConnectionId) -> bool {
        let there = self.modem.node().is_some();
        if there {
            self.connections.insert(id, Splitter::default());
        }
        there
    }

    /// A program closes it.
    pub fn disconnect(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
    }

    /// A program sends bytes, in any portions.
    pub fn bytes(&mut self, id: ConnectionId, bytes: &[u8], now: Instant) {
        let Some(splitter) = self.connections.get_mut(&id) else { return };
        for piece in splitter.push(bytes) {
            if let Piece::Frame(frame) = piece
                && frame.kind == Kind::Request
            {
                self.request(id, frame, now);
            }
        }
        self.collect();
    }

    /// Lets something happen to the modem.
    pub fn disturb(&mut self, disturbance: &Disturbance, now: Instant) {
        self.modem.disturb(disturbance, now);
        self.collect();
    }

    /// Undoes everything that lasts.
    pub fn calm(&mut self, now: Instant) {
        self.modem.calm(now);
        self.collect();
    }

    /// Changes the modem's power supply.
    pub fn power(&mut self, power: Power, now: Instant) {
        self.modem.power(power, now);
        self.collect();
    }

    /// Lets happen what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.modem.handle_timeout(now);
        self.collect();
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<BoardOutput> {
        self.outputs.pop_front()
    }

    /// The next note of the inspector beside the modem.
    pub fn poll_witness(&mut self) -> Option<(Instant, Witness)> {
        self.modem.poll_witness()
    }

    /// When something happens by itself, and what.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.modem.poll_timeout()
    }

    fn request(&mut self, id: ConnectionId, frame: Frame, now: Instant) {
        if frame.key() == ctl::proxy_open::KEY {
            let answer = match self.modem.node() {
                Some(_) => ctl::proxy_open::Response::default().accept(&frame),
                None => frame.refusal(ProtocolError::Internal),
            };
            self.outputs.push_back(BoardOutput::Bytes(id, answer.encode()));
            return;
        }
        let frame = if frame.service == Service::Ctl {
            self.last_ctl = self.last_ctl.checked_add(1).unwrap_or(1);
            self.ctl.insert(self.last_ctl, (id, frame.transaction));
            Frame { transaction: self.last_ctl.into(), ..frame }
        } else {
            self.owners.insert((frame.service, frame.client), id);
            self.asked.push_back((frame.service, frame.client, frame.transaction, id));
            if self.asked.len() > MAX_ASKED {
                self.asked.pop_front();
            }
            frame
        };
        self.modem.handle_frame(&frame, now);
    }

    fn collect(&mut self) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                modem::Output::Send(frame) => self.route(frame),
                modem::Output::Vanished => {
                    let all = std::mem::take(&mut self.connections);
                    self.outputs.extend(all.into_keys().map(BoardOutput::HungUp));
                    self.outputs.push_back(BoardOutput::Vanished);
                    self.ctl.clear();
                    self.asked.clear();
                    self.owners.clear();
                }
                modem::Output::Appeared { node } => self.outputs.push_back(BoardOutput::Appeared { node }),
                modem::Output::Carrier(on) => self.outputs.push_back(BoardOutput::Carrier(on)),
            }
        }
    }

    fn route(&mut self, frame: Frame) {
        match (frame.service, frame.kind) {
            (Service::Ctl, Kind::Response) => {
                let Some((id, transaction)) = u8::try_from(frame.transaction).ok().and_then(|ours| self.ctl.get(&ours))
                else {
                    return;
                };
                let (id, frame) = (*id, Frame { transaction: *transaction, ..frame });
                self.note_owner(&frame, id);
                self.deliver(id, &frame);
            }
            (_, Kind::Response) => {
                let key = (frame.service, frame.client, frame.transaction);
                let asker = self.asked.iter().position(|(s, c, t, _)| (*s, *c, *t) == key);
                let id = match asker.and_then(|at| self.asked.remove(at)) {
                    Some((.., id)) => Some(id),
                    None => self.owners.get(&(frame.service, frame.client)).copied(),
                };
                if let Some(id) = id {
                    self.deliver(id, &frame);
                }
            }
            _ if frame.service == Service::Ctl || frame.client == BROADCAST => {
                let all: Vec<ConnectionId> = self.connections.keys().copied().collect();
                all.into_iter().for_each(|id| self.deliver(id, &frame));
            }
            _ => {
                if let Some(id) = self.owners.get(&(frame.service, frame.client)).copied() {
                    self.deliver(id, &frame);
                }
            }
        }
    }

    /// A client id that was just given out belongs to the one who asked for it.
    fn note_owner(&mut self, frame: &Frame, id: ConnectionId) {
        if frame.message == ctl::allocate_cid::ID
            && let Ok(Ok(granted)) = <ctl::allocate_cid::Request as Request>::Response::decode(frame)
            && let Some(client) = granted.client
        {
            self.owners.insert((client.service, client.client), id);
        }
    }

    fn deliver(&mut self, id: ConnectionId, frame: &Frame) {
        if self.connections.contains_key(&id) {
            self.outputs.push_back(BoardOutput::Bytes(id, frame.encode()));
        }
    }
}

#[cfg(test)]
mod tests;
