//! The head of a script: which features it shows, where chance begins, and what each modem is like.
//!
//! Lines of a key, a colon and a value. Those before the first `modem:` are about every modem, those after it about
//! that one.

use std::collections::BTreeMap;

use crate::model::{ModemName, Plmn, Secret};
use crate::qmi::from_hex;
use crate::qmi::nas::ModePreference;
use crate::sim::personality::{Indications, Personality};
use crate::sim::profile::{Card, Network, Pin, Profile};
use crate::sim::random::Span;

/// Everything the head says.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) covers: Vec<String>,
    pub(super) seed: u64,
    pub(super) secrets: BTreeMap<String, Secret>,
    everybody: Vec<(String, String)>,
    each: BTreeMap<ModemName, Vec<(String, String)>>,
    /// Whom the next lines are about; `None`: everybody.
    subject: Option<ModemName>,
}

/// A modem as the head describes it.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) personality: Personality,
    pub(super) profile: Profile,
    pub(super) power_switch: bool,
}

const KEYS: &str = "covers, seed, secret, modem, personality, device, card, slot, network, host";

impl Default for Head {
    fn default() -> Self {
        Self {
            covers: Vec::new(),
            seed: 1,
            secrets: BTreeMap::new(),
            everybody: Vec::new(),
            each: BTreeMap::new(),
            subject: None,
        }
    }
}

impl Head {
    /// Takes in a line.
    pub(super) fn line(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "covers" => self.cover(value)?,
            "seed" => self.seed = number(key, value)?,
            "secret" => {
                let (name, secret) = value.split_once('=').ok_or("write secret: NAME=VALUE")?;
                self.secrets.insert(name.trim().to_owned(), Secret::new(secret.trim().to_owned()));
            }
            "modem" => {
                let name = ModemName::from(one_word(value).ok_or("write modem: NAME, as the configuration calls it")?);
                self.each.entry(name.clone()).or_default();
                self.subject = Some(name);
            }
            "personality" | "device" | "card" | "slot" | "network" | "host" => {
                Cast::numbered(1).set(key, value)?;
                let setting = (key.to_owned(), value.to_owned());
                match &self.subject {
                    None => self.everybody.push(setting),
                    Some(name) => self.each.entry(name.clone()).or_default().push(setting),
                }
            }
            _ => return Err(format!("\"{key}:\" is no line of the head, which has {KEYS}")),
        }
        Ok(())
    }

    /// The modem of this name, with the identities of this number.
    pub(super) fn cast(&self, name: &ModemName, number: u64) -> Cast {
        let mut cast = Cast::numbered(number);
        let own = self.each.get(name).map(Vec::as_slice).unwrap_or_default();
        for (key, value) in self.everybody.iter().chain(own) {
            let set = cast.set(key, value);
            debug_assert!(set.is_ok(), "tried when it was read: {set:?}");
        }
        cast
    }

    /// The modems that have lines of their own.
    pub(super) fn named(&self) -> impl Iterator<Item = &ModemName> {
        self.each.keys()
    }

    fn cover(&mut self, value: &str) -> Result<(), String> {
        for id in value.split([' ', ',']).filter(|id| !id.is_empty()) {
            if !is_feature_id(id) {
                return Err(format!(
                    "\"{id}\" is no feature's ID; write for example CFG-7, or F12 for a row of faults"
                ));
            }
            if self.covers.iter().any(|covered| covered == id) {
                return Err(format!("\"{id}\" is named twice"));
            }
            self.covers.push(id.to_owned());
        }
        if self.covers.is_empty() { Err("name the features that it shows: CFG-7 SEL-1".to_owned()) } else { Ok(()) }
    }
}

