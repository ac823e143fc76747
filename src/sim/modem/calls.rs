//! Data sessions on the modem's one data path: at most one for each IP family, living as long as its client.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::radio::Registration;
use super::{Output, SimModem, Witness};
use crate::model::{Instant, IpFamily as Family};
use crate::qmi::wds::{self, CallEndKind, IpFamily, reason};
use crate::qmi::{ProtocolError, Service, dms};
use crate::sim::disturbance::Renewal;

/// All sessions, and what the modem remembers of refused ones.
#[derive(Debug, Default)]
pub(super) struct Calls {
    up: BTreeMap<Family, Call>,
    refused: BTreeMap<String, Refusals>,
    last: Option<(u64, u64)>,
    /// The modem believes in a session that is none.
    ghost: bool,
    /// New sessions carry no data either, until this begins anew.
    mute: Option<Renewal>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) owner: Owner,
    pub(super) apn: String,
    pub(super) profile: u8,
    pub(super) handle: u32,
    pub(super) since: Instant,
    pub(super) address: Address,
    /// It is up and carries nothing.
    pub(super) mute: bool,
}

/// Who started a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    Client(u8),
    /// A program on another port of the modem.
    Foreign,
    /// The modem itself.
    Autoconnect,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Address {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// Repeated refusals of one access point.
#[derive(Debug)]
struct Refusals {
    count: u32,
    last: Instant,
}

/// How sessions end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// With the modem: nobody is left to tell.
    Silent(Instant),
    ByClient(Instant),
    NoRadio(Instant),
    NoService(Instant),
    Because(Instant, CallEndKind, i16),
}

impl Owner {
    pub(super) fn is(self, client: u8) -> bool {
        self == Self::Client(client)
    }

    pub(super) fn is_a_client(self) -> bool {
        matches!(self, Self::Client(_) | Self::Foreign)
    }
}

impl Ending {
    /// When, and what the modem says why.
    fn why(self) -> (Instant, Option<wds::VerboseCallEndReason>) {
        let (now, kind, reason) = match self {
            Self::Silent(now) => return (now, None),
            Self::ByClient(now) => (now, CallEndKind::CallManager, reason::CLIENT_END),
            Self::NoRadio(now) => (now, CallEndKind::Internal, reason::LOW_POWER_OR_POWER_DOWN),
            Self::NoService(now) => (now, CallEndKind::CallManager, reason::NO_SERVICE),
            Self::Because(now, kind, reason) => (now, kind, reason),
        };
        (now, Some(wds::VerboseCallEndReason { kind, reason }))
    }
}

/// A request for a session.
pub(super) struct Dial {
    pub(super) owner: Owner,
    pub(super) family: Family,
    pub(super) apn: String,
    pub(super) profile: u8,
}

/// Why no session came up.
pub(super) enum NoCall {
    Error(ProtocolError),
    Ended(CallEndKind, i16),
}

/// The modem itself refuses an access point after so many refusals of the network …
const THROTTLED_AFTER: u32 = 6;
/// … until it was left alone for so long.
const THROTTLED_MS: u64 = 120_000;
/// Bytes per second of the simulated traffic.
const RX_RATE: u64 = 1_200;
const TX_RATE: u64 = 400;

pub(super) fn family_of(family: IpFamily) -> Family {
    if family == IpFamily::Ipv6 { Family::Ipv6 } else { Family::Ipv4 }
}

pub(super) fn wire_family(family: Family) -> IpFamily {
    match family {
        Family::Ipv4 => IpFamily::Ipv4,
        Family::Ipv6 => IpFamily::Ipv6,
    }
}

impl SimModem {
    pub(super) fn call(&self, family: Family) -> Option<&Call> {
        self.calls.up.get(&family)
    }

