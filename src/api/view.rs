//! What the core knows, folded into the public contract.
//!
//! Adds nothing: every word comes from a condition, a finding or a plan. Instants become ages and waits here, because
//! the core's clock means nothing outside.

use super::types::{
    ChangeView, ChoiceView, ConditionView, DeviceView, EntryView, Happening, ModemExplanationView, ModemPlanView,
    ModemView, NetworkView, NextView, PlannedView, PluginView, PluginsView, PropertiesView, PropertyView, ProviderView,
    SaidView, StatusView,
};
use crate::config::ServiceProvider;
use crate::explain::explain;
use crate::model::time::{due, millis};
use crate::model::{
    Attempts, Condition, ConditionKind, Finding, Instant, IpFamily, Observed, Plugin, PluginState, Provider, Selection,
    Status,
};
use crate::plan::{Previewed, Step};
use crate::property::{self, Change, Held, Property};
use crate::provider::Verdict;
use crate::reconcile::{Controller, EventKind, Fleet, ModemPreview};

/// The daemon and its modems.
#[must_use]
pub fn status(fleet: &Fleet, started: Instant, now: Instant) -> StatusView {
    let diagnostics = fleet.diagnostics();
    StatusView {
        generation: fleet.generation(),
        config: condition(fleet.config_condition(), now),
        config_report: diagnostics.has_errors().then(|| diagnostics.render(false)),
        uptime_ms: millis(now.since(started)),
        modems: fleet.controllers().map(|controller| modem(controller, now)).collect(),
    }
}

/// One modem.
#[must_use]
pub fn modem(controller: &Controller, now: Instant) -> ModemView {
    let observed = controller.observed();
    let conditions = controller.conditions();
    let link = find(conditions, ConditionKind::LinkConfigured);
    ModemView {
        name: controller.name().to_string(),
        online: controller.is_online(),
        since_ms: link.map(|condition| millis(condition.age(now))),
        provider: provider(controller),
        network: network(observed),
        device: observed.device.as_ref().map(|seen| DeviceView {
            manufacturer: seen.value.manufacturer.clone(),
            model: seen.value.model.clone(),
            revision: seen.value.revision.clone(),
        }),
        addresses: addresses(observed),
        conditions: conditions.iter().map(|c| condition(c, now)).collect(),
    }
}

/// One condition.
#[must_use]
pub fn condition(condition: &Condition, now: Instant) -> ConditionView {
    let mut message = condition.finding.to_string();
    if let Some(at) = condition.finding.retry_at() {
        message = format!("{message}; next try {}", due(at, now));
    }
    ConditionView {
        condition: condition.kind.to_string(),
        status: condition.status.to_string(),
        reason: condition.finding.reason().to_owned(),
        message,
        since_ms: millis(condition.age(now)),
        observed_generation: condition.observed_generation,
    }
}

/// Why one modem is as it is.
#[must_use]
pub fn explanation(controller: &Controller, now: Instant) -> ModemExplanationView {
    let conditions = controller.conditions();
    // A refused edit is no reason to be offline: the configuration before it stays in force.
    let mut chain = conditions.iter().filter(|condition| condition.kind.is_stage());
    let mut holds = Vec::new();
    let diagnosis = loop {
        match chain.next() {
            Some(c) if c.status == Status::True => holds.push(condition(c, now)),
            other => break other.map(|c| condition(c, now)),
        }
    };
    let attempts = controller.observed().attempts.iter().filter(|(_, attempts)| !attempts.took_effect);
    ModemExplanationView {
        name: controller.name().to_string(),
        online: controller.is_online(),
        holds,
        diagnosis,
        provider: provider(controller),
        attempts: attempts.map(|(action, attempts)| (action.clone(), in_words(attempts, now))).collect(),
        next: next(controller, now),
        explanation: explain(controller, now),
        recovery_in_ms: controller.outlook(now).and_then(|o| o.next).map(|(_, at)| millis(now.until(at))),
    }
}

/// What would be done about one modem with the configuration in force.
#[must_use]
pub fn plan(controller: &Controller, now: Instant) -> ModemPlanView {
    let (actions, rest) = controller.preview(now);
    let next = if actions.is_empty() { next(controller, now) } else { after(&actions, rest) };
    ModemPlanView { name: controller.name().to_string(), actions: actions.iter().map(planned).collect(), next }
}

