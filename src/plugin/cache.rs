//! Compiled components, kept so that a start does not compile anew: a directory of ours with one file for each module and
//! engine.
//!
//! A file has a line that says what it is, the sum of the rest, and the rest. One that is not ours alone, or whose sum is
//! wrong, is as if it were not there; it is compiled again and written anew.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::digest;
use super::module::untrusted;
use super::precompiled::Proven;

/// Begins every file.
const HEAD: &str = "wwan plugin 1 ";
/// Largest compiled component: one with a JavaScript engine in it has three megabytes.
const MAX: u64 = 256 << 20;

/// Where compiled components are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: Option<PathBuf>,
}

impl Cache {
    /// Kept in this directory, which is made when there is something to keep.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory: Some(directory) }
    }

    /// Nothing is kept.
    #[must_use]
    pub fn none() -> Self {
        Self { directory: None }
    }

    fn path(&self, module: &str, engine: &str) -> Option<PathBuf> {
        Some(self.directory.as_ref()?.join(format!("{module}-{engine}.cwasm")))
    }

    /// The compiled form of a module for an engine, if there is one that can be trusted.
    pub(super) fn find(&self, module: &str, engine: &str) -> Option<Proven> {
        let path = self.path(module, engine)?;
        match read(&path) {
            Ok(proven) => Some(proven),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a compiled plugin is not used; it is compiled anew");
                None
            }
        }
    }

    /// Keeps it. Where it is; `None`: nothing is kept at all.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(super) fn keep(&self, module: &str, engine: &str, code: &Proven) -> io::Result<Option<PathBuf>> {
        let Some((directory, path)) = self.directory.as_ref().zip(self.path(module, engine)) else { return Ok(None) };
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let new = path.with_extension("new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(format!("{HEAD}{}\n", digest::of(code.bytes())).as_bytes())?;
        file.write_all(code.bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        Ok(Some(path))
    }
}

fn read(path: &Path) -> io::Result<Proven> {
    let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    for part in [path.parent(), Some(path)].into_iter().flatten() {
        let meta = fs::symlink_metadata(part)?;
        if meta.is_symlink() {
            return Err(refused("a symbolic link"));
        }
        if let Some(why) = untrusted(meta.uid(), meta.mode()) {
            return Err(refused(why));
        }
    }
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = File::options().read(true).custom_flags(nofollow).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || untrusted(meta.uid(), meta.mode()).is_some() || meta.mode() & 0o020 != 0 {
        return Err(refused("others may write to it"));
    }
    let mut head = [0; HEAD.len() + 65];
    file.read_exact(&mut head).map_err(|_| refused("cut short"))?;
    // Once in memory, and no larger than it is: a plugin's thread keeps what it had at its largest.
    let mut code = Vec::with_capacity(usize::try_from(meta.len().min(MAX)).unwrap_or_default());
    file.take(MAX).read_to_end(&mut code)?;
    let sum = std::str::from_utf8(&head).ok().and_then(|head| head.strip_prefix(HEAD)?.strip_suffix('\n'));
    match sum {
        Some(sum) if sum == digest::of(&code) => Ok(Proven::vouch(code)),
        Some(_) => Err(refused("its sum is wrong")),
        None => Err(refused("not of this program")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn kept() -> (tempfile::TempDir, Cache, PathBuf) {
        let scratch = tempfile::tempdir().unwrap();
        let cache = Cache::new(scratch.path().join("plugins"));
        let path = cache.keep("abc", "engine", &Proven::vouch(b"code".to_vec())).unwrap().unwrap();
        (scratch, cache, path)
    }

    #[test]
    fn what_was_kept_is_found() {
        let (_scratch, cache, path) = kept();
        assert_eq!(cache.find("abc", "engine").unwrap().bytes(), b"code");
        assert!(cache.find("abc", "another").is_none() && cache.find("abd", "engine").is_none());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(Cache::none().keep("abc", "engine", &Proven::vouch(Vec::new())).unwrap().is_none());
    }

    /// Every single flipped bit, and every cut: none is loaded.
    #[test]
    fn safe_3_a_corrupted_entry_is_never_loaded() {
        let (_scratch, cache, path) = kept();
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                fs::write(&path, &bad).unwrap();
                assert!(cache.find("abc", "engine").is_none(), "byte {at}, bit {bit}");
            }
            fs::write(&path, &good[..at]).unwrap();
            assert!(cache.find("abc", "engine").is_none(), "cut at {at}");
        }
        fs::write(&path, &good).unwrap();
        assert!(cache.find("abc", "engine").is_some());
    }

    #[test]
    fn safe_3_an_entry_that_others_may_write_is_not_loaded() {
        let (_scratch, cache, path) = kept();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for (what, bad, good) in
            [(path.as_path(), 0o602, 0o600), (&path, 0o620, 0o600), (path.parent().unwrap(), 0o703, 0o700)]
        {
            mode(what, bad);
            assert!(cache.find("abc", "engine").is_none(), "{what:?} {bad:o}");
            mode(what, good);
            assert!(cache.find("abc", "engine").is_some());
        }
        let elsewhere = path.with_extension("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert!(cache.find("abc", "engine").is_none(), "a symbolic link");
    }
}
