//! What the modem and the host told us: facts that carry the time they were seen and grow old.
//!
//! A fact older than its `max_age` is unknown. No exception: a fact that cannot grow old is a modem that stays
//! stuck for ever when the one indication that would have changed it was lost.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::desired::Provider;
use super::fact::{Fact, FactSet};
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
    /// When it was last confirmed.
    pub at: Instant,
    /// Since when it has been so, as far as we saw.
    pub since: Instant,
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

impl LinkState {
    /// Whether nothing is configured that would lead anywhere.
    #[must_use]
    pub const fn is_bare(&self) -> bool {
        self.ip.ipv4.is_none() && self.ip.ipv6.is_none() && self.default_route_metric.is_none()
    }
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
    /// The action, with its particulars: another one of the same name starts counting anew.
    pub action: Action,
    /// Attempts in a row that did not bring what they should, or not for long.
    pub failures: u32,
    /// When the last one ended.
    pub last_at: Instant,
    /// How the last one failed; `None`: it was acknowledged.
    pub last_failure: Option<Failure>,
    /// Whether its effect was in sight since.
    pub took_effect: bool,
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
    /// Facts that something has made doubtful moments ago and that are being looked at: believed, but not acted on.
    pub unsettled: FactSet,
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
        fn see<T: PartialEq>(slot: &mut Option<Seen<T>>, value: T, at: Instant) {
            let since = slot.as_ref().filter(|seen| seen.value == value).map_or(at, |seen| seen.since);
            *slot = Some(Seen { value, at, since });
        }
        match report {
            Report::Port(v) => see(&mut self.port, v, at),
            Report::Control(v) => see(&mut self.control, v, at),
            Report::Device(v) => see(&mut self.device, v, at),
            Report::DataFormat(v) => see(&mut self.data_format, v, at),
            Report::OperatingMode(v) => see(&mut self.operating_mode, v, at),
            Report::Sim(v) => see(&mut self.sim, v, at),
            Report::SimIdentity(v) => see(&mut self.sim_identity, v, at),
            Report::Technologies(v) => see(&mut self.technologies, v, at),
            Report::ServingSystem(v) => see(&mut self.serving_system, v, at),
            Report::Session(IpFamily::Ipv4, v) => see(&mut self.session_ipv4, v, at),
            Report::Session(IpFamily::Ipv6, v) => see(&mut self.session_ipv6, v, at),
            Report::Settings(IpFamily::Ipv4, v) => see(&mut self.settings_ipv4, v, at),
            Report::Settings(IpFamily::Ipv6, v) => see(&mut self.settings_ipv6, v, at),
            Report::Link(v) => see(&mut self.link, v, at),
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
    fn what_is_forgotten_is_unknown_and_nothing_else() {
        let at = Instant::from_secs(1);
        let mut observed = Observed::default();
        observed.learn(Report::Sim(SimState::Ready), at);
        observed.learn(Report::Session(IpFamily::Ipv6, SessionState::Connected), at);
        observed.forget(FactSet::SESSIONS);
        assert_eq!(observed.seen_at(Fact::SessionIpv6), None);
        assert_eq!(observed.seen_at(Fact::Sim), Some(at));
    }
}
