//! The service manager that started us, if one did: it is told when we are ready, how we are, and that we still turn
//! (`sd_notify(3)`: the socket in `NOTIFY_SOCKET`). Where nobody listens, nothing is said.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service manager.
#[derive(Debug)]
pub struct Supervisor {
    listens: bool,
    /// What it was told of our state last.
    status: String,
    /// How long we may be silent before it takes us for hung; `None`: for ever.
    patience: Option<Duration>,
}

impl Supervisor {
    /// The one of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let listens = std::env::var_os("NOTIFY_SOCKET").is_some();
        Self { listens, status: String::new(), patience: sd_notify::watchdog_enabled().filter(|time| !time.is_zero()) }
    }

    /// Whether there is one.
    #[must_use]
    pub const fn listens(&self) -> bool {
        self.listens
    }

    /// How often it wants to hear [`Self::alive`]; `None`: never.
    #[must_use]
    pub fn pace(&self) -> Option<Duration> {
        // Half of it, as sd_watchdog_enabled(3) recommends.
        self.patience.map(|patience| patience / 2)
    }

    /// A configuration was read and we can be asked.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// The files are being read again; [`Self::ready`] follows.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(why) => tracing::debug!(%why, "no monotonic clock"),
        }
    }

    /// We end.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// The loop still turns.
    pub fn alive(&self) {
        tell(&[NotifyState::Watchdog]);
    }

    /// How we are, in one line. Said only when it has changed.
    pub fn status(&mut self, line: String) {
        if self.status != line {
            tell(&[NotifyState::Status(&line)]);
            self.status = line;
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(state) {
        tracing::debug!(%why, "the service manager cannot be told");
    }
}
