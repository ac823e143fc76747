//! A plugin's file: read once, so that what is checked is what is loaded.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::digest;

/// Largest component that is compiled on the device: one with a JavaScript engine in it has a megabyte.
pub const MAX_BYTES: u64 = 4 << 20;

/// What the file of a plugin must be.
#[derive(Clone, Copy, Debug)]
pub struct Pin<'a> {
    /// Its sum, in lower-case hexadecimal.
    pub sha256: Option<&'a str>,
    /// Its size at most.
    pub max_bytes: u64,
}

impl Default for Pin<'_> {
    fn default() -> Self {
        Self { sha256: None, max_bytes: MAX_BYTES }
    }
}

/// The bytes of a component.
#[derive(Debug)]
pub struct Module {
    /// Where they are from.
    pub path: PathBuf,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of them, in hexadecimal.
    pub digest: String,
}

/// Why a file cannot be a plugin.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// There is none.
    #[error("{}: no such file", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a directory, a device or the like.
    #[error("{}: not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Others could change what runs in this daemon.
    #[error("{}: {why}", path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Who could.
        why: &'static str,
    },
    /// It is too large to be compiled here.
    #[error("{}: larger than {} KiB", path.display(), limit / 1024)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is another one than the file asks for.
    #[error("{}: its SHA-256 is {is}, and the file asks for {asked}", path.display())]
    OtherSum {
        /// The file.
        path: PathBuf,
        /// What it is.
        is: String,
        /// What it should be.
        asked: String,
    },
}

/// What tells that a file may have changed, without reading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// `None`: there is no such file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        Some(Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }
}

impl Module {
    /// Reads a file and checks that it may be a plugin: a regular file of root or of our own user, that not everybody may
    /// change.
    ///
    /// # Errors
    /// It is not.
    pub fn read(path: &Path, pin: Pin<'_>) -> Result<Self, ModuleError> {
        let own = || path.to_owned();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => ModuleError::Missing(own()),
            _ => ModuleError::Read { path: own(), source },
        };
        // A FIFO must not keep us waiting for a writer.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = File::options().read(true).custom_flags(nonblocking).open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(ModuleError::NotAFile(own()));
        }
        if let Some(why) = untrusted(meta.uid(), meta.mode()) {
            return Err(ModuleError::Untrusted { path: own(), why });
        }
        let limit = pin.max_bytes;
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > limit {
            return Err(ModuleError::TooLarge { path: own(), limit });
        }
        let digest = digest::of(&bytes);
        match pin.sha256 {
            Some(asked) if asked != digest => {
                Err(ModuleError::OtherSum { path: own(), is: digest, asked: asked.to_owned() })
            }
            Some(_) | None => Ok(Self { path: own(), bytes, digest }),
        }
    }
}

/// Who else could change a file of this owner and mode.
pub(super) fn untrusted(owner: u32, mode: u32) -> Option<&'static str> {
    let own = rustix::process::geteuid().as_raw();
    if owner != 0 && owner != own {
        return Some("it belongs to another user");
    }
    (mode & 0o002 != 0).then_some("every user may write to it")
}
