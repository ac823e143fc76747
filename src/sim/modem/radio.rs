//! The radio: operating mode, preferences, and the way from "off" over searching and registered to attached.

use super::calls::Ending;
use super::dms::{LTE_BANDS, NR_BANDS};
use super::serving::Technology;
use super::{Due, SimModem};
use crate::model::{Instant, Plmn};
use crate::qmi::dms::OperatingMode;
use crate::qmi::nas::{self, ModePreference};
use crate::qmi::{ProtocolError, dms, wds};
use crate::sim::disturbance::Renewal;
use crate::sim::personality::{NewRadio, Personality};

/// What the radio is doing.
#[derive(Debug)]
pub(super) struct Radio {
    mode: OperatingMode,
    registration: Registration,
    /// What it is after; `None`: whatever comes out of the next look.
    goal: Option<Goal>,
    /// The host told it to leave the packet domain.
    detached: bool,
    /// What it is registered with, while it reports that it is not.
    behind_blip: Option<Registration>,
}

/// Registration as the modem sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Registration {
    Off,
    Searching,
    Denied(u16),
    /// Registered; the packet domain and the network's name come a little later.
    Registered {
        technology: Technology,
        roaming: bool,
        plmn: Plmn,
        attached: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Goal {
    Off,
    /// Nothing fits: keeps looking.
    Search,
    Denied(u16),
    Serve {
        technology: Technology,
        roaming: bool,
        plmn: Plmn,
    },
}

/// What happens by itself on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Search,
    Arrive,
    Attach,
    /// A changed preference takes effect.
    Reselect,
    /// What was reported wrongly is reported rightly again.
    BlipOver,
}

/// Preferences, and the copy in flash that survives a power cycle.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) preference: Preference,
    permanent: Preference,
}

/// NAS system selection preference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Preference {
    pub(super) modes: ModePreference,
    pub(super) roaming: nas::RoamingPreference,
    pub(super) manual: Option<Plmn>,
    pub(super) usage: nas::UsagePreference,
    pub(super) domain: nas::ServiceDomainPreference,
    pub(super) acquisition: Vec<nas::RadioInterface>,
    pub(super) lte_bands: Vec<u16>,
    pub(super) nr5g_sa_bands: Vec<u16>,
    pub(super) nr5g_nsa_bands: Vec<u16>,
}

impl Memory {
    pub(super) fn of(personality: &Personality) -> Self {
        let preference = Preference {
            modes: personality.technologies,
            roaming: nas::RoamingPreference::Any,
            manual: None,
            usage: nas::UsagePreference::DataCentric,
            domain: nas::ServiceDomainPreference::CsPs,
            acquisition: vec![nas::RadioInterface::Lte, nas::RadioInterface::Umts, nas::RadioInterface::Gsm],
            lte_bands: LTE_BANDS.to_vec(),
            nr5g_sa_bands: NR_BANDS.to_vec(),
            nr5g_nsa_bands: NR_BANDS.to_vec(),
        };
        Self { permanent: preference.clone(), preference }
    }

    pub(super) fn boot(&mut self) {
        self.preference = self.permanent.clone();
    }

    pub(super) fn keep(&mut self) {
        self.permanent = self.preference.clone();
    }
}

impl Default for Radio {
    fn default() -> Self {
        Self {
            mode: OperatingMode::Online,
            registration: Registration::Off,
            goal: None,
            detached: false,
            behind_blip: None,
        }
    }
}

impl Radio {
    pub(super) fn boot(&mut self, low_power: bool) {
        let mode = if low_power { OperatingMode::PersistentLowPower } else { OperatingMode::Online };
        *self = Self { mode, ..Self::default() };
    }

    pub(super) fn halt(&mut self) {
        *self = Self::default();
    }

    pub(super) fn mode(&self) -> OperatingMode {
        self.mode
    }

    pub(super) fn registration(&self) -> Registration {
        self.registration
    }

    /// The technology in use while registered.
    pub(super) fn technology(&self) -> Option<Technology> {
        match self.registration {
            Registration::Registered { technology, .. } => Some(technology),
            _ => None,
        }
    }

    pub(super) fn attached(&self) -> bool {
        matches!(self.registration, Registration::Registered { attached: true, .. })
    }

