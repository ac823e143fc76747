//! What happened: the last thousand events in memory, every new one to those who follow and to the log.

use std::collections::VecDeque;

use tokio::sync::broadcast;

use crate::api::types::{EventView, Happening};
use crate::api::view;
use crate::host::clock::utc;
use crate::model::Instant;
use crate::model::time::millis;
use crate::reconcile::Event;

/// Events kept for those who ask later: a day of a modem that reconnects every three minutes.
const KEPT: usize = 1000;

/// Events a follower may be behind before it is let go.
const BEHIND: usize = 256;

/// The events of one daemon.
#[derive(Debug)]
pub struct Journal {
    past: VecDeque<EventView>,
    number: u64,
    started: Instant,
    live: broadcast::Sender<EventView>,
}

impl Journal {
    /// The journal of a daemon that started at that time.
    #[must_use]
    pub fn new(started: Instant) -> Self {
        Self { past: VecDeque::with_capacity(KEPT), number: 0, started, live: broadcast::channel(BEHIND).0 }
    }

    /// Every event from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<EventView> {
        self.live.subscribe()
    }

    /// The last `count` events, oldest first.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<EventView> {
        self.past.iter().skip(self.past.len().saturating_sub(count)).cloned().collect()
    }

    /// Takes note of an event.
    pub fn record(&mut self, event: &Event, now: Instant) {
        self.number += 1;
        let event = EventView {
            number: self.number,
            at: utc(),
            uptime_ms: millis(now.since(self.started)),
            modem: event.modem.as_ref().map(ToString::to_string),
            what: view::happening(&event.what, now),
        };
        log(&event);
        if self.past.len() == KEPT {
            self.past.pop_front();
        }
        self.past.push_back(event.clone());
        // Nobody follows: nothing to do.
        let _ = self.live.send(event);
    }
}

/// One line per event. A warning is something that an operator should look at.
fn log(event: &EventView) {
    let modem = event.modem.as_deref().unwrap_or("-");
    match &event.what {
        Happening::ConfigAccepted { generation } => tracing::info!(generation, "configuration accepted"),
        Happening::ConfigRejected { report } => tracing::warn!("configuration rejected\n{report}"),
        Happening::ConditionChanged { from, condition } => tracing::info!(
            modem,
            condition = condition.condition,
            from,
            to = condition.status,
            reason = condition.reason,
            message = condition.message,
        ),
        Happening::ActionStarted { action, because, serves } => {
            tracing::info!(modem, action, because, serves, "action started");
        }
        Happening::ActionEnded { action, failure: None } => tracing::info!(modem, action, "action ended"),
        Happening::ActionEnded { action, failure: Some(failure) } => {
            tracing::info!(modem, action, failure, "action failed");
        }
        Happening::ConnectionChanged { from, to, because } => {
            tracing::info!(modem, from, to, because, "connection changed");
        }
        Happening::ModemRestarted { evidence } => tracing::warn!(modem, evidence, "modem restarted"),
        Happening::Recovery { diagnosis, step, attempt, outcome: None, .. } => {
            tracing::warn!(modem, diagnosis, step, attempt, "recovery");
        }
        Happening::Recovery { step, attempt, outcome: Some(outcome), .. } => {
            tracing::info!(modem, step, attempt, outcome, "recovery");
        }
        Happening::Recovered { diagnosis, step, attempts, took_ms } => {
            tracing::info!(modem, diagnosis, step, attempts, took_ms, "recovered");
        }
        Happening::Paused { for_ms: Some(for_ms) } => tracing::info!(modem, for_ms, "paused by hand"),
        Happening::Paused { for_ms: None } => tracing::info!(modem, "the pause is over"),
        Happening::Inhibited { because: Some(because) } => tracing::info!(modem, because, "recovery inhibited"),
        Happening::Inhibited { because: None } => tracing::info!(modem, "recovery no longer inhibited"),
        Happening::ControllerReset { panic, times } => {
            tracing::error!(modem, panic, times, "an error in wwan itself; this modem's part was started anew");
        }
        Happening::Retired => tracing::info!(modem, "retired"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::EventKind;

    fn accepted(generation: u64) -> Event {
        Event { modem: None, what: EventKind::ConfigAccepted { generation } }
    }

    #[test]
    fn the_oldest_events_are_forgotten_and_numbers_go_on() {
        let mut journal = Journal::new(Instant::ZERO);
        for generation in 1..=KEPT as u64 + 5 {
            journal.record(&accepted(generation), Instant::from_millis(generation));
        }
        assert_eq!(journal.last(usize::MAX).first().map(|event| event.number), Some(6));
        assert_eq!(journal.last(2).iter().map(|event| event.number).collect::<Vec<_>>(), [1004, 1005]);
        assert!(journal.last(0).is_empty());
    }

    #[tokio::test]
    async fn followers_see_what_happens_after_they_came() {
        let mut journal = Journal::new(Instant::ZERO);
        journal.record(&accepted(1), Instant::ZERO);
        let mut live = journal.follow();
        journal.record(&accepted(2), Instant::ZERO);
        assert_eq!(live.recv().await.unwrap().what, Happening::ConfigAccepted { generation: 2 });
    }
}
