//! The client against a server that the tests play, in virtual time; and against any bytes.

use std::net::Ipv4Addr;
use std::time::Duration;

use proptest::prelude::*;

use super::client::{Client, Output};
use super::message::{Kind, Message, option};
use crate::model::{Asking, Before, Instant, Lease, LeaseOrder, LeaseState};

const STATION: [u8; 6] = [2, 1, 2, 3, 4, 5];
const OURS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 7);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const HOUR: u64 = 3600;

fn order(had: Option<Ipv4Addr>) -> LeaseOrder {
    LeaseOrder { number: 1, host_name: None, had, seed: 42 }
}

/// A client, and the time.
struct Play {
    client: Client,
    now: Instant,
}

impl Play {
    fn new(had: Option<Ipv4Addr>) -> Self {
        let now = Instant::from_secs(1000);
        Self { client: Client::new(&order(had), Some("gw".to_owned()), STATION, now), now }
    }

    /// What the client sends next, and after how many milliseconds.
    fn sends(&mut self) -> (Output, Message, u64) {
        let from = self.now;
        for _ in 0..4 {
            if let Some(output) = self.client.poll_output() {
                let (Output::Broadcast(bytes) | Output::Unicast(_, bytes)) = &output;
                let message = Message::decode(bytes).unwrap();
                return (output, message, self.now.as_millis() - from.as_millis());
            }
            self.now = self.now.max(self.client.poll_timeout());
            self.client.handle_timeout(self.now);
        }
        panic!("it says nothing: {:?}", self.client);
    }

    fn answer(&mut self, to: &Message, kind: Kind) {
        self.client.handle_bytes(&answer(to, kind).encode(), self.now);
    }

    /// Up to a lease of an hour.
    fn bound(had: Option<Ipv4Addr>) -> Self {
        let mut play = Self::new(had);
        let (_, first, _) = play.sends();
        let ask = match first.kind {
            Kind::Discover => {
                play.answer(&first, Kind::Offer);
                play.sends().1
            }
            _ => first,
        };
        play.answer(&ask, Kind::Ack);
        assert!(play.lease().is_some(), "{:?}", play.client);
        play
    }

    fn lease(&self) -> Option<Lease> {
        match self.client.state() {
            LeaseState::Held(lease) => Some(lease),
            LeaseState::Asking(_) | LeaseState::Unable(_) => None,
        }
    }

    fn asking(&self) -> Asking {
        match self.client.state() {
            LeaseState::Asking(asking) => asking,
            other => panic!("{other:?}"),
        }
    }
}

fn answer(to: &Message, kind: Kind) -> Message {
    let message = Message { kind, your_address: OURS, options: Default::default(), ..to.clone() };
    let message = message.with(option::SERVER, SERVER.octets()).with(option::LEASE_TIME, 3600_u32.to_be_bytes());
    let message = message.with(option::SUBNET_MASK, [255, 255, 255, 0]).with(option::ROUTER, SERVER.octets());
    message.with(option::NAME_SERVER, [9, 9, 9, 9, 8, 8, 8, 8]).with(option::DOMAIN, "one.example")
}

#[test]
fn ip_1_discover_offer_request_ack() {
    let mut play = Play::new(None);
    let (output, discover, waited) = play.sends();
    assert!(matches!(output, Output::Broadcast(_)) && discover.broadcast && waited == 0);
    assert_eq!((discover.kind, discover.station), (Kind::Discover, STATION));
    assert_eq!(discover.options[&option::HOST_NAME], b"gw");
    assert!(discover.options[&option::PARAMETERS].contains(&option::DOMAIN_SEARCH));
    play.answer(&discover, Kind::Offer);
    let (_, request, _) = play.sends();
    assert_eq!((request.kind, request.transaction), (Kind::Request, discover.transaction));
    assert_eq!(request.options[&option::REQUESTED_ADDRESS], OURS.octets());
    assert_eq!(request.options[&option::SERVER], SERVER.octets());
    play.answer(&request, Kind::Ack);
    let lease = play.lease().unwrap();
    assert_eq!((lease.address, lease.prefix, lease.server), (OURS, 24, SERVER));
    assert_eq!(lease.seconds, 3600);
    assert_eq!((lease.routers[0], lease.dns.len(), lease.searched()), (SERVER, 2, &["one.example".to_owned()][..]));
}

#[test]
fn ip_1_what_is_lost_is_sent_again_soon_and_then_ever_more_rarely() {
    let mut play = Play::new(None);
    let waits: Vec<u64> = (0..9).map(|_| play.sends().2 / 1000).collect();
    let around = [0, 1, 4, 8, 16, 32, 64, 64, 64];
    assert!(waits.iter().zip(around).all(|(wait, about)| wait.abs_diff(about) <= 1), "{waits:?}");
    assert_eq!(play.asking(), Asking { confirms: None, tries: 9, before: Before::None });
}

