//! `wwan events`: what happened, and with `--follow` what happens.

use std::time::Duration;

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::out::{Out, Tone};
use super::status::tone;
use super::{Context, Format};
use crate::api::types::{EventView, Happening};
use crate::api::{ClientError, Request, Response};
use crate::model::time::spoken;

/// Show what happened
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Go on with what happens, until interrupted
    #[arg(short, long)]
    follow: bool,
    /// How many of the past events at most
    #[arg(short = 'n', long, default_value_t = 20)]
    last: usize,
    /// How to print; json is one object a line
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let mut client = context.client()?;
    let request = Request::Events { last: args.last, follow: args.follow };
    let Response::Events(past) = client.ask(&request)? else { return Err(ClientError::Unexpected.into()) };
    past.events.iter().try_for_each(|event| print(args, context, event))?;
    if !args.follow {
        return Ok(Exit::Done);
    }
    loop {
        let Response::Event(event) = client.next(None)? else { return Err(ClientError::Unexpected.into()) };
        print(args, context, &event)?;
    }
}

fn print(args: &Args, context: &Context, event: &EventView) -> Result<(), CliError> {
    match args.output {
        Format::Json => {
            let text = serde_json::to_string(event).map_err(|error| CliError::Print(error.into()))?;
            context.out.line(text)
        }
        Format::Table | Format::Wide => {
            let stamp = context.out.paint(Tone::Faint, &event.at);
            context.out.line(format_args!("{stamp} {}", said(context.out, event)))
        }
    }
}

/// An event in one line; a refused configuration with all its errors.
pub(super) fn said(out: Out, event: &EventView) -> String {
    let modem = event.modem.as_deref().map(|name| out.paint(Tone::Strong, name) + " ").unwrap_or_default();
    modem + &happening(out, &event.what)
}

fn happening(out: Out, what: &Happening) -> String {
    match what {
        Happening::ConfigAccepted { generation } => {
            format!("configuration {}: generation {generation}", out.paint(Tone::Good, "accepted"))
        }
        Happening::ConfigRejected { report } => {
            format!("configuration {}\n{report}", out.paint(Tone::Bad, "refused"))
        }
        Happening::ConditionChanged { from, condition } => {
            let to = out.paint(tone(&condition.status), &condition.status);
            let (name, reason, message) = (&condition.condition, &condition.reason, &condition.message);
            format!("{name} {from}->{to} {reason}: {message}")
        }
        Happening::ActionStarted { action, because, serves } => {
            format!("{} {action}, for {serves}: {because}", out.paint(Tone::Pending, "begins"))
        }
        Happening::ActionEnded { action, failure: None } => format!("done   {action}"),
        Happening::ActionEnded { action, failure: Some(failure) } => {
            format!("{} {action}: {failure}", out.paint(Tone::Bad, "failed"))
        }
        Happening::ModemRestarted { evidence } => {
            format!("{}: {evidence}", out.paint(Tone::Pending, "the modem restarted"))
        }
        Happening::Recovery { .. } | Happening::Recovered { .. } => {
            format!("{}: {}", out.paint(Tone::Pending, "recovery"), recovery(what))
        }
        Happening::Paused { .. } | Happening::Inhibited { .. } => out.paint(Tone::Pending, &recovery(what)),
        Happening::ControllerReset { .. } => out.paint(Tone::Bad, &recovery(what)),
        Happening::ConnectionChanged { from, to, because } => {
            let tone = if to == "internet" { Tone::Good } else { Tone::Bad };
            format!("connection {from}->{}: {because}", out.paint(tone, to))
        }
        Happening::Retired => "is no longer configured and was let go".to_owned(),
    }
}

/// What recovery did, or was asked not to do, in one line.
pub(super) fn recovery(what: &Happening) -> String {
    let span = |ms: &u64| spoken(Duration::from_millis(*ms));
    match what {
        Happening::Recovery { diagnosis, step, attempt, outcome: None, next_in_ms } => {
            let next = next_in_ms.as_ref().map(|ms| format!("; if it does not help, more in {}", span(ms)));
            format!("{step}, because of {diagnosis}, step {attempt}{}", next.unwrap_or_default())
        }
        Happening::Recovery { step, attempt, outcome: Some(outcome), .. } => {
            format!("{step}, step {attempt}: {outcome}")
        }
        Happening::Recovered { diagnosis, step, attempts, took_ms } => {
            format!("{diagnosis} holds again after {}, {attempts} steps, the last one: {step}", span(took_ms))
        }
        Happening::Paused { for_ms: Some(ms) } => format!("paused for {}: nothing is written to the modem", span(ms)),
        Happening::Paused { for_ms: None } => "goes on after a pause".to_owned(),
        Happening::Inhibited { because: Some(why) } if why.is_empty() => {
            "recovery is inhibited by a file: no reset, no power cycle".to_owned()
        }
        Happening::Inhibited { because: Some(why) } => {
            format!("recovery is inhibited by a file: no reset, no power cycle; it says: {why}")
        }
        Happening::Inhibited { because: None } => "recovery is no longer inhibited".to_owned(),
        Happening::ControllerReset { panic, times } => {
            format!("an error in wwan itself, {times} times lately: {panic}; please report it")
        }
        _ => String::new(),
    }
}
