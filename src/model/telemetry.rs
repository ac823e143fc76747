//! Telemetry: what a modem tells of signal, cells and traffic. Good to know; the plan never reads it.
//!
//! Every field that a modem may leave out is optional, and "not measured" is `None`, never a number that stands for
//! nothing.

use serde::{Deserialize, Serialize};

use super::id::Plmn;
use super::radio::AccessTechnology;

/// How well the modem hears, by technology. LTE and 5G together are 5G NSA; 5G alone is SA.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Signal {
    /// RSSI of GSM, dBm.
    pub gsm_rssi_dbm: Option<i16>,
    /// Signal of UMTS.
    pub umts: Option<UmtsSignal>,
    /// Signal of LTE.
    pub lte: Option<LteSignal>,
    /// Signal of 5G.
    pub nr5g: Option<NrSignal>,
}

/// Signal of UMTS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct UmtsSignal {
    /// Received total, dBm.
    pub rssi_dbm: Option<i16>,
    /// Received code power (3GPP TS 25.215 clause 5.1.1), dBm.
    pub rscp_dbm: Option<i16>,
    /// Ec/Io, tenths of a dB.
    pub ecio_tenth_db: Option<i16>,
}

/// Signal of LTE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LteSignal {
    /// Received total, dBm.
    pub rssi_dbm: Option<i16>,
    /// Reference signal received power (3GPP TS 36.214 clause 5.1.1), dBm.
    pub rsrp_dbm: Option<i16>,
    /// Reference signal received quality (3GPP TS 36.214 clause 5.1.3), dB.
    pub rsrq_db: Option<i16>,
    /// Signal to interference and noise, tenths of a dB.
    pub sinr_tenth_db: Option<i16>,
}

/// Signal of 5G.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NrSignal {
    /// SS reference signal received power (3GPP TS 38.215 clause 5.1.1), dBm.
    pub rsrp_dbm: Option<i16>,
    /// SS reference signal received quality (3GPP TS 38.215 clause 5.1.3), dB.
    pub rsrq_db: Option<i16>,
    /// Signal to interference and noise, tenths of a dB.
    pub sinr_tenth_db: Option<i16>,
}

/// The serving cell and those around it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Technology of the serving cell; with 5G NSA that of its anchor, LTE.
    pub technology: AccessTechnology,
    /// Its network.
    pub plmn: Option<Plmn>,
    /// Tracking area (LTE, 5G) or location area (GSM, UMTS).
    pub area: Option<u32>,
    /// Global cell identity.
    pub cell_id: Option<u64>,
    /// Physical cell identity (LTE, 5G), scrambling code (UMTS) or base station identity code (GSM).
    pub physical_id: Option<u16>,
    /// Channel number: EARFCN, NR-ARFCN, UARFCN or ARFCN.
    pub channel: Option<u32>,
    /// Cells around it, as heard.
    pub neighbours: Vec<Neighbour>,
}

/// A cell that does not serve us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its technology.
    pub technology: AccessTechnology,
    /// Channel number.
    pub channel: u32,
    /// Physical cell identity or scrambling code.
    pub physical_id: u16,
    /// RSRP or RSCP, tenths of a dBm.
    pub power_tenth_dbm: i16,
    /// RSRQ or Ec/Io, tenths of a dB.
    pub quality_tenth_db: i16,
}

/// A carrier in use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Carrier {
    /// Its technology.
    pub technology: AccessTechnology,
    /// The band's name: `LTE Band 3`, `NR Band n78`, `WCDMA 2100`.
    pub band: String,
    /// Channel number.
    pub channel: u32,
    /// Width, where the modem tells it.
    pub bandwidth_khz: Option<u32>,
}

/// What each technology sees.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SystemInfo {
    /// One entry for each technology the modem tells of, the newest first.
    pub systems: Vec<System>,
    /// The network restricts whether or how we may register.
    pub restricted: bool,
    /// What the network thinks of the SIM.
    pub sim_reject: Option<SimReject>,
    /// The LTE cell can be joined by 5G (EN-DC).
    pub endc_available: Option<bool>,
}

