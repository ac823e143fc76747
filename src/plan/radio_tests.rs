//! Tables of the radio preference: what is written, what is put back, what is left out, and when we stop.

use crate::model::{
    Attempts, DesiredLink, Failure, Imei, NetworkSelection, Observed, PinChance, Plmn, Report, Selection,
};

use super::super::laws::{healthy, provider};
use super::super::reader::IGNORED_AFTER;
use super::super::{Stage, Step, plan};
use super::*;

const NOW: Instant = Instant::from_secs(100_000);
const GSM_TO_LTE: [AccessTechnology; 3] = [AccessTechnology::Gsm, AccessTechnology::Umts, AccessTechnology::Lte];

fn technologies(list: &[AccessTechnology]) -> RadioPreference {
    RadioPreference { technologies: Some(list.iter().copied().collect()), ..RadioPreference::default() }
}

fn bands(list: &[u16]) -> Option<BandSet> {
    Some(list.iter().copied().collect())
}

/// What an LTE modem is set to when nobody has touched it.
fn own() -> RadioPreference {
    RadioPreference {
        lte_bands: bands(&[1, 3, 7, 20]),
        network: Some(NetworkSelection::Automatic),
        ..technologies(&GSM_TO_LTE)
    }
}

fn desired(radio: &RadioPreference) -> Desired {
    Desired {
        radio: radio.clone(),
        slot: None,
        pin: PinChance::NotConfigured,
        selection: Selection::Chosen(provider("internet")),
        link: DesiredLink { route_metric: 700, default_route: true, ..DesiredLink::default() },
        looks_at_internet: false,
    }
}

/// A modem that is fine and has this preference; its hardware is an LTE module's.
fn modem(has: &RadioPreference) -> Observed {
    let mut observed = healthy(NOW);
    observed.learn(Report::RadioPreference(has.clone()), NOW);
    let device = Device {
        imei: Imei::parse("866834040000001").ok(),
        supports: GSM_TO_LTE.into_iter().collect(),
        lte_bands: bands(&[1, 3, 7, 20]).unwrap(),
        ..Device::default()
    };
    observed.learn(Report::Device(device), NOW);
    observed
}

fn written(file: &RadioPreference, observed: &Observed) -> Option<RadioPreference> {
    match plan(&desired(file), observed, NOW).step {
        Step::Do(Action::SetRadioPreference(change), _) => Some(change),
        _ => None,
    }
}

fn found(file: &RadioPreference, observed: &Observed) -> Finding {
    plan(&desired(file), observed, NOW).stages[Stage::Radio as usize].finding.clone()
}

#[test]
fn rat_3_a_file_that_says_nothing_reads_and_writes_nothing() {
    let nothing = RadioPreference::default();
    let mut observed = modem(&own());
    observed.radio_preference = None;
    let plan = plan(&desired(&nothing), &observed, NOW);
    assert_eq!(plan.step, Step::Converged);
    assert!(!plan.wanted.contains(Fact::RadioPreference), "not even asked for");
}

#[test]
fn rat_6_only_what_differs_is_written_and_equal_is_not() {
    let file = RadioPreference { lte_bands: bands(&[3, 20]), ..technologies(&[AccessTechnology::Lte]) };
    assert_eq!(written(&file, &modem(&own())), Some(file.clone()), "both");
    let half = RadioPreference { lte_bands: bands(&[3, 20]), ..own() };
    assert_eq!(written(&file, &modem(&half)), Some(technologies(&[AccessTechnology::Lte])), "one of two");
    let all = RadioPreference { lte_bands: bands(&[3, 20]), ..technologies(&[AccessTechnology::Lte]) };
    assert_eq!(written(&file, &modem(&all)), None);
    let plmn = Plmn { mcc: 262, mnc: 1, three_digit_mnc: false };
    let manual = RadioPreference { network: Some(NetworkSelection::Manual(plmn)), ..RadioPreference::default() };
    assert_eq!(written(&manual, &modem(&own())), Some(manual.clone()));
    let unnamed = RadioPreference { network: Some(NetworkSelection::ManualUnnamed), ..own() };
    assert_eq!(written(&manual, &modem(&unnamed)), Some(manual), "which one it is the modem does not say");
}

#[test]
fn rat_6_what_we_changed_comes_back_when_the_file_says_nothing_any_more() {
    let file = technologies(&[AccessTechnology::Lte]);
    let mut observed = modem(&RadioPreference { technologies: file.technologies, ..own() });
    observed.original_radio = technologies(&GSM_TO_LTE);
    assert_eq!(written(&file, &observed), None, "still asked for");
    let nothing = RadioPreference::default();
    assert_eq!(written(&nothing, &observed), Some(technologies(&GSM_TO_LTE)));
    let Finding::Drifted { what } = found(&nothing, &observed) else { panic!("an action") };
    assert_eq!(what, "the modem allows lte, the file asks for nothing any more, its own were gsm umts lte");
    let other = RadioPreference { lte_bands: bands(&[3]), ..RadioPreference::default() };
    let both = RadioPreference { lte_bands: bands(&[3]), ..technologies(&GSM_TO_LTE) };
    assert_eq!(written(&other, &observed), Some(both), "one setting comes back while another is asked for");
}

