//! WDS: dialling, hanging up, addresses, counters.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::SimModem;
use super::answer::{dispatch, need, no};
use super::calls::{Address, Call, Dial, Ending, NoCall, Owner, family_of, short_reason, wire_family};
use super::serving::Technology;
use crate::model::{Instant, IpFamily as Family};
use crate::qmi::ProtocolError as E;
use crate::qmi::wds::{self, RequestedSettings as R};
use crate::qmi::{Answer, Frame, Refused, Service};

impl SimModem {
    pub(super) fn wds(&mut self, frame: &Frame, now: Instant) -> Frame {
        let family =
            self.clients.get(Service::Wds, frame.client).map_or(Family::Ipv4, |client| family_of(client.family));
        dispatch! { frame;
            wds::reset |_| {
                self.end_calls(Ending::ByClient(now), |call| call.owner.is(frame.client));
                self.clients.with(Service::Wds, frame.client, |client| *client = Default::default());
                Ok(Response::default())
            },
            wds::abort |ask| {
                let transaction = need(ask.transaction)?;
                self.abort(Service::Wds, frame.client, transaction).map_err(no)?;
                Ok(Response::default())
            },
            wds::set_event_report |ask| {
                if let Some(asked) = ask.transfer_statistics {
                    self.report_statistics(frame.client, asked, now);
                }
                Ok(Response::default())
            },
            wds::indication_register |ask| {
                self.clients.with(Service::Wds, frame.client, |client| {
                    client.ip_config = ask.extended_ip_config.unwrap_or(client.ip_config);
                    client.profile_changes = ask.profile_changes.unwrap_or(client.profile_changes);
                });
                Ok(Response::default())
            },
            wds::configure_profile_event_list |ask| {
                let profiles = need(ask.profiles)?.iter().map(|id| id.index).collect();
                self.clients.with(Service::Wds, frame.client, |client| client.profiles = profiles);
                Ok(Response::default())
            },
            wds::start_network |ask| self.start_network(frame.client, family, ask, now),
            wds::stop_network |ask| self.stop_network(frame.client, family, ask, now),
            wds::get_packet_service_status |_| {
                let status = match self.call(family) {
                    Some(_) => wds::ConnectionStatus::Connected,
                    None if self.dialling(family) => wds::ConnectionStatus::Authenticating,
                    None => wds::ConnectionStatus::Disconnected,
                };
                Ok(Response { status: Some(status), ..Default::default() })
            },
            wds::get_channel_rates |_| {
                let call = self.call(family).ok_or_else(|| no(E::OutOfCall))?;
                let (tx_bps, rx_bps) = if now > call.since { (3_200, 9_600) } else { (0, 0) };
                let rates = wds::ChannelRates { tx_bps, rx_bps, max_tx_bps: 50_000_000, max_rx_bps: 150_000_000 };
                Ok(Response { rates: Some(rates), ..Default::default() })
            },
            wds::get_packet_statistics |ask| self.statistics(family, need(ask.mask)?, now),
            wds::get_current_settings |ask| {
                let call = self.call(family).ok_or_else(|| no(E::OutOfCall))?;
                Ok(self.settings(family, call, ask.settings.unwrap_or(R(u32::MAX))))
            },
            wds::get_autoconnect_settings |_| {
                let status =
                    if self.memory.autoconnect { wds::Autoconnect::Enabled } else { wds::Autoconnect::Disabled };
                Ok(Response {
                    status: Some(status),
                    roaming: Some(wds::AutoconnectRoaming::Allowed),
                    ..Default::default()
                })
            },
            wds::set_autoconnect_settings |ask| {
                self.memory.autoconnect = need(ask.status)? == wds::Autoconnect::Enabled;
                if self.radio.attached() {
                    self.autoconnect(now);
                }
                Ok(Response::default())
            },
            wds::get_data_bearer_technology |_| {
                let current = match self.radio.technology() {
                    Some(Technology::Gsm) => wds::DataBearer::Edge,
                    Some(Technology::Umts) => wds::DataBearer::HsdpaPlus,
                    Some(_) => wds::DataBearer::Lte,
                    None => return Err(no(E::OutOfCall)),
                };
                Ok(Response { current: Some(current), ..Default::default() })
            },
            wds::get_current_data_bearer_technology |_| {
                self.call(family).ok_or_else(|| no(E::OutOfCall))?;
                let rat = match self.radio.technology() {
                    Some(Technology::Gsm) => wds::Rat3gpp::EDGE,
                    Some(Technology::Umts) => wds::Rat3gpp::HSDPA_PLUS,
                    Some(Technology::Nr) => wds::Rat3gpp::NR5G,
                    _ => wds::Rat3gpp::LTE,
                };
                let current = wds::CurrentBearer {
                    network: wds::BearerFamily::ThreeGpp,
                    rat_mask: rat.0,
                    service_option_mask: 0,
                };
                Ok(Response { current: Some(current), ..Default::default() })
            },
            wds::set_ip_family |ask| {
                let family = need(ask.family)?;
                if !matches!(family, wds::IpFamily::Ipv4 | wds::IpFamily::Ipv6 | wds::IpFamily::Unspecified) {
                    return Err(no(E::InvalidIpFamilyPreference));
                }
                self.clients.with(Service::Wds, frame.client, |client| client.family = family);
                Ok(Response::default())
            },
            wds::get_pdn_throttle_info |_| {
                let throttled = self.throttled(now).map(|(apn, left)| wds::Throttle {
                    ipv4: true,
                    ipv6: true,
                    ipv4_left_ms: left,
                    ipv6_left_ms: left,
                    apn: apn.into(),
                });
                Ok(Response { throttled: Some(throttled.collect()), ..Default::default() })
            },
            wds::get_lte_attach_parameters |_| {
                if !self.radio.attached() {
                    return Err(no(E::InformationUnavailable));
                }
                Ok(Response {
                    apn: Some(self.attach_apn()),
                    ip_support: Some(wds::IpSupport::Ipv4v6),
                    attached: Some(true),
                    ..Default::default()
                })
            },
            wds::bind_mux_data_port |_| Ok(Response::default()),
            wds::bind_data_port |_| Ok(Response::default()),
            wds::bind_subscription |_| Ok(Response::default()),
            wds::create_profile |ask| self.create_profile(ask),
            wds::modify_profile |ask| self.modify_profile(ask),
            wds::delete_profile |ask| self.delete_profile(ask),
            wds::get_profile_list |ask| Ok(self.list_profiles(&ask)),
            wds::get_profile_settings |ask| self.profile_settings(ask),
            wds::get_default_settings |_| {
                Ok(Response { profile: super::profiles::fresh(), ..Default::default() })
            },
            wds::get_default_profile_number |_| {
                Ok(Response { index: Some(self.memory.profiles.default_index()), ..Default::default() })
            },
            wds::set_default_profile_number |ask| {
                let default = need(ask.default)?;
                self.memory.profiles.set_default(default.index).map_err(no)?;
                Ok(Response::default())
            },
            wds::get_max_lte_attach_pdn_number |_| Ok(Response { number: Some(1), ..Default::default() }),
            wds::set_lte_attach_pdn_list |ask| {
                let list = need(ask.profiles)?;
                self.set_attach_list(frame.client, list, now);
                Ok(Response::default())
            },
            wds::get_lte_attach_pdn_list |_| {
                Ok(Response { current: Some(self.memory.profiles.attach_list().to_vec()), ..Default::default() })
            },
        }
    }

