//! The truth of `connection`: how far packets get, from what was observed.
//!
//! ```text
//!  address and session gone ─► disconnected, at once
//!  all in order             ─► internet, at once
//!  the network fails us     ─► disconnected after the grace, if it was internet
//!  nothing comes back       ─► lan, at once: it was asked for long enough
//!  nothing known            ─► as it was, for a while
//! ```
//! The session is what the plan acts on, and it does so at once; this is what other programs are told, and a network that
//! is gone for less than the grace is nothing to tell. The circuit domain does not matter here.

use std::time::Duration;

use crate::model::{
    Connection, Fact, Gap, Instant, Internet, IpFamilies, IpFamily, Observed, Reach, Seen, SessionState,
};

/// What was internet stays so for this long without a look that confirms or denies it: a modem that starts, or that is
/// asked anew after an action of ours, answers within seconds.
const UNPROVEN_FOR: Duration = Duration::from_secs(60);

/// What is known of the way to the network; `None`: not known, or not any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Evidence {
    /// The device is there.
    pub(super) present: bool,
    /// The interface is up and has an address.
    pub(super) address: Option<bool>,
    /// A session in one of the families asked for is connected.
    pub(super) session: Option<bool>,
    /// When a session was last seen up, if one is.
    pub(super) session_seen: Option<Instant>,
    /// What the network does for us.
    pub(super) service: Option<Service>,
    /// It was found out that data does not pass.
    pub(super) cut_off: bool,
    /// Something of this was known once and has grown too old to be believed: whoever could tell is silent.
    pub(super) silent: bool,
}

/// What the serving system says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Service {
    pub(super) registered: bool,
    pub(super) attached: bool,
    pub(super) network_known: bool,
    pub(super) radio: bool,
}

/// Follows the connection of one modem.
#[derive(Debug)]
pub(super) struct Connectivity {
    truth: Connection,
    /// An earlier run left with the internet: believed as soon as the interface is seen to have its address.
    guess: bool,
    /// Since when the network fails us.
    failing_since: Option<Instant>,
    /// Since when nothing confirms what is believed.
    unproven_since: Option<Instant>,
    /// When a session was last seen up.
    session_seen: Option<Instant>,
    /// It was the internet before the network failed us: the local network is not worth mentioning now.
    fallen: bool,
    /// The modem has restarted: no session has survived that, though nobody has asked yet.
    restarted: bool,
}

enum Verdict {
    InOrder,
    /// Packets get nowhere.
    Cut(Gap),
    /// The network fails us.
    Failing(Gap),
    /// Packets get as far as the network.
    Local(Gap),
    /// What is known says neither.
    Unproven,
}

impl Connectivity {
    /// `was_internet`: an earlier run left with the internet.
    pub(super) fn new(was_internet: bool, now: Instant) -> Self {
        Self {
            truth: Connection { reach: Reach::Disconnected, gap: Some(Gap::NothingSeen), since: now },
            guess: was_internet,
            failing_since: None,
            unproven_since: None,
            session_seen: None,
            fallen: false,
            restarted: false,
        }
    }

    /// The modem has lost everything.
    pub(super) fn note_restart(&mut self) {
        self.restarted = true;
    }

    pub(super) fn truth(&self) -> &Connection {
        &self.truth
    }

    /// When the conclusion may change though nothing is seen.
    pub(super) fn poll_timeout(&self, grace: Duration) -> Option<(Instant, &'static str)> {
        let failing = self.failing_since.map(|since| (since + grace, "the grace of the connection ends"));
        let unproven = self.proof_due().map(|at| (at, "the connection needs proof"));
        failing.into_iter().chain(unproven).min()
    }

    /// Concludes anew. Says what it was, if that has changed.
    pub(super) fn update(&mut self, evidence: &Evidence, grace: Duration, now: Instant) -> Option<Reach> {
        let before = self.truth.reach;
        self.session_seen = evidence.session_seen.or(self.session_seen);
        self.restarted &= evidence.session.is_none();
        let evidence = Evidence { session: evidence.session.or(self.restarted.then_some(false)), ..*evidence };
        match evidence.verdict() {
            Verdict::InOrder => {
                self.settle();
                self.set(Reach::Internet, None, now);
            }
            Verdict::Cut(gap) => {
                self.settle();
                self.set(Reach::Disconnected, Some(gap), now);
            }
            Verdict::Local(gap) => {
                self.settle();
                self.set(Reach::Lan, Some(gap), now);
            }
            Verdict::Failing(gap) => {
                self.unproven_since = None;
                self.failing(gap, &evidence, grace, now);
            }
            Verdict::Unproven => self.unproven(&evidence, grace, now),
        }
        (self.truth.reach != before).then_some(before)
    }

