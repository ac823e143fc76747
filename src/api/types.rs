//! The public contract: every request and every answer, as JSON.
//!
//! One object a line. A field may be added in any release; none changes its meaning within a `version`. Times are
//! ages and waits in milliseconds at the moment of the answer; only events carry a stamp, in UTC.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::happening::{EventView, EventsView, Happening};
pub use super::planned::{ModemPlanView, NextView, PlanView, PlannedView};
pub use super::properties::{ChangeView, PropertiesView, PropertyView};
use crate::explain::Explanation;

/// The version of this contract. A request without one means the newest.
pub const VERSION: u32 = 1;

/// The JSON Schema of both directions.
#[must_use]
pub fn schema() -> String {
    /// The control API of `wwan`: one JSON object a line over a unix socket, a request from the client and then a
    /// response, or several, from the daemon.
    #[derive(JsonSchema)]
    #[schemars(title = "wwan control API")]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Api {
        /// What a client sends. `version` may stand beside the rest; without it the newest is meant.
        request: Request,
        /// What the daemon sends.
        response: Response,
    }
    let schema = schemars::schema_for!(Api);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// What a client asks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// The state of every modem with its conditions. Answer: `status`.
    Status,
    /// What would be done next, and after that, until everything is as the file asks. Answer: `plan`.
    Plan {
        /// A configuration to plan for instead of the one in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        candidate: Option<Candidate>,
    },
    /// Why each modem is as it is, and what happens next. Answer: `explanation`.
    Explain {
        /// This modem only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<String>,
    },
    /// Which service provider was chosen, and why each other was not. Answer: `providers`.
    ExplainProvider {
        /// This modem only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<String>,
    },
    /// The plugins of the configuration and how it is with each. Answer: `plugins`.
    Plugins,
    /// What happened. Answer: `events`, and then `event` for each new one if followed.
    Events {
        /// How many of the past ones at most.
        #[serde(default)]
        last: usize,
        /// Whether to go on with the new ones.
        #[serde(default)]
        follow: bool,
    },
    /// The configuration in force, secrets left out. Answer: `config`.
    Config {
        /// Whether to say where each line comes from.
        #[serde(default)]
        origin: bool,
    },
    /// Writes nothing to a modem for a while, so that somebody can work on it by hand. Answer: `done`.
    Pause {
        /// This modem only; none: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<String>,
        /// For how long.
        for_ms: u64,
    },
    /// Ends a pause. Answer: `done`.
    Resume {
        /// This modem only; none: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<String>,
    },
    /// Resets a modem. Answer: `done`, as soon as it is begun.
    Reset {
        /// The modem; may be left out where there is only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<String>,
        /// By the strongest means there is, whatever was done a moment ago.
        #[serde(default)]
        force: bool,
    },
    /// What is known, as named values. Telemetry is asked for first, two seconds at most. Answer: `properties`.
    Get {
        /// Full names, or patterns: `*` stands for one part or some of its letters, a last `*` for all the
        /// rest; a name stands for all below it.
        #[serde(default = "everything")]
        pattern: String,
    },
    /// As `get`, and then every change. Answer: `properties`, and then `change` for each.
    Watch {
        /// As of `get`.
        #[serde(default = "everything")]
        pattern: String,
    },
    /// Does something to a simulated modem. Answer: `done`.
    Disturb {
        /// The modem; may be left out where there is only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<String>,
        /// What to do: a disturbance of the simulator.
        #[schemars(with = "serde_json::Value")]
        disturbance: crate::sim::Disturbance,
    },
}

fn everything() -> String {
    "*".to_owned()
}

/// A configuration file that is not in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// What it is called in messages.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// What the daemon answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "response", rename_all = "kebab-case")]
pub enum Response {
    /// To `status`.
    Status(StatusView),
    /// To `plan`.
    Plan(PlanView),
    /// To `explain`.
    Explanation(ExplanationView),
    /// To `explain-provider`.
    Providers(ProvidersView),
    /// To `plugins`.
    Plugins(PluginsView),
    /// To `events`.
    Events(EventsView),
    /// One new event.
    Event(EventView),
    /// To `config`.
    Config(ConfigView),
    /// To `get` and `watch`.
    Properties(PropertiesView),
    /// One change.
    Change(ChangeView),
    /// It was done.
    Done,
    /// It was not.
    Error(ErrorView),
}

impl Response {
    /// A refusal.
    #[must_use]
    pub fn error(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Error(ErrorView::new(code, message))
    }

    /// The line that is sent.
    #[must_use]
    pub fn line(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_else(|e| {
            // Our own types, with text for every key, always have a JSON form.
            debug_assert!(false, "{e}");
            r#"{"response":"error","code":"failed","message":"the answer has no JSON form"}"#.to_owned()
        });
        text + "\n"
    }
}

