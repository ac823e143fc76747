//! A DHCP client (RFC 2131): what is said to a server, and what its answers make of a lease.
//!
//! Pure: bytes and time come in, bytes go out. The shell's host gives it a socket and a clock, the simulated host a
//! simulated server and virtual time. No crate: of the protocol a client needs four messages and a dozen options.

mod client;
mod message;
mod options;

#[cfg(test)]
mod tests;

pub use client::{Client, Output};
pub use message::{Kind, Message, option};

/// Where clients listen.
pub const CLIENT_PORT: u16 = 68;
/// Where servers listen.
pub const SERVER_PORT: u16 = 67;
