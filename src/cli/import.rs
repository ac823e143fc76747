//! `wwan import`: takes a configuration over from another program.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};

use super::Context;
use super::exit::{CliError, Exit};
use super::out::remark;
use crate::config::{self, Imported, MAX_BYTES, Source};
use crate::host::files;

/// Take a configuration over from another program
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// From VintageNetQMI: an Elixir file such as config.exs
    ///
    /// Prints wwan.yaml. Whatever could not be taken over as it was is a comment in it, and a warning on standard error.
    /// The file is read, not run: values that are computed are not known.
    VintageNet {
        /// The Elixir file, or - for standard input
        file: PathBuf,
        /// Write to this file instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace a file that exists
        #[arg(long, requires = "output")]
        force: bool,
    },
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let From::VintageNet { file, output, force } = args.from;
    let source = Source::new(file.display().to_string(), read(&file)?);
    let Imported { yaml, diagnostics } = config::import_vintage_net(&source);
    if !diagnostics.0.is_empty() {
        remark(diagnostics.render(false).trim_end());
    }
    let Some(yaml) = yaml else {
        return Err(CliError::ConfigInvalid(format!("{} could not be taken over", file.display())));
    };
    let Some(path) = output else {
        context.out.text(&yaml)?;
        return Ok(Exit::Done);
    };
    if path.exists() && !force {
        return Err(CliError::Exists { path });
    }
    files::replace(&path, &yaml, None).map_err(|source| CliError::Write { path: path.clone(), source })?;
    context.out.line(format_args!("wrote {}", path.display()))?;
    Ok(Exit::Done)
}

/// At most one byte more than an import takes, so that it can say that the file is too large.
fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    let limit = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let result = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    result.map_err(|source| CliError::Read { path: file.to_owned(), source })?;
    Ok(bytes)
}
