//! How long to hold an action back after it failed or had no effect.
//!
//! The first attempt is never held back. An attempt that was acknowledged may be repeated soon: its effect came
//! and went, and redialling a dropped session must not wait. A refusal is repeated more and more slowly, a
//! permanent one (3GPP causes that only an operator or an edit can mend) most slowly of all.

use std::time::Duration;

use super::session::CLEARED_UP_AT_ONCE;
use crate::model::defect::{Defect, planted};
use crate::model::time::{SPREAD_PERCENT, chance, spread};
use crate::model::{Action, Attempts, Failure, Finding, Instant, Observed};

/// After an acknowledged attempt that did not last.
const ACKNOWLEDGED: &[u64] = &[1, 2, 5, 10, 30, 60];
/// After a failure. 5 s doubled to two minutes: a network that refuses is usually back within minutes, and ten
/// attempts in the first ten minutes are within what operators accept (GSMA TS.34).
const FAILED: &[u64] = &[5, 10, 20, 40, 80, 120];
/// After an acknowledged radio preference that reads back as before: some modems take seconds.
const PREFERENCE: &[u64] = &[3, 10, 30, 60];
/// After a failure of the control channel's own housekeeping: nobody else is bothered by a quick retry.
const LOCAL: &[u64] = &[1, 2, 4, 8, 15, 30];
/// After a silence: one that ends is noticed within 25 seconds, the answer's four included.
const ASKED: &[u64] = &[1, 2, 4, 8, 15];
/// After a refused session. Five attempts in the first 75 seconds, then one a minute: a network that changes its mind is
/// used within a minute, and there are at most sixteen attempts in ten minutes (GSMA TS.34 asks for few).
const DIALLED: &[u64] = &[5, 10, 20, 40, 57];
/// Refused for so long, a session is asked for less often …
const REFUSED_FOR_LONG: Duration = Duration::from_secs(600);
/// … ten times an hour. Without jitter, as less would be too often and more too late; what spreads a fleet is the jitter
/// of the first ten minutes.
const DIALLED_FOR_LONG: Duration = Duration::from_secs(360);
/// After a permanent refusal of the network.
const PERMANENT: &[u64] = &[30, 60, 120, 300, 900, 3600];

/// The finding that explains why `action` has to wait; `None` if it may go.
pub(super) fn holds_back(action: &Action, observed: &Observed, now: Instant) -> Option<Finding> {
    let attempts = observed.attempts.get(action.name()).filter(|attempts| attempts.action == *action)?;
    if planted(Defect::NoBackoff) {
        return None;
    }
    if planted(Defect::GiveUpAfterTen) && attempts.failures > 10 {
        return Some(Finding::Waiting);
    }
    if attempts.excused || attempts.last_failure == Some(Failure::Restarted) {
        // Not the attempt failed but the modem, and a modem cannot restart often; or what it failed at has changed.
        return None;
    }
    let at = attempts.last_at + delay(action, attempts, observed.seed);
    if now >= at {
        return None;
    }
    let failures = attempts.failures;
    Some(match (action, &attempts.last_failure) {
        (Action::StartSession(family, provider), Some(Failure::CallEnded(cause))) => {
            Finding::CallFailed { family: *family, apn: provider.apn.to_string(), cause: *cause, failures, at }
        }
        (_, failure) => Finding::Retrying {
            action: action.to_string(),
            failure: failure.clone(),
            took_effect: attempts.took_effect,
            failures,
            at,
        },
    })
}

fn delay(action: &Action, attempts: &Attempts, seed: u64) -> Duration {
    let refused_for_good = attempts.refused_for_good();
    let table = match (action, &attempts.last_failure) {
        (Action::SetRadioPreference(_), None) => PREFERENCE,
        (_, None) => ACKNOWLEDGED,
        (Action::StartSession(..), Some(_)) if refused_for_good > 0 => PERMANENT,
        // A session was in the way; it is looked at, and ended if it is none.
        (Action::StartSession(..), Some(Failure::NoEffect)) if attempts.failures <= CLEARED_UP_AT_ONCE => {
            return Duration::ZERO;
        }
        (Action::StartSession(..), Some(_)) => return dialled(attempts, seed),
        (Action::Synchronise, Some(_)) => ASKED,
        (Action::OpenPort | Action::ConfigureLink(_) | Action::MarkPin(_), Some(_)) => LOCAL,
        (_, Some(_)) => FAILED,
    };
    // What failed otherwise before is no reason to believe that this refusal will last.
    let failures = if refused_for_good > 0 { refused_for_good } else { attempts.failures };
    spread(Duration::from_millis(step(table, failures)), seed ^ u64::from(attempts.failures))
}

/// The pause after a refused session.
fn dialled(attempts: &Attempts, seed: u64) -> Duration {
    if attempts.last_at.since(attempts.since) >= REFUSED_FOR_LONG {
        return DIALLED_FOR_LONG;
    }
    sooner(step(DIALLED, attempts.failures), seed ^ u64::from(attempts.failures))
}

