//! An exporter at work: when it is told what, what becomes of it, and what there is to complain about.
#![allow(clippy::disallowed_methods, reason = "a thread of its own has no loop to be told the time by")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::component::Loaded;
use super::courier::Courier;
use super::feed::Feed;
use super::guest::Published;
use super::resident::{Called, Resident};
use crate::model::{FactSet, ModemName, NoAnswer, Plugin};
use crate::property;
use crate::reconcile::{Input, WATCHED_FOR};

/// After a call that failed: a trap that comes with every call shall not take all the time of a processor.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);
/// What is lost is a trouble for so long after the last loss.
const TROUBLE: Duration = Duration::from_secs(60);
/// And is told anew at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// One exporter.
pub(super) struct Exporting {
    feed: Arc<Feed>,
    courier: Courier,
    /// The instance, and the sum of the bytes that it is of.
    resident: Option<(String, Resident)>,
    /// Between two calls.
    pace: Duration,
    next_call: Instant,
    tick_at: Option<Instant>,
    watch_at: Option<Instant>,
    trouble: Trouble,
    /// What was told last of its properties.
    published: Published,
}

/// What there is to complain about.
struct Trouble {
    failed: Option<NoAnswer>,
    /// Losses of changes and of messages, as they were seen last, and when that was more than before.
    lost: (u64, u64),
    lost_at: Option<Instant>,
    words: Option<String>,
    judged_at: Instant,
}

impl Exporting {
    /// Begins. Nothing is called yet. `stir` is called when messages were lost, from another thread.
    ///
    /// # Errors
    /// No thread can be had for what it will send.
    pub(super) fn new(
        plugin: &Plugin,
        feed: Arc<Feed>,
        stir: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            feed,
            courier: Courier::new(&plugin.name, &plugin.outlets, stir)?,
            resident: None,
            pace: Duration::from_secs(1) / plugin.limits.calls.max(1),
            next_call: now,
            tick_at: None,
            watch_at: plugin.grants.watch.then_some(now),
            trouble: Trouble { failed: None, lost: (0, 0), lost_at: None, words: None, judged_at: now },
            published: Published::new(),
        })
    }

    /// When to come by, at the latest; `runs`: it is loaded and may be called.
    pub(super) fn due(&self, runs: bool) -> Option<Instant> {
        let watch = self.watch_at.filter(|_| self.resident.is_some());
        let judged = self.trouble.words.is_some().then_some(self.trouble.judged_at + TOLD_EVERY);
        let waits = self.resident.is_none() || self.feed.has_some();
        let call = waits.then_some(self.next_call).into_iter().chain(self.tick_at).min();
        let call = call.map(|at| at.max(self.next_call));
        [judged, call.filter(|_| runs), watch.filter(|_| runs)].into_iter().flatten().min()
    }

    /// It is not there any more, or not asked any more.
    pub(super) fn evict(&mut self) {
        self.resident = None;
    }

    /// Calls it, if it is time for that. What came of the call.
    pub(super) fn call(&mut self, loaded: &Loaded, plugin: &Plugin) -> Option<Called> {
        let now = Instant::now();
        if now < self.next_call {
            return None;
        }
        if self.resident.as_ref().is_none_or(|(digest, _)| *digest != loaded.digest) {
            match loaded.move_in(plugin.outlets.clone(), &plugin.config) {
                Ok(resident) => self.begin(&loaded.digest, resident, now),
                Err(why) => {
                    self.resident = None;
                    let called = Called::failed(why);
                    return Some(self.end(called, now));
                }
            }
        }
        let (_, resident) = self.resident.as_mut()?;
        let called = if self.tick_at.is_some_and(|at| at <= now) {
            let every = resident.description().tick_seconds.map(|seconds| Duration::from_secs(seconds.into()));
            // From now on, not from when it was due: a gateway that slept for an hour shall not tick for a minute.
            self.tick_at = every.map(|every| now + every);
            resident.tick(loaded, plugin.grants.clock.then(unix_ms))
        } else if self.feed.has_some() {
            resident.tell(loaded, self.feed.take())
        } else {
            return None;
        };
        Some(self.end(called, now))
    }

    fn begin(&mut self, digest: &str, resident: Resident, now: Instant) {
        let description = resident.description();
        self.feed.begin(&description.properties);
        self.tick_at = description.tick_seconds.map(|seconds| now + Duration::from_secs(seconds.into()));
        self.resident = Some((digest.to_owned(), resident));
        // What was lost while nobody was there to be told is not this one's fault.
        self.trouble.lost = (self.feed.lost_ever(), self.courier.lost().0);
    }

    fn end(&mut self, mut called: Called, now: Instant) -> Called {
        self.trouble.failed = called.result.as_ref().err().cloned();
        self.next_call = now + self.pace;
        if let Err(why) = &called.result {
            self.next_call = now + AFTER_A_FAILURE.max(self.pace);
            // One that said so itself is whole; any other cannot be entered again.
            if !matches!(why, NoAnswer::Error(_)) {
                self.resident = None;
            }
        }
        self.courier.send(std::mem::take(&mut called.sent));
        called
    }

    /// Asks modems for what the exporter wants, if it is time for that: a demand runs out by itself.
    pub(super) fn watch(&mut self) -> Vec<Input> {
        let now = Instant::now();
        let Some((_, resident)) = self.resident.as_ref().filter(|_| self.watch_at.is_some_and(|at| at <= now)) else {
            return Vec::new();
        };
        self.watch_at = Some(now + WATCHED_FOR / 2);
        let wanted = &resident.description().properties;
        let all = ["*".to_owned()];
        let patterns = if wanted.is_empty() { &all[..] } else { wanted };
        let of = |modem: String| {
            let facts = patterns.iter().map(|pattern| property::telemetry_of(pattern, &modem));
            let facts = facts.fold(FactSet::NONE, FactSet::union);
            (!facts.is_empty()).then_some(Input::Watched(ModemName(modem), facts))
        };
        self.feed.modems().into_iter().filter_map(of).collect()
    }

    /// Its own properties, if they are others than before.
    pub(super) fn publish(&mut self) -> Option<Published> {
        let none = Published::new();
        let now = self.resident.as_ref().map_or(&none, |(_, resident)| resident.published());
        if self.published == *now {
            return None;
        }
        self.published.clone_from(now);
        Some(self.published.clone())
    }

    /// What is wrong with it.
    pub(super) fn trouble(&mut self) -> Option<&str> {
        let now = Instant::now();
        let (messages, why) = self.courier.lost();
        let lost = (self.feed.lost_ever(), messages);
        let trouble = &mut self.trouble;
        if lost != trouble.lost {
            (trouble.lost, trouble.lost_at) = (lost, Some(now));
        }
        if trouble.words.is_none() || now >= trouble.judged_at + TOLD_EVERY {
            let loses = trouble.lost_at.is_some_and(|at| now < at + TROUBLE);
            let failed = trouble.failed.as_ref().map(|why| format!("its last call failed: {why}"));
            let slow = (loses && lost.0 > 0).then(|| format!("it does not keep up, {} changes were lost", lost.0));
            let gone = why.filter(|_| loses).map(|why| format!("{messages} messages were lost, {why}"));
            let words: Vec<String> = [failed, gone, slow].into_iter().flatten().collect();
            trouble.words = (!words.is_empty()).then(|| words.join("; "));
            trouble.judged_at = now;
        }
        trouble.words.as_deref()
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
