//! Tables: every rule of the choice, the seed's own cases, and the words of the explanation.

use crate::config::{self, Source};
use crate::model::{ApnUsage, Authentication, Iccid, Imsi, SimIdentity};

use super::*;

fn providers(list: &str) -> Vec<ServiceProvider> {
    let text = format!("version: 1\nmodems:\n  wwan0:\n    service_providers:\n{list}");
    let loaded = config::load(&[Source::new("/etc/wwan.yaml", text)]);
    let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.diagnostics.render(false)));
    config.modems.into_values().next().unwrap().service_providers
}

fn sim(iccid: &str, imsi: Option<&str>) -> SimIdentity {
    SimIdentity { imsi: imsi.map(|i| Imsi::parse(i).unwrap()), ..SimIdentity::of(Iccid::parse(iccid).unwrap()) }
}

/// Chooses from entries written as `prefixes` in YAML, or nothing for a catch-all.
fn chosen(entries: &[&str], iccid: &str) -> Option<usize> {
    let list = entries.iter().enumerate().map(|(i, prefixes)| match *prefixes {
        "" => format!("      - apn: a{i}\n"),
        prefixes => format!("      - {{ apn: a{i}, only_iccid_prefixes: {prefixes} }}\n"),
    });
    choose(&providers(&list.collect::<String>()), &sim(iccid, None), None).chosen.ok().map(|c| c.index)
}

const CARD: &str = "8988307000000000001";

