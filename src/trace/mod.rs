//! Traces: every input of a run as a line of JSON, and the run replayed from them.
//!
//! The core has no other source of anything, so a trace is a complete bug report: replayed, it gives the same outputs.
//! A trace holds what the files hold, inline secrets included; it is as private as they are.

use serde::{Deserialize, Serialize};

use crate::model::Instant;
use crate::reconcile::{Fleet, Input, Output};

/// One line of a trace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When it came in.
    pub at: Instant,
    /// What came in.
    pub input: Input,
}

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A line is not an entry.
    #[error("line {line} is not an entry of a trace")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Time runs backwards.
    #[error("line {line} is earlier than the line before it")]
    Backwards {
        /// Its number, from 1.
        line: usize,
    },
}

impl Entry {
    /// The line, without its end.
    ///
    /// # Panics
    /// Never: every input has a JSON form.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Reads a trace; empty lines are skipped.
///
/// # Errors
/// The first line that is not an entry, or that is earlier than the one before it.
pub fn parse(text: &str) -> Result<Vec<Entry>, TraceError> {
    let mut entries: Vec<Entry> = Vec::new();
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line_number = i + 1;
        let entry: Entry =
            serde_json::from_str(line).map_err(|source| TraceError::Line { line: line_number, source })?;
        if entries.last().is_some_and(|last| entry.at < last.at) {
            return Err(TraceError::Backwards { line: line_number });
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Runs the core through a trace and returns everything it put out, in order.
#[must_use]
pub fn replay(seed: u64, entries: impl IntoIterator<Item = Entry>) -> Vec<(Instant, Output)> {
    let mut fleet = Fleet::new(seed);
    let mut outputs = Vec::new();
    for Entry { at, input } in entries {
        fleet.handle(input, at);
        while let Some(output) = fleet.poll_output() {
            outputs.push((at, output));
        }
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;
    use crate::model::PortState;

    const CONFIG: &str = "version: 1\nmodems: {wwan0: {service_providers: [{apn: internet}]}}\n";

    fn entries() -> Vec<Entry> {
        let inputs = [
            Input::Config(vec![Source::new("wwan.yaml", CONFIG)]),
            Input::Port("wwan0".into(), PortState::Closed),
            Input::Opened("wwan0".into(), crate::reconcile::PortKind::Exclusive),
            Input::Bytes("wwan0".into(), vec![0x01, 0xFF, 0x00]),
            Input::Timer,
            Input::Leave,
        ];
        let at = |i| Instant::from_secs(u64::try_from(i).unwrap_or(0));
        inputs.into_iter().enumerate().map(|(i, input)| Entry { at: at(i), input }).collect()
    }

    #[test]
    fn a_trace_replays_to_the_same_outputs() {
        let text: String = entries().iter().map(|e| e.to_line() + "\n").collect();
        let read = parse(&text).unwrap();
        assert_eq!(read, entries());
        let outputs = replay(7, read);
        assert_eq!(outputs, replay(7, entries()));
        assert!(outputs.iter().any(|(_, o)| matches!(o, Output::OpenPort(..))), "{outputs:#?}");
        assert!(outputs.iter().any(|(_, o)| matches!(o, Output::Send(..))), "{outputs:#?}");
    }

    #[test]
    fn a_torn_trace_is_refused_with_its_line() {
        let text = format!("{}\n\n{{\"at\": 3", entries()[0].to_line());
        assert!(matches!(parse(&text), Err(TraceError::Line { line: 3, .. })));
        let backwards = format!("{}\n{}\n", entries()[2].to_line(), entries()[0].to_line());
        assert!(matches!(parse(&backwards), Err(TraceError::Backwards { line: 2 })));
    }
}
