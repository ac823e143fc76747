//! `wwan validate`: every error of the configuration at once, without a daemon.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::Context;
use super::exit::{CliError, Exit};
use super::out::{Tone, remark};
use crate::config::{self, Diagnostics, Loaded};
use crate::host::files::Layers;

/// Check the configuration, without a daemon
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Files to check, each by itself [default: the system's, all layers together]
    files: Vec<PathBuf>,
    /// Warnings are errors
    #[arg(long)]
    strict: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let sets: Vec<(String, Layers)> = match args.files.as_slice() {
        [] => vec![("the system's configuration".to_owned(), Layers::system())],
        files => files.iter().map(|file| (file.display().to_string(), Layers::only(file))).collect(),
    };
    let mut verdict = Exit::Done;
    let mut all = Vec::new();
    for (name, layers) in sets {
        let sources = layers.read();
        if sources.is_empty() && !args.files.is_empty() {
            remark(format_args!("wwan: {name}: no such file"));
            verdict = Exit::ConfigInvalid;
            continue;
        }
        let Loaded { config, diagnostics } = config::load(&sources);
        let modems = config.map(|config| config.modems.len()).filter(|_| !(args.strict && warns(&diagnostics)));
        if modems.is_none() {
            verdict = Exit::ConfigInvalid;
        }
        match args.output {
            Form::Text => print(context, &name, modems, &diagnostics)?,
            Form::Json => all.extend(diagnostics.0),
        }
    }
    if args.output == Form::Json {
        context.json(&all)?;
    }
    Ok(verdict)
}

fn warns(diagnostics: &Diagnostics) -> bool {
    diagnostics.warnings().next().is_some()
}

fn print(context: &Context, name: &str, modems: Option<usize>, diagnostics: &Diagnostics) -> Result<(), CliError> {
    let out = context.out;
    if !diagnostics.0.is_empty() {
        out.text(&diagnostics.render(out.styled()))?;
    }
    let (errors, warnings) = (diagnostics.errors().count(), diagnostics.warnings().count());
    match modems {
        Some(modems) => {
            let valid = out.paint(Tone::Good, "valid");
            out.line(format_args!("{name}: {valid}; modems: {modems}, warnings: {warnings}"))
        }
        None => {
            let invalid = out.paint(Tone::Bad, "not valid");
            out.line(format_args!("{name}: {invalid}; errors: {errors}, warnings: {warnings}"))
        }
    }
}
