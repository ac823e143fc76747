//! Where what plugins say meets the choice: what they are told, and what becomes of the built-in choice by it.

use std::collections::BTreeMap;

use super::super::door::{EntryMemory, Output};
use super::super::fleet::Secrets;
use super::Controller;
use super::advice::{Decision, Matter, Roster};
use crate::config::ServiceProvider;
use crate::model::{
    Answer, Apn, Candidate, Failure, Instant, NetworkFacts, NoAnswer, PluginName, Provider, Registration,
    ServingSystem, SimIdentity, TrackRecord, fnv_1a,
};
use crate::provider::{Choice, Chosen, ChosenApn};

/// What came of connections with the card that is in, by the name and the access point of the entry.
#[derive(Debug, Default)]
pub(super) struct Records {
    by_entry: BTreeMap<(String, String), TrackRecord>,
    /// What an earlier run remembered was looked at.
    recalled: bool,
    /// The network as it was seen last: a fact that is being read anew is no change of it.
    network: Option<NetworkFacts>,
}

impl Records {
    /// Another card, or another file.
    pub(super) fn clear(&mut self) {
        self.by_entry.clear();
    }

    fn of(&self, name: &str, apn: &Apn) -> TrackRecord {
        self.by_entry.get(&(name.to_owned(), apn.0.clone())).cloned().unwrap_or_default()
    }

    fn note(&mut self, provider: &Provider, failure: Option<&Failure>, serves: bool) {
        let record = self.by_entry.entry((provider.name.clone(), provider.apn.0.clone())).or_default();
        match failure {
            None => *record = TrackRecord { worked: true, ..TrackRecord::default() },
            // The other family's session is up: the entry works.
            Some(_) if serves => {}
            Some(why @ (Failure::CallEnded(_) | Failure::Refused(_) | Failure::Timeout)) => {
                record.failures = (record.failures + 1).min(TrackRecord::COUNTED);
                record.last_failure = why.to_string();
            }
            // These are the modem's or ours, not the entry's.
            Some(_) => {}
        }
    }

    /// Takes over what an earlier run remembered, if that was of this card.
    fn recall(&mut self, memory: &EntryMemory, card: u64) {
        if !std::mem::replace(&mut self.recalled, true) && memory.card == card {
            let known = memory.records.iter().cloned();
            self.by_entry.extend(known.map(|(name, apn, record)| ((name, apn), record)));
        }
    }

    fn memory(&self, card: u64) -> EntryMemory {
        let records = self.by_entry.iter().map(|((name, apn), record)| (name.clone(), apn.clone(), record.clone()));
        EntryMemory { card, records: records.collect() }
    }

    fn see(&mut self, serving: Option<&ServingSystem>) {
        let Some(serving) = serving else { return };
        self.network = serving.registration.is_registered().then(|| NetworkFacts {
            code: serving.plmn.map(|plmn| plmn.to_string()),
            roaming: serving.registration == Registration::Roaming,
            technologies: serving.technologies.iter().map(|technology| technology.name().to_owned()).collect(),
        });
    }
}

impl Controller {
    /// Who is asked which service provider to use, and what every one of them is told of the device.
    pub(in super::super) fn set_roster(&mut self, roster: Roster, secrets: &Secrets, now: Instant) {
        self.counsel.set_roster(&roster);
        self.advice.set_roster(roster, now);
        // Before the first configuration there is nothing to conclude from.
        if self.is_configured() {
            self.turn(secrets, now);
        }
    }

    pub(in super::super) fn handle_answer(
        &mut self,
        plugin: &PluginName,
        number: u64,
        answer: Result<Answer, NoAnswer>,
        secrets: &Secrets,
        now: Instant,
    ) {
        // A plugin has one hook: who failed is known by only one of the two.
        let heard = match answer {
            Ok(Answer::Provider(opinion)) => self.advice.handle_answer(plugin, number, Ok(opinion), now),
            Ok(Answer::Step(opinion)) => self.counsel.handle_answer(plugin, number, Ok(opinion)),
            Err(why) => {
                self.counsel.handle_answer(plugin, number, Err(why.clone()))
                    || self.advice.handle_answer(plugin, number, Err(why), now)
            }
        };
        if heard {
            self.turn(secrets, now);
        }
    }

    /// What a dial says of its entry.
    pub(super) fn note_dial(&mut self, provider: &Provider, outcome: &Result<(), Failure>) {
        let up = self.observed.up().next().is_some();
        self.records.note(provider, outcome.as_ref().err(), up);
        if let Some((sim, _)) = self.choice.as_ref().filter(|_| self.advice.has_plugins()) {
            let entries = self.records.memory(number_of(sim));
            self.remember(|memory| memory.entries = entries);
        }
    }

    /// Makes of the built-in choice what plugins would have. `Some`: this one is waited for, so nothing is chosen yet.
    pub(super) fn advise(&mut self, now: Instant) -> Option<PluginName> {
        self.advised = None;
        if !self.advice.has_plugins() {
            return None;
        }
        self.records.see(self.observed.serving_system.as_ref().map(|seen| &seen.value));
        let (sim, choice) = self.choice.as_ref()?;
        self.records.recall(&self.memory.entries, number_of(sim));
        let matter = self.matter(sim, choice);
        for question in self.advice.want(matter.as_ref(), now) {
            self.out.push_back(Output::Ask(self.name.clone(), question));
        }
        let decision = matter.as_ref().map_or(Decision::BuiltIn, |matter| self.advice.decide(matter, now));
        let (_, choice) = self.choice.as_ref()?;
        let mut advised = match &decision {
            Decision::Entry { index, plugin, reason } => choice.clone().advised(*index, plugin, reason),
            Decision::BuiltIn | Decision::Wait(_) => choice.clone(),
        };
        advised.said = self.advice.said();
        self.advised = Some(advised);
        match decision {
            Decision::Wait(plugin) => Some(plugin),
            Decision::BuiltIn | Decision::Entry { .. } => None,
        }
    }

    /// What there is to choose, if there is.
    fn matter(&self, sim: &SimIdentity, choice: &Choice) -> Option<Matter> {
        let chosen = choice.chosen.as_ref().ok().filter(|_| choice.fitting.len() > 1)?;
        let candidate = |fitting: &Chosen| {
            let entry = self.config.service_providers.get(fitting.index)?;
            Some(candidate(entry, fitting, &self.records))
        };
        let candidates: Vec<Candidate> = choice.fitting.iter().filter_map(candidate).collect();
        Some(Matter {
            modem: self.name.to_string(),
            sim: sim.clone(),
            network: self.records.network.clone(),
            candidates,
            entries: choice.fitting.iter().map(|fitting| fitting.index).collect(),
            built_in: choice.fitting.iter().position(|fitting| fitting.index == chosen.index)?,
        })
    }
}

/// A sum of a card's number, to know it again by.
fn number_of(sim: &SimIdentity) -> u64 {
    fnv_1a(sim.iccid.as_str().as_bytes())
}

fn candidate(entry: &ServiceProvider, fitting: &Chosen, records: &Records) -> Candidate {
    let apn = match &fitting.apn {
        ChosenApn::Named(apn) => apn,
        ChosenApn::Found(found) => &found.apn,
    };
    let name = entry.name.clone().unwrap_or_else(|| apn.0.clone());
    Candidate {
        history: records.of(&name, apn),
        name: entry.title(),
        apn: apn.0.clone(),
        fits: fitting.reason.to_string(),
        roaming_allowed: entry.roaming_allowed,
    }
}
