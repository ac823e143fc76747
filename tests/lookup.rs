//! `lookup: mobile-broadband-provider-info`, from the file to the session: the core asks through the door, waits, takes
//! what fits, and asks again; the host answers from a file.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::Path;

use wwan::config::Source;
use wwan::host::apn_database;
use wwan::model::{ApnAnswer, ConditionKind, HomeDigits, Instant, ModemName, Selection, Status};
use wwan::reconcile::{Controller, Fleet, Input, Output};
use wwan::sim::{Card, Disturbance, Personality, Profile, SimHost, SimModem, Switchboard};

const ICCID: &str = "8949000000000000001";
const VODAFONE: &str = "262021234567890";

/// A daemon without a clock: a core, a simulated host, and the database as the test wants it.
struct Bench {
    fleet: Fleet,
    host: SimHost,
    now: Instant,
    asked: Vec<(Instant, HomeDigits)>,
    database: Option<ApnAnswer>,
}

fn wwan0() -> ModemName {
    "wwan0".into()
}

fn from_the_sample(home: &HomeDigits) -> ApnAnswer {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/lookup/serviceproviders.xml");
    apn_database::look_up(Path::new(path), home)
}

impl Bench {
    fn new(entries: &str, imsi: &str) -> Self {
        let card = Card { iccid: ICCID.into(), imsi: imsi.into(), ..Card::of_test_network(1) };
        let profile = Profile { slots: vec![Some(card)], ..Profile::numbered(1) };
        let modem = SimModem::new(Personality::default(), profile, 1, Instant::ZERO);
        let host = SimHost::new(wwan0(), Switchboard::new(modem), 1);
        let mut bench = Self { fleet: Fleet::new(1), host, now: Instant::ZERO, asked: Vec::new(), database: None };
        bench.edit(entries);
        bench
    }

    fn edit(&mut self, entries: &str) {
        let file = format!("version: 1\nmodems: {{wwan0: {{service_providers: {entries}}}}}\n");
        self.fleet.handle(Input::Config(vec![Source::new("/etc/wwan.yaml", file)]), self.now);
        assert!(!self.fleet.diagnostics().has_errors(), "{}", self.fleet.diagnostics().render(false));
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            if let Some(input) = self.host.poll_input() {
                self.fleet.handle(input, self.now);
                continue;
            }
            match self.fleet.poll_output() {
                Some(Output::LookUp(modem, home)) => {
                    assert_eq!(modem, wwan0());
                    self.asked.push((self.now, home.clone()));
                    if let Some(answer) = self.database.clone() {
                        self.fleet.handle(Input::LookedUp(modem, home, answer), self.now);
                    }
                }
                Some(output) => self.host.handle_output(&output, self.now),
                None => return,
            }
        }
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now + std::time::Duration::from_secs(seconds);
        loop {
            let core = self.fleet.poll_timeout().map_or(Instant::FAR, |(at, _)| at);
            let host = self.host.poll_timeout().map_or(Instant::FAR, |(at, _)| at);
            if core.min(host) > end {
                self.now = end;
                return;
            }
            self.now = core.min(host).max(self.now);
            if host <= self.now {
                self.host.handle_timeout(self.now);
            }
            self.settle();
            if core <= self.now {
                self.fleet.handle(Input::Timer, self.now);
            }
            self.settle();
        }
    }

    fn controller(&self) -> &Controller {
        self.fleet.controller(&wwan0()).unwrap()
    }

    fn provider_condition(&self) -> String {
        self.controller().condition(ConditionKind::ProviderSelected).to_string()
    }

    fn online(&self) -> bool {
        self.controller().status(ConditionKind::DataConnected) == Status::True
    }

    fn apn(&self) -> &str {
        match &self.controller().desired().selection {
            Selection::Chosen(provider) => &provider.apn.0,
            other => panic!("nothing is chosen: {other:?}"),
        }
    }
}

const AUTO: &str = "{name: auto, lookup: mobile-broadband-provider-info}";

