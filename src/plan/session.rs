//! Stage session: is there a data session with the right APN in each IP family asked for?
//!
//! One family is enough to be connected. A second one that the network refuses is tried again in its own time,
//! after everything else is in order. A family that the network does not carry on this access point is not asked for
//! again until the network, the card or the file changes, or a day has passed.

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Apn, CallEnd, Desired, Fact, Failure, Finding, Instant, IpFamily, LinkState, Provider};
use crate::model::{NotOffered, Selection, SessionState, call_end};

use super::Outcome;
use super::profile::{self, Profile};
use super::reader::{Reader, UNTOLD};

/// So often in a row a modem that believes in a session that is none is put right and dialled with at once; one that does
/// not let go of it is a network that refuses.
pub(super) const CLEARED_UP_AT_ONCE: u32 = 2;

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let Selection::Chosen(provider) = &desired.selection else {
        return Outcome::Wait(Finding::Waiting);
    };
    let mut up = None;
    let mut blocked: Option<Outcome> = None;
    let mut refused = Vec::new();
    for &family in provider.families.families() {
        match one_family(provider, family, facts) {
            Family::Up(apn) => up = Some(apn),
            Family::Down(outcome) => blocked = blocked.or(Some(outcome)),
            Family::NotOffered(cause, until) => refused.push((family, cause, until)),
            Family::Decides(outcome) => return outcome,
        }
    }
    if let Some(outcome) = unwanted_family(provider, facts) {
        return outcome;
    }
    let profile = profile::look(provider, facts);
    match (up, blocked) {
        (Some(apn), blocked) => connected(apn, blocked, profile, facts),
        (None, blocked) => {
            if let Some((flush, why)) = stale_link(facts) {
                return Outcome::Act(flush, why);
            }
            let outcome = match (profile, blocked) {
                (Profile::First(outcome), _) => outcome,
                (Profile::InOrder | Profile::Contended { .. }, Some(outcome)) => outcome,
                (Profile::InOrder | Profile::Contended { .. }, None) => nothing_offered(provider, &refused, facts),
            };
            if matches!(outcome, Outcome::Wait(_)) {
                // A radio that was turned off looks like a network that refuses.
                facts.look_every(Fact::ServingSystem, UNTOLD);
            }
            outcome
        }
    }
}

/// A session is up: the link comes first, then what is not quite in order.
fn connected(apn: Apn, blocked: Option<Outcome>, profile: Profile, facts: &mut Reader<'_>) -> Outcome {
    let apn = apn.to_string();
    let (repair, finding) = match profile {
        Profile::InOrder => (None, Finding::Connected { apn }),
        Profile::First(outcome) => (Some(outcome), Finding::Connected { apn }),
        Profile::Contended { what, writes, at } => (None, Finding::ProfileContended { apn, what, writes, at }),
    };
    for outcome in [repair, blocked].into_iter().flatten() {
        if let Outcome::Act(action, because) = outcome {
            facts.improvement = Some((action, because));
            break;
        }
    }
    Outcome::Satisfied(finding)
}

enum Family {
    /// Connected with the right APN.
    Up(Apn),
    /// Down; this would start it or says why not now.
    Down(Outcome),
    /// The network does not carry this family on this APN; it said so, and may be asked again then.
    NotOffered(CallEnd, Instant),
    /// Not known yet, or wrong: nothing else may happen first.
    Decides(Outcome),
}

fn one_family(provider: &Provider, family: IpFamily, facts: &mut Reader<'_>) -> Family {
    let Some(state) = facts.read(Fact::session(family), facts.observed.session(family)) else {
        return Family::Decides(facts.unknown(Fact::session(family)));
    };
    match state {
        SessionState::Disconnected(cause) => {
            facts.effective(Action::StopSession(family).name());
            match not_offered(provider, family, facts) {
                Some(said) => {
                    facts.wake_at(said.ends());
                    Family::NotOffered(said.cause, said.ends())
                }
                None => Family::Down(start(provider, family, *cause, facts)),
            }
        }
        SessionState::Connecting => {
            Family::Decides(Outcome::Wait(Finding::InProgress(format!("the modem starts the {family} session"))))
        }
        SessionState::Connected | SessionState::Suspended => {
            facts.effective(Action::StartSession(family, provider.clone()).name());
            right_one(provider, family, facts)
        }
    }
}

