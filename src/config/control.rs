//! Where a modem is controlled: its grammar, and what it means.

use schemars::JsonSchema;
use serde::Deserialize;

use super::scalars::AbsolutePath;
use crate::model::ROUTER_NODE;

/// Where the modem is controlled: either `device` or `socket` or `qrtr`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "ControlKeys")]
pub enum Control {
    /// A character device or pseudo-terminal.
    Device {
        /// Its path.
        path: AbsolutePath,
        /// Whether to reach it through `qmi-proxy`.
        proxy: bool,
    },
    /// A unix stream socket.
    Socket {
        /// Its path.
        path: AbsolutePath,
    },
    /// A node of the IPC router.
    Qrtr {
        /// Its number.
        node: u32,
    },
}

/// The keys of [`Control`] as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Control", extend("minProperties" = 1), extend("dependentSchemas" = {
    "proxy": { "required": ["device"] },
    "socket": { "maxProperties": 1 },
    "qrtr": { "maxProperties": 1 },
}))]
pub(super) struct ControlKeys {
    /// A character device or pseudo-terminal, for example `/dev/cdc-wdm0`.
    #[serde(default, deserialize_with = "super::types::present")]
    device: Option<AbsolutePath>,
    /// A unix stream socket, for example that of `wwan simulate --listen`. Instead of `device`.
    #[serde(default, deserialize_with = "super::types::present")]
    socket: Option<AbsolutePath>,
    /// Whether `device` is reached through `qmi-proxy`, to share it with other programs. Default: false.
    #[serde(default, deserialize_with = "super::types::present")]
    proxy: Option<bool>,
    /// The modem of a system on a chip: its node on the kernel's IPC router (`qrtr-lookup` lists them), often 0. It is reached
    /// through `qmi-proxy`, which has to run. Instead of `device`.
    #[serde(default, deserialize_with = "super::types::present")]
    qrtr: Option<u32>,
}

impl TryFrom<ControlKeys> for Control {
    type Error = &'static str;

    fn try_from(keys: ControlKeys) -> Result<Self, &'static str> {
        match keys {
            ControlKeys { device: Some(path), socket: None, proxy, qrtr: None } => {
                Ok(Self::Device { path, proxy: proxy.unwrap_or(false) })
            }
            ControlKeys { device: None, socket: Some(path), proxy: None, qrtr: None } => Ok(Self::Socket { path }),
            ControlKeys { device: None, socket: None, proxy: None, qrtr: Some(node) } => Ok(Self::Qrtr { node }),
            _ => Err("either `device`, with or without `proxy`, or `socket`, or `qrtr`"),
        }
    }
}

/// Where the modem is controlled.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum ControlPort {
    /// The port that belongs to the interface.
    #[default]
    OfInterface,
    /// A character device or pseudo-terminal.
    Device {
        /// Its path.
        path: String,
        /// Whether to reach it through `qmi-proxy`.
        proxy: bool,
    },
    /// A unix stream socket.
    Socket {
        /// Its path.
        path: String,
    },
    /// A node of the kernel's IPC router, which `qmi-proxy` speaks with.
    Qrtr {
        /// It, as libqmi writes it.
        node: String,
    },
}

impl ControlPort {
    /// Where it is, in one word; `None`: wherever the interface is.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::OfInterface => None,
            Self::Device { path, .. } | Self::Socket { path } | Self::Qrtr { node: path } => Some(path),
        }
    }
}

impl From<Control> for ControlPort {
    fn from(typed: Control) -> Self {
        match typed {
            Control::Device { path, proxy } => Self::Device { path: path.0, proxy },
            Control::Socket { path } => Self::Socket { path: path.0 },
            Control::Qrtr { node } => Self::Qrtr { node: format!("{ROUTER_NODE}{node}") },
        }
    }
}
