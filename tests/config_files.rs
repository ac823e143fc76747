//! Every file under `tests/data/config` against its recorded outcome, the examples, and the committed schemas.
//!
//! `NAME.yaml` is one file, `NAME.d/` a set of layers; `NAME.txt` is what a person sees. `UPDATE=1 cargo test` rewrites
//! the outcomes and the schemas.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use wwan::config::{self, Loaded, Source};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

fn source(path: &Path, name: &str) -> Source {
    Source { world_readable: true, ..Source::new(name, fs::read(path).unwrap()) }
}

/// Loads one case: a file as `/etc/wwan.yaml`, a directory as drop-ins.
fn load(case: &Path) -> Loaded {
    if !case.is_dir() {
        return config::load(&[source(case, "/etc/wwan.yaml")]);
    }
    let layers = files(case).into_iter().filter(|p| p.extension().is_some_and(|e| e == "yaml"));
    let layers: Vec<Source> =
        layers.map(|p| source(&p, &format!("/etc/wwan.d/{}", p.file_name().unwrap().to_str().unwrap()))).collect();
    config::load(&layers)
}

fn cases(dir: &str) -> Vec<PathBuf> {
    let all = files(&repository().join("tests/data/config").join(dir));
    all.into_iter().filter(|p| p.is_dir() || p.extension().is_some_and(|e| e == "yaml")).collect()
}

/// Compares with a committed text, or rewrites it.
fn compare(path: &Path, text: &str, stale: &mut Vec<String>) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, text).unwrap();
    } else {
        stale.push(format!("{}\n{text}", path.display()));
    }
}

#[test]
fn bad_files_are_refused_with_the_recorded_words() {
    let mut stale = Vec::new();
    for case in cases("bad") {
        let loaded = load(&case);
        let text = loaded.diagnostics.render(false);
        assert!(loaded.config.is_none() && loaded.diagnostics.has_errors(), "{} was accepted", case.display());
        assert!(!text.contains("CANARY"), "{} shows a secret:\n{text}", case.display());
        let json = serde_json::to_string(&loaded.diagnostics).unwrap();
        assert!(!json.contains("CANARY"), "{} shows a secret:\n{json}", case.display());
        compare(&case.with_extension("txt"), &text, &mut stale);
    }
    assert!(stale.is_empty(), "UPDATE=1 rewrites\n{}", stale.join("\n"));
}

#[test]
fn good_files_mean_what_is_recorded() {
    let mut stale = Vec::new();
    for case in cases("good") {
        let Loaded { config, diagnostics } = load(&case);
        let config = config.unwrap_or_else(|| panic!("{}\n{}", case.display(), diagnostics.render(false)));
        let text = format!("{}{}", diagnostics.render(false), config.show(true));
        assert!(!text.contains("CANARY") && !config.canonical().contains("CANARY"), "{text}");
        compare(&case.with_extension("txt"), &text, &mut stale);

        if text.contains(" ....") {
            continue;
        }
        let again = config::load(&[Source::new("shown", config.show(false))]).config.unwrap();
        assert_eq!(again.canonical(), config.canonical(), "{} reads back as it is shown", case.display());
        assert_eq!(again.show(false), config.show(false));
    }
    assert!(stale.is_empty(), "UPDATE=1 rewrites\n{}", stale.join("\n"));
}

#[test]
fn examples_load_without_a_word() {
    for path in files(&repository().join("examples")) {
        if path.extension().is_some_and(|e| e == "yaml") {
            let loaded = load(&path);
            assert_eq!(loaded.diagnostics.render(false), "", "{}", path.display());
            assert!(loaded.config.is_some());
        }
    }
}

#[test]
fn everything_yaml_has_every_key_of_the_schema() {
    let text = fs::read_to_string(repository().join("examples/everything.yaml")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&config::schema_2020_12()).unwrap();
    let mut keys = Vec::new();
    collect_keys(&schema, &mut keys);
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys {
        let written =
            text.contains(&format!("{key}:")) || text.contains(&format!("{{ {}: NAME }}", key.to_uppercase()));
        assert!(written, "`{key}` is not in examples/everything.yaml");
    }
}

fn collect_keys(schema: &serde_json::Value, keys: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(|p| p.as_object()) {
        for (key, value) in properties {
            let described = value.get("description").is_some() || value.get("const").is_some();
            assert!(described, "`{key}` has no description in the schema");
            keys.push(key.clone());
        }
    }
    match schema {
        serde_json::Value::Object(map) => map.values().for_each(|v| collect_keys(v, keys)),
        serde_json::Value::Array(items) => items.iter().for_each(|v| collect_keys(v, keys)),
        _ => {}
    }
}

#[test]
fn committed_schemas_are_fresh_and_schemas() {
    let mut stale = Vec::new();
    for (name, text) in
        [("wwan.v1.schema.json", config::schema_2020_12()), ("wwan.v1.draft-07.schema.json", config::schema_draft_07())]
    {
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        assert!(!text.contains("\"null\""), "{name}: an optional key may be left out, but is never null");
        compare(&repository().join("schemas").join(name), &text, &mut stale);
    }
    assert!(stale.is_empty(), "UPDATE=1 rewrites\n{}", stale.join("\n"));
}

/// Editors read the draft-07 text; both must say the same of every file we have.
#[test]
fn both_drafts_give_the_same_verdict() {
    let [new, old] = [config::schema_2020_12(), config::schema_draft_07()]
        .map(|text| jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap());
    for document in [
        r#"{"version": 1}"#,
        r#"{"version": 1, "modems": {"a": {"control": {"device": "/d", "proxy": true}}}}"#,
        r#"{"version": 1, "modems": {"a": {"control": {"socket": "/d", "proxy": true}}}}"#,
        r#"{"version": 1, "modems": {"a": {"control": {"socket": "/d", "device": "/e"}}}}"#,
        r#"{"version": 1, "modems": {"a": {"power": {"method": "none", "port": 1}}}}"#,
        r#"{"version": 1, "modems": {"a b": {}}}"#,
        r#"{"version": 2}"#,
    ] {
        let value = serde_json::from_str(document).unwrap();
        assert_eq!(new.is_valid(&value), old.is_valid(&value), "{document}");
    }
}
