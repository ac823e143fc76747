//! Scripts: straight lists of calls, moved along one answer at a time.

use std::collections::VecDeque;

use super::surplus::Surplus;
use super::{
    Driver, LOOK_AGAIN, OWED_AGAIN, OWED_MUCH_LATER, OWED_SOON, Output, PATIENCE, Pace, SECOND, TELEMETRY_AGAIN,
    TELEMETRY_MISSES,
};
use crate::model::{Action, ControlState, Fact, FactSet, Failure, Instant, Report};
use crate::modem::call::{Accepts, Call, To, UNSUPPORTED};
use crate::modem::clients::Client;
use crate::modem::quirks::Quirks;
use crate::modem::role::Role;
use crate::modem::transactions::Open;
use crate::modem::{reads, script};
use crate::qmi::{ProtocolError, ctl};

/// What a script is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// Carries out the action.
    Action,
    /// Looks at a fact.
    Read(Fact),
    /// Makes a client and prepares it.
    Prepare(Role),
    /// Asks whether the modem is still there.
    Probe,
    /// Offers a client id back that nobody uses.
    GiveBack(Surplus),
    /// Nobody waits for its end.
    Errand,
}

#[derive(Debug)]
pub(super) struct Script {
    pub(super) purpose: Purpose,
    calls: VecDeque<Call>,
    /// The call in flight.
    pub(super) current: Option<Call>,
    /// The client that is being made for the next call.
    waits_for: Option<Role>,
    /// Whether an answer told the fact that a look is about.
    pub(super) told: bool,
}

impl Script {
    /// Whether the call in flight is a part of a client's preparation that can be done without.
    pub(super) fn prepares_without(&self) -> bool {
        let optional = self.current.as_ref().is_some_and(|call| call.accepts == Accepts::Anything);
        optional && matches!(self.purpose, Purpose::Prepare(_))
    }
}

impl Driver {
    pub(super) fn find(&self, purpose: Purpose) -> Option<u32> {
        self.scripts.iter().find(|(_, script)| script.purpose == purpose).map(|(id, _)| *id)
    }

    pub(super) fn run(&mut self, purpose: Purpose, calls: Vec<Call>, now: Instant) {
        let id = self.next_script;
        self.next_script = self.next_script.wrapping_add(1);
        let script = Script { purpose, calls: calls.into(), current: None, waits_for: None, told: false };
        self.scripts.insert(id, script);
        self.advance(id, now);
    }

    /// Sends the next call of a script, or ends it.
    pub(super) fn advance(&mut self, id: u32, now: Instant) {
        if !self.open {
            return self.finish(id, Err(Failure::PortLost), now);
        }
        let Some(script) = self.scripts.get_mut(&id) else { return };
        let purpose = script.purpose;
        let Some(call) = script.calls.pop_front() else { return self.finish(id, Ok(()), now) };
        match call.to {
            To::Control => self.send(id, 0, call, now),
            To::Client(role) => match self.client_for(role, purpose) {
                Some(client) => self.send(id, client, call, now),
                None => {
                    if let Some(script) = self.scripts.get_mut(&id) {
                        script.calls.push_front(call);
                        script.waits_for = Some(role);
                    }
                    self.prepare(role, now);
                }
            },
        }
    }

    /// The id to use for a role; only its own preparation may use a client that is not ready.
    fn client_for(&self, role: Role, purpose: Purpose) -> Option<u8> {
        match self.clients.of(role)? {
            Client::Ready(id) => Some(id),
            Client::Preparing(id) if purpose == Purpose::Prepare(role) => id,
            Client::Preparing(_) | Client::Adopted(_) => None,
        }
    }

    /// Makes a client, or confirms one from an earlier run, unless that is under way.
    fn prepare(&mut self, role: Role, now: Instant) {
        let mut calls = script::preparation(role);
        match self.clients.of(role) {
            Some(Client::Preparing(_)) => return,
            Some(Client::Adopted(id)) => self.clients.set(role, Client::Preparing(Some(id))),
            Some(Client::Ready(_)) | None => {
                self.clients.set(role, Client::Preparing(None));
                calls.insert(0, script::allocate(role));
            }
        }
        self.run(Purpose::Prepare(role), calls, now);
    }

    fn send(&mut self, id: u32, client: u8, mut call: Call, now: Instant) {
        if call.frame.key() == ctl::sync::KEY {
            self.own_sync = Some(now);
        }
        let transaction = self.transactions.number(call.frame.service);
        call.frame.client = client;
        call.frame.transaction = transaction;
        let deadline = if now < self.slow_until { call.deadline.max(PATIENCE) } else { call.deadline };
        self.transactions.open(Open {
            service: call.frame.service,
            client,
            transaction,
            message: call.frame.message,
            script: id,
            sent: now,
            deadline: now + deadline,
        });
        self.out.push_back(Output::Send(call.frame.encode()));
        if let Some(script) = self.scripts.get_mut(&id) {
            script.current = Some(call);
        }
    }

