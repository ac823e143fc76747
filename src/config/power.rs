//! How the supply is switched: its grammar, and what it means.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::scalars::{Argument, GpioChip, GpioLineName, GpioOffset, TimeSpan, UsbDevice, UsbHub, UsbPort};

/// How the modem's supply is switched.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Power {
    /// Not at all: recovery ends with what the modem and the bus do by themselves.
    None {},
    /// The modem resets itself on command.
    ModemReset {},
    /// The port of a USB hub that can switch its power (Linux 6.0 and later). Not every hub does, whatever it says:
    /// `wwan explain` tells when a modem stays while its power should be off.
    UsbPort {
        /// The hub as the kernel names it, for example "1-1", or the number of a bus for its root hub. Quote it.
        hub: UsbHub,
        /// The port of the hub, from 1.
        port: UsbPort,
        /// How long the modem is left in peace after a power cycle. Default: 10m.
        #[serde(default, deserialize_with = "super::types::present")]
        hold: Option<TimeSpan>,
        /// How long it may take to shut down by itself before the power is cut. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        shutdown_time: Option<TimeSpan>,
        /// How long the power stays off. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        off_time: Option<TimeSpan>,
    },
    /// The kernel lets the USB device go and takes it back (`authorized`). Its power stays on: this helps where the
    /// host's side of the bus is stuck, hardly where the modem is.
    UsbAuthorized {
        /// The device as the kernel names it, for example "1-1.3". Quote it. Default: where the modem was seen last.
        #[serde(default, deserialize_with = "super::types::present")]
        device: Option<UsbDevice>,
        /// How long the modem is left in peace after a power cycle. Default: 10m.
        #[serde(default, deserialize_with = "super::types::present")]
        hold: Option<TimeSpan>,
        /// How long it may take to shut down by itself before the power is cut. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        shutdown_time: Option<TimeSpan>,
        /// How long the power stays off. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        off_time: Option<TimeSpan>,
    },
    /// The USB device is taken from its driver and given back (`unbind`, `bind`). Its power stays on, as with
    /// `usb-authorized`.
    UsbBind {
        /// The device as the kernel names it, for example "1-1.3". Quote it. Default: where the modem was seen last.
        #[serde(default, deserialize_with = "super::types::present")]
        device: Option<UsbDevice>,
        /// How long the modem is left in peace after a power cycle. Default: 10m.
        #[serde(default, deserialize_with = "super::types::present")]
        hold: Option<TimeSpan>,
        /// How long it may take to shut down by itself before the power is cut. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        shutdown_time: Option<TimeSpan>,
        /// How long the power stays off. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        off_time: Option<TimeSpan>,
    },
    /// A line of a GPIO chip. It is not touched before it has to be, and held from then on; what it does when the
    /// daemon ends is the chip's choice, so let the board give power by itself.
    Gpio {
        /// The chip by its name or its label, for example `gpiochip0` or `pinctrl-bcm2711`.
        chip: GpioChip,
        /// The line that gives power while it is active: its offset, or its name.
        line: GpioLine,
        /// Whether active is the low level. Default: false.
        #[serde(default, deserialize_with = "super::types::present")]
        active_low: Option<bool>,
        /// A line of the same chip that holds the modem in reset: active while the power is off. Default: none.
        #[serde(default, deserialize_with = "super::types::present")]
        reset: Option<ResetLine>,
        /// How long the modem is left in peace after a power cycle. Default: 10m.
        #[serde(default, deserialize_with = "super::types::present")]
        hold: Option<TimeSpan>,
        /// How long it may take to shut down by itself before the power is cut. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        shutdown_time: Option<TimeSpan>,
        /// How long the power stays off. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        off_time: Option<TimeSpan>,
    },
    /// Programs of yours. Each is run without a shell, has 15 seconds, and succeeds by ending with 0; of what it prints
    /// the end is shown when it does not. The modem's name is in its environment as `WWAN_MODEM`.
    Command {
        /// Gives power: the program by its path, and its arguments. Also run where the power is on already.
        switch_on: Program,
        /// Cuts it.
        switch_off: Program,
        /// Asks the modem to shut down by itself; `switch_off` follows after `shutdown_time` in any case. Default: none.
        #[serde(default, deserialize_with = "super::types::present")]
        shut_down: Option<Program>,
        /// How long the modem is left in peace after a power cycle. Default: 10m.
        #[serde(default, deserialize_with = "super::types::present")]
        hold: Option<TimeSpan>,
        /// How long it may take to shut down by itself before the power is cut. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        shutdown_time: Option<TimeSpan>,
        /// How long the power stays off. Default: 5s.
        #[serde(default, deserialize_with = "super::types::present")]
        off_time: Option<TimeSpan>,
    },
}

/// A line that holds the modem in reset.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ResetLine {
    /// Its offset or its name.
    pub line: GpioLine,
    /// Whether active is the low level. Default: false.
    #[serde(default, deserialize_with = "super::types::present")]
    pub active_low: Option<bool>,
}

/// A line of a GPIO chip.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum GpioLine {
    /// By its offset.
    Offset(GpioOffset),
    /// By its name.
    Name(GpioLineName),
}

/// A program and its arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Argument>")]
#[schemars(inline, extend("minItems" = 1))]
pub struct Program(pub Vec<Argument>);