/// Whether a session that is up is the one the file asks for.
fn right_one(provider: &Provider, family: IpFamily, facts: &mut Reader<'_>) -> Family {
    let Some(settings) = facts.read(Fact::settings(family), facts.observed.settings(family)) else {
        return Family::Decides(facts.unknown(Fact::settings(family)));
    };
    if planted(Defect::IgnoreApnDrift) {
        return Family::Up(provider.apn.clone());
    }
    let wrong = match (&settings.apn, &facts.observed.dialled) {
        // Whatever the network gave for no name is its default.
        (Some(apn), _) if !provider.apn.0.is_empty() && !apn.names_the_same_as(&provider.apn) => {
            Some(format!("the {family} session uses apn \"{apn}\", the file asks for \"{}\"", provider.apn))
        }
        (_, Some(dialled)) if !dialled.dials_like(provider) => {
            Some(format!("the {family} session was started with other credentials"))
        }
        _ => None,
    };
    match wrong {
        None => Family::Up(settings.apn.clone().filter(|_| provider.apn.0.is_empty()).unwrap_or(provider.apn.clone())),
        Some(what) => Family::Decides(stop(family, facts, || Finding::Drifted { what })),
    }
}

/// Starts a session, or says what it waits for.
fn start(provider: &Provider, family: IpFamily, ended: Option<CallEnd>, facts: &mut Reader<'_>) -> Outcome {
    let action = Action::StartSession(family, provider.clone());
    if let Some(attempts) = facts.attempts(&action) {
        match attempts.last_failure {
            Some(Failure::CallEnded(cause)) if cause.class() == call_end::Class::Throttled => {
                if let Some(outcome) = throttled(provider, family, cause, attempts.failures, facts) {
                    return outcome;
                }
            }
            // The modem believes in a session that is none: it has to be rid of it first, at once and then whenever
            // it is our turn again.
            Some(Failure::NoEffect)
                if !stopped_since(family, attempts.last_at, facts)
                    && (attempts.failures <= CLEARED_UP_AT_ONCE || facts.may_begin(&action)) =>
            {
                let what = format!("the modem says that the {family} session is up, and that it is down");
                return facts.attempt(Action::StopSession(family), || Finding::Drifted { what });
            }
            _ => {}
        }
    }
    facts.attempt(action, || down(family, ended))
}

fn stopped_since(family: IpFamily, at: Instant, facts: &Reader<'_>) -> bool {
    facts.attempts(&Action::StopSession(family)).is_some_and(|stop| stop.last_at >= at && stop.last_failure.is_none())
}

/// The modem refuses by itself: it says for how long, unless it is too old to.
fn throttled(
    provider: &Provider,
    family: IpFamily,
    cause: CallEnd,
    failures: u32,
    facts: &mut Reader<'_>,
) -> Option<Outcome> {
    let Some(list) = facts.read_at_its_pace(Fact::Throttle, facts.observed.throttle.as_ref()) else {
        return Some(facts.unknown(Fact::Throttle));
    };
    let seen = facts.observed.throttle.as_ref().map_or(facts.now, |seen| seen.at);
    let left = list.iter().filter(|entry| entry.apn.names_the_same_as(&provider.apn)).map(|entry| entry.left(family));
    let at = seen + left.max()?;
    if facts.now >= at {
        return None;
    }
    facts.wake_at(at);
    Some(Outcome::Wait(Finding::CallFailed { family, apn: provider.apn.to_string(), cause, failures, at }))
}

/// Ends a session. One that is not ours may be the modem's own, which it would start again at once.
pub(super) fn stop(family: IpFamily, facts: &mut Reader<'_>, what: impl FnOnce() -> Finding) -> Outcome {
    if facts.observed.dialled.is_none() {
        match facts.read_at_its_pace(Fact::Autoconnect, facts.observed.autoconnect.as_ref()) {
            None => return facts.unknown(Fact::Autoconnect),
            Some(false) => facts.effective(Action::SetAutoconnect(false).name()),
            Some(true) => {
                let why = || Finding::Drifted { what: "the modem starts a session of its own".to_owned() };
                let off = facts.attempt(Action::SetAutoconnect(false), why);
                // A setting that the modem does not let go of is no reason to keep the session.
                if matches!(off, Outcome::Act(..)) {
                    return off;
                }
            }
        }
    }
    facts.attempt(Action::StopSession(family), what)
}