    fn start_network(
        &mut self,
        client: u8,
        family: Family,
        ask: wds::start_network::Request,
        now: Instant,
    ) -> Answer<wds::start_network::Response> {
        let family = ask.ip_family.map_or(family, family_of);
        // Whatever this client asks from now on is about the session that it starts.
        self.clients.with(Service::Wds, client, |client| client.family = wire_family(family));
        let profile = ask.profile_3gpp.unwrap_or_else(|| self.memory.profiles.default_index());
        if self.memory.profiles.get(profile).is_none() {
            return Err(no(E::InvalidProfile));
        }
        let apn = ask.apn.unwrap_or_else(|| self.memory.profiles.apn(profile));
        if let Some(autoconnect) = ask.autoconnect {
            self.memory.autoconnect = autoconnect;
        }
        match self.dial(Dial { owner: Owner::Client(client), family, apn, profile }, now) {
            Ok(handle) => Ok(wds::start_network::Response { handle: Some(handle), ..Default::default() }),
            Err(NoCall::Error(error)) => Err(no(error)),
            Err(NoCall::Ended(kind, reason)) => {
                let reason = wds::VerboseCallEndReason { kind, reason };
                let response = wds::start_network::Response {
                    call_end_reason: Some(short_reason(&reason)),
                    verbose_call_end_reason: Some(reason),
                    ..Default::default()
                };
                Err(Refused { error: E::CallFailed, response })
            }
        }
    }