impl TryFrom<Vec<Argument>> for Program {
    type Error = &'static str;

    fn try_from(list: Vec<Argument>) -> Result<Self, &'static str> {
        if list.is_empty() { Err("a program") } else { Ok(Self(list)) }
    }
}

/// What switches the supply, without its times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Switch {
    /// The port of a USB hub.
    UsbPort {
        /// The hub as the kernel names it.
        hub: String,
        /// Its port, 1 to 31.
        port: u8,
    },
    /// Whether the kernel may use the USB device.
    UsbAuthorized {
        /// The device as the kernel names it; `None`: the modem's, wherever it is.
        device: Option<String>,
    },
    /// Whether the USB device has its driver.
    UsbBind {
        /// The device as the kernel names it; `None`: the modem's, wherever it is.
        device: Option<String>,
    },
    /// A line of a GPIO chip.
    Gpio {
        /// The chip's name or label.
        chip: String,
        /// Active while there is power.
        supply: Line,
        /// Active while there is none.
        reset: Option<Line>,
    },
    /// Programs, each with its arguments; never empty.
    Command {
        /// Gives power.
        switch_on: Vec<String>,
        /// Cuts it.
        switch_off: Vec<String>,
        /// Asks the modem to shut down by itself.
        shut_down: Option<Vec<String>>,
    },
}

impl Switch {
    /// Whether it is the same thing whichever modem names it.
    #[must_use]
    pub fn is_one_place(&self) -> bool {
        match self {
            Self::UsbAuthorized { device } | Self::UsbBind { device } => device.is_some(),
            // A program is told which modem is meant.
            Self::Command { .. } => false,
            Self::UsbPort { .. } | Self::Gpio { .. } => true,
        }
    }
}

/// A line and its polarity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Which.
    pub at: LineAt,
    /// Whether active is the low level.
    pub active_low: bool,
}

/// Which line of a chip.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LineAt {
    /// By its number, from 0.
    Offset(u16),
    /// By the name that the firmware of the board gave it.
    Name(String),
}

/// How long each state of the power lasts; `None`: as usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PowerTimes {
    /// In peace after a power cycle.
    pub hold: Option<Duration>,
    /// To shut down before the cut.
    pub shutdown_time: Option<Duration>,
    /// Without power.
    pub off_time: Option<Duration>,
}

/// How the supply is switched, as the reconciler works with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PowerConfig {
    /// Not at all.
    None,
    /// By a command to the modem.
    ModemReset,
    /// By a switch.
    Switched {
        /// Which.
        by: Switch,
        /// How long each state of the power lasts.
        times: PowerTimes,
    },
}

impl PowerConfig {
    /// The switch, where there is one.
    #[must_use]
    pub fn switch(&self) -> Option<&Switch> {
        match self {
            Self::None | Self::ModemReset => None,
            Self::Switched { by, .. } => Some(by),
        }
    }

    /// How long each state lasts.
    #[must_use]
    pub fn times(&self) -> PowerTimes {
        match self {
            Self::None | Self::ModemReset => PowerTimes::default(),
            Self::Switched { times, .. } => *times,
        }
    }
}

impl From<Power> for PowerConfig {
    fn from(typed: Power) -> Self {
        let (by, times) = match typed {
            Power::None {} => return Self::None,
            Power::ModemReset {} => return Self::ModemReset,
            Power::UsbPort { hub, port, hold, shutdown_time, off_time } => {
                (Switch::UsbPort { hub: hub.0, port: port.0 }, [hold, shutdown_time, off_time])
            }
            Power::UsbAuthorized { device, hold, shutdown_time, off_time } => {
                (Switch::UsbAuthorized { device: device.map(|device| device.0) }, [hold, shutdown_time, off_time])
            }
            Power::UsbBind { device, hold, shutdown_time, off_time } => {
                (Switch::UsbBind { device: device.map(|device| device.0) }, [hold, shutdown_time, off_time])
            }
            Power::Gpio { chip, line, active_low, reset, hold, shutdown_time, off_time } => {
                let supply = Line::of(line, active_low);
                let reset = reset.map(|reset| Line::of(reset.line, reset.active_low));
                (Switch::Gpio { chip: chip.0, supply, reset }, [hold, shutdown_time, off_time])
            }
            Power::Command { switch_on, switch_off, shut_down, hold, shutdown_time, off_time } => {
                let words = |program: Program| program.0.into_iter().map(|word| word.0).collect();
                let (on, off, down) = (words(switch_on), words(switch_off), shut_down.map(words));
                let by = Switch::Command { switch_on: on, switch_off: off, shut_down: down };
                (by, [hold, shutdown_time, off_time])
            }
        };
        let [hold, shutdown_time, off_time] = times.map(|span| span.map(|span| span.duration()));
        Self::Switched { by, times: PowerTimes { hold, shutdown_time, off_time } }
    }
}

impl Line {
    fn of(line: GpioLine, active_low: Option<bool>) -> Self {
        let at = match line {
            GpioLine::Offset(offset) => LineAt::Offset(offset.0),
            GpioLine::Name(name) => LineAt::Name(name.0),
        };
        Self { at, active_low: active_low.unwrap_or(false) }
    }
}
