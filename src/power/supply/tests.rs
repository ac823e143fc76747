//! The supply beside switches that work, fail, hesitate, come late or are not there.

use super::*;

const T: Instant = Instant::from_secs(100);

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// A switch that works, on a modem that is there.
fn on() -> Supply {
    let mut supply = Supply::with_switch(Timings::default(), T);
    assert_eq!(told(&mut supply), [Next::Tell(Request::Attach)]);
    supply.handle_answer(Request::Attach, Ok(()), T);
    supply.handle_presence(true, T);
    assert_eq!(told(&mut supply), [], "a running modem is not touched");
    supply
}

fn told(supply: &mut Supply) -> Vec<Next> {
    std::iter::from_fn(|| supply.poll_next()).collect()
}

fn tell(command: Command) -> Vec<Next> {
    vec![Next::Tell(Request::Do(command))]
}

#[test]
fn a_switch_is_told_again_while_the_modem_stays_away() {
    let mut supply = on();
    let away = T + Timings::default().hold;
    supply.handle_timeout(away);
    assert_eq!(supply.state(), State::On);
    for looks in 0..3 {
        let from = away + ASSURE_EVERY * looks;
        supply.handle_presence(false, from + seconds(1));
        supply.handle_presence(false, from + ASSURE_EVERY);
        assert_eq!(told(&mut supply), [], "not yet");
        supply.handle_presence(false, from + ASSURE_EVERY + seconds(1));
        assert_eq!(told(&mut supply), tell(Command::PowerOn), "and nothing is cut");
        supply.handle_answer(Request::Do(Command::PowerOn), Ok(()), from + ASSURE_EVERY + seconds(1));
        assert_eq!((supply.state(), told(&mut supply)), (State::On, vec![]));
        supply.handle_presence(true, from + ASSURE_EVERY + seconds(2));
    }
}

#[test]
fn a_cycle_stays_off_long_enough_from_the_answer_on() {
    let mut supply = on();
    supply.cycle(T);
    assert_eq!(told(&mut supply), tell(Command::StartPoweringOff));
    // The modem never answers to that: it is cut off all the same.
    supply.handle_timeout(T + seconds(5));
    assert_eq!(told(&mut supply), tell(Command::PowerOff));
    supply.handle_timeout(T + seconds(11));
    assert_eq!(told(&mut supply), [], "not before the switch has answered");
    supply.handle_answer(Request::Do(Command::PowerOff), Ok(()), T + seconds(11));
    supply.handle_timeout(T + seconds(15));
    assert_eq!(told(&mut supply), []);
    supply.handle_timeout(T + seconds(16));
    assert_eq!(told(&mut supply), tell(Command::PowerOn));
    supply.handle_answer(Request::Do(Command::PowerOn), Ok(()), T + seconds(16));
    assert_eq!(told(&mut supply), [Next::CycleEnded(Ok(()))]);
    assert_eq!(supply.state(), State::OnHold);
}

#[test]
fn pwr_6_a_switch_that_fails_at_any_step_ends_the_cycle_and_is_off() {
    let commands = [Command::StartPoweringOff, Command::PowerOff, Command::PowerOn];
    for failing in commands {
        let mut supply = on();
        let mut now = T;
        supply.cycle(now);
        let ended = loop {
            match supply.poll_next() {
                Some(Next::CycleEnded(result)) => break result,
                Some(Next::Tell(request)) if request == Request::Do(failing) => {
                    supply.handle_answer(request, Err("jammed".to_owned()), now);
                }
                Some(Next::Tell(request)) => supply.handle_answer(request, Ok(()), now),
                None => {
                    now = supply.poll_timeout().unwrap().0;
                    supply.handle_timeout(now);
                }
            }
        };
        assert_eq!(ended, Err("jammed".to_owned()), "{failing:?}");
        assert_eq!(supply.state(), State::Off, "{failing:?}");
        // The modem is still there: it is on, whatever the switch says.
        supply.handle_presence(true, now);
        assert_eq!((supply.state(), told(&mut supply)), (State::OnHold, vec![]), "{failing:?}");
    }
}

#[test]
fn pwr_6_a_switch_that_is_not_there_is_disabled_with_its_reason() {
    let mut supply = Supply::with_switch(Timings::default(), T);
    told(&mut supply);
    supply.handle_answer(Request::Attach, Err("no such hub".to_owned()), T);
    supply.handle_presence(false, T);
    assert_eq!(supply.why_not(), Some("no such hub"));
    assert_eq!(supply.info(T), "Off (OK to power on in 5s), not switched: no such hub");
    supply.cycle(T);
    assert_eq!(told(&mut supply), [Next::CycleEnded(Err("no such hub".to_owned()))]);
    let mut silent = Supply::with_switch(Timings::default(), T);
    silent.handle_timeout(T + ANSWERS_WITHIN);
    assert_eq!(silent.why_not(), Some("the power switch does not answer"));
}

