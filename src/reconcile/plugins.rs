//! The plugins of the file and how it is with each: what all modems share of them.

use std::collections::BTreeMap;

use super::controller::{Advisor, Roster};
use crate::config::Config;
use crate::model::plugin::PROPERTIES;
use crate::model::{Hook, Plugin, PluginName, PluginState};
use crate::property::Value;

/// All plugins.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    wanted: Vec<Plugin>,
    labels: Vec<String>,
    states: BTreeMap<PluginName, PluginState>,
    published: BTreeMap<PluginName, BTreeMap<String, Value>>,
}

impl Plugins {
    /// Takes over what the file says. `Some`: the shell is to have these ready.
    pub(super) fn configure(&mut self, config: &Config) -> Option<Vec<Plugin>> {
        self.labels.clone_from(&config.labels);
        if self.wanted == config.plugins {
            return None;
        }
        let before = std::mem::replace(&mut self.wanted, config.plugins.clone());
        // An entry that is as it was keeps its state: the shell does not tell it again.
        let kept = |plugin: &Plugin| before.contains(plugin).then(|| self.states.get(&plugin.name)).flatten();
        let state = |plugin: &Plugin| (plugin.name.clone(), kept(plugin).cloned().unwrap_or(PluginState::Loading));
        self.states = self.wanted.iter().map(state).collect();
        self.published
            .retain(|name, _| self.wanted.iter().any(|plugin| plugin.name == *name && before.contains(plugin)));
        Some(self.wanted.clone())
    }

    /// Takes over what the shell tells. A plugin that the file does not name has no state.
    pub(super) fn set_state(&mut self, name: PluginName, state: PluginState) {
        if let Some(known) = self.states.get_mut(&name) {
            *known = state;
        }
    }

    /// Takes over what a plugin publishes, all of it. One that the file does not name publishes nothing.
    pub(super) fn set_published(&mut self, name: PluginName, values: BTreeMap<String, Value>) {
        if self.states.contains_key(&name) {
            self.published.insert(name, values);
        }
    }

    /// The properties of all plugins that run, by their full names.
    pub(super) fn properties(&self) -> impl Iterator<Item = (String, &Value)> {
        let runs = |name: &PluginName| {
            matches!(self.states.get(name), Some(PluginState::Ready { .. } | PluginState::Failing { .. }))
        };
        let published = self.published.iter().filter(move |(name, _)| runs(name));
        published.flat_map(|(plugin, values)| {
            values.iter().map(move |(name, value)| (format!("{PROPERTIES}.{plugin}.{name}"), value))
        })
    }

    /// Each with its state, in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Plugin, &PluginState)> {
        self.wanted.iter().map(|plugin| (plugin, self.states.get(&plugin.name).unwrap_or(&PluginState::Loading)))
    }

    /// Who is asked what, in the order of the file, and what else every modem knows of plugins.
    pub(super) fn roster(&self) -> Roster {
        let state = |plugin: &Plugin| self.states.get(&plugin.name).cloned().unwrap_or(PluginState::Loading);
        let advisor = |plugin: &Plugin| Advisor {
            name: plugin.name.clone(),
            grants: plugin.grants,
            on_error: plugin.on_error,
            config: plugin.config.clone(),
            state: state(plugin),
        };
        let with = |hook| self.wanted.iter().filter(move |plugin| plugin.has(hook));
        let others = self.wanted.iter().filter(|plugin| !plugin.has(Hook::SelectProvider));
        Roster {
            advisors: with(Hook::SelectProvider).map(advisor).collect(),
            rescuers: with(Hook::Recovery).map(advisor).collect(),
            others: others.map(|plugin| (plugin.name.clone(), state(plugin))).collect(),
            labels: self.labels.clone(),
        }
    }
}
