//! Reads the layers of the configuration from the disk: which files, in which order, and their bytes.
//!
//! Understands nothing of their contents. A file that is not there is no source; a file that is there and cannot be
//! read is a source that says why, so that a mistake in permissions never looks like a deleted configuration.

use std::fs::{File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fs::{Mode, OFlags};

use super::in_words;
use crate::config::{MAX_BYTES, Source};

/// One place of the layers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A single file.
    File(PathBuf),
    /// Every `*.yaml` of a directory, by name.
    Directory(PathBuf),
}

/// Where configuration comes from, lowest layer first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layers(pub Vec<Place>);

impl Layers {
    /// The system's: vendor drop-ins, the administrator's file and drop-ins, drop-ins until the next boot.
    #[must_use]
    pub fn system() -> Self {
        Self::below(Path::new("/"))
    }

    /// The system's, below another root.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self(vec![
            Place::Directory(root.join("usr/lib/wwan.d")),
            Place::File(root.join("etc/wwan.yaml")),
            Place::Directory(root.join("etc/wwan.d")),
            Place::Directory(root.join("run/wwan.d")),
        ])
    }

    /// One file and nothing else.
    #[must_use]
    pub fn only(file: impl Into<PathBuf>) -> Self {
        Self(vec![Place::File(file.into())])
    }

    /// Reads everything there is, lowest layer first.
    #[must_use]
    pub fn read(&self) -> Vec<Source> {
        self.0.iter().flat_map(Place::read).collect()
    }
}

impl Place {
    fn read(&self) -> Vec<Source> {
        match self {
            Self::File(path) => source(path).into_iter().collect(),
            Self::Directory(path) => match drop_ins(path) {
                Ok(files) => files.iter().filter_map(|file| source(file)).collect(),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
                Err(e) => vec![unreadable(path, &FileError::List(e))],
            },
        }
    }
}

/// Why a file that is there gives no bytes.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("the directory cannot be read")]
    List(#[source] io::Error),
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    #[error("cannot be read")]
    Read(#[source] io::Error),
    #[error("is {0}, not a file")]
    NotAFile(&'static str),
    #[error("is a link to nothing")]
    Dangling,
}

/// The drop-ins of a directory by name. Hidden files and whatever does not end in `.yaml` are passed over: editors
/// leave `.x.yaml.swp`, `.#x.yaml`, `x.yaml~` and `#x.yaml#` behind, package managers `x.yaml.dpkg-new`.
fn drop_ins(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.ends_with(b".yaml") && !bytes.starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

fn source(path: &Path) -> Option<Source> {
    match read(path) {
        Ok((bytes, world_readable)) => {
            Some(Source { world_readable, ..Source::new(path.display().to_string(), bytes) })
        }
        Err(FileError::Open(e)) if e.kind() == io::ErrorKind::NotFound => {
            // Gone between two looks is gone; a link that leads nowhere is a mistake to report.
            path.is_symlink().then(|| unreadable(path, &FileError::Dangling))
        }
        Err(e) => Some(unreadable(path, &e)),
    }
}

/// A text that the config room refuses as it refuses any other mistake, and shows to whoever asks: it says why.
fn unreadable(path: &Path, why: &FileError) -> Source {
    let why = serde_json::Value::from(in_words(why));
    Source::new(path.display().to_string(), format!("unreadable: {why}\n"))
}

/// The bytes, one more than allowed at most, and whether everyone may read them. Opening never waits: a FIFO without
/// a writer would hold the daemon for ever.
fn read(path: &Path) -> Result<(Vec<u8>, bool), FileError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| FileError::Open(e.into()))?;
    let file = File::from(file);
    let meta = file.metadata().map_err(FileError::Read)?;
    let kind = meta.file_type();
    if !kind.is_file() {
        return Err(FileError::NotAFile(match () {
            () if kind.is_dir() => "a directory",
            () if kind.is_fifo() => "a FIFO",
            () => "a device or socket",
        }));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(FileError::Read)?;
    Ok((bytes, meta.mode() & 0o004 != 0))
}

/// Replaces a file: whoever reads it sees the old one or the new one, never half of one. `mode`: its rights, where they are
/// not to be what the process gives to its files. A link is replaced by the file: what it led to is somebody else's.
///
/// # Errors
/// The file beside it, `….new`, cannot be written, or cannot take its place.
pub fn replace(path: &Path, text: &str, mode: Option<u32>) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    if let Some(mode) = mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    drop(file);
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn names(layers: &Layers, root: &Path) -> Vec<String> {
        let prefix = format!("{}/", root.display());
        layers.read().into_iter().map(|s| s.path.trim_start_matches(&prefix).to_owned()).collect()
    }

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn layers_come_from_low_to_high_and_drop_ins_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "run/wwan.d/1.yaml",
            "etc/wwan.d/20-b.yaml",
            "etc/wwan.d/10-a.yaml",
            "etc/wwan.yaml",
            "usr/lib/wwan.d/9.yaml",
        ] {
            put(dir.path(), path, "version: 1\n");
        }
        for ignored in [".hidden.yaml", "x.yaml~", "x.yml", "#x.yaml#", ".#x.yaml", ".x.yaml.swp", "x.yaml.dpkg-new"] {
            put(dir.path(), &format!("etc/wwan.d/{ignored}"), "ignored");
        }
        let expected = [
            "usr/lib/wwan.d/9.yaml",
            "etc/wwan.yaml",
            "etc/wwan.d/10-a.yaml",
            "etc/wwan.d/20-b.yaml",
            "run/wwan.d/1.yaml",
        ];
        assert_eq!(names(&Layers::below(dir.path()), dir.path()), expected);
    }

    #[test]
    fn what_is_not_there_is_no_source() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Layers::below(dir.path()).read().is_empty());
    }

    #[test]
    fn what_is_no_file_is_refused_at_once_and_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        fs::create_dir(at("directory")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("/dev/zero", at("device")).unwrap();
        for name in ["fifo", "directory", "dangling", "loop", "device"] {
            let sources = Layers::only(at(name)).read();
            assert_eq!(sources.len(), 1, "{name}");
            assert!(sources[0].bytes.starts_with(b"unreadable: \""), "{name}: {sources:?}");
            assert!(crate::config::load(&sources).config.is_none());
        }
    }

    #[test]
    fn no_more_than_the_limit_and_one_byte_is_read() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "etc/wwan.yaml", &"#".repeat(MAX_BYTES * 2));
        assert_eq!(Layers::below(dir.path()).read()[0].bytes.len(), MAX_BYTES + 1);
    }

    #[test]
    fn a_file_that_everyone_may_read_is_known_as_such() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "a.yaml", "");
        for (mode, expected) in [(0o600, false), (0o640, false), (0o644, true)] {
            fs::set_permissions(dir.path().join("a.yaml"), Permissions::from_mode(mode)).unwrap();
            assert_eq!(Layers::only(dir.path().join("a.yaml")).read()[0].world_readable, expected);
        }
    }
}