/// Why a request was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorView {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

impl ErrorView {
    /// A refusal.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The kinds of refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Not JSON, or not a request.
    BadRequest,
    /// Longer than a request may be.
    TooLarge,
    /// Not sent, or not taken, in time.
    TooSlow,
    /// Too many clients.
    Busy,
    /// A version that is not spoken here.
    Version,
    /// No modem of that name.
    UnknownModem,
    /// The candidate has errors.
    ConfigInvalid,
    /// The modem is a real one and cannot be disturbed.
    NotSimulated,
    /// It was tried and failed.
    Failed,
}

/// The daemon and its modems.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatusView {
    /// The configuration in force, counted from 1; 0: none yet.
    pub generation: u64,
    /// Whether the newest edit is in force.
    pub config: ConditionView,
    /// The errors of the newest edit, as the validator prints them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_report: Option<String>,
    /// How long the daemon has been running.
    pub uptime_ms: u64,
    /// Every modem of the configuration.
    pub modems: Vec<ModemView>,
}

/// One modem.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModemView {
    /// Its name in the configuration.
    pub name: String,
    /// Whether data can flow: the session is up and the interface has its addresses.
    pub online: bool,
    /// For how long it has been online or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// The chosen service provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderView>,
    /// The network that serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkView>,
    /// What the device says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceView>,
    /// Addresses with prefix length that the network gave.
    pub addresses: Vec<String>,
    /// Every condition, in order of dependency.
    pub conditions: Vec<ConditionView>,
}

/// A service provider in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProviderView {
    /// The entry's name, else its APN.
    pub name: String,
    /// Access point name.
    pub apn: String,
    /// Why it was chosen.
    pub because: String,
    /// Where the file says so.
    pub origin: String,
}

/// A serving network.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NetworkView {
    /// Its code: MCC and MNC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plmn: Option<String>,
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_name: Option<String>,
    /// What a list of networks calls its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Whether it is not the home network.
    pub roaming: bool,
    /// Technologies in use.
    pub technologies: Vec<String>,
}

/// A device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeviceView {
    /// Maker.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Firmware.
    pub revision: String,
}

/// One condition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConditionView {
    /// What it is about, for example `Registered`.
    pub condition: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one CamelCase word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// For how long the status has been so.
    pub since_ms: u64,
    /// The configuration it was concluded for.
    pub observed_generation: u64,
}

/// Why each modem is as it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExplanationView {
    /// Every modem asked for.
    pub modems: Vec<ModemExplanationView>,
}

/// Why one modem is as it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModemExplanationView {
    /// Its name.
    pub name: String,
    /// Whether data can flow.
    pub online: bool,
    /// The conditions that hold, in order, up to the first that does not.
    pub holds: Vec<ConditionView>,
    /// The first that does not: the diagnosis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<ConditionView>,
    /// The provider in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderView>,
    /// Attempts that did not bring what they should, by action.
    pub attempts: BTreeMap<String, String>,
    /// What happens next.
    pub next: NextView,
    /// When stronger means are tried, if it does not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_in_ms: Option<u64>,
    /// The same for people: the answer and the evidence for it.
    pub explanation: Explanation,
}

/// The choice of a service provider for each modem.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProvidersView {
    /// Every modem asked for.
    pub modems: Vec<ChoiceView>,
}

/// The choice for one modem.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChoiceView {
    /// The modem's name.
    pub name: String,
    /// Every entry of the list in the order it was looked at; empty before the card is read.
    pub entries: Vec<EntryView>,
    /// What each plugin said, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<SaidView>,
}

/// What became of one entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EntryView {
    /// Its name, else its APN.
    pub name: String,
    /// Whether it is the one.
    pub chosen: bool,
    /// Why, or why not.
    pub because: String,
    /// Where the file has it.
    pub origin: String,
}

/// The plugins of the configuration in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PluginsView {
    /// In the order in which they are heard.
    pub plugins: Vec<PluginView>,
}

/// One plugin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PluginView {
    /// Its name.
    pub name: String,
    /// Its component.
    pub module: String,
    /// What it is asked.
    pub hooks: Vec<String>,
    /// `Loading`, `Ready`, `Refused` or `Quarantined`.
    pub state: String,
    /// SHA-256 of the bytes that run, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why it is so, or why newer bytes are not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a plugin said of the choice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaidView {
    /// The plugin.
    pub plugin: String,
    /// In words.
    pub words: String,
}

/// The configuration in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConfigView {
    /// Its number.
    pub generation: u64,
    /// Its effective text.
    pub text: String,
}
