//! Who looks at properties: those who asked once and wait for a fresh value, and those who watch.
//!
//! A look makes the core ask the modem; the demand runs out by itself, so it is renewed as long as somebody watches.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};

use super::Daemon;
use crate::api::server::{Changes, Watching};
use crate::api::types::Response;
use crate::api::{Reply, view};
use crate::host::clock::utc;
use crate::model::{FactSet, Instant, ModemName};
use crate::property::{self, Change};
use crate::reconcile::{Input, WATCHED_FOR};

/// Who asked waits this long at most for a modem to answer: a person's patience, and less than a client's.
const PATIENCE: Duration = Duration::from_secs(2);

/// Moments of change a watcher may be behind before it is let go: 25 s of a modem that changes all the time.
const BEHIND: usize = 256;

/// Everybody who looks.
#[derive(Debug)]
pub(super) struct Watchers {
    live: broadcast::Sender<Changes>,
    watching: Vec<(Weak<()>, String)>,
    renew_at: Option<Instant>,
    waiting: Vec<Waiting>,
}

/// Somebody who waits for values that are being asked for.
#[derive(Debug)]
struct Waiting {
    pattern: String,
    watches: bool,
    until: Instant,
    reply: oneshot::Sender<Reply>,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { live: broadcast::channel(BEHIND).0, watching: Vec::new(), renew_at: None, waiting: Vec::new() }
    }
}

impl Watchers {
    /// When the loop has to come by.
    pub(super) fn due(&self) -> Instant {
        self.waiting.iter().map(|waiting| waiting.until).chain(self.renew_at).min().unwrap_or(Instant::FAR)
    }

    /// Properties have changed.
    pub(super) fn changed(&self, changes: Vec<Change>, started: Instant) {
        if self.live.receiver_count() > 0 {
            let at = utc();
            let changes: Changes =
                changes.into_iter().map(|change| view::change(change, started, at.clone())).collect();
            // The last one has just gone: nothing to do.
            let _ = self.live.send(changes);
        }
    }
}

impl Daemon {
    /// Somebody wants to see what a pattern selects, and perhaps every change of it.
    pub(super) fn look(&mut self, pattern: String, watches: bool, reply: oneshot::Sender<Reply>, now: Instant) {
        self.demand(&pattern, now);
        self.watchers.waiting.push(Waiting { pattern, watches, until: now + PATIENCE, reply });
        self.serve_waiting(now);
    }

    /// Answers those whose values are there, or whose patience is at its end; renews what is watched.
    pub(super) fn serve_waiting(&mut self, now: Instant) {
        if self.watchers.renew_at.is_some_and(|at| at <= now) {
            self.renew(now);
        }
        let waiting = std::mem::take(&mut self.watchers.waiting);
        for one in waiting {
            if one.until > now && self.asks(&one.pattern) {
                self.watchers.waiting.push(one);
            } else {
                self.serve(one, now);
            }
        }
    }

    fn serve(&mut self, Waiting { pattern, watches, reply, .. }: Waiting, now: Instant) {
        let response = Response::Properties(view::properties(&self.fleet, &pattern, now));
        let answer = if watches {
            let interest = Arc::new(());
            self.watchers.watching.push((Arc::downgrade(&interest), pattern.clone()));
            self.watchers.renew_at = Some(now + WATCHED_FOR / 2);
            Reply::Watch(response, Watching { changes: self.watchers.live.subscribe(), pattern, interest })
        } else {
            Reply::Once(response)
        };
        // The client may have gone.
        drop(reply.send(answer));
    }

    fn renew(&mut self, now: Instant) {
        self.watchers.watching.retain(|(interest, _)| interest.strong_count() > 0);
        let patterns: Vec<String> = self.watchers.watching.iter().map(|(_, pattern)| pattern.clone()).collect();
        self.watchers.renew_at = (!patterns.is_empty()).then_some(now + WATCHED_FOR / 2);
        for pattern in patterns {
            self.demand(&pattern, now);
        }
    }

    pub(super) fn demand(&mut self, pattern: &str, now: Instant) {
        for (modem, facts) in self.telemetry_of(pattern) {
            self.take_in(Input::Watched(modem, facts), now);
        }
        self.carry_out(now);
    }

    /// Whether the modem is being asked for something that a pattern selects.
    fn asks(&self, pattern: &str) -> bool {
        let asked = |(modem, facts): &(ModemName, FactSet)| {
            self.fleet.controller(modem).is_some_and(|controller| !controller.is_current(*facts))
        };
        self.telemetry_of(pattern).iter().any(asked)
    }

    fn telemetry_of(&self, pattern: &str) -> Vec<(ModemName, FactSet)> {
        let of = |name: &ModemName| (name.clone(), property::telemetry_of(pattern, &name.0));
        let all = self.fleet.controllers().map(|controller| of(controller.name()));
        all.filter(|(_, facts)| !facts.is_empty()).collect()
    }
}
