//! Says how much of an allowance of data each modem has used, as properties of its own, and when it is used up.
//!
//! ```yaml
//! config:
//!   limit: 5000000000   # octets in both directions since the modem came under our care
//! ```

wit_bindgen::generate!({ path: "../wit", world: "configured-publishing-exporter-plugin" });

use std::cell::RefCell;
use std::collections::BTreeMap;

use exports::wwan::plugin::exporter::{Batch, Change, Description, Guest as Exporter, Value as Told};
use exports::wwan::plugin::settings::Guest as Settings;
use serde::Deserialize;
use wwan::plugin::host::log;
use wwan::plugin::properties::{Value, put};
use wwan::plugin::types::Severity;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    limit: u64,
}

/// What the host checks `config` against before this plugin is used.
const SCHEMA: &str = r#"{
  "type": "object",
  "additionalProperties": false,
  "required": ["limit"],
  "properties": {
    "limit": { "description": "Octets in both directions.", "type": "integer", "minimum": 1 }
  }
}"#;

#[derive(Default)]
struct State {
    limit: u64,
    /// By modem and direction.
    octets: BTreeMap<String, BTreeMap<String, u64>>,
}

thread_local! {
    /// Instances have one thread.
    static STATE: RefCell<State> = RefCell::default();
}

struct Quota;

impl Settings for Quota {
    fn config_schema() -> String {
        SCHEMA.to_owned()
    }
}

impl Exporter for Quota {
    fn describe(config: String) -> Result<Description, String> {
        let Config { limit } = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        STATE.set(State { limit, ..State::default() });
        Ok(Description {
            about: format!("watches an allowance of {limit} octets"),
            properties: vec!["*.mobile.lifetime_rx_bytes".to_owned(), "*.mobile.lifetime_tx_bytes".to_owned()],
            tick_seconds: None,
        })
    }

    fn on_change(batch: Batch) -> Result<(), String> {
        STATE.with_borrow_mut(|state| {
            let modems: Vec<String> = batch.changes.into_iter().filter_map(|change| state.note(change)).collect();
            modems.iter().try_for_each(|modem| state.publish(modem))
        })
    }

    fn on_tick(_: Option<u64>) -> Result<(), String> {
        Ok(())
    }
}

impl State {
    /// Takes in a count; which modem's it is. A modem that is away keeps what it has used.
    fn note(&mut self, Change { modem, property, value, .. }: Change) -> Option<String> {
        let Some(Told::Integer(octets)) = value else { return None };
        self.octets.entry(modem.clone()).or_default().insert(property, octets.try_into().ok()?);
        Some(modem)
    }

    fn publish(&self, modem: &str) -> Result<(), String> {
        let used = self.octets.get(modem).map_or(0, |counts| counts.values().sum());
        let over = used >= self.limit;
        let percent = u128::from(used) * 100 / u128::from(self.limit);
        let whole = |number: u128| Value::Integer(number.try_into().unwrap_or(i64::MAX));
        for (name, value) in [
            ("used_bytes", whole(used.into())),
            ("used_percent", whole(percent)),
            ("over_limit", Value::Flag(over)),
        ] {
            let name = format!("{modem}.{name}");
            put(&name, Some(&value)).map_err(|refusal| format!("{name}: {refusal:?}"))?;
        }
        if over {
            log(Severity::Debug, &format!("{modem} has used {used} of {} octets", self.limit));
        }
        Ok(())
    }
}

export!(Quota);
