//! Laws: from every state the operations lead to what is wanted, in a few rounds, and then there is nothing to do;
//! what is not ours stays. And what is done in the cases that matter, operation by operation.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::model::session::{Ipv4Settings, Ipv6Settings};
use crate::model::{Framing, IpFamily, IpSettings, LinkState, Routing};

/// As the executor does it: operations, then a look at what has become of them. Three rounds are the most that any state
/// takes (the framing comes alone, IPv6 comes back with the MTU, routes go with the VRF); the last one finds nothing to do.
const ROUNDS: usize = 4;

fn v4(last: u8) -> Ipv4Settings {
    Ipv4Settings {
        address: Ipv4Addr::new(10, 64, 0, last),
        prefix: 30,
        gateway: Some(Ipv4Addr::new(10, 64, 0, last ^ 3)),
    }
}

fn v6(last: u16) -> Ipv6Settings {
    let address = |n| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n);
    Ipv6Settings { address: address(last), prefix: 64, gateway: Some(address(0xff)) }
}

fn both() -> LinkState {
    let ip = IpSettings { ipv4: Some(v4(2)), ipv6: Some(v6(2)), mtu: Some(1430), ..IpSettings::default() };
    LinkState { up: true, ip, default_route_metric: Some(700), ..LinkState::default() }
}

fn fresh() -> Interface {
    Interface {
        index: 7,
        name: "wwan0".into(),
        mtu: 1500,
        raw_ip: true,
        ipv6: Some(Ipv6::default()),
        ..Interface::default()
    }
}

fn address(text: &str) -> Address {
    let (address, prefix) = text.split_once('/').expect("a prefix");
    Address { address: address.parse().expect("an address"), prefix: prefix.parse().expect("a length") }
}

fn said(has: &Interface, wants: &LinkState) -> Vec<String> {
    operations(has, "wwan0", wants).expect("possible").iter().map(ToString::to_string).collect()
}

/// Carries everything out until there is nothing to do; says in how many rounds.
fn settle(has: &mut Interface, wants: &LinkState) -> usize {
    for round in 0..=ROUNDS {
        let list = operations(has, "wwan0", wants).expect("possible");
        if list.is_empty() {
            return round;
        }
        list.iter().for_each(|operation| kernel::carry_out(operation, has));
    }
    panic!("does not come to rest: {:?}", operations(has, "wwan0", wants));
}

#[test]
fn ip_2_mtu_1_a_new_interface_gets_everything_in_order() {
    assert_eq!(
        said(&fresh(), &both()),
        [
            "switch off the kernel's own IPv6 addresses",
            "set the MTU to 1430",
            "bring the interface up",
            "add the address 10.64.0.2/32",
            "add the address 2001:db8::2/64",
            "add the route 0.0.0.0/0 metric 700 table 254",
            "add the route ::/0 metric 700 table 254",
        ]
    );
}

#[test]
fn ip_2_an_interface_with_neighbours_reaches_its_gateway() {
    let ethernet = Interface { raw_ip: false, ..fresh() };
    let list = operations(&ethernet, "wwan0", &both()).unwrap();
    let added = Operation::AddAddress { address: address("10.64.0.2/30"), prefix_route: true };
    assert!(list.contains(&added), "{list:?}");
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    assert!(list.contains(&"add the route 0.0.0.0/0 via 10.64.0.1 metric 700 table 254".to_owned()), "{list:?}");
    assert!(list.contains(&"add the route ::/0 via 2001:db8::ff metric 700 table 254".to_owned()), "{list:?}");
}

#[test]
fn ip_1_an_interface_that_waits_for_a_lease_is_up_and_makes_no_address_itself() {
    let wants = LinkState { up: true, framing: Some(Framing::RawIp), ..LinkState::default() };
    let expected = ["switch off the kernel's own IPv6 addresses", "bring the interface up"];
    assert_eq!(said(&fresh(), &wants), expected);
}

#[test]
fn ip_3_each_family_alone() {
    for (ipv4, ipv6) in [(Some(v4(2)), None), (None, Some(v6(2)))] {
        let mut has = fresh();
        let wants = LinkState { ip: IpSettings { ipv4, ipv6, ..IpSettings::default() }, ..both() };
        settle(&mut has, &wants);
        assert_eq!((has.addresses.len(), has.routes.len(), has.mtu), (1, 1, 1500), "{has:?}");
    }
}

