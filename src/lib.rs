//! `wwan`: keeps cellular modems in the state that `/etc/wwan.yaml` asks for.
//!
//! The library is a pure, deterministic core and a thin shell around it. `ARCHITECTURE.md` has the map
//! and the invariants; `reconcile::door` has the only two enums that cross from one to the other. The one unsafe call is in
//! `plugin::precompiled`, which says why; `tests/architecture.rs` sees to it that it stays alone.
#![deny(unsafe_code)]

#[cfg(feature = "daemon")]
pub mod api;
#[cfg(feature = "daemon")]
pub mod cli;
pub mod config;
#[cfg(feature = "daemon")]
pub mod daemon;
pub mod dhcp;
pub mod explain;
#[cfg(feature = "daemon")]
pub mod host;
pub mod link;
pub mod model;
pub mod modem;
pub mod operators;
pub mod plan;
#[cfg(feature = "daemon")]
pub mod plugin;
pub mod power;
pub mod property;
pub mod provider;
pub mod qmi;
pub mod reconcile;
pub mod sim;
pub mod trace;
