//! A policy that knows networks: which service provider is best where, by the network that serves, and the next best
//! where that one fails.
//!
//! ```yaml
//! config:
//!   by_network: { "26201": [magenta, world], "262": [world] }  # the longest code wins
//!   give_up_after: 3                                           # failures in a row; default 2
//! ```
//! Without a network, or for one that is not listed, the file's order decides.

wit_bindgen::generate!({ path: "../wit", world: "configured-policy" });

use std::collections::BTreeMap;

use exports::wwan::plugin::provider_policy::{Guest as Policy, Opinion, Question};
use exports::wwan::plugin::settings::Guest as Settings;
use serde::Deserialize;
use wwan::plugin::host::log;
use wwan::plugin::types::{Candidate, Severity};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    by_network: BTreeMap<String, Vec<String>>,
    give_up_after: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { by_network: BTreeMap::new(), give_up_after: 2 }
    }
}

/// What the host checks `config` against before this plugin is used.
const SCHEMA: &str = r#"{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "by_network": {
      "description": "Names of service providers in order of preference, by the first digits of the network's code.",
      "type": "object",
      "propertyNames": { "pattern": "^[0-9]{3,6}$" },
      "additionalProperties": { "type": "array", "items": { "type": "string" } }
    },
    "give_up_after": {
      "description": "Failures in a row after which the next is tried.",
      "type": "integer", "minimum": 1, "maximum": 8
    }
  }
}"#;

struct Prefer;

impl Settings for Prefer {
    fn config_schema() -> String {
        SCHEMA.to_owned()
    }
}

impl Policy for Prefer {
    fn select_provider(question: Question) -> Result<Opinion, String> {
        let config: Config = serde_json::from_str(&question.config).map_err(|error| error.to_string())?;
        let code = question.network.as_ref().and_then(|network| network.code.as_deref());
        let listed = code.and_then(|code| preferred(&config, code));
        let works = |candidate: &Candidate| candidate.history.failures < config.give_up_after;
        let find = |name: &str| question.candidates.iter().position(|candidate| candidate.name == name);
        if let Some((code, names)) = listed {
            let best = names.iter().filter_map(|name| find(name)).find(|index| works(&question.candidates[*index]));
            if let Some(index) = best {
                return Ok(Opinion { choice: Some(index as u32), reason: format!("preferred in network {code}") });
            }
            log(Severity::Info, &format!("nothing that is preferred in network {code} works"));
        }
        let Some(index) = question.candidates.iter().position(works) else {
            return Ok(Opinion { choice: None, reason: "every one of them fails".to_owned() });
        };
        let reason = match index {
            0 => "nothing is wrong with the first".to_owned(),
            _ => format!("{} fails", question.candidates[index - 1].name),
        };
        Ok(Opinion { choice: Some(index as u32), reason })
    }
}

/// What is preferred in a network: the entry with the longest code that its own begins with.
fn preferred<'a>(config: &'a Config, code: &str) -> Option<(&'a str, &'a [String])> {
    let fits = config.by_network.iter().filter(|(prefix, _)| code.starts_with(prefix.as_str()));
    let (prefix, names) = fits.max_by_key(|(prefix, _)| prefix.len())?;
    Some((prefix, names))
}

export!(Prefer);
