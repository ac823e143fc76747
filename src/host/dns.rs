//! Who is told of the name servers of a network: systemd-resolved, the program `resolvconf`, a file, or nobody.
//!
//! `/etc/resolv.conf` is touched only where the configuration names it. What was told is taken back when the session
//! ends, and stays when the daemon does.

mod file;
mod resolvconf;
mod resolved;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::in_words;
use crate::model::{LinkState, ModemName, Resolver};

/// What is told to whom.
#[derive(Debug)]
pub struct NameServers {
    /// The file for those who name none.
    own_file: PathBuf,
    told: Mutex<BTreeMap<ModemName, Told>>,
    /// One change at a time: all modems share the files and the programs.
    turn: tokio::sync::Mutex<()>,
}

/// The name servers of one modem.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Told {
    asked: Resolver,
    servers: Vec<IpAddr>,
    /// Domains to search names in.
    search: Vec<String>,
    default_route: bool,
    to: Listener,
}

/// Who was told.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Listener {
    Nobody,
    /// For the interface of this number.
    Resolved(u32),
    Resolvconf,
    File(PathBuf),
}

impl NameServers {
    /// Nobody is told of anything yet. `own_file` is for modems whose configuration names no file.
    #[must_use]
    pub fn new(own_file: PathBuf) -> Self {
        Self { own_file, told: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Whether the name servers of this state have been told, and still are where that can be seen.
    #[must_use]
    pub fn has(&self, modem: &ModemName, link: &LinkState) -> bool {
        if link.ip.dns.is_empty() {
            return true;
        }
        let Some(told) = self.told(modem) else { return false };
        let as_asked = told.asked == link.resolver && told.servers == link.ip.dns && told.search == link.ip.search;
        as_asked && told.default_route == link.default_route_metric.is_some() && self.still(modem, &told)
    }

    /// Tells the name servers of an interface, by its number, to whom the configuration names; those of an interface
    /// that leads nowhere are taken back.
    ///
    /// # Errors
    /// They could not be told; in words.
    pub async fn set(&self, modem: &ModemName, index: u32, link: &LinkState) -> Result<(), String> {
        if link.is_bare() || link.ip.dns.is_empty() {
            self.forget(modem).await;
            return Ok(());
        }
        let turn = self.turn.lock().await;
        let before = self.told(modem);
        let wanted = |to| Told {
            asked: link.resolver.clone(),
            servers: link.ip.dns.clone(),
            search: link.ip.search.clone(),
            default_route: link.default_route_metric.is_some(),
            to,
        };
        let now = wanted(self.listener(index, &link.resolver).await);
        if before.as_ref().is_some_and(|before| *before == now && self.still(modem, before)) {
            return Ok(());
        }
        if let Some(before) = before.as_ref().filter(|before| !before.search.is_empty() && now.search.is_empty()) {
            // Only what is given is told: what was given before is taken back.
            self.take_back(modem, &before.to).await;
        }
        let now = match self.tell(modem, &now).await {
            Ok(()) => now,
            Err(why) if link.resolver == Resolver::Auto && matches!(now.to, Listener::Resolved(_)) => {
                tracing::warn!(%modem, "systemd-resolved does not take the name servers, a file does: {why}");
                let file = wanted(Listener::File(self.own_file.clone()));
                self.tell(modem, &file).await?;
                file
            }
            Err(why) => return Err(why),
        };
        if let Some(before) = before.filter(|before| before.to != now.to) {
            self.take_back(modem, &before.to).await;
        }
        self.note(modem, Some(now));
        drop(turn);
        Ok(())
    }

    /// Takes back what was told. An interface that is gone has taken what systemd-resolved knew of it along.
    pub async fn forget(&self, modem: &ModemName) {
        let turn = self.turn.lock().await;
        match self.told(modem) {
            Some(told) => self.take_back(modem, &told.to).await,
            // An earlier run may have told it to the file; of others this one does not know.
            None => self.take_back(modem, &Listener::File(self.own_file.clone())).await,
        }
        self.note(modem, None);
        drop(turn);
    }

    async fn listener(&self, index: u32, resolver: &Resolver) -> Listener {
        match resolver {
            Resolver::Auto if resolved::runs().await => Listener::Resolved(index),
            Resolver::Auto | Resolver::File(None) => Listener::File(self.own_file.clone()),
            Resolver::Resolved => Listener::Resolved(index),
            Resolver::Resolvconf => Listener::Resolvconf,
            Resolver::File(Some(path)) => Listener::File(path.into()),
            Resolver::None => Listener::Nobody,
        }
    }

    async fn tell(&self, modem: &ModemName, told: &Told) -> Result<(), String> {
        match &told.to {
            Listener::Nobody => Ok(()),
            Listener::Resolved(index) => resolved::set(*index, &told.servers, &told.search, told.default_route).await,
            Listener::Resolvconf => resolvconf::set(&modem.0, &told.servers, &told.search).await,
            Listener::File(path) => {
                file::set(path, &modem.0, &told.servers, &told.search).map_err(|error| in_words(&error))
            }
        }
    }

    async fn take_back(&self, modem: &ModemName, from: &Listener) {
        let done = match from {
            Listener::Nobody => Ok(()),
            Listener::Resolved(index) => resolved::revert(*index).await,
            Listener::Resolvconf => resolvconf::revert(&modem.0).await,
            Listener::File(path) => file::set(path, &modem.0, &[], &[]).map_err(|error| in_words(&error)),
        };
        if let Err(why) = done {
            tracing::debug!(%modem, "its name servers are not taken back: {why}");
        }
    }

    fn still(&self, modem: &ModemName, told: &Told) -> bool {
        match &told.to {
            Listener::File(path) => file::has(path, &modem.0, &told.servers, &told.search),
            Listener::Nobody | Listener::Resolved(_) | Listener::Resolvconf => true,
        }
    }

    fn told(&self, modem: &ModemName) -> Option<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(modem).cloned()
    }

    fn note(&self, modem: &ModemName, now: Option<Told>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match now {
            Some(now) => drop(told.insert(modem.clone(), now)),
            None => drop(told.remove(modem)),
        }
    }
}