    pub(super) fn roaming(&self) -> bool {
        matches!(self.registration, Registration::Registered { roaming: true, .. })
    }
}

impl SimModem {
    /// Looks what the radio should be after now, and sets out for it if that has changed.
    pub(super) fn review_radio(&mut self, now: Instant) {
        if !self.life.runs() {
            return;
        }
        let goal = self.radio_goal();
        if self.radio.goal == Some(goal) {
            return;
        }
        self.radio.goal = Some(goal);
        self.schedule.retain(|due| !matches!(due, Due::Radio(Step::Search | Step::Arrive | Step::Attach)));
        if goal == Goal::Off {
            self.end_calls(Ending::NoRadio(now), |_| true);
            self.renewed(Renewal::Radio);
            self.set_registration(Registration::Off, now);
        } else {
            let after = self.chance.radio.within(self.personality.reaction_ms);
            self.schedule.at(now + after, Due::Radio(Step::Search));
        }
    }

    /// Leaves the network and looks for one anew.
    pub(super) fn reregister(&mut self, now: Instant) {
        self.radio.goal = None;
        self.review_radio(now);
    }

    fn radio_goal(&self) -> Goal {
        let network = self.network();
        let Some(card) = self.ready_card().filter(|_| self.radio.mode == OperatingMode::Online) else {
            return Goal::Off;
        };
        let plmn = if network.roaming { network.visited } else { card.home };
        let preference = &self.memory.radio.preference;
        let Some(technology) = self.best_technology() else { return Goal::Search };
        if !network.coverage || preference.manual.is_some_and(|manual| manual != plmn) {
            return Goal::Search;
        }
        if network.roaming && preference.roaming == nas::RoamingPreference::Off {
            return Goal::Search;
        }
        // Cause 11, PLMN not allowed: that is how it came on the list.
        let forbidden = card.forbidden.contains(&plmn).then_some(11);
        match network.denied.or(forbidden) {
            Some(cause) => Goal::Denied(cause),
            None => Goal::Serve { technology, roaming: network.roaming, plmn },
        }
    }

    fn best_technology(&self) -> Option<Technology> {
        let preferred = self.memory.radio.preference.modes.0;
        let usable = ModePreference(preferred & self.personality.technologies.0 & self.network().technologies.0);
        let bands = &self.memory.radio.preference.lte_bands;
        let lte = self.network().lte_bands.iter().any(|band| bands.contains(band));
        let has = |mode| usable.contains(mode) && (mode != ModePreference::LTE || lte);
        let nr = has(ModePreference::NR5G);
        match self.personality.new_radio {
            NewRadio::Alone if nr => Some(Technology::Nr),
            NewRadio::BesideLte if nr && has(ModePreference::LTE) => Some(Technology::LteAndNr),
            _ if has(ModePreference::LTE) => Some(Technology::Lte),
            _ if has(ModePreference::UMTS) => Some(Technology::Umts),
            _ if has(ModePreference::GSM) => Some(Technology::Gsm),
            _ => None,
        }
    }

    pub(super) fn radio_step(&mut self, step: Step, now: Instant) {
        match (step, self.radio.goal) {
            (Step::Reselect, _) => self.reregister(now),
            (Step::Search, Some(goal)) => {
                self.end_calls(Ending::NoService(now), |_| true);
                self.set_registration(Registration::Searching, now);
                if goal != Goal::Search {
                    let after = self.chance.radio.within(self.personality.search_ms);
                    self.schedule.at(now + after, Due::Radio(Step::Arrive));
                }
            }
            (Step::Arrive, Some(Goal::Denied(cause))) => {
                self.set_registration(Registration::Denied(cause), now);
                self.tell_reject(cause);
            }
            (Step::Arrive, Some(Goal::Serve { technology, roaming, plmn })) => {
                self.set_registration(Registration::Registered { technology, roaming, plmn, attached: false }, now);
                if !self.radio.detached {
                    self.attach_soon(now);
                }
            }
            (Step::Attach, _) => self.set_attached(true, now),
            (Step::BlipOver, _) => {
                if let Some(registration) = self.radio.behind_blip.take() {
                    self.set_registration(registration, now);
                }
            }
            _ => {}
        }
    }

