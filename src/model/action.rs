//! Changes to make. One is in flight per modem; then we look again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::desired::Provider;
use super::fact::{Fact, FactSet};
use super::observed::LinkState;
use super::radio::{AccessTechnologies, OperatingMode};
use super::session::IpFamily;

/// One change to a modem, its power or its link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Open the control port.
    OpenPort,
    /// Close the control port.
    ClosePort,
    /// Bring the control channel into a known state.
    Synchronise,
    /// Give back the client ids we hold.
    ReleaseClients,
    /// Ask for raw IP framing.
    SetRawIp,
    /// Set the operating mode.
    SetOperatingMode(OperatingMode),
    /// Restrict the modem to these technologies.
    SetTechnologies(AccessTechnologies),
    /// Start a data session.
    StartSession(IpFamily, Provider),
    /// End a data session.
    StopSession(IpFamily),
    /// Attach to the packet domain.
    Attach,
    /// Detach from the packet domain; attaching again is the plan's.
    Reregister,
    /// Radio off and on again.
    CycleRadio,
    /// Restart the modem by its own command.
    ResetModem,
    /// Let the host enumerate the device anew.
    Reauthorise,
    /// Cut the power and give it back.
    CyclePower,
    /// Make the interface exactly so.
    ConfigureLink(LinkState),
}

/// Who carries an action out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// The modem, by messages on its control port.
    Modem,
    /// The host's control port.
    Port,
    /// The host's network interface.
    Link,
    /// The host's power switch.
    Power,
}

impl Action {
    /// What it is called in events, back-off and commands.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenPort => "open-port",
            Self::ClosePort => "close-port",
            Self::Synchronise => "synchronise",
            Self::ReleaseClients => "release-clients",
            Self::SetRawIp => "set-raw-ip",
            Self::SetOperatingMode(_) => "set-operating-mode",
            Self::SetTechnologies(_) => "set-technologies",
            Self::StartSession(IpFamily::Ipv4, _) => "start-session-ipv4",
            Self::StartSession(IpFamily::Ipv6, _) => "start-session-ipv6",
            Self::StopSession(IpFamily::Ipv4) => "stop-session-ipv4",
            Self::StopSession(IpFamily::Ipv6) => "stop-session-ipv6",
            Self::Attach => "attach",
            Self::Reregister => "reregister",
            Self::CycleRadio => "cycle-radio",
            Self::ResetModem => "reset-modem",
            Self::Reauthorise => "reauthorise",
            Self::CyclePower => "cycle-power",
            Self::ConfigureLink(link) if link.is_bare() => "flush-link",
            Self::ConfigureLink(_) => "configure-link",
        }
    }

    /// Who carries it out.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match self {
            Self::OpenPort | Self::ClosePort => Actor::Port,
            Self::ConfigureLink(_) => Actor::Link,
            Self::Reauthorise | Self::CyclePower => Actor::Power,
            Self::Synchronise
            | Self::ReleaseClients
            | Self::SetRawIp
            | Self::SetOperatingMode(_)
            | Self::SetTechnologies(_)
            | Self::StartSession(..)
            | Self::StopSession(_)
            | Self::Attach
            | Self::Reregister
            | Self::CycleRadio
            | Self::ResetModem => Actor::Modem,
        }
    }

    /// The facts it could change, which nobody may believe any more once it was sent.
    #[must_use]
    pub const fn touches(&self) -> FactSet {
        const RADIO: FactSet = FactSet::SESSIONS.union(FactSet::of(&[Fact::ServingSystem]));
        match self {
            Self::OpenPort | Self::ClosePort => FactSet::of(&[Fact::Port]),
            Self::Synchronise => FactSet::of(&[Fact::Control]),
            Self::ReleaseClients => FactSet::of(&[Fact::Control]).union(FactSet::SESSIONS),
            Self::SetRawIp => FactSet::of(&[Fact::DataFormat]),
            Self::SetOperatingMode(_) | Self::CycleRadio => RADIO.union(FactSet::of(&[Fact::OperatingMode])),
            Self::SetTechnologies(_) => RADIO.union(FactSet::of(&[Fact::Technologies])),
            Self::StartSession(IpFamily::Ipv4, _) | Self::StopSession(IpFamily::Ipv4) => {
                FactSet::of(&[Fact::SessionIpv4, Fact::SettingsIpv4])
            }
            Self::StartSession(IpFamily::Ipv6, _) | Self::StopSession(IpFamily::Ipv6) => {
                FactSet::of(&[Fact::SessionIpv6, Fact::SettingsIpv6])
            }
            Self::Attach | Self::Reregister => RADIO,
            Self::ResetModem => FactSet::MODEM,
            Self::Reauthorise | Self::CyclePower => FactSet::MODEM.union(FactSet::of(&[Fact::Port])),
            Self::ConfigureLink(_) => FactSet::of(&[Fact::Link]),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetOperatingMode(mode) => write!(f, "set the operating mode to {mode:?}"),
            Self::SetTechnologies(set) => write!(f, "allow {set} only"),
            Self::StartSession(family, provider) => {
                write!(f, "start the {family} session with apn \"{}\"", provider.apn)
            }
            Self::StopSession(family) => write!(f, "stop the {family} session"),
            Self::ConfigureLink(link) if link.is_bare() => f.write_str("flush the link"),
            Self::ConfigureLink(_) => f.write_str("configure the link"),
            other => f.write_str(&other.name().replace('-', " ")),
        }
    }
}
