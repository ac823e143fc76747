//! Grants of client ids that are none (found by fuzzing): what waits for the client must end, and be tried again.

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
