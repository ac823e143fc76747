//! From a waiting request to its response: client ids, planned errors, the service's table, the way out.

use super::{Due, Output, SimModem};
use crate::model::Instant;
use crate::qmi::{self, Answer, Frame, ProtocolError, Refused, Request, Response, Service};
use crate::sim::personality::Personality;
use crate::sim::random::Span;

/// How long a kind of request takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    /// Before everything that waits.
    AtOnce,
    Quick,
    Card,
    Mode,
    Dial,
    Scan,
}

impl Pace {
    pub(super) const fn span(self, personality: &Personality) -> Span {
        match self {
            Self::AtOnce | Self::Quick => personality.answer_ms,
            Self::Card => personality.card_answer_ms,
            Self::Mode => personality.mode_ms,
            Self::Dial => personality.dial_ms,
            Self::Scan => personality.scan_ms,
        }
    }
}

pub(super) fn pace(key: (Service, u16)) -> Pace {
    match key {
        qmi::nas::abort::KEY | qmi::wds::abort::KEY => Pace::AtOnce,
        qmi::dms::set_operating_mode::KEY => Pace::Mode,
        qmi::wds::start_network::KEY => Pace::Dial,
        qmi::nas::network_scan::KEY | qmi::nas::incremental_network_scan::KEY => Pace::Scan,
        (Service::Uim, _) => Pace::Card,
        _ => Pace::Quick,
    }
}

/// A refusal without values.
pub(super) fn no<R: Default>(error: ProtocolError) -> Refused<R> {
    Refused { error, response: R::default() }
}

/// The value of a mandatory TLV.
pub(super) fn need<T, R: Default>(value: Option<T>) -> Result<T, Refused<R>> {
    value.ok_or_else(|| no(ProtocolError::MissingArgument))
}

/// Decodes the request, lets `f` answer it and encodes what it says.
pub(super) fn reply<R: Request>(frame: &Frame, f: impl FnOnce(R) -> Answer<R::Response>) -> Frame {
    let Ok(request) = R::decode(frame) else { return frame.refusal(ProtocolError::MalformedMessage) };
    if !request.leftover().malformed.is_empty() {
        return frame.refusal(ProtocolError::MalformedMessage);
    }
    match f(request) {
        Ok(response) => response.accept(frame),
        Err(Refused { error, response }) => response.refuse(frame, error),
    }
}

/// The table of a service: message, request, answer. What is not in it is refused as unknown.
macro_rules! dispatch {
    ($frame:expr; $($($path:ident)::+ |$ask:pat_param| $body:expr,)*) => {
        match $frame.key() {
            $($($path)::+::KEY => $crate::sim::modem::answer::reply($frame, |$ask: $($path)::+::Request| {
                #[allow(unused_imports)]
                use $($path)::+::Response;
                $body
            }),)*
            _ => $frame.refusal($crate::qmi::ProtocolError::InvalidQmiCommand),
        }
    };
}
pub(super) use dispatch;

impl SimModem {
    /// Answers what arrived then, unless it was broken off.
    pub(super) fn answer(&mut self, arrival: u64, now: Instant) {
        let Some(frame) = self.waiting.remove(&arrival) else { return };
        if let Some(until) = self.life.hung_until(now) {
            // What a dead firmware was doing is never done.
            if !self.life.is_lost(now) {
                self.wait(frame, until);
            }
            return;
        }
        let before = self.outputs.len();
        let response = self.respond(&frame, now);
        let at = if self.chance.delivery.chance(self.personality.late_per_mille) {
            now + self.chance.delivery.within(self.personality.late_ms)
        } else {
            now
        };
        if self.chance.delivery.chance(self.personality.duplicate_per_mille) {
            let again = at + self.chance.delivery.within((0, 2_000));
            self.schedule.at(again, Due::Send(response.clone()));
        }
        if at > now {
            self.schedule.at(at, Due::Send(response));
        } else if !self.life.answers() {
            // The request took the device away.
        } else if self.personality.indication_first {
            self.outputs.push_back(Output::Send(response));
        } else {
            self.outputs.insert(before, Output::Send(response));
        }
    }

    fn respond(&mut self, frame: &Frame, now: Instant) -> Frame {
        if let Some(error) = self.planned_error(frame) {
            return frame.refusal(error);
        }
        if frame.service == Service::Ctl {
            return self.ctl(frame, now);
        }
        if self.clients.get(frame.service, frame.client).is_none() {
            return frame.refusal(ProtocolError::InvalidClientId);
        }
        match frame.service {
            Service::Dms => self.dms(frame, now),
            Service::Nas => self.nas(frame, now),
            Service::Wds => self.wds(frame, now),
            Service::Uim => self.uim(frame, now),
            Service::Wda => self.wda(frame),
            Service::Dsd => self.dsd(frame),
            _ => frame.refusal(ProtocolError::InvalidQmiCommand),
        }
    }

    /// Breaks off a slow request of the same client.
    pub(super) fn abort(&mut self, service: Service, client: u8, transaction: u16) -> Result<(), ProtocolError> {
        let found = self.waiting.iter().find(|(_, frame)| {
            (frame.service, frame.client, frame.transaction) == (service, client, transaction)
                && matches!(pace(frame.key()), Pace::Dial | Pace::Scan)
        });
        let arrival = found.map(|(arrival, _)| *arrival).ok_or(ProtocolError::InvalidTransactionId)?;
        if let Some(frame) = self.waiting.remove(&arrival) {
            self.send(frame.refusal(ProtocolError::Aborted));
        }
        Ok(())
    }
}
