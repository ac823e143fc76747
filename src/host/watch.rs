//! Watches the files of the configuration and tells when their bytes changed.
//!
//! Every event is only a hint to look: the files are read again and compared with what was read before. Directories
//! are watched, never files, because a watch on a file is lost with the first rename over it; and every directory on
//! the way through symbolic links, because a volume is swapped by replacing a link. A look every minute makes up for
//! whatever no event told.

mod trail;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use self::trail::Trail;
use super::clock::Clock;
use super::files::Layers;
use crate::config::Source;
use crate::model::Instant;

/// Events not yet looked at. Losing one beyond that is harmless: those before it already make us look.
const HINTS: usize = 256;

/// How long to wait before looking.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After an event that says a file is complete: a save is often several of them in a row.
    pub settle: Duration,
    /// After bytes were written to a file that nobody closed yet: its writer may still be busy.
    pub unfinished: Duration,
    /// Without any event.
    pub look_again: Duration,
    /// Without any event when the kernel does not tell us of events at all.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(100),
            unfinished: Duration::from_secs(1),
            look_again: Duration::from_secs(60),
            poll: Duration::from_secs(5),
        }
    }
}

/// What an event says of a file.
#[derive(Debug)]
enum Hint {
    /// It is as it shall be: closed by its writer, renamed, removed.
    Complete(PathBuf),
    /// Someone is writing to it, or made it and will.
    Writing(PathBuf),
    /// Something else changed, such as its permissions.
    Touched(PathBuf),
    /// Anything may have happened.
    Unknown,
}

/// A watch on the layers of the configuration.
#[derive(Debug)]
pub struct Watch {
    layers: Layers,
    pace: Pace,
    clock: Clock,
    hints: mpsc::Receiver<Hint>,
    /// `None`: the kernel gives no events and we poll.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    trail: Trail,
    /// What was reported last; `None` before the first report.
    reported: Option<Vec<Source>>,
    /// Read once without an event to tell that it is complete; reported when it is read again unchanged.
    unconfirmed: Option<Vec<Source>>,
    /// Files being written, with the time at which we no longer wait for their writer.
    writing: BTreeMap<PathBuf, Instant>,
    /// The first event since the last look.
    told_at: Option<Instant>,
    settled_at: Instant,
    look_at: Instant,
}

impl Watch {
    /// Begins to watch. The first report is what the files say now.
    #[must_use]
    pub fn new(layers: Layers, pace: Pace, clock: Clock) -> Self {
        let (tell, hints) = mpsc::channel(HINTS);
        let watcher = notify::recommended_watcher(move |event| {
            for hint in hints_of(event) {
                // Full: enough hints are waiting. Closed: nobody watches any more.
                let _ = tell.try_send(hint);
            }
        });
        match watcher {
            Ok(watcher) => Self { watcher: Some(watcher), hints, ..Self::polling(layers, pace, clock) },
            Err(error) => {
                tracing::warn!(%error, every = ?pace.poll, "no file events from the kernel; looking in intervals");
                Self::polling(layers, pace, clock)
            }
        }
    }

    /// Begins to look in intervals, without events.
    #[must_use]
    pub fn polling(layers: Layers, pace: Pace, clock: Clock) -> Self {
        Self {
            layers,
            pace,
            clock,
            hints: mpsc::channel(1).1,
            watcher: None,
            watched: BTreeSet::new(),
            trail: Trail::default(),
            reported: None,
            unconfirmed: None,
            writing: BTreeMap::new(),
            told_at: None,
            settled_at: Instant::FAR,
            look_at: clock.now(),
        }
    }

    /// Waits until the files differ from the last report, and reports them. Safe to be dropped and called again.
    pub async fn changed(&mut self) -> Vec<Source> {
        loop {
            let due = self.due();
            tokio::select! {
                Some(hint) = self.hints.recv(), if self.watcher.is_some() => self.note(hint),
                () = self.clock.reach(due) => {
                    if let Some(sources) = self.look() {
                        return sources;
                    }
                }
            }
        }
    }

    /// Reads the files and reports them in any case, changed or not.
    pub fn reread(&mut self) -> Vec<Source> {
        self.rearm();
        self.report(self.layers.read())
    }

    fn due(&self) -> Instant {
        if self.told_at.is_none() {
            return self.look_at;
        }
        self.writing.values().copied().fold(self.settled_at, Instant::max)
    }

    fn note(&mut self, hint: Hint) {
        let now = self.clock.now();
        match hint {
            Hint::Complete(path) if self.trail.leads_to(&path) => drop(self.writing.remove(&path)),
            Hint::Writing(path) if self.trail.leads_to(&path) => {
                self.writing.insert(path, now + self.pace.unfinished);
            }
            Hint::Touched(path) if self.trail.leads_to(&path) => {}
            Hint::Complete(_) | Hint::Writing(_) | Hint::Touched(_) => return,
            Hint::Unknown => {}
        }
        // Files that change all the time are looked at now and then, not never.
        let told_at = *self.told_at.get_or_insert(now);
        self.settled_at = (now + self.pace.settle).min(told_at + self.pace.unfinished);
    }

    fn look(&mut self) -> Option<Vec<Source>> {
        let told = self.told_at.take().is_some() || self.reported.is_none();
        self.writing.clear();
        // Watches first: what changes between the two is then seen by both and missed by neither.
        self.rearm();
        let sources = self.layers.read();
        let idle = if self.watcher.is_some() { self.pace.look_again } else { self.pace.poll };
        self.look_at = self.clock.now() + idle;
        if self.reported.as_ref() == Some(&sources) {
            self.unconfirmed = None;
            return None;
        }
        if told || self.unconfirmed.as_ref() == Some(&sources) {
            return Some(self.report(sources));
        }
        self.unconfirmed = Some(sources);
        self.look_at = self.clock.now() + self.pace.unfinished;
        None
    }

    fn report(&mut self, sources: Vec<Source>) -> Vec<Source> {
        self.unconfirmed = None;
        self.reported = Some(sources.clone());
        sources
    }

    /// Watches every directory on the way to the files as it is now. A directory that was removed and made again is
    /// another one under the same name, so each is added again every time; adding it twice changes nothing.
    fn rearm(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        self.trail = Trail::to(&self.layers);
        for gone in self.watched.difference(self.trail.directories()) {
            // Fails for a directory that no longer exists, which is the usual reason to come here.
            let _ = watcher.unwatch(gone);
        }
        self.watched.clone_from(self.trail.directories());
        for directory in &self.watched {
            if let Err(error) = watcher.watch(directory, RecursiveMode::NonRecursive) {
                tracing::debug!(directory = %directory.display(), %error, "not watched; looking every minute");
            }
        }
    }
}

fn hints_of(event: notify::Result<notify::Event>) -> Vec<Hint> {
    let Ok(event) = event else { return vec![Hint::Unknown] };
    if event.need_rescan() {
        return vec![Hint::Unknown];
    }
    let hint: fn(PathBuf) -> Hint = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Hint::Complete,
        // We open and read the files ourselves: taking that for a change would never end.
        EventKind::Access(_) => return Vec::new(),
        EventKind::Modify(ModifyKind::Name(_)) | EventKind::Remove(_) | EventKind::Create(CreateKind::Folder) => {
            Hint::Complete
        }
        EventKind::Modify(ModifyKind::Data(_)) | EventKind::Create(_) => Hint::Writing,
        EventKind::Any | EventKind::Modify(_) | EventKind::Other => Hint::Touched,
    };
    event.paths.into_iter().map(hint).collect()
}
