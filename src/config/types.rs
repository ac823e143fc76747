//! The grammar of `wwan.yaml`, version 1, as types: the schema is generated from them and the parser is derived from them.
//!
//! The doc comments are the user's documentation: `wwan schema`, an editor's completion and the manual show them.
//! What the reconciler works with is `resolved.rs`; nothing here has a default of its own.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::control::{Control, ControlKeys};
use super::network::{Dns, Family, Ip};
use super::plugin::{Limits, Outlet, Plugin};
use super::power::{Power, ResetLine};
use super::reachability::Reachability;
use super::scalars::{
    AbsolutePath, ApnName, CardProviderName, Gid1Prefix, HomeNetwork, ImeiDigits, InterfaceName, Label, ListenAddress,
    LteBand, ModelName, NetworkChoice, Nr5gBand, PowerCycles, Prefix, ProfileIndex, ProviderName, SimSlot, TimeSpan,
    UsbId, UserName, Version,
};
use super::secret::SecretSource;

/// Keys whose value is a secret: never repeated in a message, an excerpt or `wwan config show`.
pub const SECRET_KEYS: [&str; 2] = ["password", "pin"];

/// Keys whose map is one value: a higher layer replaces it as a whole, because mixing the keys of two ways to do a
/// thing (a password from a file and one from a credential) gives a third that nobody asked for.
pub const WHOLE_KEYS: [&str; 7] = ["auth", "control", "dns", "match", "password", "pin", "power"];

/// What every cellular modem of this device shall do. Files are merged in layers: `/usr/lib/wwan.d/*.yaml`,
/// `/etc/wwan.yaml`, `/etc/wwan.d/*.yaml`, `/run/wwan.d/*.yaml`; the later one wins. Maps are merged, other values
/// replaced, `null` deletes. Of two lists of service providers, entries of one name become one, new entries come first,
/// and entries without a name are replaced.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(title = "wwan.yaml")]
pub struct Document {
    /// Version of this grammar. Always 1.
    pub version: Version,
    /// Settings merged under every entry of `modems`. What an entry says itself wins; lists of service providers are
    /// merged by `name`.
    #[serde(default, deserialize_with = "present")]
    pub defaults: Option<Modem>,
    /// The modems, by the name of their network interface, for example `wwan0`.
    #[serde(default)]
    pub modems: BTreeMap<InterfaceName, Modem>,
    /// Says that a file without modems is meant: without it an empty `modems` is refused, so that a lost file does not
    /// take a device offline. Default: false.
    #[serde(default, deserialize_with = "present")]
    pub allow_empty: Option<bool>,
    /// Where measurements are offered to other programs.
    #[serde(default, deserialize_with = "present")]
    pub exporters: Option<Exporters>,
    /// What this device is, in words of your own, for `only_labels`: the one line in which the devices of a fleet differ.
    /// Usually put by a file of its own, `/etc/wwan.d/labels.yaml`. Default: none.
    #[serde(default, deserialize_with = "present")]
    pub labels: Option<Vec<Label>>,
    /// Programs of your own that have a say, in the order in which they are heard: the first that has an opinion decides.
    /// Default: none.
    #[serde(default, deserialize_with = "present")]
    pub plugins: Option<Vec<Plugin>>,
}

