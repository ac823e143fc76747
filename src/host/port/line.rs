//! An open control port: a descriptor that is read and written without waiting, and the frames not yet written.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, isatty, tcgetattr, tcsetattr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// Largest portion read at once: what the `cdc-wdm` driver hands out for one message at most.
const PORTION: usize = 4096;

/// Frames not yet taken by the device. The core waits for answers, so a healthy port never has more than a few.
const QUEUE: usize = 64;

/// The socket of libqmi's `qmi-proxy`, in the abstract namespace.
pub(in crate::host) const PROXY: &str = "\0qmi-proxy";

/// Why a port cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The node cannot be opened.
    #[error("cannot open {}", node.display())]
    Open {
        /// The node.
        node: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The terminal does not become raw.
    #[error("cannot set the terminal {} raw", node.display())]
    Raw {
        /// The node.
        node: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody listens on the socket.
    #[error("cannot connect to {}", node.display())]
    Connect {
        /// The socket.
        node: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No proxy runs.
    #[error("qmi-proxy does not listen on its socket")]
    Proxy(#[source] io::Error),
    /// The descriptor cannot be waited for.
    #[error("cannot wait for the port")]
    Register(#[source] io::Error),
    /// It cannot be read any more.
    #[error("reading failed")]
    Read(#[source] io::Error),
    /// It cannot be written any more.
    #[error("writing failed")]
    Write(#[source] io::Error),
    /// Nobody is at the other end.
    #[error("the other end closed it")]
    Ended,
    /// The other end does not listen.
    #[error("{QUEUE} messages were not taken")]
    Stalled,
}

/// An open control port.
#[derive(Debug)]
pub struct Line {
    fd: AsyncFd<OwnedFd>,
    unwritten: VecDeque<Vec<u8>>,
}

impl Line {
    /// A character device, or a PTY, which is made raw: it would otherwise eat and echo bytes.
    pub(super) fn device(node: &Path) -> Result<Self, LineError> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(node, flags, Mode::empty())
            .map_err(|e| LineError::Open { node: node.to_owned(), source: e.into() })?;
        if isatty(&fd) {
            let raw = |e: Errno| LineError::Raw { node: node.to_owned(), source: e.into() };
            let mut terminal = tcgetattr(&fd).map_err(raw)?;
            terminal.make_raw();
            tcsetattr(&fd, OptionalActions::Now, &terminal).map_err(raw)?;
        }
        Self::new(fd)
    }

    /// A unix stream socket.
    pub(super) async fn socket(node: &Path) -> Result<Self, LineError> {
        let connect = |source| LineError::Connect { node: node.to_owned(), source };
        let stream = UnixStream::connect(node).await.map_err(connect)?;
        Self::new(stream.into_std().map_err(connect)?.into())
    }

    /// The socket of `qmi-proxy`.
    pub(super) async fn proxy() -> Result<Self, LineError> {
        let stream = UnixStream::connect(PROXY).await.map_err(LineError::Proxy)?;
        Self::new(stream.into_std().map_err(LineError::Proxy)?.into())
    }

    pub(in crate::host) fn new(fd: OwnedFd) -> Result<Self, LineError> {
        let fd = crate::host::watched(fd).map_err(LineError::Register)?;
        Ok(Self { fd, unwritten: VecDeque::new() })
    }

    /// Takes a frame to be written by the next turns.
    pub fn queue(&mut self, frame: Vec<u8>) {
        self.unwritten.push_back(frame);
    }

    /// Takes a frame to be written by the next turns, in place of an older one if many wait: a program that does not
    /// read misses some, as it would at a real device.
    pub fn queue_or_lose(&mut self, frame: Vec<u8>) {
        if self.unwritten.len() >= QUEUE {
            // The first one may be half written and must be completed.
            self.unwritten.remove(1);
        }
        self.queue(frame);
    }

    /// Writes what can be written until something was read. Safe to be dropped and called again: what was written
    /// is remembered here, and nothing is read without being returned.
    ///
    /// # Errors
    /// The other end is gone, or takes nothing any more.
    pub async fn turn(&mut self) -> Result<Vec<u8>, LineError> {
        loop {
            if self.unwritten.len() > QUEUE {
                return Err(LineError::Stalled);
            }
            let interest =
                if self.unwritten.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
            let mut ready = self.fd.ready(interest).await.map_err(LineError::Register)?;
            if ready.ready().is_writable()
                && let Some(frame) = self.unwritten.front_mut()
            {
                match rustix::io::write(self.fd.get_ref(), frame) {
                    Ok(written) if written >= frame.len() => drop(self.unwritten.pop_front()),
                    Ok(written) => drop(frame.drain(..written)),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => ready.clear_ready_matching(tokio::io::Ready::WRITABLE),
                    Err(e) => return Err(LineError::Write(e.into())),
                }
            }
            if ready.ready().is_readable() {
                let mut portion = vec![0; PORTION];
                match rustix::io::read(self.fd.get_ref(), &mut portion[..]) {
                    Ok(0) => return Err(LineError::Ended),
                    Ok(read) => {
                        portion.truncate(read);
                        return Ok(portion);
                    }
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => ready.clear_ready_matching(tokio::io::Ready::READABLE),
                    Err(e) => return Err(LineError::Read(e.into())),
                }
            }
        }
    }
}