/// What one technology sees.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct System {
    /// Which.
    pub technology: AccessTechnology,
    /// It serves us, be it in a limited way.
    pub serves: bool,
    /// In a visited network.
    pub roaming: Option<bool>,
    /// The network is on the list of forbidden ones.
    pub forbidden: Option<bool>,
    /// Location area.
    pub lac: Option<u16>,
    /// Tracking area.
    pub tac: Option<u32>,
    /// Cell.
    pub cell_id: Option<u32>,
    /// The last refusal: cause of 3GPP TS 24.008 or 24.301.
    pub reject: Option<u16>,
    /// Mobile country code, as digits; empty where it is not told.
    pub mcc: String,
    /// Mobile network code, as digits with its zeros.
    pub mnc: String,
}

/// What the network thinks of the SIM.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SimReject {
    /// The card is not available.
    NotAvailable,
    /// The card is available.
    Available,
    /// Not valid for calls.
    CsInvalid,
    /// Not valid for packet data.
    PsInvalid,
    /// Valid for neither.
    CsPsInvalid,
    /// Something we have no word for.
    Unknown,
}

impl SimReject {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAvailable => "not_available",
            Self::Available => "available",
            Self::CsInvalid => "cs_invalid",
            Self::PsInvalid => "ps_invalid",
            Self::CsPsInvalid => "cs_ps_invalid",
            Self::Unknown => "unknown",
        }
    }
}

/// Where we are in the network, as the registration tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    /// Location area.
    pub lac: Option<u16>,
    /// Cell.
    pub cid: Option<u32>,
    /// Tracking area.
    pub tac: Option<u16>,
}

/// What the network told of the time (NITZ, 3GPP TS 22.042).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkTime {
    /// UTC at the moment it was told.
    pub utc: Option<CivilTime>,
    /// Quarters of an hour east of UTC, daylight saving included.
    pub zone_quarters: Option<i8>,
    /// Hours that daylight saving adds.
    pub daylight_hours: Option<u8>,
}

/// A date and a time of day. A value of this type exists in the calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "(u16, u8, u8, u8, u8, u8)", into = "(u16, u8, u8, u8, u8, u8)")]
pub struct CivilTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl CivilTime {
    /// The time with these parts; `None` where the calendar has no such day or the day no such second.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        // A minute may have a leap second.
        let exists = (1..=days).contains(&day) && hour < 24 && minute < 60 && second <= 60;
        exists.then_some(Self { year, month, day, hour, minute, second })
    }
}

impl TryFrom<(u16, u8, u8, u8, u8, u8)> for CivilTime {
    type Error = &'static str;

    fn try_from((year, month, day, hour, minute, second): (u16, u8, u8, u8, u8, u8)) -> Result<Self, Self::Error> {
        Self::new(year, month, day, hour, minute, second).ok_or("no such time")
    }
}

impl From<CivilTime> for (u16, u8, u8, u8, u8, u8) {
    fn from(t: CivilTime) -> Self {
        (t.year, t.month, t.day, t.hour, t.minute, t.second)
    }
}

/// `2021-08-31 22:38:05`.
impl std::fmt::Display for CivilTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Counters of one session. `None`: the modem has not told; the packet counters are 32 bits wide in the modem and wrap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Packets sent.
    pub tx_packets: Option<u64>,
    /// Packets received.
    pub rx_packets: Option<u64>,
    /// Packets that could not be sent.
    pub tx_errors: Option<u64>,
    /// Packets received with errors.
    pub rx_errors: Option<u64>,
    /// Packets lost because a queue was full on the way out.
    pub tx_overflows: Option<u64>,
    /// Packets lost because a queue was full on the way in.
    pub rx_overflows: Option<u64>,
    /// Octets sent.
    pub tx_bytes: Option<u64>,
    /// Octets received.
    pub rx_bytes: Option<u64>,
    /// Packets dropped on the way out.
    pub tx_drops: Option<u64>,
    /// Packets dropped on the way in.
    pub rx_drops: Option<u64>,
}

