//! The only door between the core and the world: everything that comes in, everything that goes out.
//!
//! Two closed enums. A message that is in neither does not exist; whoever wants to know what the core can be told
//! or can do reads this file. Both are values, so a trace of the inputs is a complete record of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::traffic::Tally;
use crate::config::Source;
use crate::model::{
    Action, ApnAnswer, Condition, ConditionKind, Connection, Fact, FactSet, Failure, HomeDigits, Imei, Instant,
    LinkState, ModemName, PortState, RadioPreference, Reach, Secret, Status, TriedPin,
};
use crate::property::Change;

/// Everything the core can be told. `now` travels beside it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// All configuration files as they are now, lowest layer first.
    Config(Vec<Source>),
    /// What an earlier run asked to be remembered. Given before the first configuration.
    Remembered(ModemName, Memory),
    /// What the host knows of a control port.
    Port(ModemName, PortState),
    /// A control port was opened for us.
    Opened(ModemName, PortKind),
    /// Bytes from a control port, in any portions.
    Bytes(ModemName, Vec<u8>),
    /// What the host knows of a network interface.
    Link(ModemName, LinkState),
    /// An interface was configured, or why not.
    LinkDone(ModemName, Result<(), String>),
    /// A power command was carried out, or why not.
    PowerDone(ModemName, Result<(), String>),
    /// A secret that was asked for, or why it cannot be had.
    Secret(SecretRef, Result<Secret, String>),
    /// What the database of access points has for a home network, or why it cannot be asked.
    LookedUp(ModemName, HomeDigits, ApnAnswer),
    /// What was asked to be remembered, by its revision, is kept where it outlives a crash, or why not.
    Kept(ModemName, u64, Result<(), String>),
    /// Somebody wants to see this telemetry, for a while: a demand runs out by itself.
    Watched(ModemName, FactSet),
    /// Nothing happened but time.
    Timer,
}

/// How a control port is shared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PortKind {
    /// We are the only client: we may release every client id of the modem.
    Exclusive,
    /// Through qmi-proxy, which must be told the device first.
    Proxy {
        /// The device's path, as the proxy opens it.
        device: String,
    },
}

/// Where a modem's control port is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PortSpec {
    /// To be found by the interface's name.
    Interface(String),
    /// A character device or a PTY.
    Device(String),
    /// A unix stream socket.
    Socket(String),
    /// A device behind qmi-proxy.
    Proxy {
        /// The device's path.
        device: String,
    },
}

/// What outlives the process: kept by the host, given back at the next start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// QMI client ids we hold in the modem, by role. A live session ends when its client id is released, so a
    /// restart without an outage needs them.
    pub clients: BTreeMap<String, u8>,
    /// Whether the modem's profiles allowed roaming before we first changed them, by their numbers.
    pub original_roaming: BTreeMap<u8, bool>,
    /// Whether the modem started sessions by itself, if we have changed that.
    pub original_autoconnect: Option<bool>,
    /// The modem that these settings are of.
    pub originals_of: Option<Imei>,
    /// The connection reached the internet.
    pub internet: bool,
    /// When power-level steps were taken lately: a daemon that is restarted does not begin to count anew.
    pub power_steps: Vec<Instant>,
    /// How often this was changed: names what [`Input::Kept`] answers.
    pub revision: u64,
    /// PINs that were given to cards, as fingerprints. Kept even when the modem is retired: cards move.
    pub pins: Vec<TriedPin>,
    /// By IMEI: the radio settings that a modem had before we first changed them.
    pub original_radio: BTreeMap<String, RadioPreference>,
    /// What the sessions have carried.
    pub traffic: Tally,
}

/// Where the shell finds a secret that is not in the file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum SecretRef {
    /// A systemd credential.
    Credential(String),
    /// The first line of a file.
    File(String),
    /// An environment variable of the daemon.
    Variable(String),
}

/// A command to the power switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PowerCommand {
    /// Cut it.
    Off,
    /// Give it back.
    On,
    /// Let the bus enumerate the device anew, without cutting power.
    Reauthorise,
}

/// Everything the core can ask for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Report a fact that the host owns: [`Fact::Port`] or [`Fact::Link`].
    Look(ModemName, Fact),
    /// Open a control port; answered by [`Input::Opened`] or [`Input::Port`].
    OpenPort(ModemName, PortSpec),
    /// Close it.
    ClosePort(ModemName),
    /// Send bytes: always whole frames.
    Send(ModemName, Vec<u8>),
    /// Make the interface so; answered by [`Input::LinkDone`].
    ConfigureLink(ModemName, LinkState),
    /// Switch power; answered by [`Input::PowerDone`].
    Power(ModemName, PowerCommand),
    /// Fetch a secret; answered by [`Input::Secret`].
    Fetch(SecretRef),
    /// Look up every access point that the database has for a home network; answered by [`Input::LookedUp`].
    LookUp(ModemName, HomeDigits),
    /// Remember this over a restart; answered by [`Input::Kept`]. Lost memory costs an outage at the next start, and
    /// settings that are not put back; only a PIN is not tried without it.
    Remember(ModemName, Memory),
    /// Something worth telling people.
    Event(Event),
    /// Properties have changed, these together.
    Changed(Vec<Change>),
}

/// Something that happened, for people and logs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The modem it is about; `None`: all.
    pub modem: Option<ModemName>,
    /// What happened.
    pub what: EventKind,
}

/// The kinds of events.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum EventKind {
    /// A configuration came into force.
    ConfigAccepted {
        /// Its number, counted from 1.
        generation: u64,
    },
    /// A configuration was refused; the one before stays in force.
    ConfigRejected {
        /// The diagnostics, rendered.
        report: String,
    },
    /// A condition changed its status or its reason.
    ConditionChanged {
        /// The status before.
        from: Status,
        /// The condition now.
        to: Condition,
    },
    /// An action begins.
    ActionStarted {
        /// The action.
        action: Action,
        /// What made it necessary, in words.
        because: String,
        /// The condition it serves.
        serves: ConditionKind,
    },
    /// An action ended.
    ActionEnded {
        /// The action.
        action: Action,
        /// `Ok` is the modem's word, not yet our belief.
        outcome: Result<(), Failure>,
    },
    /// The modem restarted by itself or lost what we set up in it.
    ModemRestarted {
        /// How we noticed, in words.
        evidence: String,
    },
    /// A recovery step was chosen.
    Recovery {
        /// The condition that is False.
        diagnosis: ConditionKind,
        /// The step.
        step: Action,
        /// Which attempt in this spell of trouble, from 1.
        attempt: u32,
    },
    /// A modem that the file no longer names was let go.
    Retired,
    /// Packets get further than before, or less far.
    ConnectionChanged {
        /// How far before.
        from: Reach,
        /// How far now, and why.
        to: Connection,
    },
}
