//! `wwan simulate`: the whole daemon on simulated modems. (Waits for the simulator.)

use clap::Args as ClapArgs;

use super::Context;
use super::exit::{CliError, Exit};

/// Run the whole daemon on simulated modems
#[derive(Debug, ClapArgs)]
pub struct Args {}

pub(super) fn run(_args: Args, _context: &Context) -> Result<Exit, CliError> {
    Ok(Exit::Failed)
}

/// How to disturb the modem from another terminal.
pub(super) fn how_to() -> String {
    super::disturb::list()
}
