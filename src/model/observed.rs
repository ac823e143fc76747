//! What the modem and the host told us: facts that carry the time they were seen and grow old.
//!
//! A fact older than its `max_age` is unknown. No exception: a fact that cannot grow old is a modem that stays
//! stuck for ever when the one indication that would have changed it was lost.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::attempt::Attempts;
use super::desired::Provider;
use super::fact::{Fact, FactSet};
use super::id::{Apn, Imei};
use super::internet::Internet;
use super::lease::LeaseState;
use super::link::{Framing, LinkState};
use super::preference::{BandSet, RadioPreference};
use super::profile::{ModemProfile, NotOffered, Throttled};
use super::radio::{AccessTechnologies, OperatingMode, ServingSystem};
use super::report::Report;
use super::session::{IpFamily, IpSettings, SessionState};
use super::sim::{BadIccid, SimIdentity, SimSlots, SimState};
use super::telemetry::{Carrier, Cell, Counters, Location, NetworkTime, Signal, SystemInfo};
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
    /// Several devices fit the entry, each in words: none is chosen.
    Ambiguous(Vec<String>),
    /// The device is there, in words, but in its boot loader, which speaks no QMI.
    Bootloader(String),
}

impl PortState {
    /// Whether the entry's modem is there and known, whatever can be done with its port.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        match self {
            Self::Closed | Self::Open | Self::Unusable(_) => true,
            Self::Absent | Self::Ambiguous(_) | Self::Bootloader(_) => false,
        }
    }
}

/// Whether the modem answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlState {
    /// It answered lately.
    Ready,
    /// Several requests in a row went unanswered.
    Unresponsive,
    /// It answers, but has no client id left for us.
    Exhausted,
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
    /// Hardware revision.
    #[serde(default)]
    pub hardware_revision: String,
    /// IMEI, if it has one.
    pub imei: Option<Imei>,
    /// Software version of the IMEI (3GPP TS 23.003 clause 6.2.2), as digits.
    #[serde(default)]
    pub imei_software_version: Option<String>,
    /// MEID, if it has one.
    #[serde(default)]
    pub meid: Option<String>,
    /// ESN, if it has one.
    #[serde(default)]
    pub esn: Option<String>,
    /// Technologies the hardware can do; none: it does not say.
    pub supports: AccessTechnologies,
    /// LTE bands of the hardware; none: it does not say.
    #[serde(default)]
    pub lte_bands: BandSet,
    /// 5G bands of the hardware; none: it does not say.
    #[serde(default)]
    pub nr5g_bands: BandSet,
}

/// Framing on the data path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataFormat {
    /// Set to this.
    Framed(Framing),
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
    /// The other shape of [`Fact::SimIdentity`]: the card has no number. Never known together with it.
    pub bad_iccid: Option<Seen<BadIccid>>,
    /// [`Fact::SimSlots`].
    pub sim_slots: Option<Seen<SimSlots>>,
    /// [`Fact::RadioPreference`].
    pub radio_preference: Option<Seen<RadioPreference>>,
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
    /// [`Fact::Lease`].
    #[serde(default)]
    pub lease: Option<Seen<LeaseState>>,
    /// [`Fact::Internet`].
    #[serde(default)]
    pub internet: Option<Seen<Internet>>,
    /// [`Fact::Profile`].
    pub profile: Option<Seen<ModemProfile>>,
    /// [`Fact::Autoconnect`].
    pub autoconnect: Option<Seen<bool>>,
    /// [`Fact::Throttle`].
    pub throttle: Option<Seen<Vec<Throttled>>>,
    /// [`Fact::Signal`].
    #[serde(default)]
    pub signal: Option<Seen<Signal>>,
    /// [`Fact::Cell`].
    #[serde(default)]
    pub cell: Option<Seen<Cell>>,
    /// [`Fact::Band`].
    #[serde(default)]
    pub band: Option<Seen<Vec<Carrier>>>,
    /// [`Fact::SystemInfo`].
    #[serde(default)]
    pub system_info: Option<Seen<SystemInfo>>,
    /// [`Fact::OperatorName`].
    #[serde(default)]
    pub operator_name: Option<Seen<String>>,
    /// [`Fact::Location`].
    #[serde(default)]
    pub location: Option<Seen<Location>>,
    /// [`Fact::NetworkTime`].
    #[serde(default)]
    pub network_time: Option<Seen<NetworkTime>>,
    /// [`Fact::StatisticsIpv4`].
    #[serde(default)]
    pub statistics_ipv4: Option<Seen<Counters>>,
    /// [`Fact::StatisticsIpv6`].
    #[serde(default)]
    pub statistics_ipv6: Option<Seen<Counters>>,
    /// How data is to be framed, where the modem can be told: as it was seen to pass with this model, or is being tried.
    #[serde(default)]
    pub framing: Framing,
    /// Facts that something has made doubtful moments ago and that are being looked at: believed, but not acted on.
    pub unsettled: FactSet,
    /// The action in flight.
    pub doing: Option<Action>,
    /// What became of earlier attempts, by action name.
    pub attempts: std::collections::BTreeMap<String, Attempts>,
    /// The provider that our live session was started for; `None` for a session that we found.
    pub dialled: Option<Provider>,
    /// What the modem had before we first changed it, of the settings that we changed.
    pub original_radio: RadioPreference,
    /// When we wrote radio preferences within the last hour, oldest first.
    pub radio_writes: Vec<Instant>,
    /// IP families that the network does not carry, as it said when one was asked for.
    pub not_offered: std::collections::BTreeMap<IpFamily, NotOffered>,
    /// Whether the modem's profiles allowed roaming before we first changed them, by their numbers.
    pub original_roaming: std::collections::BTreeMap<u8, bool>,
    /// Whether the modem started sessions by itself, if we have changed that.
    pub original_autoconnect: Option<bool>,
    /// When we wrote a profile within the last hour, oldest first.
    pub profile_writes: Vec<Instant>,
    /// The device's own number: spreads the retries of a fleet that runs one file.
    pub seed: u64,
}

