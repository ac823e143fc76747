//! `wwan doctor`: what this machine lacks, without a daemon.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::Context;
use super::exit::{CliError, Exit};
use super::out::{Tone, remark};
use super::table;
use crate::config;
use crate::host::doctor::{Check, Verdict, examine};
use crate::host::files::Layers;
use crate::host::state::DEFAULT_DIRECTORY;

/// Say what this machine lacks to keep its modems online, without a daemon
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The configuration whose modems are looked for [default: the system's, all layers together]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the daemon keeps what outlives it
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIRECTORY)]
    state: PathBuf,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let layers = args.config.as_deref().map_or_else(Layers::system, Layers::only);
    let loaded = config::load(&layers.read());
    if loaded.config.is_none() {
        remark(format_args!("wwan: the configuration is not valid, and is left out here: wwan validate says why"));
    }
    let entries: Vec<_> = loaded.config.iter().flat_map(|config| &config.modems).collect();
    let checks = examine(Path::new("/"), &args.state, &entries);
    for line in table::lines(context.out, 2, &checks.iter().flat_map(rows).collect::<Vec<_>>()) {
        context.out.line(line)?;
    }
    let worst = checks.iter().map(|check| check.verdict).max();
    Ok(if worst == Some(Verdict::Bad) || loaded.config.is_none() { Exit::Failed } else { Exit::Done })
}

/// A line for what was seen, and one for what helps.
fn rows(check: &Check) -> Vec<Vec<table::Cell>> {
    let (tone, word) = match check.verdict {
        Verdict::Good => (Tone::Good, "good"),
        Verdict::Notable => (Tone::Pending, "note"),
        Verdict::Bad => (Tone::Bad, "bad"),
    };
    let seen = vec![(tone, word.to_owned()), (Tone::Strong, check.what.clone()), (Tone::Plain, check.says.clone())];
    let helps = check.remedy.map(|remedy| {
        vec![(Tone::Plain, String::new()), (Tone::Plain, String::new()), (Tone::Faint, format!("→ {remedy}"))]
    });
    std::iter::once(seen).chain(helps).collect()
}
