//! Drives one control port: client ids, transactions, scripts; messages become facts, actions become messages.
//!
//! ```text
//!            want(facts) start(action)                       Learn / Forget / Done / Restarted
//!  reconcile ───────────────────────► Driver ─────────────────────────────────────────► reconcile
//!                                      │  ▲
//!                                 Send │  │ handle_bytes
//!                                      ▼  │
//!                                  control port
//! ```
//! Everything is a script: a straight list of calls, one in flight, that ends with the first call that fails. Scripts
//! run side by side, so no slow request holds up another. Not here: what to do and when (`plan`), and the port.

mod answers;
mod call;
mod card;
mod clients;
mod doubts;
mod driver;
mod plain;
mod quirks;
mod reads;
mod role;
mod script;
mod telemetry;
mod transactions;
mod translate;

#[cfg(test)]
mod identity_tests;
#[cfg(test)]
mod telemetry_tests;
#[cfg(test)]
mod tests;

pub use driver::{Driver, Output};
