//! Power, the bus, booting, hanging, restarting: whether there is anybody to talk to.

use super::calls::Ending;
use super::{Due, Output, SimModem};
use crate::model::Instant;
use crate::qmi::ctl;
use crate::qmi::{Frame, Indication};
use crate::sim::disturbance::Renewal;

/// Where the device is in its life.
#[derive(Debug)]
pub(super) struct Life {
    plugged: bool,
    powered: bool,
    /// On the bus.
    visible: bool,
    stage: Stage,
    hung_until: Option<Instant>,
    /// Like hung, but not even a power cycle helps.
    dead_until: Option<Instant>,
    /// Number of the node's name.
    node: u8,
    starts: u32,
    /// The restart under way is one that nobody is told of.
    quiet: bool,
    /// So many more times it restarts as soon as it is on the bus.
    loops: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// No power, shut down, or about to enumerate.
    Down,
    /// Firmware starts: deaf.
    Booting,
    /// Firmware runs.
    Up,
}

/// What happens by itself in the life of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Enumerate,
    Booted,
    /// Power comes back after a cut.
    PowerBack,
    /// The node comes back after the bus was told to enumerate anew.
    Reauthorised,
    /// A commanded reset.
    Reset,
}

/// A change of the power supply or of the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// Cut.
    Off,
    /// Given back.
    On,
    /// The bus enumerates the device anew; the firmware does not notice.
    Reauthorise,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            plugged: true,
            powered: true,
            visible: false,
            stage: Stage::Down,
            hung_until: None,
            dead_until: None,
            node: 0,
            starts: 0,
            quiet: false,
            loops: 0,
        }
    }
}

impl Life {
    /// Whether the firmware runs, be it hung.
    pub(super) fn answers(&self) -> bool {
        self.visible && self.stage == Stage::Up
    }

    pub(super) fn hung_until(&self, now: Instant) -> Option<Instant> {
        self.hung_until.max(self.dead_until).filter(|until| *until > now)
    }

    /// Hung for longer than anybody waits.
    pub(super) fn is_lost(&self, now: Instant) -> bool {
        self.hung_until == Some(Instant::FAR) || self.is_dead(now)
    }

    fn is_dead(&self, now: Instant) -> bool {
        self.dead_until.is_some_and(|until| until > now)
    }

    pub(super) fn visible(&self) -> bool {
        self.visible
    }

    pub(super) fn supplied(&self) -> bool {
        self.plugged && self.powered
    }

    pub(super) fn runs(&self) -> bool {
        self.stage == Stage::Up
    }
}

/// A commanded reset takes the device away this long after it was acknowledged.
const RESET_AFTER_MS: u64 = 150;
/// How long the bus takes to enumerate a device anew.
const REAUTHORISE_MS: u64 = 1_200;

impl SimModem {
    /// The device's node, while it is on the bus.
    #[must_use]
    pub fn node(&self) -> Option<String> {
        self.life.visible.then(|| format!("cdc-wdm{}", self.life.node))
    }

    /// Changes the power supply.
    pub fn power(&mut self, power: Power, now: Instant) {
        match power {
            Power::Off => {
                self.life.powered = false;
                self.stop(now);
            }
            Power::On if !self.life.powered => {
                self.life.powered = true;
                self.start(now);
            }
            Power::On => {}
            Power::Reauthorise if self.life.visible => {
                self.vanish();
                self.schedule.at(now + std::time::Duration::from_millis(REAUTHORISE_MS), Due::Life(Step::Reauthorised));
            }
            Power::Reauthorise => {}
        }
    }

    pub(super) fn plugged(&mut self, plugged: bool, now: Instant) {
        match (self.life.plugged, plugged) {
            (true, false) => {
                self.life.plugged = false;
                self.stop(now);
            }
            (false, true) => {
                self.life.plugged = true;
                self.start(now);
            }
            _ => {}
        }
    }

    /// Power is there: the device will enumerate.
    pub(super) fn start(&mut self, now: Instant) {
        if self.life.supplied() {
            let after = self.chance.life.within(self.personality.enumerate_ms);
            self.schedule.at(now + after, Due::Life(Step::Enumerate));
        }
    }

    /// The firmware stops and with it everything that is not in flash.
    pub(super) fn stop(&mut self, now: Instant) {
        self.vanish();
        self.halt(now);
    }

