//! Where the socket is: the system's, or one of the user's own for a daemon that is not the system's.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The socket of the system's daemon.
pub const SYSTEM: &str = "/run/wwan/control.sock";

/// Why there is no safe place for the user's own socket.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The directory cannot be made.
    #[error("cannot make {}", path.display())]
    Make {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else owns the directory or may write to it.
    #[error("{} is not a directory of yours alone", path.display())]
    Shared {
        /// The directory.
        path: PathBuf,
    },
}

/// The user's own socket: below `$XDG_RUNTIME_DIR`, else in a directory of the user's in `/tmp`.
#[must_use]
pub fn own() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_absolute());
    let directory = runtime
        .map_or_else(|| PathBuf::from(format!("/tmp/wwan-{}", rustix::process::geteuid().as_raw())), PathBuf::from);
    directory.join("wwan/control.sock")
}

/// The socket a client connects to when it is not told: the system's if there is one, else the user's own.
#[must_use]
pub fn default() -> PathBuf {
    let system = PathBuf::from(SYSTEM);
    if system.exists() { system } else { own() }
}

/// Makes the directory of the user's own socket, for nobody else.
///
/// # Errors
/// It cannot be made, or (in `/tmp`, where anyone may have been first) somebody else may change it.
pub fn make_private(directory: &Path) -> Result<(), PlaceError> {
    let make = |source| PlaceError::Make { path: directory.to_owned(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(make)?;
    let me = rustix::process::geteuid().as_raw();
    let meta = fs::symlink_metadata(directory).map_err(make)?;
    let ours = meta.is_dir() && meta.uid() == me && meta.mode() & 0o022 == 0;
    // Whoever may rename our directory may put another one in its place, unless the sticky bit forbids it.
    let above = fs::metadata(directory.join("..")).map_err(make)?;
    let safe = match above.uid() {
        0 => above.mode() & 0o022 == 0 || above.mode() & 0o1000 != 0,
        uid => uid == me && above.mode() & 0o022 == 0,
    };
    if ours && safe { Ok(()) } else { Err(PlaceError::Shared { path: directory.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("wwan");
        make_private(&place).unwrap();
        assert_eq!(fs::metadata(&place).unwrap().mode() & 0o777, 0o700);
        make_private(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(make_private(&place), Err(PlaceError::Shared { .. })));
    }

    #[test]
    fn a_directory_that_others_may_replace_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(make_private(&dir.path().join("wwan")), Err(PlaceError::Shared { .. })));
    }

    #[test]
    fn a_link_to_elsewhere_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", dir.path().join("wwan")).unwrap();
        assert!(matches!(make_private(&dir.path().join("wwan")), Err(PlaceError::Shared { .. })));
    }
}
