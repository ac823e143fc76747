//! A [`Choice`] in words, for `wwan explain provider`, conditions and the log. Shows of a card what its `Debug` shows:
//! the first seven digits.

use std::fmt;

use crate::config::{ServiceProvider, SimCondition};
use crate::model::SimIdentity;

use super::{Choice, Match, Misfit, NoMatch, NotChosen, NotFound, Reason, Verdict};

impl Choice {
    /// One line per entry: place in the list, name, verdict, file and line.
    #[must_use]
    pub fn explain(&self, providers: &[ServiceProvider], sim: &SimIdentity) -> String {
        let mut text = format!("SIM {}\n", card(sim));
        let width = providers.iter().map(|p| p.title().chars().count()).max().unwrap_or_default();
        for (i, (provider, verdict)) in providers.iter().zip(&self.verdicts).enumerate() {
            let line = format!("  [{i}] {:width$}  {verdict}  ({})\n", provider.title(), provider.origin);
            text.push_str(&line);
        }
        if let Err(none) = &self.chosen {
            text.push_str(&format!("  {none}\n"));
        }
        text
    }
}

fn card(sim: &SimIdentity) -> String {
    match &sim.imsi {
        Some(imsi) => format!("ICCID {:?}, IMSI {imsi:?}", sim.iccid),
        None => format!("ICCID {:?}, IMSI unknown", sim.iccid),
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen(reason) => write!(f, "chosen: {reason}"),
            Self::FitsButLater { reason, chosen } => write!(f, "fits ({reason}), but [{chosen}] comes first"),
            Self::DoesNotFit(misfit) => write!(f, "does not fit: {misfit}"),
            Self::LookingUp(database) => write!(f, "looking up its access point in {}", database.name()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CatchAll => f.write_str("catch-all"),
            Self::Matches(matches) => {
                let words: Vec<String> = matches.iter().map(ToString::to_string).collect();
                f.write_str(&words.join(", "))
            }
        }
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iccid(prefix) if prefix.is_empty() => f.write_str("any ICCID"),
            Self::Iccid(prefix) => write!(f, "ICCID prefix {prefix}"),
            Self::Imsi(prefix) if prefix.is_empty() => f.write_str("any IMSI"),
            Self::Imsi(prefix) => write!(f, "IMSI prefix {prefix}"),
            Self::HomeNetwork(network) => write!(f, "home network {network}"),
            Self::Found { database, apn, network, provider } => {
                write!(f, "apn {apn} ({provider}) from {} for network {network}", database.name())
            }
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(condition) if condition.values().is_empty() => {
                write!(f, "{} is empty, and an empty list fits no card", condition.key())
            }
            Self::Other(condition) => {
                let (what, verb) = match condition {
                    SimCondition::IccidPrefixes(_) => ("ICCID", "starts with"),
                    SimCondition::ImsiPrefixes(_) => ("IMSI", "starts with"),
                    SimCondition::HomeNetworks(_) => ("IMSI", "belongs to"),
                };
                write!(f, "{what} {verb} none of {}", condition.values().join(", "))
            }
            Self::NotFound(database, why) => not_found(f, database.name(), why),
            Self::ImsiUnknown(condition) => write!(f, "{}, and the card does not tell its IMSI", condition.key()),
        }
    }
}

fn not_found(f: &mut fmt::Formatter<'_>, database: &str, why: &NotFound) -> fmt::Result {
    match why {
        NotFound::NoImsi => write!(f, "lookup, and the card does not tell its IMSI"),
        NotFound::NoDatabase(why) => f.write_str(why),
        NotFound::NoNetwork { network } => write!(f, "{database} does not know network {network}"),
        NotFound::NothingFits { network, candidates } => {
            write!(f, "none of the {candidates} access points that {database} has for network {network} is for the ")?;
            f.write_str("internet and for this card")
        }
    }
}

impl fmt::Display for NotChosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch(none) => none.fmt(f),
            Self::LookingUp { index } => write!(f, "nothing is chosen before it is known whether [{index}] fits"),
        }
    }
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "none of {} service providers fits this SIM", self.tried)
    }
}
