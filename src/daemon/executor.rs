//! Who carries out what the core asks for: four narrow traits, and the one place that deals outputs to them.
//!
//! No method waits and none answers: an answer is an [`crate::reconcile::Input`] that arrives by the channel the
//! executor was made with.

use crate::model::{Fact, LinkState, ModemName};
use crate::reconcile::{Fleet, Memory, Output, PortSpec, PowerCommand};
use crate::sim::Disturbance;

/// Control ports.
#[cfg_attr(test, mockall::automock)]
pub trait Ports {
    /// Reports the state of the port.
    fn look(&mut self, modem: &ModemName, spec: &PortSpec);
    /// Opens it.
    fn open(&mut self, modem: &ModemName, spec: &PortSpec);
    /// Closes it.
    fn close(&mut self, modem: &ModemName);
    /// Writes one frame.
    fn send(&mut self, modem: &ModemName, frame: &[u8]);
}

/// Network interfaces.
#[cfg_attr(test, mockall::automock)]
pub trait Links {
    /// Reports the state of the interface.
    fn look(&mut self, modem: &ModemName);
    /// Makes it so.
    fn configure(&mut self, modem: &ModemName, link: &LinkState);
}

/// Power switches.
#[cfg_attr(test, mockall::automock)]
pub trait Power {
    /// Switches.
    fn switch(&mut self, modem: &ModemName, command: PowerCommand);
}

/// What outlives the process.
#[cfg_attr(test, mockall::automock)]
pub trait Store {
    /// Everything that was kept.
    fn recall(&self) -> Vec<(ModemName, Memory)>;
    /// Keeps.
    fn remember(&mut self, modem: &ModemName, memory: &Memory);
}

/// A bench of simulated modems.
pub trait Bench {
    /// Does something to one of them.
    ///
    /// # Errors
    /// No such modem, or it cannot be done; in words.
    fn disturb(&mut self, modem: &ModemName, disturbance: &Disturbance) -> Result<(), String>;
}

/// All executors of one daemon.
pub struct Executors {
    /// Control ports.
    pub ports: Box<dyn Ports>,
    /// Network interfaces.
    pub links: Box<dyn Links>,
    /// Power switches.
    pub power: Box<dyn Power>,
    /// Memory.
    pub store: Box<dyn Store>,
    /// The bench, if the modems are simulated.
    pub bench: Option<Box<dyn Bench>>,
}

impl Executors {
    /// Deals an output to whom it concerns.
    pub(super) fn carry_out(&mut self, output: Output, fleet: &Fleet) {
        match output {
            Output::Look(modem, Fact::Port) => {
                let Some(controller) = fleet.controller(&modem) else { return };
                self.ports.look(&modem, &controller.port());
            }
            Output::Look(modem, Fact::Link) => self.links.look(&modem),
            Output::Look(modem, fact) => debug_assert!(false, "{modem}: the host cannot look at the {}", fact.name()),
            Output::OpenPort(modem, spec) => self.ports.open(&modem, &spec),
            Output::ClosePort(modem) => self.ports.close(&modem),
            Output::Send(modem, frame) => self.ports.send(&modem, &frame),
            Output::ConfigureLink(modem, link) => self.links.configure(&modem, &link),
            Output::Power(modem, command) => self.power.switch(&modem, command),
            Output::Remember(modem, memory) => self.store.remember(&modem, &memory),
            Output::Event(_) => debug_assert!(false, "events go to the journal"),
        }
    }
}
