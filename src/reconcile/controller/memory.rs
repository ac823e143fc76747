//! What is kept over a restart: client ids, PINs that were tried, and what the modem had before we changed it.

use std::time::Duration;

use super::super::door::{Memory, Output};
use super::super::fleet::Secrets;
use super::Controller;
use crate::model::defect::{Defect, planted};
use crate::model::{
    Action, Failure, Iccid, Instant, NetworkSelection, PinChance, PinMark, PinOutcome, RadioPreference, Secret,
    SimState, TriedPin,
};

/// PINs that are remembered; beyond this none is tried any more. A gateway meets a handful in its life.
const MAX_PINS: usize = 200;
/// Writes of the radio preference are remembered for this long.
const WRITES_COUNT_FOR: Duration = Duration::from_secs(3600);
/// And no more of them: the plan stops long before.
const MAX_WRITES: usize = 16;
/// What could not be kept is asked for again after this long: a full disk is emptied some time.
const KEEP_AGAIN: Duration = Duration::from_secs(30);

impl Memory {
    /// What stays when the file no longer names the modem.
    pub(in super::super) fn after_retirement(&self) -> Self {
        let (clients, traffic, entries, framings) = Default::default();
        let kept = Self { clients, traffic, entries, framings, ..self.clone() };
        // With nothing else in it, it counts as no memory at all.
        let nothing = Self { revision: kept.revision, ..Self::default() };
        if kept == nothing { Self::default() } else { kept }
    }
}

