//! `wwan simulate`: the whole daemon on simulated modems, its convergence shown as it happens.

mod fleet;
pub(super) mod live;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use self::live::Live;
use super::exit::{CliError, Exit};
use super::out::Tone;
use super::{Context, disturb, run as daemon_run};
use crate::api::{Client, place};
use crate::config;
use crate::daemon::simulated::{Bench, Cast};
use crate::daemon::{self, INPUTS, Journal, Options, RunError, real};
use crate::host::apn_database;
use crate::host::clock::Clock;
use crate::host::endpoint::Listen;
use crate::host::files::Layers;
use crate::host::hotplug::Hotplug;
use crate::model::ModemName;
use crate::sim::Personality;

/// What a reader finds who gives no file of his own.
const EXAMPLE: &str = include_str!("../../examples/typical.yaml");

/// The modem that is simulated where no configuration names one.
const ALONE: &str = "wwan0";

/// Run the whole daemon on simulated modems, and show what happens
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The configuration to follow [default: a copy of the typical example, at a path that is printed]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The character of the modems [default: well-behaved-lte; of a fleet: all but silent-in-raw-ip]
    #[arg(long, value_name = "NAME", value_parser = personality)]
    personality: Option<&'static Personality>,
    /// Where chance begins: the same seed, the same modem
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shorten the modems' delays: boot, search, dial
    #[arg(long)]
    quick: bool,
    /// Offer the first modem to other programs, too: pty:PATH, unix:PATH or qmi-proxy; may be repeated
    #[arg(long, value_name = "WHERE")]
    listen: Vec<Listen>,
    /// Record every input to this file, to be replayed later
    #[arg(long, value_name = "FILE", conflicts_with = "no_daemon")]
    trace: Option<PathBuf>,
    /// Only offer the modem; let other programs configure it
    #[arg(long, requires = "listen", conflicts_with = "config")]
    no_daemon: bool,
    /// Instead, let so many gateways live in virtual time, first with faults and then without, and judge them
    #[arg(long, value_name = "N", conflicts_with_all = ["listen", "trace", "quick"], value_parser = clap::value_parser!(u32).range(1..))]
    fleet: Option<u32>,
    /// Of the fleet let only this gateway live, counted from 0, and tell all of what led to a failure
    #[arg(long, value_name = "I", requires = "fleet")]
    gateway: Option<u32>,
    /// How long the faults go on, in virtual hours
    #[arg(long, value_name = "H", requires = "fleet", default_value_t = 24)]
    hours: u32,
}

fn personality(name: &str) -> Result<&'static Personality, String> {
    Personality::named(name).ok_or_else(|| {
        let names: Vec<&str> = Personality::all().iter().map(|personality| personality.name).collect();
        format!("one of {}", names.join(", "))
    })
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    if let Some(gateways) = args.fleet {
        return fleet::run(&args, gateways, context);
    }
    let socket = socket(context)?;
    if args.no_daemon {
        daemon_run::log("info");
        daemon_run::block_on(alone(args, socket))?;
    } else {
        // What happens is shown anyway; the log would say it twice.
        daemon_run::log("off");
        daemon_run::block_on(together(args, context, socket))?;
    }
    Ok(Exit::Done)
}

/// The socket to be asked on: the one that was asked for, else the user's own. Not one that is in use: the copy of
/// the example beside it is in use as well.
fn socket(context: &Context) -> Result<PathBuf, CliError> {
    let socket = match context.socket() {
        Some(socket) => socket,
        None => {
            let socket = place::own();
            socket.parent().map_or(Ok(()), place::make_private)?;
            socket
        }
    };
    match Client::connect(&socket) {
        Ok(_) => Err(RunError::Serve(crate::api::ServerError::Taken { path: socket }).into()),
        Err(_) => Ok(socket),
    }
}

