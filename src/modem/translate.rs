//! QMI's numbers ⇄ our nouns. Total in both directions: what we have no noun for becomes the most careful one.

use std::net::Ipv4Addr;

use crate::model::defect::{Defect, planted};
use crate::model::{
    AccessTechnologies, AccessTechnology, Authentication, BandSet, CallEnd, DataFormat, Framing, IpFamily,
    NetworkSelection, OperatingMode, Plmn, RadioPreference, Registration, SessionState,
};
use crate::qmi::bands::{ExtendedLteBands, LteBands, NrBands};
use crate::qmi::plmn::ExactPlmn;
use crate::qmi::{dms, nas, wda, wds};

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

pub(super) const fn link_protocol(framing: Framing) -> wda::LinkProtocol {
    match framing {
        Framing::RawIp => wda::LinkProtocol::RawIp,
        Framing::Ethernet => wda::LinkProtocol::Ieee8023,
    }
}

pub(super) const fn data_format(protocol: Option<wda::LinkProtocol>) -> DataFormat {
    match protocol {
        Some(wda::LinkProtocol::RawIp) => DataFormat::Framed(Framing::RawIp),
        Some(wda::LinkProtocol::Ieee8023) => DataFormat::Framed(Framing::Ethernet),
        _ => DataFormat::Fixed,
    }
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
        // The indicator's polarity: 0 means roaming. Absent means home, as firmware leaves it out there. A value that nobody
        // knows may be another shade of roaming, and cost money.
        nas::RegistrationState::Registered if matches!(roaming, None | Some(nas::RoamingIndicator::Home)) => {
            Registration::Home
        }
        nas::RegistrationState::Registered => Registration::Roaming,
        nas::RegistrationState::NotRegisteredSearching => Registration::Searching,
        nas::RegistrationState::RegistrationDenied => Registration::Denied(None),
        nas::RegistrationState::NotRegistered => Registration::NotRegistered,
        _ => Registration::Unknown,
    }
}

