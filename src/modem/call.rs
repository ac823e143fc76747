//! One request of a script: what to send, to whom, how long to wait, and which answers will do.

use std::time::Duration;

use super::role::Role;
use crate::qmi::{Frame, ProtocolError, Request, ctl};

/// An ordinary answer takes milliseconds; a modem that needs five seconds for one is in trouble.
pub(super) const ORDINARY: Duration = Duration::from_secs(5);
/// Client ids and versions come from the control service, which has nothing else to do.
pub(super) const CONTROL: Duration = Duration::from_secs(4);
/// Reading a file means talking to the card.
pub(super) const CARD: Duration = Duration::from_secs(10);
/// Changing the operating mode takes up to twenty seconds on some modems.
pub(super) const MODE: Duration = Duration::from_secs(25);
/// Networks take their time to answer a session request; libqmi's users wait this long too.
pub(super) const DIAL: Duration = Duration::from_secs(120);

/// Answers of a modem that does not know a request, or not on this hardware.
pub(super) const UNSUPPORTED: &[ProtocolError] =
    &[ProtocolError::InvalidQmiCommand, ProtocolError::NotSupported, ProtocolError::DeviceUnsupported];

/// Answers of a card or modem that needs a moment: the same question may well be answered the next time.
pub(super) const NOT_YET: &[ProtocolError] =
    &[ProtocolError::Internal, ProtocolError::UimUninitialized, ProtocolError::DeviceNotReady];

/// To whom a request goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum To {
    /// The control service, which has no clients.
    Control,
    /// One of ours.
    Client(Role),
}

/// Which answers let the script go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Accepts {
    /// Success only.
    Success,
    /// Success, or one of these errors: they say that the work is done already.
    Or(&'static [ProtocolError]),
    /// Any answer: nice to have.
    Anything,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) to: To,
    pub(super) frame: Frame,
    pub(super) deadline: Duration,
    pub(super) accepts: Accepts,
}

impl Call {
    /// A request to the control service.
    pub(super) fn control(request: &impl Request) -> Self {
        Self { to: To::Control, frame: request.frame(0, 0), deadline: CONTROL, accepts: Accepts::Success }
    }

    /// A request of one of our clients.
    pub(super) fn client(role: Role, request: &impl Request) -> Self {
        Self { to: To::Client(role), frame: request.frame(0, 0), deadline: ORDINARY, accepts: Accepts::Success }
    }

    /// Is anybody there? On the IPC router there are no versions to tell, and that is an answer.
    pub(super) fn probe() -> Self {
        Self::control(&ctl::get_version_info::Request::default()).or(UNSUPPORTED)
    }

    pub(super) fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    pub(super) fn or(self, errors: &'static [ProtocolError]) -> Self {
        Self { accepts: Accepts::Or(errors), ..self }
    }

    pub(super) fn optional(self) -> Self {
        Self { accepts: Accepts::Anything, ..self }
    }

    pub(super) fn tolerates(&self, error: ProtocolError) -> bool {
        match self.accepts {
            Accepts::Success => false,
            Accepts::Or(errors) => errors.contains(&error),
            Accepts::Anything => true,
        }
    }
}
