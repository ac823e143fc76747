//! Every row of the ladders in virtual time, and what holds for all of them.

use super::ladder::{self, Diagnosis, Often, Step};
use super::*;
use crate::model::{CallEnd, ConditionKind, IpFamilies, IpFamily, OperatingMode, Recovering};
use crate::plan::Stage;

fn report(stage: Stage, finding: Finding) -> Vec<StageReport> {
    let before = Stage::ALL.into_iter().take_while(|s| *s != stage);
    let held = before.map(|stage| StageReport { stage, status: Status::True, finding: Finding::Enumerated });
    held.chain([StageReport { stage, status: Status::False, finding }]).collect()
}

fn permits() -> Permits {
    Permits { reframes: true, no_power: None, per_day: 6, hold: SETTLE, inhibited: None }
}

fn recovery(seed: u64) -> Recovery {
    Recovery::new(seed, &RecoveryMemory::default(), 0, Instant::ZERO)
}

fn call(reason: i16) -> Finding {
    let cause = CallEnd::of_3gpp(reason);
    Finding::CallFailed { family: IpFamily::Ipv4, apn: "corp".into(), cause, failures: 3, at: Instant::ZERO }
}

/// A trouble that never ends, and what becomes of the steps against it.
struct Trouble {
    stages: Vec<StageReport>,
    permits: Permits,
    outcome: fn(Step) -> StepOutcome,
}

impl Trouble {
    fn new(stage: Stage, finding: Finding) -> Self {
        Self { stages: report(stage, finding), permits: permits(), outcome: |_| StepOutcome::TookEffect }
    }

    /// The steps of so many hours: second and name.
    fn run(&self, recovery: &mut Recovery, from: u64, hours: u64) -> Vec<(u64, &'static str)> {
        let mut steps = Vec::new();
        for second in from..from + hours * 3600 {
            let now = Instant::from_secs(second);
            if let Some(due) = recovery.step(&self.stages, &self.permits, now) {
                steps.push((second, due.step.name()));
                let action = action(due.step);
                recovery.note_begun(&action, true);
                match (self.outcome)(due.step) {
                    StepOutcome::Failed(failure) => recovery.note_ended(&action, &Err(failure), now),
                    StepOutcome::Ineffective(_) => {
                        recovery.note_ended(&action, &Ok(()), now);
                        recovery.note_stayed();
                    }
                    StepOutcome::TookEffect | StepOutcome::Unseen => {
                        recovery.note_ended(&action, &Ok(()), now);
                        recovery.note_left();
                    }
                }
            }
            recovery.verdict("firmware", Signs { answers: true, passes: false }, &self.permits, now);
        }
        steps
    }

    /// The steps of a day from the beginning.
    fn day(&self) -> Vec<(u64, &'static str)> {
        self.run(&mut recovery(7), 0, 24)
    }
}

/// What carries a step out, as far as it matters here.
fn action(step: Step) -> Action {
    match step {
        Step::Reframe => Action::Reframe(Framing::Ethernet, IpFamilies::Ipv4),
        Step::CyclePower => Action::CyclePower,
        _ => Action::Rescan,
    }
}

/// Each step came at its time of the ladder, give or take a fifth.
#[track_caller]
fn climbs(steps: &[(u64, &str)], expected: &[(u64, &str)]) {
    let names = |list: &[(u64, &str)]| list.iter().map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>();
    assert!(steps.len() >= expected.len(), "{steps:?}");
    assert_eq!(names(&steps[..expected.len()]), names(expected), "{steps:?}");
    for ((at, name), (nominal, _)) in steps.iter().zip(expected) {
        // Later ones add up what the earlier ones were early or late.
        assert!((nominal * 8 / 10..=nominal * 12 / 10 + 2).contains(at), "{name} at {at}, not about {nominal}");
    }
}

