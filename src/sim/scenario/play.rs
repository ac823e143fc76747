//! Plays a script: does one step after another, and writes down what happened.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::claim::{Claim, Deed, named};
use super::script::{Compare, Line, Moment, Show, Step};
use super::{CONFIG, SCRIPT, Words};
use crate::config::Source;
use crate::model::time::spoken;
use crate::model::{Instant, ModemName};
use crate::qmi::Frame;
use crate::reconcile::{Controller, Output};
use crate::sim::gateway::{Gateway, Note, Noted};

/// A scenario that was played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Played {
    /// Everything that was printed, up to the failure if there is one.
    pub text: String,
    /// The expectation that was not met.
    pub failure: Option<Failure>,
    /// How much time passed in it.
    pub virtual_time: Duration,
}

/// An expectation that was not met. No rewriting of golden files makes it right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The line of the script, from 1.
    pub line: usize,
    /// The step.
    pub step: String,
    /// What is so instead.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCRIPT}:{}: {}\n{}", self.line, self.step, self.why)
    }
}

pub(super) fn play(
    gateway: Gateway,
    modem: ModemName,
    steps: &[Line],
    files: &BTreeMap<String, Vec<u8>>,
    words: &mut dyn Words,
) -> Played {
    let mut stage = Stage { gateway, modem, files, words, text: String::new(), told: 0, mark: 0, rested: 0 };
    stage.edit(CONFIG);
    stage.tell();
    let mut failure = None;
    for Line { number, text, step } in steps {
        stage.line(&format!("\n> {text}"));
        let outcome = stage.step(step);
        stage.tell();
        let outcome = outcome.and_then(|remark| match stage.gateway.restless() {
            Some(why) => Err(why.to_owned()),
            None => Ok(remark),
        });
        match outcome {
            Ok(remark) => remark.iter().for_each(|line| stage.line(line)),
            Err(why) => {
                failure = Some(Failure { line: *number, step: text.clone(), why });
                break;
            }
        }
    }
    let virtual_time = stage.gateway.now().since(Instant::ZERO);
    Played { text: stage.text.trim_start_matches('\n').to_owned(), failure, virtual_time }
}

struct Stage<'a> {
    gateway: Gateway,
    /// Whom the steps are about.
    modem: ModemName,
    files: &'a BTreeMap<String, Vec<u8>>,
    words: &'a mut dyn Words,
    text: String,
    /// Notes of the journal that are in the text.
    told: usize,
    /// Where in the journal counting begins.
    mark: usize,
    /// Where the journal was when time passed last: what an edit or a disturbance brings at its very moment belongs to
    /// the wait that follows.
    rested: usize,
}

/// Lines to be printed after what happened, or why an expectation is not met.
type Outcome = Result<Vec<String>, String>;

