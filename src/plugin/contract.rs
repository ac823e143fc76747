//! The WIT package, and what its types are in our own words: the only file that knows both.

use crate::model::{Opinion, ProviderQuestion};

use self::bindings::exports::wwan::plugin::provider_policy as policy;
use self::bindings::wwan::plugin::types;

/// Generated from `plugins/wit`.
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
pub(super) mod bindings {
    wasmtime::component::bindgen!({ path: "plugins/wit", world: "policy" });
}

pub use self::bindings::wwan::plugin::types::Severity;

/// The interface that a policy exports.
pub(super) const POLICY: &str = "wwan:plugin/provider-policy@0.1.0";
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
