//! Why a session ended or was refused: in words, what to make of it, and what a person can do.
//!
//! QMI says it with two numbers, a kind and a reason within the kind. Numbers that no table has are kept and shown as
//! they are: `type 85 reason 7`. One table decides what we make of each; nothing else interprets a cause.

mod table;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::session::IpFamily;

/// Why a session ended or was refused: the kind of cause and its number within the kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CallEnd {
    /// Namespace of the number: 1 mobile IP, 2 modem-internal, 3 call manager, 6 3GPP, 7 PPP, 8 eHRPD, 9 IPv6.
    pub kind: u16,
    /// The number; for kind 6 a 3GPP TS 24.008 clause 10.5.6.6 (or 24.301 ESM) cause.
    pub reason: i16,
}

/// What to make of a cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// It may be gone the next time.
    Transient,
    /// Repeating the request soon cannot help: the subscription or the configuration must change.
    Permanent,
    /// Another session, with another access point, has the modem's data path. It may be gone the next time.
    Occupied,
    /// Dialled too often: the modem refuses for a while by itself.
    Throttled,
    /// The access point carries IPv4 alone.
    Ipv4Only,
    /// The access point carries IPv6 alone.
    Ipv6Only,
    /// The access point carries either version, one at a time.
    OneFamilyOnly,
}

const INTERNAL: u16 = 2;
const CALL_MANAGER: u16 = 3;
const THREE_GPP: u16 = 6;
const PPP: u16 = 7;
const EHRPD: u16 = 8;

impl CallEnd {
    /// A cause of the modem itself.
    #[must_use]
    pub const fn internal(reason: i16) -> Self {
        Self { kind: INTERNAL, reason }
    }

    /// A cause of the modem's call manager.
    #[must_use]
    pub const fn call_manager(reason: i16) -> Self {
        Self { kind: CALL_MANAGER, reason }
    }

    /// A 3GPP session-management cause.
    #[must_use]
    pub const fn of_3gpp(reason: i16) -> Self {
        Self { kind: THREE_GPP, reason }
    }

    /// A cause of PPP.
    #[must_use]
    pub const fn ppp(reason: i16) -> Self {
        Self { kind: PPP, reason }
    }

    /// What to make of it; a number that no table has may be gone the next time.
    #[must_use]
    pub fn class(self) -> Class {
        self.row().map_or(Class::Transient, |(_, class, _)| *class)
    }

    /// Whether repeating the same request soon cannot help: the subscription or the configuration must change.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        self.class() == Class::Permanent
    }

    /// The cause in words, where there are any.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.row().map_or("", |(_, _, words)| words)
    }

    /// What a person can do about it, where something can be done.
    #[must_use]
    pub const fn remedy(self) -> Option<&'static str> {
        Some(match (self.kind, self.reason) {
            (THREE_GPP, 8) => "the operator bars this subscription: ask whether it is active and paid",
            (THREE_GPP, 27) => "the network knows no such APN: check the apn",
            (THREE_GPP, 28) => "the subscription does not carry this IP version: check ip_family",
            (THREE_GPP, 29) | (PPP, 2 | 31 | 32) => "check auth: the method, the user name and the password",
            (THREE_GPP, 32) => "the network does not offer this service: check the apn and the contract",
            (THREE_GPP, 33) => "the subscription does not include this APN: check the apn and the contract",
            (THREE_GPP, 50) => "only IPv4 is offered: set ip_family: ipv4",
            (THREE_GPP, 51) => "only IPv6 is offered: set ip_family: ipv6",
            (INTERNAL, 220 | 225) => {
                "the modem's profile has its APN disabled: enable it, or choose another profile_index"
            }
            (INTERNAL, 233 | 235) => "the modem has no such profile: check profile_index",
            (INTERNAL, 239 | 246 | 255) => {
                "the modem forbids data while roaming: set roaming_allowed: true to allow it"
            }
            (INTERNAL, 242 | 247 | 253 | 263) => "the modem takes this for no APN: check the apn",
            (CALL_MANAGER, 1004..=1007 | 1096..=1098) => {
                "the network refuses this subscription or device: ask the operator"
            }
            _ => return None,
        })
    }

    /// Whether it says that the access point does not carry this family.
    #[must_use]
    pub fn excludes(self, family: IpFamily) -> bool {
        matches!(
            (self.class(), family),
            (Class::Ipv4Only, IpFamily::Ipv6) | (Class::Ipv6Only, IpFamily::Ipv4) | (Class::OneFamilyOnly, _)
        )
    }

    /// The name of the kind; none: no such kind is known.
    #[must_use]
    pub const fn kind_name(self) -> Option<&'static str> {
        Some(match self.kind {
            1 => "mobile-ip",
            INTERNAL => "internal",
            CALL_MANAGER => "cm",
            THREE_GPP => "3gpp",
            PPP => "ppp",
            EHRPD => "ehrpd",
            9 => "ipv6",
            12 => "handoff",
            _ => return None,
        })
    }

    fn row(self) -> Option<&'static table::Row> {
        let rows = match self.kind {
            1 => table::MOBILE_IP,
            INTERNAL => table::INTERNAL,
            CALL_MANAGER => table::CALL_MANAGER,
            THREE_GPP => table::THREE_GPP,
            PPP => table::PPP,
            EHRPD => table::EHRPD,
            9 => table::IPV6,
            _ => return None,
        };
        rows.binary_search_by_key(&self.reason, |(reason, ..)| *reason).ok().map(|at| &rows[at])
    }
}

