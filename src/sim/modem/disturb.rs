//! Disturbances of a modem, its card and its network.

use std::time::Duration;

use super::SimModem;
use super::calls::Ending;
use crate::model::Instant;
use crate::qmi::dms::OperatingMode;
use crate::qmi::nas::ModePreference;
use crate::qmi::wds::CallEndKind;
use crate::qmi::{Frame, ProtocolError};
use crate::sim::disturbance::Disturbance;
use crate::sim::profile::Card;

/// An error that the n-th request of a kind will meet.
#[derive(Debug)]
pub(super) struct PlannedError {
    key: (u8, u16),
    countdown: u32,
    error: ProtocolError,
}

/// Planned errors beyond this are forgotten.
const MAX_PLANNED: usize = 32;

impl SimModem {
    /// Lets something happen to the modem. What concerns the host alone has no effect here.
    pub fn disturb(&mut self, disturbance: &Disturbance, now: Instant) {
        use Disturbance as D;
        let seconds = |s: u32| now + Duration::from_secs(s.into());
        match disturbance {
            D::Unplug => self.plugged(false, now),
            D::Plug => self.plugged(true, now),
            D::PowerCut { seconds: s } => self.cut_power(seconds(*s)),
            D::Reset => self.reset_soon(now),
            D::SilentReset => self.restart_in_place(true, now),
            D::FirmwareRestart => self.restart_in_place(false, now),
            D::ForgetClients => self.forget_clients(now),
            D::Hang { seconds: s } => self.hang(seconds(*s)),
            D::Wedge => self.hang(Instant::FAR),
            D::Dead { seconds: s } => self.die(seconds(*s)),
            D::ErrorOnNth { service, message, n, error } => {
                let planned =
                    PlannedError { key: (*service, *message), countdown: (*n).max(1), error: (*error).into() };
                self.errors.push(planned);
                self.errors.truncate(MAX_PLANNED);
            }
            D::SimOut => {
                if let Some(card) = self.inserted().cloned() {
                    self.taken = Some(card);
                    self.exchange_card(None, now);
                }
            }
            D::SimIn => {
                if let Some(card) = self.taken.take() {
                    self.exchange_card(Some(card), now);
                }
            }
            D::SimSwap { iccid, imsi } => {
                let old = self.inserted().or(self.taken.as_ref()).cloned();
                let base = old.unwrap_or_else(|| Card::of_test_network(0));
                let home = Card::home_of(imsi, base.home.three_digit_mnc);
                let card = Card { iccid: iccid.clone(), imsi: imsi.clone(), home, ..base };
                self.exchange_card(Some(card), now);
            }
            D::Roaming { on } => self.change_network(now, |network| network.roaming = *on),
            D::Coverage { on } => self.change_network(now, |network| network.coverage = *on),
            D::Deny { cause } => self.change_network(now, |network| network.denied = Some(*cause)),
            D::Admit => self.change_network(now, |network| network.denied = None),
            D::RefuseApn { apn, cause } => {
                self.profile.network.refused.insert(apn.to_ascii_lowercase(), *cause);
                self.end_calls(Ending::Because(now, CallEndKind::ThreeGpp, *cause), |call| {
                    call.apn.eq_ignore_ascii_case(apn)
                });
            }
            D::AcceptApn { apn } => {
                if self.profile.network.refused.remove(&apn.to_ascii_lowercase()).is_some() {
                    self.reregister(now);
                }
            }
            D::DropSession { cause } => self.end_calls(Ending::Because(now, CallEndKind::ThreeGpp, *cause), |_| true),
            D::ChangeAddress { tell } => self.change_addresses(*tell),
            D::ForeignApn { apn } => self.foreign_call(apn, now),
            D::LowPower => {
                // A refusal (offline, deaf) is the other program's business.
                let _ = self.set_mode(OperatingMode::LowPower, now);
            }
            D::ModePreference { mask } => {
                let modes = ModePreference(mask & self.personality.technologies.0);
                if !modes.is_empty() && self.life.runs() {
                    let preference = super::radio::Preference { modes, ..self.memory.radio.preference.clone() };
                    self.prefer(preference, true, now);
                }
            }
            D::EthernetFraming => self.ethernet = true,
            D::FlushLink | D::LinkDown => {}
        }
    }

    /// Everything that lasts is undone: the network serves, the card is in, the device has power, nobody interferes.
    pub fn calm(&mut self, now: Instant) {
        self.errors.clear();
        self.relent();
        self.profile.network.denied = None;
        self.profile.network.coverage = true;
        self.profile.network.roaming = false;
        if !std::mem::take(&mut self.profile.network.refused).is_empty() {
            self.reregister(now);
        }
        self.disturb(&Disturbance::SimIn, now);
        self.disturb(&Disturbance::Plug, now);
        if self.radio.mode() == OperatingMode::Offline && !self.personality.reset_works {
            // Nothing but power cures this one, and the day's power cycles may be used up.
            self.cut_power(now + Duration::from_secs(5));
        }
        self.review_radio(now);
    }

    fn change_network(&mut self, now: Instant, change: impl FnOnce(&mut crate::sim::profile::Network)) {
        change(&mut self.profile.network);
        self.review_radio(now);
    }

    pub(super) fn planned_error(&mut self, frame: &Frame) -> Option<ProtocolError> {
        let key = (u8::from(frame.service), frame.message);
        for planned in self.errors.iter_mut().filter(|planned| planned.key == key) {
            planned.countdown = planned.countdown.saturating_sub(1);
        }
        let at = self.errors.iter().position(|planned| planned.countdown == 0)?;
        Some(self.errors.remove(at).error)
    }
}
