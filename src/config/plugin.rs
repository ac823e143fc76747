//! Plugins: their grammar, and what it means.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{self, EngineChoice, Grants, Hook, OnError, PluginLimits, PluginName};

use super::scalars::{
    AbsolutePath, ByteSize, CallRate, HttpUrl, ListenAddress, ModulePath, PluginTime, ProviderName, Sha256Digits,
};

/// A WebAssembly component that has a say in what the daemon does. It is told only what its hook needs, and chooses only
/// among what this file allows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Plugin {
    /// A name for messages; other layers change this entry by the same name. Unique within the list.
    pub name: ProviderName,
    /// Its component, a `.wasm` file: an absolute path, or one that begins at the directory of this file. It may be
    /// replaced while the daemon runs.
    pub module: ModulePath,
    /// SHA-256 of the component, 64 hexadecimal digits, as `sha256sum` prints it: no other is loaded. Default: any.
    #[serde(default, deserialize_with = "super::types::present")]
    pub sha256: Option<Sha256Digits>,
    /// What it is asked. One: a component that has both interfaces is named twice.
    pub hooks: Hooks,
    /// What it may see beyond what identifies nobody. Default: nothing.
    #[serde(default, deserialize_with = "super::types::present")]
    pub grants: Option<Vec<Grant>>,
    /// Where an exporter may send to. It knows them by their number in this list, from 0. Default: nowhere.
    #[serde(default, deserialize_with = "super::types::present")]
    pub outlets: Option<Vec<Outlet>>,
    /// What it may use. One that needs more fails.
    #[serde(default, deserialize_with = "super::types::present")]
    pub limits: Option<Limits>,
    /// What stands when it fails. Default: `built-in`. For `select-provider` only: recovery always has its own ladder.
    #[serde(default, deserialize_with = "super::types::present")]
    pub on_error: Option<OnErrorName>,
    /// How its code is run. Default: `interpreted`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub engine: Option<EngineName>,
    /// Its own configuration, which it is given as JSON. No place for secrets: it is shown by `wwan config show`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub config: Option<BTreeMap<String, serde_json::Value>>,
}

/// What a plugin is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub enum HookName {
    /// Which of the service providers that fit the SIM card is used.
    #[serde(rename = "select-provider")]
    SelectProvider,
    /// Which of the recovery steps that may be taken is, or none for a while.
    #[serde(rename = "recovery")]
    Recovery,
    /// Nothing: it is told properties as they change, and sends them somewhere.
    #[serde(rename = "export")]
    Export,
}

/// The list of `hooks`. Not empty, since a plugin that is never asked is an error; not two, since an exporter that keeps its
/// thread busy must not keep the choice of a provider waiting.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<HookName>")]
#[schemars(inline, extend("minItems" = 1, "maxItems" = 1))]
pub struct Hooks(pub Vec<HookName>);

impl TryFrom<Vec<HookName>> for Hooks {
    type Error = &'static str;

    fn try_from(list: Vec<HookName>) -> Result<Self, &'static str> {
        if list.len() == 1 { Ok(Self(list)) } else { Err("one hook") }
    }
}

/// What a plugin may see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub enum Grant {
    /// The whole number of the card.
    #[serde(rename = "iccid")]
    Iccid,
    /// The whole number of the subscriber.
    #[serde(rename = "imsi")]
    Imsi,
    /// The numbers of the device: IMEI, ESN, MEID. For an exporter.
    #[serde(rename = "imei")]
    Imei,
    /// Cells and areas. For an exporter.
    #[serde(rename = "location")]
    Location,
    /// Addresses of the interface. For an exporter.
    #[serde(rename = "addresses")]
    Addresses,
    /// The time of day. For an exporter: nothing has a clock otherwise.
    #[serde(rename = "clock")]
    Clock,
    /// The modem is asked for what the exporter wants as often as if somebody watched, which costs requests and power.
    /// Without it: the exporter is told what becomes known anyway.
    #[serde(rename = "watch")]
    Watch,
}

