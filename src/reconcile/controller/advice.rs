//! What plugins say about the choice of the service provider: asked for, waited for, kept, and asked for again when
//! anything they were told differs.
//!
//! A plugin is a peer, not a callee: nothing waits for it longer than [`ANSWERS_WITHIN`], once for a card. Afterwards its
//! last answer stands until there is a newer one, and where there is none the built-in choice does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::model::{
    About, Candidate, CardView, Grants, Instant, NetworkFacts, NoAnswer, OnError, Opinion, PluginName, PluginState,
    PluginsFinding, ProviderQuestion, Question, SimIdentity, Status, plugin,
};
use crate::provider::Said;

/// A plugin that thinks for longer would delay the first connection more than a wrong choice does.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// A module of a megabyte compiles within a second or two; a modem takes longer to start.
const LOADS_WITHIN: Duration = Duration::from_secs(5);
/// What changes all the time is asked about at most this often, unless it is about another card.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// A plugin that failed is asked the same again after this.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// How often a plugin may change its mind about one card within [`CHANGES_WITHIN`]: each change costs a session.
const CHANGES: usize = 4;
/// See [`CHANGES`].
const CHANGES_WITHIN: Duration = Duration::from_secs(600);

/// A plugin that is asked about providers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct Advisor {
    pub name: PluginName,
    pub grants: Grants,
    pub on_error: OnError,
    pub config: String,
    pub state: PluginState,
}

/// What a modem knows of all plugins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Roster {
    /// Who is asked, in the order in which they are heard.
    pub advisors: Vec<Advisor>,
    /// Who is asked about recovery steps, likewise.
    pub rescuers: Vec<Advisor>,
    /// All others, and how it is with each: no modem acts on it, and every modem says it.
    pub others: Vec<(PluginName, PluginState)>,
    /// The device's labels.
    pub labels: Vec<String>,
}

/// What a question is made of, before it is known who is asked.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Matter {
    pub modem: String,
    pub sim: SimIdentity,
    pub network: Option<NetworkFacts>,
    pub candidates: Vec<Candidate>,
    /// The entries of the file's list that the candidates are.
    pub entries: Vec<usize>,
    /// The candidate that is chosen without a plugin.
    pub built_in: usize,
}

/// What follows from what plugins said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Decision {
    /// Nothing yet: this plugin is being waited for.
    Wait(PluginName),
    /// The built-in choice stands.
    BuiltIn,
    /// This entry of the file's list.
    Entry { index: usize, plugin: PluginName, reason: String },
}

#[derive(Debug)]
struct Asked {
    number: u64,
    question: ProviderQuestion,
    /// The plugin's bytes.
    digest: String,
    at: Instant,
    /// Until when its first answer about this card and these candidates is waited for.
    waits_until: Instant,
    answer: Option<Result<Opinion, NoAnswer>>,
    /// What it answered before about the same: that stands until there is a newer answer.
    before: Option<Result<Opinion, NoAnswer>>,
    /// When to ask the same again, if it failed.
    again: Instant,
    /// What it said last about this card and these candidates.
    last_good: Option<Opinion>,
}

