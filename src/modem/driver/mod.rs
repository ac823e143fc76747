//! The driver of one control port.
//!
//! Contract of the state machine: inputs are `handle_*`, [`Driver::want`], [`Driver::start`] and [`Driver::cancel`],
//! each with `now`, which never goes backwards; after each, [`Driver::poll_output`] until `None`, then
//! [`Driver::poll_timeout`] says when to call [`Driver::handle_timeout`].
//!
//! This file has the state and the inputs; `running` moves scripts along, `incoming` takes what the modem sends,
//! `surplus` gives back what nobody uses.

mod incoming;
mod running;
mod surplus;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::answers::Gathered;
use super::clients::Clients;
use super::quirks::Quirks;
use super::reads::Ways;
use super::script::{self, Context};
use super::transactions::Transactions;
use crate::model::defect::{Defect, planted};
use crate::model::{Action, CallEnd, Fact, FactSet, Failure, Instant, IpFamily, ROUTER_NODE, Report};
use crate::qmi::{Kind, Piece, Splitter};
use running::{Purpose, Script};
use surplus::Surplus;

/// After a failed look the same fact is asked for again, at first soon, then less often.
const LOOK_AGAIN: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
];

/// The device's identity is asked for again after this long where the modem could not give a part of it: soon for a
/// minute, as firmware that starts is forgetful, then as one does with firmware that stays so.
const OWED_AGAIN: Duration = Duration::from_secs(5);
const OWED_MUCH_LATER: Duration = Duration::from_secs(600);
const OWED_SOON: usize = 12;

/// Telemetry that was refused is asked for again at its own pace, at the latest after this long.
const TELEMETRY_AGAIN: Duration = Duration::from_secs(30);
/// So many failed looks at telemetry in a row mean that the modem does not know.
const TELEMETRY_MISSES: usize = 3;

/// More looks at one fact in a second than this tell nothing: indications come in floods.
const LOOKS_PER_SECOND: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);

/// Facts that matter to few: a doubt about them is nobody's as long as nobody has asked for them.
const ONLY_IF_WANTED: FactSet = FactSet::of(&[Fact::SimSlots]);

/// A modem that answers within this time is slow, not dead; it is given so long for everything, where others get less.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a modem is taken to be slow after it was.
const SLOW_FOR: Duration = Duration::from_secs(300);

/// A fact that was seen since it became doubtful is acted on after this long even if new doubts keep coming: a modem
/// that never stops raising them would hold up everything.
const SETTLES_WITHIN: Duration = Duration::from_secs(3);
/// A fact that was not seen since is acted on only after this long: a modem may be slow to answer, or may not answer
/// this one question at all while it answers the others.
const UNSEEN_WITHIN: Duration = Duration::from_secs(60);

/// What the driver wants done or known.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Send this frame.
    Send(Vec<u8>),
    /// A fact was seen.
    Learn(Report),
    /// These facts are not to be believed any more.
    Forget(FactSet),
    /// The modem answered something.
    Heard,
    /// The action ended.
    Done(Result<(), Failure>),
    /// The modem lost everything we set up in it.
    Restarted {
        /// How we noticed.
        evidence: &'static str,
    },
    /// Keep these client ids over a restart of ours.
    Remember(BTreeMap<String, u8>),
}

/// Failed looks at a fact.
#[derive(Clone, Copy, Default, Debug)]
struct Looks {
    failures: usize,
    not_before: Instant,
}

/// A fact that became doubtful.
#[derive(Clone, Copy, Debug)]
struct Unsettled {
    since: Instant,
    look: LookSince,
}

/// What became of the looks at a doubtful fact that began after the doubt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LookSince {
    None,
    Begun,
    Seen,
}

impl Unsettled {
    fn look_begins(&mut self) {
        if self.look == LookSince::None {
            self.look = LookSince::Begun;
        }
    }

    /// The fact was seen, by a look that may have begun before the doubt.
    fn look_ends(&mut self) {
        if self.look == LookSince::Begun {
            self.look = LookSince::Seen;
        }
    }

    /// When the fact may be acted on in spite of the doubt.
    fn until(&self) -> Instant {
        match self.look {
            LookSince::Seen => self.since + SETTLES_WITHIN,
            LookSince::None | LookSince::Begun => self.since + UNSEEN_WITHIN,
        }
    }
}

/// Looks at a fact within a second.
#[derive(Clone, Copy, Default, Debug)]
struct Pace {
    from: Instant,
    looks: u32,
}

