//! Client ids at the edges, found by fuzzing: grants of nothing, and looks while ids are given back.

use super::*;

/// Answers an allocation with success and this client; `None`: without one.
fn grant(request: &Frame, client: Option<ctl::ClientId>) -> Frame {
    ctl::allocate_cid::Response { client, ..Default::default() }.accept(request)
}

#[test]
fn a_grant_of_nothing_ends_what_waits_for_it() {
    let of = |service, client| Some(ctl::ClientId { service, client });
    for client in [None, of(Service::Nas, 9), of(Service::Wds, 0), of(Service::Wds, 0xFF)] {
        let mut rig = Rig::ready(&[]);
        rig.driver.start(&Action::StopSession(IpFamily::Ipv4), rig.now);
        let request = rig.request();
        assert_eq!(request.key(), ctl::allocate_cid::KEY);
        let answer = grant(&request, client.clone());
        rig.send(&answer);
        let (frames, outputs) = rig.outputs();
        assert_eq!(keys(&frames), [], "no request under {client:?}");
        let refused = Output::Done(Err(Failure::Refused("a client id that is none".to_owned())));
        assert!(outputs.contains(&refused), "{client:?}: {outputs:?}");

        // A look tries again, and uses what is granted then.
        rig.driver.want(SESSION, rig.now);
        let outputs = rig.obey();
        assert!(outputs.iter().any(|o| matches!(o, Output::Learn(Report::Session(..)))), "{outputs:?}");
    }
}

#[test]
fn nothing_is_asked_under_ids_that_are_being_given_back() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    // One look is under way with a client of its own, another waits for an allocation.
    rig.driver.want(FactSet::of(&[Fact::SessionIpv4, Fact::OperatingMode]), rig.now);
    let (asked, _) = rig.outputs();
    assert_eq!(keys(&asked), [ctl::allocate_cid::KEY, wds::get_packet_service_status::KEY]);

    rig.driver.start(&Action::ReleaseClients, rig.now);
    rig.driver.want(FactSet::MODEM, rig.now);
    rig.driver.suspect(FactSet::MODEM, rig.now);
    let release = rig.request();
    assert_eq!(release.key(), ctl::release_cid::KEY);
    // Nor is there anything to wake up for: a look that is held back would be due again and again.
    rig.wait(Duration::from_secs(2));
    assert_eq!(rig.driver.poll_timeout().map(|(_, why)| why), Some("a request is unanswered"));
    // The grant comes after all: it is given back, and nothing is asked with it.
    rig.send(&grant_client(&asked[0], 99));
    assert_eq!(rig.request().key(), ctl::release_cid::KEY);
    let answer = rig.willing(&release);
    rig.send(&answer);
    let (frames, outputs) = rig.outputs();
    assert_eq!(keys(&frames), []);
    assert!(outputs.contains(&Output::Done(Ok(()))), "{outputs:?}");
    assert!(outputs.contains(&Output::Remember([].into())), "{outputs:?}");
}

#[test]
fn an_id_that_was_given_back_is_gone_although_the_rest_was_not() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::SessionIpv4, Fact::OperatingMode]), rig.now);
    rig.obey();
    rig.driver.start(&Action::ReleaseClients, rig.now);
    let first = rig.request();
    let answer = rig.willing(&first);
    rig.send(&answer);
    let (_, outputs) = rig.outputs();
    let kept = outputs.iter().find_map(|o| if let Output::Remember(clients) = o { Some(clients.len()) } else { None });
    assert_eq!(kept, Some(1), "{outputs:?}");
    // The second is not answered, so the action fails, and the first client is made anew.
    rig.wait(Duration::from_secs(5));
    rig.driver.want(FactSet::of(&[Fact::OperatingMode]), rig.now);
    let (asked, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Done(Err(Failure::Timeout))), "{outputs:?}");
    assert!(keys(&asked).contains(&ctl::allocate_cid::KEY), "{asked:?}");
}

#[test]
fn an_id_is_gone_although_the_answer_that_says_so_is_late() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.start(&Action::ReleaseClients, rig.now);
    let release = rig.request();
    rig.driver.cancel(rig.now);
    rig.outputs();
    let client = Some(ctl::ClientId { service: Service::Wds, client: 11 });
    rig.send(&ctl::release_cid::Response { client, ..Default::default() }.accept(&release));
    rig.driver.want(SESSION, rig.now);
    rig.wait(Duration::from_secs(1));
    let (asked, outputs) = rig.outputs();
    assert!(outputs.contains(&Output::Remember([].into())), "{outputs:?}");
    assert_eq!(keys(&asked), [ctl::allocate_cid::KEY]);
}

#[test]
fn an_id_that_was_granted_again_is_not_gone_when_a_late_answer_says_so() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    let first = rig.request();
    assert_eq!(first.key(), ctl::allocate_cid::KEY);
    // The grant comes too late and is given back; the modem does so, but its answer does not come.
    rig.lapse(Duration::from_secs(4));
    rig.send(&grant_client(&first, 11));
    let release = rig.request();
    assert_eq!(release.key(), ctl::release_cid::KEY);
    // Asked once more, it grants the same id.
    rig.wait(Duration::from_secs(1));
    let again = rig.request();
    rig.send(&grant_client(&again, 11));
    rig.outputs();
    let client = Some(ctl::ClientId { service: Service::Wds, client: 11 });
    rig.wait(Duration::from_secs(6));
    rig.outputs();
    rig.send(&ctl::release_cid::Response { client, ..Default::default() }.accept(&release));
    let (_, outputs) = rig.outputs();
    assert!(!outputs.iter().any(|output| matches!(output, Output::Remember(_))), "{outputs:?}");
    assert_eq!(rig.driver_client("wds-ipv4"), 11);
}

#[test]
fn an_id_that_the_modem_does_not_take_back_is_offered_again_a_few_times() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    let first = rig.request();
    rig.lapse(Duration::from_secs(4));
    rig.driver.want(FactSet::NONE, rig.now);
    rig.send(&grant_client(&first, 11));
    let mut offers = 0;
    for _ in 0..60 {
        for frame in rig.outputs().0.iter().filter(|frame| frame.key() == ctl::release_cid::KEY) {
            offers += 1;
            rig.send(&frame.refusal(ProtocolError::Internal));
        }
        rig.wait(Duration::from_secs(1));
    }
    assert_eq!(offers, 4);
}

#[test]
fn an_id_that_is_granted_after_a_restart_to_a_request_from_before_it_is_given_back() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(SESSION, rig.now);
    rig.obey();
    rig.driver.want(FactSet::of(&[Fact::SessionIpv4, Fact::OperatingMode]), rig.now);
    let (asked, _) = rig.outputs();
    let (allocations, looks): (Vec<_>, Vec<_>) = asked.iter().partition(|frame| frame.key() == ctl::allocate_cid::KEY);
    let ([allocation], [look]) = (&*allocations, &*looks) else { panic!("{asked:?}") };
    rig.send(&look.refusal(ProtocolError::InvalidClientId));
    let (_, outputs) = rig.outputs();
    assert!(outputs.iter().any(|output| matches!(output, Output::Restarted { .. })), "{outputs:?}");
    rig.driver.start(&Action::Synchronise, rig.now);
    rig.obey();
    rig.send(&grant_client(allocation, 11));
    let release = ctl::release_cid::Request::decode(&rig.request()).unwrap();
    assert_eq!(release.client, Some(ctl::ClientId { service: Service::Dms, client: 11 }));
}
