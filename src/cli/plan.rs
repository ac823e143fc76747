//! `wwan plan`: what would be done, and why; with another file before it is in force.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::out::{Out, Tone};
use super::status::ago;
use super::table::{self, Cell};
use super::{Context, Format};
use crate::api::types::{Candidate, ModemPlanView, NextView, PlanView};
use crate::api::{ClientError, Request, Response};

/// Show what would be done next, and after that, until everything is as the file asks
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Plan for this file instead of the configuration in force
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let candidate = args.config.as_ref().map(|path| {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|source| CliError::Read { path: path.clone(), source })?;
        Ok::<_, CliError>(Candidate { path: path.display().to_string(), text })
    });
    let candidate = candidate.transpose()?;
    let Response::Plan(plan) = context.client()?.ask(&Request::Plan { candidate })? else {
        return Err(ClientError::Unexpected.into());
    };
    match args.output {
        Format::Json => context.json(&plan)?,
        Format::Table | Format::Wide => lines(context.out, &plan).into_iter().try_for_each(|l| context.out.line(l))?,
    }
    let changes = plan.modems.iter().any(|modem| !modem.actions.is_empty());
    Ok(if changes { Exit::Changes } else { Exit::Done })
}

fn lines(out: Out, plan: &PlanView) -> Vec<String> {
    let mut lines: Vec<String> = plan.modems.iter().flat_map(|modem| of_modem(out, modem)).collect();
    let changes: usize = plan.modems.iter().map(|modem| modem.actions.len()).sum();
    let modems = plan.modems.iter().filter(|modem| !modem.actions.is_empty()).count();
    lines.push(match changes {
        0 => "Plan: no changes.".to_owned(),
        _ => format!("Plan: {}, {}.", counted(changes, "change"), counted(modems, "modem")),
    });
    lines
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The plan of one modem.
pub(super) fn of_modem(out: Out, modem: &ModemPlanView) -> Vec<String> {
    let mut lines = vec![out.paint(Tone::Strong, &modem.name)];
    let rows: Vec<Vec<Cell>> = modem
        .actions
        .iter()
        .map(|planned| {
            vec![
                (Tone::Pending, format!("  ~ {}", planned.stage)),
                (Tone::Plain, planned.action.clone()),
                (Tone::Faint, planned.because.clone()),
            ]
        })
        .collect();
    lines.extend(table::lines(out, 2, &rows));
    if rows.is_empty() {
        lines.push(format!("  {}", next(&modem.next)));
    }
    lines
}

/// What happens next, in one line.
pub(super) fn next(next: &NextView) -> String {
    match next {
        NextView::Act { action } => format!("next: {action}"),
        NextView::Wait { reason, message, in_ms: Some(in_ms) } => {
            format!("waits: {reason}: {message}; looks again in {} at the latest", ago(*in_ms))
        }
        NextView::Wait { reason, message, in_ms: None } => format!("waits: {reason}: {message}"),
        NextView::Converged { in_ms: Some(in_ms) } => {
            format!("everything is as the file asks; looks again in {} at the latest", ago(*in_ms))
        }
        NextView::Converged { in_ms: None } => "everything is as the file asks".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::PlannedView;

    #[test]
    fn actions_are_listed_with_their_reasons() {
        let planned = |stage: &str, action: &str, because: &str| PlannedView {
            stage: stage.into(),
            action: action.into(),
            because: because.into(),
        };
        let busy = ModemPlanView {
            name: "wwan0".into(),
            actions: vec![
                planned("RadioConfigured", "allow lte only", "the modem allows lte nr5g"),
                planned("DataConnected", "start the ipv4 session", "no session"),
            ],
            next: NextView::Act { action: "allow lte only".into() },
        };
        let idle = ModemPlanView {
            name: "wwan1".into(),
            actions: Vec::new(),
            next: NextView::Converged { in_ms: Some(61_000) },
        };
        assert_eq!(
            lines(Out::plain(), &PlanView { modems: vec![busy, idle] }),
            [
                "wwan0",
                "  ~ RadioConfigured  allow lte only          the modem allows lte nr5g",
                "  ~ DataConnected    start the ipv4 session  no session",
                "wwan1",
                "  everything is as the file asks; looks again in 1m1s at the latest",
                "Plan: 2 changes, 1 modem.",
            ]
        );
    }
}