/// What would be done about one modem with another configuration.
#[must_use]
pub fn preview(preview: &ModemPreview) -> ModemPlanView {
    let ModemPreview { modem, actions, then } = preview;
    ModemPlanView {
        name: modem.to_string(),
        actions: actions.iter().map(planned).collect(),
        next: after(actions, then.clone()),
    }
}

/// The verdict on every entry; none before the card is read.
#[must_use]
pub fn choice(controller: &Controller) -> ChoiceView {
    let providers = &controller.config().service_providers;
    let verdicts = controller.choice().map(|(_, choice)| choice.verdicts.as_slice()).unwrap_or_default();
    let entries = providers.iter().zip(verdicts).map(|(provider, verdict)| EntryView {
        name: entry_name(provider),
        chosen: matches!(verdict, Verdict::Chosen(_)),
        because: verdict.to_string(),
        origin: provider.origin.to_string(),
    });
    let said = controller.choice().map(|(_, choice)| choice.said.as_slice()).unwrap_or_default();
    let plugins =
        said.iter().map(|said| SaidView { plugin: said.plugin.to_string(), words: said.words.clone() }).collect();
    ChoiceView { name: controller.name().to_string(), entries: entries.collect(), plugins }
}

/// The plugins.
#[must_use]
pub fn plugins(fleet: &Fleet) -> PluginsView {
    let one = |(plugin, state): (&Plugin, &PluginState)| {
        let (word, sha256, message) = match state {
            PluginState::Loading => ("Loading", None, None),
            PluginState::Ready { digest, refused } => ("Ready", Some(digest.clone()), refused.clone()),
            PluginState::Failing { digest, why } => ("Failing", Some(digest.clone()), Some(why.clone())),
            PluginState::Refused(why) => ("Refused", None, Some(why.clone())),
            PluginState::Quarantined(why) => ("Quarantined", None, Some(why.clone())),
        };
        PluginView {
            name: plugin.name.to_string(),
            module: plugin.module.clone(),
            hooks: plugin.hooks.iter().map(|hook| hook.name().to_owned()).collect(),
            state: word.to_owned(),
            sha256,
            message,
        }
    };
    PluginsView { plugins: fleet.plugins().map(one).collect() }
}

fn entry_name(entry: &ServiceProvider) -> String {
    entry.name.clone().or_else(|| entry.named_apn().map(ToString::to_string)).unwrap_or_else(|| entry.title())
}

/// What happened.
#[must_use]
pub fn happening(what: &EventKind, now: Instant) -> Happening {
    match what {
        EventKind::ConfigAccepted { generation } => Happening::ConfigAccepted { generation: *generation },
        EventKind::ConfigRejected { report } => Happening::ConfigRejected { report: report.clone() },
        EventKind::ConditionChanged { from, to } => {
            Happening::ConditionChanged { from: from.to_string(), condition: condition(to, now) }
        }
        EventKind::ActionStarted { action, because, serves } => Happening::ActionStarted {
            action: action.to_string(),
            because: because.clone(),
            serves: serves.to_string(),
        },
        EventKind::ActionEnded { action, outcome } => Happening::ActionEnded {
            action: action.to_string(),
            failure: outcome.as_ref().err().map(ToString::to_string),
        },
        EventKind::ConnectionChanged { from, to } => {
            Happening::ConnectionChanged { from: from.to_string(), to: to.reach.to_string(), because: to.because() }
        }
        EventKind::ModemRestarted { evidence } => Happening::ModemRestarted { evidence: evidence.clone() },
        EventKind::Recovery { diagnosis, step, attempt, outcome, next_at } => Happening::Recovery {
            diagnosis: diagnosis.to_string(),
            step: step.to_string(),
            attempt: *attempt,
            outcome: outcome.as_ref().map(ToString::to_string),
            next_in_ms: next_at.map(|at| millis(now.until(at))),
        },
        EventKind::Recovered { diagnosis, step, attempts, took_ms } => Happening::Recovered {
            diagnosis: diagnosis.to_string(),
            step: step.to_string(),
            attempts: *attempts,
            took_ms: *took_ms,
        },
        EventKind::Paused(until) => Happening::Paused { for_ms: until.map(|at| millis(now.until(at))) },
        EventKind::Inhibited(why) => Happening::Inhibited { because: why.clone() },
        EventKind::ControllerReset { panic, times } => {
            Happening::ControllerReset { panic: panic.clone(), times: *times }
        }
        EventKind::Retired => Happening::Retired,
    }
}

