//! Files by which people ask that modems be left alone: `inhibit` for all, `inhibit.NAME` for one, beside the socket.
//!
//! Their first line may say why. As with the configuration every event is only a hint to look, and a look every minute
//! makes up for whatever no event told.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::clock::Clock;
use crate::model::{Instant, ModemName};
use crate::reconcile::Inhibition;

/// The file for all modems, and what those for one begin with.
const NAME: &str = "inhibit";
/// Without any event.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Without any event when the kernel does not tell us of events at all.
const POLL: Duration = Duration::from_secs(5);
/// After an event: whoever writes a reason into the file may still be at it.
const SETTLE: Duration = Duration::from_millis(100);
/// What is read of a file: its reason is one line.
const LONGEST: u64 = 200;

/// A watch on the files.
#[derive(Debug)]
pub struct Inhibit {
    directory: PathBuf,
    clock: Clock,
    hints: mpsc::Receiver<()>,
    /// Kept for its events; `None`: there are none.
    watcher: Option<RecommendedWatcher>,
    reported: Inhibition,
    look_at: Instant,
}

impl Inhibit {
    /// Begins to watch. The first report comes as soon as somebody asks for something.
    #[must_use]
    pub fn new(directory: &Path, clock: Clock) -> Self {
        let (tell, hints) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let ours = |path: &PathBuf| {
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(NAME.as_bytes()))
            };
            if event.map_or(true, |event| event.need_rescan() || event.paths.iter().any(ours)) {
                // Full: a hint is waiting already.
                let _ = tell.try_send(());
            }
        });
        let watching = watcher.and_then(|mut watcher| {
            watcher.watch(directory, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        if let Err(error) = &watching {
            tracing::debug!(%error, every = ?POLL, "no events for inhibit files; looking in intervals");
        }
        Self {
            directory: directory.to_owned(),
            clock,
            hints,
            watcher: watching.ok(),
            reported: Inhibition::default(),
            look_at: clock.now(),
        }
    }

    /// Waits until something else is asked for than was reported last. Safe to be dropped and called again.
    pub async fn changed(&mut self) -> Inhibition {
        loop {
            tokio::select! {
                Some(()) = self.hints.recv(), if self.watcher.is_some() => {
                    self.look_at = self.look_at.min(self.clock.now() + SETTLE);
                }
                () = self.clock.reach(self.look_at) => {
                    let idle = if self.watcher.is_some() { LOOK_AGAIN } else { POLL };
                    self.look_at = self.clock.now() + idle;
                    let found = look(&self.directory);
                    if found != self.reported {
                        self.reported = found.clone();
                        return found;
                    }
                }
            }
        }
    }
}

fn look(directory: &Path) -> Inhibition {
    let mut found = Inhibition::default();
    let Ok(entries) = fs::read_dir(directory) else { return found };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(NAME)) else { continue };
        match rest.strip_prefix('.') {
            None if rest.is_empty() => found.all = Some(reason(&entry.path())),
            Some(modem) if !modem.is_empty() => {
                found.modems.insert(ModemName::from(modem), reason(&entry.path()));
            }
            _ => {}
        }
    }
    found
}

/// The first line of the file, without what a terminal might obey. A file that cannot be read asks all the same.
fn reason(path: &Path) -> String {
    let mut bytes = Vec::new();
    let regular = fs::metadata(path).is_ok_and(|meta| meta.is_file());
    if regular && let Ok(file) = File::open(path) {
        let _ = file.take(LONGEST).read_to_end(&mut bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_name_and_say_why() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(look(dir.path()), Inhibition::default());
        for (name, text) in [("inhibit.wwan1", "antenna\u{7} work\nmore"), ("inhibited", "no"), ("inhibit.", "no")] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let one = look(dir.path());
        assert_eq!(
            (one.all.clone(), one.of(&"wwan1".into()), one.of(&"wwan0".into())),
            (None, Some("antenna work"), None)
        );
        fs::create_dir(dir.path().join("inhibit")).unwrap();
        assert_eq!(look(dir.path()).of(&"wwan0".into()), Some(""), "whatever it is, it asks");
    }

    #[tokio::test]
    async fn a_file_that_appears_and_goes_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let mut inhibit = Inhibit::new(dir.path(), Clock::start());
        fs::write(dir.path().join("inhibit"), "maintenance").unwrap();
        assert_eq!(inhibit.changed().await.all.as_deref(), Some("maintenance"));
        fs::remove_file(dir.path().join("inhibit")).unwrap();
        assert_eq!(inhibit.changed().await, Inhibition::default());
    }
}
