//! What the modem says of the network that serves it: serving system, system info, signal.

use super::SimModem;
use super::radio::Registration;
use crate::model::{Instant, Plmn};
use crate::qmi::nas::{self, RadioInterface, ServiceStatus};
use crate::qmi::plmn::{AsciiPlmn, Digits, ExactPlmn};
use crate::sim::profile::digits;

/// The technology in use, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Technology {
    Gsm,
    Umts,
    Lte,
    /// LTE with a 5G cell beside it.
    LteAndNr,
    Nr,
}

impl Technology {
    pub(super) fn interfaces(self) -> Vec<RadioInterface> {
        match self {
            Self::Gsm => vec![RadioInterface::Gsm],
            Self::Umts => vec![RadioInterface::Umts],
            Self::Lte => vec![RadioInterface::Lte],
            Self::LteAndNr => vec![RadioInterface::Lte, RadioInterface::Nr5g],
            Self::Nr => vec![RadioInterface::Nr5g],
        }
    }

    fn capability(self) -> nas::DataCapability {
        match self {
            Self::Gsm => nas::DataCapability::Edge,
            Self::Umts => nas::DataCapability::HsdpaPlus,
            Self::Lte | Self::LteAndNr | Self::Nr => nas::DataCapability::Lte,
        }
    }
}

/// Area of the simulated network.
pub(super) const TAC: u16 = 0x1A2B;

impl SimModem {
    pub(super) fn serving_system(&self) -> nas::get_serving_system::Response {
        let serving_system = Some(self.registration_in_short());
        let basic = nas::get_serving_system::Response { serving_system, ..Default::default() };
        let Registration::Registered { technology, roaming, plmn, attached } = self.radio.registration() else {
            return basic;
        };
        let indicator = if roaming { nas::RoamingIndicator::Roaming } else { nas::RoamingIndicator::Home };
        let interfaces = technology.interfaces();
        let radio_roaming = |radio_interface| nas::RadioRoaming { radio_interface, roaming: indicator };
        nas::get_serving_system::Response {
            roaming: Some(indicator),
            data_capabilities: Some(vec![technology.capability()]),
            // The name and the number come with the first system information, a moment after registration.
            current_plmn: attached.then(|| named(plmn)),
            roaming_list: Some(interfaces.into_iter().map(radio_roaming).collect()),
            default_roaming: Some(nas::RoamingIndicator::Home),
            lac: Some(0xFFFE),
            cid: Some(self.network().cell),
            detailed_status: Some(nas::DetailedStatus {
                status: ServiceStatus::Available,
                capability: nas::ServiceDomain::CsPs,
                ..nas::DetailedStatus::default()
            }),
            time_zone: attached.then_some(self.network().zone_quarters),
            daylight_saving: attached.then_some(self.network().daylight_hours),
            lte_tac: attached.then_some(TAC),
            plmn_digits: attached.then(|| exact(plmn)),
            ..basic
        }
    }

    fn registration_in_short(&self) -> nas::ServingSystem {
        use nas::{AttachState as A, RegistrationState as R};
        let (registration, cs_attach, ps_attach, radio_interfaces) = match self.radio.registration() {
            Registration::Off => (R::NotRegistered, A::Detached, A::Detached, vec![RadioInterface::None]),
            Registration::Searching => (R::NotRegisteredSearching, A::Detached, A::Detached, Vec::new()),
            Registration::Denied(_) => (R::RegistrationDenied, A::Detached, A::Detached, Vec::new()),
            Registration::Registered { technology, attached: ps, .. } => {
                let attached = |is| if is { A::Attached } else { A::Detached };
                (R::Registered, attached(self.network().circuit), attached(ps), technology.interfaces())
            }
        };
        nas::ServingSystem { registration, cs_attach, ps_attach, network: nas::NetworkType::ThreeGpp, radio_interfaces }
    }

    pub(super) fn tell_serving(&mut self, now: Instant) {
        let full = self.serving_system();
        let indication = nas::serving_system::Indication {
            serving_system: full.serving_system,
            roaming: full.roaming,
            data_capabilities: full.data_capabilities,
            current_plmn: full.current_plmn,
            roaming_list: full.roaming_list,
            default_roaming: full.default_roaming,
            time_zone: full.time_zone,
            daylight_saving: full.daylight_saving,
            lac: full.lac,
            cid: full.cid,
            detailed_status: full.detailed_status,
            lte_tac: full.lte_tac,
            plmn_digits: full.plmn_digits,
            ..Default::default()
        };
        self.indicate(&indication, |client| client.serving_system);
        let system = self.system_info();
        let indication = nas::system_info::Indication {
            gsm_service: system.gsm_service,
            wcdma_service: system.wcdma_service,
            lte_service: system.lte_service,
            gsm_system: system.gsm_system,
            wcdma_system: system.wcdma_system,
            lte_system: system.lte_system,
            nr5g_service: system.nr5g_service,
            nr5g_system: system.nr5g_system,
            endc_available: system.endc_available,
            ..Default::default()
        };
        self.indicate(&indication, |client| client.system_info);
        self.tell_signal(now);
    }

