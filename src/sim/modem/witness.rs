//! What an inspector beside the modem sees: the truth that the daemon has to find out, and what was asked of the modem.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::SimModem;
use super::calls::{Address, Call};
use crate::model::{Instant, IpFamily, Plmn};
use crate::qmi::dms::OperatingMode;
use crate::qmi::nas::ModePreference;
use crate::qmi::{self, Frame, Request, Service};

use super::radio::Registration;

/// A note of the inspector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Witness {
    /// A request for a session arrived.
    Dialled {
        /// The family asked for.
        family: IpFamily,
        /// The access point asked for.
        apn: String,
        /// The modem is registered in a visited network.
        roaming: bool,
    },
    /// A request that changes something arrived.
    Wrote {
        /// Its service.
        service: Service,
        /// Its id.
        message: u16,
    },
    /// A session came up.
    SessionUp {
        /// Its family.
        family: IpFamily,
        /// Its access point.
        apn: String,
    },
    /// A PIN reached the card.
    PinTried {
        /// The card.
        iccid: String,
        /// It was the right one.
        right: bool,
        /// Tries that were left before.
        tries_before: u8,
    },
    /// A session ended.
    SessionDown {
        /// Its family.
        family: IpFamily,
    },
}

/// How things really are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Truth {
    /// On the bus.
    pub visible: bool,
    /// The firmware runs.
    pub answers: bool,
    /// ICCID of a card that can be used.
    pub iccid: Option<String>,
    /// IMSI of the same.
    pub imsi: Option<String>,
    /// Operating mode.
    pub mode: OperatingMode,
    /// Technologies it is allowed to use.
    pub technologies: ModePreference,
    /// A network serves it.
    pub registered: bool,
    /// A visited one.
    pub roaming: bool,
    /// Attached to the packet domain.
    pub attached: bool,
    /// The data path frames Ethernet.
    pub ethernet: bool,
    /// Access points of the sessions that are up.
    pub sessions: Vec<(IpFamily, String)>,
    /// Client ids in use.
    pub clients: usize,
    /// Requests that wait for their answer.
    pub waiting: usize,
    /// Tries left for the PIN of the card that is in, usable or not.
    pub pin_tries: Option<u8>,
    /// The SIM slot in use, from 1.
    pub slot: usize,
    /// LTE bands it is allowed to use.
    pub lte_bands: Vec<u16>,
    /// 5G bands it is allowed to use: by itself, and beside LTE.
    pub nr5g_bands: [Vec<u16>; 2],
    /// The one network it is allowed to use; `None`: it chooses.
    pub network: Option<Plmn>,
    /// How often a client said that it has dealt with a refresh of the card.
    pub refreshes: u32,
}

/// Notes that nobody fetched are lost beyond this number.
const MAX_NOTES: usize = 256;

