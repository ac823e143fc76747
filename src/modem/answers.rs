//! What an answer tells: responses become reports of facts.
//!
//! Most facts are one answer. Device identity and SIM identity are put together from several; they are reported when
//! the script that asked for them ends.

use super::translate;
use crate::model::session::{Ipv4Settings, Ipv6Settings};
use crate::model::{
    Apn, CallEnd, ControlState, DataFormat, Device, Fact, Failure, Iccid, Imei, Imsi, IpFamily, IpSettings, Report,
    ServingSystem, SessionSettings, SimIdentity,
};
use crate::qmi::{Frame, Kind, ProtocolError, Response, dms, nas, uim, wda, wds};

/// Facts under construction.
#[derive(Default, Debug)]
pub(super) struct Gathered {
    device: Device,
    data_format: Option<DataFormat>,
    iccid: Option<Iccid>,
    imsi: Option<Imsi>,
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
    if frame.key() == wds::start_network::KEY
        && let Ok(Err(refused)) = wds::start_network::Response::decode(frame)
        && let Some(reason) = refused.response.verbose_call_end_reason
    {
        return Failure::CallEnded(CallEnd { kind: reason.kind.into(), reason: reason.reason });
    }
    Failure::Refused(error.to_string())
}

/// The handle of a session that a response grants.
pub(super) fn handle(frame: &Frame) -> Option<u32> {
    (frame.key() == wds::start_network::KEY)
        .then(|| wds::start_network::Response::decode(frame).ok()?.ok()?.handle)
        .flatten()
}

impl Gathered {
    /// Takes in a granted response. `family` is that of the client it is for; `cause` why its session last ended.
    pub(super) fn absorb(&mut self, frame: &Frame, family: Option<IpFamily>, cause: Option<CallEnd>) -> Option<Report> {
        match frame.key() {
            dms::get_manufacturer::KEY => {
                self.device.manufacturer = read::<dms::get_manufacturer::Response>(frame)?.manufacturer?
            }
            dms::get_model::KEY => self.device.model = read::<dms::get_model::Response>(frame)?.model?,
            dms::get_revision::KEY => self.device.revision = read::<dms::get_revision::Response>(frame)?.revision?,
            dms::get_ids::KEY => {
                let imei = read::<dms::get_ids::Response>(frame)?.imei?;
                self.device.imei = Imei::parse(&imei).ok();
            }
            dms::get_capabilities::KEY => {
                let capabilities = read::<dms::get_capabilities::Response>(frame)?.capabilities?;
                self.device.supports = translate::supported(&capabilities.radio_interfaces);
            }
            dms::get_operating_mode::KEY => {
                let mode = read::<dms::get_operating_mode::Response>(frame)?.mode?;
                return Some(Report::OperatingMode(translate::operating_mode(mode)));
            }
            wda::get_data_format::KEY => {
                let protocol = read::<wda::get_data_format::Response>(frame)?.format.link_protocol;
                self.data_format = Some(match protocol {
                    Some(wda::LinkProtocol::RawIp) => DataFormat::RawIp,
                    Some(wda::LinkProtocol::Ieee8023) => DataFormat::Ethernet,
                    _ => DataFormat::Fixed,
                });
            }
            uim::get_card_status::KEY => {
                let status = read::<uim::get_card_status::Response>(frame)?.status?;
                return Some(Report::Sim(translate::sim(&status)));
            }
            uim::read_transparent::KEY => self.file(&read::<uim::read_transparent::Response>(frame)?.data?),
            nas::get_system_selection_preference::KEY => {
                let mask = read::<nas::get_system_selection_preference::Response>(frame)?.mode_preference?;
                return Some(Report::Technologies(translate::technologies(mask)));
            }
            nas::get_serving_system::KEY => return serving_system(frame).map(Report::ServingSystem),
            wds::get_packet_service_status::KEY => {
                let status = read::<wds::get_packet_service_status::Response>(frame)?.status?;
                return Some(Report::Session(family?, translate::session(status, cause)?));
            }
            wds::get_current_settings::KEY => return Some(Report::Settings(family?, settings(frame)?)),
            _ => {}
        }
        None
    }

    /// The fact that a finished series of answers amounts to; `None` where single answers were the reports already.
    pub(super) fn finish(&mut self, fact: Fact) -> Option<Result<Report, Failure>> {
        match fact {
            Fact::Control => Some(Ok(Report::Control(ControlState::Ready))),
            Fact::Device => Some(Ok(Report::Device(std::mem::take(&mut self.device)))),
            // No answer to either question: the modem has no such service, and nothing to set.
            Fact::DataFormat => Some(Ok(Report::DataFormat(self.data_format.take().unwrap_or(DataFormat::Fixed)))),
            Fact::SimIdentity => Some(match self.iccid.take() {
                Some(iccid) => Ok(Report::SimIdentity(SimIdentity { iccid, imsi: self.imsi.take() })),
                None => Err(Failure::Refused("a card number that is none".to_owned())),
            }),
            _ => None,
        }
    }

    /// The length and parity mark of an IMSI tell it from a card number.
    fn file(&mut self, bytes: &[u8]) {
        match translate::iccid(bytes) {
            Some(iccid) if self.iccid.is_none() => self.iccid = Some(iccid),
            _ => self.imsi = translate::imsi(bytes),
        }
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
        plmn: named.and_then(|named| translate::plmn(named, response.plmn_digits.as_ref())),
        operator_name: named.map(|named| named.name.clone()).filter(|name| !name.is_empty()),
        technologies: translate::in_use(&system.radio_interfaces),
    })
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
    Some(SessionSettings { apn: s.apn.map(Apn), ip: IpSettings { ipv4, ipv6, dns, mtu } })
}

/// What an IP link can carry (RFC 791: 576 must be accepted) and no modem exceeds; anything else is a mistake.
const MTU: std::ops::RangeInclusive<u32> = 576..=9000;
