//! Client ids: which of our clients exist in the modem.
//!
//! An id from an earlier run is *adopted*: it may still be ours, and a session may hang on it, so it is used, but only
//! after the modem has accepted the client's preparations under it.

use std::collections::BTreeMap;

use super::role::Role;
use crate::model::Instant;
use crate::qmi::Service;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Client {
    /// Remembered, not yet confirmed.
    Adopted(u8),
    /// Allocated or confirmed, being prepared.
    Preparing(Option<u8>),
    /// Ready for requests.
    Ready(u8),
}

#[derive(Clone, Default, Debug)]
pub(super) struct Clients {
    held: BTreeMap<Role, Client>,
    /// When each was granted, of those granted in this run.
    granted: BTreeMap<Role, Instant>,
}

impl Clients {
    pub(super) fn remembered(memory: &BTreeMap<String, u8>) -> Self {
        let known = |role: Role| memory.get(role.name()).map(|id| (role, Client::Adopted(*id)));
        Self { held: Role::ALL.into_iter().filter_map(known).collect(), granted: BTreeMap::new() }
    }

    pub(super) fn memory(&self) -> BTreeMap<String, u8> {
        self.ids().map(|(role, id)| (role.name().to_owned(), id)).collect()
    }

    pub(super) fn of(&self, role: Role) -> Option<Client> {
        self.held.get(&role).copied()
    }

    pub(super) fn set(&mut self, role: Role, client: Client) {
        self.held.insert(role, client);
    }

    /// The modem granted this id. Whoever else of ours had it had it from a modem that has restarted since, and has none now:
    /// says who.
    pub(super) fn grant(&mut self, role: Role, id: Option<u8>, now: Instant) -> Option<Role> {
        let stale = id.and_then(|id| self.role(role.service(), id)).filter(|other| *other != role);
        if let Some(stale) = stale {
            self.remove(stale);
        }
        self.set(role, Client::Preparing(id));
        self.granted.insert(role, now);
        stale
    }

    /// The modem took an id back that was held when it was asked to. It grants ids again at once: one that was granted
    /// since is another.
    /// Says whether it was one of ours.
    pub(super) fn take_back(&mut self, (service, id): (Service, u8), asked: Instant) -> bool {
        let granted_since = |role: &Role| self.granted.get(role).is_some_and(|at| *at > asked);
        let Some(role) = self.role(service, id).filter(|role| !granted_since(role)) else { return false };
        self.remove(role);
        true
    }

    pub(super) fn remove(&mut self, role: Role) {
        self.held.remove(&role);
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The ids we hold, whatever their state.
    pub(super) fn ids(&self) -> impl Iterator<Item = (Role, u8)> {
        self.held.iter().filter_map(|(role, client)| match client {
            Client::Adopted(id) | Client::Ready(id) | Client::Preparing(Some(id)) => Some((*role, *id)),
            Client::Preparing(None) => None,
        })
    }

    /// Ours by address; `None` for a broadcast or somebody else's.
    pub(super) fn role(&self, service: Service, id: u8) -> Option<Role> {
        self.ids().find(|(role, held)| role.service() == service && *held == id).map(|(role, _)| role)
    }

    /// The port was opened anew: nothing is certain any more.
    pub(super) fn doubt(&mut self) {
        self.held.retain(|_, client| !matches!(client, Client::Preparing(None)));
        for client in self.held.values_mut() {
            if let Client::Ready(id) | Client::Preparing(Some(id)) = *client {
                *client = Client::Adopted(id);
            }
        }
    }
}
