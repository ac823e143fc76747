//! Stage session: is there a data session with the right APN in each IP family asked for?
//!
//! One family is enough to be connected. A second one that the network refuses is tried again in its own time,
//! after everything else is in order.

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Apn, CallEnd, Desired, Fact, Failure, Finding, IpFamily, LinkState, Provider};
use crate::model::{PortState, Selection, SessionState};

use super::Outcome;
use super::reader::Reader;

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let Selection::Chosen(provider) = &desired.selection else {
        return Outcome::Wait(Finding::Waiting);
    };
    let mut up = None;
    let mut blocked: Option<Outcome> = None;
    for &family in provider.families.families() {
        match one_family(provider, family, facts) {
            Family::Up(apn) => up = Some(apn),
            Family::Down(outcome) => blocked = blocked.or(Some(outcome)),
            Family::NotOffered => {}
            Family::Decides(outcome) => return outcome,
        }
    }
    if let Some(outcome) = unwanted_family(provider, facts) {
        return outcome;
    }
    match (up, blocked) {
        (Some(apn), blocked) => {
            // The link comes first; then the family that is missing.
            if let Some(Outcome::Act(action, _)) = blocked {
                facts.improvement = Some(action);
            }
            Outcome::Satisfied(Finding::Connected { apn: apn.to_string() })
        }
        (None, Some(outcome)) => match stale_link(facts) {
            Some((flush, why)) => Outcome::Act(flush, why),
            None => outcome,
        },
        // The network offers none of the families asked for.
        (None, None) => Outcome::Wait(Finding::Searching),
    }
}

enum Family {
    /// Connected with the right APN.
    Up(Apn),
    /// Down; this would start it or says why not now.
    Down(Outcome),
    /// The network does not carry this family on this APN.
    NotOffered,
    /// Not known yet, or wrong: nothing else may happen first.
    Decides(Outcome),
}

fn one_family(provider: &Provider, family: IpFamily, facts: &mut Reader<'_>) -> Family {
    let start = Action::StartSession(family, provider.clone());
    let Some(state) = facts.read(Fact::session(family), facts.observed.session(family)) else {
        return Family::Decides(facts.unknown(Fact::session(family)));
    };
    match state {
        SessionState::Disconnected(_) if not_offered(&start, facts) => Family::NotOffered,
        SessionState::Disconnected(cause) => {
            facts.effective(Action::StopSession(family).name());
            Family::Down(facts.attempt(start, || down(family, *cause)))
        }
        SessionState::Connecting => {
            Family::Decides(Outcome::Wait(Finding::InProgress(format!("the modem starts the {family} session"))))
        }
        SessionState::Connected | SessionState::Suspended => {
            facts.effective(start.name());
            connected(provider, family, facts)
        }
    }
}

fn connected(provider: &Provider, family: IpFamily, facts: &mut Reader<'_>) -> Family {
    let Some(settings) = facts.read(Fact::settings(family), facts.observed.settings(family)) else {
        return Family::Decides(facts.unknown(Fact::settings(family)));
    };
    if planted(Defect::IgnoreApnDrift) {
        return Family::Up(provider.apn.clone());
    }
    let wrong = match (&settings.apn, &facts.observed.dialled) {
        // Names of access points are compared without regard to case (3GPP TS 23.003 clause 9, RFC 1035).
        (Some(apn), _) if !apn.0.eq_ignore_ascii_case(&provider.apn.0) => {
            Some(format!("the {family} session uses apn \"{apn}\", the file asks for \"{}\"", provider.apn))
        }
        (_, Some(dialled)) if !dialled.dials_like(provider) => {
            Some(format!("the {family} session was started with other credentials"))
        }
        _ => None,
    };
    match wrong {
        None => Family::Up(provider.apn.clone()),
        Some(what) => Family::Decides(facts.attempt(Action::StopSession(family), || Finding::Drifted { what })),
    }
}

/// The network said which families it carries: 3GPP TS 24.301 causes 50, 51 and 52.
fn not_offered(start: &Action, facts: &Reader<'_>) -> bool {
    facts.observed.attempts.get(start.name()).is_some_and(|attempts| {
        matches!(attempts.last_failure, Some(Failure::CallEnded(CallEnd { kind: 6, reason: 50..=52 })))
    })
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
    let family = [IpFamily::Ipv4, IpFamily::Ipv6].into_iter().find(|family| {
        let session = facts.observed.session(*family);
        !wanted.contains(family) && session.is_some_and(|seen| seen.value.is_up())
    })?;
    let what = format!("an {family} session is up, the file asks for {}", provider.families);
    Some(facts.attempt(Action::StopSession(family), || Finding::Drifted { what }))
}

/// Addresses of a session that ended must not stay, whatever else is wrong: programs would use a path that leads
/// nowhere. A link that cannot be flushed must not keep the session from coming back, so a flush that has to wait is none.
pub(super) fn stale_link(facts: &mut Reader<'_>) -> Option<(Action, Finding)> {
    let observed = facts.observed;
    let link = facts.read(Fact::Link, observed.link.as_ref())?;
    if link.is_bare() || planted(Defect::NeverFlushLink) {
        return None;
    }
    let gone = observed.port.as_ref().is_some_and(|port| port.value == PortState::Absent);
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