/// Everything about plugins that one modem's controller knows.
#[derive(Debug)]
pub(super) struct Advice {
    roster: Vec<Advisor>,
    others: Vec<(PluginName, PluginState)>,
    labels: Vec<String>,
    /// Until when a plugin that is being loaded is waited for.
    loads_until: Instant,
    asked: BTreeMap<PluginName, Asked>,
    number: u64,
    /// What was decided last, and about what.
    decided: Option<(Matter, Decision)>,
    /// When that was something else than before, lately.
    changes: VecDeque<Instant>,
    /// The next change does not count.
    new_mind: bool,
    /// The plugin that is not followed because it changes its mind.
    fickle: Option<PluginName>,
    /// When something here is due, and why.
    due: Option<(Instant, &'static str)>,
}

impl Advice {
    /// `now` makes the numbers of questions differ from those that an earlier controller of this modem asked.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            roster: Vec::new(),
            others: Vec::new(),
            labels: Vec::new(),
            loads_until: Instant::ZERO,
            asked: BTreeMap::new(),
            number: now.as_millis() << 20,
            decided: None,
            changes: VecDeque::new(),
            new_mind: false,
            fickle: None,
            due: None,
        }
    }

    /// Who is asked, and who else there is.
    pub(super) fn set_roster(&mut self, roster: Roster, now: Instant) {
        let Roster { advisors: roster, others, labels, .. } = roster;
        self.others = others;
        // Another configuration or other bytes are a new mind, not a change of it.
        let mind = |a: &Advisor| match &a.state {
            PluginState::Ready { digest, .. } => (a.name.clone(), a.config.clone(), digest.clone()),
            _ => (a.name.clone(), a.config.clone(), String::new()),
        };
        if !self.roster.iter().map(mind).eq(roster.iter().map(mind)) {
            self.changes.clear();
            self.new_mind = true;
        }
        let loading = |roster: &[Advisor]| roster.iter().any(|advisor| advisor.state == PluginState::Loading);
        if loading(&roster) && !loading(&self.roster) {
            self.loads_until = now + LOADS_WITHIN;
        }
        self.asked.retain(|name, _| roster.iter().any(|advisor| advisor.name == *name));
        for advisor in &roster {
            let usable = matches!(advisor.state, PluginState::Loading | PluginState::Ready { .. });
            if let Some(asked) = self.asked.get_mut(&advisor.name).filter(|_| !usable) {
                // The built-in choice took its place: it does not come back while its successor is being asked.
                (asked.answer, asked.before) = (None, None);
                asked.digest.clear();
            }
        }
        (self.roster, self.labels) = (roster, labels);
    }

    /// What was decided is not compared with what comes: something else was asked for.
    pub(super) fn forget_decision(&mut self) {
        self.decided = None;
        self.changes.clear();
    }

    /// No card is known: nobody is asked, and what was said stays in mind.
    pub(super) fn rest(&mut self) {
        self.due = None;
    }

    pub(super) fn has_plugins(&self) -> bool {
        !self.roster.is_empty()
    }

    /// Sees to it that everybody was asked about this; `None`: there is nothing to choose. What to ask now.
    pub(super) fn want(&mut self, matter: Option<&Matter>, now: Instant) -> Vec<Question> {
        self.due = None;
        let Some(matter) = matter else {
            self.asked.clear();
            return Vec::new();
        };
        let mut questions = Vec::new();
        for advisor in self.roster.clone() {
            match &advisor.state {
                PluginState::Ready { digest, .. } => questions.extend(self.ask(&advisor, digest, matter, now)),
                PluginState::Loading => self.due_at(self.loads_until, "a plugin is to be loaded", now),
                PluginState::Failing { .. } | PluginState::Refused(_) | PluginState::Quarantined(_) => {}
            }
        }
        questions
    }

    fn ask(&mut self, advisor: &Advisor, digest: &str, matter: &Matter, now: Instant) -> Option<Question> {
        let question = matter.question_to(advisor, &self.labels);
        let (mut waits_until, mut before, mut last_good) = (now + ANSWERS_WITHIN, None, None);
        if let Some(asked) = self.asked.get_mut(&advisor.name) {
            let about_the_same = asked.question.is_about_the_same(&question);
            if asked.question == question && asked.digest == digest {
                let (deadline, again, waits_until) = (asked.at + ANSWERS_WITHIN, asked.again, asked.waits_until);
                match &asked.answer {
                    Some(Ok(_)) => return None,
                    None if now < deadline => {
                        self.due_at(deadline, "a plugin is to answer", now);
                        self.due_at(waits_until, "a plugin was waited for long enough", now);
                        return None;
                    }
                    None => {
                        asked.answer = Some(Err(NoAnswer::Silent));
                        asked.again = now + ASK_AGAIN;
                        self.due_at(now + ASK_AGAIN, "a plugin that failed is asked again", now);
                        return None;
                    }
                    Some(Err(_)) if now < again => {
                        self.due_at(again, "a plugin that failed is asked again", now);
                        return None;
                    }
                    Some(Err(_)) => {}
                }
            } else if about_the_same && asked.digest == digest && now < asked.at + ASK_EVERY {
                let at = asked.at + ASK_EVERY;
                self.due_at(at, "a plugin is asked about what has changed", now);
                return None;
            }
            if about_the_same {
                waits_until = asked.waits_until;
                before = match asked.answer.take() {
                    None | Some(Err(NoAnswer::Silent)) => asked.before.take(),
                    answer => answer,
                };
                last_good = asked.last_good.take();
            }
        }
        self.number += 1;
        let number = self.number;
        let (plugin, about) = (advisor.name.clone(), About::Provider(question.clone()));
        let asked = Asked {
            number,
            question,
            digest: digest.to_owned(),
            at: now,
            waits_until,
            answer: None,
            before,
            again: Instant::FAR,
            last_good,
        };
        self.asked.insert(advisor.name.clone(), asked);
        self.due_at(waits_until, "a plugin was waited for long enough", now);
        self.due_at(now + ANSWERS_WITHIN, "a plugin is to answer", now);
        Some(Question { number, plugin, about })
    }

    /// Takes an answer in; whether it is one. An answer to an older question is none.
    pub(super) fn handle_answer(
        &mut self,
        plugin: &PluginName,
        number: u64,
        answer: Result<Opinion, NoAnswer>,
        now: Instant,
    ) -> bool {
        let Some(asked) = self.asked.get_mut(plugin).filter(|asked| asked.number == number) else { return false };
        let answer = answer.and_then(|opinion| checked(opinion, asked.question.candidates.len()));
        match &answer {
            Ok(opinion) => asked.last_good = Some(opinion.clone()),
            Err(_) => asked.again = now + ASK_AGAIN,
        }
        asked.answer = Some(answer);
        true
    }

    /// What follows for this matter.
    pub(super) fn decide(&mut self, matter: &Matter, now: Instant) -> Decision {
        let decision = self.first_opinion(matter, now);
        self.fickle = None;
        if matches!(decision, Decision::Wait(_)) {
            // What is in use goes on meanwhile.
            let before = self.decided.as_ref().filter(|(before, _)| before.is_about_the_same(matter));
            return before.map_or(decision, |(_, before)| before.clone());
        }
        self.changes.retain(|at| now.since(*at) < CHANGES_WITHIN);
        match &self.decided {
            Some((before, old)) if before.is_about_the_same(matter) => {
                if !old.is_another_than(&decision) {
                    self.decided = Some((matter.clone(), decision.clone()));
                    return decision;
                }
                if let Some(oldest) = self.changes.front().filter(|_| self.changes.len() >= CHANGES && !self.new_mind) {
                    let (oldest, old) = (*oldest, old.clone());
                    self.fickle = decision.plugin().or(old.plugin()).cloned();
                    self.due_at(oldest + CHANGES_WITHIN, "a plugin may change its mind again", now);
                    return old;
                }
                if !std::mem::take(&mut self.new_mind) {
                    self.changes.push_back(now);
                }
            }
            Some(_) | None => self.changes.clear(),
        }
        self.decided = Some((matter.clone(), decision.clone()));
        decision
    }

    fn first_opinion(&self, matter: &Matter, now: Instant) -> Decision {
        for advisor in &self.roster {
            let opinion = match self.opinion_of(advisor, now) {
                Heard::Opinion(opinion) => opinion,
                Heard::Nothing => continue,
                Heard::Pending => return Decision::Wait(advisor.name.clone()),
            };
            let Some(index) = opinion.choice.and_then(|choice| matter.entries.get(choice)) else { continue };
            return Decision::Entry { index: *index, plugin: advisor.name.clone(), reason: opinion.reason.clone() };
        }
        Decision::BuiltIn
    }

    fn opinion_of(&self, advisor: &Advisor, now: Instant) -> Heard<'_> {
        let asked = self.asked.get(&advisor.name);
        let last_good = asked.and_then(|asked| asked.last_good.as_ref());
        let usable = matches!(advisor.state, PluginState::Loading | PluginState::Ready { .. });
        match asked.filter(|_| usable).and_then(Asked::stands) {
            Some(Ok(opinion)) => return Heard::Opinion(opinion),
            Some(Err(_)) => {}
            None => {
                let waits_until = match (&advisor.state, asked) {
                    (PluginState::Loading, _) => self.loads_until,
                    (PluginState::Ready { .. }, Some(asked)) => asked.waits_until,
                    _ => Instant::ZERO,
                };
                if now < waits_until {
                    return Heard::Pending;
                }
            }
        }
        last_good.filter(|_| advisor.on_error == OnError::LastAnswer).map_or(Heard::Nothing, Heard::Opinion)
    }

    /// What each of them said, in words.
    pub(super) fn said(&self) -> Vec<Said> {
        let of = |advisor: &Advisor| {
            let asked = self.asked.get(&advisor.name);
            let words = match (&advisor.state, asked.and_then(Asked::answered)) {
                (PluginState::Loading, _) => "is being loaded".to_owned(),
                (PluginState::Refused(why) | PluginState::Failing { why, .. }, _) => format!("is not used: {why}"),
                (PluginState::Quarantined(why), _) => format!("is not asked any more: {why}"),
                (PluginState::Ready { .. }, Some(Ok(Opinion { choice: None, reason }))) if reason.is_empty() => {
                    "has no opinion".to_owned()
                }
                (PluginState::Ready { .. }, Some(Ok(Opinion { choice: None, reason }))) => {
                    format!("has no opinion: {reason}")
                }
                (PluginState::Ready { .. }, Some(Ok(Opinion { choice: Some(choice), reason }))) => {
                    let candidates = asked.map(|asked| asked.question.candidates.as_slice()).unwrap_or_default();
                    let name = candidates.get(*choice).map_or("", |candidate| &candidate.name);
                    format!("chose {name}: {reason}")
                }
                (PluginState::Ready { .. }, Some(Err(why))) => format!("was not heard: {why}"),
                (PluginState::Ready { .. }, None) if asked.is_some() => "is being asked".to_owned(),
                (PluginState::Ready { .. }, None) => "was not asked: there is nothing to choose".to_owned(),
            };
            Said { plugin: advisor.name.clone(), words }
        };
        self.roster.iter().map(of).collect()
    }

    /// The condition: the first of them that is not as it should be.
    pub(super) fn finding(&self) -> (Status, PluginsFinding) {
        for advisor in &self.roster {
            let name = || advisor.name.clone();
            let answer = self.asked.get(&advisor.name).and_then(Asked::answered);
            return match (&advisor.state, answer) {
                (PluginState::Ready { .. }, Some(Err(why))) => {
                    (Status::False, PluginsFinding::Failed(name(), why.clone()))
                }
                (PluginState::Ready { refused: None, .. }, _) if self.fickle.as_ref() == Some(&advisor.name) => {
                    (Status::False, PluginsFinding::Fickle(name()))
                }
                (state, _) => match trouble(&advisor.name, state) {
                    Some(finding) => finding,
                    None => continue,
                },
            };
        }
        if let Some(finding) = self.others.iter().find_map(|(name, state)| trouble(name, state)) {
            return finding;
        }
        let others = self.others.iter().map(|(name, _)| name);
        let names: Vec<PluginName> = self.roster.iter().map(|advisor| &advisor.name).chain(others).cloned().collect();
        (Status::True, if names.is_empty() { PluginsFinding::None } else { PluginsFinding::Ready(names) })
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.due
    }

    fn due_at(&mut self, at: Instant, why: &'static str, now: Instant) {
        if at > now && self.due.is_none_or(|(due, _)| at < due) {
            self.due = Some((at, why));
        }
    }
}

