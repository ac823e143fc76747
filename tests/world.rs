//! The core under a world in which everything goes wrong: a moderate one for every `cargo test`.
//!
//! Larger worlds: `wwan simulate --fleet 1000 --hours 24`. A seed that once failed is a line in `seeds.txt` for ever.

use wwan::sim::world::{Options, Report, World};

const CONFIG: &str = include_str!("world.yaml");

fn run(options: Options) -> Report {
    World::new(CONFIG, options).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false))).run()
}

fn assert_good(report: &Report) {
    assert!(report.is_good(), "{report}");
}

#[test]
fn a_peaceful_world_comes_to_rest_and_stays_so() {
    assert_good(&run(Options { gateways: 20, hours: 1, peaceful: true, ..Options::default() }));
}

#[test]
fn a_troubled_world_recovers() {
    let report = run(Options { gateways: 10, hours: 12, ..Options::default() });
    assert_good(&report);
}

#[test]
fn the_same_seed_is_the_same_world() {
    let world = || run(Options { seed: 7, gateways: 2, hours: 4, ..Options::default() });
    assert_eq!(world(), world());
    let other = run(Options { seed: 8, gateways: 2, hours: 4, ..Options::default() });
    assert_ne!(world().trace_hash, other.trace_hash);
}

/// An entry whose access point comes from the database, for one of the world's cards.
#[test]
fn a_troubled_world_recovers_where_access_points_are_looked_up() {
    let file = CONFIG.replace("apn: super\n", "lookup: mobile-broadband-provider-info\n");
    assert_ne!(file, CONFIG);
    let world = World::new(&file, Options { gateways: 6, hours: 6, ..Options::default() });
    assert_good(&world.unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false))).run());
}

#[test]
fn ip_1_a_troubled_world_recovers_where_addresses_are_leased() {
    let file = CONFIG.replace("defaults:\n", "defaults:\n  ip: { method: dhcp }\n");
    assert_ne!(file, CONFIG);
    let world = World::new(&file, Options { gateways: 8, hours: 8, ..Options::default() });
    assert_good(&world.unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false))).run());
}

/// Every life that once went wrong goes well now: `seeds.txt`.
#[test]
fn what_once_went_wrong_goes_well() {
    for line in include_str!("seeds.txt").lines().filter(|line| !line.starts_with('#')) {
        let [file, seed, hours, gateway] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let file = std::fs::read_to_string(file).unwrap();
        let number = |text: &str| text.parse().unwrap();
        let options = Options { seed: number(seed), hours: number(hours) as u32, ..Options::default() };
        let report = World::new(&file, options).unwrap().gateway(number(gateway) as u32);
        assert!(report.is_good(), "{line}: {report}");
    }
}
