//! What the reconciler works with: every default filled in, every modem complete, every provider with its origin.
//!
//! Two configurations are equal if they ask for the same; where and how it was written does not count.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AccessTechnology, Apn, ApnDatabase, Authentication, BandSet, Imei, IpFamilies, ModemName, NetworkSelection, Plmn,
    Plugin, RadioPreference, Resolver,
};

use super::control::ControlPort;
use super::network::IpConfig;
use super::power::PowerConfig;
use super::reachability::ReachabilityConfig;
use super::recovery::RecoveryConfig;
use super::secret::SecretSource;
use super::tree::{Entry, Mark, Node};
use super::types::{self, Technology};

/// The 3GPP profile that every modem has.
pub const DEFAULT_PROFILE_INDEX: u8 = 1;
/// Blips of the serving system shorter than this pass by themselves and interrupt no packet.
pub const DEFAULT_CONNECTION_GRACE: Duration = Duration::from_secs(1);

/// A valid configuration.
#[derive(Clone)]
pub struct Config {
    /// What each modem shall do, by the name of its interface.
    pub modems: BTreeMap<ModemName, ModemConfig>,
    /// Where measurements are offered to other programs.
    pub exporters: Exporters,
    /// The plugins, in the order in which they are heard.
    pub plugins: Vec<Plugin>,
    /// The device's labels.
    pub labels: Vec<String>,
    pub(super) effective: Node,
    pub(super) files: Vec<Arc<str>>,
}

/// Where measurements are offered to other programs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exporters {
    /// Where Prometheus metrics are served.
    pub prometheus_listen: Option<SocketAddr>,
    /// The file with the same metrics.
    pub textfile: Option<String>,
    /// The file with conditions and properties.
    pub state_file: Option<String>,
}

/// What one modem shall do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModemConfig {
    /// The service providers in list order; at least one. `provider::choose` picks.
    pub service_providers: Vec<ServiceProvider>,
    /// Technologies, bands and network that may be used; without a value: leave the modem's own setting.
    pub radio: RadioPreference,
    /// Addresses and routes.
    pub ip: IpConfig,
    /// Who is told of the name servers.
    pub resolver: Resolver,
    /// How the supply is switched.
    pub power: PowerConfig,
    /// The hardware that is meant; nothing set: the modem that has the interface.
    pub matching: Match,
    /// Where the modem is controlled.
    pub control: ControlPort,
    /// The SIM's PIN.
    pub pin: Option<SecretSource>,
    /// What is done when waiting does not help.
    pub recovery: RecoveryConfig,
    /// How to find out whether data passes.
    pub reachability: ReachabilityConfig,
    /// The SIM slot to use, 1 or 2; `None`: whichever is in use.
    pub slot: Option<u8>,
    /// How long a network may fail before that is told.
    pub connection_grace: Duration,
    /// Whether the session is ended and the interface taken down when the daemon is told to end.
    pub disconnect_on_exit: bool,
    /// Whether ModemManager is asked to leave the modem to us.
    pub inhibit_modem_manager: bool,
    /// Where the entry begins.
    pub origin: Origin,
}

/// An offer of connectivity and the SIM cards it is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceProvider {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The access point.
    pub apn: ApnSource,
    /// What a SIM must fulfil, every one of them; none: a catch-all.
    pub conditions: Vec<SimCondition>,
    /// Whether the session may run in a visited network; `None`: leave the profile's own setting.
    pub roaming_allowed: Option<bool>,
    /// Authentication, if any.
    pub auth: Option<Auth>,
    /// IP versions of the session.
    pub ip_family: IpFamilies,
    /// The 3GPP profile that carries these settings, 1 to 24.
    pub profile_index: u8,
    /// Where the entry begins.
    pub origin: Origin,
}

/// Where the access point of an entry is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ApnSource {
    /// In the file: its name; empty for the network's default.
    Named(Apn),
    /// In a database of the host, by the card's home network.
    Lookup(ApnDatabase),
}

