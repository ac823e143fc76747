//! Which test shows which feature: every row of `tests/data/features.txt` has a test that carries its ID in its name
//! (`sel_5_f12_…` shows SEL-5 and F12), a scenario that `covers:` it, or a word about what it waits for; and
//! `tests/features.md` says so to people. `UPDATE=1 cargo test --test features` writes that anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const TABLE: &str = "tests/data/features.txt";
const SUMMARY: &str = "tests/features.md";

/// What a row may wait for: a closed list, so that "later" never comes to mean "never".
const LATER: [&str; 1] = ["the real machine"];

/// A row of the table.
#[derive(Debug)]
struct Row {
    id: String,
    kind: String,
    name: String,
    later: Option<String>,
    note: Option<String>,
}

/// Somebody who shows a feature: its file and its name, and the IDs it carries.
#[derive(Debug)]
struct Shown {
    by: String,
    ids: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows, and what is wrong with their lines.
fn parse(table: &str) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut wrong) = (Vec::<Row>::new(), Vec::new());
    for line in table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let mut parts = line.split(" | ");
        let head: Vec<&str> = parts.next().unwrap_or_default().split_whitespace().collect();
        let ([id, kind], Some(name)) = (&head[..], parts.next()) else {
            wrong.push(format!("{TABLE}: \"{line}\": write `ID kind | name`"));
            continue;
        };
        let mut row = Row { id: (*id).into(), kind: (*kind).into(), name: name.trim().into(), later: None, note: None };
        for part in parts {
            match part.trim().split_once(": ") {
                Some(("later", what)) if LATER.contains(&what) => row.later = Some(what.to_owned()),
                Some(("note", what)) => row.note = Some(what.to_owned()),
                _ => wrong.push(format!(
                    "{TABLE}: {id}: \"{part}\" is neither `later: {}` nor `note: …`",
                    LATER.join("` nor `later: ")
                )),
            }
        }
        if !["P", "F", "X", "fault"].contains(kind) {
            wrong.push(format!("{TABLE}: {id}: \"{kind}\" is none of P, F, X and fault"));
        }
        if rows.iter().any(|row| row.id == *id) {
            wrong.push(format!("{TABLE}: {id} has two rows: join them"));
        }
        rows.push(row);
    }
    (rows, wrong)
}

/// The names of the test functions of a Rust file: those under an attribute `#[test]` or `#[tokio::test]`.
fn tests_in(code: &str) -> Vec<String> {
    let (mut names, mut marked) = (Vec::new(), false);
    for line in code.lines().map(str::trim_start) {
        marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        if let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").filter(|_| marked) {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            marked = false;
        }
    }
    names
}

/// The IDs in the name of a test: a group that the table knows and a number after it, or `f` and a number in one word.
fn ids_in(name: &str, groups: &BTreeSet<String>) -> Vec<String> {
    let words: Vec<String> = name.split('_').map(str::to_uppercase).collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut ids = Vec::new();
    for (i, word) in words.iter().enumerate() {
        match words.get(i + 1) {
            Some(number) if groups.contains(word) && is_number(number) => ids.push(format!("{word}-{number}")),
            _ if word.strip_prefix('F').is_some_and(is_number) => ids.push(word.clone()),
            _ => {}
        }
    }
    ids
}

fn covered_in(script: &str) -> Vec<String> {
    let covers = script.lines().filter_map(|line| line.strip_prefix("covers:"));
    let ids = covers.flat_map(|line| line.split([' ', ',']));
    ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

fn files(dir: &Path, fits: &impl Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        match path.is_dir() {
            true if path.ends_with("tests/fuzz") => {}
            true => files(&path, fits, found),
            false if fits(&path) => found.push(path),
            false => {}
        }
    }
}

/// Every test and scenario, by file and name.
fn shown(groups: &BTreeSet<String>) -> Vec<Shown> {
    let all = |dirs: &[&str], fits: &dyn Fn(&Path) -> bool| {
        let mut found = Vec::new();
        dirs.iter().for_each(|dir| files(&root().join(dir), &|path| fits(path), &mut found));
        found.sort();
        let read = |path: PathBuf| (path.clone(), fs::read_to_string(&path).expect("a readable file"));
        let below = |path: &Path| path.strip_prefix(root()).expect("below the root").display().to_string();
        found.into_iter().map(read).map(|(path, text)| (below(&path), text)).collect::<Vec<_>>()
    };
    let mut shown = Vec::new();
    for (file, code) in all(&["src", "tests"], &|path| path.extension().is_some_and(|e| e == "rs")) {
        let of = |name: String| Shown { ids: ids_in(&name, groups), by: format!("{file}: {name}") };
        shown.extend(tests_in(&code).into_iter().map(of));
    }
    for (file, script) in all(&["tests/scenarios", "examples/scenarios"], &|path| path.ends_with("script")) {
        shown.push(Shown { ids: covered_in(&script), by: file });
    }
    shown.retain(|shown| !shown.ids.is_empty());
    shown
}