fn names(steps: &[(u64, &'static str)]) -> std::collections::BTreeSet<&'static str> {
    steps.iter().map(|(_, name)| *name).collect()
}

const RESTARTS: [&str; 3] = ["reset-modem", "reauthorise", "cycle-power"];

#[test]
fn row_modem_absent() {
    let steps = Trouble::new(Stage::Power, Finding::Absent).day();
    climbs(&steps, &[(120, "rescan"), (180, "reauthorise")]);
    let power: Vec<u64> = steps.iter().filter(|(_, name)| *name == "cycle-power").map(|(at, _)| *at).collect();
    assert!((750..=1100).contains(&power[0]), "when the device has had its ten minutes: {steps:?}");
    let gaps: Vec<u64> = power.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(gaps.windows(2).all(|w| w[1] * 10 >= w[0] * 13) && gaps[0] >= 720, "15 minutes doubling: {gaps:?}");
}

#[test]
fn row_in_bootloader_is_one_power_cycle() {
    let steps = Trouble::new(Stage::Power, Finding::InBootloader("1-1".into())).day();
    assert!(matches!(steps[..], [(240..=400, "cycle-power")]), "{steps:?}");
}

#[test]
fn row_no_answer_and_its_budget() {
    let steps = Trouble::new(Stage::Control, Finding::Unresponsive).day();
    climbs(&steps, &[(45, "reopen"), (120, "reauthorise")]);
    assert_eq!(names(&steps), ["cycle-power", "reauthorise", "reopen"].into(), "no SIM steps");
    let power: Vec<u64> = steps.iter().filter(|(_, name)| *name != "reopen").map(|(at, _)| *at).collect();
    assert!(power.len() <= 6, "{power:?}");
    assert!(power.windows(2).all(|w| w[1] - w[0] >= SETTLE.as_secs()), "{power:?}");
    assert!(power.iter().all(|at| power.iter().filter(|b| (*at..*at + 3600).contains(*b)).count() <= 3), "{power:?}");
}

#[test]
fn row_untold_is_trouble_with_the_channel() {
    for (stage, expected) in [(Stage::Radio, true), (Stage::Session, true), (Stage::Power, false), (Stage::Link, false)]
    {
        let mut trouble = Trouble::new(stage, Finding::Reading(crate::model::Fact::OperatingMode));
        trouble.stages.last_mut().unwrap().status = Status::Unknown;
        let steps = trouble.day();
        assert_eq!(steps.first().map(|(_, name)| *name), expected.then_some("reopen"), "{stage:?}");
    }
}

#[test]
fn row_port_held_by_another_program() {
    let why = "cannot open /dev/cdc-wdm0: Device or resource busy (os error 16)";
    assert!(Trouble::new(Stage::Control, Finding::PortUnusable(why.into())).day().is_empty());
    let again = Finding::Retrying {
        action: "open port".into(),
        failure: Some(Failure::Host(why.into())),
        took_effect: false,
        failures: 9,
        at: Instant::FAR,
    };
    assert!(Trouble::new(Stage::Control, again).day().is_empty());
    let dead = Finding::PortUnusable("cannot open /dev/cdc-wdm0: Input/output error (os error 5)".into());
    assert!(!Trouble::new(Stage::Control, dead).day().is_empty(), "a device that fails is another matter");
}

#[test]
fn row_card_missing_takes_each_step_once() {
    for finding in [Finding::NoCard, Finding::CardError] {
        let steps = Trouble::new(Stage::Sim, finding).day();
        climbs(&steps, &[(60, "cycle-sim"), (300, "cycle-radio")]);
        assert_eq!(steps.len(), 2, "{steps:?}");
    }
    // A card that was left without power by a request that was lost gets another chance.
    let mut trouble = Trouble::new(Stage::Sim, Finding::NoCard);
    trouble.outcome = |_| StepOutcome::Failed(Failure::Timeout);
    let steps = trouble.day();
    assert!(steps.iter().filter(|(_, name)| *name == "cycle-sim").count() > 1 && steps.len() <= 8, "{steps:?}");
}

#[test]
fn row_card_starting() {
    let steps = Trouble::new(Stage::Sim, Finding::CardStarting).day();
    climbs(&steps, &[(60, "cycle-sim"), (120, "cycle-radio"), (300, "reset-modem")]);
    let resets = steps.iter().filter(|(_, name)| *name == "reset-modem").count();
    assert!(resets <= 4 && !names(&steps).contains("cycle-power"), "{steps:?}");
}

#[test]
fn rows_that_need_a_person_have_no_steps() {
    let technologies = crate::model::AccessTechnologies::NONE;
    for (stage, finding) in [
        (Stage::Power, Finding::Ambiguous(vec!["1-1".into(), "1-2".into()])),
        (Stage::Sim, Finding::PinRequired { tries_left: 3 }),
        (Stage::Sim, Finding::PukRequired { tries_left: 10 }),
        (Stage::Sim, Finding::CardBlocked),
        (Stage::Provider, Finding::NoMatch { candidates: 3 }),
        (Stage::Provider, Finding::SecretMissing { name: "corp".into(), why: "no such file".into() }),
        (Stage::Radio, Finding::TechnologiesUnsupported { supports: technologies, asked: technologies }),
        (Stage::Registration, Finding::RoamingNotAllowed(None)),
    ] {
        assert_eq!(Trouble::new(stage, finding.clone()).day(), [], "PWR-9: {finding:?}");
    }
}

#[test]
fn row_radio_offline_and_row_radio_not_set() {
    let offline = Trouble::new(Stage::Radio, Finding::RadioOff(OperatingMode::Offline)).day();
    climbs(&offline, &[(60, "cycle-power")]);
    let not_set = Trouble::new(Stage::Radio, Finding::Drifted { what: "lte".into() }).day();
    climbs(&not_set, &[(300, "reset-modem"), (600, "reauthorise")]);
    assert!(names(&not_set).contains("cycle-power"));
}

#[test]
fn row_searching_is_never_a_power_cycle() {
    let steps = Trouble::new(Stage::Registration, Finding::Searching).day();
    climbs(&steps, &[(900, "cycle-radio"), (3600, "reset-modem")]);
    assert_eq!(names(&steps), ["cycle-radio", "reset-modem"].into());
    let resets: Vec<u64> = steps.iter().filter(|(_, name)| *name == "reset-modem").map(|(at, _)| *at).collect();
    assert!(resets.windows(2).all(|w| w[1] - w[0] >= 6 * 3600) && resets.len() >= 3, "{resets:?}");
}

#[test]
fn row_denied_clears_the_list_once_a_day_and_never_resets() {
    let trouble = Trouble::new(Stage::Registration, Finding::Denied(Some(11)));
    let mut recovery = recovery(7);
    let steps = trouble.run(&mut recovery, 0, 72);
    climbs(&steps, &[(900, "clear-forbidden"), (960, "cycle-radio")]);
    assert_eq!(names(&steps), ["clear-forbidden", "cycle-radio"].into());
    assert_eq!(steps.iter().filter(|(_, name)| *name == "clear-forbidden").count(), 1, "once in a spell");
    // Another spell within the day: the list is left alone.
    let mut good = trouble.stages.clone();
    good.iter_mut().for_each(|stage| stage.status = Status::True);
    let end = 72 * 3600;
    recovery.note_recovered(&good, Instant::from_secs(end));
    recovery.note_recovered(&good, Instant::from_secs(end + 60));
    let again = trouble.run(&mut recovery, end + 60, 2);
    assert_eq!(again.first().map(|(_, name)| *name), Some("clear-forbidden"), "two days later");
    recovery.note_recovered(&good, Instant::from_secs(end + 7_300));
    recovery.note_recovered(&good, Instant::from_secs(end + 7_360));
    let third = trouble.run(&mut recovery, end + 7_360, 2);
    assert_eq!(names(&third), ["cycle-radio"].into(), "two hours later");
}

#[test]
fn row_refused_for_good_has_no_steps() {
    for reason in [8, 27, 29, 32, 33] {
        assert_eq!(Trouble::new(Stage::Session, call(reason)).day(), [], "cause {reason}");
    }
}

#[test]
fn row_no_session() {
    let steps = Trouble::new(Stage::Session, call(38)).day();
    let expected = [(300, "reregister"), (600, "cycle-radio"), (1200, "reset-modem"), (2400, "cycle-power")];
    climbs(&steps, &expected);
}

#[test]
fn row_link_not_set_and_a_host_that_refuses() {
    let steps = Trouble::new(Stage::Link, Finding::NoAddress).day();
    climbs(&steps, &[(30, "reread"), (60, "reconnect"), (120, "reconnect"), (300, "reset-modem")]);
    assert!(!names(&steps).contains("cycle-power"));
    let refuses = Finding::Retrying {
        action: "configure the link".into(),
        failure: Some(Failure::Host("no such device".into())),
        took_effect: false,
        failures: 3,
        at: Instant::FAR,
    };
    assert_eq!(Trouble::new(Stage::Link, refuses).day(), []);
}

#[test]
fn f19_row_no_internet_ends_with_the_strongest_steps() {
    // The condition itself comes with the internet check; the row is ready for it.
    let rungs: Vec<(u64, &str)> =
        ladder::of(Diagnosis::NoInternet).rungs.iter().map(|rung| (rung.after, rung.step.name())).collect();
    assert_eq!(rungs[..3], [(60, "reconnect"), (120, "reconnect"), (180, "reconnect")]);
    let after =
        [(210, "reframe"), (300, "reregister"), (600, "cycle-radio"), (1200, "reset-modem"), (2400, "cycle-power")];
    assert_eq!(rungs[3..], after);
}

#[test]
fn f29_a_boot_loop_stops_the_ladder() {
    let trouble = Trouble::new(Stage::Power, Finding::Absent);
    let mut recovery = recovery(7);
    for at in [10, 20, 30] {
        recovery.note_vanished(Instant::from_secs(at));
    }
    let steps = trouble.run(&mut recovery, 31, 1);
    assert_eq!(recovery.finding(), (true, Recovering::Flapping { times: 3 }));
    let power: Vec<u64> = steps.iter().filter(|(_, name)| RESTARTS.contains(name)).map(|(at, _)| *at).collect();
    assert!(power.len() <= 3 && power[0] >= 31 + 720, "not before a quarter of an hour, give or take: {steps:?}");
    assert!(power.windows(3).all(|w| w[2] - w[1] > w[1] - w[0]), "more and more slowly: {power:?}");
}

#[test]
fn f46_a_power_switch_without_effect_is_left_out() {
    let mut trouble = Trouble::new(Stage::Control, Finding::Unresponsive);
    trouble.outcome = |step| match step {
        Step::CyclePower => StepOutcome::Ineffective(String::new()),
        _ => StepOutcome::TookEffect,
    };
    let mut recovery = recovery(7);
    let steps = trouble.run(&mut recovery, 0, 24);
    assert_eq!(steps.iter().filter(|(_, name)| *name == "cycle-power").count(), 1, "{steps:?}");
    let memory = recovery.memory(Instant::from_secs(86_400));
    assert!(memory.ineffective["cycle-power"].because.contains("stayed on the bus"), "{memory:?}");

    // A restart of ours later it is still known; another firmware, or a week, and it is forgotten.
    let reborn = |ago: u64| Recovery::new(7, &memory, ago, Instant::ZERO);
    let again = |recovery: &mut Recovery| names(&trouble.run(recovery, 0, 3)).contains("cycle-power");
    assert!(!again(&mut reborn(0)));
    let mut other = reborn(0);
    other.note_firmware("another");
    assert!(again(&mut other));
    let mut later = reborn(7 * 86_400);
    assert!(later.wants_keeping(Instant::ZERO) && again(&mut later));
}

#[test]
fn where_nothing_else_is_left_the_ineffective_is_tried_again_rarely() {
    let mut trouble = Trouble::new(Stage::Radio, Finding::RadioOff(OperatingMode::Offline));
    trouble.outcome = |_| StepOutcome::Ineffective(String::new());
    let steps = trouble.day();
    assert!((3..=6).contains(&steps.len()), "{steps:?}");
    assert!(steps[2..].windows(2).all(|w| w[1].0 - w[0].0 >= 4 * 3600), "{steps:?}");
}

#[test]
fn pwr_9_a_dead_day_stays_within_every_cap() {
    for seed in 0..20 {
        for (stage, finding) in [
            (Stage::Power, Finding::Absent),
            (Stage::Control, Finding::Unresponsive),
            (Stage::Session, call(38)),
            (Stage::Radio, Finding::RadioOff(OperatingMode::Offline)),
            (Stage::Registration, Finding::Searching),
        ] {
            let steps = Trouble::new(stage, finding).run(&mut recovery(seed), 0, 24);
            let power = steps.iter().filter(|(_, name)| ["cycle-power", "reauthorise"].contains(name)).count();
            assert!(power <= 6 && steps.len() <= 40, "seed {seed}: {steps:?}");
        }
    }
}

#[test]
fn the_budget_of_a_day_counts_over_restarts_of_ours() {
    let trouble = Trouble::new(Stage::Control, Finding::Unresponsive);
    let mut recovery = recovery(7);
    trouble.run(&mut recovery, 0, 23);
    let memory = recovery.memory(Instant::from_secs(23 * 3600));
    let spent = memory.power_steps.len();
    assert!(spent >= 5, "{memory:?}");
    let mut reborn = Recovery::new(7, &memory, 0, Instant::ZERO);
    let power = |steps: &[(u64, &str)]| steps.iter().filter(|(_, name)| RESTARTS.contains(name)).count();
    assert!(spent + power(&trouble.run(&mut reborn, 0, 1)) <= 6, "{memory:?}");
    // Unless we were down for the rest of the day.
    let mut rested = Recovery::new(7, &memory, 86_400, Instant::ZERO);
    assert!(power(&trouble.run(&mut rested, 0, 2)) >= 2);
}

#[test]
fn inhibition_holds_resets_and_nothing_milder() {
    let mut trouble = Trouble::new(Stage::Session, call(38));
    trouble.permits.inhibited = Some("antenna work".into());
    let mut recovery = recovery(7);
    let steps = trouble.run(&mut recovery, 0, 6);
    assert_eq!(names(&steps), ["cycle-radio", "reregister"].into(), "{steps:?}");
    assert_eq!(recovery.finding(), (false, Recovering::Inhibited("antenna work".into())));
    assert_eq!(recovery.poll_timeout(), None, "it does not go round in circles");
    trouble.permits.inhibited = None;
    assert_eq!(trouble.run(&mut recovery, 6 * 3600, 1)[0], (6 * 3600, "reset-modem"));
}

#[test]
fn without_a_switch_the_ladder_ends_before_it() {
    let mut trouble = Trouble::new(Stage::Control, Finding::Unresponsive);
    trouble.permits.no_power = Some("none is configured".into());
    assert_eq!(names(&trouble.day()), ["reauthorise", "reopen"].into());
    trouble.permits.per_day = 0;
    assert_eq!(names(&trouble.day()), ["reopen"].into(), "not even once");
}

#[test]
fn a_step_that_the_host_cannot_do_is_not_asked_for_again_that_day() {
    let mut trouble = Trouble::new(Stage::Control, Finding::Unresponsive);
    trouble.outcome = |step| match step {
        Step::Reauthorise => StepOutcome::Failed(Failure::Host("not yet".into())),
        _ => StepOutcome::TookEffect,
    };
    let mut recovery = recovery(7);
    let steps = trouble.run(&mut recovery, 0, 20);
    assert_eq!(steps.iter().filter(|(_, name)| *name == "reauthorise").count(), 1, "{steps:?}");
    assert!(recovery.memory(Instant::ZERO).ineffective.is_empty(), "a newer version may be able to");
}

#[test]
fn a_spell_that_ended_starts_over_at_the_first_rung() {
    let mut recovery = recovery(7);
    let bad = report(Stage::Session, call(38));
    let good: Vec<StageReport> = bad.iter().map(|r| StageReport { status: Status::True, ..r.clone() }).collect();
    let mut at = |stages: &[StageReport], second: u64| {
        let now = Instant::from_secs(second);
        recovery.note_recovered(stages, now);
        recovery.step(stages, &permits(), now)
    };
    assert_eq!(at(&bad, 0), None);
    assert_eq!(at(&bad, 239), None);
    assert_eq!(at(&good, 239), None);
    assert_eq!(at(&good, 300), None);
    assert_eq!(at(&bad, 301), None, "the clock starts anew");
    let due = recovery.poll_timeout().map(|(at, _)| at.as_millis() / 1000).unwrap();
    assert!((301 + 240..=301 + 360).contains(&due), "{due}");
}

#[test]
fn a_trouble_that_is_over_is_told_with_its_last_step() {
    let trouble = Trouble::new(Stage::Session, call(38));
    let mut recovery = recovery(7);
    trouble.run(&mut recovery, 0, 1);
    let good: Vec<StageReport> =
        trouble.stages.iter().map(|r| StageReport { status: Status::True, ..r.clone() }).collect();
    assert_eq!(recovery.note_recovered(&good, Instant::from_secs(3600)), []);
    let over = recovery.note_recovered(&good, Instant::from_secs(3660));
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].diagnosis, &over[0].action), (Diagnosis::NoSession, &Action::CyclePower));
    assert_eq!(recovery.finding(), (false, Recovering::Idle).clone(), "{over:?}");
}

