//! `wwan config reset`: back to what was shipped, with a way back from there.
//!
//! Local is whatever lies above the lowest layers that are a valid configuration by themselves: with shipped defaults
//! (`/usr/lib/wwan.d`) the administrator's file and all drop-ins, without them the drop-ins of `/etc/wwan.d` and
//! `/run/wwan.d` only. Nothing is deleted: a file that does not count any more is renamed beside its place.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use crate::cli::Context;
use crate::cli::exit::{CliError, Exit};
use crate::config;
use crate::host::files::Layers;

/// Go back to the shipped configuration; local files are renamed, not deleted
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Do it, instead of showing what would be done
    #[arg(long)]
    yes: bool,
    /// The directory that stands for the root of the system
    #[arg(long, hide = true, default_value = "/", value_name = "DIR")]
    root: PathBuf,
}

/// What a file is called afterwards: no layer takes a name with this end.
const BACKUP: &str = "before-reset";

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let layers = Layers::below(&args.root);
    let Some(local) = local(&layers) else {
        let why = "no layer alone is a valid configuration, so there is nothing to go back to";
        return Err(CliError::ConfigInvalid(why.to_owned()));
    };
    if local.is_empty() {
        context.out.line("nothing to do: there are no local files")?;
        return Ok(Exit::Done);
    }
    for file in &local {
        let backup = free_name(file);
        if args.yes {
            let write = |source| CliError::Write { path: file.clone(), source };
            fs::rename(file, &backup).map_err(write)?;
        }
        let verb = if args.yes { "renamed" } else { "would rename" };
        context.out.line(format_args!("{verb} {} to {}", file.display(), backup.display()))?;
    }
    let end = match args.yes {
        true => "done; a running daemon takes it over at once. Rename a file back to undo it",
        false => "nothing was changed; --yes does it. `wwan plan` says afterwards what it leads to",
    };
    context.out.line(end)?;
    Ok(if args.yes { Exit::Done } else { Exit::Changes })
}

/// The files above the lowest layers that are valid alone; `None`: no layers are.
fn local(layers: &Layers) -> Option<Vec<PathBuf>> {
    let files = |places: usize| -> Vec<PathBuf> {
        let below = Layers(layers.0.iter().take(places).cloned().collect());
        below.read().into_iter().map(|source| PathBuf::from(source.path)).collect()
    };
    let valid = |places: &usize| {
        let below = Layers(layers.0.iter().take(*places).cloned().collect());
        config::load(&below.read()).config.is_some()
    };
    let shipped = (1..=layers.0.len()).find(valid)?;
    Some(files(layers.0.len()).split_off(files(shipped).len()))
}

/// A name beside the file that nobody has.
fn free_name(file: &Path) -> PathBuf {
    let named = |number: u32| {
        let mut name = file.as_os_str().to_owned();
        name.push(if number == 0 { format!(".{BACKUP}") } else { format!(".{BACKUP}-{number}") });
        PathBuf::from(name)
    };
    (0..).map(named).find(|name| !name.exists() && !name.is_symlink()).unwrap_or_else(|| named(0))
}
