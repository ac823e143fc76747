//! Why a condition is as it is: one closed value per reason, with its words for the reader.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::attempt::Failure;
use super::call_end::CallEnd;
use super::condition::ConditionKind;
use super::fact::Fact;
use super::id::Plmn;
use super::internet::Internet;
use super::lease::Asking;
use super::pin::NoTry;
use super::plugin::{PluginName, PluginsFinding};
use super::preference::{BandSet, RadioPreference, Resistance, Setting};
use super::radio::{AccessTechnologies, OperatingMode};
use super::recovering::Recovering;
use super::session::{IpFamilies, IpFamily};
use super::sim::BadIccid;
use super::time::Instant;

/// What a stage found. The variant is the reason; its display is the message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Finding {
    /// An earlier stage is not satisfied.
    Waiting,
    /// The fact is not known yet, or not any more.
    Reading(Fact),
    /// An action is under way: its description.
    InProgress(String),
    /// Something is wrong and an action will mend it: what, and the action.
    Drifted {
        /// What is not as it should be.
        what: String,
    },
    /// An action failed and is tried again.
    Retrying {
        /// The action.
        action: String,
        /// How the last attempt failed; `None`: it was acknowledged.
        failure: Option<Failure>,
        /// Whether it had its effect for a while.
        took_effect: bool,
        /// How many attempts in a row failed.
        failures: u32,
        /// When the next one is due.
        at: Instant,
    },

    /// The configuration is in force.
    Accepted {
        /// Its generation.
        generation: u64,
    },
    /// The newest edit has errors; the generation before it stays in force.
    Rejected {
        /// The first error, as `file:line:column: message`, and how many more there are.
        error: String,
    },

    /// The device is there.
    Enumerated,
    /// It is not.
    Absent,
    /// Several devices fit the entry; each in words.
    Ambiguous(Vec<String>),
    /// It is there, in words, but in its boot loader.
    InBootloader(String),
    /// It is there, but its port cannot be opened.
    PortUnusable(String),

    /// The modem answers.
    Synchronised,
    /// It does not.
    Unresponsive,
    /// It answers, but all its client ids are taken.
    ClientIdsExhausted,

    /// The card is ready.
    CardReady,
    /// No card.
    NoCard,
    /// The card starts.
    CardStarting,
    /// The card waits for its PIN.
    PinRequired {
        /// Attempts left.
        tries_left: u8,
    },
    /// The card waits for its PUK.
    PukRequired {
        /// Attempts left.
        tries_left: u8,
    },
    /// The card is dead or locked to another network.
    CardBlocked,
    /// The modem cannot talk to the card.
    CardError,

    /// A provider was chosen.
    Matched {
        /// Its name.
        name: String,
        /// Why, in words.
        because: String,
        /// Where the file says so.
        origin: String,
    },
    /// An entry fits, but its password cannot be had.
    SecretMissing {
        /// The entry's name.
        name: String,
        /// Why not, in words.
        why: String,
    },
    /// The access point of an entry is being looked up.
    LookingUp,
    /// A plugin is being asked.
    Asking {
        /// The plugin.
        plugin: PluginName,
    },
    /// No entry fits.
    NoMatch {
        /// How many were looked at.
        candidates: usize,
    },

    /// The radio is as the file asks.
    Applied {
        /// What the file restricts it to.
        preference: RadioPreference,
        /// Settings that the file asks for and the modem does not have.
        without: Vec<Setting>,
    },
    /// The modem keeps another operating mode than the one asked for.
    RadioOff(OperatingMode),
    /// The hardware has none of the technologies asked for.
    TechnologiesUnsupported {
        /// What it can do.
        supports: AccessTechnologies,
        /// What the file asks.
        asked: AccessTechnologies,
    },

    /// Registered in the home network.
    Home(Option<Plmn>),
    /// Registered in a visited network.
    Roaming(Option<Plmn>),
    /// Registered in a visited network where the file forbids data.
    RoamingNotAllowed(Option<Plmn>),
    /// Looking for a network.
    Searching,
    /// Not registered, and not looking for a network either.
    NotRegistered,
    /// The modem does not say whether a network serves it.
    RegistrationUnknown,
    /// The network refuses us.
    Denied(Option<u16>),
    /// Registered, but the packet domain is not attached.
    NotAttached,

    /// The session is up.
    Connected {
        /// The APN.
        apn: String,
    },
    /// The session was refused.
    CallFailed {
        /// The family asked for.
        family: IpFamily,
        /// The APN.
        apn: String,
        /// The cause.
        cause: CallEnd,
        /// How often in a row.
        failures: u32,
        /// When it is tried again.
        at: Instant,
    },

    /// The access point carries none of the IP versions that the file asks for.
    FamilyNotOffered {
        /// The APN.
        apn: String,
        /// What the file asks for.
        asked: IpFamilies,
        /// How the network said it.
        cause: CallEnd,
        /// When the network is asked again.
        at: Instant,
    },
    /// The session is up, but something else writes the modem's profile as often as we do.
    ProfileContended {
        /// The APN.
        apn: String,
        /// What is not as it should be.
        what: String,
        /// How often we wrote it within the last hour.
        writes: u32,
        /// When it is written again.
        at: Instant,
    },

    /// The session is up, but the network has given no address.
    NoAddress,
    /// The session is up, and no DHCP server has given an address yet, or any more.
    NoLease(Asking),
    /// The host cannot ask a DHCP server; in words.
    CannotLease(String),
    /// The session is up, but there is no interface of the modem's name.
    NoInterface,
    /// The interface is as it should be.
    Configured {
        /// Addresses in words.
        addresses: String,
    },

    /// What is known of the internet.
    Internet(Internet),

    /// The card does not have the number that a card has.
    BadIccid(BadIccid),
    /// The file has a PIN, but it is not tried.
    PinNotTried {
        /// Attempts left.
        tries_left: u8,
        /// Why not.
        why: NoTry,
    },
    /// The card refused the file's PIN.
    WrongPin {
        /// Attempts left.
        tries_left: u8,
    },
    /// The modem is locked to another network or provider than the card's.
    NetworkLocked,
    /// The file asks for a slot that the modem does not have.
    NoSuchSlot {
        /// The slot asked for.
        asked: u8,
        /// How many there are; 0: the modem cannot switch.
        slots: u8,
    },
    /// The hardware has none of the bands asked for.
    BandsUnsupported {
        /// Which bands.
        setting: Setting,
        /// What it can do.
        supports: BandSet,
        /// What the file asks.
        asked: BandSet,
    },
    /// The modem acknowledges the preference and keeps its own.
    Ignored(Resistance),
    /// Something else writes the preference as often as we do.
    Contended(Resistance),

    /// Everything is as the file asks.
    AllApplied,
    /// Not yet: this condition comes first.
    Progressing(ConditionKind),

    /// What recovery does.
    Recovery(Recovering),
    /// How it is with the plugins.
    Plugins(PluginsFinding),
}