impl SimModem {
    /// How things really are.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let card = self.ready_card();
        let preference = &self.memory.radio.preference;
        Truth {
            visible: self.life.visible(),
            answers: self.life.answers(),
            iccid: card.map(|card| card.iccid.clone()),
            imsi: card.map(|card| card.imsi.clone()),
            mode: self.radio.mode(),
            technologies: preference.modes,
            registered: matches!(self.radio.registration(), Registration::Registered { .. }),
            roaming: self.radio.roaming(),
            attached: self.radio.attached(),
            ethernet: self.ethernet,
            sessions: [IpFamily::Ipv4, IpFamily::Ipv6]
                .into_iter()
                .filter_map(|family| Some((family, self.call(family)?.apn.clone())))
                .collect(),
            clients: self.clients.len(),
            waiting: self.waiting.len(),
            pin_tries: self.inserted().map(|card| card.pin.tries),
            slot: self.active_slot(),
            lte_bands: preference.lte_bands.clone(),
            nr5g_bands: [preference.nr5g_sa_bands.clone(), preference.nr5g_nsa_bands.clone()],
            network: preference.manual,
            refreshes: self.refreshes_dealt_with(),
        }
    }

    /// Some session is up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        [IpFamily::Ipv4, IpFamily::Ipv6].into_iter().any(|family| self.call(family).is_some())
    }

    /// Some session with this access point is up.
    #[must_use]
    pub fn is_connected_with(&self, apn: &str) -> bool {
        let calls = [IpFamily::Ipv4, IpFamily::Ipv6].into_iter().filter_map(|family| self.call(family));
        calls.into_iter().any(|call| call.apn.eq_ignore_ascii_case(apn))
    }

    /// Registered in a visited network.
    #[must_use]
    pub fn is_roaming(&self) -> bool {
        self.radio.roaming()
    }

    /// ICCID of the card, if it can be used.
    #[must_use]
    pub fn usable_card(&self) -> Option<&str> {
        self.ready_card().map(|card| card.iccid.as_str())
    }

    /// The addresses the network gave to the sessions that are up.
    #[must_use]
    pub fn addresses(&self) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
        self.addresses_of(|_| true)
    }

    /// The same of the sessions that carry data.
    #[must_use]
    pub fn carried(&self) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
        let swallows = self.personality.silent_in_raw_ip && !self.ethernet;
        self.addresses_of(|call| !call.mute && !swallows)
    }

    fn addresses_of(&self, which: impl Fn(&Call) -> bool) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
        let of = |family| self.call(family).filter(|call| which(call)).map(|call| call.address);
        let v4 = match of(IpFamily::Ipv4) {
            Some(Address::V4(address)) => Some(address),
            Some(Address::V6(_)) | None => None,
        };
        let v6 = match of(IpFamily::Ipv6) {
            Some(Address::V6(address)) => Some(address),
            Some(Address::V4(_)) | None => None,
        };
        (v4, v6)
    }

    /// No request waits for its answer.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Client ids in use.
    #[must_use]
    pub fn clients_in_use(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn witness(&mut self, now: Instant, what: Witness) {
        if self.witnessed.len() < MAX_NOTES {
            self.witnessed.push_back((now, what));
        }
    }

    pub(super) fn witness_arrival(&mut self, frame: &Frame, now: Instant) {
        if changes_something(frame.key()) {
            self.witness(now, Witness::Wrote { service: frame.service, message: frame.message });
        }
        if frame.key() != qmi::wds::start_network::KEY {
            return;
        }
        let Ok(ask) = qmi::wds::start_network::Request::decode(frame) else { return };
        let client = self.clients.get(Service::Wds, frame.client).map(|client| client.family);
        let family = super::calls::family_of(ask.ip_family.or(client).unwrap_or_default());
        let profile = ask.profile_3gpp.unwrap_or_else(|| self.memory.profiles.default_index());
        let apn = ask.apn.unwrap_or_else(|| self.memory.profiles.apn(profile));
        self.witness(now, Witness::Dialled { family, apn, roaming: self.radio.roaming() });
    }
}

/// Whether a request is meant to change how the modem is, beyond what the client is told.
fn changes_something(key: (Service, u16)) -> bool {
    matches!(
        key,
        qmi::dms::set_operating_mode::KEY
            | qmi::dms::restore_factory_defaults::KEY
            | qmi::nas::set_system_selection_preference::KEY
            | qmi::nas::initiate_network_register::KEY
            | qmi::nas::attach_detach::KEY
            | qmi::nas::force_network_search::KEY
            | qmi::wds::start_network::KEY
            | qmi::wds::stop_network::KEY
            | qmi::wds::create_profile::KEY
            | qmi::wds::modify_profile::KEY
            | qmi::wds::delete_profile::KEY
            | qmi::wds::set_default_profile_number::KEY
            | qmi::wds::set_autoconnect_settings::KEY
            | qmi::wds::set_lte_attach_pdn_list::KEY
            | qmi::wda::set_data_format::KEY
            | qmi::uim::verify_pin::KEY
            | qmi::dms::uim_verify_pin::KEY
            | qmi::uim::unblock_pin::KEY
            | qmi::uim::change_pin::KEY
            | qmi::uim::set_pin_protection::KEY
            | qmi::uim::write_transparent::KEY
            | qmi::uim::power_off_sim::KEY
            | qmi::uim::power_on_sim::KEY
            | qmi::uim::switch_slot::KEY
            | qmi::ctl::sync::KEY
            | qmi::ctl::set_data_format::KEY
    )
}
