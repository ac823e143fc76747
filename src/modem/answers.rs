//! What an answer tells: responses become reports of facts.
//!
//! Most facts are one answer. Device identity and SIM identity are put together from several; they are reported when
//! the script that asked for them ends.

use super::call::{Call, UNSUPPORTED};
use super::plain::plain;
use super::{card, telemetry, translate};
use crate::model::session::{Ipv4Settings, Ipv6Settings};
use crate::model::telemetry::Signal;
use crate::model::{
    Apn, BandSet, CallEnd, ControlState, DataFormat, Device, Fact, Failure, Imei, IpFamily, IpSettings, ModemProfile,
    RadioPreference, Registration, Report, ServingSystem, SessionSettings, SimSlots, Throttled,
};
use crate::qmi::{Frame, Kind, ProtocolError, Request as _, Response, Service, ctl, dms, nas, uim, wda, wds};
use std::collections::BTreeSet;
use std::time::Duration;

/// Facts under construction.
#[derive(Default, Debug)]
pub(super) struct Gathered {
    device: Device,
    data_format: Option<DataFormat>,
    card: card::Pieces,
    slots: Option<SimSlots>,
    preference: Option<RadioPreference>,
    /// The number of the profile that is being looked at: the answer does not say it.
    pub(super) profile: u8,
    roaming_allowed: Option<bool>,
    autoconnect: Option<bool>,
    throttled: Vec<Throttled>,
    signal: Option<Signal>,
    /// Items of the device's identity that the modem could not give just now, by service and message.
    owed: BTreeSet<(Service, u16)>,
    /// Why the network refused us, as it was last indicated.
    refusal: Option<u16>,
}

/// How a response ended: granted, or the error.
pub(super) fn outcome(frame: &Frame) -> Result<(), ProtocolError> {
    let result = frame.tlvs().filter_map(Result::ok).find(|(id, _)| *id == 0x02);
    match result {
        Some((_, [0, 0, ..])) => Ok(()),
        Some((_, [_, _, low, high, ..])) => Err(ProtocolError::from(u16::from_le_bytes([*low, *high]))),
        // No result at all: the modem did not say yes.
        _ => Err(ProtocolError::MalformedMessage),
    }
}

/// Whether a response only promises its result in an indication.
pub(super) fn is_promise(frame: &Frame) -> bool {
    frame.kind == Kind::Response
        && frame.key() == uim::read_transparent::KEY
        && read::<uim::read_transparent::Response>(frame)
            .is_some_and(|r| r.indication_token.is_some() && r.data.is_none())
}

/// The failure a refusal amounts to: the cause where the modem sent one along, else the error's name.
pub(super) fn failure(frame: &Frame, error: ProtocolError) -> Failure {
    match (frame.key(), error) {
        (wds::start_network::KEY, ProtocolError::NoEffect) => Failure::NoEffect,
        (wds::start_network::KEY, _) => match wds::start_network::Response::decode(frame) {
            Ok(Err(refused)) => {
                let wds::start_network::Response { verbose_call_end_reason, call_end_reason, .. } = refused.response;
                let cause = translate::call_end(verbose_call_end_reason, call_end_reason);
                cause.map_or_else(|| Failure::Refused(error.to_string()), Failure::CallEnded)
            }
            _ => Failure::Refused(error.to_string()),
        },
        (ctl::allocate_cid::KEY, ProtocolError::ClientIdsExhausted) => Failure::NoClientIds,
        (wds::modify_profile::KEY, _) => Failure::Refused(match profile_error(frame) {
            Some(why) => format!("{error} ({why})"),
            None => error.to_string(),
        }),
        _ => Failure::Refused(error.to_string()),
    }
}

/// A granted response that takes it back: a profile with an extended error was not written, whatever the result says.
pub(super) fn taken_back(frame: &Frame) -> Option<Failure> {
    (frame.key() == wds::modify_profile::KEY).then(|| profile_error(frame)).flatten().map(Failure::Refused)
}

/// The extended error of a response about a profile, in words.
fn profile_error(frame: &Frame) -> Option<String> {
    let error = match wds::modify_profile::Response::decode(frame).ok()? {
        Ok(response) => response.profile_error,
        Err(refused) => refused.response.profile_error,
    }?;
    Some(format!("profile error: {}", error.to_string().replace('_', " ")))
}

