//! Stage sim: the right slot, a card that can be used, and whose it is.
//!
//! The PIN has the strictest rules of all (`model::pin`): a try is written down before it is made, is made once for a
//! card and a PIN that the card has not accepted before, and is not made at all unless two more remain after it. What
//! cannot be mended from here waits for a human; no reset helps a card.

use std::time::Duration;

use crate::model::defect::{Defect, planted};
use crate::model::pin::{LEAST_TRIES, MOST_TRIES};
use crate::model::{Action, Desired, Fact, Failure, Finding, NoTry, PinChance, Resistance, SimState};

use super::Outcome;
use super::reader::Reader;

/// A try rests on facts no older than this: another card may have been put in without a word.
const FRESH: Duration = Duration::from_secs(10);
/// And how many tries are left is asked right before: somebody else may be trying, too.
const JUST_SEEN: Duration = Duration::from_secs(1);
/// A PIN that was accepted this often while the card goes on asking does nothing.
const ACCEPTED_IN_VAIN: u32 = 2;

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    if let Some(outcome) = desired.slot.and_then(|slot| wrong_slot(slot, facts)) {
        return outcome;
    }
    let Some(state) = facts.read(Fact::Sim, facts.observed.sim.as_ref()) else {
        return facts.unknown(Fact::Sim);
    };
    match *state {
        SimState::Absent => Outcome::Wait(Finding::NoCard),
        SimState::Starting => Outcome::Wait(Finding::CardStarting),
        SimState::PinRequired { tries_left } => pin_required(tries_left, &desired.pin, facts),
        SimState::PukRequired { tries_left } => Outcome::Wait(Finding::PukRequired { tries_left }),
        SimState::Blocked => Outcome::Wait(Finding::CardBlocked),
        SimState::NetworkLocked => Outcome::Wait(Finding::NetworkLocked),
        SimState::Error => Outcome::Wait(Finding::CardError),
        SimState::Ready => {
            facts.effective(ENTER_PIN);
            identity(facts)
        }
    }
}

/// Names of the actions about the PIN, whose particulars do not matter for what became of them.
const ENTER_PIN: &str = "enter-pin";
const MARK_PIN: &str = "mark-pin";

/// What to do about the slot; `None`: the right one is in use.
fn wrong_slot(asked: u8, facts: &mut Reader<'_>) -> Option<Outcome> {
    let Some(slots) = facts.read(Fact::SimSlots, facts.observed.sim_slots.as_ref()) else {
        return Some(facts.unknown(Fact::SimSlots));
    };
    let switch = Action::SwitchSlot(asked);
    match slots.active {
        Some(active) if active == asked => {
            facts.effective(switch.name());
            None
        }
        _ if asked > slots.count => Some(Outcome::Wait(Finding::NoSuchSlot { asked, slots: slots.count })),
        active => {
            let active = active.map_or_else(|| "none".to_owned(), |slot| slot.to_string());
            let what = format!("the SIM slot in use is {active}, the file asks for {asked}");
            if let Some((writes, at)) = facts.ignored(&switch) {
                return Some(Outcome::Wait(Finding::Ignored(Resistance { what, writes, at })));
            }
            Some(facts.attempt(switch, || Finding::Drifted { what }))
        }
    }
}

fn identity(facts: &mut Reader<'_>) -> Outcome {
    if let Some(bad) = facts.observed.bad_iccid.as_ref().and_then(|bad| facts.read(Fact::SimIdentity, Some(bad))) {
        return Outcome::Wait(Finding::BadIccid(bad.clone()));
    }
    match facts.read(Fact::SimIdentity, facts.observed.sim_identity.as_ref()) {
        None => facts.unknown(Fact::SimIdentity),
        Some(_) => Outcome::Satisfied(Finding::CardReady),
    }
}