    fn settle(&mut self) {
        self.guess = false;
        self.fallen = false;
        self.failing_since = None;
        self.unproven_since = None;
    }

    /// The grace counts from the first bad report: further ones do not begin it anew.
    fn failing(&mut self, gap: Gap, evidence: &Evidence, grace: Duration, now: Instant) {
        self.guess = false;
        match self.truth.reach {
            Reach::Internet => {
                let since = *self.failing_since.get_or_insert(now);
                if now.since(since) >= grace {
                    self.fall(gap, now);
                }
            }
            Reach::Disconnected if self.fallen => self.truth.gap = Some(gap),
            Reach::Disconnected | Reach::Lan if evidence.is_local() => self.set(Reach::Lan, Some(gap), now),
            Reach::Disconnected | Reach::Lan => self.truth.gap = Some(gap),
        }
    }

    fn unproven(&mut self, evidence: &Evidence, grace: Duration, now: Instant) {
        if self.guess && evidence.address == Some(true) {
            self.guess = false;
            self.set(Reach::Internet, None, now);
        }
        if self.failing_since.is_some_and(|since| now.since(since) >= grace) {
            return self.fall(Gap::Registration, now);
        }
        if self.truth.reach != Reach::Disconnected {
            self.unproven_since.get_or_insert(now);
            if self.proof_due().is_some_and(|due| now >= due) {
                self.settle();
                self.set(Reach::Disconnected, Some(Gap::Proof), now);
            }
        }
    }

    /// Until when something has to confirm what is believed. A session that is asked about anew is no older for that, and
    /// none is believed in for longer than one that nobody asks about.
    fn proof_due(&self) -> Option<Instant> {
        let patient = self.unproven_since? + UNPROVEN_FOR;
        let seen = self.session_seen.map(|at| at + Fact::SessionIpv4.max_age());
        Some(seen.map_or(patient, |expires| patient.min(expires)))
    }

    fn fall(&mut self, gap: Gap, now: Instant) {
        self.failing_since = None;
        self.fallen = true;
        self.set(Reach::Disconnected, Some(gap), now);
    }

    fn set(&mut self, reach: Reach, gap: Option<Gap>, now: Instant) {
        let since = if self.truth.reach == reach { self.truth.since } else { now };
        self.truth = Connection { reach, gap, since };
    }
}

impl Evidence {
    /// What is known now. `families`: those that the file asks for.
    pub(super) fn of(observed: &Observed, families: IpFamilies, now: Instant) -> Self {
        let link = fresh(Fact::Link, observed.link.as_ref(), now);
        let serving = fresh(Fact::ServingSystem, observed.serving_system.as_ref(), now);
        Self {
            present: observed.port.as_ref().is_none_or(|seen| seen.value.is_there()),
            address: link.map(|link| link.up && (link.ip.ipv4.is_some() || link.ip.ipv6.is_some())),
            session: session(observed, families, now),
            session_seen: families.families().iter().filter_map(|family| up_at(observed, *family)).max(),
            cut_off: fresh(Fact::Internet, observed.internet.as_ref(), now).is_some_and(Internet::is_cut_off),
            silent: is_old(Fact::Link, observed.link.as_ref(), now)
                || is_old(Fact::ServingSystem, observed.serving_system.as_ref(), now)
                || families.families().iter().any(|f| is_old(Fact::session(*f), observed.session(*f), now)),
            service: serving.map(|serving| Service {
                registered: serving.registration.is_registered(),
                attached: serving.ps_attached,
                network_known: serving.network_known,
                radio: !serving.technologies.is_empty(),
            }),
        }
    }

    /// The session is up and the interface has its address.
    fn is_local(&self) -> bool {
        self.address == Some(true) && self.session == Some(true)
    }

    fn verdict(&self) -> Verdict {
        if !self.present {
            return Verdict::Cut(Gap::Device);
        }
        match (self.address, self.session, self.service) {
            (Some(false), ..) => Verdict::Cut(Gap::Address),
            (_, Some(false), _) => Verdict::Cut(Gap::Session),
            _ if self.silent => Verdict::Cut(Gap::Proof),
            (Some(true), Some(true), Some(service)) => match service.gap() {
                Some(gap) => Verdict::Failing(gap),
                None if self.cut_off => Verdict::Local(Gap::Answer),
                None => Verdict::InOrder,
            },
            (_, _, Some(service)) => service.gap().map_or(Verdict::Unproven, Verdict::Failing),
            (_, _, None) => Verdict::Unproven,
        }
    }
}

impl Service {
    fn gap(self) -> Option<Gap> {
        let lacks = [
            (self.registered, Gap::Registration),
            (self.attached, Gap::PacketDomain),
            (self.network_known, Gap::Network),
            (self.radio, Gap::Radio),
        ];
        lacks.into_iter().find(|(has, _)| !has).map(|(_, gap)| gap)
    }
}

