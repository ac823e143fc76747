//! Bytes as programs with a framing of their own send them: in crumbs, in heaps, with rubbish between. What is sent and
//! expected is written out here, so that our own codec does not vouch for itself.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::bytes::{ALLOCATE, Answer, CTL, GET_VERSION_INFO, Stream, next, request};
use super::offer::Offer;
use super::stage::{Stage, play};

const DMS: u8 = 2;
const GET_IDS: u16 = 0x0025;
/// What an answer must not say: malformed, invalid client id, missing argument, unknown command.
const NOT_UNDERSTOOD: [u16; 4] = [1, 7, 17, 71];

/// Gets a client id of DMS and returns how requests of it and answers to them look.
fn client(stream: &mut dyn Stream) -> impl Fn(u16) -> (Vec<u8>, Answer) + use<> {
    stream.write_all(&request(CTL, 0, 1, ALLOCATE, &[1, 1, 0, DMS])).unwrap();
    assert_eq!(next(stream).error, 0);
    |transaction| {
        let answer = Answer { service: DMS, client: 1, transaction, message: GET_IDS, error: 0 };
        (request(DMS, 1, transaction, GET_IDS, &[]), answer)
    }
}

fn in_portions(stream: &mut dyn Stream, bytes: &[u8], size: usize) {
    for portion in bytes.chunks(size) {
        stream.write_all(portion).unwrap();
        stream.flush().unwrap();
    }
}

/// Requests of three kinds, each in portions of a few bytes.
fn crumbs(stream: &mut dyn Stream) {
    let ids = client(stream);
    for (transaction, size) in (1..).zip([1, 7, 2, 11, 12, 13]) {
        let (bytes, answer) = ids(transaction);
        in_portions(stream, &bytes, size);
        assert_eq!(next(stream), answer, "in portions of {size}");
        in_portions(stream, &request(CTL, 0, transaction, GET_VERSION_INFO, &[]), size);
        assert_eq!(next(stream).error, 0, "in portions of {size}");
    }
}

/// Many requests in one write, and requests cut in two where another begins.
fn heaps(stream: &mut dyn Stream) {
    let ids = client(stream);
    let (requests, answers): (Vec<_>, Vec<_>) = (1..=40).map(&ids).unzip();
    let heap = requests.concat();
    stream.write_all(&heap).unwrap();
    answers.iter().for_each(|answer| assert_eq!(next(stream), *answer));
    in_portions(stream, &heap, requests[0].len() + 5);
    answers.iter().for_each(|answer| assert_eq!(next(stream), *answer));
}

/// Rubbish before, between and after, as a serial port has after a reset.
fn rubbish(stream: &mut dyn Stream) {
    let ids = client(stream);
    let rubbish: [&[u8]; 7] = [
        b"\0",
        b"AT+CGMI\r\n",
        &[0x55, 0xAA, 0xFF, 0xFE],
        // Headers that contradict themselves: too short, a wrong sender, lengths that do not agree.
        &[1, 2, 0, 0, 2],
        &[1, 12, 0, 0x42, 2, 1, 0, 1, 0, 0x25, 0, 0, 0],
        &[1, 12, 0, 0, 2, 1, 0, 1, 0, 0x25, 0, 9, 0],
        // The beginning of a request whose end was lost.
        &request(DMS, 1, 99, GET_IDS, &[])[..12],
    ];
    for (transaction, rubbish) in (1..).step_by(2).zip(rubbish) {
        let ((first, answer), (second, answer_to_second)) = (ids(transaction), ids(transaction + 1));
        stream.write_all(&[rubbish, &first, rubbish, &second].concat()).unwrap();
        assert_eq!(next(stream), answer, "after {rubbish:02x?}");
        assert_eq!(next(stream), answer_to_second, "between {rubbish:02x?}");
    }
}

/// Everything that uqmi was seen to send, in portions of seven bytes.
fn uqmi(stream: &mut dyn Stream) {
    let seen = include_str!("../data/frames/uqmi.txt");
    let mut errors = Vec::new();
    for line in seen.lines().filter_map(|line| line.strip_prefix("> ")) {
        let digits = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..line.len() / 2).map(|at| digits(at * 2)).collect();
        in_portions(stream, &bytes, 7);
        let answer = next(stream);
        assert_eq!((answer.service, answer.client), (bytes[4], bytes[5]), "{line}");
        assert!(!NOT_UNDERSTOOD.contains(&answer.error), "{line}: {answer:?}");
        errors.extend((answer.error != 0).then_some((answer.message, answer.error)));
    }
    // It selects a network by hand that is not there and dials: CallFailed.
    assert!(errors.len() <= 2, "{errors:x?}");
}

fn over_a_pty(test: &str, act: impl Fn(&mut dyn Stream)) {
    play(test, Stage::Network, &[], |dir| {
        let node = dir.join("cdc-wdm0");
        let offer = Offer::new(dir, &[format!("pty:{}", node.display())]);
        // As a device node is opened: nothing is set up, the other side is a raw terminal already.
        act(&mut OpenOptions::new().read(true).write(true).open(node).unwrap());
        offer.end();
    });
}

#[test]
fn crumbs_over_a_pty() {
    over_a_pty("raw::crumbs_over_a_pty", crumbs);
}

#[test]
fn heaps_over_a_pty() {
    over_a_pty("raw::heaps_over_a_pty", heaps);
}

#[test]
fn rubbish_over_a_pty() {
    over_a_pty("raw::rubbish_over_a_pty", rubbish);
}

#[test]
fn what_uqmi_sends_over_a_pty() {
    over_a_pty("raw::what_uqmi_sends_over_a_pty", uqmi);
}

#[test]
fn all_of_it_over_a_socket() {
    play("raw::all_of_it_over_a_socket", Stage::Network, &[], |dir| {
        let socket = dir.join("qmux_socket0");
        let offer = Offer::new(dir, &[format!("unix:{}", socket.display())]);
        let connect = |path: &Path| UnixStream::connect(path).unwrap();
        uqmi(&mut connect(&socket));
        // Each connection gets an id of its own; those of the ones before are not given back.
        let mut stream = connect(&socket);
        stream.write_all(&request(CTL, 0, 1, 0x0027, &[])).unwrap();
        assert_eq!(next(&mut stream).error, 0);
        crumbs(&mut stream);
        offer.end();
    });
}
