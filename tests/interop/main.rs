//! Programs that others wrote against what we wrote: `qmicli`, `qmi-proxy` and ModemManager talk to the simulated
//! modem, and our daemon talks through the real `qmi-proxy`.
//!
//! Every test that needs a program, a namespace or a kernel feature looks for it first and says `skipped: why` on one
//! line if it is not there; with `WWAN_NO_SKIP=1` that is a failure. Nothing here touches the network, the device
//! nodes or the processes of the machine: a test with such needs is the first process of namespaces of its own, and
//! all that it started ends with it. `cargo test --test interop -- --show-output` tells what was seen.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod bytes;
mod gateway;
mod heal;
mod manager;
mod modem_manager;
mod node;
mod offer;
#[allow(dead_code, reason = "shared with tests/netns")]
mod program;
mod proxy;
mod qmicli;
mod raw;
mod stage;
