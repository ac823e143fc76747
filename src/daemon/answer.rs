//! Answers what clients ask, from what the core knows.

use std::time::Duration;

use super::Daemon;
use crate::api::types::{
    Candidate, ConfigView, ErrorView, EventsView, ExplanationView, PlanView, ProvidersView, Request, Response,
};
use crate::api::{Call, ErrorCode, Reply, view};
use crate::config::Source;
use crate::model::{Instant, ModemName};
use crate::reconcile::{Controller, Input};
use crate::sim::Disturbance;

impl Daemon {
    pub(super) fn answer(&mut self, call: Call, now: Instant) {
        let reply = match call.request {
            Request::Get { pattern } => return self.look(pattern, false, call.reply, now),
            Request::Watch { pattern } => return self.look(pattern, true, call.reply, now),
            Request::Events { last, follow } => {
                let events = Response::Events(EventsView { events: self.journal.last(last) });
                if follow { Reply::Follow(events, self.journal.follow()) } else { Reply::Once(events) }
            }
            other => Reply::Once(self.respond(other, now).unwrap_or_else(Response::Error)),
        };
        // The client may have gone.
        drop(call.reply.send(reply));
    }

    fn respond(&mut self, request: Request, now: Instant) -> Result<Response, ErrorView> {
        Ok(match request {
            Request::Status => Response::Status(view::status(&self.fleet, self.started, now)),
            Request::Plan { candidate: None } => {
                let modems = self.fleet.controllers().map(|controller| view::plan(controller, now)).collect();
                Response::Plan(PlanView { modems })
            }
            Request::Plan { candidate: Some(candidate) } => self.plan_for(candidate, now)?,
            Request::Explain { modem } => {
                let chosen = self.chosen(modem)?;
                let modems = chosen.into_iter().map(|controller| view::explanation(controller, now)).collect();
                Response::Explanation(ExplanationView { modems })
            }
            Request::ExplainProvider { modem } => {
                let chosen = self.chosen(modem)?;
                let modems = chosen.into_iter().map(view::choice);
                Response::Providers(ProvidersView { modems: modems.collect() })
            }
            Request::Plugins => Response::Plugins(view::plugins(&self.fleet)),
            Request::Config { origin } => {
                let text = self.fleet.config().map(|config| config.show(origin)).unwrap_or_default();
                Response::Config(ConfigView { generation: self.fleet.generation(), text })
            }
            Request::Disturb { modem, disturbance } => self.disturb(modem, &disturbance)?,
            Request::Pause { modem, for_ms } => self.pause(modem, Some(now + Duration::from_millis(for_ms)), now)?,
            Request::Resume { modem } => self.pause(modem, None, now)?,
            Request::Reset { modem, force } => self.reset(modem, force, now)?,
            Request::Events { .. } | Request::Get { .. } | Request::Watch { .. } => unreachable!("answered before"),
        })
    }

    fn plan_for(&self, candidate: Candidate, now: Instant) -> Result<Response, ErrorView> {
        let source = Source::new(candidate.path, candidate.text);
        let previews = self
            .fleet
            .preview(&[source], now)
            .map_err(|diagnostics| ErrorView::new(ErrorCode::ConfigInvalid, diagnostics.render(false)))?;
        Ok(Response::Plan(PlanView { modems: previews.iter().map(view::preview).collect() }))
    }

    fn disturb(&mut self, modem: Option<String>, disturbance: &Disturbance) -> Result<Response, ErrorView> {
        let modems: Vec<ModemName> = self.chosen(modem)?.into_iter().map(|c| c.name().clone()).collect();
        let [modem] = modems.as_slice() else {
            return Err(ErrorView::new(ErrorCode::UnknownModem, "say which modem"));
        };
        let Some(bench) = &mut self.executors.bench else {
            return Err(ErrorView::new(ErrorCode::NotSimulated, "only a simulated modem can be disturbed"));
        };
        match bench.disturb(modem, disturbance) {
            Ok(()) => Ok(Response::Done),
            Err(why) => Err(ErrorView::new(ErrorCode::Failed, why)),
        }
    }

    fn pause(&mut self, modem: Option<String>, until: Option<Instant>, now: Instant) -> Result<Response, ErrorView> {
        let modems: Vec<ModemName> = self.chosen(modem)?.into_iter().map(|c| c.name().clone()).collect();
        for modem in modems {
            self.handle(Input::Pause(modem, until), now);
        }
        Ok(Response::Done)
    }

    fn reset(&mut self, modem: Option<String>, force: bool, now: Instant) -> Result<Response, ErrorView> {
        let chosen = self.chosen(modem)?;
        let [controller] = chosen.as_slice() else {
            return Err(ErrorView::new(ErrorCode::UnknownModem, "say which modem"));
        };
        if let Some(why) = controller.reset_refusal(force, now) {
            return Err(ErrorView::new(ErrorCode::Failed, format!("{} is not reset: {why}", controller.name())));
        }
        let modem = controller.name().clone();
        self.handle(Input::Reset { modem, force }, now);
        Ok(Response::Done)
    }

    /// The modem of this name, or all of them.
    fn chosen(&self, modem: Option<String>) -> Result<Vec<&Controller>, ErrorView> {
        let Some(modem) = modem else { return Ok(self.fleet.controllers().collect()) };
        match self.fleet.controller(&ModemName(modem.clone())) {
            Some(controller) => Ok(vec![controller]),
            None => Err(ErrorView::new(ErrorCode::UnknownModem, format!("there is no modem \"{modem}\""))),
        }
    }
}