    /// Sets a session up, or says why not.
    pub(super) fn dial(&mut self, dial: Dial, now: Instant) -> Result<u32, NoCall> {
        let Dial { owner, family, apn, profile } = dial;
        let wanted = apn;
        let apn = if wanted.is_empty() { self.network().default_apn.clone() } else { wanted };
        if self.radio.mode() != dms::OperatingMode::Online {
            return Err(NoCall::Ended(CallEndKind::CallManager, reason::OFFLINE));
        }
        if self.ready_card().is_none() {
            return Err(NoCall::Ended(CallEndKind::CallManager, reason::INVALID_SIM_STATE));
        }
        if !self.radio.attached() {
            return Err(NoCall::Ended(CallEndKind::CallManager, reason::NO_SERVICE));
        }
        if self.calls.up.contains_key(&family) || self.calls.ghost {
            return Err(NoCall::Error(ProtocolError::NoEffect));
        }
        if self.calls.up.values().any(|call| !call.apn.eq_ignore_ascii_case(&apn)) {
            return Err(NoCall::Ended(CallEndKind::Internal, reason::INTERFACE_IN_USE));
        }
        let roaming_forbidden = self.memory.profiles.get(profile).is_some_and(|p| p.roaming_disallowed == Some(true));
        if self.radio.roaming() && roaming_forbidden {
            return Err(NoCall::Ended(CallEndKind::Internal, reason::APN_DISALLOWED_ON_ROAMING));
        }
        self.ask_network(family, &apn, now)?;
        let handle = self.chance.address.next() as u32 | 1;
        let address = self.new_address(family);
        let mute = self.calls.mute.is_some();
        self.calls.up.insert(family, Call { owner, apn: apn.clone(), profile, handle, since: now, address, mute });
        self.witness(now, Witness::SessionUp { family, apn });
        self.tell_call(family, None, false);
        self.tell_carrier();
        self.start_statistics(now);
        Ok(handle)
    }

    fn ask_network(&mut self, family: Family, apn: &str, now: Instant) -> Result<(), NoCall> {
        let key = apn.to_ascii_lowercase();
        let network = &self.profile.network;
        let refusal = match (network.refused.get(&key), family) {
            (Some(cause), _) => Some(*cause),
            (None, Family::Ipv4) if !network.ipv4 => Some(51),
            (None, Family::Ipv6) if !network.ipv6 => Some(50),
            (None, _) if network.one_family && !self.calls.up.is_empty() => Some(52),
            _ => None,
        };
        let Some(cause) = refusal else {
            self.calls.refused.remove(&key);
            return Ok(());
        };
        let patience = std::time::Duration::from_millis(THROTTLED_MS);
        let refusals = self.calls.refused.entry(key).or_insert(Refusals { count: 0, last: now });
        if now.since(refusals.last) > patience {
            refusals.count = 0;
        }
        if refusals.count >= THROTTLED_AFTER {
            let throttled = match family {
                Family::Ipv4 => reason::PDN_IPV4_CALL_THROTTLED,
                Family::Ipv6 => reason::PDN_IPV6_CALL_THROTTLED,
            };
            return Err(NoCall::Ended(CallEndKind::Internal, throttled));
        }
        refusals.count += 1;
        refusals.last = now;
        Err(NoCall::Ended(CallEndKind::ThreeGpp, cause))
    }

    /// The modem starts its own session, where that was asked for.
    pub(super) fn autoconnect(&mut self, now: Instant) {
        if self.memory.autoconnect && self.calls.up.is_empty() {
            let profile = self.memory.profiles.default_index();
            let apn = self.memory.profiles.apn(profile);
            // A refusal is tried again at the next attach.
            let _ = self.dial(Dial { owner: Owner::Autoconnect, family: Family::Ipv4, apn, profile }, now);
        }
    }

    /// Another program's session takes the place of all others.
    pub(super) fn foreign_call(&mut self, apn: &str, now: Instant) {
        self.end_calls(Ending::Because(now, CallEndKind::CallManager, reason::CLIENT_END), |_| true);
        let _ = self.dial(Dial { owner: Owner::Foreign, family: Family::Ipv4, apn: apn.into(), profile: 1 }, now);
    }

