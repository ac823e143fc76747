//! Telemetry and properties from a simulated modem to the table and its changes, in virtual time.

mod network;
mod sessions;

use std::collections::BTreeMap;
use std::time::Duration;

use wwan::config::Source;
use wwan::model::{ConditionKind, FactSet, Instant, ModemName, Status};
use wwan::property::{self, Change, Value};
use wwan::qmi::{Frame, Indication as _, nas, wds};
use wwan::reconcile::{EventKind, Fleet, Input, Output};
use wwan::sim::{Personality, Profile, SimHost, SimModem, Switchboard};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: main, apn: internet, roaming_allowed: true, ip_family: ipv4 }
";

/// Modems, their hosts and one core.
struct Bench {
    fleet: Fleet,
    hosts: Vec<(ModemName, SimHost)>,
    now: Instant,
    changes: Vec<Change>,
    events: Vec<EventKind>,
    requests: Vec<(Instant, u16, u8)>,
    /// A client that watches everything renews its demand.
    watched: Option<&'static str>,
    renew_at: Instant,
}

impl Bench {
    fn new(config: &str, modems: &[(&str, &str)], change: impl Fn(&mut Profile)) -> Self {
        let host = |(number, (name, personality)): (usize, &(&str, &str))| {
            let personality = Personality::named(personality).expect("a personality").clone();
            let mut profile = Profile::numbered(number as u64 + 1);
            change(&mut profile);
            let modem = SimModem::new(personality, profile, number as u64 + 1, Instant::ZERO);
            (ModemName::from(*name), SimHost::new((*name).into(), Switchboard::new(modem), 1))
        };
        let mut bench = Self {
            fleet: Fleet::new(1),
            hosts: modems.iter().enumerate().map(host).collect(),
            now: Instant::ZERO,
            changes: Vec::new(),
            events: Vec::new(),
            requests: Vec::new(),
            watched: None,
            renew_at: Instant::ZERO,
        };
        bench.fleet.handle(Input::Config(vec![Source::new("wwan.yaml", config)]), bench.now);
        bench.settle();
        bench
    }

    fn one(personality: &str) -> Self {
        Self::new(CONFIG, &[("wwan0", personality)], |_| {})
    }

    fn online(personality: &str) -> Self {
        let mut bench = Self::one(personality);
        bench.until(180, |bench| bench.converged("wwan0"));
        bench.run_for(30);
        bench.forget();
        bench
    }

    fn forget(&mut self) {
        self.changes.clear();
        self.events.clear();
        self.requests.clear();
    }

    fn settle(&mut self) {
        loop {
            while let Some(output) = self.fleet.poll_output() {
                match &output {
                    Output::Changed(changes) => self.changes.extend(changes.iter().cloned()),
                    Output::Event(event) => self.events.push(event.what.clone()),
                    Output::Send(_, bytes) => {
                        let frame = Frame::parse(bytes).expect("whole frames");
                        self.requests.push((self.now, frame.message, frame.service.into()));
                    }
                    _ => {}
                }
                for (_, host) in &mut self.hosts {
                    host.handle_output(&output, self.now);
                }
            }
            let Some(input) = self.hosts.iter_mut().find_map(|(_, host)| host.poll_input()) else { return };
            self.fleet.handle(input, self.now);
        }
    }

    fn watch(&mut self, pattern: &'static str) {
        self.watched = Some(pattern);
        self.demand(pattern);
        self.renew_at = self.now + Duration::from_secs(30);
    }

    /// What a client that asks once costs.
    fn demand(&mut self, pattern: &str) {
        let names: Vec<ModemName> = self.hosts.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            let facts = property::telemetry_of(pattern, &name.0);
            self.fleet.handle(Input::Watched(name, facts), self.now);
        }
        self.settle();
    }

    fn run_for(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let hosts = self.hosts.iter().filter_map(|(_, host)| host.poll_timeout());
            let next = hosts.chain(self.fleet.poll_timeout()).map(|(at, _)| at).min().unwrap_or(Instant::FAR);
            let next = self.watched.map_or(next, |_| next.min(self.renew_at));
            if next > end {
                self.now = end;
                return;
            }
            self.now = next.max(self.now);
            if let Some(pattern) = self.watched.filter(|_| self.renew_at <= self.now) {
                self.watch(pattern);
            }
            for (_, host) in &mut self.hosts {
                host.handle_timeout(self.now);
            }
            self.settle();
            self.fleet.handle(Input::Timer, self.now);
            self.settle();
        }
    }

    fn until(&mut self, seconds: u64, holds: impl Fn(&Self) -> bool) {
        for _ in 0..seconds * 10 {
            if holds(self) {
                return;
            }
            self.run(Duration::from_millis(100));
        }
        panic!("not within {seconds} s: {:#?}", self.dump());
    }

    fn converged(&self, name: &str) -> bool {
        self.fleet.controller(&name.into()).is_some_and(|c| c.status(ConditionKind::Converged) == Status::True)
    }

    fn disturb(&mut self, text: &str) {
        let disturbance = text.parse().expect("a disturbance");
        self.hosts[0].1.disturb(&disturbance, self.now);
        self.settle();
    }

    fn get(&self, name: &str) -> Option<Value> {
        Some(self.fleet.controller(&"wwan0".into())?.properties().get(&format!("wwan0.{name}"))?.value.clone())
    }

    fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Integer(value) => Some(value),
            other => panic!("{name}: {other:?}"),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string())
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let all = self.fleet.properties("*").into_iter();
        all.map(|(name, held)| (name, held.value.to_string())).collect()
    }

    fn asked(&self, key: (wwan::qmi::Service, u16)) -> Vec<Instant> {
        let of = |(at, message, service): &(Instant, u16, u8)| {
            ((*message, *service) == (key.1, key.0.into())).then_some(*at)
        };
        self.requests.iter().filter_map(of).collect()
    }

    fn changed(&self, name: &str) -> Vec<(Option<String>, Option<String>)> {
        let full = format!("wwan0.{name}");
        let of = self.changes.iter().filter(|change| change.name == full);
        of.map(|c| (c.old.as_ref().map(|(v, _)| v.to_string()), c.new.as_ref().map(ToString::to_string))).collect()
    }
}

fn gaps(times: &[Instant]) -> Vec<u64> {
    times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect()
}
