//! Laws of the plan, checked over its whole small state space rather than by example.

use std::net::Ipv4Addr;

use super::preview::{LONGEST, assume};
use super::{Plan, Stage, Step, plan, preview, retire};
use crate::model::session::Ipv4Settings;
use crate::model::{
    AccessTechnologies, AccessTechnology, Action, Apn, Attempts, Authentication, ConditionKind, ControlState,
    DataFormat, Desired, DesiredLink, Fact, Failure, Finding, Iccid, Instant, IpFamilies, IpFamily, IpSettings,
    LinkState, Observed, OperatingMode, Plmn, PortState, Provider, Registration, Report, Selection, ServingSystem,
    SessionSettings, SessionState, SimIdentity, SimState, Status,
};

const NOW: Instant = Instant::from_secs(1_000_000);
const LTE: AccessTechnologies = AccessTechnologies::NONE.with(AccessTechnology::Lte);
const GSM: AccessTechnologies = AccessTechnologies::NONE.with(AccessTechnology::Gsm);

pub(super) fn provider(apn: &str) -> Provider {
    Provider {
        name: apn.to_owned(),
        origin: "wwan.yaml:5".to_owned(),
        because: "matches every SIM".to_owned(),
        apn: Apn(apn.to_owned()),
        roaming_allowed: Some(false),
        authentication: Authentication::None,
        username: None,
        password: None,
        families: IpFamilies::Ipv4,
    }
}

fn desired() -> Desired {
    Desired {
        technologies: Some(LTE),
        selection: Selection::Chosen(provider("internet")),
        link: DesiredLink { mtu: None, route_metric: 700, default_route: true },
    }
}

fn serving(registration: Registration) -> ServingSystem {
    let plmn = Some(Plmn { mcc: 310, mnc: 410, three_digit_mnc: true });
    ServingSystem { registration, ps_attached: true, plmn, operator_name: None, technologies: LTE }
}

fn settings(apn: &str) -> SessionSettings {
    let ipv4 = Ipv4Settings { address: Ipv4Addr::new(10, 64, 0, 2), prefix: 30, gateway: None };
    let ip = IpSettings { ipv4: Some(ipv4), mtu: Some(1430), ..IpSettings::default() };
    SessionSettings { apn: Some(Apn(apn.to_owned())), ip }
}

fn configured() -> LinkState {
    LinkState { up: true, ip: settings("internet").ip, default_route_metric: Some(700) }
}

/// What each fact may be, `None` being unknown. The product of all of them is the state space.
fn axes() -> Vec<Vec<Option<Report>>> {
    let iccid = Iccid::parse("8988307000000000001").unwrap();
    let some = |reports: Vec<Report>| reports.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
    vec![
        some(vec![
            Report::Port(PortState::Absent),
            Report::Port(PortState::Closed),
            Report::Port(PortState::Unusable("busy".into())),
            Report::Port(PortState::Open),
        ]),
        some(vec![Report::Control(ControlState::Ready), Report::Control(ControlState::Unresponsive)]),
        some(vec![Report::DataFormat(DataFormat::RawIp), Report::DataFormat(DataFormat::Ethernet)]),
        some(vec![Report::Sim(SimState::Ready), Report::Sim(SimState::Absent)]),
        some(vec![Report::SimIdentity(SimIdentity { iccid, imsi: None })]),
        some(vec![
            Report::OperatingMode(OperatingMode::Online),
            Report::OperatingMode(OperatingMode::LowPower),
            Report::OperatingMode(OperatingMode::Offline),
        ]),
        some(vec![Report::Technologies(LTE), Report::Technologies(GSM)]),
        some(vec![
            Report::ServingSystem(serving(Registration::Home)),
            Report::ServingSystem(serving(Registration::Roaming)),
            Report::ServingSystem(serving(Registration::Searching)),
        ]),
        some(vec![
            Report::Session(IpFamily::Ipv4, SessionState::Connected),
            Report::Session(IpFamily::Ipv4, SessionState::Disconnected(None)),
        ]),
        some(vec![
            Report::Settings(IpFamily::Ipv4, settings("internet")),
            Report::Settings(IpFamily::Ipv4, settings("other")),
        ]),
        some(vec![Report::Link(configured()), Report::Link(LinkState::default())]),
    ]
}

