//! Why a modem is as it is, for a person: one answer, the evidence for it, what was tried, what comes next and when,
//! and what is deliberately not done.
//!
//! A fold over what the controller knows: it adds words, never knowledge. The first line is the answer; every other
//! line has a topic, so that a program may pick what it wants and a person finds it by its place.

mod outside;
mod steps;
mod words;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::time::{millis, spoken};
use crate::model::{Condition, ConditionKind, Finding, Instant, Selection, Status};
use crate::provider::{Reason, Verdict};
use crate::reconcile::Controller;

/// The whole explanation of one modem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Its name in the configuration.
    pub modem: String,
    /// Whether data can flow.
    pub online: bool,
    /// The answer in one sentence.
    pub answer: String,
    /// The evidence, in the order of reading.
    pub lines: Vec<Line>,
}

/// One piece of an explanation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// What it is about.
    pub topic: Topic,
    /// In words.
    pub text: String,
    /// When what it tells of is due, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_ms: Option<u64>,
}

/// What a line is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// For how long it has been so.
    Since,
    /// What exactly is wrong, how often, and how we know.
    Cause,
    /// Which entry of the file is used, and why each other is not.
    Provider,
    /// What is as it should be.
    InOrder,
    /// What the newest edit of the configuration says, if it is not in force.
    Config,
    /// Who asked that the modem be left alone.
    Asked,
    /// What was done about it, and what became of that.
    Tried,
    /// What happens next, and when.
    Next,
    /// What is deliberately not done, and why.
    NotDone,
    /// What the reader can do.
    YouCan,
}

impl Topic {
    /// The word at the beginning of its lines.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Since => "since",
            Self::Cause => "cause",
            Self::Provider => "provider",
            Self::InOrder => "in order",
            Self::Config => "config",
            Self::Asked => "asked",
            Self::Tried => "tried",
            Self::Next => "next",
            Self::NotDone => "not done",
            Self::YouCan => "you can",
        }
    }
}

/// Explains one modem.
#[must_use]
pub fn explain(controller: &Controller, now: Instant) -> Explanation {
    let conditions = controller.conditions();
    let chain = conditions.iter().filter(|condition| condition.kind.is_stage());
    let first = chain.clone().find(|condition| condition.status != Status::True);
    let mut lines = Lines { now, list: Vec::new(), advice: Vec::new() };
    let name = controller.name();
    let online = first.is_none();
    let answer = match first {
        None => {
            let link = controller.condition(ConditionKind::LinkConfigured);
            lines.add(Topic::Since, spoken(link.age(now)));
            format!("{name} is online: {}.", words::connection(controller))
        }
        Some(first) => {
            let wrong = words::wrong(controller, first, now);
            // A condition is Unknown while something is done about it: the trouble is older than its last change.
            let began = controller.outlook(now).map_or(first.since, |outlook| outlook.since.min(first.since));
            lines.add(Topic::Since, spoken(now.since(began)));
            wrong.cause.into_iter().for_each(|text| lines.add(Topic::Cause, text));
            let verb = match (controller.paused_until(), wrong.coming_up) {
                (Some(_), _) => "is not online, and paused by hand",
                (None, true) => "is coming up",
                (None, false) => "is not online",
            };
            lines.advice = wrong.advice;
            format!("{name} {verb}: {}.", wrong.answer)
        }
    };
    let explained = Context { controller, first, now };
    explained.provider(&mut lines);
    explained.in_order(&mut lines);
    explained.config(&mut lines);
    steps::asked(controller, &mut lines);
    steps::tried(controller, first, &mut lines);
    steps::next(controller, first, &mut lines);
    steps::not_done(controller, &mut lines);
    let advice = std::mem::take(&mut lines.advice);
    advice.into_iter().for_each(|text| lines.add(Topic::YouCan, text));
    Explanation { modem: name.to_string(), online, answer, lines: lines.list }
}

/// The lines so far.
struct Lines {
    now: Instant,
    list: Vec<Line>,
    advice: Vec<String>,
}

impl Lines {
    fn add(&mut self, topic: Topic, text: String) {
        self.list.push(Line { topic, text, in_ms: None });
    }

    /// A line about something that is due then.
    fn add_due(&mut self, topic: Topic, text: String, at: Instant) {
        self.list.push(Line { topic, text, in_ms: Some(millis(self.now.until(at))) });
    }
}

struct Context<'a> {
    controller: &'a Controller,
    first: Option<&'a Condition>,
    now: Instant,
}

