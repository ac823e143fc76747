//! How the driver of an interface frames packets, and how it is told (`qmi/raw_ip` of `qmi_wwan`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::model::Framing;

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prepared {
    /// The driver was told.
    Changed,
    /// It was so.
    Unchanged,
    /// The driver has no such setting: it frames packets in its one way.
    Fixed,
}

/// Why the driver does not frame packets as it shall.
#[derive(Debug, thiserror::Error)]
pub enum DataPathError {
    /// The interface is up: the driver changes its framing only while it is down.
    #[error("{interface} is up: its framing can be changed only while it is down")]
    Up {
        /// The interface.
        interface: String,
    },
    /// The setting cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The setting.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The setting cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The setting.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was written and is as it was.
    #[error("{} does not keep what is written to it", path.display())]
    Kept {
        /// The setting.
        path: PathBuf,
    },
}

/// Makes the driver of an interface frame packets like this. To be called while the interface is down, before it is
/// brought up: `qmi_wwan` refuses a change while it is up, and changes the type of the interface with it (Ethernet with
/// a hardware address, or none, point to point).
///
/// `sys` is normally `/sys`.
///
/// # Errors
/// The interface is up, or the setting cannot be read or written.
pub fn prepare(sys: &Path, interface: &str, framing: Framing) -> Result<Prepared, DataPathError> {
    match self::framing(sys, interface)? {
        None => return Ok(Prepared::Fixed),
        Some(now) if now == framing => return Ok(Prepared::Unchanged),
        Some(_) => {}
    }
    let path = setting(sys, interface);
    // Not created where it is missing, and in one write: only that says whether the driver took it.
    let written = fs::OpenOptions::new().write(true).open(&path).and_then(|mut file| {
        use io::Write as _;
        file.write_all(if framing == Framing::RawIp { b"Y\n" } else { b"N\n" })
    });
    match written {
        Ok(()) if self::framing(sys, interface)? == Some(framing) => Ok(Prepared::Changed),
        Ok(()) => Err(DataPathError::Kept { path }),
        Err(why) if Errno::from_io_error(&why) == Some(Errno::BUSY) => {
            Err(DataPathError::Up { interface: interface.to_owned() })
        }
        Err(source) => Err(DataPathError::Write { path, source }),
    }
}

/// How the driver of an interface frames packets; `None`: it has no such setting.
///
/// # Errors
/// The setting cannot be read.
pub fn framing(sys: &Path, interface: &str) -> Result<Option<Framing>, DataPathError> {
    let path = setting(sys, interface);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(if text.trim() == "Y" { Framing::RawIp } else { Framing::Ethernet })),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DataPathError::Read { path, source }),
    }
}

fn setting(sys: &Path, interface: &str) -> PathBuf {
    sys.join("class/net").join(interface).join("qmi/raw_ip")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn sys(raw_ip: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let settings = dir.path().join("class/net/wwan0/qmi");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("raw_ip"), raw_ip).unwrap();
        (dir, settings.join("raw_ip"))
    }

    #[test]
    fn dev_3_the_driver_is_told_once_and_only_what_it_does_not_know() {
        let (dir, setting) = sys("N\n");
        assert_eq!(prepare(dir.path(), "wwan0", Framing::Ethernet).unwrap(), Prepared::Unchanged);
        assert_eq!(prepare(dir.path(), "wwan0", Framing::RawIp).unwrap(), Prepared::Changed);
        assert_eq!(fs::read_to_string(&setting).unwrap(), "Y\n");
        assert_eq!(prepare(dir.path(), "wwan0", Framing::RawIp).unwrap(), Prepared::Unchanged);
        assert_eq!(prepare(dir.path(), "wwan0", Framing::Ethernet).unwrap(), Prepared::Changed);
        assert_eq!(fs::read_to_string(&setting).unwrap(), "N\n");
    }

    #[test]
    fn dev_3_a_driver_without_the_setting_is_left_alone() {
        let (dir, setting) = sys("N\n");
        assert_eq!(prepare(dir.path(), "wwan7", Framing::RawIp).unwrap(), Prepared::Fixed);
        fs::remove_file(&setting).unwrap();
        assert_eq!(prepare(dir.path(), "wwan0", Framing::RawIp).unwrap(), Prepared::Fixed);
        assert!(!setting.exists());
    }

    #[test]
    fn dev_3_what_cannot_be_read_or_does_not_stay_is_an_error_that_names_the_setting() {
        let (dir, setting) = sys("N\n");
        fs::remove_file(&setting).unwrap();
        // Takes everything, keeps nothing.
        symlink("/dev/null", &setting).unwrap();
        let error = prepare(dir.path(), "wwan0", Framing::RawIp).unwrap_err();
        assert!(matches!(&error, DataPathError::Kept { path } if *path == setting), "{error}");
        fs::remove_file(&setting).unwrap();
        fs::create_dir(&setting).unwrap();
        let error = prepare(dir.path(), "wwan0", Framing::RawIp).unwrap_err();
        assert!(error.to_string().contains("class/net/wwan0/qmi/raw_ip"), "{error}");
    }
}
