//! The virtual world: many gateways, each with the production core and simulated modems, over virtual days.
//!
//! Two phases after TigerBeetle's VOPR: *chaos*, in which everything goes wrong at random and the safety rules hold at
//! every event, then *calm*, in which nothing does and every modem must be as its file asks within five minutes and
//! stay so without another write. One seed decides everything; gateways do not know one another, so they run in any
//! order, on any number of threads, to the same report.

mod chaos;
mod expect;
mod gateway;
mod notes;
mod report;
mod watch;

use std::time::Duration;

use super::personality::Personality;
use super::random::Random;
use crate::config::{self, Config, Diagnostics, Source};
use crate::model::Instant;

pub use report::{Report, Stuck, Violation};

/// What kind of world.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// How many gateways; each has the modems of the file.
    pub gateways: u32,
    /// Length of the chaos.
    pub hours: u32,
    /// Names of the personalities to draw from; empty: all but those that are offline for minutes before they are known.
    pub personalities: Vec<String>,
    /// Other files, of which one replaces another now and then.
    pub edits: Vec<String>,
    /// Leave the chaos out: a long calm.
    pub peaceful: bool,
    /// So many of the last things that happened are told with a failure.
    pub history: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            gateways: 1,
            hours: 24,
            personalities: Vec::new(),
            edits: Vec::new(),
            peaceful: false,
            history: HISTORY,
        }
    }
}

/// What led to a failure is mostly seen in as much.
const HISTORY: usize = 50;

/// Within this long after the faults stop every modem is as the file asks.
pub const CONVERGES_WITHIN: Duration = Duration::from_secs(5 * 60);
/// The calm lasts this long.
pub const CALM: Duration = Duration::from_secs(3600);
/// In the calm the daemon is restarted once, this long after the faults stopped.
const CALM_RESTART: Duration = Duration::from_secs(40 * 60);

/// A world that has not begun.
#[derive(Debug)]
pub struct World {
    options: Options,
    /// The file, then those that may replace it.
    files: Vec<File>,
    personalities: Vec<&'static Personality>,
    outages: Vec<(Instant, Instant)>,
}

/// A configuration as text and as what it means.
#[derive(Debug)]
struct File {
    source: Vec<Source>,
    config: Config,
}

impl World {
    /// A world in which every gateway has this file.
    ///
    /// # Errors
    /// What is wrong with the file, or with one of those that may replace it.
    pub fn new(file: &str, options: Options) -> Result<Self, Diagnostics> {
        let load = |text: &str| {
            let source = vec![Source::new("wwan.yaml", text)];
            let loaded = config::load(&source);
            loaded.config.map(|config| File { source, config }).ok_or(loaded.diagnostics)
        };
        let edits = options.edits.iter().map(String::as_str);
        let files = std::iter::once(file).chain(edits).map(load).collect::<Result<Vec<File>, Diagnostics>>()?;
        let wanted = |personality: &&Personality| {
            let named = options.personalities.iter().any(|name| name == personality.name);
            named || options.personalities.is_empty() && !personality.silent_in_raw_ip
        };
        let personalities = Personality::all().iter().filter(wanted).collect();
        let outages = if options.peaceful { Vec::new() } else { carrier_outages(options.seed, options.hours) };
        Ok(Self { options, files, personalities, outages })
    }

    /// Lets every gateway live, one after another.
    #[must_use]
    pub fn run(&self) -> Report {
        let mut report = Report::new(self.options.seed);
        for gateway in 0..self.options.gateways {
            report.merge(self.gateway(gateway));
        }
        report
    }

    /// Lets one gateway live. Reports of any order merge to the same.
    #[must_use]
    pub fn gateway(&self, index: u32) -> Report {
        gateway::run(self, index)
    }

    /// The end of the chaos.
    fn calm_begins(&self) -> Instant {
        Instant::from_secs(u64::from(self.options.hours) * 3600)
    }
}

/// When the carrier's network is down, for everybody: a function of the seed alone.
fn carrier_outages(seed: u64, hours: u32) -> Vec<(Instant, Instant)> {
    let mut random = Random::stream(seed, "carrier", 0);
    let mut outages = Vec::new();
    let end = Instant::from_secs(u64::from(hours) * 3600);
    let mut at = Instant::from_secs(random.between(600, 6 * 3600));
    while at < end {
        let over = at + Duration::from_secs(random.between(20, 1800));
        outages.push((at, over));
        at = over + Duration::from_secs(random.between(3600, 10 * 3600));
    }
    outages
}
