//! Lines of a GPIO chip. They are taken as they are, changed when they have to be, and held from then on: what a line does
//! when nobody holds it is its chip's choice.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gpiocdev::chip::Chip;
use gpiocdev::line::Value;
use gpiocdev::request::{Config, Request};

use super::super::device;
use crate::config::{Line, LineAt};

/// Who holds the lines, as `gpioinfo` shows it.
const CONSUMER: &str = "wwan";
/// How long the modem is held in reset with its power on.
const RESET_LASTS: Duration = Duration::from_millis(100);

/// Why lines cannot be switched.
#[derive(Debug, thiserror::Error)]
pub(super) enum GpioError {
    #[error("there is no GPIO chip {0}")]
    NoChip(String),
    #[error("cannot open {}", path.display())]
    Open { path: PathBuf, source: gpiocdev::Error },
    #[error("GPIO chip {chip} has no line {line}")]
    NoLine { chip: String, line: String },
    #[error("line {line} of GPIO chip {chip} is in use by {user}")]
    InUse { chip: String, line: String, user: String },
    #[error("cannot take the lines of GPIO chip {chip}")]
    Take { chip: String, source: gpiocdev::Error },
    #[error("cannot switch the lines")]
    Switch(#[source] gpiocdev::Error),
}

/// Lines that we hold.
#[derive(Debug)]
pub(super) struct Lines {
    request: Request,
    supply: Pin,
    reset: Option<Pin>,
}

/// A line by its number.
#[derive(Clone, Copy, Debug)]
struct Pin {
    offset: u32,
    active_low: bool,
}

impl Lines {
    /// Takes the lines without changing them. `dev` is normally `/dev`.
    pub(super) fn take(dev: &Path, chip: &str, supply: &Line, reset: Option<&Line>) -> Result<Self, GpioError> {
        let found = open(dev, chip)?;
        let supply = pin(&found, chip, supply)?;
        let reset = reset.map(|reset| pin(&found, chip, reset)).transpose()?;
        let mut builder = Request::builder();
        builder.on_chip(found.path()).with_consumer(CONSUMER);
        for pin in [Some(supply), reset].into_iter().flatten() {
            builder.with_line(pin.offset).as_is();
        }
        let request = builder.request().map_err(|source| GpioError::Take { chip: chip.to_owned(), source })?;
        Ok(Self { request, supply, reset })
    }

    pub(super) fn off(&self) -> Result<(), GpioError> {
        self.set(Value::Inactive, Value::Active)
    }

    pub(super) fn on(&self) -> Result<(), GpioError> {
        if self.reset.is_some() {
            self.set(Value::Active, Value::Active)?;
            std::thread::park_timeout(RESET_LASTS);
        }
        self.set(Value::Active, Value::Inactive)
    }

    fn set(&self, supply: Value, reset: Value) -> Result<(), GpioError> {
        let mut config = Config::default();
        for (pin, value) in [(Some(self.supply), supply), (self.reset, reset)] {
            if let Some(pin) = pin {
                config.with_line(pin.offset).as_output(value);
                if pin.active_low {
                    config.as_active_low();
                }
            }
        }
        self.request.reconfigure(&config).map_err(GpioError::Switch)
    }
}

/// The chip of this name, else the only one with this label.
fn open(dev: &Path, chip: &str) -> Result<Chip, GpioError> {
    let nodes = device::children(dev).into_iter().filter(|path| device::name(path).starts_with("gpiochip"));
    let mut labelled = Vec::new();
    for path in nodes {
        let named = device::name(&path) == chip;
        match Chip::from_path(&path) {
            Ok(found) if named => return Ok(found),
            Ok(found) => labelled.extend(found.info().is_ok_and(|info| info.label == chip).then_some(found)),
            Err(source) if named => return Err(GpioError::Open { path, source }),
            Err(_) => {}
        }
    }
    <[Chip; 1]>::try_from(labelled).map(|[only]| only).map_err(|_| GpioError::NoChip(chip.to_owned()))
}

fn pin(found: &Chip, chip: &str, line: &Line) -> Result<Pin, GpioError> {
    let (info, named) = match &line.at {
        LineAt::Offset(offset) => (found.line_info(u32::from(*offset)).ok(), offset.to_string()),
        LineAt::Name(name) => (found.find_line_info(name), name.clone()),
    };
    let chip = || chip.to_owned();
    let Some(info) = info else { return Err(GpioError::NoLine { chip: chip(), line: named }) };
    if info.used {
        let user = if info.consumer.is_empty() { "the kernel".to_owned() } else { info.consumer };
        return Err(GpioError::InUse { chip: chip(), line: named, user });
    }
    Ok(Pin { offset: info.offset, active_low: line.active_low })
}
