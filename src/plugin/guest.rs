//! One call: a fresh instance that lives for one question, with its fuel, its memory and its lines for the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};
use wasmtime::{Engine, Store, Trap};

use super::bounds::Bounds;
use super::contract::{self, Severity, bindings};
use super::watchdog::Watchdog;
use super::words;
use crate::model::{NoAnswer, Opinion, PluginLimits, ProviderQuestion, plugin};

/// Bytes of a line for the log.
const LINE: usize = 256;
/// Lines for the log in one call.
const LINES: usize = 16;
/// Bytes that a plugin may hand over in one call of the host's functions, or as an answer: many times what is kept.
const HANDED_OVER: usize = 64 << 10;
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
pub struct Asked {
    /// The answer.
    pub answer: Result<Opinion, NoAnswer>,
    /// Instructions it took.
    pub fuel: u64,
    /// Bytes of memory it had.
    pub memory: u64,
    /// What it wrote to the log.
    pub lines: Vec<Line>,
}

/// What belongs to one instance.
pub(super) struct Guest {
    bounds: Bounds,
    lines: Vec<Line>,
}

impl bindings::wwan::plugin::types::Host for Guest {}

impl bindings::wwan::plugin::host::Host for Guest {
    fn log(&mut self, severity: Severity, message: String) {
        if self.lines.len() < LINES {
            self.lines.push(Line { severity, text: plugin::plain(&message, LINE) });
        }
    }
}

/// Everything a plugin can reach.
///
/// # Errors
/// The functions do not fit the contract: an error of ours.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    bindings::Policy::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

/// Asks which service provider to use.
pub(super) fn select_provider(
    pre: &InstancePre<Guest>,
    dog: &Watchdog,
    limits: &PluginLimits,
    question: &ProviderQuestion,
) -> Asked {
    let mut visit = Visit::new(pre, limits);
    let answer = visit.guarded(dog, limits, |store, pre| {
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
    visit.end(answer, limits)
}

/// Makes an instance and lets it go again: whether it starts at all. Its JSON Schema, if it has one.
///
/// # Errors
/// It does not start, or does not say.
pub(super) fn try_out(
    pre: &InstancePre<Guest>,
    dog: &Watchdog,
    limits: &PluginLimits,
) -> Result<Option<String>, NoAnswer> {
    let mut visit = Visit::new(pre, limits);
    visit
        .guarded(dog, limits, |store, pre| {
            let instance = pre.instantiate(&mut *store)?;
            if let Err(error) = bindings::Policy::new(&mut *store, &instance) {
                return Ok(Err(NoAnswer::NotLoaded(format!("its select-provider is another: {}", words(&error)))));
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
struct Visit<'a> {
    pre: &'a InstancePre<Guest>,
    store: Store<Guest>,
    /// It used all its fuel: what the store says is left is older than its end.
    ran_out: bool,
}

impl<'a> Visit<'a> {
    fn new(pre: &'a InstancePre<Guest>, limits: &PluginLimits) -> Self {
        let guest = Guest { bounds: Bounds::new(limits.memory), lines: Vec::new() };
        let mut store = Store::new(pre.engine(), guest);
        store.limiter(|guest| &mut guest.bounds);
        store.set_hostcall_fuel(HANDED_OVER);
        store.epoch_deadline_trap();
        store.set_epoch_deadline(1);
        Self { pre, store, ran_out: false }
    }

    /// Does something with the instance, however that ends.
    fn guarded<T>(
        &mut self,
        dog: &Watchdog,
        limits: &PluginLimits,
        f: impl FnOnce(&mut Store<Guest>, &InstancePre<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, NoAnswer> {
        self.store.set_fuel(limits.fuel()).map_err(|error| NoAnswer::NotLoaded(words(&error)))?;
        let (store, pre) = (&mut self.store, self.pre);
        let longest = (limits.time * BY_THE_CLOCK).max(AT_LEAST);
        // A panic of the engine is an error of the engine, brought about by the plugin: it must not end the thread.
        let done = dog.guard(longest, || catch_unwind(AssertUnwindSafe(|| f(store, pre))));
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

    fn end(self, answer: Result<Opinion, NoAnswer>, limits: &PluginLimits) -> Asked {
        let left = if self.ran_out { 0 } else { self.store.get_fuel().unwrap_or_default() };
        let guest = self.store.into_data();
        let (fuel, memory) = (limits.fuel().saturating_sub(left), guest.bounds.used as u64);
        Asked { answer, fuel, memory, lines: guest.lines }
    }
}
