//! NAS: registration, selection, scans, signal, cells.

use super::SimModem;
use super::answer::{dispatch, need, no};
use super::dms::{LTE_BANDS, NR_BANDS};
use super::radio::{Preference, Registration};
use super::serving::{Technology, exact, name_of, named};
use crate::model::{Instant, Plmn};
use crate::qmi::ProtocolError as E;
use crate::qmi::bands::{ExtendedLteBands, LteBands, NrBands};
use crate::qmi::nas::{self, ModePreference, RadioInterface};
use crate::qmi::{Answer, Frame, Service};

impl SimModem {
    pub(super) fn nas(&mut self, frame: &Frame, now: Instant) -> Frame {
        dispatch! { frame;
            nas::reset |_| {
                self.clients.with(Service::Nas, frame.client, |client| *client = Default::default());
                Ok(Response::default())
            },
            nas::abort |ask| {
                let transaction = need(ask.transaction)?;
                self.abort(Service::Nas, frame.client, transaction).map_err(no)?;
                Ok(Response::default())
            },
            nas::set_event_report |_| Ok(Response::default()),
            nas::register_indications |ask| {
                self.clients.with(Service::Nas, frame.client, |client| {
                    client.serving_system = ask.serving_system.unwrap_or(client.serving_system);
                    client.system_info = ask.system_info.unwrap_or(client.system_info);
                    client.signal_info = ask.signal_info.unwrap_or(client.signal_info);
                    client.plmn_name = ask.current_plmn_name.unwrap_or(client.plmn_name);
                    client.network_time = ask.network_time.unwrap_or(client.network_time);
                    client.network_reject = ask.network_reject.map_or(client.network_reject, |asked| asked.report);
                });
                Ok(Response::default())
            },
            nas::get_signal_strength |_| self.signal_strength(now),
            nas::network_scan |_| self.scanned(),
            nas::initiate_network_register |ask| {
                let manual = match need(ask.action)? {
                    nas::RegisterAction::Manual => {
                        let network = need(ask.network)?;
                        let three_digit_mnc = ask.three_digit_mnc == Some(true);
                        Some(Plmn { mcc: network.mcc, mnc: network.mnc, three_digit_mnc })
                    }
                    nas::RegisterAction::Automatic if self.radio.technology().is_some()
                        && self.memory.radio.preference.manual.is_none() => return Err(no(E::NoEffect)),
                    _ => None,
                };
                let preference = Preference { manual, ..self.memory.radio.preference.clone() };
                self.prefer(preference, true, now);
                Ok(Response::default())
            },
            nas::attach_detach |ask| {
                self.attach(need(ask.action)? == nas::PsAction::Attach, now);
                Ok(Response::default())
            },
            nas::get_serving_system |_| Ok(self.serving_system()),
            nas::get_home_network |_| {
                let card = self.ready_card().ok_or_else(|| no(E::NotProvisioned))?;
                let mut home_network = named(card.home);
                home_network.name.clone_from(&card.provider_name);
                let three_digits = card.home.three_digit_mnc;
                Ok(Response {
                    home_network: Some(home_network),
                    mnc_digits: Some(nas::HomeMncDigits { is_3gpp: true, three_digits }),
                    ..Default::default()
                })
            },
            nas::get_preferred_networks |_| Ok(Response { networks: Some(Vec::new()), ..Default::default() }),
            nas::get_technology_preference |_| {
                let technologies = nas::Technologies::default();
                let duration = nas::PreferenceDuration::Permanent;
                let active = nas::TechnologyPreference { technologies, duration };
                Ok(Response { active: Some(active), ..Default::default() })
            },
            nas::get_rf_band_information |_| self.bands(),
            nas::set_system_selection_preference |ask| self.select(ask, now),
            nas::get_system_selection_preference |_| Ok(self.selection()),
            nas::get_operator_name |_| self.operator_names(),
            nas::get_network_time |_| self.network_time(now),
            nas::get_cell_location_info |_| self.cell(now),
            nas::get_plmn_name |ask| {
                let plmn = need(ask.plmn)?;
                let three_digit_mnc = ask.three_digit_mnc == Some(true);
                let name = name_of(Plmn { mcc: plmn.mcc, mnc: plmn.mnc, three_digit_mnc }).into_bytes();
                let ascii = nas::DescriptionEncoding::Ascii7;
                let name = nas::EonsName {
                    short_encoding: ascii,
                    short: name.clone(),
                    long_encoding: ascii,
                    long: name,
                    ..nas::EonsName::default()
                };
                Ok(Response { name: Some(name), ..Default::default() })
            },
            nas::get_system_info |_| Ok(self.system_info()),
            nas::get_signal_info |_| match self.personality.signal_info {
                true => Ok(Response { signal: self.signal(now), ..Default::default() }),
                false => Err(no(E::InvalidQmiCommand)),
            },
            nas::config_signal_info |_| Ok(Response::default()),
            nas::config_signal_info_v2 |_| Ok(Response::default()),
            nas::force_network_search |_| {
                if matches!(self.radio.registration(), Registration::Searching | Registration::Denied(_)) {
                    self.reregister(now);
                }
                Ok(Response::default())
            },
            nas::incremental_network_scan |_| {
                let networks = self.in_sight();
                let scanned = |(plmn, status): (Plmn, nas::NetworkStatus)| nas::IncrementalNetwork {
                    mcc: plmn.mcc,
                    mnc: plmn.mnc,
                    status,
                    radio_interface: RadioInterface::Lte,
                    three_digits: plmn.three_digit_mnc,
                    name: name_of(plmn),
                };
                let result = nas::incremental_network_scan_result::Indication {
                    status: Some(nas::IncrementalScanStatus::Complete),
                    networks: Some(networks.into_iter().map(scanned).collect()),
                    ..Default::default()
                };
                self.send(crate::qmi::Indication::frame(&result, frame.client));
                Ok(Response::default())
            },
            nas::get_lte_cphy_ca_info |_| {
                let pcell = nas::Carrier {
                    pci: 101,
                    channel: 1_300,
                    bandwidth: nas::Bandwidth::Lte20,
                    band: nas::ActiveBand::from_lte(3).unwrap_or_default(),
                };
                match self.radio.technology() {
                    Some(Technology::Lte | Technology::LteAndNr) => {
                        Ok(Response { pcell: Some(pcell), ..Default::default() })
                    }
                    _ => Err(no(E::InformationUnavailable)),
                }
            },
        }
    }

