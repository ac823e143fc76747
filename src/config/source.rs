//! One file of the configuration, as bytes, and what can be said about it before anything is parsed.
//!
//! Reads no file: the shell does, and hands the layers over from low to high.

use std::fmt;

use super::diagnostic::{Code, Finding};
use super::tree::Mark;

/// Largest file that is read at all: a fleet's configuration of a hundred modems is about 30 KiB, and every later
/// limit (nodes, depth, time) rests on this one.
pub const MAX_BYTES: usize = 256 * 1024;

/// A file of the configuration.
///
/// The order of the layers, low to high: built-in, `/usr/lib/wwan.d/*.yaml`, `/etc/wwan.yaml`, `/etc/wwan.d/*.yaml`,
/// `/run/wwan.d/*.yaml`; within a directory by name.
#[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Source {
    /// How the file is called in messages, normally its path.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether every user of the system may read it: then a password in it deserves a warning.
    pub world_readable: bool,
}

/// Without the bytes: there may be secrets among them.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.path, self.bytes.len())
    }
}

impl Source {
    /// A file that only its owner may read.
    #[must_use]
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), world_readable: false }
    }

    /// The text, without a byte order mark.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`], UTF-16, a NUL byte, or bytes that are not UTF-8: each at its real place.
    pub(super) fn text(&self, index: usize) -> Result<&str, Finding> {
        let whole = |code, message: &str| Err(Finding::error(code, Mark::start_of(index), message));
        if self.bytes.len() > MAX_BYTES {
            let size = self.bytes.len();
            return whole(
                Code::TooLarge,
                &format!("the file has {size} bytes, more than the {MAX_BYTES} that are read"),
            );
        }
        if self.bytes.starts_with(&[0xff, 0xfe]) || self.bytes.starts_with(&[0xfe, 0xff]) {
            return whole(Code::Encoding, "the file is UTF-16; save it as UTF-8");
        }
        let body = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        let skipped = self.bytes.len() - body.len();
        let refuse = |at: usize, what: &str| {
            let message = format!("byte 0x{:02x} {what} (offset {})", body[at], at + skipped);
            Finding::error(Code::Encoding, mark_of_byte(body, at, index), &message)
        };
        let text = std::str::from_utf8(body).map_err(|e| refuse(e.valid_up_to(), "is not UTF-8"))?;
        match body.iter().position(|b| *b == 0) {
            Some(at) => Err(refuse(at, "is not text")),
            None => Ok(text),
        }
    }
}

fn mark_of_byte(body: &[u8], at: usize, source: usize) -> Mark {
    let before = String::from_utf8_lossy(&body[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
    Mark { source, line: narrow(line), column: narrow(column), start: at, end: at }
}
