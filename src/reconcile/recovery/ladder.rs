//! The ladders, as data: which steps help against what, after how long, how often, and what is never tried and why.
//!
//! One entry a diagnosis. The times count from the beginning of the trouble and are spread by a fifth either way; the
//! last rung is repeated at growing distance, unless it may be taken once only. To change what recovery does, change a
//! line here.

use std::time::Duration;

use crate::model::{Action, ConditionKind, Elsewhere, Failure, Finding, Internet, OperatingMode, Status};
use crate::plan::StageReport;

/// What is wrong, as far as it decides what helps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Diagnosis {
    /// The device is not on the bus.
    ModemAbsent,
    /// It does not get beyond its boot loader.
    InBootloader,
    /// Several devices fit the entry.
    Ambiguous,
    /// It restarts again and again.
    BootLoop,
    /// It is there and does not answer.
    NoAnswer,
    /// The host does not let us use its port: another program has it, or we lack the permission.
    PortHeld,
    /// It answers, but this cannot be learnt from it.
    Untold(ConditionKind),
    /// No card, or one that cannot be read.
    CardMissing,
    /// A card that never finishes starting.
    CardStarting,
    /// A card that waits for its PIN or PUK, or is blocked.
    CardLocked,
    /// A card that nothing of ours makes usable: another slot, another number, another network's modem.
    CardUnusable,
    /// No entry of the file fits, or its password is missing.
    NoProvider,
    /// The radio is in a mode that only a restart ends, and the modem's own restart did not.
    RadioOffline,
    /// The radio is not as the file asks, and does not take it.
    RadioNotSet,
    /// The hardware cannot do what the file asks.
    RadioUnable,
    /// Something else sets it too, or the firmware keeps its own.
    Contended(ConditionKind),
    /// No network is found.
    Searching,
    /// The network refuses the card.
    Denied,
    /// A network that the file does not allow.
    RoamingForbidden,
    /// The network refuses the session, and goes on refusing until the subscription or the file changes.
    RefusedForGood,
    /// There is no session, for another reason.
    NoSession,
    /// The network gave no address.
    LinkNotSet,
    /// No DHCP server gives an address.
    NoLease,
    /// The host does not take the addresses that the network gave.
    HostRefuses,
    /// Everything is in place and no data passes.
    NoInternet,
    /// The same, and through other interfaces none passes either.
    NoInternetAnywhere,
    /// Data passes, but to somebody who wants to be paid or to know who we are.
    Portal,
}

/// Something that may help, the mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// Let the host look for devices anew.
    Rescan,
    /// Close the control port, open it and synchronise.
    Reopen,
    /// Ask for the network's settings anew.
    Reread,
    /// End the session; the plan starts another.
    Reconnect,
    /// The same, with the data path framed the other way.
    Reframe,
    /// Leave the packet domain; the plan attaches again.
    Reregister,
    /// Power the card off and on.
    CycleSim,
    /// Empty the card's list of forbidden networks.
    ClearForbidden,
    /// Radio off and on.
    CycleRadio,
    /// Restart the modem by its own command.
    ResetModem,
    /// Let the bus enumerate the device anew.
    Reauthorise,
    /// Cut the power and give it back.
    CyclePower,
}

impl Step {
    /// The name in the memory of a modem.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rescan => "rescan",
            Self::Reopen => "reopen",
            Self::Reread => "reread",
            Self::Reconnect => "reconnect",
            Self::Reframe => "reframe",
            Self::Reregister => "reregister",
            Self::CycleSim => "cycle-sim",
            Self::ClearForbidden => "clear-forbidden",
            Self::CycleRadio => "cycle-radio",
            Self::ResetModem => "reset-modem",
            Self::Reauthorise => "reauthorise",
            Self::CyclePower => "cycle-power",
        }
    }

    /// What is done, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rescan => "look for devices anew",
            Self::Reopen => "reopen the control port",
            Self::Reread => "ask for the network's settings anew",
            Self::Reconnect => "reconnect the session",
            Self::Reframe => "reconnect with data framed the other way",
            Self::Reregister => "leave the network and attach again",
            Self::CycleSim => "power the SIM card off and on",
            Self::ClearForbidden => "clear the SIM card's list of forbidden networks",
            Self::CycleRadio => "turn the radio off and on",
            Self::ResetModem => "reset the modem",
            Self::Reauthorise => "detach and attach the USB device",
            Self::CyclePower => "cycle the modem's power",
        }
    }

    /// Whether the device has to leave the bus, or restart, for the step to have had its effect.
    #[must_use]
    pub const fn restarts(self) -> bool {
        matches!(self, Self::ResetModem | Self::Reauthorise | Self::CyclePower)
    }

    /// Whether it counts against the budget of a day and is followed by peace.
    #[must_use]
    pub const fn is_power_level(self) -> bool {
        matches!(self, Self::Reauthorise | Self::CyclePower)
    }

    /// Every step.
    pub const ALL: [Self; 12] = [
        Self::Rescan,
        Self::Reopen,
        Self::Reread,
        Self::Reconnect,
        Self::Reframe,
        Self::Reregister,
        Self::CycleSim,
        Self::ClearForbidden,
        Self::CycleRadio,
        Self::ResetModem,
        Self::Reauthorise,
        Self::CyclePower,
    ];
}

