//! `wwan import vintage-net`: files of `tests/data/import` become what is recorded beside them, and what becomes of them
//! loads. `UPDATE=1 cargo test --test import` records anew.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wwan::config::{self, Imported, Source};
use wwan::model::SimIdentity;
use wwan::provider;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import")
}

fn sources() -> Vec<(PathBuf, Source)> {
    let files = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "exs")).collect();
    files.sort();
    let source = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        (path, Source::new(name, bytes))
    };
    files.into_iter().map(source).collect()
}

fn import(text: &str) -> Imported {
    config::import_vintage_net(&Source::new("config.exs", text))
}

#[test]
fn files_become_what_is_recorded_and_what_they_become_loads() {
    let mut stale = Vec::new();
    let mut taken_over = 0;
    for (path, source) in sources() {
        let Imported { yaml, diagnostics } = config::import_vintage_net(&source);
        assert_eq!(yaml.is_none(), diagnostics.has_errors(), "{path:?}");
        if let Some(yaml) = &yaml {
            taken_over += 1;
            let loaded = config::load(&[Source::new("wwan.yaml", yaml.as_str())]);
            assert!(loaded.config.is_some(), "{path:?}: {}\n{yaml}", loaded.diagnostics.render(false));
        }
        for (extension, text) in [("yaml", yaml.unwrap_or_default()), ("txt", diagnostics.render(false))] {
            assert!(!text.contains("do not print me") && !text.contains("0123456789abcdef"), "{path:?}: a secret");
            let recorded = path.with_extension(extension);
            let before = std::fs::read_to_string(&recorded).unwrap_or_default();
            if before != text && std::env::var_os("UPDATE").is_some() {
                std::fs::write(&recorded, &text).unwrap();
            } else if before != text {
                stale.push(format!("{}:\n{text}", recorded.display()));
            }
        }
    }
    assert!(stale.is_empty(), "UPDATE=1 records anew:\n{}", stale.join("\n"));
    assert!(taken_over >= 5, "{taken_over} files were taken over");
}

/// The law of the migration: whichever provider VintageNetQMI takes for a card, the file made from its configuration takes
/// the same. The rule of VintageNetQMI is written down here by itself (seed.md 1.5).
#[test]
fn the_same_provider_is_chosen_for_every_card() {
    let kinds: [Option<&[&str]>; 5] = [None, Some(&["8988307"]), Some(&["89"]), Some(&["70"]), Some(&[])];
    let cards = ["8988307000000000001", "8910000000000000001", "7000000000000000001"];
    let mut compared = 0;
    for combination in 0..kinds.len().pow(3) {
        let entries = [combination % 5, combination / 5 % 5, combination / 25].map(|kind| kinds[kind]);
        let written = entries.iter().enumerate().map(|(i, prefixes)| match prefixes {
            Some(prefixes) => format!("%{{apn: \"a{i}\", only_iccid_prefixes: {prefixes:?}}}"),
            None => format!("%{{apn: \"a{i}\"}}"),
        });
        let list = written.collect::<Vec<_>>().join(", ");
        let imported = import(&format!("%{{type: VintageNetQMI, vintage_net_qmi: %{{service_providers: [{list}]}}}}"));
        let loaded = config::load(&[Source::new("wwan.yaml", imported.yaml.unwrap())]);
        let providers = &loaded.config.unwrap().modems[&"wwan0".into()].service_providers;
        for card in cards {
            let matches =
                |p: &Option<&[&str]>| p.is_some_and(|list| list.iter().any(|prefix| card.starts_with(prefix)));
            let theirs = entries.iter().position(matches).or_else(|| entries.iter().rposition(Option::is_none));
            let identity: SimIdentity =
                serde_json::from_value(serde_json::json!({ "iccid": card, "imsi": null })).unwrap();
            let ours = provider::choose(providers, &identity, None).chosen.ok();
            let ours = ours.map(|chosen| providers[chosen.index].named_apn().unwrap().0.clone());
            assert_eq!(ours, theirs.map(|i| format!("a{i}")), "{list} with {card}");
            compared += 1;
        }
    }
    assert_eq!(compared, 375);
}