    /// Ends the sessions that `which` names.
    pub(super) fn end_calls(&mut self, ending: Ending, which: impl Fn(&Call) -> bool) {
        let ended: Vec<Family> =
            self.calls.up.iter().filter(|(_, call)| which(call)).map(|(family, _)| *family).collect();
        let (now, reason) = ending.why();
        for family in &ended {
            let Some(call) = self.calls.up.remove(family) else { continue };
            self.witness(now, Witness::SessionDown { family: *family });
            if reason.is_some() {
                self.calls.last = Some(call.bytes(now));
                self.tell_call(*family, reason.clone(), false);
            }
        }
        if !ended.is_empty() {
            self.tell_carrier();
        }
    }

    /// The sessions stay up and carry nothing.
    pub(super) fn mute(&mut self, until: Renewal) {
        self.calls.up.values_mut().for_each(|call| call.mute = true);
        self.calls.mute = (until > Renewal::Session).then_some(until);
    }

    /// This, and what depends on it, has begun anew: new sessions carry data again, if that was what they lacked.
    pub(super) fn renewed(&mut self, what: Renewal) {
        self.calls.mute = self.calls.mute.filter(|until| *until > what);
    }

    /// Sessions carry data again.
    pub(super) fn unmute(&mut self) {
        self.calls.mute = None;
        self.calls.up.values_mut().for_each(|call| call.mute = false);
    }

    /// Whether the data path carries Ethernet frames.
    #[must_use]
    pub fn frames_ethernet(&self) -> bool {
        self.ethernet
    }

    /// Ends all sessions, and keeps believing in one.
    pub(super) fn ghost(&mut self, now: Instant) {
        self.end_calls(Ending::Because(now, CallEndKind::Internal, reason::NETWORK_INITIATED_TERMINATION), |_| true);
        self.calls.ghost = true;
    }

    /// Whether there was such a session; there is none any more.
    pub(super) fn lay_ghost(&mut self) -> bool {
        std::mem::take(&mut self.calls.ghost)
    }

    /// Tells everybody that the sessions have ended.
    pub(super) fn tell_spurious_end(&mut self) {
        let families: Vec<Family> = self.calls.up.keys().copied().collect();
        for family in families {
            let why = wds::VerboseCallEndReason { kind: CallEndKind::ThreeGpp, reason: 36 };
            self.tell_call(family, Some(why), false);
        }
    }

    /// Tells that settings of the sessions have changed.
    pub(super) fn tell_reconfigured(&mut self, changed: wds::RequestedSettings) {
        let families: Vec<Family> = self.calls.up.keys().copied().collect();
        for family in families {
            self.tell_call(family, None, true);
            let indication = wds::extended_ip_config::Indication { changed: Some(changed), ..Default::default() };
            self.indicate(&indication, |client| client.ip_config && client.family == wire_family(family));
        }
    }

    /// Gives every session another address.
    pub(super) fn change_addresses(&mut self, tell: bool) {
        for family in [Family::Ipv4, Family::Ipv6] {
            let address = self.new_address(family);
            let Some(call) = self.calls.up.get_mut(&family) else { continue };
            call.address = address;
        }
        if tell {
            self.tell_reconfigured(wds::RequestedSettings::IP_ADDRESS | wds::RequestedSettings::GATEWAY);
        }
    }

    /// Bytes of the last session, sent and received.
    pub(super) fn last_call(&self) -> Option<(u64, u64)> {
        self.calls.last
    }

    /// Access points the modem refuses by itself, with the time left.
    pub(super) fn throttled(&self, now: Instant) -> impl Iterator<Item = (&str, u32)> {
        self.calls.refused.iter().filter_map(move |(apn, refusals)| {
            let left = THROTTLED_MS.checked_sub(now.since(refusals.last).as_millis() as u64)?;
            (refusals.count >= THROTTLED_AFTER).then_some((apn.as_str(), left as u32))
        })
    }