/// One connected session is enough; for none, all families asked for must be known to be down.
fn session(observed: &Observed, families: IpFamilies, now: Instant) -> Option<bool> {
    let state = |family: &IpFamily| fresh(Fact::session(*family), observed.session(*family), now);
    let wanted = families.families();
    if wanted.iter().any(|family| state(family) == Some(&SessionState::Connected)) {
        return Some(true);
    }
    wanted.iter().all(|family| state(family).is_some()).then_some(false)
}

fn up_at(observed: &Observed, family: IpFamily) -> Option<Instant> {
    observed.session(family).filter(|seen| seen.value.is_up()).map(|seen| seen.at)
}

fn is_old<T>(fact: Fact, seen: Option<&Seen<T>>, now: Instant) -> bool {
    seen.is_some_and(|seen| now >= seen.at + fact.max_age())
}

fn fresh<T>(fact: Fact, seen: Option<&Seen<T>>, now: Instant) -> Option<&T> {
    seen.filter(|seen| now < seen.at + fact.max_age()).map(|seen| &seen.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(1);
    const GOOD: Service = Service { registered: true, attached: true, network_known: true, radio: true };
    const BAD: Service = Service { registered: false, ..GOOD };

    fn evidence(address: bool, session: bool, service: Service) -> Evidence {
        Evidence {
            present: true,
            address: Some(address),
            session: Some(session),
            session_seen: None,
            service: Some(service),
            cut_off: false,
            silent: false,
        }
    }

    fn good() -> Evidence {
        evidence(true, true, GOOD)
    }

    fn bad() -> Evidence {
        evidence(true, true, BAD)
    }

    const UNKNOWN: Evidence = Evidence {
        present: true,
        address: None,
        session: None,
        session_seen: None,
        service: None,
        cut_off: false,
        silent: false,
    };

    /// The changes that a series of evidence makes; time goes on in steps of 50 ms, as if somebody always looked.
    fn changes(was_internet: bool, series: &[(u64, Evidence)], until_ms: u64) -> Vec<(u64, Reach)> {
        let mut connectivity = Connectivity::new(was_internet, Instant::ZERO);
        let mut said = Vec::new();
        let mut now_is = UNKNOWN;
        for ms in (0..=until_ms).step_by(50) {
            let at = Instant::from_millis(ms);
            let news = series.iter().find(|(when, _)| *when == ms).map(|(_, evidence)| *evidence);
            let due = connectivity.poll_timeout(GRACE).is_some_and(|(due, _)| due <= at);
            now_is = news.unwrap_or(now_is);
            if (news.is_some() || due) && connectivity.update(&now_is, GRACE, at).is_some() {
                said.push((ms, connectivity.truth().reach));
            }
        }
        said
    }

    #[test]
    fn lnk_1_internet_takes_all_of_it() {
        for bits in 0..128_u8 {
            let has = |bit: u8| bits & 1 << bit != 0;
            let service = Service { registered: has(2), attached: has(3), network_known: has(4), radio: has(5) };
            let evidence = Evidence { present: has(6), ..evidence(has(0), has(1), service) };
            let mut connectivity = Connectivity::new(false, Instant::ZERO);
            connectivity.update(&evidence, GRACE, Instant::ZERO);
            let expected = match (bits == 127, has(0) && has(1) && has(6)) {
                (true, _) => Reach::Internet,
                (false, true) => Reach::Lan,
                (false, false) => Reach::Disconnected,
            };
            assert_eq!(connectivity.truth().reach, expected, "{evidence:?}");
            assert_eq!(connectivity.truth().gap.is_none(), expected == Reach::Internet);
        }
    }

    #[test]
    fn lnk_3_a_failing_network_has_a_grace_from_the_first_bad_report() {
        let internet = (0, Reach::Internet);
        let blip = changes(false, &[(0, good()), (1_000, bad()), (1_850, good())], 5_000);
        assert_eq!(blip, [internet], "0.85 s are nothing to tell");
        let longer = changes(false, &[(0, good()), (1_000, bad()), (2_900, good())], 5_000);
        assert_eq!(longer, [internet, (2_000, Reach::Disconnected), (2_900, Reach::Internet)]);
        let twice = changes(false, &[(0, good()), (1_000, bad()), (1_600, bad())], 5_000);
        assert_eq!(twice, [internet, (2_000, Reach::Disconnected)], "a second bad report does not begin it anew");
        let between = changes(false, &[(0, good()), (1_000, bad()), (1_500, good()), (1_600, bad())], 5_000);
        assert_eq!(between, [internet, (2_600, Reach::Disconnected)], "a good one cancels it");
    }

    #[test]
    fn lnk_4_a_lost_session_or_address_has_none() {
        for cut in [evidence(true, false, GOOD), evidence(false, true, GOOD), Evidence { present: false, ..good() }] {
            let said = changes(false, &[(0, good()), (1_000, cut)], 2_000);
            assert_eq!(said, [(0, Reach::Internet), (1_000, Reach::Disconnected)], "{cut:?}");
        }
        let during_grace = changes(false, &[(0, good()), (1_000, bad()), (1_200, evidence(true, false, BAD))], 3_000);
        assert_eq!(during_grace, [(0, Reach::Internet), (1_200, Reach::Disconnected)]);
    }

    #[test]
    fn lnk_1_the_local_network_comes_between_nothing_and_everything_but_not_on_the_way_down() {
        let up = changes(false, &[(0, evidence(false, false, BAD)), (500, bad()), (900, good())], 1_000);
        assert_eq!(up, [(500, Reach::Lan), (900, Reach::Internet)]);
        let down = changes(false, &[(0, good()), (1_000, bad()), (3_000, bad())], 5_000);
        assert_eq!(down, [(0, Reach::Internet), (2_000, Reach::Disconnected)]);
    }

    #[test]
    fn where_nothing_comes_back_it_is_the_local_network_until_something_does() {
        let cut_off = Evidence { cut_off: true, ..good() };
        let said = changes(false, &[(0, good()), (1_000, cut_off), (9_000, good())], 10_000);
        assert_eq!(said, [(0, Reach::Internet), (1_000, Reach::Lan), (9_000, Reach::Internet)]);
        let down = changes(false, &[(0, cut_off), (1_000, Evidence { service: Some(BAD), ..cut_off })], 5_000);
        assert_eq!(down, [(0, Reach::Lan)], "the network has failed us before");
    }

    #[test]
    fn lnk_6_a_guess_needs_an_address_and_then_proof() {
        let address = Evidence { address: Some(true), ..UNKNOWN };
        let kept = changes(true, &[(50, address), (5_000, good())], 100_000);
        assert_eq!(kept, [(50, Reach::Internet)], "guessed, then verified");
        let dropped = changes(true, &[(50, address), (5_000, evidence(true, false, GOOD))], 10_000);
        assert_eq!(dropped, [(50, Reach::Internet), (5_000, Reach::Disconnected)], "guessed, then refuted");
        let bare = changes(true, &[(50, Evidence { address: Some(false), ..UNKNOWN }), (100, address)], 10_000);
        assert!(bare.is_empty(), "no address, no guess: {bare:?}");
        assert!(changes(false, &[(50, address)], 10_000).is_empty(), "an earlier run without internet gives none");
        let never = changes(true, &[(50, address)], 100_000);
        assert_eq!(never, [(50, Reach::Internet), (60_050, Reach::Disconnected)], "a guess without proof ends");
    }

    #[test]
    fn lnk_4_what_nobody_has_confirmed_for_too_long_is_no_internet() {
        let said = changes(false, &[(0, good()), (1_000, Evidence { session: None, silent: true, ..good() })], 2_000);
        assert_eq!(said, [(0, Reach::Internet), (1_000, Reach::Disconnected)]);
    }

    #[test]
    fn lnk_4_a_session_that_is_asked_about_anew_is_believed_in_no_longer_than_one_that_is_not() {
        let seen = Evidence { session_seen: Some(Instant::ZERO), ..good() };
        let forgotten = Evidence { session: None, ..good() };
        let said = changes(false, &[(0, seen), (100_000, forgotten)], 200_000);
        assert_eq!(said, [(0, Reach::Internet), (120_000, Reach::Disconnected)]);
    }

    #[test]
    fn f23_a_modem_that_restarted_has_no_session_until_it_says_so() {
        let mut connectivity = Connectivity::new(false, Instant::ZERO);
        connectivity.update(&good(), GRACE, Instant::ZERO);
        connectivity.note_restart();
        connectivity.update(&UNKNOWN, GRACE, Instant::from_secs(1));
        assert_eq!(connectivity.truth().gap, Some(Gap::Session));
        connectivity.update(&good(), GRACE, Instant::from_secs(2));
        assert_eq!(connectivity.truth().reach, Reach::Internet);
        connectivity.update(&UNKNOWN, GRACE, Instant::from_secs(3));
        assert_eq!(connectivity.truth().reach, Reach::Internet, "the restart is over");
    }

    #[test]
    fn lnk_1_what_is_being_asked_anew_stays_as_it_was() {
        let asked = changes(false, &[(0, good()), (1_000, UNKNOWN), (4_000, good())], 90_000);
        assert_eq!(asked, [(0, Reach::Internet)]);
    }
}
