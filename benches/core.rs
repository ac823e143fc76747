//! What the core costs: decode, conclude, an edit, a round trip against the simulator, a modem-hour.
//!
//! `cargo bench`. On a shared machine compare figures within one run only.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use divan::{Bencher, black_box, counter::ItemsCount};
use wwan::config::{self, Source};
use wwan::model::{Imsi, Instant, Plmn, PortState};
use wwan::operators;
use wwan::qmi::{Frame, Request as _, Response as _, ctl, nas};
use wwan::reconcile::{Fleet, Input};
use wwan::sim::world::{Options, World};
use wwan::sim::{BoardOutput, ConnectionId, Gateway, Personality, Profile, SimModem, Switchboard};

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

/// An edit of one access point on a gateway that is online: from the bytes of the file through schema and types to what
/// would be done about it, first to last.
#[divan::bench]
fn edit_to_validated_plan(bencher: Bencher<'_, '_>) {
    let mut gateway = Gateway::single(Personality::default(), Profile::default(), 1);
    gateway.edit(TYPICAL);
    gateway.run_for(Duration::from_secs(120));
    let sources = [Source::new("wwan.yaml", TYPICAL.replace("apn: internet", "apn: other"))];
    let (fleet, now) = (gateway.fleet(), gateway.now());
    let plan = |sources: &[Source]| fleet.preview(sources, now).expect("a valid file");
    let previews = plan(&sources);
    assert!(previews.iter().any(|p| p.actions.len() >= 2), "the edit changes the access point in use: {previews:?}");
    bencher.bench_local(|| plan(black_box(&sources)));
}

/// The same edit taken up: the daemon's own way, on a modem that is not there, so that nothing follows from it.
#[divan::bench]
fn edit_taken_up(bencher: Bencher<'_, '_>) {
    let mut fleet = Fleet::new(1);
    let edits = [TYPICAL.to_owned(), TYPICAL.replace("apn: internet", "apn: other")];
    let mut turn = 0_usize;
    let next = || {
        turn += 1;
        (vec![Source::new("wwan.yaml", edits[turn % 2].as_str())], Instant::from_millis(turn as u64))
    };
    bencher.with_inputs(next).bench_local_values(|(sources, now)| {
        fleet.handle(Input::Config(sources), now);
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
    let mut ask = || {
        ours.write_all(&request).expect("sent");
        ours.read(&mut answer).expect("answered")
    };
    let length = ask();
    assert!(length > request.len(), "a version for every service");
    bencher.bench_local(|| assert_eq!(ask(), length));
    drop(ours);
    modem.join().expect("the modem ends with its port");
}

fn serve(port: &mut UnixStream) {
    let modem = SimModem::new(Personality::default(), Profile::default(), 1, Instant::ZERO);
    let mut board = Switchboard::new(modem);
    // Until it has booted, found its card and its network, and says nothing more by itself.
    let mut now = Instant::ZERO;
    while let Some((at, _)) = board.poll_timeout().filter(|(at, _)| *at < Instant::from_secs(60)) {
        now = at;
        board.handle_timeout(now);
        while board.poll_output().is_some() {}
    }
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

/// Modem-hours of the virtual world in trouble: the cost of each must not depend on how many there are. Items a second
/// are modem-hours per CPU-second: all of it runs in one thread.
#[divan::bench(args = [1, 10, 100], sample_count = 3, sample_size = 1)]
fn modem_hours_in_trouble(bencher: Bencher<'_, '_>, gateways: u32) {
    live(bencher, Options { gateways, hours: 4, ..Options::default() });
}

/// The same for a peaceful day, the last hour with a restart of the daemon: what a fleet costs that has no trouble.
#[divan::bench(args = [1, 10, 100, 1000], sample_count = 1, sample_size = 1)]
fn modem_hours_in_peace(bencher: Bencher<'_, '_>, gateways: u32) {
    live(bencher, Options { gateways, hours: 23, peaceful: true, ..Options::default() });
}

fn live(bencher: Bencher<'_, '_>, options: Options) {
    let gateways = options.gateways;
    let world = World::new(WORLD, options).expect("a valid file");
    // Every gateway lives equally long; the first one warms up as well.
    let hours = world.gateway(0).modem_hours() * u64::from(gateways);
    bencher.counter(ItemsCount::new(hours)).bench_local(|| {
        let report = world.run();
        assert!(report.is_good(), "{report}");
        report
    });
}