impl Stage<'_> {
    fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Modem(name) if self.gateway.host(name).is_none() => {
                let names: Vec<String> = self.gateway.modems().map(ToString::to_string).collect();
                return Err(format!("there is no modem \"{name}\", only {}", names.join(", ")));
            }
            Step::Modem(name) => self.modem = name.clone(),
            Step::For(_) | Step::Until(..) | Step::Never(..) | Step::Always(..) => {
                let outcome = self.wait(step);
                self.rested = self.gateway.journal().len();
                return outcome;
            }
            Step::Expect(claim) => self.expect(claim)?,
            Step::Count(deed, compare, wanted) => return self.count(*deed, *compare, *wanted),
            Step::Sent(service, bytes) => {
                let sent = |frame: Frame| frame.service == *service && message(&frame) == *bytes;
                if !self.requests().any(|(_, frame)| sent(frame)) {
                    return Err("it was not sent since the last mark; the step requests shows what was".to_owned());
                }
            }
            Step::Mark => self.mark = self.gateway.journal().len(),
            Step::Disturb(disturbance) => {
                self.gateway.disturb(&self.modem, disturbance);
            }
            Step::Faults { to_modem, to_core } => {
                self.gateway.with_host(&self.modem, |host, _| host.set_faults(*to_modem, *to_core));
            }
            Step::Edit(file) => self.edit(file),
            Step::Kill => self.gateway.kill(),
            Step::Start { remembers } => self.gateway.start(*remembers),
            Step::Crash { remembers } => {
                self.gateway.kill();
                self.gateway.start(*remembers);
            }
            Step::Show(show) => return Ok(self.show(show)),
        }
        Ok(Vec::new())
    }

    /// The steps in which time passes.
    fn wait(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Until(moment, within) => self.until(moment, *within),
            Step::Never(moment, length) => self.never(moment, *length),
            Step::Always(claim, length) => self.always(claim, *length),
            Step::For(length) => {
                self.gateway.run_for(*length);
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn edit(&mut self, file: &str) {
        let bytes = self.files.get(file).cloned().unwrap_or_default();
        // Whichever file it is, the daemon reads it at the same place.
        self.gateway.configure(vec![Source::new(CONFIG, bytes)]);
    }

    fn until(&mut self, moment: &Moment, within: Duration) -> Outcome {
        let from = self.gateway.now();
        if self.comes(moment, within) {
            return Ok(vec![format!("  after {}", waited(self.gateway.now().since(from)))]);
        }
        Err(match moment {
            Moment::Is(claim) => {
                format!("not within {}: {}", spoken(within), claim.instead(&self.gateway, &self.modem))
            }
            Moment::Done(deed) => format!("no {deed} within {}", spoken(within)),
        })
    }

    fn never(&mut self, moment: &Moment, length: Duration) -> Outcome {
        if self.comes(moment, length) {
            let at = self.gateway.now();
            return Err(match moment {
                Moment::Is(_) => format!("it is so at {at}"),
                Moment::Done(deed) => format!("{deed} at {at}"),
            });
        }
        Ok(Vec::new())
    }

    fn always(&mut self, claim: &Claim, length: Duration) -> Outcome {
        let (end, modem) = (self.gateway.now() + length, &self.modem);
        if self.gateway.run_until(end, |gateway| !claim.holds(gateway, modem)) {
            return Err(format!("at {}: {}", self.gateway.now(), claim.instead(&self.gateway, modem)));
        }
        Ok(Vec::new())
    }

    fn expect(&self, claim: &Claim) -> Result<(), String> {
        if claim.holds(&self.gateway, &self.modem) { Ok(()) } else { Err(claim.instead(&self.gateway, &self.modem)) }
    }

    fn count(&self, deed: Deed, compare: Compare, wanted: usize) -> Outcome {
        let since = self.gateway.journal().get(self.mark..).unwrap_or_default();
        let count = since.iter().filter(|note| deed.is(note, &self.modem)).count();
        let met = match compare {
            Compare::Exactly => count == wanted,
            Compare::AtMost => count <= wanted,
            Compare::AtLeast => count >= wanted,
        };
        if met { Ok(Vec::new()) } else { Err(format!("{count} times since the last mark")) }
    }

    /// Lets time pass until something comes to pass; false: it does not within this time.
    fn comes(&mut self, moment: &Moment, within: Duration) -> bool {
        let (end, modem) = (self.gateway.now() + within, &self.modem);
        match moment {
            Moment::Is(claim) => self.gateway.run_until(end, |gateway| claim.holds(gateway, modem)),
            Moment::Done(deed) => {
                let mut seen = self.rested;
                self.gateway.run_until(end, |gateway| {
                    let new = gateway.journal().get(seen..).unwrap_or_default();
                    seen = gateway.journal().len();
                    new.iter().any(|note| deed.is(note, modem))
                })
            }
        }
    }

    fn show(&self, show: &Show) -> Vec<String> {
        let now = self.gateway.now();
        let with = |f: &dyn Fn(&Controller) -> Vec<String>| match self.gateway.controller(&self.modem) {
            Some(controller) => f(controller),
            None => vec![format!("nothing keeps {}", self.modem)],
        };
        match show {
            Show::Status { wide } => self.words.status(self.gateway.fleet(), *wide, self.gateway.started(), now),
            Show::Explain => with(&|controller| self.words.explain(controller, now)),
            Show::Provider => with(&|controller| self.words.provider(controller)),
            Show::Plan => with(&|controller| self.words.plan(controller, now)),
            Show::Properties(pattern) => {
                let of = |controller| self.words.properties(controller, pattern);
                self.gateway.fleet().controllers().flat_map(of).collect()
            }
            Show::Requests => self.requests().map(|(at, frame)| request(at, &frame)).collect(),
        }
    }

    /// Requests to the modem since the last mark.
    fn requests(&self) -> impl Iterator<Item = (Instant, Frame)> {
        let since = self.gateway.journal().get(self.mark..).unwrap_or_default();
        since.iter().filter_map(|note| match &note.what {
            Noted::Output(Output::Send(name, bytes)) if *name == self.modem => {
                Some((note.at, Frame::parse(bytes).ok()?))
            }
            Noted::Output(_) | Noted::Witness(..) => None,
        })
    }

    /// Writes down what happened since this was called last.
    fn tell(&mut self) {
        for Note { at, what } in self.gateway.journal().get(self.told..).unwrap_or_default() {
            let Noted::Output(Output::Event(event)) = what else { continue };
            if let Some(line) = self.words.event(event, *at) {
                push(&mut self.text, &line);
            }
        }
        self.told = self.gateway.journal().len();
    }

    fn line(&mut self, line: &str) {
        push(&mut self.text, line);
    }
}

/// Spaces at the end of a line are not seen, and editors take them away.
fn push(text: &mut String, lines: &str) {
    for line in lines.split('\n') {
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn request(at: Instant, frame: &Frame) -> String {
    let bytes: String = message(frame).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{:>10}  {}  {bytes}", at.to_string(), named(frame.service, frame.message))
}

/// A request from its message id on: what does not depend on client ids and transaction numbers.
fn message(frame: &Frame) -> Vec<u8> {
    let length = u16::try_from(frame.tlvs.len()).unwrap_or(u16::MAX);
    let mut bytes = frame.message.to_le_bytes().to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(&frame.tlvs);
    bytes
}

/// A wait in tenths of a second below ten seconds: who wants it more exactly says so in the script.
fn waited(wait: Duration) -> String {
    if wait < Duration::from_secs(10) {
        format!("{}.{}s", wait.as_secs(), wait.subsec_millis() / 100)
    } else {
        spoken(wait)
    }
}
