//! All plugins of one daemon: as the core asks for them, each with its thread.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::Cache;
use super::compiler::Compiler;
use super::runner::{Order, Runner, Workshop};
use super::sentry::Sentry;
use crate::model::{ModemName, Plugin, PluginName, Question};
use crate::property::Change;
use crate::reconcile::Input;

/// Everybody who is to look when a file may have changed.
type Lookers = Arc<Mutex<Vec<Sender<Order>>>>;

/// The plugins.
pub struct Host {
    workshop: Workshop,
    runners: BTreeMap<PluginName, Runner>,
    lookers: Lookers,
}

impl Host {
    /// None yet. What happens is told to `tell`, from threads of our own; it may keep them waiting.
    #[must_use]
    pub fn new(compiler: Compiler, cache: Cache, tell: impl Fn(Input) + Send + Sync + 'static) -> Self {
        let lookers = Lookers::default();
        let hinted = Arc::clone(&lookers);
        let sentry = Sentry::new(move || {
            for looker in hinted.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                // One that has ended has nothing to look at.
                drop(looker.send(Order::Look));
            }
        });
        let sentry = Arc::new(Mutex::new(sentry));
        Self { workshop: Workshop { compiler, cache, sentry, tell: Arc::new(tell) }, runners: BTreeMap::new(), lookers }
    }

    /// Has these plugins ready, and no others. One whose entry is as it was goes on undisturbed.
    pub fn have(&mut self, plugins: Vec<Plugin>) {
        let mut before = std::mem::take(&mut self.runners);
        for plugin in plugins {
            let name = plugin.name.clone();
            let same = before.remove(&name).filter(|runner| runner.plugin == plugin);
            let runner = match same {
                Some(runner) => Ok(runner),
                None => Runner::start(plugin, self.workshop.clone()),
            };
            match runner {
                Ok(runner) => drop(self.runners.insert(name, runner)),
                Err(error) => tracing::error!(plugin = %name, %error, "has no thread to run on"),
            }
        }
        let orders = self.runners.values().map(|runner| runner.orders.clone());
        *self.lookers.lock().unwrap_or_else(PoisonError::into_inner) = orders.collect();
    }

    /// Asks one of them. The answer is told, if there is any.
    pub fn ask(&self, modem: ModemName, question: Question) {
        if let Some(runner) = self.runners.get(&question.plugin) {
            // A thread that is gone does not answer: the core does not wait for long.
            drop(runner.orders.send(Order::Ask(modem, question)));
        }
    }

    /// Tells exporters what properties have become, `at` in milliseconds since 1970 UTC. What one knows already it is not told again.
    pub fn tell(&self, changes: &[Change], at: u64) {
        for runner in self.runners.values() {
            let Some(feed) = &runner.feed else { continue };
            let told = changes.iter().map(|change| feed.tell(&change.name, change.new.as_ref(), at));
            if told.fold(false, |stirs, news| stirs | news) {
                // A thread that is gone is told nothing.
                drop(runner.orders.send(Order::Stir));
            }
        }
    }
}
