//! Plugins as the core knows them: what the file says of one, how it is with it, what it is asked and what it says.
//!
//! The core never runs one. It asks by `Output::Ask` and is told by `Input::Answer`; who runs it, and how, is the
//! shell's.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::no_answer::NoAnswer;
use super::step_question::{StepOpinion, StepQuestion};

/// What the properties of plugins' own are below; no modem is called so.
pub const PROPERTIES: &str = "plugin";

/// Bytes of a plugin's reason that are kept.
pub const REASON_BYTES: usize = 200;

/// The name of a plugin in the file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PluginName(pub String);

impl From<&str> for PluginName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A plugin as the file asks for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name.
    pub name: PluginName,
    /// The path of its component.
    pub module: String,
    /// SHA-256 that its bytes must have, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// What it is asked.
    pub hooks: Vec<Hook>,
    /// What it may see beyond what every plugin sees.
    pub grants: Grants,
    /// Where it may send to, in the order of the file.
    pub outlets: Vec<Outlet>,
    /// What it may use.
    pub limits: PluginLimits,
    /// What stands when it fails.
    pub on_error: OnError,
    /// How its code is run.
    pub engine: EngineChoice,
    /// Its own configuration: a JSON object with sorted keys.
    pub config: String,
}

impl Plugin {
    /// Whether it is asked this.
    #[must_use]
    pub fn has(&self, hook: Hook) -> bool {
        self.hooks.contains(&hook)
    }
}

/// What a plugin is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Hook {
    /// Which of the service providers that fit is used.
    SelectProvider,
    /// Which of the recovery steps that may be taken is.
    Recovery,
    /// It is told properties as they change.
    Export,
}

impl Hook {
    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SelectProvider => "select-provider",
            Self::Recovery => "recovery",
            Self::Export => "export",
        }
    }
}

/// What a plugin may see beyond what every plugin sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    /// The whole ICCID.
    pub iccid: bool,
    /// The whole IMSI.
    pub imsi: bool,
    /// IMEI, ESN and MEID.
    pub imei: bool,
    /// Cells and areas.
    pub location: bool,
    /// Addresses of the interface.
    pub addresses: bool,
    /// The time of day.
    pub clock: bool,
    /// The modem is asked for what the plugin wants, as if somebody watched.
    pub watch: bool,
}

/// Where a plugin may send to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outlet {
    /// POST requests to this `http://` URL.
    HttpPost(String),
    /// Datagrams to this address.
    Udp(SocketAddr),
    /// The end of this file.
    Append(String),
}

impl fmt::Display for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HttpPost(target) | Self::Append(target) => f.write_str(target),
            Self::Udp(address) => write!(f, "{address}"),
        }
    }
}

/// What a plugin may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PluginLimits {
    /// For one answer, counted in instructions, [`FUEL_PER_MS`] to a millisecond.
    pub time: Duration,
    /// Bytes of its memory.
    pub memory: u64,
    /// Questions a second.
    pub calls: u32,
}

/// Instructions that are counted as one millisecond: an interpreter on an idle gateway of today does about as many.
pub const FUEL_PER_MS: u64 = 1_000_000;

impl Default for PluginLimits {
    fn default() -> Self {
        Self { time: Duration::from_millis(100), memory: 16 << 20, calls: 10 }
    }
}

impl PluginLimits {
    /// Instructions for one answer.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX).saturating_mul(FUEL_PER_MS)
    }
}

/// What stands when a plugin fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum OnError {
    /// The next plugin's, else the built-in choice.
    #[default]
    BuiltIn,
    /// What it said last about this card, as long as that is among the candidates.
    LastAnswer,
}

/// How a plugin's code is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum EngineChoice {
    /// By an interpreter: needs no memory that is writable and executable, and is the same on every processor.
    #[default]
    Interpreted,
    /// As code of this processor.
    Native,
}

