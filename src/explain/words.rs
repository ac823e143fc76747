//! What is wrong, in the words of the person who has to mend it: the answer, the evidence, and what to do.

use super::provider_name;
use crate::model::time::spoken;
use crate::model::{
    AccessTechnologies, Action, Attempts, Before, CallEnd, Condition, ConditionKind, Failure, Finding, Instant,
    IpFamily, OperatingMode, Plmn, Recovering, Registration, Selection, SessionState,
};
use crate::reconcile::Controller;

/// What is wrong.
pub(super) struct Wrong {
    /// In half a sentence.
    pub(super) answer: String,
    /// How we know.
    pub(super) cause: Vec<String>,
    /// What to do about it.
    pub(super) advice: Vec<String>,
    /// Nothing is wrong, it takes a moment.
    pub(super) coming_up: bool,
}

pub(super) fn wrong_because(answer: &str) -> Wrong {
    Wrong { answer: answer.to_owned(), cause: Vec::new(), advice: Vec::new(), coming_up: false }
}

impl Wrong {
    pub(super) fn cause(mut self, text: impl Into<String>) -> Self {
        self.cause.push(text.into());
        self
    }

    pub(super) fn advice(mut self, text: impl Into<String>) -> Self {
        self.advice.push(text.into());
        self
    }
}

/// The first condition that does not hold.
pub(super) fn wrong(controller: &Controller, first: &Condition, now: Instant) -> Wrong {
    if let Finding::Recovery(Recovering::Flapping { times }) = &controller.condition(ConditionKind::Recovering).finding
    {
        return wrong_because("the modem restarts again and again")
            .cause(format!("it left the bus {times} times within minutes, and not because of us"))
            .advice("check its power supply: a weak one gives way as soon as the radio transmits")
            .advice("try other firmware, or another modem of this kind");
    }
    let said = match first.kind {
        ConditionKind::ModemPresent | ConditionKind::ControlReady => device(controller, first),
        ConditionKind::SimReady | ConditionKind::ProviderSelected => card(controller, first),
        ConditionKind::RadioConfigured | ConditionKind::Registered => radio(controller, first),
        ConditionKind::DataConnected | ConditionKind::LinkConfigured => session(controller, first, now),
        ConditionKind::InternetReachable => super::outside::outside(first),
        ConditionKind::ConfigValid
        | ConditionKind::Converged
        | ConditionKind::Recovering
        | ConditionKind::PluginsReady => None,
    };
    let wrong = said.or_else(|| passing(&first.finding)).unwrap_or_else(|| other(controller, first, now));
    still_up(controller, first, wrong)
}

/// What takes a moment and is no fault.
fn passing(finding: &Finding) -> Option<Wrong> {
    let answer = match finding {
        Finding::Reading(fact) => format!("the modem is being asked for its {}", fact.name()),
        Finding::InProgress(action) => format!("under way: {action}"),
        Finding::CardStarting => "the SIM card is starting".to_owned(),
        Finding::Drifted { what } => what.clone(),
        Finding::Asking { plugin } => format!("plugin {plugin} is being asked which service provider to use"),
        Finding::LookingUp => "the access point of the card's home network is being looked up".to_owned(),
        Finding::Waiting => "nothing is known yet".to_owned(),
        _ => return None,
    };
    Some(Wrong { coming_up: true, ..wrong_because(&answer) })
}

/// Whatever has no words of its own: the finding's.
fn other(controller: &Controller, first: &Condition, now: Instant) -> Wrong {
    let wrong = wrong_because(&first.finding.to_string());
    match &first.finding {
        Finding::Retrying { action, .. } => match attempts_at(controller, action, now) {
            Some(evidence) => Wrong { answer: format!("this does not work: {action}"), ..wrong }.cause(evidence),
            None => wrong,
        },
        _ => wrong,
    }
}

