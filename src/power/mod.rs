//! The power of one modem: on, off, and the times that must pass between.
//!
//! `machine` is the state machine: eight states, five events, and the hold times that keep a modem from being switched
//! faster than its capacitors and its flash file system can stand. `supply` puts it beside a real switch, which takes
//! its time to answer, may fail, and may not be there at all. Pure: it says what the switch shall do next and when.

mod machine;
mod supply;

pub use machine::{Command, Event, Machine, State, Timings};
pub use supply::{Next, Request, Supply};
