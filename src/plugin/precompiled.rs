//! Compiled code becomes runnable: the one place in this crate with unsafe code, one call of it.
//!
//! The engine checks that compiled code is of its own version and settings, not that it is what its compiler wrote:
//! whoever can change it can run anything. The only safe way into the engine is to compile in this process, which is
//! what the limits on the compiler's process are there to avoid; its own cache is no other way, because it neither
//! bounds the compiler nor notices a flipped bit. So the proof is ours, and it is this: a [`Proven`] is made only of
//! bytes that our own compiler process has just given us through a pipe that nobody else has, or of a file of ours that
//! nobody else can write and whose sum is right.
#![allow(unsafe_code)]

use wasmtime::Engine;
use wasmtime::component::Component;

/// Compiled code whose origin is known.
#[derive(Debug)]
pub(super) struct Proven(Vec<u8>);

impl Proven {
    /// Vouches for the bytes. Called where they come from the compiler's pipe, and where a cache entry was verified;
    /// nowhere else.
    pub(super) fn vouch(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The component, ready to be instantiated.
    ///
    /// # Errors
    /// The code is of another engine.
    pub(super) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` asks that the bytes are what `precompile_component` returned. Each of the two callers of
        // `vouch` has established that.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
