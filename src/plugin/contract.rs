//! The WIT package, and what its types are in our own words: the only file that knows both.

use crate::model::{Opinion, Outlet, ProviderQuestion, StepChoice, StepOpinion, StepQuestion, plugin};
use crate::property::Value;

use self::bindings::exports::wwan::plugin::provider_policy as policy;
use self::bindings::wwan::plugin::types;
use self::exporting::exports::wwan::plugin::exporter;
use self::exporting::wwan::plugin::{outlets, properties};
use self::recovering::exports::wwan::plugin::recovery_policy as recovery;
use super::feed::{Batch, Told};

/// Generated from `plugins/wit`.
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
pub(super) mod bindings {
    wasmtime::component::bindgen!({ path: "plugins/wit", world: "policy" });
}

/// The same of the world of exporters; what both worlds share is the first one's.
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
pub(super) mod exporting {
    wasmtime::component::bindgen!({
        path: "plugins/wit",
        world: "publishing-exporter-plugin",
        with: {
            "wwan:plugin/types": super::bindings::wwan::plugin::types,
            "wwan:plugin/host": super::bindings::wwan::plugin::host,
        },
    });
}

/// The same of the world of recovery policies.
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
pub(super) mod recovering {
    wasmtime::component::bindgen!({
        path: "plugins/wit",
        world: "recovery-plugin",
        with: {
            "wwan:plugin/types": super::bindings::wwan::plugin::types,
            "wwan:plugin/host": super::bindings::wwan::plugin::host,
        },
    });
}

pub use self::bindings::wwan::plugin::types::Severity;
pub(super) use self::exporting::wwan::plugin::outlets::Refusal;
pub(super) use self::exporting::wwan::plugin::properties::{Refusal as NotPut, Value as Put};

/// The interface that a policy of service providers exports.
pub(super) const POLICY: &str = "wwan:plugin/provider-policy@0.1.0";
/// The interface that a policy of recovery exports.
pub(super) const RECOVERY: &str = "wwan:plugin/recovery-policy@0.1.1";
/// The interface that an exporter exports.
pub(super) const EXPORTER: &str = "wwan:plugin/exporter@0.1.0";
/// The interface that says what a plugin's configuration may contain.
pub(super) const SETTINGS: &str = "wwan:plugin/settings@0.1.0";

/// The question as the plugin is asked it.
pub(super) fn question(asked: &ProviderQuestion) -> policy::Question {
    let card = &asked.card;
    policy::Question {
        modem: asked.modem.clone(),
        labels: asked.labels.clone(),
        sim: types::Sim {
            iccid_prefix: card.iccid_prefix.clone(),
            iccid: card.iccid.clone(),
            imsi: card.imsi.clone(),
            home_network: card.home_network.clone(),
            service_provider_name: card.service_provider_name.clone(),
            group_identifier: card.group_identifier.clone(),
        },
        network: asked.network.as_ref().map(|network| types::Network {
            code: network.code.clone(),
            roaming: network.roaming,
            technologies: network.technologies.clone(),
        }),
        candidates: asked
            .candidates
            .iter()
            .map(|candidate| types::Candidate {
                name: candidate.name.clone(),
                apn: candidate.apn.clone(),
                fits: candidate.fits.clone(),
                roaming_allowed: candidate.roaming_allowed,
                history: types::TrackRecord {
                    worked: candidate.history.worked,
                    failures: candidate.history.failures,
                    last_failure: candidate.history.last_failure.clone(),
                },
            })
            .collect(),
        // A file has far fewer entries.
        built_in: u32::try_from(asked.built_in).unwrap_or(u32::MAX),
        config: asked.config.clone(),
    }
}

/// What the plugin thinks, in our words.
pub(super) fn opinion(said: policy::Opinion) -> Opinion {
    Opinion { choice: said.choice.map(|choice| choice as usize), reason: said.reason }
}

/// The question about a recovery step as the plugin is asked it.
pub(super) fn step_question(asked: &StepQuestion) -> recovery::Question {
    recovery::Question {
        modem: asked.modem.clone(),
        labels: asked.labels.clone(),
        condition: asked.condition.clone(),
        reason: asked.reason.clone(),
        message: asked.message.clone(),
        steps: asked
            .steps
            .iter()
            .map(|step| recovery::Step { name: step.name.clone(), allowed_in: step.allowed_in })
            .collect(),
        // A ladder has far fewer rungs.
        built_in: u32::try_from(asked.built_in).unwrap_or(u32::MAX),
        tried: asked
            .tried
            .iter()
            .map(|step| recovery::Attempt { name: step.name.clone(), ago: step.ago, outcome: step.outcome.clone() })
            .collect(),
        out_of_service: asked.out_of_service,
        put_off: asked.put_off,
        config: asked.config.clone(),
    }
}

/// What the plugin thinks of it, in our words.
pub(super) fn step_opinion(said: recovery::Opinion) -> StepOpinion {
    let choice = match said.choice {
        recovery::Choice::Pass => StepChoice::Pass,
        recovery::Choice::Take(step) => StepChoice::Take(step as usize),
        recovery::Choice::Hold(seconds) => StepChoice::Hold(seconds.into()),
    };
    StepOpinion { choice, reason: said.reason }
}

/// What an exporter is told.
pub(super) fn batch(told: Batch) -> exporter::Batch {
    let value = |value| match value {
        Value::Flag(flag) => exporter::Value::Flag(flag),
        Value::Integer(number) => exporter::Value::Integer(number),
        Value::Text(text) => exporter::Value::Text(text),
        Value::List(texts) => exporter::Value::Texts(texts),
        Value::Map(numbers) => exporter::Value::Numbers(numbers.into_iter().collect()),
    };
    let change = |told: Told| exporter::Change {
        modem: told.modem,
        property: told.property,
        value: told.value.map(value),
        at: told.at,
    };
    exporter::Batch { changes: told.changes.into_iter().map(change).collect(), lost: told.lost }
}

/// What an exporter puts, in our words. Of a text so many bytes are kept.
pub(super) fn put(value: Put, bytes: usize) -> Value {
    match value {
        properties::Value::Flag(flag) => Value::Flag(flag),
        properties::Value::Integer(number) => Value::Integer(number),
        properties::Value::Text(text) => Value::Text(plugin::plain(&text, bytes)),
    }
}

/// An outlet as an exporter sees it.
pub(super) fn outlet(outlet: &Outlet) -> outlets::Outlet {
    let method = match outlet {
        Outlet::HttpPost(_) => outlets::Method::HttpPost,
        Outlet::Udp(_) => outlets::Method::Udp,
        Outlet::Append(_) => outlets::Method::Append,
    };
    outlets::Outlet { method, target: outlet.to_string() }
}