/// How often a rung may be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Often {
    /// As its turn comes.
    Freely,
    /// Once in a spell of trouble.
    Once,
    /// At most once in so many hours, over all troubles and restarts of ours.
    OnceIn(u64),
}

/// After how many seconds of trouble which step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rung {
    /// Seconds.
    pub after: u64,
    /// The step.
    pub step: Step,
    /// How often.
    pub often: Often,
}

impl Rung {
    /// The least time between two of this rung.
    #[must_use]
    pub const fn distance(&self) -> Duration {
        match self.often {
            Often::Freely | Often::Once => Duration::ZERO,
            Often::OnceIn(hours) => Duration::from_secs(hours * 3600),
        }
    }
}

const fn rung(after: u64, step: Step) -> Rung {
    Rung { after, step, often: Often::Freely }
}

const fn once(after: u64, step: Step) -> Rung {
    Rung { after, step, often: Often::Once }
}

const fn once_in(hours: u64, after: u64, step: Step) -> Rung {
    Rung { after, step, often: Often::OnceIn(hours) }
}

/// What is done about a diagnosis, and what is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ladder {
    /// The steps, in order.
    pub rungs: &'static [Rung],
    /// What is deliberately not tried, and why, for people.
    pub never: &'static [(&'static str, &'static str)],
}

const MINUTE: u64 = 60;
const RESTARTS: &str = "no reset and no power cycle";

