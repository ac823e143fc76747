//! Plugins: WebAssembly components that have a say, and everything that keeps them from having more.
//!
//! ```text
//! Output::Plugins ─► Host ─► one thread for each plugin:  module (bytes, owner, sha256)
//! Output::Ask ─────►   │        ├─ compiler: a child process with limits ─► cache
//! Output::Changed ─► feed       ├─ component ─► a policy: a fresh instance for every question (guest)
//!                      │        └─ component ─► an exporter: an instance that stays (resident) ─► courier: a thread ─► lanes
//! Input::Plugin, Input::Answer, Input::Published ◄┘
//! ```
//! Nothing here decides anything: an answer is an input like any other, and where there is none the core does without.
//! A plugin's thread may be held up by its plugin, by the compiler, by the disk: the daemon's loop is not.
//!
//! `contract` is the only file that knows the WIT package, `precompiled` the only one in the crate with unsafe code.

mod bounds;
mod cache;
mod compiler;
mod component;
mod contract;
mod courier;
mod digest;
mod engine;
mod exporting;
mod feed;
mod guest;
mod host;
mod lane;
mod message;
mod module;
mod post;
mod precompiled;
mod resident;
mod runner;
mod sentry;
mod watchdog;

pub use cache::Cache;
pub use compiler::{CHILD_VERB, Compiler, Effort, child};
pub use component::{LoadError, Loaded};
pub use contract::Severity;
pub use feed::{Batch, Told};
pub use guest::{Asked, Line, Published};
pub use host::Host;
pub use message::Message;
pub use module::{MAX_BYTES, Module, ModuleError, Pin};
pub use resident::{Called, Description, Resident};

/// Text of somebody else's making, kept so long in messages.
const WORDS: usize = 400;

/// An error of the engine as one line for people.
fn words(error: &wasmtime::Error) -> String {
    let chain: Vec<String> = error.chain().map(|cause| cause.to_string()).collect();
    crate::model::plugin::plain(&chain.join(": "), WORDS)
}