/// Where an exporter may send to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outlet {
    /// HTTP POST requests, without TLS: to this device, or through a network that can be trusted.
    HttpPost {
        /// All of the URL, for example "http://127.0.0.1:8086/write?db=wwan".
        url: HttpUrl,
    },
    /// UDP datagrams.
    Udp {
        /// Address and port, for example "127.0.0.1:8089".
        address: ListenAddress,
    },
    /// The end of a file. With 16 MiB it is renamed to `NAME.1` and begun anew.
    Append {
        /// Its path.
        path: AbsolutePath,
    },
}

/// What a plugin may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Limits {
    /// Time for one answer, `1ms` to `10s`, counted in instructions, a million to a millisecond: the same answer needs the
    /// same time on every device. Default: `100ms`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub time: Option<PluginTime>,
    /// Its memory, `64KiB` to `256MiB`. Default: `16MiB`.
    #[serde(default, deserialize_with = "super::types::present")]
    pub memory: Option<ByteSize>,
    /// Questions a second, or calls of an exporter, 1 to 100. Default: 10.
    #[serde(default, deserialize_with = "super::types::present")]
    pub calls: Option<CallRate>,
}

/// What stands when a plugin fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub enum OnErrorName {
    /// What the next plugin says, else the choice that is made without plugins.
    #[serde(rename = "built-in")]
    BuiltIn,
    /// What it said last about this card and these service providers; where it has said nothing yet, as `built-in`.
    #[serde(rename = "last-answer")]
    LastAnswer,
}

/// How code is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub enum EngineName {
    /// By an interpreter: on every processor, and without memory that is writable and executable.
    #[serde(rename = "interpreted")]
    Interpreted,
    /// As code of this processor: ten times faster, not possible under `MemoryDenyWriteExecute=`.
    #[serde(rename = "native")]
    Native,
}

/// Makes of an entry what the daemon works with. `directory`: of the file that has it.
pub(super) fn resolve(typed: Plugin, directory: &str) -> model::Plugin {
    let limits = typed.limits.unwrap_or_default();
    let default = PluginLimits::default();
    let module = match typed.module.0 {
        path if path.starts_with('/') => path,
        path => format!("{directory}{path}"),
    };
    let granted = |grant| typed.grants.as_ref().is_some_and(|list| list.contains(&grant));
    model::Plugin {
        name: PluginName(typed.name.0),
        module,
        sha256: typed.sha256.map(|digits| digits.0.to_ascii_lowercase()),
        hooks: typed.hooks.0.into_iter().map(Hook::from).collect(),
        grants: Grants {
            iccid: granted(Grant::Iccid),
            imsi: granted(Grant::Imsi),
            imei: granted(Grant::Imei),
            location: granted(Grant::Location),
            addresses: granted(Grant::Addresses),
            clock: granted(Grant::Clock),
            watch: granted(Grant::Watch),
        },
        outlets: typed.outlets.into_iter().flatten().filter_map(outlet).collect(),
        limits: PluginLimits {
            time: limits.time.as_ref().map_or(default.time, PluginTime::duration),
            memory: limits.memory.as_ref().map_or(default.memory, ByteSize::bytes),
            calls: limits.calls.map_or(default.calls, |calls| calls.0),
        },
        on_error: typed.on_error.map_or(OnError::default(), OnError::from),
        engine: typed.engine.map_or(EngineChoice::default(), EngineChoice::from),
        // Maps of the file are sorted by key, and texts are their keys: this cannot fail.
        config: serde_json::to_string(&typed.config.unwrap_or_default()).unwrap_or_default(),
    }
}

/// `None`: an address that is none, which the schema does not let pass.
fn outlet(typed: Outlet) -> Option<model::Outlet> {
    Some(match typed {
        Outlet::HttpPost { url } => model::Outlet::HttpPost(url.0),
        Outlet::Udp { address } => model::Outlet::Udp(address.0.parse().ok()?),
        Outlet::Append { path } => model::Outlet::Append(path.0),
    })
}

