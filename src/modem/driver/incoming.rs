//! What the modem sends: answers in time, late, twice, or to nobody; indications; and silence.

use std::time::Duration;

use super::running::{Purpose, Script};
use super::{Driver, LookSince, ONLY_IF_WANTED, Output, PATIENCE, SLOW_FOR, Unsettled};
use crate::model::defect::{Defect, planted};
use crate::model::{ControlState, Fact, FactSet, Failure, Instant, Report, SessionState, SimState};
use crate::modem::answers;
use crate::modem::call::{CONTROL, Call, NOT_YET, To, UNSUPPORTED};
use crate::modem::card;
use crate::modem::doubts::{self, Doubt};
use crate::modem::reads::Ways;
use crate::modem::role::Role;
use crate::modem::script;
use crate::modem::telemetry;
use crate::modem::transactions::{Match, Open};
use crate::qmi::{
    BROADCAST, Frame, Kind, ProtocolError, Request as _, Response as _, Service, ctl, dms, nas, uim, wda, wds,
};

/// This many requests in a row without an answer mean that the modem hangs, even if its control service still answers.
const UNANSWERED: u32 = 6;

/// Looks at the card that may fail because one of its files cannot be read just now.
const CARD_LOOKS: usize = 3;

/// A "restarted" so soon after our own release of all clients is its echo.
const OWN_SYNC: Duration = Duration::from_secs(3);

impl Driver {
    pub(super) fn response(&mut self, frame: &Frame, now: Instant) {
        match self.transactions.close(frame) {
            Match::Open(open) => {
                self.note_pace(&open, now);
                self.answered(&open, frame, now);
            }
            Match::Late(open) => {
                self.note_pace(&open, now);
                self.late(&open, frame, now);
            }
            Match::Stray => {}
        }
    }

    /// A modem that answers, if slowly, is waited for: asking again what it is about to answer makes it slower still, and
    /// what is written twice is done twice. One that hung and answers all at once afterwards is not slow.
    fn note_pace(&mut self, open: &Open, now: Instant) {
        let took = now.since(open.sent);
        if took >= CONTROL && took < PATIENCE && !open.is_slow_by_nature() {
            self.slow_until = now + SLOW_FOR;
            self.transactions.wait_for(PATIENCE);
        }
    }

    fn answered(&mut self, open: &Open, frame: &Frame, now: Instant) {
        if frame.service != Service::Ctl {
            self.unanswered = 0;
        }
        if self.synchronised {
            self.out.push_back(Output::Heard);
        }
        let Some(script) = self.scripts.get_mut(&open.script) else { return };
        if answers::is_promise(frame) {
            // The result comes in an indication; the request stays open until then, or until its time is up.
            return self.transactions.open(open.clone());
        }
        let Some(call) = script.current.take() else { return };
        let purpose = script.purpose;
        match answers::outcome(frame) {
            Ok(()) if let Some(failure) = answers::taken_back(frame) => {
                return self.finish(open.script, Err(failure), now);
            }
            Ok(()) if grants_none(purpose, frame) => {
                let failure = Failure::Refused("a client id that is none".to_owned());
                return self.finish(open.script, Err(failure), now);
            }
            Ok(()) => self.granted(open, purpose, &call, frame, now),
            Err(ProtocolError::InvalidClientId)
                if call.to != To::Control && !planted(Defect::IgnoreInvalidClientId) =>
            {
                return self.lost("the modem does not know our client ids", now);
            }
            Err(error) if call.tolerates(error) && !self.may_answer_later(purpose, error) => {
                self.note_refusal(frame, error);
                self.tolerated(&call, error);
            }
            Err(error) => {
                self.note_refusal(frame, error);
                return self.finish(open.script, Err(answers::failure(frame, error)), now);
            }
        }
        self.advance(open.script, now);
    }

