//! Laws of the plan, checked over its whole small state space rather than by example.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::preview::{LONGEST, assume};
use super::{Plan, Stage, Step, plan, preview, retire};
use crate::model::call_end::Class;
use crate::model::session::Ipv4Settings;
use crate::model::{
    AccessTechnologies, AccessTechnology, Action, AddressMethod, Apn, Asking, Attempts, Authentication, CallEnd,
    ConditionKind, ControlState, DataFormat, Desired, DesiredLink, Device, Fact, FactSet, Failure, Finding, Framing,
    Iccid, Instant, IpFamilies, IpFamily, IpSettings, Lease, LeaseState, LinkState, ModemProfile, NotOffered, Observed,
    OperatingMode, PinChance, PinMark, Plmn, PortState, Provider, RadioPreference, Registration, Report, Secret,
    Selection, ServingSystem, SessionSettings, SessionState, SimIdentity, SimState, Status, Throttled,
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
        profile: 1,
    }
}

fn radio(technologies: AccessTechnologies, lte_bands: &[u16]) -> RadioPreference {
    let lte_bands = Some(lte_bands.iter().copied().collect());
    RadioPreference { technologies: Some(technologies), lte_bands, ..RadioPreference::default() }
}

fn iccid() -> Iccid {
    Iccid::parse("8988307000000000001").unwrap()
}

fn pin_mark() -> PinMark {
    PinMark::of(1, &iccid(), &Secret::new("1234".into()))
}

fn desired() -> Desired {
    Desired {
        radio: radio(LTE, &[3, 20]),
        slot: None,
        pin: PinChance::Untried(pin_mark()),
        selection: Selection::Chosen(provider("internet")),
        link: DesiredLink { route_metric: 700, default_route: true, ..DesiredLink::default() },
        looks_at_internet: false,
    }
}

fn serving(registration: Registration) -> ServingSystem {
    let plmn = Some(Plmn { mcc: 310, mnc: 410, three_digit_mnc: true });
    ServingSystem { registration, ps_attached: true, network_known: true, plmn, operator_name: None, technologies: LTE }
}

fn settings(apn: &str) -> SessionSettings {
    let ipv4 = Ipv4Settings { address: Ipv4Addr::new(10, 64, 0, 2), prefix: 30, gateway: None };
    let ip = IpSettings { ipv4: Some(ipv4), mtu: Some(1430), ..IpSettings::default() };
    SessionSettings { apn: Some(Apn(apn.to_owned())), ip }
}

fn configured() -> LinkState {
    let (framing, default_route_metric) = (Some(Framing::RawIp), Some(700));
    LinkState { up: true, framing, ip: settings("internet").ip, default_route_metric, ..LinkState::default() }
}

fn absent() -> LinkState {
    LinkState { absent: true, ..LinkState::default() }
}

/// What each fact may be, `None` being unknown. The product of all of them is the state space.
fn axes() -> Vec<Vec<Option<Report>>> {
    let some = |reports: Vec<Report>| reports.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
    vec![
        some(vec![
            Report::Port(PortState::Absent),
            Report::Port(PortState::Ambiguous(vec!["1-1".into(), "1-2".into()])),
            Report::Port(PortState::Bootloader("1-1".into())),
            Report::Port(PortState::Closed),
            Report::Port(PortState::Unusable("busy".into())),
            Report::Port(PortState::Open),
        ]),
        some(vec![Report::Control(ControlState::Ready), Report::Control(ControlState::Unresponsive)]),
        some(
            [Framing::RawIp, Framing::Ethernet].map(|framing| Report::DataFormat(DataFormat::Framed(framing))).to_vec(),
        ),
        some(vec![Report::Sim(SimState::Ready), Report::Sim(SimState::PinRequired { tries_left: 3 })]),
        some(vec![Report::SimIdentity(SimIdentity::of(iccid()))]),
        some(vec![
            Report::OperatingMode(OperatingMode::Online),
            Report::OperatingMode(OperatingMode::LowPower),
            Report::OperatingMode(OperatingMode::Offline),
        ]),
        some(vec![Report::RadioPreference(radio(LTE, &[3, 20])), Report::RadioPreference(radio(GSM, &[1, 3, 20]))]),
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
        some(vec![Report::Link(configured()), Report::Link(LinkState::default()), Report::Link(absent())]),
    ]
}

