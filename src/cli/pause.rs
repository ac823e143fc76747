//! `wwan pause`, `wwan resume`: nothing is written to a modem for a while, so that somebody can work on it by hand.

use std::time::Duration;

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::{Context, duration};
use crate::api::Request;
use crate::model::time::{millis, spoken};

/// Nobody works on a modem for longer without coming back to it.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Write nothing to a modem for a while; what is wrong meanwhile is still shown
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Only this modem
    modem: Option<String>,
    /// For how long: 30m, 2h; a pause that was forgotten ends by itself
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = length)]
    span: Duration,
}

/// End a pause
#[derive(Debug, ClapArgs)]
pub struct ResumeArgs {
    /// Only this modem
    modem: Option<String>,
}

fn length(text: &str) -> Result<Duration, String> {
    let span = duration(text)?;
    if span.is_zero() || span > LONGEST {
        return Err(format!("\"{text}\" is not between 1s and {}; `wwan resume` ends a pause", spoken(LONGEST)));
    }
    Ok(span)
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let Args { modem, span } = args;
    let for_ms = millis(span);
    context.client()?.ask(&Request::Pause { modem: modem.clone(), for_ms })?;
    let who = modem.unwrap_or_else(|| "every modem".to_owned());
    context.out.line(format_args!("{who} is left alone for {}; end it with: wwan resume", spoken(span)))?;
    Ok(Exit::Done)
}

pub(super) fn resume(args: ResumeArgs, context: &Context) -> Result<Exit, CliError> {
    context.client()?.ask(&Request::Resume { modem: args.modem })?;
    context.out.line("goes on")?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_has_an_end() {
        assert_eq!(length("2h"), Ok(Duration::from_secs(7200)));
        for bad in ["0s", "200h", "soon"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }
}
