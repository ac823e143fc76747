//! The thread of one plugin: it loads, looks whether the module has changed, asks, and counts failures. Whatever keeps it,
//! it keeps nobody else.
#![allow(clippy::disallowed_methods, reason = "a thread of its own has no loop to be told the time by")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::cache::Cache;
use super::compiler::Compiler;
use super::component::Loaded;
use super::contract::Severity;
use super::exporting::Exporting;
use super::feed::Feed;
use super::guest::{Asked, Line};
use super::module::{Module, ModuleError, Pin, Stamp};
use super::sentry::Sentry;
use crate::model::{About, Answer, Hook, ModemName, NoAnswer, Plugin, PluginState, Question};
use crate::reconcile::Input;

/// A file that was just touched may be touched again: a copy is several writes.
const SETTLES: Duration = Duration::from_millis(200);
/// For whatever no event told.
const LOOKS_AGAIN: Duration = Duration::from_secs(60);
/// Failures in a row after which a plugin is not asked any more.
const FAILURES: u32 = 3;

/// How far a plugin, and the compiler that its thread starts, stand back behind the daemon's loop where there is one
/// processor for both.
const NICE: i32 = 10;

/// Where what happened is told. Called from the plugins' threads; may keep them waiting.
pub(super) type Tell = Arc<dyn Fn(Input) + Send + Sync>;

/// What a plugin's thread is asked to do.
pub(super) enum Order {
    /// Ask the plugin.
    Ask(ModemName, Question),
    /// The module may have changed.
    Look,
    /// There is something to tell an exporter, or about what it sent.
    Stir,
}

/// What all threads share.
#[derive(Clone)]
pub(super) struct Workshop {
    pub compiler: Compiler,
    pub cache: Cache,
    pub sentry: Arc<Mutex<Sentry>>,
    pub tell: Tell,
}

/// The handle of a plugin's thread. Dropped, it lets the thread end with what it is doing.
pub(super) struct Runner {
    pub plugin: Plugin,
    pub orders: Sender<Order>,
    /// What it is told, if it is an exporter.
    pub feed: Option<Arc<Feed>>,
    wanted: Arc<AtomicBool>,
}

impl Runner {
    /// Starts a plugin's thread.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(super) fn start(plugin: Plugin, workshop: Workshop) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let wanted = Arc::new(AtomicBool::new(true));
        let feed = plugin.has(Hook::Export).then(|| Arc::new(Feed::new(plugin.grants)));
        let stirs = orders.clone();
        // A thread that has ended has nobody to complain.
        let stir = move || drop(stirs.send(Order::Stir));
        let exporting = feed.clone().map(|feed| Exporting::new(&plugin, feed, stir)).transpose()?;
        let run = Run {
            exporting,
            said: PluginState::Loading,
            plugin: plugin.clone(),
            workshop,
            wanted: Arc::clone(&wanted),
            loaded: None,
            looked: None,
            bad: None,
            refused: None,
            quarantined: None,
            failures: 0,
            budget: Budget::new(plugin.limits.calls),
        };
        thread::Builder::new().name(format!("plugin-{}", plugin.name)).spawn(move || run.live(&received))?;
        Ok(Self { plugin, orders, feed, wanted })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
        // Now, not when there is something to do next: an exporter must not send any more. A thread that has ended is
        // what is wanted.
        drop(self.orders.send(Order::Stir));
    }
}

struct Run {
    plugin: Plugin,
    workshop: Workshop,
    /// The file still names it so.
    wanted: Arc<AtomicBool>,
    loaded: Option<Loaded>,
    /// How the file was when it was read last.
    looked: Option<Stamp>,
    /// The sum of bytes that could not be used: they need not be compiled again to know that.
    bad: Option<(String, String)>,
    /// Why a newer module is not used.
    refused: Option<String>,
    quarantined: Option<String>,
    /// In a row.
    failures: u32,
    budget: Budget,
    exporting: Option<Exporting>,
    /// The state that was told last.
    said: PluginState,
}

