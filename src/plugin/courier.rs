//! Delivers what one exporter sends, on a thread of its own: a server that hangs, a name that does not resolve, a disk that
//! does not answer hold up nothing but this exporter's messages.

use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

use super::lane::Lane;
use super::message::Message;
use crate::model::{Outlet, PluginName};

/// The courier of one exporter. Dropped, it forgets what is not delivered.
pub(super) struct Courier {
    lanes: Arc<Vec<Lane>>,
    /// Dropped with this: the thread ends.
    _wanted: oneshot::Sender<()>,
}

impl Courier {
    /// Begins. `stir` is called, from the thread of delivery, when a message was lost.
    ///
    /// # Errors
    /// No thread can be had.
    pub(super) fn new(
        name: &PluginName,
        outlets: &[Outlet],
        stir: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let lanes: Arc<Vec<Lane>> = Arc::new(outlets.iter().cloned().map(Lane::new).collect());
        let (wanted, ended) = oneshot::channel();
        if !outlets.is_empty() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
            let (served, stir) = (Arc::clone(&lanes), Arc::new(stir));
            thread::Builder::new().name(format!("outlets-{name}")).spawn(move || {
                runtime.block_on(async {
                    for at in 0..served.len() {
                        let (served, stir) = (Arc::clone(&served), Arc::clone(&stir));
                        tokio::spawn(async move { served[at].serve(&*stir).await });
                    }
                    // Nothing is ever sent: it is over when the sender is gone.
                    drop(ended.await);
                });
                // A name that is being looked up must not keep this thread.
                runtime.shutdown_background();
            })?;
        }
        Ok(Self { lanes, _wanted: wanted })
    }

    /// Takes these to where they are meant for.
    pub(super) fn send(&self, messages: Vec<Message>) {
        for message in messages {
            if let Some(lane) = self.lanes.get(message.outlet) {
                lane.put(message);
            }
        }
    }

    /// Messages that were lost so far, and why the last of the first outlet that loses was.
    pub(super) fn lost(&self) -> (u64, Option<String>) {
        let lost: Vec<(u64, String)> = self.lanes.iter().map(Lane::lost).filter(|(lost, _)| *lost > 0).collect();
        (lost.iter().map(|(lost, _)| lost).sum(), lost.into_iter().next().map(|(_, why)| why))
    }
}
