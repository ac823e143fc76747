//! Open requests, matched with their answers by service, client, transaction and message, all four.
//!
//! Two answers with one transaction number are normal: numbers are short, modems send duplicates, and every service
//! counts for itself. Requests that ran out of time are kept for a while, to know a late answer when it comes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Instant;
use crate::model::defect::{Defect, planted};
use crate::qmi::{Frame, Service, ctl};

/// Late answers older than this many requests are nobody's.
const EXPIRED: usize = 32;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Open {
    pub(super) service: Service,
    pub(super) client: u8,
    pub(super) transaction: u16,
    pub(super) message: u16,
    pub(super) script: u32,
    pub(super) sent: Instant,
    pub(super) deadline: Instant,
}

impl Open {
    /// Whether it was given longer than an ordinary request from the start: its pace says nothing about the others'.
    pub(super) fn is_slow_by_nature(&self) -> bool {
        self.deadline > self.sent + super::call::CARD
    }

    fn allocates(&self) -> bool {
        (self.service, self.message) == ctl::allocate_cid::KEY
    }

    fn answers(&self, frame: &Frame) -> bool {
        if planted(Defect::MatchByTransactionOnly) {
            return self.transaction == frame.transaction;
        }
        self.service == frame.service
            && self.client == frame.client
            && self.transaction == frame.transaction
            && self.message == frame.message
    }
}

/// What an answer turned out to be.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Match {
    /// The answer to this request.
    Open(Open),
    /// Too late for this request.
    Late(Open),
    /// Nobody asked, or it was answered already.
    Stray,
}

#[derive(Default, Debug)]
pub(super) struct Transactions {
    open: Vec<Open>,
    expired: VecDeque<Open>,
    last_control: u8,
    last: u16,
}

impl Transactions {
    /// A number that no open request to this service uses.
    pub(super) fn number(&mut self, service: Service) -> u16 {
        loop {
            let number = if service == Service::Ctl {
                self.last_control = self.last_control.checked_add(1).unwrap_or(1);
                u16::from(self.last_control)
            } else {
                self.last = self.last.checked_add(1).unwrap_or(1);
                self.last
            };
            if !self.open.iter().any(|o| o.service == service && o.transaction == number) {
                return number;
            }
        }
    }

    pub(super) fn open(&mut self, request: Open) {
        self.open.push(request);
    }

    /// Whose answer this is. An open request is closed by it.
    pub(super) fn close(&mut self, frame: &Frame) -> Match {
        if let Some(i) = self.open.iter().position(|o| o.answers(frame)) {
            return Match::Open(self.open.swap_remove(i));
        }
        match self.expired.iter().position(|o| o.answers(frame)) {
            Some(i) if planted(Defect::LateIsFresh) => self.expired.remove(i).map_or(Match::Stray, Match::Open),
            Some(i) => self.expired.remove(i).map_or(Match::Stray, Match::Late),
            None => Match::Stray,
        }
    }

    /// The open request whose promised result this indication is. A promise is kept by an indication with the number of
    /// the request's message, which no ordinary indication of that service has.
    pub(super) fn promised(&mut self, indication: &Frame) -> Option<Open> {
        if indication.key() != crate::qmi::uim::read_transparent::KEY {
            return None;
        }
        let of = |o: &Open| (o.service, o.message) == indication.key() && o.client == indication.client;
        let i = self.open.iter().position(of)?;
        Some(self.open.swap_remove(i))
    }

    /// Whatever is open is waited for at least this long from when it was sent.
    pub(super) fn wait_for(&mut self, patience: Duration) {
        for open in &mut self.open {
            open.deadline = open.deadline.max(open.sent + patience);
        }
    }

    /// The earliest deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|o| o.deadline).min()
    }

    /// Closes one request whose time is up.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Open> {
        let i = self.open.iter().position(|o| o.deadline <= now)?;
        let open = self.open.swap_remove(i);
        self.bury(open.clone());
        Some(open)
    }

    /// Closes the request of a script, if it has one.
    pub(super) fn abandon(&mut self, script: u32) -> Option<Open> {
        let i = self.open.iter().position(|o| o.script == script)?;
        let open = self.open.swap_remove(i);
        self.bury(open.clone());
        Some(open)
    }

    /// Forgets everything: the channel is another one.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.expired.clear();
    }

    /// The modem has begun anew, on the same channel: its services have forgotten what they were asked. What the control
    /// service was asked last it may have been asked after that.
    pub(super) fn restarted(&mut self) {
        let open = std::mem::take(&mut self.open);
        open.into_iter().for_each(|open| self.bury(open));
        self.expired.retain(|open| open.service == Service::Ctl);
    }

    fn bury(&mut self, open: Open) {
        if self.expired.len() == EXPIRED {
            // A client that is granted late has to be given back; of other late answers little depends.
            let spare = self.expired.iter().position(|open| !open.allocates()).unwrap_or(0);
            self.expired.remove(spare);
        }
        self.expired.push_back(open);
    }
}
