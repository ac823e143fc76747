//! Simulated modems with characters, networks and faults, and the world that judges everything by them.
//!
//! ```text
//! Personality, Profile ─► SimModem ◄─ Disturbance         Switchboard: several programs on one modem
//!                            │ frames                      Faulty: what happens to bytes on the way
//!                         SimHost: port, link, power       World: gateways × virtual hours, invariants
//!                            │                             Scenario: one gateway's story, as a directory
//!                         Gateway: hosts and the core
//! ```
//! Pure like the core: no clock, no socket, no chance but from a seed. It never looks at the core's decisions: what
//! the world demands is worked out anew from the file and the modem's own truth.

mod dhcp;
mod disturbance;
mod faulty;
mod gateway;
mod host;
mod modem;
mod outside;
mod personality;
mod plugin;
mod profile;
mod random;
pub mod scenario;
mod schedule;
mod switchboard;
pub mod world;

pub use disturbance::{Disturbance, ParseDisturbanceError, Renewal};
pub use faulty::{Faults, Faulty};
pub use gateway::{Gateway, Note, Noted, host};
pub use host::{DAEMON, DATABASE_APN, SimHost};
pub use modem::{Output, Power, SimModem, Truth, Witness};
pub use personality::{Indications, NewRadio, Personality};
pub use plugin::{Manner, SimPlugins};
pub use profile::{Card, Network, Pin, Profile, Strength};
pub use random::{Random, Span};
pub use switchboard::{BoardOutput, ConnectionId, Switchboard};