pub(super) fn plmn(named: &nas::NamedPlmn, digits: Option<&ExactPlmn>) -> Option<Plmn> {
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

/// Why a session ended, out of the two forms in which a modem may say it. The older one has numbers of its own, which
/// mean the same as numbers of the newer; one that does not is kept as kind 0.
pub(super) fn call_end(
    verbose: Option<wds::VerboseCallEndReason>,
    short: Option<wds::CallEndReason>,
) -> Option<CallEnd> {
    use wds::CallEndReason as R;
    if let Some(reason) = verbose {
        return Some(CallEnd { kind: reason.kind.into(), reason: reason.reason });
    }
    Some(match short? {
        R::ClientEnd => CallEnd::call_manager(2000),
        R::NoService => CallEnd::call_manager(2001),
        R::Fade => CallEnd::call_manager(2002),
        R::ReleaseNormal => CallEnd::call_manager(2003),
        R::AccessAttemptInProgress => CallEnd::call_manager(2004),
        R::AccessFailure => CallEnd::call_manager(2005),
        R::RedirectionOrHandoff => CallEnd::call_manager(2006),
        R::CloseInProgress => CallEnd::internal(205),
        R::AuthenticationFailed => CallEnd::ppp(2),
        R::InternalError => CallEnd::internal(201),
        R::LlcSndcpFailure => CallEnd::of_3gpp(25),
        R::InsufficientResources => CallEnd::of_3gpp(26),
        R::OptionTemporarilyOutOfOrder => CallEnd::of_3gpp(34),
        R::NsapiAlreadyUsed => CallEnd::of_3gpp(35),
        R::RegularDeactivation => CallEnd::of_3gpp(36),
        R::NetworkFailure => CallEnd::of_3gpp(38),
        R::ReattachRequired => CallEnd::of_3gpp(39),
        R::ProtocolError => CallEnd::of_3gpp(111),
        R::OperatorDeterminedBarring => CallEnd::of_3gpp(8),
        R::UnknownApn => CallEnd::of_3gpp(27),
        R::UnknownPdp => CallEnd::of_3gpp(28),
        R::GgsnReject => CallEnd::of_3gpp(30),
        R::ActivationReject => CallEnd::of_3gpp(31),
        R::OptionNotSupported => CallEnd::of_3gpp(32),
        R::OptionUnsubscribed => CallEnd::of_3gpp(33),
        R::QosNotAccepted => CallEnd::of_3gpp(37),
        R::FeatureNotSupported => CallEnd::of_3gpp(40),
        R::ApnTypeConflict => CallEnd::of_3gpp(112),
        other => CallEnd { kind: 0, reason: i16::from_le_bytes(u16::from(other).to_le_bytes()) },
    })
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

/// The preference that a modem tells. What it leaves out it does not have.
pub(super) fn radio_preference(said: &nas::get_system_selection_preference::Response) -> RadioPreference {
    let lte = match (&said.extended_lte_bands, &said.lte_bands) {
        (Some(extended), _) => Some(extended.iter().collect()),
        (None, short) => short.as_ref().map(|short| short.iter().collect()),
    };
    let nr = |bands: &Option<NrBands>| bands.as_ref().map(|bands| bands.iter().collect());
    RadioPreference {
        technologies: said.mode_preference.map(technologies),
        lte_bands: lte,
        nr5g_sa_bands: nr(&said.nr5g_sa_bands),
        nr5g_nsa_bands: nr(&said.nr5g_nsa_bands),
        network: said.network_selection.and_then(|mode| match (mode, &said.manual_network) {
            (nas::SelectionMode::Automatic, _) => Some(NetworkSelection::Automatic),
            (nas::SelectionMode::Manual, Some(ExactPlmn { mcc, mnc, three_digits })) if *mcc != 0 => {
                Some(NetworkSelection::Manual(Plmn { mcc: *mcc, mnc: *mnc, three_digit_mnc: *three_digits }))
            }
            (nas::SelectionMode::Manual, _) => Some(NetworkSelection::ManualUnnamed),
            (nas::SelectionMode::Unknown(_), _) => None,
        }),
    }
}

/// The request that writes these settings and no others. `extended`: the modem takes LTE bands in the wide form.
pub(super) fn selection_request(
    change: &RadioPreference,
    extended: bool,
) -> nas::set_system_selection_preference::Request {
    let lte = change.lte_bands.as_ref();
    let nr = |bands: &Option<BandSet>| bands.as_ref().map(|bands| bands.iter().collect::<NrBands>());
    let manual = match change.network {
        Some(NetworkSelection::Manual(plmn)) => Some(plmn),
        Some(NetworkSelection::Automatic | NetworkSelection::ManualUnnamed) | None => None,
    };
    nas::set_system_selection_preference::Request {
        mode_preference: change.technologies.map(mode_preference).filter(|mask| !mask.is_empty()),
        lte_bands: lte.filter(|_| !extended).map(|bands| bands.iter().collect::<LteBands>()),
        extended_lte_bands: lte.filter(|_| extended).map(|bands| bands.iter().collect::<ExtendedLteBands>()),
        nr5g_sa_bands: nr(&change.nr5g_sa_bands),
        nr5g_nsa_bands: nr(&change.nr5g_nsa_bands),
        network_selection: change.network.map(|_| nas::NetworkSelection {
            mode: if manual.is_some() { nas::SelectionMode::Manual } else { nas::SelectionMode::Automatic },
            mcc: manual.map_or(0, |plmn| plmn.mcc),
            mnc: manual.map_or(0, |plmn| plmn.mnc),
        }),
        three_digit_mnc: manual.map(|plmn| plmn.three_digit_mnc),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_9_both_forms_of_a_reason_are_understood_and_the_longer_one_counts() {
        let verbose = |kind: u16, reason| Some(wds::VerboseCallEndReason { kind: kind.into(), reason });
        let said = |verbose, short: Option<u16>| call_end(verbose, short.map(Into::into)).map(|c| c.to_string());
        assert_eq!(said(verbose(6, 33), Some(1)).as_deref(), Some("3gpp 33 (service option not subscribed)"));
        assert_eq!(said(verbose(0x55, 7), None).as_deref(), Some("type 85 reason 7"));
        assert_eq!(said(None, Some(1018)).as_deref(), Some("3gpp 33 (service option not subscribed)"));
        assert_eq!(said(None, Some(2)).as_deref(), Some("cm 2000 (ended by a client)"));
        assert_eq!(said(None, Some(1)).as_deref(), Some("type 0 reason 1"));
        assert_eq!(said(None, None), None);
    }

    #[test]
    fn every_set_of_technologies_survives_the_mask() {
        for bits in 0..128_u16 {
            let mask = nas::ModePreference(bits);
            assert_eq!(mode_preference(technologies(mask)), mask);
        }
    }

    #[test]
    fn rat_4_no_choice_of_technologies_makes_a_zero_mask() {
        for asked in 1..128_u16 {
            let asked = technologies(nas::ModePreference(asked));
            for supports in 0..128_u16 {
                let supports = technologies(nas::ModePreference(supports));
                let possible = if supports.is_empty() { asked } else { asked.intersection(supports) };
                let change = RadioPreference { technologies: Some(possible), ..Default::default() };
                let mask = selection_request(&change, true).mode_preference;
                assert_eq!(mask.is_none(), possible.is_empty(), "{asked:?} on {supports:?}");
                assert!(mask.is_none_or(|mask| mask.0 != 0));
            }
        }
    }

    #[test]
    fn a_preference_is_read_as_it_is_written() {
        let plmn = Plmn { mcc: 310, mnc: 26, three_digit_mnc: true };
        for (network, extended) in [(NetworkSelection::Manual(plmn), true), (NetworkSelection::Automatic, false)] {
            let bands: BandSet = if extended { [3, 20, 71] } else { [3, 20, 28] }.into_iter().collect();
            let written = RadioPreference {
                technologies: Some(AccessTechnologies::NONE.with(AccessTechnology::Lte)),
                lte_bands: Some(bands),
                nr5g_sa_bands: Some([78].into_iter().collect()),
                nr5g_nsa_bands: Some([1, 257].into_iter().collect()),
                network: Some(network),
            };
            let request = selection_request(&written, extended);
            assert_eq!((request.lte_bands.is_none(), request.extended_lte_bands.is_none()), (extended, !extended));
            let said = nas::get_system_selection_preference::Response {
                mode_preference: request.mode_preference,
                lte_bands: request.lte_bands,
                extended_lte_bands: request.extended_lte_bands,
                nr5g_sa_bands: request.nr5g_sa_bands,
                nr5g_nsa_bands: request.nr5g_nsa_bands,
                network_selection: request.network_selection.as_ref().map(|selection| selection.mode),
                manual_network: request.three_digit_mnc.map(|three_digits| ExactPlmn {
                    mcc: plmn.mcc,
                    mnc: plmn.mnc,
                    three_digits,
                }),
                ..Default::default()
            };
            assert_eq!(radio_preference(&said), written);
        }
    }
}
