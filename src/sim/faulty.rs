//! What happens to bytes on the way: a wire, a hub, a driver, a program in between, each with a rate.
//!
//! Middleware in the manner of smoltcp's `FaultInjector`: chunks in, chunks out, later or never or twice. A chunk is
//! what one `write` carried, usually one frame. Order is kept, except by [`Faults::reorder`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::random::{Random, Span};
use super::schedule::Schedule;
use crate::model::Instant;
use crate::qmi::{Frame, Kind};

/// How often what goes wrong: cases in a thousand chunks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Faults {
    /// The chunk is lost.
    pub drop: u16,
    /// The chunk and all behind it wait a while.
    pub delay: u16,
    /// How long.
    pub delay_ms: Span,
    /// The chunk comes twice.
    pub duplicate: u16,
    /// The chunk is overtaken by those behind it.
    pub reorder: u16,
    /// The chunk comes in two pieces.
    pub split: u16,
    /// The chunk comes together with the next.
    pub coalesce: u16,
    /// One byte of the chunk is another.
    pub corrupt: u16,
    /// Noise comes before the chunk.
    pub noise: u16,
    /// Before the chunk, if it is an answer, comes another that nobody waits for: with its transaction, but another
    /// message.
    pub stray: u16,
    /// The end of the chunk is missing.
    pub truncate: u16,
}

/// A way for bytes in one direction, with faults.
#[derive(Debug)]
pub struct Faulty {
    faults: Faults,
    dice: Dice,
    /// Nothing that keeps its order arrives before this.
    clear_at: Instant,
    /// Waits for company.
    held: Vec<u8>,
    on_the_way: Schedule<Piece>,
    /// Came between two parts of a chunk and waits for the second: what is sent together is not mixed with others.
    between: Option<Vec<Vec<u8>>>,
    arrived: VecDeque<Vec<u8>>,
}

/// Something on the way.
#[derive(Debug)]
enum Piece {
    Whole(Vec<u8>),
    Head(Vec<u8>),
    Tail(Vec<u8>),
    /// The held chunk, if it is still alone.
    Held,
}

/// A stream for each fault: one rate changed moves no other fault.
#[derive(Debug)]
struct Dice {
    drop: Random,
    delay: Random,
    duplicate: Random,
    reorder: Random,
    split: Random,
    coalesce: Random,
    corrupt: Random,
    noise: Random,
    stray: Random,
    truncate: Random,
}

/// What was overtaken, cut off or held back arrives after this.
const MOMENT_MS: Span = (1, 40);

impl Faulty {
    /// A way without faults, whose chance is `seed`'s stream for `direction`.
    #[must_use]
    pub fn new(seed: u64, direction: u64) -> Self {
        let dice = |purpose| Random::stream(seed, purpose, direction);
        Self {
            faults: Faults::default(),
            dice: Dice {
                drop: dice("drop"),
                delay: dice("delay"),
                duplicate: dice("duplicate"),
                reorder: dice("reorder"),
                split: dice("split"),
                coalesce: dice("coalesce"),
                corrupt: dice("corrupt"),
                noise: dice("noise"),
                stray: dice("stray"),
                truncate: dice("truncate"),
            },
            clear_at: Instant::ZERO,
            held: Vec::new(),
            on_the_way: Schedule::default(),
            between: None,
            arrived: VecDeque::new(),
        }
    }

    /// Sets what goes wrong from now on.
    pub fn set(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// A chunk sets out.
    pub fn handle_bytes(&mut self, chunk: Vec<u8>, now: Instant) {
        if self.faults == Faults::default() && self.on_the_way.is_empty() && self.held.is_empty() {
            self.arrived.push_back(chunk);
            return;
        }
        let Faults { drop, duplicate, reorder, coalesce, .. } = self.faults;
        if self.dice.drop.chance(drop) {
            return;
        }
        let mut chunk = self.damage(chunk);
        if !self.held.is_empty() {
            chunk.splice(0..0, std::mem::take(&mut self.held));
        } else if self.dice.coalesce.chance(coalesce) {
            // Nothing may wait for ever: with no next chunk it goes alone.
            let alone = now + self.dice.coalesce.within(MOMENT_MS);
            self.held = chunk;
            self.on_the_way.at(alone, Piece::Held);
            return;
        }
        if self.dice.duplicate.chance(duplicate) {
            self.send(chunk.clone(), now);
        }
        if self.dice.reorder.chance(reorder) {
            self.on_the_way.at(now + self.dice.reorder.within(MOMENT_MS), Piece::Whole(chunk));
        } else {
            self.send(chunk, now);
        }
        self.handle_timeout(now);
    }

    /// Everything on the way is lost: the other end is gone.
    pub fn clear(&mut self) {
        self.held.clear();
        self.arrived.clear();
        self.on_the_way = Schedule::default();
        self.between = None;
    }

    /// Lets arrive what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, piece)) = self.on_the_way.pop(now) {
            match piece {
                Piece::Head(head) => {
                    self.between = Some(Vec::new());
                    self.arrived.push_back(head);
                }
                Piece::Tail(tail) => {
                    self.arrived.push_back(tail);
                    self.arrived.extend(self.between.take().into_iter().flatten());
                }
                Piece::Whole(chunk) => self.arrive(chunk),
                Piece::Held => {
                    let held = std::mem::take(&mut self.held);
                    self.arrive(held);
                }
            }
        }
    }

    /// The next chunk that has arrived.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.arrived.pop_front()
    }

    /// When the next chunk arrives.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.on_the_way.next().map(|(at, _)| (at, "bytes on the way"))
    }

    fn damage(&mut self, mut chunk: Vec<u8>) -> Vec<u8> {
        if self.dice.corrupt.chance(self.faults.corrupt) {
            let at = self.dice.corrupt.below(chunk.len() as u64) as usize;
            if let Some(byte) = chunk.get_mut(at) {
                *byte ^= 1 << self.dice.corrupt.below(8);
            }
        }
        if self.dice.truncate.chance(self.faults.truncate) {
            let keep = self.dice.truncate.below(chunk.len() as u64) as usize;
            chunk.truncate(keep);
        }
        if self.dice.stray.chance(self.faults.stray) {
            chunk.splice(0..0, stray(&chunk));
        }
        if self.dice.noise.chance(self.faults.noise) {
            let noise = (0..self.dice.noise.between(1, 20)).map(|_| self.dice.noise.next() as u8).collect::<Vec<_>>();
            chunk.splice(0..0, noise);
        }
        chunk
    }

    fn send(&mut self, chunk: Vec<u8>, now: Instant) {
        let delay = if self.dice.delay.chance(self.faults.delay) {
            self.dice.delay.within(self.faults.delay_ms)
        } else {
            std::time::Duration::ZERO
        };
        self.clear_at = self.clear_at.max(now + delay);
        if chunk.len() > 1 && self.dice.split.chance(self.faults.split) {
            let at = self.dice.split.between(1, chunk.len() as u64 - 1) as usize;
            let (head, tail) = chunk.split_at(at);
            self.on_the_way.at(self.clear_at, Piece::Head(head.to_vec()));
            self.clear_at = self.clear_at + self.dice.split.within(MOMENT_MS);
            self.on_the_way.at(self.clear_at, Piece::Tail(tail.to_vec()));
        } else {
            self.on_the_way.at(self.clear_at, Piece::Whole(chunk));
        }
    }

    fn arrive(&mut self, chunk: Vec<u8>) {
        match &mut self.between {
            _ if chunk.is_empty() => {}
            Some(waiting) => waiting.push(chunk),
            None => self.arrived.push_back(chunk),
        }
    }
}

