//! Shows what happens as it happens: one line for each change, for people.

use std::collections::BTreeSet;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::api::types::{ConditionView, EventView, Happening};
use crate::cli::events::recovery;
use crate::cli::exit::CliError;
use crate::cli::out::{Out, Tone};
use crate::cli::status::tone;

/// Where the name of a condition ends.
const NAME: usize = 16;

/// The view of one daemon's events.
#[derive(Debug)]
pub(super) struct Live {
    out: Out,
    events: broadcast::Receiver<EventView>,
    story: Story,
}

/// Events put into lines, one after another: what a line says depends on what came before.
#[derive(Debug)]
pub(in crate::cli) struct Story {
    out: Out,
    generation: u64,
    /// Modems through which data can flow.
    online: BTreeSet<String>,
}

impl Live {
    pub(super) fn new(out: Out, events: broadcast::Receiver<EventView>) -> Self {
        Self { out, events, story: Story::new(out) }
    }

    /// Shows until the daemon ends or nobody reads.
    pub(super) async fn show(&mut self) -> Result<(), CliError> {
        loop {
            match self.events.recv().await {
                Ok(event) => {
                    if let Some(line) = self.story.line(&event) {
                        self.out.line(line)?;
                    }
                }
                Err(RecvError::Lagged(missed)) => self.out.line(format_args!("({missed} events not shown)"))?,
                // The loop that is awaited beside us has ended and says why.
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

impl Story {
    pub(in crate::cli) fn new(out: Out) -> Self {
        Self { out, generation: 0, online: BTreeSet::new() }
    }

    /// The line of an event; `None` for one that only repeats another.
    pub(in crate::cli) fn line(&mut self, event: &EventView) -> Option<String> {
        self.note(event);
        let (tone, word, rest) = self.words(&event.what)?;
        let seconds = format!("{:>6}.{}s", event.uptime_ms / 1000, event.uptime_ms % 1000 / 100);
        let modem = event.modem.as_deref().unwrap_or("config");
        let rest = rest.replace('\n', "\n         ");
        let (stamp, modem) = (self.out.paint(Tone::Faint, &seconds), self.out.paint(Tone::Strong, modem));
        Some(format!("{stamp}  {modem}  {}  {rest}", self.out.paint(tone, &word)).trim_end().to_owned())
    }

    fn note(&mut self, event: &EventView) {
        match (&event.modem, &event.what) {
            (_, Happening::ConfigAccepted { generation }) => self.generation = *generation,
            (Some(modem), Happening::ConditionChanged { condition, .. }) => {
                match (condition.condition.as_str(), condition.status.as_str()) {
                    ("Converged" | "LinkConfigured", "True") => drop(self.online.insert(modem.clone())),
                    // Conditions behind one that is False only wait, and nobody is told of that.
                    ("Converged" | "Recovering", _) => {}
                    (_, "False") => drop(self.online.remove(modem)),
                    _ => {}
                }
            }
            (Some(modem), Happening::Retired) => drop(self.online.remove(modem)),
            _ => {}
        }
    }

    /// Tone, first word and the rest; `None` for what only repeats another line.
    fn words(&self, what: &Happening) -> Option<(Tone, String, String)> {
        let plain = |tone, word: &str, rest: String| Some((tone, word.to_owned(), rest));
        match what {
            Happening::ConfigAccepted { generation } => {
                plain(Tone::Good, "accepted", format!("generation {generation}"))
            }
            Happening::ConfigRejected { report } => plain(Tone::Bad, "refused", self.refused(report)),
            // The conditions behind the first one that does not hold only wait for it.
            Happening::ConditionChanged { condition, .. } if condition.reason == "Waiting" => None,
            Happening::ConditionChanged { condition, .. } => {
                let ConditionView { condition, status, reason, message, .. } = condition;
                plain(tone(status), &format!("{condition:NAME$} {status:7}"), format!("{reason}: {message}"))
            }
            Happening::ActionStarted { action, because, .. } => {
                plain(Tone::Faint, &format!("{:NAME$}", "  does"), format!("{action}, because {because}"))
            }
            Happening::ActionEnded { failure: None, .. } => None,
            Happening::ActionEnded { action, failure: Some(failure) } => {
                plain(Tone::Pending, &format!("{:NAME$}", "  failed"), format!("{action}: {failure}"))
            }
            Happening::ModemRestarted { evidence } => {
                plain(Tone::Pending, &format!("{:NAME$}", "  restarted"), evidence.clone())
            }
            Happening::Recovery { .. } | Happening::Recovered { .. } => {
                plain(Tone::Pending, &format!("{:NAME$}", "  recovery"), recovery(what))
            }
            Happening::Paused { .. } | Happening::Inhibited { .. } => {
                plain(Tone::Pending, &format!("{:NAME$}", "  asked"), recovery(what))
            }
            Happening::ControllerReset { .. } => plain(Tone::Bad, &format!("{:NAME$}", "  error"), recovery(what)),
            Happening::ConnectionChanged { to, because, .. } => {
                let tone = if to == "internet" { Tone::Good } else { Tone::Pending };
                plain(tone, &format!("{:NAME$}", "  connection"), format!("{to}: {because}"))
            }
            Happening::Retired => plain(Tone::Plain, "retired", String::new()),
        }
    }

    fn refused(&self, report: &str) -> String {
        let online: Vec<&str> = self.online.iter().map(String::as_str).collect();
        let stays = match (self.generation, online.as_slice()) {
            (0, _) => "nothing is in force yet".to_owned(),
            (generation, []) => format!("generation {generation} stays in force"),
            (generation, modems) => format!("{} stays online on generation {generation}", modems.join(", ")),
        };
        format!("{stays}\n{}", report.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Story {
        Story::new(Out::plain())
    }

    fn event(modem: Option<&str>, what: Happening) -> EventView {
        EventView { number: 1, at: String::new(), uptime_ms: 12_345, modem: modem.map(str::to_owned), what }
    }

    fn changed(condition: &str, status: &str, reason: &str) -> Happening {
        let condition = ConditionView {
            condition: condition.into(),
            status: status.into(),
            reason: reason.into(),
            message: "in words".into(),
            since_ms: 0,
            observed_generation: 1,
        };
        Happening::ConditionChanged { from: "Unknown".into(), condition }
    }

    #[test]
    fn a_change_is_one_line() {
        let event = event(Some("wwan0"), changed("SimReady", "True", "Ready"));
        let line = live().line(&event).unwrap();
        assert_eq!(line, "    12.3s  wwan0  SimReady         True     Ready: in words");
    }

    #[test]
    fn conditions_that_only_wait_are_not_shown() {
        assert_eq!(live().line(&event(Some("wwan0"), changed("SimReady", "Unknown", "Waiting"))), None);
    }

    #[test]
    fn a_refused_edit_says_what_stays() {
        let mut live = live();
        let refused = || event(None, Happening::ConfigRejected { report: "error: x\n  |\n".into() });
        assert!(live.line(&refused()).unwrap().contains("nothing is in force yet"));
        live.line(&event(None, Happening::ConfigAccepted { generation: 3 }));
        assert!(live.line(&refused()).unwrap().contains("generation 3 stays in force"));
        live.line(&event(Some("wwan0"), changed("LinkConfigured", "True", "Configured")));
        live.line(&event(Some("wwan0"), changed("ModemPresent", "False", "Absent")));
        assert!(live.line(&refused()).unwrap().contains("generation 3 stays in force"));
        live.line(&event(Some("wwan0"), changed("Converged", "True", "AllApplied")));
        let line = live.line(&refused()).unwrap();
        assert_eq!(
            line,
            "    12.3s  config  refused  wwan0 stays online on generation 3\n         error: x\n           |"
        );
    }
}
