//! Who a simulated modem is, which cards are in it, and how the network treats it.

use std::collections::BTreeMap;

use crate::model::Plmn;
use crate::qmi::nas::ModePreference;

/// What distinguishes one device from another of its kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// IMEI, 15 digits.
    pub imei: String,
    /// Model, instead of the personality's.
    pub model: Option<String>,
    /// The card slots; the first is active at the start.
    pub slots: Vec<Option<Card>>,
    /// The network around it.
    pub network: Network,
}

/// A SIM card.
#[derive(Clone, PartialEq, Debug)]
pub struct Card {
    /// Serial number, 18 to 20 digits.
    pub iccid: String,
    /// Subscriber, 6 to 15 digits.
    pub imsi: String,
    /// The subscription's network.
    pub home: Plmn,
    /// EF SPN.
    pub provider_name: String,
    /// The subscriber's number.
    pub msisdn: String,
    /// EF GID1.
    pub gid1: Vec<u8>,
    /// Its PIN.
    pub pin: Pin,
    /// EF FPLMN: networks that refused it once, which the modem does not try any more. At most four.
    pub forbidden: Vec<Plmn>,
}

/// A PIN and what is left of its tries, kept on the card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    /// It is asked for.
    pub enabled: bool,
    /// The right one.
    pub code: String,
    /// The right PUK.
    pub puk: String,
    /// Tries left for the PIN.
    pub tries: u8,
    /// Tries left for the PUK.
    pub puk_tries: u8,
}

/// How the network treats the modem now.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// There is a cell.
    pub coverage: bool,
    /// The cell belongs to a visited network.
    pub roaming: bool,
    /// The visited network.
    pub visited: Plmn,
    /// Registration is refused with this cause (3GPP TS 24.301 clause 9.9.3.9).
    pub denied: Option<u16>,
    /// Technologies on the air.
    pub technologies: ModePreference,
    /// LTE bands on the air.
    pub lte_bands: Vec<u16>,
    /// Access points that are refused, in lower case, with the cause (3GPP TS 24.301 clause 9.9.4.4).
    pub refused: BTreeMap<String, i16>,
    /// The access point that the empty name stands for.
    pub default_apn: String,
    /// Sessions may carry IPv4.
    pub ipv4: bool,
    /// Sessions may carry IPv6.
    pub ipv6: bool,
    /// The circuit domain takes the modem.
    pub circuit: bool,
    /// Of both, one at a time.
    pub one_family: bool,
    /// Sessions are given no address.
    pub no_address: bool,
    /// MTU it tells; `None`: it does not.
    pub mtu: Option<u32>,
    /// How strong the cell is heard; `None`: well, and wandering.
    pub strength: Option<Strength>,
    /// Identity of the serving cell.
    pub cell: u32,
    /// What it thinks of the SIM, as System Info numbers it.
    pub sim_reject: u32,
    /// Its local time: quarters of an hour east of UTC, daylight saving included.
    pub zone_quarters: i8,
    /// Hours that daylight saving adds.
    pub daylight_hours: u8,
}

/// How strong a cell is heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Strength {
    /// RSSI; -128: not measured.
    pub rssi_dbm: i8,
    /// RSRP of LTE, RSCP of UMTS; -32768: not measured.
    pub rsrp_dbm: i16,
}

impl Card {
    /// A card of the test network 001 01 with this number.
    #[must_use]
    pub fn of_test_network(number: u64) -> Self {
        Self {
            iccid: with_check_digit(&format!("894921000000{:06}", number % 1_000_000)),
            imsi: format!("00101{:010}", number % 10_000_000_000),
            home: Plmn { mcc: 1, mnc: 1, three_digit_mnc: false },
            provider_name: "wwan test".into(),
            msisdn: format!("1555010{:04}", number % 10_000),
            gid1: vec![0xFF; 4],
            pin: Pin { enabled: false, ..Pin::new("1234") },
            forbidden: Vec::new(),
        }
    }

    /// The home network out of an IMSI, taking the network code to have two digits where it is not known better.
    #[must_use]
    pub fn home_of(imsi: &str, three_digit_mnc: bool) -> Plmn {
        let number = |from: usize, to: usize| imsi.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        Plmn { mcc: number(0, 3), mnc: number(3, if three_digit_mnc { 6 } else { 5 }), three_digit_mnc }
    }
}

impl Pin {
    /// A PIN that is asked for, with the usual three and ten tries.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self { enabled: true, code: code.into(), puk: "12345678".into(), tries: 3, puk_tries: 10 }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            coverage: true,
            roaming: false,
            visited: Plmn { mcc: 1, mnc: 2, three_digit_mnc: false },
            denied: None,
            technologies: ModePreference(0x04 | 0x08 | 0x10 | 0x40),
            lte_bands: vec![1, 3, 7, 20, 28],
            refused: BTreeMap::new(),
            default_apn: "internet".into(),
            ipv4: true,
            ipv6: true,
            circuit: true,
            one_family: false,
            no_address: false,
            mtu: Some(1430),
            strength: None,
            cell: 0x0012_3401,
            sim_reject: 1,
            zone_quarters: 4,
            daylight_hours: 0,
        }
    }
}

impl Profile {
    /// A device with this number and a card of the test network.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        Self {
            imei: with_check_digit(&format!("35{:012}", number % 1_000_000_000_000)),
            model: None,
            slots: vec![Some(Card::of_test_network(number))],
            network: Network::default(),
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::numbered(1)
    }
}

/// Appends the digit of ISO/IEC 7812 that IMEI and ICCID end with.
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let doubled = u32::from(digit - b'0') << u32::from(at % 2 == 0);
            doubled / 10 + doubled % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// MCC and MNC in digits.
pub(super) fn digits(plmn: Plmn) -> (String, String) {
    let width = if plmn.three_digit_mnc { 3 } else { 2 };
    (format!("{:03}", plmn.mcc), format!("{:0width$}", plmn.mnc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_of_the_right_form() {
        // The example of 3GPP TS 23.003 annex B.
        assert_eq!(with_check_digit("49015420323751"), "490154203237518");
        let profile = Profile::numbered(42);
        assert_eq!(profile.imei.len(), 15);
        let card = profile.slots[0].as_ref().unwrap();
        assert_eq!((card.iccid.len(), card.imsi.len()), (19, 15));
        assert_eq!(Card::home_of(&card.imsi, false), card.home);
    }
}
