//! The reconciler: one [`Controller`] per modem, all of them a [`Fleet`], and the [`door`] to the world.
//!
//! ```text
//!  Input ─► Fleet ─► Controller ─► observed ─► plan ─► one action ─► driver / link / power ─► Output
//!              └ config, generation      ▲      └► conditions ─► events        │
//!                                        └──────────── facts ◄─────────────────┘
//! ```
//! A controller does the same after every input: take in what the driver learned, conclude, begin at most one action,
//! publish. There is no other path, at start, after an edit, or in trouble.

mod conditions;
mod connectivity;
mod controller;
pub mod door;
mod fallen;
mod fleet;
mod plugins;
mod reachability;
pub mod recovery;
mod selection;
mod telemetry;
mod traffic;

#[cfg(test)]
mod tests;

pub use controller::{Controller, port_spec};
pub use door::{
    EntryMemory, Event, EventKind, Hardware, Ineffective, Inhibition, Input, Memory, Output, PortKind, PortSpec,
    PowerCommand, ProvenFraming, RecoveryMemory, SecretRef, StepOutcome,
};
pub use fleet::{Fleet, ModemPreview};
pub use telemetry::WATCHED_FOR;
pub use traffic::Tally;
