//! What passed between the core and its modem, as somebody who reads along would know it: what was asked, what was
//! answered, what was told unasked. A naive model of what the core may know, to compare with what it says and does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Broken;
use crate::model::{Action, Failure, Instant};
use crate::qmi::nas::{self, RegistrationState, RoamingIndicator};
use crate::qmi::wds::{self, ConnectionStatus};
use crate::qmi::{Frame, Indication, Kind, Piece, ProtocolError, Request, Response, Service, Splitter, ctl, dms, uim};

/// Service and id of a message.
pub(super) type Key = (Service, u16);

/// A request that is not answered yet.
#[derive(Debug)]
struct Asked {
    key: Key,
    client: u8,
    transaction: u16,
    number: u64,
}

/// Reads along between a core and its modem.
#[derive(Debug, Default)]
pub(super) struct Wire {
    incoming: Splitter,
    /// Registered abroad, by the last answer that reached the core.
    pub(super) roaming: bool,
    /// Its card was taken out, and no other was read since.
    pub(super) card_gone: bool,
    /// Requests whose answer has not reached the core, with their numbers.
    open: Vec<Asked>,
    asked: u64,
    /// The number of the newest request of each client and message that was answered: what comes later about an older
    /// one is no news.
    newest: BTreeMap<(Key, u8), u64>,
    /// The newest request of each message since an action last ended, and whether its answer has reached the core.
    latest: BTreeMap<Key, (u64, bool)>,
    /// When an answer last said that a session is up, by client: each has its own.
    connected_at: BTreeMap<u8, Instant>,
    /// The access point of a session, by the last answer that named one.
    apn: Option<String>,
    /// Since when the core claims another.
    apn_unheeded: Option<Instant>,
    /// The radio is not on, by the last answer that said so.
    radio_off: bool,
    /// Since when, while the core is content with it.
    radio_unheeded: Option<Instant>,
    /// Refused dials in a row, by client, while nothing else changed.
    refused: BTreeMap<u8, VecDeque<Instant>>,
    /// When a dial was last answered with yes, or with "it is so already", by client.
    dialled_at: BTreeMap<u8, Instant>,
    /// Something changed, says the modem; and the core has not asked since: by the message it has to ask with.
    unheeded: BTreeMap<Key, Instant>,
    /// The modem restarted, says the modem; and the core has not begun anew since.
    restart_unheeded: Option<Instant>,
    /// The core itself released every client.
    own_sync: Option<Instant>,
    /// Client ids whose grant was lost on its way, or whose release may have been: nobody's fault.
    lost_clients: usize,
}

/// What the core says about its session.
#[derive(Debug)]
pub(super) struct Claimed<'a> {
    pub(super) connected: bool,
    /// It did not say so before.
    pub(super) newly: bool,
    pub(super) control_ready: bool,
    /// Operating mode and technologies are as they should be.
    pub(super) radio: bool,
    /// The access point, unless it is the network's own choice.
    pub(super) apn: Option<&'a str>,
}

/// After this long without another look, what the modem told of was not heeded: a request may be under way, or held back.
const HEEDED_WITHIN: Duration = Duration::from_secs(30);
/// A restart is heeded at once.
const RESTART_HEEDED_WITHIN: Duration = Duration::from_secs(3);
/// "Restarted" so soon after our own release of all clients is its echo.
const OWN_SYNC: Duration = Duration::from_secs(3);
/// Attempts that a network refuses, in ten minutes: what operators accept (GSMA TS.34), each family by itself.
const REFUSED: usize = 16;
const REFUSED_WITHIN: Duration = Duration::from_secs(600);
/// Requests kept in mind.
const OPEN: usize = 64;

