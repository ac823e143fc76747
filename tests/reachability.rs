//! Whether data passes, in virtual time: a session that is up and carries nothing is found, told and mended; targets that
//! are gone are no fault of the modem's.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod gateway_support;

use gateway_support::{Gateway, name};
use wwan::model::{ConditionKind, Elsewhere, Reach, Status};
use wwan::reconcile::{Input, Output};

const INTERNET: ConditionKind = ConditionKind::InternetReachable;

fn file(reachability: &str) -> String {
    format!(
        "version: 1\nmodems:\n  wwan0:\n    service_providers: [{{ apn: internet }}]\n    reachability: {{ {reachability} }}\n"
    )
}

fn online(reachability: &str) -> Gateway {
    let mut gateway = Gateway::new("well-behaved-lte", &file(reachability));
    gateway.until_online(120);
    gateway.forget_the_past();
    gateway
}

/// The same, on a host whose programs talk all the time.
fn busy(reachability: &str) -> Gateway {
    let mut gateway = Gateway::new("well-behaved-lte", &file(reachability));
    gateway.host.disturb(&"traffic on=true".parse().unwrap(), gateway.now);
    gateway.until_online(120);
    gateway.run_for(60);
    gateway.forget_the_past();
    gateway
}

fn reach(gateway: &Gateway) -> Reach {
    gateway.controller().connection().reach
}

#[test]
fn f19_a_session_that_carries_nothing_is_found_told_and_begun_anew() {
    for (gateway, within) in [(&mut busy("every: 90s"), 30), (&mut online("every: 90s"), 120)] {
        assert_eq!((gateway.status(INTERNET), reach(gateway)), (Status::True, Reach::Internet));
        gateway.disturb("carry-nothing until=session");
        let found = gateway.until(INTERNET, Status::False, within);
        assert_eq!(reach(gateway), Reach::Lan, "the network is as far as packets get");
        assert_eq!(gateway.reason(INTERNET), "Unanswered");
        let healed = gateway.until_online(90);
        assert_eq!(gateway.steps().iter().map(|(_, step)| *step).collect::<Vec<_>>(), ["stop-sessions"]);
        assert_eq!(reach(gateway), Reach::Internet);
        println!("found after {found} s, online again {healed} s later");
    }
}

#[test]
fn f19_what_a_new_session_does_not_mend_the_radio_does_and_else_the_modem() {
    let steps = |until: &str, within| {
        let mut gateway = busy("every: 90s");
        gateway.disturb(&format!("carry-nothing until={until}"));
        gateway.until(INTERNET, Status::False, 30);
        gateway.until_online(within);
        // The condition holds for a while before the trouble is over: nothing more is done.
        gateway.run_for(3600);
        gateway.steps().into_iter().map(|(_, step)| step).collect::<Vec<_>>()
    };
    assert_eq!(steps("radio", 900), ["stop-sessions", "stop-sessions", "stop-sessions", "reregister", "cycle-radio"]);
    let modem = ["stop-sessions", "stop-sessions", "stop-sessions", "reregister", "cycle-radio", "reset-modem"];
    assert_eq!(steps("modem", 2400), modem);
}

#[test]
fn f20_targets_that_are_gone_are_no_matter_while_packets_go_and_come() {
    let mut gateway = busy("every: 90s, targets: [\"tcp://192.0.2.1:443\"]");
    gateway.disturb("unanswered on=true");
    gateway.run_for(4 * 3600);
    assert_eq!((gateway.status(INTERNET), gateway.steps().len()), (Status::True, 0), "{}", gateway.log());
}

#[test]
fn targets_that_answer_nowhere_never_restart_the_modem() {
    let mut gateway = online("every: 90s, targets: [\"tcp://192.0.2.1:443\"]");
    gateway.disturb("unanswered on=true");
    gateway.until(INTERNET, Status::False, 120);
    gateway.run_for(24 * 3600);
    let restarts = |(_, step): &&(u64, &str)| matches!(*step, "reset-modem" | "reauthorise" | "cycle-power");
    assert_eq!(gateway.steps().iter().filter(restarts).count(), 0, "{:?}", gateway.steps());
    assert!(gateway.steps().iter().any(|(_, step)| *step == "cycle-radio"));
    gateway.disturb("unanswered on=false");
    // The day's budget is spent: questions are few.
    gateway.until_online(300);
}