/// The handle of a session that a response grants.
pub(super) fn handle(frame: &Frame) -> Option<u32> {
    (frame.key() == wds::start_network::KEY)
        .then(|| wds::start_network::Response::decode(frame).ok()?.ok()?.handle)
        .flatten()
}

impl Gathered {
    /// Takes in the granted response to `asked`. `family` is that of the client it is for; `cause` why its session last
    /// ended.
    pub(super) fn absorb(
        &mut self,
        asked: &Frame,
        frame: &Frame,
        family: Option<IpFamily>,
        cause: Option<CallEnd>,
    ) -> Option<Report> {
        match frame.key() {
            dms::get_manufacturer::KEY => {
                self.device.manufacturer =
                    plain(&read::<dms::get_manufacturer::Response>(frame)?.manufacturer.unwrap_or_default());
            }
            dms::get_model::KEY => {
                self.device.model = plain(&read::<dms::get_model::Response>(frame)?.model.unwrap_or_default());
            }
            dms::get_revision::KEY => {
                self.device.revision = plain(&read::<dms::get_revision::Response>(frame)?.revision.unwrap_or_default());
            }
            dms::get_ids::KEY => {
                let ids = read::<dms::get_ids::Response>(frame)?;
                let given = |id: Option<String>| id.map(|id| plain(&id)).filter(|id| !id.is_empty());
                self.device.imei = ids.imei.and_then(|imei| Imei::parse(&imei).ok());
                self.device.imei_software_version = given(ids.imei_software_version);
                self.device.meid = given(ids.meid);
                // "0" is how a modem without an ESN says so.
                self.device.esn = given(ids.esn).filter(|esn| esn.bytes().any(|digit| digit != b'0'));
            }
            dms::get_hardware_revision::KEY => {
                let revision = read::<dms::get_hardware_revision::Response>(frame)?.revision;
                self.device.hardware_revision = plain(&revision.unwrap_or_default());
            }
            dms::get_capabilities::KEY => {
                let capabilities = read::<dms::get_capabilities::Response>(frame)?.capabilities?;
                self.device.supports = translate::supported(&capabilities.radio_interfaces);
            }
            dms::get_band_capabilities::KEY => self.bands(&read(frame)?),
            dms::get_operating_mode::KEY => {
                let mode = read::<dms::get_operating_mode::Response>(frame)?.mode?;
                return Some(Report::OperatingMode(translate::operating_mode(mode)));
            }
            wda::get_data_format::KEY => {
                let protocol = read::<wda::get_data_format::Response>(frame)?.format.link_protocol;
                self.data_format = Some(translate::data_format(protocol));
            }
            uim::get_card_status::KEY => {
                let status = read::<uim::get_card_status::Response>(frame)?.status?;
                return Some(Report::Sim(card::state(&status)));
            }
            uim::read_transparent::KEY => {
                let file = uim::read_transparent::Request::decode(asked).ok()?.file?;
                self.card.file(file.id, &read::<uim::read_transparent::Response>(frame)?.data?);
            }
            uim::get_slot_status::KEY => {
                self.slots = Some(card::slots(&read::<uim::get_slot_status::Response>(frame)?.slots?));
            }
            dms::uim_get_state::KEY => self.card.state(read::<dms::uim_get_state::Response>(frame)?.state?),
            dms::uim_get_pin_status::KEY => self.card.pin(read::<dms::uim_get_pin_status::Response>(frame)?.pin1?),
            dms::uim_get_iccid::KEY => self.card.number(&read::<dms::uim_get_iccid::Response>(frame)?.iccid?),
            dms::uim_get_imsi::KEY => self.card.imsi(&read::<dms::uim_get_imsi::Response>(frame)?.imsi?),
            nas::get_system_selection_preference::KEY => {
                self.preference = Some(translate::radio_preference(&read(frame)?));
            }
            nas::get_serving_system::KEY => {
                let mut serving = serving_system(frame)?;
                match &mut serving.registration {
                    Registration::Denied(cause) => *cause = self.refusal,
                    _ => self.refusal = None,
                }
                return Some(Report::ServingSystem(serving));
            }
            nas::get_signal_info::KEY => {
                self.signal = Some(telemetry::signal(&read::<nas::get_signal_info::Response>(frame)?.signal));
            }
            nas::get_signal_strength::KEY => {
                let strength = telemetry::signal_strength(&read(frame)?);
                // The newer way says more, where both answer.
                self.signal.get_or_insert(strength);
            }
            wds::get_packet_service_status::KEY => {
                let status = read::<wds::get_packet_service_status::Response>(frame)?.status?;
                return Some(Report::Session(family?, translate::session(status, cause)?));
            }
            wds::get_current_settings::KEY => return Some(Report::Settings(family?, settings(frame)?)),
            wds::get_profile_settings::KEY => {
                let response = read::<wds::get_profile_settings::Response>(frame)?;
                let disallowed = response.profile.roaming_disallowed.filter(|_| response.profile_error.is_none());
                self.roaming_allowed = disallowed.map(|disallowed| !disallowed);
            }
            wds::get_autoconnect_settings::KEY => {
                let status = read::<wds::get_autoconnect_settings::Response>(frame)?.status?;
                self.autoconnect = Some(status == wds::Autoconnect::Enabled);
            }
            wds::get_pdn_throttle_info::KEY => {
                let list = read::<wds::get_pdn_throttle_info::Response>(frame)?.throttled?;
                self.throttled = list.into_iter().map(throttled).collect();
            }
            _ => return telemetry::answer(frame, family),
        }
        None
    }