#[test]
fn what_the_hardware_lacks_is_left_out_and_nothing_is_never_written() {
    let all = AccessTechnology::ALL;
    for mask in 1..1_u32 << all.len() {
        let asked: Vec<AccessTechnology> =
            all.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, t)| t).collect();
        let file = technologies(&asked);
        let possible: AccessTechnologies = asked.iter().copied().filter(|t| GSM_TO_LTE.contains(t)).collect();
        match written(&file, &modem(&own())) {
            Some(change) => assert_eq!(change.technologies, Some(possible), "{asked:?}"),
            None if possible.is_empty() => {
                assert_eq!(found(&file, &modem(&own())).reason(), "Unsupported", "{asked:?}");
            }
            None => assert_eq!(Some(possible), own().technologies, "{asked:?}"),
        }
    }
    let file = RadioPreference { lte_bands: bands(&[3, 71]), nr5g_sa_bands: bands(&[78]), ..Default::default() };
    let change = RadioPreference { lte_bands: bands(&[3]), ..RadioPreference::default() };
    assert_eq!(written(&file, &modem(&own())), Some(change), "no 5G, no 5G bands");
    let none = RadioPreference { lte_bands: bands(&[71]), ..RadioPreference::default() };
    let finding = found(&none, &modem(&own()));
    assert_eq!(finding.to_string(), "the file asks for LTE bands 71, the modem can do 1 3 7 20");
}

#[test]
fn a_setting_that_the_modem_does_not_have_is_said_and_not_insisted_on() {
    let has = technologies(&[AccessTechnology::Lte]);
    let file = RadioPreference { lte_bands: bands(&[3]), ..has.clone() };
    assert_eq!(written(&file, &modem(&has)), None);
    assert_eq!(found(&file, &modem(&has)).to_string(), "lte; the modem has no setting for LTE bands");
}

#[test]
fn nothing_is_written_before_the_hardware_is_known() {
    let mut observed = modem(&own());
    observed.device = None;
    let plan = plan(&desired(&technologies(&[AccessTechnology::Lte])), &observed, NOW);
    assert_eq!(plan.step, Step::Wait(Finding::Reading(Fact::Device)));
}

#[test]
fn f35_firmware_that_ignores_a_write_is_not_written_to_for_ever() {
    let file = technologies(&[AccessTechnology::Lte]);
    let mut observed = modem(&own());
    let action = Action::SetRadioPreference(file.clone());
    let tried = |failures, last_failure, took_effect, at| Attempts {
        action: action.clone(),
        failures,
        last_at: at,
        last_failure,
        took_effect,
        since: at,
        excused: false,
        alike: failures,
    };
    let ago = |seconds| NOW - Duration::from_secs(seconds);
    for failures in 1..IGNORED_AFTER {
        observed.attempts.insert(SET_PREFERENCE.into(), tried(failures, None, false, ago(100)));
        assert!(written(&file, &observed).is_some(), "capped retries: {failures}");
    }
    observed.attempts.insert(SET_PREFERENCE.into(), tried(IGNORED_AFTER, None, false, ago(3600)));
    let finding = found(&file, &observed);
    assert_eq!(finding.reason(), "Ignored");
    assert!(finding.to_string().contains("acknowledged the change 4 times"), "{finding}");
    observed.attempts.insert(SET_PREFERENCE.into(), tried(IGNORED_AFTER, None, false, ago(6 * 3600)));
    assert!(written(&file, &observed).is_some(), "an update of the firmware may have come");
    // A refusal is another matter: the ordinary back-off.
    let refused = Some(Failure::Refused("internal".into()));
    observed.attempts.insert(SET_PREFERENCE.into(), tried(9, refused, false, ago(10)));
    assert_eq!(found(&file, &observed).reason(), "Retrying");
}

#[test]
fn f36_a_fight_over_the_preference_is_reported_and_slowed_down() {
    let file = technologies(&[AccessTechnology::Lte]);
    let mut observed = modem(&own());
    let ago = |seconds| NOW - Duration::from_secs(seconds);
    observed.radio_writes = vec![ago(3000), ago(2000), ago(60)];
    assert!(written(&file, &observed).is_some(), "three repairs within an hour are repairs");
    observed.radio_writes = vec![ago(3000), ago(2000), ago(1000), ago(60)];
    let finding = found(&file, &observed);
    assert_eq!((finding.reason(), finding.retry_at()), ("Contended", Some(ago(60) + CONTENDED_FOR)));
    assert!(finding.to_string().contains("4 times within an hour"), "{finding}");
    observed.radio_writes = vec![ago(3000), ago(2000), ago(1000), ago(181)];
    assert!(written(&file, &observed).is_some(), "slowly, but not given up");
}
