//! What an indication makes doubtful. About what the plan reads, an indication is never believed: it tells where to look.
//!
//! That costs one request and saves a class of defects: indications come late, twice, in bursts, in the wrong order,
//! with half their values missing, and some are simply wrong. A coalesced look is right in all these cases.

use super::clients::Clients;
use super::role::Role;
use super::translate;
use crate::model::{CallEnd, Fact, FactSet, IpFamily};
use crate::qmi::{Frame, Indication, ctl, dms, nas, uim, wds};

/// What an indication means to us.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// These facts may have changed.
    Facts(FactSet),
    /// A session may have ended, and this is what the modem says why.
    Ended(IpFamily, CallEnd),
    /// The modem has restarted: nothing we set up in it is left.
    Restarted,
    /// Nothing.
    Nothing,
}

pub(super) fn of(frame: &Frame, clients: &Clients) -> Doubt {
    match frame.key() {
        ctl::synced::KEY => Doubt::Restarted,
        dms::event_report::KEY => Doubt::Facts(FactSet::of(&[Fact::OperatingMode])),
        // The preference too: when the serving technology changes, somebody may have changed what is allowed.
        nas::serving_system::KEY | nas::system_info::KEY => {
            Doubt::Facts(FactSet::of(&[Fact::ServingSystem, Fact::RadioPreference]))
        }
        nas::network_reject::KEY => Doubt::Facts(FactSet::of(&[Fact::ServingSystem])),
        uim::card_status::KEY | uim::slot_status::KEY | uim::refresh::KEY => Doubt::Facts(FactSet::CARD),
        wds::packet_service_status::KEY => packet_service(frame, clients),
        wds::profile_changed::KEY => Doubt::Facts(FactSet::of(&[Fact::Profile])),
        wds::extended_ip_config::KEY => Doubt::Facts(
            families(frame, clients, None).map_or(FactSet::of(&[Fact::SettingsIpv4, Fact::SettingsIpv6]), |family| {
                FactSet::of(&[Fact::settings(family)])
            }),
        ),
        _ => Doubt::Nothing,
    }
}

/// The refresh that a card has begun and wants to be told the end of.
pub(super) fn begun_refresh(frame: &Frame) -> Option<uim::RefreshEvent> {
    if frame.key() != uim::refresh::KEY {
        return None;
    }
    let event = uim::refresh::Indication::decode(frame).ok()?.event?;
    (event.stage == uim::RefreshStage::Start).then_some(event)
}

fn packet_service(frame: &Frame, clients: &Clients) -> Doubt {
    let Ok(indication) = wds::packet_service_status::Indication::decode(frame) else { return Doubt::Nothing };
    let Some(family) = families(frame, clients, indication.ip_family) else {
        return Doubt::Facts(FactSet::SESSIONS);
    };
    let status = indication.status.as_ref().map(|s| s.status);
    let cause = translate::call_end(indication.verbose_call_end_reason, indication.call_end_reason);
    match (status, cause) {
        (Some(wds::ConnectionStatus::Disconnected), Some(cause)) => Doubt::Ended(family, cause),
        // Connected, or connected with other settings than before: look at both.
        _ => Doubt::Facts(FactSet::of(&[Fact::session(family), Fact::settings(family)])),
    }
}

/// The family an indication is about: the client it is for, else what it says; `None`: could be either.
fn families(frame: &Frame, clients: &Clients, said: Option<wds::IpFamily>) -> Option<IpFamily> {
    match (clients.role(frame.service, frame.client), said) {
        (Some(Role::Wds(family)), _) => Some(family),
        (_, Some(wds::IpFamily::Ipv4)) => Some(IpFamily::Ipv4),
        (_, Some(wds::IpFamily::Ipv6)) => Some(IpFamily::Ipv6),
        _ => None,
    }
}