impl Wire {
    /// The port was closed, or the daemon restarted: nothing that was said before counts.
    pub(super) fn cut(&mut self) {
        let lost = self.open.iter().filter(|asked| changes_clients(asked.key)).count();
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

    /// The modem has no client and nothing to do: what was lost is lost no more.
    pub(super) fn no_clients(&mut self) {
        self.lost_clients = 0;
    }

    /// So many client ids were never written down, since the disk was full.
    pub(super) fn unkept_clients(&mut self, count: usize) {
        self.lost_clients = count;
    }

    /// Client ids that may be in use without anybody being to blame.
    pub(super) fn excused_clients(&self) -> usize {
        self.lost_clients + self.open.iter().filter(|asked| changes_clients(asked.key)).count()
    }

    /// A new file or another card: what was refused may be tried anew.
    pub(super) fn other_network(&mut self) {
        self.refused.clear();
    }

    /// A request that the core sends. Says which.
    pub(super) fn sent(&mut self, bytes: &[u8], now: Instant) -> Option<Key> {
        let frame = Frame::parse(bytes).ok()?;
        if frame.service == Service::Ctl {
            self.restart_unheeded = None;
        }
        self.unheeded.remove(&frame.key());
        if frame.key() == dms::uim_get_state::KEY {
            // The other way to ask about the card.
            self.unheeded.remove(&uim::get_card_status::KEY);
        }
        if frame.key() == ctl::sync::KEY {
            self.own_sync = Some(now);
        }
        let prepares = match frame.key() {
            ctl::allocate_cid::KEY => {
                ctl::allocate_cid::Request::decode(&frame).ok().and_then(|request| request.service)
            }
            wds::set_ip_family::KEY => Some(Service::Wds),
            _ => None,
        };
        if prepares.is_some() {
            // It makes the client that it will ask with; a slow modem takes its time to grant one and to hear what it is for.
            let of_it = self.unheeded.iter_mut().filter(|((asks, _), _)| Some(*asks) == prepares);
            of_it.for_each(|(_, since)| *since = now);
        }
        if self.open.len() == OPEN {
            let oldest = self.open.remove(0);
            self.lost_clients += usize::from(changes_clients(oldest.key));
        }
        self.asked += 1;
        self.latest.insert(frame.key(), (self.asked, false));
        let Frame { client, transaction, .. } = frame;
        self.open.push(Asked { key: frame.key(), client, transaction, number: self.asked });
        Some(frame.key())
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
        let answers = |asked: &Asked| {
            (asked.key, asked.client, asked.transaction) == (frame.key(), frame.client, frame.transaction)
        };
        let Some(at) = self.open.iter().position(answers) else { return };
        let Asked { key, client, number, .. } = self.open.remove(at);
        if let Some((latest, answered)) = self.latest.get_mut(&key) {
            *answered |= *latest == number;
        }
        let newest = self.newest.entry((key, client)).or_default();
        if number < std::mem::replace(newest, number.max(*newest)) {
            return;
        }
        match frame.key() {
            nas::get_serving_system::KEY => {
                let Ok(Ok(response)) = nas::get_serving_system::Response::decode(frame) else { return };
                let Some(short) = response.serving_system else { return };
                let registered = short.registration == RegistrationState::Registered;
                if !registered {
                    // A network that serves it anew may grant what was refused.
                    self.refused.clear();
                }
                self.roaming = registered && response.roaming == Some(RoamingIndicator::Roaming);
            }
            uim::read_transparent::KEY => {
                let read = uim::read_transparent::Response::decode(frame);
                self.card_gone &= !matches!(read, Ok(Ok(_)));
            }
            dms::uim_get_iccid::KEY => {
                let read = dms::uim_get_iccid::Response::decode(frame);
                self.card_gone &= !matches!(read, Ok(Ok(_)));
            }
            wds::get_current_settings::KEY => {
                let Ok(Ok(response)) = wds::get_current_settings::Response::decode(frame) else { return };
                self.apn = response.apn.or(self.apn.take());
            }
            wds::stop_network::KEY => self.apn = None,
            wds::start_network::KEY => {
                self.apn = None;
                let answer = wds::start_network::Response::decode(frame);
                let so_already = matches!(&answer, Ok(Err(refused)) if refused.error == ProtocolError::NoEffect);
                if matches!(answer, Ok(Ok(_))) || so_already {
                    self.dialled_at.insert(frame.client, now);
                }
                match answer {
                    Ok(Err(refused)) if refused.error == ProtocolError::CallFailed => {
                        let refused = self.refused.entry(frame.client).or_default();
                        refused.retain(|at| now.since(*at) < REFUSED_WITHIN);
                        refused.push_back(now);
                    }
                    _ => drop(self.refused.remove(&frame.client)),
                }
            }
            dms::get_operating_mode::KEY => {
                let Ok(Ok(response)) = dms::get_operating_mode::Response::decode(frame) else { return };
                self.radio_off = response.mode.is_some_and(|mode| mode != dms::OperatingMode::Online);
            }
            dms::set_operating_mode::KEY => self.radio_off = false,
            wds::get_packet_service_status::KEY => {
                let Ok(Ok(response)) = wds::get_packet_service_status::Response::decode(frame) else { return };
                let up = matches!(response.status, Some(ConnectionStatus::Connected | ConnectionStatus::Suspended));
                if up {
                    self.connected_at.insert(frame.client, now);
                } else {
                    self.connected_at.remove(&frame.client);
                }
            }
            _ => {}
        }
    }

    fn indication(&mut self, frame: &Frame, now: Instant) {
        if let Some(asks) = asked_about(frame.key()) {
            self.unheeded.entry(asks).or_insert(now);
        }
        match frame.key() {
            uim::card_status::KEY => {
                let Ok(indication) = uim::card_status::Indication::decode(frame) else { return };
                let ready = |status: uim::CardStatus| {
                    let application = status.application(status.gw_primary).map(|(_, application)| application.state);
                    application == Some(uim::ApplicationState::Ready)
                };
                self.card_gone |= !indication.status.is_some_and(ready);
            }
            nas::serving_system::KEY | nas::system_info::KEY => self.refused.clear(),
            ctl::synced::KEY => {
                self.card_gone = false;
                if self.own_sync.is_none_or(|at| now.since(at) >= OWN_SYNC) {
                    self.restart_unheeded.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    /// The core has ended what it did, whether it tells or not: endless repetitions are not told.
    pub(super) fn rests(&mut self) {
        self.latest.clear();
    }

    /// The core says that an action ended so.
    pub(super) fn ends(&mut self, action: &Action, outcome: &Result<(), Failure>) -> Option<Broken> {
        let key = answer_of(action)?;
        let answered = self.latest.remove(&key).is_some_and(|(_, answered)| answered);
        match outcome {
            Ok(()) if !answered => Some(("I9", format!("{action}: acknowledged, but the modem has not answered"))),
            Err(Failure::Timeout) if answered => {
                Some(("I9", format!("{action}: timed out, but the modem's answer had come")))
            }
            _ => None,
        }
    }

    /// What the core says about its session, compared with what it was told.
    pub(super) fn claims(&mut self, claimed: &Claimed<'_>, now: Instant) -> Option<Broken> {
        let Claimed { connected, newly, control_ready, radio, apn } = *claimed;
        let other = self.apn.as_deref().zip(apn).is_some_and(|(told, claims)| !told.eq_ignore_ascii_case(claims));
        let other_since = *super::since(&mut self.apn_unheeded, connected && other, now);
        let overdue = |since: Option<Instant>, within: Duration| since.filter(|at| now.since(*at) > within);
        if control_ready && let Some(at) = overdue(self.restart_unheeded, RESTART_HEEDED_WITHIN) {
            return Some(("I8", format!("was told of a restart {:?} ago and goes on", now.since(at))));
        }
        if !control_ready {
            self.unheeded.clear();
        }
        if let Some(at) = overdue(self.unheeded.values().min().copied(), HEEDED_WITHIN) {
            return Some(("I8", format!("was told {:?} ago that something changed and has not looked", now.since(at))));
        }
        let off_since = *super::since(&mut self.radio_unheeded, radio && self.radio_off, now);
        if let Some(at) = overdue(off_since, HEEDED_WITHIN) {
            return Some(("I8", format!("was told {:?} ago that the radio is off and is content", now.since(at))));
        }
        if let Some(times) = self.refused.values().map(VecDeque::len).find(|times| *times > REFUSED) {
            return Some(("I6", format!("{times} refused attempts at a session within ten minutes")));
        }
        if let Some(at) = overdue(other_since, HEEDED_WITHIN) {
            let (told, for_so_long) = (self.apn.as_deref().unwrap_or_default(), now.since(at));
            return Some(("I4", format!("was told {for_so_long:?} ago that the session uses \"{told}\" and goes on")));
        }
        // Each family by itself: that one was dialled says nothing of the other.
        let since_dialled =
            |(client, at): (&u8, &Instant)| self.dialled_at.get(client).is_none_or(|dialled| at >= dialled);
        let seen = self.connected_at.iter().any(since_dialled);
        (connected && newly && !seen).then(|| ("I8", "believes in a session that it has not seen".to_owned()))
    }
}

/// The message whose answer ends an action; `None`: several, or none.
fn answer_of(action: &Action) -> Option<Key> {
    match action {
        Action::StartSession(..) => Some(wds::start_network::KEY),
        Action::StopSession(_) => Some(wds::stop_network::KEY),
        Action::SetRadioPreference(_) => Some(nas::set_system_selection_preference::KEY),
        Action::SetOperatingMode(_) => Some(dms::set_operating_mode::KEY),
        _ => None,
    }
}

/// With which message to ask about what an indication tells.
fn asked_about(indication: Key) -> Option<Key> {
    match indication {
        wds::packet_service_status::KEY => Some(wds::get_packet_service_status::KEY),
        nas::serving_system::KEY => Some(nas::get_serving_system::KEY),
        uim::card_status::KEY => Some(uim::get_card_status::KEY),
        _ => None,
    }
}

fn changes_clients(key: Key) -> bool {
    matches!(key, ctl::allocate_cid::KEY | ctl::release_cid::KEY)
}
