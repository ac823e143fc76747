//! What modems say of the card, by UIM or by the older commands of DMS, in our words.

use super::plain::plain;
use crate::model::{BadIccid, Iccid, Imsi, SimIdentity, SimSlots, SimState};
use crate::qmi::{dms, uim};

/// Pieces of what is known of the card, as the answers of one look come in.
#[derive(Default, Debug)]
pub(super) struct Pieces {
    /// Digits of the card's number, or what stands there.
    number: Option<String>,
    imsi: Option<Imsi>,
    gid1: Option<String>,
    service_provider_name: Option<String>,
    mnc_digits: Option<u8>,
    /// DMS: whether the card is usable.
    state: Option<dms::UimState>,
    /// DMS: the first PIN.
    pin: Option<dms::PinStatus>,
}

impl Pieces {
    /// Takes in a file of the card; which one it is says the request.
    pub(super) fn file(&mut self, file: u16, bytes: &[u8]) {
        match file {
            ICCID => self.begin(half_bytes(bytes)),
            IMSI => self.imsi = uim::imsi_digits(bytes).and_then(|digits| Imsi::parse(&digits).ok()),
            AD => self.mnc_digits = uim::mnc_length(bytes).and_then(|length| u8::try_from(length).ok()),
            GID1 => self.gid1 = gid1(bytes),
            SPN => self.service_provider_name = uim::service_provider_name(bytes).map(|name| plain(&name)),
            _ => {}
        }
    }

    /// Takes in the card's number as DMS writes it.
    pub(super) fn number(&mut self, text: &str) {
        self.begin(text.to_ascii_uppercase());
    }

    /// The number is read first: whatever is known beside it may be another card's.
    fn begin(&mut self, number: String) {
        let Self { state, pin, .. } = std::mem::take(self);
        *self = Self { number: Some(number), state, pin, ..Self::default() };
    }

    /// Takes in the subscriber as DMS writes it.
    pub(super) fn imsi(&mut self, digits: &str) {
        self.imsi = Imsi::parse(digits).ok();
    }

    /// Takes in the card's state as DMS tells it.
    pub(super) fn state(&mut self, state: dms::UimState) {
        self.state = Some(state);
    }

    /// Takes in the state of the first PIN as DMS tells it.
    pub(super) fn pin(&mut self, pin: dms::PinStatus) {
        self.pin = Some(pin);
    }

    /// Whose card it is; `None`: nobody said anything about its number.
    pub(super) fn identity(&mut self) -> Option<Result<SimIdentity, BadIccid>> {
        let number = self.number.take()?;
        let (imsi, gid1) = (self.imsi.take(), self.gid1.take());
        let (service_provider_name, mnc_digits) = (self.service_provider_name.take(), self.mnc_digits.take());
        let digits = number.trim_end_matches('F');
        let bad = || BadIccid { starts: number.chars().take(SHOWN).collect(), digits: digits.len() };
        let iccid = Iccid::parse(digits).map_err(|_| bad());
        Some(iccid.map(|iccid| SimIdentity { iccid, imsi, gid1, service_provider_name, mnc_digits }))
    }

    /// The card's state out of the answers of DMS; `None`: there were none.
    pub(super) fn dms_state(&mut self) -> Option<SimState> {
        use dms::PinState as P;
        let (state, pin) = (self.state.take(), self.pin.take());
        let by_pin = pin.as_ref().and_then(|pin| match pin.status {
            P::EnabledNotVerified => Some(SimState::PinRequired { tries_left: pin.verify_retries }),
            P::Blocked => Some(SimState::PukRequired { tries_left: pin.unblock_retries }),
            P::PermanentlyBlocked => Some(SimState::Blocked),
            _ => None,
        });
        match (state, by_pin) {
            (Some(dms::UimState::NotPresent), _) => Some(SimState::Absent),
            (_, Some(by_pin)) => Some(by_pin),
            (Some(dms::UimState::InitializationCompleted), None) => Some(SimState::Ready),
            // Neither a PIN nor a PUK is in the way: what else is wrong, these commands do not say.
            (Some(dms::UimState::LockedOrFailed), None) => Some(SimState::Error),
            (Some(_), None) => Some(SimState::Starting),
            // Without the state: a PIN that is off or verified means a card that works.
            (None, None) => pin.map(|_| SimState::Ready),
        }
    }
}

