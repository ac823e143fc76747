//! An address from a DHCP server, as far as one modem's controller has to do with it: what the host is to lease, and which
//! of its answers count.

use std::net::Ipv4Addr;

use super::super::door::Output;
use super::super::fleet::Secrets;
use super::Controller;
use crate::model::{AddressMethod, Fact, FactSet, Instant, LeaseOrder, LeaseState, Report, fnv_1a_on};

/// What the host was told to lease.
#[derive(Debug, Default)]
pub(super) struct Leasing {
    /// The number of the last order.
    number: u64,
    order: Option<LeaseOrder>,
    /// The address that the modem knew when it was given.
    beside: Option<Ipv4Addr>,
}

impl Controller {
    pub(in super::super) fn handle_lease(&mut self, number: u64, state: LeaseState, secrets: &Secrets, now: Instant) {
        // What was asked for in another session is not this one's.
        if self.leasing.order.as_ref().is_none_or(|order| order.number != number) {
            return;
        }
        self.host_looks.remove(&Fact::Lease);
        match &mut self.observed.lease {
            // A lease that was prolonged is nothing new, and there is nothing to conclude anew.
            Some(seen) if seen.value == state => seen.at = now,
            _ => {
                self.learn(Report::Lease(state), now);
                self.turn(secrets, now);
            }
        }
    }

    /// A lease is wanted while an IPv4 session is up. It lasts as long as the session; another one asks anew.
    pub(super) fn follow_lease(&mut self) {
        let Some(up) = self.wants_lease() else { return };
        let settings = self.observed.settings_ipv4.as_ref().and_then(|seen| seen.value.ip.ipv4);
        let told = settings.map(|ip| ip.address);
        let other = told.is_some_and(|told| self.leasing.beside.is_some_and(|before| before != told));
        if self.leasing.order.is_some() && (!up || other) {
            self.leasing.order = None;
            self.observed.forget(FactSet::of(&[Fact::Lease]));
            self.touch();
            if !up {
                return self.out.push_back(Output::Lease(self.name.clone(), None));
            }
        }
        if !up {
            return;
        }
        self.leasing.beside = told.or(self.leasing.beside.filter(|_| self.leasing.order.is_some()));
        let host_name = self.config.ip.hostname.clone();
        let order = match &self.leasing.order {
            Some(order) if order.host_name == host_name => return,
            Some(order) => LeaseOrder { host_name, ..order.clone() },
            None => {
                // Nothing goes out before the interface is up.
                let Some(link) = self.observed.link.as_ref().map(|seen| &seen.value).filter(|link| link.up) else {
                    return;
                };
                self.leasing.number += 1;
                let number = self.leasing.number;
                let seed = fnv_1a_on(self.observed.seed, &number.to_be_bytes());
                // What a modem that gives another address had before is its last session's.
                let had = link.ip.ipv4.map(|ip| ip.address).filter(|_| !other);
                LeaseOrder { number, host_name, had, seed: fnv_1a_on(seed, self.name.0.as_bytes()) }
            }
        };
        self.leasing.order = Some(order.clone());
        self.out.push_back(Output::Lease(self.name.clone(), Some(order)));
    }

    /// Whether there shall be a lease; `None`: it is not known, and stays as it is.
    fn wants_lease(&self) -> Option<bool> {
        let observed = &self.observed;
        let gone = observed.port.as_ref().is_some_and(|port| !port.value.is_there());
        if self.config.ip.method != AddressMethod::Dhcp || self.retiring || gone {
            return Some(false);
        }
        observed.session_ipv4.as_ref().map(|seen| seen.value.is_up())
    }
}
