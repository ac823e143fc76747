//! The picture of the house, as a test: who may import whom, which words a pure room may not contain, that every file
//! says what it is, and that none grows beyond a reader's patience.
//!
//! `ARCHITECTURE.md` draws the same picture. A red test here means: put the code into the room it belongs to, or
//! redesign the rooms in the same change.

use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may import. Rooms above the line are pure; rooms below it are the shell.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("qmi", &[]),
    ("operators", &["model"]),
    ("config", &["model"]),
    ("provider", &["model", "config", "operators"]),
    ("plan", &["model"]),
    ("link", &["model"]),
    ("dhcp", &["model"]),
    ("power", &["model"]),
    ("property", &["model", "operators"]),
    ("modem", &["model", "qmi"]),
    ("reconcile", &["model", "config", "provider", "plan", "power", "property", "modem"]),
    ("explain", &["model", "config", "provider", "plan", "reconcile"]),
    ("trace", &["model", "reconcile"]),
    ("sim", &["model", "qmi", "dhcp", "config", "reconcile", "explain", "trace"]),
];
const SHELL: &[(&str, &[&str])] = &[
    ("host", PURE),
    ("plugin", PURE),
    ("api", PURE),
    ("daemon", &["host", "plugin", "api"]),
    ("cli", &["host", "plugin", "api", "daemon"]),
];
const PURE: &[&str] = &[];

/// What the core must not know: clocks, files, sockets, tasks, randomness, and anything whose order is random.
const FORBIDDEN: &[&str] = &[
    "tokio",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::os",
    "std::thread",
    "std::env",
    "std::process",
    "Instant::now",
    "SystemTime",
    "HashMap",
    "HashSet",
    "async fn",
    "println!",
    "eprintln!",
    "dbg!",
    "tracing::",
];
const LONGEST: usize = 500;

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The room of a file: the first part of its path below `src`.
fn room(file: &Path) -> String {
    let below = file.strip_prefix(src()).expect("below src");
    let first = below.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file, without comments and without what is compiled for tests only.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a readable file");
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every `crate::NAME` in a piece of code, groups of a `use` included.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let preceded = code[..at].chars().last();
        if preceded.is_some_and(|c| c == '$' || c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let name = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap_or_default();
                found.extend(group.split(',').map(|item| name(item.trim())).filter(|n| !n.is_empty()));
            }
            None => found.push(name(rest)),
        }
    }
    found
}

fn allowed(room: &str) -> Option<Vec<&'static str>> {
    if let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) {
        return Some(allowed.to_vec());
    }
    let (_, shell) = SHELL.iter().find(|(name, _)| *name == room)?;
    Some(ROOMS.iter().map(|(name, _)| *name).chain(shell.iter().copied()).collect())
}

#[test]
fn every_file_belongs_to_a_room() {
    let strangers: Vec<PathBuf> = sources(&src())
        .into_iter()
        .filter(|file| !["lib", "main"].contains(&room(file).as_str()) && allowed(&room(file)).is_none())
        .collect();
    assert!(strangers.is_empty(), "no room for {strangers:?}: add it to ROOMS and to ARCHITECTURE.md");
}

#[test]
fn rooms_import_only_what_the_picture_shows() {
    let rooms: Vec<&str> = ROOMS.iter().chain(SHELL).map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for file in sources(&src()) {
        let room = room(&file);
        let Some(allowed) = allowed(&room) else { continue };
        for import in imports(&code(&file)) {
            let known = rooms.contains(&import.as_str());
            if known && import != room && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{}: {room} must not import {import}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_knows_no_clock_no_file_and_no_task() {
    let mut wrong = Vec::new();
    for file in sources(&src()) {
        if !ROOMS.iter().any(|(name, _)| *name == room(&file)) {
            continue;
        }
        let code = code(&file);
        wrong.extend(FORBIDDEN.iter().filter(|w| code.contains(**w)).map(|w| format!("{}: `{w}`", file.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let headless: Vec<PathBuf> = sources(&src())
        .into_iter()
        .chain(sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")))
        .filter(|file| !file.components().any(|c| c.as_os_str() == "target" || c.as_os_str() == "fuzz"))
        .filter(|file| !fs::read_to_string(file).expect("a readable file").starts_with("//! "))
        .collect();
    assert!(headless.is_empty(), "no `//!` head in {headless:?}");
}

#[test]
fn no_file_is_longer_than_a_reader_has_patience() {
    let long: Vec<String> = sources(&src())
        .into_iter()
        .map(|file| (fs::read_to_string(&file).expect("a readable file").lines().count(), file))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, file)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {}", long.join(", "));
}

#[test]
fn only_one_file_knows_the_yaml_crate() {
    let users: Vec<PathBuf> = sources(&src()).into_iter().filter(|f| code(f).contains("serde_yaml::")).collect();
    assert!(users.len() <= 1, "serde_yaml belongs into one file: {users:?}");
}

#[test]
fn one_file_has_unsafe_code_and_it_has_one_call() {
    let is_unsafe =
        |code: &str| ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe"].iter().any(|w| code.contains(w));
    let unsafe_files: Vec<PathBuf> = sources(&src()).into_iter().filter(|f| is_unsafe(&code(f))).collect();
    assert_eq!(unsafe_files, [src().join("plugin/precompiled.rs")]);
    assert_eq!(code(&src().join("plugin/precompiled.rs")).matches("unsafe {").count(), 1);
    assert!(code(&src().join("lib.rs")).contains("#![deny(unsafe_code)]"));
}

/// Most advisories about the engine were about what we leave out.
#[test]
fn the_engine_of_plugins_has_these_features_and_no_others() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("a manifest");
    let features = r#"features = ["runtime", "std", "component-model", "pulley"]"#;
    let engine = format!(r#"wasmtime = {{ version = "48", default-features = false, {features}, optional = true }}"#);
    assert!(manifest.contains(&engine), "{engine}");
    assert!(manifest.contains(r#"wasm-compiler = ["daemon", "wasmtime/cranelift"]"#));
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).expect("a lock file");
    for left_out in ["wasmtime-wasi", "zstd-sys", "rayon"] {
        assert!(!lock.contains(&format!("name = \"{left_out}\"")), "{left_out}");
    }
}

#[test]
fn only_one_file_knows_the_contract_of_plugins() {
    let users: Vec<PathBuf> = sources(&src()).into_iter().filter(|f| code(f).contains("bindgen!")).collect();
    assert_eq!(users, [src().join("plugin/contract.rs")]);
}

#[test]
fn the_picture_has_no_circle() {
    for (i, (room, allowed)) in ROOMS.iter().enumerate() {
        for import in *allowed {
            let position = ROOMS.iter().position(|(name, _)| name == import).expect("a known room");
            assert!(position < i, "{room} imports {import}, which comes after it");
        }
    }
}

#[test]
fn the_test_sees_what_it_forbids() {
    assert_eq!(imports("use crate::{plan, qmi::wds};\nlet x = crate::host::open();"), ["plan", "qmi", "host"]);
    assert_eq!(imports("$crate::qmi::Frame"), Vec::<String>::new());
}
