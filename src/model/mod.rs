//! The nouns: identities, radio, session, what is desired, what was observed, what to do about it.
//!
//! Values only. Nothing here decides, parses a file or knows QMI; this room imports nothing of ours.

pub mod id;
pub mod radio;
pub mod session;
pub mod sim;
pub mod time;

pub use id::{Apn, Iccid, Imei, Imsi, ModemName, Plmn, Secret};
pub use radio::{AccessTechnologies, AccessTechnology, OperatingMode, Registration, ServingSystem};
pub use session::{Authentication, CallEnd, IpFamilies, IpFamily, IpSettings, SessionState};
pub use sim::{SimIdentity, SimState};
pub use time::Instant;
