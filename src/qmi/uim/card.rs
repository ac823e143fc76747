//! The types of the UIM table that say what is in the slots.

use crate::qmi::kinds::{wire_enum, wire_struct};
use crate::qmi::wire::{Count8, Malformed, Reader, Wire};

wire_struct! {
    /// All cards, and which application serves which standard.
    CardStatus {
        gw_primary: CardIndex,
        cdma_primary: CardIndex,
        gw_secondary: CardIndex,
        cdma_secondary: CardIndex,
        cards: Vec<Card> as Count8,
    }
}

/// An application within [`CardStatus`]: high byte card, low byte application, 0xFFFF none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CardIndex(pub u16);

impl CardIndex {
    /// No application serves this standard.
    pub const NONE: Self = Self(0xFFFF);

    /// Position of the card and of the application on it.
    pub fn position(self) -> Option<(usize, usize)> {
        let [card, application] = self.0.to_be_bytes();
        (self != Self::NONE).then_some((card.into(), application.into()))
    }
}

impl Wire for CardIndex {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        u16::get(r).map(Self)
    }
}

impl CardStatus {
    /// The card and the application an index points to.
    pub fn application(&self, index: CardIndex) -> Option<(&Card, &CardApplication)> {
        let (card, application) = index.position()?;
        let card = self.cards.get(card)?;
        Some((card, card.applications.get(application)?))
    }
}

wire_struct! {
    /// One card.
    Card {
        state: CardState,
        upin: PinState,
        upin_retries: u8,
        upuk_retries: u8,
        error: CardError,
        applications: Vec<CardApplication> as Count8,
    }
}

wire_struct! {
    /// One application of a card.
    CardApplication {
        kind: ApplicationKind,
        state: ApplicationState,
        lock_state: LockState,
        lock_feature: LockFeatureStatus,
        lock_retries: u8,
        lock_unblock_retries: u8,
        application_id: Vec<u8> as Count8,
        upin_replaces_pin1: bool,
        pin1: PinState,
        pin1_retries: u8,
        puk1_retries: u8,
        pin2: PinState,
        pin2_retries: u8,
        puk2_retries: u8,
    }
}

wire_struct! {
    /// A physical slot.
    Slot {
        card: SlotCard,
        state: SlotState,
        logical_slot: u8,
        /// Swapped BCD as on the card; empty when absent.
        iccid: Vec<u8> as Count8,
    }
}

wire_struct! {
    /// What is known of the card in a physical slot.
    SlotInformation {
        protocol: CardProtocol,
        valid_applications: u8,
        atr: Vec<u8> as Count8,
        is_euicc: bool,
    }
}

wire_enum! {
    /// A card in a logical slot.
    CardState: u8 {
        Absent = 0,
        Present = 1,
        Error = 2,
    }
}

wire_enum! {
    /// Why a card is in [`CardState::Error`].
    CardError: u8 {
        Unspecified = 0,
        PowerDown = 1,
        Poll = 2,
        NoAtrReceived = 3,
        VoltageMismatch = 4,
        Parity = 5,
        PossiblyRemoved = 6,
        Technical = 7,
    }
}

wire_enum! {
    /// Kinds of applications.
    ApplicationKind: u8 {
        Unspecified = 0,
        Sim = 1,
        Usim = 2,
        Ruim = 3,
        Csim = 4,
        Isim = 5,
    }
}

wire_enum! {
    /// How far an application is. Only `Ready` can register.
    ApplicationState: u8 {
        Unspecified = 0,
        Detected = 1,
        PinRequired = 2,
        PukRequired = 3,
        CheckPersonalization = 4,
        Pin1Blocked = 5,
        Illegal = 6,
        Ready = 7,
    }
}

wire_enum! {
    /// Whether a lock of the device stands in the way.
    LockState: u8 {
        Unspecified = 0,
        InProgress = 1,
        Ready = 2,
        CodeRequired = 3,
        PukCodeRequired = 4,
        PermanentlyBlocked = 5,
    }
}

wire_enum! {
    /// The lock in the way, as Card Status numbers them.
    LockFeatureStatus: u8 {
        GwNetwork = 0,
        GwNetworkSubset = 1,
        GwServiceProvider = 2,
        GwCorporate = 3,
        GwUim = 4,
        Cdma1xNetworkType1 = 5,
        Cdma1xNetworkType2 = 6,
        Cdma1xHrpd = 7,
        Cdma1xServiceProvider = 8,
        Cdma1xCorporate = 9,
        Cdma1xRuim = 10,
        Unspecified = 11,
        GwServiceProviderName = 12,
        GwSpEhplmn = 13,
        GwIccid = 14,
        GwImpi = 15,
        GwNetworkSubsetServiceProvider = 16,
        GwCarrier = 17,
    }
}

wire_enum! {
    /// A PIN.
    PinState: u8 {
        NotInitialized = 0,
        EnabledNotVerified = 1,
        EnabledVerified = 2,
        Disabled = 3,
        Blocked = 4,
        PermanentlyBlocked = 5,
    }
}

wire_enum! {
    /// A card in a physical slot; numbered unlike [`CardState`].
    SlotCard: u32 {
        Unspecified = 0,
        Absent = 1,
        Present = 2,
    }
}

wire_enum! {
    /// Whether a physical slot is connected to a logical one.
    SlotState: u32 {
        Inactive = 0,
        Active = 1,
    }
}

wire_enum! {
    /// Generations of cards.
    CardProtocol: u32 {
        Unspecified = 0,
        Icc = 1,
        Uicc = 2,
    }
}
