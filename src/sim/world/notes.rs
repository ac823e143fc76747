//! What a gateway's life leaves behind: a hash of every output, counters, and the last things that happened.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write};

use crate::model::{Instant, Status, fnv_1a, fnv_1a_on};
use crate::qmi::{Kind, registry};
use crate::reconcile::{EventKind, Output, StepOutcome};

/// The notes of one gateway.
#[derive(Debug)]
pub(super) struct Notes {
    hash: Hash,
    counters: BTreeMap<String, u64>,
    history: VecDeque<(Instant, Entry)>,
    /// The last so many things are kept.
    keeps: usize,
}

#[derive(Debug)]
struct Hash(u64);

/// Something that happened, put into words only when somebody wants to read it.
#[derive(Debug)]
enum Entry {
    Said(String),
    Event(EventKind),
    Sent { service: u8, client: u8, message: u16 },
    Asked(&'static str),
}

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = fnv_1a_on(self.0, text.as_bytes());
        Ok(())
    }
}

impl Notes {
    pub(super) fn new(keeps: usize) -> Self {
        Self { hash: Hash(fnv_1a(b"wwan")), counters: BTreeMap::new(), history: VecDeque::new(), keeps }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash.0
    }

    pub(super) fn counters(self) -> BTreeMap<String, u64> {
        self.counters
    }

    pub(super) fn count(&mut self, what: String) {
        *self.counters.entry(what).or_default() += 1;
    }

    pub(super) fn say(&mut self, what: String, now: Instant) {
        self.keep(Entry::Said(what), now);
    }

    pub(super) fn history(&self) -> Vec<String> {
        self.history.iter().map(|(at, entry)| format!("{at} {entry}")).collect()
    }

    /// Notes an output of the core.
    pub(super) fn output(&mut self, output: Output, now: Instant) {
        self.hash.0 = fnv_1a_on(self.hash.0, &now.as_millis().to_le_bytes());
        let entry = match output {
            Output::Send(_, bytes) => {
                self.hash.0 = fnv_1a_on(self.hash.0, &bytes);
                sent(&bytes)
            }
            Output::Event(event) => {
                self.hash_event(&event.what);
                self.count_event(&event.what);
                Entry::Event(event.what)
            }
            // There are many, and which fact is all they say.
            Output::Look(_, fact) => {
                self.hash.0 = fnv_1a_on(self.hash.0, &[fact as u8]);
                return;
            }
            Output::Probe(_, probe) => {
                self.hash.0 = fnv_1a_on(self.hash.0, &probe.number.to_le_bytes());
                Entry::Asked("ask outside")
            }
            // By name: what they say follows from the bytes, and all of it in words would cost more than the world.
            Output::Changed(changes) => {
                self.hash.0 = changes.iter().fold(self.hash.0, |hash, change| fnv_1a_on(hash, change.name.as_bytes()));
                return;
            }
            other => {
                let _ = write!(self.hash, "{other:?}");
                Entry::Asked(match other {
                    Output::OpenPort(..) => "open the port",
                    Output::ClosePort(_) => "close the port",
                    Output::ConfigureLink(..) => "configure the link",
                    Output::Lease(..) => "lease an address",
                    Output::Power(..) => "switch power",
                    Output::Fetch(_) => "fetch a secret",
                    Output::LookUp(..) => "look up the access point",
                    Output::Plugins(_) => "have plugins",
                    Output::Ask(..) => "ask a plugin",
                    Output::Remember(..) => "remember",
                    Output::Send(..) | Output::Event(_) | Output::Changed(_) | Output::Look(..) | Output::Probe(..) => {
                        return;
                    }
                })
            }
        };
        self.keep(entry, now);
    }

    fn keep(&mut self, entry: Entry, now: Instant) {
        if self.history.len() == self.keeps {
            self.history.pop_front();
        }
        self.history.push_back((now, entry));
    }

