//! Client ids: few, given out on each service by themselves, alive until released or until the modem restarts.

use std::collections::BTreeMap;

use crate::qmi::wds::IpFamily;
use crate::qmi::{ProtocolError, Service, uim};

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
    /// NAS: indications of refused registrations.
    pub(super) network_reject: bool,
    /// DMS: indications of the operating mode.
    pub(super) operating_mode: bool,
    /// UIM: indications of card and slots.
    pub(super) card: uim::Events,
    /// WDS: indications of changed settings.
    pub(super) ip_config: bool,
    /// DSD: indications of the system that carries data.
    pub(super) data_system: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            family: IpFamily::Ipv4,
            serving_system: true,
            system_info: false,
            signal_info: false,
            network_reject: false,
            operating_mode: false,
            card: uim::Events(0),
            ip_config: false,
            data_system: false,
        }
    }
}

/// The services a simulated modem has, with their versions.
pub(super) const SERVICES: [(Service, u16, u16); 7] = [
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
}

impl Clients {
    pub(super) fn new(per_service: u8) -> Self {
        Self { held: BTreeMap::new(), per_service }
    }

    /// The lowest free id, so that an id from before a restart soon belongs to somebody else.
    pub(super) fn allocate(&mut self, service: Service) -> Result<u8, ProtocolError> {
        if service == Service::Ctl || !SERVICES.iter().any(|(known, ..)| *known == service) {
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

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }
}