    /// Restarts the firmware while the device stays on the bus.
    pub(super) fn restart_in_place(&mut self, quiet: bool, now: Instant) {
        if self.life.stage == Stage::Down {
            return;
        }
        let visible = self.life.visible;
        self.halt(now);
        self.life.visible = visible;
        self.life.quiet = quiet;
        self.life.stage = Stage::Booting;
        let after = self.chance.life.within(self.personality.boot_ms);
        self.schedule.at(now + after, Due::Life(Step::Booted));
    }

    pub(super) fn hang(&mut self, until: Instant) {
        // A shorter one does not end it: what waits for its end would be answered after what came later.
        self.life.hung_until = self.life.hung_until.max(Some(until));
    }

    pub(super) fn die(&mut self, until: Instant) {
        self.life.dead_until = Some(until);
    }

    /// Nothing but a power cycle would make it answer again.
    #[must_use]
    pub fn is_wedged(&self, now: Instant) -> bool {
        self.life.hung_until == Some(Instant::FAR) && !self.life.is_dead(now) && self.life.answers()
    }

    /// Whether whatever it is asked now stays unanswered for a while.
    #[must_use]
    pub fn is_silent(&self, now: Instant) -> bool {
        !self.life.answers() || self.life.hung_until(now).is_some()
    }

    pub(super) fn relent(&mut self) {
        self.life.hung_until = None;
        self.life.dead_until = None;
    }

    pub(super) fn reset_soon(&mut self, now: Instant) {
        self.schedule.at(now + std::time::Duration::from_millis(RESET_AFTER_MS), Due::Life(Step::Reset));
    }

    pub(super) fn boot_loop(&mut self, times: u32, now: Instant) {
        self.life.loops = times;
        self.reset_soon(now);
    }

    pub(super) fn cut_power(&mut self, back: Instant, now: Instant) {
        self.life.powered = false;
        self.stop(now);
        self.schedule.at(back, Due::Life(Step::PowerBack));
    }

    pub(super) fn life_step(&mut self, step: Step, now: Instant) {
        match step {
            Step::Enumerate if self.life.supplied() && self.life.stage == Stage::Down => self.enumerate(now),
            Step::Enumerate => {}
            Step::Booted => self.booted(now),
            Step::PowerBack => self.power(Power::On, now),
            Step::Reauthorised if self.life.stage != Stage::Down => self.appear(),
            Step::Reauthorised => {}
            Step::Reset => {
                self.stop(now);
                self.start(now);
            }
        }
    }

    fn enumerate(&mut self, now: Instant) {
        self.life.stage = Stage::Booting;
        self.life.quiet = false;
        if self.personality.renames && self.life.starts > 0 {
            self.life.node ^= 1;
        }
        self.life.starts += 1;
        self.appear();
        if self.life.loops > 0 {
            self.life.loops -= 1;
            return self.reset_soon(now);
        }
        let after = self.chance.life.within(self.personality.boot_ms);
        self.schedule.at(now + after, Due::Life(Step::Booted));
    }

    fn booted(&mut self, now: Instant) {
        self.life.stage = Stage::Up;
        self.ethernet = self.personality.ethernet_by_default;
        self.radio.boot(self.memory.persistent_low_power);
        self.memory.radio.boot();
        let quiet = std::mem::take(&mut self.life.quiet);
        if self.personality.announces_restart && !quiet {
            let synced: Frame = ctl::synced::Indication::default().frame(0);
            self.send(synced);
        }
        self.card_start(now);
        self.review_radio(now);
    }

    fn appear(&mut self) {
        self.life.visible = true;
        self.outputs.extend(self.node().map(|node| Output::Appeared { node }));
    }

    fn vanish(&mut self) {
        if std::mem::take(&mut self.life.visible) {
            self.outputs.push_back(Output::Vanished);
        }
    }

    fn halt(&mut self, now: Instant) {
        self.end_calls(Ending::Silent(now), |_| true);
        self.renewed(Renewal::Modem);
        self.life.stage = Stage::Down;
        self.life.hung_until = None;
        self.clients.clear();
        self.waiting.clear();
        self.busy.clear();
        self.radio.halt();
        self.card.halt();
        // A power cut has planned the return of power; all else that was planned is lost.
        self.schedule.retain(|due| matches!(due, Due::Life(Step::PowerBack)));
    }
}
