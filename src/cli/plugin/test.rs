//! `wwan plugin test`: what a plugin answers, without daemon and modem.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Deserialize;

use super::{by_hand, load};
use crate::cli::Context;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Tone;
use crate::model::{Plugin, ProviderQuestion};
use crate::plugin::{Asked, Cache, Loaded};

/// What to write for an answer without a choice.
const NO_OPINION: &str = "no-opinion";

/// Ask a plugin, without daemon and modem
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// A .wasm file
    file: PathBuf,
    /// What it is told, as JSON: one question, or a list of cases `{ "case": NAME, "facts": QUESTION, "expect": ANSWER }`
    #[arg(long, value_name = "FILE")]
    facts: PathBuf,
    /// What it must answer: the name of a candidate, or no-opinion
    #[arg(long, value_name = "ANSWER")]
    expect: Option<String>,
    /// Its configuration, as a JSON object; of a single question that has none
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
}

/// One question and what must be answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    facts: Facts,
    #[serde(default)]
    expect: Option<String>,
}

/// A question as people write it: the plugin's configuration is an object, not a text.
#[derive(Debug, Deserialize)]
struct Facts {
    #[serde(default)]
    config: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
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
    let mut loaded: Option<(String, Loaded)> = None;
    for Case { case, facts, expect } in &cases {
        let question = question(facts, args.config.as_deref(), &args.facts)?;
        let config = question.config.clone();
        // The configuration is checked when a plugin is loaded.
        if loaded.as_ref().is_none_or(|(with, _)| *with != config) {
            let plugin = Plugin { config: config.clone(), ..by_hand(&args.file) };
            loaded = Some((config, load(&plugin, &Cache::none())?));
        }
        let Some((_, plugin)) = &loaded else { continue };
        let asked = plugin.ask(&question);
        let right = tell(context, case, &question, &asked, expect.as_deref())?;
        failed += usize::from(!right);
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
    let expect = args.expect.clone();
    Ok(match serde_json::from_value(value).map_err(wrong)? {
        File::Cases(cases) => cases,
        File::One(facts) => vec![Case { case: path.display().to_string(), facts, expect }],
    })
}

fn question(facts: &Facts, config: Option<&str>, path: &Path) -> Result<ProviderQuestion, CliError> {
    let usage = |what: String| CliError::Usage(format!("{}: {what}", path.display()));
    let rest = serde_json::Value::Object(facts.rest.clone());
    let question: ProviderQuestion = serde_json::from_value(rest).map_err(|error| usage(error.to_string()))?;
    if let Some(unknown) = facts.rest.keys().find(|key| !known(key)) {
        return Err(usage(format!("`{unknown}` is not a part of a question")));
    }
    if question.candidates.is_empty() {
        return Err(usage("`candidates` is empty: there is nothing to choose".to_owned()));
    }
    let own = facts.config.as_ref().map(|config| serde_json::Value::Object(config.clone()).to_string());
    let config = own.or_else(|| config.map(str::to_owned)).unwrap_or_else(|| "{}".to_owned());
    Ok(ProviderQuestion { config, ..question })
}

fn known(key: &str) -> bool {
    ["modem", "labels", "card", "network", "candidates", "built_in"].contains(&key)
}

/// Prints one answer; whether it is as expected.
fn tell(
    context: &Context,
    case: &str,
    question: &ProviderQuestion,
    asked: &Asked,
    expect: Option<&str>,
) -> Result<bool, CliError> {
    let out = context.out;
    let (answer, why) = match &asked.answer {
        Ok(opinion) => {
            let choice = opinion.choice.and_then(|choice| question.candidates.get(choice));
            (choice.map_or(NO_OPINION, |candidate| &candidate.name).to_owned(), opinion.reason.clone())
        }
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