#[test]
fn nothing_is_dialled_before_the_database_has_answered_and_then_what_it_says() {
    let mut bench = Bench::new(&format!("[{AUTO}, {{apn: internet}}]"), VODAFONE);
    bench.run(20);
    assert_eq!(
        bench.provider_condition(),
        "ProviderSelected=Unknown LookingUp: looking up the access point of the card's home network"
    );
    assert!(!bench.online());
    assert_eq!(bench.asked.len(), 1, "one question");
    assert_eq!(bench.asked[0].1.to_string(), "262021", "six digits, and never the subscriber's");
    let home = bench.asked[0].1.clone();
    bench.fleet.handle(Input::LookedUp(wwan0(), home.clone(), from_the_sample(&home)), bench.now);
    bench.run(60);
    assert_eq!(bench.apn(), "web.example");
    assert_eq!(
        bench.provider_condition(),
        "ProviderSelected=True Matched: auto: apn web.example (Vodafone (Vertrag) & Co) from \
         mobile-broadband-provider-info for network 26202 (/etc/wwan.yaml:2)"
    );
    assert!(bench.online());
    assert_eq!(bench.host.board().modem().truth().sessions[0].1, "web.example");
    let Selection::Chosen(provider) = &bench.controller().desired().selection else { unreachable!() };
    assert_eq!(provider.username.as_deref(), Some("user"), "user and password come with it");
}

#[test]
fn without_a_database_the_next_entry_serves_and_the_database_is_taken_once_it_is_there() {
    let mut bench = Bench::new(&format!("[{AUTO}, {{name: fallback, apn: internet}}]"), VODAFONE);
    bench.database = Some(Err("/usr/share/x.xml is not there; install the package".into()));
    bench.run(60);
    assert_eq!((bench.apn(), bench.online()), ("internet", true));
    let (_, choice) = bench.controller().choice().unwrap();
    assert_eq!(choice.verdicts[0].to_string(), "does not fit: /usr/share/x.xml is not there; install the package");
    let asked = bench.asked.len();
    bench.run(300);
    let more = bench.asked.len() - asked;
    assert!((4..=6).contains(&more), "looked for once a minute: {more}");
    let home = bench.asked[0].1.clone();
    bench.database = Some(from_the_sample(&home));
    bench.run(180);
    assert_eq!((bench.apn(), bench.online()), ("web.example", true), "installed meanwhile");
    let asked = bench.asked.len();
    bench.run(4 * 3600);
    assert_eq!(bench.asked.len() - asked, 4, "an answer is asked for again once an hour");
    assert!(bench.online());
}

#[test]
fn a_lost_answer_is_asked_for_again_and_one_about_another_card_is_ignored() {
    let mut bench = Bench::new(&format!("[{AUTO}]"), VODAFONE);
    bench.run(100);
    assert!((3..=4).contains(&bench.asked.len()), "{:?}", bench.asked);
    let other = wwan::model::Imsi::parse("310410123456789").unwrap().home_digits();
    bench.fleet.handle(Input::LookedUp(wwan0(), other.clone(), from_the_sample(&other)), bench.now);
    bench.run(1);
    assert!(bench.provider_condition().contains("LookingUp"), "{}", bench.provider_condition());
}

#[test]
fn another_card_is_looked_up_anew() {
    let mut bench = Bench::new(&format!("[{AUTO}, {{apn: internet}}]"), VODAFONE);
    let vodafone = wwan::model::Imsi::parse(VODAFONE).unwrap().home_digits();
    bench.database = Some(from_the_sample(&vodafone));
    bench.run(60);
    assert_eq!(bench.apn(), "web.example");
    let plain = wwan::model::Imsi::parse("232101234567890").unwrap().home_digits();
    bench.database = Some(from_the_sample(&plain));
    let (iccid, imsi) = ("8943000000000000001".to_owned(), "232101234567890".to_owned());
    bench.host.disturb(&Disturbance::SimSwap { iccid, imsi }, bench.now);
    bench.run(60);
    assert_eq!(bench.asked.last().unwrap().1, plain);
    assert_eq!((bench.apn(), bench.online()), ("plain.example", true), "not that of a group the card is not in");
    bench.edit("[{apn: internet}]");
    let asked = bench.asked.len();
    bench.run(2 * 3600);
    assert_eq!((bench.apn(), bench.asked.len()), ("internet", asked), "who needs no database does not ask it");
}

#[test]
fn what_the_file_says_about_authentication_wins() {
    let entry = "{lookup: mobile-broadband-provider-info, auth: {method: pap, username: gw, password: secret}}";
    let mut bench = Bench::new(&format!("[{entry}]"), VODAFONE);
    let home = wwan::model::Imsi::parse(VODAFONE).unwrap().home_digits();
    bench.database = Some(from_the_sample(&home));
    bench.run(60);
    let Selection::Chosen(provider) = &bench.controller().desired().selection else { panic!() };
    assert_eq!((provider.name.as_str(), provider.username.as_deref()), ("web.example", Some("gw")));
    assert_eq!(provider.password.as_ref().map(|p| p.reveal()), Some("secret"));
}
