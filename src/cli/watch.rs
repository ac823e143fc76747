//! `wwan watch`: every change of what is known, as it happens.

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::out::{Out, Tone};
use super::{Context, Format};
use crate::api::types::ChangeView;
use crate::api::{ClientError, Request, Response};
use crate::property::{self, Value};

/// Show every change of named values as it happens
///
/// While somebody watches, the modem is asked for signal, cells and counters at their own pace: every half minute or so.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// As of `wwan get`
    #[arg(default_value = "*")]
    pattern: String,
    /// First show what is there now
    #[arg(long)]
    initial: bool,
    /// How to print; json gives one object a line
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let mut client = context.client()?;
    let pattern = property::spelt(&args.pattern);
    let Response::Properties(now) = client.ask(&Request::Watch { pattern })? else {
        return Err(ClientError::Unexpected.into());
    };
    for property in now.properties.iter().filter(|_| args.initial) {
        print(args, context, property, || {
            let value = property.value.to_string();
            format!("{} {}", property.name, context.out.paint(Tone::Strong, &value))
        })?;
    }
    loop {
        let Response::Change(change) = client.next(None)? else { return Err(ClientError::Unexpected.into()) };
        print(args, context, &change, || said(context.out, &change))?;
    }
}

/// One line: for programs the answer itself.
fn print<T: serde::Serialize>(
    args: &Args,
    context: &Context,
    answer: &T,
    said: impl FnOnce() -> String,
) -> Result<(), CliError> {
    match args.output {
        Format::Json => {
            let line = serde_json::to_string(answer).map_err(|error| CliError::Print(error.into()))?;
            context.out.line(line)
        }
        Format::Table | Format::Wide => context.out.line(said()),
    }
}

/// A change in one line.
fn said(out: Out, change: &ChangeView) -> String {
    let word = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    let (stamp, old, new) = (out.paint(Tone::Faint, &change.at), word(&change.old), word(&change.new));
    format!("{stamp} {} {} -> {}", change.name, out.paint(Tone::Faint, &old), out.paint(Tone::Strong, &new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_was_and_what_is() {
        let change = |old: Option<i64>, new: Option<i64>| ChangeView {
            at: "2026-01-02T03:04:05Z".into(),
            uptime_ms: 9,
            name: "wwan0.mobile.signal_dbm".into(),
            old: old.map(Value::Integer),
            old_uptime_ms: old.map(|_| 5),
            new: new.map(Value::Integer),
        };
        let said = |old, new| said(Out::plain(), &change(old, new));
        assert_eq!(said(Some(-70), Some(-74)), "2026-01-02T03:04:05Z wwan0.mobile.signal_dbm -70 -> -74");
        assert_eq!(said(None, Some(-74)), "2026-01-02T03:04:05Z wwan0.mobile.signal_dbm - -> -74");
        assert_eq!(said(Some(-74), None), "2026-01-02T03:04:05Z wwan0.mobile.signal_dbm -74 -> -");
    }
}
