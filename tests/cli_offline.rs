//! Commands that need no daemon, and every exit code that can be had without one.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod shell_support;

use shell_support::Place;

const GOOD: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n";
const BAD: &str =
    "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n        roamng_allowed: true\n";

#[test]
fn usage_is_64_and_help_is_not_an_error() {
    let place = Place::new();
    for args in
        [&["--help"][..], &["--version"], &["help", "simulate"], &["simulate", "--help"], &["disturb", "--help"]]
    {
        let ran = place.wwan(args);
        assert!(ran.err().is_empty() && !ran.out().is_empty(), "{args:?}");
        ran.ended(0);
    }
    for args in [
        &[][..],
        &["explode"],
        &["status", "--nonsense"],
        &["wait", "--timeout", "soon"],
        &["wait", "--for", "Happiness"],
        &["disturb", "explode"],
        &["qmi", "decode", "xyz"],
        &["simulate", "--personality", "perfect"],
        &["simulate", "--listen", "tcp:1"],
        &["simulate", "--no-daemon"],
    ] {
        let ran = place.wwan(args);
        assert!(!ran.err().is_empty(), "{args:?}");
        ran.ended(64);
    }
}

#[test]
fn without_a_daemon_every_question_ends_with_69() {
    let place = Place::new();
    let socket = place.path("nobody.sock");
    for verb in [
        &["status"][..],
        &["plan"],
        &["explain"],
        &["events"],
        &["wait"],
        &["config", "show", "--running"],
        &["disturb", "unplug"],
    ] {
        let args = [&["--socket", socket.to_str().unwrap()][..], verb].concat();
        let ran = place.wwan(&args);
        assert!(ran.err().starts_with("wwan: no daemon answers on /"), "{}", ran.err());
        ran.ended(69);
    }
}

#[test]
fn a_valid_file_is_said_to_be_valid() {
    let place = Place::new();
    let file = place.write("wwan.yaml", GOOD);
    let out = place.wwan(&["validate", file.to_str().unwrap()]).ended(0);
    assert_eq!(out, format!("{}: valid; modems: 1, warnings: 0\n", file.display()));
}

#[test]
fn an_invalid_file_is_shown_with_line_column_and_hint() {
    let place = Place::new();
    let file = place.write("wwan.yaml", BAD);
    let path = file.to_str().unwrap();
    let out = place.wwan(&["validate", path]).ended(78);
    for part in [
        &format!("{path}:6:9: "),
        "        roamng_allowed: true\n",
        "^^^^",
        "did you mean `roaming_allowed`?",
        "not valid",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "no colours when nobody looks");
    let json = place.wwan(&["validate", "-o", "json", path]).ended(78);
    let diagnostics: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&diagnostics[0]["line"], &diagnostics[0]["column"]), (&6.into(), &9.into()));
    assert_eq!(place.wwan(&["config", "show", "--config", path]).code(), 78);
}

#[test]
fn every_file_is_judged_by_itself_and_none_is_missed() {
    let place = Place::new();
    let (good, bad) = (place.write("good.yaml", GOOD), place.write("bad.yaml", BAD));
    let missing = place.path("missing.yaml");
    let out = place.wwan(&["validate", good.to_str().unwrap(), bad.to_str().unwrap()]).ended(78);
    assert!(out.contains("good.yaml: valid") && out.contains("bad.yaml: not valid"), "{out}");
    let ran = place.wwan(&["validate", missing.to_str().unwrap()]);
    assert!(ran.err().contains("no such file"));
    ran.ended(78);
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_why() {
    let place = Place::new();
    let out = place.wwan(&["validate", place.path("").to_str().unwrap()]).ended(78);
    assert!(out.contains("is a directory, not a file"), "{out}");
}

#[test]
fn cfg_5_quick_configure_writes_a_valid_file_and_spares_another() {
    let place = Place::new();
    let file = place.path("wwan.yaml");
    let path = file.to_str().unwrap();
    place.wwan(&["quick-configure", "internet", "--file", path]).ended(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), GOOD);
    let refused = place.wwan(&["quick-configure", "other", "--file", path]);
    assert!(refused.err().contains("--force"));
    refused.ended(1);
    place.wwan(&["quick-configure", "other", "--file", path, "--force"]).ended(0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("apn: other"));
    for refused in ["", "two words", &"x".repeat(200)] {
        place.wwan(&["quick-configure", refused, "--file", path, "--force"]).ended(64);
    }
    assert!(std::fs::read_to_string(&file).unwrap().contains("apn: other"), "what is refused changes nothing");
    place.wwan(&["quick-configure", "internet", "--file", "/nowhere/at/all.yaml"]).ended(1);
    place.wwan(&["validate", path]).ended(0);
}

#[test]
fn the_effective_configuration_says_where_it_comes_from() {
    let place = Place::new();
    let file = place.write("wwan.yaml", GOOD);
    let out = place.wwan(&["config", "show", "--origin", "--config", file.to_str().unwrap()]).ended(0);
    assert!(out.contains(&format!("# {}:5", file.display())), "{out}");
}

#[test]
fn schemas_are_json() {
    let place = Place::new();
    for (args, draft) in [(&["schema"][..], "2020-12"), (&["schema", "--draft", "07"], "draft-07")] {
        let schema: serde_json::Value = serde_json::from_str(&place.wwan(args).ended(0)).unwrap();
        assert!(schema["$schema"].as_str().unwrap().contains(draft));
    }
}

