//! Client ids that a modem granted when nobody waited for them any more: they are given back, for there are few.

use super::running::Purpose;
use super::{Driver, LOOK_AGAIN};
use crate::model::{Failure, Instant};
use crate::modem::call::{Accepts, Call};
use crate::modem::role::Role;
use crate::modem::script;
use crate::qmi::ProtocolError;

/// So often a modem may refuse to take an id back before it may keep it.
const TRIES: u32 = 4;

/// A client id that is ours and of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Surplus {
    role: Role,
    id: u8,
    refused: u32,
}

impl Driver {
    /// Gives back an id that was granted too late.
    pub(super) fn give_back(&mut self, role: Role, id: u8, now: Instant) {
        self.run_surplus(Surplus { role, id, refused: 0 }, now);
    }

    /// The modem was asked to take an id back. Refused, it is still ours and is offered again later; unanswered, it may be
    /// somebody else's by now.
    pub(super) fn gave_back(&mut self, surplus: Surplus, result: &Result<(), Failure>, now: Instant) {
        let refused = surplus.refused + 1;
        if matches!(result, Err(Failure::Refused(_))) && refused < TRIES {
            let again = now + LOOK_AGAIN[surplus.refused as usize % LOOK_AGAIN.len()];
            self.surplus.push((again, Surplus { refused, ..surplus }));
        }
    }

    /// Offers again what is due.
    pub(super) fn offer_surplus(&mut self, now: Instant) {
        let due: Vec<_> = self.surplus.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, surplus) in due {
            self.run_surplus(surplus, now);
        }
    }

    /// When something is due.
    pub(super) fn surplus_due(&self) -> Option<Instant> {
        self.surplus.iter().map(|(at, _)| *at).min()
    }

    fn run_surplus(&mut self, surplus: Surplus, now: Instant) {
        // That nobody has this id is as good.
        let accepts = Accepts::Or(&[ProtocolError::InvalidClientId]);
        let release = Call { accepts, ..script::release(surplus.role, surplus.id) };
        self.run(Purpose::GiveBack(surplus), vec![release], now);
    }
}
