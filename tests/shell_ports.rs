//! Control ports of every kind against a peer made here: what is sent arrives whole, what is lost is noticed.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::sync::mpsc;
use wwan::host::port::{ControlPorts, Roots};
use wwan::model::{ModemName, PortState};
use wwan::reconcile::{Input, PortKind, PortSpec};

const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    ports: ControlPorts,
    reports: mpsc::Receiver<Input>,
    modem: ModemName,
}

impl Bench {
    fn new() -> Self {
        let (tell, reports) = mpsc::channel(4);
        Self { ports: ControlPorts::new(Roots::default(), tell), reports, modem: "wwan0".into() }
    }

    async fn report(&mut self) -> Input {
        let report = tokio::time::timeout(PATIENCE, self.reports.recv()).await;
        report.expect("no report in time").expect("the port's task ended")
    }

    async fn port_state(&mut self) -> PortState {
        match self.report().await {
            Input::Port(_, state) => state,
            other => panic!("{other:?}"),
        }
    }

    async fn open(&mut self, spec: &PortSpec) {
        self.ports.open(&self.modem, spec);
        assert_eq!(self.report().await, Input::Opened(self.modem.clone(), PortKind::Exclusive));
    }

    async fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            match self.report().await {
                Input::Bytes(_, more) => bytes.extend(more),
                other => panic!("{other:?}"),
            }
        }
        bytes
    }
}

fn text(path: &std::path::Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The master of a PTY and the path of its slave.
fn pty() -> (OwnedFd, PathBuf) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let slave = ptsname(&master, Vec::new()).unwrap();
    (master, PathBuf::from(slave.to_str().unwrap()))
}

#[tokio::test]
async fn a_socket_from_absent_to_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("modem");
    let spec = PortSpec::Socket(text(&path));
    let mut bench = Bench::new();
    let modem = bench.modem.clone();

    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Absent);
    bench.ports.open(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Absent);

    let listener = UnixListener::bind(&path).unwrap();
    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Closed);
    bench.open(&spec).await;
    let (mut peer, _) = listener.accept().unwrap();
    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Open);

    bench.ports.send(&modem, &[1, 2, 3]);
    bench.ports.send(&modem, &[4, 5]);
    let received = tokio::task::spawn_blocking(move || {
        let mut received = [0; 5];
        peer.read_exact(&mut received).unwrap();
        peer.write_all(&[9, 8, 7]).unwrap();
        (peer, received)
    });
    assert_eq!(bench.bytes(3).await, [9, 8, 7]);
    let (peer, received) = received.await.unwrap();
    assert_eq!(received, [1, 2, 3, 4, 5]);

    drop(peer);
    assert_eq!(bench.port_state().await, PortState::Closed);
    drop(listener);
    std::fs::remove_file(&path).unwrap();
    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Absent);
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_unusable_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("modem");
    drop(UnixListener::bind(&path).unwrap());
    let mut bench = Bench::new();
    bench.ports.open(&bench.modem.clone(), &PortSpec::Socket(text(&path)));
    let PortState::Unusable(why) = bench.port_state().await else { panic!() };
    assert!(why.starts_with("cannot connect to /") && why.contains("refused"), "{why}");
}

#[tokio::test]
async fn a_pty_carries_every_byte_unchanged() {
    let (master, path) = pty();
    let mut bench = Bench::new();
    let modem = bench.modem.clone();
    bench.open(&PortSpec::Device(text(&path))).await;

    let every_byte: Vec<u8> = (0..=255).collect();
    bench.ports.send(&modem, &every_byte);
    let expected = every_byte.clone();
    let peer = tokio::task::spawn_blocking(move || {
        let mut peer = std::fs::File::from(master);
        let mut received = vec![0; 256];
        peer.read_exact(&mut received).unwrap();
        peer.write_all(&received).unwrap();
        (peer, received)
    });
    assert_eq!(bench.bytes(256).await, every_byte);
    let (peer, received) = peer.await.unwrap();
    assert_eq!(received, expected);

    drop(peer);
    assert_eq!(bench.port_state().await, PortState::Absent);
}

#[tokio::test]
async fn both_ends_may_talk_at_once_and_more_than_a_buffer_holds() {
    let (master, path) = pty();
    let mut bench = Bench::new();
    let modem = bench.modem.clone();
    bench.open(&PortSpec::Device(text(&path))).await;
    for n in 0..32 {
        bench.ports.send(&modem, &[n; 1000]);
    }
    let peer = tokio::task::spawn_blocking(move || {
        let mut peer = std::fs::File::from(master);
        let mut received = vec![0; 32_000];
        for portion in received.chunks_mut(500) {
            peer.write_all(&[0x55; 500]).unwrap();
            peer.read_exact(portion).unwrap();
        }
        (peer, received)
    });
    assert_eq!(bench.bytes(32_000).await, vec![0x55; 32_000]);
    let (_peer, received) = peer.await.unwrap();
    let expected: Vec<u8> = (0..32).flat_map(|n| [n; 1000]).collect();
    assert!(received == expected, "bytes were lost or changed their order");
}

#[tokio::test]
async fn a_port_that_takes_nothing_is_given_up() {
    let (_master, path) = pty();
    let mut bench = Bench::new();
    let modem = bench.modem.clone();
    bench.open(&PortSpec::Device(text(&path))).await;
    for _ in 0..40 {
        for _ in 0..10 {
            bench.ports.send(&modem, &[0; 4096]);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.port_state().await, PortState::Closed);
}

#[tokio::test]
async fn closing_and_opening_again_begins_anew() {
    let (master, path) = pty();
    let spec = PortSpec::Device(text(&path));
    let mut bench = Bench::new();
    let modem = bench.modem.clone();
    for n in 0..3 {
        bench.open(&spec).await;
        let mut peer = std::fs::File::from(master.try_clone().unwrap());
        peer.write_all(&[n]).unwrap();
        assert_eq!(bench.bytes(1).await, [n]);
        bench.ports.close(&modem);
        assert_eq!(bench.port_state().await, PortState::Closed);
    }
}
