//! The names of all facts, how long each is believed, and sets of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::session::IpFamily;

/// The names of all facts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The control port: there, open.
    Port,
    /// The modem answers on it.
    Control,
    /// Maker, model, firmware, IMEI.
    Device,
    /// Framing of the data path.
    DataFormat,
    /// Operating mode.
    OperatingMode,
    /// State of the card.
    Sim,
    /// ICCID and IMSI.
    SimIdentity,
    /// Technologies the modem is allowed to use.
    Technologies,
    /// Registration and serving network.
    ServingSystem,
    /// IPv4 session.
    SessionIpv4,
    /// IPv6 session.
    SessionIpv6,
    /// APN and addresses of the IPv4 session.
    SettingsIpv4,
    /// APN and addresses of the IPv6 session.
    SettingsIpv6,
    /// The network interface in the kernel.
    Link,
}

impl Fact {
    /// All of them, in the order the stages need them.
    pub const ALL: [Self; 14] = [
        Self::Port,
        Self::Control,
        Self::Device,
        Self::DataFormat,
        Self::OperatingMode,
        Self::Sim,
        Self::SimIdentity,
        Self::Technologies,
        Self::ServingSystem,
        Self::SessionIpv4,
        Self::SessionIpv6,
        Self::SettingsIpv4,
        Self::SettingsIpv6,
        Self::Link,
    ];

    /// After how long without confirmation to look again.
    ///
    /// The sum of the rates is the idle traffic of a healthy modem, held under two requests a minute. The session
    /// is asked most often: a lost "disconnected" indication costs the user his connection, any other lost
    /// indication costs at most a repair.
    #[must_use]
    pub const fn refresh_after(self) -> Duration {
        Duration::from_secs(match self {
            Self::SessionIpv4 | Self::SessionIpv6 => 70,
            Self::Port | Self::Control | Self::Link => 90,
            Self::DataFormat | Self::Technologies | Self::ServingSystem => 240,
            Self::SettingsIpv4 | Self::SettingsIpv6 => 300,
            Self::OperatingMode | Self::Sim => 900,
            Self::Device | Self::SimIdentity => 6 * 3600,
        })
    }

    /// After how long without confirmation the fact is unknown: room for two failed looks.
    #[must_use]
    pub const fn max_age(self) -> Duration {
        let refresh = self.refresh_after().as_secs();
        Duration::from_secs(refresh + if refresh < 120 { refresh } else { 120 })
    }

    /// The session fact of a family.
    #[must_use]
    pub const fn session(family: IpFamily) -> Self {
        match family {
            IpFamily::Ipv4 => Self::SessionIpv4,
            IpFamily::Ipv6 => Self::SessionIpv6,
        }
    }

    /// The settings fact of a family.
    #[must_use]
    pub const fn settings(family: IpFamily) -> Self {
        match family {
            IpFamily::Ipv4 => Self::SettingsIpv4,
            IpFamily::Ipv6 => Self::SettingsIpv6,
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Port => "control port",
            Self::Control => "control channel",
            Self::Device => "device identity",
            Self::DataFormat => "data format",
            Self::OperatingMode => "operating mode",
            Self::Sim => "SIM state",
            Self::SimIdentity => "SIM identity",
            Self::Technologies => "allowed technologies",
            Self::ServingSystem => "serving system",
            Self::SessionIpv4 => "ipv4 session",
            Self::SessionIpv6 => "ipv6 session",
            Self::SettingsIpv4 => "ipv4 settings",
            Self::SettingsIpv6 => "ipv6 settings",
            Self::Link => "link",
        }
    }
}

/// A set of facts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactSet(u32);

impl FactSet {
    /// None.
    pub const NONE: Self = Self(0);
    /// Everything the modem itself reports, as opposed to the host.
    pub const MODEM: Self = Self::of(&[
        Fact::Control,
        Fact::Device,
        Fact::DataFormat,
        Fact::OperatingMode,
        Fact::Sim,
        Fact::SimIdentity,
        Fact::Technologies,
        Fact::ServingSystem,
        Fact::SessionIpv4,
        Fact::SessionIpv6,
        Fact::SettingsIpv4,
        Fact::SettingsIpv6,
    ]);
    /// Everything about data sessions.
    pub const SESSIONS: Self =
        Self::of(&[Fact::SessionIpv4, Fact::SessionIpv6, Fact::SettingsIpv4, Fact::SettingsIpv6]);

    /// The set of the given facts.
    #[must_use]
    pub const fn of(facts: &[Fact]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < facts.len() {
            bits |= 1 << facts[i] as u32;
            i += 1;
        }
        Self(bits)
    }

    /// Adds one.
    pub const fn insert(&mut self, fact: Fact) {
        self.0 |= 1 << fact as u32;
    }

    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, fact: Fact) -> bool {
        self.0 & 1 << fact as u32 != 0
    }

    /// Facts in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Facts in this set but not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Facts in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in stage order.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.into_iter().filter(move |f| self.contains(*f))
    }
}

impl std::fmt::Debug for FactSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_grows_old() {
        for fact in Fact::ALL {
            assert!(fact.refresh_after() < fact.max_age(), "{fact:?}");
            assert!(fact.max_age() <= Duration::from_secs(7 * 3600), "{fact:?}");
        }
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        for fact in Fact::ALL {
            assert_eq!(FactSet::of(&[fact]).iter().collect::<Vec<_>>(), [fact]);
        }
    }
}
