//! What one call may take of the host's memory: the sum of all of a plugin's memories, whatever it splits it into.

use wasmtime::{ResourceLimiter, Result};

/// Elements of all tables together: a policy written in any language has some hundreds.
const TABLE_ELEMENTS: usize = 20_000;
/// Core instances, memories and tables of one component. A policy made by a translator has up to ten.
const INSTANCES: usize = 64;

/// The bounds of one call, and whether it ran into one.
#[derive(Debug)]
pub(super) struct Bounds {
    memory_left: usize,
    elements_left: usize,
    /// It wanted more than there is.
    pub exceeded: bool,
    /// Bytes that it has.
    pub used: usize,
}

impl Bounds {
    pub(super) fn new(memory: u64) -> Self {
        let memory_left = usize::try_from(memory).unwrap_or(usize::MAX);
        Self { memory_left, elements_left: TABLE_ELEMENTS, exceeded: false, used: 0 }
    }
}

/// Takes `wanted` from what is left.
fn take(left: &mut usize, wanted: usize) -> bool {
    let enough = left.checked_sub(wanted);
    *left = enough.unwrap_or(*left);
    enough.is_some()
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        if !take(&mut self.memory_left, more) {
            self.exceeded = true;
            // Most programs take a refusal for a reason to abort, in words that say nothing: better to end them here.
            return Err(wasmtime::Error::msg("out of memory"));
        }
        self.used += more;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        if !take(&mut self.elements_left, desired.saturating_sub(current)) {
            self.exceeded = true;
            return Err(wasmtime::Error::msg("out of table elements"));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_memories_are_one_large_one() {
        let mut bounds = Bounds::new(100);
        assert!(bounds.memory_growing(0, 60, None).is_ok() && bounds.memory_growing(0, 40, None).is_ok());
        assert!(!bounds.exceeded);
        assert!(bounds.memory_growing(40, 41, None).is_err() && bounds.exceeded);
        assert_eq!(bounds.used, 100);
    }

    #[test]
    fn a_table_costs_its_elements() {
        let mut bounds = Bounds::new(0);
        assert!(bounds.table_growing(0, TABLE_ELEMENTS, None).is_ok());
        assert!(bounds.table_growing(0, 1, None).is_err() && bounds.exceeded);
    }
}
