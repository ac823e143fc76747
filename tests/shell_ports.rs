//! Control ports of every kind against a peer made here: what is sent arrives whole, what is lost is noticed.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::sync::mpsc;
use wwan::host::port::{ControlPorts, Roots};
use wwan::model::{Imei, Instant, ModemName, PortState};
use wwan::reconcile::{Hardware, Input, PortKind, PortSpec};
use wwan::sim::{BoardOutput, ConnectionId, Personality, Profile, SimModem, Switchboard};

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

/// A machine of our own with USB modems: a PTY stands for each node.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for place in ["sys/class/usbmisc", "sys/class/net", "dev"] {
            std::fs::create_dir_all(dir.path().join(place)).unwrap();
        }
        Self { dir }
    }

    fn bench(&self) -> Bench {
        let (tell, reports) = mpsc::channel(4);
        let roots =
            Roots { sys: self.dir.path().join("sys"), dev: self.dir.path().join("dev"), proc: "/nowhere".into() };
        Bench { ports: ControlPorts::new(roots, tell), reports, modem: "wwan0".into() }
    }

    fn plug(&self, place: &str, node: &str, interface: &str) -> OwnedFd {
        let sys = self.dir.path().join("sys");
        let (device, function) = (sys.join("devices").join(place), sys.join("devices").join(place).join("f:1.4"));
        for (class, name) in [("usbmisc", node), ("net", interface)] {
            let entry = function.join(class).join(name);
            std::fs::create_dir_all(&entry).unwrap();
            symlink(&function, entry.join("device")).unwrap();
            symlink(&entry, sys.join("class").join(class).join(name)).unwrap();
        }
        for (file, text) in [("idVendor", "2c7c"), ("idProduct", "0125"), ("devnum", "3")] {
            std::fs::write(device.join(file), text).unwrap();
        }
        let (master, slave) = pty();
        symlink(slave, self.dir.path().join("dev").join(node)).unwrap();
        master
    }

    fn unplug(&self, node: &str) {
        std::fs::remove_file(self.dir.path().join("sys/class/usbmisc").join(node)).unwrap();
    }

    fn rename(&self, place: &str, from: &str, to: &str) {
        let net = self.dir.path().join("sys/devices").join(place).join("f:1.4/net");
        std::fs::rename(net.join(from), net.join(to)).unwrap();
    }
}

/// A modem at the other end of a PTY, which answers as the simulated one does until the port is closed. Then it tells how
/// many client ids are in use, and gives the PTY back, which is there as long as somebody has it.
fn modem_at(master: OwnedFd, number: u64) -> (Imei, std::thread::JoinHandle<(usize, std::fs::File)>) {
    let personality =
        Personality { enumerate_ms: (0, 0), boot_ms: (0, 0), answer_ms: (0, 0), ..Personality::default() };
    let profile = Profile::numbered(number);
    let imei = Imei::parse(&profile.imei).unwrap();
    let answering = std::thread::spawn(move || {
        let now = Instant::ZERO;
        let mut board = Switchboard::new(SimModem::new(personality, profile, number, now));
        let (mut peer, host) = (std::fs::File::from(master), ConnectionId(0));
        board.handle_timeout(now);
        assert!(board.connect(host));
        let mut portion = [0; 4096];
        // Nobody at the other end any more: a PTY says so by an error.
        while let Ok(read) = peer.read(&mut portion) {
            board.bytes(host, &portion[..read], now);
            board.handle_timeout(now);
            while let Some(output) = board.poll_output() {
                if let BoardOutput::Bytes(_, bytes) = output {
                    peer.write_all(&bytes).unwrap();
                }
            }
        }
        (board.modem().clients_in_use(), peer)
    });
    (imei, answering)
}

