//! Recovery end to end, in virtual time: the production core, a simulated modem, its host and its power switch.

mod gateway_support;

use std::time::Duration;

use gateway_support::{Gateway, name};
use wwan::model::defect::{Defect, plant};
use wwan::model::{ConditionKind, Status};
use wwan::qmi::{dms, nas, uim, wds};
use wwan::reconcile::{EventKind, Inhibition, Input, PowerCommand};
use wwan::sim::{Card, Pin, Profile};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    power: { method: usb-port, hub: \"1-1\", port: 3 }
    service_providers:
      - { apn: internet, roaming_allowed: true, ip_family: ipv4 }
";

fn with(keys: &str) -> String {
    CONFIG.replace("  wwan0:\n", &format!("  wwan0:\n    {keys}\n"))
}

fn online(config: &str) -> Gateway {
    online_as("well-behaved-lte", config)
}

fn online_as(personality: &str, config: &str) -> Gateway {
    let mut gateway = Gateway::new(personality, config);
    gateway.until_online(120);
    gateway.run_for(120);
    gateway.forget_the_past();
    gateway
}

fn commands(gateway: &Gateway) -> Vec<PowerCommand> {
    gateway.power.iter().map(|(_, command)| *command).collect()
}

#[test]
fn f1_a_channel_that_hangs_is_recovered_within_half_a_minute_of_its_answer() {
    let mut gateway = online(CONFIG);
    gateway.disturb("hang seconds=150");
    let noticed = gateway.until(ConditionKind::ControlReady, Status::False, 100);
    assert!(gateway.host.link().ip.ipv4.is_some(), "the addresses stay while data may flow");
    gateway.run_for(150 - noticed);
    gateway.until_online(25);
    assert!(gateway.power.is_empty(), "no power step for that: {:?}", gateway.power);
}

#[test]
fn a_dead_channel_climbs_to_the_power_switch_and_says_so_step_by_step() {
    let mut gateway = online(CONFIG);
    gateway.disturb("hang seconds=86400");
    gateway.until(ConditionKind::ControlReady, Status::False, 200);
    gateway.until_online(1200);
    let steps: Vec<&str> = gateway.steps().iter().map(|(_, name)| *name).collect();
    assert_eq!(steps, ["close-port", "reauthorise", "cycle-power"]);
    let outcomes = gateway.outcomes();
    assert!(outcomes.iter().all(|(_, how)| how == "took effect") && outcomes.len() == 3, "{outcomes:?}");
    use PowerCommand::{Off, On, PrepareOff, Reauthorise};
    assert_eq!(commands(&gateway), [Reauthorise, PrepareOff, Off, On], "PWR-11");
    gateway.run_for(70);
    let over = gateway.events.iter().any(|(_, what)| {
        matches!(what, EventKind::Recovered { diagnosis: ConditionKind::ControlReady, attempts: 3, .. })
    });
    assert!(over, "{}", gateway.log());
    assert_eq!(gateway.reason(ConditionKind::Recovering), "Idle");
}

#[test]
fn pwr_9_a_day_without_an_answer_stays_within_its_caps() {
    let mut gateway = online(CONFIG);
    gateway.disturb("power-stuck on=true");
    for _ in 0..24 * 60 {
        gateway.disturb("hang seconds=3600");
        gateway.run_for(60);
    }
    let power =
        gateway.power.iter().filter(|(_, c)| matches!(c, PowerCommand::Off | PowerCommand::Reauthorise)).count();
    assert!((2..=6).contains(&power), "{:?}", gateway.power);
    assert!(gateway.steps().len() <= 40, "{:?}", gateway.steps());
}

#[test]
fn pwr_9_no_power_step_where_only_a_person_can_help() {
    let locked = |pin: Pin| {
        let mut profile = Profile::default();
        profile.slots[0] = Some(Card { pin, ..Card::of_test_network(1) });
        Gateway::with("well-behaved-lte", profile, CONFIG)
    };
    let no_match = CONFIG.replace("apn: internet,", "apn: internet, only_home_networks: [\"26202\"],");
    let mut no_card = Gateway::new("well-behaved-lte", CONFIG);
    no_card.run_for(30);
    no_card.disturb("sim-out");
    let gateways = [
        locked(Pin::new("4321")),
        locked(Pin { tries: 0, ..Pin::new("4321") }),
        Gateway::new("well-behaved-lte", &no_match),
        no_card,
    ];
    for mut gateway in gateways {
        gateway.run_for(24 * 3600);
        let restarts =
            gateway.steps().iter().filter(|(_, step)| step.contains("power") || step.contains("reset")).count();
        let off =
            commands(&gateway).iter().filter(|c| matches!(c, PowerCommand::Off | PowerCommand::Reauthorise)).count();
        assert_eq!((restarts, off), (0, 0), "{}", gateway.log());
    }
}

#[test]
fn pwr_3_the_watchdog_barks_only_while_not_online() {
    let keys = "recovery: { watchdog: 60s, max_power_cycles_per_day: 24 }";
    let config = with(keys).replace("port: 3 }", "port: 3, hold: 5s, shutdown_time: 1s, off_time: 1s }");
    let mut gateway = online(&config);
    gateway.run_for(600);
    assert!(gateway.power.is_empty(), "ten minutes online: {:?}", gateway.power);
    // Connected to the network, but without a session: that is what the watchdog is for.
    gateway.disturb("refuse-apn apn=internet cause=26");
    let from = gateway.now;
    while !commands(&gateway).contains(&PowerCommand::On) {
        gateway.run_for(1);
        assert!(gateway.now.since(from).as_secs() < 200, "{}", gateway.log());
    }
    let (at, first) = gateway.power[0];
    assert_eq!(first, PowerCommand::PrepareOff);
    assert!((58..=125).contains(&at.since(from).as_secs()), "a dial may be under way: {at}");
    let gaps: Vec<u64> = gateway.power.windows(2).map(|w| w[1].0.since(w[0].0).as_millis() as u64).collect();
    assert!(gaps.iter().all(|gap| (1_000..1_400).contains(gap)), "PWR-11 {gaps:?}");
    gateway.run_for(3600);
    let cycles = commands(&gateway).iter().filter(|c| **c == PowerCommand::Off).count();
    assert!((2..=4).contains(&cycles), "not more than three an hour: {cycles}");
}

#[test]
fn pwr_3_the_watchdog_leaves_a_locked_card_alone() {
    let mut profile = Profile::default();
    profile.slots[0] = Some(Card { pin: Pin::new("4321"), ..Card::of_test_network(1) });
    let mut gateway = Gateway::with("well-behaved-lte", profile, &with("recovery: { watchdog: 60s }"));
    gateway.run_for(7200);
    assert!(gateway.steps().is_empty(), "{:?}", gateway.steps());
}

#[test]
fn pwr_4_an_edit_does_not_touch_the_power() {
    let mut gateway = online(CONFIG);
    gateway.edit(&CONFIG.replace("apn: internet", "apn: other"));
    gateway.run_for(30);
    gateway.edit(&CONFIG.replace("wwan0", "wwan1"));
    gateway.edit(CONFIG);
    gateway.until_online(60);
    assert!(commands(&gateway).iter().all(|command| *command == PowerCommand::Attach), "{:?}", gateway.power);
}

#[test]
fn pwr_4_another_switch_in_the_middle_of_a_cycle_leaves_no_modem_without_power() {
    use PowerCommand::{Attach, Off, On, PrepareOff};
    for other in ["method: gpio, chip: gpiochip0, line: 3", "method: none"] {
        let edited = CONFIG.replace("method: usb-port, hub: \"1-1\", port: 3", other);
        let mut gateway = online(CONFIG);
        gateway.input(Input::Reset { modem: name(), force: true });
        while !commands(&gateway).contains(&Off) {
            gateway.run_for(1);
        }
        gateway.edit(&edited);
        let expected: &[_] = if other == "method: none" { &[] } else { &[Attach] };
        assert_eq!(commands(&gateway), [&[PrepareOff, Off, On], expected].concat());
        gateway.until_online(120);
    }
}

#[test]
fn pwr_6_a_missing_switch_is_looked_for_every_minute() {
    let gateway = online(&CONFIG.replace("method: usb-port, hub: \"1-1\", port: 3", "method: none"));
    let mut gateway = Gateway { host: gateway.host.without_power_switch(), ..gateway };
    gateway.edit(CONFIG);
    gateway.run_for(150);
    let attached = commands(&gateway).iter().filter(|command| **command == PowerCommand::Attach).count();
    assert!((3..=5).contains(&attached), "{:?}", gateway.power);
}

#[test]
fn pwr_5_a_reset_by_hand() {
    // By its own command.
    let mut gateway = online(CONFIG);
    assert_eq!(gateway.controller().reset_refusal(false, gateway.now), None);
    gateway.input(Input::Reset { modem: name(), force: false });
    assert_eq!(gateway.controller().reset_refusal(true, gateway.now).as_deref(), Some("under way: reset modem"));
    gateway.until(ConditionKind::ModemPresent, Status::False, 30);
    gateway.until_online(60);
    assert!(commands(&gateway).is_empty() && gateway.count(dms::set_operating_mode::KEY) >= 2);
    // By force: the power switch, whatever was done a moment ago.
    gateway.input(Input::Reset { modem: name(), force: true });
    gateway.until(ConditionKind::ModemPresent, Status::False, 30);
    gateway.until_online(90);
    use PowerCommand::{Off, On, PrepareOff};
    assert_eq!(commands(&gateway), [PrepareOff, Off, On]);
    // A pause is respected, unless by force.
    gateway.input(Input::Pause(name(), Some(gateway.now + Duration::from_secs(600))));
    let refusal = gateway.controller().reset_refusal(false, gateway.now).unwrap_or_default();
    assert!(refusal.contains("paused for 10m") && refusal.contains("--force"), "{refusal}");
    assert_eq!(gateway.controller().reset_refusal(true, gateway.now), None);
}

#[test]
fn pwr_5_a_reset_without_means_is_refused() {
    let mut gateway = online(&CONFIG.replace("    power: { method: usb-port, hub: \"1-1\", port: 3 }\n", ""));
    gateway.disturb("hang seconds=86400");
    gateway.until(ConditionKind::ControlReady, Status::False, 200);
    let refusal = gateway.controller().reset_refusal(true, gateway.now);
    assert_eq!(refusal.as_deref(), Some("it does not answer, and there is no power switch"));
}

#[test]
fn pwr_6_a_switch_that_is_missing_is_said_and_the_rest_runs() {
    let mut gateway = online(&CONFIG.replace("    power: { method: usb-port, hub: \"1-1\", port: 3 }\n", ""));
    assert!(gateway.controller().power_info(gateway.now).contains("not switched: no power switch is configured"));
    gateway.disturb("hang seconds=600");
    gateway.run_for(900);
    let steps: Vec<&str> = gateway.steps().iter().map(|(_, name)| *name).collect();
    assert!(steps.contains(&"reauthorise") && !steps.contains(&"cycle-power"), "{steps:?}");
    gateway.until_online(120);
}

#[test]
fn pwr_10_after_a_cycle_everything_is_set_up_again_even_if_the_node_stayed() {
    let mut gateway = online(&with("only_radio_technologies: [lte]"));
    let keys = [
        wwan::qmi::ctl::allocate_cid::KEY,
        nas::get_system_selection_preference::KEY,
        uim::read_transparent::KEY,
        wds::start_network::KEY,
    ];
    gateway.disturb("power-stuck on=true");
    gateway.input(Input::Reset { modem: name(), force: true });
    gateway.run_for(8);
    // The firmware restarted; the host never saw the device leave.
    gateway.disturb("silent-reset");
    gateway.run_for(10);
    gateway.until_online(60);
    for key in keys {
        assert!(gateway.count(key) > 0, "{key:?}\n{}", gateway.log());
    }
    let connected = format!("{:?}", gateway.host.board().modem().truth());
    assert!(connected.contains("internet"), "{connected}");
    gateway.run_for(90);
    assert_eq!(gateway.outcomes(), [("cycle-power", "took effect".to_owned())], "it restarted, that is what counts");
}

#[test]
fn f46_a_stuck_switch_is_found_out_in_one_cycle_and_not_used_again() {
    let mut gateway = online(CONFIG);
    gateway.disturb("power-stuck on=true");
    gateway.disturb("hang seconds=86400");
    gateway.run_for(3 * 3600);
    let cycles = gateway.steps().iter().filter(|(_, step)| *step == "cycle-power").count();
    assert_eq!(cycles, 1, "{:?}", gateway.steps());
    let told = gateway.outcomes().iter().any(|(step, how)| *step == "cycle-power" && how.contains("stayed on the bus"));
    assert!(told, "{:?}", gateway.outcomes());
    assert!(gateway.host.memory().recovery.ineffective.contains_key("cycle-power"), "kept over a restart of ours");
}

#[test]
fn a_reset_that_does_nothing_is_found_out_and_not_used_again() {
    let mut gateway = online_as("broken-reset", CONFIG);
    gateway.input(Input::Reset { modem: name(), force: false });
    gateway.run_for(30);
    assert_eq!(gateway.reason(ConditionKind::Recovering), "AtStep");
    gateway.until_online(600);
    let outcomes = gateway.outcomes();
    assert!(outcomes[0].1.contains("had no effect"), "{outcomes:?}");
    assert!(gateway.host.memory().recovery.ineffective.contains_key("reset-modem"));
    // Hours of searching later nobody has reset it again.
    gateway.forget_the_past();
    gateway.disturb("coverage on=false");
    gateway.run_for(5 * 3600);
    assert!(gateway.steps().iter().all(|(_, step)| *step == "cycle-radio"), "{:?}", gateway.steps());
}

#[test]
fn f29_a_boot_loop_is_not_answered_with_power_cycles() {
    let mut gateway = online(CONFIG);
    gateway.disturb("boot-loop times=100000");
    gateway.run_for(3600);
    assert_eq!(gateway.reason(ConditionKind::Recovering), "Flapping", "{}", gateway.log());
    let power =
        commands(&gateway).iter().filter(|c| matches!(c, PowerCommand::Off | PowerCommand::Reauthorise)).count();
    assert!(power <= 3, "{:?}", gateway.power);
    assert!(gateway.opened <= 1200, "{} opens in an hour of restarts every few seconds", gateway.opened);
}

#[test]
fn f32_searching_and_denied_start_no_session() {
    for (disturbance, reason) in [("coverage on=false", "Searching"), ("deny cause=15", "Denied")] {
        let mut gateway = online(CONFIG);
        gateway.disturb(disturbance);
        gateway.run_for(60);
        gateway.forget_the_past();
        gateway.run_for(2 * 3600);
        let now = gateway.reason(ConditionKind::Registered);
        assert!(now == reason || now == "Searching", "{now}");
        assert_eq!(gateway.count(wds::start_network::KEY), 0, "{disturbance}");
        assert!(commands(&gateway).is_empty(), "{disturbance}: {:?}", gateway.power);
    }
}

#[test]
fn a_network_on_the_forbidden_list_is_served_again_after_the_list_was_cleared() {
    let mut gateway = online(CONFIG);
    gateway.disturb("forbid");
    gateway.until(ConditionKind::Registered, Status::False, 60);
    gateway.until_online(2000);
    let steps: Vec<&str> = gateway.steps().iter().map(|(_, name)| *name).collect();
    assert_eq!(steps, ["clear-forbidden-networks", "cycle-radio"]);
    gateway.forget_the_past();
    gateway.disturb("forbid");
    gateway.run_for(4 * 3600);
    assert!(gateway.steps().iter().all(|(_, step)| *step == "cycle-radio"), "once in 24 h: {:?}", gateway.steps());
    assert_eq!(gateway.count(uim::write_transparent::KEY), 0);
}

#[test]
fn a_card_that_hung_is_powered_off_and_on_once() {
    let mut gateway = online(CONFIG);
    gateway.disturb("sim-out");
    gateway.run_for(1800);
    let steps: Vec<&str> = gateway.steps().iter().map(|(_, name)| *name).collect();
    assert_eq!(steps, ["cycle-sim", "cycle-radio"]);
    assert_eq!((gateway.count(uim::power_off_sim::KEY), gateway.count(uim::power_on_sim::KEY)), (1, 1));
    gateway.disturb("sim-in");
    gateway.until_online(60);
}

#[test]
fn a_pause_writes_nothing_and_ends_by_itself() {
    let mut gateway = online(CONFIG);
    gateway.input(Input::Pause(name(), Some(gateway.now + Duration::from_secs(3600))));
    gateway.disturb("low-power");
    gateway.run_for(1800);
    let writes = [dms::set_operating_mode::KEY, wds::start_network::KEY, nas::attach_detach::KEY];
    assert_eq!(writes.map(|key| gateway.count(key)), [0, 0, 0], "{}", gateway.log());
    assert_eq!(gateway.reason(ConditionKind::RadioConfigured), "RadioOff", "what is wrong is still seen");
    assert_eq!(
        (gateway.reason(ConditionKind::Converged), gateway.reason(ConditionKind::Recovering)),
        ("Paused", "Paused")
    );
    gateway.run_for(1790);
    assert_eq!(gateway.count(dms::set_operating_mode::KEY), 0);
    gateway.until_online(60);
    gateway.input(Input::Pause(name(), Some(gateway.now + Duration::from_secs(3600))));
    gateway.disturb("low-power");
    gateway.run_for(60);
    gateway.input(Input::Pause(name(), None));
    gateway.until_online(60);
}

#[test]
fn an_inhibit_file_holds_resets_and_power_but_nothing_milder() {
    let mut gateway = online(CONFIG);
    let by = |why: Option<&str>| {
        let modems = why.map(|why| (name(), why.to_owned())).into_iter().collect();
        Input::Inhibited(Inhibition { all: None, modems })
    };
    gateway.input(by(Some("antenna work")));
    gateway.disturb("hang seconds=7200");
    gateway.run_for(3600);
    let steps: Vec<&str> = gateway.steps().iter().map(|(_, name)| *name).collect();
    assert_eq!(steps, ["close-port"]);
    assert_eq!(gateway.reason(ConditionKind::Recovering), "Inhibited");
    gateway.input(by(None));
    gateway.run_for(5);
    assert_eq!(gateway.steps().last().map(|(_, name)| *name), Some("reauthorise"));
}

#[test]
fn con_3_attempts_back_off_within_their_bounds_and_start_over_after_a_minute_of_success() {
    let mut gateway = Gateway::new("well-behaved-lte", CONFIG);
    gateway.disturb("refuse-apn apn=internet cause=26");
    gateway.run_for(290);
    let dials = |gateway: &Gateway| -> Vec<u64> {
        let starts = gateway.requests.iter().filter(|(_, service, id)| {
            (*service, *id) == (wds::start_network::KEY.0.into(), wds::start_network::KEY.1)
        });
        starts.map(|(at, ..)| at.as_millis()).collect()
    };
    let gaps: Vec<u64> = dials(&gateway).windows(2).map(|w| w[1] - w[0]).collect();
    for (gap, nominal) in gaps.iter().zip([5, 10, 20, 40, 57, 57]) {
        // Up to a fifth sooner; the answer of the network comes on top.
        assert!((nominal * 800..=nominal * 1000 + 2_500).contains(gap), "{gaps:?}");
    }
    assert!(gaps.len() >= 4, "{gaps:?}");
    gateway.disturb("accept-apn apn=internet");
    gateway.until_online(150);
    gateway.run_for(70);
    gateway.forget_the_past();
    gateway.disturb("drop-session cause=36");
    gateway.until_online(5);
    gateway.run_for(70);
    gateway.disturb("refuse-apn apn=internet cause=26");
    gateway.forget_the_past();
    gateway.run_for(12);
    assert!(dials(&gateway).len() >= 2, "the first attempts come quickly again: {:?}", dials(&gateway));
}

#[test]
fn ops_3_endless_retries_are_not_told_endlessly() {
    // The first one is answered with restarts, and each of them is told from the device's leaving to its return.
    let days = [
        ("refuse-apn apn=internet cause=26", 450),
        ("refuse-apn apn=internet cause=33", 30),
        ("sim-out", 30),
        ("coverage on=false", 150),
        ("deny cause=11", 100),
        ("unplug", 60),
    ];
    for (disturbance, most) in days {
        let mut gateway = online(CONFIG);
        gateway.disturb(disturbance);
        gateway.run_for(24 * 3600);
        let asked = gateway.requests.len();
        assert!(asked > 2000 || disturbance == "unplug", "{disturbance}: it goes on looking, {asked} requests");
        assert!(gateway.events.len() <= most, "{disturbance}: {} events\n{}", gateway.events.len(), gateway.log());
        let silent = gateway.events.iter().all(|(_, what)| !matches!(what, EventKind::ConditionChanged { .. }));
        assert!(!silent, "{disturbance}: the change itself is told");
    }
}

#[test]
fn ops_3_a_card_that_cannot_be_read_is_told_once() {
    let mut gateway = online(CONFIG);
    gateway.disturb("sim-out");
    gateway.run_for(24 * 3600);
    let told = gateway.events.iter().filter(
        |(_, what)| matches!(what, EventKind::ConditionChanged { to, .. } if to.kind == ConditionKind::SimReady),
    );
    assert!(told.count() <= 6, "{}", gateway.log());
}

#[test]
fn life_2_a_panic_resets_one_controller_and_touches_no_other() {
    let second = "  wwan1:\n    service_providers:\n      - { apn: internet }\n";
    let mut gateway = Gateway::new("well-behaved-lte", &format!("{CONFIG}{second}"));
    gateway.until_online(60);
    gateway.run_for(120);
    gateway.forget_the_past();
    let clients = gateway.host.board().modem().clients_in_use();
    plant(Some(Defect::PanicWithoutCard));
    gateway.disturb("sim-out");
    gateway.run_for(5);
    let resets = |gateway: &Gateway| {
        let reset =
            |what: &EventKind| matches!(what, EventKind::ControllerReset { panic, .. } if panic.contains("planted"));
        gateway.events.iter().filter(|(_, what)| reset(what)).count()
    };
    assert!((1..=4).contains(&resets(&gateway)), "{}", gateway.log());
    gateway.run_for(3600);
    assert!(resets(&gateway) <= 12, "it does not go round in circles: {}", resets(&gateway));
    assert_eq!(gateway.reason(ConditionKind::Recovering), "StartedOver");
    let other = gateway.fleet.controller(&"wwan1".into()).expect("the other modem");
    assert_eq!(other.condition(ConditionKind::Recovering).finding.reason(), "Idle", "nobody touched it");
    assert!(gateway.host.board().modem().clients_in_use() <= clients + 1, "no client id leaks");
    plant(None);
    gateway.disturb("sim-in");
    gateway.until_online(3700);
    gateway.run_for(3700);
    assert_eq!(gateway.reason(ConditionKind::Recovering), "Idle", "an hour later it is history");
}

#[test]
fn life_2_a_session_survives_the_reset_of_its_controller() {
    let mut gateway = online(CONFIG);
    let before = format!("{:?}", gateway.host.board().modem().truth());
    plant(Some(Defect::PanicAtSession));
    gateway.run_for(300);
    plant(None);
    let resets = gateway.events.iter().filter(|(_, what)| matches!(what, EventKind::ControllerReset { .. })).count();
    assert!(resets >= 1, "{}", gateway.log());
    gateway.until_online(1000);
    assert_eq!(gateway.count(wds::start_network::KEY) + gateway.count(wds::stop_network::KEY), 0);
    assert_eq!(format!("{:?}", gateway.host.board().modem().truth()), before);
}
