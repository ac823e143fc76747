//! What the ports of all modems know together: who has which node open, which modem is where, and what its interface is
//! called.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::super::device::ControlNode;
use super::identify::Identity;
use crate::model::ModemName;
use crate::reconcile::PortSpec;

/// Shared by the tasks of the ports. Nothing here waits, and no lock is held over a wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    facts: Arc<Mutex<Facts>>,
    names: Arc<Names>,
}

/// Interfaces by their modems.
type Names = watch::Sender<BTreeMap<ModemName, String>>;

#[derive(Debug, Default)]
struct Facts {
    /// The node that each modem has open, or is about to.
    held: BTreeMap<ModemName, PathBuf>,
    /// Who was asked, by place and arrival: whoever is plugged in there next is asked again.
    identities: BTreeMap<(PathBuf, Option<String>), Identity>,
    /// Where each modem was seen last; also while it is away.
    devices: BTreeMap<ModemName, ControlNode>,
}

impl Known {
    /// Takes the node for a modem, unless another has it: which one.
    pub(super) fn hold(&self, node: &Path, modem: &ModemName) -> Option<ModemName> {
        let mut facts = self.facts();
        let held = facts.held.iter().find(|(holder, path)| *holder != modem && *path == node);
        if let Some((holder, _)) = held {
            return Some(holder.clone());
        }
        facts.held.insert(modem.clone(), node.to_owned());
        None
    }

    /// The node that the modem has open.
    pub(super) fn held(&self, modem: &ModemName) -> Option<PathBuf> {
        self.facts().held.get(modem).cloned()
    }

    /// The modem has nothing open any more.
    pub(super) fn release(&self, modem: &ModemName) {
        self.facts().held.remove(modem);
    }

    /// Which modem is there now, if it was asked.
    pub(super) fn identity(&self, node: &ControlNode) -> Option<Identity> {
        self.facts().identities.get(&(node.function.clone(), node.arrival.clone())).cloned()
    }

    /// It was asked.
    pub(super) fn learn(&self, node: &ControlNode, identity: Identity) {
        let mut facts = self.facts();
        facts.identities.retain(|(place, _), _| *place != node.function);
        facts.identities.insert((node.function.clone(), node.arrival.clone()), identity);
    }

    /// Whether the port is known to be of another modem than the one that is asked for.
    pub(super) fn is_other(&self, spec: &PortSpec, node: &ControlNode) -> bool {
        let PortSpec::Hardware(wanted) = spec else { return false };
        self.identity(node).is_some_and(|identity| !identity.is(wanted))
    }

    /// What the modem's interface is called; `None`: it has none now.
    pub(super) fn place(&self, modem: &ModemName, interface: Option<String>) {
        place(&self.names, modem, interface);
    }

    /// The modem is there, for sure.
    pub(super) fn see(&self, modem: &ModemName, node: &ControlNode) {
        self.facts().devices.insert(modem.clone(), node.clone());
    }

    pub(super) fn interface_names(&self) -> InterfaceNames {
        InterfaceNames { names: Arc::clone(&self.names), news: self.names.subscribe() }
    }

    /// Nothing here is left half changed by a panic.
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the network interfaces of the modems are called now. An entry that `match`es hardware has the interface of that
/// device, whatever its name is today; every other entry has the interface that it is named after.
#[derive(Clone, Debug)]
pub struct InterfaceNames {
    names: Arc<Names>,
    news: watch::Receiver<BTreeMap<ModemName, String>>,
}

impl InterfaceNames {
    /// The interface of a modem. `None`: its device is not there, or not known yet. Then nothing may be done to an
    /// interface that only bears its name: it would be another modem's.
    #[must_use]
    pub fn of(&self, modem: &ModemName) -> Option<String> {
        self.names.borrow().get(modem).cloned()
    }

    /// It was given another name.
    pub fn rename(&self, modem: &ModemName, name: &str) {
        place(&self.names, modem, Some(name.to_owned()));
    }

    /// Whether the interface of this name is another modem's, and shall have another name.
    #[must_use]
    pub fn is_on_loan(&self, name: &str) -> bool {
        self.names.borrow().iter().any(|(modem, interface)| interface == name && modem.0 != name)
    }

    /// Waits until the interface of a modem has another name than this. Safe to be dropped and called again.
    pub async fn changed(&mut self, modem: &ModemName, from: Option<&str>) {
        // The sender lives as long as we do: it ends with a change.
        drop(self.news.wait_for(|names| names.get(modem).map(String::as_str) != from).await);
    }
}

fn place(names: &Names, modem: &ModemName, interface: Option<String>) {
    names.send_if_modified(|names| {
        let before = match &interface {
            Some(interface) => names.insert(modem.clone(), interface.clone()),
            None => names.remove(modem),
        };
        before != interface
    });
}

/// Which devices the modems are, as their ports found it.
#[derive(Clone, Debug)]
pub struct Devices(Known);

impl Devices {
    pub(super) fn new(known: Known) -> Self {
        Self(known)
    }

    /// None of any modem.
    #[must_use]
    pub fn none() -> Self {
        Self(Known::default())
    }

    /// Where the modem was when it was seen last; it may have left since, and another may be there now.
    #[must_use]
    pub fn last(&self, modem: &ModemName) -> Option<ControlNode> {
        self.0.facts().devices.get(modem).cloned()
    }
}
