//! Which modem plays which part: characters, and cards that the configuration has a place for.

use std::collections::BTreeMap;

use crate::config::{Config, ModemConfig, SimCondition};
use crate::model::{Instant, ModemName};
use crate::sim::{Card, Personality, Profile, SimHost, SimModem, Switchboard};

/// Digits of an ICCID without its check digit.
const ICCID: usize = 19;

/// Digits of an IMSI.
const IMSI: usize = 15;

/// Who plays.
#[derive(Debug)]
pub struct Cast {
    personality: Personality,
    seed: u64,
    cards: BTreeMap<ModemName, Card>,
}

impl Cast {
    /// Every modem has this character; each that the configuration names has a card for its first provider.
    #[must_use]
    pub fn new(personality: Personality, quick: bool, seed: u64, config: Option<&Config>) -> Self {
        let personality = if quick { hurried(personality) } else { personality };
        let modems = config.into_iter().flat_map(|config| &config.modems).zip(1..);
        let cards = modems.map(|((name, modem), number)| (name.clone(), card(modem, number))).collect();
        Self { personality, seed, cards }
    }

    /// The cards that modems have at the start.
    pub fn cards(&self) -> impl Iterator<Item = (&ModemName, &Card)> {
        self.cards.iter()
    }

    /// A modem that is plugged in now, and its host.
    pub(super) fn host(&self, name: &ModemName, now: Instant) -> SimHost {
        let number = name.0.bytes().fold(self.seed, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
        let mut profile = Profile::numbered(number);
        if let (Some(slot), Some(card)) = (profile.slots.first_mut(), self.cards.get(name)) {
            *slot = Some(card.clone());
        }
        let modem = SimModem::new(self.personality.clone(), profile, number, now);
        SimHost::new(name.clone(), Switchboard::new(modem), number)
    }
}

/// The same character, without the waiting.
fn hurried(personality: Personality) -> Personality {
    Personality {
        enumerate_ms: (200, 400),
        boot_ms: (100, 200),
        card_ms: (20, 50),
        search_ms: (100, 200),
        attach_ms: (20, 50),
        mode_ms: (20, 50),
        dial_ms: (50, 100),
        scan_ms: (200, 400),
        ..personality
    }
}

/// A card that meets the conditions of the modem's first provider, as far as a card can.
fn card(modem: &ModemConfig, number: u64) -> Card {
    let mut card = Card::of_test_network(number);
    let conditions = modem.service_providers.first().map(|provider| provider.conditions.as_slice());
    for condition in conditions.unwrap_or_default() {
        let Some(prefix) = condition.values().first() else { continue };
        match condition {
            SimCondition::IccidPrefixes(_) => card.iccid = fill(prefix, number, ICCID),
            SimCondition::ImsiPrefixes(_) | SimCondition::HomeNetworks(_) => {
                card.imsi = fill(prefix, number, IMSI);
                card.home = Card::home_of(&card.imsi, prefix.len() == 6);
            }
            SimCondition::Gid1Prefixes(_) => card.gid1 = bytes(prefix),
            SimCondition::ServiceProviderNames(_) => card.provider_name.clone_from(prefix),
            SimCondition::Labels { .. } => {}
        }
    }
    card
}

/// The bytes of hexadecimal digits, an odd one at the end filled up.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let pairs = hexadecimal.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
    pairs.filter_map(|pair| u8::from_str_radix(&format!("{pair:0<2}"), 16).ok()).collect()
}

/// The prefix, and the number at the end of as many digits as there shall be.
fn fill(prefix: &str, number: u64, digits: usize) -> String {
    let width = digits.saturating_sub(prefix.len());
    let mut text = format!("{prefix}{number:0width$}");
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Source};
    use crate::model::{Iccid, Imsi, SimIdentity};
    use crate::provider::choose;

    fn fits_first(providers: &str) -> bool {
        let text = format!("version: 1\nmodems: {{wwan0: {{service_providers: {providers}}}}}\n");
        let config = config::load(&[Source::new("wwan.yaml", text)]).config.unwrap();
        let name = ModemName::from("wwan0");
        let cast = Cast::new(Personality::default(), false, 1, Some(&config));
        let (_, card) = cast.cards().next().unwrap();
        let imsi = Some(Imsi::parse(&card.imsi).unwrap());
        let identity = SimIdentity { imsi, ..SimIdentity::of(Iccid::parse(&card.iccid).unwrap()) };
        choose(&config.modems[&name].service_providers, &identity, None).chosen.unwrap().index == 0
    }

    #[test]
    fn the_card_fits_the_first_provider() {
        for providers in [
            "[{apn: internet}]",
            r#"[{apn: a, only_iccid_prefixes: ["8988307", "89"]}, {apn: b}]"#,
            r#"[{apn: a, only_imsi_prefixes: ["26201"]}, {apn: b}]"#,
            r#"[{apn: a, only_home_networks: ["310260"]}, {apn: b}]"#,
            r#"[{apn: a, only_iccid_prefixes: ["8949"], only_imsi_prefixes: ["26202"]}, {apn: b}]"#,
        ] {
            assert!(fits_first(providers), "{providers}");
        }
    }
}