impl Controller {
    /// What is kept over a restart.
    pub(in super::super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// PINs that were given to cards, without one whose mark is not kept yet.
    pub(in super::super) fn tried_pins(&self) -> Vec<TriedPin> {
        let marking = match self.observed.doing {
            Some(Action::MarkPin(mark)) => Some(mark),
            _ => None,
        };
        self.memory.pins.iter().filter(|tried| Some(tried.mark) != marking).copied().collect()
    }

    /// Changes what is kept over a restart. What is asked for after this is asked after it was kept.
    pub(super) fn remember(&mut self, change: impl FnOnce(&mut Memory)) {
        let before = self.memory.clone();
        change(&mut self.memory);
        if self.memory != before {
            self.keep();
        }
    }

    fn keep(&mut self) {
        self.memory.revision += 1;
        self.out.push_back(Output::Remember(self.name.clone(), self.memory.clone()));
    }

    /// Asks again for what could not be kept.
    pub(super) fn keep_again(&mut self, now: Instant) {
        if self.keep_again_at.is_some_and(|at| now >= at) {
            self.keep_again_at = None;
            self.keep();
        }
    }

    /// The host has kept a revision of the memory, or could not.
    pub(in super::super) fn handle_kept(
        &mut self,
        revision: u64,
        result: Result<(), String>,
        secrets: &Secrets,
        now: Instant,
    ) {
        if revision == self.memory.revision {
            self.keep_again_at = result.is_err().then_some(now + KEEP_AGAIN);
        }
        if let Some(Action::MarkPin(mark)) = self.observed.doing
            && self.awaits_kept == Some(revision)
        {
            self.awaits_kept = None;
            match &result {
                Ok(()) => self.permit = Some(mark),
                // Not tried, so not marked: when there is room again, it may be.
                Err(_) => self.memory.pins.retain(|tried| tried.mark != mark),
            }
            self.end(result.map_err(Failure::Host), now);
        }
        self.turn(secrets, now);
    }

    /// Asks the host to write down that a PIN is about to be tried.
    pub(super) fn mark_pin(&mut self, mark: PinMark, now: Instant) {
        if self.memory.pins.len() >= MAX_PINS {
            return self.end(Err(Failure::Host(format!("{MAX_PINS} PINs were tried here already"))), now);
        }
        self.remember(|memory| {
            memory.pins.retain(|tried| tried.mark != mark);
            memory.pins.push(TriedPin { mark, outcome: PinOutcome::Unknown });
        });
        self.awaits_kept = Some(self.memory.revision);
    }

    /// The host did not say in time whether it has kept the mark: as if it had not.
    pub(super) fn mark_not_kept(&mut self) {
        if let Some(Action::MarkPin(mark)) = self.observed.doing {
            self.awaits_kept = None;
            self.memory.pins.retain(|tried| tried.mark != mark);
        }
    }

    /// A PIN is on its way to the card: whatever comes of it, the permission is used up.
    pub(super) fn pin_begins(&mut self, pin: &Secret) {
        self.permit = None;
        self.entered = self.known_mark.as_ref().filter(|(_, of, _)| of == pin).map(|(_, _, mark)| *mark);
    }

    /// What became of a PIN on its way to the card.
    pub(super) fn pin_ended(&mut self, outcome: &Result<(), Failure>) {
        let Some(mark) = self.entered else { return };
        match outcome {
            // Believed when the card is seen to be ready.
            Ok(()) => {}
            Err(Failure::Refused(error)) if UNKNOWN_REQUEST.contains(&error.as_str()) => {
                // The modem does not know the request, so the card has seen no PIN.
                self.entered = None;
                self.permit = Some(mark);
            }
            Err(failure) => {
                self.entered = None;
                let refused = *failure == Failure::Refused(WRONG.to_owned());
                let outcome = if refused { PinOutcome::Refused } else { PinOutcome::Unknown };
                if !planted(Defect::RetryPin) {
                    self.note_pin(mark, outcome);
                }
            }
        }
    }

    /// The card is seen in a new state: a PIN that it acknowledged has proved right, or has not.
    pub(super) fn pin_seen(&mut self, state: &SimState) {
        match state {
            // Some cards take a moment.
            SimState::Starting | SimState::PinRequired { .. } => {}
            SimState::Ready => {
                if let Some(mark) = self.entered.take() {
                    self.note_pin(mark, PinOutcome::Accepted);
                }
            }
            _ => self.entered = None,
        }
    }

    fn note_pin(&mut self, mark: PinMark, outcome: PinOutcome) {
        self.remember(|memory| {
            memory.pins.retain(|tried| tried.mark != mark);
            memory.pins.push(TriedPin { mark, outcome });
        });
    }

    /// The mark of a PIN on a card, worked out once: it is slow on purpose.
    fn mark_of(&mut self, card: &Iccid, pin: &Secret, secrets: &Secrets) -> PinMark {
        match &self.known_mark {
            Some((known, of, mark)) if known == card && of == pin => *mark,
            _ => {
                let mark = secrets.mark(card, pin);
                self.known_mark = Some((card.clone(), pin.clone(), mark));
                mark
            }
        }
    }

    /// What may be done with the file's PIN on the card that is in.
    pub(super) fn pin_chance(&mut self, secrets: &Secrets) -> PinChance {
        let Some(source) = &self.config.pin else { return PinChance::NotConfigured };
        let waits = self.observed.sim.as_ref().is_some_and(|s| matches!(s.value, SimState::PinRequired { .. }));
        if !waits {
            // Nothing is worked out for a card that asks for nothing.
            return PinChance::CardUnknown;
        }
        let pin = match secrets.value(source) {
            Ok(pin) => pin,
            Err(why) => return PinChance::Missing(why),
        };
        let digits = pin.reveal();
        if !(4..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return PinChance::Malformed;
        }
        let Some(card) = self.observed.sim_identity.as_ref().map(|seen| seen.value.iccid.clone()) else {
            return PinChance::CardUnknown;
        };
        let mark = self.mark_of(&card, &pin, secrets);
        if self.permit == Some(mark) || planted(Defect::RetryPin) {
            return PinChance::Allowed(pin);
        }
        let mine = self.memory.pins.iter().find(|tried| tried.mark == mark).map(|tried| tried.outcome);
        match mine.or_else(|| secrets.tried(mark)) {
            None => PinChance::Untried(mark),
            Some(PinOutcome::Unknown) if self.awaits_kept.is_some() => PinChance::Untried(mark),
            Some(PinOutcome::Accepted) => PinChance::Allowed(pin),
            Some(outcome) => PinChance::Tried { refused: outcome == PinOutcome::Refused },
        }
    }

    /// Before a setting is written for the first time, the modem's own value is remembered.
    pub(super) fn save_original(&mut self, change: &RadioPreference) {
        let Some(has) = self.observed.radio_preference.as_ref().map(|seen| &seen.value) else { return };
        let mut own = has.restricted_to(change).restricted_to(&self.desired.radio);
        if own.network == Some(NetworkSelection::ManualUnnamed) {
            // Which one it was the modem does not say, so nobody can put it back.
            own.network = Some(NetworkSelection::Automatic);
        }
        let key = self.device_key();
        self.remember(|memory| {
            let saved = memory.original_radio.entry(key).or_default();
            *saved = saved.or(&own);
        });
    }

    /// Takes what was remembered of this modem into view, and lets go of what is back as it was.
    pub(super) fn settle_original(&mut self) {
        let key = self.device_key();
        let Some(saved) = self.memory.original_radio.get(&key) else {
            self.observed.original_radio = RadioPreference::default();
            return;
        };
        let has = self.observed.radio_preference.as_ref().map(|seen| seen.value.clone()).unwrap_or_default();
        // In force again although the file does not ask for it: restored.
        let free = saved.except(&self.desired.radio);
        let restored = free.except(&free.difference(&has)).restricted_to(&has);
        let left = saved.except(&restored);
        if left != *saved && !self.retiring {
            self.remember(|memory| {
                if left.is_empty() {
                    memory.original_radio.remove(&key);
                } else {
                    memory.original_radio.insert(key, left.clone());
                }
            });
            self.observed.original_radio = left;
        } else if self.observed.original_radio != *saved {
            self.observed.original_radio = saved.clone();
        }
    }

    /// A write of the preference was acknowledged.
    pub(super) fn preference_written(&mut self, now: Instant) {
        let writes = &mut self.observed.radio_writes;
        writes.retain(|at| now.since(*at) < WRITES_COUNT_FOR);
        writes.push(now);
        if writes.len() > MAX_WRITES {
            writes.remove(0);
        }
        if self.retiring {
            let key = self.device_key();
            self.remember(|memory| {
                memory.original_radio.remove(&key);
            });
        }
    }

    /// By which the modem's own settings are remembered: another modem under the same name has its own.
    fn device_key(&self) -> String {
        let imei = self.observed.device.as_ref().and_then(|seen| seen.value.imei.as_ref());
        imei.map(ToString::to_string).unwrap_or_default()
    }
}

/// The refusal of a PIN that is not the card's.
const WRONG: &str = "incorrect_pin";
/// Names of the refusals of a request that the modem does not know ([`crate::qmi::ProtocolError`]).
const UNKNOWN_REQUEST: &[&str] = &["invalid_qmi_command", "not_supported", "device_unsupported"];
