//! Which service provider a SIM gets, and why each other one it does not.
//!
//! Pure: the configuration's list and the card's identity in, a [`Choice`] out. Nothing here dials, waits or asks a plugin.

use crate::config::{ServiceProvider, SimCondition};
use crate::model::defect::{Defect, planted};
use crate::model::{Imsi, SimIdentity};

mod explain;

/// The outcome for one list and one card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The entry that is used, or why there is none.
    pub chosen: Result<Chosen, NoMatch>,
    /// What became of each entry, in list order.
    pub verdicts: Vec<Verdict>,
}

/// The entry that is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Its place in the list, from 0.
    pub index: usize,
    /// Why this one.
    pub reason: Reason,
}

/// Why an entry fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// All its conditions hold; of each the value that did.
    Matches(Vec<Match>),
    /// It has no conditions.
    CatchAll,
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
    /// One of its conditions does not hold.
    DoesNotFit(Misfit),
}

/// The first condition of an entry that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// Another value than any of those listed; an empty list fits no card.
    Other(SimCondition),
    /// The card does not tell its IMSI, and the condition is about it.
    ImsiUnknown(SimCondition),
    /// The card has no such file, and the condition is about it.
    NotOnCard(SimCondition),
}

/// Chooses: the first entry in list order whose conditions all hold; entries without conditions are tried after all
/// others, the first of them wins.
///
/// The order of the list decides, not the length of a prefix: `89` before `8937601` takes both cards.
#[must_use]
pub fn choose(providers: &[ServiceProvider], sim: &SimIdentity) -> Choice {
    let fits: Vec<Result<Reason, Misfit>> = providers.iter().map(|p| fit(p, sim)).collect();
    let with_conditions = fits.iter().position(|f| matches!(f, Ok(Reason::Matches(_))));
    let chosen = with_conditions.or_else(|| fits.iter().position(Result::is_ok));
    let verdicts = fits.into_iter().enumerate().map(|(i, fit)| match (fit, chosen) {
        (Ok(reason), Some(chosen)) if chosen == i => Verdict::Chosen(reason),
        (Ok(reason), chosen) => Verdict::FitsButLater { reason, chosen: chosen.unwrap_or(i) },
        (Err(misfit), _) => Verdict::DoesNotFit(misfit),
    });
    let verdicts: Vec<Verdict> = verdicts.collect();
    let reason = chosen.and_then(|index| match &verdicts[index] {
        Verdict::Chosen(reason) => Some(Chosen { index, reason: reason.clone() }),
        _ => None,
    });
    Choice { chosen: reason.ok_or(NoMatch { tried: providers.len() }), verdicts }
}

fn fit(provider: &ServiceProvider, sim: &SimIdentity) -> Result<Reason, Misfit> {
    if provider.is_catch_all() || planted(Defect::FirstEntryWins) {
        return Ok(Reason::CatchAll);
    }
    provider.conditions.iter().map(|c| holds(c, sim)).collect::<Result<_, _>>().map(Reason::Matches)
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
