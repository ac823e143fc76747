//! Simulated plugins: what good and bad ones do to the core, without any engine.
//!
//! The name of a module says how it behaves: `module: sim/fickle` is [`Manner::Fickle`]. The core must come to rest with
//! every one of them.

use std::time::Duration;

use super::random::mix;
use super::schedule::Schedule;
use crate::model::{
    About, Answer, Instant, ModemName, NoAnswer, Opinion, Plugin, PluginName, PluginState, ProviderQuestion, Question,
    StepChoice, StepOpinion, StepQuestion,
};
use crate::reconcile::Input;

/// How a plugin behaves: said for service providers; of recovery steps the last candidate is the step that is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Chooses the last candidate.
    Last,
    /// Chooses the first candidate that has not failed twice in a row, else has no opinion.
    Steadfast,
    /// Has no opinion.
    Silent,
    /// Ends in a trap.
    Traps,
    /// Never answers.
    Hangs,
    /// Answers as `last`, but after three seconds.
    Slow,
    /// Chooses what is not there.
    Lies,
    /// Chooses another candidate every time it is asked, until the world is calm.
    Fickle,
    /// Does one of all this, as it likes, until the world is calm.
    Erratic,
    /// Cannot be loaded.
    Broken,
    /// Cannot be used after its third answer.
    Quarantined,
    /// Puts every recovery step off for as long as it may.
    Holds,
    /// Takes the mildest recovery step that may be taken.
    Mild,
}

impl Manner {
    /// All of them, by the names of their modules.
    pub const ALL: [(&'static str, Self); 13] = [
        ("last", Self::Last),
        ("steadfast", Self::Steadfast),
        ("silent", Self::Silent),
        ("traps", Self::Traps),
        ("hangs", Self::Hangs),
        ("slow", Self::Slow),
        ("lies", Self::Lies),
        ("fickle", Self::Fickle),
        ("erratic", Self::Erratic),
        ("broken", Self::Broken),
        ("quarantined", Self::Quarantined),
        ("holds", Self::Holds),
        ("mild", Self::Mild),
    ];

    fn of(module: &str) -> Option<Self> {
        let name = module.rsplit('/').next().unwrap_or_default();
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, manner)| manner)
    }
}

/// Loading takes a moment.
const LOADS_MS: u64 = 40;
/// As does an answer.
const ANSWERS_MS: u64 = 2;
/// Longer than the core waits.
const SLOW: Duration = Duration::from_secs(3);

/// All plugins of one gateway.
#[derive(Debug)]
pub struct SimPlugins {
    seed: u64,
    wanted: Vec<Plugin>,
    /// How all of them behave, whatever their modules are called.
    turned: Option<Manner>,
    /// The world is calm.
    calm: bool,
    /// Questions so far.
    asked: u64,
    due: Schedule<Input>,
}

