//! The way to the files of the configuration: every directory and every link that it passes through.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::host::files::{Layers, Place};

/// Links followed on one path; the kernel stops at as many.
const LINKS: usize = 40;

/// What to watch, and what of it matters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Trail {
    directories: BTreeSet<PathBuf>,
    /// Links and files: an event on one of them matters.
    steps: BTreeSet<PathBuf>,
    /// Directories of drop-ins: an event on anything in them matters.
    open: BTreeSet<PathBuf>,
}

impl Trail {
    /// The way to all places as it is now.
    pub(super) fn to(layers: &Layers) -> Self {
        let mut trail = Self::default();
        for place in &layers.0 {
            match place {
                Place::File(path) => drop(trail.follow(path)),
                Place::Directory(path) => {
                    let Some(directory) = trail.follow(path) else { continue };
                    if let Ok(entries) = fs::read_dir(&directory) {
                        entries.flatten().filter(|e| e.path().is_symlink()).for_each(|e| drop(trail.follow(&e.path())));
                    }
                    trail.directories.insert(directory.clone());
                    trail.open.insert(directory);
                }
            }
        }
        trail
    }

    /// The directories to watch.
    pub(super) fn directories(&self) -> &BTreeSet<PathBuf> {
        &self.directories
    }

    /// Whether something that happened to `path` may have changed what the files say.
    pub(super) fn leads_to(&self, path: &Path) -> bool {
        let inside = || path.parent().is_some_and(|parent| self.open.contains(parent));
        self.steps.contains(path) || self.directories.contains(path) || inside()
    }

    /// Notes every step of a path and gives its end if that exists. Where the path breaks off, the directory it
    /// breaks off in is watched for the missing name.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut ahead: Vec<OsString> = components(&path);
        let mut reached = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                reached.pop();
                continue;
            }
            let step = reached.join(&name);
            let Ok(meta) = fs::symlink_metadata(&step) else {
                self.note(reached, step);
                return None;
            };
            if meta.is_symlink() {
                links += 1;
                let target = fs::read_link(&step).ok().filter(|_| links <= LINKS);
                self.note(reached.clone(), step);
                let target = target?;
                if target.is_absolute() {
                    reached = PathBuf::from("/");
                }
                ahead.extend(components(&target));
            } else if ahead.is_empty() {
                self.note(reached, step.clone());
                return Some(step);
            } else {
                reached = step;
            }
        }
        Some(reached)
    }

    fn note(&mut self, directory: PathBuf, step: PathBuf) {
        self.directories.insert(directory);
        self.steps.insert(step);
    }
}

/// The names of a path, last first.
fn components(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    names.rev().collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn dirs(trail: &Trail, root: &Path) -> Vec<String> {
        let below = trail.directories().iter().filter_map(|d| d.strip_prefix(root).ok());
        below.map(|d| d.display().to_string()).collect()
    }

    #[test]
    fn a_plain_file_is_watched_by_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::write(root.join("wwan.yaml"), "").unwrap();
        let trail = Trail::to(&Layers::only(root.join("wwan.yaml")));
        assert_eq!(dirs(&trail, &root), [""]);
        assert!(trail.leads_to(&root.join("wwan.yaml")));
        assert!(!trail.leads_to(&root.join("another.yaml")));
    }

    #[test]
    fn every_link_on_the_way_is_watched_where_it_lies() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("volume/..1")).unwrap();
        fs::create_dir(root.join("etc")).unwrap();
        fs::write(root.join("volume/..1/wwan.yaml"), "").unwrap();
        symlink("..1", root.join("volume/..data")).unwrap();
        symlink("../volume/..data/wwan.yaml", root.join("etc/wwan.yaml")).unwrap();
        let trail = Trail::to(&Layers::only(root.join("etc/wwan.yaml")));
        assert_eq!(dirs(&trail, &root), ["etc", "volume", "volume/..1"]);
        for step in ["etc/wwan.yaml", "volume/..data", "volume/..1/wwan.yaml"] {
            assert!(trail.leads_to(&root.join(step)), "{step}");
        }
    }

    #[test]
    fn a_missing_directory_is_awaited_in_the_nearest_one_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let trail = Trail::to(&Layers(vec![Place::Directory(root.join("etc/wwan.d"))]));
        assert_eq!(dirs(&trail, &root), [""]);
        assert!(trail.leads_to(&root.join("etc")));
    }

    #[test]
    fn links_in_a_circle_end() {
        let dir = tempfile::tempdir().unwrap();
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        assert!(!Trail::to(&Layers::only(dir.path().join("a"))).directories().is_empty());
    }
}
