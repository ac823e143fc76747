//! Which of the access points that a database has for a card's home network is used.
//!
//! Only those count that are for the internet and for this card (GID1). Of these, in this order: one for the card's GID1
//! before one for every card; one of the network's owner, as the database marks it; one of a provider that bears the
//! network's own name, because brands that resell a network are listed under its code too; one for contracts before one
//! for prepaid cards; one for the internet alone; and at last the first in the database's own order.

use crate::model::{ApnCandidate, ApnUsage, Imsi};
use crate::operators;

/// Why a database has no access point for a card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotFound {
    /// The card does not tell its IMSI, so its home network is not known.
    NoImsi,
    /// The database cannot be asked, in words.
    NoDatabase(String),
    /// It does not know the network.
    NoNetwork {
        /// The network, or the first digits of the IMSI where no network begins with them.
        network: String,
    },
    /// It knows the network, but has nothing there that is for the internet and for this card.
    NothingFits {
        /// The network.
        network: String,
        /// How many access points it has.
        candidates: usize,
    },
}

/// The access point for a card, among those whose networks its IMSI may begin with.
pub(super) fn pick<'a>(
    found: &'a [ApnCandidate],
    imsi: &Imsi,
    gid1: Option<&str>,
) -> Result<&'a ApnCandidate, NotFound> {
    let home = || operators::home(imsi).map_or_else(|| imsi.home_digits().to_string(), |home| home.code.to_owned());
    let network = network_of(found, imsi).ok_or_else(|| NotFound::NoNetwork { network: home() })?;
    let brand = operators::of_code(network).map(str::to_lowercase);
    let own = |c: &ApnCandidate| brand.as_ref().is_some_and(|brand| c.provider.to_lowercase().starts_with(brand));
    let here = || found.iter().filter(|candidate| candidate.network == network);
    let usable = here().filter(|candidate| candidate.usage != ApnUsage::Other && is_for(candidate, gid1));
    let best = usable.min_by_key(|c| (c.gid1.is_empty(), !c.primary, !own(c), c.prepaid, c.usage));
    best.ok_or_else(|| NotFound::NothingFits { network: network.to_owned(), candidates: here().count() })
}

/// The longest network code of the database that the IMSI begins with: an IMSI does not say how long its own is.
fn network_of<'a>(found: &'a [ApnCandidate], imsi: &Imsi) -> Option<&'a str> {
    let codes = found.iter().map(|candidate| candidate.network.as_str());
    codes.filter(|code| imsi.home_digits().begin_with(code)).max_by_key(|code| code.len())
}

/// As Android does: the card's identifier begins with the one listed.
fn is_for(candidate: &ApnCandidate, gid1: Option<&str>) -> bool {
    let begins = |card: &str, with: &str| card.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    candidate.gid1.is_empty() || gid1.is_some_and(|card| candidate.gid1.iter().any(|with| begins(card, with)))
}
