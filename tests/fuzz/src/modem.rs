//! The modem that a fuzzer plays: it knows what it was asked, which client ids it granted, and how real modems answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use wwan::qmi::{Frame, Kind, Piece, ProtocolError, Response as _, Service, Splitter, ctl, from_hex};

/// Frames that third-party programs exchanged with a modem.
const CAPTURED: [&str; 4] = [
    include_str!("../../data/frames/modemmanager.txt"),
    include_str!("../../data/frames/ofono.txt"),
    include_str!("../../data/frames/qmicli.txt"),
    include_str!("../../data/frames/uqmi.txt"),
];

/// More requests than this are never open at once: one for each fact, each client, an action, a probe, a few errands.
const MOST_OPEN: usize = 200;

/// The modem's side of a port.
#[derive(Default)]
pub struct Modem {
    /// Requests that are not answered yet, oldest first.
    asked: Vec<Frame>,
    /// Answers that were given, to give them again.
    given: Vec<Frame>,
    /// Client ids that the driver may use.
    granted: BTreeSet<(u8, u8)>,
    next_client: u8,
    /// What the driver makes of our bytes.
    reads: Splitter,
}

impl Modem {
    /// A modem that has granted these ids to an earlier run.
    pub fn remembering(granted: impl IntoIterator<Item = (Service, u8)>) -> Self {
        let granted = granted.into_iter().map(|(service, client)| (service.into(), client)).collect();
        Self { granted, next_client: 16, ..Self::default() }
    }

    /// A request arrives. Only whole frames do, and only under ids that were granted.
    pub fn hears(&mut self, bytes: &[u8]) {
        let frame = Frame::parse(bytes).expect("whole frames");
        assert_eq!(frame.kind, Kind::Request, "{frame:?}");
        let service = u8::from(frame.service);
        let allowed = if frame.service == Service::Ctl {
            frame.client == 0
        } else {
            self.granted.contains(&(service, frame.client))
        };
        assert!(allowed, "client {} of {} was never granted: {frame:?}", frame.client, frame.service);
        self.asked.push(frame);
        if self.asked.len() > MOST_OPEN {
            self.asked.remove(0);
        }
    }

    /// The driver threw everything away: what it does not know it must not use.
    pub fn forgets(&mut self) {
        self.granted.clear();
        self.reads = Splitter::default();
    }

    /// The port was closed or opened: what was asked on it is nobody's, and a torn frame never ends.
    pub fn reopens(&mut self) {
        self.asked.clear();
        self.reads = Splitter::default();
    }

    /// Notes what the driver will take from bytes that it is about to be given.
    pub fn says(&mut self, bytes: &[u8]) {
        for piece in self.reads.push(bytes) {
            let Piece::Frame(frame) = piece else { continue };
            if frame.kind == Kind::Response
                && frame.key() == ctl::allocate_cid::KEY
                && let Ok(Ok(response)) = ctl::allocate_cid::Response::decode(&frame)
                && let Some(client) = response.client
            {
                self.granted.insert((client.service.into(), client.client));
            }
        }
    }

    /// The answer to one of the open requests, as a real modem would give it.
    pub fn answer(&mut self, which: u8, variant: u8) -> Option<Frame> {
        let request = self.take(which)?;
        let answer = match request.key() {
            ctl::allocate_cid::KEY => {
                let service = request.tlvs.get(3).copied().unwrap_or_default();
                self.next_client = self.next_client.wrapping_add(1).max(1);
                let tlvs = vec![2, 4, 0, 0, 0, 0, 0, 1, 2, 0, service, self.next_client];
                Frame { kind: Kind::Response, tlvs, ..request }
            }
            ctl::release_cid::KEY => {
                // Once it is told so the driver knows that the id is gone; while it waits, it may be either way.
                let mut tlvs = vec![2, 4, 0, 0, 0, 0, 0];
                if let [1, 2, 0, service, client, ..] = request.tlvs.as_slice() {
                    self.granted.remove(&(*service, *client));
                    tlvs.extend([1, 2, 0, *service, *client]);
                }
                Frame { kind: Kind::Response, tlvs, ..request }
            }
            _ => {
                let known = captured(Kind::Response).get(&(request.service.into(), request.message));
                let real = known.and_then(|all| all.get(usize::from(variant) % all.len()));
                let tlvs = real.cloned().unwrap_or_else(|| vec![2, 4, 0, 0, 0, 0, 0]);
                Frame { kind: Kind::Response, tlvs, ..request }
            }
        };
        self.given.push(answer.clone());
        Some(answer)
    }