    fn attach_soon(&mut self, now: Instant) {
        let after = self.chance.radio.within(self.personality.attach_ms);
        self.schedule.at(now + after, Due::Radio(Step::Attach));
    }

    fn set_attached(&mut self, attach: bool, now: Instant) {
        let Registration::Registered { technology, roaming, plmn, .. } = self.radio.registration else { return };
        self.set_registration(Registration::Registered { technology, roaming, plmn, attached: attach }, now);
        if attach {
            self.tell_nitz(now);
            self.autoconnect(now);
        }
    }

    fn set_registration(&mut self, registration: Registration, now: Instant) {
        if self.radio.registration == registration {
            return;
        }
        // Whatever happens meanwhile ends the false report.
        self.radio.behind_blip = None;
        self.radio.registration = registration;
        self.tell_serving(now);
        self.tell_data_system();
    }

    /// Reports for a while that no network serves it.
    pub(super) fn blip(&mut self, until: Instant, now: Instant) {
        if self.radio.attached() {
            let registration = self.radio.registration;
            self.set_registration(Registration::Searching, now);
            self.radio.behind_blip = Some(registration);
            self.schedule.at(until, Due::Radio(Step::BlipOver));
        }
    }

    /// Goes over to another network without leaving the one before first.
    pub(super) fn hand_over(&mut self, roaming: bool, now: Instant) {
        self.profile.network.roaming = roaming;
        let Registration::Registered { technology, attached, .. } = self.radio.registration else {
            return self.review_radio(now);
        };
        let goal = self.radio_goal();
        let Goal::Serve { roaming, plmn, .. } = goal else { return self.review_radio(now) };
        self.radio.goal = Some(goal);
        self.set_registration(Registration::Registered { technology, roaming, plmn, attached }, now);
    }

    pub(super) fn set_mode(&mut self, mode: OperatingMode, now: Instant) -> Result<(), ProtocolError> {
        use OperatingMode as M;
        match (self.radio.mode, mode) {
            (M::Offline, M::Reset) => {
                if self.personality.reset_works {
                    self.reset_soon(now);
                }
                return Ok(());
            }
            (M::Offline, M::ShuttingDown) => {
                self.stop(now);
                return Ok(());
            }
            (M::Offline, M::Offline) => return Ok(()),
            // From offline there is no way back but a reset; a reset only from there.
            (M::Offline, _) | (_, M::Reset | M::ShuttingDown | M::FactoryTest) => {
                return Err(ProtocolError::InvalidTransition);
            }
            (_, M::Online | M::LowPower | M::PersistentLowPower | M::ModeOnlyLowPower | M::Offline) => {}
            (_, M::Unspecified | M::Unknown(_)) => return Err(ProtocolError::InvalidArgument),
        }
        self.memory.persistent_low_power = mode == M::PersistentLowPower;
        if self.radio.mode != mode {
            self.radio.mode = mode;
            let indication = dms::event_report::Indication { operating_mode: Some(mode), ..Default::default() };
            self.indicate(&indication, |client| client.operating_mode);
            self.review_radio(now);
        }
        Ok(())
    }

    /// Takes a changed preference into force, after a moment.
    pub(super) fn prefer(&mut self, preference: Preference, permanent: bool, now: Instant) {
        let matters = {
            let old = &self.memory.radio.preference;
            (old.modes, old.manual, old.roaming, &old.lte_bands)
                != (preference.modes, preference.manual, preference.roaming, &preference.lte_bands)
        };
        self.memory.radio.preference = preference;
        if permanent {
            self.memory.radio.keep();
        }
        if matters {
            let after = self.chance.radio.within(self.personality.reaction_ms);
            self.schedule.at(now + after, Due::Radio(Step::Reselect));
        }
    }

    pub(super) fn attach(&mut self, attach: bool, now: Instant) {
        self.radio.detached = !attach;
        self.schedule.retain(|due| !matches!(due, Due::Radio(Step::Attach)));
        if attach && !self.radio.attached() && self.radio.technology().is_some() {
            self.attach_soon(now);
        } else if !attach {
            let reason = wds::reason::NETWORK_INITIATED_TERMINATION;
            self.end_calls(Ending::Because(now, wds::CallEndKind::Internal, reason), |_| true);
            self.set_attached(false, now);
        }
    }
}
