//! The JSON Schema of the grammar: generated from the types, for editors, for CI and for the daemon itself.
//!
//! Two texts of one schema: 2020-12, which the daemon validates with, and its draft-07 twin, which editors read.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::scalars::{FORMS, Form};
use super::types::Document;

/// The schema in draft 2020-12, as committed in `schemas/wwan.v1.schema.json`.
#[must_use]
pub fn schema_2020_12() -> String {
    text(&generate(SchemaSettings::draft2020_12()))
}

/// The schema in draft 07, as committed in `schemas/wwan.v1.draft-07.schema.json`: what yaml-language-server reads.
#[must_use]
pub fn schema_draft_07() -> String {
    let mut schema = generate(SchemaSettings::draft07());
    RecursiveTransform(rename_dependent_schemas).transform(&mut schema);
    text(&schema)
}

/// The schema as the daemon uses it: the document, its compiled form, and every place that a key can have.
pub(super) struct Compiled {
    pub document: Value,
    pub validator: Validator,
    /// As `modems.*.service_providers[].apn`.
    pub places: BTreeSet<String>,
}

impl Compiled {
    /// The keys of the map at a place.
    pub fn keys_at(&self, place: &str) -> impl Iterator<Item = &str> {
        let keys = self.places.iter().filter_map(move |p| match place {
            "" => Some(p.as_str()),
            place => p.strip_prefix(place)?.strip_prefix('.'),
        });
        keys.filter(|k| !k.contains(['.', '[']))
    }

    /// The map that has `key`, for somebody who wrote it elsewhere: `modems.*.service_providers[]`.
    pub fn home_of(&self, key: &str) -> Option<&str> {
        let homes = self.places.iter().filter_map(|p| p.strip_suffix(key)?.strip_suffix('.'));
        homes.filter(|h| !h.starts_with("defaults")).min_by_key(|h| h.len())
    }
}

/// The compiled schema; made once, in about two milliseconds.
///
/// # Panics
/// If the generated schema is no schema; every test of this room compiles it.
pub(super) fn compiled() -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let document = generate(SchemaSettings::draft2020_12()).to_value();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let with_format = |options, form: &&Form| match form.format {
            Some(name) => jsonschema::ValidationOptions::with_format(options, name, form.check),
            None => options,
        };
        let validator =
            FORMS.iter().fold(options, with_format).build(&document).expect("the generated schema compiles");
        let mut places = BTreeSet::new();
        collect_places(&document, &document, "", &mut places);
        Compiled { document, validator, places }
    })
}

/// Walks the schema downwards; it has no cycles, since nothing in the grammar contains itself.
fn collect_places(root: &Value, schema: &Value, path: &str, places: &mut BTreeSet<String>) {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| root.pointer(r.trim_start_matches('#')));
    let alternatives = ["anyOf", "oneOf"].into_iter().filter_map(|k| schema.get(k)?.as_array()).flatten();
    for same_place in target.into_iter().chain(alternatives) {
        collect_places(root, same_place, path, places);
    }
    for (key, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect_places(root, value, &place, places);
        places.insert(place);
    }
    for value in schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(|p| p.values()) {
        let place = format!("{path}.*");
        collect_places(root, value, &place, places);
        places.insert(place);
    }
    if let Some(items) = schema.get("items") {
        collect_places(root, items, &format!("{path}[]"), places);
    }
}

fn generate(settings: SchemaSettings) -> Schema {
    settings
        .with(|s| s.transforms.insert(0, Box::new(RecursiveTransform(tidy))))
        .into_generator()
        .into_root_schema_for::<Document>()
}

fn text(schema: &Schema) -> String {
    // Serialising a JSON value cannot fail: its keys are texts.
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

/// One line for every description, since doc comments are wrapped where the editor wraps anew; and no `null`.
fn tidy(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    drop_null(schema);
}

/// An optional key may be left out, but it is never `null`: removes what `Option` says about that.
fn drop_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let Some(Value::Array(branches)) = schema.get_mut("anyOf") else { return };
    branches.retain(|b| b.get("type").is_none_or(|t| t != "null"));
    let [Value::Object(only)] = branches.as_slice() else { return };
    let only = only.clone();
    schema.remove("anyOf");
    for (key, value) in only {
        if schema.get(&key).is_none() {
            schema.insert(key, value);
        }
    }
}

/// Draft 07 has one keyword for what 2020-12 calls `dependentSchemas`.
fn rename_dependent_schemas(schema: &mut Schema) {
    if let Some(dependent) = schema.remove("dependentSchemas") {
        schema.insert("dependencies".into(), dependent);
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalars::FORMS;
    use super::*;

    #[test]
    fn every_pattern_can_be_said_in_words() {
        let schema = schema_2020_12();
        let patterns =
            schema.lines().filter_map(|l| l.trim().strip_prefix("\"pattern\": ")).map(|p| p.trim_end_matches(','));
        let patterns: BTreeSet<String> = patterns.map(|p| serde_json::from_str(p).unwrap()).collect();
        assert_eq!(patterns.len(), FORMS.len());
        assert!(patterns.iter().all(|p| FORMS.iter().any(|f| f.pattern == p)));
    }

    #[test]
    fn every_key_has_its_place() {
        let compiled = compiled();
        for place in
            ["version", "defaults.service_providers[].apn", "modems.*.sim.pin.credential", "modems.*.power.hub"]
        {
            assert!(compiled.places.contains(place), "{place}");
        }
        assert_eq!(compiled.home_of("apn"), Some("modems.*.service_providers[]"));
        assert_eq!(compiled.keys_at("modems.*.match").collect::<Vec<_>>(), ["imei", "model", "sysfs_path", "usb_id"]);
    }
}
