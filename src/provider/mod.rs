//! Which service provider a SIM gets, and why each other one it does not.
//!
//! Pure: the configuration's list and the card's identity in, a [`Choice`] out. Nothing here dials, waits or asks a plugin;
//! what a plugin said is one more input, by [`Choice::advised`].

use crate::config::{ApnSource, ServiceProvider, SimCondition};
use crate::model::defect::{Defect, planted};
use crate::model::{Apn, ApnAnswer, ApnCandidate, ApnDatabase, Imsi, PluginName, SimIdentity};

mod database;
mod explain;

pub use database::NotFound;

/// The outcome for one list and one card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The entry that is used, or why there is none.
    pub chosen: Result<Chosen, NotChosen>,
    /// What became of each entry, in list order.
    pub verdicts: Vec<Verdict>,
    /// Every entry that fits, in list order: what a plugin may choose among.
    pub fitting: Vec<Chosen>,
    /// What plugins said, in the order of the file.
    pub said: Vec<Said>,
}

/// What a plugin said, or did not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Who.
    pub plugin: PluginName,
    /// In words.
    pub words: String,
}

/// The entry that is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Its place in the list, from 0.
    pub index: usize,
    /// Why this one.
    pub reason: Reason,
    /// Its access point.
    pub apn: ChosenApn,
}

/// The access point of the entry that is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChosenApn {
    /// As the file names it; empty for the network's default.
    Named(Apn),
    /// As a database has it.
    Found(ApnCandidate),
}

/// Why no entry is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotChosen {
    /// None fits the card.
    NoMatch(NoMatch),
    /// The entry at `index` would be next, and what a database says about its access point is not known yet.
    LookingUp {
        /// Its place in the list, from 0.
        index: usize,
    },
}

/// Why an entry fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// All its conditions hold; of each the value that did.
    Matches(Vec<Match>),
    /// It has no conditions.
    CatchAll,
    /// It fits, and a plugin chose it among those that do.
    Plugin {
        /// The plugin.
        plugin: PluginName,
        /// Its own reason.
        says: String,
        /// Why it fits.
        fits: Box<Reason>,
    },
}

/// A condition that holds and the value of the configuration that made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Match {
    /// The ICCID starts with this.
    Iccid(String),
    /// The IMSI starts with this.
    Imsi(String),
    /// The IMSI belongs to this network.
    HomeNetwork(String),
    /// A database has an access point for the card.
    Found {
        /// The database.
        database: ApnDatabase,
        /// The access point.
        apn: Apn,
        /// The network it is listed for.
        network: String,
        /// Who offers it.
        provider: String,
    },
    /// The group identifier starts with this.
    Gid1(String),
    /// The card has this name of the service provider.
    ServiceProviderName(String),
    /// The device has this label.
    Label(String),
}

/// No entry fits the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMatch {
    /// Number of entries that were tried.
    pub tried: usize,
}

/// What became of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is used.
    Chosen(Reason),
    /// It fits as well, but the entry at `chosen` comes first.
    FitsButLater {
        /// Why it would fit.
        reason: Reason,
        /// The entry that is used.
        chosen: usize,
    },
    /// It fits as well, but a plugin chose the entry at `chosen`.
    NotPreferred {
        /// Why it would fit.
        reason: Reason,
        /// The entry that is used.
        chosen: usize,
        /// The plugin.
        plugin: PluginName,
    },
    /// One of its conditions does not hold.
    DoesNotFit(Misfit),
    /// Its conditions hold, but its access point is still being looked up.
    LookingUp(ApnDatabase),
}

/// Why an entry does not fit: its first condition that does not hold, or what its database does not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// Another value than any of those listed; an empty list fits no card.
    Other(SimCondition),
    /// The card does not tell its IMSI, and the condition is about it.
    ImsiUnknown(SimCondition),
    /// The database has no access point for the card.
    NotFound(ApnDatabase, NotFound),
    /// The card has no such file, and the condition is about it.
    NotOnCard(SimCondition),
}