impl Asked {
    /// What it answered, to this question or to the one before it.
    fn answered(&self) -> Option<&Result<Opinion, NoAnswer>> {
        self.answer.as_ref().or(self.before.as_ref())
    }

    /// The answer that counts: one that is slow is taken at its last word.
    fn stands(&self) -> Option<&Result<Opinion, NoAnswer>> {
        match (&self.answer, &self.before) {
            (Some(Err(NoAnswer::Silent)), Some(Ok(_))) => self.before.as_ref(),
            _ => self.answered(),
        }
    }
}

/// What a plugin's state has against it.
fn trouble(name: &PluginName, state: &PluginState) -> Option<(Status, PluginsFinding)> {
    let name = || name.clone();
    Some(match state {
        PluginState::Loading => (Status::Unknown, PluginsFinding::Loading(name())),
        PluginState::Ready { refused: None, .. } => return None,
        PluginState::Ready { refused: Some(why), .. } => (Status::False, PluginsFinding::Outdated(name(), why.clone())),
        PluginState::Failing { why, .. } => (Status::False, PluginsFinding::Failing(name(), why.clone())),
        PluginState::Refused(why) => (Status::False, PluginsFinding::Refused(name(), why.clone())),
        PluginState::Quarantined(why) => (Status::False, PluginsFinding::Quarantined(name(), why.clone())),
    })
}