/// Drives one control port.
#[derive(Debug)]
pub struct Driver {
    splitter: Splitter,
    /// When bytes came in last.
    bytes_at: Instant,
    open: bool,
    proxy: Option<String>,
    /// The channel is in a known state: looks make sense.
    synchronised: bool,
    clients: Clients,
    transactions: Transactions,
    scripts: BTreeMap<u32, Script>,
    next_script: u32,
    /// The action that the action script carries out.
    action: Option<Action>,
    gathered: Gathered,
    quirks: Quirks,
    handles: BTreeMap<IpFamily, u32>,
    /// Why a session last ended, as an indication said.
    ended: BTreeMap<IpFamily, CallEnd>,
    /// The stored profile that matters; `None`: none does.
    profile: Option<u8>,
    /// Facts that the plan wants.
    wanted: FactSet,
    /// Facts that were ever wanted on this channel.
    ever_wanted: FactSet,
    /// Facts that an indication made doubtful and no look has confirmed since.
    doubted: FactSet,
    looks: BTreeMap<Fact, Looks>,
    /// Facts that are doubtful until a look has settled them.
    unsettled: BTreeMap<Fact, Unsettled>,
    /// When each fact was looked at in this second.
    pace: BTreeMap<Fact, Pace>,
    /// Client ids that the modem would not take back, and when they are offered again.
    surplus: Vec<(Instant, Surplus)>,
    /// What we have found out about how it wants to be asked.
    ways: Ways,
    unanswered: u32,
    /// Until when the modem is taken to be slow.
    slow_until: Instant,
    /// When we last released every client id ourselves.
    own_sync: Option<Instant>,
    /// It has said something unasked, once at least.
    tells: bool,
    out: VecDeque<Output>,
}

impl Driver {
    /// A driver that remembers the client ids of an earlier run.
    #[must_use]
    pub fn new(memory: &BTreeMap<String, u8>) -> Self {
        Self {
            splitter: Splitter::default(),
            bytes_at: Instant::ZERO,
            open: false,
            proxy: None,
            synchronised: false,
            clients: Clients::remembered(memory),
            transactions: Transactions::default(),
            scripts: BTreeMap::new(),
            next_script: 0,
            action: None,
            gathered: Gathered::default(),
            quirks: Quirks::default(),
            handles: BTreeMap::new(),
            ended: BTreeMap::new(),
            profile: None,
            wanted: FactSet::NONE,
            ever_wanted: FactSet::NONE,
            doubted: FactSet::NONE,
            looks: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            pace: BTreeMap::new(),
            surplus: Vec::new(),
            ways: Ways::default(),
            unanswered: 0,
            slow_until: Instant::ZERO,
            own_sync: None,
            tells: false,
            out: VecDeque::new(),
        }
    }

    /// The port was opened; through a proxy if `proxy` names the device to tell it.
    pub fn handle_opened(&mut self, proxy: Option<String>) {
        self.transactions.clear();
        self.reset_channel();
        self.open = true;
        if proxy.as_deref().is_some_and(|device| device.starts_with(ROUTER_NODE)) {
            // Clients there are qmi-proxy's own: they end when nobody uses it and when the modem restarts, and to one that
            // has ended it answers nothing.
            self.clients.clear();
            self.handles.clear();
            self.remember();
        }
        self.proxy = proxy;
    }

    /// The port was closed or went away.
    pub fn handle_closed(&mut self, now: Instant) {
        self.open = false;
        self.synchronised = false;
        self.fail_all(&Failure::PortLost, now);
        self.transactions.clear();
        self.reset_channel();
    }

