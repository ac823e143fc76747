//! The SIM card, as far as it decides whether and how we connect.

use serde::{Deserialize, Serialize};

use super::id::{Iccid, Imsi};

/// What the modem reports of the card.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SimState {
    /// No card in the active slot.
    Absent,
    /// A card is there and its application starts.
    Starting,
    /// Waits for its PIN; verification attempts left.
    PinRequired {
        /// Attempts left before the PIN is blocked.
        tries_left: u8,
    },
    /// The PIN is blocked; needs the PUK.
    PukRequired {
        /// Attempts left before the card is dead.
        tries_left: u8,
    },
    /// Dead for good, or locked to another network.
    Blocked,
    /// The modem cannot talk to the card.
    Error,
    /// Usable.
    Ready,
    /// The modem is locked to another network or provider than the card's.
    NetworkLocked,
}

/// What is read from a card. From one that waits for its PIN only the number can be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SimIdentity {
    /// The card.
    pub iccid: Iccid,
    /// The subscriber; `None` where the card does not tell.
    pub imsi: Option<Imsi>,
    /// Group identifier level 1 (3GPP TS 31.102 clause 4.2.10) in upper-case hexadecimal, filler removed: tells apart
    /// providers that share a network.
    pub gid1: Option<String>,
    /// Name of the service provider (3GPP TS 31.102 clause 4.2.12).
    pub service_provider_name: Option<String>,
    /// How many digits of the IMSI are the network code (3GPP TS 31.102 clause 4.2.18): 2 or 3; old cards do not say.
    pub mnc_digits: Option<u8>,
}

impl SimIdentity {
    /// A card of which only the number is known.
    #[must_use]
    pub const fn of(iccid: Iccid) -> Self {
        Self { iccid, imsi: None, gid1: None, service_provider_name: None, mnc_digits: None }
    }

    /// Country code and network code of the subscription, if the card says how long the latter is.
    #[must_use]
    pub fn home_network(&self) -> Option<&str> {
        let digits = 3 + usize::from(self.mnc_digits?);
        self.imsi.as_ref()?.as_str().get(..digits)
    }
}

/// What a card says where its number should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BadIccid {
    /// The first seven of its half-bytes, as hexadecimal digits: no more than is shown of a good number.
    pub starts: String,
    /// How many digits there are before the filler.
    pub digits: usize,
}

/// The physical SIM slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SimSlots {
    /// How many there are; 0: the modem does not say, and cannot switch.
    pub count: u8,
    /// The one in use, from 1.
    pub active: Option<u8>,
}
