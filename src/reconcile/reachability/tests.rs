//! A path that is alive, dead, one-way, idle, paid for: what is asked when, and what is believed.

use super::*;
use crate::model::session::Ipv4Settings;

const AT: fn(u64) -> Instant = Instant::from_secs;

fn config(targets: &[&str], every: u64, octets_per_day: u64) -> ReachabilityConfig {
    let targets = targets.iter().map(|target| target.parse().unwrap()).collect();
    ReachabilityConfig { targets, every: Duration::from_secs(every), octets_per_day }
}

fn path(last: u8) -> IpSettings {
    let address = std::net::Ipv4Addr::new(10, 0, 0, last);
    IpSettings { ipv4: Some(Ipv4Settings { address, prefix: 30, gateway: None }), ..IpSettings::default() }
}

/// How the world outside behaves, second by second.
type Outside<'a> = dyn Fn(u64) -> (u64, u64, Probed) + 'a;

struct Rig {
    reachability: Reachability,
    config: ReachabilityConfig,
    path: Option<IpSettings>,
    packets: Packets,
    questions: Vec<u64>,
    counts: Vec<u64>,
    found: Vec<(u64, &'static str)>,
}

impl Rig {
    fn new(config: ReachabilityConfig) -> Self {
        Self {
            reachability: Reachability::default(),
            config,
            path: Some(path(2)),
            packets: Packets::default(),
            questions: Vec::new(),
            counts: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Seconds from one to the next: packets each way in each of them, and how a question is answered. What has no answer
    /// takes five seconds to have none.
    fn run(&mut self, seconds: std::ops::Range<u64>, outside: &Outside<'_>) {
        let mut open: Option<(u64, u64, Probed)> = None;
        for second in seconds {
            let (tx, rx, answer) = outside(second);
            self.packets.tx += tx;
            self.packets.rx += rx;
            if let Some((_, number, probed)) = open.take_if(|(due, ..)| *due <= second) {
                let found = self.reachability.handle_probed(number, probed, AT(second));
                self.find(second, found);
            }
            self.reachability.follow(&self.config, self.path.as_ref(), AT(second));
            while let Some(asked) = self.reachability.poll_output() {
                match asked {
                    Asked::Packets => {
                        self.counts.push(second);
                        let found = self.reachability.handle_packets(self.packets, AT(second));
                        self.find(second, found);
                    }
                    Asked::Probe(probe) => {
                        self.questions.push(second);
                        let takes = if matches!(answer, Probed::Unanswered(_)) { 5 } else { 0 };
                        self.packets.tx += 1;
                        self.packets.rx += u64::from(takes == 0);
                        if takes == 0 {
                            let found = self.reachability.handle_probed(probe.number, answer.clone(), AT(second));
                            self.find(second, found);
                        } else {
                            open = Some((second + takes, probe.number, answer.clone()));
                        }
                    }
                }
            }
        }
    }

    fn find(&mut self, second: u64, found: Option<Internet>) {
        let Some(found) = found else { return };
        if self.found.last().is_none_or(|(_, last)| *last != found.reason()) {
            self.found.push((second, found.reason()));
        }
    }

    fn take(&mut self) -> (Vec<u64>, Vec<(u64, &'static str)>) {
        (std::mem::take(&mut self.questions), std::mem::take(&mut self.found))
    }
}

fn answered() -> Probed {
    Probed::Answered(Target::NameServers)
}

fn unanswered() -> Probed {
    Probed::Unanswered(Elsewhere::NoOtherWay)
}

#[test]
fn lnk_8_while_packets_go_and_come_nothing_is_asked() {
    let mut rig = Rig::new(config(&["dns"], 90, 256 << 10));
    rig.run(0..3600, &|_| (2, 2, unanswered()));
    let (questions, found) = rig.take();
    // The first question comes before packets were counted twice.
    assert_eq!((questions.as_slice(), found.as_slice()), ([0].as_slice(), [(5, "Reached")].as_slice()));
}

#[test]
fn an_idle_path_is_asked_about_at_the_pace_of_the_file() {
    let mut rig = Rig::new(config(&["dns"], 300, 256 << 10));
    rig.run(0..3600, &|_| (0, 0, answered()));
    let (questions, found) = rig.take();
    assert_eq!(questions, (0..12).map(|n| n * 300).collect::<Vec<_>>());
    assert_eq!(found, [(0, "Reached")]);
    assert!(rig.counts.len() <= 3600 / 30 + 24, "two looks a minute while nothing goes: {}", rig.counts.len());
}

#[test]
fn f19_a_dead_path_is_found_within_30_s_with_traffic_and_120_s_without() {
    for dies_at in 600..610 {
        let mut rig = Rig::new(config(&["dns"], 90, 256 << 10));
        rig.run(0..700, &|second| if second < dies_at { (2, 2, answered()) } else { (2, 0, unanswered()) });
        let (_, found) = rig.take();
        let [(_, "Reached"), (at, "Unanswered")] = found[..] else { panic!("{found:?}") };
        assert!(at - dies_at <= 30, "found after {} s", at - dies_at);
    }
    for dies_at in 600..720 {
        let mut rig = Rig::new(config(&["dns"], 90, 256 << 10));
        rig.run(0..900, &|second| (0, 0, if second < dies_at { answered() } else { unanswered() }));
        let (_, found) = rig.take();
        let [(_, "Reached"), (at, "Unanswered")] = found[..] else { panic!("{found:?}") };
        assert!(at - dies_at <= 120, "found after {} s", at - dies_at);
    }
}

#[test]
fn f20_targets_that_are_gone_are_no_matter_while_packets_go_and_come() {
    let mut rig = Rig::new(config(&["tcp://192.0.2.1:443"], 90, 256 << 10));
    rig.run(0..60, &|_| (0, 0, answered()));
    rig.take();
    // A question that goes unanswered is followed by traffic that is proof enough.
    rig.run(60..3600, &|second| if second < 100 { (0, 0, unanswered()) } else { (1, 1, unanswered()) });
    let (questions, found) = rig.take();
    assert!(questions.len() <= 2 && found.iter().all(|(_, what)| *what == "Reached"), "{questions:?} {found:?}");
}

#[test]
fn one_or_two_lost_questions_are_believed_by_nobody() {
    let mut rig = Rig::new(config(&["dns"], 300, 256 << 10));
    rig.run(0..1200, &|second| (0, 0, if (300..311).contains(&second) { unanswered() } else { answered() }));
    let (questions, found) = rig.take();
    assert_eq!(questions[..4], [0, 300, 306, 312]);
    assert_eq!(found, [(0, "Reached")]);
}

#[test]
fn what_is_sent_and_needs_no_answer_is_doubted_once_a_minute_at_most() {
    let mut rig = Rig::new(config(&["dns"], 300, 4 << 20));
    rig.run(0..600, &|_| (1, 0, answered()));
    let (questions, _) = rig.take();
    assert!(questions.len() <= 10, "{questions:?}");
}

#[test]
fn a_dead_path_is_asked_about_ever_more_rarely_and_its_end_is_seen_at_once() {
    let mut rig = Rig::new(config(&["dns"], 300, 4 << 20));
    rig.run(0..600, &|_| (1, 0, unanswered()));
    let (questions, found) = rig.take();
    assert_eq!(found, [(17, "Unanswered")]);
    assert_eq!(questions[..7], [0, 6, 12, 27, 52, 97, 162]);
    rig.run(600..700, &|_| (1, 1, answered()));
    let (_, found) = rig.take();
    let [(at, "Reached")] = found[..] else { panic!("{found:?}") };
    assert!(at <= 660, "{at}");
}

#[test]
fn all_questions_of_a_day_together_cost_what_the_file_allows() {
    let day = 24 * 3600;
    let budget = 64 << 10;
    let mut rig = Rig::new(config(&["dns", "tcp://192.0.2.1:443"], 90, budget));
    rig.run(0..2 * day, &|_| (1, 0, unanswered()));
    let (questions, _) = rig.take();
    let cost = Target::NameServers.octets() + "tcp://192.0.2.1:443".parse::<Target>().unwrap().octets();
    let second_day = questions.iter().filter(|at| **at >= day).count() as u64;
    assert!(second_day > 0 && second_day * cost <= budget + cost, "{second_day} questions of {cost} octets");
    let first_day = questions.len() as u64 - second_day;
    assert!(first_day * cost <= budget + budget / 8 + cost, "{first_day} questions");
}

#[test]
fn another_address_is_another_path() {
    let mut rig = Rig::new(config(&["dns"], 300, 256 << 10));
    rig.run(0..60, &|_| (0, 0, answered()));
    rig.path = Some(path(6));
    assert!(rig.reachability.follow(&rig.config, rig.path.as_ref(), AT(60)), "what was known does not count");
    assert!(!rig.reachability.follow(&rig.config, rig.path.as_ref(), AT(60)));
    rig.run(61..70, &|_| (0, 0, answered()));
    assert_eq!(rig.take().0, [0, 61], "once on each path");
    rig.path = None;
    rig.run(70..1000, &|_| (0, 0, answered()));
    assert_eq!((rig.take().0.len(), rig.reachability.poll_timeout()), (0, None), "no way out, nothing to ask");
}

#[test]
fn a_page_to_pay_at_is_asked_about_again_and_nobody_to_ask_is_no_fault() {
    let portal = Portal { target: "http://example.com/204".parse().unwrap(), status: 302 };
    let mut rig = Rig::new(config(&["http://example.com/204"], 300, 256 << 10));
    rig.run(0..200, &|second| (0, 0, if second < 100 { Probed::Portal(portal.clone()) } else { answered() }));
    assert_eq!(rig.take(), (vec![0, 60, 120], vec![(0, "Portal"), (120, "Reached")]));
    let mut rig = Rig::new(config(&["dns"], 300, 256 << 10));
    rig.run(0..200, &|_| (0, 0, Probed::NobodyToAsk("none".into())));
    assert_eq!(rig.take(), (vec![0], vec![(0, "NotLookedAt")]));
    let mut rig = Rig::new(config(&[], 300, 256 << 10));
    rig.run(0..200, &|_| (1, 0, unanswered()));
    assert_eq!((rig.take().0.len(), rig.counts.len()), (0, 0), "the file asks for nothing");
}

#[test]
fn a_host_that_does_not_answer_is_asked_anew_and_a_late_answer_counts_for_nothing() {
    let mut reachability = Reachability::default();
    let config = config(&["dns"], 300, 256 << 10);
    let path = path(2);
    reachability.follow(&config, Some(&path), AT(0));
    assert_eq!(reachability.poll_output(), Some(Asked::Packets));
    reachability.handle_packets(Packets::default(), AT(0));
    let Some(Asked::Probe(first)) = reachability.poll_output() else { panic!("nothing asked") };
    assert_eq!(reachability.poll_timeout().unwrap().0, AT(60));
    reachability.follow(&config, Some(&path), AT(60));
    assert_eq!(reachability.handle_probed(first.number, answered(), AT(61)), None);
    reachability.follow(&config, Some(&path), AT(70));
    assert_eq!(reachability.poll_output(), Some(Asked::Packets));
    reachability.handle_packets(Packets::default(), AT(70));
    assert!(matches!(reachability.poll_output(), Some(Asked::Probe(probe)) if probe.number != first.number));
}

#[test]
fn another_mtu_is_the_same_way_out() {
    let mut rig = Rig::new(config(&["dns"], 300, 1_000_000));
    let silent: &Outside<'_> = &|_| (1, 0, unanswered());
    rig.run(0..12, silent);
    assert_eq!((rig.found.len(), rig.questions.len()), (0, 2), "not believed yet");
    rig.path = Some(IpSettings { mtu: Some(1400), ..path(2) });
    rig.run(12..20, silent);
    assert_eq!(rig.found.len(), 1, "two silences of before count");
    assert!(rig.reachability.follow(&rig.config, Some(&path(3)), AT(20)), "another address is another way");
}
