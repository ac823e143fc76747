//! Addresses, routes and name servers: their grammar, and what it means.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{AddressMethod, IpFamilies, Resolver, Routing};

use super::scalars::{AbsolutePath, HostName, InterfaceName, Mtu, RouteMetric, RouteTable, RulePriority};

/// Routes through a modem come behind those through cables (100 with systemd-networkd and NetworkManager) and Wi-Fi
/// (600 with NetworkManager).
pub const DEFAULT_ROUTE_METRIC: u32 = 700;
/// Rules of a modem's own table are asked before the main table (32766), and leave room before them.
pub const DEFAULT_RULE_PRIORITY: u32 = 1000;
/// Tables that are the kernel's or everybody's: default, main and local.
pub(super) const RESERVED_TABLES: std::ops::RangeInclusive<u64> = 253..=255;

/// Addresses and routes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Ip {
    /// IP versions of the session. Default: `ipv4v6`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub family: Option<Family>,
    /// Where the IPv4 address comes from. Default: `modem`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub method: Option<Method>,
    /// The name that a DHCP server is told (option 12). Default: the host's own.
    #[serde(default, deserialize_with = "super::types::present")]
    pub hostname: Option<HostName>,
    /// Priority of the routes through this modem, lower wins. Default: 700, behind cable and Wi-Fi.
    #[serde(default, deserialize_with = "super::types::present")]
    pub route_metric: Option<RouteMetric>,
    /// Largest packet in octets, 576 to 9000. Default: what the network says.
    #[serde(default, deserialize_with = "super::types::present")]
    pub mtu: Option<Mtu>,
    /// Whether TCP connections that this host forwards for others are told the largest packet of the mobile network, by
    /// the program `nft`: for devices behind it that do not hear of it otherwise. Default: false.
    #[serde(default, deserialize_with = "super::types::present")]
    pub clamp_mss: Option<bool>,
    /// Whether a default route for everybody leads through this modem. Default: true.
    #[serde(default, deserialize_with = "super::types::present")]
    pub default_route: Option<bool>,
    /// A routing table of this modem's own beside the main one, 1 to 4294967295 but for 253 to 255, which are the
    /// kernel's. It serves what is sent from the modem's addresses and programs that bind to the interface, also with
    /// `default_route: false`. Default: none.
    #[serde(default, deserialize_with = "super::types::present")]
    pub table: Option<RouteTable>,
    /// Priority of the rules that lead to `table`, 1 to 32765, lower is asked first. Default: 1000.
    #[serde(default, deserialize_with = "super::types::present")]
    pub rule_priority: Option<RulePriority>,
    /// A VRF device of this host whose routing table is used, instead of `table`. Somebody else has to make it.
    #[serde(default, deserialize_with = "super::types::present")]
    pub vrf: Option<InterfaceName>,
}

/// Who is told of the name servers that the network gives.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Dns {
    /// systemd-resolved where it runs, else the file `/run/wwan/resolv.conf`.
    Auto {},
    /// systemd-resolved, for this interface alone.
    Resolved {},
    /// The program `resolvconf`.
    Resolvconf {},
    /// A file that lists the name servers of all modems that write to it.
    File {
        /// Its path. What is there is replaced as a whole: `/etc/resolv.conf` is only written where it is named here.
        /// Default: `/run/wwan/resolv.conf`.
        #[serde(default, deserialize_with = "super::types::present")]
        path: Option<AbsolutePath>,
    },
    /// Nobody.
    None {},
}

/// IP versions of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Version 4 alone.
    Ipv4,
    /// Version 6 alone.
    Ipv6,
    /// Both.
    Ipv4v6,
}

/// Where the IPv4 address of the interface, its router and its name servers come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// From the settings that the modem has of the network.
    Modem,
    /// From a DHCP server behind the interface: of the network, or of a modem that is a router. IPv6 comes from the modem.
    Dhcp,
}

/// What the interface of a modem shall be like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IpConfig {
    /// IP versions, where the provider says nothing else.
    pub family: IpFamilies,
    /// Where the IPv4 address comes from.
    pub method: AddressMethod,
    /// The name for a DHCP server; `None`: the host's own.
    pub hostname: Option<String>,
    /// Priority of the routes; lower wins.
    pub route_metric: u32,
    /// Largest packet in octets, 576 to 9000; `None`: what the network says.
    pub mtu: Option<u16>,
    /// Whether TCP connections through it are told its largest packet.
    pub clamp_mss: bool,
    /// Whether a default route leads through this modem.
    pub default_route: bool,
    /// Where the routes are kept.
    pub routing: Routing,
}

impl From<Ip> for IpConfig {
    fn from(typed: Ip) -> Self {
        let table = typed.table.map(|table| Routing::Table {
            table: table.0,
            rule_priority: typed.rule_priority.map_or(DEFAULT_RULE_PRIORITY, |priority| priority.0),
        });
        Self {
            family: typed.family.map(IpFamilies::from).unwrap_or_default(),
            method: typed.method.map(AddressMethod::from).unwrap_or_default(),
            hostname: typed.hostname.map(|name| name.0),
            route_metric: typed.route_metric.map_or(DEFAULT_ROUTE_METRIC, |m| m.0),
            mtu: typed.mtu.map(|m| m.0),
            clamp_mss: typed.clamp_mss.unwrap_or(false),
            default_route: typed.default_route.unwrap_or(true),
            routing: typed.vrf.map(|vrf| Routing::Vrf(vrf.0)).or(table).unwrap_or_default(),
        }
    }
}

impl From<Method> for AddressMethod {
    fn from(typed: Method) -> Self {
        match typed {
            Method::Modem => Self::Modem,
            Method::Dhcp => Self::Dhcp,
        }
    }
}

impl From<Family> for IpFamilies {
    fn from(typed: Family) -> Self {
        match typed {
            Family::Ipv4 => Self::Ipv4,
            Family::Ipv6 => Self::Ipv6,
            Family::Ipv4v6 => Self::Ipv4v6,
        }
    }
}

impl From<Dns> for Resolver {
    fn from(typed: Dns) -> Self {
        match typed {
            Dns::Auto {} => Self::Auto,
            Dns::Resolved {} => Self::Resolved,
            Dns::Resolvconf {} => Self::Resolvconf,
            Dns::File { path } => Self::File(path.map(|path| path.0)),
            Dns::None {} => Self::None,
        }
    }
}
