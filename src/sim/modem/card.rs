//! The card in the active slot: from "nothing to say yet" over detected to ready, with its PIN.

use super::{Due, SimModem, Witness};
use crate::model::Instant;
use crate::qmi::ProtocolError;
use crate::qmi::uim::{self, ApplicationState, CardState, PinState};
use crate::sim::profile::{Card, Pin};

/// The active slot and the state of the card in it.
#[derive(Debug, Default)]
pub(super) struct CardSlot {
    active: usize,
    phase: Phase,
    /// The host took its power off.
    unpowered: bool,
    /// It does not talk.
    fails: bool,
    /// A refresh was announced; its end is to be told.
    refreshing: bool,
    refreshes: u32,
    verified: bool,
}

/// How far the card is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    /// The modem has not looked yet: the list of cards is empty.
    #[default]
    Unread,
    /// It has looked: there is none, or it has no power.
    Absent,
    /// The card answers; its application starts.
    Detected,
    /// The application is there: usable unless its PIN is in the way.
    Started,
    /// There is one, and it does not talk.
    Failed,
}

/// What happens by itself on the way to a usable card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Detect,
    Start,
}

/// What stands in the way of using the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lock {
    None,
    Pin,
    Puk,
    Dead,
}

/// How a PIN request ended: tries left for PIN and PUK.
pub(super) type PinResult = Result<(u8, u8), (ProtocolError, u8, u8)>;

impl CardSlot {
    pub(super) fn halt(&mut self) {
        let Self { active, fails, refreshes, .. } = *self;
        *self = Self { active, fails, refreshes, ..Self::default() };
    }
}

impl SimModem {
    /// The card in the active slot, if it is there.
    pub(super) fn inserted(&self) -> Option<&Card> {
        self.profile.slots.get(self.card.active)?.as_ref()
    }

    pub(super) fn inserted_mut(&mut self) -> Option<&mut Card> {
        self.profile.slots.get_mut(self.card.active)?.as_mut()
    }

    /// The card, if it can be read and registered with.
    pub(super) fn ready_card(&self) -> Option<&Card> {
        self.inserted().filter(|_| self.card.phase == Phase::Started && self.lock() == Lock::None)
    }

    pub(super) fn lock(&self) -> Lock {
        match self.inserted().map(|card| &card.pin) {
            Some(pin) if pin.puk_tries == 0 => Lock::Dead,
            Some(pin) if pin.tries == 0 => Lock::Puk,
            Some(pin) if pin.enabled && !self.card.verified => Lock::Pin,
            _ => Lock::None,
        }
    }

    /// The modem begins to look for its card.
    pub(super) fn card_start(&mut self, now: Instant) {
        self.card.phase = Phase::Unread;
        self.card.verified = false;
        self.schedule.retain(|due| !matches!(due, Due::Card(_)));
        let after = self.chance.life.within(self.personality.card_ms);
        self.schedule.at(now + after, Due::Card(Step::Detect));
    }

    pub(super) fn card_step(&mut self, step: Step, now: Instant) {
        let there = self.inserted().is_some() && !self.card.unpowered;
        self.card.phase = match step {
            _ if !there => Phase::Absent,
            _ if self.card.fails => Phase::Failed,
            Step::Detect => {
                let after = self.chance.life.within(self.personality.card_ms);
                self.schedule.at(now + after, Due::Card(Step::Start));
                Phase::Detected
            }
            Step::Start => Phase::Started,
        };
        self.tell_card();
        if self.card.phase == Phase::Started && std::mem::take(&mut self.card.refreshing) {
            self.tell_refresh(uim::RefreshStage::EndWithSuccess);
        }
        self.review_radio(now);
    }

    /// Somebody's hand changed what is in the active slot.
    pub(super) fn exchange_card(&mut self, card: Option<Card>, now: Instant) {
        if let Some(slot) = self.profile.slots.get_mut(self.card.active) {
            *slot = card;
        }
        if !self.life.runs() {
            return;
        }
        self.lose_card(now);
        if self.inserted().is_some() {
            self.card_start(now);
        }
    }

    fn lose_card(&mut self, now: Instant) {
        self.schedule.retain(|due| !matches!(due, Due::Card(_)));
        self.card.phase = Phase::Absent;
        self.card.verified = false;
        self.tell_card();
        self.review_radio(now);
    }

    /// The card stops talking, or talks again.
    pub(super) fn card_fails(&mut self, fails: bool, now: Instant) {
        if std::mem::replace(&mut self.card.fails, fails) == fails || !self.life.runs() || self.inserted().is_none() {
            return;
        }
        self.schedule.retain(|due| !matches!(due, Due::Card(_)));
        self.card.verified = false;
        if fails {
            self.card.phase = Phase::Failed;
            self.tell_card();
            self.review_radio(now);
        } else {
            self.card_start(now);
        }
    }

