//! Data sessions: 2G PDP context, 4G PDN connection, 5G PDU session, all by one name.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// One IP version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpFamily {
    /// Version 4.
    Ipv4,
    /// Version 6.
    Ipv6,
}

impl fmt::Display for IpFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}

/// Which IP versions a session carries (3GPP PDN type).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpFamilies {
    /// Version 4 alone.
    Ipv4,
    /// Version 6 alone.
    Ipv6,
    /// Both.
    #[default]
    Ipv4v6,
}

impl IpFamilies {
    /// The versions, 4 first.
    #[must_use]
    pub const fn families(self) -> &'static [IpFamily] {
        match self {
            Self::Ipv4 => &[IpFamily::Ipv4],
            Self::Ipv6 => &[IpFamily::Ipv6],
            Self::Ipv4v6 => &[IpFamily::Ipv4, IpFamily::Ipv6],
        }
    }
}

impl fmt::Display for IpFamilies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ipv4v6 => "ipv4v6",
        })
    }
}

/// How the session authenticates (3GPP TS 27.007 `+CGAUTH`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// Not at all.
    #[default]
    None,
    /// Password in the clear (RFC 1334).
    Pap,
    /// Challenge handshake (RFC 1994).
    Chap,
}

/// Why a session ended or was refused: the kind of cause and its number within the kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CallEnd {
    /// Namespace of the number: 2 modem-internal, 3 call manager, 6 3GPP, 7 PPP, 8 eHRPD, 9 IPv6.
    pub kind: u16,
    /// The number; for kind 6 a 3GPP TS 24.008 clause 10.5.6.6 (or 24.301 ESM) cause.
    pub reason: i16,
}

/// The namespace of 3GPP session-management causes in [`CallEnd::kind`].
pub const CALL_END_3GPP: u16 = 6;

impl CallEnd {
    /// A 3GPP session-management cause.
    #[must_use]
    pub const fn of_3gpp(reason: i16) -> Self {
        Self { kind: CALL_END_3GPP, reason }
    }

    /// Whether repeating the same request soon cannot help: the subscription or the configuration must change.
    ///
    /// 3GPP TS 24.008 causes 8 operator determined barring, 27 unknown APN, 28 unknown PDP type, 29 user
    /// authentication failed, 32 service option not supported, 33 not subscribed.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        self.kind == CALL_END_3GPP && matches!(self.reason, 8 | 27 | 28 | 29 | 32 | 33)
    }

    /// The cause in words, where the standard gives it one.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match (self.kind, self.reason) {
            (6, 8) => "operator determined barring",
            (6, 26) => "insufficient resources",
            (6, 27) => "unknown APN",
            (6, 28) => "unknown PDP type",
            (6, 29) => "user authentication failed",
            (6, 30) => "rejected by the gateway",
            (6, 31) => "activation rejected",
            (6, 32) => "service option not supported",
            (6, 33) => "service option not subscribed",
            (6, 34) => "service option temporarily out of order",
            (6, 36) => "regular deactivation",
            (6, 38) => "network failure",
            (6, 39) => "reactivation requested",
            (6, 50) => "IPv4 only allowed",
            (6, 51) => "IPv6 only allowed",
            (6, 52) => "single address bearers only",
            (2, 206) => "ended by the network",
            (2, 209 | 211) => "throttled",
            (2, 212) => "modem restart",
            (2, 219) => "low power or power down",
            (2, 239 | 246 | 255) => "data not allowed while roaming",
            (3, 2000) => "ended by a client",
            (3, 2001) => "no service",
            (3, 2002) => "fade",
            (3, 2003) => "released",
            _ => "",
        }
    }
}

impl fmt::Display for CallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            1 => "mobile-ip",
            2 => "internal",
            3 => "cm",
            6 => "3gpp",
            7 => "ppp",
            8 => "ehrpd",
            9 => "ipv6",
            _ => "",
        };
        match (kind, self.words()) {
            ("", _) => write!(f, "type {} reason {}", self.kind, self.reason),
            (kind, "") => write!(f, "{kind} {}", self.reason),
            (kind, words) => write!(f, "{kind} {} ({words})", self.reason),
        }
    }
}

/// The state of a session in one IP family, as the modem reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Down; with the cause where the modem gave one.
    Disconnected(Option<CallEnd>),
    /// Being set up.
    Connecting,
    /// Up.
    Connected,
    /// Up, but traffic is held back by the network.
    Suspended,
}

impl SessionState {
    /// Whether there is a session, be it held back.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Connected | Self::Suspended)
    }
}

/// IPv4 settings that the network gave to the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ipv4Settings {
    /// Our address.
    pub address: Ipv4Addr,
    /// Prefix length, 0 to 32.
    pub prefix: u8,
    /// The gateway; arbitrary on a point-to-point link.
    pub gateway: Option<Ipv4Addr>,
}

/// IPv6 settings that the network gave to the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ipv6Settings {
    /// Our address.
    pub address: Ipv6Addr,
    /// Prefix length, 0 to 128.
    pub prefix: u8,
    /// The gateway.
    pub gateway: Option<Ipv6Addr>,
}

/// Everything the network told us about one session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct IpSettings {
    /// IPv4, if the session carries it.
    pub ipv4: Option<Ipv4Settings>,
    /// IPv6, if the session carries it.
    pub ipv6: Option<Ipv6Settings>,
    /// Name servers, in the network's order, IPv4 first.
    pub dns: Vec<std::net::IpAddr>,
    /// Largest packet, in octets.
    pub mtu: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_in_words_with_their_numbers() {
        assert_eq!(CallEnd::of_3gpp(33).to_string(), "3gpp 33 (service option not subscribed)");
        assert_eq!(CallEnd { kind: 2, reason: 4 }.to_string(), "internal 4");
        assert_eq!(CallEnd { kind: 0x55, reason: -1 }.to_string(), "type 85 reason -1");
    }

    #[test]
    fn permanent_causes_are_the_standard_ones() {
        let permanent: Vec<i16> = (0..128).filter(|n| CallEnd::of_3gpp(*n).is_permanent()).collect();
        assert_eq!(permanent, [8, 27, 28, 29, 32, 33]);
        assert!(!CallEnd { kind: 2, reason: 33 }.is_permanent());
    }
}