impl fmt::Display for CallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind_name(), self.words()) {
            (None, _) => write!(f, "type {} reason {}", self.kind, self.reason),
            (Some(kind), "") => write!(f, "{kind} {}", self.reason),
            (Some(kind), words) => write!(f, "{kind} {} ({words})", self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_9_causes_are_said_in_words_with_their_numbers() {
        for (kind, reason, said) in [
            (6, 33, "3gpp 33 (service option not subscribed)"),
            (6, 27, "3gpp 27 (unknown APN)"),
            (2, 209, "internal 209 (throttled)"),
            (3, 2001, "cm 2001 (no service)"),
            (1, 131, "mobile-ip 131 (home agent: mobile node authentication failure)"),
            (7, 32, "ppp 32 (CHAP failed)"),
            (8, 7, "ehrpd 7 (APN not authenticated)"),
            (9, 3, "ipv6 3 (IPv6 disabled)"),
            (2, 4, "internal 4"),
            (0x55, 7, "type 85 reason 7"),
            (0x55, -1, "type 85 reason -1"),
        ] {
            assert_eq!(CallEnd { kind, reason }.to_string(), said);
        }
    }

    #[test]
    fn permanent_causes_are_the_standard_ones() {
        let permanent: Vec<i16> = (0..128).filter(|n| CallEnd::of_3gpp(*n).is_permanent()).collect();
        assert_eq!(permanent, [8, 27, 28, 29, 32, 33]);
        assert!(!CallEnd { kind: 2, reason: 33 }.is_permanent());
        assert!(!CallEnd { kind: 0x55, reason: 33 }.is_permanent(), "what is not known may be gone the next time");
    }

    #[test]
    fn con_9_the_tables_are_in_order_and_have_a_word_for_every_number() {
        let tables = [
            (1, table::MOBILE_IP),
            (2, table::INTERNAL),
            (3, table::CALL_MANAGER),
            (6, table::THREE_GPP),
            (7, table::PPP),
            (8, table::EHRPD),
            (9, table::IPV6),
        ];
        for (kind, rows) in tables {
            assert!(rows.is_sorted_by(|(a, ..), (b, ..)| a < b), "kind {kind}: in order, no number twice");
            for (reason, class, words) in rows {
                let cause = CallEnd { kind, reason: *reason };
                assert_eq!((cause.class(), cause.words()), (*class, *words));
                assert!(!words.is_empty() && !words.ends_with('.'), "{cause}");
            }
        }
    }

    #[test]
    fn a_cause_excludes_the_families_it_speaks_of() {
        let excluded = |cause: CallEnd| [IpFamily::Ipv4, IpFamily::Ipv6].map(|family| cause.excludes(family));
        assert_eq!(excluded(CallEnd::of_3gpp(50)), [false, true]);
        assert_eq!(excluded(CallEnd::of_3gpp(51)), [true, false]);
        assert_eq!(excluded(CallEnd::of_3gpp(52)), [true, true]);
        assert_eq!(excluded(CallEnd::internal(208)), [true, false]);
        assert_eq!(excluded(CallEnd::of_3gpp(26)), [false, false]);
    }
}
