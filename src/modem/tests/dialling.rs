//! Sessions begun and ended: late, refused, already there, slow, stopped by handle.

use super::*;

#[test]
fn a_session_that_comes_up_after_its_deadline_is_found() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    let dial = rig.request();
    rig.wait(Duration::from_secs(121));
    let (frames, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::Timeout))), "{outputs:?}");
    let abort = frames.iter().find(|f| f.key() == wds::abort::KEY).expect("called off in the modem too");
    let aborted = <wds::abort::Request as crate::qmi::Request>::decode(abort).expect("an abort");
    assert_eq!(aborted.transaction, Some(dial.transaction));
    let answer = rig.willing(&dial);
    rig.send(&answer);
    let (frames, _) = rig.outputs();
    assert!(keys(&frames).contains(&wds::get_packet_service_status::KEY), "looks what came of it: {frames:?}");
}

#[test]
fn a_refused_session_says_why() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    let dial = rig.request();
    let reason = wds::VerboseCallEndReason { kind: wds::CallEndKind::ThreeGpp, reason: 33 };
    let refusal = wds::start_network::Response { verbose_call_end_reason: Some(reason), ..Default::default() };
    rig.send(&refusal.refuse(&dial, ProtocolError::CallFailed));
    let (_, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::CallEnded(CallEnd::of_3gpp(33))))), "{outputs:?}");
}

#[test]
fn con_4_no_effect_is_told_apart_and_means_look_not_connected() {
    let mut rig = Rig::ready(&[]);
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    loop {
        let frame = rig.request();
        if frame.key() == wds::start_network::KEY {
            rig.send(&frame.refusal(ProtocolError::NoEffect));
            break;
        }
        let answer = rig.willing(&frame);
        rig.send(&answer);
    }
    let (_, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::NoEffect))), "{outputs:?}");
    assert!(!outputs.iter().any(|o| matches!(o, Output::Learn(Report::Session(..)))), "{outputs:?}");
}

#[test]
fn con_5_a_grant_after_the_deadline_is_looked_at_and_its_handle_kept() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    let dial = rig.request();
    rig.wait(crate::modem::call::DIAL);
    let (frames, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::Timeout))), "{outputs:?}");
    assert!(frames.iter().any(|frame| frame.key() == wds::abort::KEY), "{frames:?}");
    let late = rig.willing(&dial);
    rig.send(&late);
    let (looks, _) = rig.outputs();
    let expected = [wds::get_packet_service_status::KEY, wds::get_current_settings::KEY];
    assert_eq!(keys(&looks), expected, "believed when seen");
    for look in &looks {
        let up = rig.willing(look);
        rig.send(&up);
    }
    rig.outputs();
    rig.driver.start(&Action::StopSession(IpFamily::Ipv4), rig.now);
    let stop = <wds::stop_network::Request as crate::qmi::Request>::decode(&rig.request()).expect("a stop");
    assert_eq!((stop.handle, stop.disable_autoconnect), (Some(0xBEEF), None));
}

#[test]
fn a_slow_dial_holds_up_nothing_else() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    let dial = rig.request();
    rig.driver.want(SESSION, rig.now);
    let look = rig.request();
    rig.send(&status(&look, wds::ConnectionStatus::Authenticating));
    let (_, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Learn(Report::Session(IpFamily::Ipv4, SessionState::Connecting))));
    let answer = rig.willing(&dial);
    rig.send(&answer);
    assert!(rig.outputs().1.contains(&Output::Done(Ok(()))));
}

#[test]
fn what_was_started_is_stopped_by_its_handle() {
    let mut rig = Rig::ready(&[]);
    rig.driver.start(&Action::StartSession(IpFamily::Ipv4, provider()), rig.now);
    assert_eq!(rig.done(), Some(Ok(())));
    rig.driver.start(&Action::StopSession(IpFamily::Ipv4), rig.now);
    let stop = rig.request();
    let request = <wds::stop_network::Request as crate::qmi::Request>::decode(&stop).expect("a stop");
    assert_eq!((request.handle, request.disable_autoconnect), (Some(0xBEEF), None));
    rig.send(&stop.refusal(ProtocolError::InvalidHandle));
    assert!(rig.outputs().1.contains(&Output::Done(Ok(()))), "it is gone, which is what was asked");
    // A session that is not ours is stopped without a handle.
    rig.driver.start(&Action::StopSession(IpFamily::Ipv4), rig.now);
    let stop = rig.request();
    let request = <wds::stop_network::Request as crate::qmi::Request>::decode(&stop).expect("a stop");
    assert_eq!((request.handle, request.disable_autoconnect), (Some(wds::ANY_HANDLE), Some(true)));
}
