//! `wwan explain`: why each modem is as it is, and what happens next; `wwan explain provider`: why this entry.

use clap::{Args as ClapArgs, ValueEnum};

use super::exit::{CliError, Exit};
use super::out::{Out, Tone};
use super::table::{self, Cell};
use super::{Context, Format};
use crate::api::types::{ChoiceView, ModemExplanationView};
use crate::api::{ClientError, Request, Response};
use crate::explain::Topic as About;

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
    let explanation = &modem.explanation;
    let tone = if explanation.online { Tone::Good } else { Tone::Bad };
    let mut lines = vec![out.paint(tone, &explanation.answer)];
    lines.extend(explanation.lines_of_text().into_iter().map(|(topic, line)| match topic {
        About::InOrder | About::NotDone => out.paint(Tone::Faint, &line),
        About::Next | About::YouCan => out.paint(Tone::Strong, &line),
        About::Since | About::Cause | About::Provider | About::Config | About::Asked | About::Tried => line,
    }));
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
    lines.extend(choice.plugins.iter().map(|said| format!("  plugin {} {}", said.plugin, said.words)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::{EntryView, SaidView};

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
            plugins: vec![SaidView { plugin: "prefer".into(), words: "has no opinion: nothing is wrong".into() }],
        };
        assert_eq!(
            provider(Out::plain(), &choice),
            [
                "wwan0",
                "  [0]  a   does not fit: x    (a.yaml:1)",
                "  [1]  bb  chosen: catch-all  (a.yaml:1)",
                "  plugin prefer has no opinion: nothing is wrong"
            ]
        );
    }
}