fn step(table: &[u64], failures: u32) -> u64 {
    let last = table.len() - 1;
    let step = (failures as usize).saturating_sub(1).min(last);
    let step = if planted(Defect::BackoffNeverGrows) { 0 } else { step };
    table[step] * 1000
}

/// Up to the share of jitter sooner, never later.
fn sooner(ms: u64, seed: u64) -> Duration {
    Duration::from_millis(ms * (100 - chance(seed) % (SPREAD_PERCENT + 1)) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallEnd, IpFamily};
    use crate::plan::laws::provider;

    fn action() -> Action {
        Action::StartSession(IpFamily::Ipv4, provider("internet"))
    }

    fn attempts(failures: u32, last_at: Instant, last_failure: Option<Failure>) -> Attempts {
        Attempts {
            action: action(),
            failures,
            last_at,
            last_failure,
            took_effect: false,
            since: Instant::ZERO,
            excused: false,
            alike: failures,
        }
    }

    fn held_by(attempts: Attempts, seed: u64, now: Instant) -> u64 {
        let mut observed = Observed { seed, ..Observed::default() };
        observed.attempts.insert(attempts.action.name().to_owned(), attempts);
        match holds_back(&action(), &observed, now).and_then(|f| f.retry_at()) {
            Some(at) => now.until(at).as_millis() as u64,
            None => 0,
        }
    }

    fn held(failures: u32, last_failure: Option<Failure>, seed: u64) -> u64 {
        held_by(attempts(failures, Instant::ZERO, last_failure), seed, Instant::ZERO)
    }

    #[test]
    fn con_3_refusals_are_repeated_ever_more_slowly_within_the_jitter() {
        for (failures, seconds) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 57), (60, 57)] {
            for seed in 0..50 {
                let ms = held(failures, Some(Failure::Timeout), seed);
                assert!((seconds * 800..=seconds * 1000).contains(&ms), "{failures} failures: {ms} ms");
            }
        }
        let spread: std::collections::BTreeSet<u64> =
            (0..50).map(|seed| held(4, Some(Failure::Timeout), seed)).collect();
        assert!(spread.len() > 15, "a fleet does not dial in step: {spread:?}");
    }

    /// When a device that is refused every time asks for a session.
    fn refused_for(hours: u64, seed: u64) -> Vec<Instant> {
        let mut dials = vec![Instant::ZERO];
        while dials.last().is_some_and(|at| *at < Instant::from_secs(hours * 3600)) {
            let last = *dials.last().unwrap_or(&Instant::ZERO);
            let failures = u32::try_from(dials.len()).unwrap();
            let wait = held_by(attempts(failures, last, Some(Failure::CallEnded(CallEnd::of_3gpp(26)))), seed, last);
            dials.push(last + Duration::from_millis(wait));
        }
        dials
    }

    #[test]
    fn con_3_f17_a_refused_session_is_asked_for_within_the_budget_and_soon_enough() {
        for seed in 0..200 {
            let dials = refused_for(12, seed);
            let long = Instant::from_secs(600);
            let early = dials.iter().filter(|at| **at < long).count();
            assert!((10..=16).contains(&early), "{early} attempts in ten minutes");
            let hours = dials.iter().filter(|at| **at >= long).collect::<Vec<_>>();
            let hour = Duration::from_secs(3600);
            let most =
                hours.iter().map(|from| hours.iter().filter(|at| *at >= from && at.since(**from) < hour).count());
            assert!(most.max() <= Some(10), "too many an hour");
            for pair in dials.windows(2) {
                let most = if pair[0] < long { 60 } else { 360 };
                assert!(
                    pair[1].since(pair[0]) <= Duration::from_secs(most),
                    "a change of mind is noticed late: {pair:?}"
                );
            }
        }
    }

    #[test]
    fn a_permanent_cause_slows_to_an_hour() {
        let ms = held(9, Some(Failure::CallEnded(CallEnd::of_3gpp(33))), 1);
        assert!((2_880_000..=4_320_000).contains(&ms), "{ms}");
    }

    #[test]
    fn a_permanent_cause_after_many_others_begins_at_half_a_minute() {
        let refused = attempts(9, Instant::ZERO, Some(Failure::CallEnded(CallEnd::of_3gpp(33))));
        let ms = held_by(Attempts { alike: 1, ..refused }, 1, Instant::ZERO);
        assert!((24_000..=36_000).contains(&ms), "{ms}");
    }

    #[test]
    fn f16_a_dropped_session_is_dialled_again_at_once() {
        // Acknowledged one second ago or earlier: the effect came and went.
        assert!(held(1, None, 7) <= 1_200);
    }

    #[test]
    fn what_has_changed_excuses_one_attempt() {
        let refused = attempts(9, Instant::ZERO, Some(Failure::CallEnded(CallEnd::of_3gpp(33))));
        assert_eq!(held_by(Attempts { excused: true, ..refused }, 1, Instant::ZERO), 0);
    }
}
