//! What passed between the core and its modem, as somebody who reads along would know it: what was asked, what was
//! answered, what was told unasked. A naive model of what the core may know, to compare with what it says and does.

use std::time::Duration;

use super::Broken;
use crate::model::{Action, Failure, Instant};
use crate::qmi::nas::{self, RegistrationState, RoamingIndicator};
use crate::qmi::wds::{self, ConnectionStatus};
use crate::qmi::{Frame, Indication, Kind, Piece, Response, Service, Splitter, ctl, dms, uim};

/// Service and id of a message.
type Key = (Service, u16);

/// Reads along between a core and its modem.
#[derive(Debug, Default)]
pub(super) struct Wire {
    incoming: Splitter,
    /// Registered abroad, by the last answer that reached the core.
    pub(super) roaming: bool,
    /// Its card was taken out, and no other was read since.
    pub(super) card_gone: bool,
    /// Requests whose answer has not reached the core.
    open: Vec<(Key, u8, u16)>,
    /// Messages of which an answer to an open request has reached the core since the action began.
    answered: Vec<Key>,
    /// When an answer last said that a session is up.
    connected_at: Option<Instant>,
    /// When a dial was last acknowledged, as the core says.
    dialled_at: Option<Instant>,
    /// A session ended, says the modem; and the core has not asked since.
    end_unheeded: Option<Instant>,
    /// The modem restarted, says the modem; and the core has not begun anew since.
    restart_unheeded: Option<Instant>,
    /// The core itself released every client.
    own_sync: Option<Instant>,
    /// Client ids whose grant was lost on its way, or whose release may have been: nobody's fault.
    lost_clients: usize,
}

/// After this long without another look, what the modem told of was not heeded: a request may be under way, or held back.
const HEEDED_WITHIN: Duration = Duration::from_secs(30);
/// A restart is heeded at once.
const RESTART_HEEDED_WITHIN: Duration = Duration::from_secs(3);
/// "Restarted" so soon after our own release of all clients is its echo.
const OWN_SYNC: Duration = Duration::from_secs(3);
/// Requests kept in mind.
const OPEN: usize = 64;

impl Wire {
    /// The port was closed, or the daemon restarted: nothing that was said before counts.
    pub(super) fn cut(&mut self) {
        let lost = self.open.iter().filter(|(key, ..)| changes_clients(*key)).count();
        *self = Self {
            lost_clients: self.lost_clients + lost,
            roaming: self.roaming,
            card_gone: self.card_gone,
            ..Self::default()
        };
    }

    /// The daemon restarted: it has been told nothing.
    pub(super) fn restarted(&mut self) {
        self.cut();
        self.roaming = false;
        self.card_gone = false;
    }

    /// Client ids that may be in use without anybody being to blame.
    pub(super) fn excused_clients(&self) -> usize {
        self.lost_clients + self.open.iter().filter(|(key, ..)| changes_clients(*key)).count()
    }

    /// A request that the core sends.
    pub(super) fn sent(&mut self, bytes: &[u8], now: Instant) {
        let Ok(frame) = Frame::parse(bytes) else { return };
        if frame.service == Service::Ctl {
            self.restart_unheeded = None;
            self.end_unheeded = None;
        }
        match frame.key() {
            ctl::sync::KEY => {
                // It releases every client: what was lost is lost no more.
                self.own_sync = Some(now);
                self.lost_clients = 0;
                self.open.retain(|(key, ..)| !changes_clients(*key));
            }
            wds::get_packet_service_status::KEY => self.end_unheeded = None,
            _ => {}
        }
        if self.open.len() == OPEN {
            let (key, ..) = self.open.remove(0);
            self.lost_clients += usize::from(changes_clients(key));
        }
        self.open.push((frame.key(), frame.client, frame.transaction));
    }

    /// Bytes that the core is given.
    pub(super) fn delivered(&mut self, bytes: &[u8], now: Instant) {
        for piece in self.incoming.push(bytes) {
            match piece {
                Piece::Frame(frame) if frame.kind == Kind::Response => self.response(&frame, now),
                Piece::Frame(frame) if frame.kind == Kind::Indication => self.indication(&frame, now),
                _ => {}
            }
        }
    }

