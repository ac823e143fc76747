//! QMI as bytes, written out here once more, so that our own codec does not vouch for itself.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::program::PATIENCE;

pub const CTL: u8 = 0;
pub const GET_VERSION_INFO: u16 = 0x0021;
pub const ALLOCATE: u16 = 0x0022;

/// A stream to the modem.
pub trait Stream: Read + Write + AsFd {}
impl<T: Read + Write + AsFd> Stream for T {}

/// An answer: who, which, what, and how it went.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub service: u8,
    pub client: u8,
    pub transaction: u16,
    pub message: u16,
    pub error: u16,
}

pub fn request(service: u8, client: u8, transaction: u16, message: u16, tlvs: &[u8]) -> Vec<u8> {
    let mut sdu = vec![0, transaction as u8];
    if service != CTL {
        sdu.push((transaction >> 8) as u8);
    }
    sdu.extend(message.to_le_bytes());
    sdu.extend((tlvs.len() as u16).to_le_bytes());
    sdu.extend(tlvs);
    let mut frame = vec![1];
    frame.extend((sdu.len() as u16 + 5).to_le_bytes());
    frame.extend([0, service, client]);
    frame.extend(sdu);
    frame
}

/// Reads the answer to the next request; indications are read over.
pub fn next(stream: &mut dyn Stream) -> Answer {
    loop {
        let mut head = [0; 3];
        fill(stream, &mut head);
        assert_eq!(head[0], 1, "not the beginning of a frame");
        let mut rest = vec![0; usize::from(u16::from_le_bytes([head[1], head[2]])) - 2];
        fill(stream, &mut rest);
        let [0x80, service, client, flags, ref sdu @ ..] = rest[..] else { panic!("{rest:?}") };
        let (is_answer, transaction, sdu) = match service {
            CTL => (flags == 1, u16::from(sdu[0]), &sdu[1..]),
            _ => (flags == 2, u16::from_le_bytes([sdu[0], sdu[1]]), &sdu[2..]),
        };
        if is_answer {
            let message = u16::from_le_bytes([sdu[0], sdu[1]]);
            assert_eq!(usize::from(u16::from_le_bytes([sdu[2], sdu[3]])), sdu.len() - 4, "the length of the TLVs");
            return Answer { service, client, transaction, message, error: error(&sdu[4..]) };
        }
    }
}

/// The error in the Result TLV.
fn error(mut tlvs: &[u8]) -> u16 {
    while let [kind, low, high, rest @ ..] = tlvs {
        let (value, next) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])));
        if *kind == 2 {
            return u16::from_le_bytes([value[2], value[3]]);
        }
        tlvs = next;
    }
    panic!("an answer without a result");
}

fn readable(stream: &dyn Stream, within: Duration) -> bool {
    let within = Timespec::try_from(within).unwrap();
    poll(&mut [PollFd::new(&stream, PollFlags::IN)], Some(&within)).unwrap() == 1
}

fn fill(stream: &mut dyn Stream, mut into: &mut [u8]) {
    while !into.is_empty() {
        assert!(readable(stream, PATIENCE), "no answer");
        let read = stream.read(into).unwrap();
        assert_ne!(read, 0, "hung up");
        into = &mut into[read..];
    }
}

/// Asks until the modem answers: for a while after it has appeared everything is lost, as with real ones.
pub fn wake(stream: &mut dyn Stream) {
    for transaction in 100..=200 {
        stream.write_all(&request(CTL, 0, transaction, GET_VERSION_INFO, &[])).unwrap();
        if readable(stream, Duration::from_millis(500)) {
            // Answers to CTL come in order, so that this is the last one.
            stream.write_all(&request(CTL, 0, 250, GET_VERSION_INFO, &[])).unwrap();
            while next(stream).transaction != 250 {}
            return;
        }
    }
    panic!("no answer");
}
