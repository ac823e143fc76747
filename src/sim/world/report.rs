//! What a world has shown.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::model::Instant;
use crate::sim::random::mix;

/// The outcome of a world, or of one gateway of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The seed that repeats it.
    pub seed: u64,
    /// Gateways that lived.
    pub gateways: u32,
    /// Virtual time of all modems together.
    pub modem_seconds: u64,
    /// Over every output of every gateway: the same seed gives the same.
    pub trace_hash: u64,
    /// Modems that were not as the file asks five minutes after the faults stopped.
    pub stuck: Vec<Stuck>,
    /// Rules that were broken.
    pub violations: Vec<Violation>,
    /// How often what happened: disturbances, conditions, actions. What is missing here was not tested.
    pub counters: BTreeMap<String, u64>,
}

/// A modem that did not come back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stuck {
    /// The gateway.
    pub gateway: u32,
    /// The modem's name in the file.
    pub modem: String,
    /// How it should be, how it is, and what it says itself.
    pub detail: String,
    /// The last things that happened.
    pub history: Vec<String>,
}

/// A rule that was broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Violation {
    /// The rule, as `reliability.md` §4.0 numbers them.
    pub invariant: &'static str,
    /// The gateway.
    pub gateway: u32,
    /// The modem's name in the file.
    pub modem: String,
    /// When.
    pub at: Instant,
    /// What happened.
    pub detail: String,
    /// The last things that happened before.
    pub history: Vec<String>,
}

impl Report {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            gateways: 0,
            modem_seconds: 0,
            trace_hash: 0,
            stuck: Vec::new(),
            violations: Vec::new(),
            counters: BTreeMap::new(),
        }
    }

    /// Takes over what another gateway has shown. The order of merging makes no difference.
    pub fn merge(&mut self, other: Self) {
        self.gateways += other.gateways;
        self.modem_seconds += other.modem_seconds;
        self.trace_hash = self.trace_hash.wrapping_add(mix(other.trace_hash));
        self.stuck.extend(other.stuck);
        self.stuck.sort_by(|a, b| (a.gateway, &a.modem).cmp(&(b.gateway, &b.modem)));
        self.violations.extend(other.violations);
        self.violations.sort_by_key(|violation| (violation.gateway, violation.at));
        for (what, times) in other.counters {
            *self.counters.entry(what).or_default() += times;
        }
    }

    /// Nobody is stuck and no rule was broken.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.stuck.is_empty() && self.violations.is_empty()
    }

    /// Virtual hours of all modems together.
    #[must_use]
    pub fn modem_hours(&self) -> u64 {
        self.modem_seconds / 3600
    }
}

/// The verdict, with the whole story of the first three failures.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, gateways, trace_hash, stuck, violations, .. } = self;
        writeln!(
            f,
            "seed {seed}: {gateways} gateways, {} modem-hours, {} stuck, {} violations, trace hash {trace_hash:016x}",
            self.modem_hours(),
            stuck.len(),
            violations.len(),
        )?;
        for Violation { invariant, gateway, modem, at, detail, history } in violations.iter().take(3) {
            writeln!(f, "\n{invariant} broken at {at} by {modem} of gateway {gateway}: {detail}")?;
            history.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        for Stuck { gateway, modem, detail, history } in stuck.iter().take(3) {
            writeln!(f, "\nstuck: {modem} of gateway {gateway}: {detail}")?;
            history.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        Ok(())
    }
}
