//! Exports properties as InfluxDB line protocol, to every outlet that the file lists: HTTP for InfluxDB, Telegraf,
//! VictoriaMetrics and QuestDB, UDP for Telegraf, a file for whoever reads it later.
//!
//! ```yaml
//! config:
//!   measurement: wwan                        # default
//!   tags: { site: factory-7 }                # beside `modem`; default: none
//!   properties: ["*.mobile.*", "*.connection"]  # default: all that may be seen
//!   every: 10                                # seconds between messages; default 10
//! ```
//! Values that change together are one line. A value that is not known any more is no line: its series has a gap.

wit_bindgen::generate!({ path: "../wit", world: "configured-exporter-plugin" });

mod lines;

use std::cell::RefCell;
use std::collections::BTreeMap;

use exports::wwan::plugin::exporter::{Batch, Description, Guest as Exporter};
use exports::wwan::plugin::settings::Guest as Settings;
use lines::Lines;
use serde::Deserialize;
use wwan::plugin::host::log;
use wwan::plugin::outlets::{self, Method, Outlet, Refusal};
use wwan::plugin::types::Severity;

/// Bytes of a request at most; the host takes 65,536.
const REQUEST: usize = 60_000;
/// Bytes of a datagram at most: the host's limit.
const DATAGRAM: usize = 1400;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    measurement: String,
    tags: BTreeMap<String, String>,
    properties: Vec<String>,
    every: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { measurement: "wwan".to_owned(), tags: BTreeMap::new(), properties: Vec::new(), every: 10 }
    }
}

/// What the host checks `config` against before this plugin is used.
const SCHEMA: &str = r#"{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "measurement": { "description": "Name of the measurement.", "type": "string", "minLength": 1 },
    "tags": {
      "description": "Tags of every line, beside `modem`.",
      "type": "object",
      "propertyNames": { "minLength": 1 },
      "additionalProperties": { "type": "string", "minLength": 1 }
    },
    "properties": {
      "description": "Patterns of the properties to export.",
      "type": "array", "items": { "type": "string" }, "maxItems": 64
    },
    "every": { "description": "Seconds between messages.", "type": "integer", "minimum": 1, "maximum": 3600 }
  }
}"#;

thread_local! {
    /// What is not sent yet. Instances have one thread.
    static LINES: RefCell<Lines> = RefCell::default();
}

struct Influx;

impl Settings for Influx {
    fn config_schema() -> String {
        SCHEMA.to_owned()
    }
}

impl Exporter for Influx {
    fn describe(config: String) -> Result<Description, String> {
        let config: Config = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        LINES.set(Lines::new(&config.measurement, config.tags));
        Ok(Description {
            about: format!("sends InfluxDB line protocol every {} s", config.every),
            properties: config.properties,
            tick_seconds: Some(config.every),
        })
    }

    fn on_change(batch: Batch) -> Result<(), String> {
        if batch.lost > 0 {
            log(Severity::Warning, &format!("{} changes were lost", batch.lost));
        }
        LINES.with_borrow_mut(|lines| {
            lines.add(batch.changes);
            // What does not fit into one request goes now.
            if lines.len() > REQUEST { send(lines) } else { Ok(()) }
        })
    }

    fn on_tick(_: Option<u64>) -> Result<(), String> {
        LINES.with_borrow_mut(send)
    }
}

fn send(lines: &mut Lines) -> Result<(), String> {
    let granted = outlets::granted();
    if granted.is_empty() {
        return Err("the file lists no outlets for it".to_owned());
    }
    for (number, Outlet { method, target }) in (0..).zip(&granted) {
        let largest = if *method == Method::Udp { DATAGRAM } else { REQUEST };
        for message in lines.in_pieces_of(largest) {
            let bytes = message.as_bytes();
            let taken = match method {
                Method::HttpPost => outlets::post(number, "text/plain; charset=utf-8", bytes),
                Method::Udp => outlets::datagram(number, bytes),
                Method::Append => outlets::append(number, bytes),
            };
            match taken {
                Ok(()) => {}
                // A line that is longer than a datagram, or more of them than one call may send: the others go on.
                Err(Refusal::TooLarge | Refusal::TooMany) => {
                    log(Severity::Warning, &format!("{} bytes are too much for {target}", bytes.len()));
                }
                Err(refusal) => return Err(format!("{target}: {refusal:?}")),
            }
        }
    }
    lines.clear();
    Ok(())
}

export!(Influx);