    /// By its names: the whole of it in words would cost more than the rest of the world.
    fn hash_event(&mut self, event: &EventKind) {
        let words: [&str; 3] = match event {
            EventKind::ConditionChanged { to, .. } => {
                ["condition", to.finding.reason(), if to.status == Status::True { "true" } else { "not true" }]
            }
            EventKind::ActionStarted { action, .. } => ["started", action.name(), ""],
            EventKind::ActionEnded { action, outcome } => {
                ["ended", action.name(), if outcome.is_ok() { "done" } else { "failed" }]
            }
            EventKind::Recovery { step, .. } => ["recovery", step.name(), ""],
            EventKind::ModemRestarted { evidence } => ["restarted", evidence.as_str(), ""],
            EventKind::ConfigAccepted { .. } => ["accepted", "", ""],
            EventKind::ConfigRejected { .. } => ["rejected", "", ""],
            EventKind::Retired => ["retired", "", ""],
            EventKind::Recovered { step, .. } => ["recovered", step.name(), ""],
            EventKind::Paused(until) => ["paused", if until.is_some() { "yes" } else { "no" }, ""],
            EventKind::Inhibited(why) => ["inhibited", if why.is_some() { "yes" } else { "no" }, ""],
            EventKind::ControllerReset { .. } => ["controller reset", "", ""],
            EventKind::ConnectionChanged { to, .. } => ["connection", to.reach.name(), ""],
        };
        self.hash.0 = words.iter().fold(self.hash.0, |hash, word| fnv_1a_on(hash, word.as_bytes()));
    }

    fn count_event(&mut self, event: &EventKind) {
        let what = match event {
            EventKind::ConditionChanged { to, .. } => {
                format!("condition {}={} {}", to.kind, to.status, to.finding.reason())
            }
            EventKind::ActionEnded { action, outcome: Ok(()) } => format!("action {} done", action.name()),
            EventKind::ActionEnded { action, outcome: Err(_) } => format!("action {} failed", action.name()),
            EventKind::Recovery { diagnosis, step, outcome: None, .. } => {
                format!("recovery {diagnosis}: {}", step.name())
            }
            EventKind::Recovery { step, outcome: Some(outcome), .. } => {
                let how = match outcome {
                    StepOutcome::TookEffect => "took effect",
                    StepOutcome::Ineffective(_) => "had no effect",
                    StepOutcome::Failed(_) => "failed",
                    StepOutcome::Unseen => "not seen",
                };
                format!("recovery step {} {how}", step.name())
            }
            EventKind::Recovered { diagnosis, .. } => format!("recovered {diagnosis}"),
            EventKind::ControllerReset { .. } => "controller reset".to_owned(),
            EventKind::ModemRestarted { .. } => "modem restarted".to_owned(),
            EventKind::ConnectionChanged { to, .. } => format!("connection {}", to.reach),
            EventKind::ActionStarted { .. }
            | EventKind::ConfigAccepted { .. }
            | EventKind::ConfigRejected { .. }
            | EventKind::Paused(_)
            | EventKind::Inhibited(_)
            | EventKind::Retired => return,
        };
        self.count(what);
    }
}

/// Service, client and message of a frame.
fn sent(bytes: &[u8]) -> Entry {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let message = if at(4) == 0 { 8 } else { 9 };
    Entry::Sent { service: at(4), client: at(5), message: u16::from_le_bytes([at(message), at(message + 1)]) }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(what) => f.write_str(what),
            Self::Event(EventKind::ConditionChanged { to, .. }) => write!(f, "  {to}"),
            Self::Event(EventKind::ActionStarted { action, because, .. }) => write!(f, "  > {action} ({because})"),
            Self::Event(EventKind::ActionEnded { action, outcome }) => match outcome {
                Ok(()) => write!(f, "  < {action}: acknowledged"),
                Err(failure) => write!(f, "  < {action}: {failure}"),
            },
            Self::Event(EventKind::Recovery { diagnosis, step, attempt, outcome, .. }) => match outcome {
                None => write!(f, "  recovery of {diagnosis}, attempt {attempt}: {step}"),
                Some(outcome) => write!(f, "  recovery of {diagnosis}, attempt {attempt}: {step} {outcome}"),
            },
            Self::Event(other) => write!(f, "  {other:?}"),
            Self::Sent { service, client, message } => {
                let body = registry::find((*service).into(), *message, Kind::Request);
                write!(f, "    {} client {client}", body.map_or("?", |body| body.name))
            }
            Self::Asked(what) => write!(f, "    {what}"),
        }
    }
}
