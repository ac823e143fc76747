//! `wwan simulate --fleet N`: many gateways over virtual time, on every processor, judged by the simulator's rules.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Args, EXAMPLE};
use crate::cli::Context;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::remark;
use crate::host::clock::Clock;
use crate::model::Instant;
use crate::sim::world::{Options, Report, World};

pub(super) fn run(args: &Args, gateways: u32, context: &Context) -> Result<Exit, CliError> {
    let file = match &args.config {
        Some(path) => std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.clone(), source })?,
        None => EXAMPLE.to_owned(),
    };
    let personalities = args.personality.iter().map(|personality| personality.name.to_owned()).collect();
    let mut options = Options { seed: args.seed, gateways, hours: args.hours, personalities, ..Options::default() };
    if args.gateway.is_some() {
        options.history = usize::MAX;
    }
    let world = World::new(&file, options).map_err(|diagnostics| {
        remark(diagnostics.render(false));
        CliError::ConfigInvalid("the configuration is not valid".to_owned())
    })?;
    let clock = Clock::start();
    let report = args.gateway.map_or_else(|| live(&world, gateways), |gateway| world.gateway(gateway));
    let seconds = clock.now().since(Instant::ZERO).as_secs_f64().max(0.001);
    context.out.text(&report.to_string())?;
    let rate = report.modem_hours() as f64 / seconds;
    context.out.line(format_args!("{seconds:.1} s, {rate:.0} modem-hours per second on {} threads", threads()))?;
    Ok(if report.is_good() { Exit::Done } else { Exit::Failed })
}

/// Every gateway, on all processors; reports of any order merge to the same.
fn live(world: &World, gateways: u32) -> Report {
    let next = AtomicU32::new(1);
    let report = Mutex::new(world.gateway(0));
    let show = std::io::stderr().is_terminal();
    std::thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= gateways {
                        return;
                    }
                    let one = world.gateway(index);
                    let mut all = report.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    all.merge(one);
                    if show {
                        let _ = write!(std::io::stderr(), "\r{} of {gateways} gateways ", all.gateways);
                    }
                }
            });
        }
    });
    if show {
        let _ = writeln!(std::io::stderr());
    }
    report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
