//! The text of a script: `#` comments, head lines, then one step a line. All errors at once, each with its line.

use std::time::Duration;

use super::Trouble;
use super::claim::{Claim, Deed, service_named};
use super::head::Head;
use crate::model::ModemName;
use crate::model::time::written;
use crate::qmi::{Service, from_hex};
use crate::sim::disturbance::Disturbance;
use crate::sim::faulty::Faults;

/// A step with its place.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// As it was written, spaces aside.
    pub(super) text: String,
    pub(super) step: Step,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Step {
    /// The steps from here on are about this modem.
    Modem(ModemName),
    For(Duration),
    Until(Moment, Duration),
    /// None of it for so long.
    Never(Moment, Duration),
    /// Without interruption for so long.
    Always(Claim, Duration),
    Expect(Claim),
    /// So many of them since the last mark.
    Count(Deed, Compare, usize),
    /// A request with exactly these bytes, from its message id on, since the last mark.
    Sent(Service, Vec<u8>),
    Mark,
    Disturb(Disturbance),
    Faults {
        to_modem: Faults,
        to_core: Faults,
    },
    Edit(String),
    Kill,
    Start {
        remembers: bool,
    },
    Crash {
        remembers: bool,
    },
    Show(Show),
}

/// Something that may come to pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    Is(Claim),
    Done(Deed),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compare {
    Exactly,
    AtMost,
    AtLeast,
}

/// What a step prints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Show {
    Status { wide: bool },
    Explain,
    Provider,
    Plan,
    Properties(String),
    Requests,
}

const STEPS: &str = "for, until, never, expect, mark, disturb, faults, edit, kill, start, crash, modem, status, \
                     explain, plan, properties, requests";

/// Head, steps, and everything that is wrong.
pub(super) fn parse(text: &str) -> (Head, Vec<Line>, Vec<Trouble>) {
    let mut head = Head::default();
    let mut steps: Vec<Line> = Vec::new();
    let mut troubles = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
        if line.is_empty() {
            continue;
        }
        let done = match head_line(line) {
            Some(_) if !steps.is_empty() => Err("lines of the head stand before the first step".to_owned()),
            Some((key, value)) => head.line(key, value),
            None => step(line).map(|step| {
                let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
                steps.push(Line { number, text, step });
            }),
        };
        if let Err(message) = done {
            troubles.push(Trouble { line: Some(number), message });
        }
    }
    (head, steps, troubles)
}

fn head_line(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    key.chars().all(|c| c.is_ascii_lowercase()).then(|| (key, value.trim()))
}

fn step(line: &str) -> Result<Step, String> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let alone = |step: Step| if rest.is_empty() { Ok(step) } else { Err(format!("\"{verb}\" stands alone")) };
    let forgetting = || match rest {
        "" => Ok(true),
        "forgetting" => Ok(false),
        _ => Err(format!("write {verb}, or {verb} forgetting")),
    };
    match verb {
        "modem" if !rest.is_empty() && !rest.contains(' ') => Ok(Step::Modem(rest.into())),
        "for" => duration(rest).map(Step::For),
        "until" => {
            let (moment, within) = before(rest, "within").ok_or("write until CLAIM within 60s")?;
            Ok(Step::Until(self::moment(moment)?, within?))
        }
        "never" => {
            let (moment, length) = before(rest, "for").ok_or("write never CLAIM for 1h")?;
            Ok(Step::Never(self::moment(moment)?, length?))
        }
        "expect" => expect(rest),
        "mark" => alone(Step::Mark),
        "disturb" => rest.parse().map(Step::Disturb).map_err(|e: crate::sim::ParseDisturbanceError| e.to_string()),
        "faults" => faults(rest),
        "edit" if rest.ends_with(".yaml") && !rest.contains(' ') => Ok(Step::Edit(rest.to_owned())),
        "edit" => Err("write edit OTHER.yaml, a file beside the script".to_owned()),
        "kill" => alone(Step::Kill),
        "start" => forgetting().map(|remembers| Step::Start { remembers }),
        "crash" => forgetting().map(|remembers| Step::Crash { remembers }),
        _ => show(verb, rest).map(Step::Show),
    }
}

fn show(verb: &str, rest: &str) -> Result<Show, String> {
    match (verb, rest) {
        ("status", "") => Ok(Show::Status { wide: false }),
        ("status", "wide") => Ok(Show::Status { wide: true }),
        ("explain", "") => Ok(Show::Explain),
        ("explain", "provider") => Ok(Show::Provider),
        ("plan", "") => Ok(Show::Plan),
        ("requests", "") => Ok(Show::Requests),
        ("properties", pattern) if !pattern.is_empty() && !pattern.contains(' ') => {
            Ok(Show::Properties(pattern.to_owned()))
        }
        ("properties", _) => Err("write properties PATTERN, for example properties wwan0.mobile.*".to_owned()),
        ("status" | "explain" | "plan" | "requests", _) => Err(format!(
            "\"{verb} {rest}\" is nothing to show; there are status [wide], explain [provider], plan, requests"
        )),
        _ => Err(format!("\"{verb}\" is no step; there are {STEPS}")),
    }
}

