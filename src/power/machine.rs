//! The state machine: which event leads where, what the switch is told on the way, and how long each state lasts.
//!
//! Whatever is not in [`step`] is no transition: an event that makes no sense in a state is ignored there.

use std::time::Duration;

use crate::model::Instant;
use crate::model::time::spoken;

/// Where the power is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum State {
    /// Off, and may be switched on.
    #[default]
    Off,
    /// Switched on, and left in peace while it boots.
    OnHold,
    /// On.
    On,
    /// Shall be off; a change of mind a moment later costs nothing yet.
    WaitingToPowerOff,
    /// Was asked to shut down, and stays off afterwards.
    PoweringOff,
    /// Off, and not to be switched on yet.
    OffHold,
    /// Was asked to shut down, and is switched on again afterwards.
    Resetting,
    /// Off, and switched on as soon as it has been off long enough.
    WaitingToPowerOn,
}

/// What may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The modem is wanted.
    PowerOn,
    /// It is not wanted any more.
    PowerOff,
    /// It does what it is for.
    Pet,
    /// The time of the present state is over.
    Timeout,
    /// Off and on again, whatever the hold times say.
    ForceReset,
}

/// What the switch shall do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Command {
    /// Give the power.
    PowerOn,
    /// Ask the modem to shut down by itself.
    StartPoweringOff,
    /// Cut the power.
    PowerOff,
}

/// How long each state lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timings {
    /// In peace after switching on.
    pub hold: Duration,
    /// From the request to shut down to the cut.
    pub time_to_power_off: Duration,
    /// Off at least.
    pub min_off: Duration,
    /// On without a pet; `None`: for ever.
    pub watchdog: Option<Duration>,
}

/// Off and on within this time is no change of mind worth a power cycle: an edit replaces one entry by another.
pub const TRANSIENT: Duration = Duration::from_millis(10);

impl Default for Timings {
    fn default() -> Self {
        Self {
            // A modem may need minutes until it is registered (Quectel and Sierra give five as the worst case).
            hold: Duration::from_secs(10 * 60),
            // A firmware that was asked closes its flash file system within seconds.
            time_to_power_off: Duration::from_secs(5),
            // Modems keep running for seconds on their capacitors; off for less is not off.
            min_off: Duration::from_secs(5),
            watchdog: None,
        }
    }
}

/// The power of one modem in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// How long each state lasts.
    pub timings: Timings,
    state: State,
    timer: Option<Instant>,
}

/// What the timer is set to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Timer {
    /// As it was.
    Keep,
    /// Stopped.
    Stop,
    Hold,
    Watchdog,
    Transient,
    ShutDown,
    MinOff,
}

/// The table.
const fn step(state: State, event: Event) -> Option<(State, Option<Command>, Timer)> {
    use Command as C;
    use Event as E;
    use State as S;
    Some(match (state, event) {
        (S::Off, E::PowerOn) => (S::OnHold, Some(C::PowerOn), Timer::Hold),

        (S::OnHold, E::Timeout) => (S::On, None, Timer::Watchdog),
        (S::OnHold, E::PowerOff) => (S::WaitingToPowerOff, None, Timer::Keep),
        (S::OnHold, E::ForceReset) => (S::Resetting, Some(C::StartPoweringOff), Timer::ShutDown),

        (S::On, E::Pet) => (S::On, None, Timer::Watchdog),
        (S::On, E::Timeout | E::ForceReset) => (S::Resetting, Some(C::StartPoweringOff), Timer::ShutDown),
        (S::On, E::PowerOff) => (S::WaitingToPowerOff, None, Timer::Transient),

        (S::WaitingToPowerOff, E::Timeout) => (S::PoweringOff, Some(C::StartPoweringOff), Timer::ShutDown),
        (S::WaitingToPowerOff, E::PowerOn) => (S::OnHold, None, Timer::Keep),

        (S::PoweringOff, E::Timeout) => (S::OffHold, Some(C::PowerOff), Timer::MinOff),
        (S::PoweringOff, E::PowerOn) => (S::Resetting, None, Timer::Keep),

        (S::OffHold, E::Timeout) => (S::Off, None, Timer::Stop),
        (S::OffHold, E::PowerOn) => (S::WaitingToPowerOn, None, Timer::Keep),

        (S::Resetting, E::Timeout) => (S::WaitingToPowerOn, Some(C::PowerOff), Timer::MinOff),
        (S::Resetting, E::PowerOff) => (S::PoweringOff, None, Timer::Keep),

        (S::WaitingToPowerOn, E::Timeout) => (S::OnHold, Some(C::PowerOn), Timer::Hold),
        (S::WaitingToPowerOn, E::PowerOff) => (S::OffHold, None, Timer::Keep),

        _ => return None,
    })
}