impl Counters {
    /// Every counter with its name, in the order of the modem's report.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<u64>); 10] {
        [
            ("tx_packets", self.tx_packets),
            ("rx_packets", self.rx_packets),
            ("tx_errors", self.tx_errors),
            ("rx_errors", self.rx_errors),
            ("tx_overflows", self.tx_overflows),
            ("rx_overflows", self.rx_overflows),
            ("tx_bytes", self.tx_bytes),
            ("rx_bytes", self.rx_bytes),
            ("tx_drops", self.tx_drops),
            ("rx_drops", self.rx_drops),
        ]
    }

    /// These counters with those of a later report in their place. A report has what changed; what it leaves out stands.
    #[must_use]
    pub fn merged(self, later: Self) -> Self {
        Self {
            tx_packets: later.tx_packets.or(self.tx_packets),
            rx_packets: later.rx_packets.or(self.rx_packets),
            tx_errors: later.tx_errors.or(self.tx_errors),
            rx_errors: later.rx_errors.or(self.rx_errors),
            tx_overflows: later.tx_overflows.or(self.tx_overflows),
            rx_overflows: later.rx_overflows.or(self.rx_overflows),
            tx_bytes: later.tx_bytes.or(self.tx_bytes),
            rx_bytes: later.rx_bytes.or(self.rx_bytes),
            tx_drops: later.tx_drops.or(self.tx_drops),
            rx_drops: later.rx_drops.or(self.rx_drops),
        }
    }

    /// The octets both ways, once both are known.
    #[must_use]
    pub fn octets(&self) -> Option<Octets> {
        Some(Octets { tx: self.tx_bytes?, rx: self.rx_bytes? })
    }
}

/// Octets sent and received.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Octets {
    /// Sent.
    pub tx: u64,
    /// Received.
    pub rx: u64,
}

impl std::ops::Add for Octets {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { tx: self.tx.saturating_add(other.tx), rx: self.rx.saturating_add(other.rx) }
    }
}

/// What the sessions have carried, added up over both families, over reconnects and over restarts of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Since the present connection began: both families, also where one of them came later or was renewed.
    pub session: Octets,
    /// Since this modem came under our care.
    pub lifetime: Octets,
    /// Octets per second between the last two reports.
    pub rate: Option<Octets>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_the_calendar_does_not_have_is_none() {
        assert_eq!(
            CivilTime::new(2021, 8, 31, 22, 38, 5).map(|t| t.to_string()).as_deref(),
            Some("2021-08-31 22:38:05")
        );
        assert!(CivilTime::new(2024, 2, 29, 0, 0, 0).is_some());
        for (year, month, day) in [(2023, 2, 29), (1900, 2, 29), (2021, 13, 1), (2021, 4, 31), (0, 0, 0)] {
            assert_eq!(CivilTime::new(year, month, day, 0, 0, 0), None, "{year}-{month}-{day}");
        }
        assert_eq!(CivilTime::new(2021, 8, 31, 24, 0, 0), None);
    }

    #[test]
    fn stat_2_a_partial_report_leaves_the_other_counters_alone() {
        let first = Counters { tx_packets: Some(28), tx_bytes: Some(1520), rx_bytes: Some(896), ..Default::default() };
        let bytes = Counters { tx_bytes: Some(2000), rx_bytes: Some(900), ..Default::default() };
        let merged = first.merged(bytes);
        assert_eq!((merged.tx_packets, merged.octets()), (Some(28), Some(Octets { tx: 2000, rx: 900 })));
        assert_eq!(first.merged(Counters::default()), first);
    }
}
