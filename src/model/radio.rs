//! Radio: access technologies, operating mode, registration.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::Plmn;

/// A radio access technology. The names are the configuration's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTechnology {
    /// CDMA2000 1xRTT.
    #[serde(rename = "cdma_1x")]
    Cdma1x,
    /// CDMA2000 1xEV-DO.
    #[serde(rename = "cdma_1x_evdo")]
    Cdma1xEvdo,
    /// GSM, GPRS, EDGE.
    Gsm,
    /// UMTS and HSPA.
    Umts,
    /// LTE.
    Lte,
    /// TD-SCDMA.
    TdScdma,
    /// 5G New Radio.
    Nr5g,
}

impl AccessTechnology {
    /// Every technology, oldest first.
    pub const ALL: [Self; 7] =
        [Self::Cdma1x, Self::Cdma1xEvdo, Self::Gsm, Self::TdScdma, Self::Umts, Self::Lte, Self::Nr5g];

    /// The name the configuration uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cdma1x => "cdma_1x",
            Self::Cdma1xEvdo => "cdma_1x_evdo",
            Self::Gsm => "gsm",
            Self::Umts => "umts",
            Self::Lte => "lte",
            Self::TdScdma => "td_scdma",
            Self::Nr5g => "nr5g",
        }
    }
}

impl fmt::Display for AccessTechnology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of access technologies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<AccessTechnology>", into = "Vec<AccessTechnology>")]
pub struct AccessTechnologies(u8);

impl AccessTechnologies {
    /// No technology.
    pub const NONE: Self = Self(0);

    /// Adds one.
    #[must_use]
    pub const fn with(self, technology: AccessTechnology) -> Self {
        Self(self.0 | 1 << technology as u8)
    }

    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, technology: AccessTechnology) -> bool {
        self.0 & 1 << technology as u8 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The technologies in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The members, oldest first.
    pub fn iter(self) -> impl Iterator<Item = AccessTechnology> {
        AccessTechnology::ALL.into_iter().filter(move |t| self.contains(*t))
    }
}

impl FromIterator<AccessTechnology> for AccessTechnologies {
    fn from_iter<I: IntoIterator<Item = AccessTechnology>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Vec<AccessTechnology>> for AccessTechnologies {
    fn from(list: Vec<AccessTechnology>) -> Self {
        list.into_iter().collect()
    }
}

impl From<AccessTechnologies> for Vec<AccessTechnology> {
    fn from(set: AccessTechnologies) -> Self {
        set.iter().collect()
    }
}

impl fmt::Display for AccessTechnologies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(AccessTechnology::name).collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for AccessTechnologies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// The power state of the modem's radio (QMI DMS operating mode, reduced to what matters here).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatingMode {
    /// The radio works.
    Online,
    /// The radio is off until told otherwise.
    LowPower,
    /// The radio is off and stays off over a power cycle.
    PersistentLowPower,
    /// Out of service until reset.
    Offline,
    /// Restarting or shutting down.
    Leaving,
    /// A test mode or one we do not know.
    Other,
}

/// Registration with the network (3GPP TS 24.008 clause 4.1.2), with roaming told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Not registered and not looking.
    NotRegistered,
    /// Looking for a network.
    Searching,
    /// The network refused us; a 3GPP TS 24.008 or 24.301 cause where the modem gave one.
    Denied(Option<u16>),
    /// Registered in the home network.
    Home,
    /// Registered in a visited network.
    Roaming,
    /// The modem does not say.
    Unknown,
}

impl Registration {
    /// Whether the network serves us.
    #[must_use]
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }
}

/// What the modem reports of the network that serves it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServingSystem {
    /// Registration, roaming included.
    pub registration: Registration,
    /// Attached to the packet domain.
    pub ps_attached: bool,
    /// Whether the modem names the kind of network that serves us.
    #[serde(default)]
    pub network_known: bool,
    /// The serving network, once known.
    pub plmn: Option<Plmn>,
    /// What the network calls itself.
    pub operator_name: Option<String>,
    /// Technologies in use now: LTE and 5G together mean 5G NSA.
    pub technologies: AccessTechnologies,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_round_trip_through_their_names() {
        let set: AccessTechnologies = [AccessTechnology::Nr5g, AccessTechnology::Lte].into_iter().collect();
        assert_eq!(set.to_string(), "lte nr5g");
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(json, r#"["lte","nr5g"]"#);
        assert_eq!(serde_json::from_str::<AccessTechnologies>(&json).unwrap(), set);
    }

    #[test]
    fn the_bit_of_every_technology_is_its_own() {
        for a in AccessTechnology::ALL {
            assert_eq!(AccessTechnologies::NONE.with(a).iter().collect::<Vec<_>>(), [a]);
        }
    }
}
