//! The conditions of one modem, and which of their changes are worth an event.
//!
//! Reading a fact again, or waiting for an action, is activity, not news: such a state is public, but an event is
//! made only when it ends in something else than before.

use crate::model::{Condition, ConditionKind, Finding, Instant, PluginsFinding, Recovering, Status};
use crate::plan::{Plan, StageReport};

use super::door::EventKind;

#[derive(Debug)]
pub(super) struct Conditions {
    list: Vec<Condition>,
    /// Status and reason last told, by kind.
    told: Vec<(Status, &'static str)>,
    /// Whether any of them differs from what was there when this was last asked.
    changed: bool,
}

impl Conditions {
    pub(super) fn new(now: Instant) -> Self {
        let unknown = |kind| Condition {
            kind,
            status: Status::Unknown,
            finding: Finding::Waiting,
            since: now,
            observed_generation: 0,
        };
        let mut list: Vec<Condition> = ConditionKind::ALL.into_iter().map(unknown).collect();
        // Nothing to recover from is how it begins, and no news.
        let recovering = &mut list[ConditionKind::Recovering as usize];
        (recovering.status, recovering.finding) = (Status::False, Finding::Recovery(Recovering::Idle));
        let plugins = &mut list[ConditionKind::PluginsReady as usize];
        (plugins.status, plugins.finding) = (Status::True, Finding::Plugins(PluginsFinding::None));
        let told = list.iter().map(|c| (c.status, c.finding.reason())).collect();
        Self { list, told, changed: true }
    }

    /// All of them; that of the plugins only where there are any.
    pub(super) fn list(&self) -> &[Condition] {
        let (plugins, others) = self.list.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others));
        match plugins.map(|condition| &condition.finding) {
            Some(Finding::Plugins(PluginsFinding::None)) => others,
            Some(_) | None => &self.list,
        }
    }

    pub(super) fn of(&self, kind: ConditionKind) -> &Condition {
        &self.list[kind as usize]
    }

    /// Whether any of them has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The configuration's condition, the same for every modem.
    pub(super) fn set_config(&mut self, config: &Condition) {
        self.list[ConditionKind::ConfigValid as usize] = config.clone();
    }

    /// Takes over what recovery does; returns the change if it is news.
    pub(super) fn set_recovering(
        &mut self,
        holds: bool,
        finding: &Finding,
        generation: u64,
        now: Instant,
    ) -> Option<EventKind> {
        let status = if holds { Status::True } else { Status::False };
        let mut news = Vec::new();
        self.set(ConditionKind::Recovering, status, finding, generation, now, &mut news);
        news.pop()
    }

    /// Takes over how it is with the plugins; returns the change if it is news.
    pub(super) fn set_plugins(
        &mut self,
        status: Status,
        finding: PluginsFinding,
        generation: u64,
        now: Instant,
    ) -> Option<EventKind> {
        let mut news = Vec::new();
        self.set(ConditionKind::PluginsReady, status, &Finding::Plugins(finding), generation, now, &mut news);
        news.pop()
    }

    /// Takes over a conclusion; returns the changes that are news.
    pub(super) fn update(
        &mut self,
        plan: &Plan,
        paused: Option<Instant>,
        generation: u64,
        now: Instant,
    ) -> Vec<EventKind> {
        let mut news = Vec::new();
        for StageReport { stage, status, finding } in &plan.stages {
            self.set(stage.kind(), *status, finding, generation, now, &mut news);
        }
        let (status, finding) = match plan.deciding() {
            None => (Status::True, Finding::AllApplied),
            Some(_) if paused.is_some() => {
                (Status::False, Finding::Recovery(Recovering::Paused { at: paused.unwrap_or(now) }))
            }
            Some(first) => (Status::False, Finding::Progressing(first.stage.kind())),
        };
        self.set(ConditionKind::Converged, status, &finding, generation, now, &mut news);
        news
    }

    fn set(
        &mut self,
        kind: ConditionKind,
        status: Status,
        finding: &Finding,
        generation: u64,
        now: Instant,
        news: &mut Vec<EventKind>,
    ) {
        let condition = &mut self.list[kind as usize];
        self.changed |= condition.status != status || condition.finding != *finding;
        if condition.status != status {
            condition.since = now;
        }
        condition.status = status;
        condition.observed_generation = generation;
        if condition.finding != *finding {
            condition.finding = finding.clone();
        }
        let told = &mut self.told[kind as usize];
        let settled = !matches!(
            finding,
            Finding::Waiting
                | Finding::Reading(_)
                | Finding::InProgress(_)
                | Finding::Progressing(_)
                | Finding::Plugins(PluginsFinding::Loading(_))
        );
        let says = (status, finding.reason());
        if settled && *told != says {
            news.push(EventKind::ConditionChanged { from: told.0, to: condition.clone() });
            *told = says;
        } else if told.0 == Status::True
            && (*finding == Finding::Waiting || kind == ConditionKind::Converged && !settled)
        {
            // Masked by an earlier condition, it may be another truth when it comes back: that will be news.
            *told = (Status::Unknown, finding.reason());
        }
    }
}