    /// The same with success and one byte that is another.
    pub fn mutated(&mut self, which: u8, at: u8, byte: u8) -> Option<Frame> {
        let mut answer = self.answer(which, at)?;
        if answer.key() == ctl::release_cid::KEY {
            return Some(answer);
        }
        let length = answer.tlvs.len().max(1);
        if let Some(target) = answer.tlvs.get_mut(usize::from(at) % length) {
            *target = byte;
        }
        Some(answer)
    }

    /// A refusal of one of the open requests.
    pub fn refusal(&mut self, which: u8, error: u16) -> Option<Frame> {
        Some(self.take(which)?.refusal(ProtocolError::from(error)))
    }

    /// An answer that was given before.
    pub fn again(&self, which: u8) -> Option<Frame> {
        self.given.get(usize::from(which) % self.given.len().max(1)).cloned()
    }

    /// An indication, for one of the ids that were granted or for everybody.
    pub fn indication(&self, which: u8, client: u8) -> Frame {
        let all: Vec<(&(u8, u16), &Vec<u8>)> = captured(Kind::Indication)
            .iter()
            .flat_map(|(key, bodies)| bodies.iter().map(move |body| (key, body)))
            .collect();
        let ((service, message), tlvs) = all[usize::from(which) % all.len()];
        let ours: Vec<u8> = self.granted.iter().filter(|(s, _)| s == service).map(|(_, client)| *client).collect();
        let to = ours.get(usize::from(client) % (ours.len() + 1)).copied().unwrap_or(wwan::qmi::BROADCAST);
        Frame {
            kind: Kind::Indication,
            service: (*service).into(),
            client: to,
            transaction: 0,
            message: *message,
            tlvs: tlvs.clone(),
        }
    }

    fn take(&mut self, which: u8) -> Option<Frame> {
        (!self.asked.is_empty()).then(|| self.asked.remove(usize::from(which) % self.asked.len()))
    }
}

type Bodies = BTreeMap<(u8, u16), Vec<Vec<u8>>>;

/// TLV sections that were captured, by service and message; with indications that no capture has.
fn captured(kind: Kind) -> &'static Bodies {
    static ALL: OnceLock<[Bodies; 2]> = OnceLock::new();
    let [responses, indications] = ALL.get_or_init(|| {
        let mut both = [Bodies::new(), Bodies::new()];
        let lines = CAPTURED.iter().flat_map(|file| file.lines()).filter_map(|line| line.strip_prefix("< "));
        for frame in lines.filter_map(|line| Frame::parse(&from_hex(line)?).ok()) {
            let of = usize::from(frame.kind == Kind::Indication);
            let bodies = both[of].entry((frame.service.into(), frame.message)).or_default();
            if !bodies.contains(&frame.tlvs) {
                bodies.push(frame.tlvs);
            }
        }
        // CTL sync, WDS packet status "disconnected" and NAS serving system without a word of content.
        for (key, tlvs) in
            [((0, 0x27), vec![]), ((1, 0x22), vec![1, 2, 0, 1, 0]), ((3, 0x24), vec![]), ((11, 0x32), vec![])]
        {
            both[1].entry(key).or_default().push(tlvs);
        }
        both
    });
    if kind == Kind::Indication { indications } else { responses }
}