fn device(controller: &Controller, first: &Condition) -> Option<Wrong> {
    let name = controller.name();
    let config = controller.config();
    let node = match config.control.address() {
        Some(address) => address.to_owned(),
        None if config.matching.is_empty() => format!("the control port of {name}, for example /dev/cdc-wdm0,"),
        None => format!("the control port of the device that {name} is to match"),
    };
    let held = |why: &str| {
        let said = wrong_because("the modem's control port cannot be opened").cause(why);
        let said = match (why.contains("ModemManager"), why.contains("is in use by")) {
            (true, _) => said.advice(
                "let ModemManager leave the modem to us: `modem_manager: inhibit`, or the rules in packaging/udev",
            ),
            (false, true) => said,
            (false, false) => said.advice("find the program that uses it: fuser -v /dev/cdc-wdm*"),
        };
        said.advice("stop that program, or share the modem with it: `control: { device: …, proxy: true }`")
    };
    Some(match &first.finding {
        Finding::Absent => wrong_because("the modem is not there")
            .cause(format!("{node} does not exist: the device is not on the bus, or its driver is missing"))
            .advice("look whether the host sees it: lsusb; ls -l /dev/cdc-wdm* /dev/wwan*")
            .advice("check its plug, its power and its slot"),
        Finding::Ambiguous(devices) => wrong_because("it is not clear which modem is meant")
            .cause(format!("{} devices fit the entry {name}: {}", devices.len(), devices.join(", ")))
            .advice("write into `match` what distinguishes them: `sysfs_path` for the socket, `imei` for the modem"),
        Finding::InBootloader(device) => wrong_because("the modem does not start: it waits for firmware")
            .cause(format!("{device} is in its boot loader, where it speaks no QMI"))
            .advice("if that lasts, its firmware is damaged: load it again with the maker's program, or replace it"),
        Finding::PortUnusable(why) => held(why),
        Finding::Retrying { failure: Some(Failure::Host(why)), .. } => held(why),
        Finding::Unresponsive => wrong_because("the modem does not answer")
            .cause("its port is open, and requests on it go unanswered")
            .advice("nothing: this is what the steps above are for; if they do not help, cut its power by hand"),
        Finding::Retrying { action, failure: Some(Failure::Timeout | Failure::PortLost), failures, .. } => {
            unanswered(*failures, action)
        }
        // It is being asked just now, and has not answered for long: the answer is the same as between two questions.
        Finding::InProgress(action) if *action == Action::Synchronise.to_string() => {
            let attempts = controller.observed().attempts.values().find(|of| of.action.to_string() == *action)?;
            let silent = matches!(attempts.last_failure, Some(Failure::Timeout | Failure::PortLost));
            return silent.then(|| unanswered(attempts.failures, action));
        }
        _ => return None,
    })
}

fn unanswered(failures: u32, action: &str) -> Wrong {
    wrong_because("the modem does not answer")
        .cause(format!("its port is there, but {failures} attempts to {action} in a row went unanswered"))
}

