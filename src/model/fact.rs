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
    /// Technologies, bands and network the modem is allowed to use.
    RadioPreference,
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
    /// Whether data passes.
    Internet,
    /// Physical SIM slots, and which is in use.
    SimSlots,
    /// The modem's stored profile that the session is started with.
    Profile,
    /// Whether the modem starts sessions by itself.
    Autoconnect,
    /// Access points that the modem refuses by itself for a while.
    Throttle,
    /// How well the modem hears.
    Signal,
    /// The serving cell and its neighbours.
    Cell,
    /// Bands and channels in use.
    Band,
    /// What each technology sees of its network.
    SystemInfo,
    /// Names of the network and of the service provider.
    OperatorName,
    /// Area and cell, as the registration tells them.
    Location,
    /// The time the network told.
    NetworkTime,
    /// Counters of the IPv4 session.
    StatisticsIpv4,
    /// Counters of the IPv6 session.
    StatisticsIpv6,
    /// How it stands with a DHCP lease.
    Lease,
}

impl Fact {
    /// All of them, in the order the stages need them.
    pub const ALL: [Self; 29] = [
        Self::Port,
        Self::Control,
        Self::Device,
        Self::DataFormat,
        Self::OperatingMode,
        Self::Sim,
        Self::SimIdentity,
        Self::RadioPreference,
        Self::ServingSystem,
        Self::SessionIpv4,
        Self::SessionIpv6,
        Self::SettingsIpv4,
        Self::SettingsIpv6,
        Self::Link,
        Self::Internet,
        Self::SimSlots,
        Self::Profile,
        Self::Autoconnect,
        Self::Throttle,
        Self::Signal,
        Self::Cell,
        Self::Band,
        Self::SystemInfo,
        Self::OperatorName,
        Self::Location,
        Self::NetworkTime,
        Self::StatisticsIpv4,
        Self::StatisticsIpv6,
        Self::Lease,
    ];

    /// After how long without confirmation to look again.
    ///
    /// The sum of the rates is the idle traffic of a healthy modem, held under two requests a minute. The session
    /// is asked most often: a lost "disconnected" indication costs the user his connection, any other lost
    /// indication costs at most a repair. What indications tell of and what rarely changes is asked seldom.
    ///
    /// For telemetry this is the pace while somebody watches; see [`Self::calm_refresh`].
    #[must_use]
    pub const fn refresh_after(self) -> Duration {
        Duration::from_secs(match self {
            // Two families take turns, so that one of them is asked every [`Self::SESSION_LOOK`].
            Self::SessionIpv4 | Self::SessionIpv6 => 80,
            Self::Port | Self::Control | Self::Link | Self::Lease => 90,
            // These too: every [`Self::SETTINGS_LOOK`].
            Self::SettingsIpv4 | Self::SettingsIpv6 => 600,
            // A network that we were handed over to without a word may be a forbidden one, and may cost money.
            Self::ServingSystem | Self::Location => 360,
            // Told by indication, or looked at when something fails; a changed profile too.
            Self::OperatingMode
            | Self::Sim
            | Self::SimSlots
            | Self::RadioPreference
            | Self::DataFormat
            | Self::NetworkTime
            | Self::Profile => 3600,
            // `reconcile::reachability` has its own pace, set by the file; this is the slowest.
            Self::Internet => 3600,
            // Read when something depends on it, and true for that moment.
            Self::Autoconnect | Self::Throttle => 300,
            Self::Device | Self::SimIdentity => 6 * 3600,
            Self::Signal => 30,
            Self::Cell | Self::SystemInfo => 25,
            Self::Band | Self::StatisticsIpv4 | Self::StatisticsIpv6 => 60,
            Self::OperatorName => 300,
        })
    }

    /// How often the state of the sessions is looked at: a hung or silently restarted modem shows no later either.
    pub const SESSION_LOOK: Duration = Duration::from_secs(40);

