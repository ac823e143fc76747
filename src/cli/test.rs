//! `wwan test`: plays scenarios, and says what is not as they expect.

mod said;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use self::said::Said;
use super::Context;
use super::exit::{CliError, Exit};
use super::out::Tone;
use crate::model::time::spoken;
use crate::sim::scenario::{CONFIG, EXPECTED, Played, SCRIPT, Scenario, diff};

/// Lines before a failure that are shown to understand it.
const BEFORE: usize = 25;

const HOW_TO: &str = "\
A scenario is a directory with these files:
  wwan.yaml   the configuration at the start; others beside it, for edits
  script      who the modem is, what happens to it, what must be so; # begins a comment
  expected    what it prints; without it only the script's expectations count. --update writes it

Head of a script:
  covers: CFG-7 SEL-1                          features that it shows
  seed: 7                                      where chance begins
  secret: NAME=VALUE                           a secret of the configuration
  modem: wwan1                                 the lines after it are about this modem only
  personality: nsa-5g dial_ms=2000..4000       its character, as `wwan simulate --help` lists them, and traits
  device: imei=356938035643809 model=EM7455
  card: iccid=8988307000000000018 imsi=901405100000001 spn=\"my network\" gid1=0aff pin=1234 tries=3
  card: none
  slot: iccid=8949210000000000028              another slot with a card
  network: coverage=true roaming=true visited=310410 denied=11 refuse=internet:33 technologies=umts+lte mtu=1430
  host: no-power-switch

Steps:
  for 30s                                      lets time pass
  until CLAIM within 60s                       must come to pass in this time
  until DEED within 100ms
  expect CLAIM                                 must be so now
  expect CLAIM for 1h                          and without interruption for so long
  never CLAIM for 1h
  never DEED for 1h                            the same as: expect no writes for 1h
  mark                                         counting begins anew
  expect NAS 0x33 = 1                          so often since the mark; also <= and >=
  expect sent NAS 3300 0900 17010001 1102001000   a request with these bytes, from its message id on
  disturb drop-session cause=36                what `wwan disturb --help` lists
  faults to-modem drop=100 to-core delay=50 delay_ms=100..2000     of a thousand chunks; faults none ends them
  edit other.yaml                              replaces the configuration
  crash, crash forgetting                      the daemon dies and starts again, with or without its memory
  kill, start, start forgetting                the same with time between
  modem wwan1                                  the steps after it are about this modem
  status, status wide, plan, explain, explain provider, properties wwan0.mobile.*, requests     print

Claims: Converged, DataConnected=False, Registered=False:RoamingNotAllowed, APN internet, no session, link up,
  link down, property wwan0.mobile.apn = internet, no property wwan0.mobile.apn
Deeds: request, write, dial, stop, power, NAS 0x33, NAS set_system_selection_preference";

/// Play scenarios against simulated modems in virtual time
#[derive(Debug, ClapArgs)]
#[command(after_long_help = HOW_TO)]
pub struct Args {
    /// Directories of scenarios, or directories that contain some
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Write what is printed into `expected`; not where an expectation of the script is not met
    #[arg(long)]
    update: bool,
    /// The configuration at the start, instead of the scenarios' own
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print everything that happens
    #[arg(short, long)]
    verbose: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let config = args.config.as_deref().map(read).transpose()?;
    let mut dirs = Vec::new();
    for dir in &args.dirs {
        dirs.extend(scenarios(dir)?);
    }
    let mut failed = 0;
    for dir in &dirs {
        let verdict = judge(dir, config.as_deref(), args)?;
        failed += usize::from(!verdict.good);
        verdict.print(context, dir)?;
    }
    context.out.line(match (dirs.len(), failed) {
        (1, 0) => "1 scenario, as expected".to_owned(),
        (count, 0) => format!("{count} scenarios, all as expected"),
        (1, _) => "1 scenario, not as expected".to_owned(),
        (count, _) => format!("{count} scenarios, {failed} not as expected"),
    })?;
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// The directory itself if it is a scenario, else those in it that are.
fn scenarios(dir: &Path) -> Result<Vec<PathBuf>, CliError> {
    let unreadable = |source| CliError::Read { path: dir.to_owned(), source };
    let entries = fs::read_dir(dir).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if dir.join(SCRIPT).is_file() {
        return Ok(vec![dir.to_owned()]);
    }
    let mut found: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).filter(|p| p.join(SCRIPT).is_file()).collect();
    found.sort();
    let none = || format!("no scenario in {}: neither it nor a directory in it has a file \"{SCRIPT}\"", dir.display());
    if found.is_empty() { Err(CliError::Usage(none())) } else { Ok(found) }
}

/// What became of one scenario.
struct Verdict {
    good: bool,
    remark: String,
    details: String,
}

fn judge(dir: &Path, config: Option<&[u8]>, args: &Args) -> Result<Verdict, CliError> {
    let bad = |remark: &str, details: String| Verdict { good: false, remark: remark.to_owned(), details };
    let mut files = files(dir)?;
    let expected = files.remove(EXPECTED).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if let Some(config) = config {
        files.insert(CONFIG.to_owned(), config.to_vec());
    }
    let scenario = match Scenario::read(files) {
        Ok(scenario) => scenario,
        Err(troubles) => {
            let lines: Vec<String> = troubles.iter().map(ToString::to_string).collect();
            return Ok(bad("cannot be played", lines.join("\n")));
        }
    };
    let Played { text, failure, virtual_time } = scenario.play(&mut Said::new());
    if let Some(failure) = failure {
        let from = if args.verbose { 0 } else { text.lines().count().saturating_sub(BEFORE) };
        let before: Vec<&str> = text.lines().skip(from).collect();
        return Ok(bad("an expectation is not met", format!("{}\n{failure}", before.join("\n"))));
    }
    let difference = expected.as_deref().map(|expected| diff(expected, &text)).unwrap_or_default();
    // The last line's end is all that can differ without a line that does.
    let same = expected.as_deref() == Some(text.as_str());
    if args.update && !same {
        let path = dir.join(EXPECTED);
        fs::write(&path, &text).map_err(|source| CliError::Write { path, source })?;
        return Ok(Verdict { good: true, remark: format!("\"{EXPECTED}\" was written"), details: difference });
    }
    if expected.is_some() && !same {
        let hint = "- is expected, + is what happens; --update takes it for right";
        return Ok(bad("is not as expected", format!("{difference}{hint}")));
    }
    let only = if expected.is_none() { format!("; there is no \"{EXPECTED}\" to compare with") } else { String::new() };
    let details = if args.verbose { text } else { String::new() };
    Ok(Verdict { good: true, remark: format!("{} of virtual time{only}", spoken(virtual_time)), details })
}

impl Verdict {
    fn print(&self, context: &Context, dir: &Path) -> Result<(), CliError> {
        let out = context.out;
        let word = if self.good { out.paint(Tone::Good, "ok    ") } else { out.paint(Tone::Bad, "FAILED") };
        out.line(format_args!("{word}  {}  {}", dir.display(), out.paint(Tone::Faint, &self.remark)))?;
        self.details.lines().try_for_each(|line| out.line(format_args!("        {line}").to_string().trim_end()))
    }
}

/// The files of a scenario by name: script, expected, configurations.
fn files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, CliError> {
    let unreadable = |source| CliError::Read { path: dir.to_owned(), source };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name == SCRIPT || name == EXPECTED || name.ends_with(".yaml") {
            files.insert(name.to_owned(), read(&path)?);
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}
