//! The nouns: identities, radio, session, what is desired, what was observed, what to do about it.
//!
//! Values only. Nothing here decides, parses a file or knows QMI; this room imports nothing of ours.

pub mod action;
pub mod apn;
pub mod attempt;
pub mod call_end;
pub mod condition;
pub mod connection;
pub mod defect;
pub mod desired;
pub mod fact;
pub mod finding;
pub mod id;
pub mod internet;
pub mod lease;
pub mod link;
pub mod no_answer;
pub mod observed;
pub mod pin;
pub mod plugin;
pub mod preference;
pub mod profile;
pub mod radio;
pub mod recovering;
pub mod report;
pub mod session;
pub mod sim;
pub mod step_question;
mod sum;
pub mod telemetry;
pub mod time;

pub use action::{Action, Actor};
pub use apn::{ApnAnswer, ApnCandidate, ApnDatabase, ApnUsage};
pub use attempt::{Attempts, Failure};
pub use call_end::CallEnd;
pub use condition::{Condition, ConditionKind, Status};
pub use connection::{Connection, Gap, Reach};
pub use desired::{Desired, Provider, Selection};
pub use fact::{Fact, FactSet};
pub use finding::Finding;
pub use id::{Apn, HomeDigits, Iccid, Imei, Imsi, ModemName, Plmn, ROUTER_NODE, Secret};
pub use internet::{Elsewhere, Endpoint, Internet, Packets, Portal, Probe, Probed, Proof, Target};
pub use lease::{AddressMethod, Asking, Before, Lease, LeaseOrder, LeaseState};
pub use link::{DesiredLink, Framing, LinkState, Resolver, Routing};
pub use no_answer::NoAnswer;
pub use observed::{ControlState, DataFormat, Device, Observed, PortState, Seen, SessionSettings};
pub use pin::{NoTry, PinChance, PinMark, PinOutcome, TriedPin};
pub use plugin::{
    About, Answer, Candidate, CardView, EngineChoice, Grants, Hook, NetworkFacts, OnError, Opinion, Outlet, Plugin,
    PluginLimits, PluginName, PluginState, PluginsFinding, ProviderQuestion, Question, TrackRecord,
};
pub use preference::{BandSet, NetworkSelection, RadioPreference, Resistance, Setting};
pub use profile::{ModemProfile, NotOffered, Throttled};
pub use radio::{AccessTechnologies, AccessTechnology, OperatingMode, Registration, ServingSystem};
pub use recovering::Recovering;
pub use report::Report;
pub use session::{Authentication, IpFamilies, IpFamily, IpSettings, SessionState};
pub use sim::{BadIccid, SimIdentity, SimSlots, SimState};
pub use step_question::{StepChoice, StepOpinion, StepOption, StepQuestion, StepTried};
pub use sum::{fnv_1a, fnv_1a_on};
pub use time::Instant;