fn card(controller: &Controller, first: &Condition) -> Option<Wrong> {
    let origin = &controller.config().origin;
    let pin_in_file = controller.config().pin.is_some();
    Some(match &first.finding {
        Finding::NoCard => wrong_because("there is no SIM card in the modem")
            .cause("the modem reports an empty slot")
            .advice("put the card in, or push it in fully; it is used as soon as it is read"),
        Finding::CardError => wrong_because("the modem cannot read its SIM card")
            .cause("a card is in the slot and does not answer the modem")
            .advice("clean the card's contacts, try it in another device"),
        Finding::PinRequired { tries_left } if !pin_in_file => {
            wrong_because("the SIM card waits for its PIN, and the file has none")
                .cause(format!("{tries_left} tries are left before the card locks"))
                .advice(format!("give the PIN: `sim: {{ pin: {{ file: … }} }}` in the entry at {origin}"))
                .advice("or take the PIN off the card in a telephone")
        }
        Finding::PinRequired { tries_left } => wrong_because("the SIM card waits for its PIN")
            .cause(format!("{tries_left} tries are left before the card locks"))
            .advice(format!("check `sim.pin` in the entry at {origin}")),
        Finding::PukRequired { tries_left } => {
            wrong_because("the SIM card is locked: a wrong PIN was entered too often")
                .cause(format!(
                    "it wants its PUK; {tries_left} tries are left, and after them the card is dead for good"
                ))
                .advice("ask the operator for the PUK, and enter it by hand: qmicli --uim-unblock-pin")
        }
        Finding::CardBlocked => wrong_because("the SIM card is dead, or the modem is locked to another operator")
            .advice("try the card in another device; if it works there, the modem is locked"),
        Finding::WrongPin { tries_left } => wrong_because("the SIM card refused the PIN that the file has")
            .cause(format!(
                "{tries_left} tries are left before the card locks; this PIN is not tried again on this card"
            ))
            .advice(format!("correct `sim.pin` in the entry at {origin}: another PIN is tried, once"))
            .advice("or enter the right PIN by hand once: qmicli --uim-verify-pin"),
        Finding::PinNotTried { tries_left, why } => {
            wrong_because("the SIM card waits for its PIN, and the file's PIN is not tried")
                .cause(why.to_string())
                .cause(format!("{tries_left} tries are left before the card locks"))
                .advice("enter the PIN by hand once: qmicli --uim-verify-pin")
        }
        Finding::BadIccid(_) => wrong_because("the SIM card has no valid card number, so no provider is chosen for it")
            .cause(first.finding.to_string())
            .advice("try another card; if it has the same fault, ask the operator"),
        Finding::NetworkLocked => wrong_because("the modem is locked to another operator than the card's")
            .advice("use a card of that operator, or have the modem unlocked"),
        Finding::NoSuchSlot { .. } => wrong_because("the file asks for a SIM slot that the modem does not have")
            .cause(first.finding.to_string())
            .advice(format!("change or remove `sim.slot` in the entry at {origin}")),
        Finding::NoMatch { candidates } => wrong_because("no service provider in the file is for this SIM card")
            .cause(format!("none of the {candidates} entries fits, see below"))
            .advice(format!("add an entry for this card, or one without conditions, at {origin}")),
        Finding::SecretMissing { name, why } => {
            wrong_because(&format!("the password of {name} cannot be read")).cause(why.clone()).advice(
                "make the password readable to the daemon; it looks again with every reload: systemctl reload wwan",
            )
        }
        _ => return None,
    })
}

fn radio(controller: &Controller, first: &Condition) -> Option<Wrong> {
    let allowed = controller.desired().radio.technologies;
    let entry = entry(controller);
    Some(match &first.finding {
        Finding::RadioOff(mode) => wrong_because(&format!("the modem's radio is off ({})", mode_in_words(*mode)))
            .cause("somebody, or the modem itself, has turned it off"),
        Finding::TechnologiesUnsupported { supports, asked } => {
            wrong_because(&format!("the file asks for {asked}, and this modem cannot do that"))
                .cause(format!("it can do {supports}"))
                .advice(format!("change `only_radio_technologies` in the entry at {}", controller.config().origin))
        }
        Finding::BandsUnsupported { .. } => wrong_because("the file asks for bands that this modem does not have")
            .cause(first.finding.to_string())
            .advice(format!("change the bands in the entry at {}", controller.config().origin)),
        Finding::Ignored(_) => wrong_because("the modem does not do what the file asks of its radio")
            .cause(first.finding.to_string())
            .advice("remove the setting from the file, or update the modem's firmware"),
        Finding::Contended(_) => wrong_because("something else sets the modem's radio otherwise, again and again")
            .cause(first.finding.to_string())
            .advice("find the program: fuser -v /dev/cdc-wdm*; ModemManager and scripts are usual"),
        Finding::Searching => {
            let wrong = wrong_because("the modem finds no network").cause(searching(controller, allowed));
            let wrong = wrong.advice("check the antenna, its plug, and whether there is coverage");
            match allowed {
                Some(_) => {
                    wrong.advice("allow more technologies (`only_radio_technologies`), if there are others here")
                }
                None => wrong,
            }
        }
        Finding::Denied(cause) => {
            let wrong = match cause {
                Some(cause) => wrong_because("the network refuses this SIM card")
                    .cause(format!("registration was refused with cause {cause}: {}", refusal(*cause))),
                None => wrong_because("the network refuses this SIM card").cause("the modem does not say why"),
            };
            wrong.advice("ask the operator whether the card is active, and paid for")
        }
        Finding::RoamingNotAllowed(plmn) => {
            let wrong = wrong_because(&format!("{}, and the file allows no data there", network(*plmn)))
                .cause(format!("the entry in use{entry} says `roaming_allowed: false`"));
            wrong.advice(format!("nothing, if that is meant; else `roaming_allowed: true` in the entry{entry}"))
        }
        Finding::NotAttached => wrong_because("the network serves the modem, but not for data")
            .cause("it is registered, and the packet domain is not attached")
            .advice("ask the operator whether the subscription includes data"),
        _ => return None,
    })
}