#[test]
fn f22_an_address_that_was_changed_without_a_word_is_found_by_the_silence() {
    let mut gateway = busy("every: 90s");
    gateway.disturb("change-address tell=false");
    assert!(!gateway.host.passes());
    gateway.run_for(30);
    assert!(gateway.host.passes(), "the settings were read anew\n{}", gateway.log());
    gateway.until_online(5);
    assert_eq!(gateway.steps(), [], "no recovery was needed");
}

#[test]
fn lnk_8_a_day_of_traffic_costs_one_question_and_an_idle_one_costs_what_the_file_says() {
    let count = |gateway: &mut Gateway| {
        gateway.questions = 0;
        gateway.run_for(24 * 3600);
        gateway.questions
    };
    assert_eq!(count(&mut busy("every: 90s")), 0);
    let default = count(&mut online(""));
    assert!((24 * 12 - 2..=24 * 12).contains(&default), "every five minutes: {default}");
    assert_eq!(count(&mut online("every: 1h")), 23, "and a little more than an hour lies between two");
    let mut none = online("targets: []");
    assert_eq!((count(&mut none), none.reason(INTERNET)), (0, "NotLookedAt"));
}

#[test]
fn where_the_file_says_not_to_look_what_was_found_out_does_not_count() {
    let mut gateway = busy("every: 90s");
    gateway.disturb("carry-nothing until=modem");
    gateway.until(INTERNET, Status::False, 30);
    gateway.edit(&file("targets: []"));
    gateway.run_for(1);
    assert_eq!((gateway.reason(INTERNET), reach(&gateway)), ("NotLookedAt", Reach::Internet));
}

#[test]
fn a_page_to_pay_at_is_told_and_nothing_is_restarted_for_it() {
    let mut gateway = Gateway::new("well-behaved-lte", &file("targets: [\"http://example.com/204\"]"));
    gateway.unheard = Some(|output| matches!(output, Output::Probe(..)));
    gateway.until(ConditionKind::LinkConfigured, Status::True, 120);
    let portal = wwan::model::Portal { target: "http://example.com/204".parse().unwrap(), status: 302 };
    gateway.run_for(5);
    let number = gateway.asked.expect("a question");
    gateway.input(Input::Probed(name(), number, wwan::model::Probed::Portal(portal)));
    assert_eq!((gateway.status(INTERNET), gateway.reason(INTERNET)), (Status::False, "Portal"));
    let said = wwan::explain::explain(gateway.controller(), gateway.now).to_string();
    assert!(said.contains("somebody else answers in the internet's place") && said.contains("302"), "{said}");
    gateway.run_for(2 * 3600);
    assert_eq!(gateway.steps(), []);
}

#[test]
fn what_others_say_of_the_targets_is_told_beside_it() {
    for (elsewhere, words) in [
        (Elsewhere::NoOtherWay, "no data comes back"),
        (Elsewhere::Answered, "through another interface they are answered"),
        (Elsewhere::Unanswered, "nobody answers, here or through another interface"),
    ] {
        let mut gateway = online("");
        gateway.unheard = Some(|output| matches!(output, Output::Probe(..)));
        gateway.disturb("carry-nothing until=modem");
        gateway.run_for(310);
        for _ in 0..3 {
            let number = gateway.asked.expect("a question");
            gateway.input(Input::Probed(name(), number, wwan::model::Probed::Unanswered(elsewhere)));
            gateway.run_for(2);
        }
        let said = wwan::explain::explain(gateway.controller(), gateway.now).to_string();
        let unwrapped = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(words), "{said}");
    }
}
