//! What the file asks of one modem, for the SIM that is in it now.

use serde::{Deserialize, Serialize};

use super::id::{Apn, Secret};
use super::link::DesiredLink;
use super::pin::PinChance;
use super::plugin::PluginName;
use super::preference::RadioPreference;
use super::session::{Authentication, IpFamilies};

/// What one modem shall be like.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Desired {
    /// Technologies, bands and network to restrict the modem to; a setting without a value is left alone.
    pub radio: RadioPreference,
    /// The SIM slot to use, from 1; `None`: whichever is in use.
    pub slot: Option<u8>,
    /// What may be done with the PIN of the file.
    pub pin: PinChance,
    /// Whom to connect to.
    pub selection: Selection,
    /// The network interface.
    pub link: DesiredLink,
    /// Whether to find out if data passes.
    #[serde(default)]
    pub looks_at_internet: bool,
}

/// The outcome of choosing a service provider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Selection {
    /// The SIM has not told enough yet.
    Undecided,
    /// No entry of the list fits this SIM.
    NoMatch {
        /// How many entries were looked at.
        candidates: usize,
    },
    /// An entry fits, but its password cannot be had.
    SecretMissing {
        /// The entry's name.
        name: String,
        /// Why not, in words.
        why: String,
    },
    /// An entry fits as far as the card goes, and the host is still looking for its access point in a database.
    LookingUp,
    /// An entry fits, and a plugin is being asked whether to use another.
    Asking {
        /// The plugin.
        plugin: PluginName,
    },
    /// This one.
    Chosen(Provider),
}

/// A service provider, as far as a connection needs it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Provider {
    /// What people call it: the entry's name, else its APN.
    pub name: String,
    /// Where the file says so: `file:line`.
    pub origin: String,
    /// Why it was chosen, in words.
    pub because: String,
    /// Access point name.
    pub apn: Apn,
    /// Whether data may be used in visited networks; `None`: the file does not say, so the modem's setting rules.
    pub roaming_allowed: Option<bool>,
    /// How to authenticate.
    pub authentication: Authentication,
    /// User name for authentication.
    pub username: Option<String>,
    /// Password for authentication.
    pub password: Option<Secret>,
    /// IP versions to ask for.
    pub families: IpFamilies,
    /// The modem's stored profile to start the session with, from 1.
    pub profile: u8,
}

impl Provider {
    /// Whether a session started for `self` also serves `other`: what is only shown to people does not count.
    #[must_use]
    pub fn dials_like(&self, other: &Self) -> bool {
        self.apn == other.apn
            && self.authentication == other.authentication
            && self.username == other.username
            && self.password == other.password
            && self.profile == other.profile
    }
}