#[test]
fn ip_4_a_lease_is_prolonged_by_its_server_without_a_change() {
    let mut play = Play::bound(None);
    let before = play.client.state();
    for _ in 0..3 {
        let (output, request, waited) = play.sends();
        assert!(matches!(output, Output::Unicast(SERVER, _)), "{output:?}");
        assert_eq!((waited / 1000, request.client_address, request.broadcast), (1800, OURS, false));
        assert!(!request.options.contains_key(&option::REQUESTED_ADDRESS), "RFC 2131 table 5");
        assert_eq!(play.client.state(), before, "while it is asked, too");
        // Servers vary when they want to be asked again: that is no change of the lease.
        let ack = answer(&request, Kind::Ack).with(option::REBINDING_TIME, 3100_u32.to_be_bytes());
        play.client.handle_bytes(&ack.encode(), play.now);
        assert_eq!(play.client.state(), before);
    }
}

#[test]
fn ip_1_without_its_server_any_is_asked_and_then_it_runs_out() {
    let mut play = Play::bound(None);
    let begun = play.now;
    let mut last = None;
    while play.lease().is_some() {
        let (output, request, _) = play.sends();
        let at = play.now.since(begun).as_secs();
        match at {
            0..3150 => assert!(matches!(output, Output::Unicast(..)), "{at}"),
            3150..3600 => assert!(matches!(output, Output::Broadcast(_)) && !request.broadcast, "{at}"),
            _ => assert_eq!(request.kind, Kind::Discover),
        }
        last = Some(at);
    }
    assert_eq!(last, Some(3600));
    assert_eq!(play.asking(), Asking { confirms: None, tries: 1, before: Before::RanOut });
}

#[test]
fn ip_1_a_refusal_ends_the_lease_at_once_and_endless_refusals_are_slow() {
    let mut play = Play::bound(None);
    let (_, renewal, _) = play.sends();
    let nak = answer(&renewal, Kind::Nak).with(option::MESSAGE, "not\nhere");
    play.client.handle_bytes(&nak.encode(), play.now);
    assert_eq!(play.asking().before, Before::Refused("nothere".to_owned()), "on one line");
    let mut waits = Vec::new();
    for _ in 0..5 {
        let (_, discover, waited) = play.sends();
        assert_eq!(discover.kind, Kind::Discover);
        waits.push(waited / 1000);
        play.answer(&discover, Kind::Offer);
        let (_, request, _) = play.sends();
        play.answer(&request, Kind::Nak);
    }
    assert!(waits[0] == 0 && waits[4] >= 15, "{waits:?}");
}

#[test]
fn ip_1_an_address_of_before_is_asked_for_first() {
    let play = Play::bound(Some(OURS));
    assert_eq!(play.lease().unwrap().address, OURS);
    // Refused, and not known to anybody.
    let mut play = Play::new(Some(OURS));
    let (_, request, _) = play.sends();
    assert_eq!(
        (request.kind, request.options[&option::REQUESTED_ADDRESS].as_slice()),
        (Kind::Request, &OURS.octets()[..])
    );
    assert!(!request.options.contains_key(&option::SERVER));
    assert_eq!(play.asking().confirms, Some(OURS));
    play.answer(&request, Kind::Nak);
    assert_eq!(play.asking().confirms, None);
    let mut play = Play::new(Some(OURS));
    let begun = play.now;
    while play.sends().1.kind == Kind::Request {}
    assert!((11..=16).contains(&play.now.since(begun).as_secs()) && play.asking().confirms.is_none());
}

#[test]
fn cfg_12_another_name_is_told_at_once_and_costs_nothing() {
    let mut play = Play::bound(None);
    let before = play.client.state();
    play.client.set_host_name(Some("other".to_owned()), play.now);
    let (output, request, waited) = play.sends();
    assert!(matches!(output, Output::Unicast(..)) && waited == 0);
    assert_eq!(request.options[&option::HOST_NAME], b"other");
    play.answer(&request, Kind::Ack);
    assert_eq!(play.client.state(), before);
}

#[test]
fn what_is_not_for_us_or_not_asked_for_changes_nothing() {
    let mut play = Play::new(None);
    let (_, discover, _) = play.sends();
    let offer = answer(&discover, Kind::Offer);
    let strangers = [
        Message { transaction: !discover.transaction, ..offer.clone() },
        Message { station: [9; 6], ..offer.clone() },
        Message { your_address: Ipv4Addr::BROADCAST, ..offer.clone() },
        Message { kind: Kind::Ack, ..offer.clone() },
        Message { kind: Kind::Nak, ..offer.clone() },
        Message { kind: Kind::Discover, ..offer },
    ];
    for stranger in strangers {
        play.client.handle_bytes(&stranger.encode(), play.now);
        assert_eq!(play.asking().tries, 1, "{stranger:?}");
        assert_eq!(play.client.poll_output(), None);
    }
}

