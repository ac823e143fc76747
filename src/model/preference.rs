//! The radio preference: which technologies, bands and network the modem may use, as one value of optional settings.
//!
//! The same type says what the modem has, what the file asks, what to write and what to put back: in each a setting
//! that is `None` is one that is not told, not asked or left alone.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::Plmn;
use super::radio::AccessTechnologies;
use super::time::Instant;

/// A set of bands by their 3GPP numbers (TS 36.101 clause 5.5 for LTE, TS 38.101 clause 5.2 for 5G).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BandSet(BTreeSet<u16>);

impl BandSet {
    /// The bands in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bands in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }
}

impl FromIterator<u16> for BandSet {
    fn from_iter<I: IntoIterator<Item = u16>>(bands: I) -> Self {
        Self(bands.into_iter().collect())
    }
}

impl fmt::Display for BandSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(|band| band.to_string()).collect::<Vec<_>>().join(" "))
    }
}

/// Who chooses the network to register with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkSelection {
    /// The modem, by the lists of the card.
    Automatic,
    /// This one and no other.
    Manual(Plmn),
    /// One and no other, but the modem does not say which.
    ManualUnnamed,
}

impl fmt::Display for NetworkSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automatic => f.write_str("automatic"),
            Self::Manual(plmn) => write!(f, "{plmn}"),
            Self::ManualUnnamed => f.write_str("a fixed one, not named"),
        }
    }
}

/// One setting of the preference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// Access technologies.
    Technologies,
    /// LTE bands.
    LteBands,
    /// Bands of 5G by itself.
    Nr5gSaBands,
    /// Bands of 5G beside LTE.
    Nr5gNsaBands,
    /// Choice of the network.
    Network,
}

impl Setting {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Technologies => "technologies",
            Self::LteBands => "LTE bands",
            Self::Nr5gSaBands => "5G SA bands",
            Self::Nr5gNsaBands => "5G NSA bands",
            Self::Network => "network selection",
        }
    }
}

/// Calls a macro with every field of the preference and the setting it is: the one place that pairs them.
macro_rules! each_setting {
    ($call:ident) => {
        $call! {
            technologies: Technologies, lte_bands: LteBands, nr5g_sa_bands: Nr5gSaBands,
            nr5g_nsa_bands: Nr5gNsaBands, network: Network
        }
    };
}

/// Technologies, bands and network selection, each as far as it is told, asked or to be written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RadioPreference {
    /// Technologies that may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technologies: Option<AccessTechnologies>,
    /// LTE bands that may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lte_bands: Option<BandSet>,
    /// 5G bands that may be used without LTE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nr5g_sa_bands: Option<BandSet>,
    /// 5G bands that may be used beside LTE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nr5g_nsa_bands: Option<BandSet>,
    /// Who chooses the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSelection>,
}

impl RadioPreference {
    /// The settings that have a value.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        macro_rules! list {
            ($($field:ident: $setting:ident),*) => { $(if self.$field.is_some() { settings.push(Setting::$setting); })* };
        }
        each_setting!(list);
        settings
    }

    /// Whether no setting has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What to write so that a modem which has `has` gets these values: the settings that differ. One that the modem
    /// does not tell of cannot be written either.
    #[must_use]
    pub fn difference(&self, has: &Self) -> Self {
        macro_rules! differing {
            ($($field:ident: $setting:ident),*) => {
                Self { $($field: self.$field.clone().filter(|v| has.$field.as_ref().is_some_and(|h| h != v)),)* }
            };
        }
        each_setting!(differing)
    }

    /// The values of the settings that `other` has a value for.
    #[must_use]
    pub fn restricted_to(&self, other: &Self) -> Self {
        macro_rules! restricted {
            ($($field:ident: $setting:ident),*) => {
                Self { $($field: self.$field.clone().filter(|_| other.$field.is_some()),)* }
            };
        }
        each_setting!(restricted)
    }

    /// The values of the settings that `other` has no value for.
    #[must_use]
    pub fn except(&self, other: &Self) -> Self {
        macro_rules! remaining {
            ($($field:ident: $setting:ident),*) => {
                Self { $($field: self.$field.clone().filter(|_| other.$field.is_none()),)* }
            };
        }
        each_setting!(remaining)
    }

    /// These values, and those of `other` where there is none.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        macro_rules! either {
            ($($field:ident: $setting:ident),*) => {
                Self { $($field: self.$field.clone().or_else(|| other.$field.clone()),)* }
            };
        }
        each_setting!(either)
    }

    /// The value of a setting in words; empty if it has none.
    #[must_use]
    pub fn value(&self, setting: Setting) -> String {
        fn words<T: ToString>(value: Option<&T>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        match setting {
            Setting::Technologies => words(self.technologies.as_ref()),
            Setting::LteBands => words(self.lte_bands.as_ref()),
            Setting::Nr5gSaBands => words(self.nr5g_sa_bands.as_ref()),
            Setting::Nr5gNsaBands => words(self.nr5g_nsa_bands.as_ref()),
            Setting::Network => words(self.network.as_ref()),
        }
    }
}

/// `lte nr5g; LTE bands 3 20`.
impl fmt::Display for RadioPreference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |setting| match setting {
            Setting::Technologies => self.value(setting),
            other => format!("{} {}", other.name(), self.value(other)),
        };
        f.write_str(&self.settings().into_iter().map(one).collect::<Vec<_>>().join("; "))
    }
}

/// A preference that does not stay as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resistance {
    /// What is not as it should be.
    pub what: String,
    /// How often it was written: in a row, or within the last hour.
    pub writes: u32,
    /// When it is written again.
    pub at: Instant,
}

#[cfg(test)]
mod tests {
    use super::super::radio::AccessTechnology;
    use super::*;

    fn bands(list: &[u16]) -> Option<BandSet> {
        Some(list.iter().copied().collect())
    }

    #[test]
    fn only_what_differs_and_can_be_told_is_written() {
        let lte = Some(AccessTechnologies::NONE.with(AccessTechnology::Lte));
        let has = RadioPreference {
            technologies: lte,
            lte_bands: bands(&[1, 3]),
            network: Some(NetworkSelection::Automatic),
            ..Default::default()
        };
        let wanted = RadioPreference {
            technologies: lte,
            lte_bands: bands(&[3]),
            nr5g_sa_bands: bands(&[78]),
            ..Default::default()
        };
        let write = wanted.difference(&has);
        assert_eq!(write, RadioPreference { lte_bands: bands(&[3]), ..Default::default() });
        assert_eq!(has.restricted_to(&write), RadioPreference { lte_bands: bands(&[1, 3]), ..Default::default() });
        assert_eq!(wanted.except(&has).settings(), [Setting::Nr5gSaBands]);
        assert_eq!(wanted.or(&has).network, Some(NetworkSelection::Automatic));
        assert_eq!(wanted.to_string(), "lte; LTE bands 3; 5G SA bands 78");
    }

    #[test]
    fn what_is_remembered_has_no_empty_settings() {
        let original = RadioPreference { lte_bands: bands(&[20, 3]), ..Default::default() };
        let json = serde_json::to_string(&original).unwrap();
        assert_eq!(json, r#"{"lte_bands":[3,20]}"#);
        assert_eq!(serde_json::from_str::<RadioPreference>(&json).unwrap(), original);
    }
}
