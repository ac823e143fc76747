//! A USB device as the kernel shows it: whether it may be used, whether it has its driver.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::device;
use super::super::port::Roots;

/// How a device is let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Means {
    /// The kernel may not use it (Documentation/usb/authorization).
    Authorized,
    /// It has no driver, not even that of all USB devices.
    Driver,
}

/// Why a device cannot be let go or taken back.
#[derive(Debug, thiserror::Error)]
pub(super) enum UsbError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} does not keep what is written to it", path.display())]
    Kept { path: PathBuf },
    #[error("{} is not there any more", path.display())]
    Gone { path: PathBuf },
}

/// A device on USB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct UsbDevice {
    /// Its place below `/sys/devices`.
    pub(super) path: PathBuf,
    /// The number the kernel gave it when it came; another one after every plug.
    pub(super) arrival: String,
}

impl UsbDevice {
    /// The device at a place; `None`: there is none, or it is not one of USB.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        let arrival = fs::read_to_string(path.join("devnum")).ok()?.trim().to_owned();
        path.join("authorized").exists().then_some(Self { path, arrival })
    }

    /// Whether it is still the one that it was.
    pub(super) fn is_there(&self) -> bool {
        Self::at(&self.path).is_some_and(|now| now.arrival == self.arrival)
    }

    /// Whether it is let go; says what is in the way of doing so.
    pub(super) fn look(&self, roots: &Roots, means: Means) -> Result<bool, UsbError> {
        let switch = match means {
            Means::Authorized => self.path.join("authorized"),
            Means::Driver => driver(roots, "unbind"),
        };
        rustix::fs::access(&switch, rustix::fs::Access::WRITE_OK)
            .map_err(|why| UsbError::Write { path: switch, source: why.into() })?;
        self.is_off(means)
    }

    pub(super) fn let_go(&self, roots: &Roots, means: Means) -> Result<(), UsbError> {
        match means {
            Means::Authorized => self.authorise("0"),
            // It has none already, or it is one that only serves its kind.
            Means::Driver if self.is_off(means)? => Ok(()),
            Means::Driver => self.tell(driver(roots, "unbind"), &device::name(&self.path)),
        }
    }

    pub(super) fn take_back(&self, roots: &Roots, means: Means) -> Result<(), UsbError> {
        match means {
            Means::Authorized => self.authorise("1"),
            Means::Driver if !self.is_off(means)? => Ok(()),
            Means::Driver => self.tell(driver(roots, "bind"), &device::name(&self.path)),
        }
    }

    /// Lets the kernel look for drivers of functions that have none. One that still has none says so by that.
    pub(super) fn probe(&self, roots: &Roots) {
        let functions = device::children(&self.path).into_iter().filter(|path| path.join("bInterfaceNumber").exists());
        for function in functions.filter(|function| !function.join("driver").exists()) {
            drop(write(&roots.sys.join("bus/usb/drivers_probe"), &device::name(&function)));
        }
    }

    fn is_off(&self, means: Means) -> Result<bool, UsbError> {
        match means {
            Means::Authorized => {
                let path = self.path.join("authorized");
                let text = fs::read_to_string(&path).map_err(|source| UsbError::Read { path, source })?;
                Ok(text.trim() == "0")
            }
            Means::Driver if !self.path.exists() => Err(UsbError::Gone { path: self.path.clone() }),
            Means::Driver => Ok(!self.path.join("driver").exists()),
        }
    }

    fn authorise(&self, value: &str) -> Result<(), UsbError> {
        let path = self.path.join("authorized");
        self.tell(path.clone(), value)?;
        if self.is_off(Means::Authorized)? == (value == "0") { Ok(()) } else { Err(UsbError::Kept { path }) }
    }

    fn tell(&self, path: PathBuf, value: &str) -> Result<(), UsbError> {
        write(&path, value).map_err(|source| match self.path.exists() {
            true => UsbError::Write { path, source },
            false => UsbError::Gone { path: self.path.clone() },
        })
    }
}

/// Not created where it is missing, and in one write: only that says whether the kernel took it.
pub(super) fn write(path: &Path, value: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let written = file.write(value.as_bytes())?;
    if written == value.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

fn driver(roots: &Roots, file: &str) -> PathBuf {
    roots.sys.join("bus/usb/drivers/usb").join(file)
}
