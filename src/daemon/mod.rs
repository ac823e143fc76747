//! The one loop: whatever happens becomes an [`Input`], whatever the core asks for is carried out.
//!
//! Decides nothing. The only state here is plumbing: which file was read last, which events were shown, who is
//! connected. Everything that waits, waits in the one `select!` of [`run`].

mod answer;
pub mod executor;
mod exporters;
pub mod journal;
pub mod real;
mod recorder;
mod service;
pub mod simulated;
mod watchers;

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

pub use self::executor::Executors;
use self::exporters::{Exporters, Scrape};
pub use self::journal::Journal;
use self::recorder::Recorder;
use self::service::Service;
use self::watchers::Watchers;
use crate::api::{Call, Limits, Server, ServerError};
use crate::host::apn_database;
use crate::host::clock::Clock;
use crate::host::files::Layers;
use crate::host::hotplug::Hotplug;
use crate::host::inhibit::Inhibit;
use crate::host::secret;
use crate::host::watch::{Pace, Watch};
use crate::model::Instant;
use crate::reconcile::{Fleet, Input, Output};

/// Inputs not yet handled. The ports wait when it is full.
pub const INPUTS: usize = 256;

/// Requests not yet answered: every client the server admits has one at most.
const CALLS: usize = 32;

/// What a daemon is started with.
#[derive(Debug)]
pub struct Options {
    /// Where its configuration comes from.
    pub layers: Layers,
    /// Where it is asked.
    pub socket: PathBuf,
    /// Jitter of its waits: different on every device, the same after every start.
    pub seed: u64,
    /// Its clock.
    pub clock: Clock,
    /// Where its events go.
    pub journal: Journal,
    /// The database of access points.
    pub apn_database: PathBuf,
    /// Who tells of devices that come and go.
    pub hotplug: Hotplug,
    /// Where to record every input, to be replayed later.
    pub trace: Option<PathBuf>,
}

