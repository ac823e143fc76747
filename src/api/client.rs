//! The client's side, without a runtime: a command asks one thing, prints the answer and ends.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::types::{ErrorCode, ErrorView, Request, Response};

/// How long an answer may take: the daemon answers from memory.
const ANSWER: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no daemon answers on {}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket's permissions say no.
    #[error("{} is not for you; ask for membership of its group", path.display())]
    NotPermitted {
        /// The socket.
        path: PathBuf,
    },
    /// The request was not taken.
    #[error("the request was not sent")]
    Send(#[source] io::Error),
    /// The answer did not come.
    #[error("the answer was not received")]
    Receive(#[source] io::Error),
    /// The daemon hung up.
    #[error("the daemon closed the connection")]
    Closed,
    /// Nothing came in the time that was set.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is not one that we know.
    #[error("the answer is not understood; are the daemon and this command of different versions?")]
    NotUnderstood(#[source] serde_json::Error),
    /// The daemon says no.
    #[error("{message}")]
    Refused {
        /// Its code.
        code: ErrorCode,
        /// Its words.
        message: String,
    },
    /// The answer belongs to another question.
    #[error("the daemon answered something else")]
    Unexpected,
}

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there, or we are not permitted.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        match UnixStream::connect(path) {
            Ok(stream) => Ok(Self { stream: BufReader::new(stream) }),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                Err(ClientError::NotPermitted { path: path.to_owned() })
            }
            Err(source) => Err(ClientError::Connect { path: path.to_owned(), source }),
        }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// The connection is lost, or the daemon refuses.
    pub fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        let mut line = serde_json::to_vec(request).map_err(|e| ClientError::Send(e.into()))?;
        line.push(b'\n');
        match self.stream.get_mut().write_all(&line) {
            // A daemon that refuses may hang up before it has read everything; it said why before that.
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(ClientError::Send(e)),
            _ => self.next(Some(ANSWER)),
        }
    }

    /// Waits for the next line: further events after a request to follow them.
    ///
    /// # Errors
    /// The connection is lost, the time is up, or the daemon refuses.
    pub fn next(&mut self, within: Option<Duration>) -> Result<Response, ClientError> {
        // A time of zero would mean no limit to the kernel.
        let within = within.map(|time| time.max(Duration::from_millis(1)));
        self.stream.get_mut().set_read_timeout(within).map_err(ClientError::Receive)?;
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => return Err(ClientError::Closed),
            Ok(_) => {}
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(ClientError::TimedOut);
            }
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return Err(ClientError::Closed),
            Err(e) => return Err(ClientError::Receive(e)),
        }
        match serde_json::from_str(&line).map_err(ClientError::NotUnderstood)? {
            Response::Error(ErrorView { code, message }) => Err(ClientError::Refused { code, message }),
            response => Ok(response),
        }
    }
}
