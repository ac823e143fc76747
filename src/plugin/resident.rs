//! An exporter's instance, which stays: it has a memory of what it was told, until a call of it ends in a trap.

use wasmtime::component::InstancePre;

use super::component::Loaded;
use super::contract::{self, exporting};
use super::feed::Batch;
use super::guest::{Guest, Line, Published, Visit};
use super::message::Message;
use super::watchdog::Watchdog;
use crate::model::{NoAnswer, Outlet, PluginLimits, plugin};

/// Patterns of properties that are looked at.
const PATTERNS: usize = 64;
/// Bytes of one: the longest name there is has fewer.
const PATTERN: usize = 128;
/// Seconds between ticks at most: a day.
const TICK_SECONDS: u32 = 86_400;

/// What an exporter says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// What it does, in one line.
    pub about: String,
    /// The properties it wants; nothing: all.
    pub properties: Vec<String>,
    /// Seconds between ticks.
    pub tick_seconds: Option<u32>,
}

/// What came of a call.
#[derive(Clone, PartialEq, Debug)]
pub struct Called {
    /// Whether it succeeded.
    pub result: Result<(), NoAnswer>,
    /// What it handed over; nothing if it failed.
    pub sent: Vec<Message>,
    /// What it wrote to the log.
    pub lines: Vec<Line>,
    /// Instructions it took.
    pub fuel: u64,
    /// Bytes of memory it has.
    pub memory: u64,
}

impl Called {
    /// There was nobody to call.
    pub(super) fn failed(why: NoAnswer) -> Self {
        Self { result: Err(why), sent: Vec::new(), lines: Vec::new(), fuel: 0, memory: 0 }
    }
}

/// An instance of an exporter.
pub struct Resident {
    visit: Visit,
    exporter: exporting::PublishingExporterPlugin,
    limits: PluginLimits,
    description: Description,
}

impl Resident {
    pub(super) fn move_in(
        pre: &InstancePre<Guest>,
        dog: &Watchdog,
        limits: &PluginLimits,
        outlets: Vec<Outlet>,
        config: &str,
    ) -> Result<Self, NoAnswer> {
        let mut visit = Visit::new(pre.engine(), limits, outlets);
        let (exporter, said) = visit.guarded(dog, limits, |store| {
            let instance = pre.instantiate(&mut *store)?;
            let exporter = exporting::PublishingExporterPlugin::new(&mut *store, &instance)?;
            let said = exporter.wwan_plugin_exporter().call_describe(store, config)?;
            Ok((exporter, said))
        })?;
        // Nobody has been told anything yet: what it sends or publishes now is about nothing.
        drop(visit.take());
        visit.publish_again(Published::new());
        let said = said.map_err(|error| of_itself(&error))?;
        let properties = said.properties.iter().take(PATTERNS).map(|pattern| plugin::plain(pattern, PATTERN));
        let description = Description {
            about: plugin::plain(&said.about, plugin::REASON_BYTES),
            properties: properties.collect(),
            tick_seconds: said.tick_seconds.map(|seconds| seconds.clamp(1, TICK_SECONDS)),
        };
        Ok(Self { visit, exporter, limits: *limits, description })
    }

    /// Its own properties.
    #[must_use]
    pub fn published(&self) -> &Published {
        self.visit.published()
    }

    /// What it says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Tells it what has changed. One whose call ended in a trap cannot be called again.
    pub fn tell(&mut self, loaded: &Loaded, batch: Batch) -> Called {
        let batch = contract::batch(batch);
        self.call(loaded, |exporter, store| exporter.wwan_plugin_exporter().call_on_change(store, &batch))
    }

    /// Tells it that time has passed; `at`: milliseconds since 1970 UTC, if it may know.
    pub fn tick(&mut self, loaded: &Loaded, at: Option<u64>) -> Called {
        self.call(loaded, |exporter, store| exporter.wwan_plugin_exporter().call_on_tick(store, at))
    }

    fn call(
        &mut self,
        loaded: &Loaded,
        f: impl FnOnce(
            &exporting::PublishingExporterPlugin,
            &mut wasmtime::Store<Guest>,
        ) -> wasmtime::Result<Result<(), String>>,
    ) -> Called {
        let exporter = &self.exporter;
        let before = self.visit.published().clone();
        let result = self.visit.guarded(loaded.dog(), &self.limits, |store| f(exporter, store));
        let result = result.and_then(|said| said.map_err(|error| of_itself(&error)));
        let (lines, sent) = self.visit.take();
        let sent = if result.is_ok() { sent } else { Vec::new() };
        if result.is_err() {
            self.visit.publish_again(before);
        }
        Called { result, sent, lines, fuel: self.visit.fuel(&self.limits), memory: self.visit.memory() }
    }
}

/// The exporter says itself what is wrong.
fn of_itself(error: &str) -> NoAnswer {
    NoAnswer::Error(plugin::plain(error, plugin::REASON_BYTES))
}
