//! How things should be, worked out anew from the file and the truth: slowly, simply, without any of the core's code
//! but the parser of the file. What this and the core agree on is probably right.

use crate::config::{ModemConfig, ServiceProvider, SimCondition};
use crate::model::{AccessTechnology, Framing, IpFamilies, IpFamily};
use crate::qmi::nas::ModePreference;
use crate::sim::modem::{SimModem, Truth};
use crate::sim::profile::Card;
use crate::sim::{DATABASE_APN, SimHost};

/// How a modem should be when it is left in peace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    /// Connected with this access point, in one of these families at least.
    Online { apn: String, families: IpFamilies },
    /// No session, for this reason.
    Offline(&'static str),
}

/// The entry of the file that a card is for.
pub(super) fn provider<'a>(config: &'a ModemConfig, iccid: &str, imsi: &str) -> Option<&'a ServiceProvider> {
    let fits = |provider: &&ServiceProvider| provider.conditions.iter().all(|condition| holds(condition, iccid, imsi));
    let (catch_alls, particular): (Vec<_>, Vec<_>) =
        config.service_providers.iter().partition(|provider| provider.conditions.is_empty());
    particular.into_iter().find(fits).or_else(|| catch_alls.into_iter().next())
}

/// The entries that may be in use for a card: the one that it is for or, where plugins have a say, any that fits.
pub(super) fn providers<'a>(
    config: &'a ModemConfig,
    iccid: &str,
    imsi: &str,
    plugins: bool,
) -> Vec<&'a ServiceProvider> {
    if !plugins {
        return provider(config, iccid, imsi).into_iter().collect();
    }
    let fits = |provider: &&ServiceProvider| provider.conditions.iter().all(|condition| holds(condition, iccid, imsi));
    config.service_providers.iter().filter(fits).collect()
}

fn holds(condition: &SimCondition, iccid: &str, imsi: &str) -> bool {
    let (values, id) = match condition {
        SimCondition::Labels { any_of, device } => return any_of.iter().any(|label| device.contains(label)),
        // The cards of the world have neither: see `cards`.
        SimCondition::Gid1Prefixes(_) | SimCondition::ServiceProviderNames(_) => return false,
        SimCondition::IccidPrefixes(values) => (values, iccid),
        SimCondition::ImsiPrefixes(values) | SimCondition::HomeNetworks(values) => (values, imsi),
    };
    values.iter().any(|value| id.starts_with(value.as_str()))
}

/// How this modem should be: by the card that is in it, whether or not it can be used just now. Several: any of these
/// will do.
pub(super) fn expected(config: &ModemConfig, modem: &SimModem, plugins: bool) -> Vec<Expected> {
    let Some(Some(card)) = modem.profile().slots.first() else { return vec![Expected::Offline("no card")] };
    let providers = providers(config, &card.iccid, &card.imsi, plugins);
    if providers.is_empty() {
        return vec![Expected::Offline("no entry for this card")];
    }
    providers.into_iter().map(|provider| expected_with(provider, config, modem)).collect()
}

fn expected_with(provider: &ServiceProvider, config: &ModemConfig, modem: &SimModem) -> Expected {
    let profile = modem.profile();
    if profile.network.roaming && provider.roaming_allowed == Some(false) {
        return Expected::Offline("roaming is not allowed");
    }
    if technologies(config, modem).is_some_and(|wanted| wanted == 0) {
        return Expected::Offline("the hardware has none of the technologies");
    }
    let personality = modem.personality();
    if personality.ignores_bands && config.radio.lte_bands.is_some() {
        return Expected::Offline("the firmware keeps its own bands");
    }
    let network = &modem.profile().network;
    let offered = match provider.ip_family {
        IpFamilies::Ipv4 => network.ipv4,
        IpFamilies::Ipv6 => network.ipv6,
        IpFamilies::Ipv4v6 => network.ipv4 || network.ipv6,
    };
    if !offered {
        return Expected::Offline("the network carries none of the families");
    }
    let apn = match apn(provider) {
        "" => network.default_apn.clone(),
        named => named.to_owned(),
    };
    Expected::Online { apn, families: provider.ip_family }
}

/// The access point that an entry asks for, empty for the network's default: the database of a simulated host knows one.
pub(super) fn apn(provider: &ServiceProvider) -> &str {
    provider.named_apn().map_or(DATABASE_APN, |named| named.0.as_str())
}

