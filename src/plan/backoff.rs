//! How long to hold an action back after it failed or had no effect.
//!
//! The first attempt is never held back. An attempt that was acknowledged may be repeated soon: its effect came
//! and went, and redialling a dropped session must not wait. A refusal is repeated more and more slowly, a
//! permanent one (3GPP causes that only an operator or an edit can mend) most slowly of all.

use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::{Action, Attempts, Failure, Finding, Instant, Observed};

/// After an acknowledged attempt that did not last.
const ACKNOWLEDGED: &[u64] = &[1, 2, 5, 10, 30, 60];
/// After a failure. 5 s doubled to two minutes: a network that refuses is usually back within minutes, and ten
/// attempts in the first ten minutes are within what operators accept (GSMA TS.34).
const FAILED: &[u64] = &[5, 10, 20, 40, 80, 120];
/// After a failure of the control channel's own housekeeping: nobody else is bothered by a quick retry.
const LOCAL: &[u64] = &[1, 2, 4, 8, 15, 30];
/// After a permanent refusal of the network.
const PERMANENT: &[u64] = &[30, 60, 120, 300, 900, 3600];
/// Retries of a fleet that lost its network at one moment are spread by this share either way.
const JITTER_PERCENT: u64 = 20;

/// The finding that explains why `action` has to wait; `None` if it may go.
pub(super) fn holds_back(action: &Action, observed: &Observed, now: Instant) -> Option<Finding> {
    let attempts = observed.attempts.get(action.name()).filter(|attempts| attempts.action == *action)?;
    if planted(Defect::NoBackoff) {
        return None;
    }
    if planted(Defect::GiveUpAfterTen) && attempts.failures > 10 {
        return Some(Finding::Waiting);
    }
    if attempts.last_failure == Some(Failure::Restarted) {
        // Not the attempt failed but the modem; and a modem cannot restart often.
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
    let table = match (action, &attempts.last_failure) {
        (_, None) => ACKNOWLEDGED,
        (Action::StartSession(..), Some(Failure::CallEnded(cause))) if cause.is_permanent() => PERMANENT,
        (Action::OpenPort | Action::Synchronise | Action::ConfigureLink(_), Some(_)) => LOCAL,
        (_, Some(_)) => FAILED,
    };
    let table = if planted(Defect::BackoffNeverGrows) { &table[..1] } else { table };
    let index = (attempts.failures.max(1) as usize - 1).min(table.len() - 1);
    jittered(table[index] * 1000, seed ^ u64::from(attempts.failures))
}

fn jittered(ms: u64, seed: u64) -> Duration {
    // SplitMix64's finaliser: neighbouring seeds give unrelated numbers.
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let percent = 100 - JITTER_PERCENT + z % (2 * JITTER_PERCENT + 1);
    Duration::from_millis(ms * percent / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallEnd, IpFamily};
    use crate::plan::laws::provider;

    fn held(failures: u32, last_failure: Option<Failure>, seed: u64) -> u64 {
        let action = Action::StartSession(IpFamily::Ipv4, provider("internet"));
        let mut observed = Observed { seed, ..Observed::default() };
        let attempts =
            Attempts { action: action.clone(), failures, last_at: Instant::ZERO, last_failure, took_effect: false };
        observed.attempts.insert(action.name().to_owned(), attempts);
        match holds_back(&action, &observed, Instant::ZERO).and_then(|f| f.retry_at()) {
            Some(at) => at.as_millis(),
            None => 0,
        }
    }

    #[test]
    fn refusals_are_repeated_ever_more_slowly_within_the_jitter() {
        for (failures, seconds) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 120), (60, 120)] {
            for seed in 0..50 {
                let ms = held(failures, Some(Failure::Timeout), seed);
                assert!((seconds * 800..=seconds * 1200).contains(&ms), "{failures} failures: {ms} ms");
            }
        }
    }

    #[test]
    fn a_permanent_cause_slows_to_an_hour() {
        let ms = held(9, Some(Failure::CallEnded(CallEnd::of_3gpp(33))), 1);
        assert!((2_880_000..=4_320_000).contains(&ms), "{ms}");
    }

    #[test]
    fn a_dropped_session_is_dialled_again_at_once() {
        // Acknowledged one second ago or earlier: the effect came and went.
        assert!(held(1, None, 7) <= 1_200);
    }
}
