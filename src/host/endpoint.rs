//! The other side of a control port: offers a simulated modem to any program that speaks QMI, over a PTY, a unix
//! socket, or the socket of `qmi-proxy`.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::net::UnixListener;

use super::port::{Line, LineError, PROXY};

/// Where a modem is offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listen {
    /// A PTY, by a link at this path. It plays a character device: all programs share one stream.
    Pty(PathBuf),
    /// A unix stream socket at this path.
    Unix(PathBuf),
    /// The abstract socket of `qmi-proxy`.
    QmiProxy,
}

/// Why a text names no place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{0}\" is none of pty:PATH, unix:PATH, qmi-proxy")]
pub struct ParseListenError(String);

impl FromStr for Listen {
    type Err = ParseListenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("pty", path)) if !path.is_empty() => Ok(Self::Pty(path.into())),
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            None if text == "qmi-proxy" => Ok(Self::QmiProxy),
            _ => Err(ParseListenError(text.to_owned())),
        }
    }
}

/// Why a modem cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// No PTY.
    #[error("cannot make a PTY")]
    Pty(#[source] io::Error),
    /// No link to it.
    #[error("cannot link {}", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No socket.
    #[error("cannot listen on {}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket of `qmi-proxy` is taken, most likely by `qmi-proxy`.
    #[error("cannot listen as qmi-proxy")]
    Proxy(#[source] io::Error),
    /// Something that is not ours lies at the path.
    #[error("{} is there already", path.display())]
    Taken {
        /// The path.
        path: PathBuf,
    },
    /// The stream cannot be used.
    #[error(transparent)]
    Line(#[from] LineError),
}

/// A place where programs connect. What it put into the file system goes with it.
#[derive(Debug)]
pub struct Endpoint {
    path: Option<PathBuf>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Pty {
        /// Given out once: there is one stream.
        master: Option<OwnedFd>,
        /// Kept open, or the master would see an end whenever a program closes its side.
        _slave: OwnedFd,
    },
    Socket(UnixListener),
}

impl Endpoint {
    /// Offers.
    ///
    /// # Errors
    /// The place cannot be made.
    pub fn bind(listen: &Listen) -> Result<Self, EndpointError> {
        match listen {
            Listen::Pty(path) => {
                let (master, slave, name) = pty().map_err(|e| EndpointError::Pty(e.into()))?;
                clear(path, fs::FileType::is_symlink)?;
                symlink(name, path).map_err(|source| EndpointError::Link { path: path.clone(), source })?;
                Ok(Self { path: Some(path.clone()), kind: Kind::Pty { master: Some(master), _slave: slave } })
            }
            Listen::Unix(path) => {
                clear(path, fs::FileType::is_socket)?;
                let listen = |source| EndpointError::Listen { path: path.clone(), source };
                let listener = UnixListener::bind(path).map_err(listen)?;
                Ok(Self { path: Some(path.clone()), kind: Kind::Socket(listener) })
            }
            Listen::QmiProxy => {
                let listener = UnixListener::bind(PROXY).map_err(EndpointError::Proxy)?;
                Ok(Self { path: None, kind: Kind::Socket(listener) })
            }
        }
    }

    /// The next program, or at a PTY all of them at once. Safe to be dropped and called again.
    ///
    /// # Errors
    /// The stream cannot be used; the next may be.
    pub async fn accept(&mut self) -> Result<Line, EndpointError> {
        match &mut self.kind {
            Kind::Pty { master, .. } => match master.take() {
                Some(master) => Ok(Line::new(master)?),
                None => std::future::pending().await,
            },
            Kind::Socket(listener) => {
                let path = || self.path.clone().unwrap_or_default();
                let listen = |source| EndpointError::Listen { path: path(), source };
                let (stream, _) = listener.accept().await.map_err(listen)?;
                Ok(Line::new(stream.into_std().map_err(listen)?.into())?)
            }
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// Removes what an earlier run left behind at `path`, and nothing else.
fn clear(path: &Path, ours: impl Fn(&fs::FileType) -> bool) -> Result<(), EndpointError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if ours(&meta.file_type()) => {
            fs::remove_file(path).map_err(|source| EndpointError::Link { path: path.to_owned(), source })
        }
        Ok(_) => Err(EndpointError::Taken { path: path.to_owned() }),
        Err(_) => Ok(()),
    }
}

/// Master, slave and the slave's path. The slave is raw, because programs that open it do not make it so.
fn pty() -> Result<(OwnedFd, OwnedFd, PathBuf), Errno> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let slave = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut terminal = tcgetattr(&slave)?;
    terminal.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &terminal)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, slave, PathBuf::from(name.to_string_lossy().into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_names() {
        assert_eq!("pty:/tmp/a:b".parse(), Ok(Listen::Pty("/tmp/a:b".into())));
        assert_eq!("unix:x".parse(), Ok(Listen::Unix("x".into())));
        assert_eq!("qmi-proxy".parse(), Ok(Listen::QmiProxy));
        for bad in ["", "pty:", "unix", "tcp:1", "qmi-proxy:x"] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn only_what_is_ours_is_replaced_and_it_goes_with_us() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("modem");
        for listen in [Listen::Pty(path.clone()), Listen::Unix(path.clone())] {
            fs::write(&path, "precious").unwrap();
            assert!(matches!(Endpoint::bind(&listen), Err(EndpointError::Taken { .. })));
            fs::remove_file(&path).unwrap();
            let endpoint = Endpoint::bind(&listen).unwrap();
            // As a run that was killed leaves it.
            std::mem::forget(endpoint);
            drop(Endpoint::bind(&listen).unwrap());
            assert!(!path.exists());
        }
    }
}
