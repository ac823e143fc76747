//! Several programs at one modem.

use super::*;
use crate::qmi::{nas, wds};
use crate::sim::{Personality, Profile};
use std::time::Duration;

const A: ConnectionId = ConnectionId(1);
const B: ConnectionId = ConnectionId(2);

struct Bench {
    board: Switchboard,
    now: Instant,
    heard: Vec<(ConnectionId, Frame)>,
    hung_up: Vec<ConnectionId>,
}

impl Bench {
    fn ready() -> Self {
        let modem = SimModem::new(Personality::default(), Profile::default(), 3, Instant::ZERO);
        let board = Switchboard::new(modem);
        let mut bench = Self { board, now: Instant::ZERO, heard: Vec::new(), hung_up: Vec::new() };
        assert!(!bench.board.connect(A), "not there yet");
        bench.run(60_000);
        assert!(bench.board.connect(A) && bench.board.connect(B));
        bench
    }

    fn run(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        loop {
            while let Some(output) = self.board.poll_output() {
                match output {
                    BoardOutput::Bytes(id, bytes) => self.heard.push((id, Frame::parse(&bytes).unwrap())),
                    BoardOutput::HungUp(id) => self.hung_up.push(id),
                    BoardOutput::Vanished | BoardOutput::Appeared { .. } | BoardOutput::Carrier(_) => {}
                }
            }
            let Some((at, _)) = self.board.poll_timeout().filter(|(at, _)| *at <= until) else { break };
            self.now = at.max(self.now);
            self.board.handle_timeout(self.now);
        }
        self.now = until;
    }

    fn send<R: Request>(&mut self, id: ConnectionId, client: u8, transaction: u16, request: &R) {
        self.board.bytes(id, &request.frame(client, transaction).encode(), self.now);
    }

    fn allocate(&mut self, id: ConnectionId, service: Service) -> u8 {
        self.send(id, 0, 1, &ctl::allocate_cid::Request { service: Some(service), ..Default::default() });
        self.run(200);
        let (to, frame) = self.heard.pop().unwrap();
        assert_eq!((to, frame.transaction), (id, 1));
        ctl::allocate_cid::Response::decode(&frame).unwrap().unwrap().client.unwrap().client
    }

    fn heard_by(&self, id: ConnectionId) -> Vec<&Frame> {
        self.heard.iter().filter(|(to, _)| *to == id).map(|(_, frame)| frame).collect()
    }
}

#[test]
fn the_same_transaction_of_two_programs_is_told_apart() {
    let mut bench = Bench::ready();
    for id in [A, B] {
        bench.send(id, 0, 7, &ctl::get_version_info::Request::default());
    }
    bench.run(200);
    for id in [A, B] {
        let heard = bench.heard_by(id);
        assert_eq!((heard.len(), heard[0].transaction), (1, 7));
    }
}

#[test]
fn answers_go_to_the_asker_even_with_a_borrowed_client_id() {
    let mut bench = Bench::ready();
    let nas = bench.allocate(A, Service::Nas);
    bench.send(A, nas, 1, &nas::get_serving_system::Request::default());
    bench.send(B, nas, 2, &nas::get_signal_info::Request::default());
    bench.run(200);
    assert_eq!(bench.heard_by(A)[0].message, nas::get_serving_system::ID);
    assert_eq!(bench.heard_by(B)[0].message, nas::get_signal_info::ID);
}

#[test]
fn indications_go_to_the_owner_and_a_restart_hangs_up() {
    let mut bench = Bench::ready();
    let nas = bench.allocate(A, Service::Nas);
    let _other = bench.allocate(B, Service::Wds);
    bench.send(A, nas, 9, &nas::get_serving_system::Request::default());
    bench.run(200);
    bench.heard.clear();
    bench.board.disturb(&Disturbance::Roaming { on: true }, bench.now);
    bench.run(20_000);
    assert!(!bench.heard_by(A).is_empty());
    assert!(bench.heard_by(B).is_empty());
    bench.board.disturb(&Disturbance::Reset, bench.now);
    bench.run(60_000);
    assert_eq!(bench.hung_up, [A, B]);
    assert!(!bench.board.is_connected(A));
}

#[test]
fn a_closed_program_leaves_its_client_ids_and_its_session() {
    let mut bench = Bench::ready();
    let wds = bench.allocate(A, Service::Wds);
    bench.send(A, wds, 1, &wds::start_network::Request { apn: Some("internet".into()), ..Default::default() });
    bench.run(5_000);
    bench.board.disconnect(A);
    bench.run(5_000);
    let truth = bench.board.modem().truth();
    assert_eq!((truth.clients, truth.sessions.len()), (1, 1));
    assert!(bench.board.connect(A));
    bench.send(A, wds, 1, &wds::get_packet_service_status::Request::default());
    bench.heard.clear();
    bench.run(200);
    assert_eq!(bench.heard_by(A).len(), 1);
}

#[test]
fn the_proxys_own_message_is_answered_without_the_modem() {
    let mut bench = Bench::ready();
    let open = ctl::proxy_open::Request { device: Some("/dev/cdc-wdm0".into()), ..Default::default() };
    bench.send(A, 0, 1, &open);
    bench.run(0);
    // The bytes that libqmi's clients expect.
    let answer = bench.heard_by(A)[0].encode();
    assert_eq!(answer, [1, 0x12, 0, 0x80, 0, 0, 1, 1, 0, 0xFF, 7, 0, 2, 4, 0, 0, 0, 0, 0]);
}

#[test]
fn bytes_come_in_any_portions_and_noise_is_skipped() {
    let mut bench = Bench::ready();
    let request = ctl::get_version_info::Request::default().frame(0, 5).encode();
    bench.board.bytes(A, &[0xAA, 0x55], bench.now);
    for byte in request {
        bench.board.bytes(A, &[byte], bench.now);
    }
    bench.run(200);
    assert_eq!(bench.heard_by(A).len(), 1);
}
