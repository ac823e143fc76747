//! `wwan run`: the daemon.

use std::future::Future;
use std::io;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use super::Context;
use super::exit::{CliError, Exit};
use crate::api::place;
use crate::daemon::executor::{Leases, Links, Outside};
use crate::daemon::simulated::{NoLeases, NothingOutside, SimulatedLinks};
use crate::daemon::{self, INPUTS, Journal, Options, real};
use crate::host::apn_database;
use crate::host::clock::Clock;
use crate::host::dhcp::Clients;
use crate::host::dns::NameServers;
use crate::host::files::Layers;
use crate::host::hotplug::Hotplug;
use crate::host::netlink::Interfaces;
use crate::host::outside;
use crate::host::port::{ControlPorts, Roots};
use crate::host::state::DEFAULT_DIRECTORY;
use crate::model::fnv_1a;

/// The file with the name servers, beside the daemon's socket: `/run/wwan/resolv.conf`.
const RESOLV_CONF: &str = "resolv.conf";

/// Run the daemon
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// This file instead of /etc/wwan.yaml and all drop-ins
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to keep what is needed to take over a session after a restart
    #[arg(long, default_value = DEFAULT_DIRECTORY, value_name = "DIR")]
    state: PathBuf,
    /// The database for entries with `lookup: mobile-broadband-provider-info`
    #[arg(long, default_value = apn_database::DEFAULT, value_name = "FILE")]
    apn_database: PathBuf,
    /// Record every input to this file, to be replayed later
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Only pretend to configure network interfaces
    #[arg(long, hide = true)]
    simulated_links: bool,
}

pub(super) fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let socket = context.socket().unwrap_or_else(|| PathBuf::from(place::SYSTEM));
    if let Some(directory) = socket.parent() {
        let make = |source| CliError::Write { path: directory.to_owned(), source };
        std::fs::create_dir_all(directory).map_err(make)?;
    }
    log("info");
    block_on(async {
        let (tell, inputs) = mpsc::channel(INPUTS);
        let roots = Roots::default();
        let ports = ControlPorts::new(roots.clone(), tell.clone());
        let (links, leases, outside): (Box<dyn Links>, Box<dyn Leases>, Box<dyn Outside>) = if args.simulated_links {
            (
                Box::new(SimulatedLinks::new(tell.clone())),
                Box::new(NoLeases(tell.clone())),
                Box::new(NothingOutside(tell.clone())),
            )
        } else {
            let own_file = socket.with_file_name(RESOLV_CONF);
            let name_servers = NameServers::new(own_file);
            let names = ports.interface_names();
            let outside = outside::Outside::new(tell.clone(), names.clone(), roots.clone());
            let leases = Clients::new(tell.clone(), names.clone(), roots.clone());
            let interfaces = Interfaces::new(tell.clone(), names, name_servers, roots.clone());
            (Box::new(interfaces), Box::new(leases), Box::new(outside))
        };
        let executors = real::executors(args.state, ports, links, leases, outside, &tell);
        let layers = args.config.map_or_else(Layers::system, Layers::only);
        let clock = Clock::since_boot();
        let journal = Journal::new(clock.started());
        let (seed, apn_database) = (seed(), args.apn_database);
        let hotplug = Hotplug::of_host(&roots);
        let options = Options { layers, socket, seed, clock, journal, apn_database, hotplug, trace: args.trace };
        Ok(daemon::run(options, executors, inputs).await?)
    })?;
    Ok(Exit::Done)
}

/// Logs to standard error, where the service manager picks it up. `RUST_LOG` chooses what.
pub(super) fn log(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // The journal has stamps of its own.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    // Fails only if there is a log already.
    drop(if journal { logs.without_time().with_ansi(false).try_init() } else { logs.with_ansi(false).try_init() });
}

/// The one thread that everything runs on.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(future)
}

/// A number of this machine's own, so that the devices of a fleet do not retry in step.
fn seed() -> u64 {
    fnv_1a(&std::fs::read("/etc/machine-id").unwrap_or_default())
}