    fn granted(&mut self, open: &Open, purpose: Purpose, call: &Call, frame: &Frame, now: Instant) {
        let family = match call.to {
            To::Client(Role::Wds(family)) => Some(family),
            To::Client(_) | To::Control => None,
        };
        if let (Purpose::Prepare(role), ctl::allocate_cid::KEY) = (purpose, frame.key()) {
            let stale = self.clients.grant(role, granted_client(frame).map(|(_, id)| id), now);
            self.remember();
            if let Some(stale) = stale {
                // Its preparation would go on with the id that is another's now.
                self.cut_short(Purpose::Prepare(stale), now);
            }
        }
        if let (Purpose::Action, Some(client)) = (purpose, given_back(&call.frame)) {
            // At once, not at the action's end: it may fail before, and this one is gone.
            self.taken_back(client, open.sent);
        }
        if let (Some(family), Some(handle)) = (family, answers::handle(frame)) {
            self.handles.insert(family, handle);
            self.ended.remove(&family);
        }
        if frame.key() == wda::get_data_format::KEY {
            self.ways.names_endpoint = Some(!call.frame.tlvs.is_empty());
        }
        if frame.key() == nas::get_signal_info::KEY {
            self.ways.signal_info = Some(true);
        }
        self.note_ways(frame, now);
        let cause = family.and_then(|family| self.ended.get(&family).copied());
        if let Some(report) = self.gathered.absorb(&call.frame, frame, family, cause) {
            if let Report::Session(family, SessionState::Disconnected(_)) = &report {
                // The network ended it: the handle is worth nothing any more.
                self.handles.remove(family);
            }
            if let Some(script) = self.scripts.get_mut(&open.script) {
                script.told = true;
            }
            self.out.push_back(Output::Learn(report));
        }
        self.out.extend(telemetry::beside(frame).into_iter().map(Output::Learn));
    }

    /// A refusal that does not end the script.
    fn tolerated(&mut self, call: &Call, error: ProtocolError) {
        if call.frame.key() == nas::get_signal_info::KEY
            && matches!(error, ProtocolError::InvalidQmiCommand | ProtocolError::NotSupported)
        {
            self.ways.signal_info = Some(false);
        }
        self.gathered.refused(call.frame.key(), error);
    }

    /// Whose card it is decides to whom we connect: a file that could not be read just now is asked for again, a few times,
    /// before the card is taken not to have it.
    fn may_answer_later(&self, purpose: Purpose, error: ProtocolError) -> bool {
        let failures = self.looks.get(&Fact::SimIdentity).map_or(0, |looks| looks.failures);
        purpose == Purpose::Read(Fact::SimIdentity) && NOT_YET.contains(&error) && failures < CARD_LOOKS
    }

    /// The card begins or ceases to wait for its PIN: what is being read of it is not what there is to read now.
    fn note_lock(&mut self, state: SimState, now: Instant) {
        let locked = matches!(state, SimState::PinRequired { .. });
        if std::mem::replace(&mut self.ways.card_locked, locked) != locked {
            if let Some(look) = self.find(Purpose::Read(Fact::SimIdentity)) {
                self.transactions.abandon(look);
                self.scripts.remove(&look);
            }
            self.doubt(FactSet::of(&[Fact::SimIdentity]), now);
        }
    }

    /// What an answer tells about how to ask the next time.
    fn note_ways(&mut self, frame: &Frame, now: Instant) {
        match frame.key() {
            uim::get_card_status::KEY => {
                let said = uim::get_card_status::Response::decode(frame);
                if let Ok(Ok(uim::get_card_status::Response { status: Some(status), .. })) = said {
                    self.ways.universal_pin = card::has_universal_pin(&status);
                    self.note_lock(card::state(&status), now);
                }
            }
            nas::get_system_selection_preference::KEY => {
                if let Ok(Ok(said)) = nas::get_system_selection_preference::Response::decode(frame) {
                    self.ways.extended_lte_bands = said.extended_lte_bands.is_some();
                }
            }
            _ => {}
        }
    }

    /// A modem that does not know one way to the card is asked the other way the next time.
    fn note_refusal(&mut self, frame: &Frame, error: ProtocolError) {
        if !UNSUPPORTED.contains(&error) {
            return;
        }
        match frame.key() {
            uim::get_card_status::KEY | uim::read_transparent::KEY | uim::verify_pin::KEY => {
                self.ways.card_by_dms = true;
            }
            dms::uim_get_pin_status::KEY | dms::uim_get_iccid::KEY | dms::uim_verify_pin::KEY => {
                self.ways.card_by_dms = false;
            }
            _ => {}
        }
    }

