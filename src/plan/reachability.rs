//! Stage reachability: does data pass?
//!
//! Nothing is begun here: whom to ask and when is `reconcile::reachability`'s, what to do about it recovery's.

use crate::model::{Desired, Fact, Finding, Internet};

use super::Outcome;
use super::reader::Reader;

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    if !desired.looks_at_internet {
        let why = "the file names no `reachability.targets`".to_owned();
        return Outcome::Satisfied(Finding::Internet(Internet::NotLookedAt(why)));
    }
    let Some(internet) = facts.read(Fact::Internet, facts.observed.internet.as_ref()) else {
        return facts.unknown(Fact::Internet);
    };
    let finding = Finding::Internet(internet.clone());
    if internet.is_cut_off() { Outcome::Wait(finding) } else { Outcome::Satisfied(finding) }
}
