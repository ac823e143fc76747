//! What was done, what comes next and when, and what is not done: the steps side of an explanation.

use std::time::Duration;

use super::{Lines, Topic};
use crate::model::time::spoken;
use crate::model::{Action, Condition, Finding, Instant, Recovering};
use crate::plan::Step as PlanStep;
use crate::reconcile::recovery::ladder::Step;
use crate::reconcile::recovery::{Chosen, Held, Outlook, PutOff};
use crate::reconcile::{Controller, StepOutcome};

/// Who asked that the modem be left alone.
pub(super) fn asked(controller: &Controller, lines: &mut Lines) {
    if let Some(until) = controller.paused_until() {
        let left = spoken(lines.now.until(until));
        lines.add_due(
            Topic::Asked,
            format!("paused by hand for another {left}: nothing is written to the modem"),
            until,
        );
        lines.advice.push(format!("end the pause: wwan resume {}", controller.name()));
    }
    if let Some(why) = controller.inhibited() {
        let why = if why.is_empty() { "without a reason".to_owned() } else { format!("it says: {why}") };
        lines.add(Topic::Asked, format!("an inhibit file forbids resets and power cycles; {why}"));
        lines.advice.push("allow them again: remove /run/wwan/inhibit or /run/wwan/inhibit.NAME".to_owned());
    }
}

/// What was done about it.
pub(super) fn tried(controller: &Controller, first: Option<&Condition>, lines: &mut Lines) {
    let Some(outlook) = controller.outlook(lines.now).filter(|_| first.is_some()) else { return };
    let told = outlook.taken.len();
    let earlier = (outlook.steps as usize).saturating_sub(told + usize::from(outlook.under_way.is_some()));
    if earlier > 0 {
        lines.add(Topic::Tried, format!("{earlier} earlier steps"));
    }
    for taken in &outlook.taken {
        let ago = spoken(lines.now.since(taken.at));
        let outcome = match &taken.outcome {
            StepOutcome::TookEffect => "done, did not help".to_owned(),
            other => other.to_string(),
        };
        let by = by(taken.chosen.as_ref());
        lines.add(Topic::Tried, format!("{}, {ago} ago: {outcome}{by}", taken.step.words()));
    }
    if let Some((step, at, chosen)) = &outlook.under_way {
        let (ago, by) = (spoken(lines.now.since(*at)), by(chosen.as_ref()));
        lines.add(Topic::Tried, format!("{}, {ago} ago: waiting to see its effect{by}", step.words()));
    }
    if let Finding::Recovery(Recovering::StartedOver { panic, times }) = &recovering(controller).finding {
        lines.add(Topic::Tried, format!("an error in wwan itself, {times} times lately: {panic}"));
        lines.advice.push("report the error, with the log around it".to_owned());
    }
}

/// Who chose a step, if that was a plugin.
fn by(chosen: Option<&Chosen>) -> String {
    chosen.map_or_else(String::new, |Chosen { plugin, reason }| format!("; plugin {plugin} chose it: {reason}"))
}

fn recovering(controller: &Controller) -> &Condition {
    controller.condition(crate::model::ConditionKind::Recovering)
}

/// What comes next.
pub(super) fn next(controller: &Controller, first: Option<&Condition>, lines: &mut Lines) {
    let now = lines.now;
    let plan = controller.plan();
    if let Some(until) = controller.paused_until() {
        return lines.add_due(Topic::Next, format!("goes on {}, unless it is resumed before", due(until, now)), until);
    }
    let asking = first.is_some_and(|first| matches!(first.finding, Finding::Reading(_)));
    match &plan.step {
        PlanStep::Wait(Finding::Reading(_)) if asking => {
            lines.add(
                Topic::Next,
                "goes on with the answer, which takes moments; asks again if it does not come".to_owned(),
            );
        }
        PlanStep::Converged => {
            let text = format!("nothing to do; looks again {}", due(plan.until, now));
            return lines.add_due(Topic::Next, text, plan.until);
        }
        PlanStep::Do(action, _) => lines.add_due(Topic::Next, format!("now: {action}"), now),
        PlanStep::Wait(Finding::InProgress(action)) if *action == Action::Synchronise.to_string() => {
            lines.add_due(Topic::Next, "it is being asked now".to_owned(), now);
        }
        PlanStep::Wait(Finding::InProgress(action)) => lines.add_due(Topic::Next, format!("under way: {action}"), now),
        PlanStep::Wait(finding) => match finding.retry_at() {
            Some(at) => {
                let what = retried(finding);
                let rarely = matches!(finding, Finding::CallFailed { cause, .. } if cause.is_permanent());
                let rarely = if rarely { ", then ever more rarely, at most once an hour" } else { "" };
                lines.add_due(Topic::Next, format!("{what} {}{rarely}", due(at, now)), at);
            }
            None => {
                let text = format!("looks again {}, and goes on as soon as this has changed", due(plan.until, now));
                lines.add_due(Topic::Next, text, plan.until);
            }
        },
    }
    if let Some(outlook) = controller.outlook(now).filter(|_| first.is_some()) {
        step(&outlook, lines);
    }
}

