//! A watchdog beside a plugin's thread: ends a call that takes long by the clock though it counts few instructions, such
//! as filling a whole memory again and again.
#![allow(clippy::disallowed_methods, reason = "a thread of its own has no loop to be told the time by")]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::Engine;

/// The dog's own thread does next to nothing.
const STACK: usize = 64 << 10;

#[derive(Debug, Default)]
struct State {
    barks_at: Option<Instant>,
    over: bool,
}

/// The watchdog of one engine. Ends with its owner.
#[derive(Debug)]
pub(super) struct Watchdog {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Watchdog {
    /// Begins to watch over an engine.
    ///
    /// # Errors
    /// No thread can be had.
    pub(super) fn new(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let (watched, engine) = (Arc::clone(&shared), engine.clone());
        thread::Builder::new()
            .name("plugin-dog".to_owned())
            .stack_size(STACK)
            .spawn(move || watch(&watched, &engine))?;
        Ok(Self { shared })
    }

    /// Does something that must not take longer than this.
    pub(super) fn guard<T>(&self, longest: Duration, f: impl FnOnce() -> T) -> T {
        self.set(|state| state.barks_at = Some(Instant::now() + longest));
        let done = f();
        self.set(|state| state.barks_at = None);
        done
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        let (state, told) = &*self.shared;
        change(&mut lock(state));
        told.notify_one();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.set(|state| state.over = true);
    }
}

fn watch(shared: &(Mutex<State>, Condvar), engine: &Engine) {
    let (state, told) = shared;
    let mut state = lock(state);
    while !state.over {
        let wait = state.barks_at.map(|at| at.saturating_duration_since(Instant::now()));
        state = match wait {
            None => told.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                engine.increment_epoch();
                state.barks_at = None;
                state
            }
            Some(wait) => told.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

/// Nothing panics while it holds the lock, so what it guards is whole.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
