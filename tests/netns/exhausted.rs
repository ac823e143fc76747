//! A host that has nothing left to give: its disk is full or cannot be written to, descriptors have run out.

use std::os::unix::net::UnixStream;
use std::path::Path;

use super::gateway::Gateway;
use super::kernel::{addresses, alone, tun};
use super::program::{answer, until};

/// A file system of its own for what outlives the daemon.
fn mount(state: &Path, options: &str) {
    std::fs::create_dir_all(state).unwrap();
    answer("mount", &["-t", "tmpfs", "-o", options, "none", state.to_str().unwrap()]).good();
}

/// The daemon works, says once that nothing is kept, and goes on working through an end of the session.
fn works_in_memory(gateway: &mut Gateway) {
    gateway.start();
    gateway.until_converged();
    let before = addresses("wwan0");
    gateway.disturb("wwan0", "drop-session cause=36");
    gateway.until("another address", || {
        let now = addresses("wwan0");
        if !now.is_empty() && now != before { Ok(()) } else { Err(format!("{now:?}")) }
    });
    gateway.until_converged();
    let log = gateway.log();
    let said = log.lines().filter(|line| line.contains("state is not kept")).count();
    assert_eq!((said, log.contains("ERROR")), (1, false), "{log}");
}

#[test]
fn f43_a_full_disk_keeps_nobody_from_working() {
    alone("exhausted::f43_a_full_disk_keeps_nobody_from_working", &["dd"], |dir| {
        tun("wwan0");
        let mut gateway = Gateway::new(dir, &[("wwan0", &["ip: { family: ipv4 }"])]);
        mount(&gateway.state(), "size=8k");
        // `dd` ends with an error: there is no more room.
        let filled = answer("dd", &["if=/dev/zero", &format!("of={}/full", gateway.state().display()), "bs=4k"]);
        assert!(filled.err.contains("No space left"), "{filled:?}");
        works_in_memory(&mut gateway);
        // Room again: what was owed is kept, and a new daemon takes the session over.
        std::fs::remove_file(gateway.state().join("full")).unwrap();
        until("the memory", || if gateway.state().join("wwan0.json").exists() { Ok(()) } else { Err(gateway.log()) });
        let before = addresses("wwan0");
        gateway.kill();
        gateway.start();
        gateway.until_converged();
        assert_eq!(addresses("wwan0"), before);
        assert!(!gateway.log().contains("start the ipv4 session"), "{}", gateway.log());
    });
}

#[test]
fn f43_a_disk_that_cannot_be_written_keeps_nobody_from_working() {
    alone("exhausted::f43_a_disk_that_cannot_be_written_keeps_nobody_from_working", &[], |dir| {
        tun("wwan0");
        let mut gateway = Gateway::new(dir, &[("wwan0", &["ip: { family: ipv4 }"])]);
        mount(&gateway.state(), "ro");
        works_in_memory(&mut gateway);
    });
}

#[test]
fn f44_without_descriptors_clients_are_shed_and_the_modem_is_kept() {
    alone("exhausted::f44_without_descriptors_clients_are_shed_and_the_modem_is_kept", &["prlimit"], |dir| {
        tun("wwan0");
        let gateway = Gateway::new(dir, &[("wwan0", &["ip: { family: ipv4 }"])]);
        let mut gateway = gateway.started_by(&["prlimit", "--nofile=40:40"]);
        gateway.start();
        gateway.until_converged();
        // More clients than there are descriptors for; none of them says a word.
        let clients: Vec<UnixStream> = (0..200).map_while(|_| UnixStream::connect(gateway.socket()).ok()).collect();
        assert!(clients.len() > 40, "{}", clients.len());
        let before = addresses("wwan0");
        gateway.disturb("wwan0", "drop-session cause=36");
        gateway.until("another address", || {
            let now = addresses("wwan0");
            if !now.is_empty() && now != before { Ok(()) } else { Err(format!("{now:?}")) }
        });
        drop(clients);
        gateway.until_converged();
        assert!(!gateway.log().contains("ERROR"), "{}", gateway.log());
        gateway.stop();
    });
}
