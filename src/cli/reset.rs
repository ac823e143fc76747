//! `wwan reset`: restarts a modem by hand.

use clap::Args as ClapArgs;

use super::Context;
use super::exit::{CliError, Exit};
use crate::api::Request;

/// Restart a modem by its own command; with --force by its power switch, if there is one
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Which modem, where there are several
    modem: Option<String>,
    /// By the strongest means, even if it was restarted a moment ago, is paused or inhibited
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let Args { modem, force } = args;
    context.client()?.ask(&Request::Reset { modem, force })?;
    context.out.line("begun; follow it with: wwan events -f")?;
    Ok(Exit::Done)
}