/// What one modem shall do.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Modem {
    /// The service providers, the first that fits the SIM is used. Entries without any `only_` condition are
    /// catch-alls: they are tried after all others. At least one is needed, here or in `defaults`.
    #[serde(default, deserialize_with = "present")]
    pub service_providers: Option<Vec<ServiceProvider>>,
    /// Access technologies that may be used. Default: all that the modem has.
    #[serde(default, deserialize_with = "present")]
    pub only_radio_technologies: Option<Technologies>,
    /// LTE bands that may be used, by their numbers. Default: whatever the modem is set to.
    #[serde(default, deserialize_with = "present")]
    pub only_lte_bands: Option<LteBands>,
    /// 5G bands that may be used, by their numbers, with LTE beside them or without. Default: whatever the modem is set
    /// to.
    #[serde(default, deserialize_with = "present")]
    pub only_nr5g_bands: Option<Nr5gBands>,
    /// 5G bands that may be used without LTE (SA). Default: as `only_nr5g_bands`.
    #[serde(default, deserialize_with = "present")]
    pub only_nr5g_sa_bands: Option<Nr5gBands>,
    /// 5G bands that may be used beside LTE (NSA). Default: as `only_nr5g_bands`.
    #[serde(default, deserialize_with = "present")]
    pub only_nr5g_nsa_bands: Option<Nr5gBands>,
    /// The network to register with: `automatic` lets the modem choose by the lists of the SIM card, country code and
    /// network code allow that network and no other. Quote them: "26201". Default: whatever the modem is set to.
    #[serde(default, deserialize_with = "present")]
    pub network: Option<NetworkChoice>,
    /// Addresses and routes.
    #[serde(default, deserialize_with = "present")]
    pub ip: Option<Ip>,
    /// Who is told of the name servers that the network gives. Default: `method: auto`.
    #[serde(default, deserialize_with = "present")]
    pub dns: Option<Dns>,
    /// How the modem's supply is switched when nothing else helps. Default: `method: none`.
    #[serde(default, deserialize_with = "present")]
    pub power: Option<Power>,
    /// The hardware that this entry is about, whatever its interface is called. Every key must hold. Default: the modem
    /// that has the interface.
    #[serde(default, rename = "match", deserialize_with = "present")]
    pub matching: Option<Match>,
    /// Where the modem is controlled. Default: the control port that belongs to the interface, for example
    /// `/dev/cdc-wdm0` to `wwan0`.
    #[serde(default, deserialize_with = "present")]
    pub control: Option<Control>,
    /// The SIM card.
    #[serde(default, deserialize_with = "present")]
    pub sim: Option<Sim>,
    /// What is done when waiting does not help.
    #[serde(default, deserialize_with = "present")]
    pub recovery: Option<Recovery>,
    /// How to find out whether data passes.
    #[serde(default, deserialize_with = "present")]
    pub reachability: Option<Reachability>,
    /// What other programs are told of the connection.
    #[serde(default, deserialize_with = "present")]
    pub connection: Option<Connection>,
    /// What becomes of the data session when the daemon is told to end. Default: `keep`.
    #[serde(default, deserialize_with = "present")]
    pub on_exit: Option<OnExit>,
    /// What becomes of ModemManager where it runs on this host. Default: `leave`.
    #[serde(default, deserialize_with = "present")]
    pub modem_manager: Option<ModemManager>,
}

/// What becomes of ModemManager, for one modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModemManager {
    /// It is left alone: a modem that it uses is not touched. Rules for udev that keep it away from a modem for good are in
    /// `packaging/udev`.
    Leave,
    /// It is asked to leave this modem to us, with its own program `mmcli`, and lets it go where it uses it. When the daemon
    /// ends it may take the modem again.
    Inhibit,
}

/// What becomes of a modem when the daemon is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnExit {
    /// The session and the interface stay as they are, and the next daemon takes them over: an update costs no packet.
    Keep,
    /// The session is ended, the interface is taken down, and what was changed in the modem is put back.
    Disconnect,
}

