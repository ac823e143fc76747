//! The small services: CTL, WDA, DSD.

use super::SimModem;
use super::answer::{dispatch, need, no};
use super::calls::Ending;
use super::serving::Technology;
use crate::model::Instant;
use crate::qmi::ProtocolError as E;
use crate::qmi::{Answer, Frame, Service, ctl, dsd, wda};

impl SimModem {
    pub(super) fn ctl(&mut self, frame: &Frame, now: Instant) -> Frame {
        dispatch! { frame;
            ctl::set_instance_id |ask| {
                let id = need(ask.id)?;
                Ok(Response { link_id: Some(id.into()), ..Default::default() })
            },
            ctl::get_version_info |_| {
                let version = |(service, major, minor)| ctl::ServiceVersion { service, major, minor };
                Ok(Response { services: Some(self.clients.services().map(version).collect()), ..Default::default() })
            },
            ctl::allocate_cid |ask| {
                let service = need(ask.service)?;
                let client = self.clients.allocate(service).map_err(no)?;
                Ok(Response { client: Some(ctl::ClientId { service, client }), ..Default::default() })
            },
            ctl::release_cid |ask| {
                let id = need(ask.client)?;
                self.clients.release(id.service, id.client).map_err(no)?;
                self.forget_client(id.service, id.client, now);
                Ok(Response { client: Some(id), ..Default::default() })
            },
            ctl::set_data_format |ask| {
                if ask.link_protocol == Some(ctl::LinkProtocol::RawIp) && self.personality.wda_needs_endpoint {
                    return Err(no(E::InvalidDataFormat));
                }
                if let Some(protocol) = ask.link_protocol {
                    self.ethernet = protocol != ctl::LinkProtocol::RawIp;
                }
                let in_force = if self.ethernet { ctl::LinkProtocol::Ieee8023 } else { ctl::LinkProtocol::RawIp };
                Ok(Response { link_protocol: Some(in_force), ..Default::default() })
            },
            ctl::sync |_| {
                self.forget_clients(now);
                Ok(Response::default())
            },
        }
    }

    /// All client ids are gone, and with them the sessions that lived on them.
    pub(super) fn forget_clients(&mut self, now: Instant) {
        self.clients.clear();
        // Requests of clients that are no more get no answer.
        self.waiting.retain(|_, frame| frame.service == Service::Ctl);
        self.end_calls(Ending::ByClient(now), |call| call.owner.is_a_client());
    }

    fn forget_client(&mut self, service: Service, client: u8, now: Instant) {
        self.waiting.retain(|_, frame| (frame.service, frame.client) != (service, client));
        if service == Service::Wds {
            self.end_calls(Ending::ByClient(now), |call| call.owner.is(client));
        }
    }

    pub(super) fn wda(&mut self, frame: &Frame) -> Frame {
        dispatch! { frame;
            wda::set_data_format |ask| {
                self.check_endpoint(ask.endpoint.as_ref())?;
                if let Some(protocol) = ask.link_protocol {
                    self.ethernet = protocol != wda::LinkProtocol::RawIp;
                }
                Ok(Response { format: self.format(), ..Default::default() })
            },
            wda::get_data_format |ask| {
                self.check_endpoint(ask.endpoint.as_ref())?;
                Ok(Response { format: self.format(), ..Default::default() })
            },
        }
    }

    fn check_endpoint<R: Default>(&self, endpoint: Option<&wda::Endpoint>) -> Answer<R> {
        match endpoint {
            None if self.personality.wda_needs_endpoint => Err(no(E::MissingArgument)),
            Some(endpoint) if endpoint.kind == wda::EndpointKind::Pcie => Err(no(E::InvalidArgument)),
            _ => Ok(R::default()),
        }
    }

    fn format(&self) -> wda::Format {
        wda::Format {
            qos_header: Some(false),
            link_protocol: Some(if self.ethernet { wda::LinkProtocol::Ieee8023 } else { wda::LinkProtocol::RawIp }),
            uplink_aggregation: Some(wda::Aggregation::Disabled),
            downlink_aggregation: Some(wda::Aggregation::Disabled),
            ndp_signature: Some(0),
            downlink_max_datagrams: Some(0),
            downlink_max_size: Some(0),
            uplink_max_datagrams: Some(0),
            uplink_max_size: Some(0),
            ..wda::Format::default()
        }
    }

    pub(super) fn dsd(&mut self, frame: &Frame) -> Frame {
        dispatch! { frame;
            dsd::get_system_status |_| {
                Ok(Response { systems: Some(self.data_systems()), ..Default::default() })
            },
            dsd::system_status_change |ask| {
                self.clients.with(Service::Dsd, frame.client, |client| client.data_system = ask.report == Some(true));
                Ok(Response::default())
            },
            dsd::get_apn_info |ask| {
                need(ask.purpose)?;
                Ok(Response { apn: Some(self.attach_apn()), ..Default::default() })
            },
            dsd::set_apn_type |ask| {
                need(ask.apn)?;
                Ok(Response::default())
            },
        }
    }

    pub(super) fn tell_data_system(&mut self) {
        let systems = Some(self.data_systems());
        self.indicate(&dsd::system_status::Indication { systems, ..Default::default() }, |client| client.data_system);
    }

    fn data_systems(&self) -> Vec<dsd::System> {
        let Some(technology) = self.radio.technology() else { return Vec::new() };
        let system = |technology| dsd::System {
            network: dsd::NetworkType::ThreeGpp,
            technology,
            service_options: dsd::ServiceOptions(0),
        };
        vec![system(match technology {
            Technology::Gsm => dsd::Technology::Geran,
            Technology::Umts => dsd::Technology::Wcdma,
            Technology::Lte => dsd::Technology::Lte,
            Technology::LteAndNr | Technology::Nr => dsd::Technology::Nr5g,
        })]
    }
}