/// How it is with a plugin, as the shell tells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PluginState {
    /// It is being read, compiled and checked.
    Loading,
    /// It may be asked.
    Ready {
        /// SHA-256 of its bytes, in hexadecimal.
        digest: String,
        /// Why a newer module is not used, if there is one.
        refused: Option<String>,
    },
    /// It works, and something is wrong with what it does: data is lost, or its last call failed.
    Failing {
        /// SHA-256 of its bytes, in hexadecimal.
        digest: String,
        /// What is wrong.
        why: String,
    },
    /// It cannot be used, in words.
    Refused(String),
    /// It failed too often in a row and is not asked until its bytes or its entry change; how it failed last.
    Quarantined(String),
}

/// A question to a plugin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// What names the answer.
    pub number: u64,
    /// Who is asked.
    pub plugin: PluginName,
    /// What it is about.
    pub about: About,
}

/// What a plugin is asked about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum About {
    /// Which service provider to use.
    Provider(ProviderQuestion),
    /// Which recovery step to take.
    Step(StepQuestion),
}

/// Which service provider to use: everything a plugin gets to see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderQuestion {
    /// The modem.
    pub modem: String,
    /// The device's labels.
    pub labels: Vec<String>,
    /// The card.
    pub card: CardView,
    /// The network that serves.
    pub network: Option<NetworkFacts>,
    /// What may be chosen.
    pub candidates: Vec<Candidate>,
    /// Which of these is chosen without a plugin.
    pub built_in: usize,
    /// The plugin's configuration, a JSON object.
    pub config: String,
}

impl ProviderQuestion {
    /// Whether it is about the same card and the same candidates: an answer to one holds for the other until there is a
    /// newer one.
    #[must_use]
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        let same = |a: &Candidate, b: &Candidate| a.name == b.name && a.apn == b.apn;
        self.card == other.card
            && self.config == other.config
            && self.candidates.len() == other.candidates.len()
            && self.candidates.iter().zip(&other.candidates).all(|(a, b)| same(a, b))
    }
}

/// A card, as far as a plugin may see it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CardView {
    /// The first seven digits of the ICCID.
    pub iccid_prefix: String,
    /// The whole of it, if granted.
    pub iccid: Option<String>,
    /// The IMSI, if granted.
    pub imsi: Option<String>,
    /// Country and network code of its home network.
    pub home_network: Option<String>,
    /// The provider's name on it.
    pub service_provider_name: Option<String>,
    /// Its group identifier.
    pub group_identifier: Option<String>,
}

/// Without what was granted: a grant is for the plugin, not for the log.
impl fmt::Debug for CardView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CardView");
        out.field("iccid_prefix", &self.iccid_prefix).field("home_network", &self.home_network).finish_non_exhaustive()
    }
}

/// The network that serves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkFacts {
    /// Country and network code.
    pub code: Option<String>,
    /// Whether it is a visited one.
    pub roaming: bool,
    /// Technologies in use.
    pub technologies: Vec<String>,
}

/// What may be chosen.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Candidate {
    /// The entry's name or title.
    pub name: String,
    /// The access point.
    pub apn: String,
    /// Why it fits.
    pub fits: String,
    /// Whether it may be used while roaming.
    pub roaming_allowed: Option<bool>,
    /// What came of it.
    pub history: TrackRecord,
}

/// What came of an entry with this card.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackRecord {
    /// Whether a session was ever up.
    pub worked: bool,
    /// Failed attempts in a row, up to [`TrackRecord::COUNTED`].
    pub failures: u32,
    /// How the last one failed.
    pub last_failure: String,
}

impl TrackRecord {
    /// More failures than this are not counted: a plugin need not be asked after each of hundreds.
    pub const COUNTED: u32 = 8;
}

/// What a plugin says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Opinion {
    /// The candidate; `None`: no opinion.
    pub choice: Option<usize>,
    /// Why.
    pub reason: String,
}

