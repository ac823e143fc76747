//! What is kept: over a restart of ours in memory, and of the modem's own settings until they are put back.

use std::time::Duration;

use super::super::connectivity::Evidence;
use super::super::door::EventKind;
use super::Controller;
use crate::model::Instant;
use crate::model::{Action, Device, Failure, IpFamilies, IpFamily, NotOffered, Provider, Reach, Selection, call_end};

/// Writes of a profile count for this long.
const WRITES_COUNT_FOR: Duration = Duration::from_secs(3600);

impl Controller {
    /// Notes what an action is about to change in the modem, so that it can be put back. Called before the action is
    /// sent: what is lost between the two is a change that was not made.
    pub(super) fn keep_originals(&mut self, action: &Action) {
        let observed = &mut self.observed;
        match action {
            Action::SetRoaming { profile, allowed } => {
                let seen = observed.profile.as_ref().map(|seen| seen.value).filter(|seen| seen.index == *profile);
                let Some(was) = seen.and_then(|seen| seen.roaming_allowed).filter(|was| was != allowed) else { return };
                observed.original_roaming.entry(*profile).or_insert(was);
            }
            Action::SetAutoconnect(on) => {
                let was = observed.autoconnect.as_ref().map(|seen| seen.value).filter(|was| was != on);
                observed.original_autoconnect = observed.original_autoconnect.or(was);
            }
            _ => return,
        }
        self.remember_originals();
    }

    /// An original that is seen to be in force again needs no remembering.
    pub(super) fn forget_originals(&mut self) {
        let observed = &mut self.observed;
        if observed.doing.is_some() {
            return;
        }
        if let Some(seen) = observed.profile.as_ref().map(|seen| seen.value) {
            let original = observed.original_roaming.get(&seen.index).copied();
            if original.is_some() && original == seen.roaming_allowed {
                observed.original_roaming.remove(&seen.index);
            }
        }
        let autoconnect = observed.autoconnect.as_ref().map(|seen| seen.value);
        if autoconnect.is_some() && autoconnect == observed.original_autoconnect {
            observed.original_autoconnect = None;
        }
        self.remember_originals();
    }

    /// A modem that is let go is not looked at again: that it acknowledged what was put back has to do.
    pub(super) fn note_put_back(&mut self, action: &Action) {
        let observed = &mut self.observed;
        match action {
            Action::SetRoaming { profile, .. } => drop(observed.original_roaming.remove(profile)),
            Action::SetAutoconnect(_) => observed.original_autoconnect = None,
            _ => return,
        }
        self.remember_originals();
    }

    /// Another modem has taken the place of the one whose settings we remember.
    pub(super) fn compare_device(&mut self, device: &Device) {
        let other = self.memory.originals_of.as_ref().zip(device.imei.as_ref()).is_some_and(|(of, is)| of != is);
        if other {
            self.observed.original_roaming.clear();
            self.observed.original_autoconnect = None;
            self.remember_originals();
        }
    }

    fn remember_originals(&mut self) {
        let observed = &self.observed;
        let unchanged = self.memory.original_roaming == observed.original_roaming
            && self.memory.original_autoconnect == observed.original_autoconnect;
        if unchanged {
            return;
        }
        let (roaming, autoconnect) = (observed.original_roaming.clone(), observed.original_autoconnect);
        let none = roaming.is_empty() && autoconnect.is_none();
        let imei = observed.device.as_ref().and_then(|seen| seen.value.imei.clone());
        self.remember(|memory| {
            memory.originals_of = if none { None } else { imei.or(memory.originals_of.take()) };
            memory.original_roaming = roaming;
            memory.original_autoconnect = autoconnect;
        });
    }

    /// A profile was written.
    pub(super) fn note_profile_write(&mut self, now: Instant) {
        let writes = &mut self.observed.profile_writes;
        writes.retain(|at| now.since(*at) < WRITES_COUNT_FOR);
        writes.push(now);
    }

    /// The network said which families it carries: that is no failed attempt, and is not tried again. Says whether it was so.
    pub(super) fn note_not_offered(
        &mut self,
        family: IpFamily,
        provider: &Provider,
        outcome: &Result<(), Failure>,
        now: Instant,
    ) -> bool {
        let Err(Failure::CallEnded(cause)) = *outcome else { return false };
        if !cause.excludes(family) {
            return false;
        }
        let plmn = self.observed.serving_system.as_ref().and_then(|seen| seen.value.plmn);
        let iccid = self.observed.sim_identity.as_ref().map(|seen| seen.value.iccid.clone());
        let said = NotOffered { apn: provider.apn.clone(), plmn, iccid, cause, at: now };
        self.observed.not_offered.insert(family, said);
        // One family at a time may still turn out to be none at all.
        cause.class() != call_end::Class::OneFamilyOnly
    }

    /// A network that serves us anew, or another card, may grant what was refused: one attempt need not wait.
    pub(super) fn excuse_sessions(&mut self) {
        for (_, attempts) in self.observed.attempts.iter_mut().filter(|(name, _)| name.starts_with("start-session")) {
            attempts.excused = true;
        }
    }

    /// Concludes anew how far packets get.
    pub(super) fn follow_connection(&mut self, now: Instant) {
        let families = match &self.desired.selection {
            Selection::Chosen(provider) => provider.families,
            Selection::Undecided
            | Selection::LookingUp
            | Selection::Asking { .. }
            | Selection::NoMatch { .. }
            | Selection::SecretMissing { .. } => IpFamilies::Ipv4v6,
        };
        let evidence = Evidence::of(&self.observed, families, now);
        let Some(from) = self.connectivity.update(&evidence, self.config.connection_grace, now) else { return };
        let to = *self.connectivity.truth();
        self.touch();
        self.remember(|memory| memory.internet = to.reach == Reach::Internet);
        self.event(EventKind::ConnectionChanged { from, to });
    }
}
