//! The rows of the feature table about the configuration itself, each as a user would meet it.

use std::fs;
use std::process::Command;

use wwan::config::{self, Source};
use wwan::model::Instant;
use wwan::reconcile::{Fleet, Input, Output};

/// What is said of a text; empty if nothing.
fn said(text: &str) -> String {
    let loaded = config::load(&[Source::new("/etc/wwan.yaml", text)]);
    assert_eq!(loaded.config.is_none(), loaded.diagnostics.headline().is_some(), "an error is a refusal");
    loaded.diagnostics.render(false)
}

fn modem(keys: &str) -> String {
    format!("version: 1\nmodems:\n  wwan0:\n    service_providers: [{{ apn: internet }}]\n    {keys}\n")
}

/// What a core that is given this file does, apart from telling of it.
fn reaction(text: &str) -> Vec<Output> {
    let mut fleet = Fleet::new(1);
    fleet.handle(Input::Config(vec![Source::new("/etc/wwan.yaml", text)]), Instant::ZERO);
    std::iter::from_fn(|| fleet.poll_output())
        .filter(|output| !matches!(output, Output::Event(_) | Output::Changed(..)))
        .collect()
}

#[test]
fn cfg_1_a_provider_is_needed_and_the_message_shows_one() {
    for bad in ["version: 1\nmodems: { wwan0: {} }\n", "version: 1\nmodems: { wwan0: { service_providers: [] } }\n"] {
        let said = said(bad);
        assert!(said.contains("at least one service provider is needed"), "{said}");
        assert!(said.contains("service_providers: [{ apn: internet }]"), "an example: {said}");
        assert_eq!(reaction(bad), [], "nothing is applied");
    }
}

#[test]
fn cfg_2_every_provider_is_checked_and_named_by_place() {
    for (entry, message) in [
        ("{ name: second }", "modems.wwan0.service_providers[1]: `apn` is missing"),
        ("{ name: second, apn: null }", "modems.wwan0.service_providers[1]"),
        ("{ name: second, apn: \"\" }", "modems.wwan0.service_providers[1].apn: must be an access point name"),
    ] {
        let said =
            said(&format!("version: 1\nmodems: {{ wwan0: {{ service_providers: [{{ apn: a }}, {entry}] }} }}\n"));
        assert!(said.contains(message), "{entry}: {said}");
        assert!(said.contains("/etc/wwan.yaml:2:"), "{said}");
    }
}

#[test]
fn cfg_3_rat_2_unknown_technologies_are_refused_with_those_there_are() {
    let bogus = said(&modem("only_radio_technologies: [bogus]"));
    assert!(
        bogus.contains("`bogus` is not one of `cdma_1x`, `cdma_1x_evdo`, `gsm`, `umts`, `lte`, `td_scdma`, `nr5g`"),
        "{bogus}"
    );
    let amps = said(&modem("only_radio_technologies: [amps]"));
    assert!(amps.contains("analogue networks are gone"), "{amps}");
    assert_eq!(reaction(&modem("only_radio_technologies: [bogus]")), []);
    for good in ["cdma_1x_evdo", "nr5g"] {
        assert_eq!(said(&modem(&format!("only_radio_technologies: [{good}]"))), "");
    }
}

#[test]
fn rat_4_a_list_that_allows_nothing_is_refused() {
    for key in
        ["only_radio_technologies", "only_lte_bands", "only_nr5g_bands", "only_nr5g_sa_bands", "only_nr5g_nsa_bands"]
    {
        let said = said(&modem(&format!("{key}: []")));
        assert!(said.contains("the list is empty") && said.contains("remove the key to allow everything"), "{said}");
    }
}

#[test]
fn bands_and_network_are_checked_with_words() {
    for (keys, message) in [
        ("only_lte_bands: [257]", "must be 1 to 256"),
        ("only_nr5g_bands: [0]", "must be 1 to 512"),
        ("only_lte_bands: [\"3\"]", "must be a whole number"),
        ("network: 26201", "quote it: \"26201\""),
        ("network: \"2620\"", "must be `automatic`, or country code and network code: 5 or 6 decimal digits"),
        ("sim: { slot: 3 }", "must be 1 to 2"),
        ("sim: { slots: 1 }", "did you mean `slot`?"),
        ("only_labels: [a]", "`only_labels` is a key of"),
    ] {
        let said = said(&modem(keys));
        assert!(said.contains(message), "{keys}: {said}");
    }
    assert_eq!(said(&modem("network: automatic")), "");
}

#[test]
fn labels_make_one_file_differ_by_device() {
    let fleet = "version: 1\ndefaults:\n  service_providers:\n    - { name: lab, apn: lab, only_labels: [lab] }\n    - { name: field, apn: field }\nmodems: { wwan0: {} }\n";
    let load = |labels: Option<&str>| {
        let mut sources = vec![Source::new("/etc/wwan.yaml", fleet)];
        sources
            .extend(labels.map(|text| Source::new("/etc/wwan.d/labels.yaml", format!("version: 1\nlabels: {text}\n"))));
        let loaded = config::load(&sources);
        assert_eq!(loaded.diagnostics.render(false), "", "an entry for other devices is no mistake");
        loaded.config.expect("valid")
    };
    assert_ne!(load(None), load(Some("[lab]")), "another intent");
    assert_eq!(load(Some("[lab]")), load(Some("[ lab ]")));
}

#[test]
fn cfg_4_unknown_keys_are_refused_with_the_nearest_one() {
    let text = "version: 1\nmodems: { wwan0: { service_providers: [{ apn: a, only_iccid_prefix: [\"89\"] }] } }\n";
    assert!(said(text).contains("did you mean `only_iccid_prefixes`?"), "{}", said(text));
}

#[test]
fn cfg_11_a_file_is_judged_without_being_applied() {
    let dir = tempfile::tempdir().expect("a directory");
    for (text, code) in [(modem("network: automatic"), 0), (modem("network: manual"), 78)] {
        let path = dir.path().join("wwan.yaml");
        fs::write(&path, &text).expect("written");
        let run = Command::new(env!("CARGO_BIN_EXE_wwan")).arg("validate").arg(&path).output().expect("runs");
        assert_eq!(run.status.code(), Some(code), "{run:?}");
        // The core judges and previews a file without a word to the modem.
        let mut fleet = Fleet::new(1);
        fleet.handle(Input::Config(vec![Source::new("a.yaml", modem(""))]), Instant::ZERO);
        while fleet.poll_output().is_some() {}
        let preview = fleet.preview(&[Source::new("b.yaml", text)], Instant::ZERO);
        assert_eq!(preview.is_ok(), code == 0);
        assert_eq!(fleet.poll_output(), None);
    }
}
