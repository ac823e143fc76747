//! The simulated modem under typed requests: each test is a behaviour that `qmi.md` §5 tells of real modems.

mod device;
mod radio;
mod session;

use super::*;
use crate::model::Instant;
use crate::qmi::{Answer, Kind, ProtocolError, Refused, Request, Response, ctl};
use crate::sim::{Disturbance, Personality, Profile};
use std::time::Duration;

/// A modem on the bench, with somebody who asks it and listens.
struct Bench {
    modem: SimModem,
    now: Instant,
    transaction: u16,
    heard: Vec<(Instant, Frame)>,
    events: Vec<Output>,
}

impl Bench {
    /// Just plugged in.
    fn fresh(personality: &str) -> Self {
        Self::with(personality, Profile::default())
    }

    fn with(personality: &str, profile: Profile) -> Self {
        let personality = Personality::named(personality).unwrap().clone();
        let modem = SimModem::new(personality, profile, 11, Instant::ZERO);
        Self { modem, now: Instant::ZERO, transaction: 0, heard: Vec::new(), events: Vec::new() }
    }

    /// Booted, and attached if it can be.
    fn ready(personality: &str) -> Self {
        let mut bench = Self::fresh(personality);
        bench.run(150_000);
        assert!(bench.modem.truth().attached, "{:?}", bench.modem.truth());
        bench.heard.clear();
        bench.events.clear();
        bench
    }

    fn run(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while let Some((at, _)) = self.modem.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = at.max(self.now);
            self.modem.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    fn drain(&mut self) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Send(frame) => self.heard.push((self.now, frame)),
                event => self.events.push(event),
            }
        }
    }

    fn disturb(&mut self, text: &str) {
        let disturbance: Disturbance = text.parse().unwrap();
        self.modem.disturb(&disturbance, self.now);
        self.drain();
    }

    fn send<R: Request>(&mut self, client: u8, request: &R) -> u16 {
        self.transaction = self.transaction % 250 + 1;
        self.modem.handle_frame(&request.frame(client, self.transaction), self.now);
        self.drain();
        self.transaction
    }

    /// The answer to a request that was sent, if it has come.
    fn answer<R: Request>(&mut self, client: u8, transaction: u16) -> Option<Answer<R::Response>> {
        let ours = |frame: &Frame| {
            (frame.kind, frame.client, frame.transaction, frame.message) == (Kind::Response, client, transaction, R::ID)
        };
        let at = self.heard.iter().position(|(_, frame)| ours(frame))?;
        Some(<R::Response as Response>::decode(&self.heard.remove(at).1).unwrap())
    }

    fn try_ask<R: Request>(&mut self, client: u8, request: &R) -> Option<Answer<R::Response>> {
        let transaction = self.send(client, request);
        for _ in 0..2_000 {
            if let Some(answer) = self.answer::<R>(client, transaction) {
                return Some(answer);
            }
            self.run(50);
        }
        None
    }

    fn ask<R: Request>(&mut self, client: u8, request: &R) -> Answer<R::Response> {
        self.try_ask(client, request).expect("an answer within 100 s")
    }

    fn client(&mut self, service: Service) -> u8 {
        let request = ctl::allocate_cid::Request { service: Some(service), ..Default::default() };
        self.ask(0, &request).unwrap().client.unwrap().client
    }

    fn indications<I: Indication>(&self) -> Vec<I> {
        let ours = |frame: &&Frame| frame.kind == Kind::Indication && frame.key() == (I::SERVICE, I::ID);
        self.heard.iter().map(|(_, frame)| frame).filter(ours).map(|frame| I::decode(frame).unwrap()).collect()
    }
}

fn error<R: std::fmt::Debug>(answer: Answer<R>) -> ProtocolError {
    match answer {
        Err(Refused { error, .. }) => error,
        Ok(response) => panic!("granted: {response:?}"),
    }
}

fn granted<R: std::fmt::Debug>(answer: Answer<R>) -> R {
    answer.unwrap_or_else(|refused| panic!("refused: {refused:?}"))
}