/// What is wrong, row by row, each with its remedy.
fn problems(rows: &[Row], shown: &[Shown]) -> Vec<String> {
    let known: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut wrong = Vec::new();
    for Shown { by, ids } in shown {
        let strangers = ids.iter().filter(|id| !known.contains(id.as_str()));
        wrong.extend(
            strangers.map(|id| format!("{by} carries {id}, which is no row: rename it, or add the row to {TABLE}")),
        );
    }
    for Row { id, name, later, .. } in rows {
        let by = shown.iter().find(|shown| shown.ids.contains(id)).map(|shown| &shown.by);
        wrong.extend(match (by, later) {
            (None, None) => Some(format!(
                "{id} ({name}) has no test: write one named {}_…, or say in {TABLE} what it waits for",
                id.to_lowercase().replace('-', "_")
            )),
            (Some(by), Some(later)) => Some(format!(
                "{id} ({name}) is shown by {by}: take \"later: {later}\" out of {TABLE}, or make it a note"
            )),
            _ => None,
        });
    }
    wrong
}

fn summary(rows: &[Row], shown: &[Shown]) -> String {
    let mut text = String::from(
        "# Features and faults, and the tests that show them\n\n\
         Written by `UPDATE=1 cargo test --test features` from `tests/data/features.txt` and the names of the tests.\n\
         P: the forerunner has it. F: a defect of the forerunner, mended. X: more. fault: a row of the fault matrix.\n",
    );
    let waiting = rows.iter().filter(|row| row.later.is_some()).count();
    let _ = writeln!(text, "\n{} rows, {} with tests, {waiting} to come.", rows.len(), rows.len() - waiting);
    let mut group = "";
    for Row { id, kind, name, later, note } in rows {
        let of = if kind == "fault" { "Faults" } else { id.split('-').next().unwrap_or_default() };
        if of != group {
            group = of;
            let _ = write!(text, "\n## {group}\n\n| ID | kind | what | shown by |\n|---|---|---|---|\n");
        }
        let mut by: Vec<String> =
            shown.iter().filter(|shown| shown.ids.contains(id)).map(|shown| format!("`{}`", shown.by)).collect();
        by.extend(later.iter().map(|later| format!("later: {later}")));
        by.extend(note.iter().map(|note| format!("({note})")));
        let _ = writeln!(text, "| {id} | {kind} | {name} | {} |", by.join("<br>"));
    }
    text
}

fn groups(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row.id.split_once('-')).map(|(group, _)| group.to_owned()).collect()
}

#[test]
fn every_row_has_a_test_or_says_what_it_waits_for() {
    let (rows, mut wrong) = parse(&fs::read_to_string(root().join(TABLE)).expect("the table"));
    wrong.extend(problems(&rows, &shown(&groups(&rows))));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_whole() {
    let (rows, _) = parse(&fs::read_to_string(root().join(TABLE)).expect("the table"));
    let mut kinds = BTreeMap::new();
    rows.iter().for_each(|row| *kinds.entry(row.kind.as_str()).or_insert(0) += 1);
    assert_eq!(kinds, BTreeMap::from([("P", 69), ("F", 45), ("X", 20), ("fault", 46)]), "a row went missing");
}

#[test]
fn the_summary_is_fresh() {
    let (rows, _) = parse(&fs::read_to_string(root().join(TABLE)).expect("the table"));
    let fresh = summary(&rows, &shown(&groups(&rows)));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root().join(SUMMARY), &fresh).expect("a writable file");
    }
    let committed = fs::read_to_string(root().join(SUMMARY)).unwrap_or_default();
    assert!(committed == fresh, "{SUMMARY} is stale: run `UPDATE=1 cargo test --test features`");
}

#[test]
fn the_test_sees_what_it_forbids() {
    let table = "A-1 P | one\nA-2 F | two\nA-3 X | three | later: the real machine\n\
                 A-4 X | four | later: the real machine\nF7 fault | seven\n";
    let (rows, wrong) = parse(table);
    assert_eq!(wrong, Vec::<String>::new());
    let code = "#[test]\nfn a_1_f7_and_nothing_else() {}\nfn a_2_is_no_test() {}\n    #[tokio::test]\n    \
                #[ignore]\n    async fn a_3_a_9_f8() {}\n";
    let names = tests_in(code);
    assert_eq!(names, ["a_1_f7_and_nothing_else", "a_3_a_9_f8"]);
    let of = |name: &String| Shown { by: name.clone(), ids: ids_in(name, &groups(&rows)) };
    let shown: Vec<Shown> = names.iter().map(of).collect();
    assert_eq!(shown[0].ids, ["A-1", "F7"], "a number alone is no ID, nor is a word alone");
    let said = problems(&rows, &shown);
    let expected =
        ["carries A-9", "carries F8", "A-2 (two) has no test: write one named a_2_", "A-3 (three) is shown by"];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(covered_in("# x\ncovers: A-1 A-2, F7\nmodem: x\n"), ["A-1", "A-2", "F7"]);
    for bad in ["A-1 P one", "A-1 Q | one", "A-1 P | one | later: some day", "A-1 P | one\nA-1 P | one"] {
        assert_eq!(parse(bad).1.len(), 1, "{bad}");
    }
}
