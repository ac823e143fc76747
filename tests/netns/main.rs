//! The link in the real kernel: `wwan run` in network namespaces of the tests' own, with the simulator as modem and a
//! TUN or veth as interface. Every test also compares the machine's own network before and after.
//!
//! What a test needs it looks for first, and says `skipped: why` on one line if it is not there; with `WWAN_NO_SKIP=1`
//! that is a failure.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

#[path = "../interop/program.rs"]
#[allow(dead_code, reason = "shared with the interop tests")]
mod program;
#[path = "../interop/stage.rs"]
#[allow(dead_code, reason = "shared with the interop tests")]
mod stage;

mod adoption;
mod configured;
mod dhcp;
mod drift;
mod ethernet;
mod exhausted;
mod gateway;
mod kernel;
mod outside;
mod privileges;
mod resolvconf;
mod resolved;
mod two;