/// What an entry is to a card.
enum Fit {
    Yes(Reason, ChosenApn),
    No(Misfit),
    Unknown(ApnDatabase),
}

/// Chooses: the first entry in list order whose conditions all hold; entries without conditions are tried after all
/// others, the first of them wins.
///
/// The order of the list decides, not the length of a prefix: `89` before `8937601` takes both cards. `found` is what the
/// host's database says about the card's home network, `None` while it has not answered: an entry that needs it holds up
/// those after it, but none before.
#[must_use]
pub fn choose(providers: &[ServiceProvider], sim: &SimIdentity, found: Option<&ApnAnswer>) -> Choice {
    let fits: Vec<Fit> = providers.iter().map(|p| fit(p, sim, found)).collect();
    let next = |catch_all: bool| {
        let tried = |(i, f): (usize, &Fit)| {
            let possible = !matches!(f, Fit::No(_)) && is_catch_all(&providers[i]) == catch_all;
            possible.then_some(i)
        };
        fits.iter().enumerate().find_map(tried)
    };
    let next = next(false).or_else(|| next(true));
    let chosen = match next.map(|index| (index, &fits[index])) {
        Some((index, Fit::Yes(reason, apn))) => Ok(Chosen { index, reason: reason.clone(), apn: apn.clone() }),
        Some((index, Fit::Unknown(_))) => Err(NotChosen::LookingUp { index }),
        Some((_, Fit::No(_))) | None => Err(NotChosen::NoMatch(NoMatch { tried: providers.len() })),
    };
    let fitting = fits.iter().enumerate().filter_map(|(index, fit)| match fit {
        Fit::Yes(reason, apn) => Some(Chosen { index, reason: reason.clone(), apn: apn.clone() }),
        Fit::No(_) | Fit::Unknown(_) => None,
    });
    let fitting = fitting.collect();
    let verdicts = fits.into_iter().enumerate().map(|(i, fit)| match (fit, next) {
        (Fit::Yes(reason, _), Some(chosen)) if chosen == i => Verdict::Chosen(reason),
        (Fit::Yes(reason, _), chosen) => Verdict::FitsButLater { reason, chosen: chosen.unwrap_or(i) },
        (Fit::No(misfit), _) => Verdict::DoesNotFit(misfit),
        (Fit::Unknown(database), _) => Verdict::LookingUp(database),
    });
    Choice { chosen, verdicts: verdicts.collect(), fitting, said: Vec::new() }
}

impl Choice {
    /// The same with what a plugin chose: the entry at `index` of the list, if that fits. What does not fit is never used,
    /// whoever chose it.
    #[must_use]
    pub fn advised(mut self, index: usize, plugin: &PluginName, says: &str) -> Self {
        let Some(preferred) = self.fitting.iter().find(|entry| entry.index == index).cloned() else { return self };
        let (plugin, says) = (plugin.clone(), says.to_owned());
        for (i, verdict) in self.verdicts.iter_mut().enumerate() {
            let fits = match verdict {
                Verdict::Chosen(reason) | Verdict::FitsButLater { reason, .. } => reason.clone(),
                Verdict::NotPreferred { .. } | Verdict::DoesNotFit(_) | Verdict::LookingUp(_) => continue,
            };
            *verdict = if i == index {
                Verdict::Chosen(Reason::Plugin { plugin: plugin.clone(), says: says.clone(), fits: Box::new(fits) })
            } else {
                Verdict::NotPreferred { reason: fits, chosen: index, plugin: plugin.clone() }
            };
        }
        let Chosen { reason, apn, .. } = preferred;
        let reason = Reason::Plugin { plugin, says, fits: Box::new(reason) };
        self.chosen = Ok(Chosen { index, reason, apn });
        self
    }
}