#[test]
fn every_technology_has_its_counterpart_or_a_word() {
    let of = |list: &str| {
        let qmi = format!("service_providers: [%{{apn: \"a\"}}], only_radio_technologies: {list}");
        let imported = import(&format!("{{\"wwan0\", %{{type: VintageNetQMI, vintage_net_qmi: %{{{qmi}}}}}}}"));
        let yaml = imported.yaml.unwrap();
        let line = yaml.lines().find(|l| l.trim().starts_with("only_radio")).map(|l| l.trim().to_owned());
        (line, imported.diagnostics.warnings().count())
    };
    let line = |names: &str| Some(format!("only_radio_technologies: [{names}]"));
    assert_eq!(of("[:lte, :umts, :gsm]"), (line("lte, umts, gsm"), 0));
    assert_eq!(of("[:cdma_1x, :td_scdma]"), (line("cdma_1x, td_scdma"), 0));
    assert_eq!(of("[:cdma_1x_hrdp, :cdma_1x_evdo, :nr5g]"), (line("cdma_1x_evdo, nr5g"), 3));
    assert_eq!(of("[:amps]"), (None, 2));
    assert_eq!(of("[:lte, :amps, :bogus]"), (line("lte"), 2));
    assert_eq!(of("nil"), (None, 1));
}

/// CFG-5 of the seed, from the other side: what `quick_configure` made is what `wwan quick-configure` makes.
#[test]
fn cfg_5_quick_configure_becomes_the_minimal_file() {
    let yaml = import("VintageNetQMI.quick_configure(\"internet\")").yaml.unwrap();
    let body: Vec<&str> = yaml.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(body, ["version: 1", "modems:", "  wwan0:", "    service_providers:", "      - apn: internet"]);
    for wrong in [":internet", "nil", "5", "%{apn: \"a\"}", "apn"] {
        let imported = import(&format!("VintageNetQMI.quick_configure({wrong})"));
        assert!(imported.diagnostics.has_errors(), "{wrong} is no text");
    }
}

#[test]
fn a_file_that_is_no_text_or_too_large_is_refused() {
    for bytes in [vec![0xff, 0xfe, 0x41], vec![b'a', 0, b'b'], vec![b' '; 300_000]] {
        let imported = config::import_vintage_net(&Source::new("config.exs", bytes));
        assert!(imported.diagnostics.has_errors() && imported.yaml.is_none());
    }
}

/// What the README calls a property or a key of ours is one. A cell that says *later* is about another version.
#[test]
fn the_readme_names_what_there_is() {
    let readme = include_str!("../README.md");
    let section = readme.split("## Coming from VintageNetQMI").nth(1).unwrap().split("\n## ").next().unwrap();
    let schema = config::schema_2020_12();
    let mut known = 0;
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let ours = row.split(" | ").nth(1).unwrap_or_default();
        for word in ours.split('`').skip(1).step_by(2).filter(|word| word.starts_with("mobile.")) {
            assert!(wwan::property::CATALOGUE.iter().any(|p| p.name == word), "{word} in {row}");
            known += 1;
        }
    }
    let new = section.split("New without counterpart there:").nth(1).unwrap().split("layers").next().unwrap();
    for key in new.split('`').skip(1).step_by(2) {
        assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
        known += 1;
    }
    assert!(known > 20, "{known} names");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the text: an answer in good time, no panic, and a file that parses as far as our grammar goes.
    #[test]
    fn any_text_is_answered(which in 0..10usize, at in any::<prop::sample::Index>(), cut in 0..60usize, noise in "[\\PC\n]{0,40}") {
        let all = sources();
        let text = String::from_utf8(all[which % all.len()].1.bytes.clone()).unwrap();
        let mut signs: Vec<char> = text.chars().collect();
        let from = at.index(signs.len());
        signs.splice(from..(from + cut).min(text.chars().count()), noise.chars());
        for text in [signs.into_iter().collect::<String>(), noise] {
            if let Some(yaml) = import(&text).yaml {
                let loaded = config::load(&[Source::new("wwan.yaml", yaml.as_str())]);
                prop_assert!(loaded.config.is_some(), "{}\n{yaml}", loaded.diagnostics.render(false));
            }
        }
    }
}
