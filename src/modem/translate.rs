//! QMI's numbers ⇄ our nouns. Total in both directions: what we have no noun for becomes the most careful one.

use std::net::Ipv4Addr;

use crate::model::defect::{Defect, planted};
use crate::model::{
    AccessTechnologies, AccessTechnology, Authentication, CallEnd, Iccid, Imsi, IpFamily, OperatingMode, Plmn,
    Registration, SessionState, SimState,
};
use crate::qmi::{dms, nas, uim, wds};

const MODES: [(AccessTechnology, nas::ModePreference); 7] = [
    (AccessTechnology::Cdma1x, nas::ModePreference::CDMA_1X),
    (AccessTechnology::Cdma1xEvdo, nas::ModePreference::CDMA_1X_EVDO),
    (AccessTechnology::Gsm, nas::ModePreference::GSM),
    (AccessTechnology::Umts, nas::ModePreference::UMTS),
    (AccessTechnology::Lte, nas::ModePreference::LTE),
    (AccessTechnology::TdScdma, nas::ModePreference::TD_SCDMA),
    (AccessTechnology::Nr5g, nas::ModePreference::NR5G),
];

pub(super) fn mode_preference(set: AccessTechnologies) -> nas::ModePreference {
    MODES.into_iter().filter(|(technology, _)| set.contains(*technology)).map(|(_, bit)| bit).collect()
}

pub(super) fn technologies(mask: nas::ModePreference) -> AccessTechnologies {
    MODES.into_iter().filter(|(_, bit)| mask.contains(*bit)).map(|(technology, _)| technology).collect()
}

/// DMS numbers radio interfaces in its own way: 5G is 10 there and 12 in NAS.
pub(super) fn supported(interfaces: &[dms::RadioInterface]) -> AccessTechnologies {
    let one = |interface: &dms::RadioInterface| match interface {
        dms::RadioInterface::Cdma1x => Some(AccessTechnology::Cdma1x),
        dms::RadioInterface::Evdo => Some(AccessTechnology::Cdma1xEvdo),
        dms::RadioInterface::Gsm => Some(AccessTechnology::Gsm),
        dms::RadioInterface::Umts => Some(AccessTechnology::Umts),
        dms::RadioInterface::Lte => Some(AccessTechnology::Lte),
        dms::RadioInterface::TdScdma => Some(AccessTechnology::TdScdma),
        dms::RadioInterface::Nr5g => Some(AccessTechnology::Nr5g),
        _ => None,
    };
    interfaces.iter().filter_map(one).collect()
}

pub(super) fn in_use(interfaces: &[nas::RadioInterface]) -> AccessTechnologies {
    let one = |interface: &nas::RadioInterface| match interface {
        nas::RadioInterface::Cdma1x => Some(AccessTechnology::Cdma1x),
        nas::RadioInterface::Cdma1xEvdo => Some(AccessTechnology::Cdma1xEvdo),
        nas::RadioInterface::Gsm => Some(AccessTechnology::Gsm),
        nas::RadioInterface::Umts => Some(AccessTechnology::Umts),
        nas::RadioInterface::Lte => Some(AccessTechnology::Lte),
        nas::RadioInterface::TdScdma => Some(AccessTechnology::TdScdma),
        nas::RadioInterface::Nr5g => Some(AccessTechnology::Nr5g),
        _ => None,
    };
    interfaces.iter().filter_map(one).collect()
}

pub(super) fn operating_mode(mode: dms::OperatingMode) -> OperatingMode {
    match mode {
        dms::OperatingMode::Online => OperatingMode::Online,
        dms::OperatingMode::LowPower | dms::OperatingMode::ModeOnlyLowPower => OperatingMode::LowPower,
        dms::OperatingMode::PersistentLowPower => OperatingMode::PersistentLowPower,
        dms::OperatingMode::Offline => OperatingMode::Offline,
        dms::OperatingMode::Reset | dms::OperatingMode::ShuttingDown => OperatingMode::Leaving,
        dms::OperatingMode::FactoryTest | dms::OperatingMode::Unspecified | dms::OperatingMode::Unknown(_) => {
            OperatingMode::Other
        }
    }
}

/// The mode to ask for.
pub(super) fn operating_mode_request(mode: OperatingMode) -> dms::OperatingMode {
    match mode {
        OperatingMode::Online | OperatingMode::Other => dms::OperatingMode::Online,
        OperatingMode::LowPower => dms::OperatingMode::LowPower,
        OperatingMode::PersistentLowPower => dms::OperatingMode::PersistentLowPower,
        OperatingMode::Offline => dms::OperatingMode::Offline,
        OperatingMode::Leaving => dms::OperatingMode::Reset,
    }
}

pub(super) fn registration(state: nas::RegistrationState, roaming: Option<nas::RoamingIndicator>) -> Registration {
    let roaming = match roaming {
        Some(nas::RoamingIndicator::Roaming) if planted(Defect::RoamingPolarity) => Some(nas::RoamingIndicator::Home),
        Some(nas::RoamingIndicator::Home) if planted(Defect::RoamingPolarity) => Some(nas::RoamingIndicator::Roaming),
        said => said,
    };
    match state {
        // The indicator's polarity: 0 means roaming. Absent means home, as firmware leaves it out there.
        nas::RegistrationState::Registered if roaming == Some(nas::RoamingIndicator::Roaming) => Registration::Roaming,
        nas::RegistrationState::Registered => Registration::Home,
        nas::RegistrationState::NotRegisteredSearching => Registration::Searching,
        nas::RegistrationState::RegistrationDenied => Registration::Denied(None),
        nas::RegistrationState::NotRegistered => Registration::NotRegistered,
        _ => Registration::Unknown,
    }
}