/// What the network said about a family, if it still counts.
fn not_offered<'a>(provider: &Provider, family: IpFamily, facts: &Reader<'a>) -> Option<&'a NotOffered> {
    let observed = facts.observed;
    let plmn = observed.serving_system.as_ref().and_then(|seen| seen.value.plmn);
    let iccid = observed.sim_identity.as_ref().map(|seen| &seen.value.iccid);
    let said = |family| {
        let counts = |said: &&NotOffered| facts.now < said.ends() && said.is_about(&provider.apn, plmn, iccid);
        observed.not_offered.get(&family).filter(counts)
    };
    let this = said(family)?;
    if this.cause.class() != call_end::Class::OneFamilyOnly {
        return Some(this);
    }
    // Either, one at a time: that excludes this one only while the other can be had.
    let other = family.other();
    let other_wanted = provider.families.families().contains(&other);
    (other_wanted && said(other).is_none()).then_some(this)
}

/// The network offers none of the families asked for.
fn nothing_offered(provider: &Provider, refused: &[(IpFamily, CallEnd, Instant)], facts: &mut Reader<'_>) -> Outcome {
    let Some((_, cause, at)) = refused.iter().min_by_key(|(_, _, at)| *at) else {
        return Outcome::Wait(Finding::Searching);
    };
    facts.wake_at(*at);
    let (apn, asked) = (provider.apn.to_string(), provider.families);
    Outcome::Wait(Finding::FamilyNotOffered { apn, asked, cause: *cause, at: *at })
}

fn down(family: IpFamily, cause: Option<CallEnd>) -> Finding {
    Finding::Drifted {
        what: match cause {
            Some(cause) => format!("the {family} session is down: {cause}"),
            None => format!("the {family} session is down"),
        },
    }
}

/// A session in a family that the file does not ask for.
fn unwanted_family(provider: &Provider, facts: &mut Reader<'_>) -> Option<Outcome> {
    let wanted = provider.families.families();
    let family = facts.observed.up().find(|family| !wanted.contains(family))?;
    let what = format!("an {family} session is up, the file asks for {}", provider.families);
    Some(stop(family, facts, || Finding::Drifted { what }))
}

/// Addresses of a session that ended must not stay, whatever else is wrong: programs would use a path that leads
/// nowhere. A link that cannot be flushed must not keep the session from coming back, so a flush that has to wait is none.
pub(super) fn stale_link(facts: &mut Reader<'_>) -> Option<(Action, Finding)> {
    let observed = facts.observed;
    let link = facts.read(Fact::Link, observed.link.as_ref())?;
    if link.is_bare() || planted(Defect::NeverFlushLink) {
        return None;
    }
    let gone = observed.port.as_ref().is_some_and(|port| !port.value.is_there());
    if !gone && !ended(link, facts) {
        return None;
    }
    let flush = Action::ConfigureLink(LinkState { up: link.up, ..LinkState::default() });
    let what = || Finding::Drifted { what: "the link has addresses of a session that ended".to_owned() };
    match facts.attempt(flush, what) {
        Outcome::Act(flush, why) => Some((flush, why)),
        Outcome::Wait(_) | Outcome::Unknown(_) | Outcome::Satisfied(_) => None,
    }
}

/// Whether no session stands behind the addresses of the link any more, as far as is known. Asks for what is not: while
/// an earlier stage waits, no other stage looks at the sessions.
fn ended(link: &LinkState, facts: &mut Reader<'_>) -> bool {
    let behind = [(IpFamily::Ipv4, link.ip.ipv4.is_some()), (IpFamily::Ipv6, link.ip.ipv6.is_some())];
    let any = behind.iter().any(|(_, there)| *there);
    let down = |(family, there): (IpFamily, bool)| {
        // A route without an address may be of either.
        let matters = there || !any;
        !matters
            || facts.read(Fact::session(family), facts.observed.session(family)).is_some_and(|state| !state.is_up())
    };
    // Both are read, so that both are asked for.
    behind.map(down).into_iter().all(|down| down)
}
