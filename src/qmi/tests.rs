//! The room as a whole: typed messages to frames and back.

use super::*;

#[test]
fn a_request_is_built_sent_parsed_and_matched() {
    let request = wds::start_network::Request {
        apn: Some("internet".into()),
        ip_family: Some(wds::IpFamily::Ipv4),
        ..Default::default()
    };
    let frame = Frame::parse(&request.frame(3, 0x0102).encode()).unwrap();
    assert_eq!(frame.key(), wds::start_network::KEY);
    assert_eq!((frame.client, frame.transaction, frame.kind), (3, 0x0102, Kind::Request));
    assert_eq!(wds::start_network::Request::decode(&frame), Ok(request));
    assert_eq!(nas::get_serving_system::Request::decode(&frame), Err(DecodeError::OtherMessage));
}

#[test]
fn a_refusal_keeps_its_values() {
    let request = wds::start_network::Request::default().frame(1, 7);
    let reasons = wds::start_network::Response {
        verbose_call_end_reason: Some(wds::VerboseCallEndReason { kind: wds::CallEndKind::ThreeGpp, reason: 33 }),
        ..Default::default()
    };
    let frame = reasons.refuse(&request, ProtocolError::CallFailed);
    let Ok(Err(refused)) = wds::start_network::Response::decode(&frame) else { panic!("{frame:?}") };
    assert_eq!(refused.error.name(), "call_failed");
    let reason = refused.response.verbose_call_end_reason.unwrap();
    assert_eq!(reason.cause(), Some(wds::SessionCause::OptionUnsubscribed));
    assert_eq!(reason.cause().unwrap().to_string(), "option_unsubscribed");
}

#[test]
fn a_stream_is_cut_into_frames() {
    let frames: Vec<_> = (1..4).map(|n| dms::get_ids::Request::default().frame(1, n)).collect();
    let mut stream = vec![0x01, 0x02, 0x80];
    for frame in &frames {
        stream.extend(frame.encode());
        stream.extend([0xAA, 0x01]);
    }
    let mut splitter = Splitter::default();
    let pieces: Vec<_> = stream.chunks(1).flat_map(|chunk| splitter.push(chunk)).collect();
    let found: Vec<_> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Frame(frame) => Some(frame.clone()),
            Piece::Skipped(_) => None,
        })
        .collect();
    assert_eq!(found, frames);
}

#[test]
fn no_two_messages_share_a_place() {
    let mut places: Vec<_> = registry::bodies().map(|body| (body.service, body.id, body.kind)).collect();
    let count = places.len();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), count);
}