/// What is known, as named values.
#[must_use]
pub fn properties(fleet: &Fleet, pattern: &str, now: Instant) -> PropertiesView {
    let units = |name: &str| {
        let of = |property: &&Property| name.split_once('.').is_some_and(|(_, rest)| rest == property.name);
        property::CATALOGUE.iter().find(of).map_or("", |property| property.unit).to_owned()
    };
    let one = |(name, held): (String, Held)| PropertyView {
        unit: units(&name),
        since_ms: millis(now.since(held.since)),
        value: held.value,
        name,
    };
    PropertiesView { properties: fleet.properties(pattern).into_iter().map(one).collect() }
}

/// A change of a property.
#[must_use]
pub fn change(change: Change, started: Instant, at: String) -> ChangeView {
    let (old, old_at) = change.old.unzip();
    let uptime = |at: Instant| millis(at.since(started));
    let (uptime_ms, old_uptime_ms) = (uptime(change.at), old_at.map(uptime));
    ChangeView { at, uptime_ms, name: change.name, old, old_uptime_ms, new: change.new }
}

fn find(conditions: &[Condition], kind: ConditionKind) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.kind == kind)
}

fn provider(controller: &Controller) -> Option<ProviderView> {
    let Selection::Chosen(Provider { name, apn, because, origin, .. }) = &controller.desired().selection else {
        return None;
    };
    let (name, because, origin) = (name.clone(), because.clone(), origin.clone());
    Some(ProviderView { name, apn: apn.to_string(), because, origin })
}

fn network(observed: &Observed) -> Option<NetworkView> {
    let serving = &observed.serving_system.as_ref()?.value;
    serving.registration.is_registered().then(|| NetworkView {
        plmn: serving.plmn.map(|plmn| plmn.to_string()),
        operator_name: serving.operator_name.clone(),
        brand: serving.plmn.and_then(crate::operators::name).map(str::to_owned),
        roaming: serving.registration == crate::model::Registration::Roaming,
        technologies: serving.technologies.iter().map(|technology| technology.to_string()).collect(),
    })
}

fn addresses(observed: &Observed) -> Vec<String> {
    let settings = |family| observed.settings(family).map(|seen| &seen.value.ip);
    let ipv4 = settings(IpFamily::Ipv4).and_then(|ip| ip.ipv4).map(|a| format!("{}/{}", a.address, a.prefix));
    let ipv6 = settings(IpFamily::Ipv6).and_then(|ip| ip.ipv6).map(|a| format!("{}/{}", a.address, a.prefix));
    ipv4.into_iter().chain(ipv6).collect()
}

fn in_words(attempts: &Attempts, now: Instant) -> String {
    let how = attempts.last_failure.as_ref().map_or("it had no effect".to_owned(), ToString::to_string);
    let ago = crate::model::time::spoken(now.since(attempts.last_at));
    format!("{} in a row without success, the last one {ago} ago: {how}", attempts.failures)
}

fn next(controller: &Controller, now: Instant) -> NextView {
    let plan = controller.plan();
    let in_ms = millis(now.until(plan.until));
    match &plan.step {
        Step::Do(action, _) => NextView::Act { action: action.to_string() },
        Step::Wait(Finding::InProgress(action)) => NextView::Act { action: action.clone() },
        Step::Wait(finding) => {
            let in_ms = finding.retry_at().map_or(in_ms, |at| millis(now.until(at)));
            NextView::Wait { reason: finding.reason().to_owned(), message: finding.to_string(), in_ms: Some(in_ms) }
        }
        Step::Converged => NextView::Converged { in_ms: Some(in_ms) },
    }
}

/// Where a preview comes to rest.
fn after(actions: &[Previewed], rest: Option<Finding>) -> NextView {
    match (actions.first(), rest) {
        (Some(first), _) => NextView::Act { action: first.action.to_string() },
        (None, Some(finding)) => {
            NextView::Wait { reason: finding.reason().to_owned(), message: finding.to_string(), in_ms: None }
        }
        (None, None) => NextView::Converged { in_ms: None },
    }
}

fn planned(previewed: &Previewed) -> PlannedView {
    let stage = previewed.stage.kind().to_string();
    PlannedView { stage, action: previewed.action.to_string(), because: previewed.because.clone() }
}
