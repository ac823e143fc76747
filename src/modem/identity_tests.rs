//! Who the device and the card are: items that come late, that are missing, that are no longer told.

use std::time::Duration;

use super::Output;
use super::tests::Rig;
use crate::model::{Device, Fact, FactSet, Report};
use crate::qmi::{ProtocolError, Response as _, Service, dms};

/// Answers everything asked of the device, the refusals by `refuse`; returns what was learned and what was asked.
fn device(rig: &mut Rig, refuse: &dyn Fn((Service, u16)) -> Option<ProtocolError>) -> (Vec<Device>, Vec<u16>) {
    let (mut learned, mut asked) = (Vec::new(), Vec::new());
    loop {
        let (frames, outputs) = rig.outputs();
        learned.extend(outputs.into_iter().filter_map(|output| match output {
            Output::Learn(Report::Device(device)) => Some(device),
            _ => None,
        }));
        let Some(frame) = frames.into_iter().next() else { return (learned, asked) };
        let text = |text: &str| Some(text.to_owned());
        let answer = match (frame.key(), refuse(frame.key())) {
            (_, Some(error)) => frame.refusal(error),
            (dms::get_model::KEY, _) => {
                dms::get_model::Response { model: text("EC25"), ..Default::default() }.accept(&frame)
            }
            (dms::get_hardware_revision::KEY, _) => {
                dms::get_hardware_revision::Response { revision: text("10001"), ..Default::default() }.accept(&frame)
            }
            (dms::get_ids::KEY, _) => {
                let imei = text("490154203237518");
                dms::get_ids::Response { imei, imei_software_version: text("78"), esn: text("0"), ..Default::default() }
                    .accept(&frame)
            }
            _ => rig.willing(&frame),
        };
        if frame.service == Service::Dms {
            asked.push(frame.message);
        }
        rig.send(&answer);
    }
}

#[test]
fn info_1_an_item_that_cannot_be_had_is_asked_for_again_and_holds_up_no_other() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::Device]), rig.now);
    let busy = |key| (key == dms::get_ids::KEY).then_some(ProtocolError::Internal);
    let (learned, _) = device(&mut rig, &busy);
    assert_eq!(learned.len(), 1, "the others at once");
    assert_eq!((learned[0].model.as_str(), &learned[0].imei), ("EC25", &None));
    for _ in 0..3 {
        rig.wait(Duration::from_millis(4_900));
        assert!(device(&mut rig, &busy).1.is_empty(), "not before five seconds");
        rig.wait(Duration::from_millis(100));
        assert_eq!(device(&mut rig, &busy).1, [dms::get_ids::ID], "that item alone");
    }
    rig.wait(Duration::from_secs(5));
    let (learned, asked) = device(&mut rig, &|_| None);
    assert_eq!(asked, [dms::get_ids::ID]);
    let device_now = learned.last().unwrap();
    assert_eq!(device_now.imei.as_ref().map(|imei| imei.as_str()), Some("490154203237518"));
    assert_eq!((device_now.model.as_str(), device_now.hardware_revision.as_str()), ("EC25", "10001"));
    rig.wait(Duration::from_secs(60));
    assert!(device(&mut rig, &|_| None).1.is_empty(), "complete");
}

#[test]
fn info_1_what_a_modem_does_not_have_is_not_asked_for_again() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::Device]), rig.now);
    let lacks = |key| (key == dms::get_hardware_revision::KEY).then_some(ProtocolError::NotSupported);
    assert_eq!(device(&mut rig, &lacks).0.len(), 1);
    rig.wait(Duration::from_secs(60));
    assert!(device(&mut rig, &lacks).1.is_empty());
}

#[test]
fn info_2_a_serial_that_is_no_longer_told_is_gone() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::Device]), rig.now);
    let (learned, _) = device(&mut rig, &|_| None);
    assert_eq!(learned[0].esn, None, "\"0\" is no serial number");
    assert_eq!(learned[0].imei_software_version.as_deref(), Some("78"));
    rig.driver.want(FactSet::of(&[Fact::Device]), rig.now);
    let mut learned = Vec::new();
    loop {
        let (frames, outputs) = rig.outputs();
        learned.extend(outputs);
        let Some(frame) = frames.into_iter().next() else { break };
        let answer = rig.willing(&frame);
        rig.send(&answer);
    }
    let last = learned.into_iter().rev().find_map(|output| match output {
        Output::Learn(Report::Device(device)) => Some(device),
        _ => None,
    });
    assert_eq!(last.unwrap(), Device::default());
}

#[test]
fn info_1_an_item_that_went_unanswered_is_not_forgotten_over_one_that_was_refused() {
    let mut rig = Rig::ready(&[]);
    rig.driver.want(FactSet::of(&[Fact::Device]), rig.now);
    loop {
        let frame = rig.request();
        let answer = match frame.key() {
            dms::get_revision::KEY => frame.refusal(ProtocolError::Internal),
            dms::get_capabilities::KEY => break,
            _ => rig.willing(&frame),
        };
        rig.send(&answer);
    }
    rig.wait(Duration::from_secs(5));
    let probe = rig.request();
    let alive = rig.willing(&probe);
    rig.send(&alive);
    let mut asked = Vec::new();
    for _ in 0..10 {
        rig.wait(Duration::from_secs(1));
        asked.extend(device(&mut rig, &|_| None).1);
    }
    for item in [dms::get_revision::ID, dms::get_capabilities::ID, dms::get_band_capabilities::ID] {
        assert_eq!(asked.iter().filter(|id| **id == item).count(), 1, "{asked:?}");
    }
}
