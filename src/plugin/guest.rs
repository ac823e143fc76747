//! One call, with its fuel, its memory, its lines for the log and what it hands over; and a policy's instance, which lives for
//! one question.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};
use wasmtime::{Engine, Store, Trap};

use super::bounds::Bounds;
use super::contract::{self, NotPut, Put, Refusal, Severity, bindings, exporting, recovering};
use super::message::{self, Message};
use super::watchdog::Watchdog;
use super::words;
use crate::model::{
    NoAnswer, Opinion, Outlet, PluginLimits, ProviderQuestion, StepChoice, StepOpinion, StepQuestion, plugin,
};
use crate::property::Value;

/// Bytes of a line for the log.
const LINE: usize = 256;
/// Lines for the log in one call.
const LINES: usize = 16;
/// Bytes that a plugin may hand over in one call of the host's functions, or as an answer: the largest message and some. It
/// is many times what is kept of a text.
const HANDED_OVER: usize = message::LARGEST + 1024;
/// Properties of one exporter's own, characters of the name of one, bytes of its text: what a person looks through.
const PROPERTIES: usize = 64;
const PROPERTY_NAME: usize = 64;
const PROPERTY_TEXT: usize = 256;
/// Bytes of a JSON Schema for a plugin's configuration.
const SCHEMA: usize = 64 << 10;
/// Fuel counts instructions, and a few of these take long: by the clock a call may take this many times its limit.
const BY_THE_CLOCK: u32 = 20;
/// And at least so long, or else a busy gateway would fail its plugins.
const AT_LEAST: Duration = Duration::from_secs(5);

/// A line for the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// How important.
    pub severity: Severity,
    /// One printable line.
    pub text: String,
}

/// What came of a question.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked<T = Opinion> {
    /// The answer.
    pub answer: Result<T, NoAnswer>,
    /// Instructions it took.
    pub fuel: u64,
    /// Bytes of memory it had.
    pub memory: u64,
    /// What it wrote to the log.
    pub lines: Vec<Line>,
}

impl<T> Asked<T> {
    /// The same with another kind of answer.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Asked<U> {
        Asked { answer: self.answer.map(f), fuel: self.fuel, memory: self.memory, lines: self.lines }
    }
}

/// What belongs to one instance.
pub(super) struct Guest {
    bounds: Bounds,
    lines: Vec<Line>,
    outlets: Vec<Outlet>,
    /// What this call has handed over.
    sent: Vec<Message>,
    published: Published,
}

/// Properties of an exporter's own, by their names below the plugin's.
pub type Published = BTreeMap<String, Value>;

impl bindings::wwan::plugin::types::Host for Guest {}

impl exporting::wwan::plugin::outlets::Host for Guest {
    fn granted(&mut self) -> Vec<exporting::wwan::plugin::outlets::Outlet> {
        self.outlets.iter().map(contract::outlet).collect()
    }

    fn post(&mut self, outlet: u32, content_type: String, body: Vec<u8>) -> Result<(), Refusal> {
        if !message::is_media_type(&content_type) {
            return Err(Refusal::NoMediaType);
        }
        let is_meant = |outlet: &Outlet| matches!(outlet, Outlet::HttpPost(_));
        self.hand_over(outlet, is_meant, message::LARGEST, content_type, body)
    }

    fn datagram(&mut self, outlet: u32, payload: Vec<u8>) -> Result<(), Refusal> {
        let is_meant = |outlet: &Outlet| matches!(outlet, Outlet::Udp(_));
        self.hand_over(outlet, is_meant, message::LARGEST_DATAGRAM, String::new(), payload)
    }

    fn append(&mut self, outlet: u32, bytes: Vec<u8>) -> Result<(), Refusal> {
        let is_meant = |outlet: &Outlet| matches!(outlet, Outlet::Append(_));
        self.hand_over(outlet, is_meant, message::LARGEST, String::new(), bytes)
    }
}

impl exporting::wwan::plugin::properties::Host for Guest {
    fn put(&mut self, name: String, value: Option<Put>) -> Result<(), NotPut> {
        if !is_name(&name) {
            return Err(NotPut::NoName);
        }
        match value {
            None => drop(self.published.remove(&name)),
            Some(_) if self.published.len() >= PROPERTIES && !self.published.contains_key(&name) => {
                return Err(NotPut::TooMany);
            }
            Some(value) => drop(self.published.insert(name, contract::put(value, PROPERTY_TEXT))),
        }
        Ok(())
    }
}