fn retried(finding: &Finding) -> String {
    match finding {
        Finding::CallFailed { .. } => "dials again".to_owned(),
        Finding::Retrying { action, .. } if action.starts_with("start the") => "dials again".to_owned(),
        Finding::Retrying { action, .. } if *action == Action::Synchronise.to_string() => "asks it again".to_owned(),
        Finding::Retrying { action, .. } if *action == Action::OpenPort.to_string() => {
            "tries the port again".to_owned()
        }
        Finding::Retrying { action, .. } => format!("tries again to {action}"),
        _ => "tries again".to_owned(),
    }
}

/// When, for people: nobody reads milliseconds.
fn due(at: Instant, now: Instant) -> String {
    match now.until(at) {
        wait if wait < Duration::from_secs(1) => "in a moment".to_owned(),
        wait => format!("in {}", spoken(wait)),
    }
}

/// The next step of recovery.
fn step(outlook: &Outlook, lines: &mut Lines) {
    let Some((step, at)) = outlook.next else { return };
    let (words, now) = (step.words(), lines.now);
    let (used, most) = outlook.power_steps;
    match &outlook.held {
        Some(Held::Inhibited(_)) => {
            lines.add(Topic::Next, format!("as soon as the inhibit file is gone: {words}"));
        }
        Some(Held::BudgetSpent(until)) => {
            let text = format!("{}: {words}; {used} of the {most} of a day are used up", due(*until, now));
            lines.add_due(Topic::Next, text, *until);
        }
        Some(Held::Settling(until)) => {
            let text = format!("{}: {words}; until then the modem has its time to come back", due(*until, now));
            lines.add_due(Topic::Next, text, *until);
        }
        Some(Held::PutOff(PutOff { plugin, until, reason })) => {
            let text = format!("{}: {words}; plugin {plugin} puts it off: {reason}", due(*until, now));
            lines.add_due(Topic::Next, text, *until);
        }
        None => lines.add_due(Topic::Next, format!("if that does not help, {}: {words}", due(at, now)), at),
    }
}

/// What is deliberately not done.
pub(super) fn not_done(controller: &Controller, lines: &mut Lines) {
    let passing = controller.plan().deciding().is_some_and(|first| matches!(first.finding, Finding::Reading(_)));
    let Some(outlook) = controller.outlook(lines.now).filter(|_| !passing) else { return };
    for (what, why) in outlook.ladder.never {
        lines.add(Topic::NotDone, format!("{what}: {why}"));
    }
    for (step, why) in &outlook.left_out {
        lines.add(Topic::NotDone, format!("{}: {why}", not(*step)));
    }
}

fn not(step: Step) -> &'static str {
    match step {
        Step::CyclePower => "no power cycle",
        Step::Reauthorise => "no detaching of the USB device",
        Step::ResetModem => "no reset of the modem",
        Step::CycleSim => "no power cycle of the SIM card",
        Step::ClearForbidden => "no clearing of the list of forbidden networks",
        Step::Rescan => "no look for devices",
        Step::Reframe => "no other framing",
        Step::Reopen | Step::Reread | Step::Reconnect | Step::Reregister | Step::CycleRadio => "left out",
    }
}