fn expect(text: &str) -> Result<Step, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let ["sent", service, bytes @ ..] = words.as_slice() {
        let service = service_named(service)?;
        let bytes = from_hex(&bytes.concat()).filter(|bytes| bytes.len() >= 4);
        let wrong = "write expect sent NAS 3300 0900 ...: message id, length and TLVs in hexadecimal";
        return Ok(Step::Sent(service, bytes.ok_or(wrong)?));
    }
    if let Some((deed, compare, count)) = comparison(&words) {
        let deed = deed.strip_prefix("requests ").unwrap_or(&deed).to_owned();
        let count = count.parse().map_err(|_| format!("\"{count}\" is no number of times"))?;
        return Ok(Step::Count(Deed::parse(&deed)?, compare, count));
    }
    let (what, length) = match before(text, "for") {
        Some((what, length)) => (what, Some(length?)),
        None => (text, None),
    };
    let deed = what.strip_prefix("no ").map(Deed::parse).and_then(Result::ok);
    match (deed, length) {
        (Some(deed), Some(length)) => Ok(Step::Never(Moment::Done(deed), length)),
        (Some(deed), None) => Ok(Step::Count(deed, Compare::Exactly, 0)),
        (None, Some(length)) => Ok(Step::Always(Claim::parse(what)?, length)),
        (None, None) => Ok(Step::Expect(Claim::parse(what)?)),
    }
}

/// `NAS 0x33 = 1`; not a property, which has its own `=`.
fn comparison<'a>(words: &[&'a str]) -> Option<(String, Compare, &'a str)> {
    let (count, rest) = words.split_last()?;
    let (sign, deed) = rest.split_last()?;
    let compare = match *sign {
        "=" => Compare::Exactly,
        "<=" => Compare::AtMost,
        ">=" => Compare::AtLeast,
        _ => return None,
    };
    (!deed.contains(&"property")).then(|| (deed.join(" "), compare, *count))
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(deed) = Deed::parse(text) {
        return Ok(Moment::Done(deed));
    }
    // Two words that begin with a service were meant as a request.
    match text.split_once(' ') {
        Some((service, _)) if service_named(service).is_ok() => Deed::parse(text).map(Moment::Done),
        _ => Claim::parse(text).map(Moment::Is),
    }
}

/// `to-modem drop=100 delay=50 delay_ms=100..2000`, `to-core ...`, `none`: of a thousand chunks.
fn faults(text: &str) -> Result<Step, String> {
    let (mut to_modem, mut to_core) = (Faults::default(), Faults::default());
    if text == "none" {
        return Ok(Step::Faults { to_modem, to_core });
    }
    let mut way = None;
    for word in text.split_whitespace() {
        match (word, word.split_once('=')) {
            ("to-modem", _) => way = Some(&mut to_modem),
            ("to-core", _) => way = Some(&mut to_core),
            (_, Some((fault, value))) => {
                let faults = way.as_mut().ok_or("write to-modem or to-core first")?;
                set_fault(faults, fault, value)?;
            }
            _ => return Err(format!("\"{word}\": write faults to-modem drop=100 to-core delay=50, or faults none")),
        }
    }
    if way.is_none() {
        Err("write faults to-modem drop=100, or faults none".to_owned())
    } else {
        Ok(Step::Faults { to_modem, to_core })
    }
}

fn set_fault(faults: &mut Faults, fault: &str, value: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<u32>().map_err(|_| format!("{fault}: \"{value}\" is no number"));
    if fault == "delay_ms" {
        let (from, to) = value.split_once("..").unwrap_or((value, value));
        faults.delay_ms = (number(from)?, number(to)?);
        return if faults.delay_ms.0 <= faults.delay_ms.1 {
            Ok(())
        } else {
            Err(format!("{fault}: {value} ends before it begins"))
        };
    }
    let kinds: [(&str, &mut u16); 10] = [
        ("drop", &mut faults.drop),
        ("delay", &mut faults.delay),
        ("duplicate", &mut faults.duplicate),
        ("reorder", &mut faults.reorder),
        ("split", &mut faults.split),
        ("coalesce", &mut faults.coalesce),
        ("corrupt", &mut faults.corrupt),
        ("truncate", &mut faults.truncate),
        ("noise", &mut faults.noise),
        ("stray", &mut faults.stray),
    ];
    let (_, of) = kinds.into_iter().find(|(name, _)| *name == fault).ok_or_else(|| {
        format!("\"{fault}\" is none of drop, delay, delay_ms, duplicate, reorder, split, coalesce, corrupt, truncate, noise, stray")
    })?;
    *of = u16::try_from(number(value)?).ok().filter(|n| *n <= 1000).ok_or("of a thousand chunks, at most 1000")?;
    Ok(())
}

/// What stands before the last `word DURATION`, and the duration.
fn before<'a>(text: &'a str, word: &str) -> Option<(&'a str, Result<Duration, String>)> {
    let (before, after) = text.rsplit_once(&format!(" {word} "))?;
    Some((before.trim(), duration(after.trim())))
}

fn duration(text: &str) -> Result<Duration, String> {
    written(text).ok_or_else(|| format!("\"{text}\" is no duration; write 200ms, 30s, 5m or 1h30m"))
}
