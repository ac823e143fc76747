//! The watch on the configuration, on a real directory: every way in which files change, and no half file.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wwan::host::clock::Clock;
use wwan::host::files::Layers;
use wwan::host::watch::{Pace, Watch};

/// Without events nothing is looked at for an hour: a test that passes was told by the kernel.
const PACE: Pace = Pace {
    settle: Duration::from_millis(20),
    unfinished: Duration::from_secs(2),
    look_again: Duration::from_secs(3600),
    poll: Duration::from_secs(3600),
};
const PATIENCE: Duration = Duration::from_secs(20);

struct Scene {
    root: PathBuf,
    watch: Watch,
    _dir: tempfile::TempDir,
}

impl Scene {
    /// A root with these files, being watched; the first report was taken.
    async fn new(prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["etc", "usr/lib", "run"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        prepare(dir.path());
        let root = dir.path().to_owned();
        let mut watch = Watch::new(Layers::below(&root), PACE, Clock::start());
        watch.changed().await;
        Self { root, watch, _dir: dir }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The next report, as `path: text` lines.
    async fn report(&mut self) -> Vec<String> {
        let sources = tokio::time::timeout(PATIENCE, self.watch.changed()).await.expect("no report in time");
        let name = |path: &str| Path::new(path).strip_prefix(&self.root).unwrap().display().to_string();
        sources.iter().map(|s| format!("{}: {}", name(&s.path), String::from_utf8_lossy(&s.bytes))).collect()
    }

    /// Reports until one is as expected: a change in several steps may be seen in several steps.
    async fn expect(&mut self, expected: &[&str]) {
        let mut report = self.report().await;
        while report != expected {
            report = self.report().await;
        }
    }
}

fn rename_over(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn saved_in_place_again_and_again() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "a").unwrap()).await;
    for text in ["b", "c", "d"] {
        fs::write(scene.at("etc/wwan.yaml"), text).unwrap();
        scene.expect(&[&format!("etc/wwan.yaml: {text}")]).await;
    }
}

#[tokio::test]
async fn renamed_over_again_and_again() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "a").unwrap()).await;
    for text in ["b", "c", "d"] {
        rename_over(&scene.at("etc/wwan.yaml"), text);
        assert_eq!(scene.report().await, [format!("etc/wwan.yaml: {text}")]);
    }
}

#[tokio::test]
async fn appears_disappears_and_appears_again() {
    let mut scene = Scene::new(|_| {}).await;
    fs::write(scene.at("etc/wwan.yaml"), "a").unwrap();
    scene.expect(&["etc/wwan.yaml: a"]).await;
    fs::remove_file(scene.at("etc/wwan.yaml")).unwrap();
    scene.expect(&[]).await;
    rename_over(&scene.at("etc/wwan.yaml"), "b");
    scene.expect(&["etc/wwan.yaml: b"]).await;
}

/// As kubelet does it: the files are links through `..data`, which is replaced by rename.
fn new_version(volume: &Path, version: &str) {
    fs::create_dir_all(volume.join(version)).unwrap();
    fs::write(volume.join(version).join("wwan.yaml"), version).unwrap();
    symlink(version, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
}

#[tokio::test]
async fn a_volume_swapped_by_its_link() {
    let mut scene = Scene::new(|root| {
        new_version(&root.join("volume"), "..v1");
        symlink("..data/wwan.yaml", root.join("volume/wwan.yaml")).unwrap();
        symlink("../volume/wwan.yaml", root.join("etc/wwan.yaml")).unwrap();
    })
    .await;
    for version in ["..v2", "..v3", "..v4"] {
        new_version(&scene.at("volume"), version);
        scene.expect(&[&format!("etc/wwan.yaml: {version}")]).await;
    }
    // The link's target is watched where it really lies, too.
    fs::write(scene.at("volume/..v4/wwan.yaml"), "in place").unwrap();
    scene.expect(&["etc/wwan.yaml: in place"]).await;
}

#[tokio::test]
async fn a_volume_mounted_as_the_drop_in_directory() {
    let mut scene = Scene::new(|root| {
        new_version(&root.join("etc/wwan.d"), "..v1");
        symlink("..data/wwan.yaml", root.join("etc/wwan.d/wwan.yaml")).unwrap();
    })
    .await;
    new_version(&scene.at("etc/wwan.d"), "..v2");
    scene.expect(&["etc/wwan.d/wwan.yaml: ..v2"]).await;
}

#[tokio::test]
async fn a_link_to_the_store_that_is_replaced() {
    let mut scene = Scene::new(|root| {
        fs::write(root.join("store-1"), "1").unwrap();
        symlink("../store-1", root.join("etc/wwan.yaml")).unwrap();
    })
    .await;
    fs::write(scene.at("store-2"), "2").unwrap();
    symlink("../store-2", scene.at("etc/wwan.yaml.tmp")).unwrap();
    fs::rename(scene.at("etc/wwan.yaml.tmp"), scene.at("etc/wwan.yaml")).unwrap();
    scene.expect(&["etc/wwan.yaml: 2"]).await;
}

#[tokio::test]
async fn drop_ins_come_and_go_with_their_directory() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "a").unwrap()).await;
    for _ in 0..3 {
        fs::create_dir(scene.at("run/wwan.d")).unwrap();
        fs::write(scene.at("run/wwan.d/1.yaml"), "1").unwrap();
        scene.expect(&["etc/wwan.yaml: a", "run/wwan.d/1.yaml: 1"]).await;
        fs::write(scene.at("run/wwan.d/2.yaml"), "2").unwrap();
        scene.expect(&["etc/wwan.yaml: a", "run/wwan.d/1.yaml: 1", "run/wwan.d/2.yaml: 2"]).await;
        fs::remove_file(scene.at("run/wwan.d/1.yaml")).unwrap();
        scene.expect(&["etc/wwan.yaml: a", "run/wwan.d/2.yaml: 2"]).await;
        fs::remove_dir_all(scene.at("run/wwan.d")).unwrap();
        scene.expect(&["etc/wwan.yaml: a"]).await;
    }
}

