//! Devices that we have let go and owe the host: a note per modem, kept in a file, so that a daemon that dies between
//! letting go and taking back leaves nothing dead behind.
//!
//! A note is void when the device was plugged anew or the host was started anew: either makes the kernel forget what we
//! did.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::device;
use super::super::files;
use super::super::in_words;
use super::super::port::Roots;
use super::usb_device::{Means, UsbDevice, UsbError};
use crate::model::ModemName;

/// The directory of the notes, below that of the state.
const DIRECTORY: &str = "let-go";
/// Names one run of the kernel.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// A device that cannot be taken back is tried so often; whatever keeps it from us then is not ours to cure.
const TRIES: u32 = 30;

/// What is written down before a device is let go.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    device: PathBuf,
    arrival: String,
    means: Means,
    /// It was so before we came: it is only where the modem is, not what we owe.
    pub(super) found_off: bool,
    boot: String,
}

impl Note {
    fn of(device: &UsbDevice, means: Means, found_off: bool) -> Self {
        let UsbDevice { path, arrival } = device.clone();
        Self { device: path, arrival, means, found_off, boot: boot() }
    }

    /// The device, unless the note is void.
    pub(super) fn device(&self) -> Option<UsbDevice> {
        let device = UsbDevice { path: self.device.clone(), arrival: self.arrival.clone() };
        (self.boot == boot() && device.is_there()).then_some(device)
    }
}

/// The notes.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    directory: PathBuf,
}

impl Owed {
    /// The notes below the directory of the state.
    pub(super) fn new(state: &Path) -> Self {
        Self { directory: state.join(DIRECTORY) }
    }

    /// Lets a device go, and notes it before.
    ///
    /// # Errors
    /// It cannot be let go; then nothing is owed.
    pub(super) fn let_go(
        &self,
        roots: &Roots,
        modem: &ModemName,
        device: &UsbDevice,
        (means, found_off): (Means, bool),
    ) -> Result<(), UsbError> {
        self.write(modem, &Note::of(device, means, found_off));
        device.let_go(roots, means).inspect_err(|_| self.forget(modem))
    }

    /// Takes a device back, and forgets that it was owed.
    ///
    /// # Errors
    /// It cannot be taken back; it is still owed.
    pub(super) fn give_back(
        &self,
        roots: &Roots,
        modem: &ModemName,
        device: &UsbDevice,
        means: Means,
    ) -> Result<(), UsbError> {
        device.take_back(roots, means)?;
        self.forget(modem);
        Ok(())
    }

    /// Written before the device is let go. Where nothing can be written the device is let go all the same: it is in
    /// trouble already, and that we die in the next second is unlikely.
    fn write(&self, modem: &ModemName, note: &Note) {
        let text = serde_json::to_string(note).unwrap_or_default();
        let written = fs::create_dir_all(&self.directory).and_then(|()| files::replace(&self.file(modem), &text, None));
        if let Err(why) = written {
            tracing::warn!(%modem, why = in_words(&why), "no note is kept of a device that is let go");
        }
    }

    /// The device is taken back.
    fn forget(&self, modem: &ModemName) {
        // There may be none, where nothing can be written.
        drop(fs::remove_file(self.file(modem)));
    }

    /// What is noted of a modem.
    pub(super) fn of(&self, modem: &ModemName) -> Option<Note> {
        serde_json::from_slice(&fs::read(self.file(modem)).ok()?).ok()
    }

    /// The modems of which something is noted.
    pub(super) fn modems(&self) -> Vec<ModemName> {
        let notes = device::children(&self.directory);
        let modem = |path: &PathBuf| Some(ModemName::from(path.file_name()?.to_str()?.strip_suffix(".json")?));
        notes.iter().filter_map(modem).collect()
    }

    /// Takes back what is owed of these modems; those for which that failed.
    pub(super) fn take_back(&self, roots: &Roots, modems: Vec<ModemName>) -> Vec<ModemName> {
        modems.into_iter().filter(|modem| !self.settle(roots, modem)).collect()
    }

    /// Whether nothing is owed any more.
    fn settle(&self, roots: &Roots, modem: &ModemName) -> bool {
        let note = self.of(modem);
        let Some((note, device)) = note.and_then(|note| Some((note.clone(), note.device()?))) else {
            self.forget(modem);
            return true;
        };
        if note.found_off {
            return true;
        }
        match device.take_back(roots, note.means) {
            Ok(()) => tracing::info!(%modem, device = %device.path.display(), "taken back: it had been let go"),
            Err(UsbError::Gone { .. }) => {}
            Err(why) => {
                tracing::warn!(%modem, why = in_words(&why), "the device is not taken back");
                return false;
            }
        }
        self.forget(modem);
        true
    }

