//! Fuzz targets: plain functions that must come back from any bytes. The programs in `src/bin` feed them.

mod api;
mod client;
mod config;
mod modem;
mod qmi;
mod script;

pub use api::api_request;
pub use client::client;
pub use config::config;
pub use script::{disturbance, scenario};

pub use qmi::{decode_ctl, decode_dms, decode_dsd, decode_nas, decode_uim, decode_wda, decode_wds, describe, frames};

/// A target: returns, or panics where something is wrong.
pub type Target = fn(&[u8]);

/// Every target with the name of its program and of its folder in `corpus`.
pub const TARGETS: &[(&str, Target)] = &[
    ("api_request", api_request),
    ("client", client),
    ("config", config),
    ("decode_ctl", decode_ctl),
    ("decode_dms", decode_dms),
    ("decode_dsd", decode_dsd),
    ("decode_nas", decode_nas),
    ("decode_uim", decode_uim),
    ("decode_wda", decode_wda),
    ("decode_wds", decode_wds),
    ("describe", describe),
    ("disturbance", disturbance),
    ("frames", frames),
    ("scenario", scenario),
];

/// The `main` of a target's program: replays files and folders, or fuzzes when built for it.
#[macro_export]
macro_rules! program {
    ($target:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $target(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay(std::env::args_os().skip(1), $target)
        }
    };
}

/// Runs `target` on every file given, and on every file of every folder given, in the order of their names.
pub fn replay(paths: impl IntoIterator<Item = impl AsRef<std::path::Path>>, target: Target) -> std::io::Result<()> {
    let mut count = 0;
    for path in paths {
        let path = path.as_ref();
        let mut files = match path.is_dir() {
            true => std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?,
            false => vec![path.to_owned()],
        };
        files.sort();
        for file in files {
            // Named before it runs, so that a crash tells whose it is.
            eprintln!("{}", file.display());
            target(&std::fs::read(file)?);
            count += 1;
        }
    }
    eprintln!("{count} inputs");
    Ok(())
}