    /// An answer after its time: what it granted is taken over or given back, what it took back is gone.
    fn late(&mut self, open: &Open, frame: &Frame, now: Instant) {
        if answers::outcome(frame).is_err() {
            return;
        }
        if let (ctl::allocate_cid::KEY, Some((service, id))) = (frame.key(), granted_client(frame))
            && self.clients.role(service, id).is_none()
            && !planted(Defect::LeakLateClient)
            && let Some(role) = Role::ALL.into_iter().find(|role| role.service() == service)
        {
            self.give_back(role, id, now);
        }
        if let Some(client) = taken_back(frame) {
            self.taken_back(client, open.sent);
        }
        if let Some(handle) = answers::handle(frame)
            && let Some(Role::Wds(family)) = self.clients.role(open.service, open.client)
        {
            self.handles.insert(family, handle);
            self.doubt(FactSet::of(&[Fact::session(family), Fact::settings(family)]), now);
        }
    }

    fn taken_back(&mut self, client: (Service, u8), asked: Instant) {
        if self.clients.take_back(client, asked) {
            self.remember();
        }
    }

    pub(super) fn indication(&mut self, frame: &Frame, now: Instant) {
        if let Some(open) = self.transactions.promised(frame) {
            let answer = Frame { kind: Kind::Response, transaction: open.transaction, ..frame.clone() };
            return self.answered(&open, &answer, now);
        }
        self.tells = true;
        // An indication that comes twice is answered once.
        let answering = |script: &Script| {
            script.current.as_ref().is_some_and(|call| call.frame.key() == uim::refresh_complete::KEY)
        };
        if self.synchronised
            && let Some(event) = doubts::begun_refresh(frame)
            && !self.scripts.values().any(answering)
        {
            self.run(Purpose::Errand, vec![script::refreshed(&event)], now);
        }
        if self.synchronised {
            // Nothing is decided by these: they may be believed.
            self.out.extend(telemetry::indication(frame, &self.clients).into_iter().map(Output::Learn));
            if let Some(cause) = telemetry::refusal(frame) {
                self.gathered.turned_away(cause);
            }
        }
        match doubts::of(frame, &self.clients) {
            Doubt::Facts(facts) => {
                // Another card may be in: nothing may be done in the name of the old one, not even for a moment.
                let card = facts.intersection(FactSet::of(&[Fact::SimIdentity]));
                if !card.is_empty() {
                    self.out.push_back(Output::Forget(card));
                }
                self.doubt(facts, now);
            }
            Doubt::Ended(family, cause) => {
                self.ended.insert(family, cause);
                self.doubt(FactSet::of(&[Fact::session(family)]), now);
            }
            // Some modems announce what we did ourselves; answering that in kind would never end.
            Doubt::Restarted if self.own_sync.is_some_and(|at| now.since(at) < OWN_SYNC) => {}
            // Before we are synchronised there is nothing to lose.
            Doubt::Restarted if planted(Defect::IgnoreSyncIndication) => {}
            Doubt::Restarted if self.synchronised || !self.clients.is_empty() => {
                self.lost("the modem announced that it restarted", now);
            }
            // It has just finished booting: what it was asked before is lost, and worth asking again at once.
            Doubt::Restarted => self.cut_short(Purpose::Action, now),
            Doubt::Nothing => {}
        }
    }

    /// Ends what is under way for this purpose, as a restart of the modem does.
    fn cut_short(&mut self, purpose: Purpose, now: Instant) {
        let Some(id) = self.find(purpose) else { return };
        self.transactions.abandon(id);
        self.finish(id, Err(Failure::Restarted), now);
    }