/// Files by their numbers (3GPP TS 31.102, ETSI TS 102 221).
const ICCID: u16 = 0x2FE2;
const IMSI: u16 = 0x6F07;
const AD: u16 = 0x6FAD;
const GID1: u16 = 0x6F3E;
const SPN: u16 = 0x6F46;
/// As much of a number is shown as of a good one.
const SHOWN: usize = 7;

/// The state of the card that serves 3GPP, from UIM.
pub(super) fn state(status: &uim::CardStatus) -> SimState {
    // An empty list soon after power-on means "not read yet", not "no card".
    let Some(first) = status.cards.first() else { return SimState::Starting };
    let (card, application) = match status.application(status.gw_primary) {
        Some((card, application)) => (card, Some(application)),
        None => (status.cards.iter().find(|c| c.state == uim::CardState::Present).unwrap_or(first), None),
    };
    match (card.state, application) {
        (uim::CardState::Absent, _) => SimState::Absent,
        (uim::CardState::Error, _) => SimState::Error,
        (_, None) => SimState::Starting,
        (_, Some(application)) => self::application(card, application),
    }
}

/// Whether the card in use has one PIN for all its applications.
pub(super) fn has_universal_pin(status: &uim::CardStatus) -> bool {
    status.application(status.gw_primary).is_some_and(|(_, application)| application.upin_replaces_pin1)
}

fn application(card: &uim::Card, application: &uim::CardApplication) -> SimState {
    let universal = application.upin_replaces_pin1;
    let tries = if universal { card.upin_retries } else { application.pin1_retries };
    let unblocks = if universal { card.upuk_retries } else { application.puk1_retries };
    let pin = if universal { card.upin } else { application.pin1 };
    match application.state {
        uim::ApplicationState::Ready => SimState::Ready,
        _ if pin == uim::PinState::PermanentlyBlocked => SimState::Blocked,
        uim::ApplicationState::PinRequired => SimState::PinRequired { tries_left: tries },
        uim::ApplicationState::PukRequired if unblocks == 0 => SimState::Blocked,
        uim::ApplicationState::PukRequired => SimState::PukRequired { tries_left: unblocks },
        // Its PIN is blocked, which a PUK may mend; that it is blocked for good the PIN itself says.
        uim::ApplicationState::Pin1Blocked if unblocks > 0 => SimState::PukRequired { tries_left: unblocks },
        uim::ApplicationState::Pin1Blocked | uim::ApplicationState::Illegal => SimState::Blocked,
        uim::ApplicationState::CheckPersonalization => match application.lock_state {
            uim::LockState::CodeRequired | uim::LockState::PukCodeRequired | uim::LockState::PermanentlyBlocked => {
                SimState::NetworkLocked
            }
            _ => SimState::Starting,
        },
        _ => SimState::Starting,
    }
}

/// The slots, from UIM.
pub(super) fn slots(slots: &[uim::Slot]) -> SimSlots {
    let active = slots.iter().position(|slot| slot.state == uim::SlotState::Active);
    let number = |position: usize| u8::try_from(position + 1).ok();
    SimSlots { count: u8::try_from(slots.len()).unwrap_or(u8::MAX), active: active.and_then(number) }
}

/// The half-bytes of EF ICCID in order (ETSI TS 102 221 clause 13.2), low one first, as hexadecimal digits.
fn half_bytes(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte & 0xF, byte >> 4]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).map(|c| c.to_ascii_uppercase()).collect()
}

