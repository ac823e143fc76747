//! Client ids over the life of the daemon: a modem has few of them, and a daemon that is killed at the wrong moments must
//! not use them up.

use std::time::Duration;

use wwan::model::{ConditionKind, ModemName, Status};
use wwan::sim::{Disturbance, Gateway, Personality, Profile};

const CONFIG: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { apn: internet, ip_family: ipv4 }
";
const KILLS: u64 = 1_000;
/// One of each of four services, and one of the data service.
const CLIENTS: usize = 5;
/// Ids that a daemon asks for before the first of them is granted.
const ASKED_AT_ONCE: usize = 3;

fn name() -> ModemName {
    "wwan0".into()
}

/// A modem that has ten client ids for each service, and a daemon that is killed a thousand times: within the first
/// moments, while it asks for its clients, while it dials, when all is well.
fn killed_a_thousand_times(remembers: impl Fn(u64) -> bool) {
    let mut personality = Personality::named("well-behaved-lte").expect("a personality").clone();
    personality.clients_per_service = 10;
    let mut gateway = Gateway::single(personality, Profile::default(), 1);
    gateway.edit(CONFIG);
    let converged = |g: &Gateway| g.status(&name(), ConditionKind::Converged) == Status::True;
    let in_use = |g: &Gateway| g.host(&name()).expect("a host").board().modem().truth().clients;
    let mut most = 0;
    for kill in 0..KILLS {
        // From a millisecond to eight seconds, a little different each time.
        let lives = Duration::from_millis(1 << (kill % 14)) + Duration::from_micros(kill * 997);
        let end = gateway.now() + lives;
        gateway.run_until(end, |_| false);
        if kill % 29 == 0 {
            // All clients have to be made anew, and the next one is killed in the midst of that.
            gateway.disturb(&name(), &Disturbance::ForgetClients);
        }
        gateway.start(remembers(kill));
        if kill % 50 == 0 {
            let end = gateway.now() + Duration::from_secs(60);
            assert!(gateway.run_until(end, converged), "kill {kill}: not online again");
            // Time to notice what nobody holds any more.
            gateway.run_for(Duration::from_secs(5));
        }
        most = most.max(in_use(&gateway));
        drop(gateway.take_journal());
    }
    let end = gateway.now() + Duration::from_secs(60);
    assert!(gateway.run_until(end, converged), "online in the end");
    assert_eq!(gateway.restless(), None);
    // What the last one had and what the next one has, and what was granted to a daemon that died before it heard.
    assert!(most <= 2 * CLIENTS + ASKED_AT_ONCE, "{most} at once");
    assert_eq!(in_use(&gateway), CLIENTS, "nothing leaked");
}

#[test]
fn qmi_3_a_thousand_kills_without_a_memory_leak_no_client_id() {
    killed_a_thousand_times(|_| false);
}

#[test]
fn qmi_3_a_thousand_kills_with_a_memory_leak_no_client_id() {
    killed_a_thousand_times(|_| true);
}

#[test]
fn qmi_3_a_thousand_kills_with_a_memory_that_is_lost_now_and_then_leak_no_client_id() {
    killed_a_thousand_times(|kill| kill % 7 != 0);
}
