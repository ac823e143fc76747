//! A [`Choice`] in words, for `wwan explain provider`, conditions and the log. Shows of a card what its `Debug` shows:
//! the first seven digits.

use std::fmt;

use crate::config::{ServiceProvider, SimCondition};
use crate::model::SimIdentity;

use super::{Choice, Match, Misfit, NoMatch, NotChosen, NotFound, Reason, Said, Verdict};

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
        for Said { plugin, words } in &self.said {
            text.push_str(&format!("  plugin {plugin} {words}\n"));
        }
        if let Err(none) = &self.chosen {
            text.push_str(&format!("  {none}\n"));
        }
        text
    }
}

fn card(sim: &SimIdentity) -> String {
    let mut words = vec![format!("ICCID {:?}", sim.iccid)];
    words.push(sim.imsi.as_ref().map_or_else(|| "IMSI unknown".to_owned(), |imsi| format!("IMSI {imsi:?}")));
    words.extend(sim.home_network().map(|network| format!("home network {network}")));
    words.extend(sim.gid1.as_ref().map(|gid1| format!("GID1 {gid1}")));
    words.extend(sim.service_provider_name.as_ref().map(|name| format!("provider name {name:?}")));
    words.join(", ")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen(reason) => write!(f, "chosen: {reason}"),
            Self::FitsButLater { reason, chosen } => write!(f, "fits ({reason}), but [{chosen}] comes first"),
            Self::NotPreferred { reason, chosen, plugin } => {
                write!(f, "fits ({reason}), but plugin {plugin} chose [{chosen}]")
            }
            Self::DoesNotFit(misfit) => write!(f, "does not fit: {misfit}"),
            Self::LookingUp(database) => write!(f, "looking up its access point in {}", database.name()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CatchAll => f.write_str("catch-all"),
            Self::Plugin { plugin, says, fits } if says.is_empty() => write!(f, "by plugin {plugin} ({fits})"),
            Self::Plugin { plugin, says, fits } => write!(f, "by plugin {plugin}: {says} ({fits})"),
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
            Self::Gid1(prefix) if prefix.is_empty() => f.write_str("any GID1"),
            Self::Gid1(prefix) => write!(f, "GID1 prefix {prefix}"),
            Self::ServiceProviderName(name) => write!(f, "provider name \"{name}\""),
            Self::Label(label) => write!(f, "label {label}"),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(condition @ SimCondition::Labels { any_of, .. }) if any_of.is_empty() => {
                write!(f, "{} is empty, and an empty list fits no device", condition.key())
            }
            Self::Other(condition) if condition.values().is_empty() => {
                write!(f, "{} is empty, and an empty list fits no card", condition.key())
            }
            Self::Other(SimCondition::Labels { any_of, device }) => match device.is_empty() {
                true => write!(f, "this device has no labels, so none of {}", any_of.join(", ")),
                false => {
                    write!(f, "the labels of this device ({}) are none of {}", device.join(", "), any_of.join(", "))
                }
            },
            Self::Other(condition) => {
                let (what, verb) = match condition {
                    SimCondition::IccidPrefixes(_) => ("ICCID", "starts with"),
                    SimCondition::ImsiPrefixes(_) => ("IMSI", "starts with"),
                    SimCondition::HomeNetworks(_) => ("IMSI", "belongs to"),
                    SimCondition::Gid1Prefixes(_) => ("GID1", "starts with"),
                    SimCondition::ServiceProviderNames(_) => ("provider name", "is"),
                    SimCondition::Labels { .. } => ("device", "has"),
                };
                write!(f, "{what} {verb} none of {}", condition.values().join(", "))
            }
            Self::NotFound(database, why) => not_found(f, database.name(), why),
            Self::ImsiUnknown(condition) => write!(f, "{}, and the card does not tell its IMSI", condition.key()),
            Self::NotOnCard(condition) => {
                let file = match condition {
                    SimCondition::Gid1Prefixes(_) => "group identifier",
                    _ => "provider name",
                };
                write!(f, "{}, and the card has no {file}", condition.key())
            }
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
