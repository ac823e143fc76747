//! A configuration that goes wrong under a running modem, and one that goes back to what was shipped.
#![cfg(feature = "daemon")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod gateway_support;
mod shell_support;

use std::fs;
use std::path::Path;

use gateway_support::Gateway;
use shell_support::Place;
use wwan::api::view;
use wwan::host::files::Layers;
use wwan::model::{ConditionKind, Instant, Status};
use wwan::qmi::wds;
use wwan::reconcile::Input;

const CONFIG: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: internet, roaming_allowed: true, ip_family: ipv4 }
";

/// What a broken edit looks like, and what the reason says of it.
const BROKEN: [(&str, &str, &str); 5] = [
    ("garbage", "\u{1}\u{2}%%%{{{", "/etc/wwan.yaml:1:"),
    ("half a file", "version: 1\nmodems:\n  wwan0:\n    service_prov", "/etc/wwan.yaml:4:"),
    ("a wrong type", "version: 1\nmodems:\n  wwan0:\n    service_providers: internet\n", "must be a list"),
    (
        "an unknown key",
        "version: 1\nmodems:\n  wwan0:\n    service_providers: [{ apm: internet }]\n",
        "/etc/wwan.yaml:4:",
    ),
    ("an empty file", "", ""),
];

#[test]
fn cfg_8_a_broken_edit_leaves_the_session_alone_and_says_why_until_a_good_one_comes() {
    for (what, text, reason) in BROKEN {
        let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
        gateway.until_online(60);
        gateway.run_for(120);
        gateway.forget_the_past();
        let before = format!("{:?}", gateway.host.board().modem().truth());
        gateway.edit(text);
        gateway.run_for(3600);
        assert_eq!(format!("{:?}", gateway.host.board().modem().truth()), before, "{what}: the session lives");
        assert_eq!(gateway.count(wds::start_network::KEY) + gateway.count(wds::stop_network::KEY), 0, "{what}");
        let status = view::status(&gateway.fleet, Instant::ZERO, gateway.now);
        assert_eq!((status.config.status.as_str(), status.generation), ("False", 1), "{what}");
        assert!(
            status.config.message.contains(reason) && !status.config.message.is_empty(),
            "{what}: {:?}",
            status.config
        );
        assert_eq!(status.config.since_ms, 3_600_000, "{what}: since when");
        assert!(status.config_report.is_some() && status.modems[0].online, "{what}");
        gateway.edit(CONFIG);
        assert_eq!(gateway.status(ConditionKind::ConfigValid), Status::True, "{what}");
        assert_eq!(view::status(&gateway.fleet, Instant::ZERO, gateway.now).config_report, None, "{what}");
    }
}

#[test]
fn cfg_8_a_broken_first_configuration_is_a_reason_too() {
    let mut gateway = Gateway::new("well-behaved-lte", "modems: 1\n");
    gateway.run_for(60);
    let status = view::status(&gateway.fleet, Instant::ZERO, gateway.now);
    assert_eq!((status.config.status.as_str(), status.generation, status.modems.len()), ("False", 0, 0));
    gateway.edit(CONFIG);
    gateway.until_online(60);
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn drop_in(apn: &str) -> String {
    format!("modems:\n  wwan0:\n    service_providers:\n      - apn: {apn}\n        ip_family: ipv4\n")
}

#[test]
fn cfg_10_a_reset_shows_what_it_would_do_does_it_and_leaves_a_way_back() {
    let place = Place::new();
    let root = place.path("root");
    put(&root, "usr/lib/wwan.d/10-shipped.yaml", &CONFIG.replace("apn: internet", "apn: shipped"));
    put(&root, "etc/wwan.yaml", CONFIG);
    put(&root, "etc/wwan.d/50-local.yaml", &drop_in("local"));
    put(&root, "run/wwan.d/90-now.yaml", &drop_in("now"));
    let layers = Layers::below(&root);
    let mut gateway = Gateway::new("well-behaved-lte", "");
    gateway.input(Input::Config(layers.read()));
    gateway.until_online(60);
    let apn = |gateway: &Gateway| format!("{:?}", gateway.host.board().modem().truth().sessions);
    assert!(apn(&gateway).contains("\"now\""), "{}", apn(&gateway));

    let reset = |more: &[&str]| {
        let args = [&["config", "reset", "--root", root.to_str().unwrap()], more].concat();
        place.wwan(&args)
    };
    let shown = reset(&[]).ended(2);
    for file in ["etc/wwan.yaml", "etc/wwan.d/50-local.yaml", "run/wwan.d/90-now.yaml"] {
        assert!(shown.contains(&format!("would rename {}", root.join(file).display())), "{shown}");
    }
    assert!(!shown.contains("shipped") && layers.read().len() == 4, "nothing was changed: {shown}");

    reset(&["--yes"]).ended(0);
    let left: Vec<String> = layers.read().into_iter().map(|source| source.path).collect();
    assert_eq!(left, [root.join("usr/lib/wwan.d/10-shipped.yaml").display().to_string()]);
    assert_eq!(fs::read_to_string(root.join("etc/wwan.yaml.before-reset")).unwrap(), CONFIG);
    gateway.input(Input::Config(layers.read()));
    gateway.run_for(30);
    assert!(apn(&gateway).contains("\"shipped\""), "the shipped access point is dialled: {}", apn(&gateway));

    assert!(reset(&["--yes"]).ended(0).contains("nothing to do"));
    put(&root, "etc/wwan.yaml", CONFIG);
    reset(&["--yes"]).ended(0);
    assert!(root.join("etc/wwan.yaml.before-reset-1").exists(), "an older backup is not lost");
}

#[test]
fn cfg_10_without_shipped_defaults_the_administrators_file_is_what_stays() {
    let place = Place::new();
    let root = place.path("root");
    put(&root, "etc/wwan.yaml", CONFIG);
    put(&root, "etc/wwan.d/50-local.yaml", &drop_in("local"));
    let root = root.to_str().unwrap();
    let done = place.wwan(&["config", "reset", "--root", root, "--yes"]).ended(0);
    assert!(done.contains("50-local.yaml") && !done.contains("etc/wwan.yaml "), "{done}");
    fs::write(Path::new(root).join("etc/wwan.yaml"), "version: 1\n").unwrap();
    let refused = place.wwan(&["config", "reset", "--root", root, "--yes"]);
    assert!(refused.err().contains("nothing to go back to"), "{}", refused.err());
    refused.ended(78);
}
