//! Whether data passes: whom to ask, how often, and for how much data; its grammar, and what it means.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::Target;

use super::scalars::{ByteSize, ProbeInterval, ProbeTarget};

/// A name server answers in a hundred octets: asked so often, an idle modem spends about 1.5 MB in a month.
pub const DEFAULT_EVERY: Duration = Duration::from_secs(5 * 60);
/// Four times what an idle day costs by default: room for trouble, and a bound on what trouble costs.
pub const DEFAULT_OCTETS_PER_DAY: u64 = 256 << 10;

/// How to find out whether data passes. While packets go and come, that is known and nothing is asked; when none come
/// back, or after a while without any, the targets are asked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Reachability {
    /// Whom to ask, one after another until one answers; any answer will do. `dns`: the name servers that the network
    /// gave. `dns://9.9.9.9`: that one. `tcp://example.com:443`: whether a connection is taken or refused.
    /// `http://example.com/generate_204`: an answer with another status than 204 is taken for a page to pay or to log in
    /// at, and said to be one. Four at most; an empty list: nobody is asked, and it is not looked at. Default: `[dns]`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub targets: Option<ProbeTargets>,
    /// How long nothing is asked while no packets go, 10s to 1h. Default: `5m`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub every: Option<ProbeInterval>,
    /// How much data the questions and their answers may cost in a day, 64KiB to 256MiB. Default: `256KiB`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub data_per_day: Option<ByteSize>,
}

/// The list of `targets`: few, since all of them are asked before a path is believed to be dead.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<ProbeTarget>")]
#[schemars(inline, extend("maxItems" = 4))]
pub struct ProbeTargets(Vec<ProbeTarget>);

impl TryFrom<Vec<ProbeTarget>> for ProbeTargets {
    type Error = &'static str;

    fn try_from(list: Vec<ProbeTarget>) -> Result<Self, &'static str> {
        if list.len() > 4 { Err("at most four targets") } else { Ok(Self(list)) }
    }
}

/// How to find out whether data passes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReachabilityConfig {
    /// Whom to ask, one after another; none: it is not looked at.
    pub targets: Vec<Target>,
    /// How long nothing is asked while no packets go.
    pub every: Duration,
    /// What questions and answers may cost in a day, in octets.
    pub octets_per_day: u64,
}

impl From<Reachability> for ReachabilityConfig {
    fn from(typed: Reachability) -> Self {
        let named = |targets: ProbeTargets| targets.0.iter().filter_map(|target| target.0.parse().ok()).collect();
        Self {
            targets: typed.targets.map_or_else(|| vec![Target::NameServers], named),
            every: typed.every.map_or(DEFAULT_EVERY, |every| every.duration()),
            octets_per_day: typed.data_per_day.map_or(DEFAULT_OCTETS_PER_DAY, |size| size.bytes()),
        }
    }
}
