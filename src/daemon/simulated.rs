//! Executors for simulated modems. (Waits for the simulator.)

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::executor::Links;
use super::real::report;
use crate::model::{LinkState, ModemName};
use crate::reconcile::Input;

/// Interfaces that exist in memory only.
#[derive(Debug)]
pub struct SimulatedLinks {
    links: BTreeMap<ModemName, LinkState>,
    inputs: mpsc::Sender<Input>,
}

impl SimulatedLinks {
    /// All of them down.
    #[must_use]
    pub fn new(inputs: mpsc::Sender<Input>) -> Self {
        Self { links: BTreeMap::new(), inputs }
    }
}

impl Links for SimulatedLinks {
    fn look(&mut self, modem: &ModemName) {
        let link = self.links.get(modem).cloned().unwrap_or_default();
        report(&self.inputs, Input::Link(modem.clone(), link));
    }

    fn configure(&mut self, modem: &ModemName, link: &LinkState) {
        self.links.insert(modem.clone(), link.clone());
        report(&self.inputs, Input::LinkDone(modem.clone(), Ok(())));
    }
}

/// Stand-in.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {}