/// The technologies the modem should be restricted to, as NAS bits; `None`: whatever it has.
fn technologies(config: &ModemConfig, modem: &SimModem) -> Option<u16> {
    let bit = |technology| match technology {
        AccessTechnology::Gsm => ModePreference::GSM,
        AccessTechnology::Umts => ModePreference::UMTS,
        AccessTechnology::Lte => ModePreference::LTE,
        AccessTechnology::Nr5g => ModePreference::NR5G,
        AccessTechnology::TdScdma => ModePreference::TD_SCDMA,
        AccessTechnology::Cdma1x => ModePreference::CDMA_1X,
        AccessTechnology::Cdma1xEvdo => ModePreference::CDMA_1X_EVDO,
    };
    let asked: u16 = config.radio.technologies?.iter().map(|technology| bit(technology).0).sum();
    Some(asked & modem.personality().technologies.0)
}

/// What is wrong with a modem that should be so; `None`: nothing.
pub(super) fn wrong(expected: &Expected, config: &ModemConfig, host: &SimHost) -> Option<String> {
    let (modem, link) = (host.board().modem(), host.link());
    let truth = modem.truth();
    let Expected::Online { apn, families } = expected else {
        let up = (!truth.sessions.is_empty()).then(|| format!("a session is up: {:?}", truth.sessions));
        return up;
    };
    let with_apn =
        |family: &IpFamily| truth.sessions.iter().any(|(up, name)| up == family && name.eq_ignore_ascii_case(apn));
    let network = &modem.profile().network;
    let offered = |family: &IpFamily| match family {
        IpFamily::Ipv4 => network.ipv4,
        IpFamily::Ipv6 => network.ipv6,
    };
    if let Some(family) = families.families().iter().find(|family| offered(family) && !with_apn(family)) {
        return Some(format!("no {family} session with \"{apn}\": {}", state(&truth)));
    }
    if let Some((family, name)) = truth.sessions.iter().find(|(family, _)| !families.families().contains(family)) {
        return Some(format!("a session nobody asked for: {family} \"{name}\""));
    }
    if technologies(config, modem).is_some_and(|wanted| wanted != truth.technologies.0) {
        return Some(format!("technologies are {}", truth.technologies));
    }
    // It may be so where data has passed like that, after a trial.
    if truth.ethernet && !host.memory().framings.values().any(|proven| proven.framing == Framing::Ethernet) {
        return Some("the data path frames Ethernet".to_owned());
    }
    let addresses = modem.addresses();
    let link_v4 = link.ip.ipv4.map(|settings| settings.address);
    let link_v6 = link.ip.ipv6.map(|settings| settings.address);
    if (link_v4, link_v6) != addresses || !link.up {
        return Some(format!("the link has {link_v4:?} {link_v6:?} up={}, the network gave {addresses:?}", link.up));
    }
    None
}

fn state(truth: &Truth) -> String {
    format!(
        "sessions {:?}, mode {:?}, registered {}, attached {}, roaming {}, answers {}, card {}",
        truth.sessions,
        truth.mode,
        truth.registered,
        truth.attached,
        truth.roaming,
        truth.answers,
        truth.iccid.is_some()
    )
}

/// Cards that make each entry of the file the right one, and one of the test network.
pub(super) fn cards(config: &ModemConfig, number: u64) -> Vec<Card> {
    let base = Card::of_test_network(number);
    let filled = |prefix: &str, with: &str| format!("{prefix}{}", with.get(prefix.len()..).unwrap_or_default());
    let of = |provider: &ServiceProvider| {
        let mut card = base.clone();
        for condition in &provider.conditions {
            match condition {
                SimCondition::IccidPrefixes(values) => card.iccid = filled(values.first()?, &card.iccid),
                SimCondition::Labels { any_of, device } => {
                    any_of.iter().find(|label| device.contains(label))?;
                }
                SimCondition::Gid1Prefixes(_) | SimCondition::ServiceProviderNames(_) => return None,
                SimCondition::ImsiPrefixes(values) | SimCondition::HomeNetworks(values) => {
                    card.imsi = filled(values.first()?, &card.imsi);
                }
            }
        }
        card.home = Card::home_of(&card.imsi, false);
        Some(card)
    };
    config.service_providers.iter().filter_map(of).chain([base.clone()]).collect()
}
