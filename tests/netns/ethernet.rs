//! An interface with neighbours, as a modem that frames Ethernet has it, and a carrier behind it that answers.

use super::gateway::Gateway;
use super::kernel::{addresses, alone, ip, routes};
use super::program::{Program, answer, program, until};

#[test]
fn ip_2_f42_packets_pass_and_none_is_lost_in_a_restart() {
    alone("ethernet::ip_2_f42_packets_pass_and_none_is_lost_in_a_restart", &["link:veth"], |dir| {
        ip("netns add carrier");
        ip("link add wwan0 type veth peer name air netns carrier");
        let mut gateway = Gateway::converged(dir, &[("wwan0", &["ip: { family: ipv4 }"])]);
        let routes = routes();
        let [route] = &routes[..] else { panic!("{routes:?}") };
        let words: Vec<&str> = route.split(' ').collect();
        let ["default", "via", via, "dev", "wwan0", ..] = words[..] else { panic!("{route}") };
        assert!(route.contains("onlink") && addresses("wwan0")[0].ends_with("/30"), "{route}");
        let carrier = |words: &str| {
            answer("ip", &[&["-n", "carrier"], &words.split(' ').collect::<Vec<_>>()[..]].concat()).good()
        };
        carrier("link set lo up");
        carrier("link set air up");
        carrier(&format!("addr add {via}/30 dev air"));
        carrier("addr add 203.0.113.5/32 dev lo");
        until("the carrier answers", || {
            let once = answer("ping", &["-c", "1", "-W", "1", "203.0.113.5"]);
            if once.is_ok() { Ok(()) } else { Err(once.all()) }
        });
        let mut ping = program("ping");
        ping.args(["-i", "0.01", "-W", "5", "203.0.113.5"]);
        let mut ping = Program::start(dir, "ping", &mut ping);
        for _ in 0..2 {
            gateway.kill();
            gateway.start();
            gateway.until_converged();
        }
        ping.signal(rustix::process::Signal::INT);
        ping.ended();
        let said = ping.out();
        let summary = said.lines().find(|line| line.contains("packet loss")).unwrap_or_else(|| panic!("{said}"));
        assert!(summary.contains(" 0% packet loss"), "{summary}");
        println!("through two restarts: {summary}");
    });
}
