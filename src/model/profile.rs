//! What a modem keeps about sessions besides the sessions: stored profiles, and what it refuses by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::call_end::CallEnd;
use super::id::{Apn, Iccid, Plmn};
use super::session::IpFamily;
use super::time::Instant;

/// A stored 3GPP profile, as far as we look at it. Its access point and credentials are nobody's business here: those
/// of the file come with the request for the session and leave the profile as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModemProfile {
    /// Its number, from 1.
    pub index: u8,
    /// Whether it may be used in visited networks; `None`: the modem does not say.
    pub roaming_allowed: Option<bool>,
}

/// An access point that the modem refuses by itself for a while, having been refused too often.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Throttled {
    /// The access point.
    pub apn: Apn,
    /// How long IPv4 is refused, from when this was seen; zero: not at all.
    pub ipv4: Duration,
    /// How long IPv6 is refused, from when this was seen; zero: not at all.
    pub ipv6: Duration,
}

impl Throttled {
    /// How long sessions of a family are refused, from when this was seen.
    #[must_use]
    pub const fn left(&self, family: IpFamily) -> Duration {
        match family {
            IpFamily::Ipv4 => self.ipv4,
            IpFamily::Ipv6 => self.ipv6,
        }
    }
}

/// That an access point does not carry an IP family, as a network said to a card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NotOffered {
    /// The access point.
    pub apn: Apn,
    /// The network, if it had a name then.
    pub plmn: Option<Plmn>,
    /// The card, if it was known then.
    pub iccid: Option<Iccid>,
    /// How the network said it.
    pub cause: CallEnd,
    /// When.
    pub at: Instant,
}

/// Networks change their offers, but not in a day.
const ASKED_ANEW_AFTER: Duration = Duration::from_secs(24 * 3600);

impl NotOffered {
    /// When the network may be asked again.
    #[must_use]
    pub fn ends(&self) -> Instant {
        self.at + ASKED_ANEW_AFTER
    }

    /// Whether it still says something about this access point, network and card. What is not known now is taken to be
    /// as it was.
    #[must_use]
    pub fn is_about(&self, apn: &Apn, plmn: Option<Plmn>, iccid: Option<&Iccid>) -> bool {
        fn differs<T: PartialEq>(then: Option<T>, now: Option<T>) -> bool {
            then.zip(now).is_some_and(|(then, now)| then != now)
        }
        self.apn == *apn && !differs(self.plmn, plmn) && !differs(self.iccid.as_ref(), iccid)
    }
}