/// An offer of connectivity and the SIM cards it is for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ServiceProvider {
    /// A name for messages; other layers change this entry by the same name. Unique within the list.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<ProviderName>,
    /// Access point name. `network-default` asks for the network's own. Required, unless `lookup` is given, or another
    /// layer gives it to the entry of the same `name`.
    #[serde(default, deserialize_with = "present")]
    pub apn: Option<ApnName>,
    /// Instead of `apn`: a database on this device that knows the access point, user and password of the SIM's home
    /// network. Where it is not installed or does not know the network, the entry does not fit.
    #[serde(default, deserialize_with = "present")]
    pub lookup: Option<Lookup>,
    /// Only for SIM cards whose ICCID starts with one of these digits. Quote them: "8988307". An empty list fits no card.
    #[serde(default, deserialize_with = "present")]
    pub only_iccid_prefixes: Option<Vec<Prefix>>,
    /// Only for SIM cards whose IMSI starts with one of these digits. Quote them: "310260". An empty list fits no card.
    #[serde(default, deserialize_with = "present")]
    pub only_imsi_prefixes: Option<Vec<Prefix>>,
    /// Only for SIM cards of these home networks: country code and network code as in the IMSI, for example "26202".
    /// An empty list fits no card.
    #[serde(default, deserialize_with = "present")]
    pub only_home_networks: Option<Vec<HomeNetwork>>,
    /// Only for SIM cards whose group identifier (GID1) starts with one of these, in hexadecimal: it tells apart
    /// providers that share a network. Quote them: "4E8A". An empty list fits no card.
    #[serde(default, deserialize_with = "present")]
    pub only_gid1_prefixes: Option<Vec<Gid1Prefix>>,
    /// Only for SIM cards with one of these names of the service provider, in capitals or not. An empty list fits no
    /// card.
    #[serde(default, deserialize_with = "present")]
    pub only_service_provider_names: Option<Vec<CardProviderName>>,
    /// Only on devices that have one of these `labels`. An empty list fits no device.
    #[serde(default, deserialize_with = "present")]
    pub only_labels: Option<Vec<Label>>,
    /// Whether the session may run in a visited network. It is written into the modem's profile and put back when nothing
    /// asks for it any more. Default: whatever the profile says.
    #[serde(default, deserialize_with = "present")]
    pub roaming_allowed: Option<bool>,
    /// Authentication. Default: none.
    #[serde(default, deserialize_with = "present")]
    pub auth: Option<Auth>,
    /// IP versions of this provider's session. Default: the modem's `ip.family`.
    #[serde(default, deserialize_with = "present")]
    pub ip_family: Option<Family>,
    /// The 3GPP profile of the modem that the session is started with, 1 to 24. What is said here overrides the profile
    /// and leaves it as it is, but for `roaming_allowed`, which is written into it. Default: 1.
    #[serde(default, deserialize_with = "present")]
    pub profile_index: Option<ProfileIndex>,
}

/// A database of access points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub enum Lookup {
    /// The package of this name, GNOME's list of the world's providers.
    #[serde(rename = "mobile-broadband-provider-info")]
    MobileBroadbandProviderInfo,
}

/// An access technology.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub enum Technology {
    /// CDMA2000 1xRTT.
    #[serde(rename = "cdma_1x")]
    Cdma1x,
    /// CDMA2000 1xEV-DO.
    #[serde(rename = "cdma_1x_evdo")]
    Cdma1xEvdo,
    /// 2G: GSM, GPRS, EDGE.
    #[serde(rename = "gsm")]
    Gsm,
    /// 3G: UMTS, HSPA.
    #[serde(rename = "umts")]
    Umts,
    /// 4G: LTE.
    #[serde(rename = "lte")]
    Lte,
    /// 3G in China: TD-SCDMA.
    #[serde(rename = "td_scdma")]
    TdScdma,
    /// 5G New Radio. With `lte` it may run beside LTE, as most networks demand.
    #[serde(rename = "nr5g")]
    Nr5g,
}

/// How the session authenticates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Auth {
    /// The protocol.
    pub method: AuthMethod,
    /// The user name.
    pub username: UserName,
    /// The password: where to find it, or the password itself (then keep the file unreadable to others).
    pub password: SecretSource,
}

/// An authentication protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Password in the clear (RFC 1334).
    Pap,
    /// Challenge handshake (RFC 1994).
    Chap,
}

/// What is done when waiting does not help. Without any key: what helps against the trouble at hand, in steps that
/// `wwan explain` tells; never a restart of the host.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Recovery {
    /// Cycle the power (or reset the modem, where no power is switched) whenever it was not online for so long, beside
    /// the steps that are taken anyway. For those who want the plain watchdog. Default: none.
    #[serde(default, deserialize_with = "present")]
    pub watchdog: Option<TimeSpan>,
    /// Power cycles in 24 hours at most, 0 to 24. Default: 6.
    #[serde(default, deserialize_with = "present")]
    pub max_power_cycles_per_day: Option<PowerCycles>,
}

/// The hardware that an entry is about.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Match {
    /// USB vendor and product, for example "2c7c:0125".
    #[serde(default, deserialize_with = "present")]
    pub usb_id: Option<UsbId>,
    /// The device's place in `/sys`, or that of something it hangs on, for example `/sys/bus/usb/devices/1-1.3`.
    #[serde(default, deserialize_with = "present")]
    pub sysfs_path: Option<AbsolutePath>,
    /// The IMEI. Quote it. The modems that fit otherwise are asked for theirs.
    #[serde(default, deserialize_with = "present")]
    pub imei: Option<ImeiDigits>,
    /// The model as the modem names it (`wwan get mobile.model`), in upper or lower case. The modems that fit otherwise are
    /// asked for theirs.
    #[serde(default, deserialize_with = "present")]
    pub model: Option<ModelName>,
}

