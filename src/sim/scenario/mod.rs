//! Scenarios: a gateway's story as a directory that people write and programs judge.
//!
//! ```text
//! wwan.yaml, OTHER.yaml ─┐
//! script: head, steps ───┴─► Scenario ─ play(words) ─► Played: the text for `expected`, or which line failed
//! ```
//! The script says who the modem is, what happens to it and what must be so; `expected` has everything that happened,
//! in the words that people read. The words come from whoever plays: printing is the shell's. Nothing here reads or
//! writes a file, and the same directory gives the same bytes.

mod claim;
mod diff;
mod head;
mod play;
mod script;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::gateway::{Gateway, host};
use crate::config::{self, Source};
use crate::model::{Instant, ModemName};
use crate::reconcile::{Controller, Event, Fleet};
use head::{Cast, Head};
use script::{Line, Step};

pub use diff::diff;
pub use play::{Failure, Played};

/// The file with head and steps.
pub const SCRIPT: &str = "script";
/// The configuration at the start.
pub const CONFIG: &str = "wwan.yaml";
/// What a play must print.
pub const EXPECTED: &str = "expected";

/// The modem of a scenario whose files name none.
const ALONE: &str = "wwan0";

/// How things are said to people. The shell's commands say them; a scenario has them say it.
pub trait Words {
    /// An event in one line or several; `None`: not worth one.
    fn event(&mut self, event: &Event, now: Instant) -> Option<String>;
    /// `wwan status`, in the wide form if asked, of a daemon that was started then.
    fn status(&self, fleet: &Fleet, wide: bool, started: Instant, now: Instant) -> Vec<String>;
    /// `wwan explain`.
    fn explain(&self, controller: &Controller, now: Instant) -> Vec<String>;
    /// `wwan explain provider`.
    fn provider(&self, controller: &Controller) -> Vec<String>;
    /// `wwan plan`.
    fn plan(&self, controller: &Controller, now: Instant) -> Vec<String>;
    /// The properties that fit a pattern, as `name = value`.
    fn properties(&self, controller: &Controller, pattern: &str) -> Vec<String>;
}

/// A scenario that has been read and can be played.
#[derive(Debug)]
pub struct Scenario {
    head: Head,
    steps: Vec<Line>,
    files: BTreeMap<String, Vec<u8>>,
}

/// What is wrong with a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// The line of the script, from 1; `None`: the directory as a whole.
    pub line: Option<usize>,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{SCRIPT}:{line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Scenario {
    /// Reads the files of a directory, by name.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn read(files: BTreeMap<String, Vec<u8>>) -> Result<Self, Vec<Trouble>> {
        let whole = |message: String| Trouble { line: None, message };
        let Some(text) = files.get(SCRIPT) else {
            return Err(vec![whole(format!("there is no file \"{SCRIPT}\", which says what happens"))]);
        };
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(vec![whole(format!("\"{SCRIPT}\" is not UTF-8 text"))]);
        };
        let (head, steps, mut troubles) = script::parse(text);
        let mut used = BTreeSet::from([CONFIG]);
        for Line { number, step, .. } in &steps {
            let Step::Edit(file) = step else { continue };
            used.insert(file);
            if !files.contains_key(file) {
                troubles.push(Trouble { line: Some(*number), message: format!("there is no file \"{file}\"") });
            }
        }
        if !files.contains_key(CONFIG) {
            troubles.push(whole(format!("there is no file \"{CONFIG}\", the configuration at the start")));
        }
        let forgotten = files.keys().filter(|name| name.ends_with(".yaml") && !used.contains(name.as_str()));
        troubles.extend(forgotten.map(|name| whole(format!("no step uses \"{name}\"; write: edit {name}"))));
        if steps.is_empty() && troubles.is_empty() {
            troubles.push(whole(format!("\"{SCRIPT}\" has no step; write for example: until Converged within 60s")));
        }
        if troubles.is_empty() { Ok(Self { head, steps, files }) } else { Err(troubles) }
    }

    /// The IDs of the features that it shows, as its head says.
    #[must_use]
    pub fn covers(&self) -> &[String] {
        &self.head.covers
    }

    /// Plays it to its end, or to the first expectation that is not met.
    #[must_use]
    pub fn play(&self, words: &mut dyn Words) -> Played {
        let modems = self.modems();
        let hosts = modems.iter().zip(1..).map(|(name, number)| {
            let Cast { personality, profile, power_switch } = self.head.cast(name, number);
            let host = host(name.clone(), personality, profile, self.head.seed);
            (name.clone(), if power_switch { host } else { host.without_power_switch() })
        });
        let gateway = Gateway::new(hosts.collect(), self.head.seed).with_secrets(self.head.secrets.clone());
        let subject = modems.into_iter().next().unwrap_or_else(|| ALONE.into());
        play::play(gateway, subject, &self.steps, &self.files, words)
    }

    /// The modems that any of its files names.
    fn modems(&self) -> BTreeSet<ModemName> {
        let sources = self.files.iter().filter(|(name, _)| name.ends_with(".yaml"));
        let configs = sources.filter_map(|(name, bytes)| config::load(&[Source::new(name, bytes.clone())]).config);
        let mut modems: BTreeSet<ModemName> = configs.flat_map(|config| config.modems.into_keys()).collect();
        modems.extend(self.head.named().cloned());
        if modems.is_empty() {
            modems.insert(ALONE.into());
        }
        modems
    }
}
