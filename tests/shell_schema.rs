//! `schemas/api.json` is what the types say. `UPDATE=1 cargo test` rewrites it.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[test]
fn the_schema_of_the_api_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/api.json");
    let fresh = wwan::api::types::schema();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == fresh, "schemas/api.json is stale; UPDATE=1 cargo test rewrites it");
}