    /// Looks at facts again at once; one that is being looked at, once more afterwards: the look may be too early.
    pub(super) fn doubt(&mut self, facts: FactSet, now: Instant) {
        if !self.synchronised {
            return;
        }
        let facts = facts.without(ONLY_IF_WANTED.without(self.ever_wanted));
        let looking = |fact: &Fact| self.find(Purpose::Read(*fact)).is_some();
        let kept = facts.iter().filter(|fact| !(planted(Defect::DropDoubtWhileLooking) && looking(fact)));
        self.doubted = self.doubted.union(kept.collect());
        for fact in facts.iter() {
            self.looks.remove(&fact);
            self.unsettled.entry(fact).or_insert(Unsettled { since: now, look: LookSince::None });
        }
        self.look(now);
    }

    pub(super) fn timed_out(&mut self, open: &Open, now: Instant) {
        self.unanswered += 1;
        self.abort(open);
        let purpose = self.scripts.get(&open.script).map(|script| script.purpose);
        if purpose == Some(Purpose::Probe) || self.unanswered >= UNANSWERED {
            return self.unresponsive(now);
        }
        match self.scripts.get_mut(&open.script).filter(|script| script.prepares_without()) {
            // A report that an old modem does not even refuse is done without.
            Some(_) => self.advance(open.script, now),
            None => self.finish(open.script, Err(Failure::Timeout), now),
        }
        if self.synchronised && self.find(Purpose::Probe).is_none() {
            self.run(Purpose::Probe, vec![Call::probe()], now);
        }
    }

    /// Calls off a request in the modem, where the protocol can.
    pub(super) fn abort(&mut self, open: &Open) {
        let transaction = Some(open.transaction);
        let number = self.transactions.number(open.service);
        let frame = match (open.service, open.message) {
            wds::start_network::KEY => {
                wds::abort::Request { transaction, ..Default::default() }.frame(open.client, number)
            }
            nas::network_scan::KEY | nas::incremental_network_scan::KEY => {
                nas::abort::Request { transaction, ..Default::default() }.frame(open.client, number)
            }
            _ => return,
        };
        self.out.push_back(Output::Send(frame.encode()));
    }

    fn unresponsive(&mut self, now: Instant) {
        self.synchronised = false;
        self.fail_all(&Failure::Timeout, now);
        self.clients.doubt();
        self.doubted = FactSet::NONE;
        self.unsettled.clear();
        self.unanswered = 0;
        self.out.push_back(Output::Learn(Report::Control(ControlState::Unresponsive)));
    }

    /// Everything we set up in the modem is gone.
    fn lost(&mut self, evidence: &'static str, now: Instant) {
        self.synchronised = false;
        self.fail_all(&Failure::Restarted, now);
        self.transactions.restarted();
        self.reset_channel();
        if !planted(Defect::KeepClientsOverRestart) {
            self.clients.clear();
        }
        self.handles.clear();
        self.ended.clear();
        self.ways = Ways::default();
        self.remember();
        self.out.push_back(Output::Restarted { evidence });
    }
}

/// Whether an answer that should grant a client for a role grants none, or one of another service. Whatever waits for
/// the client would wait for ever.
fn grants_none(purpose: Purpose, frame: &Frame) -> bool {
    let (Purpose::Prepare(role), ctl::allocate_cid::KEY) = (purpose, frame.key()) else { return false };
    granted_client(frame).is_none_or(|(service, id)| service != role.service() || matches!(id, 0 | BROADCAST))
}

/// The client that a request gives back.
fn given_back(request: &Frame) -> Option<(Service, u8)> {
    if request.key() != ctl::release_cid::KEY {
        return None;
    }
    let client = ctl::release_cid::Request::decode(request).ok()?.client?;
    Some((client.service, client.client))
}

/// The client that an answer says is taken back.
fn taken_back(frame: &Frame) -> Option<(Service, u8)> {
    if frame.key() != ctl::release_cid::KEY {
        return None;
    }
    let client = ctl::release_cid::Response::decode(frame).ok()?.ok()?.client?;
    Some((client.service, client.client))
}

fn granted_client(frame: &Frame) -> Option<(Service, u8)> {
    let granted = ctl::allocate_cid::Response::decode(frame).ok()?.ok()?.client?;
    Some((granted.service, granted.client))
}
