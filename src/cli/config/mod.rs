//! `wwan config show`: the configuration as it counts, defaults and layers merged; `wwan config reset`: the shipped one.

mod reset;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::api::{ClientError, Request, Response};
use crate::cli::Context;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::remark;
use crate::config;
use crate::host::files::Layers;

/// Show the configuration as it counts, or go back to the shipped one
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print the effective configuration: layers and defaults merged, secrets left out
    Show {
        /// Say where each line comes from
        #[arg(long)]
        origin: bool,
        /// What the daemon has in force, instead of what the files say
        #[arg(long, conflicts_with = "config")]
        running: bool,
        /// This file instead of the system's
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    Reset(reset::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let (origin, running, config) = match &args.verb {
        Verb::Reset(args) => return reset::run(args, context),
        Verb::Show { origin, running, config } => (origin, running, config),
    };
    if *running {
        let Response::Config(config) = context.client()?.ask(&Request::Config { origin: *origin })? else {
            return Err(ClientError::Unexpected.into());
        };
        context.out.line(format_args!("# generation {}", config.generation))?;
        context.out.text(&config.text)?;
        return Ok(Exit::Done);
    }
    let layers = config.as_ref().map_or_else(Layers::system, Layers::only);
    let loaded = config::load(&layers.read());
    if !loaded.diagnostics.0.is_empty() {
        remark(loaded.diagnostics.render(false));
    }
    let Some(config) = loaded.config else {
        return Err(CliError::ConfigInvalid("the configuration is not valid".to_owned()));
    };
    context.out.text(&config.show(*origin))?;
    Ok(Exit::Done)
}
