//! How data is to be framed: raw IP first, always. A model that has never passed data in it gets a trial of the other
//! framing, once its sessions have been silent for minutes; what data was seen to pass in is remembered.

use super::super::door::{Memory, ProvenFraming};
use super::Controller;
use crate::model::{DataFormat, Device, Framing, Internet};

/// Models that are remembered: a gateway meets a handful in its life.
const MAX_MODELS: usize = 16;

/// How data is framed until the modem tells what it is: a live session is taken over as it is.
pub(super) fn expected(memory: &Memory) -> Framing {
    let mut proven = memory.framings.values().map(|proven| proven.framing);
    let first = proven.next().unwrap_or_default();
    if proven.all(|other| other == first) { first } else { Framing::default() }
}

impl Controller {
    /// Remembers how data was seen to pass.
    pub(super) fn note_framing(&mut self) {
        let Some((device, framing)) = self.known_device().zip(self.passing()) else { return };
        if self.proven_framing() == Some(framing) {
            return;
        }
        let (model, proven) = (device.model.clone(), ProvenFraming { framing, revision: device.revision.clone() });
        self.remember(|memory| {
            if memory.framings.len() >= MAX_MODELS {
                memory.framings.pop_first();
            }
            memory.framings.insert(model, proven);
        });
    }

    /// Concludes how data is to be framed; as before while the modem does not tell what it is.
    pub(super) fn follow_framing(&mut self) {
        if self.known_device().is_some() {
            let tried = self.recovery.tried_framing();
            self.observed.framing = tried.or(self.proven_framing()).unwrap_or_default();
        }
    }

    /// Whether data was seen to pass as it is to be framed now.
    pub(super) fn passes_as_framed(&self) -> bool {
        self.proven_framing() == Some(self.observed.framing)
    }

    /// Whether another framing may help: modem and driver can both be told, are as they should be, and data never passed so.
    pub(super) fn may_reframe(&self) -> bool {
        let framing = self.observed.framing;
        let is_set = self.observed.data_format.as_ref().is_some_and(|seen| seen.value == DataFormat::Framed(framing));
        let expected = self.observed.link.as_ref().is_some_and(|seen| seen.value.framing == Some(framing));
        is_set && expected && self.known_device().is_some() && !self.passes_as_framed()
    }

    fn proven_framing(&self) -> Option<Framing> {
        let device = self.known_device()?;
        let proven = self.memory.framings.get(&device.model)?;
        (proven.revision == device.revision).then_some(proven.framing)
    }

    /// The framing that data was last seen to pass in, while nothing has set it since. An answer to a question from before it
    /// was set comes while the driver still expects the other.
    fn passing(&self) -> Option<Framing> {
        let (internet, format) = (self.observed.internet.as_ref()?, self.observed.data_format.as_ref()?);
        let DataFormat::Framed(framing) = format.value else { return None };
        let link = self.observed.link.as_ref().filter(|seen| seen.value.framing == Some(framing))?;
        let since = format.since.max(link.since);
        (matches!(internet.value, Internet::Reached(_)) && since <= internet.at).then_some(framing)
    }

    /// The modem, if it tells what it is.
    fn known_device(&self) -> Option<&Device> {
        self.observed.device.as_ref().map(|seen| &seen.value).filter(|device| !device.model.is_empty())
    }
}