    /// Whether a client dials this family just now.
    pub(super) fn dialling(&self, family: Family) -> bool {
        self.waiting.values().any(|frame| {
            let client = self.clients.get(Service::Wds, frame.client);
            frame.key() == wds::start_network::KEY && client.is_some_and(|client| family_of(client.family) == family)
        })
    }

    /// What LTE attached with.
    pub(super) fn attach_apn(&self) -> String {
        match self.memory.profiles.apn(1) {
            apn if apn.is_empty() => self.network().default_apn.clone(),
            apn => apn,
        }
    }

    fn new_address(&mut self, family: Family) -> Address {
        let random = &mut self.chance.address;
        match family {
            // Second of four: network, gateway, us, broadcast.
            Family::Ipv4 => {
                let block = random.below(1 << 20) as u32;
                Address::V4(Ipv4Addr::from_bits(0x0A40_0000 | (block << 2 & 0x003F_FFFC) | 2))
            }
            Family::Ipv6 => {
                let prefix = 0x2001_0DB8_0000_0000_u128 | u128::from(random.below(1 << 32));
                Address::V6(Ipv6Addr::from_bits(prefix << 64 | u128::from(random.next() | 1)))
            }
        }
    }

    fn tell_call(&mut self, family: Family, ended: Option<wds::VerboseCallEndReason>, reconfigure: bool) {
        let status = match ended {
            None => wds::ConnectionStatus::Connected,
            Some(_) => wds::ConnectionStatus::Disconnected,
        };
        let indication = wds::packet_service_status::Indication {
            status: Some(wds::PacketServiceStatus { status, reconfigure }),
            call_end_reason: ended.as_ref().map(short_reason),
            verbose_call_end_reason: ended,
            ip_family: Some(wire_family(family)),
            technology: Some(self.bearer()),
            ..Default::default()
        };
        self.indicate(&indication, |client| family_of(client.family) == family);
    }

    pub(super) fn bearer(&self) -> wds::ExtendedTechnology {
        match self.radio.registration() {
            Registration::Registered { technology, .. } if technology <= super::serving::Technology::Umts => {
                wds::ExtendedTechnology::Umts
            }
            _ => wds::ExtendedTechnology::Epc,
        }
    }

    fn tell_carrier(&mut self) {
        self.outputs.push_back(Output::Carrier(!self.calls.up.is_empty()));
    }
}

impl Call {
    /// Bytes sent and received so far.
    pub(super) fn bytes(&self, now: Instant) -> (u64, u64) {
        let ms = now.since(self.since).as_millis() as u64;
        (ms * TX_RATE / 1000, ms * RX_RATE / 1000)
    }
}

/// The older form of a reason, which has fewer words.
pub(super) fn short_reason(reason: &wds::VerboseCallEndReason) -> wds::CallEndReason {
    use wds::CallEndReason as R;
    match (reason.kind, reason.reason) {
        (CallEndKind::CallManager, 2000) => R::ClientEnd,
        (CallEndKind::CallManager, 2001) => R::NoService,
        (CallEndKind::CallManager, 2002) => R::Fade,
        (CallEndKind::CallManager, 2003) => R::ReleaseNormal,
        (CallEndKind::ThreeGpp, 8) => R::OperatorDeterminedBarring,
        (CallEndKind::ThreeGpp, 26) => R::InsufficientResources,
        (CallEndKind::ThreeGpp, 27) => R::UnknownApn,
        (CallEndKind::ThreeGpp, 28) => R::UnknownPdp,
        (CallEndKind::ThreeGpp, 29) => R::AuthenticationFailed,
        (CallEndKind::ThreeGpp, 32) => R::OptionNotSupported,
        (CallEndKind::ThreeGpp, 33) => R::OptionUnsubscribed,
        (CallEndKind::ThreeGpp, 36) => R::RegularDeactivation,
        (CallEndKind::ThreeGpp, 38) => R::NetworkFailure,
        (CallEndKind::ThreeGpp, 39) => R::ReattachRequired,
        _ => R::Unspecified,
    }
}