/// The ladder against a diagnosis.
#[must_use]
pub const fn of(diagnosis: Diagnosis) -> Ladder {
    use Step as S;
    match diagnosis {
        Diagnosis::ModemAbsent => Ladder {
            rungs: const {
                &[rung(2 * MINUTE, S::Rescan), rung(3 * MINUTE, S::Reauthorise), rung(5 * MINUTE, S::CyclePower)]
            },
            never: &[("no restart of the host", "other work of the machine does not stop for a modem")],
        },
        // Some wait there after crashing too often, and one cut of their power sends them on.
        Diagnosis::InBootloader => Ladder {
            rungs: const { &[once(5 * MINUTE, S::CyclePower)] },
            never: &[("no second power cycle", "firmware that does not start after one is damaged")],
        },
        Diagnosis::Ambiguous => {
            Ladder { rungs: &[], never: &[(RESTARTS, "they do not tell which device the file means")] }
        }
        Diagnosis::BootLoop => Ladder {
            rungs: const { &[rung(45, S::Reopen), rung(15 * MINUTE, S::CyclePower)] },
            never: &[("no quick power cycles", "a device that restarts by itself is only worn out by them")],
        },
        Diagnosis::NoAnswer | Diagnosis::Untold(_) => Ladder {
            rungs: const { &[rung(45, S::Reopen), rung(2 * MINUTE, S::Reauthorise), rung(4 * MINUTE, S::CyclePower)] },
            never: &[("no SIM steps", "a modem that does not answer would not hear them")],
        },
        Diagnosis::PortHeld => {
            Ladder { rungs: &[], never: &[(RESTARTS, "the modem is in order, and another program may be using it")] }
        }
        Diagnosis::CardMissing => Ladder {
            rungs: const { &[once(MINUTE, S::CycleSim), once(5 * MINUTE, S::CycleRadio)] },
            never: &[(RESTARTS, "they do not put a card into the slot")],
        },
        Diagnosis::CardStarting => Ladder {
            rungs: const {
                &[once(MINUTE, S::CycleSim), once(2 * MINUTE, S::CycleRadio), once_in(6, 5 * MINUTE, S::ResetModem)]
            },
            never: &[("no power cycle", "a reset starts the card just as well")],
        },
        Diagnosis::CardLocked => Ladder {
            rungs: &[],
            never: &[(RESTARTS, "the card would ask for the same code again, and a wrong one locks it")],
        },
        Diagnosis::CardUnusable => {
            Ladder { rungs: &[], never: &[(RESTARTS, "they change neither the card nor the slot nor the file")] }
        }
        Diagnosis::NoProvider => Ladder {
            rungs: &[],
            never: &[(RESTARTS, "the modem is in order, the configuration has no answer for this card")],
        },
        Diagnosis::RadioOffline => Ladder {
            // Offline, and its own reset did not help: there is nothing left to lose.
            rungs: const { &[rung(MINUTE, S::CyclePower), rung(90, S::Reauthorise)] },
            never: &[],
        },
        Diagnosis::RadioNotSet => Ladder {
            rungs: const {
                &[rung(5 * MINUTE, S::ResetModem), rung(10 * MINUTE, S::Reauthorise), rung(20 * MINUTE, S::CyclePower)]
            },
            never: &[],
        },
        Diagnosis::RadioUnable => {
            Ladder { rungs: &[], never: &[(RESTARTS, "they do not give the hardware a technology it does not have")] }
        }
        Diagnosis::Contended(_) => Ladder {
            rungs: &[],
            never: &[(
                RESTARTS,
                "whoever sets it otherwise would do so again; it is written again, more and more rarely",
            )],
        },
        Diagnosis::Searching => Ladder {
            rungs: const { &[rung(15 * MINUTE, S::CycleRadio), once_in(6, 60 * MINUTE, S::ResetModem)] },
            never: &[(
                "no power cycle",
                "out of coverage is no fault of the modem, and each restart begins the search from nothing",
            )],
        },
        Diagnosis::Denied => Ladder {
            rungs: const { &[once_in(24, 15 * MINUTE, S::ClearForbidden), rung(16 * MINUTE, S::CycleRadio)] },
            never: &[(RESTARTS, "the network would refuse the same card again, and counts the attempts")],
        },
        Diagnosis::RoamingForbidden => {
            Ladder { rungs: &[], never: &[(RESTARTS, "the modem does what the file asks: no data in this network")] }
        }
        Diagnosis::RefusedForGood => Ladder {
            rungs: &[],
            never: &[(
                RESTARTS,
                "the network has answered, and would answer the same again; it needs another \
                       subscription or another entry in the file",
            )],
        },
        Diagnosis::NoSession => Ladder {
            rungs: const {
                &[
                    rung(5 * MINUTE, S::Reregister),
                    rung(10 * MINUTE, S::CycleRadio),
                    rung(20 * MINUTE, S::ResetModem),
                    rung(40 * MINUTE, S::CyclePower),
                ]
            },
            never: &[],
        },
        Diagnosis::LinkNotSet => Ladder {
            rungs: const {
                &[
                    rung(30, S::Reread),
                    rung(MINUTE, S::Reconnect),
                    rung(2 * MINUTE, S::Reconnect),
                    once_in(6, 5 * MINUTE, S::ResetModem),
                ]
            },
            never: &[("no power cycle", "the modem is connected; the host's side is the likelier culprit")],
        },
        // A client asks by itself, again and again: what is left is another session, and a modem that serves anew.
        Diagnosis::NoLease => Ladder {
            rungs: const {
                &[
                    rung(MINUTE, S::Reconnect),
                    rung(2 * MINUTE, S::Reconnect),
                    once_in(24, 3 * MINUTE, S::Reframe),
                    once_in(6, 5 * MINUTE, S::ResetModem),
                ]
            },
            never: of(Diagnosis::LinkNotSet).never,
        },
        Diagnosis::HostRefuses => {
            Ladder { rungs: &[], never: &[(RESTARTS, "the modem is connected; it is the host that refuses")] }
        }
        Diagnosis::NoInternet => Ladder {
            rungs: const {
                &[
                    rung(MINUTE, S::Reconnect),
                    rung(2 * MINUTE, S::Reconnect),
                    rung(3 * MINUTE, S::Reconnect),
                    once_in(24, 210, S::Reframe),
                    rung(5 * MINUTE, S::Reregister),
                    rung(10 * MINUTE, S::CycleRadio),
                    rung(20 * MINUTE, S::ResetModem),
                    rung(40 * MINUTE, S::CyclePower),
                ]
            },
            never: &[],
        },
        // The same without the two that restart the modem.
        Diagnosis::NoInternetAnywhere => Ladder {
            rungs: of(Diagnosis::NoInternet).rungs.split_at(6).0,
            never: &[(RESTARTS, "the targets do not answer through another interface either: it is not the modem")],
        },
        Diagnosis::Portal => {
            Ladder { rungs: &[], never: &[(RESTARTS, "the network works; it is the subscription that it asks about")] }
        }
    }
}