/// The daemon and its modems.
async fn together(args: Args, context: &Context, socket: PathBuf) -> Result<(), CliError> {
    let file = match args.config {
        Some(file) => file,
        None => copy_of_the_example(&socket)?,
    };
    let layers = Layers::only(&file);
    let personality = args.personality.cloned().unwrap_or_default();
    let config = config::load(&layers.read()).config;
    let cast = Cast::new(personality.clone(), args.quick, args.seed, config.as_ref());
    introduce(context, &personality, &cast, &file, &socket)?;

    let clock = Clock::start();
    let (tell, inputs) = mpsc::channel(INPUTS);
    let plugins = real::plugins(socket.parent().unwrap_or(Path::new("/")), &tell);
    let bench = Bench::new(cast, args.listen, clock, tell)?;
    let journal = Journal::new(clock.started());
    let mut live = Live::new(context.out, journal.follow());
    let apn_database = apn_database::DEFAULT.into();
    let (hotplug, seed, trace) = (Hotplug::nothing(), args.seed, args.trace);
    let options = Options { layers, socket, seed, clock, journal, apn_database, hotplug, trace };
    tokio::select! {
        ended = daemon::run(options, bench.executors(plugins), inputs) => Ok(ended?),
        shown = live.show() => shown,
    }
}

/// The first modem without a daemon: other programs use it, and people disturb it.
async fn alone(args: Args, socket: PathBuf) -> Result<(), CliError> {
    let cast = Cast::new(args.personality.cloned().unwrap_or_default(), args.quick, args.seed, None);
    // Nobody listens to what the bench reports.
    let (tell, mut unheard) = mpsc::channel(INPUTS);
    let bench = Bench::new(cast, args.listen, Clock::start(), tell)?;
    let modem = ModemName::from(ALONE);
    bench.plug_in(&modem);
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    tokio::select! {
        served = daemon::simulated::serve(&bench, &modem, &socket) => Ok(served.map_err(RunError::Serve)?),
        () = async { while unheard.recv().await.is_some() {} } => Ok(()),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

fn copy_of_the_example(socket: &Path) -> Result<PathBuf, CliError> {
    let path = socket.with_file_name("wwan.yaml");
    std::fs::write(&path, EXAMPLE).map_err(|source| CliError::Write { path: path.clone(), source })?;
    Ok(path)
}

fn introduce(
    context: &Context,
    personality: &Personality,
    cast: &Cast,
    file: &Path,
    socket: &Path,
) -> Result<(), CliError> {
    let out = context.out;
    let strong = |text: &str| out.paint(Tone::Strong, text);
    out.line(format_args!("modem    {}: {}", strong(personality.name), personality.about))?;
    for (modem, card) in cast.cards() {
        out.line(format_args!("         {modem} has SIM card {}", card.iccid))?;
    }
    out.line(format_args!("config   {}   edit it and watch", strong(&file.display().to_string())))?;
    let wwan = command(socket);
    out.line("try      in another terminal:")?;
    for verb in ["status -o wide", "explain", "disturb unplug", "disturb plug", "disturb drop-session cause=36"] {
        out.line(format_args!("           {}", strong(&format!("{wwan} {verb}"))))?;
    }
    out.line(format_args!("         {wwan} simulate --help has more; Ctrl-C ends\n"))
}

/// How this program is called from another terminal so that it finds this daemon.
fn command(socket: &Path) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "wwan".to_owned());
    if place::default() == *socket { program } else { format!("{program} --socket {}", socket.display()) }
}

/// How to use it, for the long help.
pub(super) fn how_to() -> String {
    let characters = Personality::all().iter().map(|p| format!("  {:20} {}", p.name, p.about));
    format!(
        "While it runs, from another terminal (in a clone, `cargo run --` stands for `wwan`):\n  \
         wwan status -o wide        the conditions of the modem\n  \
         wwan explain               why it is online or not, and what happens next\n  \
         wwan events -f             what happens\n  \
         wwan disturb unplug        pull the modem out; put it back with: wwan disturb plug\n  \
         wwan disturb sim-out       take its card out; put it back with: wwan disturb sim-in\n\n\
         Characters:\n{}\n\n{}\n\n\
         For other programs, with or without the daemon:\n  \
         wwan simulate --no-daemon --listen pty:/tmp/modem\n  \
         qmicli --device-open-qmi -d /tmp/modem --dms-get-model",
        characters.collect::<Vec<_>>().join("\n"),
        disturb::list()
    )
}
