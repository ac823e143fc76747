//! One fact on its way from the modem or the host to what is known.

use serde::{Deserialize, Serialize};

use super::fact::Fact;
use super::internet::Internet;
use super::lease::LeaseState;
use super::link::LinkState;
use super::observed::{ControlState, DataFormat, Device, PortState, SessionSettings};
use super::preference::RadioPreference;
use super::profile::{ModemProfile, Throttled};
use super::radio::{OperatingMode, ServingSystem};
use super::session::{IpFamily, SessionState};
use super::sim::{BadIccid, SimIdentity, SimSlots, SimState};
use super::telemetry::{Carrier, Cell, Counters, Location, NetworkTime, Signal, SystemInfo};

/// One fact arriving.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// [`Fact::Port`].
    Port(PortState),
    /// [`Fact::Control`].
    Control(ControlState),
    /// [`Fact::Device`].
    Device(Device),
    /// [`Fact::DataFormat`].
    DataFormat(DataFormat),
    /// [`Fact::OperatingMode`].
    OperatingMode(OperatingMode),
    /// [`Fact::Sim`].
    Sim(SimState),
    /// [`Fact::SimIdentity`].
    SimIdentity(SimIdentity),
    /// [`Fact::SimIdentity`], of a card whose number is none.
    BadIccid(BadIccid),
    /// [`Fact::SimSlots`].
    SimSlots(SimSlots),
    /// [`Fact::RadioPreference`].
    RadioPreference(RadioPreference),
    /// [`Fact::ServingSystem`].
    ServingSystem(ServingSystem),
    /// [`Fact::SessionIpv4`] or [`Fact::SessionIpv6`].
    Session(IpFamily, SessionState),
    /// [`Fact::SettingsIpv4`] or [`Fact::SettingsIpv6`].
    Settings(IpFamily, SessionSettings),
    /// [`Fact::Link`].
    Link(LinkState),
    /// [`Fact::Lease`].
    Lease(LeaseState),
    /// [`Fact::Internet`].
    Internet(Internet),
    /// [`Fact::Profile`].
    Profile(ModemProfile),
    /// [`Fact::Autoconnect`].
    Autoconnect(bool),
    /// [`Fact::Throttle`].
    Throttle(Vec<Throttled>),
    /// [`Fact::Signal`].
    Signal(Signal),
    /// [`Fact::Cell`].
    Cell(Cell),
    /// [`Fact::Band`]: every carrier in use, the anchor first.
    Band(Vec<Carrier>),
    /// [`Fact::SystemInfo`].
    SystemInfo(SystemInfo),
    /// [`Fact::OperatorName`].
    OperatorName(String),
    /// [`Fact::Location`], all of it.
    Location(Location),
    /// [`Fact::Location`], what has changed of it.
    LocationPart(Location),
    /// [`Fact::NetworkTime`], all of it.
    NetworkTime(NetworkTime),
    /// [`Fact::NetworkTime`], what has changed of it.
    NetworkTimePart(NetworkTime),
    /// [`Fact::StatisticsIpv4`] or [`Fact::StatisticsIpv6`]: the counters that have changed.
    Statistics(IpFamily, Counters),
}

impl Report {
    /// What it is about.
    #[must_use]
    pub const fn fact(&self) -> Fact {
        match self {
            Self::Port(_) => Fact::Port,
            Self::Control(_) => Fact::Control,
            Self::Device(_) => Fact::Device,
            Self::DataFormat(_) => Fact::DataFormat,
            Self::OperatingMode(_) => Fact::OperatingMode,
            Self::Sim(_) => Fact::Sim,
            Self::SimIdentity(_) | Self::BadIccid(_) => Fact::SimIdentity,
            Self::SimSlots(_) => Fact::SimSlots,
            Self::RadioPreference(_) => Fact::RadioPreference,
            Self::ServingSystem(_) => Fact::ServingSystem,
            Self::Session(family, _) => Fact::session(*family),
            Self::Settings(family, _) => Fact::settings(*family),
            Self::Link(_) => Fact::Link,
            Self::Lease(_) => Fact::Lease,
            Self::Internet(_) => Fact::Internet,
            Self::Profile(_) => Fact::Profile,
            Self::Autoconnect(_) => Fact::Autoconnect,
            Self::Throttle(_) => Fact::Throttle,
            Self::Signal(_) => Fact::Signal,
            Self::Cell(_) => Fact::Cell,
            Self::Band(_) => Fact::Band,
            Self::SystemInfo(_) => Fact::SystemInfo,
            Self::OperatorName(_) => Fact::OperatorName,
            Self::Location(_) | Self::LocationPart(_) => Fact::Location,
            Self::NetworkTime(_) | Self::NetworkTimePart(_) => Fact::NetworkTime,
            Self::Statistics(family, _) => Fact::statistics(*family),
        }
    }
}
