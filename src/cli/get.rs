//! `wwan get`: what is known, as named values.

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::out::{Out, Tone, remark};
use super::screen::tenths;
use super::status::ago;
use super::table::{self, Cell};
use super::{Context, Format};
use crate::api::types::{PropertiesView, PropertyView};
use crate::api::{ClientError, Request, Response};
use crate::property::{self, Value};

/// Show what is known of the modems, as named values
///
/// The modem is asked for what may be out of date, for two seconds at most. One full name prints the value alone, for
/// scripts; without such a value the exit code is 1. `properties.json` describes every name.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Full name, or a pattern: `*` stands for one part or some of its letters, a last `*` for all the rest; a name
    /// stands for all below it
    #[arg(default_value = "*")]
    pattern: String,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let pattern = property::spelt(&args.pattern);
    let found = ask(context, &pattern)?;
    match (args.output, found.properties.as_slice()) {
        (Format::Json, [one]) if one.name == pattern => context.json(&one.value)?,
        (Format::Json, _) => context.json(&found)?,
        (Format::Table | Format::Wide, [one]) if one.name == pattern => context.out.line(&one.value)?,
        (output, all) => rows(context.out, output, all).into_iter().try_for_each(|line| context.out.line(line))?,
    }
    if found.properties.is_empty() {
        let hint = "`wwan get` lists what there is now; schemas/properties.json has every name there can be";
        remark(format_args!("nothing is called `{pattern}` at present: {hint}"));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// Everything that a pattern selects.
pub(super) fn ask(context: &Context, pattern: &str) -> Result<PropertiesView, CliError> {
    match context.client()?.ask(&Request::Get { pattern: pattern.to_owned() })? {
        Response::Properties(found) => Ok(found),
        _ => Err(ClientError::Unexpected.into()),
    }
}

fn rows(out: Out, output: Format, all: &[PropertyView]) -> Vec<String> {
    let row = |one: &PropertyView| -> Vec<Cell> {
        let value = match (&one.value, one.unit.as_str()) {
            (Value::Integer(value), "0.1 dB") => format!("{} dB", tenths(*value)),
            (value, unit) => format!("{value} {unit}").trim_end().to_owned(),
        };
        let age = format!("since {}", ago(one.since_ms));
        match output {
            Format::Wide => vec![(Tone::Plain, one.name.clone()), (Tone::Faint, age), (Tone::Strong, value)],
            Format::Table | Format::Json => vec![(Tone::Plain, one.name.clone()), (Tone::Strong, value)],
        }
    };
    table::lines(out, 2, &all.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_units_and_in_the_wide_form_their_age() {
        let one = |name: &str, value: Value, unit: &str| PropertyView {
            name: name.into(),
            value,
            unit: unit.into(),
            since_ms: 250_000,
        };
        let all = [
            one("wwan0.mobile.apn", Value::Text("super".into()), ""),
            one("wwan0.mobile.signal_dbm", Value::Integer(-70), "dBm"),
            one("wwan0.mobile.lte_sinr_tenth_db", Value::Integer(145), "0.1 dB"),
        ];
        assert_eq!(
            rows(Out::plain(), Format::Table, &all),
            [
                "wwan0.mobile.apn                super",
                "wwan0.mobile.signal_dbm         -70 dBm",
                "wwan0.mobile.lte_sinr_tenth_db  14.5 dB",
            ]
        );
        assert_eq!(rows(Out::plain(), Format::Wide, &all)[1], "wwan0.mobile.signal_dbm         since 4m10s  -70 dBm");
    }
}
