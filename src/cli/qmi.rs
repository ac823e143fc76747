//! `wwan qmi decode HEX…`: what a message says.

use clap::{Args as ClapArgs, Subcommand};

use super::Context;
use super::exit::{CliError, Exit};
use crate::qmi;

/// Tools for the QMI protocol
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Decode messages
    Decode {
        /// Hexadecimal octets, with or without spaces and colons, all together
        #[arg(required = true, value_name = "HEX")]
        hex: Vec<String>,
    },
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let Verb::Decode { hex } = &args.verb;
    let Some(octets) = qmi::from_hex(&hex.concat()) else {
        return Err(CliError::Usage("write two hexadecimal digits for each octet".to_owned()));
    };
    context.out.text(&qmi::describe(&octets))?;
    Ok(Exit::Done)
}