#[test]
fn sel_1_the_order_of_the_list_decides_not_the_length_of_the_prefix() {
    assert_eq!(chosen(&[r#"["89"]"#, r#"["8988307"]"#], CARD), Some(0), "SEL-1");
    assert_eq!(chosen(&[r#"["8988307"]"#, r#"["89"]"#], CARD), Some(0));
    assert_eq!(chosen(&[r#"["70"]"#, r#"["71", "8988307"]"#, r#"["89"]"#], CARD), Some(1));
}

#[test]
fn sel_2_sel_3_a_prefix_beats_every_catch_all_and_the_first_catch_all_wins() {
    assert_eq!(chosen(&["", r#"["8988307"]"#], CARD), Some(1), "SEL-2");
    assert_eq!(chosen(&["", r#"["70"]"#], CARD), Some(0));
    assert_eq!(chosen(&["", ""], CARD), Some(0), "SEL-3");
    assert_eq!(chosen(&[r#"["70"]"#, "", ""], CARD), Some(1));
}

#[test]
fn sel_4_prefixes_at_the_edge() {
    assert_eq!(chosen(&["[]"], CARD), None, "SEL-4: an empty list fits nothing and is no catch-all");
    assert_eq!(chosen(&["[]", ""], CARD), Some(1));
    assert_eq!(chosen(&["", r#"[""]"#], CARD), Some(1), "the empty prefix fits every card and is a condition");
    assert_eq!(chosen(&[r#"["89883070000000000012"]"#], CARD), None, "longer than the card's number");
    assert_eq!(chosen(&[r#"["8988307000000000001"]"#], CARD), Some(0), "the whole number");
    assert_eq!(chosen(&["null"], CARD), Some(0), "null is as if nobody had set it: a catch-all");
}

#[test]
fn sel_9_the_filler_of_a_prefix_is_ignored() {
    assert_eq!(chosen(&[r#"["8988307000000000001F"]"#], CARD), Some(0), "SEL-9");
    assert_eq!(chosen(&[r#"["8988307f"]"#], CARD), Some(0));
}

/// The seed's test file, case by case. Its cards end in the filler F, which an `Iccid` no longer has; its sixth case, no
/// card at all, cannot be asked: without an identity there is nothing to choose for.
#[test]
fn sel_2_the_seeds_cases() {
    let two = [r#"["891004234814455936"]"#, r#"["89882"]"#];
    assert_eq!(chosen(&two, "891004234814455936"), Some(0));
    assert_eq!(chosen(&two, "8988230000000000000"), Some(1));
    assert_eq!(chosen(&two, "8917171711111111110"), None);
    let catch_all_first = ["", r#"["8910042"]"#];
    assert_eq!(chosen(&catch_all_first, "891004234814455936"), Some(1));
    assert_eq!(chosen(&catch_all_first, "8917171711111111110"), Some(0));
}

#[test]
fn every_condition_of_an_entry_must_hold() {
    let list = providers(
        "      - { apn: a, only_iccid_prefixes: [\"89\"], only_imsi_prefixes: [\"26207\"] }
      - { apn: b, only_home_networks: [\"26202\", \"310260\"] }
",
    );
    let index = |imsi| choose(&list, &sim(CARD, imsi), None).chosen.map(|c| c.index);
    assert_eq!(index(Some("262071234567890")), Ok(0));
    assert_eq!(index(Some("262021234567890")), Ok(1));
    assert_eq!(index(Some("310260123456789")), Ok(1));
    assert_eq!(index(Some("310261123456789")), Err(NotChosen::NoMatch(NoMatch { tried: 2 })));
    assert_eq!(
        index(None),
        Err(NotChosen::NoMatch(NoMatch { tried: 2 })),
        "a card that does not tell its IMSI fits no condition about it"
    );
}

/// Whatever the list: the chosen entry fits, none before it of its kind does, and there is one verdict for each.
#[test]
fn the_laws_of_the_choice() {
    let kinds = ["", r#"["89"]"#, r#"["70"]"#, "[]", r#"[""]"#];
    for a in kinds {
        for b in kinds {
            for c in kinds {
                let fits = |k: &str| k.is_empty() || k.contains("89") || k.contains("\"\"");
                let entries = [a, b, c];
                let with_conditions = entries.iter().position(|k| !k.is_empty() && fits(k));
                let expected = with_conditions.or_else(|| entries.iter().position(|k| fits(k)));
                assert_eq!(chosen(&entries, CARD), expected, "{entries:?}");
            }
        }
    }
}

#[test]
fn sel_11_the_explanation_names_each_entry_its_reason_and_its_line() {
    let list = providers(
        r#"      - { name: supersim, apn: super, only_iccid_prefixes: ["8988307", "8988323"] }
      - { name: private, apn: corp.m2m, only_iccid_prefixes: ["8973611", "8973612"] }
      - { name: broad, apn: broad, only_iccid_prefixes: ["89"], only_imsi_prefixes: ["26"] }
      - { name: home, apn: home, only_home_networks: ["26202"] }
      - { name: never, apn: never, only_iccid_prefixes: [] }
      - { apn: network-default }
      - { apn: internet }
"#,
    );
    let card = sim(CARD, Some("262071234567890"));
    let choice = choose(&list, &card, None);
    assert_eq!(
        choice.explain(&list, &card),
        "\
SIM ICCID 8988307…, IMSI 2620712…
  [0] supersim            chosen: ICCID prefix 8988307  (/etc/wwan.yaml:5)
  [1] private             does not fit: ICCID starts with none of 8973611, 8973612  (/etc/wwan.yaml:6)
  [2] broad               fits (ICCID prefix 89, IMSI prefix 26), but [0] comes first  (/etc/wwan.yaml:7)
  [3] home                does not fit: IMSI belongs to none of 26202  (/etc/wwan.yaml:8)
  [4] never               does not fit: only_iccid_prefixes is empty, and an empty list fits no card  (/etc/wwan.yaml:9)
  [5] apn of the network  fits (catch-all), but [0] comes first  (/etc/wwan.yaml:10)
  [6] apn internet        fits (catch-all), but [0] comes first  (/etc/wwan.yaml:11)
"
    );
    let foreign = sim("7000000000000000001", None);
    assert_eq!(
        choose(&list[1..4], &foreign, None).explain(&list[1..4], &foreign),
        "\
SIM ICCID 7000000…, IMSI unknown
  [0] private  does not fit: ICCID starts with none of 8973611, 8973612  (/etc/wwan.yaml:6)
  [1] broad    does not fit: ICCID starts with none of 89  (/etc/wwan.yaml:7)
  [2] home     does not fit: only_home_networks, and the card does not tell its IMSI  (/etc/wwan.yaml:8)
  none of 3 service providers fits this SIM
"
    );
}

#[test]
fn conditions_on_the_card_and_the_device_hold_or_say_why_not() {
    let mut card =
        SimIdentity { imsi: Imsi::parse("310260123456789").ok(), ..SimIdentity::of(Iccid::parse(CARD).unwrap()) };
    let verdict = |entry: &str, sim: &SimIdentity, labels: &str| {
        let text = format!(
            "version: 1\nlabels: {labels}\nmodems: {{ wwan0: {{ service_providers: [{{ apn: a, {entry} }}] }} }}\n"
        );
        let config = config::load(&[Source::new("/etc/wwan.yaml", text)]).config.unwrap();
        choose(&config.modems.values().next().unwrap().service_providers, sim, None).verdicts[0].to_string()
    };
    let gid1 = r#"only_gid1_prefixes: ["4e8a"]"#;
    assert_eq!(verdict(gid1, &card, "[]"), "does not fit: only_gid1_prefixes, and the card has no group identifier");
    card.gid1 = Some("4E8A01".into());
    assert_eq!(verdict(gid1, &card, "[]"), "chosen: GID1 prefix 4E8A");
    assert_eq!(verdict(r#"only_gid1_prefixes: ["4f"]"#, &card, "[]"), "does not fit: GID1 starts with none of 4F");
    let name = "only_service_provider_names: [Hologram]";
    assert_eq!(
        verdict(name, &card, "[]"),
        "does not fit: only_service_provider_names, and the card has no provider name"
    );
    card.service_provider_name = Some("HOLOGRAM".into());
    assert_eq!(verdict(name, &card, "[]"), "chosen: provider name \"Hologram\"");
    let label = "only_labels: [lab, factory-7]";
    assert_eq!(verdict(label, &card, "[factory-7]"), "chosen: label factory-7");
    assert_eq!(verdict(label, &card, "[]"), "does not fit: this device has no labels, so none of lab, factory-7");
    assert!(verdict("only_labels: []", &card, "[lab]").ends_with("an empty list fits no device"));
}

#[test]
fn the_length_of_the_network_code_tells_310260_from_31026() {
    let of = |mnc_digits| SimIdentity {
        imsi: Imsi::parse("310260123456789").ok(),
        mnc_digits,
        ..SimIdentity::of(Iccid::parse(CARD).unwrap())
    };
    let entries = "      - { apn: five, only_home_networks: [\"31026\"] }\n      - { apn: six, only_home_networks: [\"310260\"] }\n";
    let chosen = |digits| choose(&providers(entries), &of(digits), None).chosen.map(|c| c.index);
    assert_eq!((chosen(Some(2)), chosen(Some(3))), (Ok(0), Ok(1)));
    assert_eq!(chosen(None), Ok(0), "a card that does not say: the file's digits decide, in its order");
}

fn candidate(network: &str, provider: &str, apn: &str) -> ApnCandidate {
    ApnCandidate {
        network: network.to_owned(),
        provider: provider.to_owned(),
        primary: false,
        gid1: Vec::new(),
        apn: Apn(apn.to_owned()),
        usage: ApnUsage::Internet,
        prepaid: false,
        authentication: Authentication::None,
        username: None,
        password: None,
    }
}

const LOOKUP: &str = "lookup: mobile-broadband-provider-info";

#[test]
fn an_access_point_is_looked_up_before_an_entry_behind_it_is_tried() {
    let list = providers(&format!(
        "      - {{ apn: particular, only_iccid_prefixes: [\"70\"] }}
      - {{ {LOOKUP}, only_home_networks: [\"26202\"] }}
      - {{ apn: fallback }}
"
    ));
    let card = sim(CARD, Some("262021234567890"));
    let chosen = |card: &SimIdentity, found: Option<&ApnAnswer>| choose(&list, card, found).chosen;
    assert_eq!(chosen(&card, None), Err(NotChosen::LookingUp { index: 1 }), "waits for the answer");
    let found = Ok(vec![candidate("26202", "Vodafone", "web.example")]);
    let by_database = chosen(&card, Some(&found)).unwrap();
    assert_eq!(
        (by_database.index, &by_database.apn),
        (1, &ChosenApn::Found(candidate("26202", "Vodafone", "web.example")))
    );
    for nothing in [Err("not installed".to_owned()), Ok(Vec::new())] {
        assert_eq!(chosen(&card, Some(&nothing)).unwrap().index, 2, "the next entry is tried: {nothing:?}");
    }
    let other = |iccid, imsi| chosen(&sim(iccid, imsi), None).map(|c| c.index);
    assert_eq!(other("7088307000000000001", Some("262021234567890")), Ok(0), "an entry before it waits for nothing");
    assert_eq!(other(CARD, Some("262031234567890")), Ok(2), "its own conditions come first");
    assert_eq!(other(CARD, None), Ok(2), "no IMSI, no home network, nothing to wait for");
}

#[test]
fn a_catch_all_that_looks_up_is_one_among_catch_alls() {
    let list = providers(&format!("      - {LOOKUP}\n      - apn: internet\n"));
    let card = sim(CARD, Some("262021234567890"));
    let found = Ok(vec![candidate("26202", "Vodafone", "web.example")]);
    assert_eq!(choose(&list, &card, Some(&found)).chosen.unwrap().index, 0);
    assert_eq!(choose(&list, &card, Some(&Ok(Vec::new()))).chosen.unwrap().index, 1);
}

/// What the database says first is rarely what is right: brands that resell a network are listed under its code.
#[test]
fn the_network_s_own_access_point_wins_then_contracts_then_the_order_of_the_database() {
    let one = |name: &str, apn: &str| candidate("26202", name, apn);
    let prepaid = |c: ApnCandidate| ApnCandidate { prepaid: true, ..c };
    let usage = |c: ApnCandidate, usage| ApnCandidate { usage, ..c };
    let primary = |c: ApnCandidate| ApnCandidate { primary: true, ..c };
    let group = |c: ApnCandidate, gid1: &str| ApnCandidate { gid1: vec![gid1.to_owned()], ..c };
    let (mixed, other) = (ApnUsage::Mixed, ApnUsage::Other);
    for (found, gid1, expected, why) in [
        (vec![one("A", "a"), one("B", "b")], None, Some("a"), "the first"),
        (vec![one("A", "a"), one("VODAFONE DE", "b")], None, Some("b"), "the network's own name"),
        (vec![one("Vodafone", "a"), primary(one("B", "b"))], None, Some("b"), "marked as the owner"),
        (vec![prepaid(one("A", "a")), one("B", "b")], None, Some("b"), "contracts before prepaid"),
        (vec![prepaid(one("Vodafone", "a")), one("B", "b")], None, Some("a"), "but the network's own before both"),
        (vec![usage(one("A", "a"), mixed), one("A", "b")], None, Some("b"), "internet alone before several uses"),
        (vec![usage(one("A", "a"), other), usage(one("A", "b"), mixed)], None, Some("b"), "never picture messages"),
        (vec![usage(one("A", "a"), other)], None, None, "rather none"),
        (vec![group(one("A", "a"), "0303"), one("B", "b")], None, Some("b"), "a group of unknown cards is not ours"),
        (vec![one("B", "b"), group(one("A", "a"), "0303")], Some("0303FF"), Some("a"), "ours is"),
        (vec![one("B", "b"), group(one("A", "a"), "ab")], Some("AB01"), Some("a"), "in either case"),
        (vec![one("B", "b"), group(one("A", "a"), "0303")], Some("03"), Some("b"), "shorter than the listed one"),
        (vec![group(one("A", "a"), "0404")], Some("0303"), None, "another group's alone"),
        (vec![candidate("262021", "C", "c"), primary(one("A", "a"))], None, Some("c"), "the longest network code"),
    ] {
        let imsi = Imsi::parse("262021234567890").unwrap();
        let picked = database::pick(&found, &imsi, gid1);
        assert_eq!(picked.as_ref().map(|c| c.apn.0.as_str()).ok(), expected, "{why}");
    }
}

#[test]
fn the_explanation_says_what_the_database_said() {
    let list = providers(&format!(
        "      - {{ name: auto, {LOOKUP}, only_home_networks: [\"26202\"] }}\n      - {LOOKUP}\n      - apn: internet\n"
    ));
    let card = sim(CARD, Some("262021234567890"));
    let explain = |card: &SimIdentity, found: Option<ApnAnswer>| {
        let choice = choose(&list, card, found.as_ref());
        let text = choice.explain(&list, card);
        text.lines().skip(1).map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let waits = explain(&card, None);
    assert_eq!(
        waits,
        [
            "[0] auto                                   looking up its access point in mobile-broadband-provider-info  (/etc/wwan.yaml:5)",
            "[1] lookup mobile-broadband-provider-info  looking up its access point in mobile-broadband-provider-info  (/etc/wwan.yaml:6)",
            "[2] apn internet                           fits (catch-all), but [0] comes first  (/etc/wwan.yaml:7)",
            "nothing is chosen before it is known whether [0] fits",
        ]
    );
    let found = explain(&card, Some(Ok(vec![candidate("26202", "Vodafone", "web.example")])));
    assert!(
        found[0].contains(
            "chosen: home network 26202, apn web.example (Vodafone) from mobile-broadband-provider-info for network 26202"
        ),
        "{found:?}"
    );
    let mms = ApnCandidate { usage: ApnUsage::Other, ..candidate("26202", "Vodafone", "mms") };
    for (answer, card, expected) in [
        (Some(Err("/x is not there".to_owned())), card.clone(), "does not fit: /x is not there"),
        (
            Some(Ok(Vec::new())),
            card.clone(),
            "does not fit: mobile-broadband-provider-info does not know network 26202",
        ),
        (
            Some(Ok(vec![mms])),
            card,
            "does not fit: none of the 1 access points that mobile-broadband-provider-info has for network 26202 is for the internet and for this card",
        ),
        (None, sim(CARD, None), "does not fit: lookup, and the card does not tell its IMSI"),
    ] {
        let lines = explain(&card, answer);
        assert!(lines[1].contains(expected), "{expected}: {lines:?}");
        assert!(lines[2].contains("chosen: catch-all"), "{lines:?}");
    }
}