#[test]
fn ip_2_a_changed_address_is_there_before_the_old_one_goes() {
    let mut has = fresh();
    settle(&mut has, &both());
    let other = LinkState { ip: IpSettings { ipv4: Some(v4(6)), ..both().ip }, ..both() };
    assert_eq!(said(&has, &other), ["add the address 10.64.0.6/32", "remove the address 10.64.0.2/32"]);
    settle(&mut has, &other);
    assert_eq!(has.routes.len(), 2, "the routes were never away");
}

#[test]
fn rt_4_a_changed_metric_is_there_before_the_old_one_goes() {
    let mut has = fresh();
    settle(&mut has, &both());
    let other = LinkState { default_route_metric: Some(50), ..both() };
    assert_eq!(
        said(&has, &other),
        [
            "add the route 0.0.0.0/0 metric 50 table 254",
            "add the route ::/0 metric 50 table 254",
            "remove the route 0.0.0.0/0 metric 700 table 254",
            "remove the route ::/0 metric 700 table 254",
        ]
    );
    settle(&mut has, &other);
    let none = LinkState { default_route_metric: None, ..both() };
    settle(&mut has, &none);
    assert!(has.routes.is_empty() && has.addresses.len() == 2, "{has:?}");
}

fn own_table() -> LinkState {
    LinkState { routing: Routing::Table { table: 100, rule_priority: 1000 }, ..both() }
}

#[test]
fn rt_1_a_table_of_its_own_has_rules_for_its_addresses_and_for_who_binds_to_it() {
    let mut has = fresh();
    settle(&mut has, &own_table());
    let rules: Vec<String> = has.rules.iter().map(ToString::to_string).collect();
    assert_eq!(
        rules,
        [
            "from 10.64.0.2 lookup 100 priority 1000",
            "oif wwan0 (ipv4) lookup 100 priority 1000",
            "from 2001:db8::2 lookup 100 priority 1000",
            "oif wwan0 (ipv6) lookup 100 priority 1000",
        ]
    );
    let of = |table: u32, has: &Interface| has.routes.iter().filter(|route| route.table == table).count();
    assert_eq!((of(100, &has), of(MAIN_TABLE, &has)), (2, 2));
    settle(&mut has, &LinkState { default_route_metric: None, ..own_table() });
    assert_eq!((of(100, &has), of(MAIN_TABLE, &has)), (2, 0), "a default route, but not for everybody");
    settle(&mut has, &both());
    assert!(has.rules.is_empty() && has.routes.iter().all(|route| route.table == MAIN_TABLE), "{has:?}");
}

#[test]
fn rt_3_the_rules_of_other_modems_are_left_to_them() {
    let other = Rule { selector: Selector::From("10.9.9.9".parse().unwrap()), table: 200, priority: 1000 };
    let bound = Rule { selector: Selector::BoundTo(IpFamily::Ipv4, "wwan1".into()), ..other.clone() };
    let of_nobody = Rule { selector: Selector::From("10.8.8.8".parse().unwrap()), ..other.clone() };
    let mut has = Interface {
        rules: vec![other.clone(), bound.clone(), of_nobody],
        elsewhere: vec!["10.9.9.9".parse().unwrap()],
        ..fresh()
    };
    settle(&mut has, &own_table());
    settle(&mut has, &LinkState::default());
    assert_eq!(has.rules, [other, bound]);
}

#[test]
fn rt_1_a_vrf_must_be_there() {
    let wants = LinkState { routing: Routing::Vrf("blue".into()), ..both() };
    assert_eq!(operations(&fresh(), "wwan0", &wants), Err(Refusal::NoVrf("blue".into())));
    let vrfs = vec![Vrf { index: 3, name: "blue".into(), table: 10 }];
    let mut has = Interface { vrfs, ..fresh() };
    settle(&mut has, &wants);
    assert_eq!(has.master, Some(3));
    assert!(has.routes.iter().all(|route| route.table == 10), "{has:?}");
    settle(&mut has, &both());
    assert_eq!(has.master, None);
    let bridged = Interface { master: Some(9), ..has.clone() };
    assert_eq!(said(&bridged, &both()), Vec::<String>::new(), "a bridge is not ours to leave");
}

