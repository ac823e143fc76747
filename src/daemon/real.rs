//! The executors of this host.
//!
//! All of them are the host room's.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::executor::{Executors, Leases, Links, Outside, Plugins, Ports, Power, Store};
use crate::host::clock;
use crate::host::dhcp::Clients;
use crate::host::netlink::Interfaces;
use crate::host::outside;
use crate::host::port::{ControlPorts, Roots};
use crate::host::power::{Pace, PowerOrder, Switches};
use crate::host::report;
use crate::host::state::StateDir;
use crate::model::{LeaseOrder, LinkState, ModemName, Plugin, Probe, Question};
use crate::plugin::{Cache, Compiler, Effort, Host};
use crate::property::Change;
use crate::reconcile::{Input, Memory, PortSpec};

/// Where compiled plugins are kept, below the state directory.
pub const PLUGINS: &str = "plugins";

impl Ports for ControlPorts {
    fn keep_modem_manager_away(&mut self, modem: &ModemName, away: bool) {
        self.keep_modem_manager_away(modem, away);
    }

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

impl Plugins for Host {
    fn have(&mut self, plugins: Vec<Plugin>) {
        self.have(plugins);
    }

    fn ask(&mut self, modem: ModemName, question: Question) {
        Self::ask(self, modem, question);
    }

    fn tell(&mut self, changes: &[Change]) {
        Self::tell(self, changes, clock::unix_ms());
    }
}

/// The plugins of this daemon, compiled by this program and kept below `state`.
#[must_use]
pub fn plugins(state: &Path, inputs: &mpsc::Sender<Input>) -> Box<dyn Plugins> {
    let (compiler, inputs) = (Compiler::of_this_program(Effort::BESIDE_THE_DAEMON), inputs.clone());
    Box::new(Host::new(compiler, Cache::new(state.join(PLUGINS)), move |input| {
        // The loop has ended: nobody is interested.
        drop(inputs.blocking_send(input));
    }))
}

/// Executors for modems of this host, which report to `inputs`.
#[must_use]
pub fn executors(
    state: PathBuf,
    ports: ControlPorts,
    links: Box<dyn Links>,
    leases: Box<dyn Leases>,
    outside: Box<dyn Outside>,
    inputs: &mpsc::Sender<Input>,
) -> Executors {
    let switches = Switches::new(Roots::default(), ports.devices(), &state, Pace::default(), inputs.clone());
    Executors {
        ports: Box::new(ports),
        links,
        leases,
        outside,
        power: Box::new(PowerSwitches { switches, inputs: inputs.clone() }),
        plugins: plugins(&state, inputs),
        store: Box::new(StateDir::new(state)),
        bench: None,
    }
}

impl Leases for Clients {
    fn have(&mut self, modem: &ModemName, order: Option<LeaseOrder>) {
        self.have(modem, order);
    }

    fn look(&mut self, modem: &ModemName) {
        self.look(modem);
    }
}

impl Outside for outside::Outside {
    fn count(&mut self, modem: &ModemName) {
        self.count(modem);
    }

    fn ask(&mut self, modem: &ModemName, probe: Probe) {
        self.ask(modem, probe);
    }
}

impl Links for Interfaces {
    fn look(&mut self, modem: &ModemName) {
        self.look(modem);
    }

    fn configure(&mut self, modem: &ModemName, link: &LinkState) {
        self.configure(modem, link);
    }
}

/// Real power switches.
struct PowerSwitches {
    switches: Switches,
    inputs: mpsc::Sender<Input>,
}

impl Power for PowerSwitches {
    fn switch(&mut self, modem: &ModemName, order: PowerOrder) {
        let command = order.command;
        if let Err(why) = self.switches.switch(modem, order) {
            report(&self.inputs, Input::PowerDone(modem.clone(), command, Err(why)));
        }
    }
}