impl Machine {
    /// A modem without power, as far as we know.
    #[must_use]
    pub const fn new(timings: Timings) -> Self {
        Self { timings, state: State::Off, timer: None }
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Takes in what happened; returns what the switch is to be told.
    pub fn handle(&mut self, event: Event, now: Instant) -> Option<Command> {
        if event == Event::Timeout && self.timer.is_none_or(|due| now < due) {
            return None;
        }
        let (state, command, timer) = step(self.state, event)?;
        self.state = state;
        self.set(timer, now);
        command
    }

    /// When [`Event::Timeout`] is due.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.timer
    }

    /// The time of the present state begins only now: the switch has taken its time to answer.
    pub fn restart_timer(&mut self, now: Instant) {
        let timer = match self.state {
            State::OnHold => Timer::Hold,
            State::OffHold | State::WaitingToPowerOn => Timer::MinOff,
            State::Off | State::On | State::WaitingToPowerOff | State::PoweringOff | State::Resetting => Timer::Keep,
        };
        self.set(timer, now);
    }

    /// The power turned out to be on, without our doing.
    pub fn found_on(&mut self, now: Instant) {
        self.state = State::OnHold;
        self.set(Timer::Hold, now);
    }

    /// The power turned out to be off, nobody knows since when.
    pub fn found_off(&mut self, now: Instant) {
        self.state = State::OffHold;
        self.set(Timer::MinOff, now);
    }

    /// The switch failed: nothing is known, which is what off means.
    pub fn fail(&mut self) {
        self.state = State::Off;
        self.timer = None;
    }

    /// The state in words, with the time that is left of it.
    #[must_use]
    pub fn info(&self, now: Instant) -> String {
        let left = self.timer.map_or(Duration::ZERO, |due| now.until(due));
        let left = spoken(left);
        match (self.state, self.timer) {
            (State::Off, _) => "Off".to_owned(),
            (State::OnHold, _) => format!("Starting up/on ({left} left)"),
            (State::On, None) => "On".to_owned(),
            (State::On, Some(_)) => format!("On (watchdog timeout in {left})"),
            (State::WaitingToPowerOff, _) => format!("Waiting to power off ({left} left)"),
            (State::PoweringOff, _) => format!("Power off done in {left}"),
            (State::OffHold, _) => format!("Off (OK to power on in {left})"),
            (State::Resetting, _) => format!("Resetting in {left}"),
            (State::WaitingToPowerOn, _) => format!("Will power on in {left}"),
        }
    }

