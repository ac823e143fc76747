//! What a database of access points knows about a network, as far as it decides which one is used.

use serde::{Deserialize, Serialize};

use super::id::{Apn, Secret};
use super::session::Authentication;

/// A database of access points that the host may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApnDatabase {
    /// The one of GNOME, packaged by most distributions.
    MobileBroadbandProviderInfo,
}

impl ApnDatabase {
    /// Its name, which is also that of the package.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MobileBroadbandProviderInfo => "mobile-broadband-provider-info",
        }
    }
}

/// Everything a database has for a home network, in its own order; or why it cannot be asked, in words.
pub type ApnAnswer = Result<Vec<ApnCandidate>, String>;

/// One access point of a database.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApnCandidate {
    /// The code of the network it is listed for, five or six digits.
    pub network: String,
    /// Who offers it.
    pub provider: String,
    /// Whether that is who owns the network, and not somebody who resells it.
    pub primary: bool,
    /// Beginnings of the group identifiers (GID1) of the cards it is for, as hex digits; none: for every card.
    pub gid1: Vec<String>,
    /// Access point name.
    pub apn: Apn,
    /// What it is for.
    pub usage: ApnUsage,
    /// Whether it is for prepaid cards alone.
    pub prepaid: bool,
    /// How to authenticate.
    pub authentication: Authentication,
    /// User name for authentication.
    pub username: Option<String>,
    /// Password for authentication.
    pub password: Option<Secret>,
}

/// What an access point is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApnUsage {
    /// The internet, or the database does not say.
    Internet,
    /// The internet and other services.
    Mixed,
    /// Anything but the internet: picture messages, WAP.
    Other,
}
