//! Stage provider: does an entry of the file fit the card? The choice itself is made in the `provider` room.

use crate::model::{Desired, Fact, Finding, Selection};

use super::Outcome;

pub(super) fn look(desired: &Desired) -> Outcome {
    match &desired.selection {
        Selection::Undecided => Outcome::Unknown(Finding::Reading(Fact::SimIdentity)),
        Selection::Asking { plugin } => Outcome::Unknown(Finding::Asking { plugin: plugin.clone() }),
        Selection::LookingUp => Outcome::Unknown(Finding::LookingUp),
        Selection::SecretMissing { name, why } => {
            Outcome::Wait(Finding::SecretMissing { name: name.clone(), why: why.clone() })
        }
        Selection::NoMatch { candidates } => Outcome::Wait(Finding::NoMatch { candidates: *candidates }),
        Selection::Chosen(provider) => Outcome::Satisfied(Finding::Matched {
            name: provider.name.clone(),
            because: provider.because.clone(),
            origin: provider.origin.clone(),
        }),
    }
}