/// Every state, the last axis turning fastest.
fn each_state(mut check: impl FnMut(&Observed)) {
    let axes = axes();
    let total: usize = axes.iter().map(Vec::len).product();
    for number in 0..total {
        let mut rest = number;
        let mut observed = Observed::default();
        for axis in axes.iter().rev() {
            if let Some(report) = &axis[rest % axis.len()] {
                observed.learn(report.clone(), NOW);
            }
            rest /= axis.len();
        }
        observed.learn(Report::Session(IpFamily::Ipv6, SessionState::Disconnected(None)), NOW);
        check(&observed);
    }
}

/// The first report of each axis that makes for a healthy modem.
fn healthy_reports() -> Vec<Report> {
    let closed = |r: &Report| matches!(r, Report::Port(p) if *p != PortState::Open);
    axes().into_iter().filter_map(|axis| axis.into_iter().flatten().find(|r| !closed(r))).collect()
}

/// A state in which everything is as the file asks, all seen at that time.
pub(super) fn healthy(at: Instant) -> Observed {
    let mut observed = Observed::default();
    for report in healthy_reports() {
        observed.learn(report, at);
    }
    observed
}

fn failed(action: &Action, last_failure: Option<Failure>) -> Attempts {
    Attempts { action: action.clone(), failures: 1, last_at: NOW, last_failure, took_effect: false }
}

fn statuses_are_ordered(plan: &Plan) {
    let decided = plan.stages.iter().position(|s| s.status != Status::True).unwrap_or(plan.stages.len());
    for later in plan.stages.iter().skip(decided + 1) {
        assert_eq!((later.status, &later.finding), (Status::Unknown, &Finding::Waiting));
    }
    assert_eq!(decided == plan.stages.len(), plan.step == Step::Converged, "{plan:#?}");
}

fn waits_know_their_end(plan: &Plan) {
    let reads = matches!(&plan.step, Step::Wait(Finding::Reading(_)));
    assert!(!reads || !plan.wanted.is_empty(), "waits for a fact that nobody asks for: {plan:#?}");
    assert!(plan.until > NOW, "a conclusion that is stale when drawn: {plan:#?}");
    let known = !matches!(plan.step, Step::Do(..)) && plan.wanted.is_empty();
    assert!(!known || plan.until < Instant::FAR, "nobody would ever look again: {plan:#?}");
}

fn no_data_where_roaming_is_forbidden(observed: &Observed, plan: &Plan) {
    let roaming = observed.serving_system.as_ref().is_some_and(|s| s.value.registration == Registration::Roaming);
    assert!(!roaming || !matches!(plan.step, Step::Do(Action::StartSession(..), _)), "{plan:#?}");
}

#[test]
fn every_state_obeys_the_laws() {
    let desired = desired();
    each_state(|observed| {
        let plan = plan(&desired, observed, NOW);
        statuses_are_ordered(&plan);
        waits_know_their_end(&plan);
        no_data_where_roaming_is_forbidden(observed, &plan);
    });
}

#[test]
fn from_every_state_the_plan_comes_to_rest() {
    let desired = desired();
    each_state(|observed| {
        let (actions, _) = preview(&desired, observed, NOW);
        assert!(actions.len() < LONGEST, "does not come to rest: {actions:#?}");
        // No action is taken twice: each one, once it works, is done. Only a reset undoes what was done before it.
        for stretch in actions.split(|a| a.action == Action::ResetModem) {
            for (i, a) in stretch.iter().enumerate() {
                let twice = stretch[i + 1..].iter().any(|b| b.action == a.action);
                assert!(!twice, "{:?} twice in {actions:#?}", a.action);
            }
        }
    });
}

