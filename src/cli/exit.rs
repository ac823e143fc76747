//! How a command ends: the exit codes, and every error with the code it means.

use std::io;
use std::path::PathBuf;

use crate::api::place::PlaceError;
use crate::api::{ClientError, ErrorCode};
use crate::daemon::RunError;
use crate::host::endpoint::EndpointError;

/// The exit codes, where there is a choice those of `sysexits.h`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Done; or: it is so.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// `plan` found changes.
    Changes = 2,
    /// `--check` found something that is not as the file asks.
    NotConverged = 3,
    /// The command line is not understood.
    Usage = 64,
    /// No daemon answers.
    Unreachable = 69,
    /// It did not happen in time.
    TimedOut = 75,
    /// Not permitted.
    NotPermitted = 77,
    /// The configuration has errors.
    ConfigInvalid = 78,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Whoever read our output went away.
    #[error("nobody reads the output")]
    ReaderGone,
    /// The output cannot be written.
    #[error("cannot print")]
    Print(#[source] io::Error),
    /// The daemon did not answer, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The daemon did not start.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no runtime to run the daemon on.
    #[error("cannot start the event loop")]
    Runtime(#[source] io::Error),
    /// There is no place for the socket.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is there and shall not be lost.
    #[error("{} exists; use --force to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The configuration has errors; they were shown.
    #[error("{0}")]
    ConfigInvalid(String),
    /// An argument is not what it should be.
    #[error("{0}")]
    Usage(String),
    /// What was waited for did not happen.
    #[error("{0}")]
    TimedOut(String),
    /// A plugin cannot be used.
    #[error("{0}")]
    Plugin(String),
    /// The simulator cannot be started.
    #[error("the simulated modem cannot be offered")]
    Offer(#[from] EndpointError),
}

impl CliError {
    /// The code to end with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::ReaderGone => Exit::Done,
            Self::Client(error) => of_client(error),
            Self::ConfigInvalid(_) => Exit::ConfigInvalid,
            Self::Usage(_) => Exit::Usage,
            Self::TimedOut(_) => Exit::TimedOut,
            Self::Read { source, .. } | Self::Write { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Exit::NotPermitted
            }
            Self::Place(PlaceError::Shared { .. }) => Exit::NotPermitted,
            Self::Print(_)
            | Self::Run(_)
            | Self::Runtime(_)
            | Self::Place(PlaceError::Make { .. })
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Exists { .. }
            | Self::Plugin(_)
            | Self::Offer(_) => Exit::Failed,
        }
    }

    /// The error and what caused it, in one line.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        words
    }
}

fn of_client(error: &ClientError) -> Exit {
    match error {
        ClientError::Connect { .. } | ClientError::Closed => Exit::Unreachable,
        ClientError::NotPermitted { .. } => Exit::NotPermitted,
        ClientError::TimedOut => Exit::TimedOut,
        ClientError::Refused { code, .. } => match code {
            ErrorCode::ConfigInvalid => Exit::ConfigInvalid,
            ErrorCode::UnknownModem | ErrorCode::BadRequest => Exit::Usage,
            ErrorCode::Busy => Exit::Unreachable,
            ErrorCode::TooLarge
            | ErrorCode::TooSlow
            | ErrorCode::Version
            | ErrorCode::NotSimulated
            | ErrorCode::Failed => Exit::Failed,
        },
        ClientError::Send(_) | ClientError::Receive(_) | ClientError::NotUnderstood(_) | ClientError::Unexpected => {
            Exit::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_permitted_is_77() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let path = PathBuf::from("/etc/wwan.yaml");
        let socket = path.clone();
        for error in [
            CliError::Write { path: path.clone(), source: denied() },
            CliError::Read { path, source: denied() },
            ClientError::NotPermitted { path: socket }.into(),
        ] {
            assert_eq!(error.exit(), Exit::NotPermitted, "{error}");
        }
    }

    #[test]
    fn an_error_is_said_with_its_causes_and_each_once() {
        let error = CliError::Read { path: "x".into(), source: io::Error::other("the disk is on fire") };
        assert_eq!(error.in_words(), "cannot read x: the disk is on fire");
    }
}