#[test]
fn mtu_1_ipv6_keeps_its_least_mtu_and_comes_back_with_it() {
    let small = |mtu| LinkState { ip: IpSettings { mtu: Some(mtu), ..both().ip }, ..both() };
    let mut has = Interface { mtu: 1000, ipv6: None, ..fresh() };
    let list = said(&has, &small(1200));
    assert!(list.contains(&"set the MTU to 1280".to_owned()), "{list:?}");
    settle(&mut has, &small(1200));
    assert_eq!((has.mtu, has.addresses.len()), (1280, 2));
    let alone = LinkState { ip: IpSettings { ipv6: None, ..small(1200).ip }, ..both() };
    settle(&mut has, &alone);
    assert_eq!(has.mtu, 1200);
}

#[test]
fn ip_3_where_ipv6_is_switched_off_the_rest_works() {
    let mut has = Interface { ipv6: None, ..fresh() };
    settle(&mut has, &both());
    assert_eq!(state(&has, "wwan0", Some(&both())), both(), "nothing is left to do, and nothing is asked again");
    let alone = LinkState { ip: IpSettings { ipv4: None, ..both().ip }, ..both() };
    assert_eq!(operations(&has, "wwan0", &alone), Err(Refusal::NoIpv6));
}

#[test]
fn f38_everything_that_others_do_to_it_is_repaired() {
    let mut right = fresh();
    settle(&mut right, &both());
    let drift = |change: fn(&mut Interface)| {
        let mut has = right.clone();
        change(&mut has);
        has
    };
    let drifted = [
        (drift(|has| has.addresses.clear()), 2),
        (drift(|has| kernel::carry_out(&Operation::Down, has)), 4),
        (drift(|has| has.routes.truncate(1)), 1),
        (drift(|has| has.mtu = 9000), 1),
        (drift(|has| has.name = "net0".into()), 1),
        (drift(|has| has.addresses.push(address("192.168.1.1/24"))), 1),
        (drift(|has| has.ipv6 = Some(Ipv6 { quiet: false })), 1),
    ];
    for (mut has, count) in drifted {
        assert_ne!(state(&has, "wwan0", Some(&both())), both(), "{has:?}");
        let list = operations(&has, "wwan0", &both()).unwrap();
        assert_eq!(list.len(), count, "least touch: {list:?}");
        settle(&mut has, &both());
        assert_eq!(state(&has, "wwan0", Some(&both())), both());
    }
}

#[test]
fn what_the_kernel_does_not_keep_is_as_it_was_configured() {
    let mut has = fresh();
    settle(&mut has, &both());
    let seen = state(&has, "wwan0", None);
    assert_eq!(seen.ip.ipv4.map(|s| (s.prefix, s.gateway)), Some((32, None)));
    assert_eq!((seen.ip.mtu, seen.default_route_metric), (Some(1430), Some(700)));
    settle(&mut has, &LinkState::default());
    assert_eq!(state(&has, "wwan0", None), LinkState::default(), "nothing of it is left");
}

#[test]
fn dev_3_the_driver_is_told_how_packets_are_framed_before_anything_else_and_while_it_is_down() {
    let wants = LinkState { framing: Some(Framing::RawIp), ..both() };
    let ethernet = Interface { framing: Some(Framing::Ethernet), raw_ip: false, station: Some([2; 6]), ..fresh() };
    assert_eq!(said(&ethernet, &wants), ["let the driver pass bare IP packets"]);
    let up = Interface { up: true, ..ethernet.clone() };
    assert_eq!(said(&up, &wants), ["take the interface down", "let the driver pass bare IP packets"]);
    let mut has = up;
    settle(&mut has, &wants);
    assert!(has.up && has.raw_ip && has.addresses.contains(&address("10.64.0.2/32")), "{has:?}");
    // A driver that has one way only is left with it, and so is one whose modem has no such setting.
    assert_eq!(said(&fresh(), &wants), said(&fresh(), &both()));
    assert_eq!(said(&ethernet, &both()), said(&Interface { framing: None, ..ethernet.clone() }, &both()));
}

