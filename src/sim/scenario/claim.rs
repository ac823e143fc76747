//! What a script can say of a gateway: how it is (a claim), and what was done (a deed).

use std::fmt;

use crate::model::{ConditionKind, ModemName, Status};
use crate::qmi::{Frame, Kind, Service, registry, wds};
use crate::reconcile::Output;
use crate::sim::gateway::{Gateway, Note, Noted};
use crate::sim::modem::Witness;

/// How things are, at one moment, with one modem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    Condition {
        kind: ConditionKind,
        status: Status,
        reason: Option<String>,
    },
    /// A session with this access point is up, in truth.
    Apn(String),
    /// No session is up, in truth.
    NoSession,
    /// The network interface is up, or down.
    Link(bool),
    /// A property has this value; `None`: it is not there.
    Property {
        name: String,
        value: Option<String>,
    },
}

/// Something that is done to a modem, one at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Deed {
    /// A request, whichever.
    Request,
    /// What changes the modem or its host.
    Write,
    /// A data session is asked for.
    Dial,
    /// A data session is ended.
    Stop,
    /// Power is switched.
    Power,
    /// This request.
    Message(Service, u16),
}

const CLAIMS: &str = "a condition (Converged, DataConnected=False, Registered=False:RoamingNotAllowed), APN NAME, \
                      no session, link up, link down, property NAME = VALUE, or no property NAME";

impl Claim {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["APN" | "apn", apn] => Ok(Self::Apn((*apn).to_owned())),
            ["no", "session"] => Ok(Self::NoSession),
            ["link", "up"] => Ok(Self::Link(true)),
            ["link", "down"] => Ok(Self::Link(false)),
            ["no", "property", name] => Ok(Self::Property { name: full_name(name)?, value: None }),
            ["property", name, "=", ..] => {
                let value = text.split_once('=').map(|(_, value)| value.trim().to_owned());
                Ok(Self::Property { name: full_name(name)?, value })
            }
            [condition] => Self::condition(condition),
            _ => Err(format!("\"{text}\" is no claim; write {CLAIMS}")),
        }
    }

    fn condition(text: &str) -> Result<Self, String> {
        let (name, rest) = text.split_once('=').unwrap_or((text, "True"));
        let (status, reason) = rest.split_once(':').map_or((rest, None), |(s, r)| (s, Some(r)));
        let Some(kind) = ConditionKind::ALL.into_iter().find(|kind| kind.to_string() == name) else {
            let names: Vec<String> = ConditionKind::ALL.iter().map(ToString::to_string).collect();
            return Err(format!("\"{text}\" is no claim; write {CLAIMS}. The conditions are {}", names.join(", ")));
        };
        let known = [Status::True, Status::False, Status::Unknown].into_iter().find(|s| s.to_string() == status);
        let status = known.ok_or_else(|| format!("\"{status}\" is none of True, False, Unknown"))?;
        let is_reason =
            |r: &str| r.starts_with(|c: char| c.is_ascii_uppercase()) && r.chars().all(char::is_alphanumeric);
        match reason {
            Some(reason) if !is_reason(reason) => Err(format!("\"{reason}\" is no reason; write for example NoCard")),
            _ => Ok(Self::Condition { kind, status, reason: reason.map(str::to_owned) }),
        }
    }

    pub(super) fn holds(&self, gateway: &Gateway, modem: &ModemName) -> bool {
        match self {
            Self::Condition { kind, status, reason } => {
                let condition = gateway.controller(modem).map(|controller| controller.condition(*kind));
                let reason_fits = |found: &str| reason.as_ref().is_none_or(|wanted| wanted == found);
                condition.map_or((*status, reason) == (Status::Unknown, &None), |condition| {
                    condition.status == *status && reason_fits(condition.finding.reason())
                })
            }
            Self::Apn(apn) => gateway.host(modem).is_some_and(|host| host.board().modem().is_connected_with(apn)),
            Self::NoSession => gateway.host(modem).is_none_or(|host| !host.board().modem().is_connected()),
            Self::Link(up) => gateway.host(modem).is_some_and(|host| host.link().up == *up),
            Self::Property { name, value } => property(gateway, name) == *value,
        }
    }

    /// How it is instead, in words.
    pub(super) fn instead(&self, gateway: &Gateway, modem: &ModemName) -> String {
        match self {
            Self::Condition { kind, .. } => match gateway.controller(modem) {
                Some(controller) => controller.condition(*kind).to_string(),
                None => format!("nothing keeps {modem}"),
            },
            Self::Apn(_) | Self::NoSession => match gateway.host(modem).map(|host| host.board().modem().truth()) {
                Some(truth) if !truth.sessions.is_empty() => format!("sessions: {:?}", truth.sessions),
                _ => "no session is up".to_owned(),
            },
            Self::Link(up) => format!("the link is {}", if *up { "down" } else { "up" }),
            Self::Property { name, .. } => match property(gateway, name) {
                Some(value) => format!("{name} = {value}"),
                None => format!("{name} is not there"),
            },
        }
    }
}

