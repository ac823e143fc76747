//! WDS, service 1: the data session. One client per session and IP family; the session lives as long as its client.

pub(super) mod call;
pub(super) mod profile;
pub(super) mod statistics;
mod types;

pub use call::*;
pub use profile::*;
pub use statistics::*;
pub use types::*;