impl SimPlugins {
    /// None yet.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, wanted: Vec::new(), turned: None, calm: false, asked: 0, due: Schedule::default() }
    }

    /// These are to be ready.
    pub fn have(&mut self, plugins: &[Plugin], now: Instant) {
        self.wanted = plugins.to_vec();
        for plugin in plugins {
            let state = match Manner::of(&plugin.module) {
                Some(Manner::Broken) => PluginState::Refused("it is no WebAssembly component".to_owned()),
                Some(_) => PluginState::Ready { digest: plugin.module.clone(), refused: None },
                None => PluginState::Refused(format!("{}: no such file", plugin.module)),
            };
            self.due.at(now + Duration::from_millis(LOADS_MS), Input::Plugin(plugin.name.clone(), state));
        }
    }

    /// One is asked.
    pub fn ask(&mut self, modem: &ModemName, question: &Question, now: Instant) {
        let Some(plugin) = self.wanted.iter().find(|plugin| plugin.name == question.plugin) else { return };
        let Some(manner) = self.turned.or_else(|| Manner::of(&plugin.module)) else { return };
        self.asked += 1;
        let dice = mix(self.seed ^ self.asked);
        let manner = match manner {
            Manner::Erratic | Manner::Fickle if self.calm => Manner::Last,
            Manner::Erratic => Manner::ALL[(dice % 8) as usize].1,
            other => other,
        };
        let after = if manner == Manner::Slow { SLOW } else { Duration::from_millis(ANSWERS_MS) };
        let name = plugin.name.clone();
        if manner == Manner::Quarantined && self.asked > 3 {
            let state = PluginState::Quarantined("its code ended in a trap: unreachable".to_owned());
            self.due.at(now + after, Input::Plugin(name, state));
        } else if let Some(answer) = self.answer(manner, question) {
            self.due.at(now + after, Input::Answer(modem.clone(), name, question.number, answer));
        }
    }

    fn answer(&self, manner: Manner, question: &Question) -> Option<Result<Answer, NoAnswer>> {
        let reason = "as simulated".to_owned();
        let said = match (manner, &question.about) {
            (Manner::Hangs | Manner::Broken, _) => return None,
            (Manner::Traps | Manner::Quarantined, _) => Err(NoAnswer::Trapped("unreachable".to_owned())),
            (manner, About::Provider(about)) => {
                Ok(Answer::Provider(Opinion { choice: self.candidate(manner, about), reason }))
            }
            (manner, About::Step(about)) => Ok(Answer::Step(StepOpinion { choice: self.step(manner, about), reason })),
        };
        Some(said)
    }

    fn candidate(&self, manner: Manner, question: &ProviderQuestion) -> Option<usize> {
        let candidates = &question.candidates;
        match manner {
            Manner::Last | Manner::Slow => candidates.len().checked_sub(1),
            Manner::Steadfast => candidates.iter().position(|candidate| candidate.history.failures < 2),
            Manner::Fickle => Some(self.asked as usize % candidates.len().max(1)),
            Manner::Lies => Some(candidates.len() + (self.asked % 3) as usize),
            _ => None,
        }
    }

    fn step(&self, manner: Manner, question: &StepQuestion) -> StepChoice {
        match manner {
            Manner::Last | Manner::Slow | Manner::Steadfast => StepChoice::Take(question.built_in),
            Manner::Mild => StepChoice::Take(0),
            Manner::Holds => StepChoice::Hold(u64::MAX),
            Manner::Fickle if self.asked.is_multiple_of(2) => StepChoice::Hold(self.asked % 2000),
            Manner::Fickle => StepChoice::Take(self.asked as usize % question.steps.len().max(1)),
            // What is not there, or may not be taken yet.
            Manner::Lies => StepChoice::Take(question.steps.len().saturating_sub(1) + (self.asked % 3) as usize),
            _ => StepChoice::Pass,
        }
    }

    /// What they have to say by now.
    pub fn poll_input(&mut self, now: Instant) -> Option<Input> {
        self.due.pop(now).map(|(_, input)| input)
    }

    /// When they have something to say.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.next().map(|(at, _)| at)
    }

    /// The daemon died, and they with it.
    pub fn crash(&mut self) {
        self.wanted.clear();
        self.due = Schedule::default();
    }

    /// The whims stop, as all other faults do: every one is replaced by its better self.
    pub fn calm(&mut self, now: Instant) {
        self.calm = true;
        let names: Vec<PluginName> = self.wanted.iter().map(|plugin| plugin.name.clone()).collect();
        let whimsical = |manner| matches!(manner, Manner::Erratic | Manner::Fickle);
        if self.wanted.iter().any(|plugin| Manner::of(&plugin.module).is_some_and(whimsical)) {
            names.iter().for_each(|name| self.replace(name, now));
        }
    }

    /// All of them behave like this.
    pub fn turn_into(&mut self, manner: Manner) {
        self.turned = Some(manner);
    }

    /// The bytes of one were replaced.
    pub fn replace(&mut self, name: &PluginName, now: Instant) {
        self.asked += 1;
        let state = PluginState::Ready { digest: format!("replaced {}", self.asked), refused: None };
        self.due.at(now, Input::Plugin(name.clone(), state));
    }
}
