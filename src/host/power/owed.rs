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
    found_off: bool,
    boot: String,
}

impl Note {
    pub(super) fn of(device: &UsbDevice, means: Means, found_off: bool) -> Self {
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

    /// Written before the device is let go. Where nothing can be written the device is let go all the same: it is in
    /// trouble already, and that we die in the next second is unlikely.
    pub(super) fn write(&self, modem: &ModemName, note: &Note) {
        let text = serde_json::to_string(note).unwrap_or_default();
        let written =
            fs::create_dir_all(&self.directory).and_then(|()| files::replace(&self.file(modem), &text, None));
        if let Err(why) = written {
            tracing::warn!(%modem, why = in_words(&why), "no note is kept of a device that is let go");
        }
    }

    /// The device is taken back.
    pub(super) fn forget(&self, modem: &ModemName) {
        // There may be none, where nothing can be written.
        drop(fs::remove_file(self.file(modem)));
    }

    /// What is noted of a modem.
    pub(super) fn of(&self, modem: &ModemName) -> Option<Note> {
        serde_json::from_slice(&fs::read(self.file(modem)).ok()?).ok()
    }

    /// Takes back whatever can be; whether nothing is owed any more.
    fn take_back(&self, roots: &Roots) -> bool {
        let notes = device::children(&self.directory).into_iter().filter_map(|path| {
            let modem = ModemName::from(path.file_name()?.to_str()?.strip_suffix(".json")?);
            Some((self.of(&modem), modem))
        });
        let mut nothing_left = true;
        for (note, modem) in notes {
            let device = note.as_ref().and_then(Note::device);
            match (note, device) {
                (Some(note), Some(_)) if note.found_off => {}
                (Some(note), Some(device)) => match device.take_back(roots, note.means) {
                    Ok(()) => {
                        tracing::info!(%modem, device = %device.path.display(), "taken back: it had been let go");
                        self.forget(&modem);
                    }
                    Err(UsbError::Gone { .. }) => self.forget(&modem),
                    Err(why) => {
                        tracing::warn!(%modem, why = in_words(&why), "the device is not taken back");
                        nothing_left = false;
                    }
                },
                (_, None) | (None, _) => self.forget(&modem),
            }
        }
        nothing_left
    }

    fn file(&self, modem: &ModemName) -> PathBuf {
        self.directory.join(format!("{modem}.json"))
    }
}

/// Takes back what is owed, and goes on trying for what cannot be taken back at once.
pub(super) async fn redeem(owed: Owed, roots: Roots, again: Duration) {
    for _ in 0..TRIES {
        let (owed, roots) = (owed.clone(), roots.clone());
        // A panic in there would come again.
        if tokio::task::spawn_blocking(move || owed.take_back(&roots)).await.unwrap_or(true) {
            return;
        }
        tokio::time::sleep(again).await;
    }
}

fn boot() -> String {
    fs::read_to_string(BOOT).map(|id| id.trim().to_owned()).unwrap_or_default()
}
