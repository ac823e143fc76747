//! `wwan plugin test`: what a plugin answers, or would send, without daemon and modem.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde::Deserialize;

use super::{by_hand, export, load};
use crate::cli::Context;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Tone;
use crate::model::{Plugin, ProviderQuestion, StepChoice, StepOpinion, StepQuestion};
use crate::plugin::{Asked, Cache, Loaded};

/// What to write for an answer without a choice.
const NO_OPINION: &str = "no-opinion";
/// What to write for an answer that takes no recovery step for a while.
const HOLD: &str = "hold";

/// Ask a plugin, without daemon and modem
///
/// A policy is asked; an exporter is told things, and what it would send is shown: nothing is sent. plugins/cases has
/// examples of both.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// A .wasm file
    file: PathBuf,
    /// What it is told, as JSON: one question or story, or a list of cases
    /// `{ "case": NAME, "facts": QUESTION, "expect": ANSWER }`
    #[arg(long, value_name = "FILE")]
    facts: PathBuf,
    /// What it must answer: the name of a candidate or of a recovery step, hold, or no-opinion. For a policy and a single question
    #[arg(long, value_name = "ANSWER")]
    expect: Option<String>,
    /// Its configuration, as a JSON object; of a single question that has none
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
}

/// What a plugin is told, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    facts: Facts,
    #[serde(default)]
    expect: Option<serde_json::Value>,
}

/// A question or story as people write it: the plugin's configuration is an object, not a text.
#[derive(Debug, Deserialize)]
struct Facts {
    #[serde(default)]
    config: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl Facts {
    /// The plugin's configuration as JSON: its own, or that of the command line.
    fn config(&self, args: &Args) -> String {
        let own = self.config.as_ref().map(|config| serde_json::Value::Object(config.clone()).to_string());
        own.or_else(|| args.config.clone()).unwrap_or_else(|| "{}".to_owned())
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum File {
    Cases(Vec<Case>),
    One(Facts),
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let cases = cases(args)?;
    let mut failed = 0;
    let mut loaded: Option<Loaded> = None;
    for Case { case, facts, expect } in &cases {
        let config = facts.config(args);
        let plugin = match loaded.take() {
            None => load(&Plugin { config: config.clone(), ..by_hand(&args.file) }, &Cache::none())?,
            // Compiled once: another case may have another configuration.
            Some(plugin) => {
                let fits = plugin.check(&config);
                fits.map_err(|error| CliError::Plugin(format!("{case}: {error}")))?;
                plugin
            }
        };
        let usage = |what: String| CliError::Usage(format!("{}: {what}", args.facts.display()));
        let right = if plugin.description.is_some() {
            let story = serde_json::Value::Object(facts.rest.clone());
            export::play(context, &plugin, case, &config, story, expect.as_ref(), &usage)?
        } else {
            let asked = ask(&plugin, facts, config, &usage)?;
            let expect = expect.as_ref().map(|expect| match expect {
                serde_json::Value::String(name) => Ok(name.as_str()),
                other => Err(usage(format!("a policy answers with a name, not with {other}"))),
            });
            tell(context, case, &asked, expect.transpose()?)?
        };
        failed += usize::from(!right);
        loaded = Some(plugin);
    }
    if failed > 0 {
        context.out.line(format_args!("{failed} of {} answers are not as expected", cases.len()))?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

fn cases(args: &Args) -> Result<Vec<Case>, CliError> {
    let path = &args.facts;
    let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.clone(), source })?;
    let wrong = |error: serde_json::Error| CliError::Usage(format!("{}: {error}", path.display()));
    // First as JSON at all, so that a mistake has its place in the message.
    let value: serde_json::Value = serde_json::from_str(&text).map_err(wrong)?;
    let expect = args.expect.clone().map(serde_json::Value::String);
    Ok(match serde_json::from_value(value).map_err(wrong)? {
        File::Cases(cases) => cases,
        File::One(facts) => vec![Case { case: path.display().to_string(), facts, expect }],
    })
}

/// What a policy answers, by its name, and why.
type Answered = Asked<(String, String)>;

/// Asks a policy what it is made to be asked.
fn ask(
    plugin: &Loaded,
    facts: &Facts,
    config: String,
    usage: &dyn Fn(String) -> CliError,
) -> Result<Answered, CliError> {
    if plugin.is_about_steps() {
        let known = [
            "modem",
            "labels",
            "condition",
            "reason",
            "message",
            "steps",
            "built_in",
            "tried",
            "out_of_service",
            "put_off",
        ];
        let question: StepQuestion = question(facts, &known, usage)?;
        if question.steps.get(question.built_in).is_none_or(|step| step.allowed_in > 0) {
            return Err(usage("`built_in` is none of the `steps` that may be taken now".to_owned()));
        }
        let asked = plugin.ask_step(&StepQuestion { config, ..question.clone() });
        return Ok(asked.map(|StepOpinion { choice, reason }| match choice {
            StepChoice::Pass => (NO_OPINION.to_owned(), reason),
            StepChoice::Take(step) => {
                (question.steps.get(step).map_or(NO_OPINION, |step| &step.name).to_owned(), reason)
            }
            StepChoice::Hold(seconds) => (HOLD.to_owned(), format!("for {seconds} s: {reason}")),
        }));
    }
    let known = ["modem", "labels", "card", "network", "candidates", "built_in"];
    let question: ProviderQuestion = question(facts, &known, usage)?;
    if question.candidates.is_empty() {
        return Err(usage("`candidates` is empty: there is nothing to choose".to_owned()));
    }
    let asked = plugin.ask(&ProviderQuestion { config, ..question.clone() });
    Ok(asked.map(|opinion| {
        let choice = opinion.choice.and_then(|choice| question.candidates.get(choice));
        (choice.map_or(NO_OPINION, |candidate| &candidate.name).to_owned(), opinion.reason)
    }))
}

fn question<T: serde::de::DeserializeOwned>(
    facts: &Facts,
    known: &[&str],
    usage: &dyn Fn(String) -> CliError,
) -> Result<T, CliError> {
    let rest = serde_json::Value::Object(facts.rest.clone());
    let question = serde_json::from_value(rest).map_err(|error| usage(error.to_string()))?;
    match facts.rest.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => Err(usage(format!("`{unknown}` is not a part of a question"))),
        None => Ok(question),
    }
}

/// Prints one answer; whether it is as expected.
fn tell(context: &Context, case: &str, asked: &Answered, expect: Option<&str>) -> Result<bool, CliError> {
    let out = context.out;
    let (answer, why) = match &asked.answer {
        Ok(answer) => answer.clone(),
        Err(error) => ("failed".to_owned(), error.to_string()),
    };
    let right = expect.map_or(asked.answer.is_ok(), |expected| expected == answer);
    let tone = if right { Tone::Good } else { Tone::Bad };
    out.line(format_args!("{}  {}: {why}", out.paint(tone, if right { "ok    " } else { "failed" }), case))?;
    out.line(format_args!("        answers  {}", out.paint(Tone::Strong, &answer)))?;
    if let Some(expected) = expect.filter(|_| !right) {
        out.line(format_args!("        expected {expected}"))?;
    }
    let kib = asked.memory / 1024;
    out.line(out.paint(Tone::Faint, &format!("        {} instructions, {kib} KiB of memory", asked.fuel)))?;
    for line in &asked.lines {
        out.line(format_args!("        says     {}", line.text))?;
    }
    Ok(right)
}
