//! Measurements for other programs: a page of metrics that is scraped, the same as a file, and a file with everything that
//! may be shown. All are read from the core when they are asked for or due; nothing is kept twice.

mod prometheus;
mod state_file;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::config::Exporters as Wanted;
use crate::host::{files, scrape};
use crate::model::Instant;
use crate::property::{CATALOGUE, Property, Value};
use crate::reconcile::{Controller, Fleet};

/// Between two writes of a file: what reads it looks every quarter of a minute or less often.
const WRITTEN_EVERY: Duration = Duration::from_secs(15);
/// Scrapes that wait for the loop.
const SCRAPES: usize = 4;

/// Somebody who wants the page of metrics.
pub(super) type Scrape = oneshot::Sender<String>;

/// Everything that is exported, as the file asks.
#[derive(Debug)]
pub(super) struct Exporters {
    /// What was asked for last.
    wanted: Wanted,
    asks: mpsc::Sender<Scrape>,
    serving: Option<JoinHandle<()>>,
    files: Vec<Written>,
    due: Instant,
}

/// A file that is kept up to date.
#[derive(Debug)]
struct Written {
    path: PathBuf,
    render: fn(&Fleet) -> String,
    /// What it holds.
    text: String,
    /// It could not be written, and that was said.
    failing: bool,
}

impl Exporters {
    /// Nothing yet; and where scrapes arrive.
    pub(super) fn new() -> (Self, mpsc::Receiver<Scrape>) {
        let (asks, scrapes) = mpsc::channel(SCRAPES);
        (Self { wanted: Wanted::default(), asks, serving: None, files: Vec::new(), due: Instant::FAR }, scrapes)
    }

    /// The page of metrics.
    pub(super) fn page(fleet: &Fleet) -> String {
        prometheus::page(fleet)
    }

    /// Something was done: exports what the file in force asks for, and writes what is due.
    pub(super) fn turn(&mut self, fleet: &Fleet, now: Instant) {
        if let Some(config) = fleet.config()
            && config.exporters != self.wanted
        {
            self.configure(&config.exporters, now);
        }
        if now >= self.due {
            self.due = now + WRITTEN_EVERY;
            self.files.iter_mut().for_each(|file| file.write(fleet));
        }
    }

    fn configure(&mut self, wanted: &Wanted, now: Instant) {
        let before = std::mem::replace(&mut self.wanted, wanted.clone());
        let Wanted { prometheus_listen, textfile, state_file } = wanted;
        if before.prometheus_listen != *prometheus_listen {
            self.hang_up();
            self.serving = prometheus_listen.map(|address| tokio::spawn(scrape::serve(address, self.asks.clone())));
        }
        let wanted = [(textfile, prometheus::page as fn(&Fleet) -> String), (state_file, state_file::text)];
        let wanted = wanted.into_iter().filter_map(|(path, render)| Some((PathBuf::from(path.as_ref()?), render)));
        let mut before = std::mem::take(&mut self.files);
        let kept = |(path, render): (PathBuf, fn(&Fleet) -> String)| {
            let known = before.iter().position(|file| file.path == path).map(|at| before.swap_remove(at));
            Written { render, ..known.unwrap_or_else(|| Written::new(path, render)) }
        };
        self.files = wanted.map(kept).collect();
        // What nobody keeps up to date any more says what is not so.
        before.iter().for_each(|file| drop(std::fs::remove_file(&file.path)));
        self.due = if self.files.is_empty() { Instant::FAR } else { now };
    }

    /// When the loop has to come by.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    fn hang_up(&mut self) {
        if let Some(task) = self.serving.take() {
            task.abort();
        }
    }
}

impl Drop for Exporters {
    fn drop(&mut self) {
        self.hang_up();
    }
}

impl Written {
    fn new(path: PathBuf, render: fn(&Fleet) -> String) -> Self {
        Self { path, render, text: String::new(), failing: false }
    }

    fn write(&mut self, fleet: &Fleet) {
        let text = (self.render)(fleet);
        if text == self.text && !self.failing {
            return;
        }
        // Others shall read it.
        match files::replace(&self.path, &text, Some(0o644)) {
            Ok(()) => {
                self.failing = false;
                self.text = text;
            }
            Err(why) if !self.failing => {
                self.failing = true;
                tracing::warn!("cannot write {}: {why}", self.path.display());
            }
            Err(_) => {}
        }
    }
}

/// What a modem's properties are now, without those that identify a person, a device or a place.
fn shown(controller: &Controller) -> impl Iterator<Item = (&'static Property, &Value)> {
    let public = CATALOGUE.iter().filter(|property| !property.private);
    public.filter_map(|property| {
        let held = controller.properties().get(&format!("{}.{}", controller.name(), property.name))?;
        Some((property, &held.value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;
    use crate::model::PluginState;
    use crate::reconcile::Input;

    #[test]
    fn prop_5_metrics_and_state_file_have_what_plugins_publish() {
        let file = "version: 1\nmodems: {wwan0: {service_providers: [{apn: internet}]}}\n\
                    plugins: [{name: p, module: /p.wasm, hooks: [export]}]\n";
        let values =
            [("a.flag", Value::Flag(true)), ("number", Value::Integer(-7)), ("words", Value::Text("line\"s".into()))];
        let values = values.map(|(name, value)| (name.to_owned(), value));
        let mut fleet = Fleet::new(1);
        for input in [
            Input::Config(vec![Source::new("wwan.yaml", file)]),
            Input::Plugin("p".into(), PluginState::Ready { digest: "d".into(), refused: None }),
            Input::Published("p".into(), values.into()),
        ] {
            fleet.handle(input, Instant::ZERO);
        }
        let page = prometheus::page(&fleet);
        let samples: Vec<&str> = page.lines().filter(|line| line.starts_with("wwan_plugin{")).collect();
        assert_eq!(samples, ["wwan_plugin{property=\"p.a.flag\"} 1", "wwan_plugin{property=\"p.number\"} -7"]);
        let document: serde_json::Value = serde_json::from_str(&state_file::text(&fleet)).unwrap();
        assert_eq!(document["plugins"], serde_json::json!({ "p.a.flag": true, "p.number": -7, "p.words": "line\"s" }));
    }
}
