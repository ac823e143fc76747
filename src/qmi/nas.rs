//! NAS, service 3: the radio network. Registration, what to register with, signal, cells, names, time.

mod bands;
pub(super) mod cells;
pub(super) mod info;
pub(super) mod names;
pub(super) mod selection;
pub(super) mod signal;
pub(super) mod system;
mod types;

pub use bands::*;
pub use cells::*;
pub use info::*;
pub use names::*;
pub use selection::*;
pub use signal::*;
pub use system::*;
pub use types::*;
