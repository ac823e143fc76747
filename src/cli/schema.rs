//! `wwan schema`: the JSON Schema of the configuration, for editors and pipelines.

use clap::{Args as ClapArgs, ValueEnum};

use super::Context;
use super::exit::{CliError, Exit};
use crate::config;

/// Print the JSON Schema of the configuration
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Which draft of JSON Schema
    #[arg(long, value_enum, default_value_t)]
    draft: Draft,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Draft {
    /// The newest; what the daemon validates against.
    #[default]
    #[value(name = "2020-12")]
    Newest,
    /// What editors understand.
    #[value(name = "07")]
    Editors,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    context.out.text(&match args.draft {
        Draft::Newest => config::schema_2020_12(),
        Draft::Editors => config::schema_draft_07(),
    })?;
    Ok(Exit::Done)
}