/// Whether a property may be called so.
fn is_name(name: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    name.len() <= PROPERTY_NAME && name.split('.').all(part)
}

impl Guest {
    fn hand_over(
        &mut self,
        number: u32,
        is_meant: impl Fn(&Outlet) -> bool,
        largest: usize,
        content_type: String,
        bytes: Vec<u8>,
    ) -> Result<(), Refusal> {
        let outlet = number as usize;
        if !self.outlets.get(outlet).is_some_and(is_meant) {
            return Err(Refusal::NoSuchOutlet);
        }
        if bytes.len() > largest {
            return Err(Refusal::TooLarge);
        }
        if self.sent.len() >= message::IN_ONE_CALL {
            return Err(Refusal::TooMany);
        }
        self.sent.push(Message { outlet, content_type, bytes: bytes.into() });
        Ok(())
    }
}

impl bindings::wwan::plugin::host::Host for Guest {
    fn log(&mut self, severity: Severity, message: String) {
        if self.lines.len() < LINES {
            self.lines.push(Line { severity, text: plugin::plain(&message, LINE) });
        }
    }
}

/// Everything a plugin can reach; `exports`: an exporter, which has outlets.
///
/// # Errors
/// The functions do not fit the contract: an error of ours.
pub(super) fn linker(engine: &Engine, exports: bool) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    if exports {
        exporting::PublishingExporterPlugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    } else {
        bindings::Policy::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    }
    Ok(linker)
}

/// Asks which service provider to use.
pub(super) fn select_provider(
    pre: &InstancePre<Guest>,
    dog: &Watchdog,
    limits: &PluginLimits,
    question: &ProviderQuestion,
) -> Asked {
    let mut visit = Visit::new(pre.engine(), limits, Vec::new());
    let answer = visit.guarded(dog, limits, |store| {
        let instance = pre.instantiate(&mut *store)?;
        let policy = bindings::Policy::new(&mut *store, &instance)?;
        policy.wwan_plugin_provider_policy().call_select_provider(store, &contract::question(question))
    });
    let candidates = question.candidates.len();
    let answer = answer.and_then(|said| match said {
        Err(error) => Err(NoAnswer::Error(plugin::plain(&error, plugin::REASON_BYTES))),
        Ok(opinion) => match contract::opinion(opinion) {
            Opinion { choice: Some(choice), .. } if choice >= candidates => {
                Err(NoAnswer::NoSuchCandidate { choice: choice as u64, of: candidates })
            }
            Opinion { choice, reason } => Ok(Opinion { choice, reason: plugin::plain(&reason, plugin::REASON_BYTES) }),
        },
    });
    let (fuel, memory) = (visit.fuel(limits), visit.memory());
    Asked { answer, fuel, memory, lines: visit.take().0 }
}

/// Asks which recovery step to take.
pub(super) fn next_step(
    pre: &InstancePre<Guest>,
    dog: &Watchdog,
    limits: &PluginLimits,
    question: &StepQuestion,
) -> Asked<StepOpinion> {
    let mut visit = Visit::new(pre.engine(), limits, Vec::new());
    let answer = visit.guarded(dog, limits, |store| {
        let instance = pre.instantiate(&mut *store)?;
        let policy = recovering::RecoveryPlugin::new(&mut *store, &instance)?;
        policy.wwan_plugin_recovery_policy().call_next_step(store, &contract::step_question(question))
    });
    let answer = answer.and_then(|said| match said.map(contract::step_opinion) {
        Err(error) => Err(NoAnswer::Error(plugin::plain(&error, plugin::REASON_BYTES))),
        Ok(StepOpinion { choice, reason }) => {
            if let StepChoice::Take(step) = choice {
                question.allows(step).map_err(NoAnswer::NotAllowed)?;
            }
            Ok(StepOpinion { choice, reason: plugin::plain(&reason, plugin::REASON_BYTES) })
        }
    });
    let (fuel, memory) = (visit.fuel(limits), visit.memory());
    Asked { answer, fuel, memory, lines: visit.take().0 }
}

