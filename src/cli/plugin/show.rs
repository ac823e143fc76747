//! `wwan plugin show`: what is in a component.

use std::path::Path;

use super::{by_hand, load};
use crate::cli::Context;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Tone;
use crate::plugin::Cache;

pub(super) fn run(file: &Path, context: &Context) -> Result<Exit, CliError> {
    let loaded = load(&by_hand(file), &Cache::none())?;
    let out = context.out;
    let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    out.line(out.paint(Tone::Strong, &file.display().to_string()))?;
    out.line(format_args!("  sha256   {}", loaded.digest))?;
    out.line(format_args!("  exports  {}", list(&loaded.exports)))?;
    out.line(format_args!("  needs    {}", list(&loaded.imports)))?;
    if let Some(description) = &loaded.description {
        let every = description.tick_seconds.map_or_else(String::new, |seconds| format!(", and every {seconds} s"));
        let wants =
            if description.properties.is_empty() { "all properties".to_owned() } else { list(&description.properties) };
        out.line(format_args!("  does     {}", description.about))?;
        out.line(format_args!("  told     {wants} when they change{every}"))?;
    }
    match &loaded.schema {
        Some(schema) => out.line(format_args!("  config   {schema}"))?,
        None => out.line("  config   anything: it has no schema")?,
    }
    Ok(Exit::Done)
}