impl Run {
    fn live(mut self, orders: &Receiver<Order>) {
        // Of this thread alone. Without it the plugin runs as well, and the loop waits a little longer for its turn.
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!(plugin = %self.plugin.name, %error, "runs with the daemon's priority");
        }
        self.look();
        let mut look_at = Instant::now() + LOOKS_AGAIN;
        loop {
            let due = self.due().map_or(look_at, |at| at.min(look_at));
            match orders.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Order::Ask(modem, question)) => self.ask(modem, question),
                Ok(Order::Look) => look_at = look_at.min(Instant::now() + SETTLES),
                Ok(Order::Stir) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if !self.wanted.load(Ordering::Relaxed) {
                return;
            }
            if Instant::now() >= look_at {
                self.look();
                look_at = Instant::now() + LOOKS_AGAIN;
            }
            self.export();
        }
    }

    fn due(&self) -> Option<Instant> {
        let runs = self.loaded.is_some() && self.quarantined.is_none();
        self.exporting.as_ref().and_then(|exporting| exporting.due(runs))
    }

    /// Calls an exporter, if it is time for that, and tells what is wrong with it.
    fn export(&mut self) {
        let Some(exporting) = &mut self.exporting else { return };
        match self.loaded.as_ref().filter(|_| self.quarantined.is_none()) {
            None => exporting.evict(),
            Some(loaded) => {
                let demands = exporting.watch();
                if let Some(called) = exporting.call(loaded, &self.plugin) {
                    log(&self.plugin, &called.lines);
                    tracing::debug!(plugin = %self.plugin.name, fuel = called.fuel, memory = called.memory, "told");
                    if let Err(error) = &called.result {
                        tracing::warn!(plugin = %self.plugin.name, %error, "a call failed");
                    }
                    self.count(called.result.err());
                }
                demands.into_iter().for_each(|demand| self.say(demand));
            }
        }
        if let Some(published) = self.exporting.as_mut().and_then(Exporting::publish) {
            self.say(Input::Published(self.plugin.name.clone(), published));
        }
        if self.state() != self.said {
            self.say_state();
        }
    }

    fn ask(&mut self, modem: ModemName, question: Question) {
        let answer = match (&self.quarantined, &self.loaded) {
            (Some(why), _) => Err(NoAnswer::NotLoaded(format!("it is not asked any more: {why}"))),
            (None, None) => Err(NoAnswer::NotLoaded("it is not loaded".to_owned())),
            (None, Some(_)) if !self.budget.take(Instant::now()) => Err(NoAnswer::TooManyCalls),
            (None, Some(loaded)) => {
                let Asked { answer, fuel, memory, lines } = match &question.about {
                    About::Provider(about) => loaded.ask(about).map(Answer::Provider),
                    About::Step(about) => loaded.ask_step(about).map(Answer::Step),
                };
                log(&self.plugin, &lines);
                tracing::debug!(plugin = %self.plugin.name, fuel, memory, "asked");
                self.count(answer.as_ref().err().cloned());
                answer
            }
        };
        self.say(Input::Answer(modem, question.plugin, question.number, answer));
        if self.state() != self.said {
            self.say_state();
        }
    }

    fn count(&mut self, failure: Option<NoAnswer>) {
        match failure {
            None => self.failures = 0,
            Some(why) => {
                self.failures += 1;
                if self.failures >= FAILURES {
                    self.quarantined = Some(why.to_string());
                }
            }
        }
    }

    /// Looks at the file, and loads it if it is another than before.
    fn look(&mut self) {
        let path = Path::new(&self.plugin.module);
        {
            let mut sentry = self.workshop.sentry.lock().unwrap_or_else(PoisonError::into_inner);
            sentry.tidy();
            sentry.watch(path);
        }
        let stamp = Stamp::of(path);
        if stamp.is_some() && stamp == self.looked {
            return;
        }
        let pin = Pin { sha256: self.plugin.sha256.as_deref(), ..Pin::default() };
        match Module::read(path, pin) {
            Ok(module) => {
                self.looked = stamp;
                self.load(&module);
            }
            Err(error) => {
                self.looked = None;
                if matches!(error, ModuleError::Missing(_)) {
                    // Taken away is meant; a bad file in its place is not.
                    (self.loaded, self.quarantined) = (None, None);
                }
                self.refused = Some(error.to_string());
            }
        }
        if self.state() != self.said {
            self.say_state();
        }
    }

    fn load(&mut self, module: &Module) {
        if self.loaded.as_ref().is_some_and(|loaded| loaded.digest == module.digest) {
            self.refused = None;
            return;
        }
        if let Some((digest, why)) = &self.bad
            && *digest == module.digest
        {
            self.refused = Some(why.clone());
            return;
        }
        match Loaded::new(module, &self.plugin, &self.workshop.compiler, &self.workshop.cache) {
            Ok(loaded) => {
                tracing::info!(plugin = %self.plugin.name, sha256 = loaded.digest, "loaded");
                self.loaded = Some(loaded);
                (self.refused, self.quarantined, self.bad, self.failures) = (None, None, None, 0);
            }
            Err(error) => {
                let why = error.to_string();
                tracing::warn!(plugin = %self.plugin.name, %error, "cannot be used");
                self.bad = Some((module.digest.clone(), why.clone()));
                self.refused = Some(why);
            }
        }
    }

    fn state(&mut self) -> PluginState {
        let trouble = self.exporting.as_mut().and_then(Exporting::trouble);
        match (&self.loaded, &self.quarantined, &self.refused) {
            (Some(_), Some(why), _) => PluginState::Quarantined(why.clone()),
            (Some(loaded), None, None) if let Some(why) = trouble => {
                PluginState::Failing { digest: loaded.digest.clone(), why: why.to_owned() }
            }
            (Some(loaded), None, refused) => {
                PluginState::Ready { digest: loaded.digest.clone(), refused: refused.clone() }
            }
            (None, _, Some(why)) => PluginState::Refused(why.clone()),
            (None, _, None) => PluginState::Loading,
        }
    }

    fn say_state(&mut self) {
        self.said = self.state();
        self.say(Input::Plugin(self.plugin.name.clone(), self.said.clone()));
    }

    /// Nobody wants to hear of a plugin that the file names no more, or otherwise.
    fn say(&self, input: Input) {
        if self.wanted.load(Ordering::Relaxed) {
            (self.workshop.tell)(input);
        }
    }
}

fn log(plugin: &Plugin, lines: &[Line]) {
    let plugin = &plugin.name;
    for Line { severity, text } in lines {
        match severity {
            Severity::Debug => tracing::debug!(%plugin, "{text}"),
            Severity::Info => tracing::info!(%plugin, "{text}"),
            Severity::Warning => tracing::warn!(%plugin, "{text}"),
        }
    }
}

/// Calls that may still be made: so many a second, and as many at once.
struct Budget {
    rate: u32,
    left: f64,
    at: Instant,
}

impl Budget {
    fn new(rate: u32) -> Self {
        Self { rate, left: f64::from(rate), at: Instant::now() }
    }

    fn take(&mut self, now: Instant) -> bool {
        let rate = f64::from(self.rate);
        self.left = rate.min(self.left + rate * now.saturating_duration_since(self.at).as_secs_f64());
        self.at = now;
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_and_comes_back() {
        let mut budget = Budget::new(2);
        let now = budget.at;
        assert_eq!([now; 3].map(|at| budget.take(at)), [true, true, false]);
        let later = now + Duration::from_millis(500);
        assert_eq!([later; 2].map(|at| budget.take(at)), [true, false]);
    }
}
