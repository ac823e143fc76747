//! What properties are read from, and how long each is there.

use serde::Serialize;

use crate::model::telemetry::{Carrier, Location, NetworkTime, Signal, System, SystemInfo, Traffic};
use crate::model::{
    Condition, ConditionKind, Connection, ControlState, Desired, Device, Fact, Instant, IpFamily, Lease, LeaseState,
    LinkState, Observed, Provider, Seen, Selection, ServingSystem, SessionState, SimIdentity, Status,
};

/// How long a property is there. It is gone when its time is over, whatever was read before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifetime {
    /// As long as the file names the modem.
    Configured,
    /// Until the modem is gone or does not answer.
    Modem,
    /// Until the SIM card is taken out or changed.
    Card,
    /// Until no network serves us.
    Service,
    /// Until the data session ends.
    Session,
    /// Until the network interface is gone.
    Link,
}

/// What properties are read from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was observed.
    pub observed: &'a Observed,
    /// What the file asks for.
    pub desired: &'a Desired,
    /// The conditions.
    pub conditions: &'a [Condition],
    /// What the sessions have carried.
    pub traffic: &'a Traffic,
    /// How far packets get.
    pub connection: &'a Connection,
    /// Facts that are older than they may be at this moment are not there.
    pub now: Instant,
}

impl<'a> View<'a> {
    /// Whether a lifetime lasts.
    #[must_use]
    pub fn lasts(self, lifetime: Lifetime) -> bool {
        match lifetime {
            Lifetime::Configured => true,
            Lifetime::Modem => {
                self.fresh(Fact::Control, &self.observed.control).is_some_and(|state| *state == ControlState::Ready)
            }
            Lifetime::Card => self.card().is_some(),
            Lifetime::Service => self.serving().is_some_and(|serving| serving.registration.is_registered()),
            Lifetime::Session => self.session_up(),
            Lifetime::Link => self.link().is_some(),
        }
    }

    /// The earliest moment at which a fact grows too old to be shown, if nothing confirms it.
    #[must_use]
    pub fn until(self) -> Option<Instant> {
        Fact::ALL.into_iter().filter_map(|fact| self.observed.expires(fact)).filter(|at| *at > self.now).min()
    }

    /// A fact that is known and not too old.
    pub(super) fn fresh<T>(self, fact: Fact, seen: &'a Option<Seen<T>>) -> Option<&'a T> {
        seen.as_ref().filter(|seen| self.now < seen.at + fact.max_age()).map(|seen| &seen.value)
    }

    pub(super) fn device(self) -> Option<&'a Device> {
        self.fresh(Fact::Device, &self.observed.device)
    }

    pub(super) fn card(self) -> Option<&'a SimIdentity> {
        self.fresh(Fact::SimIdentity, &self.observed.sim_identity)
    }

    pub(super) fn serving(self) -> Option<&'a ServingSystem> {
        self.fresh(Fact::ServingSystem, &self.observed.serving_system)
    }

    pub(super) fn link(self) -> Option<&'a LinkState> {
        self.fresh(Fact::Link, &self.observed.link)
    }

    pub(super) fn lease(self) -> Option<&'a Lease> {
        match self.fresh(Fact::Lease, &self.observed.lease)? {
            LeaseState::Held(lease) => Some(lease),
            LeaseState::Asking(_) | LeaseState::Unable(_) => None,
        }
    }

    pub(super) fn signal(self) -> Option<&'a Signal> {
        self.fresh(Fact::Signal, &self.observed.signal)
    }

    pub(super) fn anchor(self) -> Option<&'a Carrier> {
        self.fresh(Fact::Band, &self.observed.band)?.first()
    }

    pub(super) fn systems(self) -> Option<&'a SystemInfo> {
        self.fresh(Fact::SystemInfo, &self.observed.system_info)
    }

    /// What the technology that serves us sees, the newest first.
    pub(super) fn system(self) -> Option<&'a System> {
        self.systems()?.systems.iter().find(|system| system.serves && !system.mcc.is_empty())
    }

    pub(super) fn location(self) -> Location {
        self.fresh(Fact::Location, &self.observed.location).copied().unwrap_or_default()
    }

    pub(super) fn network_time(self) -> Option<&'a NetworkTime> {
        self.fresh(Fact::NetworkTime, &self.observed.network_time)
    }

    pub(super) fn session(self, family: IpFamily) -> Option<&'a Seen<SessionState>> {
        let seen = self.observed.session(family)?;
        (seen.value.is_up() && self.now < seen.at + Fact::session(family).max_age()).then_some(seen)
    }

    pub(super) fn session_up(self) -> bool {
        [IpFamily::Ipv4, IpFamily::Ipv6].into_iter().any(|family| self.session(family).is_some())
    }

    pub(super) fn provider(self) -> Option<&'a Provider> {
        match &self.desired.selection {
            Selection::Chosen(provider) => Some(provider),
            Selection::Undecided
            | Selection::LookingUp
            | Selection::Asking { .. }
            | Selection::NoMatch { .. }
            | Selection::SecretMissing { .. } => None,
        }
    }

    /// The first condition that does not hold, apart from those that only say that an edit was refused or that steps are
    /// taken.
    pub(super) fn deciding(self) -> Option<&'a Condition> {
        let beside = [ConditionKind::ConfigValid, ConditionKind::Recovering, ConditionKind::PluginsReady];
        self.conditions.iter().find(|c| c.status != Status::True && !beside.contains(&c.kind))
    }
}
