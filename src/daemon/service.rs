//! Our life as a service: when we are ready, that we still turn, how we are, and our end.

use std::time::Duration;

use crate::host::supervisor::Supervisor;
use crate::model::{Instant, Status};
use crate::reconcile::{Controller, Fleet};

/// How long modems that are to be let go may take when we are told to end: a service manager waits 90 s.
const LETTING_GO: Duration = Duration::from_secs(20);

/// Where we are in it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) supervisor: Supervisor,
    /// A configuration was taken in, good or bad, and that was said.
    ready: bool,
    /// We were told to end, and do so then at the latest.
    ends_at: Option<Instant>,
    /// When the service manager wants to hear that we still turn.
    alive_at: Instant,
}

impl Service {
    pub(super) fn new(now: Instant) -> Self {
        let supervisor = Supervisor::of_process();
        let alive_at = supervisor.pace().map_or(Instant::FAR, |_| now);
        Self { supervisor, ready: false, ends_at: None, alive_at }
    }

    /// We were told to end.
    pub(super) fn end(&mut self, now: Instant) {
        self.supervisor.stopping();
        self.ends_at = Some(now + LETTING_GO);
    }

    /// Whether we were told to end.
    pub(super) const fn ends(&self) -> bool {
        self.ends_at.is_some()
    }

    /// Whether we have done so.
    pub(super) fn is_over(&self, fleet: &Fleet, now: Instant) -> bool {
        self.ends_at.is_some_and(|at| now >= at || !fleet.is_letting_go())
    }

    /// When the loop has to turn at the latest.
    pub(super) fn due(&self) -> Instant {
        self.alive_at.min(self.ends_at.unwrap_or(Instant::FAR))
    }

    /// Something was done: says so, if it is time.
    pub(super) fn tell(&mut self, fleet: &Fleet, now: Instant) {
        if let Some(pace) = self.supervisor.pace().filter(|_| now >= self.alive_at) {
            self.supervisor.alive();
            self.alive_at = now + pace;
        }
        if !self.supervisor.listens() {
            return;
        }
        let config = fleet.config_condition();
        if !self.ready && config.status != Status::Unknown {
            self.ready = true;
            self.supervisor.ready();
        }
        let modems: Vec<String> = fleet.controllers().map(of_modem).collect();
        let refused = (config.status == Status::False).then(|| "configuration refused".to_owned());
        self.supervisor.status(refused.into_iter().chain(modems).collect::<Vec<_>>().join("; "));
    }
}

/// `wwan0: internet`, or what is missing first.
fn of_modem(controller: &Controller) -> String {
    let name = controller.name();
    match controller.plan().deciding() {
        None => format!("{name}: {}", controller.connection().reach),
        Some(report) => format!("{name}: {} ({})", report.finding, report.finding.reason()),
    }
}