impl Finding {
    /// The reason: the name of the finding in CamelCase.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Reading(_) => "Reading",
            Self::InProgress(_) => "InProgress",
            Self::Drifted { .. } => "Drifted",
            Self::Retrying { .. } => "Retrying",
            Self::Accepted { .. } => "Accepted",
            Self::Rejected { .. } => "Rejected",
            Self::Enumerated => "Enumerated",
            Self::Absent => "Absent",
            Self::Ambiguous(_) => "Ambiguous",
            Self::InBootloader(_) => "InBootloader",
            Self::PortUnusable(_) => "PortUnusable",
            Self::Synchronised => "Synchronised",
            Self::Unresponsive => "Unresponsive",
            Self::ClientIdsExhausted => "ClientIdsExhausted",
            Self::CardReady => "Ready",
            Self::NoCard => "NoCard",
            Self::CardStarting => "Starting",
            Self::PinRequired { .. } => "PinRequired",
            Self::PukRequired { .. } => "PukRequired",
            Self::CardBlocked => "Blocked",
            Self::CardError => "CardError",
            Self::Matched { .. } => "Matched",
            Self::SecretMissing { .. } => "SecretMissing",
            Self::LookingUp => "LookingUp",
            Self::Asking { .. } => "Asking",
            Self::NoMatch { .. } => "NoMatch",
            Self::Applied { .. } => "Applied",
            Self::RadioOff(_) => "RadioOff",
            Self::TechnologiesUnsupported { .. } => "Unsupported",
            Self::Home(_) => "Home",
            Self::Roaming(_) => "Roaming",
            Self::RoamingNotAllowed(_) => "RoamingNotAllowed",
            Self::Searching => "Searching",
            Self::NotRegistered => "NotRegistered",
            Self::RegistrationUnknown => "RegistrationUnknown",
            Self::Denied(_) => "Denied",
            Self::NotAttached => "NotAttached",
            Self::Connected { .. } => "Connected",
            Self::CallFailed { .. } => "CallFailed",
            Self::FamilyNotOffered { .. } => "FamilyNotOffered",
            Self::ProfileContended { .. } => "Contended",
            Self::NoAddress => "NoAddress",
            Self::NoLease(_) => "NoLease",
            Self::CannotLease(_) => "CannotLease",
            Self::NoInterface => "NoInterface",
            Self::Configured { .. } => "Configured",
            Self::Internet(internet) => internet.reason(),
            Self::BadIccid(_) => "BadIccid",
            Self::PinNotTried { .. } => "PinNotTried",
            Self::WrongPin { .. } => "WrongPin",
            Self::NetworkLocked => "NetworkLocked",
            Self::NoSuchSlot { .. } => "NoSuchSlot",
            Self::BandsUnsupported { .. } => "BandsUnsupported",
            Self::Ignored(_) => "Ignored",
            Self::Contended(_) => "Contended",
            Self::AllApplied => "AllApplied",
            Self::Progressing(_) => "Progressing",
            Self::Recovery(state) => state.reason(),
            Self::Plugins(state) => state.reason(),
        }
    }

    /// When we try again, if the finding says so.
    #[must_use]
    pub const fn retry_at(&self) -> Option<Instant> {
        match self {
            Self::Retrying { at, .. }
            | Self::CallFailed { at, .. }
            | Self::FamilyNotOffered { at, .. }
            | Self::ProfileContended { at, .. } => Some(*at),
            Self::Recovery(state) => state.next_at(),
            Self::Ignored(resistance) | Self::Contended(resistance) => Some(resistance.at),
            _ => None,
        }
    }
}