fn is_catch_all(provider: &ServiceProvider) -> bool {
    provider.is_catch_all() || planted(Defect::FirstEntryWins)
}

fn fit(provider: &ServiceProvider, sim: &SimIdentity, found: Option<&ApnAnswer>) -> Fit {
    let conditions = if is_catch_all(provider) { &[][..] } else { &provider.conditions[..] };
    let matches: Result<Vec<Match>, Misfit> = conditions.iter().map(|c| holds(c, sim)).collect();
    let mut matches = match matches {
        Ok(matches) => matches,
        Err(misfit) => return Fit::No(misfit),
    };
    let apn = match &provider.apn {
        ApnSource::Named(apn) => ChosenApn::Named(apn.clone()),
        ApnSource::Lookup(database) => match look_up(sim, found) {
            None => return Fit::Unknown(*database),
            Some(Err(why)) => return Fit::No(Misfit::NotFound(*database, why)),
            Some(Ok(candidate)) => {
                let ApnCandidate { apn, network, provider, .. } = candidate.clone();
                matches.push(Match::Found { database: *database, apn, network, provider });
                ChosenApn::Found(candidate.clone())
            }
        },
    };
    Fit::Yes(if matches.is_empty() { Reason::CatchAll } else { Reason::Matches(matches) }, apn)
}

/// What a database has for the card; `None`: it has not answered yet.
fn look_up<'a>(sim: &SimIdentity, found: Option<&'a ApnAnswer>) -> Option<Result<&'a ApnCandidate, NotFound>> {
    // Without an IMSI there is nothing to ask for, so no answer to wait for.
    let Some(imsi) = &sim.imsi else { return Some(Err(NotFound::NoImsi)) };
    Some(match found? {
        Ok(candidates) => database::pick(candidates, imsi, sim.gid1.as_deref()),
        Err(why) => Err(NotFound::NoDatabase(why.clone())),
    })
}

fn holds<'s>(condition: &SimCondition, sim: &'s SimIdentity) -> Result<Match, Misfit> {
    let imsi = || sim.imsi.as_ref().map(Imsi::as_str).ok_or_else(|| Misfit::ImsiUnknown(condition.clone()));
    let on_card =
        |file: Option<&'s String>| file.map(String::as_str).ok_or_else(|| Misfit::NotOnCard(condition.clone()));
    let found = match condition {
        SimCondition::IccidPrefixes(list) => first_prefix(list, sim.iccid.as_str()).map(Match::Iccid),
        SimCondition::ImsiPrefixes(list) => first_prefix(list, imsi()?).map(Match::Imsi),
        SimCondition::HomeNetworks(list) => home_network(list, imsi()?, sim).map(Match::HomeNetwork),
        SimCondition::Gid1Prefixes(list) => first_prefix(list, on_card(sim.gid1.as_ref())?).map(Match::Gid1),
        SimCondition::ServiceProviderNames(list) => {
            let name = on_card(sim.service_provider_name.as_ref())?;
            list.iter().find(|wanted| wanted.eq_ignore_ascii_case(name)).cloned().map(Match::ServiceProviderName)
        }
        SimCondition::Labels { any_of, device } => {
            any_of.iter().find(|label| device.contains(label)).cloned().map(Match::Label)
        }
    };
    found.ok_or_else(|| Misfit::Other(condition.clone()))
}

/// An IMSI begins with country and network code (3GPP TS 23.003 clause 2.2). How many digits the latter has only the
/// card knows; where it does not say, the five or six digits of the configuration decide.
fn home_network(list: &[String], imsi: &str, sim: &SimIdentity) -> Option<String> {
    match sim.home_network() {
        Some(home) => list.iter().find(|network| *network == home).cloned(),
        None => first_prefix(list, imsi),
    }
}

fn first_prefix(list: &[String], digits: &str) -> Option<String> {
    list.iter().find(|prefix| digits.starts_with(prefix.as_str())).cloned()
}

#[cfg(test)]
mod tests;