/// One `only_…` condition, on the card or on the device: any of the values will do; without values none does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimCondition {
    /// The ICCID starts with one of these digits.
    IccidPrefixes(Vec<String>),
    /// The IMSI starts with one of these digits.
    ImsiPrefixes(Vec<String>),
    /// The IMSI's network is one of these (5 or 6 digits each).
    HomeNetworks(Vec<String>),
    /// The card's group identifier starts with one of these upper-case hexadecimal digits.
    Gid1Prefixes(Vec<String>),
    /// The card has one of these names of the service provider.
    ServiceProviderNames(Vec<String>),
    /// The device has one of these labels.
    Labels {
        /// What the entry asks for.
        any_of: Vec<String>,
        /// What the device has.
        device: Vec<String>,
    },
}

/// How a session authenticates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auth {
    /// The protocol.
    pub method: Authentication,
    /// The user name.
    pub username: String,
    /// The password, or where it is.
    pub password: SecretSource,
}

/// The hardware that an entry is about; every key that is set must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Match {
    /// USB vendor and product in lower case: `2c7c:0125`.
    pub usb_id: Option<String>,
    /// Where the device, or something that it hangs on, is in `/sys`.
    pub sysfs_path: Option<String>,
    /// The IMEI.
    pub imei: Option<Imei>,
    /// What the modem calls its model, in upper or lower case.
    pub model: Option<String>,
}

impl Match {
    /// Whether it says nothing: the entry is about the modem that has the interface.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where something was written. Equal to every other origin: moving a line is not a change.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Without the tree: it has the secrets as they were written.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Config");
        out.field("modems", &self.modems).field("exporters", &self.exporters);
        out.field("plugins", &self.plugins).finish_non_exhaustive()
    }
}

impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        // Beside the conditions of the modems, only plugins are told the labels.
        let labels = self.plugins.is_empty() || self.labels == other.labels;
        self.modems == other.modems && self.exporters == other.exporters && self.plugins == other.plugins && labels
    }
}

impl Eq for Config {}

impl Config {
    /// The effective configuration as JSON with sorted keys and no spaces, secrets as `"...."`: what a digest is taken of.
    ///
    /// A changed inline secret therefore leaves the digest alone, though the configurations differ: a digest that is
    /// shown must not be a way to guess a PIN.
    #[must_use]
    pub fn canonical(&self) -> String {
        super::show::canonical(&self.effective)
    }

    /// The effective configuration as YAML, `defaults` merged in, secrets as `"...."`; with `origin` every line says
    /// where it comes from.
    #[must_use]
    pub fn show(&self, origin: bool) -> String {
        super::show::show(&self.effective, origin.then_some(&self.files))
    }
}

impl ServiceProvider {
    /// What to call it: its name, else its access point.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.name, &self.apn) {
            (Some(name), _) => name.clone(),
            (None, ApnSource::Named(apn)) if apn.0.is_empty() => "apn of the network".to_owned(),
            (None, ApnSource::Named(apn)) => format!("apn {apn}"),
            (None, ApnSource::Lookup(database)) => format!("lookup {}", database.name()),
        }
    }

    /// The access point that the file names; `None` where a database does.
    #[must_use]
    pub const fn named_apn(&self) -> Option<&Apn> {
        match &self.apn {
            ApnSource::Named(apn) => Some(apn),
            ApnSource::Lookup(_) => None,
        }
    }

    /// Whether it fits every SIM.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        self.conditions.is_empty()
    }
}

impl SimCondition {
    /// Its key in the file.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::IccidPrefixes(_) => "only_iccid_prefixes",
            Self::ImsiPrefixes(_) => "only_imsi_prefixes",
            Self::HomeNetworks(_) => "only_home_networks",
            Self::Gid1Prefixes(_) => "only_gid1_prefixes",
            Self::ServiceProviderNames(_) => "only_service_provider_names",
            Self::Labels { .. } => "only_labels",
        }
    }

    /// Its values, fillers removed; none: no card fits.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match self {
            Self::IccidPrefixes(list)
            | Self::ImsiPrefixes(list)
            | Self::HomeNetworks(list)
            | Self::Gid1Prefixes(list)
            | Self::ServiceProviderNames(list)
            | Self::Labels { any_of: list, .. } => list,
        }
    }
}

