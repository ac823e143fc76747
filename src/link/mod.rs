//! Desired and observed state of a network interface → operations on the kernel: addresses, routes, rules, MTU, up.
//!
//! Least touch: what is right stays untouched, and what is not ours is never touched. Ours are every address on our
//! own interface but the kernel's link-local ones, and the routes and rules that carry [`PROTOCOL`]. New comes before
//! old goes, so that no moment is without an address or a route.

mod interface;
mod operations;
mod state;
mod wanted;

#[cfg(test)]
mod kernel;
#[cfg(test)]
mod tests;

pub use interface::{Address, Interface, Ipv6, Route, Rule, Selector, Vrf};
pub use operations::{Operation, operations};
pub use state::state;
pub use wanted::Refusal;

/// What our routes and rules say of their origin (`RTA_PROTOCOL`, `FRA_PROTOCOL`), so that they are known again by
/// whoever looks, and by us after a restart: the letter w, which nobody has in iproute2's list of protocols.
pub const PROTOCOL: u8 = b'w';

/// The table that everybody uses (`RT_TABLE_MAIN`).
pub const MAIN_TABLE: u32 = 254;

/// An interface that carries IPv6 takes at least this, in octets (RFC 8200 section 5); below it the kernel takes IPv6 away.
const IPV6_MIN_MTU: u32 = 1280;