    fn response(&mut self, frame: &Frame, now: Instant) {
        let asked = (frame.key(), frame.client, frame.transaction);
        let Some(at) = self.open.iter().position(|open| *open == asked) else { return };
        self.open.swap_remove(at);
        self.answered.push(frame.key());
        match frame.key() {
            nas::get_serving_system::KEY => {
                let Ok(Ok(response)) = nas::get_serving_system::Response::decode(frame) else { return };
                let Some(short) = response.serving_system else { return };
                let registered = short.registration == RegistrationState::Registered;
                self.roaming = registered && response.roaming == Some(RoamingIndicator::Roaming);
            }
            uim::read_transparent::KEY => {
                let read = uim::read_transparent::Response::decode(frame);
                self.card_gone &= !matches!(read, Ok(Ok(_)));
            }
            wds::get_packet_service_status::KEY => {
                let Ok(Ok(response)) = wds::get_packet_service_status::Response::decode(frame) else { return };
                let up = matches!(response.status, Some(ConnectionStatus::Connected | ConnectionStatus::Suspended));
                self.connected_at = if up { Some(now) } else { self.connected_at };
            }
            _ => {}
        }
    }

    fn indication(&mut self, frame: &Frame, now: Instant) {
        match frame.key() {
            uim::card_status::KEY => {
                let Ok(indication) = uim::card_status::Indication::decode(frame) else { return };
                let ready = |status: uim::CardStatus| {
                    let application = status.application(status.gw_primary).map(|(_, application)| application.state);
                    application == Some(uim::ApplicationState::Ready)
                };
                self.card_gone |= !indication.status.is_some_and(ready);
            }
            wds::packet_service_status::KEY => {
                let Ok(indication) = wds::packet_service_status::Indication::decode(frame) else { return };
                if indication.status.is_some_and(|s| s.status == ConnectionStatus::Disconnected) {
                    self.end_unheeded.get_or_insert(now);
                }
            }
            ctl::synced::KEY => {
                self.card_gone = false;
                if !self.own_sync.is_some_and(|at| now.since(at) < OWN_SYNC) {
                    self.restart_unheeded.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    /// The core begins an action.
    pub(super) fn begins(&mut self) {
        self.answered.clear();
    }

    /// The core says that an action ended so.
    pub(super) fn ends(&mut self, action: &Action, outcome: &Result<(), Failure>, now: Instant) -> Option<Broken> {
        let key = answer_of(action)?;
        let answered = self.answered.contains(&key);
        if matches!((action, outcome), (Action::StartSession(..), Ok(()))) {
            self.dialled_at = Some(now);
        }
        match outcome {
            Ok(()) if !answered => Some(("I9", format!("{action}: acknowledged, but the modem has not answered"))),
            Err(Failure::Timeout) if answered => {
                Some(("I9", format!("{action}: timed out, but the modem's answer had come")))
            }
            _ => None,
        }
    }

    /// What the core says about its session, compared with what it was told.
    pub(super) fn claims(&self, connected: bool, newly: bool, control_ready: bool, now: Instant) -> Option<Broken> {
        let overdue = |since: Option<Instant>, within: Duration| since.filter(|at| now.since(*at) > within);
        if control_ready && let Some(at) = overdue(self.restart_unheeded, RESTART_HEEDED_WITHIN) {
            return Some(("I8", format!("was told of a restart {:?} ago and goes on", now.since(at))));
        }
        if connected && let Some(at) = overdue(self.end_unheeded, HEEDED_WITHIN) {
            return Some(("I8", format!("was told {:?} ago that a session ended and has not looked", now.since(at))));
        }
        let seen = self.connected_at.is_some_and(|at| self.dialled_at.is_none_or(|dialled| at >= dialled));
        (connected && newly && !seen).then(|| ("I8", "believes in a session that it has not seen".to_owned()))
    }
}

/// The message whose answer ends an action; `None`: several, or none.
fn answer_of(action: &Action) -> Option<Key> {
    match action {
        Action::StartSession(..) => Some(wds::start_network::KEY),
        Action::StopSession(_) => Some(wds::stop_network::KEY),
        Action::SetTechnologies(_) => Some(nas::set_system_selection_preference::KEY),
        Action::SetOperatingMode(_) => Some(dms::set_operating_mode::KEY),
        _ => None,
    }
}

fn changes_clients(key: Key) -> bool {
    matches!(key, ctl::allocate_cid::KEY | ctl::release_cid::KEY)
}
