//! `wwan explain` in the situations that wake people up: real ones, from the production core on a simulated modem.
//!
//! Each is a golden file in `tests/data/explain`; `UPDATE=1 cargo test --test explain` writes them anew. Read them as the
//! one who was woken: the first line must be the answer, and each must say what happens next.

mod gateway_support;

use std::path::PathBuf;
use std::time::Duration;

use gateway_support::{Gateway, name};
use wwan::explain::{Topic, explain};
use wwan::model::ConditionKind;
use wwan::model::Status;
use wwan::reconcile::{Inhibition, Input};
use wwan::sim::{Card, Pin, Profile};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    power: { method: usb-port, hub: \"1-1\", port: 3 }
    service_providers:
      - { name: supersim, apn: super, only_iccid_prefixes: [\"8988307\"], roaming_allowed: true }
      - { name: private, apn: corp.m2m, only_iccid_prefixes: [\"8973611\"] }
      - { name: fallback, apn: internet, roaming_allowed: false }
";

/// The golden file says what is said now.
#[track_caller]
fn says(gateway: &Gateway, file: &str) {
    let explanation = explain(gateway.controller(), gateway.now);
    let text = explanation.to_string();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/explain/{file}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a writable directory");
        std::fs::write(&path, &text).expect("a writable file");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{file}: run `UPDATE=1 cargo test --test explain` and read it");
    assert!(explanation.answer.starts_with("wwan0 ") && explanation.answer.ends_with('.'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(explanation.lines.iter().any(|line| line.topic == Topic::Next), "what happens next? {text}");
}

fn fresh() -> Gateway {
    Gateway::new("well-behaved-lte", CONFIG)
}

fn online() -> Gateway {
    let mut gateway = fresh();
    gateway.until_online(60);
    gateway.run_for(3600);
    gateway.forget_the_past();
    gateway
}

fn with_pin(pin: Pin, config: &str) -> Gateway {
    let mut profile = Profile::default();
    profile.slots[0] = Some(Card { pin, ..Card::of_test_network(1) });
    let mut gateway = Gateway::with("well-behaved-lte", profile, config);
    gateway.run_for(600);
    gateway
}

#[test]
fn online_and_calm() {
    says(&online(), "online");
}

#[test]
fn online_although_the_newest_edit_is_refused() {
    let mut gateway = online();
    gateway.edit(&CONFIG.replace("apn: internet", "apm: internet"));
    gateway.run_for(120);
    says(&gateway, "online-edit-refused");
}

#[test]
fn coming_up() {
    let mut gateway = fresh();
    gateway.until(ConditionKind::ControlReady, Status::True, 60);
    says(&gateway, "coming-up");
}

#[test]
fn no_modem() {
    let mut gateway = online();
    gateway.disturb("unplug");
    gateway.run_for(60);
    says(&gateway, "no-modem");
    gateway.run_for(4000);
    says(&gateway, "no-modem-for-an-hour");
}

#[test]
fn port_held_by_another_program() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.disturb("port-busy on=true");
    gateway.run_for(900);
    assert!(gateway.steps().is_empty(), "{:?}", gateway.steps());
    says(&gateway, "port-held");
}

#[test]
fn modem_silent() {
    let mut gateway = online();
    gateway.disturb("hang seconds=86400");
    gateway.until(ConditionKind::ControlReady, Status::False, 200);
    gateway.run_for(20);
    says(&gateway, "modem-silent");
}

#[test]
fn recovery_under_way() {
    let mut gateway = online();
    gateway.disturb("hang seconds=86400");
    gateway.disturb("power-stuck on=true");
    gateway.until(ConditionKind::ControlReady, Status::False, 200);
    gateway.run_for(400);
    says(&gateway, "recovery-under-way");
    gateway.run_for(7200);
    says(&gateway, "recovery-power-switch-stuck");
}

#[test]
fn no_sim() {
    let mut gateway = online();
    gateway.disturb("sim-out");
    gateway.run_for(1200);
    says(&gateway, "no-sim");
}

#[test]
fn pin_needed_and_none_in_the_file() {
    says(&with_pin(Pin::new("4321"), CONFIG), "pin-not-in-file");
}

#[test]
fn wrong_pin_tried() {
    let config = CONFIG.replace("    power:", "    sim: { pin: \"1111\" }\n    power:");
    let gateway = with_pin(Pin::new("4321"), &config);
    assert_eq!(gateway.count(wwan::qmi::uim::verify_pin::KEY), 1, "{}", gateway.log());
    says(&gateway, "pin-wrong");
}

#[test]
fn puk_needed() {
    says(&with_pin(Pin { tries: 0, ..Pin::new("4321") }, CONFIG), "puk");
}

#[test]
fn no_provider_fits() {
    let mut gateway = Gateway::new(
        "well-behaved-lte",
        &CONFIG.replace(
            "{ name: fallback, apn: internet, roaming_allowed: false }",
            "{ name: home, apn: internet, only_home_networks: [\"26202\"] }",
        ),
    );
    gateway.run_for(300);
    says(&gateway, "no-provider");
}

#[test]
fn password_file_unreadable() {
    let auth = "auth: { method: chap, username: gw, password: { file: /etc/wwan/corp } }";
    let config = CONFIG.replace("roaming_allowed: false }", &format!("{auth} }}"));
    let mut gateway = Gateway::new("well-behaved-lte", &config);
    let reference = wwan::reconcile::SecretRef::File("/etc/wwan/corp".into());
    let why = "/etc/wwan/corp cannot be read: Permission denied (os error 13)".to_owned();
    gateway.input(Input::Secret(reference, Err(why)));
    gateway.run_for(300);
    says(&gateway, "password-unreadable");
}

#[test]
fn out_of_coverage_for_hours() {
    let mut gateway = online();
    gateway.disturb("coverage on=false");
    gateway.run_for(3 * 3600 + 600);
    says(&gateway, "out-of-coverage");
}

#[test]
fn denied() {
    let mut gateway = online();
    gateway.disturb("deny cause=8");
    gateway.run_for(1800);
    says(&gateway, "denied");
}

#[test]
fn roaming_not_allowed() {
    let mut gateway = online();
    gateway.disturb("roaming on=true");
    gateway.run_for(600);
    says(&gateway, "roaming-not-allowed");
}

#[test]
fn apn_refused_for_good() {
    let mut gateway = fresh();
    gateway.disturb("refuse-apn apn=internet cause=33");
    gateway.run_for(1500);
    says(&gateway, "apn-refused-for-good");
}

#[test]
fn apn_refused_for_now() {
    let mut gateway = fresh();
    gateway.disturb("refuse-apn apn=internet cause=26");
    gateway.run_for(460);
    says(&gateway, "apn-refused-for-now");
}

#[test]
fn session_flapping() {
    let mut gateway = online();
    for _ in 0..10 {
        gateway.until_online(120);
        gateway.run_for(5);
        gateway.disturb("drop-session cause=39");
    }
    gateway.run_for(3);
    says(&gateway, "session-flapping");
}

#[test]
fn power_cycles_used_up() {
    let mut gateway = online();
    gateway.disturb("unplug");
    gateway.run_for(14 * 3600);
    says(&gateway, "power-cycles-used-up");
}

#[test]
fn paused() {
    let mut gateway = online();
    gateway.input(Input::Pause(name(), Some(gateway.now + Duration::from_secs(7200))));
    gateway.disturb("drop-session cause=36");
    gateway.run_for(1200);
    says(&gateway, "paused");
}

#[test]
fn inhibited() {
    let mut gateway = online();
    let inhibition = Inhibition { all: Some("antenna work until 15:00".to_owned()), ..Inhibition::default() };
    gateway.input(Input::Inhibited(inhibition));
    gateway.disturb("hang seconds=86400");
    gateway.run_for(1800);
    says(&gateway, "inhibited");
}

#[test]
fn boot_loop() {
    let mut gateway = online();
    gateway.disturb("boot-loop times=2000");
    gateway.run_for(400);
    gateway.disturb("unplug");
    gateway.run_for(30);
    says(&gateway, "boot-loop");
}