/// A success that answers another message than was asked, with the same transaction.
fn stray(chunk: &[u8]) -> Vec<u8> {
    match Frame::parse(chunk) {
        Ok(frame) if frame.kind == Kind::Response => {
            let message = frame.message ^ 0x0100;
            Frame { message, tlvs: vec![0x02, 4, 0, 0, 0, 0, 0], ..frame }.encode()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `n` numbered chunks, one every 100 ms, and returns what arrives.
    fn run(faults: Faults, n: u8) -> Vec<Vec<u8>> {
        let mut way = Faulty::new(5, 0);
        way.set(faults);
        let mut arrived = Vec::new();
        for i in 0..u64::from(n) {
            let now = Instant::from_millis(i * 100);
            way.handle_timeout(now);
            way.handle_bytes(vec![i as u8; 4], now);
            arrived.extend(std::iter::from_fn(|| way.poll_output()));
        }
        way.handle_timeout(Instant::FAR);
        arrived.extend(std::iter::from_fn(|| way.poll_output()));
        assert_eq!(way.poll_timeout(), None);
        arrived
    }

    fn bytes(n: u8) -> Vec<u8> {
        (0..n).flat_map(|i| [i; 4]).collect()
    }

    #[test]
    fn without_faults_chunks_pass_as_they_are() {
        assert_eq!(run(Faults::default(), 3), [[0; 4], [1; 4], [2; 4]]);
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let always = 1000;
        assert!(run(Faults { drop: always, ..Faults::default() }, 9).is_empty());
        let twice = run(Faults { duplicate: always, ..Faults::default() }, 2);
        assert_eq!(twice, [[0; 4], [0; 4], [1; 4], [1; 4]]);
        let split = run(Faults { split: always, ..Faults::default() }, 9);
        assert_eq!((split.len(), split.concat()), (18, bytes(9)));
        let together = run(Faults { coalesce: 500, ..Faults::default() }, 40);
        assert_eq!(together.concat(), bytes(40));
        let late = run(Faults { delay: 300, delay_ms: (50, 900), ..Faults::default() }, 40);
        assert_eq!(late.concat(), bytes(40), "delay keeps the order");
        let noisy = run(Faults { noise: always, ..Faults::default() }, 9);
        assert!(noisy.concat().len() > 36);
        assert!(run(Faults { truncate: always, ..Faults::default() }, 9).concat().len() < 36);
        let corrupt = run(Faults { corrupt: always, ..Faults::default() }, 9).concat();
        let flipped: u32 = corrupt.iter().zip(bytes(9)).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert_eq!(flipped, 9);
    }

    #[test]
    fn chunks_are_overtaken_but_never_mixed() {
        let mut way = Faulty::new(5, 0);
        way.set(Faults { reorder: 500, split: 500, ..Faults::default() });
        (0..200).for_each(|i| way.handle_bytes(vec![i; 9], Instant::from_millis(u64::from(i) * 7)));
        way.handle_timeout(Instant::FAR);
        let arrived: Vec<u8> = std::iter::from_fn(|| way.poll_output()).flatten().collect();
        assert_eq!(arrived.len(), 200 * 9);
        assert!(arrived.chunks(9).all(|chunk| chunk.iter().all(|byte| *byte == chunk[0])));
    }

    #[test]
    fn reordered_chunks_all_arrive() {
        let mut way = Faulty::new(5, 0);
        way.set(Faults { reorder: 500, ..Faults::default() });
        (0..40).for_each(|i| way.handle_bytes(vec![i], Instant::ZERO));
        way.handle_timeout(Instant::FAR);
        let mut arrived: Vec<Vec<u8>> = std::iter::from_fn(|| way.poll_output()).collect();
        let sent: Vec<Vec<u8>> = (0..40).map(|i| vec![i]).collect();
        assert_ne!(arrived, sent);
        arrived.sort();
        assert_eq!(arrived, sent);
    }
}
