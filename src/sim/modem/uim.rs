//! UIM, and the commands DMS has for the card on older modems.

use super::SimModem;
use super::answer::{dispatch, need, no};
use super::card::{Lock, PinResult};
use super::files;
use crate::model::Instant;
use crate::qmi::ProtocolError as E;
use crate::qmi::{Answer, Frame, Refused, Service, dms, uim};

impl SimModem {
    pub(super) fn uim(&mut self, frame: &Frame, now: Instant) -> Frame {
        dispatch! { frame;
            uim::reset |_| {
                self.clients.with(Service::Uim, frame.client, |client| {
                    client.card = uim::Events(0);
                    client.refresh = false;
                });
                Ok(Response::default())
            },
            uim::read_transparent |ask| self.read_transparent(ask),
            uim::write_transparent |ask| self.write_transparent(ask),
            uim::get_file_attributes |ask| self.file_attributes(ask),
            uim::set_pin_protection |ask| {
                let pin = need(ask.pin)?;
                let result = self.protect_by_pin(pin.enabled, pin.pin.reveal(), now);
                uim_pin(result, |retries| Response { retries, ..Default::default() })
            },
            uim::verify_pin |ask| {
                let pin = need(ask.pin)?;
                uim_pin(self.verify_pin(pin.pin.reveal(), now), |retries| Response { retries, ..Default::default() })
            },
            uim::unblock_pin |ask| {
                let pin = need(ask.pin)?;
                let result = self.unblock_pin(pin.puk.reveal(), pin.new_pin.reveal(), now);
                uim_pin(result, |retries| Response { retries, ..Default::default() })
            },
            uim::change_pin |ask| {
                let pin = need(ask.pin)?;
                let result = self.change_pin(pin.old_pin.reveal(), pin.new_pin.reveal(), now);
                uim_pin(result, |retries| Response { retries, ..Default::default() })
            },
            uim::refresh_register |_| Ok(Response::default()),
            uim::refresh_complete |ask| {
                need(ask.success)?;
                self.refresh_dealt_with();
                Ok(Response::default())
            },
            uim::refresh_register_all |ask| {
                need(ask.session)?;
                let register = need(ask.register)?;
                self.clients.with(Service::Uim, frame.client, |client| client.refresh = register);
                Ok(Response::default())
            },
            uim::register_events |ask| {
                let asked = need(ask.mask)?;
                let mask = uim::Events(asked.0 & SUPPORTED_EVENTS.0);
                self.clients.with(Service::Uim, frame.client, |client| client.card = mask);
                Ok(Response { mask: Some(mask), ..Default::default() })
            },
            uim::get_card_status |_| Ok(Response { status: Some(self.card_status()), ..Default::default() }),
            uim::power_off_sim |ask| {
                need(ask.slot)?;
                self.power_card(false, now).map_err(no)?;
                Ok(Response::default())
            },
            uim::power_on_sim |ask| {
                need(ask.slot)?;
                self.power_card(true, now).map_err(no)?;
                Ok(Response::default())
            },
            uim::get_configuration |_| {
                Ok(Response { automatic_selection: Some(true), locks: Some(Vec::new()), ..Default::default() })
            },
            uim::switch_slot |ask| {
                need(ask.logical_slot)?;
                if !self.personality.slots {
                    return Err(no(E::NotSupported));
                }
                let physical = need(ask.physical_slot)?;
                self.switch_slot(physical, now).map_err(no)?;
                Ok(Response::default())
            },
            uim::get_slot_status |_| {
                if !self.personality.slots {
                    return Err(no(E::NotSupported));
                }
                let (slots, information) = self.slot_list();
                let eids = vec![Vec::new(); slots.len()];
                Ok(Response {
                    slots: Some(slots),
                    information: Some(information),
                    eids: Some(eids),
                    ..Default::default()
                })
            },
        }
    }

    fn read_transparent(&self, ask: uim::read_transparent::Request) -> Answer<uim::read_transparent::Response> {
        let (file, range) = (need(ask.file)?, need(ask.read)?);
        let card = self.readable_card(&file).map_err(no)?;
        let Some(content) = files::content(card, &file) else {
            let card_result = Some(files::NOT_FOUND);
            let response = uim::read_transparent::Response { card_result, ..Default::default() };
            return Err(Refused { error: E::SimFileNotFound, response });
        };
        let from = usize::from(range.offset).min(content.len());
        let to = if range.length == 0 { content.len() } else { (from + usize::from(range.length)).min(content.len()) };
        Ok(uim::read_transparent::Response {
            card_result: Some(files::DONE),
            data: Some(content[from..to].to_vec()),
            ..Default::default()
        })
    }

    fn write_transparent(&mut self, ask: uim::write_transparent::Request) -> Answer<uim::write_transparent::Response> {
        let (file, write) = (need(ask.file)?, need(ask.write)?);
        self.readable_card(&file).map_err(no)?;
        let Some(card) = self.inserted_mut() else { return Err(no(E::NoSim)) };
        match files::write(card, &file, write.offset, &write.data) {
            Ok(()) => Ok(uim::write_transparent::Response { card_result: Some(files::DONE), ..Default::default() }),
            Err(result) => {
                let response = uim::write_transparent::Response { card_result: Some(result), ..Default::default() };
                Err(Refused { error: E::SimFileNotFound, response })
            }
        }
    }