/// What is known of one plugin's opinion.
enum Heard<'a> {
    Opinion(&'a Opinion),
    Nothing,
    Pending,
}

/// An answer is somebody else's work: its text is made fit to be shown, and its choice must be there.
fn checked(opinion: Opinion, candidates: usize) -> Result<Opinion, NoAnswer> {
    match opinion.choice {
        Some(choice) if choice >= candidates => {
            Err(NoAnswer::NoSuchCandidate { choice: choice as u64, of: candidates })
        }
        choice => Ok(Opinion { choice, reason: plugin::plain(&opinion.reason, plugin::REASON_BYTES) }),
    }
}

impl Decision {
    /// Whether another entry is used; who chose it and why does not count.
    fn is_another_than(&self, other: &Self) -> bool {
        let entry = |decision: &Self| match decision {
            Self::Entry { index, .. } => Some(*index),
            Self::BuiltIn | Self::Wait(_) => None,
        };
        entry(self) != entry(other)
    }

    fn plugin(&self) -> Option<&PluginName> {
        match self {
            Self::Wait(plugin) | Self::Entry { plugin, .. } => Some(plugin),
            Self::BuiltIn => None,
        }
    }
}

impl Matter {
    /// Whether a decision about one is one about the other.
    fn is_about_the_same(&self, other: &Self) -> bool {
        self.sim == other.sim && self.entries == other.entries
    }

    fn question_to(&self, advisor: &Advisor, labels: &[String]) -> ProviderQuestion {
        let sim = &self.sim;
        let grants = advisor.grants;
        let card = CardView {
            iccid_prefix: sim.iccid.as_str().chars().take(7).collect(),
            iccid: grants.iccid.then(|| sim.iccid.as_str().to_owned()),
            imsi: sim.imsi.as_ref().filter(|_| grants.imsi).map(|imsi| imsi.as_str().to_owned()),
            home_network: sim.home_network().map(|home| home.to_string()),
            service_provider_name: sim.service_provider_name.clone(),
            group_identifier: sim.gid1.clone(),
        };
        ProviderQuestion {
            modem: self.modem.clone(),
            labels: labels.to_vec(),
            card,
            network: self.network.clone(),
            candidates: self.candidates.clone(),
            built_in: self.built_in,
            config: advisor.config.clone(),
        }
    }
}