#[test]
fn dev_3_frames_go_to_no_address_that_looks_like_an_ip_header() {
    let wants = LinkState { framing: Some(Framing::Ethernet), ..both() };
    let with = |first| {
        let station = Some([first, 1, 2, 3, 4, 5]);
        Interface { framing: Some(Framing::Ethernet), raw_ip: false, station, ..fresh() }
    };
    let changed = "give the interface an Ethernet address that does not look like an IP header";
    for (first, changes) in [(0x02, false), (0x46, true), (0x52, false), (0x6a, true), (0x76, false), (0xfe, false)] {
        let said = said(&with(first), &wants);
        assert_eq!(said.contains(&changed.to_owned()), changes, "{first:x}: {said:?}");
    }
    let mut has = with(0x46);
    settle(&mut has, &wants);
    assert_eq!(has.station, Some([0x06, 1, 2, 3, 4, 5]));
}

fn settings() -> impl Strategy<Value = IpSettings> {
    let mtu = prop_oneof![Just(None), Just(Some(1430)), Just(Some(1000)), Just(Some(1500))];
    (proptest::option::of(0..4_u8), proptest::option::of(0..4_u16), mtu).prop_map(|(four, six, mtu)| IpSettings {
        ipv4: four.map(v4),
        ipv6: six.map(v6),
        mtu,
        ..IpSettings::default()
    })
}

fn wants() -> impl Strategy<Value = LinkState> {
    let routing = prop_oneof![
        Just(Routing::Main),
        Just(Routing::Table { table: 100, rule_priority: 1000 }),
        Just(Routing::Table { table: 101, rule_priority: 1 }),
        Just(Routing::Vrf("blue".into())),
    ];
    let metric = proptest::option::of(prop_oneof![Just(0), Just(50), Just(700)]);
    (any::<bool>(), framing(), settings(), metric, routing).prop_map(
        |(up, framing, ip, default_route_metric, routing)| LinkState {
            // An interface that is down has no routes and no IPv6: nobody wants addresses on one.
            up: up || ip.ipv4.is_some() || ip.ipv6.is_some(),
            framing,
            ip,
            default_route_metric,
            routing,
            ..LinkState::default()
        },
    )
}

fn framing() -> impl Strategy<Value = Option<Framing>> {
    prop_oneof![Just(None), Just(Some(Framing::RawIp)), Just(Some(Framing::Ethernet))]
}

fn interface() -> impl Strategy<Value = Interface> {
    let some = |all: Vec<Address>| proptest::sample::subsequence(all.clone(), 0..=all.len());
    let addresses = some(vec![
        address("10.64.0.2/32"),
        address("10.64.0.1/30"),
        address("192.168.1.1/24"),
        address("2001:db8::2/64"),
        address("2001:db8::9/128"),
    ]);
    let route = |family, metric, table| Route::default_of(family, None, metric, table);
    let routes = vec![
        route(IpFamily::Ipv4, 700, MAIN_TABLE),
        route(IpFamily::Ipv4, 50, 100),
        route(IpFamily::Ipv6, 700, MAIN_TABLE),
        route(IpFamily::Ipv6, 1024, 10),
        Route { destination: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), prefix: 8, ..route(IpFamily::Ipv4, 1, 100) },
    ];
    let routes = proptest::sample::subsequence(routes.clone(), 0..=routes.len());
    let rule = |selector, table| Rule { selector, table, priority: 1000 };
    let rules = vec![
        rule(Selector::From("10.64.0.2".parse().unwrap()), 100),
        rule(Selector::From("10.9.9.9".parse().unwrap()), 200),
        rule(Selector::From("10.8.8.8".parse().unwrap()), 200),
        rule(Selector::BoundTo(IpFamily::Ipv4, "wwan0".into()), 100),
        rule(Selector::BoundTo(IpFamily::Ipv4, "wwan1".into()), 200),
    ];
    let rules = proptest::sample::subsequence(rules.clone(), 0..=rules.len());
    let master = prop_oneof![Just(None), Just(Some(3)), Just(Some(9))];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (addresses, routes, rules, master, framing(), flags).prop_map(
        |(addresses, routes, rules, master, framing, (up, bare, quiet, small))| {
            let raw_ip = framing.map_or(bare, |framing| framing == Framing::RawIp);
            let has = Interface {
                up,
                framing,
                station: (!raw_ip).then_some([0x62, 1, 2, 3, 4, 5]),
                raw_ip,
                mtu: if small { 1000 } else { 1500 },
                ipv6: (!small).then_some(Ipv6 { quiet }),
                master,
                addresses,
                routes,
                rules,
                elsewhere: vec!["10.9.9.9".parse().unwrap()],
                vrfs: vec![Vrf { index: 3, name: "blue".into(), table: 10 }],
                ..fresh()
            };
            possible(has)
        },
    )
}

