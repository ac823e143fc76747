//! What a scenario has said: the same words that the other commands print.

use crate::api::types::{EventView, PropertiesView};
use crate::api::view;
use crate::cli::out::Out;
use crate::cli::simulate::live::Story;
use crate::cli::{explain, plan, status};
use crate::model::Instant;
use crate::property;
use crate::reconcile::{Controller, Event, Fleet};
use crate::sim::scenario::Words;

/// The commands' words, without colours.
#[derive(Debug)]
pub(super) struct Said {
    story: Story,
    number: u64,
}

impl Said {
    pub(super) fn new() -> Self {
        Self { story: Story::new(Out::plain()), number: 0 }
    }
}

impl Words for Said {
    fn event(&mut self, event: &Event, now: Instant) -> Option<String> {
        self.number += 1;
        self.story.line(&EventView {
            number: self.number,
            // Virtual time has no date.
            at: String::new(),
            uptime_ms: now.as_millis(),
            modem: event.modem.as_ref().map(ToString::to_string),
            what: view::happening(&event.what, now),
        })
    }

    fn status(&self, fleet: &Fleet, wide: bool, started: Instant, now: Instant) -> Vec<String> {
        let view = view::status(fleet, started, now);
        if !wide {
            return status::short(Out::plain(), &view);
        }
        let PropertiesView { properties, .. } = view::properties(fleet, "*", now);
        let config = fleet.config().map(|config| config.show(false)).unwrap_or_default();
        status::wide(Out::plain(), &view, &properties, &config)
    }

    fn explain(&self, controller: &Controller, now: Instant) -> Vec<String> {
        explain::state(Out::plain(), &view::explanation(controller, now))
    }

    fn provider(&self, controller: &Controller) -> Vec<String> {
        explain::provider(Out::plain(), &view::choice(controller))
    }

    fn plan(&self, controller: &Controller, now: Instant) -> Vec<String> {
        plan::of_modem(Out::plain(), &view::plan(controller, now))
    }

    fn properties(&self, controller: &Controller, pattern: &str) -> Vec<String> {
        let properties = controller.properties().iter();
        let fitting = properties.filter(|(name, _)| property::selects(pattern, name));
        fitting.map(|(name, held)| format!("{name} = {}", held.value)).collect()
    }
}