fn session(controller: &Controller, first: &Condition, now: Instant) -> Option<Wrong> {
    let entry = entry(controller);
    Some(match &first.finding {
        Finding::CallFailed { apn, cause, failures, .. } => {
            let apn =
                if apn.is_empty() { "the network's own access point".to_owned() } else { format!("apn \"{apn}\"") };
            let last = last_attempt(controller, now);
            let evidence = format!("{cause}; {}{last}", times(*failures, "refused"));
            if cause.is_permanent() {
                wrong_because(&format!("the network refuses {apn} for this SIM card"))
                    .cause(evidence)
                    .cause(meaning(*cause))
                    .advice(format!("ask the operator which access point the subscription has, or change `apn`{entry}"))
            } else {
                wrong_because(&format!("the network does not start a session with {apn} now")).cause(evidence)
            }
        }
        Finding::FamilyNotOffered { .. } => {
            wrong_because("the network does not carry the IP version that was asked for")
                .cause(first.finding.to_string())
                .advice(format!("ask for another one{entry}: `ip_family`"))
        }
        Finding::ProfileContended { .. } => {
            wrong_because("something else changes the modem's profile, again and again")
                .cause(first.finding.to_string())
                .advice("find the program: fuser -v /dev/cdc-wdm*; ModemManager and scripts are usual")
        }
        Finding::Retrying { failures, took_effect: true, .. } => {
            wrong_because("the data session breaks down again and again")
                .cause(format!(
                    "it came up {failures} times in a row and did not last a minute{}",
                    ended_with(controller)
                ))
                .advice("look for a pattern: wwan events -n 100")
        }
        Finding::Retrying { failure: Some(Failure::Host(why)), .. } => {
            wrong_because("the host does not take the addresses that the network gave")
                .cause(why.clone())
                .advice("look at the interface: ip address show; is another program configuring it?")
        }
        Finding::Retrying { failure: Some(failure), failures, .. } => wrong_because("the data session does not start")
            .cause(format!("{failure}; {}{}", times(*failures, "tried"), last_attempt(controller, now))),
        Finding::Drifted { .. } if controller.observed().up().next().is_none() => {
            let wrong = Wrong { coming_up: true, ..wrong_because("the data session is down") };
            match ended(controller) {
                Some(cause) => wrong.cause(format!("it ended last with {cause}")),
                None => wrong,
            }
        }
        Finding::NoAddress => wrong_because("the session is up, and the network has given no address")
            .advice("if it lasts, ask the operator; some give addresses of one IP version only: `ip.family`"),
        Finding::NoLease(asking) => {
            let words = "the session is up, and no DHCP server has given an address";
            let wrong = Wrong { coming_up: asking.before == Before::None && asking.tries <= 1, ..wrong_because(words) };
            wrong
                .cause(asking.to_string())
                .advice("if there is no DHCP server, take the modem's own settings: `ip: { method: modem }`")
        }
        Finding::CannotLease(why) => {
            wrong_because("the session is up, and this host cannot ask a DHCP server for an address")
                .cause(why.clone())
                .advice("or take the modem's own settings: `ip: { method: modem }`")
        }
        Finding::NoInterface => {
            wrong_because(&format!("the session is up, and this host has no network interface {}", controller.name()))
                .advice("an entry of `modems` is called like its interface; `ip link` has the names there are")
        }
        _ => return None,
    })
}