    pub(super) fn tell_reject(&mut self, cause: u16) {
        let indication = nas::network_reject::Indication {
            radio_interface: Some(RadioInterface::Lte),
            domain: Some(nas::ServiceDomain::CsPs),
            cause: Some((cause as u8).into()),
            ..Default::default()
        };
        self.indicate(&indication, |client| client.network_reject);
    }

    pub(super) fn system_info(&self) -> nas::get_system_info::Response {
        use Technology as T;
        let registration = self.radio.registration();
        let technology = match registration {
            Registration::Registered { technology, .. } => Some(technology),
            Registration::Denied(_) | Registration::Searching => Some(T::Lte),
            Registration::Off => None,
        };
        let common = self.common_system();
        let status = |serves: bool| {
            let status = match registration {
                _ if !serves => ServiceStatus::None,
                Registration::Registered { .. } => ServiceStatus::Available,
                Registration::Denied(_) => ServiceStatus::Limited,
                Registration::Searching | Registration::Off => ServiceStatus::None,
            };
            Some(nas::RadioService { status, true_status: status, preferred_data_path: serves })
        };
        let supports = |mode| self.personality.technologies.contains(mode);
        let on = |technologies: &[T]| technology.is_some_and(|technology| technologies.contains(&technology));
        let has_nr = supports(nas::ModePreference::NR5G);
        let lte_on = on(&[T::Lte, T::LteAndNr]);
        let nr_on = on(&[T::Nr]);
        nas::get_system_info::Response {
            gsm_service: supports(nas::ModePreference::GSM).then(|| status(on(&[T::Gsm]))).flatten(),
            wcdma_service: supports(nas::ModePreference::UMTS).then(|| status(on(&[T::Umts]))).flatten(),
            lte_service: status(lte_on),
            gsm_system: on(&[T::Gsm]).then(|| nas::GsmSystem { common: common.clone(), ..nas::GsmSystem::default() }),
            wcdma_system: on(&[T::Umts])
                .then(|| nas::WcdmaSystem { common: common.clone(), ..nas::WcdmaSystem::default() }),
            lte_system: lte_on.then(|| nas::LteSystem { common: common.clone(), tac: Some(TAC) }),
            nr5g_service: has_nr.then(|| status(nr_on)).flatten(),
            nr5g_system: nr_on.then(|| nas::NrSystem { common: common.clone(), tac: None }),
            endc_available: has_nr.then_some(on(&[T::LteAndNr])),
            nr5g_tac: nr_on.then_some(0x00_1A2B),
            ims_voice_support: Some(false),
            lte_geo_index: lte_on.then_some(0xFFFF),
            registration_restriction: Some(nas::RegistrationRestriction::Unrestricted),
            sim_reject: Some(self.network().sim_reject.into()),
            ..Default::default()
        }
    }

    fn common_system(&self) -> nas::SystemInfo {
        let none = nas::SystemInfo { domain: Some(nas::ServiceDomain::None), ..nas::SystemInfo::default() };
        match self.radio.registration() {
            Registration::Registered { roaming, plmn, attached, .. } => {
                let domain = if attached { nas::ServiceDomain::CsPs } else { nas::ServiceDomain::Cs };
                nas::SystemInfo {
                    domain: Some(domain),
                    capability: Some(nas::ServiceDomain::CsPs),
                    roaming: Some(if roaming { nas::RoamingStatus::Roaming } else { nas::RoamingStatus::Home }),
                    forbidden: Some(false),
                    lac: Some(0xFFFE),
                    cid: Some(self.network().cell),
                    reject: None,
                    network: Some(ascii(plmn)),
                }
            }
            Registration::Denied(cause) => nas::SystemInfo {
                domain: Some(nas::ServiceDomain::Camped),
                capability: Some(nas::ServiceDomain::CsPs),
                forbidden: Some(true),
                reject: Some(nas::Reject { domain: nas::ServiceDomain::CsPs, cause: (cause as u8).into() }),
                network: Some(ascii(self.network().visited)),
                ..nas::SystemInfo::default()
            },
            Registration::Searching | Registration::Off => none,
        }
    }
}

pub(super) fn exact(plmn: Plmn) -> ExactPlmn {
    ExactPlmn { mcc: plmn.mcc, mnc: plmn.mnc, three_digits: plmn.three_digit_mnc }
}

fn ascii(plmn: Plmn) -> AsciiPlmn {
    let (mcc, mnc) = digits(plmn);
    AsciiPlmn { mcc: Digits::new(&mcc), mnc: Digits::new(&mnc) }
}

pub(super) fn named(plmn: Plmn) -> nas::NamedPlmn {
    nas::NamedPlmn { mcc: plmn.mcc, mnc: plmn.mnc, name: name_of(plmn) }
}

/// What the simulated networks call themselves.
pub(super) fn name_of(plmn: Plmn) -> String {
    let (mcc, mnc) = digits(plmn);
    format!("Test {mcc}-{mnc}")
}
