//! The only file that prints. A reader that goes away (`wwan events | head`) ends the command without a word.
#![allow(clippy::print_stderr, reason = "this is where messages to people leave")]

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use super::exit::CliError;

/// Standard output, coloured if a person looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    colour: bool,
}

/// What a colour says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Not yet.
    Pending,
    /// Less important.
    Faint,
    /// More important.
    Strong,
    /// Nothing.
    Plain,
}

impl Out {
    /// Colours only for a terminal whose user did not forbid them (<https://no-color.org>).
    #[must_use]
    pub fn new(no_color: bool) -> Self {
        let forbidden = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: !forbidden && io::stdout().is_terminal() }
    }

    /// Without colours.
    #[must_use]
    pub const fn plain() -> Self {
        Self { colour: false }
    }

    /// Whether diagnostics should be styled.
    #[must_use]
    pub const fn styled(self) -> bool {
        self.colour
    }

    /// A text in a tone.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.colour => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Pending => 33,
            Tone::Faint => 2,
            Tone::Strong => 1,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Prints one or more lines.
    ///
    /// # Errors
    /// The reader went away, or the disk is full.
    pub fn line(self, text: impl Display) -> Result<(), CliError> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => CliError::ReaderGone,
            _ => CliError::Print(error),
        })
    }

    /// Prints a text as it is.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn text(self, text: &str) -> Result<(), CliError> {
        self.line(text.strip_suffix('\n').unwrap_or(text))
    }
}

/// Says something beside the output, on standard error.
pub fn remark(text: impl Display) {
    // Nobody left to hear it: nothing to do.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