    /// Takes note of an item that was refused but can be done without. What the modem does not have is not asked again.
    pub(super) fn refused(&mut self, key: (Service, u16), error: ProtocolError) {
        let items = [
            dms::get_manufacturer::KEY,
            dms::get_model::KEY,
            dms::get_revision::KEY,
            dms::get_hardware_revision::KEY,
            dms::get_ids::KEY,
            dms::get_capabilities::KEY,
        ];
        if items.contains(&key) && !UNSUPPORTED.contains(&error) {
            self.owed.insert(key);
        }
    }

    /// The network refused us with this cause.
    pub(super) fn turned_away(&mut self, cause: u16) {
        self.refusal = Some(cause);
    }

    /// The calls of a series of which only what the modem owes us is asked, if it owes us anything.
    pub(super) fn still_owed(&mut self, calls: Vec<Call>) -> Vec<Call> {
        let owed = std::mem::take(&mut self.owed);
        match owed.is_empty() {
            true => calls,
            false => calls.into_iter().filter(|call| owed.contains(&call.frame.key())).collect(),
        }
    }

    /// The series about its identity was not finished: what came after the refused items is missing too, so all is asked
    /// again.
    pub(super) fn cut_short(&mut self) {
        self.owed.clear();
    }

    /// Whether the modem could not give a part of its identity.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// The fact that a finished series of answers amounts to; `None` where single answers were the reports already.
    pub(super) fn finish(&mut self, fact: Fact) -> Option<Result<Report, Failure>> {
        match fact {
            Fact::Control => Some(Ok(Report::Control(ControlState::Ready))),
            Fact::Device => Some(Ok(Report::Device(self.device.clone()))),
            Fact::Signal => self.signal.take().map(|signal| Ok(Report::Signal(signal))),
            // Refused: an old modem, which has no such flag, starts no session by itself, and names no time.
            Fact::Profile => {
                let roaming_allowed = self.roaming_allowed.take();
                Some(Ok(Report::Profile(ModemProfile { index: self.profile, roaming_allowed })))
            }
            Fact::Autoconnect => Some(Ok(Report::Autoconnect(self.autoconnect.take().unwrap_or(false)))),
            Fact::Throttle => Some(Ok(Report::Throttle(std::mem::take(&mut self.throttled)))),
            // No answer to either question: the modem has no such service, and nothing to set.
            Fact::DataFormat => Some(Ok(Report::DataFormat(self.data_format.take().unwrap_or(DataFormat::Fixed)))),
            Fact::SimIdentity => Some(match self.card.identity() {
                Some(Ok(identity)) => Ok(Report::SimIdentity(identity)),
                Some(Err(bad)) => Ok(Report::BadIccid(bad)),
                None => Err(Failure::Refused("no card number".to_owned())),
            }),
            Fact::Sim => self.card.dms_state().map(|state| Ok(Report::Sim(state))),
            // No answer but that it does not know the question: the modem has no such thing.
            Fact::SimSlots => Some(Ok(Report::SimSlots(self.slots.take().unwrap_or_default()))),
            Fact::RadioPreference => Some(Ok(Report::RadioPreference(self.preference.take().unwrap_or_default()))),
            _ => None,
        }
    }

