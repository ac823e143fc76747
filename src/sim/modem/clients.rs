//! Client ids: few, given out on each service by themselves, alive until released or until the modem restarts.

use std::collections::BTreeMap;

use crate::qmi::wds::IpFamily;
use crate::qmi::{ProtocolError, Service, uim, wds};

/// What a client asked for.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// WDS: the family its session has.
    pub(super) family: IpFamily,
    /// NAS: Serving System indications, on for every client from the start.
    pub(super) serving_system: bool,
    /// NAS: System Info indications.
    pub(super) system_info: bool,
    /// NAS: Signal Info indications.
    pub(super) signal_info: bool,
    /// NAS: indications of the network's name.
    pub(super) plmn_name: bool,
    /// NAS: indications of the network's time.
    pub(super) network_time: bool,
    /// NAS: indications of refused registrations.
    pub(super) network_reject: bool,
    /// DMS: indications of the operating mode.
    pub(super) operating_mode: bool,
    /// UIM: indications of card and slots.
    pub(super) card: uim::Events,
    /// UIM: indications of refreshes.
    pub(super) refresh: bool,
    /// WDS: indications of changed settings.
    pub(super) ip_config: bool,
    /// WDS: which counters it wants reported how often.
    pub(super) statistics: Option<wds::StatisticsReport>,
    /// DSD: indications of the system that carries data.
    pub(super) data_system: bool,
    /// WDS: indications of changed profiles, and of which.
    pub(super) profile_changes: bool,
    pub(super) profiles: Vec<u8>,
    /// Somebody took it and will never give it back.
    pub(super) lost: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            family: IpFamily::Ipv4,
            serving_system: true,
            system_info: false,
            signal_info: false,
            plmn_name: false,
            network_time: false,
            network_reject: false,
            operating_mode: false,
            card: uim::Events(0),
            refresh: false,
            ip_config: false,
            statistics: None,
            data_system: false,
            profile_changes: false,
            profiles: Vec::new(),
            lost: false,
        }
    }
}

/// The services a simulated modem has, with their versions.
const SERVICES: [(Service, u16, u16); 7] = [
    (Service::Ctl, 1, 5),
    (Service::Wds, 1, 67),
    (Service::Dms, 1, 14),
    (Service::Nas, 1, 25),
    (Service::Uim, 1, 46),
    (Service::Wda, 1, 16),
    (Service::Dsd, 1, 1),
];

/// All client ids in use.
#[derive(Debug)]
pub(super) struct Clients {
    held: BTreeMap<(Service, u8), Client>,
    per_service: u8,
    uim: bool,
}

impl Clients {
    /// `uim`: whether there is such a service.
    pub(super) fn new(per_service: u8, uim: bool) -> Self {
        Self { held: BTreeMap::new(), per_service, uim }
    }

    /// The services and their versions.
    pub(super) fn services(&self) -> impl Iterator<Item = (Service, u16, u16)> + use<> {
        let uim = self.uim;
        SERVICES.into_iter().filter(move |(service, ..)| uim || *service != Service::Uim)
    }

    /// The lowest free id, so that an id from before a restart soon belongs to somebody else.
    pub(super) fn allocate(&mut self, service: Service) -> Result<u8, ProtocolError> {
        if service == Service::Ctl || !self.services().any(|(known, ..)| known == service) {
            return Err(ProtocolError::InvalidServiceType);
        }
        let free = (1..=self.per_service).find(|id| !self.held.contains_key(&(service, *id)));
        let id = free.ok_or(ProtocolError::ClientIdsExhausted)?;
        self.held.insert((service, id), Client::default());
        Ok(id)
    }

    pub(super) fn release(&mut self, service: Service, id: u8) -> Result<(), ProtocolError> {
        self.held.remove(&(service, id)).map(drop).ok_or(ProtocolError::InvalidClientId)
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
    }

    pub(super) fn get(&self, service: Service, id: u8) -> Option<&Client> {
        self.held.get(&(service, id))
    }

    /// The client, or one that is forgotten at once: whoever asks has been checked.
    pub(super) fn with(&mut self, service: Service, id: u8, change: impl FnOnce(&mut Client)) {
        if let Some(client) = self.held.get_mut(&(service, id)) {
            change(client);
        }
    }

    pub(super) fn of(&self, service: Service) -> impl Iterator<Item = (u8, &Client)> {
        self.held.range((service, 0)..=(service, u8::MAX)).map(|((_, id), client)| (*id, client))
    }

    /// Those that somebody still uses.
    pub(super) fn len(&self) -> usize {
        self.held.values().filter(|client| !client.lost).count()
    }

    /// Takes every id that is left on a service, for nobody.
    pub(super) fn take_all(&mut self, service: Service) {
        while let Ok(id) = self.allocate(service) {
            self.with(service, id, |client| client.lost = true);
        }
    }

    /// Gives back what nobody uses.
    pub(super) fn find_lost(&mut self) {
        self.held.retain(|_, client| !client.lost);
    }
}