#[test]
fn messages_are_decoded_in_any_spelling() {
    let place = Place::new();
    let out = place.wwan(&["qmi", "decode", "01:0c:00", "00020100010021000000"]).ended(0);
    assert!(out.starts_with("DMS get_manufacturer request"), "{out}");
    assert!(place.wwan(&["qmi", "decode", "ff"]).ended(0).contains("no frame"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place
        .command(&["schema"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

/// A scenario in a directory of its own.
fn scenario(place: &Place, name: &str, script: &str) -> String {
    let dir = place.path(name);
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("wwan.yaml"), GOOD).unwrap();
    std::fs::write(dir.join("script"), script).unwrap();
    dir.to_str().unwrap().to_owned()
}

#[test]
fn a_scenario_is_played_recorded_and_compared() {
    let place = Place::new();
    let dir = scenario(&place, "one", "until Converged within 1m\nexplain\n");
    let expected = place.path("one/expected");
    assert!(place.wwan(&["test", &dir]).ended(0).contains("there is no \"expected\" to compare with"));
    assert!(!expected.exists(), "nothing is written unasked");
    assert!(place.wwan(&["test", "--update", &dir]).ended(0).contains("\"expected\" was written"));
    let written = std::fs::read_to_string(&expected).unwrap();
    assert!(written.contains("> explain\nwwan0 is online: "), "{written}");
    assert_eq!(place.wwan(&["test", &dir]).ended(0).lines().last(), Some("1 scenario, as expected"));
    assert!(place.wwan(&["test", "-v", &dir]).ended(0).contains("        > explain"));

    std::fs::write(&expected, written.replace("wwan0 is online: ", "wwan0 sleeps: ")).unwrap();
    let out = place.wwan(&["test", &dir]).ended(1);
    assert!(
        out.starts_with("FAILED  ") && out.contains("- wwan0 sleeps: ") && out.contains("+ wwan0 is online: "),
        "{out}"
    );
    // A missing line's end is a difference, too.
    std::fs::write(&expected, written.trim_end()).unwrap();
    place.wwan(&["test", &dir]).ended(1);
}

#[test]
fn an_expectation_that_is_not_met_cannot_be_recorded() {
    let place = Place::new();
    let dir = scenario(&place, "one", "until Converged within 1m\nexpect APN elsewhere\n");
    for args in [&["test", &dir][..], &["test", "--update", &dir]] {
        let out = place.wwan(args).ended(1);
        assert!(out.contains("script:2: expect APN elsewhere"), "{out}");
        assert!(!place.path("one/expected").exists());
    }
}

#[test]
fn scenarios_are_found_below_a_directory_and_counted() {
    let place = Place::new();
    scenario(&place, "good", "until Converged within 1m\n");
    scenario(&place, "unreadable", "explode\n");
    let root = place.dir.path().to_str().unwrap().to_owned();
    let out = place.wwan(&["test", &root]).ended(1);
    assert!(out.contains("script:1: \"explode\" is no step"), "{out}");
    assert_eq!(out.lines().last(), Some("2 scenarios, 1 not as expected"));

    // Another configuration makes another story.
    let wrong = place.write("wrong.yaml", BAD);
    let good = format!("{root}/good");
    place.wwan(&["test", &good]).ended(0);
    let out = place.wwan(&["test", "--config", wrong.to_str().unwrap(), &good]).ended(1);
    assert!(out.contains("not within 1m: nothing keeps wwan0"), "{out}");

    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(place.wwan(&["test", empty.to_str().unwrap()]).err().contains("no scenario in"));
    place.wwan(&["test", empty.to_str().unwrap()]).ended(64);
    place.wwan(&["test", "/nonexistent"]).ended(1);
}

#[test]
fn an_elixir_configuration_is_printed_as_ours_or_written_to_a_new_file() {
    let place = Place::new();
    let source = place.write("config.exs", "VintageNetQMI.quick_configure(\"internet\")\nother()\n");
    let (source, target) = (source.to_str().unwrap().to_owned(), place.path("wwan.yaml"));
    let ran = place.wwan(&["import", "vintage-net", &source]);
    assert!(ran.err().contains(&format!("{source}:2:1: this line is code that is not understood")), "{}", ran.err());
    let yaml = ran.ended(0);
    assert!(yaml.contains("- apn: internet\n") && yaml.contains("# config.exs:2: "), "{yaml}");
    let target = target.to_str().unwrap();
    place.wwan(&["import", "vintage-net", &source, "--output", target]).ended(0);
    assert_eq!(std::fs::read_to_string(target).unwrap(), yaml);
    place.wwan(&["validate", "--strict", target]).ended(0);
    let spared = place.wwan(&["import", "vintage-net", &source, "--output", target]);
    assert!(spared.err().contains("--force"), "{}", spared.err());
    spared.ended(1);
    place.wwan(&["import", "vintage-net", &source, "--output", target, "--force"]).ended(0);
    let wrong = place.write("wrong.exs", "VintageNetQMI.quick_configure(apn)\n");
    let refused = place.wwan(&["import", "vintage-net", wrong.to_str().unwrap(), "--output", target, "--force"]);
    assert!(refused.err().contains("wrong.exs:1:31: `apn` must be a text, not apn"), "{}", refused.err());
    refused.ended(78);
    assert_eq!(std::fs::read_to_string(target).unwrap(), yaml, "an error leaves the file alone");
    place.wwan(&["import", "vintage-net", "/nowhere.exs"]).ended(1);
    place.wwan(&["import", "vintage-net", &source, "--force"]).ended(64);
}
