//! What outlives the process: one small file per modem, replaced by rename.
//!
//! Losing it costs an outage at the next start, so a read-only or full disk is worth one warning. Only a PIN is not
//! tried where nothing can be kept; therefore what is said to be kept has reached the disk.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::in_words;
use crate::model::ModemName;
use crate::reconcile::Memory;

/// Where they are, unless somebody says otherwise.
pub const DEFAULT_DIRECTORY: &str = "/var/lib/wwan";

/// The directory of the files.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Whether the last write failed: a disk that stays full is reported once.
    failing: bool,
}

/// Why a memory was not kept.
#[derive(Debug, thiserror::Error)]
enum StateError {
    #[error("cannot make the directory {}", path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot rename {}", path.display())]
    Rename { path: PathBuf, source: io::Error },
    #[error("{0:?} is no name for a file")]
    Name(String),
}

impl StateDir {
    /// The directory is made when something is to be kept.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, failing: false }
    }

    /// Everything that was kept. What cannot be read or understood was lost.
    #[must_use]
    pub fn recall(&self) -> Vec<(ModemName, Memory)> {
        let Ok(entries) = fs::read_dir(&self.path) else { return Vec::new() };
        let mut kept: Vec<_> = entries.filter_map(|entry| recall(&entry.ok()?.path())).collect();
        kept.sort_by(|(a, _), (b, _)| a.cmp(b));
        kept
    }

    /// Keeps what is to be remembered of a modem, so that it outlives a power cut.
    ///
    /// # Errors
    /// It was not kept; in words.
    pub fn remember(&mut self, modem: &ModemName, memory: &Memory) -> Result<(), String> {
        let kept = self.write(modem, memory).map_err(|error| in_words(&error));
        match &kept {
            Ok(()) => self.failing = false,
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::warn!(error, "state is not kept; a restart will interrupt the connection");
            }
            Err(_) => {}
        }
        kept
    }

    fn write(&self, modem: &ModemName, memory: &Memory) -> Result<(), StateError> {
        if modem.0.starts_with('.') || modem.0.contains('/') {
            return Err(StateError::Name(modem.0.clone()));
        }
        fs::create_dir_all(&self.path).map_err(|source| StateError::Directory { path: self.path.clone(), source })?;
        let path = self.path.join(format!("{modem}.json"));
        let new = self.path.join(format!("{modem}.json.new"));
        let write = |source| StateError::Write { path: new.clone(), source };
        let bytes = serde_json::to_vec(memory).map_err(|e| write(e.into()))?;
        let mut file = fs::File::create(&new).map_err(write)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(write)?;
        fs::rename(&new, &path).map_err(|source| StateError::Rename { path, source })?;
        // The rename itself is kept only when the directory is.
        let directory = fs::File::open(&self.path).and_then(|directory| directory.sync_all());
        directory.map_err(|source| StateError::Directory { path: self.path.clone(), source })
    }
}

fn recall(path: &Path) -> Option<(ModemName, Memory)> {
    let modem = path.file_name()?.to_str()?.strip_suffix(".json")?;
    let memory: Memory = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    // A clock that goes backwards, or that has no battery, tells nothing.
    let kept_ago = fs::metadata(path).ok().and_then(|meta| meta.modified().ok()?.elapsed().ok());
    Some((ModemName::from(modem), Memory { kept_ago: kept_ago.map_or(0, |age| age.as_secs()), ..memory }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(client: u8) -> Memory {
        Memory { clients: [("dms".to_owned(), client)].into(), ..Memory::default() }
    }

    #[test]
    fn what_was_kept_last_is_recalled() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = StateDir::new(dir.path().join("made/on/demand"));
        assert!(state.recall().is_empty());
        state.remember(&"wwan1".into(), &memory(1)).unwrap();
        state.remember(&"wwan0".into(), &memory(2)).unwrap();
        state.remember(&"wwan1".into(), &memory(3)).unwrap();
        assert_eq!(state.recall(), [("wwan0".into(), memory(2)), ("wwan1".into(), memory(3))]);
    }

    #[test]
    fn a_damaged_file_is_a_lost_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = StateDir::new(dir.path().to_owned());
        state.remember(&"wwan0".into(), &memory(1)).unwrap();
        for (name, text) in [("wwan1.json", "{\"clients\": {\"dms\":"), ("wwan2.json", ""), ("wwan3.json.new", "{}")] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        assert_eq!(state.recall(), [("wwan0".into(), memory(1))]);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_said_to_take_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let mut state = StateDir::new(file.join("below"));
        let refused = state.remember(&"wwan0".into(), &memory(1)).unwrap_err();
        assert!(refused.contains("cannot make the directory"), "{refused}");
        assert!(state.failing && state.recall().is_empty());
        assert!(state.remember(&"../wwan0".into(), &memory(1)).is_err());
    }
}
