//! `wwan explain`: why each modem is as it is, and what happens next; `wwan explain provider`: why this entry.

use clap::{Args as ClapArgs, ValueEnum};

use super::exit::{CliError, Exit};
use super::out::{Out, Tone};
use super::status::{ago, said};
use super::table::{self, Cell};
use super::{Context, Format, plan};
use crate::api::types::{ChoiceView, ModemExplanationView};
use crate::api::{ClientError, Request, Response};

/// Say why a modem is online or not, and what happens next
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// What to explain
    #[arg(value_enum, default_value_t)]
    topic: Topic,
    /// Only this modem
    #[arg(long)]
    modem: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Topic {
    /// Why it is online or not.
    #[default]
    State,
    /// Why this service provider was chosen, and no other.
    Provider,
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let Args { topic, modem, output } = args;
    let request = match topic {
        Topic::State => Request::Explain { modem },
        Topic::Provider => Request::ExplainProvider { modem },
    };
    let response = context.client()?.ask(&request)?;
    let lines: Vec<String> = match &response {
        Response::Explanation(explanation) => {
            explanation.modems.iter().flat_map(|modem| state(context.out, modem)).collect()
        }
        Response::Providers(providers) => {
            providers.modems.iter().flat_map(|choice| provider(context.out, choice)).collect()
        }
        _ => return Err(ClientError::Unexpected.into()),
    };
    match output {
        Format::Json => context.json(&response)?,
        Format::Table | Format::Wide => lines.into_iter().try_for_each(|line| context.out.line(line))?,
    }
    Ok(Exit::Done)
}

/// `explain` of one modem.
pub(super) fn state(out: Out, modem: &ModemExplanationView) -> Vec<String> {
    let name = out.paint(Tone::Strong, &modem.name);
    let mut lines = Vec::new();
    match &modem.diagnosis {
        None => lines.push(format!("{name} is {}.", out.paint(Tone::Good, "online"))),
        Some(diagnosis) => {
            let word = if modem.online { out.paint(Tone::Good, "online") } else { out.paint(Tone::Bad, "not online") };
            let because = if modem.online { "although" } else { "because" };
            let (condition, status) = (&diagnosis.condition, &diagnosis.status);
            let since = ago(diagnosis.since_ms);
            lines.push(format!("{name} is {word} {because} {condition} is {status} for {since}."));
        }
    }
    let rows: Vec<Vec<Cell>> = modem
        .holds
        .iter()
        .map(|condition| {
            vec![
                (Tone::Good, "  ok".to_owned()),
                (Tone::Plain, condition.condition.clone()),
                (Tone::Faint, condition.message.clone()),
            ]
        })
        .collect();
    lines.extend(table::lines(out, 2, &rows));
    if let Some(diagnosis) = &modem.diagnosis {
        lines.push(format!("  {}  {}", out.paint(Tone::Bad, "->"), said(diagnosis)));
    }
    lines.extend(modem.attempts.iter().map(|(action, how)| format!("  {action}: {how}")));
    if let Some(chosen) = &modem.provider {
        lines.push(format!("  provider {}: {} ({})", chosen.name, chosen.because, chosen.origin));
    }
    lines.push(format!("  {}", plan::next(&modem.next)));
    if let Some(in_ms) = modem.recovery_in_ms {
        lines.push(format!("  recovery: stronger means in {}, if nothing helps before", ago(in_ms)));
    }
    lines
}

/// `explain provider` of one modem.
pub(super) fn provider(out: Out, choice: &ChoiceView) -> Vec<String> {
    let mut lines = vec![out.paint(Tone::Strong, &choice.name)];
    if choice.entries.is_empty() {
        lines.push("  nothing is chosen before the SIM card is read".to_owned());
    }
    let rows: Vec<Vec<Cell>> = choice
        .entries
        .iter()
        .enumerate()
        .map(|(place, entry)| {
            let tone = if entry.chosen { Tone::Good } else { Tone::Plain };
            vec![
                (Tone::Plain, format!("  [{place}]")),
                (tone, entry.name.clone()),
                (tone, entry.because.clone()),
                (Tone::Faint, format!("({})", entry.origin)),
            ]
        })
        .collect();
    lines.extend(table::lines(out, 2, &rows));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::{ConditionView, EntryView, NextView, ProviderView};

    fn condition(condition: &str, status: &str, reason: &str, message: &str) -> ConditionView {
        ConditionView {
            condition: condition.into(),
            status: status.into(),
            reason: reason.into(),
            message: message.into(),
            since_ms: 250_000,
            observed_generation: 1,
        }
    }

    #[test]
    fn the_chain_leads_to_the_first_condition_that_does_not_hold() {
        let modem = ModemExplanationView {
            name: "wwan0".into(),
            online: false,
            holds: vec![
                condition("ModemPresent", "True", "Enumerated", "control port is open"),
                condition("SimReady", "True", "Ready", "the card is ready"),
            ],
            diagnosis: Some(condition(
                "DataConnected",
                "False",
                "CallFailed",
                "ipv4 session with apn \"corp\": 3gpp 33 (service option not subscribed) (3 in a row)",
            )),
            provider: Some(ProviderView {
                name: "corp".into(),
                apn: "corp".into(),
                because: "ICCID prefix 8973611".into(),
                origin: "/etc/wwan.yaml:10".into(),
            }),
            attempts: [("start-session-ipv4".to_owned(), "3 in a row without success".to_owned())].into(),
            next: NextView::Wait { reason: "CallFailed".into(), message: "refused".into(), in_ms: Some(360_000) },
            recovery_in_ms: Some(600_000),
        };
        assert_eq!(
            state(Out::plain(), &modem),
            [
                "wwan0 is not online because DataConnected is False for 4m10s.",
                "  ok  ModemPresent  control port is open",
                "  ok  SimReady      the card is ready",
                "  ->  DataConnected=False CallFailed: ipv4 session with apn \"corp\": \
                 3gpp 33 (service option not subscribed) (3 in a row)",
                "  start-session-ipv4: 3 in a row without success",
                "  provider corp: ICCID prefix 8973611 (/etc/wwan.yaml:10)",
                "  waits: CallFailed: refused; looks again in 6m at the latest",
                "  recovery: stronger means in 10m, if nothing helps before",
            ]
        );
    }

    #[test]
    fn every_entry_has_its_verdict() {
        let entry = |name: &str, chosen, because: &str| EntryView {
            name: name.into(),
            chosen,
            because: because.into(),
            origin: "a.yaml:1".into(),
        };
        let choice = ChoiceView {
            name: "wwan0".into(),
            entries: vec![entry("a", false, "does not fit: x"), entry("bb", true, "chosen: catch-all")],
        };
        assert_eq!(
            provider(Out::plain(), &choice),
            ["wwan0", "  [0]  a   does not fit: x    (a.yaml:1)", "  [1]  bb  chosen: catch-all  (a.yaml:1)"]
        );
    }
}
