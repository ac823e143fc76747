//! The stored profile that sessions start with: what of it must be as the file asks before anything is dialled.
//!
//! Only the roaming flag is ours, and only where the file says something about roaming: access point, credentials and
//! IP version come with the request for the session, and a profile that we do not own stays as it is. What we change is
//! remembered, and put back when nobody asks for it any more.

use std::time::Duration;

use crate::model::{Action, Desired, Fact, Finding, Instant, ModemProfile, Observed, Provider, Selection};

use super::Outcome;
use super::reader::Reader;

/// Writes within an hour that are repairs; more are a fight with another program, which is left to win for a while.
const REPAIRS_PER_HOUR: usize = 4;
const HOUR: Duration = Duration::from_secs(3600);

/// What of the profile stands between us and a session.
pub(super) enum Profile {
    /// Nothing.
    InOrder,
    /// Nothing that we could mend: something else writes it as often as we do.
    Contended { what: String, writes: u32, at: Instant },
    /// It is to be read, written, or waited for.
    First(Outcome),
}

/// The number of the profile that the plan looks at now; none: no profile is our business.
#[must_use]
pub fn profile_of_interest(desired: &Desired, observed: &Observed) -> Option<u8> {
    let Selection::Chosen(provider) = &desired.selection else { return None };
    match leftover(provider, observed) {
        Some((profile, _)) => Some(profile),
        None => provider.roaming_allowed.map(|_| provider.profile),
    }
}

pub(super) fn look(provider: &Provider, facts: &mut Reader<'_>) -> Profile {
    if let Some((profile, allowed)) = leftover(provider, facts.observed) {
        return put_back(profile, allowed, facts);
    }
    let Some(allowed) = provider.roaming_allowed else { return Profile::InOrder };
    let Some(has) = read(provider.profile, facts) else { return Profile::First(facts.unknown(Fact::Profile)) };
    let write = Action::SetRoaming { profile: provider.profile, allowed };
    match has.roaming_allowed {
        Some(is) if is == allowed => {
            facts.effective(write.name());
            return Profile::InOrder;
        }
        // It cannot be seen, so the modem's word has to do.
        None if acknowledged(&write, facts) => return Profile::InOrder,
        Some(_) | None => {}
    }
    let what = match has.roaming_allowed {
        Some(true) => format!("profile {} allows roaming, the file forbids it", provider.profile),
        Some(false) => format!("profile {} forbids roaming, the file allows it", provider.profile),
        None => format!("profile {} does not say whether it allows roaming", provider.profile),
    };
    match contended(facts) {
        Some((at, writes)) => {
            facts.wake_at(at);
            Profile::Contended { what, writes, at }
        }
        None => Profile::First(facts.attempt(write, || Finding::Drifted { what })),
    }
}

/// A profile that we changed for a provider which is not the one any more, and what it said before.
fn leftover(provider: &Provider, observed: &Observed) -> Option<(u8, bool)> {
    let asked = provider.roaming_allowed.map(|_| provider.profile);
    observed.original_roaming.iter().find(|(profile, _)| Some(**profile) != asked).map(|(p, allowed)| (*p, *allowed))
}

/// A courtesy: one that fails holds nothing up.
fn put_back(profile: u8, allowed: bool, facts: &mut Reader<'_>) -> Profile {
    let write = Action::SetRoaming { profile, allowed };
    let Some(has) = read(profile, facts) else { return Profile::First(facts.unknown(Fact::Profile)) };
    if has.roaming_allowed == Some(allowed) || acknowledged(&write, facts) {
        return Profile::InOrder;
    }
    let what = format!("profile {profile} is as an earlier provider wanted it, its own roaming setting was {allowed}");
    match facts.attempt(write, || Finding::Drifted { what }) {
        Outcome::Wait(_) | Outcome::Unknown(_) | Outcome::Satisfied(_) => Profile::InOrder,
        act @ Outcome::Act(..) => Profile::First(act),
    }
}

/// The profile with this number, if it is the one we have seen.
fn read(profile: u8, facts: &mut Reader<'_>) -> Option<ModemProfile> {
    let seen = facts.read_at_its_pace(Fact::Profile, facts.observed.profile.as_ref()).copied();
    let seen = seen.filter(|seen| seen.index == profile);
    if seen.is_none() {
        facts.wanted.insert(Fact::Profile);
    }
    seen
}

fn acknowledged(write: &Action, facts: &Reader<'_>) -> bool {
    facts.attempts(write).is_some_and(|attempts| attempts.last_failure.is_none())
}

/// Until when to leave it, and how often it was written, if something else seems to write it as well.
fn contended(facts: &Reader<'_>) -> Option<(Instant, u32)> {
    let lately: Vec<Instant> =
        facts.observed.profile_writes.iter().copied().filter(|at| facts.now.since(*at) < HOUR).collect();
    let first = *lately.first()?;
    (lately.len() >= REPAIRS_PER_HOUR).then(|| (first + HOUR, u32::try_from(lately.len()).unwrap_or(u32::MAX)))
}