#[tokio::test]
async fn the_whole_directory_replaced() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "a").unwrap()).await;
    for text in ["b", "c"] {
        fs::create_dir(scene.at("new")).unwrap();
        fs::write(scene.at("new/wwan.yaml"), text).unwrap();
        fs::rename(scene.at("etc"), scene.at(&format!("before-{text}"))).unwrap();
        fs::rename(scene.at("new"), scene.at("etc")).unwrap();
        scene.expect(&[&format!("etc/wwan.yaml: {text}")]).await;
    }
}

#[tokio::test]
async fn a_file_being_written_is_not_read_before_it_is_closed() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "before").unwrap()).await;
    let mut file = File::create(scene.at("etc/wwan.yaml")).unwrap();
    file.write_all(b"first half, ").unwrap();
    // Longer than a finished file needs to settle, shorter than a forgotten writer is waited for.
    let early = tokio::time::timeout(Duration::from_millis(150), scene.watch.changed()).await;
    assert!(early.is_err(), "{early:?}");
    file.write_all(b"second half").unwrap();
    drop(file);
    assert_eq!(scene.report().await, ["etc/wwan.yaml: first half, second half"]);
}

#[tokio::test]
async fn a_writer_that_never_closes_is_not_waited_for_for_ever() {
    let mut scene = Scene::new(|_| {}).await;
    let mut file = File::create(scene.at("etc/wwan.yaml")).unwrap();
    file.write_all(b"all").unwrap();
    scene.expect(&["etc/wwan.yaml: all"]).await;
}

#[tokio::test]
async fn what_changes_nothing_is_not_reported() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "a").unwrap()).await;
    fs::write(scene.at("etc/wwan.yaml"), "a").unwrap();
    rename_over(&scene.at("etc/wwan.yaml"), "a");
    fs::write(scene.at("etc/another.yaml"), "b").unwrap();
    fs::create_dir(scene.at("etc/wwan.d")).unwrap();
    fs::write(scene.at("etc/wwan.d/.1.yaml.swp"), "b").unwrap();
    let report = tokio::time::timeout(Duration::from_millis(300), scene.watch.changed()).await;
    assert!(report.is_err(), "{report:?}");
}

#[tokio::test]
async fn a_storm_of_edits_ends_with_the_last() {
    let mut scene = Scene::new(|_| {}).await;
    for n in 0..500 {
        rename_over(&scene.at("etc/wwan.yaml"), &n.to_string());
    }
    scene.expect(&["etc/wwan.yaml: 499"]).await;
}

#[tokio::test]
async fn files_that_never_come_to_rest_are_looked_at_all_the_same() {
    let mut scene = Scene::new(|_| {}).await;
    let path = scene.at("etc/wwan.yaml");
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let editor = std::thread::spawn(move || {
        let mut edits = 0..;
        while ended.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            rename_over(&path, &edits.next().unwrap_or(0).to_string());
        }
    });
    assert_eq!(scene.report().await.len(), 1);
    assert_eq!(scene.report().await.len(), 1);
    drop(end);
    editor.join().unwrap();
}

#[tokio::test]
async fn without_any_event_a_look_now_and_then_finds_the_change() {
    let dir = tempfile::tempdir().unwrap();
    let pace = Pace { look_again: Duration::from_millis(10), unfinished: Duration::from_millis(5), ..PACE };
    // A file that does not exist below a directory that cannot be watched gives no event: procfs has no inotify.
    let path = dir.path().join("wwan.yaml");
    symlink("/proc/self/comm", &path).unwrap();
    let mut watch = Watch::new(Layers::only(&path), pace, Clock::start());
    let before = watch.changed().await;
    fs::write("/proc/self/comm", "renamed-thread").unwrap();
    let after = tokio::time::timeout(PATIENCE, watch.changed()).await.expect("no report in time");
    assert_ne!(before, after);
}

#[tokio::test]
async fn without_the_kernels_events_it_polls_and_reads_twice() {
    let dir = tempfile::tempdir().unwrap();
    let pace = Pace { poll: Duration::from_millis(10), unfinished: Duration::from_millis(5), ..PACE };
    let path = dir.path().join("wwan.yaml");
    let mut watch = Watch::polling(Layers::only(&path), pace, Clock::start());
    assert!(watch.changed().await.is_empty());
    fs::write(&path, "a").unwrap();
    let report = tokio::time::timeout(PATIENCE, watch.changed()).await.expect("no report in time");
    assert_eq!(report.len(), 1);
}

#[tokio::test]
async fn a_reread_reports_even_what_did_not_change() {
    let mut scene = Scene::new(|root| fs::write(root.join("etc/wwan.yaml"), "a").unwrap()).await;
    assert_eq!(scene.watch.reread().len(), 1);
}