pub(super) fn plmn(named: &nas::NamedPlmn, digits: Option<&crate::qmi::plmn::ExactPlmn>) -> Option<Plmn> {
    let exact = digits.filter(|d| d.mcc == named.mcc && d.mnc == named.mnc);
    let three_digit_mnc = exact.map_or(named.mnc > 99, |d| d.three_digits);
    (named.mcc != 0).then_some(Plmn { mcc: named.mcc, mnc: named.mnc, three_digit_mnc })
}

pub(super) fn session(status: wds::ConnectionStatus, cause: Option<CallEnd>) -> Option<SessionState> {
    match status {
        wds::ConnectionStatus::Connected => Some(SessionState::Connected),
        wds::ConnectionStatus::Suspended => Some(SessionState::Suspended),
        wds::ConnectionStatus::Authenticating => Some(SessionState::Connecting),
        wds::ConnectionStatus::Disconnected => Some(SessionState::Disconnected(cause)),
        _ => None,
    }
}

pub(super) fn ip_family(family: IpFamily) -> wds::IpFamily {
    match family {
        IpFamily::Ipv4 => wds::IpFamily::Ipv4,
        IpFamily::Ipv6 => wds::IpFamily::Ipv6,
    }
}

pub(super) fn authentication(method: Authentication) -> wds::Authentication {
    match method {
        Authentication::None => wds::Authentication::default(),
        Authentication::Pap => wds::Authentication::PAP,
        Authentication::Chap => wds::Authentication::CHAP,
    }
}

/// Prefix length of a mask; a mask with holes counts up to its first hole.
pub(super) fn prefix(mask: Ipv4Addr) -> u8 {
    u32::from(mask).leading_ones() as u8
}

pub(super) fn sim(status: &uim::CardStatus) -> SimState {
    // An empty list soon after power-on means "not read yet", not "no card".
    let Some(first) = status.cards.first() else { return SimState::Starting };
    let (card, application) = match status.application(status.gw_primary) {
        Some((card, application)) => (card, Some(application)),
        None => (status.cards.iter().find(|c| c.state == uim::CardState::Present).unwrap_or(first), None),
    };
    match (card.state, application) {
        (uim::CardState::Absent, _) => SimState::Absent,
        (uim::CardState::Error, _) => SimState::Error,
        (_, None) => SimState::Starting,
        (_, Some(application)) => self::application(card, application),
    }
}

fn application(card: &uim::Card, application: &uim::CardApplication) -> SimState {
    let universal = application.upin_replaces_pin1;
    let tries = if universal { card.upin_retries } else { application.pin1_retries };
    let unblocks = if universal { card.upuk_retries } else { application.puk1_retries };
    match application.state {
        uim::ApplicationState::Ready => SimState::Ready,
        uim::ApplicationState::PinRequired => SimState::PinRequired { tries_left: tries },
        uim::ApplicationState::PukRequired => SimState::PukRequired { tries_left: unblocks },
        uim::ApplicationState::Pin1Blocked | uim::ApplicationState::Illegal => SimState::Blocked,
        _ => SimState::Starting,
    }
}

/// EF ICCID (ETSI TS 102 221 clause 13.2): swapped BCD, padded with F.
pub(super) fn iccid(bytes: &[u8]) -> Option<Iccid> {
    Iccid::parse(&swapped_digits(bytes)).ok()
}

/// EF IMSI (3GPP TS 31.102 clause 4.2.2): length, then swapped BCD whose first nibble is a parity mark.
pub(super) fn imsi(bytes: &[u8]) -> Option<Imsi> {
    let (length, rest) = bytes.split_first()?;
    let digits = swapped_digits(rest.get(..usize::from(*length))?);
    Imsi::parse(digits.get(1..)?).ok()
}

fn swapped_digits(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|b| [b & 0x0F, b >> 4]);
    nibbles.take_while(|n| *n <= 9).map(|n| char::from(b'0' + n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_lose_their_filler() {
        let nineteen = [0x98, 0x37, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2];
        assert_eq!(iccid(&nineteen).unwrap().as_str(), "8973601123456789012");
        let twenty = [0x64, 0x73, 0x03, 0x04, 0x00, 0x00, 0x10, 0x52, 0x70, 0x20];
        assert_eq!(iccid(&twenty).unwrap().as_str(), "46373040000001250702");
        assert_eq!(iccid(&[0xFF; 10]), None);
        assert_eq!(iccid(&[0x98]), None);
    }

    #[test]
    fn a_subscriber_is_read_after_its_parity_mark() {
        let file = [0x08, 0x39, 0x01, 0x14, 0x10, 0x32, 0x54, 0x76, 0x98];
        assert_eq!(imsi(&file).unwrap().as_str(), "310410123456789");
        assert_eq!(imsi(&[0x08, 0x39]), None, "shorter than it says");
        assert_eq!(imsi(&[]), None);
    }

    #[test]
    fn every_set_of_technologies_survives_the_mask() {
        for bits in 0..128_u16 {
            let mask = nas::ModePreference(bits);
            assert_eq!(mode_preference(technologies(mask)), mask);
        }
    }
}
