//! Metrics in the text format of Prometheus, version 0.0.4: conditions, and every property that is a number or a flag and
//! identifies nobody.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::shown;
use crate::model::{Reach, Status};
use crate::property::{Property, Value};
use crate::reconcile::{Controller, Fleet};

/// What the names of all metrics begin with.
const PREFIX: &str = "wwan_";

/// All samples of one name.
#[derive(Debug, Default)]
struct Family {
    help: String,
    samples: Vec<(Vec<(&'static str, String)>, i64)>,
}

/// The page.
pub(super) fn page(fleet: &Fleet) -> String {
    let mut page = Page::default();
    page.put("build_info", "The version of the daemon.", vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1);
    let generation = i64::try_from(fleet.generation()).unwrap_or(i64::MAX);
    page.put("config_generation", "Number of the configuration in force.", vec![], generation);
    let valid = fleet.config_condition().status == Status::True;
    page.put("config_valid", "Whether the newest edit of the configuration is in force.", vec![], valid.into());
    for controller in fleet.controllers() {
        page.modem(controller);
    }
    page.plugins(fleet);
    page.text()
}

#[derive(Debug, Default)]
struct Page(BTreeMap<String, Family>);

impl Page {
    fn put(&mut self, name: &str, help: &str, labels: Vec<(&'static str, String)>, value: i64) {
        let family = self.0.entry(format!("{PREFIX}{name}")).or_default();
        if family.help.is_empty() {
            help.clone_into(&mut family.help);
        }
        family.samples.push((labels, value));
    }

    fn modem(&mut self, controller: &Controller) {
        let modem = controller.name().0.clone();
        let of = |more: Vec<(&'static str, String)>| [vec![("modem", modem.clone())], more].concat();
        for condition in controller.conditions() {
            for status in [Status::True, Status::False, Status::Unknown] {
                let labels = of(vec![
                    ("condition", condition.kind.to_string()),
                    ("status", format!("{status:?}").to_lowercase()),
                ]);
                let help = "Whether a condition of a modem has this status.";
                self.put("condition", help, labels, (condition.status == status).into());
            }
        }
        for reach in [Reach::Disconnected, Reach::Lan, Reach::Internet] {
            let labels = of(vec![("reach", reach.name().to_owned())]);
            let is_so = controller.connection().reach == reach;
            self.put("connection", "Whether packets get this far.", labels, is_so.into());
        }
        for (property, value) in shown(controller) {
            if let Some(value) = number(value) {
                self.property(property, of(vec![]), value);
            } else if let Value::Map(values) = value {
                for (key, value) in values {
                    self.property(property, of(vec![("key", key.clone())]), *value);
                }
            }
        }
    }

    fn plugins(&mut self, fleet: &Fleet) {
        for (name, value) in fleet.published() {
            if let Some(value) = number(value) {
                self.put("plugin", "A property of a plugin's own.", vec![("property", name.to_owned())], value);
            }
        }
    }

    fn property(&mut self, property: &Property, labels: Vec<(&'static str, String)>, value: i64) {
        let unit = if property.unit.is_empty() { String::new() } else { format!(" In {}.", property.unit) };
        self.put(&property.name.replace('.', "_"), &format!("{}{unit}", property.doc), labels, value);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.0 {
            let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
            // Writing to a text never fails.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (labels, value) in &family.samples {
                let labels: Vec<String> =
                    labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
                let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
                let _ = writeln!(text, "{name}{braces} {value}");
            }
        }
        text
    }
}

/// A value that is one number.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(value) => Some(*value),
        Value::Flag(value) => Some((*value).into()),
        Value::Text(_) | Value::List(_) | Value::Map(_) => None,
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