#[test]
fn pwr_6_a_switch_that_comes_later_is_found() {
    let mut supply = Supply::with_switch(Timings::default(), T);
    supply.handle_presence(false, T);
    told(&mut supply);
    let mut now = T;
    for _ in 0..3 {
        supply.handle_answer(Request::Attach, Err("no such hub".to_owned()), now);
        while told(&mut supply).is_empty() {
            now = supply.poll_timeout().unwrap().0;
            supply.handle_timeout(now);
        }
        assert_eq!(supply.why_not(), Some("no such hub"), "until it answers");
    }
    assert_eq!(now, T + ATTACH_AGAIN * 3);
    supply.handle_answer(Request::Attach, Err("no such hub".to_owned()), now);
    supply.handle_presence(true, now + seconds(7));
    supply.handle_presence(false, now + seconds(8));
    supply.handle_timeout(now + seconds(8));
    assert_eq!(told(&mut supply), [Next::Tell(Request::Attach)], "it may have come with the modem");
    now = now + seconds(8);
    supply.handle_answer(Request::Attach, Ok(()), now);
    assert_eq!(supply.why_not(), None);
    assert_eq!(told(&mut supply), [], "the modem was there a moment ago");
    supply.handle_timeout(now + Timings::default().hold);
    assert_eq!(supply.state(), State::On);
}

#[test]
fn a_cycle_of_ours_does_not_make_the_power_ours() {
    let mut supply = on();
    let mut now = T;
    supply.cycle(now);
    loop {
        match supply.poll_next() {
            Some(Next::Tell(request)) => supply.handle_answer(request, Ok(()), now),
            Some(Next::CycleEnded(result)) => break assert_eq!(result, Ok(())),
            None => {
                now = supply.poll_timeout().unwrap().0;
                supply.handle_timeout(now);
            }
        }
    }
    supply.release(now + seconds(1000));
    supply.handle_timeout(now + seconds(1001));
    assert_eq!((supply.is_at_rest(), told(&mut supply)), (true, vec![]));
}

#[test]
fn a_modem_that_is_let_go_while_we_cycle_it_ends_the_cycle() {
    let mut supply = Supply::with_switch(Timings::default(), T);
    supply.handle_answer(Request::Attach, Ok(()), T);
    supply.handle_presence(false, T);
    supply.handle_timeout(T + seconds(5));
    supply.handle_answer(Request::Do(Command::PowerOn), Ok(()), T + seconds(5));
    supply.handle_presence(true, T + seconds(6));
    told(&mut supply);
    supply.cycle(T + seconds(700));
    supply.release(T + seconds(701));
    let ended = Next::CycleEnded(Err("the modem is not wanted any more".to_owned()));
    assert!(told(&mut supply).contains(&ended));
    supply.handle_answer(Request::Do(Command::StartPoweringOff), Ok(()), T + seconds(701));
    supply.handle_timeout(T + seconds(706));
    assert_eq!(told(&mut supply), tell(Command::PowerOff));
    supply.handle_answer(Request::Do(Command::PowerOff), Ok(()), T + seconds(706));
    assert!(supply.is_at_rest());
}

#[test]
fn a_modem_without_power_is_given_some_when_it_has_been_off_long_enough() {
    let mut supply = Supply::with_switch(Timings::default(), T);
    supply.handle_answer(Request::Attach, Ok(()), T);
    told(&mut supply);
    supply.handle_presence(false, T);
    assert_eq!((supply.state(), told(&mut supply)), (State::WaitingToPowerOn, vec![]));
    supply.handle_timeout(T + seconds(5));
    assert_eq!(told(&mut supply), tell(Command::PowerOn));
    supply.handle_answer(Request::Do(Command::PowerOn), Err("jammed".to_owned()), T + seconds(5));
    for at in [10, 300, 599] {
        supply.handle_presence(false, T + seconds(at));
    }
    assert_eq!(told(&mut supply), [], "a switch that failed is not hammered");
    supply.handle_presence(false, T + seconds(606));
    assert_eq!(told(&mut supply), tell(Command::PowerOn));
}

#[test]
fn what_we_switched_on_is_switched_off_when_it_is_no_longer_wanted_and_nothing_else() {
    let mut found = on();
    found.release(T);
    found.handle_timeout(T + seconds(1));
    assert_eq!((found.is_at_rest(), told(&mut found)), (true, vec![]));

    let mut ours = Supply::with_switch(Timings::default(), T);
    ours.handle_answer(Request::Attach, Ok(()), T);
    ours.handle_presence(false, T);
    ours.handle_timeout(T + seconds(5));
    ours.handle_answer(Request::Do(Command::PowerOn), Ok(()), T + seconds(5));
    told(&mut ours);
    let later = T + seconds(3600);
    ours.handle_timeout(later);
    ours.release(later);
    ours.reclaim(later + Duration::from_millis(5));
    ours.handle_timeout(later + seconds(1));
    assert_eq!(told(&mut ours), [], "a change of mind");
    ours.release(later + seconds(2));
    assert!(!ours.is_at_rest());
    ours.handle_timeout(later + seconds(3));
    assert_eq!(told(&mut ours), tell(Command::StartPoweringOff));
}

#[test]
fn late_answers_change_nothing() {
    let mut supply = on();
    supply.handle_answer(Request::Do(Command::PowerOff), Err("late".to_owned()), T);
    supply.handle_answer(Request::Attach, Err("late".to_owned()), T);
    assert_eq!((supply.state(), supply.why_not()), (State::OnHold, None));
}