    fn file(&self, modem: &ModemName) -> PathBuf {
        self.directory.join(format!("{modem}.json"))
    }
}

/// Takes back what is owed of these modems, and goes on trying for what cannot be taken back at once.
pub(super) async fn redeem(owed: Owed, roots: Roots, mut modems: Vec<ModemName>, again: Duration) {
    for _ in 0..TRIES {
        let (owed, roots) = (owed.clone(), roots.clone());
        // A panic in there would come again.
        modems = tokio::task::spawn_blocking(move || owed.take_back(&roots, modems)).await.unwrap_or_default();
        if modems.is_empty() {
            return;
        }
        tokio::time::sleep(again).await;
    }
}

fn boot() -> String {
    fs::read_to_string(BOOT).map(|id| id.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A device without anything but its switch.
    fn device(dir: &Path) -> (Roots, UsbDevice) {
        let path = dir.join("sys/devices/1-3");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("devnum"), "7\n").unwrap();
        fs::write(path.join("authorized"), "0\n").unwrap();
        let roots = Roots { sys: dir.join("sys"), dev: dir.join("dev"), proc: "/nowhere".into() };
        (roots, UsbDevice::at(&path).unwrap())
    }

    fn authorized(device: &UsbDevice) -> String {
        fs::read_to_string(device.path.join("authorized")).unwrap().trim().to_owned()
    }

    #[test]
    fn what_cannot_be_taken_back_stays_owed() {
        let dir = tempfile::tempdir().unwrap();
        let (roots, device) = device(dir.path());
        let owed = Owed::new(&dir.path().join("state"));
        owed.write(&"wwan0".into(), &Note::of(&device, Means::Authorized, false));
        let switch = device.path.join("authorized");
        fs::remove_file(&switch).unwrap();
        symlink("/dev/full", &switch).unwrap();
        assert_eq!(owed.take_back(&roots, owed.modems()), ["wwan0".into()]);
        fs::remove_file(&switch).unwrap();
        fs::write(&switch, "0\n").unwrap();
        assert_eq!(owed.take_back(&roots, owed.modems()), []);
        assert_eq!((authorized(&device).as_str(), owed.of(&"wwan0".into())), ("1", None));
    }

    #[test]
    fn a_note_of_another_arrival_or_another_boot_is_void() {
        let dir = tempfile::tempdir().unwrap();
        let (roots, device) = device(dir.path());
        let owed = Owed::new(&dir.path().join("state"));
        let other = UsbDevice { arrival: "6".into(), ..device.clone() };
        owed.write(&"wwan0".into(), &Note::of(&other, Means::Authorized, false));
        owed.write(&"wwan1".into(), &Note { boot: "another".into(), ..Note::of(&device, Means::Authorized, false) });
        fs::write(dir.path().join("state/let-go/wwan2.json"), "{\"device\":").unwrap();
        assert_eq!(owed.take_back(&roots, owed.modems()), []);
        assert_eq!(authorized(&device), "0", "somebody else's");
        assert_eq!(device::children(&dir.path().join("state/let-go")), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_was_let_go_before_we_came_stays_so() {
        let dir = tempfile::tempdir().unwrap();
        let (roots, device) = device(dir.path());
        let owed = Owed::new(&dir.path().join("state"));
        owed.write(&"wwan0".into(), &Note::of(&device, Means::Authorized, true));
        assert_eq!(owed.take_back(&roots, owed.modems()), []);
        assert_eq!(authorized(&device), "0");
        assert_eq!(owed.of(&"wwan0".into()).unwrap().device(), Some(device), "it is remembered where it is");
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_owed() {
        let dir = tempfile::tempdir().unwrap();
        let (_, device) = device(dir.path());
        fs::write(dir.path().join("state"), "").unwrap();
        let owed = Owed::new(&dir.path().join("state"));
        owed.write(&"wwan0".into(), &Note::of(&device, Means::Driver, false));
        assert_eq!(owed.of(&"wwan0".into()), None);
        owed.forget(&"wwan0".into());
    }
}
