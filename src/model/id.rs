//! Identities: newtypes parsed once, redacted wherever they are printed by accident.
//!
//! `Debug` of a subscriber or device identity shows the first seven digits only (issuer and country, never the
//! person); `Display` shows all of it and is used where the value itself is the answer.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How libqmi writes a node of the kernel's IPC router, before its number: `qrtr://0`.
pub const ROUTER_NODE: &str = "qrtr://";

/// A name in the configuration's `modems` map: the interface name, for example `wwan0`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModemName(pub String);

impl fmt::Display for ModemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ModemName {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

/// Access point name (3GPP TS 23.003 clause 9), at most 100 octets. The empty name asks for the network's default.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Apn(pub String);

impl Apn {
    /// Whether both name one access point: case does not count (RFC 1035), nor does the operator identifier
    /// `.mnc001.mcc001.gprs` that some modems append (3GPP TS 23.003 clause 9.1.2).
    #[must_use]
    pub fn names_the_same_as(&self, other: &Self) -> bool {
        self.network_identifier().eq_ignore_ascii_case(other.network_identifier())
    }

    fn network_identifier(&self) -> &str {
        let labels: Vec<&str> = self.0.rsplitn(4, '.').collect();
        let numbered = |label: &str, name: &str| {
            label.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(name)) && label.len() == 6
        };
        match labels[..] {
            [gprs, mcc, mnc, identifier]
                if gprs.eq_ignore_ascii_case("gprs") && numbered(mcc, "mcc") && numbered(mnc, "mnc") =>
            {
                identifier
            }
            _ => &self.0,
        }
    }
}

impl fmt::Display for Apn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not an identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be {min} to {max} decimal digits")]
pub struct NotDigits {
    min: usize,
    max: usize,
}

fn digits(text: &str, min: usize, max: usize) -> Result<String, NotDigits> {
    let ok = (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if ok { Ok(text.to_owned()) } else { Err(NotDigits { min, max }) }
}

macro_rules! digit_identity {
    ($(#[$doc:meta])* $name:ident, $min:literal ..= $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses the digits.
            ///
            /// # Errors
            /// Any character that is not a decimal digit, or a length outside the standard's.
            pub fn parse(text: &str) -> Result<Self, NotDigits> {
                digits(text, $min, $max).map(Self)
            }

            /// All digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotDigits;
            fn try_from(text: String) -> Result<Self, NotDigits> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}…", self.0.get(..7).unwrap_or_default())
            }
        }
    };
}

digit_identity! {
    /// Integrated circuit card identifier (ITU-T E.118, ETSI TS 102 221 clause 13.2): 18 to 20 digits, filler removed.
    Iccid, 18..=20
}
digit_identity! {
    /// International mobile subscriber identity (3GPP TS 23.003 clause 2.2): 6 to 15 digits.
    Imsi, 6..=15
}
digit_identity! {
    /// International mobile equipment identity (3GPP TS 23.003 clause 6.2): 14 to 16 digits.
    Imei, 14..=16
}

/// The first six digits of an IMSI: country code and network code, and one digit more where the latter has two. They name
/// a network, not a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HomeDigits(String);

impl Imsi {
    /// The digits that tell the home network.
    #[must_use]
    pub fn home_digits(&self) -> HomeDigits {
        HomeDigits(self.0.chars().take(6).collect())
    }
}

impl HomeDigits {
    /// Whether a network code of five or six digits is what they begin with.
    #[must_use]
    pub fn begin_with(&self, code: &str) -> bool {
        (5..=6).contains(&code.len()) && self.0.starts_with(code)
    }
}

impl fmt::Display for HomeDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public land mobile network: mobile country code and mobile network code, whose number of digits matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Plmn {
    /// Mobile country code, 0 to 999.
    pub mcc: u16,
    /// Mobile network code, 0 to 999.
    pub mnc: u16,
    /// Whether the network code has three digits: 310 26 and 310 026 are different networks.
    pub three_digit_mnc: bool,
}

impl fmt::Display for Plmn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mcc, mnc, three_digit_mnc } = self;
        if *three_digit_mnc { write!(f, "{mcc:03}{mnc:03}") } else { write!(f, "{mcc:03}{mnc:02}") }
    }
}

impl fmt::Debug for Plmn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value that must never be printed: a password or a PIN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps the value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that sends it to the modem.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("....")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_point_is_the_same_with_and_without_its_operator() {
        let apn = |name: &str| Apn(name.to_owned());
        assert!(apn("Internet").names_the_same_as(&apn("internet.mnc012.mcc345.GPRS")));
        assert!(apn("corp.m2m").names_the_same_as(&apn("corp.m2m")));
        assert!(!apn("internet").names_the_same_as(&apn("internet2.mnc012.mcc345.gprs")));
        assert!(!apn("gprs").names_the_same_as(&apn("internet.gprs")));
        assert!(!apn("internet").names_the_same_as(&apn("internet.mcc345.mnc012.gprs")), "the wrong way round");
    }

    #[test]
    fn identities_hide_their_owner_in_debug() {
        let iccid = Iccid::parse("8988307000000000001").unwrap();
        assert_eq!(format!("{iccid:?}"), "8988307…");
        assert_eq!(iccid.to_string(), "8988307000000000001");
        assert_eq!(format!("{:?}", Secret::new("1234".into())), "....");
    }

    #[test]
    fn identities_are_digits_of_the_right_length() {
        for bad in ["", "12345", "89883070000000000a1", "898830700000000000100"] {
            assert!(Iccid::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn network_codes_keep_their_zeros() {
        assert_eq!(Plmn { mcc: 1, mnc: 1, three_digit_mnc: false }.to_string(), "00101");
        assert_eq!(Plmn { mcc: 310, mnc: 26, three_digit_mnc: true }.to_string(), "310026");
    }
}