    /// The PIN is turned off, right where the card is.
    pub(super) fn pin_off(&mut self, now: Instant) {
        if let Some(Some(card)) = self.profile.slots.get_mut(self.card.active) {
            card.pin = Pin { enabled: false, tries: 3, puk_tries: 10, ..card.pin.clone() };
        }
        if self.life.runs() && self.card.phase == Phase::Started {
            self.tell_card();
            self.review_radio(now);
        }
    }

    /// The content of the card changes: it announces a refresh, and its application starts anew.
    pub(super) fn refresh_card(&mut self, card: Card, now: Instant) {
        if let Some(slot) = self.profile.slots.get_mut(self.card.active) {
            *slot = Some(card);
        }
        if !self.life.runs() {
            return;
        }
        self.tell_refresh(uim::RefreshStage::Start);
        self.card.refreshing = true;
        self.card.verified = false;
        self.card.phase = Phase::Detected;
        self.schedule.retain(|due| !matches!(due, Due::Card(_)));
        let after = self.chance.life.within(self.personality.card_ms);
        self.schedule.at(now + after, Due::Card(Step::Start));
        self.tell_card();
        self.review_radio(now);
    }

    fn tell_refresh(&mut self, stage: uim::RefreshStage) {
        let event = uim::RefreshEvent {
            stage,
            mode: uim::RefreshMode::InitFullFcn,
            session: uim::SessionKind::PrimaryGwProvisioning,
            application_id: Vec::new(),
            files: Vec::new(),
        };
        self.indicate(&uim::refresh::Indication { event: Some(event), ..Default::default() }, |client| client.refresh);
    }

    /// A client says that it has dealt with a refresh.
    pub(super) fn refresh_dealt_with(&mut self) {
        self.card.refreshes += 1;
    }

    /// How often clients said so.
    pub(super) fn refreshes_dealt_with(&self) -> u32 {
        self.card.refreshes
    }

    /// The slot in use, from 1.
    pub(super) fn active_slot(&self) -> usize {
        self.card.active + 1
    }

    pub(super) fn power_card(&mut self, on: bool, now: Instant) -> Result<(), ProtocolError> {
        match (self.card.unpowered, on) {
            (false, true) | (true, false) => Err(ProtocolError::NoEffect),
            (true, true) => {
                self.card.unpowered = false;
                self.card_start(now);
                Ok(())
            }
            (false, false) => {
                self.card.unpowered = true;
                self.lose_card(now);
                Ok(())
            }
        }
    }

    pub(super) fn switch_slot(&mut self, physical: u32, now: Instant) -> Result<(), ProtocolError> {
        let index = (physical as usize).wrapping_sub(1);
        if index >= self.profile.slots.len() {
            return Err(ProtocolError::InvalidArgument);
        }
        if index == self.card.active {
            return Err(ProtocolError::NoEffect);
        }
        self.card.active = index;
        self.lose_card(now);
        self.card_start(now);
        Ok(())
    }

    pub(super) fn verify_pin(&mut self, code: &str, now: Instant) -> PinResult {
        let before = self.inserted().map(|card| (card.iccid.clone(), card.pin.tries));
        let result = self.use_pin(now, |pin| {
            if pin.tries == 0 {
                return Err(ProtocolError::PinBlocked);
            }
            let right = pin.code == code;
            pin.tries = if right { 3 } else { pin.tries - 1 };
            if right { Ok(()) } else { Err(ProtocolError::IncorrectPin) }
        });
        let reached = !matches!(result, Err((ProtocolError::UimUninitialized, ..)));
        if let Some((iccid, tries_before)) = before.filter(|_| reached) {
            let what = Witness::PinTried { iccid, right: result.is_ok(), tries_before };
            self.witness(now, what);
        }
        result
    }

    pub(super) fn protect_by_pin(&mut self, enabled: bool, code: &str, now: Instant) -> PinResult {
        let left = self.verify_pin(code, now)?;
        self.use_pin(now, |pin| {
            pin.enabled = enabled;
            Ok(())
        })?;
        Ok(left)
    }

    pub(super) fn unblock_pin(&mut self, puk: &str, new: &str, now: Instant) -> PinResult {
        self.use_pin(now, |pin| {
            if pin.puk_tries == 0 {
                return Err(ProtocolError::PinAlwaysBlocked);
            }
            if pin.puk != puk {
                pin.puk_tries -= 1;
                return Err(ProtocolError::IncorrectPin);
            }
            *pin = Pin { code: new.into(), tries: 3, puk_tries: 10, ..pin.clone() };
            Ok(())
        })
    }

    pub(super) fn change_pin(&mut self, old: &str, new: &str, now: Instant) -> PinResult {
        let before = self.verify_pin(old, now)?;
        self.use_pin(now, |pin| {
            pin.code = new.into();
            Ok(())
        })?;
        Ok(before)
    }

