//! Named values and their changes, as a part of the public contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::property::Value;

/// Named values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PropertiesView {
    /// Those that the pattern selects and that are there, sorted by name.
    pub properties: Vec<PropertyView>,
}

/// A named value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PropertyView {
    /// Its full name: `wwan0.mobile.iccid`.
    pub name: String,
    /// A text, a whole number, a flag, a list of texts, or whole numbers by name: `properties.json` says which.
    #[schemars(with = "serde_json::Value")]
    pub value: Value,
    /// Its unit, if it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// For how long it has had this value.
    pub since_ms: u64,
}

/// A value that changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeView {
    /// When, in UTC.
    pub at: String,
    /// When, since the daemon's start.
    pub uptime_ms: u64,
    /// The full name.
    pub name: String,
    /// The value before; none: it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub old: Option<Value>,
    /// Since when it had that value, since the daemon's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_uptime_ms: Option<u64>,
    /// The value now; none: it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub new: Option<Value>,
}
