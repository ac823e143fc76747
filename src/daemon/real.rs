//! The executors of this host.
//!
//! Ports, interfaces and memory are the host room's. Power switches are not carried out yet: whoever asks is told so,
//! and the condition says it.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::executor::{Executors, Links, Ports, Power, Store};
use crate::host::netlink::Interfaces;
use crate::host::port::ControlPorts;
use crate::host::state::StateDir;
use crate::model::{LinkState, ModemName};
use crate::reconcile::{Input, Memory, PortSpec, PowerCommand};

impl Ports for ControlPorts {
    fn look(&mut self, modem: &ModemName, spec: &PortSpec) {
        self.look(modem, spec);
    }

    fn open(&mut self, modem: &ModemName, spec: &PortSpec) {
        self.open(modem, spec);
    }

    fn close(&mut self, modem: &ModemName) {
        self.close(modem);
    }

    fn send(&mut self, modem: &ModemName, frame: &[u8]) {
        self.send(modem, frame);
    }
}

impl Store for StateDir {
    fn recall(&self) -> Vec<(ModemName, Memory)> {
        self.recall()
    }

    fn remember(&mut self, modem: &ModemName, memory: &Memory) -> Result<(), String> {
        self.remember(modem, memory)
    }
}

/// Executors for modems of this host, which report to `inputs`.
#[must_use]
pub fn executors(
    state: PathBuf,
    ports: ControlPorts,
    links: Box<dyn Links>,
    inputs: &mpsc::Sender<Input>,
) -> Executors {
    Executors {
        ports: Box::new(ports),
        links,
        power: Box::new(NotYet { inputs: inputs.clone() }),
        store: Box::new(StateDir::new(state)),
        bench: None,
    }
}

/// Stands where an executor will be.
#[derive(Debug)]
pub struct NotYet {
    /// Where it says so.
    pub inputs: mpsc::Sender<Input>,
}

impl Links for Interfaces {
    fn look(&mut self, modem: &ModemName) {
        self.look(modem);
    }

    fn configure(&mut self, modem: &ModemName, link: &LinkState) {
        self.configure(modem, link);
    }
}

impl Power for NotYet {
    fn switch(&mut self, modem: &ModemName, command: PowerCommand) {
        let why = match command {
            PowerCommand::Attach | PowerCommand::PrepareOff | PowerCommand::Off | PowerCommand::On => {
                "this version cannot switch power yet"
            }
            PowerCommand::Reauthorise | PowerCommand::Rescan => "this version cannot control the USB bus yet",
        };
        report(&self.inputs, Input::PowerDone(modem.clone(), command, Err(why.to_owned())));
    }
}

/// Hands an answer to the loop without keeping the loop waiting.
pub(super) fn report(inputs: &mpsc::Sender<Input>, input: Input) {
    if let Err(mpsc::error::TrySendError::Full(input)) = inputs.try_send(input) {
        let inputs = inputs.clone();
        tokio::spawn(async move { inputs.send(input).await });
    }
}