    pub(super) fn fail_all(&mut self, failure: &Failure, now: Instant) {
        let ids: Vec<u32> = self.scripts.keys().copied().collect();
        for id in ids {
            self.transactions.abandon(id);
            self.finish(id, Err(failure.clone()), now);
        }
    }

    pub(super) fn finish(&mut self, id: u32, result: Result<(), Failure>, now: Instant) {
        let Some(script) = self.scripts.remove(&id) else { return };
        match script.purpose {
            Purpose::Action => self.action_ended(result),
            Purpose::Read(fact) => self.looked(fact, script.told, result, now),
            Purpose::Prepare(role) => self.prepared(role, result, now),
            Purpose::GiveBack(surplus) => self.gave_back(surplus, &result, now),
            Purpose::Probe | Purpose::Errand => {}
        }
    }

    fn action_ended(&mut self, result: Result<(), Failure>) {
        let ended = self.action.take();
        let failed = result.is_err();
        // First the end, then what it lets us believe: whoever hears of the end forgets what the action could change.
        self.out.push_back(Output::Done(result));
        match ended {
            Some(Action::ReclaimClients) if failed => {
                // Some are gone and some are not: the channel has to be brought into a known state.
                self.clients.doubt();
                self.out.push_back(Output::Learn(Report::Control(ControlState::Unresponsive)));
            }
            _ if failed => {}
            Some(Action::Synchronise) => {
                self.synchronised = true;
                self.unanswered = 0;
                self.out.push_back(Output::Learn(Report::Control(ControlState::Ready)));
            }
            Some(Action::ReleaseClients) => {
                self.synchronised = false;
                self.clients.clear();
                self.handles.clear();
                self.remember();
            }
            Some(Action::ReclaimClients) => {
                self.synchronised = true;
                self.clients.clear();
                self.handles.clear();
                self.looks.clear();
                self.remember();
                self.out.push_back(Output::Learn(Report::Control(ControlState::Ready)));
            }
            Some(Action::StopSession(family)) => {
                self.handles.remove(&family);
            }
            Some(Action::StopSessions(families)) => {
                self.handles.retain(|family, _| !families.families().contains(family));
            }
            _ => {}
        }
    }

    /// While clients are given back a look would use one that is gone, or make one that nobody gives back.
    pub(super) fn may_look(&self) -> bool {
        self.synchronised && self.action != Some(Action::ReleaseClients)
    }

    /// Starts the looks that are wanted, allowed and not under way.
    pub(super) fn look(&mut self, now: Instant) {
        if !self.may_look() {
            return;
        }
        for fact in self.wanted.union(self.doubted).iter() {
            let held = self.not_before(fact).is_some_and(|until| until > now);
            if held || self.find(Purpose::Read(fact)).is_some() {
                continue;
            }
            let mut calls = reads::calls(fact, self.ways, self.profile);
            if fact == Fact::Device {
                calls = self.gathered.still_owed(calls);
            }
            if !calls.is_empty() {
                if fact == Fact::Profile {
                    self.gathered.profile = self.profile.unwrap_or_default();
                }
                self.doubted = self.doubted.without(FactSet::of(&[fact]));
                let pace = self.pace.entry(fact).or_default();
                if now.since(pace.from) >= SECOND {
                    *pace = Pace { from: now, looks: 0 };
                }
                pace.looks += 1;
                if let Some(doubt) = self.unsettled.get_mut(&fact) {
                    doubt.look_begins();
                }
                self.run(Purpose::Read(fact), calls, now);
            } else {
                // The host's, or nobody's business any more.
                self.doubted = self.doubted.without(FactSet::of(&[fact]));
                self.unsettled.remove(&fact);
                self.looks.remove(&fact);
            }
        }
    }

