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
}

/// What is read from a card that is ready.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SimIdentity {
    /// The card.
    pub iccid: Iccid,
    /// The subscriber; `None` where the card does not tell.
    pub imsi: Option<Imsi>,
}