/// Calls a macro with the field of every fact that has one: the one place that pairs names with fields.
macro_rules! each_fact {
    ($call:ident) => {
        $call! {
            Port => port, Control => control, Device => device, DataFormat => data_format,
            OperatingMode => operating_mode, Sim => sim, SimIdentity => sim_identity,
            RadioPreference => radio_preference, SimSlots => sim_slots, ServingSystem => serving_system,
            SessionIpv4 => session_ipv4, SessionIpv6 => session_ipv6, SettingsIpv4 => settings_ipv4,
            SettingsIpv6 => settings_ipv6, Link => link, Lease => lease, Internet => internet, Profile => profile, Autoconnect => autoconnect,
            Throttle => throttle,
            Signal => signal, Cell => cell, Band => band, SystemInfo => system_info, OperatorName => operator_name,
            Location => location, NetworkTime => network_time, StatisticsIpv4 => statistics_ipv4,
            StatisticsIpv6 => statistics_ipv6
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
        /// A part says nothing of the rest: the fact stays as old as it was, so that what is never confirmed goes.
        fn patch<T: PartialEq + Default>(slot: &mut Option<Seen<T>>, at: Instant, change: impl FnOnce(&T) -> T) {
            match slot {
                Some(seen) => {
                    let value = change(&seen.value);
                    if value != seen.value {
                        *seen = Seen { value, at: seen.at, since: at };
                    }
                }
                None => *slot = Some(Seen { value: change(&T::default()), at, since: at }),
            }
        }
        match report {
            Report::Port(v) => see(&mut self.port, v, at),
            Report::Control(v) => see(&mut self.control, v, at),
            Report::Device(v) => see(&mut self.device, v, at),
            Report::DataFormat(v) => see(&mut self.data_format, v, at),
            Report::OperatingMode(v) => see(&mut self.operating_mode, v, at),
            Report::Sim(v) => see(&mut self.sim, v, at),
            Report::SimIdentity(v) => {
                self.bad_iccid = None;
                see(&mut self.sim_identity, v, at);
            }
            Report::BadIccid(v) => {
                self.sim_identity = None;
                see(&mut self.bad_iccid, v, at);
            }
            Report::SimSlots(v) => see(&mut self.sim_slots, v, at),
            Report::RadioPreference(v) => see(&mut self.radio_preference, v, at),
            Report::ServingSystem(v) => see(&mut self.serving_system, v, at),
            Report::Session(IpFamily::Ipv4, v) => see(&mut self.session_ipv4, v, at),
            Report::Session(IpFamily::Ipv6, v) => see(&mut self.session_ipv6, v, at),
            Report::Settings(IpFamily::Ipv4, v) => see(&mut self.settings_ipv4, v, at),
            Report::Settings(IpFamily::Ipv6, v) => see(&mut self.settings_ipv6, v, at),
            Report::Link(v) => see(&mut self.link, v, at),
            Report::Lease(v) => see(&mut self.lease, v, at),
            Report::Internet(v) => see(&mut self.internet, v, at),
            Report::Profile(v) => see(&mut self.profile, v, at),
            Report::Autoconnect(v) => see(&mut self.autoconnect, v, at),
            Report::Throttle(v) => see(&mut self.throttle, v, at),
            Report::Signal(v) => see(&mut self.signal, v, at),
            Report::Cell(v) => see(&mut self.cell, v, at),
            Report::Band(v) => see(&mut self.band, v, at),
            Report::SystemInfo(v) => see(&mut self.system_info, v, at),
            Report::OperatorName(v) => see(&mut self.operator_name, v, at),
            Report::Location(v) => see(&mut self.location, v, at),
            Report::NetworkTime(v) => see(&mut self.network_time, v, at),
            Report::LocationPart(part) => patch(&mut self.location, at, |old| Location {
                lac: part.lac.or(old.lac),
                cid: part.cid.or(old.cid),
                tac: part.tac.or(old.tac),
            }),
            Report::NetworkTimePart(part) => patch(&mut self.network_time, at, |old| NetworkTime {
                utc: part.utc.or(old.utc),
                zone_quarters: part.zone_quarters.or(old.zone_quarters),
                daylight_hours: part.daylight_hours.or(old.daylight_hours),
            }),
            Report::Statistics(family, counters) => {
                // A modem reports what has changed; by saying nothing of the others it confirms them.
                let slot = match family {
                    IpFamily::Ipv4 => &mut self.statistics_ipv4,
                    IpFamily::Ipv6 => &mut self.statistics_ipv6,
                };
                let before = slot.as_ref().map(|seen| seen.value).unwrap_or_default();
                see(slot, before.merged(counters), at);
            }
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
        if facts.contains(Fact::SimIdentity) {
            self.bad_iccid = None;
        }
    }

    /// When a fact was last confirmed; `None` if it is not known at all.
    #[must_use]
    pub fn seen_at(&self, fact: Fact) -> Option<Instant> {
        macro_rules! at {
            ($($fact:ident => $field:ident),*) => {
                match fact { $(Fact::$fact => self.$field.as_ref().map(|s| s.at)),* }
            };
        }
        each_fact!(at).or_else(|| self.bad_iccid.as_ref().filter(|_| fact == Fact::SimIdentity).map(|seen| seen.at))
    }

    /// Until when a fact is believed, if nothing confirms it; `None` if it is not known at all.
    #[must_use]
    pub fn expires(&self, fact: Fact) -> Option<Instant> {
        self.seen_at(fact).map(|at| at + fact.max_age())
    }

    /// Since when a fact has been as it is; `None` if it is not known.
    #[must_use]
    pub fn since(&self, fact: Fact) -> Option<Instant> {
        macro_rules! since {
            ($($fact:ident => $field:ident),*) => {
                match fact { $(Fact::$fact => self.$field.as_ref().map(|s| s.since)),* }
            };
        }
        each_fact!(since)
    }

    /// The session of a family, however old.
    #[must_use]
    pub fn session(&self, family: IpFamily) -> Option<&Seen<SessionState>> {
        match family {
            IpFamily::Ipv4 => self.session_ipv4.as_ref(),
            IpFamily::Ipv6 => self.session_ipv6.as_ref(),
        }
    }

    /// Whether a family's session is believed to be up, however old that is.
    #[must_use]
    pub fn is_up(&self, family: IpFamily) -> bool {
        self.session(family).is_some_and(|seen| seen.value.is_up())
    }

    /// The families whose session is believed to be up.
    pub fn up(&self) -> impl Iterator<Item = IpFamily> {
        [IpFamily::Ipv4, IpFamily::Ipv6].into_iter().filter(|family| self.is_up(*family))
    }

    /// Counters of a family's session, however old.
    #[must_use]
    pub fn statistics(&self, family: IpFamily) -> Option<&Seen<Counters>> {
        match family {
            IpFamily::Ipv4 => self.statistics_ipv4.as_ref(),
            IpFamily::Ipv6 => self.statistics_ipv6.as_ref(),
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

    #[test]
    fn cell_8_a_part_changes_what_it_says_and_keeps_nothing_alive() {
        let at = Instant::from_secs;
        let mut observed = Observed::default();
        observed.learn(Report::Location(Location { lac: Some(1), cid: Some(2), tac: None }), at(1));
        observed.learn(Report::LocationPart(Location { cid: Some(3), ..Location::default() }), at(9));
        let seen = observed.location.clone().unwrap();
        assert_eq!(seen.value, Location { lac: Some(1), cid: Some(3), tac: None });
        assert_eq!((seen.at, seen.since), (at(1), at(9)), "what nobody confirms grows old");
        observed.learn(Report::Location(Location { cid: Some(3), ..Location::default() }), at(20));
        assert_eq!(observed.location.unwrap().value.lac, None, "a whole answer without it clears it");
    }
}