/// Builds the configuration of a document that the schema and the types have accepted.
pub(super) fn resolve<'a>(
    document: types::Document,
    modems: impl Iterator<Item = (types::Modem, &'a Entry)>,
    effective: Node,
    files: Vec<Arc<str>>,
) -> Config {
    let place = |at: Mark| Origin { file: files[at.source].clone(), line: at.line };
    let labels: Vec<String> = document.labels.iter().flatten().map(|label| label.0.clone()).collect();
    let modems =
        modems.map(|(typed, entry)| (ModemName(entry.key.clone()), modem(typed, entry, &labels, &place))).collect();
    let exporters = document.exporters.as_ref().map(Exporters::from).unwrap_or_default();
    let entries = effective.child("plugins").map(Node::items).unwrap_or_default();
    let directory =
        |entry: &Node| files[entry.at.source].rsplit_once('/').map(|(directory, _)| format!("{directory}/"));
    let plugins = document.plugins.unwrap_or_default().into_iter().zip(entries);
    let plugins =
        plugins.map(|(typed, entry)| super::plugin::resolve(typed, &directory(entry).unwrap_or_default())).collect();
    Config { modems, exporters, plugins, labels, effective, files }
}

fn modem(typed: types::Modem, entry: &Entry, labels: &[String], place: &impl Fn(Mark) -> Origin) -> ModemConfig {
    let radio = radio(&typed);
    let ip = IpConfig::from(typed.ip.unwrap_or_default());
    let family = ip.family;
    let nodes = entry.value.child("service_providers").map(Node::items).unwrap_or_default();
    let providers = typed.service_providers.unwrap_or_default().into_iter().zip(nodes);
    ModemConfig {
        service_providers: providers.map(|(p, n)| provider(p, family, labels, place(n.at))).collect(),
        radio,
        ip,
        resolver: typed.dns.map(Resolver::from).unwrap_or_default(),
        power: typed.power.map_or(PowerConfig::None, PowerConfig::from),
        matching: typed.matching.map(Match::from).unwrap_or_default(),
        control: typed.control.map(ControlPort::from).unwrap_or_default(),
        slot: typed.sim.as_ref().and_then(|sim| sim.slot).map(|slot| slot.0),
        pin: typed.sim.and_then(|s| s.pin),
        reachability: ReachabilityConfig::from(typed.reachability.unwrap_or_default()),
        recovery: RecoveryConfig::from(typed.recovery.unwrap_or_default()),
        connection_grace: typed
            .connection
            .and_then(|connection| connection.grace)
            .map_or(DEFAULT_CONNECTION_GRACE, |grace| grace.duration()),
        disconnect_on_exit: typed.on_exit == Some(types::OnExit::Disconnect),
        inhibit_modem_manager: typed.modem_manager == Some(types::ModemManager::Inhibit),
        origin: place(entry.key_at),
    }
}

fn radio(typed: &types::Modem) -> RadioPreference {
    let technologies = typed.only_radio_technologies.as_ref();
    let nr5g = |own: &Option<types::Nr5gBands>| -> Option<BandSet> {
        let list = own.as_ref().or(typed.only_nr5g_bands.as_ref())?;
        Some(list.0.iter().map(|band| band.0).collect())
    };
    RadioPreference {
        technologies: technologies.map(|t| t.0.iter().map(|t| AccessTechnology::from(*t)).collect()),
        lte_bands: typed.only_lte_bands.as_ref().map(|list| list.0.iter().map(|band| band.0).collect()),
        nr5g_sa_bands: nr5g(&typed.only_nr5g_sa_bands),
        nr5g_nsa_bands: nr5g(&typed.only_nr5g_nsa_bands),
        network: typed.network.as_ref().map(|choice| network(&choice.0)),
    }
}

