//! What a connection is worth: the value of the property `connection`, with its reason and since when.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::Instant;

/// How far packets get.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nowhere.
    #[default]
    Disconnected,
    /// The interface has its address, but the network does not serve us fully yet, or nothing comes back.
    Lan,
    /// Everything that the modem and the interface can tell is in order, and nothing shows that no data passes.
    Internet,
}

impl Reach {
    /// The name in properties and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Lan => "lan",
            Self::Internet => "internet",
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first thing that is missing for [`Reach::Internet`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Nothing was seen yet.
    NothingSeen,
    /// The device.
    Device,
    /// An address on the interface.
    Address,
    /// The data session.
    Session,
    /// Registration with a network.
    Registration,
    /// The packet domain.
    PacketDomain,
    /// The kind of network.
    Network,
    /// A radio technology in use.
    Radio,
    /// An answer from the internet.
    Answer,
    /// A look that confirms what was believed.
    Proof,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingSeen => "nothing is known yet",
            Self::Device => "the device is gone",
            Self::Address => "the interface has no address",
            Self::Session => "the data session is down",
            Self::Registration => "no network serves us",
            Self::PacketDomain => "the packet domain is detached",
            Self::Network => "the kind of network is unknown",
            Self::Radio => "no radio technology is in use",
            Self::Answer => "nothing comes back from the internet",
            Self::Proof => "for too long nothing confirmed it",
        })
    }
}

/// The truth about a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// How far packets get.
    pub reach: Reach,
    /// What is missing; `None`: nothing.
    pub gap: Option<Gap>,
    /// Since when `reach` has been so.
    pub since: Instant,
}

impl Connection {
    /// The reason in words.
    #[must_use]
    pub fn because(&self) -> String {
        self.gap.map_or_else(|| "session, address and network are in order".to_owned(), |gap| gap.to_string())
    }
}