fn pin_required(tries_left: u8, chance: &PinChance, facts: &mut Reader<'_>) -> Outcome {
    let no = |why| Outcome::Wait(Finding::PinNotTried { tries_left, why });
    let enough = (LEAST_TRIES..=MOST_TRIES).contains(&tries_left)
        || planted(Defect::IgnorePinTries)
        || planted(Defect::RetryPin);
    match chance {
        PinChance::NotConfigured => Outcome::Wait(Finding::PinRequired { tries_left }),
        PinChance::Missing(why) => no(NoTry::Missing(why.clone())),
        PinChance::Malformed => no(NoTry::Malformed),
        PinChance::CardUnknown => {
            // Asked for, but not waited for as for a fact: a card that keeps its number to itself is no trouble with the modem.
            facts.read(Fact::SimIdentity, facts.observed.sim_identity.as_ref());
            no(NoTry::CardUnknown)
        }
        PinChance::Tried { refused: true } => Outcome::Wait(Finding::WrongPin { tries_left }),
        PinChance::Tried { refused: false } => no(NoTry::TriedBefore),
        PinChance::Untried(_) | PinChance::Allowed(_) if !enough => no(NoTry::TooFewTries),
        PinChance::Untried(mark) => match facts.attempt(Action::MarkPin(*mark), asks) {
            Outcome::Wait(Finding::Retrying { .. }) => no(NoTry::NotKept(last_failure(MARK_PIN, facts))),
            outcome => outcome,
        },
        PinChance::Allowed(pin) => {
            let attempts = facts.observed.attempts.get(ENTER_PIN);
            if attempts.is_some_and(|a| a.in_vain() >= ACCEPTED_IN_VAIN) {
                return no(NoTry::NoEffect);
            }
            for (fact, within) in [(Fact::SimIdentity, FRESH), (Fact::Sim, JUST_SEEN)] {
                if !facts.is_fresh(fact, within) {
                    return facts.unknown(fact);
                }
            }
            facts.attempt(Action::EnterPin(pin.clone()), asks)
        }
    }
}

fn asks() -> Finding {
    Finding::Drifted { what: "the SIM needs its PIN".to_owned() }
}

fn last_failure(name: &str, facts: &Reader<'_>) -> String {
    let failure = facts.observed.attempts.get(name).and_then(|attempts| attempts.last_failure.as_ref());
    failure.map_or_else(|| "the host does not say why".to_owned(), Failure::to_string)
}

#[cfg(test)]
mod tests {
    use super::super::laws::{healthy, provider};
    use super::super::{Stage, Step, plan};
    use crate::model::{
        Attempts, BadIccid, DesiredLink, FactSet, Iccid, Instant, Observed, PinMark, RadioPreference, Report, Secret,
        Selection, SimIdentity, SimSlots,
    };

    use super::*;

    const NOW: Instant = Instant::from_secs(1000);

    fn desired(pin: PinChance) -> Desired {
        Desired {
            radio: RadioPreference::default(),
            slot: None,
            pin,
            selection: Selection::Chosen(provider("internet")),
            link: DesiredLink { route_metric: 700, default_route: true, ..DesiredLink::default() },
            looks_at_internet: false,
        }
    }

    fn locked(tries_left: u8) -> Observed {
        let mut observed = healthy(NOW);
        observed.learn(Report::Sim(SimState::PinRequired { tries_left }), NOW);
        observed
    }

    fn mark() -> PinMark {
        PinMark::of(1, &Iccid::parse("8988307000000000001").unwrap(), &Secret::new("1234".into()))
    }

    fn finding(desired: &Desired, observed: &Observed) -> Finding {
        plan(desired, observed, NOW).stages[Stage::Sim as usize].finding.clone()
    }

    #[test]
    fn dev_6_no_pin_is_tried_with_fewer_than_three_tries_left_or_an_unknown_number() {
        for tries_left in 0..=u8::MAX {
            for chance in [PinChance::Untried(mark()), PinChance::Allowed(Secret::new("1234".into()))] {
                let plan = plan(&desired(chance), &locked(tries_left), NOW);
                let tries = matches!(&plan.step, Step::Do(Action::MarkPin(_) | Action::EnterPin(_), _));
                assert_eq!(tries, (3..=10).contains(&tries_left), "{tries_left} left: {:?}", plan.step);
            }
        }
    }