/// `CFG-7`: two to five capitals, a hyphen, a number; `F12`: one capital and a number.
fn is_feature_id(id: &str) -> bool {
    let capitals = id.chars().take_while(char::is_ascii_uppercase).count();
    let number = match (capitals, id.get(capitals..)) {
        (1, Some(number)) => number,
        (2..=5, Some(rest)) => rest.strip_prefix('-').unwrap_or_default(),
        _ => return false,
    };
    (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0')
}

impl Cast {
    fn numbered(number: u64) -> Self {
        Self { personality: Personality::default(), profile: Profile::numbered(number), power_switch: true }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let words = words(value)?;
        match key {
            "personality" => {
                let (name, traits) = words.split_first().ok_or("write its name, then traits as key=value")?;
                let names = || Personality::all().iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
                let known = Personality::named(name).ok_or_else(|| format!("no \"{name}\" among {}", names()))?;
                self.personality = known.clone();
                pairs(traits)?.into_iter().try_for_each(|(key, value)| set_trait(&mut self.personality, key, value))
            }
            "device" => pairs(&words)?.into_iter().try_for_each(|(key, value)| match key {
                "imei" => digits(value, 15..=15).map(|imei| self.profile.imei = imei),
                "model" => {
                    self.profile.model = Some(value.to_owned());
                    Ok(())
                }
                _ => Err(unknown(key, "imei, model")),
            }),
            "card" => {
                let first = self.profile.slots.first().cloned().flatten();
                let card = card(first.unwrap_or_else(|| Card::of_test_network(1)), &words)?;
                self.profile.slots = vec![card];
                Ok(())
            }
            "slot" => {
                let number = 100 + self.profile.slots.len() as u64;
                self.profile.slots.push(card(Card::of_test_network(number), &words)?);
                Ok(())
            }
            "network" => {
                let network = &mut self.profile.network;
                pairs(&words)?.into_iter().try_for_each(|(key, value)| set_network(network, key, value))
            }
            _ => match words.as_slice() {
                [word] if word == "no-power-switch" => {
                    self.power_switch = false;
                    Ok(())
                }
                _ => Err("write host: no-power-switch".to_owned()),
            },
        }
    }
}

fn set_trait(p: &mut Personality, key: &str, value: &str) -> Result<(), String> {
    let spans: [(&str, &mut Span); 12] = [
        ("enumerate_ms", &mut p.enumerate_ms),
        ("boot_ms", &mut p.boot_ms),
        ("card_ms", &mut p.card_ms),
        ("reaction_ms", &mut p.reaction_ms),
        ("search_ms", &mut p.search_ms),
        ("attach_ms", &mut p.attach_ms),
        ("answer_ms", &mut p.answer_ms),
        ("card_answer_ms", &mut p.card_answer_ms),
        ("mode_ms", &mut p.mode_ms),
        ("dial_ms", &mut p.dial_ms),
        ("scan_ms", &mut p.scan_ms),
        ("late_ms", &mut p.late_ms),
    ];
    if let Some((_, of)) = spans.into_iter().find(|(name, _)| *name == key) {
        *of = span(key, value)?;
        return Ok(());
    }
    let flags: [(&str, &mut bool); 10] = [
        ("indication_first", &mut p.indication_first),
        ("announces_restart", &mut p.announces_restart),
        ("ethernet_by_default", &mut p.ethernet_by_default),
        ("silent_in_raw_ip", &mut p.silent_in_raw_ip),
        ("wda_needs_endpoint", &mut p.wda_needs_endpoint),
        ("reset_works", &mut p.reset_works),
        ("renames", &mut p.renames),
        ("dms_uim", &mut p.dms_uim),
        ("serialises", &mut p.serialises),
        ("refuses_change_duration", &mut p.refuses_change_duration),
    ];
    if let Some((_, of)) = flags.into_iter().find(|(name, _)| *name == key) {
        *of = flag(key, value)?;
        return Ok(());
    }
    match key {
        "repeated_per_mille" => p.repeated_per_mille = number(key, value)?,
        "duplicate_per_mille" => p.duplicate_per_mille = number(key, value)?,
        "late_per_mille" => p.late_per_mille = number(key, value)?,
        "clients_per_service" => p.clients_per_service = number(key, value)?,
        "indications" => {
            p.indications = match value {
                "to-each" => Indications::ToEach,
                "broadcast" => Indications::Broadcast,
                "never" => Indications::Never,
                _ => return Err("write indications=to-each, broadcast or never".to_owned()),
            }
        }
        _ => return Err(unknown(key, "the fields of a personality: dial_ms=2000..4000, renames=false")),
    }
    Ok(())
}

/// A card; `none`: an empty slot.
fn card(like: Card, words: &[String]) -> Result<Option<Card>, String> {
    if words == ["none"] {
        return Ok(None);
    }
    let mut card = like;
    for (key, value) in pairs(words)? {
        match key {
            // Empty: the card has no serial number that could be read.
            "iccid" if value.is_empty() => card.iccid = String::new(),
            "iccid" => card.iccid = digits(value, 18..=20)?,
            "imsi" => {
                card.imsi = digits(value, 6..=15)?;
                card.home = Card::home_of(&card.imsi, false);
            }
            "home" => card.home = plmn(value)?,
            "spn" => card.provider_name = value.to_owned(),
            "gid1" => card.gid1 = from_hex(value).ok_or_else(|| format!("gid1=\"{value}\" is not hexadecimal"))?,
            "pin" => card.pin = Pin { tries: card.pin.tries, ..Pin::new(&digits(value, 4..=8)?) },
            "tries" => card.pin.tries = number(key, value)?,
            "puk" => card.pin.puk = digits(value, 8..=8)?,
            "puk_tries" => card.pin.puk_tries = number(key, value)?,
            _ => return Err(unknown(key, "iccid, imsi, home, spn, gid1, pin, tries, puk, puk_tries")),
        }
    }
    Ok(Some(card))
}

fn set_network(network: &mut Network, key: &str, value: &str) -> Result<(), String> {
    match key {
        "coverage" => network.coverage = flag(key, value)?,
        "roaming" => network.roaming = flag(key, value)?,
        "visited" => network.visited = plmn(value)?,
        "denied" => network.denied = Some(number(key, value)?),
        "technologies" => network.technologies = technologies(value)?,
        "refuse" => {
            let (apn, cause) = value.split_once(':').ok_or("write refuse=APN:CAUSE")?;
            network.refused.insert(apn.to_lowercase(), number(key, cause)?);
        }
        "default_apn" => network.default_apn = value.to_owned(),
        "ipv4" => network.ipv4 = flag(key, value)?,
        "ipv6" => network.ipv6 = flag(key, value)?,
        "mtu" if value == "none" => network.mtu = None,
        "mtu" => network.mtu = Some(number(key, value)?),
        _ => {
            let keys = "coverage, roaming, visited, denied, technologies, refuse, default_apn, ipv4, ipv6, mtu";
            return Err(unknown(key, keys));
        }
    }
    Ok(())
}

fn technologies(value: &str) -> Result<ModePreference, String> {
    let bit = |name: &str| match name {
        "gsm" => Ok(0x04),
        "umts" => Ok(0x08),
        "lte" => Ok(0x10),
        "nr5g" => Ok(0x40),
        _ => Err(format!("\"{name}\" is none of gsm, umts, lte, nr5g; write technologies=umts+lte")),
    };
    value.split('+').try_fold(0, |mask, name| Ok(mask | bit(name)?)).map(ModePreference)
}

fn unknown(key: &str, keys: &str) -> String {
    format!("\"{key}\" is none of {keys}")
}

/// Words, of which one with spaces is written `key="two words"`.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut any) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            '"' => (quoted, any) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    if any {
        words.push(word);
    }
    if quoted { Err("a quotation mark is missing".to_owned()) } else { Ok(words) }
}

