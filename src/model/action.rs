//! Changes to make. One is in flight per modem; then we look again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::desired::Provider;
use super::fact::{Fact, FactSet};
use super::id::Secret;
use super::link::{Framing, LinkState};
use super::pin::PinMark;
use super::preference::RadioPreference;
use super::radio::OperatingMode;
use super::session::{IpFamilies, IpFamily};

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
    /// Ask for this framing of the data path.
    SetFraming(Framing),
    /// End the data sessions of these IP versions, and have what comes next framed like this: data may pass then.
    Reframe(Framing, IpFamilies),
    /// Set the operating mode.
    SetOperatingMode(OperatingMode),
    /// Write these settings of the radio preference.
    SetRadioPreference(RadioPreference),
    /// Start a data session.
    StartSession(IpFamily, Provider),
    /// End a data session.
    StopSession(IpFamily),
    /// End the data sessions of these IP versions together, so that nothing of the connection is left.
    StopSessions(IpFamilies),
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
    /// Let the host look for devices anew.
    Rescan,
    /// Power of the card off and on again.
    CycleSim,
    /// Empty the card's list of networks that once refused it.
    ClearForbiddenNetworks,
    /// Ask the network's settings of the sessions anew.
    RereadSettings,
    /// Write down that this PIN is about to be tried on this card, where it outlives a crash.
    MarkPin(PinMark),
    /// Give the card its PIN.
    EnterPin(Secret),
    /// Use the card in this slot, from 1.
    SwitchSlot(u8),
    /// Write into a stored profile of the modem whether it may be used abroad.
    SetRoaming {
        /// The profile's number, from 1.
        profile: u8,
        /// Whether it may.
        allowed: bool,
    },
    /// Tell the modem whether to start sessions by itself.
    SetAutoconnect(bool),
    /// Give back every client id of the modem, ours and those that nobody returned; ends all its sessions.
    ReclaimClients,
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
    /// The host's memory.
    Store,
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
            Self::SetFraming(Framing::RawIp) => "set-raw-ip",
            Self::SetFraming(Framing::Ethernet) => "set-ethernet",
            Self::Reframe(..) => "reframe",
            Self::SetOperatingMode(_) => "set-operating-mode",
            Self::SetRadioPreference(_) => "set-radio-preference",
            Self::StartSession(IpFamily::Ipv4, _) => "start-session-ipv4",
            Self::StartSession(IpFamily::Ipv6, _) => "start-session-ipv6",
            Self::StopSession(IpFamily::Ipv4) => "stop-session-ipv4",
            Self::StopSession(IpFamily::Ipv6) => "stop-session-ipv6",
            Self::StopSessions(_) => "stop-sessions",
            Self::Attach => "attach",
            Self::Reregister => "reregister",
            Self::CycleRadio => "cycle-radio",
            Self::ResetModem => "reset-modem",
            Self::Reauthorise => "reauthorise",
            Self::CyclePower => "cycle-power",
            Self::ConfigureLink(link) if link.is_bare() && link.framing.is_some() => "bare-link",
            Self::ConfigureLink(link) if link.is_bare() => "flush-link",
            Self::ConfigureLink(_) => "configure-link",
            Self::Rescan => "rescan",
            Self::CycleSim => "cycle-sim",
            Self::ClearForbiddenNetworks => "clear-forbidden-networks",
            Self::RereadSettings => "reread-settings",
            Self::MarkPin(_) => "mark-pin",
            Self::EnterPin(_) => "enter-pin",
            Self::SwitchSlot(_) => "switch-slot",
            Self::SetRoaming { .. } => "set-roaming",
            Self::SetAutoconnect(_) => "set-autoconnect",
            Self::ReclaimClients => "reclaim-clients",
        }
    }

    /// Who carries it out.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match self {
            Self::OpenPort | Self::ClosePort => Actor::Port,
            Self::ConfigureLink(_) => Actor::Link,
            Self::Reauthorise | Self::CyclePower | Self::Rescan => Actor::Power,
            Self::MarkPin(_) => Actor::Store,
            Self::Synchronise
            | Self::ReleaseClients
            | Self::SetFraming(_)
            | Self::Reframe(..)
            | Self::SetOperatingMode(_)
            | Self::SetRadioPreference(_)
            | Self::EnterPin(_)
            | Self::SwitchSlot(_)
            | Self::StartSession(..)
            | Self::StopSession(_)
            | Self::StopSessions(_)
            | Self::Attach
            | Self::Reregister
            | Self::CycleRadio
            | Self::ResetModem
            | Self::CycleSim
            | Self::ClearForbiddenNetworks
            | Self::RereadSettings
            | Self::SetRoaming { .. }
            | Self::SetAutoconnect(_)
            | Self::ReclaimClients => Actor::Modem,
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
            Self::SetFraming(_) => FactSet::of(&[Fact::DataFormat]),
            Self::Reframe(..) => FactSet::SESSIONS.union(FactSet::of(&[Fact::DataFormat, Fact::Autoconnect])),
            Self::SetOperatingMode(_) | Self::CycleRadio => RADIO.union(FactSet::of(&[Fact::OperatingMode])),
            Self::SetRadioPreference(_) => RADIO.union(FactSet::of(&[Fact::RadioPreference])),
            // An attempt may be the one too many, and ending what is not ours turns the modem's own dialling off.
            Self::StartSession(family, _) => {
                FactSet::of(&[Fact::session(*family), Fact::settings(*family), Fact::Throttle])
            }
            Self::StopSession(family) => {
                FactSet::of(&[Fact::session(*family), Fact::settings(*family), Fact::Autoconnect])
            }
            Self::StopSessions(_) => FactSet::SESSIONS.union(FactSet::of(&[Fact::Autoconnect])),
            Self::Attach | Self::Reregister => RADIO,
            Self::ResetModem => FactSet::MODEM,
            Self::Reauthorise | Self::CyclePower => FactSet::MODEM.union(FactSet::of(&[Fact::Port])),
            Self::ConfigureLink(_) => FactSet::of(&[Fact::Link]),
            Self::Rescan => FactSet::of(&[Fact::Port]),
            Self::CycleSim => RADIO.union(FactSet::of(&[Fact::Sim, Fact::SimIdentity])),
            Self::ClearForbiddenNetworks => FactSet::of(&[Fact::ServingSystem]),
            Self::RereadSettings => FactSet::of(&[Fact::SettingsIpv4, Fact::SettingsIpv6]),
            Self::MarkPin(_) => FactSet::NONE,
            Self::EnterPin(_) => FactSet::of(&[Fact::Sim, Fact::SimIdentity]),
            Self::SwitchSlot(_) => RADIO.union(FactSet::CARD),
            Self::SetRoaming { .. } => FactSet::of(&[Fact::Profile]),
            Self::SetAutoconnect(_) => FactSet::SESSIONS.union(FactSet::of(&[Fact::Autoconnect])),
            Self::ReclaimClients => FactSet::SESSIONS,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetOperatingMode(mode) => write!(f, "set the operating mode to {mode:?}"),
            Self::SetRadioPreference(change) => write!(f, "set the radio preference: {change}"),
            Self::Reframe(framing, _) => write!(f, "reconnect with data framed as {framing}"),
            Self::MarkPin(_) => f.write_str("write down that the PIN is tried"),
            Self::EnterPin(_) => f.write_str("enter the PIN"),
            Self::SwitchSlot(slot) => write!(f, "use the card in slot {slot}"),
            Self::StartSession(family, provider) => {
                write!(f, "start the {family} session with apn \"{}\"", provider.apn)
            }
            Self::StopSession(family) => write!(f, "stop the {family} session"),
            Self::StopSessions(families) => write!(f, "stop the {families} session"),
            Self::ConfigureLink(link) if link.is_bare() && link.framing.is_some() => {
                f.write_str("have the interface up without an address")
            }
            Self::ConfigureLink(link) if link.is_bare() => f.write_str("flush the link"),
            Self::ConfigureLink(_) => f.write_str("configure the link"),
            Self::CycleSim => f.write_str("power the SIM card off and on"),
            Self::ClearForbiddenNetworks => f.write_str("clear the SIM card's list of forbidden networks"),
            Self::RereadSettings => f.write_str("ask for the network's settings anew"),
            Self::Rescan => f.write_str("look for devices anew"),
            Self::SetRoaming { profile, allowed: true } => write!(f, "allow roaming in profile {profile}"),
            Self::SetRoaming { profile, allowed: false } => write!(f, "forbid roaming in profile {profile}"),
            Self::SetAutoconnect(true) => f.write_str("let the modem start sessions by itself again"),
            Self::SetAutoconnect(false) => f.write_str("keep the modem from starting sessions by itself"),
            Self::ReclaimClients => f.write_str("give back every client id of the modem"),
            other => f.write_str(&other.name().replace('-', " ")),
        }
    }
}