impl Diagnosis {
    /// What the conditions amount to; nothing while an action is under way, or all is well.
    pub(in crate::reconcile) fn of(stage: &StageReport) -> Option<Self> {
        let kind = stage.stage.kind();
        match (&stage.finding, stage.status) {
            (Finding::InProgress(_) | Finding::Waiting, _) | (_, Status::True) => return None,
            (Finding::Reading(_), _) | (_, Status::Unknown) => {
                // What only the host can tell does not come sooner by disturbing the modem.
                let hosts = matches!(
                    kind,
                    ConditionKind::ModemPresent | ConditionKind::LinkConfigured | ConditionKind::InternetReachable
                );
                return (!hosts).then_some(Self::Untold(kind));
            }
            (_, Status::False) => {}
        }
        Some(match kind {
            ConditionKind::ModemPresent => match stage.finding {
                Finding::Ambiguous(_) => Self::Ambiguous,
                Finding::InBootloader(_) => Self::InBootloader,
                _ => Self::ModemAbsent,
            },
            ConditionKind::ControlReady => Self::of_control(&stage.finding),
            ConditionKind::SimReady => match stage.finding {
                Finding::NoCard | Finding::CardError => Self::CardMissing,
                Finding::CardStarting => Self::CardStarting,
                Finding::PinRequired { .. }
                | Finding::PukRequired { .. }
                | Finding::CardBlocked
                | Finding::PinNotTried { .. }
                | Finding::WrongPin { .. } => Self::CardLocked,
                _ => Self::CardUnusable,
            },
            ConditionKind::ProviderSelected => Self::NoProvider,
            ConditionKind::RadioConfigured => Self::of_radio(&stage.finding),
            ConditionKind::Registered => match stage.finding {
                Finding::Denied(_) => Self::Denied,
                Finding::RoamingNotAllowed(_) => Self::RoamingForbidden,
                _ => Self::Searching,
            },
            ConditionKind::DataConnected => match &stage.finding {
                Finding::CallFailed { cause, .. } if cause.is_permanent() => Self::RefusedForGood,
                Finding::FamilyNotOffered { .. } => Self::RefusedForGood,
                Finding::ProfileContended { .. } => Self::Contended(kind),
                _ => Self::NoSession,
            },
            ConditionKind::LinkConfigured => match stage.finding {
                Finding::NoAddress => Self::LinkNotSet,
                Finding::NoLease(_) => Self::NoLease,
                _ => Self::HostRefuses,
            },
            ConditionKind::InternetReachable => match &stage.finding {
                Finding::Internet(Internet::Portal(_)) => Self::Portal,
                Finding::Internet(Internet::Unanswered { elsewhere: Elsewhere::Unanswered, .. }) => {
                    Self::NoInternetAnywhere
                }
                _ => Self::NoInternet,
            },
            ConditionKind::ConfigValid
            | ConditionKind::Converged
            | ConditionKind::Recovering
            | ConditionKind::PluginsReady => return None,
        })
    }

    fn of_control(finding: &Finding) -> Self {
        // EIO: the node is there and the device behind it is not well. Anything else is between us and the host.
        let held = |why: &str| !why.contains("(os error 5)");
        match finding {
            Finding::PortUnusable(why) if held(why) => Self::PortHeld,
            Finding::Retrying { action, failure: Some(Failure::Host(why)), .. }
                if *action == Action::OpenPort.to_string() && held(why) =>
            {
                Self::PortHeld
            }
            _ => Self::NoAnswer,
        }
    }

    fn of_radio(finding: &Finding) -> Self {
        match finding {
            Finding::TechnologiesUnsupported { .. } | Finding::BandsUnsupported { .. } => Self::RadioUnable,
            Finding::Ignored(_) | Finding::Contended(_) => Self::Contended(ConditionKind::RadioConfigured),
            Finding::RadioOff(OperatingMode::Offline | OperatingMode::Leaving) => Self::RadioOffline,
            Finding::Retrying { action, .. } if *action == Action::ResetModem.to_string() => Self::RadioOffline,
            _ => Self::RadioNotSet,
        }
    }

    /// The condition that does not hold.
    #[must_use]
    pub const fn condition(self) -> ConditionKind {
        match self {
            Self::ModemAbsent | Self::InBootloader | Self::Ambiguous | Self::BootLoop => ConditionKind::ModemPresent,
            Self::NoAnswer | Self::PortHeld => ConditionKind::ControlReady,
            Self::Untold(kind) | Self::Contended(kind) => kind,
            Self::CardMissing | Self::CardStarting | Self::CardLocked | Self::CardUnusable => ConditionKind::SimReady,
            Self::NoProvider => ConditionKind::ProviderSelected,
            Self::RadioOffline | Self::RadioNotSet | Self::RadioUnable => ConditionKind::RadioConfigured,
            Self::Searching | Self::Denied | Self::RoamingForbidden => ConditionKind::Registered,
            Self::RefusedForGood | Self::NoSession => ConditionKind::DataConnected,
            Self::LinkNotSet | Self::NoLease | Self::HostRefuses => ConditionKind::LinkConfigured,
            Self::NoInternet | Self::NoInternetAnywhere | Self::Portal => ConditionKind::InternetReachable,
        }
    }

    /// Whether nothing but a person, or the file, can change it: no step is ever taken.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        of(self).rungs.is_empty()
    }
}