impl From<HookName> for Hook {
    fn from(name: HookName) -> Self {
        match name {
            HookName::SelectProvider => Self::SelectProvider,
            HookName::Recovery => Self::Recovery,
            HookName::Export => Self::Export,
        }
    }
}

impl From<OnErrorName> for OnError {
    fn from(name: OnErrorName) -> Self {
        match name {
            OnErrorName::BuiltIn => Self::BuiltIn,
            OnErrorName::LastAnswer => Self::LastAnswer,
        }
    }
}

impl From<EngineName> for EngineChoice {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Interpreted => Self::Interpreted,
            EngineName::Native => Self::Native,
        }
    }
}

impl PluginTime {
    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Self::parse(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, load};
    use super::*;

    fn plugins(entry: &str) -> Vec<model::Plugin> {
        let text = format!(
            "version: 1\nmodems: {{ wwan0: {{ service_providers: [{{ apn: a, only_iccid_prefixes: [\"89\"] }}, {{ apn: b }}] }} }}\nplugins:\n  - {entry}\n"
        );
        let loaded = load(&[Source::new("/etc/wwan.yaml", text)]);
        loaded.config.unwrap_or_else(|| panic!("{}", loaded.diagnostics.render(false))).plugins
    }

    #[test]
    fn an_entry_has_its_defaults() {
        let plugin = plugins("{ name: prefer, module: wwan/prefer.wasm, hooks: [select-provider] }").remove(0);
        assert_eq!(plugin.module, "/etc/wwan/prefer.wasm", "beside the file that names it");
        assert_eq!((plugin.limits, plugin.grants), (PluginLimits::default(), Grants::default()));
        assert_eq!((plugin.on_error, plugin.engine), (OnError::BuiltIn, EngineChoice::Interpreted));
        assert_eq!(plugin.config, "{}");
    }

    #[test]
    fn an_entry_says_everything() {
        let digits = "AB".repeat(32);
        let entry = format!(
            "{{ name: p, module: /p.wasm, sha256: \"{digits}\", hooks: [select-provider], grants: [imsi], \
             limits: {{ time: 5ms, memory: 1MiB, calls: 2 }}, on_error: last-answer, engine: native, \
             config: {{ b: [1, x], a: {{ c: true }} }} }}"
        );
        let plugin = plugins(&entry).remove(0);
        assert_eq!(plugin.sha256.as_deref(), Some("ab".repeat(32).as_str()));
        assert_eq!(plugin.limits, PluginLimits { time: Duration::from_millis(5), memory: 1 << 20, calls: 2 });
        assert_eq!(plugin.limits.fuel(), 5_000_000);
        assert_eq!(plugin.grants, Grants { imsi: true, ..Grants::default() });
        assert!(plugin.outlets.is_empty());
        assert_eq!((plugin.on_error, plugin.engine), (OnError::LastAnswer, EngineChoice::Native));
        assert_eq!(plugin.config, r#"{"a":{"c":true},"b":[1,"x"]}"#);
    }
    #[test]
    fn an_exporter_has_its_outlets_in_the_order_of_the_file() {
        let entry = "{ name: e, module: /e.wasm, hooks: [export], grants: [imei, location, addresses, clock, watch], \
                     outlets: [{ method: udp, address: \"[::1]:8089\" }, { method: append, path: /var/log/e }, \
                     { method: http-post, url: \"http://tsdb.example:8086/write?db=wwan\" }] }";
        let plugin = plugins(entry).remove(0);
        assert!(plugin.has(Hook::Export) && !plugin.has(Hook::SelectProvider));
        let all = Grants { imei: true, location: true, addresses: true, clock: true, watch: true, ..Grants::default() };
        assert_eq!(plugin.grants, all);
        let targets: Vec<String> = plugin.outlets.iter().map(ToString::to_string).collect();
        assert_eq!(targets, ["[::1]:8089", "/var/log/e", "http://tsdb.example:8086/write?db=wwan"]);
    }
}
