//! DMS: who the device is, and its operating mode.

use super::SimModem;
use super::answer::{dispatch, need, no};
use crate::model::Instant;
use crate::qmi::bands::LteBands;
use crate::qmi::nas::ModePreference;
use crate::qmi::{Frame, ProtocolError, Service, dms};

impl SimModem {
    pub(super) fn dms(&mut self, frame: &Frame, now: Instant) -> Frame {
        if (0x0027..=0x002B).contains(&frame.message) || [0x003C, 0x0040, 0x0043, 0x0044].contains(&frame.message) {
            return self.dms_uim(frame, now);
        }
        let text = |text: &str| Some(text.to_owned());
        dispatch! { frame;
            dms::reset |_| {
                self.clients.with(Service::Dms, frame.client, |client| client.operating_mode = false);
                Ok(Response::default())
            },
            dms::set_event_report |ask| {
                self.clients.with(Service::Dms, frame.client, |client| {
                    client.operating_mode = ask.operating_mode.unwrap_or(client.operating_mode);
                });
                Ok(Response::default())
            },
            dms::get_capabilities |_| {
                Ok(Response { capabilities: Some(self.capabilities()), ..Default::default() })
            },
            dms::get_manufacturer |_| {
                Ok(Response { manufacturer: text(self.personality.manufacturer), ..Default::default() })
            },
            dms::get_model |_| {
                let model = self.profile.model.clone().unwrap_or_else(|| self.personality.model.to_owned());
                Ok(Response { model: Some(model), ..Default::default() })
            },
            dms::get_revision |_| {
                Ok(Response { revision: text(self.personality.revision), ..Default::default() })
            },
            dms::get_msisdn |_| {
                let card = self.ready_card().ok_or_else(|| no(ProtocolError::NotProvisioned))?;
                Ok(Response { msisdn: Some(card.msisdn.clone()), ..Default::default() })
            },
            dms::get_ids |_| {
                Ok(Response {
                    esn: text("0"),
                    imei: Some(self.profile.imei.clone()),
                    imei_software_version: text("01"),
                    ..Default::default()
                })
            },
            dms::get_hardware_revision |_| Ok(Response { revision: text("10001"), ..Default::default() }),
            dms::get_software_version |_| {
                Ok(Response { version: text(self.personality.revision), ..Default::default() })
            },
            dms::get_operating_mode |_| {
                Ok(Response {
                    mode: Some(self.radio.mode()),
                    hardware_restricted: Some(false),
                    ..Default::default()
                })
            },
            dms::set_operating_mode |ask| {
                let mode = need(ask.mode)?;
                self.set_mode(mode, now).map_err(no)?;
                Ok(Response::default())
            },
            dms::get_time |_| {
                // A modem that has not met a network counts from its own epoch.
                let ms = now.as_millis();
                Ok(Response {
                    device_time: Some(dms::DeviceTime { count: ms * 4 / 5, source: dms::TimeSource::Device }),
                    system_time_ms: Some(ms),
                    user_time_ms: Some(ms),
                    ..Default::default()
                })
            },
            dms::restore_factory_defaults |ask| {
                let code = need(ask.code)?;
                if code != *b"000000" {
                    return Err(no(ProtocolError::AuthenticationFailed));
                }
                self.memory.radio = super::radio::Memory::of(&self.personality);
                Ok(Response::default())
            },
            dms::get_band_capabilities |_| {
                Ok(Response {
                    bands: Some(0x0000_0003_0040_0380),
                    lte_bands: Some(LTE_BANDS.into_iter().collect::<LteBands>()),
                    extended_lte_bands: Some(LTE_BANDS.to_vec()),
                    nr5g_bands: self
                        .personality
                        .technologies
                        .contains(ModePreference::NR5G)
                        .then(|| NR_BANDS.to_vec()),
                    ..Default::default()
                })
            },
            dms::set_fcc_authentication |_| Ok(Response::default()),
        }
    }

    fn capabilities(&self) -> dms::Capabilities {
        let radio = [
            (ModePreference::GSM, dms::RadioInterface::Gsm),
            (ModePreference::UMTS, dms::RadioInterface::Umts),
            (ModePreference::LTE, dms::RadioInterface::Lte),
            (ModePreference::NR5G, dms::RadioInterface::Nr5g),
        ];
        let has = |mode| self.personality.technologies.contains(mode);
        dms::Capabilities {
            max_tx_rate: 50_000_000,
            max_rx_rate: 150_000_000,
            data_service: dms::DataServiceCapability::SimultaneousCsPs,
            sim: dms::SimCapability::Supported,
            radio_interfaces: radio.into_iter().filter(|(mode, _)| has(*mode)).map(|(_, radio)| radio).collect(),
        }
    }
}

pub(super) const LTE_BANDS: [u16; 5] = [1, 3, 7, 20, 28];
pub(super) const NR_BANDS: [u16; 3] = [1, 28, 78];