    fn scanned(&self) -> Answer<nas::network_scan::Response> {
        let networks = self.in_sight();
        let one = |(plmn, status): &(Plmn, nas::NetworkStatus)| nas::ScannedNetwork {
            mcc: plmn.mcc,
            mnc: plmn.mnc,
            status: *status,
            name: name_of(*plmn),
        };
        let radio = |(plmn, _): &(Plmn, nas::NetworkStatus)| nas::ScannedRadio {
            mcc: plmn.mcc,
            mnc: plmn.mnc,
            radio_interface: RadioInterface::Lte,
        };
        Ok(nas::network_scan::Response {
            networks: Some(networks.iter().map(one).collect()),
            radio_interfaces: Some(networks.iter().map(radio).collect()),
            plmn_digits: Some(networks.iter().map(|(plmn, _)| exact(*plmn)).collect()),
            result: Some(nas::ScanResult::Success),
            ..Default::default()
        })
    }

    fn in_sight(&self) -> Vec<(Plmn, nas::NetworkStatus)> {
        use nas::NetworkStatus as S;
        let network = self.network();
        if !network.coverage {
            return Vec::new();
        }
        let serving = |here: bool, kind: S| {
            let used = here && self.radio.technology().is_some();
            kind | S::NOT_FORBIDDEN | if used { S::CURRENT_SERVING } else { S::AVAILABLE }
        };
        let home = self.inserted().map(|card| (card.home, serving(!network.roaming, S::HOME)));
        home.into_iter().chain([(network.visited, serving(network.roaming, S::ROAMING))]).collect()
    }