/// The SIM card.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Sim {
    /// The PIN, 4 to 8 digits: where to find it, or the quoted digits themselves. A PIN that the card has not taken
    /// before is tried once per card, over restarts too, and never unless two tries are left after it.
    #[serde(default, deserialize_with = "present")]
    pub pin: Option<SecretSource>,
    /// The slot whose card is used, 1 or 2, on modems that can switch. Default: whichever is in use.
    #[serde(default, deserialize_with = "present")]
    pub slot: Option<SimSlot>,
}

/// What other programs are told of the connection.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Connection {
    /// A network that fails for less than this is not told, counted from its first bad report: `250ms`, `30s`, `5m`. A
    /// lost session or address is told at once. Default: `1s`.
    #[serde(default, deserialize_with = "present")]
    pub grace: Option<TimeSpan>,
}

/// Where measurements are offered to other programs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Exporters {
    /// Metrics in the text format of Prometheus, over HTTP.
    #[serde(default, deserialize_with = "present")]
    pub prometheus: Option<Prometheus>,
    /// The same metrics as a file, for the textfile collector of node_exporter.
    #[serde(default, deserialize_with = "present")]
    pub textfile: Option<Written>,
    /// Conditions and properties of all modems as a JSON file.
    #[serde(default, deserialize_with = "present")]
    pub state_file: Option<Written>,
}

/// A file that is written when something has changed, every 15 s at most, and replaced as a whole. It holds no identities.
/// Better not on flash: below /run, say.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Written {
    /// Where, for example "/run/wwan/state.json". The directory has to be there, and the daemon must be allowed to write to it.
    pub path: AbsolutePath,
}

/// Prometheus text format over HTTP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Prometheus {
    /// Address and port to listen on, for example "127.0.0.1:9767".
    pub listen: ListenAddress,
}

/// The list of `only_radio_technologies`: not empty, since no radio at all is not what it is for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Technology>")]
#[schemars(inline, extend("minItems" = 1))]
pub struct Technologies(pub Vec<Technology>);

impl TryFrom<Vec<Technology>> for Technologies {
    type Error = &'static str;

    fn try_from(list: Vec<Technology>) -> Result<Self, &'static str> {
        if list.is_empty() { Err("at least one technology") } else { Ok(Self(list)) }
    }
}

/// The list of `only_lte_bands`: not empty, for the same reason.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<LteBand>")]
#[schemars(inline, extend("minItems" = 1))]
pub struct LteBands(pub Vec<LteBand>);

/// The list of `only_nr5g_bands` and its relatives: not empty, for the same reason.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Nr5gBand>")]
#[schemars(inline, extend("minItems" = 1))]
pub struct Nr5gBands(pub Vec<Nr5gBand>);

impl TryFrom<Vec<LteBand>> for LteBands {
    type Error = &'static str;

    fn try_from(list: Vec<LteBand>) -> Result<Self, &'static str> {
        if list.is_empty() { Err("at least one band") } else { Ok(Self(list)) }
    }
}

impl TryFrom<Vec<Nr5gBand>> for Nr5gBands {
    type Error = &'static str;

    fn try_from(list: Vec<Nr5gBand>) -> Result<Self, &'static str> {
        if list.is_empty() { Err("at least one band") } else { Ok(Self(list)) }
    }
}

/// A key that is there has a value: `null` was dealt with when the layers were merged, and `Option` must not let it in again.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// `serde`'s derived parsers take a list for a struct, field by field; the schema does not, and neither do we. The
/// derived parser becomes an inherent function (`remote = "Self"`), and this one in front of it asks for a map.
macro_rules! only_from_maps {
    ($($name:ident),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct MapVisitor;

                impl<'de> Visitor<'de> for MapVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a map")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        $name::deserialize(MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_map(MapVisitor)
            }
        }
    )+};
}

only_from_maps!(
    Document,
    Modem,
    ServiceProvider,
    Auth,
    Ip,
    Dns,
    Power,
    Match,
    ControlKeys,
    Sim,
    Connection,
    Exporters,
    Prometheus,
    Written,
    Reachability,
    Recovery,
    ResetLine,
    Plugin,
    Outlet,
    Limits
);