    fn file_attributes(&self, ask: uim::get_file_attributes::Request) -> Answer<uim::get_file_attributes::Response> {
        let file = need(ask.file)?;
        let card = self.readable_card(&file).map_err(no)?;
        match files::attributes(card, &file) {
            Some(attributes) => Ok(uim::get_file_attributes::Response {
                card_result: Some(files::DONE),
                attributes: Some(attributes),
                ..Default::default()
            }),
            None => {
                let card_result = Some(files::NOT_FOUND);
                let response = uim::get_file_attributes::Response { card_result, ..Default::default() };
                Err(Refused { error: E::SimFileNotFound, response })
            }
        }
    }

    /// The serial number can be read from a card that waits for its PIN, the rest cannot.
    fn readable_card(&self, file: &uim::File) -> Result<&crate::sim::profile::Card, E> {
        let status = self.card_status();
        let application = status.application(status.gw_primary).map(|(_, application)| application.state);
        match application {
            None if status.cards.is_empty() => Err(E::UimUninitialized),
            None => Err(E::NoSim),
            Some(uim::ApplicationState::Detected) => Err(E::Internal),
            Some(_) => match self.lock() {
                Lock::None => self.inserted().ok_or(E::NoSim),
                _ if file.id == 0x2FE2 => self.inserted().ok_or(E::NoSim),
                _ => Err(E::AccessDenied),
            },
        }
    }

    /// The card by way of DMS; newer modems have none of this.
    pub(super) fn dms_uim(&mut self, frame: &Frame, now: Instant) -> Frame {
        if !self.personality.dms_uim {
            return frame.refusal(E::InvalidQmiCommand);
        }
        dispatch! { frame;
            dms::uim_get_iccid |_| {
                let card = self.readable_card(&uim::File::iccid()).map_err(no)?;
                Ok(Response { iccid: Some(card.iccid.clone()), ..Default::default() })
            },
            dms::uim_get_imsi |_| {
                let card = self.readable_card(&uim::File::imsi()).map_err(no)?;
                Ok(Response { imsi: Some(card.imsi.clone()), ..Default::default() })
            },
            dms::uim_get_state |_| {
                let state = match (self.inserted(), self.ready_card()) {
                    (None, _) => dms::UimState::NotPresent,
                    (_, Some(_)) => dms::UimState::InitializationCompleted,
                    _ => dms::UimState::LockedOrFailed,
                };
                Ok(Response { state: Some(state), ..Default::default() })
            },
            dms::uim_get_pin_status |_| {
                if self.inserted().is_none() {
                    return Err(no(E::NoSim));
                }
                let (state, verify_retries, unblock_retries) = self.pin_state();
                let status = dms::PinState::from(u8::from(state));
                let pin2 = dms::PinStatus {
                    status: dms::PinState::EnabledNotVerified,
                    verify_retries: 3,
                    unblock_retries: 10,
                };
                Ok(Response {
                    pin1: Some(dms::PinStatus { status, verify_retries, unblock_retries }),
                    pin2: Some(pin2),
                    ..Default::default()
                })
            },
            dms::uim_verify_pin |ask| {
                let pin = need(ask.pin)?;
                dms_pin(self.verify_pin(pin.pin.reveal(), now), |retries| Response { retries, ..Default::default() })
            },
            dms::uim_set_pin_protection |ask| {
                let pin = need(ask.pin)?;
                let result = self.protect_by_pin(pin.enabled, pin.pin.reveal(), now);
                dms_pin(result, |retries| Response { retries, ..Default::default() })
            },
            dms::uim_unblock_pin |ask| {
                let pin = need(ask.pin)?;
                let result = self.unblock_pin(pin.puk.reveal(), pin.new_pin.reveal(), now);
                dms_pin(result, |retries| Response { retries, ..Default::default() })
            },
            dms::uim_change_pin |ask| {
                let pin = need(ask.pin)?;
                let result = self.change_pin(pin.old_pin.reveal(), pin.new_pin.reveal(), now);
                dms_pin(result, |retries| Response { retries, ..Default::default() })
            },
            dms::uim_get_ck_status |ask| {
                need(ask.facility)?;
                let status = dms::FacilityStatus {
                    state: dms::FacilityState::Deactivated,
                    verify_retries: 10,
                    unblock_retries: 10,
                };
                Ok(Response { status: Some(status), ..Default::default() })
            },
        }
    }
}

/// What of [`uim::Events`] the modem grants.
const SUPPORTED_EVENTS: uim::Events = uim::Events(0x01 | 0x10);

/// A PIN that was wrong is refused together with the tries that are left.
fn uim_pin<R>(result: PinResult, response: impl FnOnce(Option<uim::Retries>) -> R) -> Answer<R> {
    let retries = |verify, unblock| Some(uim::Retries { verify, unblock });
    match result {
        Ok((verify, unblock)) => Ok(response(retries(verify, unblock))),
        Err((error, verify, unblock)) => Err(Refused { error, response: response(retries(verify, unblock)) }),
    }
}

fn dms_pin<R>(result: PinResult, response: impl FnOnce(Option<dms::Retries>) -> R) -> Answer<R> {
    let retries = |verify, unblock| Some(dms::Retries { verify, unblock });
    match result {
        Ok((verify, unblock)) => Ok(response(retries(verify, unblock))),
        Err((error, verify, unblock)) => Err(Refused { error, response: response(retries(verify, unblock)) }),
    }
}
