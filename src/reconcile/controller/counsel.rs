//! What plugins say about the next recovery step: asked when one is due, waited for [`ANSWERS_WITHIN`], and done without.
//!
//! The ladder stands. A plugin takes the step that is due, or another that may be taken now, or none for a while; whoever
//! fails, is slow, or chooses what may not be taken is as good as not there. Once steps have been put off for an hour in one
//! trouble, nobody is asked any more.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::door::Output;
use super::super::recovery::{Choice, Chosen, Proposal, PutOff, Taken};
use super::advice::Advisor;
use super::{Controller, Roster};
use crate::model::step_question::LONGEST_HOLD;
use crate::model::{
    About, Instant, NoAnswer, PluginName, PluginState, PluginsFinding, Question, Status, StepChoice, StepOpinion,
    StepOption, StepQuestion, StepTried, plugin,
};

/// A step waits for as long as the first connection does.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// A shorter hold than this is as long: nothing changes faster, and each ends with another question.
const SHORTEST_HOLD: u64 = 10;

/// What follows from what plugins said.
pub(super) enum Verdict {
    /// Nothing yet: somebody may still answer.
    Wait,
    /// The step that is due.
    BuiltIn,
    /// This step of the proposal.
    Take(usize, Chosen),
    /// None for a while.
    PutOff(PutOff),
}

/// What is being asked.
#[derive(Debug)]
struct Consultation {
    proposal: Proposal,
    at: Instant,
    asked: BTreeMap<PluginName, Asked>,
}

#[derive(Debug)]
struct Asked {
    number: u64,
    question: StepQuestion,
    answer: Option<Result<StepOpinion, NoAnswer>>,
}

/// Everything about plugins and recovery that one modem's controller knows.
#[derive(Debug)]
pub(super) struct Counsel {
    roster: Vec<Advisor>,
    labels: Vec<String>,
    number: u64,
    consultation: Option<Consultation>,
    /// Until when an answer is waited for, if one is at this turn.
    due: Option<Instant>,
    /// Who gave no answer that could be used, when last asked in this trouble.
    failed: BTreeMap<PluginName, NoAnswer>,
}