/// EF GID1: bytes, then filler.
fn gid1(bytes: &[u8]) -> Option<String> {
    let used = bytes.iter().rposition(|byte| *byte != 0xFF)? + 1;
    Some(bytes[..used].iter().map(|byte| format!("{byte:02X}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8]) -> Result<String, BadIccid> {
        let mut pieces = Pieces::default();
        pieces.file(ICCID, bytes);
        pieces.identity().unwrap().map(|identity| identity.iccid.to_string())
    }

    #[test]
    fn info_3_sel_9_f12_card_numbers_lose_their_filler_and_others_are_none() {
        let nineteen = [0x98, 0x37, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2];
        assert_eq!(number(&nineteen).unwrap(), "8973601123456789012");
        let twenty = [0x64, 0x73, 0x03, 0x04, 0x00, 0x00, 0x10, 0x52, 0x70, 0x20];
        assert_eq!(number(&twenty).unwrap(), "46373040000001250702");
        let eighteen = [0x98, 0x37, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xFF];
        assert_eq!(number(&eighteen).unwrap(), "897360112345678901");
        let none = number(&[0xFF; 10]).unwrap_err();
        assert_eq!(none, BadIccid { starts: "FFFFFFF".into(), digits: 0 });
        let short = number(&nineteen[..4]).unwrap_err();
        assert_eq!(short, BadIccid { starts: "8973601".into(), digits: 8 });
        let inside = number(&[0x98, 0xA7, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2]).unwrap_err();
        assert_eq!(inside.starts, "897A601");
        let long = number(&[0x98; 11]).unwrap_err();
        assert_eq!(long.digits, 22, "21 digits and more are none either");
        assert_eq!(number(&[]).unwrap_err(), BadIccid { starts: String::new(), digits: 0 });
    }

    #[test]
    fn sel_9_dms_writes_the_filler_too() {
        for text in ["8973601123456789012", "8973601123456789012F", "8973601123456789012f"] {
            let mut pieces = Pieces::default();
            pieces.number(text);
            assert_eq!(pieces.identity().unwrap().unwrap().iccid.as_str(), "8973601123456789012");
        }
    }

    #[test]
    fn the_files_of_a_card_tell_whose_it_is() {
        let mut pieces = Pieces::default();
        pieces.file(ICCID, &[0x98, 0x37, 0x06, 0x11, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2]);
        pieces.file(IMSI, &[0x08, 0x39, 0x01, 0x14, 0x10, 0x32, 0x54, 0x76, 0x98]);
        pieces.file(AD, &[0x00, 0x00, 0x00, 0x03]);
        pieces.file(GID1, &[0xA1, 0x0B, 0xFF, 0xFF]);
        pieces.file(SPN, b"\x01hologram\xFF\xFF");
        let card = pieces.identity().unwrap().unwrap();
        assert_eq!(card.imsi.as_ref().unwrap().as_str(), "310410123456789");
        assert_eq!((card.gid1.as_deref(), card.service_provider_name.as_deref()), (Some("A10B"), Some("hologram")));
        assert_eq!((card.mnc_digits, card.home_network()), (Some(3), Some("310410")));
        assert!(pieces.identity().is_none(), "a look begins with nothing");
        // A look that was given up half-way, then another card.
        pieces.file(IMSI, &[0x08, 0x39, 0x01, 0x14, 0x10, 0x32, 0x54, 0x76, 0x98]);
        pieces.file(ICCID, &[0x98; 10]);
        for (file, bytes) in [(GID1, &[0xFF; 4][..]), (GID1, &[]), (SPN, &[0x01, 0xFF, 0xFF]), (IMSI, &[0x08, 0x39])] {
            pieces.file(file, bytes);
        }
        let bare = pieces.identity().unwrap().unwrap();
        assert_eq!(bare, SimIdentity::of(bare.iccid.clone()));
    }

    fn status(change: impl FnOnce(&mut uim::Card, &mut uim::CardApplication)) -> SimState {
        let mut application = uim::CardApplication {
            state: uim::ApplicationState::PinRequired,
            pin1: uim::PinState::EnabledNotVerified,
            pin1_retries: 3,
            puk1_retries: 10,
            ..uim::CardApplication::default()
        };
        let mut card =
            uim::Card { state: uim::CardState::Present, upin_retries: 2, upuk_retries: 9, ..uim::Card::default() };
        change(&mut card, &mut application);
        card.applications = vec![application];
        let none = uim::CardIndex::NONE;
        state(&uim::CardStatus {
            gw_primary: uim::CardIndex(0),
            cdma_primary: none,
            gw_secondary: none,
            cdma_secondary: none,
            cards: vec![card],
        })
    }

    #[test]
    fn f30_f31_every_state_of_a_card_has_its_word() {
        use uim::ApplicationState as A;
        assert_eq!(status(|_, _| ()), SimState::PinRequired { tries_left: 3 });
        assert_eq!(status(|_, a| a.upin_replaces_pin1 = true), SimState::PinRequired { tries_left: 2 });
        assert_eq!(status(|_, a| a.state = A::PukRequired), SimState::PukRequired { tries_left: 10 });
        assert_eq!(status(|_, a| a.state = A::Pin1Blocked), SimState::PukRequired { tries_left: 10 });
        assert_eq!(status(|_, a| (a.state, a.puk1_retries) = (A::PukRequired, 0)), SimState::Blocked);
        assert_eq!(status(|_, a| a.pin1 = uim::PinState::PermanentlyBlocked), SimState::Blocked);
        assert_eq!(status(|_, a| a.state = A::Illegal), SimState::Blocked);
        assert_eq!(status(|_, a| a.state = A::Detected), SimState::Starting);
        assert_eq!(status(|_, a| a.state = A::Ready), SimState::Ready);
        assert_eq!(status(|c, _| c.state = uim::CardState::Absent), SimState::Absent);
        assert_eq!(status(|c, _| c.state = uim::CardState::Error), SimState::Error);
        let locked = |_: &mut uim::Card, a: &mut uim::CardApplication| {
            (a.state, a.lock_state) = (A::CheckPersonalization, uim::LockState::CodeRequired);
        };
        assert_eq!(status(locked), SimState::NetworkLocked);
    }

    #[test]
    fn dms_says_the_same_with_fewer_words() {
        use dms::{PinState as P, UimState as U};
        let said = |state: Option<U>, pin: Option<P>| {
            let mut pieces = Pieces::default();
            if let Some(state) = state {
                pieces.state(state);
            }
            if let Some(status) = pin {
                pieces.pin(dms::PinStatus { status, verify_retries: 3, unblock_retries: 10 });
            }
            pieces.dms_state()
        };
        assert_eq!(said(Some(U::InitializationCompleted), Some(P::Disabled)), Some(SimState::Ready));
        let pin = Some(SimState::PinRequired { tries_left: 3 });
        assert_eq!(said(Some(U::LockedOrFailed), Some(P::EnabledNotVerified)), pin);
        assert_eq!(said(None, Some(P::EnabledNotVerified)), pin, "older still: no state at all");
        assert_eq!(said(None, Some(P::Disabled)), Some(SimState::Ready));
        assert_eq!(said(Some(U::LockedOrFailed), Some(P::Blocked)), Some(SimState::PukRequired { tries_left: 10 }));
        assert_eq!(said(Some(U::LockedOrFailed), Some(P::PermanentlyBlocked)), Some(SimState::Blocked));
        assert_eq!(said(Some(U::LockedOrFailed), Some(P::Disabled)), Some(SimState::Error));
        assert_eq!(said(Some(U::NotPresent), None), Some(SimState::Absent));
        assert_eq!(said(None, None), None);
    }
}