#[test]
fn devices_of_a_fleet_do_not_act_at_one_moment() {
    let trouble = Trouble::new(Stage::Registration, Finding::Searching);
    let firsts: std::collections::BTreeSet<u64> =
        (0..50).map(|seed| trouble.run(&mut recovery(seed), 0, 1)[0].0).collect();
    assert!(firsts.len() > 20, "{firsts:?}");
    assert!(firsts.iter().all(|at| (720..=1081).contains(at)), "{firsts:?}");
}

#[test]
fn the_clock_of_a_spell_runs_only_while_it_is_the_diagnosis() {
    let mut recovery = recovery(7);
    let (searching, absent) = (report(Stage::Registration, Finding::Searching), report(Stage::Power, Finding::Absent));
    for minute in 0..100 {
        let stages = if minute % 2 == 0 { &searching } else { &absent };
        for second in minute * 60..(minute + 1) * 60 {
            if let Some(due) = recovery.step(stages, &permits(), Instant::from_secs(second)) {
                assert!(due.step != Step::CycleRadio || second >= 2 * 700, "{second}");
                return;
            }
        }
    }
}

#[test]
fn every_ladder_is_in_order_and_says_what_it_leaves_out() {
    for diagnosis in ALL {
        let ladder = ladder::of(diagnosis);
        assert!(ladder.rungs.windows(2).all(|w| w[0].after <= w[1].after), "{diagnosis:?}");
        assert!(!ladder.rungs.is_empty() || !ladder.never.is_empty(), "{diagnosis:?}: why nothing?");
        assert_eq!(diagnosis.needs_a_person(), ladder.rungs.is_empty());
        let often = ladder.rungs.iter().all(|rung| rung.often != Often::OnceIn(0));
        assert!(often, "{diagnosis:?}");
    }
}

const ALL: [Diagnosis; 26] = [
    Diagnosis::InBootloader,
    Diagnosis::Ambiguous,
    Diagnosis::CardUnusable,
    Diagnosis::Contended(ConditionKind::RadioConfigured),
    Diagnosis::ModemAbsent,
    Diagnosis::BootLoop,
    Diagnosis::NoAnswer,
    Diagnosis::PortHeld,
    Diagnosis::Untold(ConditionKind::RadioConfigured),
    Diagnosis::CardMissing,
    Diagnosis::CardStarting,
    Diagnosis::CardLocked,
    Diagnosis::NoProvider,
    Diagnosis::RadioOffline,
    Diagnosis::RadioNotSet,
    Diagnosis::RadioUnable,
    Diagnosis::Searching,
    Diagnosis::Denied,
    Diagnosis::RoamingForbidden,
    Diagnosis::RefusedForGood,
    Diagnosis::NoSession,
    Diagnosis::LinkNotSet,
    Diagnosis::HostRefuses,
    Diagnosis::NoInternet,
    Diagnosis::NoInternetAnywhere,
    Diagnosis::Portal,
];