/// A session that is up although something before it does not hold is left alone, and whoever reads wants to know.
fn still_up(controller: &Controller, first: &Condition, wrong: Wrong) -> Wrong {
    let up = controller.observed().up().next().is_some();
    let before = first.kind < ConditionKind::DataConnected;
    let forbidden = matches!(first.finding, Finding::RoamingNotAllowed(_));
    if up && before && !forbidden { wrong.cause("a data session that is up is left alone meanwhile") } else { wrong }
}

/// What is in force, in half a sentence.
pub(super) fn connection(controller: &Controller) -> String {
    let observed = controller.observed();
    let name = provider_name(controller).unwrap_or("no provider");
    let Some(serving) = observed.serving_system.as_ref().map(|seen| &seen.value) else { return name.to_owned() };
    let place = match serving.registration {
        Registration::Roaming => "visited",
        _ => "home",
    };
    let plmn = serving.plmn.map(|plmn| format!(" {plmn}")).unwrap_or_default();
    let technologies =
        if serving.technologies.is_empty() { String::new() } else { format!(", {}", serving.technologies) };
    format!("{name}, in the {place} network{plmn}{technologies}")
}

/// What a condition that holds says, in a word or two.
pub(super) fn in_order(controller: &Controller, condition: &Condition) -> Option<String> {
    Some(match condition.kind {
        ConditionKind::ModemPresent => "device".to_owned(),
        ConditionKind::ControlReady => "control channel".to_owned(),
        ConditionKind::SimReady => {
            let card = controller.observed().sim_identity.as_ref().map(|seen| format!(" {:?}", seen.value.iccid));
            format!("SIM card{}", card.unwrap_or_default())
        }
        ConditionKind::ProviderSelected => format!("provider {}", provider_name(controller)?),
        ConditionKind::RadioConfigured => "radio".to_owned(),
        ConditionKind::Registered => match &condition.finding {
            Finding::Home(plmn) => format!("registered (home{})", plmn.map(|p| format!(" {p}")).unwrap_or_default()),
            Finding::Roaming(plmn) => {
                format!("registered (visited{})", plmn.map(|p| format!(" {p}")).unwrap_or_default())
            }
            _ => "registered".to_owned(),
        },
        ConditionKind::DataConnected => "session".to_owned(),
        ConditionKind::LinkConfigured => "addresses".to_owned(),
        ConditionKind::InternetReachable => "internet".to_owned(),
        ConditionKind::ConfigValid
        | ConditionKind::Converged
        | ConditionKind::Recovering
        | ConditionKind::PluginsReady => return None,
    })
}

/// Where the entry in force stands in the file.
fn entry(controller: &Controller) -> String {
    match &controller.desired().selection {
        Selection::Chosen(provider) => format!(" ({}, {})", provider.name, provider.origin),
        Selection::Undecided
        | Selection::LookingUp
        | Selection::Asking { .. }
        | Selection::NoMatch { .. }
        | Selection::SecretMissing { .. } => String::new(),
    }
}

fn searching(controller: &Controller, allowed: Option<AccessTechnologies>) -> String {
    let supports = controller.observed().device.as_ref().map(|seen| seen.value.supports);
    match (allowed, supports.filter(|supports| !supports.is_empty())) {
        (Some(allowed), _) => {
            format!("it looks for {} only, as the file asks, and hears nothing it may use", listed(allowed))
        }
        (None, Some(supports)) => format!("it looks for {} and hears nothing it may use", listed(supports)),
        (None, None) => "it looks for a network and hears nothing it may use".to_owned(),
    }
}

