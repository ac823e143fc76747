//! Power switches and the bus: one task per modem owns its switch, so that everything about it happens in order and
//! nothing of it delays the loop.
//!
//! Orders go in by a bounded queue; each is answered by one [`Input::PowerDone`]. What a switch acknowledges is no effect:
//! whether the modem left and came back is seen by the core.

mod gpio;
mod hub_port;
mod owed;
mod place;
mod program;
mod usb_device;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;

use self::gpio::{GpioError, Lines};
use self::hub_port::{HubPort, HubPortError};
use self::owed::Owed;
use self::place::{PlaceError, Places};
use self::program::ProgramError;
use self::usb_device::{Means, UsbDevice, UsbError};
use super::in_words;
use super::port::{Devices, Roots};
use crate::config::{Line, Switch};
use crate::model::ModemName;
use crate::reconcile::{Input, PortSpec, PowerCommand};

/// Orders waiting for one switch. The core waits for each answer, and gives up after a while.
const ORDERS: usize = 8;

/// What to do, to which switch of which modem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PowerOrder {
    /// What to do.
    pub command: PowerCommand,
    /// The switch; `None`: the file names none.
    pub switch: Option<Switch>,
    /// Where the modem's control port is.
    pub port: PortSpec,
}

/// How long things take; shorter in tests.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A device that was let go is taken back after this long: others that use it have noticed by then.
    pub apart: Duration,
    /// A device that was not taken back is tried again after this long.
    pub again: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { apart: Duration::from_secs(1), again: Duration::from_secs(2) }
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum PowerError {
    #[error("no power switch is configured (`power`)")]
    NotConfigured,
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    HubPort(#[from] HubPortError),
    #[error(transparent)]
    Usb(#[from] UsbError),
    #[error(transparent)]
    Gpio(#[from] GpioError),
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("the device was let go and is not taken back yet; that is tried again")]
    NotBack(#[source] UsbError),
    #[error("it was not done when the next order came")]
    Overtaken,
    #[error("cannot look for devices on the PCI bus")]
    Rescan(#[source] std::io::Error),
    #[error("an error of our own in the power switch")]
    Fallen,
}

/// The power switches of all modems.
#[derive(Debug)]
pub struct Switches {
    roots: Roots,
    devices: Devices,
    owed: Owed,
    pace: Pace,
    reports: mpsc::Sender<Input>,
    modems: BTreeMap<ModemName, mpsc::Sender<PowerOrder>>,
}

impl Switches {
    /// Switches of this host, reporting to `reports`. What an earlier run has let go of and not taken back, as notes in
    /// `state` tell, is taken back now.
    #[must_use]
    pub fn new(roots: Roots, devices: Devices, state: &Path, pace: Pace, reports: mpsc::Sender<Input>) -> Self {
        let owed = Owed::new(state);
        tokio::spawn(owed::redeem(owed.clone(), roots.clone(), owed.modems(), pace.again));
        Self { roots, devices, owed, pace, reports, modems: BTreeMap::new() }
    }

    /// Carries out an order; answered by [`Input::PowerDone`].
    ///
    /// # Errors
    /// The switch has not carried out what it was told before.
    pub fn switch(&mut self, modem: &ModemName, order: PowerOrder) -> Result<(), String> {
        let orders = self.modems.entry(modem.clone()).or_insert_with(|| {
            let (orders, received) = mpsc::channel(ORDERS);
            let places = Places::new(self.roots.clone(), self.devices.clone(), self.owed.clone());
            let seat = Seat {
                modem: modem.clone(),
                roots: self.roots.clone(),
                places,
                owed: self.owed.clone(),
                pace: self.pace,
                reports: self.reports.clone(),
                switch: None,
                lines: None,
                cut: false,
                found_off: false,
                missing: None,
            };
            tokio::spawn(seat.attend(received));
            orders
        });
        orders.try_send(order).map_err(|_| "the switch has not done yet what it was told before".to_owned())
    }
}

/// A daemon that ends leaves nothing let go behind, whatever it was about to do.
impl Drop for Switches {
    fn drop(&mut self) {
        self.owed.take_back(&self.roots, self.owed.modems());
    }
}

/// The task of one modem's switch.
struct Seat {
    modem: ModemName,
    roots: Roots,
    places: Places,
    owed: Owed,
    pace: Pace,
    reports: mpsc::Sender<Input>,
    /// The switch that was used last.
    switch: Option<Switch>,
    /// Its lines, which are held once they were asked for.
    lines: Option<Lines>,
    /// It has cut the power and not given it back.
    cut: bool,
    /// The device was let go by somebody else before we came.
    found_off: bool,
    /// Why there is no switch, as it was told.
    missing: Option<String>,
}

impl Seat {
    /// Ends when the daemon drops either end.
    async fn attend(mut self, mut orders: mpsc::Receiver<PowerOrder>) {
        let mut waiting = None;
        loop {
            let next = if waiting.is_some() { waiting.take() } else { orders.recv().await };
            let Some(order) = next else { return };
            let command = order.command;
            self.follow(order.switch.as_ref()).await;
            let done = match &order.switch {
                // A modem that takes its time is cut off all the same.
                Some(Switch::Command { shut_down: Some(program), .. }) if command == PowerCommand::PrepareOff => {
                    tokio::select! {
                        done = program::run(program, &self.modem) => done.map_err(PowerError::from),
                        later = orders.recv() => {
                            waiting = later;
                            Err(PowerError::Overtaken)
                        }
                    }
                }
                _ => self.obey(order).await,
            };
            let done = done.map_err(|why| in_words(&why));
            self.log(command, done.as_ref().err());
            if self.reports.send(Input::PowerDone(self.modem.clone(), command, done)).await.is_err() {
                return;
            }
        }
    }

    /// A switch that is missing is looked for again and again, and told once.
    fn log(&mut self, command: PowerCommand, why: Option<&String>) {
        if command == PowerCommand::Attach {
            if self.missing.as_ref() != why {
                match why {
                    Some(why) => tracing::warn!(modem = %self.modem, why, "there is no power switch"),
                    None => tracing::info!(modem = %self.modem, "the power switch is there"),
                }
            }
            self.missing = why.cloned();
        } else if let Some(why) = why {
            tracing::warn!(modem = %self.modem, ?command, why, "not switched");
        }
    }

    async fn obey(&mut self, order: PowerOrder) -> Result<(), PowerError> {
        let PowerOrder { command, switch, port } = order;
        match (command, switch) {
            (PowerCommand::Rescan, switch) => self.rescan(switch.as_ref(), &port).await,
            (PowerCommand::Reauthorise, switch) => self.reauthorise(switch.as_ref(), &port).await,
            (_, None) => Err(PowerError::NotConfigured),
            // Nothing but a program of the user's can ask a modem that.
            (PowerCommand::PrepareOff, Some(_)) => Ok(()),
            (command, Some(switch)) => {
                self.operate(command, &switch, &port).await?;
                match command {
                    PowerCommand::Off => self.cut = true,
                    PowerCommand::On => self.cut = false,
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// Where the file names another switch, the modem is not left without power by the old one.
    async fn follow(&mut self, switch: Option<&Switch>) {
        if self.switch.as_ref() == switch {
            return;
        }
        if let Some(old) = self.switch.take().filter(|_| self.cut) {
            let port = PortSpec::Interface(self.modem.0.clone());
            if let Err(why) = self.operate(PowerCommand::On, &old, &port).await {
                tracing::warn!(modem = %self.modem, why = in_words(&why), "the former power switch stays off");
            }
        }
        self.switch = switch.cloned();
        self.cut = false;
        self.found_off = false;
        self.lines = None;
    }

    async fn operate(&mut self, command: PowerCommand, switch: &Switch, port: &PortSpec) -> Result<(), PowerError> {
        match switch {
            Switch::UsbPort { hub, port } => {
                let port = HubPort::new(&self.roots, hub, *port);
                Ok(aside(move || match command {
                    PowerCommand::Off => port.off(),
                    PowerCommand::On => port.on(),
                    _ => port.look(),
                })
                .await??)
            }
            Switch::UsbAuthorized { .. } => self.device(command, Means::Authorized, switch, port).await,
            Switch::UsbBind { .. } => self.device(command, Means::Driver, switch, port).await,
            Switch::Gpio { chip, supply, reset } => self.gpio(command, chip, supply, reset.as_ref()).await,
            Switch::Command { switch_on, switch_off, shut_down } => {
                let all = [Some(switch_on), Some(switch_off), shut_down.as_ref()];
                Ok(match command {
                    PowerCommand::On => program::run(switch_on, &self.modem).await,
                    PowerCommand::Off => program::run(switch_off, &self.modem).await,
                    PowerCommand::PrepareOff => Ok(()),
                    _ => all.into_iter().flatten().try_for_each(|program| program::look(program)),
                }?)
            }
        }
    }

    async fn gpio(
        &mut self,
        command: PowerCommand,
        chip: &str,
        supply: &Line,
        reset: Option<&Line>,
    ) -> Result<(), PowerError> {
        let held = self.lines.take();
        let (dev, chip, supply, reset) = (self.roots.dev.clone(), chip.to_owned(), supply.clone(), reset.cloned());
        // A chip behind a slow bus takes its time, and so does a chip that is gone.
        let switched = aside(move || -> Result<Lines, GpioError> {
            let lines = match held {
                Some(lines) => lines,
                None => Lines::take(&dev, &chip, &supply, reset.as_ref())?,
            };
            match command {
                PowerCommand::Off => lines.off()?,
                PowerCommand::On => lines.on()?,
                _ => {}
            }
            Ok(lines)
        });
        // After a failure they are asked for anew: the chip may have been plugged out and in.
        self.lines = Some(switched.await??);
        Ok(())
    }

    async fn device(
        &mut self,
        command: PowerCommand,
        means: Means,
        switch: &Switch,
        port: &PortSpec,
    ) -> Result<(), PowerError> {
        let device = self.place(Some(switch), port).await?;
        let (roots, owed, modem, found_off) =
            (self.roots.clone(), self.owed.clone(), self.modem.clone(), self.found_off);
        let was_off = aside(move || -> Result<bool, UsbError> {
            match command {
                PowerCommand::Off => owed.let_go(&roots, &modem, &device, (means, found_off))?,
                PowerCommand::On => owed.give_back(&roots, &modem, &device, means)?,
                _ => {
                    // In this order: what is owed may be taken back at this moment.
                    let note = owed.of(&modem);
                    let is_off = device.look(&roots, means)?;
                    return Ok(note.map_or(is_off, |note| note.found_off));
                }
            }
            Ok(found_off)
        })
        .await??;
        self.found_off = was_off;
        Ok(())
    }

    /// Lets the device go and takes it back, come what may.
    async fn reauthorise(&mut self, switch: Option<&Switch>, port: &PortSpec) -> Result<(), PowerError> {
        let device = self.place(switch, port).await?;
        let (roots, owed, modem) = (self.roots.clone(), self.owed.clone(), self.modem.clone());
        let device = aside(move || -> Result<UsbDevice, UsbError> {
            owed.let_go(&roots, &modem, &device, (Means::Authorized, false))?;
            Ok(device)
        })
        .await??;
        tokio::time::sleep(self.pace.apart).await;
        let (roots, owed, modem) = (self.roots.clone(), self.owed.clone(), self.modem.clone());
        if let Err(why) = aside(move || owed.give_back(&roots, &modem, &device, Means::Authorized)).await? {
            let modems = vec![self.modem.clone()];
            tokio::spawn(owed::redeem(self.owed.clone(), self.roots.clone(), modems, self.pace.again));
            return Err(PowerError::NotBack(why));
        }
        Ok(())
    }

    /// Lets the bus look for what it may have overlooked: a function of the device without its driver, or a device that
    /// is not on USB. What is on USB is told of by its hub, and nothing makes the kernel ask again.
    async fn rescan(&mut self, switch: Option<&Switch>, port: &PortSpec) -> Result<(), PowerError> {
        let (roots, places, modem) = (self.roots.clone(), self.places.clone(), self.modem.clone());
        let (switch, port) = (switch.cloned(), port.clone());
        aside(move || {
            if let Ok(device) = places.find(&modem, switch.as_ref(), &port) {
                device.probe(&roots);
            } else if places.is_on_pci(&modem, &port) {
                usb_device::write(&roots.sys.join("bus/pci/rescan"), "1").map_err(PowerError::Rescan)?;
            }
            Ok(())
        })
        .await?
    }

    async fn place(&self, switch: Option<&Switch>, port: &PortSpec) -> Result<UsbDevice, PowerError> {
        let (places, modem) = (self.places.clone(), self.modem.clone());
        let (switch, port) = (switch.cloned(), port.clone());
        Ok(aside(move || places.find(&modem, switch.as_ref(), &port)).await??)
    }
}

/// Does what may block on a thread of its own.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PowerError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| PowerError::Fallen)
}

#[cfg(test)]
mod tests;
