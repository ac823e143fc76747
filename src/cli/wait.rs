//! `wwan wait`: until a condition holds, or not any longer than asked.

use std::time::Duration;

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::{Context, duration};
use crate::api::types::{ModemView, StatusView};
use crate::api::{Client, ClientError, Request, Response};
use crate::host::clock::Clock;
use crate::model::ConditionKind;

/// Asked again at least this often: an event may be lost, the state cannot.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Wait until a condition holds for a modem, or for all
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The condition, for example Converged, or DataConnected=False
    #[arg(long = "for", value_name = "CONDITION", default_value = "Converged", value_parser = wanted)]
    wanted: Wanted,
    /// Only this modem
    #[arg(long)]
    modem: Option<String>,
    /// How long at most: 30s, 5m, 1h30m
    #[arg(long, default_value = "5m", value_parser = duration)]
    timeout: Duration,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Wanted {
    condition: String,
    status: String,
}

/// `Converged`, or `Converged=False`; also in the form `condition=Converged`.
fn wanted(text: &str) -> Result<Wanted, String> {
    let text = text.strip_prefix("condition=").unwrap_or(text);
    let (name, status) = text.split_once('=').unwrap_or((text, "True"));
    let known: Vec<String> = ConditionKind::ALL.iter().map(ToString::to_string).collect();
    let find = |list: &[String], word: &str| list.iter().find(|item| item.eq_ignore_ascii_case(word)).cloned();
    let condition =
        find(&known, name).ok_or_else(|| format!("no condition \"{name}\"; one of {}", known.join(", ")))?;
    let statuses = ["True", "False", "Unknown"].map(str::to_owned);
    let status = find(&statuses, status).ok_or_else(|| format!("\"{status}\" is none of True, False, Unknown"))?;
    Ok(Wanted { condition, status })
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let clock = Clock::start();
    // Followed first: what happens between the question and the wait is then not missed.
    let mut events = context.client()?;
    events.ask(&Request::Events { last: 0, follow: true })?;
    loop {
        if holds(args, &status(context.client()?)?) {
            return Ok(Exit::Done);
        }
        let left = args.timeout.saturating_sub(clock.now().since(crate::model::Instant::ZERO));
        if left.is_zero() {
            let Wanted { condition, status } = &args.wanted;
            return Err(CliError::TimedOut(format!("{condition} is not {status} yet")));
        }
        match events.next(Some(left.min(ASK_AGAIN))) {
            Ok(_) | Err(ClientError::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn status(mut client: Client) -> Result<StatusView, CliError> {
    match client.ask(&Request::Status)? {
        Response::Status(status) => Ok(status),
        _ => Err(ClientError::Unexpected.into()),
    }
}

fn holds(args: &Args, status: &StatusView) -> bool {
    let mut modems = status.modems.iter().filter(|m| args.modem.as_ref().is_none_or(|name| m.name == *name)).peekable();
    modems.peek().is_some() && modems.all(|modem| is(modem, &args.wanted))
}

fn is(modem: &ModemView, wanted: &Wanted) -> bool {
    modem.conditions.iter().any(|c| c.condition == wanted.condition && c.status == wanted.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_understood_in_several_spellings() {
        let is = |condition: &str, status: &str| Ok(Wanted { condition: condition.into(), status: status.into() });
        assert_eq!(wanted("Converged"), is("Converged", "True"));
        assert_eq!(wanted("simready=false"), is("SimReady", "False"));
        assert_eq!(wanted("condition=DataConnected=Unknown"), is("DataConnected", "Unknown"));
        for bad in ["", "Online", "Converged=yes"] {
            assert!(wanted(bad).is_err(), "{bad}");
        }
    }
}