fn listed(technologies: AccessTechnologies) -> String {
    technologies.iter().map(|technology| technology.to_string()).collect::<Vec<_>>().join(", ")
}

fn network(plmn: Option<Plmn>) -> String {
    match plmn {
        Some(plmn) => format!("the modem is in the visited network {plmn}"),
        None => "the modem is in a visited network".to_owned(),
    }
}

fn mode_in_words(mode: OperatingMode) -> &'static str {
    match mode {
        OperatingMode::Online => "online",
        OperatingMode::LowPower => "low power",
        OperatingMode::PersistentLowPower => "low power, kept over restarts",
        OperatingMode::Offline => "offline: only a restart of the modem ends that",
        OperatingMode::Leaving => "the modem is restarting or shutting down",
        OperatingMode::Other => "a mode for tests and factories",
    }
}

fn times(count: u32, what: &str) -> String {
    if count == 1 { format!("{what} once") } else { format!("{what} {count} times in a row") }
}

fn start_attempts(controller: &Controller) -> Option<&Attempts> {
    let attempts = controller.observed().attempts.iter().filter(|(name, _)| name.starts_with("start-session"));
    attempts.map(|(_, attempts)| attempts).max_by_key(|attempts| attempts.last_at)
}

fn last_attempt(controller: &Controller, now: Instant) -> String {
    start_attempts(controller).map_or(String::new(), |last| format!(", last {} ago", spoken(now.since(last.last_at))))
}

/// Why the session ended, as far as the modem told.
fn ended(controller: &Controller) -> Option<CallEnd> {
    let of = |family| match controller.observed().session(family).map(|seen| seen.value) {
        Some(SessionState::Disconnected(cause)) => cause,
        _ => None,
    };
    of(IpFamily::Ipv4).or_else(|| of(IpFamily::Ipv6))
}

fn ended_with(controller: &Controller) -> String {
    ended(controller).map_or(String::new(), |cause| format!("; it ended last with {cause}"))
}

fn attempts_at(controller: &Controller, action: &str, now: Instant) -> Option<String> {
    let of = |attempts: &&Attempts| attempts.action.to_string() == action;
    let attempts = controller.observed().attempts.values().find(of)?;
    let how = attempts.last_failure.as_ref().map_or("done, without effect".to_owned(), ToString::to_string);
    Some(format!("{how}; {}, last {} ago", times(attempts.failures, "tried"), spoken(now.since(attempts.last_at))))
}

/// What a permanent cause means for the person who has to act.
fn meaning(cause: CallEnd) -> String {
    match cause.reason {
        8 => "the operator has barred this card from data",
        27 => "the network does not know this access point: it may be misspelt",
        28 => "the network does not carry the IP version that was asked for: see `ip.family`",
        29 => "user name or password are wrong: see `auth`",
        32 => "the network has no such service",
        33 => "the card's subscription does not include this access point",
        _ => "asking again soon cannot help",
    }
    .to_owned()
}

/// Causes of 3GPP TS 24.301 clause 9.9.3.9 in words.
fn refusal(cause: u16) -> &'static str {
    match cause {
        2 => "the network does not know this subscriber",
        3 => "the card is barred or stolen",
        6 => "the modem is barred or stolen",
        5 => "the modem's IMEI is not accepted",
        7 | 8 => "the subscription does not include data",
        11 => "this network is not allowed for the card",
        12 => "this area is not allowed for the card",
        13 => "roaming is not allowed in this area",
        14 => "data is not allowed in this network",
        15 => "no cell here is allowed for the card",
        17 => "the network has a failure",
        22 => "the network is overloaded",
        _ => "see 3GPP TS 24.301 clause 9.9.3.9",
    }
}