#[test]
fn from_every_state_retiring_ends_with_nothing_left() {
    each_state(|observed| {
        let mut observed = observed.clone();
        for _ in 0..LONGEST {
            let Step::Do(action, _) = retire(&observed, NOW).step else { break };
            let name = action.name().to_owned();
            assume(&action, &mut observed, NOW);
            observed.attempts.insert(name, failed(&action, None));
        }
        let open = observed.port.as_ref().is_some_and(|p| p.value == PortState::Open);
        let configured = observed.link.as_ref().is_some_and(|l| l.value != LinkState::default());
        assert!(!open && !configured, "left behind: {observed:#?}");
    });
}

#[test]
fn nothing_begins_while_an_action_is_in_flight() {
    let desired = desired();
    let doing = Action::StartSession(IpFamily::Ipv4, provider("internet"));
    each_state(|observed| {
        let observed = Observed { doing: Some(doing.clone()), ..observed.clone() };
        let plan = plan(&desired, &observed, NOW);
        assert!(!matches!(plan.step, Step::Do(..)), "{plan:#?}");
    });
}

#[test]
fn every_fact_that_is_read_can_expire_and_is_asked_for_before() {
    let desired = desired();
    let observed = healthy(NOW);
    let calm = plan(&desired, &observed, NOW);
    assert_eq!(calm.step, Step::Converged, "{calm:#?}");
    for report in healthy_reports() {
        let mut alone = Observed::default();
        alone.learn(report.clone(), NOW);
        let Some(fact) = Fact::ALL.into_iter().find(|fact| alone.seen_at(*fact).is_some()) else { continue };
        let mut observed = healthy(NOW + fact.refresh_after());
        observed.learn(report, NOW);
        let due = plan(&desired, &observed, NOW + fact.refresh_after());
        assert!(due.wanted.contains(fact), "{fact:?} is not refreshed");
        let expired = plan(&desired, &observed, NOW + fact.max_age());
        assert_ne!(expired.step, Step::Converged, "{fact:?} is believed for ever");
    }
    // Long after the last word from the modem nothing is believed any more.
    let stale = plan(&desired, &observed, NOW + std::time::Duration::from_secs(8 * 3600));
    assert_eq!(stale.stages[0].status, Status::Unknown);
}

#[test]
fn conditions_follow_the_stages() {
    let kinds: Vec<ConditionKind> = Stage::ALL.into_iter().map(Stage::kind).collect();
    assert!(kinds.is_sorted(), "stages decide in the order of their conditions");
}

#[test]
fn a_refused_second_family_does_not_hold_the_first_one_up() {
    let mut desired = desired();
    let dual = Provider { families: IpFamilies::Ipv4v6, ..provider("internet") };
    desired.selection = Selection::Chosen(dual);
    let mut observed = healthy(NOW);
    observed.learn(Report::Session(IpFamily::Ipv6, SessionState::Disconnected(None)), NOW);
    let start = Action::StartSession(IpFamily::Ipv6, provider("internet"));
    // Never tried: it is an improvement, not a defect.
    let first = plan(&desired, &observed, NOW);
    assert!(first.stages.iter().all(|s| s.status == Status::True), "{first:#?}");
    assert!(matches!(first.step, Step::Do(Action::StartSession(IpFamily::Ipv6, _), _)), "{first:#?}");
    // IPv4 only allowed: not tried again.
    let refused = Some(Failure::CallEnded(crate::model::CallEnd::of_3gpp(50)));
    observed.attempts.insert(start.name().to_owned(), failed(&start, refused));
    let after = plan(&desired, &observed, NOW);
    assert_eq!(after.step, Step::Converged, "{after:#?}");
}

#[test]
fn hardware_without_a_technology_is_not_asked_for_it() {
    let both = LTE.with(AccessTechnology::Nr5g);
    let desired = Desired { technologies: Some(both), ..desired() };
    let mut observed = healthy(NOW);
    let device = crate::model::Device { supports: LTE.with(AccessTechnology::Gsm), ..Default::default() };
    observed.learn(Report::Device(device), NOW);
    assert_eq!(plan(&desired, &observed, NOW).step, Step::Converged);
}
