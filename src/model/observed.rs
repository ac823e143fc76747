//! What the modem and the host told us: facts that carry the time they were seen and grow old.
//!
//! A fact older than its `max_age` is unknown. No exception: a fact that cannot grow old is a modem that stays
//! stuck for ever when the one indication that would have changed it was lost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::desired::Provider;
use super::id::{Apn, Imei};
use super::radio::{AccessTechnologies, OperatingMode, ServingSystem};
use super::session::{CallEnd, IpFamily, IpSettings, SessionState};
use super::sim::{SimIdentity, SimState};
use super::time::Instant;

/// A value and when it was last seen to hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen<T> {
    /// What was seen.
    pub value: T,
    /// When.
    pub at: Instant,
}

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
            Self::SessionIpv4 | Self::SessionIpv6 => 60,
            Self::Port | Self::Control | Self::Link => 90,
            Self::Technologies => 240,
            Self::ServingSystem => 240,
            Self::OperatingMode | Self::Sim | Self::SettingsIpv4 | Self::SettingsIpv6 => 900,
            Self::Device | Self::DataFormat | Self::SimIdentity => 6 * 3600,
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
pub struct FactSet(u16);

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
            bits |= 1 << facts[i] as u16;
            i += 1;
        }
        Self(bits)
    }

    /// Adds one.
    pub const fn insert(&mut self, fact: Fact) {
        self.0 |= 1 << fact as u16;
    }

    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, fact: Fact) -> bool {
        self.0 & 1 << fact as u16 != 0
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

/// The control port, as the host sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// No such device.
    Absent,
    /// There, not open.
    Closed,
    /// Open for us.
    Open,
    /// There, but it cannot be opened; in words.
    Unusable(String),
}

/// Whether the modem answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlState {
    /// It answered lately.
    Ready,
    /// Several requests in a row went unanswered.
    Unresponsive,
}

/// What the device says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Device {
    /// Maker.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Firmware revision.
    pub revision: String,
    /// IMEI, if it has one.
    pub imei: Option<Imei>,
    /// Technologies the hardware can do; none: it does not say.
    pub supports: AccessTechnologies,
}

/// Framing on the data path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataFormat {
    /// IP packets without a link-layer header.
    RawIp,
    /// Ethernet frames.
    Ethernet,
    /// The modem has no such setting.
    Fixed,
}

/// APN and addresses of a live session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionSettings {
    /// The APN the modem says it is connected to, where it says so.
    pub apn: Option<Apn>,
    /// Addresses, name servers, MTU.
    pub ip: IpSettings,
}

/// The network interface, as the host sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LinkState {
    /// Administratively up.
    pub up: bool,
    /// What is configured on it.
    pub ip: IpSettings,
    /// Metric of the default route through it, if there is one.
    pub default_route_metric: Option<u32>,
}

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
    /// [`Fact::Technologies`].
    Technologies(AccessTechnologies),
    /// [`Fact::ServingSystem`].
    ServingSystem(ServingSystem),
    /// [`Fact::SessionIpv4`] or [`Fact::SessionIpv6`].
    Session(IpFamily, SessionState),
    /// [`Fact::SettingsIpv4`] or [`Fact::SettingsIpv6`].
    Settings(IpFamily, SessionSettings),
    /// [`Fact::Link`].
    Link(LinkState),
}

/// Why an action did not succeed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// No answer in time.
    Timeout,
    /// The modem refused: its error by name.
    Refused(String),
    /// The network or the modem ended the attempt, with this cause.
    CallEnded(CallEnd),
    /// The port went away.
    PortLost,
    /// The modem restarted meanwhile.
    Restarted,
    /// We called it off.
    Cancelled,
    /// The host could not do it; in words.
    Host(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Refused(error) => write!(f, "modem answers {error}"),
            Self::CallEnded(cause) => write!(f, "{cause}"),
            Self::PortLost => f.write_str("the port went away"),
            Self::Restarted => f.write_str("the modem restarted"),
            Self::Cancelled => f.write_str("called off"),
            Self::Host(why) => f.write_str(why),
        }
    }
}

/// What became of our attempts at one kind of action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempts {
    /// Attempts in a row that did not bring what they should.
    pub failures: u32,
    /// When the last one ended.
    pub last_at: Instant,
    /// How the last one failed; `None`: it was acknowledged.
    pub last_failure: Option<Failure>,
}