    #[test]
    fn f31_every_state_of_the_pin_has_its_finding_and_only_two_have_an_action() {
        let missing = PinChance::Missing("no such credential".into());
        for (chance, reason, words) in [
            (PinChance::NotConfigured, "PinRequired", "write it as `sim.pin`"),
            (missing, "PinNotTried", "no such credential"),
            (PinChance::Malformed, "PinNotTried", "not 4 to 8 digits"),
            (PinChance::CardUnknown, "PinNotTried", "number of the card cannot be read"),
            (PinChance::Tried { refused: true }, "WrongPin", "correct `sim.pin`"),
            (PinChance::Tried { refused: false }, "PinNotTried", "what became of that is not known"),
        ] {
            let plan = plan(&desired(chance.clone()), &locked(3), NOW);
            let found = &plan.stages[Stage::Sim as usize].finding;
            assert_eq!(found.reason(), reason, "{chance:?}");
            assert!(found.to_string().contains(words), "{found}");
            assert!(!matches!(plan.step, Step::Do(..)), "{chance:?}: {:?}", plan.step);
        }
    }

    #[test]
    fn a_mark_that_the_host_cannot_keep_means_no_try() {
        let mut observed = locked(3);
        let action = Action::MarkPin(mark());
        let last_failure = Some(Failure::Host("no space left on device".into()));
        let attempts = Attempts::after(None, action, last_failure, NOW);
        observed.attempts.insert(MARK_PIN.to_owned(), attempts);
        let found = finding(&desired(PinChance::Untried(mark())), &observed);
        assert_eq!(found.reason(), "PinNotTried");
        assert!(found.to_string().contains("no space left on device"), "{found}");
    }

    #[test]
    fn a_try_rests_on_what_was_seen_moments_ago() {
        for (age, unseen) in [(FRESH, Fact::SimIdentity), (JUST_SEEN, Fact::Sim)] {
            let plan = plan(&desired(PinChance::Allowed(Secret::new("1234".into()))), &locked(3), NOW + age);
            assert_eq!(plan.step, Step::Wait(Finding::Reading(unseen)));
            assert!(plan.wanted.contains(unseen));
        }
    }

    #[test]
    fn f12_a_card_without_a_number_waits_and_says_what_it_has() {
        let mut observed = healthy(NOW);
        observed.learn(Report::BadIccid(BadIccid { starts: "FFFFFFF".into(), digits: 0 }), NOW);
        let plan = plan(&desired(PinChance::NotConfigured), &observed, NOW);
        let found = &plan.stages[Stage::Sim as usize].finding;
        assert_eq!(found.reason(), "BadIccid");
        assert!(found.to_string().contains("FFFFFFF") && found.to_string().contains("0 digits"), "{found}");
        assert!(!matches!(plan.step, Step::Do(..)), "{:?}", plan.step);
        // The other shape of the same fact: it ages, is forgotten and is replaced like it.
        assert_eq!(observed.seen_at(Fact::SimIdentity), Some(NOW));
        observed.learn(Report::SimIdentity(SimIdentity::of(Iccid::parse("8988307000000000001").unwrap())), NOW);
        assert_eq!(observed.bad_iccid, None);
        observed.learn(Report::BadIccid(BadIccid { starts: String::new(), digits: 0 }), NOW);
        observed.forget(FactSet::of(&[Fact::SimIdentity]));
        assert_eq!(observed.seen_at(Fact::SimIdentity), None);
    }

    #[test]
    fn a_slot_is_switched_to_if_there_is_one() {
        let desired = Desired { slot: Some(2), ..desired(PinChance::NotConfigured) };
        let with = |count, active| {
            let mut observed = healthy(NOW);
            observed.learn(Report::SimSlots(SimSlots { count, active }), NOW);
            plan(&desired, &observed, NOW)
        };
        assert!(matches!(with(2, Some(1)).step, Step::Do(Action::SwitchSlot(2), _)));
        assert_eq!(with(2, Some(2)).stages[Stage::Sim as usize].finding, Finding::CardReady);
        let mut observed = healthy(NOW);
        observed.learn(Report::SimSlots(SimSlots { count: 2, active: Some(1) }), NOW);
        let action = Action::SwitchSlot(2);
        for _ in 0..4 {
            let before = observed.attempts.get("switch-slot");
            let attempts = Attempts::after(before, action.clone(), None, NOW);
            observed.attempts.insert("switch-slot".to_owned(), attempts);
        }
        assert_eq!(finding(&desired, &observed).reason(), "Ignored", "acknowledged in vain, four times");
        for (count, active) in [(1, Some(1)), (0, None)] {
            assert_eq!(with(count, active).step, Step::Wait(Finding::NoSuchSlot { asked: 2, slots: count }));
        }
    }
}