    /// Bytes came in, in any portions.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.bytes_at = now;
        let pieces = self.splitter.push(bytes);
        self.pieces(pieces, now);
    }

    fn pieces(&mut self, pieces: Vec<Piece>, now: Instant) {
        for piece in pieces {
            // Garbage is skipped to the next frame; what was lost in it is asked for again when its time is up.
            let Piece::Frame(frame) = piece else {
                if planted(Defect::NeverResynchronise) {
                    self.splitter = Splitter::default();
                    return;
                }
                continue;
            };
            match frame.kind {
                Kind::Response => self.response(&frame, now),
                Kind::Indication => self.indication(&frame, now),
                Kind::Request => {}
            }
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let is_due = self.transactions.deadline().is_some_and(|at| at <= now) && !planted(Defect::NoDeadlines);
        if is_due && now.since(self.bytes_at) >= SECOND {
            // The answer may stand behind a frame whose length is wrong, and whose rest will not come.
            let pieces = self.splitter.give_up();
            self.pieces(pieces, now);
        }
        while let Some(open) = self.transactions.expire(now).filter(|_| !planted(Defect::NoDeadlines)) {
            self.timed_out(&open, now);
        }
        self.unsettled.retain(|_, doubt| now < doubt.until());
        self.offer_surplus(now);
        self.look(now);
    }

    /// Of the stored profiles this one matters: [`Fact::Profile`] is about it. `None`: none does, and none is looked at.
    pub fn mind_profile(&mut self, profile: Option<u8>) {
        self.profile = profile;
    }

    /// Look at these facts, and no longer at others. Looks that are under way, or that failed lately, are not doubled.
    pub fn want(&mut self, facts: FactSet, now: Instant) {
        self.wanted = facts;
        self.ever_wanted = self.ever_wanted.union(facts);
        self.look(now);
    }

    /// Carry out an action; ends with [`Output::Done`]. One at a time.
    pub fn start(&mut self, action: &Action, now: Instant) {
        debug_assert!(self.action.is_none(), "one action at a time");
        self.action = Some(action.clone());
        match action {
            Action::ReclaimClients => {
                // Nothing may be allocated meanwhile: it would be taken back without our noticing.
                self.synchronised = false;
                self.surplus.clear();
                self.fail_all(&Failure::Cancelled, now);
            }
            // What is under way has no client to go on with; a grant that comes later is given back.
            Action::ReleaseClients => self.fail_all(&Failure::Cancelled, now),
            _ => {}
        }
        let handles = &self.handles;
        let context = Context {
            clients: &self.clients,
            proxy: self.proxy.as_deref(),
            quirks: self.quirks,
            ways: self.ways,
            handle: &|family| handles.get(&family).copied(),
        };
        let calls = script::calls(action, &context);
        self.run(Purpose::Action, calls, now);
    }

    /// Call the action off. It still ends with [`Output::Done`].
    pub fn cancel(&mut self, now: Instant) {
        let Some(id) = self.find(Purpose::Action) else { return };
        if let Some(open) = self.transactions.abandon(id) {
            self.abort(&open);
        }
        self.finish(id, Err(Failure::Cancelled), now);
    }

    /// These facts may have changed without a word from the modem: look at them at once.
    pub fn suspect(&mut self, facts: FactSet, now: Instant) {
        self.doubt(facts, now);
    }

    /// Whether the modem is known to say things unasked. Some never do, and take every registration for it.
    #[must_use]
    pub const fn tells(&self) -> bool {
        self.tells
    }

    /// Facts that became doubtful and that no look has settled yet; neither a modem that never stops raising doubts nor
    /// one that does not answer keeps them open for ever.
    #[must_use]
    pub fn unsettled(&self, now: Instant) -> FactSet {
        let fresh = self.unsettled.iter().filter(|(_, doubt)| now < doubt.until());
        fresh.map(|(fact, _)| *fact).collect()
    }

    /// What to do or to know next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Driver::handle_timeout`], and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let request = self.transactions.deadline().map(|at| (at, "a request is unanswered"));
        let look = self.held_back().min().map(|at| (at, "a failed look is repeated"));
        let settles = self.unsettled.values().map(|doubt| (doubt.until(), "a doubt is to be settled")).min();
        let surplus = self.surplus_due().map(|at| (at, "a client id is to be given back"));
        request.into_iter().chain(look).chain(settles).chain(surplus).min()
    }

    /// When facts that are wanted but held back may be looked at.
    fn held_back(&self) -> impl Iterator<Item = Instant> {
        let wanted = if self.may_look() { self.wanted.union(self.doubted) } else { FactSet::NONE };
        let idle = wanted.iter().filter(|fact| self.find(Purpose::Read(*fact)).is_none());
        idle.filter_map(|fact| self.not_before(fact))
    }

    /// Until when a look at a fact is held back: it failed lately, or it was looked at too often.
    fn not_before(&self, fact: Fact) -> Option<Instant> {
        let failed = self.looks.get(&fact).map(|looks| looks.not_before);
        let flooded = self.pace.get(&fact).filter(|pace| pace.looks >= LOOKS_PER_SECOND);
        failed.into_iter().chain(flooded.map(|pace| pace.from + SECOND)).max()
    }

    /// The id of the client of this name.
    #[cfg(test)]
    pub(super) fn client(&self, role: &str) -> Option<u8> {
        self.clients.memory().get(role).copied()
    }

    /// Whether it has a port to talk through.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether one of these facts is being looked at.
    #[must_use]
    pub fn is_looking(&self, facts: FactSet) -> bool {
        facts.iter().any(|fact| self.find(Purpose::Read(fact)).is_some())
    }

    fn reset_channel(&mut self) {
        self.splitter = Splitter::default();
        self.synchronised = false;
        self.clients.doubt();
        self.gathered = Gathered::default();
        self.wanted = FactSet::NONE;
        self.ever_wanted = FactSet::NONE;
        self.doubted = FactSet::NONE;
        self.looks.clear();
        self.pace.clear();
        self.surplus.clear();
        self.unsettled.clear();
        self.unanswered = 0;
    }
}