    fn stop_network(
        &mut self,
        client: u8,
        family: Family,
        ask: wds::stop_network::Request,
        now: Instant,
    ) -> Answer<wds::stop_network::Response> {
        let handle = need(ask.handle)?;
        if ask.disable_autoconnect == Some(true) {
            self.memory.autoconnect = false;
        }
        if self.lay_ghost() {
            return Ok(wds::stop_network::Response::default());
        }
        let Some(call) = self.call(family) else { return Err(no(E::NoEffect)) };
        let ours = call.handle == handle && call.owner.is(client);
        if handle != wds::ANY_HANDLE && !ours {
            return Err(no(E::InvalidHandle));
        }
        // What the modem started by itself it starts again, unless told not to.
        if call.owner == Owner::Autoconnect && self.memory.autoconnect {
            return Err(no(E::NoEffect));
        }
        let handle = call.handle;
        self.end_calls(Ending::ByClient(now), |call| call.handle == handle);
        Ok(wds::stop_network::Response::default())
    }

    fn settings(&self, family: Family, call: &Call, asked: R) -> wds::get_current_settings::Response {
        let has = |setting: R| asked.contains(setting);
        let mut settings = wds::get_current_settings::Response {
            pdp_type: has(R::PDP_TYPE).then_some(match family {
                Family::Ipv4 => wds::PdpType::Ipv4,
                Family::Ipv6 => wds::PdpType::Ipv6,
            }),
            apn: has(R::APN_NAME).then(|| call.apn.clone()),
            profile: has(R::PROFILE_ID)
                .then_some(wds::ProfileId { kind: wds::ProfileType::ThreeGpp, index: call.profile }),
            mtu: if has(R::MTU) { self.network().mtu } else { None },
            ip_family: has(R::IP_FAMILY).then_some(wire_family(family)),
            technology: has(R::TECHNOLOGY).then(|| self.bearer()),
            ..Default::default()
        };
        if self.network().no_address {
            return settings;
        }
        let dns = |last| Ipv4Addr::new(10, 64, 0, last);
        match call.address {
            Address::V4(address) => {
                let gateway = Ipv4Addr::from_bits(address.to_bits() ^ 3);
                settings.ipv4_address = has(R::IP_ADDRESS).then_some(address);
                settings.ipv4_gateway = has(R::GATEWAY).then_some(gateway);
                settings.ipv4_netmask = has(R::GATEWAY).then_some(Ipv4Addr::new(255, 255, 255, 252));
                settings.primary_dns = has(R::DNS_ADDRESS).then(|| dns(1));
                settings.secondary_dns = has(R::DNS_ADDRESS).then(|| dns(2));
            }
            Address::V6(address) => {
                let within = |low: u128| Ipv6Addr::from_bits(address.to_bits() >> 64 << 64 | low);
                let prefix = |address| wds::Ipv6Prefix { address, length: 64 };
                settings.ipv6_address = has(R::IP_ADDRESS).then(|| prefix(address));
                settings.ipv6_gateway = has(R::GATEWAY).then(|| prefix(within(1)));
                settings.ipv6_primary_dns = has(R::DNS_ADDRESS).then(|| within(0x53));
                settings.ipv6_secondary_dns = has(R::DNS_ADDRESS).then(|| within(0x54));
            }
        }
        settings
    }

    fn statistics(
        &self,
        family: Family,
        asked: wds::StatisticsMask,
        now: Instant,
    ) -> Answer<wds::get_packet_statistics::Response> {
        use wds::StatisticsMask as M;
        let has = |counter: M| asked.contains(counter);
        let Some(call) = self.call(family) else {
            // Out of a call the counters of the last one come with the refusal.
            let (tx, rx) = self.last_call().unzip();
            let response = wds::get_packet_statistics::Response {
                last_call_tx_bytes_ok: tx,
                last_call_rx_bytes_ok: rx,
                ..Default::default()
            };
            return Err(Refused { error: E::OutOfCall, response });
        };
        let (tx, rx) = call.bytes(now);
        Ok(wds::get_packet_statistics::Response {
            tx_packets_ok: has(M::TX_PACKETS_OK).then_some((tx / 100) as u32),
            rx_packets_ok: has(M::RX_PACKETS_OK).then_some((rx / 600) as u32),
            tx_packets_error: has(M::TX_PACKETS_ERROR).then_some(0),
            rx_packets_error: has(M::RX_PACKETS_ERROR).then_some(0),
            tx_bytes_ok: has(M::TX_BYTES_OK).then_some(tx),
            rx_bytes_ok: has(M::RX_BYTES_OK).then_some(rx),
            tx_packets_dropped: has(M::TX_PACKETS_DROPPED).then_some(0),
            rx_packets_dropped: has(M::RX_PACKETS_DROPPED).then_some(0),
            ..Default::default()
        })
    }
}
