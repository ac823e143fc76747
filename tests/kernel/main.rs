//! The real `qmi_wwan` driver, without hardware: User-Mode Linux is booted as an ordinary process, a USB modem with our
//! simulated modem behind it is plugged into it, and `qmicli` and our daemon use it.
//!
//! The guest sees the host's own files, read-only, so that this very program is its first process: a test is one
//! function whose first half boots the kernel and whose second half runs in it. Time is virtual there and stands still
//! while anything computes: it is exact, whatever the machine does besides. `tests/kernel/build` makes the kernel;
//! without one every test here says `skipped: why`. One test runs on Debian's own kernel, which `tests/kernel/debian` fetches,
//! in an emulated computer.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod carrier;
mod debian;
mod discovery;
mod emulator;
mod gateway;
mod guest;
mod life;
#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "../interop/manager.rs"]
mod manager;
mod neighbours;
mod peers;
mod plug;
mod power;
#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "../interop/program.rs"]
mod program;
mod qrtr;
#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "../interop/stage.rs"]
mod stage;
mod usb;