/// Why the daemon cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No socket to be asked on.
    #[error("the control socket is not available")]
    Serve(#[from] ServerError),
    /// No signals.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    /// No file to record to.
    #[error("cannot record to {}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Few clients where there are few descriptors: the modem needs its own.
fn limits() -> Limits {
    let most = Limits::default();
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let clients = usize::try_from(descriptors / 4).unwrap_or(usize::MAX).clamp(1, most.clients);
    Limits { clients, ..most }
}

/// What the loop was woken by.
enum Wake {
    Input(Input),
    Call(Call),
    Scrape(Scrape),
    Devices,
    Reread,
    End,
}

/// Runs until SIGTERM or SIGINT. Data sessions whose entry does not say otherwise stay up, and what is needed to take them
/// over again is kept.
///
/// # Errors
/// Only at the start: what goes wrong later is a condition or a log line.
pub async fn run(options: Options, executors: Executors, mut inputs: mpsc::Receiver<Input>) -> Result<(), RunError> {
    let Options { layers, socket, seed, clock, journal, apn_database, mut hotplug, trace } = options;
    let recorder =
        trace.map(|path| Recorder::new(&path).map_err(|source| RunError::Trace { path, source })).transpose()?;
    let mut signals = Signals::new().map_err(RunError::Signals)?;
    let server = Server::bind(&socket)?;
    let (tell, mut calls) = mpsc::channel(CALLS);
    let serving = tokio::spawn(server.serve(limits(), tell));
    // The files that ask us to leave modems alone lie beside the socket.
    let mut inhibit = Inhibit::new(socket.parent().unwrap_or(Path::new("/")), clock);
    let mut watch = Watch::new(layers, Pace::default(), clock);
    let (fleet, watchers) = (Fleet::new(seed), Watchers::default());
    let mut daemon = Daemon { fleet, executors, journal, apn_database, recorder, watchers, started: clock.started() };
    let mut service = Service::new(clock.now());
    let (mut exporters, mut scrapes) = Exporters::new();
    daemon.recall(clock.now());
    tracing::info!(socket = %socket.display(), version = env!("CARGO_PKG_VERSION"), "started");

    while !service.is_over(&daemon.fleet, clock.now()) {
        let due = daemon.fleet.poll_timeout().map_or(Instant::FAR, |(at, _)| at).min(daemon.watchers.due());
        let due = due.min(service.due()).min(exporters.due());
        let wake = tokio::select! {
            Some(input) = inputs.recv() => Wake::Input(input),
            sources = watch.changed(), if !service.ends() => Wake::Input(Input::Config(sources)),
            inhibition = inhibit.changed() => Wake::Input(Input::Inhibited(inhibition)),
            Some(call) = calls.recv() => Wake::Call(call),
            Some(scrape) = scrapes.recv() => Wake::Scrape(scrape),
            () = hotplug.changed() => Wake::Devices,
            () = clock.reach(due) => Wake::Input(Input::Timer),
            wake = signals.next() => wake,
        };
        let now = clock.now();
        match wake {
            Wake::Input(input) => daemon.handle(input, now),
            Wake::Reread => {
                service.supervisor.reloading();
                daemon.handle(Input::Config(watch.reread()), now);
                service.supervisor.ready();
            }
            Wake::Devices => daemon.executors.look_at_ports(&daemon.fleet),
            Wake::Call(call) => daemon.answer(call, now),
            Wake::Scrape(scrape) => {
                // Whoever asked may have gone. Whoever asks again finds what the modem is asked for now.
                drop(scrape.send(Exporters::page(&daemon.fleet)));
                daemon.demand("*", now);
            }
            // Whoever asks twice does not want to wait.
            Wake::End if service.ends() => break,
            Wake::End => {
                service.end(now);
                daemon.handle(Input::Leave, now);
            }
        }
        service.tell(&daemon.fleet, now);
        exporters.turn(&daemon.fleet, now);
    }
    serving.abort();
    match daemon.fleet.is_letting_go() {
        false => tracing::info!("ends"),
        true => tracing::warn!("ends although not every modem is let go"),
    }
    Ok(())
}

/// The core and everything it is connected to.
struct Daemon {
    fleet: Fleet,
    executors: Executors,
    journal: Journal,
    apn_database: PathBuf,
    recorder: Option<Recorder>,
    started: Instant,
    watchers: Watchers,
}

impl Daemon {
    /// Tells the core what an earlier run asked to be remembered.
    fn recall(&mut self, now: Instant) {
        for (modem, memory) in self.executors.store.recall() {
            self.handle(Input::Remembered(modem, memory), now);
        }
    }

    /// Takes in what happened, and does what follows from it.
    fn handle(&mut self, input: Input, now: Instant) {
        self.take_in(input, now);
        self.carry_out(now);
        self.serve_waiting(now);
    }

    /// Does what the core asks for.
    fn carry_out(&mut self, now: Instant) {
        while let Some(output) = self.fleet.poll_output() {
            match output {
                Output::Event(event) => self.journal.record(&event, now),
                Output::Changed(changes) => {
                    self.executors.plugins.tell(&changes);
                    self.watchers.changed(changes, self.started);
                }
                Output::Fetch(reference) => {
                    let value = secret::fetch(&reference);
                    self.take_in(Input::Secret(reference, value), now);
                }
                Output::LookUp(modem, home) => {
                    let answer = apn_database::look_up(&self.apn_database, &home);
                    self.take_in(Input::LookedUp(modem, home, answer), now);
                }
                Output::Remember(modem, memory) => {
                    let kept = self.executors.store.remember(&modem, &memory);
                    self.take_in(Input::Kept(modem, memory.revision, kept), now);
                }
                output => self.executors.carry_out(output, &self.fleet),
            }
        }
    }

    fn take_in(&mut self, input: Input, now: Instant) {
        let Some(recorder) = &mut self.recorder else { return self.fleet.handle(input, now) };
        self.fleet.handle(recorder.record(now, input), now);
    }
}

/// The signals that mean something to us.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Wake {
        tokio::select! {
            _ = self.terminate.recv() => Wake::End,
            _ = self.interrupt.recv() => Wake::End,
            _ = self.hangup.recv() => Wake::Reread,
        }
    }
}