/// Without what a kernel would not have: routes and IPv6 of an interface that is down, IPv6 where there is none.
fn possible(mut has: Interface) -> Interface {
    let ipv6 = has.up && has.ipv6.is_some();
    has.addresses.retain(|one| ipv6 || one.address.is_ipv4());
    has.routes.retain(|route| has.up && (ipv6 || route.destination.is_ipv4()));
    has
}

proptest! {
    #[test]
    fn from_every_state_the_operations_lead_to_what_is_wanted_and_then_there_are_none(
        mut has in interface(),
        wants in wants(),
    ) {
        let before = has.clone();
        settle(&mut has, &wants);
        prop_assert_eq!(state(&has, "wwan0", Some(&wants)), wants.clone());
        prop_assert_eq!(has.up, wants.up);
        let told = has.framing.is_some() && wants.framing.is_some() && wants.up;
        prop_assert!(!told || has.framing == wants.framing, "{:?}", has.framing);
        prop_assert_eq!(has.framing.is_some(), before.framing.is_some(), "a driver has the setting or not");
        prop_assert_eq!(has.addresses.len(), usize::from(wants.ip.ipv4.is_some()) + usize::from(wants.ip.ipv6.is_some()));
        // What another modem has is left to it.
        let theirs = |has: &Interface| {
            let of_others = |rule: &&Rule| match &rule.selector {
                Selector::From(address) => *address == IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9)),
                Selector::BoundTo(_, name) => name == "wwan1",
            };
            has.rules.iter().filter(of_others).count()
        };
        prop_assert_eq!(theirs(&has), theirs(&before));
        prop_assert_eq!(has.master == Some(9), before.master == Some(9) && !matches!(wants.routing, Routing::Vrf(_)));
    }

    #[test]
    fn no_moment_is_without_a_way_that_was_there_before_and_is_wanted_after(
        mut has in interface(),
        before in wants(),
        after in wants(),
    ) {
        settle(&mut has, &before);
        let led = |has: &Interface, wants: &LinkState, family: IpFamily| {
            let address = has.addresses.iter().any(|one| interface::family(one.address) == family);
            let route = has.routes.iter().any(|route| interface::family(route.destination) == family);
            address && (route || wants.default_route_metric.is_none())
        };
        // A VRF is another routing domain: nothing of what was there counts in it. The same MTU keeps IPv6. The framing
        // changes only while the interface is down.
        let reframed = has.framing.is_some() && after.framing.is_some() && has.framing != after.framing;
        let same = !reframed && matches!(before.routing, Routing::Vrf(_)) == matches!(after.routing, Routing::Vrf(_));
        let families: Vec<IpFamily> = [IpFamily::Ipv4, IpFamily::Ipv6]
            .into_iter()
            .filter(|family| same && before.up && after.up && led(&has, &before, *family))
            .filter(|family| match family {
                IpFamily::Ipv4 => after.ip.ipv4.is_some(),
                IpFamily::Ipv6 => after.ip.ipv6.is_some(),
            })
            .filter(|_| before.default_route_metric.is_some() || after.default_route_metric.is_none())
            .collect();
        for operation in operations(&has, "wwan0", &after).expect("possible") {
            kernel::carry_out(&operation, &mut has);
            for family in &families {
                prop_assert!(led(&has, &after, *family), "{} takes {family} away: {has:?}", operation);
            }
        }
    }
}
