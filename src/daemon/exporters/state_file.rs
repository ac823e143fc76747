//! Conditions and properties of all modems as one JSON document, without what identifies a person, a device or a place.

use serde::Serialize;
use std::collections::BTreeMap;

use super::shown;
use crate::model::Status;
use crate::property::Value;
use crate::reconcile::{Controller, Fleet};

#[derive(Serialize)]
struct Document<'a> {
    /// Of this form; raised when a reader of the old one would misunderstand the new one.
    version: u32,
    generation: u64,
    config_valid: bool,
    modems: BTreeMap<&'a str, Modem<'a>>,
    /// Properties of plugins' own.
    plugins: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
struct Modem<'a> {
    connection: &'static str,
    conditions: Vec<Condition>,
    properties: BTreeMap<&'static str, &'a Value>,
}

#[derive(Serialize)]
struct Condition {
    condition: String,
    status: Status,
    reason: &'static str,
}

/// The document.
pub(super) fn text(fleet: &Fleet) -> String {
    let document = Document {
        version: 1,
        generation: fleet.generation(),
        config_valid: fleet.config_condition().status == Status::True,
        modems: fleet.controllers().map(|controller| (controller.name().0.as_str(), modem(controller))).collect(),
        plugins: fleet.published().collect(),
    };
    // Maps with texts for keys, and nothing that refuses: it cannot fail.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn modem(controller: &Controller) -> Modem<'_> {
    let conditions = controller.conditions().iter().map(|condition| Condition {
        condition: condition.kind.to_string(),
        status: condition.status,
        reason: condition.finding.reason(),
    });
    Modem {
        connection: controller.connection().reach.name(),
        conditions: conditions.collect(),
        properties: shown(controller).map(|(property, value)| (property.name, value)).collect(),
    }
}
