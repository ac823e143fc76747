//! Generated files are fresh. `UPDATE=1 cargo test` writes them anew.

use std::path::Path;

fn fresh(path: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, generated).expect("a writable file");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "{path} is stale: run `UPDATE=1 cargo test --test generated`");
}

#[test]
fn properties_json_says_what_the_catalogue_says() {
    fresh("schemas/properties.json", &wwan::property::catalogue_json());
}