fn full_name(name: &str) -> Result<String, String> {
    let complete = name.split_once('.').is_some_and(|(modem, rest)| !modem.is_empty() && !rest.is_empty());
    if complete { Ok(name.to_owned()) } else { Err(format!("\"{name}\": write the modem as well: wwan0.{name}")) }
}

fn property(gateway: &Gateway, name: &str) -> Option<String> {
    let (modem, rest) = name.split_once('.')?;
    gateway.controller(&modem.into())?.property(rest, gateway.now()).map(|value| value.to_string())
}

impl Deed {
    /// A deed by its name, in the singular or the plural, or a request as `NAS 0x33` or `NAS get_serving_system`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [service, message] => {
                let service = service_named(service)?;
                let id = message.strip_prefix("0x").and_then(|hex| u16::from_str_radix(hex, 16).ok());
                let named = || {
                    let mut bodies = registry::bodies().filter(|b| b.service == service && b.kind == Kind::Request);
                    bodies.find(|body| body.name == *message).map(|body| body.id)
                };
                let unknown = || format!("\"{message}\" is no request of {service}; write its name or 0x33");
                Ok(Self::Message(service, id.or_else(named).ok_or_else(unknown)?))
            }
            [word] => match word.to_ascii_lowercase().trim_end_matches('s') {
                "request" => Ok(Self::Request),
                "write" => Ok(Self::Write),
                "dial" => Ok(Self::Dial),
                "stop" => Ok(Self::Stop),
                "power" => Ok(Self::Power),
                _ => Err(format!("\"{text}\" is none of request, write, dial, stop, power, NAS 0x33")),
            },
            _ => Err(format!("\"{text}\" is none of request, write, dial, stop, power, NAS 0x33")),
        }
    }

    /// Whether a note says that it was done to the modem.
    pub(super) fn is(self, note: &Note, modem: &ModemName) -> bool {
        match &note.what {
            Noted::Witness(name, Witness::Wrote { .. }) => self == Self::Write && name == modem,
            Noted::Witness(..) => false,
            Noted::Output(Output::Send(name, bytes)) if name == modem => match self {
                Self::Request => true,
                Self::Dial => key(bytes) == Some(wds::start_network::KEY),
                Self::Stop => key(bytes) == Some(wds::stop_network::KEY),
                Self::Message(service, id) => key(bytes) == Some((service, id)),
                Self::Write | Self::Power => false,
            },
            Noted::Output(Output::Power(name, _)) => name == modem && matches!(self, Self::Power | Self::Write),
            Noted::Output(Output::ConfigureLink(name, _) | Output::OpenPort(name, _) | Output::ClosePort(name)) => {
                name == modem && self == Self::Write
            }
            Noted::Output(_) => false,
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("request"),
            Self::Write => f.write_str("write"),
            Self::Dial => f.write_str("dial"),
            Self::Stop => f.write_str("stop"),
            Self::Power => f.write_str("power"),
            Self::Message(service, id) => f.write_str(&named(*service, *id)),
        }
    }
}

/// A request by service and name.
pub(super) fn named(service: Service, id: u16) -> String {
    let service_name = service.to_string().to_uppercase();
    match registry::find(service, id, Kind::Request) {
        Some(body) => format!("{service_name} {}", body.name),
        None => format!("{service_name} {id:#06x}"),
    }
}

pub(super) fn service_named(name: &str) -> Result<Service, String> {
    let mut services = registry::bodies().map(|body| body.service);
    services
        .find(|service| service.to_string().eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("\"{name}\" is no service; write CTL, WDS, DMS, NAS, UIM, WDA or DSD"))
}

fn key(bytes: &[u8]) -> Option<(Service, u16)> {
    Frame::parse(bytes).ok().map(|frame| frame.key())
}
