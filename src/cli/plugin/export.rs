//! The part of `wwan plugin test` that is about exporters: tells one a story, and shows what it would send.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cli::Context;
use crate::cli::exit::CliError;
use crate::cli::out::Tone;
use crate::model::Outlet;
use crate::plugin::{Batch, Called, Loaded, Message, Published, Told};
use crate::property::Value;

/// What an exporter is told, one thing after the other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// Where it may send to, as in the file.
    #[serde(default)]
    outlets: Vec<To>,
    told: Vec<Step>,
}

/// An outlet as the file writes it.
#[derive(Debug, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
enum To {
    HttpPost { url: String },
    Udp { address: std::net::SocketAddr },
    Append { path: String },
}

/// One thing that an exporter is told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    /// Properties have changed.
    Changes {
        /// The modem.
        modem: String,
        /// When, in milliseconds since 1970; without it, it may not know.
        #[serde(default)]
        at: Option<u64>,
        /// Values by the names of properties below the modem's; null: not known any more.
        values: BTreeMap<String, Option<Value>>,
        /// Changes that were lost before.
        #[serde(default)]
        lost: u64,
    },
    /// Time has passed.
    Tick {
        /// Milliseconds since 1970; without it, it may not know.
        #[serde(default)]
        at: Option<u64>,
    },
}

impl From<To> for Outlet {
    fn from(to: To) -> Self {
        match to {
            To::HttpPost { url } => Self::HttpPost(url),
            To::Udp { address } => Self::Udp(address),
            To::Append { path } => Self::Append(path),
        }
    }
}

/// What must come of a story: texts, one for each message, and properties as they are at its end.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expected {
    Sends(Vec<String>),
    Both(Both),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    #[serde(default)]
    sends: Vec<String>,
    #[serde(default)]
    publishes: Published,
}

impl From<Expected> for Both {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Sends(sends) => Self { sends, publishes: Published::new() },
            Expected::Both(both) => both,
        }
    }
}

/// Tells an exporter a story; whether what it would send and publish is as expected.
pub(super) fn play(
    context: &Context,
    loaded: &Loaded,
    case: &str,
    config: &str,
    story: serde_json::Value,
    expect: Option<&serde_json::Value>,
    usage: &dyn Fn(String) -> CliError,
) -> Result<bool, CliError> {
    let Story { outlets, told } = serde_json::from_value(story).map_err(|error| usage(error.to_string()))?;
    let wants = |expected: &serde_json::Value| serde_json::from_value::<Expected>(expected.clone()).map(Both::from);
    let expect = expect.map(wants).transpose().map_err(|_| {
        usage("of an exporter a list of texts is expected, or `{ \"sends\": TEXTS, \"publishes\": VALUES }`".to_owned())
    })?;
    let outlets: Vec<Outlet> = outlets.into_iter().map(Outlet::from).collect();
    let mut resident = match loaded.move_in(outlets.clone(), config) {
        Ok(resident) => resident,
        Err(why) => return Err(CliError::Plugin(format!("{case}: {why}"))),
    };
    let mut calls = Vec::new();
    for step in told {
        let called = match step {
            Step::Changes { modem, at, values, lost } => {
                let told = |(property, value)| Told { modem: modem.clone(), property, value, at };
                resident.tell(loaded, Batch { changes: values.into_iter().map(told).collect(), lost })
            }
            Step::Tick { at } => resident.tick(loaded, at),
        };
        let ends = called.result.is_err();
        calls.push(called);
        if ends {
            // One whose call failed may not be fit to be called again.
            break;
        }
    }
    tell(context, case, &outlets, &calls, resident.published(), expect.as_ref())
}

fn tell(
    context: &Context,
    case: &str,
    outlets: &[Outlet],
    calls: &[Called],
    published: &Published,
    expect: Option<&Both>,
) -> Result<bool, CliError> {
    let out = context.out;
    let sent: Vec<&Message> = calls.iter().flat_map(|called| &called.sent).collect();
    let texts: Vec<Cow<'_, str>> = sent.iter().map(|message| String::from_utf8_lossy(&message.bytes)).collect();
    let failure = calls.iter().find_map(|called| called.result.as_ref().err());
    let fits = |expect: &Both| expect.sends == texts && expect.publishes == *published;
    let right = failure.is_none() && expect.is_none_or(fits);
    let (tone, word) = if right { (Tone::Good, "ok    ") } else { (Tone::Bad, "failed") };
    out.line(format_args!("{}  {case}", out.paint(tone, word)))?;
    if let Some(why) = failure {
        out.line(format_args!("        {why}"))?;
    }
    for (message, text) in sent.iter().zip(&texts) {
        let to = outlets.get(message.outlet).map_or_else(String::new, ToString::to_string);
        let method = match outlets.get(message.outlet) {
            Some(Outlet::HttpPost(_)) => format!("POST {to} ({})", message.content_type),
            Some(Outlet::Udp(_)) => format!("datagram to {to}"),
            Some(Outlet::Append(_)) | None => format!("append to {to}"),
        };
        let size = message.bytes.len();
        out.line(format_args!("        {} {size} bytes", out.paint(Tone::Strong, &method)))?;
        for line in text.lines() {
            out.line(format_args!("          {}", crate::model::plugin::plain(line, usize::MAX)))?;
        }
    }
    for (name, value) in published {
        out.line(format_args!("        publishes {} {}", out.paint(Tone::Strong, name), serde_json::json!(value)))?;
    }
    if let Some(Both { sends, publishes }) = expect.filter(|_| !right) {
        if *sends != texts {
            out.line(format_args!("        expected {}", serde_json::json!(sends)))?;
            out.line(format_args!("        sends    {}", serde_json::json!(texts)))?;
        }
        if publishes != published {
            out.line(format_args!("        expected to publish {}", serde_json::json!(publishes)))?;
        }
    }
    let (fuel, memory) = (calls.iter().map(|called| called.fuel).max(), calls.iter().map(|called| called.memory).max());
    let (fuel, kib) = (fuel.unwrap_or_default(), memory.unwrap_or_default() / 1024);
    out.line(out.paint(Tone::Faint, &format!("        {fuel} instructions at most, {kib} KiB of memory")))?;
    for line in calls.iter().flat_map(|called| &called.lines) {
        out.line(format_args!("        says     {}", line.text))?;
    }
    Ok(right)
}