    fn looked(&mut self, fact: Fact, told: bool, result: Result<(), Failure>, now: Instant) {
        let incomplete = || Failure::Refused("an answer without the value asked for".to_owned());
        let put_together = result.and_then(|()| match self.gathered.finish(fact) {
            Some(result) => result.map(Some),
            None if told => Ok(None),
            None => Err(incomplete()),
        });
        match put_together {
            Ok(report) => {
                if let Some(Report::Device(device)) = &report {
                    self.quirks = Quirks::of(device);
                }
                if fact == Fact::Device && self.gathered.owes() {
                    self.owed(now);
                } else {
                    self.looks.remove(&fact);
                }
                if !self.doubted.contains(fact) {
                    self.unsettled.remove(&fact);
                } else if let Some(doubt) = self.unsettled.get_mut(&fact) {
                    doubt.look_ends();
                }
                self.wanted = self.wanted.without(FactSet::of(&[fact]));
                self.out.extend(report.map(Output::Learn));
            }
            Err(_) if fact.is_telemetry() => self.missed(fact, now),
            Err(failure) => {
                if fact == Fact::Device {
                    self.gathered.cut_short();
                }
                let looks = self.looks.entry(fact).or_default();
                looks.not_before = now + LOOK_AGAIN[looks.failures.min(LOOK_AGAIN.len() - 1)];
                looks.failures += 1;
                match failure {
                    // Nothing was said against the fact; it ages, and is asked for again.
                    Failure::Timeout | Failure::PortLost | Failure::Restarted | Failure::Cancelled => {
                        self.doubted.insert(fact);
                    }
                    // A session that is down has no settings; a card that was pulled has no number.
                    Failure::Refused(_)
                    | Failure::CallEnded(_)
                    | Failure::Host(_)
                    | Failure::NoEffect
                    | Failure::NoClientIds => {
                        self.unsettled.remove(&fact);
                        self.out.push_back(Output::Forget(FactSet::of(&[fact])));
                        self.doubt(session_of(fact), now);
                    }
                }
            }
        }
        // A doubt that came while the look was under way asks for another.
        self.look(now);
    }

    /// A part of the device's identity could not be had: the rest is published, the part is asked for again.
    fn owed(&mut self, now: Instant) {
        let looks = self.looks.entry(Fact::Device).or_default();
        looks.not_before = now + if looks.failures < OWED_SOON { OWED_AGAIN } else { OWED_MUCH_LATER };
        looks.failures += 1;
        self.doubted.insert(Fact::Device);
    }

    /// A look at telemetry failed: it says nothing against what was seen, until it fails again and again.
    fn missed(&mut self, fact: Fact, now: Instant) {
        self.unsettled.remove(&fact);
        let looks = self.looks.entry(fact).or_default();
        looks.not_before = now + fact.refresh_after().min(TELEMETRY_AGAIN);
        looks.failures += 1;
        if looks.failures >= TELEMETRY_MISSES {
            self.out.push_back(match fact {
                // That it hears nothing we can measure is worth knowing too.
                Fact::Signal => Output::Learn(Report::Signal(Default::default())),
                _ => Output::Forget(FactSet::of(&[fact])),
            });
        }
    }

    fn prepared(&mut self, role: Role, result: Result<(), Failure>, now: Instant) {
        let failure = match (result, self.clients.of(role)) {
            (Ok(()), Some(Client::Preparing(Some(id)))) => {
                self.clients.set(role, Client::Ready(id));
                None
            }
            (Ok(()), _) => {
                self.clients.remove(role);
                Some(Failure::Refused("a client id that is none".to_owned()))
            }
            (Err(failure), Some(Client::Preparing(Some(id)))) => {
                self.clients.set(role, Client::Adopted(id));
                Some(failure)
            }
            (Err(failure), _) => {
                self.clients.remove(role);
                // No client of the card's service to be had: the card is reached another way.
                self.ways.card_by_dms |= role == Role::Uim && is_no_such_service(&failure);
                Some(failure)
            }
        };
        if failure == Some(Failure::NoClientIds) {
            self.out.push_back(Output::Learn(Report::Control(ControlState::Exhausted)));
        }
        let waiting = self.scripts.iter().filter(|(_, s)| s.waits_for == Some(role)).map(|(id, _)| *id);
        for id in waiting.collect::<Vec<u32>>() {
            if let Some(script) = self.scripts.get_mut(&id) {
                script.waits_for = None;
            }
            match &failure {
                None => self.advance(id, now),
                Some(failure) => self.finish(id, Err(failure.clone()), now),
            }
        }
    }

    pub(super) fn remember(&mut self) {
        self.out.push_back(Output::Remember(self.clients.memory()));
    }
}

/// The session whose settings these are: settings that are refused say that it may be over.
fn session_of(fact: Fact) -> FactSet {
    match fact {
        Fact::SettingsIpv4 => FactSet::of(&[Fact::SessionIpv4]),
        Fact::SettingsIpv6 => FactSet::of(&[Fact::SessionIpv6]),
        _ => FactSet::NONE,
    }
}

/// Whether a client was refused because there is no such service, and not because there are too many clients.
fn is_no_such_service(failure: &Failure) -> bool {
    let errors = UNSUPPORTED.iter().chain([&ProtocolError::InvalidServiceType]);
    errors.into_iter().any(|error| *failure == Failure::Refused(error.to_string()))
}