#[tokio::test]
async fn dev_2_the_modem_with_the_imei_is_found_and_nothing_is_left_in_the_other() {
    let machine = Machine::new();
    let masters = [machine.plug("1-1", "cdc-wdm0", "wwan0"), machine.plug("1-2", "cdc-wdm1", "wwan1")];
    let mut bench = machine.bench();
    let interfaces = bench.ports.interface_names();
    let [one, two] = masters;
    let ((_, first), (imei, second)) = (modem_at(one, 1), modem_at(two, 2));
    let spec = PortSpec::Hardware(Hardware { imei: Some(imei), ..Hardware::default() });
    let modem = bench.modem.clone();

    // One of them may be it.
    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Closed);
    assert_eq!(interfaces.of(&modem), None, "which one is not known yet");
    bench.open(&spec).await;
    assert_eq!(interfaces.of(&modem).as_deref(), Some("wwan1"));
    // It has been asked, and was let go: the ids of clients are back.
    let (clients, _first) = first.join().unwrap();
    assert_eq!(clients, 0);
    bench.ports.close(&modem);
    assert_eq!(bench.port_state().await, PortState::Closed);
    let (clients, _second) = second.join().unwrap();
    assert_eq!(clients, 0);

    // No modem here has this one; both have been asked, and are not asked again.
    let stranger = Imei::parse(&Profile::numbered(7).imei).unwrap();
    let spec = PortSpec::Hardware(Hardware { imei: Some(stranger), ..Hardware::default() });
    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Absent);
    bench.ports.open(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Absent);
    assert_eq!(interfaces.of(&modem), None);
}

#[tokio::test]
async fn dev_2_the_modem_of_a_model_is_found_and_two_of_it_are_not_guessed_between() {
    let machine = Machine::new();
    let masters = [machine.plug("1-1", "cdc-wdm0", "wwan0"), machine.plug("1-2", "cdc-wdm1", "wwan1")];
    let mut bench = machine.bench();
    let [one, two] = masters.map(|master| modem_at(master, 1));
    let modem = bench.modem.clone();
    let model = |model: &str| PortSpec::Hardware(Hardware { model: Some(model.into()), ..Hardware::default() });

    bench.ports.open(&modem, &model("another"));
    assert_eq!(bench.port_state().await, PortState::Absent);
    let _masters = [one, two].map(|(_, asked)| {
        let (clients, master) = asked.join().unwrap();
        assert_eq!(clients, 0, "it has been asked, and was let go");
        master
    });
    // Both have said that they are of this one.
    bench.ports.open(&modem, &model("sim7000-qmi"));
    let PortState::Ambiguous(both) = bench.port_state().await else { panic!() };
    assert_eq!(both, ["1-1 (2c7c:0125, cdc-wdm0)", "1-2 (2c7c:0125, cdc-wdm1)"]);
    // One is left.
    machine.unplug("cdc-wdm0");
    bench.open(&model("sim7000-qmi")).await;
    assert_eq!(bench.ports.interface_names().of(&modem).as_deref(), Some("wwan1"));
}

#[tokio::test]
async fn dev_2_a_node_that_one_entry_has_open_is_not_opened_for_another() {
    let machine = Machine::new();
    let _master = machine.plug("1-1", "cdc-wdm0", "wwan0");
    let mut bench = machine.bench();
    bench.open(&PortSpec::Interface("wwan0".into())).await;
    let other = ModemName::from("office");
    let id = PortSpec::Hardware(Hardware { usb_id: Some("2c7c:0125".into()), ..Hardware::default() });
    let path = PortSpec::Device(text(&machine.dir.path().join("dev/cdc-wdm0")));
    for spec in [&id, &path] {
        bench.ports.open(&other, spec);
        let PortState::Unusable(why) = bench.port_state().await else { panic!() };
        assert!(why.contains("cdc-wdm0") && why.ends_with("is the entry wwan0's"), "{why}");
    }
    bench.ports.close(&bench.modem.clone());
    assert_eq!(bench.port_state().await, PortState::Closed);
    bench.ports.open(&other, &id);
    assert_eq!(bench.report().await, Input::Opened(other, PortKind::Exclusive));
}

#[tokio::test]
async fn dev_2_an_interface_that_is_renamed_is_followed_while_the_port_is_open() {
    let machine = Machine::new();
    let _master = machine.plug("1-1", "cdc-wdm0", "wwan0");
    let mut bench = machine.bench();
    let (modem, interfaces) = (bench.modem.clone(), bench.ports.interface_names());
    let spec = PortSpec::Hardware(Hardware { usb_id: Some("2c7c:0125".into()), ..Hardware::default() });
    bench.open(&spec).await;
    assert_eq!(interfaces.of(&modem).as_deref(), Some("wwan0"));
    machine.rename("1-1", "wwan0", "wwp1s0");
    bench.ports.look(&modem, &spec);
    assert_eq!(bench.port_state().await, PortState::Open);
    assert_eq!(interfaces.of(&modem).as_deref(), Some("wwp1s0"));
}