/// Every state of the early stages, and every state of the sessions on a modem that is otherwise in order.
fn each_state(mut check: impl FnMut(&Observed)) {
    let mut early = Observed::default();
    early.learn(Report::Session(IpFamily::Ipv6, SessionState::Disconnected(None)), NOW);
    early.learn(own_profile(false), NOW);
    early.learn(Report::Autoconnect(false), NOW);
    each(&axes(), &early, &mut check);
    each_session_state(&mut check);
}

fn each_session_state(check: &mut impl FnMut(&Observed)) {
    for base in session_bases() {
        each(&session_axes(), &base, check);
    }
}

fn own_profile(allowed: bool) -> Report {
    Report::Profile(ModemProfile { index: 1, roaming_allowed: Some(allowed) })
}

/// What each fact about sessions may be.
fn session_axes() -> Vec<Vec<Option<Report>>> {
    let some = |reports: Vec<Report>| reports.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
    let session = |family, state| Report::Session(family, state);
    let throttled = Throttled { apn: Apn("internet".into()), ipv4: Duration::from_secs(60), ipv6: Duration::ZERO };
    vec![
        some(vec![
            Report::ServingSystem(serving(Registration::Home)),
            Report::ServingSystem(serving(Registration::Roaming)),
            Report::ServingSystem(serving(Registration::Searching)),
        ]),
        some(vec![
            session(IpFamily::Ipv4, SessionState::Connected),
            session(IpFamily::Ipv4, SessionState::Connecting),
            session(IpFamily::Ipv4, SessionState::Disconnected(None)),
        ]),
        some(vec![
            Report::Settings(IpFamily::Ipv4, settings("internet")),
            Report::Settings(IpFamily::Ipv4, settings("other")),
        ]),
        some(vec![
            session(IpFamily::Ipv6, SessionState::Connected),
            session(IpFamily::Ipv6, SessionState::Disconnected(None)),
        ]),
        some(vec![Report::Settings(IpFamily::Ipv6, settings("internet"))]),
        some(vec![
            own_profile(false),
            own_profile(true),
            Report::Profile(ModemProfile { index: 1, roaming_allowed: None }),
        ]),
        some(vec![Report::Autoconnect(true), Report::Autoconnect(false)]),
        some(vec![Report::Throttle(vec![throttled]), Report::Throttle(Vec::new())]),
        some(vec![Report::Link(configured()), Report::Link(LinkState::default()), Report::Link(absent())]),
    ]
}

/// A modem that is otherwise in order, with what we may remember of it.
fn session_bases() -> Vec<Observed> {
    let start = Action::StartSession(IpFamily::Ipv4, provider("internet"));
    let refused = |cause| Some(Failure::CallEnded(cause));
    let remembered = [
        (None, None, None),
        (Some(Failure::NoEffect), None, Some((2, true))),
        (refused(CallEnd::internal(209)), Some("internet"), None),
        (refused(CallEnd::of_3gpp(26)), Some("other"), Some((1, true))),
    ];
    let base = |(failure, dialled, original): (Option<Failure>, Option<&str>, Option<(u8, bool)>)| {
        let mut observed = Observed::default();
        for report in healthy_reports().into_iter().filter(|report| !matches!(report, Report::Link(_))) {
            observed.learn(report, NOW);
        }
        observed.forget(FactSet::SESSIONS.union(FactSet::of(&[Fact::ServingSystem])));
        observed.dialled = dialled.map(provider);
        observed.original_roaming = original.into_iter().collect();
        if failure.is_some() {
            observed.attempts.insert(start.name().to_owned(), failed(&start, failure));
        }
        observed
    };
    remembered.into_iter().map(base).collect()
}

