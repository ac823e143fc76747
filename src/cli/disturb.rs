//! `wwan disturb`: does something to a simulated modem.

use clap::Args as ClapArgs;

use super::Context;
use super::exit::{CliError, Exit};
use crate::api::Request;
use crate::sim::Disturbance;

/// Disturb a simulated modem: unplug it, take its card out, end its session …
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// What to do, with its parameters as key=value
    #[arg(required = true, num_args = 1.., value_name = "WHAT")]
    what: Vec<String>,
    /// Which modem, where there are several
    #[arg(long)]
    modem: Option<String>,
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let disturbance: Disturbance = args.what.join(" ").parse().map_err(|error| CliError::Usage(format!("{error}")))?;
    let about = disturbance.about();
    let undo = disturbance.undo();
    context.client()?.ask(&Request::Disturb { modem: args.modem, disturbance })?;
    context.out.line(format_args!("done: {about}"))?;
    if let Some(undo) = undo {
        context.out.line(format_args!("undo with: wwan disturb {undo}"))?;
    }
    Ok(Exit::Done)
}

/// Every disturbance with its parameters and what it does.
pub(super) fn list() -> String {
    let examples: Vec<(String, &str)> =
        Disturbance::all_examples().iter().map(|example| (example.to_string(), example.about())).collect();
    let width = examples.iter().map(|(text, _)| text.len()).filter(|width| *width <= 32).max().unwrap_or_default();
    let lines = examples.iter().map(|(text, about)| format!("  {text:width$}  {about}"));
    format!("What there is to do:\n{}", lines.collect::<Vec<_>>().join("\n"))
}
