//! Looks out for changes of modules. Directories are watched, never files: a watch on a file is lost with the first rename
//! over it. Every event is only a hint to look.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// The watch on all modules of one daemon.
pub(super) struct Sentry {
    /// `None`: the kernel gives no events, so there is only the look every minute.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Sentry {
    /// Calls `hint` whenever something may have changed.
    pub(super) fn new(hint: impl Fn() + Send + 'static) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // To read a file is an event, too, and would make us look for ever.
            let reads = event.as_ref().is_ok_and(|event| match event.kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
                EventKind::Access(_) => true,
                _ => false,
            });
            if !reads {
                hint();
            }
        });
        if let Err(error) = &watcher {
            tracing::warn!(%error, "no file events from the kernel; plugins are looked at once a minute");
        }
        Self { watcher: watcher.ok(), watched: BTreeSet::new() }
    }

    /// Watches what a path depends on as it is now: where it is, and where its symbolic links lead.
    pub(super) fn watch(&mut self, path: &Path) {
        let real = path.canonicalize().ok();
        for path in [Some(path), real.as_deref()].into_iter().flatten() {
            // A directory that is missing is made in one that is there.
            let Some(directory) = path.ancestors().skip(1).find(|directory| directory.is_dir()) else { continue };
            let Some(watcher) = self.watcher.as_mut().filter(|_| !self.watched.contains(directory)) else { continue };
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(directory.to_owned())),
                Err(error) => tracing::warn!(directory = %directory.display(), %error, "cannot be watched"),
            }
        }
    }

    /// Forgets what is not there any more, so that it is watched anew when it comes back.
    pub(super) fn tidy(&mut self) {
        let gone: Vec<PathBuf> = self.watched.iter().filter(|directory| !directory.is_dir()).cloned().collect();
        for directory in gone {
            self.watched.remove(&directory);
            if let Some(watcher) = &mut self.watcher {
                // The kernel has dropped the watch already.
                drop(watcher.unwatch(&directory));
            }
        }
    }
}