/// What a plugin answers, by what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// Which service provider to use.
    Provider(Opinion),
    /// Which recovery step to take.
    Step(StepOpinion),
}

/// How it is with the plugins, as the condition says it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PluginsFinding {
    /// There are none.
    None,
    /// All may be asked and none has failed.
    Ready(Vec<PluginName>),
    /// This one is being loaded.
    Loading(PluginName),
    /// This one cannot be used.
    Refused(PluginName, String),
    /// This one runs with its old bytes, and why not with the new ones.
    Outdated(PluginName, String),
    /// This one is not asked any more.
    Quarantined(PluginName, String),
    /// This one gave no answer that can be used.
    Failed(PluginName, NoAnswer),
    /// This exporter loses data, or its last call failed.
    Failing(PluginName, String),
    /// This one changes its mind so often that it is not followed.
    Fickle(PluginName),
}

impl PluginsFinding {
    /// The reason in CamelCase.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::None => "NoPlugins",
            Self::Ready(_) => "Ready",
            Self::Loading(_) => "Loading",
            Self::Refused(..) => "Refused",
            Self::Outdated(..) => "NewModuleRefused",
            Self::Quarantined(..) => "Quarantined",
            Self::Failed(_, why) => why.reason(),
            Self::Failing(..) => "ExporterFails",
            Self::Fickle(_) => "ChangesItsMind",
        }
    }
}

impl fmt::Display for PluginsFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the file names no plugin"),
            Self::Ready(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.0.as_str()).collect();
                write!(f, "{}", names.join(", "))
            }
            Self::Loading(name) => write!(f, "{name} is being loaded"),
            Self::Refused(name, why) => write!(f, "{name} is not used: {why}"),
            Self::Outdated(name, why) => write!(f, "{name}: the new module is refused, the one before stays: {why}"),
            Self::Quarantined(name, why) => {
                write!(f, "{name} failed three times in a row and is not asked until it or its entry changes: {why}")
            }
            Self::Failed(name, why) => write!(f, "{name}: {why}"),
            Self::Failing(name, why) => write!(f, "{name}: {why}"),
            Self::Fickle(name) => write!(f, "{name} changes its mind too often: its choice is kept for a while"),
        }
    }
}

/// Text of a plugin as one printable line of at most `bytes` bytes: whoever reads a log must be able to trust it.
#[must_use]
pub fn plain(text: &str, bytes: usize) -> String {
    let printable = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    let mut out = String::new();
    for c in text.chars().map(printable) {
        if out.len() + c.len_utf8() > bytes {
            break;
        }
        out.push(c);
    }
    out.trim().to_owned()
}

/// Line and paragraph separators, and what turns the direction of writing or has no width: they make a terminal show
/// something else than what is there.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_s_text_is_one_printable_line_of_bounded_length() {
        assert_eq!(plain("a\u{1b}[31mb\nc\u{202e}d\0", 200), "a [31mb c d");
        assert_eq!(plain(&"é".repeat(200), 5), "éé", "never half a letter");
        assert_eq!(plain(" \r\n ", 200), "");
    }

    #[test]
    fn a_grant_is_not_for_the_log() {
        let card = CardView { iccid: Some("8988307000000000001".into()), ..CardView::default() };
        assert!(!format!("{card:?}").contains("8988307000000000001"));
    }

    #[test]
    fn an_answer_holds_for_what_is_about_the_same() {
        let candidate = |name: &str| Candidate { name: name.into(), ..Candidate::default() };
        let question = ProviderQuestion { candidates: vec![candidate("a"), candidate("b")], ..Default::default() };
        let mut later = question.clone();
        later.network = Some(NetworkFacts::default());
        later.candidates[0].history.failures = 3;
        assert!(question.is_about_the_same(&later) && question != later);
        later.candidates.swap(0, 1);
        assert!(!question.is_about_the_same(&later));
    }
}