impl Context<'_> {
    /// Which entry is used, and why each other is not.
    fn provider(&self, lines: &mut Lines) {
        let Some((_, choice)) = self.controller.choice() else { return };
        // Where the trouble is before the choice, the choice of a card that is gone explains nothing.
        if self.first.is_some_and(|first| first.kind < ConditionKind::ProviderSelected) {
            return;
        }
        let providers = &self.controller.config().service_providers;
        let mut verdicts: Vec<_> = providers.iter().zip(&choice.verdicts).collect();
        verdicts.sort_by_key(|(_, verdict)| !matches!(verdict, Verdict::Chosen(_)));
        for (provider, verdict) in verdicts {
            let (title, origin) = (provider.title(), &provider.origin);
            lines.add(
                Topic::Provider,
                match verdict {
                    Verdict::Chosen(Reason::CatchAll) => {
                        format!("{title} ({origin}): it is for every card, and no particular entry fits")
                    }
                    Verdict::Chosen(Reason::Plugin { plugin, says, fits }) => {
                        format!("{title} ({origin}): plugin {plugin} chose it: {says} ({fits})")
                    }
                    Verdict::Chosen(reason) => format!("{title} ({origin}): the card has {reason}"),
                    Verdict::NotPreferred { plugin, .. } => {
                        format!("not {title} ({origin}): fits too, plugin {plugin} chose another")
                    }
                    Verdict::FitsButLater { .. } => format!("not {title} ({origin}): fits too, comes later"),
                    Verdict::DoesNotFit(misfit) => format!("not {title} ({origin}): {misfit}"),
                    Verdict::LookingUp(database) => {
                        format!("perhaps {title} ({origin}): {} is being asked", database.name())
                    }
                },
            );
        }
        let by = |verdict: &Verdict| match verdict {
            Verdict::Chosen(Reason::Plugin { plugin, .. }) => Some(plugin.clone()),
            _ => None,
        };
        let chose = choice.verdicts.iter().find_map(by);
        for said in choice.said.iter().filter(|said| Some(&said.plugin) != chose.as_ref()) {
            lines.add(Topic::Provider, format!("plugin {} {}", said.plugin, said.words));
        }
    }

    fn in_order(&self, lines: &mut Lines) {
        let conditions = self.controller.conditions().iter().filter(|condition| condition.kind.is_stage());
        let holds = conditions.take_while(|condition| condition.status == Status::True);
        let words: Vec<String> = holds.filter_map(|condition| words::in_order(self.controller, condition)).collect();
        if !words.is_empty() && self.first.is_some() {
            lines.add(Topic::InOrder, words.join(", "));
        }
    }

    /// An edit that was refused is no reason to be offline, but whoever asks wants to know.
    fn config(&self, lines: &mut Lines) {
        let config = self.controller.condition(ConditionKind::ConfigValid);
        let Finding::Rejected { error } = &config.finding else { return };
        lines.add(Topic::Config, format!("the newest edit was refused {} ago: {error}", spoken(config.age(self.now))));
        let generation = config.observed_generation;
        lines.add(Topic::Config, format!("generation {generation}, the one before it, stays in force"));
        lines.advice.push("see every error of the file: wwan validate".to_owned());
    }
}

/// The name of the entry in force, if one is.
fn provider_name(controller: &Controller) -> Option<&str> {
    match &controller.desired().selection {
        Selection::Chosen(provider) => Some(&provider.name),
        Selection::Undecided
        | Selection::LookingUp
        | Selection::Asking { .. }
        | Selection::NoMatch { .. }
        | Selection::SecretMissing { .. } => None,
    }
}

/// Lines of a terminal that nobody has widened.
const WIDTH: usize = 100;
/// The column in which the text begins.
const INDENT: usize = 12;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.answer)?;
        self.lines_of_text().iter().try_for_each(|(_, line)| writeln!(f, "{line}"))
    }
}

impl Explanation {
    /// The lines below the answer, each with its topic, wrapped and aligned.
    #[must_use]
    pub fn lines_of_text(&self) -> Vec<(Topic, String)> {
        let mut before = None;
        let mut out = Vec::new();
        for Line { topic, text, .. } in &self.lines {
            let label = if before == Some(*topic) { "" } else { topic.label() };
            before = Some(*topic);
            for (number, part) in wrapped(text).into_iter().enumerate() {
                let label = if number == 0 { label } else { "" };
                let hang = if number == 0 { "" } else { "  " };
                out.push((*topic, format!("  {label:width$}{hang}{part}", width = INDENT - 2)));
            }
        }
        out
    }
}

/// A text in lines that fit, broken between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH - INDENT - 2 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_aligned() {
        let text = "word ".repeat(30);
        let line = |topic, text: &str| Line { topic, text: text.to_owned(), in_ms: None };
        let explanation = Explanation {
            modem: "wwan0".into(),
            online: false,
            answer: "wwan0 is not online: x.".into(),
            lines: vec![line(Topic::Cause, text.trim()), line(Topic::Cause, "second"), line(Topic::Next, "third")],
        };
        let printed = explanation.to_string();
        let lines: Vec<&str> = printed.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{printed}");
        assert!(lines[1].starts_with("  cause     word word"), "{printed}");
        assert!(lines[2].starts_with("              word"), "{printed}");
        assert_eq!(lines[3..], ["            second", "  next      third"]);
    }
}