    fn use_pin(&mut self, now: Instant, act: impl FnOnce(&mut Pin) -> Result<(), ProtocolError>) -> PinResult {
        let started = self.card.phase == Phase::Started;
        let was = self.lock();
        let card = self.profile.slots.get_mut(self.card.active).and_then(Option::as_mut);
        let Some(pin) = card.map(|card| &mut card.pin).filter(|_| started) else {
            return Err((ProtocolError::UimUninitialized, 0, 0));
        };
        let outcome = act(pin);
        let (tries, puk_tries) = (pin.tries, pin.puk_tries);
        self.card.verified |= outcome.is_ok();
        if self.lock() != was {
            self.tell_card();
            self.review_radio(now);
        }
        outcome.map(|()| (tries, puk_tries)).map_err(|error| (error, tries, puk_tries))
    }

    /// Tries left for PIN and PUK, and the state of the PIN.
    pub(super) fn pin_state(&self) -> (PinState, u8, u8) {
        let Some(pin) = self.inserted().map(|card| &card.pin) else {
            return (PinState::NotInitialized, 0, 0);
        };
        let state = match self.lock() {
            Lock::None if !pin.enabled => PinState::Disabled,
            Lock::Dead => PinState::PermanentlyBlocked,
            Lock::Puk => PinState::Blocked,
            Lock::Pin => PinState::EnabledNotVerified,
            Lock::None => PinState::EnabledVerified,
        };
        (state, pin.tries, pin.puk_tries)
    }

    pub(super) fn card_status(&self) -> uim::CardStatus {
        let empty = uim::CardStatus {
            gw_primary: uim::CardIndex::NONE,
            cdma_primary: uim::CardIndex::NONE,
            gw_secondary: uim::CardIndex::NONE,
            cdma_secondary: uim::CardIndex::NONE,
            cards: Vec::new(),
        };
        let card = |state, applications| uim::Card { state, applications, ..uim::Card::default() };
        match self.card.phase {
            Phase::Unread => empty,
            Phase::Failed => uim::CardStatus { cards: vec![card(CardState::Error, Vec::new())], ..empty },
            Phase::Absent => uim::CardStatus { cards: vec![card(CardState::Absent, Vec::new())], ..empty },
            Phase::Detected | Phase::Started => uim::CardStatus {
                gw_primary: uim::CardIndex(0),
                cards: vec![card(CardState::Present, vec![self.application()])],
                ..empty
            },
        }
    }

    fn application(&self) -> uim::CardApplication {
        let (pin1, pin1_retries, puk1_retries) = self.pin_state();
        let state = match self.lock() {
            _ if self.card.phase == Phase::Detected => ApplicationState::Detected,
            Lock::None => ApplicationState::Ready,
            Lock::Pin => ApplicationState::PinRequired,
            Lock::Puk => ApplicationState::PukRequired,
            Lock::Dead => ApplicationState::Pin1Blocked,
        };
        uim::CardApplication {
            kind: uim::ApplicationKind::Usim,
            state,
            lock_state: uim::LockState::Ready,
            lock_feature: uim::LockFeatureStatus::Unspecified,
            application_id: AID.to_vec(),
            pin1,
            pin1_retries,
            puk1_retries,
            pin2: PinState::EnabledNotVerified,
            pin2_retries: 3,
            puk2_retries: 10,
            ..uim::CardApplication::default()
        }
    }

    pub(super) fn slot_list(&self) -> (Vec<uim::Slot>, Vec<uim::SlotInformation>) {
        let slots = self.profile.slots.iter().enumerate();
        slots
            .map(|(index, card)| {
                let active = index == self.card.active;
                let slot = uim::Slot {
                    card: if card.is_some() { uim::SlotCard::Present } else { uim::SlotCard::Absent },
                    state: if active { uim::SlotState::Active } else { uim::SlotState::Inactive },
                    logical_slot: active.into(),
                    iccid: card.as_ref().map(|card| super::files::swapped_bcd(&card.iccid)).unwrap_or_default(),
                };
                let information = uim::SlotInformation {
                    protocol: uim::CardProtocol::Uicc,
                    valid_applications: card.is_some().into(),
                    ..uim::SlotInformation::default()
                };
                (slot, information)
            })
            .unzip()
    }

    fn tell_card(&mut self) {
        let status = Some(self.card_status());
        self.indicate(&uim::card_status::Indication { status, ..Default::default() }, |client| {
            client.card.contains(uim::Events::CARD_STATUS)
        });
        let (slots, information) = self.slot_list();
        let slots =
            uim::slot_status::Indication { slots: Some(slots), information: Some(information), ..Default::default() };
        self.indicate(&slots, |client| client.card.contains(uim::Events::PHYSICAL_SLOT_STATUS));
    }
}

/// AID of a USIM, ETSI TS 101 220 annex E.
const AID: [u8; 16] = [0xA0, 0, 0, 0, 0x87, 0x10, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x06, 0x19, 0, 0xFF];
