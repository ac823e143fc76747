//! Client ids: which of our clients exist in the modem.
//!
//! An id from an earlier run is *adopted*: it may still be ours, and a session may hang on it, so it is used, but only
//! after the modem has accepted the client's preparations under it.

use std::collections::BTreeMap;

use super::role::Role;

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
pub(super) struct Clients(BTreeMap<Role, Client>);

impl Clients {
    pub(super) fn remembered(memory: &BTreeMap<String, u8>) -> Self {
        let known = |role: Role| memory.get(role.name()).map(|id| (role, Client::Adopted(*id)));
        Self(Role::ALL.into_iter().filter_map(known).collect())
    }

    pub(super) fn memory(&self) -> BTreeMap<String, u8> {
        self.ids().map(|(role, id)| (role.name().to_owned(), id)).collect()
    }

    pub(super) fn of(&self, role: Role) -> Option<Client> {
        self.0.get(&role).copied()
    }

    pub(super) fn set(&mut self, role: Role, client: Client) {
        self.0.insert(role, client);
    }

    pub(super) fn remove(&mut self, role: Role) {
        self.0.remove(&role);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids we hold, whatever their state.
    pub(super) fn ids(&self) -> impl Iterator<Item = (Role, u8)> {
        self.0.iter().filter_map(|(role, client)| match client {
            Client::Adopted(id) | Client::Ready(id) | Client::Preparing(Some(id)) => Some((*role, *id)),
            Client::Preparing(None) => None,
        })
    }

    /// Ours by address; `None` for a broadcast or somebody else's.
    pub(super) fn role(&self, service: crate::qmi::Service, id: u8) -> Option<Role> {
        self.ids().find(|(role, held)| role.service() == service && *held == id).map(|(role, _)| role)
    }

    /// The port was opened anew: nothing is certain any more.
    pub(super) fn doubt(&mut self) {
        self.0.retain(|_, client| !matches!(client, Client::Preparing(None)));
        for client in self.0.values_mut() {
            if let Client::Ready(id) | Client::Preparing(Some(id)) = *client {
                *client = Client::Adopted(id);
            }
        }
    }
}