/// All that is known about one modem.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Observed {
    /// [`Fact::Port`].
    pub port: Option<Seen<PortState>>,
    /// [`Fact::Control`].
    pub control: Option<Seen<ControlState>>,
    /// [`Fact::Device`].
    pub device: Option<Seen<Device>>,
    /// [`Fact::DataFormat`].
    pub data_format: Option<Seen<DataFormat>>,
    /// [`Fact::OperatingMode`].
    pub operating_mode: Option<Seen<OperatingMode>>,
    /// [`Fact::Sim`].
    pub sim: Option<Seen<SimState>>,
    /// [`Fact::SimIdentity`].
    pub sim_identity: Option<Seen<SimIdentity>>,
    /// [`Fact::Technologies`].
    pub technologies: Option<Seen<AccessTechnologies>>,
    /// [`Fact::ServingSystem`].
    pub serving_system: Option<Seen<ServingSystem>>,
    /// [`Fact::SessionIpv4`].
    pub session_ipv4: Option<Seen<SessionState>>,
    /// [`Fact::SessionIpv6`].
    pub session_ipv6: Option<Seen<SessionState>>,
    /// [`Fact::SettingsIpv4`].
    pub settings_ipv4: Option<Seen<SessionSettings>>,
    /// [`Fact::SettingsIpv6`].
    pub settings_ipv6: Option<Seen<SessionSettings>>,
    /// [`Fact::Link`].
    pub link: Option<Seen<LinkState>>,
    /// The action in flight.
    pub doing: Option<Action>,
    /// What became of earlier attempts, by action name.
    pub attempts: std::collections::BTreeMap<String, Attempts>,
    /// The provider that our live session was started for; `None` for a session that we found.
    pub dialled: Option<Provider>,
    /// The device's own number: spreads the retries of a fleet that runs one file.
    pub seed: u64,
}

/// Calls a macro with the field of every fact that has one: the one place that pairs names with fields.
macro_rules! each_fact {
    ($call:ident) => {
        $call! {
            Port => port, Control => control, Device => device, DataFormat => data_format,
            OperatingMode => operating_mode, Sim => sim, SimIdentity => sim_identity,
            Technologies => technologies, ServingSystem => serving_system, SessionIpv4 => session_ipv4,
            SessionIpv6 => session_ipv6, SettingsIpv4 => settings_ipv4, SettingsIpv6 => settings_ipv6, Link => link
        }
    };
}

impl Observed {
    /// Believes a report.
    pub fn learn(&mut self, report: Report, at: Instant) {
        fn seen<T>(value: T, at: Instant) -> Option<Seen<T>> {
            Some(Seen { value, at })
        }
        match report {
            Report::Port(v) => self.port = seen(v, at),
            Report::Control(v) => self.control = seen(v, at),
            Report::Device(v) => self.device = seen(v, at),
            Report::DataFormat(v) => self.data_format = seen(v, at),
            Report::OperatingMode(v) => self.operating_mode = seen(v, at),
            Report::Sim(v) => self.sim = seen(v, at),
            Report::SimIdentity(v) => self.sim_identity = seen(v, at),
            Report::Technologies(v) => self.technologies = seen(v, at),
            Report::ServingSystem(v) => self.serving_system = seen(v, at),
            Report::Session(IpFamily::Ipv4, v) => self.session_ipv4 = seen(v, at),
            Report::Session(IpFamily::Ipv6, v) => self.session_ipv6 = seen(v, at),
            Report::Settings(IpFamily::Ipv4, v) => self.settings_ipv4 = seen(v, at),
            Report::Settings(IpFamily::Ipv6, v) => self.settings_ipv6 = seen(v, at),
            Report::Link(v) => self.link = seen(v, at),
        }
    }

    /// Disbelieves facts: after a command that could change them, or a restart of the modem.
    pub fn forget(&mut self, facts: FactSet) {
        macro_rules! forget {
            ($($fact:ident => $field:ident),*) => {
                $(if facts.contains(Fact::$fact) { self.$field = None; })*
            };
        }
        each_fact!(forget);
    }

    /// When a fact was last confirmed; `None` if it is not known at all.
    #[must_use]
    pub fn seen_at(&self, fact: Fact) -> Option<Instant> {
        macro_rules! at {
            ($($fact:ident => $field:ident),*) => {
                match fact { $(Fact::$fact => self.$field.as_ref().map(|s| s.at)),* }
            };
        }
        each_fact!(at)
    }

    /// The session of a family, however old.
    #[must_use]
    pub fn session(&self, family: IpFamily) -> Option<&Seen<SessionState>> {
        match family {
            IpFamily::Ipv4 => self.session_ipv4.as_ref(),
            IpFamily::Ipv6 => self.session_ipv6.as_ref(),
        }
    }

    /// The settings of a family's session, however old.
    #[must_use]
    pub fn settings(&self, family: IpFamily) -> Option<&Seen<SessionSettings>> {
        match family {
            IpFamily::Ipv4 => self.settings_ipv4.as_ref(),
            IpFamily::Ipv6 => self.settings_ipv6.as_ref(),
        }
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
    fn what_is_forgotten_is_unknown_and_nothing_else() {
        let at = Instant::from_secs(1);
        let mut observed = Observed::default();
        observed.learn(Report::Sim(SimState::Ready), at);
        observed.learn(Report::Session(IpFamily::Ipv6, SessionState::Connected), at);
        observed.forget(FactSet::SESSIONS);
        assert_eq!(observed.seen_at(Fact::SessionIpv6), None);
        assert_eq!(observed.seen_at(Fact::Sim), Some(at));
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        for fact in Fact::ALL {
            assert_eq!(FactSet::of(&[fact]).iter().collect::<Vec<_>>(), [fact]);
        }
    }
}