    /// Older modems have only the short form, which ends with band 64.
    fn bands(&mut self, said: &dms::get_band_capabilities::Response) {
        let short = || said.lte_bands.as_ref().map(|bands| bands.iter().collect::<BandSet>());
        let long = said.extended_lte_bands.as_ref().map(|bands| bands.iter().copied().collect());
        self.device.lte_bands = long.or_else(short).unwrap_or_default();
        self.device.nr5g_bands = said.nr5g_bands.iter().flatten().copied().collect();
    }
}

fn read<R: Response>(frame: &Frame) -> Option<R> {
    R::decode(frame).ok()?.ok()
}

fn serving_system(frame: &Frame) -> Option<ServingSystem> {
    let response = read::<nas::get_serving_system::Response>(frame)?;
    let system = response.serving_system?;
    let named = response.current_plmn.as_ref();
    Some(ServingSystem {
        registration: translate::registration(system.registration, response.roaming),
        ps_attached: system.ps_attach == nas::AttachState::Attached,
        network_known: system.network != nas::NetworkType::default(),
        plmn: named.and_then(|named| translate::plmn(named, response.plmn_digits.as_ref())),
        operator_name: named.map(|named| plain(&named.name)).filter(|name| !name.is_empty()),
        technologies: translate::in_use(&system.radio_interfaces),
    })
}

fn throttled(entry: wds::Throttle) -> Throttled {
    let time = |is: bool, ms: u32| Duration::from_millis(if is { ms.into() } else { 0 });
    Throttled {
        apn: Apn(entry.apn),
        ipv4: time(entry.ipv4, entry.ipv4_left_ms),
        ipv6: time(entry.ipv6, entry.ipv6_left_ms),
    }
}

fn settings(frame: &Frame) -> Option<SessionSettings> {
    let s = read::<wds::get_current_settings::Response>(frame)?;
    let ipv4 = s.ipv4_address.map(|address| Ipv4Settings {
        address,
        prefix: s.ipv4_netmask.map_or(32, translate::prefix),
        gateway: s.ipv4_gateway,
    });
    let ipv6 = s.ipv6_address.map(|own| Ipv6Settings {
        address: own.address,
        prefix: own.length,
        gateway: s.ipv6_gateway.map(|g| g.address),
    });
    let dns4 = [s.primary_dns, s.secondary_dns].into_iter().flatten().filter(|a| !a.is_unspecified());
    let dns6 = [s.ipv6_primary_dns, s.ipv6_secondary_dns].into_iter().flatten().filter(|a| !a.is_unspecified());
    let dns = dns4.map(Into::into).chain(dns6.map(Into::into)).collect();
    let mtu = s.mtu.filter(|mtu| MTU.contains(mtu));
    Some(SessionSettings { apn: s.apn.map(Apn), ip: IpSettings { ipv4, ipv6, dns, search: Vec::new(), mtu } })
}

/// What an IP link can carry (RFC 791: 576 must be accepted) and no modem exceeds; anything else is a mistake.
const MTU: std::ops::RangeInclusive<u32> = 576..=9000;

#[cfg(test)]
mod tests {
    use super::*;

    fn modify() -> Frame {
        wds::modify_profile::Request::default().frame(1, 7)
    }

