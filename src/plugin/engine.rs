//! The engine's settings: what code may do at all, before any limit of a particular plugin.

use wasmtime::{Config, Engine};

use crate::model::EngineChoice;

/// The stack of a plugin's own calls. Deeper recursion than this in a policy is an error.
const STACK: usize = 256 << 10;

/// The interpreter of this processor's word size and byte order.
const INTERPRETER: &str = match (cfg!(target_pointer_width = "64"), cfg!(target_endian = "little")) {
    (true, true) => "pulley64",
    (true, false) => "pulley64be",
    (false, true) => "pulley32",
    (false, false) => "pulley32be",
};

/// Raised with every change of [`new`] that compiled code depends on, and with every version of the engine.
const SETTINGS: u32 = 2;

/// An engine for plugins.
///
/// # Errors
/// This build of the engine cannot run code in that way.
pub(super) fn new(choice: EngineChoice) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    if choice == EngineChoice::Interpreted {
        config.target(INTERPRETER)?;
    }
    // Time is counted in instructions, the same everywhere; the epoch is for what takes long within one of them.
    config.consume_fuel(true).epoch_interruption(true);
    // No handler for SIGSEGV in a daemon that runs as root, and no gigabytes of address space on a small gateway.
    config.signals_based_traps(false);
    config.memory_reservation(0).memory_reservation_for_growth(0).memory_guard_size(0).memory_init_cow(false);
    config.max_wasm_stack(STACK);
    // The same answer to the same question, on every processor.
    #[cfg(feature = "wasm-compiler")]
    config.cranelift_nan_canonicalization(true);
    // What no policy needs, and where advisories were: less to be wrong.
    config.wasm_relaxed_simd(false).wasm_simd(false).wasm_memory64(false).wasm_tail_call(false);
    // A component of JavaScript or Python has a second one in it, which stands in for WASI, and the engine's own code between
    // two of them has both memories. `Bounds` counts all of a plugin's memories together.
    config.wasm_multi_memory(true);
    Engine::new(&config)
}

/// What compiled code depends on beside the module: another version of ours, or other settings, and it is compiled anew. A build
/// without a compiler has to find the same, so the engine's own hash is no use; another patch of the engine refuses to load
/// the code, which counts as not finding it.
pub(super) fn key(engine: &Engine) -> String {
    let kind = if engine.is_pulley() { INTERPRETER } else { std::env::consts::ARCH };
    format!("{kind}-{}-{SETTINGS}", env!("CARGO_PKG_VERSION"))
}