    fn select(
        &mut self,
        ask: nas::set_system_selection_preference::Request,
        now: Instant,
    ) -> Answer<nas::set_system_selection_preference::Response> {
        if self.personality.refuses_change_duration && ask.duration.is_some() {
            return Err(no(E::InvalidArgument));
        }
        let mut preference = self.memory.radio.preference.clone();
        if let Some(modes) = ask.mode_preference {
            // Bits the hardware lacks are dropped without a word.
            let usable = ModePreference(modes.0 & self.personality.technologies.0);
            if usable.is_empty() {
                return Err(no(E::InvalidArgument));
            }
            preference.modes = usable;
        }
        if let Some(selection) = &ask.network_selection {
            let three_digit_mnc = ask.three_digit_mnc == Some(true);
            preference.manual = (selection.mode == nas::SelectionMode::Manual).then_some(Plmn {
                mcc: selection.mcc,
                mnc: selection.mnc,
                three_digit_mnc,
            });
        }
        if !self.personality.ignores_bands {
            self.select_bands(&ask, &mut preference).map_err(no)?;
        }
        preference.roaming = ask.roaming_preference.unwrap_or(preference.roaming);
        preference.usage = ask.usage.unwrap_or(preference.usage);
        preference.domain = ask.service_domain.unwrap_or(preference.domain);
        preference.acquisition = ask.acquisition_order.unwrap_or(preference.acquisition);
        self.prefer(preference, ask.duration != Some(nas::ChangeDuration::UntilPowerCycle), now);
        Ok(nas::set_system_selection_preference::Response::default())
    }

    /// Masks replace; bits the hardware lacks are dropped, and a mask that has no others is refused.
    fn select_bands(
        &self,
        ask: &nas::set_system_selection_preference::Request,
        preference: &mut Preference,
    ) -> Result<(), E> {
        let usable = |asked: Vec<u16>, hardware: &[u16]| {
            let bands: Vec<u16> = hardware.iter().copied().filter(|band| asked.contains(band)).collect();
            if bands.is_empty() { Err(E::InvalidArgument) } else { Ok(bands) }
        };
        let short = ask.lte_bands.as_ref().map(|bands| bands.iter().collect());
        let long = ask.extended_lte_bands.as_ref().map(|bands| bands.iter().collect());
        if let Some(asked) = long.or(short) {
            preference.lte_bands = usable(asked, &LTE_BANDS)?;
        }
        let nr = self.personality.technologies.contains(ModePreference::NR5G);
        let hardware: &[u16] = if nr { &NR_BANDS } else { &[] };
        if let Some(asked) = &ask.nr5g_sa_bands {
            preference.nr5g_sa_bands = usable(asked.iter().collect(), hardware)?;
        }
        if let Some(asked) = &ask.nr5g_nsa_bands {
            preference.nr5g_nsa_bands = usable(asked.iter().collect(), hardware)?;
        }
        Ok(())
    }

    fn selection(&self) -> nas::get_system_selection_preference::Response {
        let Preference { modes, roaming, manual, usage, domain, acquisition, lte_bands, nr5g_sa_bands, nr5g_nsa_bands } =
            self.memory.radio.preference.clone();
        let nr = self.personality.technologies.contains(ModePreference::NR5G);
        let mode = if manual.is_some() { nas::SelectionMode::Manual } else { nas::SelectionMode::Automatic };
        nas::get_system_selection_preference::Response {
            emergency_mode: Some(false),
            mode_preference: Some(modes),
            band_preference: Some(nas::BandPreference(0x0000_0003_0040_0380)),
            roaming_preference: Some(roaming),
            lte_bands: Some(lte_bands.iter().copied().collect::<LteBands>()),
            network_selection: Some(mode),
            service_domain: Some(domain),
            manual_network: manual.map(exact),
            acquisition_order: Some(acquisition),
            registration_restriction: Some(nas::RegistrationRestriction::Unrestricted),
            usage: Some(usage),
            // Modules without bands beyond 64 do not have the wide form.
            extended_lte_bands: nr.then(|| lte_bands.into_iter().collect::<ExtendedLteBands>()),
            nr5g_sa_bands: nr.then(|| nr5g_sa_bands.into_iter().collect::<NrBands>()),
            nr5g_nsa_bands: nr.then(|| nr5g_nsa_bands.into_iter().collect::<NrBands>()),
            ..Default::default()
        }
    }
}