fn pairs(words: &[String]) -> Result<Vec<(&str, &str)>, String> {
    words.iter().map(|word| word.split_once('=').ok_or_else(|| format!("\"{word}\": write key=value"))).collect()
}

fn one_word(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(char::is_whitespace)).then_some(text)
}

fn number<N: std::str::FromStr>(key: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{key}: \"{value}\" is no number, or out of range"))
}

fn flag(key: &str, value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("{key}: \"{value}\" is neither true nor false"))
}

/// `2000`, or `1000..5000`.
fn span(key: &str, value: &str) -> Result<Span, String> {
    let (from, to) = value.split_once("..").unwrap_or((value, value));
    let (from, to) = (number(key, from)?, number(key, to)?);
    if from <= to { Ok((from, to)) } else { Err(format!("{key}: {from} is more than {to}")) }
}

fn digits(value: &str, length: std::ops::RangeInclusive<usize>) -> Result<String, String> {
    if value.bytes().all(|b| b.is_ascii_digit()) && length.contains(&value.len()) {
        return Ok(value.to_owned());
    }
    Err(format!("\"{value}\" should have {} to {} digits", length.start(), length.end()))
}

/// `00101` or `310410`: the country in three digits, the network in two or three.
fn plmn(value: &str) -> Result<Plmn, String> {
    let value = digits(value, 5..=6)?;
    Ok(Card::home_of(&value, value.len() == 6))
}