/// Makes an instance and lets it go again: whether it starts at all, and is a policy if it is to be one. Its JSON Schema, if
/// it has one.
///
/// # Errors
/// It does not start, or does not say.
pub(super) fn try_out(
    pre: &InstancePre<Guest>,
    dog: &Watchdog,
    limits: &PluginLimits,
    advises: bool,
    recovers: bool,
) -> Result<Option<String>, NoAnswer> {
    let mut visit = Visit::new(pre.engine(), limits, Vec::new());
    visit
        .guarded(dog, limits, |store| {
            let instance = pre.instantiate(&mut *store)?;
            if let Err(error) = bindings::Policy::new(&mut *store, &instance)
                && advises
            {
                return Ok(Err(NoAnswer::NotLoaded(format!("its select-provider is another: {}", words(&error)))));
            }
            if let Err(error) = recovering::RecoveryPlugin::new(&mut *store, &instance)
                && recovers
            {
                return Ok(Err(NoAnswer::NotLoaded(format!("its next-step is another: {}", words(&error)))));
            }
            config_schema(store, &instance).map(Ok)
        })
        .flatten()
}

fn config_schema(store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<Option<String>> {
    let Some(settings) = instance.get_export_index(&mut *store, None, contract::SETTINGS) else { return Ok(None) };
    let Some(function) = instance.get_export_index(&mut *store, Some(&settings), "config-schema") else {
        return Err(wasmtime::Error::msg("exports settings without config-schema"));
    };
    let function = instance.get_typed_func::<(), (String,)>(&mut *store, function)?;
    let (schema,) = function.call(store, ())?;
    if schema.len() > SCHEMA {
        return Err(wasmtime::Error::msg(format!("its schema has more than {SCHEMA} bytes")));
    }
    Ok(Some(schema))
}

/// One instance's stay.
pub(super) struct Visit {
    store: Store<Guest>,
    /// It used all its fuel: what the store says is left is older than its end.
    ran_out: bool,
}

impl Visit {
    pub(super) fn new(engine: &Engine, limits: &PluginLimits, outlets: Vec<Outlet>) -> Self {
        let guest = Guest {
            bounds: Bounds::new(limits.memory),
            lines: Vec::new(),
            outlets,
            sent: Vec::new(),
            published: Published::new(),
        };
        let mut store = Store::new(engine, guest);
        store.limiter(|guest| &mut guest.bounds);
        store.set_hostcall_fuel(HANDED_OVER);
        store.epoch_deadline_trap();
        Self { store, ran_out: false }
    }

    /// Does something with the instance, however that ends.
    pub(super) fn guarded<T>(
        &mut self,
        dog: &Watchdog,
        limits: &PluginLimits,
        f: impl FnOnce(&mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, NoAnswer> {
        self.store.set_fuel(limits.fuel()).map_err(|error| NoAnswer::NotLoaded(words(&error)))?;
        // Anew for each call: the dog may have barked a moment after the last one ended.
        self.store.set_epoch_deadline(1);
        self.ran_out = false;
        let store = &mut self.store;
        let longest = (limits.time * BY_THE_CLOCK).max(AT_LEAST);
        // A panic of the engine is an error of the engine, brought about by the plugin: it must not end the thread.
        let done = dog.guard(longest, || catch_unwind(AssertUnwindSafe(|| f(store))));
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                self.ran_out = matches!(error.downcast_ref::<Trap>(), Some(Trap::OutOfFuel));
                Err(self.why(&error))
            }
            Err(_) => Err(NoAnswer::Trapped("the engine itself failed".to_owned())),
        }
    }

    fn why(&self, error: &wasmtime::Error) -> NoAnswer {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel | Trap::Interrupt) => NoAnswer::OutOfTime,
            _ if self.store.data().bounds.exceeded => NoAnswer::OutOfMemory,
            Some(trap) => NoAnswer::Trapped(trap.to_string()),
            None => NoAnswer::Trapped(words(error)),
        }
    }

    /// Instructions that the last call took.
    pub(super) fn fuel(&self, limits: &PluginLimits) -> u64 {
        let left = if self.ran_out { 0 } else { self.store.get_fuel().unwrap_or_default() };
        limits.fuel().saturating_sub(left)
    }

    /// Bytes of memory that the instance has.
    pub(super) fn memory(&self) -> u64 {
        self.store.data().bounds.used as u64
    }

    /// What the exporter has published so far.
    pub(super) fn published(&self) -> &Published {
        &self.store.data().published
    }

    /// Forgets what the last call has published.
    pub(super) fn publish_again(&mut self, published: Published) {
        self.store.data_mut().published = published;
    }

    /// What the last call wrote to the log, and what it handed over.
    pub(super) fn take(&mut self) -> (Vec<Line>, Vec<Message>) {
        let guest = self.store.data_mut();
        (std::mem::take(&mut guest.lines), std::mem::take(&mut guest.sent))
    }
}
