//! The only door between the core and the world: everything that comes in, everything that goes out.
//!
//! Two closed enums. A message that is in neither does not exist; whoever wants to know what the core can be told
//! or can do reads this file. Both are values, so a trace of the inputs is a complete record of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::traffic::Tally;
use crate::config::Source;
use crate::model::{
    Action, Answer, ApnAnswer, Condition, ConditionKind, Connection, Fact, FactSet, Failure, Framing, HomeDigits, Imei,
    Instant, LeaseOrder, LeaseState, LinkState, ModemName, NoAnswer, Packets, Plugin, PluginName, PluginState,
    PortState, Probe, Probed, Question, RadioPreference, Reach, Secret, Status, TrackRecord, TriedPin,
};
use crate::property::{Change, Value};

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
    /// How it stands with the lease that was ordered under this number.
    Lease(ModemName, u64, LeaseState),
    /// How many packets a modem's interface has carried.
    Packets(ModemName, Packets),
    /// What came of the question of this number, asked through a modem's interface.
    Probed(ModemName, u64, Probed),
    /// A power command was carried out, or why not.
    PowerDone(ModemName, PowerCommand, Result<(), String>),
    /// A secret that was asked for, or why it cannot be had.
    Secret(SecretRef, Result<Secret, String>),
    /// What the database of access points has for a home network, or why it cannot be asked.
    LookedUp(ModemName, HomeDigits, ApnAnswer),
    /// What was asked to be remembered, by its revision, is kept where it outlives a crash, or why not.
    Kept(ModemName, u64, Result<(), String>),
    /// Somebody wants to see this telemetry, for a while: a demand runs out by itself.
    Watched(ModemName, FactSet),
    /// How it is with a plugin.
    Plugin(PluginName, PluginState),
    /// What a plugin says to the question of this number about a modem, or why it says nothing.
    Answer(ModemName, PluginName, u64, Result<Answer, NoAnswer>),
    /// The properties of a plugin's own, all of them, by their names below the plugin's.
    Published(PluginName, BTreeMap<String, Value>),
    /// Nothing happened but time.
    Timer,
    /// The daemon was told to end: modems whose entry says so are let go.
    Leave,
    /// Who asks that modems be left alone, as the inhibit files say now.
    Inhibited(Inhibition),
    /// Nothing is to be written to a modem before this time; `None`: go on.
    Pause(ModemName, Option<Instant>),
    /// Somebody asks for a modem to be reset by hand.
    Reset {
        /// Which modem.
        modem: ModemName,
        /// By the strongest means, whatever was done a moment ago.
        force: bool,
    },
}

/// Who asks that no modem, or not these, be reset or have their power switched by recovery; each with the reason that
/// was given, which may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Inhibition {
    /// All of them.
    pub all: Option<String>,
    /// These.
    pub modems: BTreeMap<ModemName, String>,
}

impl Inhibition {
    /// Why this modem is to be left alone, if it is.
    #[must_use]
    pub fn of(&self, modem: &ModemName) -> Option<&str> {
        self.all.as_deref().or_else(|| self.modems.get(modem).map(String::as_str))
    }
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
    /// To be found by what the device is, whatever its interface and its node are called.
    Hardware(Hardware),
    /// A character device or a PTY.
    Device(String),
    /// A unix stream socket.
    Socket(String),
    /// A node of the IPC router as libqmi writes it, for example `qrtr://0`: behind qmi-proxy, as there is no other way to it
    /// without unsafe code.
    Qrtr(String),
    /// A device behind qmi-proxy.
    Proxy {
        /// The device's path.
        device: String,
    },
}

/// What a device is known by; every mark that is set must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// USB vendor and product in lower case: `2c7c:0125`.
    pub usb_id: Option<String>,
    /// Where it is in `/sys`: it, or something that it hangs on.
    pub sysfs_path: Option<String>,
    /// The IMEI, which the host has to ask for.
    pub imei: Option<Imei>,
    /// What the modem calls its model, in upper or lower case, which the host has to ask for.
    pub model: Option<String>,
}

impl Hardware {
    /// Whether the modem has to be asked who it is.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.imei.is_some() || self.model.is_some()
    }
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
    /// By model: the framing that data was seen to pass in.
    pub framings: BTreeMap<String, ProvenFraming>,
    /// The connection reached the internet.
    pub internet: bool,
    /// How often this was changed: names what [`Input::Kept`] answers.
    pub revision: u64,
    /// PINs that were given to cards, as fingerprints. Kept even when the modem is retired: cards move.
    pub pins: Vec<TriedPin>,
    /// By IMEI: the radio settings that a modem had before we first changed them.
    pub original_radio: BTreeMap<String, RadioPreference>,
    /// What the sessions have carried.
    pub traffic: Tally,
    /// What recovery has learned and done.
    pub recovery: RecoveryMemory,
    /// What came of connections, where plugins are told of it: what they chose by it they choose again after a restart.
    pub entries: EntryMemory,
    /// How long ago it was kept, in seconds, as far as the host can tell; the host sets it when it gives it back.
    pub kept_ago: u64,
}

/// A framing that data was seen to pass in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProvenFraming {
    /// Which.
    pub framing: Framing,
    /// The firmware it was seen with: another one has yet to show it.
    pub revision: String,
}

/// What came of connections with one card, by entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryMemory {
    /// Which card: a sum of its number, so that the file has not the number itself.
    pub card: u64,
    /// Name and access point of an entry, and what came of it.
    pub records: Vec<(String, String, TrackRecord)>,
}