#[test]
fn ip_1_the_search_list_is_read_with_its_references_and_its_tricks() {
    let search = |value: &[u8]| {
        let mut play = Play::new(None);
        let (_, discover, _) = play.sends();
        answer(&discover, Kind::Ack).with(option::DOMAIN_SEARCH, value).lease().unwrap().lease.search
    };
    // RFC 3397 section 2: eng.apple.com. and marketing.apple.com.
    let example = b"\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04";
    assert_eq!(search(example), ["eng.apple.com", "marketing.apple.com"]);
    // To itself, forward, out of the option, cut off, and what would end a line of a file.
    for bad in [&b"\xc0\x00"[..], b"\x01a\xc0\x06\x01b\x00", b"\x01a\xc1\xff", b"\x05ab", b"\x03a\nb\x00", b"\x41", b""]
    {
        assert_eq!(search(bad), [] as [&str; 0], "{bad:?}");
    }
}

#[test]
fn options_may_come_in_parts_and_in_other_fields() {
    let (_, discover, _) = Play::new(None).sends();
    let long: Vec<u8> = [8, 8, 8, 8].repeat(100);
    let ack = answer(&discover, Kind::Ack).with(option::NAME_SERVER, long.clone());
    let read = Message::decode(&ack.encode()).unwrap();
    assert_eq!(read.options[&option::NAME_SERVER], long, "RFC 3396");
    assert_eq!(read.lease().unwrap().lease.dns.len(), 16, "more is no list");
    let mut bytes = answer(&discover, Kind::Ack).with(option::MTU, [5, 150]).encode();
    let end = bytes.iter().rposition(|byte| *byte == 255).unwrap();
    bytes.splice(end..end, [52, 1, 3]);
    bytes[108..114].copy_from_slice(&[42, 4, 1, 2, 3, 4]);
    bytes[44..47].copy_from_slice(&[12, 1, b'x']);
    let lease = Message::decode(&bytes).unwrap().lease().unwrap().lease;
    assert_eq!(
        (lease.ntp.as_slice(), lease.host_name.as_deref(), lease.mtu),
        (&[Ipv4Addr::new(1, 2, 3, 4)][..], Some("x"), Some(1430))
    );
}

/// An answer to the client's own question, with any options and some octets changed.
#[allow(clippy::type_complexity, reason = "a tuple of one test")]
fn hostile() -> impl Strategy<Value = (u8, Vec<(u8, Vec<u8>)>, Vec<(usize, u8)>)> {
    let options = prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12);
    (0_u8..3, options, prop::collection::vec((0_usize..400, any::<u8>()), 0..6))
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_spin(answers in prop::collection::vec(hostile(), 1..12), noise in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut play = Play::new(None);
        for (kind, options, changes) in answers {
            let (_, question, _) = play.sends();
            prop_assert!(question.broadcast || play.lease().is_some());
            play.client.handle_bytes(&noise, play.now);
            let kind = [Kind::Offer, Kind::Ack, Kind::Nak][usize::from(kind)];
            let message = options.into_iter().fold(answer(&question, kind), |m, (number, value)| m.with(number, value));
            let mut bytes = message.encode();
            for (at, octet) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = octet;
                }
            }
            play.client.handle_bytes(&bytes, play.now);
            let asked = play.client.poll_output().is_some();
            prop_assert!(asked || play.client.poll_timeout() > play.now, "it waits for something");
            if let Some(lease) = play.lease() {
                prop_assert!(lease.prefix <= 32 && lease.seconds >= 10);
                prop_assert!(lease.searched().iter().all(|name| name.bytes().all(|b| b.is_ascii_graphic())));
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(kind in 0_usize..5, transaction: u32, seconds: u16, broadcast: bool, address: u32, station: [u8; 6],
            options in prop::collection::btree_map(1_u8..52, prop::collection::vec(any::<u8>(), 1..600), 0..6)) {
        let kind = [Kind::Discover, Kind::Offer, Kind::Request, Kind::Ack, Kind::Nak][kind];
        let (client_address, your_address) = (address.into(), (!address).into());
        let message = Message { kind, transaction, seconds, broadcast, client_address, your_address, station, options };
        prop_assert_eq!(Message::decode(&message.encode()), Some(message));
    }
}

#[test]
fn a_lease_for_ever_is_not_asked_for_again() {
    let mut play = Play::new(None);
    let (_, discover, _) = play.sends();
    play.answer(&discover, Kind::Offer);
    let (_, request, _) = play.sends();
    let ack = answer(&request, Kind::Ack).with(option::LEASE_TIME, [255; 4]);
    play.client.handle_bytes(&ack.encode(), play.now);
    assert!(play.client.poll_timeout() > play.now + Duration::from_secs(60 * 365 * 24 * HOUR));
}
