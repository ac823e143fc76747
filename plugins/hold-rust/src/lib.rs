//! A recovery policy: steps that disturb others wait until the trouble has lasted long enough to be worth it.
//!
//! ```yaml
//! config:
//!   not_before: { reset-modem: 30, cycle-power: 45 }   # minutes out of service
//! ```
//! The host bounds what a policy can put off: a quarter of an hour with one answer, an hour in one trouble.

wit_bindgen::generate!({ path: "../wit", world: "configured-recovery-plugin" });

use std::collections::BTreeMap;

use exports::wwan::plugin::recovery_policy::{Choice, Guest as Policy, Opinion, Question};
use exports::wwan::plugin::settings::Guest as Settings;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    not_before: BTreeMap<String, u64>,
}

/// What the host checks `config` against before this plugin is used.
const SCHEMA: &str = r#"{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "not_before": {
      "description": "Minutes out of service before which a step is not taken, by its name.",
      "type": "object",
      "propertyNames": {
        "enum": ["rescan", "reopen", "reread", "reconnect", "reframe", "reregister", "cycle-sim",
                 "clear-forbidden", "cycle-radio", "reset-modem", "reauthorise", "cycle-power"]
      },
      "additionalProperties": { "type": "integer", "minimum": 0, "maximum": 1440 }
    }
  }
}"#;

struct Hold;

impl Settings for Hold {
    fn config_schema() -> String {
        SCHEMA.to_owned()
    }
}

impl Policy for Hold {
    fn next_step(question: Question) -> Result<Opinion, String> {
        let config: Config = serde_json::from_str(&question.config).map_err(|error| error.to_string())?;
        let due = question.steps.get(question.built_in as usize).ok_or("no step is due")?;
        let minutes = config.not_before.get(&due.name).copied().unwrap_or(0);
        let left = (minutes * 60).saturating_sub(question.out_of_service);
        if left == 0 {
            return Ok(Opinion { choice: Choice::Pass, reason: String::new() });
        }
        let reason = format!("{} not before {minutes} min out of service", due.name);
        Ok(Opinion { choice: Choice::Hold(u32::try_from(left).unwrap_or(u32::MAX)), reason })
    }
}

export!(Hold);