/// Five digits are a network code of two, six one of three.
fn network(choice: &str) -> NetworkSelection {
    match choice.get(..3).zip(choice.get(3..)).map(|(mcc, mnc)| (mcc.parse(), mnc.parse())) {
        Some((Ok(mcc), Ok(mnc))) => NetworkSelection::Manual(Plmn { mcc, mnc, three_digit_mnc: choice.len() == 6 }),
        _ => NetworkSelection::Automatic,
    }
}

fn provider(typed: types::ServiceProvider, family: IpFamilies, labels: &[String], origin: Origin) -> ServiceProvider {
    let digits = |list: Vec<super::scalars::Prefix>| {
        list.into_iter().map(|p| p.0.trim_end_matches(['F', 'f']).to_owned()).collect::<Vec<_>>()
    };
    let conditions = [
        typed.only_iccid_prefixes.map(|l| SimCondition::IccidPrefixes(digits(l))),
        typed.only_imsi_prefixes.map(|l| SimCondition::ImsiPrefixes(digits(l))),
        typed.only_home_networks.map(|l| SimCondition::HomeNetworks(l.into_iter().map(|n| n.0).collect())),
        typed
            .only_gid1_prefixes
            .map(|l| SimCondition::Gid1Prefixes(l.into_iter().map(|p| p.0.to_ascii_uppercase()).collect())),
        typed
            .only_service_provider_names
            .map(|l| SimCondition::ServiceProviderNames(l.into_iter().map(|n| n.0).collect())),
        typed.only_labels.map(|l| SimCondition::Labels {
            any_of: l.into_iter().map(|label| label.0).collect(),
            device: labels.to_vec(),
        }),
    ];
    let named = typed.apn.map(|a| a.0).unwrap_or_default();
    let apn = match typed.lookup {
        Some(types::Lookup::MobileBroadbandProviderInfo) => ApnSource::Lookup(ApnDatabase::MobileBroadbandProviderInfo),
        None if named == super::scalars::NETWORK_DEFAULT => ApnSource::Named(Apn::default()),
        None => ApnSource::Named(Apn(named)),
    };
    ServiceProvider {
        name: typed.name.map(|n| n.0),
        apn,
        conditions: conditions.into_iter().flatten().collect(),
        roaming_allowed: typed.roaming_allowed,
        auth: typed.auth.map(Auth::from),
        ip_family: typed.ip_family.map_or(family, IpFamilies::from),
        profile_index: typed.profile_index.map_or(DEFAULT_PROFILE_INDEX, |i| i.0),
        origin,
    }
}

impl From<&types::Exporters> for Exporters {
    fn from(typed: &types::Exporters) -> Self {
        let path = |written: &Option<types::Written>| written.as_ref().map(|written| written.path.0.clone());
        Self {
            prometheus_listen: typed.prometheus.as_ref().and_then(|p| p.listen.0.parse().ok()),
            textfile: path(&typed.textfile),
            state_file: path(&typed.state_file),
        }
    }
}

impl From<types::Auth> for Auth {
    fn from(typed: types::Auth) -> Self {
        let method = match typed.method {
            types::AuthMethod::Pap => Authentication::Pap,
            types::AuthMethod::Chap => Authentication::Chap,
        };
        Self { method, username: typed.username.0, password: typed.password }
    }
}

impl From<types::Match> for Match {
    fn from(typed: types::Match) -> Self {
        Self {
            usb_id: typed.usb_id.map(|id| id.0.to_lowercase()),
            sysfs_path: typed.sysfs_path.map(|p| p.0),
            imei: typed.imei.and_then(|i| Imei::parse(&i.0).ok()),
            model: typed.model.map(|model| model.0),
        }
    }
}

impl From<Technology> for AccessTechnology {
    fn from(typed: Technology) -> Self {
        match typed {
            Technology::Cdma1x => Self::Cdma1x,
            Technology::Cdma1xEvdo => Self::Cdma1xEvdo,
            Technology::Gsm => Self::Gsm,
            Technology::Umts => Self::Umts,
            Technology::Lte => Self::Lte,
            Technology::TdScdma => Self::TdScdma,
            Technology::Nr5g => Self::Nr5g,
        }
    }
}