/// Every state, the last axis turning fastest.
fn each(axes: &[Vec<Option<Report>>], base: &Observed, check: &mut impl FnMut(&Observed)) {
    let total: usize = axes.iter().map(Vec::len).product();
    for number in 0..total {
        let mut rest = number;
        let mut observed = base.clone();
        for axis in axes.iter().rev() {
            if let Some(report) = &axis[rest % axis.len()] {
                observed.learn(report.clone(), NOW);
            }
            rest /= axis.len();
        }
        observed.learn(Report::Session(IpFamily::Ipv6, SessionState::Disconnected(None)), NOW);
        observed.learn(Report::Device(Device::default()), NOW);
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
    observed.learn(own_profile(false), at);
    observed
}

fn failed(action: &Action, last_failure: Option<Failure>) -> Attempts {
    Attempts::after(None, action.clone(), last_failure, NOW)
}

fn statuses_are_ordered(plan: &Plan) {
    let decided = plan.stages.iter().position(|s| s.status != Status::True).unwrap_or(plan.stages.len());
    for later in plan.stages.iter().skip(decided + 1) {
        assert_eq!((later.status, &later.finding), (Status::Unknown, &Finding::Waiting));
    }
    // With every condition true there may still be something to improve.
    let all = decided == plan.stages.len();
    assert!(if all { !matches!(plan.step, Step::Wait(_)) } else { plan.step != Step::Converged }, "{plan:#?}");
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

fn no_pin_without_its_mark_and_no_write_of_what_is_so(observed: &Observed, plan: &Plan) {
    match &plan.step {
        Step::Do(Action::EnterPin(_), _) => panic!("tries a PIN that is not marked: {plan:#?}"),
        Step::Do(Action::SetRadioPreference(change), _) => {
            let has = &observed.radio_preference.as_ref().expect("reads before it writes").value;
            assert_eq!(change, &change.difference(has), "writes what is so already");
            assert!(!change.is_empty() && change.technologies.is_none_or(|t| !t.is_empty()), "{change:?}");
        }
        _ => {}
    }
}

fn nothing_is_dialled_with_the_wrong_profile(observed: &Observed, plan: &Plan) {
    let profile = observed.profile.as_ref().map(|seen| seen.value);
    let wrong = profile.is_none_or(|profile| profile.index != 1 || profile.roaming_allowed != Some(false));
    // A second family beside one that is up does not wait for the profile: it would have to be read for both.
    assert!(!wrong || !matches!(plan.step, Step::Do(Action::StartSession(..), _)), "{plan:#?}");
}

fn nothing_is_dialled_while_the_modem_refuses_by_itself(observed: &Observed, plan: &Plan) {
    let refused = observed.attempts.values().any(|attempts| {
        matches!(attempts.last_failure, Some(Failure::CallEnded(cause)) if cause.class() == Class::Throttled)
    });
    let started = matches!(plan.step, Step::Do(Action::StartSession(IpFamily::Ipv4, _), _));
    let throttled = observed.throttle.as_ref().is_none_or(|seen| !seen.value.is_empty());
    assert!(!(refused && throttled && started), "{plan:#?}");
}

#[test]
fn every_state_obeys_the_laws() {
    let desired = desired();
    each_state(|observed| {
        let plan = plan(&desired, observed, NOW);
        no_pin_without_its_mark_and_no_write_of_what_is_so(observed, &plan);
        statuses_are_ordered(&plan);
        waits_know_their_end(&plan);
        no_data_where_roaming_is_forbidden(observed, &plan);
        nothing_is_dialled_with_the_wrong_profile(observed, &plan);
        nothing_is_dialled_while_the_modem_refuses_by_itself(observed, &plan);
    });
}

#[test]
fn every_state_of_two_sessions_obeys_the_laws_and_comes_to_rest() {
    let dual = Provider { families: IpFamilies::Ipv4v6, ..provider("internet") };
    let desired = Desired { selection: Selection::Chosen(dual), ..desired() };
    each_session_state(&mut |observed: &Observed| {
        let plan = plan(&desired, observed, NOW);
        statuses_are_ordered(&plan);
        waits_know_their_end(&plan);
        no_data_where_roaming_is_forbidden(observed, &plan);
        let (actions, _) = preview(&desired, observed, NOW);
        assert!(actions.len() < LONGEST, "does not come to rest: {actions:#?}");
    });
}

/// How it may stand with a lease; the modem's own settings have another address.
fn leases() -> [Option<LeaseState>; 6] {
    let lease = Lease {
        address: LEASED,
        prefix: 24,
        server: LEASED,
        seconds: 3600,
        routers: vec![LEASED],
        dns: Vec::new(),
        domain: None,
        search: Vec::new(),
        mtu: None,
        broadcast: None,
        host_name: None,
        ntp: Vec::new(),
    };
    let asking = |confirms, tries| LeaseState::Asking(Asking { confirms, tries, ..Asking::default() });
    let before = settings("internet").ip.ipv4.map(|ip| ip.address);
    let unable = LeaseState::Unable("no".to_owned());
    [
        None,
        Some(LeaseState::Held(lease)),
        Some(asking(before, 1)),
        Some(asking(None, 1)),
        Some(asking(None, 9)),
        Some(unable),
    ]
}

const LEASED: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 7);

#[test]
fn ip_1_with_every_lease_the_laws_hold_and_no_address_is_used_but_the_leased_one() {
    let dual = Provider { families: IpFamilies::Ipv4v6, ..provider("internet") };
    let link = DesiredLink { method: AddressMethod::Dhcp, ..desired().link };
    let desired = Desired { selection: Selection::Chosen(dual), link, ..desired() };
    for lease in leases() {
        each(&session_axes(), &session_bases()[0], &mut |observed: &Observed| {
            let mut observed = observed.clone();
            lease.iter().for_each(|lease| observed.learn(Report::Lease(lease.clone()), NOW));
            let plan = plan(&desired, &observed, NOW);
            statuses_are_ordered(&plan);
            waits_know_their_end(&plan);
            if let Step::Do(Action::ConfigureLink(link), _) = &plan.step {
                assert!(link.ip.ipv4.is_none_or(|ip| ip.address == LEASED), "{plan:#?}");
            }
            let (actions, _) = preview(&desired, &observed, NOW);
            assert!(actions.len() < LONGEST, "does not come to rest: {actions:#?}");
        });
    }
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
        let configured = observed.link.as_ref().is_some_and(|l| l.value.up || !l.value.is_bare());
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
    let stale = plan(&desired, &observed, NOW + Duration::from_secs(8 * 3600));
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
    // Never tried: it is an improvement, not a defect.
    let first = plan(&desired, &observed, NOW);
    assert!(first.stages.iter().all(|s| s.status == Status::True), "{first:#?}");
    assert!(matches!(first.step, Step::Do(Action::StartSession(IpFamily::Ipv6, _), _)), "{first:#?}");
    // IPv4 only allowed: not tried again, for a day.
    let said =
        NotOffered { apn: Apn("internet".into()), plmn: None, iccid: None, cause: CallEnd::of_3gpp(50), at: NOW };
    observed.not_offered.insert(IpFamily::Ipv6, said);
    let after = plan(&desired, &observed, NOW);
    assert_eq!(after.step, Step::Converged, "{after:#?}");
}

#[test]
fn hardware_without_a_technology_is_not_asked_for_it() {
    let both = LTE.with(AccessTechnology::Nr5g);
    let desired = Desired { radio: radio(both, &[3, 20]), ..desired() };
    let mut observed = healthy(NOW);
    let device = Device { supports: LTE.with(AccessTechnology::Gsm), ..Default::default() };
    observed.learn(Report::Device(device), NOW);
    assert_eq!(plan(&desired, &observed, NOW).step, Step::Converged);
}