/// What recovery has learned and done, as ages in seconds at the moment of keeping: the core's clock ends with it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecoveryMemory {
    /// Power-level steps of the last day.
    pub power_steps: Vec<u64>,
    /// The last time of each step that must not come often, by its name.
    pub steps: BTreeMap<String, u64>,
    /// Steps that had no effect on this modem, by their names.
    pub ineffective: BTreeMap<String, Ineffective>,
}

/// A step that had no effect.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ineffective {
    /// How long ago that was seen, in seconds.
    pub ago: u64,
    /// What was seen, in words.
    pub because: String,
    /// The model and the firmware it was seen on: another one is given another chance.
    pub firmware: String,
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

/// A command to the power switch or to the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PowerCommand {
    /// Get ready: is the switch there, may it be used?
    Attach,
    /// Ask the modem to shut down by itself; the cut follows in any case.
    PrepareOff,
    /// Cut it.
    Off,
    /// Give it back.
    On,
    /// Let the bus enumerate the device anew, without cutting power.
    Reauthorise,
    /// Let the host look for devices that it has overlooked.
    Rescan,
}

/// Everything the core can ask for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Report what the host knows of a fact: [`Fact::Port`], [`Fact::Link`], [`Fact::Lease`], or for [`Fact::Internet`] how many packets
    /// the interface has carried, as [`Input::Packets`].
    Look(ModemName, Fact),
    /// Open a control port; answered by [`Input::Opened`] or [`Input::Port`].
    OpenPort(ModemName, PortSpec),
    /// Close it.
    ClosePort(ModemName),
    /// Send bytes: always whole frames.
    Send(ModemName, Vec<u8>),
    /// Make the interface so; answered by [`Input::LinkDone`].
    ConfigureLink(ModemName, LinkState),
    /// Have this lease on the modem's interface, or none; answered by [`Input::Lease`], now and whenever it changes.
    Lease(ModemName, Option<LeaseOrder>),
    /// Ask somebody outside through the modem's interface; answered by [`Input::Probed`].
    Probe(ModemName, Probe),
    /// Switch power; answered by [`Input::PowerDone`].
    Power(ModemName, PowerCommand),
    /// Fetch a secret; answered by [`Input::Secret`].
    Fetch(SecretRef),
    /// Look up every access point that the database has for a home network; answered by [`Input::LookedUp`].
    LookUp(ModemName, HomeDigits),
    /// Have these plugins ready, and no others; answered by [`Input::Plugin`] for each, now and whenever it changes.
    Plugins(Vec<Plugin>),
    /// Ask a plugin about a modem; answered by [`Input::Answer`]. Nothing waits for long: see `Controller`.
    Ask(ModemName, Question),
    /// Remember this over a restart; answered by [`Input::Kept`]. Lost memory costs an outage at the next start, and
    /// settings that are not put back; only a PIN is not tried without it.
    Remember(ModemName, Memory),
    /// Something worth telling people.
    Event(Event),
    /// Properties have changed, these together.
    Changed(Vec<Change>),
}

impl Output {
    /// The modem it is about; `None`: none in particular.
    #[must_use]
    pub fn modem(&self) -> Option<&ModemName> {
        match self {
            Self::Look(name, _)
            | Self::OpenPort(name, _)
            | Self::ClosePort(name)
            | Self::Send(name, _)
            | Self::ConfigureLink(name, _)
            | Self::Lease(name, _)
            | Self::Probe(name, _)
            | Self::Power(name, _)
            | Self::LookUp(name, _)
            | Self::Ask(name, _)
            | Self::Remember(name, _) => Some(name),
            Self::Event(event) => event.modem.as_ref(),
            Self::Fetch(_) | Self::Plugins(_) | Self::Changed(_) => None,
        }
    }
}

/// Something that happened, for people and logs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The modem it is about; `None`: all.
    pub modem: Option<ModemName>,
    /// What happened.
    pub what: EventKind,
}

/// What became of a recovery step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It had its effect; whether that helps is seen later.
    TookEffect,
    /// It was acknowledged and had no effect: it is not tried again on this modem for a while.
    Ineffective(String),
    /// It could not be carried out.
    Failed(Failure),
    /// It was carried out, but whether it had its effect could not be seen.
    Unseen,
}

impl std::fmt::Display for StepOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TookEffect => f.write_str("took effect"),
            Self::Ineffective(because) => write!(f, "had no effect: {because}"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Unseen => f.write_str("done, its effect was not seen"),
        }
    }
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
    /// A recovery step begins, or ended.
    Recovery {
        /// The condition that is False.
        diagnosis: ConditionKind,
        /// The step.
        step: Action,
        /// Which attempt in this spell of trouble, from 1.
        attempt: u32,
        /// What became of it; `None`: it begins.
        outcome: Option<StepOutcome>,
        /// When the next step is due if this one does not help.
        next_at: Option<Instant>,
    },
    /// A trouble that recovery steps were taken against is over.
    Recovered {
        /// The condition that holds again.
        diagnosis: ConditionKind,
        /// The last step.
        step: Action,
        /// How many there were.
        attempts: u32,
        /// How long the trouble lasted, in milliseconds.
        took_ms: u64,
    },
    /// A modem was paused until then, or goes on.
    Paused(Option<Instant>),
    /// An inhibit file appeared, with its reason, or is gone.
    Inhibited(Option<String>),
    /// An error of our own in the part that drives a modem; the part was started anew.
    ControllerReset {
        /// What went wrong, in the words of the panic.
        panic: String,
        /// How often this happened lately.
        times: u32,
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