impl Counsel {
    /// `now` makes the numbers of questions differ from those that an earlier controller of this modem asked.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            roster: Vec::new(),
            labels: Vec::new(),
            number: now.as_millis() << 20,
            consultation: None,
            due: None,
            failed: BTreeMap::new(),
        }
    }

    /// Who is asked.
    pub(super) fn set_roster(&mut self, roster: &Roster) {
        let as_before = |name: &PluginName| roster.rescuers.iter().any(|r| r.name == *name && self.roster.contains(r));
        self.failed.retain(|name, _| as_before(name));
        self.roster.clone_from(&roster.rescuers);
        self.labels.clone_from(&roster.labels);
    }

    /// All is well: what went wrong while it was not is over.
    pub(super) fn rest(&mut self) {
        (self.consultation, self.due) = (None, None);
        self.failed.clear();
    }

    /// A new turn: perhaps nothing is due any more. What was asked is kept, since it may be again.
    pub(super) fn stop_waiting(&mut self) {
        self.due = None;
    }

    /// Sees to it that everybody was asked about this; what to ask now, and what follows.
    pub(super) fn consult(
        &mut self,
        proposal: &Proposal,
        question: impl FnOnce() -> StepQuestion,
        now: Instant,
    ) -> (Vec<Question>, Verdict) {
        let longest = proposal.deadline();
        let ready = |advisor: &&Advisor| matches!(advisor.state, PluginState::Ready { .. });
        let advisors: Vec<Advisor> = self.roster.iter().filter(ready).cloned().collect();
        if advisors.is_empty() || now >= longest {
            (self.consultation, self.due) = (None, None);
            return (Vec::new(), Verdict::BuiltIn);
        }
        let mut questions = Vec::new();
        if self.consultation.as_ref().is_none_or(|about| about.proposal != *proposal) {
            let mut asked = BTreeMap::new();
            let question = StepQuestion { labels: self.labels.clone(), ..question() };
            for advisor in &advisors {
                self.number += 1;
                let question = StepQuestion { config: advisor.config.clone(), ..question.clone() };
                let (number, about) = (self.number, About::Step(question.clone()));
                questions.push(Question { number, plugin: advisor.name.clone(), about });
                asked.insert(advisor.name.clone(), Asked { number, question, answer: None });
            }
            self.consultation = Some(Consultation { proposal: proposal.clone(), at: now, asked });
        }
        let verdict = self.verdict(&advisors, longest, now);
        self.due = self.consultation.as_ref().map(|about| about.at + ANSWERS_WITHIN);
        if !matches!(verdict, Verdict::Wait) {
            (self.consultation, self.due) = (None, None);
        }
        (questions, verdict)
    }

    /// The first opinion, in the order of the file.
    fn verdict(&mut self, advisors: &[Advisor], longest: Instant, now: Instant) -> Verdict {
        let Some(Consultation { at, asked, .. }) = &self.consultation else { return Verdict::BuiltIn };
        for advisor in advisors {
            let plugin = advisor.name.clone();
            let Some(asked) = asked.get(&plugin) else { continue };
            match &asked.answer {
                None if now < *at + ANSWERS_WITHIN => return Verdict::Wait,
                None => drop(self.failed.insert(plugin, NoAnswer::Silent)),
                Some(Err(why)) => drop(self.failed.insert(plugin, why.clone())),
                Some(Ok(StepOpinion { choice, reason })) => {
                    self.failed.remove(&plugin);
                    let reason = reason.clone();
                    match choice {
                        StepChoice::Pass => {}
                        StepChoice::Take(step) => return Verdict::Take(*step, Chosen { plugin, reason }),
                        StepChoice::Hold(seconds) => {
                            let hold = Duration::from_secs((*seconds).clamp(SHORTEST_HOLD, LONGEST_HOLD));
                            return Verdict::PutOff(PutOff { until: longest.min(now + hold), plugin, reason });
                        }
                    }
                }
            }
        }
        Verdict::BuiltIn
    }

    /// Takes an answer in; whether it is one. An answer to an older question is none.
    pub(super) fn handle_answer(
        &mut self,
        plugin: &PluginName,
        number: u64,
        answer: Result<StepOpinion, NoAnswer>,
    ) -> bool {
        let asked = self.consultation.as_mut().and_then(|about| about.asked.get_mut(plugin));
        let Some(asked) = asked.filter(|asked| asked.number == number) else { return false };
        asked.answer = Some(answer.and_then(|opinion| checked(opinion, &asked.question)));
        true
    }

    /// What is wrong with one of them, if anything but its state is.
    pub(super) fn finding(&self) -> Option<(Status, PluginsFinding)> {
        let (name, why) = self.failed.first_key_value()?;
        Some((Status::False, PluginsFinding::Failed(name.clone(), why.clone())))
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.due.map(|at| (at, "a plugin is to answer about a recovery step"))
    }
}

/// An answer is somebody else's work: its text is made fit to be shown, and its step must be one that may be taken.
fn checked(opinion: StepOpinion, question: &StepQuestion) -> Result<StepOpinion, NoAnswer> {
    if let StepChoice::Take(step) = opinion.choice {
        question.allows(step).map_err(NoAnswer::NotAllowed)?;
    }
    Ok(StepOpinion { reason: plugin::plain(&opinion.reason, plugin::REASON_BYTES), ..opinion })
}

impl Controller {
    /// Asks plugins what they think of the step that is due.
    pub(super) fn counsel(&mut self, proposal: &Proposal, now: Instant) -> Verdict {
        let Self { counsel, recovery, plan, name, .. } = self;
        let seconds = |since: Instant| now.since(since).as_secs();
        let question = || {
            let (since, taken) = recovery.history(proposal.diagnosis);
            let tried = |taken: &Taken| StepTried {
                name: taken.step.name().to_owned(),
                ago: seconds(taken.at),
                outcome: taken.outcome.to_string(),
            };
            let first = plan.stages.iter().find(|stage| stage.status != Status::True);
            let option = |choice: &Choice| StepOption {
                name: choice.step.name().to_owned(),
                allowed_in: choice.allowed_in.as_secs(),
            };
            StepQuestion {
                modem: name.to_string(),
                condition: proposal.diagnosis.condition().to_string(),
                reason: first.map_or("", |stage| stage.finding.reason()).to_owned(),
                message: first.map_or_else(String::new, |stage| stage.finding.to_string()),
                steps: proposal.options.iter().map(option).collect(),
                built_in: proposal.built_in,
                tried: taken.map(tried).collect(),
                out_of_service: since.map_or(0, seconds),
                put_off: proposal.put_off(now).as_secs(),
                ..StepQuestion::default()
            }
        };
        let (questions, verdict) = counsel.consult(proposal, question, now);
        self.out.extend(questions.into_iter().map(|question| Output::Ask(name.clone(), question)));
        verdict
    }
}
