//! `wwan quick-configure APN`: writes the smallest configuration there is.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Context;
use super::exit::{CliError, Exit};
use crate::config::{self, Source};
use crate::host::files;

/// Write the minimal configuration file
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The access point name
    apn: String,
    /// The interface of the modem
    #[arg(long, default_value = "wwan0")]
    modem: String,
    /// The file to write
    #[arg(long, default_value = "/etc/wwan.yaml", value_name = "FILE")]
    file: PathBuf,
    /// Replace a file that exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let text = minimal(&args.modem, &args.apn);
    let loaded = config::load(&[Source::new(args.file.display().to_string(), text.clone())]);
    if let Some(error) = loaded.diagnostics.errors().next() {
        return Err(CliError::Usage(error.title()));
    }
    if args.file.exists() && !args.force {
        return Err(CliError::Exists { path: args.file.clone() });
    }
    files::replace(&args.file, &text, None).map_err(|source| CliError::Write { path: args.file.clone(), source })?;
    context.out.line(format_args!("wrote {}; a running daemon takes it over at once", args.file.display()))?;
    Ok(Exit::Done)
}

/// JSON text is YAML text: a name with any character in it stays what it is.
fn minimal(modem: &str, apn: &str) -> String {
    let scalar = |text: &str| {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.');
        let letters = text.starts_with(|c: char| c.is_ascii_lowercase()) && !reserved(text);
        if plain && letters { text.to_owned() } else { serde_json::Value::from(text).to_string() }
    };
    let (modem, apn) = (scalar(modem), scalar(apn));
    format!("version: 1\nmodems:\n  {modem}:\n    service_providers:\n      - apn: {apn}\n")
}

/// Words that some YAML reader takes for something else than text.
fn reserved(text: &str) -> bool {
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimal_file_is_the_one_of_the_manual() {
        assert_eq!(
            minimal("wwan0", "internet"),
            "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n"
        );
    }

    #[test]
    fn any_access_point_name_survives() {
        for apn in ["internet", "corp.m2m", "no", "1234567", "a: b", "#x", "\"", "Super"] {
            let loaded = config::load(&[Source::new("x.yaml", minimal("wwan0", apn))]);
            let Some(config) = loaded.config else { continue };
            let entry = &config.modems[&"wwan0".into()].service_providers[0];
            assert_eq!(entry.named_apn().map(|named| named.0.as_str()), Some(apn));
        }
    }
}