    fn set(&mut self, timer: Timer, now: Instant) {
        let Timings { hold, time_to_power_off, min_off, watchdog } = self.timings;
        self.timer = match timer {
            Timer::Keep => self.timer,
            Timer::Stop => None,
            Timer::Hold => Some(now + hold),
            Timer::Watchdog => watchdog.map(|watchdog| now + watchdog),
            Timer::Transient => Some(now + TRANSIENT),
            Timer::ShutDown => Some(now + time_to_power_off),
            Timer::MinOff => Some(now + min_off),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_secs(1000);
    const STATES: [State; 8] = [
        State::Off,
        State::OnHold,
        State::On,
        State::WaitingToPowerOff,
        State::PoweringOff,
        State::OffHold,
        State::Resetting,
        State::WaitingToPowerOn,
    ];
    const EVENTS: [Event; 5] = [Event::PowerOn, Event::PowerOff, Event::Pet, Event::Timeout, Event::ForceReset];

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    /// 5 s hold, 1 s to power off, 1 s off, watchdog of a minute: what the seed was measured with.
    fn timings() -> Timings {
        Timings { hold: seconds(5), time_to_power_off: seconds(1), min_off: seconds(1), watchdog: Some(seconds(60)) }
    }

    fn at(state: State) -> Machine {
        Machine { timings: timings(), state, timer: Some(T) }
    }

    /// What every event does in every state: the state after, the command, and the time until the next timeout (from
    /// `T`, when the timer of the state before was due). `-` is no transition.
    const TABLE: [(State, [&str; 5]); 8] = [
        (State::Off, ["OnHold PowerOn 5000", "-", "-", "-", "-"]),
        (State::OnHold, ["-", "WaitingToPowerOff . 0", "-", "On . 60000", "Resetting StartPoweringOff 1000"]),
        (
            State::On,
            [
                "-",
                "WaitingToPowerOff . 10",
                "On . 60000",
                "Resetting StartPoweringOff 1000",
                "Resetting StartPoweringOff 1000",
            ],
        ),
        (State::WaitingToPowerOff, ["OnHold . 0", "-", "-", "PoweringOff StartPoweringOff 1000", "-"]),
        (State::PoweringOff, ["Resetting . 0", "-", "-", "OffHold PowerOff 1000", "-"]),
        (State::OffHold, ["WaitingToPowerOn . 0", "-", "-", "Off . none", "-"]),
        (State::Resetting, ["-", "PoweringOff . 0", "-", "WaitingToPowerOn PowerOff 1000", "-"]),
        (State::WaitingToPowerOn, ["-", "OffHold . 0", "-", "OnHold PowerOn 5000", "-"]),
    ];

    #[test]
    fn pwr_1_every_event_in_every_state() {
        for (row, state) in TABLE.iter().zip(STATES) {
            assert_eq!(row.0, state, "the table has every state, in order");
            for (expected, event) in row.1.iter().zip(EVENTS) {
                let mut machine = at(state);
                let command = machine.handle(event, T);
                let said = if machine == at(state) && command.is_none() {
                    "-".to_owned()
                } else {
                    let command = command.map_or(".".to_owned(), |command| format!("{command:?}"));
                    let timer = machine.timer.map_or("none".to_owned(), |due| T.until(due).as_millis().to_string());
                    format!("{:?} {command} {timer}", machine.state)
                };
                assert_eq!(said, *expected, "{event:?} in {state:?}");
            }
        }
    }

    #[test]
    fn a_timeout_before_its_time_is_none() {
        for state in STATES {
            let mut machine = at(state);
            assert_eq!(machine.handle(Event::Timeout, T - seconds(1)), None);
            assert_eq!(machine, at(state));
        }
    }

    /// Runs from one timeout to the next; every command with the second it was given.
    fn commands(machine: &mut Machine, until: u64) -> Vec<(u64, Command)> {
        let mut given = Vec::new();
        while let Some(due) = machine.poll_timeout().filter(|due| *due <= Instant::from_secs(until)) {
            given.extend(machine.handle(Event::Timeout, due).map(|command| (due.as_millis(), command)));
        }
        given
    }

    #[test]
    fn pwr_2_a_modem_that_is_never_petted_is_cycled_every_67_seconds() {
        let mut machine = Machine::new(timings());
        assert_eq!(machine.handle(Event::PowerOn, Instant::ZERO), Some(Command::PowerOn));
        let given = commands(&mut machine, 300);
        let on: Vec<u64> = given.iter().filter(|(_, c)| *c == Command::PowerOn).map(|(ms, _)| *ms).collect();
        assert_eq!(on, [67_000, 134_000, 201_000, 268_000]);
        let mut default = Machine::new(Timings::default());
        default.handle(Event::PowerOn, Instant::ZERO);
        assert_eq!(commands(&mut default, 100_000), [], "without a watchdog on is on");
        assert_eq!(default.state(), State::On);
    }

    #[test]
    fn pwr_11_graceful_before_forced_with_every_gap() {
        let timings = Timings { time_to_power_off: seconds(3), min_off: Duration::from_millis(1500), ..timings() };
        let mut machine = Machine { timings, state: State::On, timer: None };
        assert_eq!(machine.handle(Event::ForceReset, T), Some(Command::StartPoweringOff));
        let given = commands(&mut machine, 1010);
        assert_eq!(given, [(1_003_000, Command::PowerOff), (1_004_500, Command::PowerOn)]);
    }

    #[test]
    fn pwr_4_off_and_on_within_ten_milliseconds_is_nothing() {
        let mut machine = Machine { timings: timings(), state: State::On, timer: None };
        assert_eq!(machine.handle(Event::PowerOff, T), None);
        let soon = T + Duration::from_millis(9);
        assert_eq!(machine.handle(Event::Timeout, soon), None);
        assert_eq!(machine.handle(Event::PowerOn, soon), None);
        assert_eq!((machine.state(), machine.poll_timeout()), (State::OnHold, Some(T + TRANSIENT)));
        assert_eq!(machine.handle(Event::Timeout, T + TRANSIENT), None);
        assert_eq!(machine.state(), State::On, "no command was given");
        machine.handle(Event::PowerOff, T);
        assert_eq!(machine.handle(Event::Timeout, T + TRANSIENT), Some(Command::StartPoweringOff), "it was meant");
    }

    #[test]
    fn pwr_5_a_forced_reset_ignores_hold_times_and_never_powers_on() {
        for state in STATES {
            let mut machine = at(state);
            let command = machine.handle(Event::ForceReset, T - seconds(1));
            let expected = matches!(state, State::On | State::OnHold).then_some(Command::StartPoweringOff);
            assert_eq!(command, expected, "{state:?}");
        }
    }

    #[test]
    fn pwr_7_eight_texts_with_the_time_that_is_left() {
        let texts: Vec<String> =
            STATES.iter().map(|state| Machine { timer: Some(T + seconds(90)), ..at(*state) }.info(T)).collect();
        assert_eq!(
            texts,
            [
                "Off",
                "Starting up/on (1m30s left)",
                "On (watchdog timeout in 1m30s)",
                "Waiting to power off (1m30s left)",
                "Power off done in 1m30s",
                "Off (OK to power on in 1m30s)",
                "Resetting in 1m30s",
                "Will power on in 1m30s",
            ]
        );
        assert_eq!(Machine { timer: None, ..at(State::On) }.info(T), "On");
    }
}
