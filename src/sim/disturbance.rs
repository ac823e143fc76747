//! What may happen to a modem from outside: by people, by the network, by another program, by a fault.
//!
//! A disturbance is one value with one text form, `sim-swap iccid=8949… imsi=00101…`, so that the world, a scenario
//! and a person at a terminal all say the same thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! disturbances {
    ($($about:literal $name:ident $({ $($(#[$fdoc:meta])* $field:ident: $type:ty = $example:expr,)* })?,)*) => {
        /// Something done to a modem, its card, its network or its host.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum Disturbance {
            $(#[doc = $about] $name $({ $($(#[$fdoc])* $field: $type,)* })?,)*
        }

        impl Disturbance {
            /// One of each kind, with parameters that make sense.
            #[must_use]
            pub fn all_examples() -> Vec<Self> {
                vec![$(Self::$name $({ $($field: $example,)* })?,)*]
            }

            /// What it does, in a sentence.
            #[must_use]
            pub const fn about(&self) -> &'static str {
                match self {
                    $(Self::$name $({ $($field: _,)* })? => $about,)*
                }
            }
        }
    };
}

disturbances! {
    "Pull the device out of its port." Unplug,
    "Put it back." Plug,
    "Take the power away for a while." PowerCut {
        /// How long.
        seconds: u32 = 5,
    },
    "Restart the modem properly: it vanishes, comes back and says so." Reset,
    "Restart the firmware behind the host's back: the node stays, everything set up is lost, nothing is said." SilentReset,
    "Restart the firmware behind the host's back, which says so afterwards, as far as it ever does." FirmwareRestart,
    "Lose all client ids, as when another program sends CTL Sync. Their sessions end." ForgetClients,
    "Answer nothing for a while; what waits is answered afterwards, or never." Hang {
        /// How long.
        seconds: u32 = 30,
    },
    "Hang for good: only a power cycle helps." Wedge,
    "Answer nothing for a while, whatever is done: power, resets, the bus." Dead {
        /// How long.
        seconds: u32 = 7_200,
    },
    "Refuse the n-th request of a kind from now on, once." ErrorOnNth {
        /// Service number.
        service: u8 = 1,
        /// Message id.
        message: u16 = 0x20,
        /// Which one from now on, from 1.
        n: u32 = 1,
        /// QMI error code.
        error: u16 = 3,
    },
    "Take the card out." SimOut,
    "Put it back in." SimIn,
    "Exchange the card." SimSwap {
        /// Serial number of the new one.
        iccid: String = "8949210000000000028".into(),
        /// Subscriber of the new one.
        imsi: String = "001010000000002".into(),
    },
    "Move into a visited network, or home." Roaming {
        /// Into a visited one.
        on: bool = true,
    },
    "Lose the network, or find it again." Coverage {
        /// Find it again.
        on: bool = false,
    },
    "Refuse registration." Deny {
        /// Cause of 3GPP TS 24.301 clause 9.9.3.9.
        cause: u16 = 11,
    },
    "Accept registration again." Admit,
    "Refuse sessions with an access point." RefuseApn {
        /// The access point.
        apn: String = "internet".into(),
        /// Cause of 3GPP TS 24.301 clause 9.9.4.4.
        cause: i16 = 33,
    },
    "Accept them again. The network detaches the modem and lets it attach anew, as operators do." AcceptApn {
        /// The access point.
        apn: String = "internet".into(),
    },
    "End the data sessions from the network's side." DropSession {
        /// Cause of 3GPP TS 24.301 clause 9.9.4.4.
        cause: i16 = 36,
    },
    "Give the sessions other addresses." ChangeAddress {
        /// Tell the host by indication.
        tell: bool = true,
    },
    "Have another program end our sessions and start one with an access point of its own." ForeignApn {
        /// The access point.
        apn: String = "elsewhere".into(),
    },
    "Have another program turn the radio off." LowPower,
    "Have another program restrict the technologies." ModePreference {
        /// NAS mode preference bits: GSM 4, UMTS 8, LTE 16, 5G 64.
        mask: u16 = 4,
    },
    "Have another program frame the data path as Ethernet." EthernetFraming,
    "Have another program take the addresses off the network interface." FlushLink,
    "Have another program take the network interface down." LinkDown,
    "Put the network on the card's list of forbidden ones: the modem does not try it any more." Forbid,
    "Restart a few times in a row, each time before anybody can talk to it." BootLoop {
        /// How often.
        times: u32 = 5,
    },
    "Have another program hold the control port: it cannot be opened." PortBusy {
        /// Whether it holds it.
        on: bool = true,
    },
    "Have the power switch say yes and do nothing." PowerStuck {
        /// Whether it sticks.
        on: bool = true,
    },
    "Exchange the card for one like it that asks for a PIN." PinLock {
        /// The right PIN.
        pin: String = "1234".into(),
        /// Tries left for it; 0: the PUK is needed.
        tries: u8 = 3,
        /// Tries left for the PUK; 0: the card is dead.
        puk_tries: u8 = 10,
    },
    "Turn the card's PIN off, as with a telephone." PinOff,
    "Let the card stop talking, or talk again." SimError {
        /// It stops.
        on: bool = true,
    },
    "Have the network give the card another profile, as with an eSIM: it asks for a refresh." SimRefresh {
        /// Serial number of the new profile.
        iccid: String = "8949210000000000036".into(),
        /// Subscriber of the new profile.
        imsi: String = "001010000000003".into(),
    },
    "Have another program use the card in another slot." SwapSlot {
        /// The slot, from 1.
        slot: u32 = 2,
    },
    "Have another program restrict the LTE bands." Bands {
        /// LTE bands by their numbers.
        lte: Vec<u16> = vec![7],
    },
    "Have another program choose one network." ManualNetwork {
        /// Country code and network code.
        plmn: String = "00102".into(),
    },
    "Let the host's disk take nothing, or take it again." DiskFull {
        /// It takes nothing.
        on: bool = true,
    },
    "Let the network carry sessions of some IP versions only, from the next one on." Families {
        /// Version 4.
        ipv4: bool = true,
        /// Version 6.
        ipv6: bool = false,
    },
    "Let the network carry one IP version at a time only, or both." OneFamily {
        /// One at a time.
        on: bool = true,
    },
    "Let the network give sessions no address, or tell the addresses again." NoAddress {
        /// None.
        on: bool = true,
    },
    "Let the network take its time for the next session." SlowDial {
        /// How long.
        seconds: u32 = 20,
    },
    "Refuse to write profiles, the next few times." RefuseProfile {
        /// How often.
        times: u32 = 2,
        /// QMI extended error of profiles.
        error: u16 = 1005,
        /// Tell the error beside a result that says success.
        granted: bool = false,
    },
    "Have another program write into a profile whether it may be used abroad." ForeignProfile {
        /// The profile.
        profile: u8 = 1,
        /// Whether it may.
        roaming: bool = false,
    },
    "Have another program make the modem start sessions by itself." Autoconnect {
        /// The access point it uses.
        apn: String = "elsewhere".into(),
    },
    "Let the sessions carry no data though they stay up, until begun anew: the session, or the radio, or the modem." CarryNothing {
        /// What has to begin anew for data to pass again.
        until: Renewal = Renewal::Session,
    },
    "Let nobody in the internet answer, through whatever interface, or have them answer again." Unanswered {
        /// Nobody does.
        on: bool = true,
    },
    "Let the programs of the host talk all the time, or fall silent." Traffic {
        /// They talk.
        on: bool = true,
    },
    "Let the modem believe in a session that is none: it starts no other until it is told to end it." GhostSession,
    "Tell that the sessions have ended, though they have not." SpuriousDisconnect,
    "Lose the next indications." LoseIndications {
        /// How many.
        n: u32 = 1,
    },
    "Report no network for a while, though the sessions live on." Blip {
        /// How long.
        ms: u32 = 850,
    },
    "Hand over into a visited network, or home, sessions and all." HandOver {
        /// Into a visited one.
        roaming: bool = true,
    },
    "Have other programs take all client ids of a service and lose them." TakeClients {
        /// Service number.
        service: u8 = 1,
    },
    "Leave the circuit domain, or attach to it again." Circuit {
        /// Attach again.
        on: bool = false,
    },
    "Let the network tell another MTU." Mtu {
        /// In octets.
        mtu: u32 = 1358,
        /// Tell the host by indication.
        tell: bool = true,
    },
    "Make the signal stronger or weaker, until told otherwise." Signal {
        /// RSSI; -128: the modem does not measure it.
        rssi_dbm: i8 = -85,
        /// RSRP of LTE and, 5 dB less, of 5G; RSCP of UMTS; -32768: not measured.
        rsrp_dbm: i16 = -112,
    },
    "Move to another cell of the same network; the indication says only what has changed." Handover {
        /// Identity of the cell.
        cell: u32 = 0x0012_3402,
    },
    "Have the network think differently of the SIM." SimReject {
        /// 0 not available, 1 available, 2 not valid for calls, 3 for data, 4 for either; others are not defined.
        state: u32 = 3,
    },
    "Let no DHCP server answer on the link, or have it answer again." DhcpSilent {
        /// None does.
        on: bool = true,
    },
}

/// What has to begin anew for a fault to go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Renewal {
    /// The data session.
    Session,
    /// The radio.
    Radio,
    /// The modem.
    Modem,
}

impl Disturbance {
    /// What undoes it; `None`: it passes by itself, or the daemon has to mend it.
    #[must_use]
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::Unplug => Some(Self::Plug),
            Self::SimOut => Some(Self::SimIn),
            Self::Roaming { on: true } => Some(Self::Roaming { on: false }),
            Self::Coverage { on: false } => Some(Self::Coverage { on: true }),
            Self::Deny { .. } => Some(Self::Admit),
            Self::SimError { on: true } => Some(Self::SimError { on: false }),
            Self::DiskFull { on: true } => Some(Self::DiskFull { on: false }),
            Self::PinLock { .. } => Some(Self::PinOff),
            Self::HandOver { roaming: true } => Some(Self::HandOver { roaming: false }),
            Self::Circuit { on: false } => Some(Self::Circuit { on: true }),
            Self::Families { .. } => Some(Self::Families { ipv4: true, ipv6: true }),
            Self::NoAddress { on: true } => Some(Self::NoAddress { on: false }),
            Self::OneFamily { on: true } => Some(Self::OneFamily { on: false }),
            Self::RefuseApn { apn, .. } => Some(Self::AcceptApn { apn: apn.clone() }),
            Self::PortBusy { on: true } => Some(Self::PortBusy { on: false }),
            Self::Unanswered { on: true } => Some(Self::Unanswered { on: false }),
            Self::DhcpSilent { on: true } => Some(Self::DhcpSilent { on: false }),
            Self::PowerStuck { on: true } => Some(Self::PowerStuck { on: false }),
            _ => None,
        }
    }

    /// Its name, without parameters.
    #[must_use]
    pub fn name(&self) -> String {
        self.parts().0
    }

    fn parts(&self) -> (String, Map<String, Value>) {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => match map.into_iter().next() {
                Some((name, Value::Object(fields))) => (name, fields),
                _ => unreachable!("a variant with fields is one object in another"),
            },
            Ok(Value::String(name)) => (name, Map::new()),
            _ => unreachable!("an enum is a string or an object"),
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, fields) = self.parts();
        f.write_str(&name)?;
        fields.iter().try_for_each(|(key, value)| match value {
            Value::String(text) => write!(f, " {key}={text}"),
            other => write!(f, " {key}={other}"),
        })
    }
}

