//! What the core costs: decode, conclude, an edit, a round trip against the simulator, a modem-hour.
//!
//! `cargo bench`. On a shared machine compare figures within one run only.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use divan::{Bencher, black_box, counter::ItemsCount};
use wwan::config::{self, Source};
use wwan::model::{Imsi, Instant, Plmn, PortState};
use wwan::operators;
use wwan::qmi::{Frame, Request as _, Response as _, ctl, nas};
use wwan::reconcile::{Fleet, Input};
use wwan::sim::world::{Options, World};
use wwan::sim::{BoardOutput, ConnectionId, Personality, Profile, SimModem, Switchboard};

fn main() {
    divan::main();
}

const TYPICAL: &str = include_str!("../examples/typical.yaml");
const WORLD: &str = include_str!("../tests/world.yaml");

fn serving_system() -> Vec<u8> {
    let request = nas::get_serving_system::Request::default().frame(1, 7);
    nas::get_serving_system::Response {
        serving_system: Some(nas::ServingSystem {
            registration: nas::RegistrationState::Registered,
            ps_attach: nas::AttachState::Attached,
            radio_interfaces: vec![nas::RadioInterface::Lte],
            ..Default::default()
        }),
        roaming: Some(nas::RoamingIndicator::Home),
        current_plmn: Some(nas::NamedPlmn { mcc: 901, mnc: 40, name: "carrier".into() }),
        cid: Some(27_663_611),
        lte_tac: Some(0x2AF1),
        ..Default::default()
    }
    .accept(&request)
    .encode()
}

#[divan::bench]
fn decode_get_serving_system(bencher: Bencher<'_, '_>) {
    let bytes = serving_system();
    bencher.bench(|| {
        let frame = Frame::parse(black_box(&bytes)).expect("a frame");
        nas::get_serving_system::Response::decode(&frame)
    });
}

#[divan::bench]
fn load_the_typical_file(bencher: Bencher<'_, '_>) {
    let sources = [Source::new("wwan.yaml", TYPICAL)];
    let _warm = config::load(&sources);
    bencher.bench(|| config::load(black_box(&sources)));
}

/// A code near the end of the table, one of six digits, and one that nobody has.
#[divan::bench]
fn name_of_a_network(bencher: Bencher<'_, '_>) {
    let plmn = |mcc, mnc, three_digit_mnc| Plmn { mcc, mnc, three_digit_mnc };
    let codes = [plmn(901, 27, false), plmn(310, 410, true), plmn(214, 7, true)];
    bencher.counter(ItemsCount::new(codes.len())).bench(|| black_box(codes).map(operators::name));
}

/// The home network of a subscriber: the longest code of the table that the IMSI begins with.
#[divan::bench]
fn home_network_of_an_imsi(bencher: Bencher<'_, '_>) {
    let imsi = Imsi::parse("214070000000001").expect("digits");
    bencher.bench(|| operators::home(black_box(&imsi)));
}

/// An edit of one access point: from the bytes of the file to the plan and its conditions.
#[divan::bench]
fn edit_to_validated_plan(bencher: Bencher<'_, '_>) {
    let mut fleet = Fleet::new(1);
    let edits = [TYPICAL.to_owned(), TYPICAL.replace("apn: super", "apn: other")];
    let mut turn = 0_usize;
    bencher.bench_local(|| {
        turn += 1;
        let now = Instant::from_millis(turn as u64);
        fleet.handle(Input::Config(vec![Source::new("wwan.yaml", edits[turn % 2].as_str())]), now);
        fleet.handle(Input::Port("wwan0".into(), PortState::Absent), now);
        while let Some(output) = fleet.poll_output() {
            black_box(output);
        }
    });
}

/// A request over a socket pair, answered by a simulated modem in another thread, whose clock is run ahead so that its
/// own delays do not count.
#[divan::bench]
fn round_trip_over_a_socket_pair(bencher: Bencher<'_, '_>) {
    let (mut ours, mut theirs) = UnixStream::pair().expect("a pair");
    let modem = std::thread::spawn(move || serve(&mut theirs));
    let request = ctl::get_version_info::Request::default().frame(0, 1).encode();
    let mut answer = [0; 4096];
    bencher.bench_local(|| {
        ours.write_all(&request).expect("sent");
        ours.read(&mut answer).expect("answered")
    });
    drop(ours);
    modem.join().expect("the modem ends with its port");
}

fn serve(port: &mut UnixStream) {
    let modem = SimModem::new(Personality::default(), Profile::default(), 1, Instant::ZERO);
    let mut board = Switchboard::new(modem);
    let mut now = Instant::from_secs(60);
    board.handle_timeout(now);
    while board.poll_output().is_some() {}
    board.connect(ConnectionId(1));
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = port.read(&mut buffer) {
        board.bytes(ConnectionId(1), &buffer[..length], now);
        loop {
            match board.poll_output() {
                Some(BoardOutput::Bytes(_, frame)) => {
                    port.write_all(&frame).expect("the bench reads");
                    break;
                }
                Some(_) => {}
                None => {
                    now = board.poll_timeout().map_or(now, |(at, _)| at.max(now));
                    board.handle_timeout(now);
                }
            }
        }
    }
}

/// Modem-hours of the virtual world: the cost of each must not depend on how many there are.
#[divan::bench(args = [1, 10, 100], sample_count = 3, sample_size = 1)]
fn modem_hours_in_trouble(bencher: Bencher<'_, '_>, gateways: u32) {
    let options = Options { gateways, hours: 4, ..Options::default() };
    let world = World::new(WORLD, options).expect("a valid file");
    let hours = world.run().modem_hours();
    bencher.counter(ItemsCount::new(hours)).bench(|| world.run());
}
