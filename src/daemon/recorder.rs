//! Records every input to a file, so that a run can be replayed.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::model::Instant;
use crate::reconcile::Input;
use crate::trace::Entry;

/// A trace being written.
#[derive(Debug)]
pub(super) struct Recorder {
    /// `None` after the first failure: a trace with a hole replays another run.
    file: Option<File>,
}

impl Recorder {
    /// Begins a new trace, for nobody else to read: it holds what the files hold, secrets included.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        Ok(Self { file: Some(file) })
    }

    /// Records an input and gives it back.
    pub(super) fn record(&mut self, at: Instant, input: Input) -> Input {
        let entry = Entry { at, input };
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{}", entry.to_line())
        {
            tracing::warn!(%error, "the trace ends here");
            self.file = None;
        }
        entry.input
    }
}