/// Why a text is no disturbance.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseDisturbanceError {
    /// The word after the name has no `=`.
    #[error("\"{0}\": write key=value")]
    NotKeyValue(String),
    /// No such name, or other parameters than it has.
    #[error("\"{text}\": {why}")]
    Unknown {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

/// `hang seconds=30`: name, then `key=value` each.
impl FromStr for Disturbance {
    type Err = ParseDisturbanceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let mut fields = Map::new();
        for word in words {
            let (key, value) =
                word.split_once('=').ok_or_else(|| ParseDisturbanceError::NotKeyValue(word.to_owned()))?;
            fields.insert(key.to_owned(), scalar(key, value));
        }
        let value = if fields.is_empty() {
            Value::String(name)
        } else {
            Value::Object([(name, Value::Object(fields))].into_iter().collect())
        };
        serde_json::from_value(value)
            .map_err(|why| ParseDisturbanceError::Unknown { text: text.to_owned(), why: why.to_string() })
    }
}

fn scalar(key: &str, value: &str) -> Value {
    // Digits of these are text: a card number has leading zeros and does not fit a number.
    match key {
        "iccid" | "imsi" | "apn" | "pin" | "plmn" => Value::String(value.to_owned()),
        _ => serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disturbance_says_itself_and_is_understood() {
        for disturbance in Disturbance::all_examples() {
            let text = disturbance.to_string();
            assert_eq!(text.parse::<Disturbance>().as_ref(), Ok(&disturbance), "{text}");
            assert!(text.starts_with(&disturbance.name()));
            assert!(disturbance.about().ends_with('.'));
        }
        assert_eq!(Disturbance::Hang { seconds: 7 }.to_string(), "hang seconds=7");
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        assert!(matches!("hang 7".parse::<Disturbance>(), Err(ParseDisturbanceError::NotKeyValue(_))));
        for bad in ["explode", "hang", "hang second=7", "hang seconds=soon", "sim-out now=true", ""] {
            let error = bad.parse::<Disturbance>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("\"{bad}\"")), "{error}");
        }
    }

    #[test]
    fn what_lasts_can_be_undone() {
        assert_eq!(Disturbance::SimOut.undo(), Some(Disturbance::SimIn));
        assert_eq!(Disturbance::Roaming { on: false }.undo(), None);
    }
}
