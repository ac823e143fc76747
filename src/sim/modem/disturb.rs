//! Disturbances of a modem, its card and its network.

use std::time::Duration;

use super::SimModem;
use super::calls::Ending;
use super::dms::LTE_BANDS;
use crate::model::Instant;
use crate::qmi::dms::OperatingMode;
use crate::qmi::nas::ModePreference;
use crate::qmi::wds::{self, CallEndKind, reason};
use crate::qmi::{Frame, ProtocolError};
use crate::sim::disturbance::Disturbance;
use crate::sim::profile::{Card, Pin, Strength};

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
            D::PowerCut { seconds: s } => self.cut_power(seconds(*s), now),
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
            D::Signal { rssi_dbm, rsrp_dbm } => {
                self.profile.network.strength = Some(Strength { rssi_dbm: *rssi_dbm, rsrp_dbm: *rsrp_dbm });
                self.tell_signal(now);
            }
            D::Handover { cell } => self.handover(*cell),
            D::SimReject { state } => self.profile.network.sim_reject = *state,
            D::EthernetFraming => self.ethernet = true,
            D::Forbid => {
                let home = self.inserted().map(|card| card.home);
                let plmn = if self.profile.network.roaming { Some(self.profile.network.visited) } else { home };
                if let (Some(card), Some(plmn)) = (self.inserted_mut(), plmn) {
                    card.forbidden = vec![plmn];
                }
                self.reregister(now);
            }
            D::BootLoop { times } => self.boot_loop(*times, now),
            D::PinLock { pin, tries, puk_tries } => {
                if let Some(card) = self.inserted().or(self.taken.as_ref()).cloned() {
                    let pin = Pin { tries: *tries, puk_tries: *puk_tries, ..Pin::new(pin) };
                    self.exchange_card(Some(Card { pin, ..card }), now);
                }
            }
            D::PinOff => self.pin_off(now),
            D::SimError { on } => self.card_fails(*on, now),
            D::SimRefresh { iccid, imsi } => {
                if let Some(old) = self.inserted().cloned() {
                    let home = Card::home_of(imsi, old.home.three_digit_mnc);
                    self.refresh_card(Card { iccid: iccid.clone(), imsi: imsi.clone(), home, ..old }, now);
                }
            }
            D::SwapSlot { slot } => {
                // A slot that is not there, or is in use, is the other program's business.
                let _ = self.switch_slot(*slot, now);
            }
            D::Bands { lte } => {
                let bands = LTE_BANDS.into_iter().filter(|band| lte.contains(band)).collect::<Vec<_>>();
                if !bands.is_empty() && self.life.runs() {
                    let preference =
                        super::radio::Preference { lte_bands: bands, ..self.memory.radio.preference.clone() };
                    self.prefer(preference, true, now);
                }
            }
            D::ManualNetwork { plmn } => {
                let manual = Some(Card::home_of(plmn, plmn.len() == 6));
                let preference = super::radio::Preference { manual, ..self.memory.radio.preference.clone() };
                if self.life.runs() {
                    self.prefer(preference, true, now);
                }
            }
            D::CarryNothing { until } => self.mute(*until),
            D::FlushLink
            | D::LinkDown
            | D::DiskFull { .. }
            | D::PortBusy { .. }
            | D::PowerStuck { .. }
            | D::Unanswered { .. }
            | D::DhcpSilent { .. }
            | D::Traffic { .. } => {}
            D::Families { ipv4, ipv6 } => {
                self.profile.network.ipv4 = *ipv4;
                self.profile.network.ipv6 = *ipv6;
            }
            D::Circuit { on } => {
                self.profile.network.circuit = *on;
                self.tell_serving(now);
            }
            D::OneFamily { on } => self.profile.network.one_family = *on,
            D::NoAddress { on } => self.profile.network.no_address = *on,
            D::SlowDial { seconds } => self.whims.slow_dial = Some(Duration::from_secs((*seconds).into())),
            D::RefuseProfile { times, error, granted } => self.whims.refuse_profile = (*times, *error, *granted),
            D::ForeignProfile { profile, roaming } => self.foreign_profile(*profile, *roaming),
            D::Autoconnect { apn } => {
                self.memory.autoconnect = true;
                self.memory.profiles.set_apn(apn);
                self.end_calls(Ending::Because(now, CallEndKind::CallManager, reason::CLIENT_END), |_| true);
                if self.radio.attached() {
                    self.autoconnect(now);
                }
            }
            D::GhostSession => self.ghost(now),
            D::SpuriousDisconnect => self.tell_spurious_end(),
            D::LoseIndications { n } => self.whims.lost_indications = *n,
            D::Blip { ms } => self.blip(now + Duration::from_millis((*ms).into()), now),
            D::HandOver { roaming } => self.hand_over(*roaming, now),
            D::TakeClients { service } => self.clients.take_all((*service).into()),
            D::Mtu { mtu, tell } => {
                self.profile.network.mtu = Some(*mtu);
                if *tell {
                    self.tell_reconfigured(wds::RequestedSettings::MTU);
                }
            }
        }
    }

    /// Everything that lasts is undone: the network serves, the card is in, the device has power, nobody interferes.
    pub fn calm(&mut self, now: Instant) {
        self.errors.clear();
        self.unmute();
        self.relent();
        let taken = self.taken.iter_mut();
        taken.chain(self.profile.slots.iter_mut().flatten()).for_each(|card| card.forbidden.clear());
        self.profile.network.denied = None;
        self.profile.network.strength = None;
        self.profile.network.sim_reject = 1;
        self.profile.network.coverage = true;
        self.profile.network.roaming = false;
        self.profile.network.one_family = false;
        self.profile.network.no_address = false;
        self.profile.network.circuit = true;
        self.whims = super::Whims::default();
        self.clients.find_lost();
        if !std::mem::take(&mut self.profile.network.refused).is_empty() {
            self.reregister(now);
        }
        self.disturb(&Disturbance::SimIn, now);
        self.card_fails(false, now);
        self.pin_off(now);
        self.forgive_preference(now);
        self.disturb(&Disturbance::Plug, now);
        let stands_still = self.radio.mode() == OperatingMode::Offline || !self.life.answers();
        if stands_still && !self.personality.reset_works {
            // Nothing but power cures this one, and the day's power cycles may be used up.
            self.cut_power(now + Duration::from_secs(5), now);
        }
        self.review_radio(now);
    }

    /// What another program restricted goes back to what the hardware can do; a file that restricts it is put in force anew.
    fn forgive_preference(&mut self, now: Instant) {
        let own = super::radio::Memory::of(&self.personality).preference;
        let now_set = &self.memory.radio.preference;
        let preference = super::radio::Preference { lte_bands: own.lte_bands, manual: None, ..now_set.clone() };
        if *now_set != preference {
            self.prefer(preference, true, now);
        }
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
