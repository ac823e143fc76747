//! What would be done, as a part of the public contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The way to what the file asks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanView {
    /// Every modem.
    pub modems: Vec<ModemPlanView>,
}

/// The way of one modem.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModemPlanView {
    /// Its name.
    pub name: String,
    /// What would be done, in order. Empty: everything is as the file asks, or it waits.
    pub actions: Vec<PlannedView>,
    /// What happens next.
    pub next: NextView,
}

/// One action of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlannedView {
    /// The stage that asks for it.
    pub stage: String,
    /// What is done.
    pub action: String,
    /// What makes it necessary.
    pub because: String,
}

/// What happens next.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum NextView {
    /// An action is under way or due.
    Act {
        /// Which.
        action: String,
    },
    /// Nothing can be done before something happens.
    Wait {
        /// What for.
        reason: String,
        /// In a sentence.
        message: String,
        /// When we try again at the latest.
        #[serde(skip_serializing_if = "Option::is_none")]
        in_ms: Option<u64>,
    },
    /// Everything is as the file asks.
    Converged {
        /// When we look again at the latest.
        #[serde(skip_serializing_if = "Option::is_none")]
        in_ms: Option<u64>,
    },
}