fn network(f: &mut fmt::Formatter<'_>, what: &str, plmn: Option<Plmn>) -> fmt::Result {
    match plmn {
        Some(plmn) => write!(f, "{what} {plmn}"),
        None => write!(f, "{what}, network not named yet"),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waits for the conditions before it"),
            Self::Reading(fact) => write!(f, "asking for the {}", fact.name()),
            Self::InProgress(action) => write!(f, "under way: {action}"),
            Self::Drifted { what } => f.write_str(what),
            Self::Retrying { action, failure: Some(failure), failures, .. } => {
                write!(f, "{action}: {failure} ({failures} in a row)")
            }
            Self::Retrying { action, took_effect: true, failures, .. } => {
                write!(f, "{action}: what it brought did not last ({failures} in a row)")
            }
            Self::Retrying { action, failures, .. } => {
                write!(f, "{action}: acknowledged, but had no effect ({failures} in a row)")
            }
            Self::Accepted { generation } => write!(f, "generation {generation}"),
            Self::Rejected { error } => f.write_str(error),
            Self::Enumerated => f.write_str("the device is there"),
            Self::Absent => f.write_str("no such device"),
            Self::Ambiguous(devices) => write!(f, "{} devices fit: {}", devices.len(), devices.join(", ")),
            Self::InBootloader(device) => write!(f, "{device} is in its boot loader: its firmware does not start"),
            Self::PortUnusable(why) => f.write_str(why),
            Self::Synchronised => f.write_str("the modem answers"),
            Self::Unresponsive => f.write_str("the modem does not answer"),
            Self::ClientIdsExhausted => {
                f.write_str("the modem has no client id left: other programs hold them all, or lost them")
            }
            Self::CardReady => f.write_str("the card is ready"),
            Self::NoCard => f.write_str("no SIM card in the slot"),
            Self::CardStarting => f.write_str("the card is starting"),
            Self::PinRequired { tries_left } => {
                write!(f, "the SIM needs a PIN, {tries_left} tries left, and the file has none: write it as `sim.pin`")
            }
            Self::PukRequired { tries_left } => write!(
                f,
                "the PIN is blocked, the SIM needs its PUK, {tries_left} tries left: enter it by hand, here it is never tried"
            ),
            Self::CardBlocked => f.write_str("the card is blocked for good: it needs replacing"),
            Self::CardError => f.write_str("the modem cannot read the card"),
            Self::Matched { name, because, origin } => write!(f, "{name}: {because} ({origin})"),
            Self::SecretMissing { name, why } => write!(f, "the password of {name}: {why}"),
            Self::Asking { plugin } => write!(f, "asking plugin {plugin} which service provider to use"),
            Self::LookingUp => f.write_str("looking up the access point of the card's home network"),
            Self::NoMatch { candidates } => write!(f, "none of the {candidates} service providers fits this SIM"),
            Self::Applied { preference, without } => {
                if preference.is_empty() {
                    f.write_str("the modem's own settings")?;
                }
                write!(f, "{preference}")?;
                without.iter().try_for_each(|setting| write!(f, "; the modem has no setting for {}", setting.name()))
            }
            Self::RadioOff(mode) => write!(f, "the operating mode is {mode:?}"),
            Self::TechnologiesUnsupported { supports, asked } => {
                write!(f, "the file asks for {asked}, the modem can do {supports}")
            }
            Self::Home(plmn) => network(f, "home network", *plmn),
            Self::Roaming(plmn) => network(f, "visited network", *plmn),
            Self::RoamingNotAllowed(plmn) => {
                network(f, "visited network", *plmn)?;
                f.write_str("; the chosen provider forbids data while roaming")
            }
            Self::Searching => f.write_str("looking for a network"),
            Self::NotRegistered => f.write_str("not registered, and not looking for a network"),
            Self::RegistrationUnknown => f.write_str("the modem does not say whether a network serves it"),
            Self::Denied(Some(cause)) => write!(f, "the network refuses us, cause {cause}"),
            Self::Denied(None) => f.write_str("the network refuses us"),
            Self::NotAttached => f.write_str("registered, packet domain not attached"),
            Self::Connected { apn } => write!(f, "apn \"{apn}\""),
            Self::CallFailed { family, apn, cause, failures, .. } => {
                write!(f, "{family} session with apn \"{apn}\": {cause} ({failures} in a row)")?;
                cause.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
            }
            Self::FamilyNotOffered { apn, asked, cause, .. } => {
                write!(f, "apn \"{apn}\" does not carry {asked}: {cause}")?;
                cause.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
            }
            Self::ProfileContended { apn, what, writes, .. } => {
                write!(f, "apn \"{apn}\"; {what}; it was set {writes} times within an hour: something else sets it too")
            }
            Self::NoAddress => f.write_str("the session is up, but the network has given no address"),
            Self::NoLease(asking) => write!(f, "waits for a DHCP lease: {asking}"),
            Self::CannotLease(why) => write!(f, "no DHCP server can be asked: {why}"),
            Self::NoInterface => f.write_str("the session is up, but there is no network interface of this name"),
            Self::Configured { addresses } => f.write_str(addresses),
            Self::Internet(internet) => write!(f, "{internet}"),
            Self::BadIccid(BadIccid { starts, digits }) => write!(
                f,
                "the card's number begins with \"{starts}\" and has {digits} digits: that is no card number, so no provider can be chosen"
            ),
            Self::PinNotTried { tries_left, why } => {
                write!(f, "the SIM needs its PIN, {tries_left} tries left; the file's PIN is not tried: {why}")
            }
            Self::WrongPin { tries_left } => write!(
                f,
                "the SIM refused the file's PIN, {tries_left} tries left; it is not tried again: correct `sim.pin` and enter the PIN by hand once"
            ),
            Self::NetworkLocked => f.write_str(
                "the modem is locked to another network than the card's: it needs its unlock code, or another card",
            ),
            Self::NoSuchSlot { asked, slots: 0 } => {
                write!(f, "the file asks for SIM slot {asked}, but the modem cannot switch slots: remove `sim.slot`")
            }
            Self::NoSuchSlot { asked, slots } => {
                write!(f, "the file asks for SIM slot {asked}, the modem has {slots}")
            }
            Self::BandsUnsupported { setting, supports, asked } => {
                write!(f, "the file asks for {} {asked}, the modem can do {supports}", setting.name())
            }
            Self::Ignored(Resistance { what, writes, .. }) => {
                write!(
                    f,
                    "{what}; the modem acknowledged the change {writes} times and keeps its own: its firmware ignores it"
                )
            }
            Self::Contended(Resistance { what, writes, .. }) => {
                write!(f, "{what}; it was set {writes} times within an hour: something else sets it too")
            }
            Self::AllApplied => f.write_str("everything is as the file asks"),
            Self::Progressing(kind) => write!(f, "{kind} comes first"),
            Self::Recovery(state) => state.fmt(f),
            Self::Plugins(state) => state.fmt(f),
        }
    }
}