    /// How often the settings of the sessions are looked at: an address that was changed without a word is out of use for
    /// five minutes at most, and an MTU that the network tells late is in use after as much.
    pub const SETTINGS_LOOK: Duration = Duration::from_secs(300);

    /// How often telemetry is asked for while nobody watches; `None`: not at all, indications must do.
    #[must_use]
    pub const fn calm_refresh(self) -> Option<Duration> {
        match self {
            // Where reports come, they confirm the fact and nothing is ever asked; elsewhere the sums keep up with it.
            Self::StatisticsIpv4 | Self::StatisticsIpv6 => Some(Duration::from_secs(7200)),
            _ => None,
        }
    }

    /// After how long without confirmation the fact is unknown: room for two failed looks.
    #[must_use]
    pub const fn max_age(self) -> Duration {
        let refresh = match self {
            // The network tells its time when it is in the mood; the offset holds until it tells another.
            Self::NetworkTime => return Duration::from_secs(6 * 3600),
            // Three looks at either of two families, and nobody believes in a session that is not seen for longer.
            Self::SessionIpv4 | Self::SessionIpv6 => return Duration::from_secs(120),
            // They move all the time: what was so ten minutes ago says little, and who wants to know has it asked for.
            Self::Signal | Self::StatisticsIpv4 | Self::StatisticsIpv6 => return Duration::from_secs(600),
            _ => self.refresh_after().as_secs(),
        };
        Duration::from_secs(refresh + if refresh < 120 { refresh } else { 120 })
    }

    /// Whether it is only good to know: the plan never reads it.
    #[must_use]
    pub const fn is_telemetry(self) -> bool {
        FactSet::TELEMETRY.contains(self)
    }

    /// The statistics fact of a family.
    #[must_use]
    pub const fn statistics(family: IpFamily) -> Self {
        match family {
            IpFamily::Ipv4 => Self::StatisticsIpv4,
            IpFamily::Ipv6 => Self::StatisticsIpv6,
        }
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
            Self::RadioPreference => "radio preference",
            Self::ServingSystem => "serving system",
            Self::SessionIpv4 => "ipv4 session",
            Self::SessionIpv6 => "ipv6 session",
            Self::SettingsIpv4 => "ipv4 settings",
            Self::SettingsIpv6 => "ipv6 settings",
            Self::Link => "link",
            Self::Internet => "internet",
            Self::SimSlots => "SIM slots",
            Self::Profile => "profile",
            Self::Autoconnect => "autoconnect setting",
            Self::Throttle => "throttled access points",
            Self::Signal => "signal",
            Self::Cell => "cell",
            Self::Band => "band",
            Self::SystemInfo => "system information",
            Self::OperatorName => "operator name",
            Self::Location => "location",
            Self::NetworkTime => "network time",
            Self::StatisticsIpv4 => "ipv4 statistics",
            Self::StatisticsIpv6 => "ipv6 statistics",
            Self::Lease => "DHCP lease",
        }
    }
}

/// A set of facts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactSet(u32);

impl FromIterator<Fact> for FactSet {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        let mut set = Self::NONE;
        facts.into_iter().for_each(|fact| set.insert(fact));
        set
    }
}

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
        Fact::RadioPreference,
        Fact::ServingSystem,
        Fact::SessionIpv4,
        Fact::SessionIpv6,
        Fact::SettingsIpv4,
        Fact::SettingsIpv6,
        Fact::SimSlots,
        Fact::Profile,
        Fact::Autoconnect,
        Fact::Throttle,
    ])
    .union(Self::TELEMETRY);
    /// What is only good to know.
    pub const TELEMETRY: Self = Self::of(&[
        Fact::Signal,
        Fact::Cell,
        Fact::Band,
        Fact::SystemInfo,
        Fact::OperatorName,
        Fact::Location,
        Fact::NetworkTime,
        Fact::StatisticsIpv4,
        Fact::StatisticsIpv6,
    ]);
    /// The card and what is read from it.
    pub const CARD: Self = Self::of(&[Fact::Sim, Fact::SimIdentity, Fact::SimSlots]);
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