    #[test]
    fn roam_2_an_extended_error_is_a_refusal_whatever_the_result_says() {
        let profile_error = Some(wds::ProfileError::ThreeGppReadOnlyFlagSet);
        let response = || wds::modify_profile::Response { profile_error, ..Default::default() };
        let granted = response().accept(&modify());
        assert_eq!(outcome(&granted), Ok(()));
        let why = "profile error: three gpp read only flag set";
        assert_eq!(taken_back(&granted), Some(Failure::Refused(why.to_owned())));
        let refused = response().refuse(&modify(), ProtocolError::ExtendedInternal);
        let said = failure(&refused, ProtocolError::ExtendedInternal).to_string();
        assert!(said.contains(why) && said.starts_with("modem answers "), "{said}");
        assert_eq!(taken_back(&wds::modify_profile::Response::default().accept(&modify())), None);
    }

    #[test]
    fn con_9_a_refused_session_says_both_numbers() {
        let ask = wds::start_network::Request::default().frame(1, 7);
        let reason = wds::VerboseCallEndReason { kind: 0x55.into(), reason: 7 };
        let response = wds::start_network::Response { verbose_call_end_reason: Some(reason), ..Default::default() };
        let refused = response.refuse(&ask, ProtocolError::CallFailed);
        let expected = Failure::CallEnded(CallEnd { kind: 0x55, reason: 7 });
        assert_eq!(failure(&refused, ProtocolError::CallFailed), expected);
        let bare = ask.refusal(ProtocolError::CallFailed);
        assert_eq!(failure(&bare, ProtocolError::CallFailed), Failure::Refused(ProtocolError::CallFailed.to_string()));
    }

    fn settings_of(response: wds::get_current_settings::Response) -> SessionSettings {
        settings(&response.accept(&wds::get_current_settings::Request::default().frame(1, 7))).unwrap()
    }

    #[test]
    fn ip_2_ip_3_settings_of_both_families_are_understood() {
        let v4 = settings_of(wds::get_current_settings::Response {
            apn: Some("internet".into()),
            ipv4_address: Some([10, 64, 0, 6].into()),
            ipv4_netmask: Some([255, 255, 255, 252].into()),
            ipv4_gateway: Some([10, 64, 0, 5].into()),
            primary_dns: Some([9, 9, 9, 9].into()),
            secondary_dns: Some([0, 0, 0, 0].into()),
            mtu: Some(1430),
            ..Default::default()
        });
        let gateway = Some([10, 64, 0, 5].into());
        assert_eq!(v4.ip.ipv4, Some(Ipv4Settings { address: [10, 64, 0, 6].into(), prefix: 30, gateway }));
        assert_eq!((v4.ip.dns, v4.ip.mtu, v4.ip.ipv6), (vec![[9, 9, 9, 9].into()], Some(1430), None));
        let address = |text: &str| text.parse().unwrap();
        let prefix = |text: &str| Some(wds::Ipv6Prefix { address: text.parse().unwrap(), length: 64 });
        let v6 = settings_of(wds::get_current_settings::Response {
            ipv6_address: prefix("2001:db8::2"),
            ipv6_gateway: prefix("2001:db8::1"),
            ipv6_primary_dns: Some("2001:db8::53".parse().unwrap()),
            ..Default::default()
        });
        let expected =
            Ipv6Settings { address: "2001:db8::2".parse().unwrap(), prefix: 64, gateway: "2001:db8::1".parse().ok() };
        assert_eq!((v6.ip.ipv6, v6.ip.ipv4), (Some(expected), None));
        assert_eq!((v6.ip.dns, v6.ip.mtu), (vec![address("2001:db8::53")], None));
    }

    #[test]
    fn mtu_3_only_the_mtu_is_an_mtu() {
        let response = wds::get_current_settings::Response {
            ipv6_address: Some(wds::Ipv6Prefix { address: "2001:db8::2".parse().unwrap(), length: 64 }),
            ..Default::default()
        };
        let mut frame = response.accept(&wds::get_current_settings::Request::default().frame(1, 7));
        assert_eq!(settings(&frame).unwrap().ip.mtu, None, "0x25 is an address");
        // 0x24, which is a list of names and here none that makes sense.
        frame.tlvs.extend([0x24, 4, 0, 0x96, 0x05, 0, 0]);
        assert_eq!(settings(&frame).unwrap().ip.mtu, None, "0x24 is a list of names");
        frame.tlvs.extend([0x29, 4, 0, 0x96, 0x05, 0, 0]);
        assert_eq!(settings(&frame).unwrap().ip.mtu, Some(1430));
    }
}
