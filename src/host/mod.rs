//! The kernel and the hardware: control ports, power switches, network interfaces, name servers, the files of the
//! configuration, the clock, what is kept on disk.
//!
//! Moves bytes and time, decides nothing: whatever it learns it hands over as an [`crate::reconcile::Input`].

pub mod apn_database;
pub mod clock;
pub mod data_path;
pub mod device;
pub mod dhcp;
pub mod dns;
pub mod doctor;
pub mod endpoint;
pub mod files;
pub mod hotplug;
pub mod inhibit;
pub mod netlink;
pub mod outside;
pub mod port;
pub mod power;
mod program;
pub mod scrape;
pub mod secret;
pub mod state;
pub mod supervisor;
pub mod watch;

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use crate::reconcile::Input;

/// Hands what was learnt to the loop, without keeping whoever reports it waiting.
pub fn report(inputs: &mpsc::Sender<Input>, input: Input) {
    if let Err(mpsc::error::TrySendError::Full(input)) = inputs.try_send(input) {
        let inputs = inputs.clone();
        tokio::spawn(async move { inputs.send(input).await });
    }
}

/// A descriptor that the runtime watches.
#[allow(deprecated, reason = "its successor is unsafe for types that change their descriptor; OwnedFd never does")]
fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

/// An error with everything that caused it, in one line.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
