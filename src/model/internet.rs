//! Whether data passes: what is asked to find out, what came of it, and what is believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::session::IpSettings;

/// Something that answers where data passes.
///
/// Any answer counts, a refusal too: what is looked for is the way there and back, not the service at its end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// The name servers that the network gave (RFC 1035).
    NameServers,
    /// This name server.
    NameServer(IpAddr),
    /// A TCP port.
    Tcp(Endpoint),
    /// An HTTP server that answers 204 to a request of this path. Another answer is somebody else's: a portal's.
    Http(Endpoint, String),
}

/// Where a target is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Endpoint {
    /// A host name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is no [`Target`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`dns`, `dns://ADDRESS`, `tcp://HOST:PORT` or `http://HOST/PATH`")]
pub struct NoTarget;

impl Target {
    /// What one question costs at most, in octets both ways with their headers: a handshake, the question and its
    /// answer, a name to look up, and the question once more where it was lost.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        match self {
            Self::NameServers | Self::NameServer(_) => 256,
            Self::Tcp(_) => 768,
            Self::Http(..) => 1536,
        }
    }

    /// Whether others reach it too, so that their luck with it says something.
    #[must_use]
    pub const fn is_everybodys(&self) -> bool {
        !matches!(self, Self::NameServers)
    }
}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        if text == "dns" {
            return Ok(Self::NameServers);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NoTarget)?;
        match scheme {
            "dns" => rest.parse().map(Self::NameServer).map_err(|_| NoTarget),
            "tcp" => Endpoint::parse(rest, None).map(Self::Tcp),
            "http" => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let path = if path.is_empty() { "/" } else { path };
                let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
                let endpoint = Endpoint::parse(authority, Some(80))?;
                plain.then(|| Self::Http(endpoint, path.to_owned())).ok_or(NoTarget)
            }
            _ => Err(NoTarget),
        }
    }
}

impl Endpoint {
    fn parse(text: &str, default_port: Option<u16>) -> Result<Self, NoTarget> {
        let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, port))) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port.strip_prefix(':')),
            Some(_) => return Err(NoTarget),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let word = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
        let named = (1..=253).contains(&host.len()) && host.bytes().all(word);
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0),
            None => default_port,
        };
        let is_host = named || host.contains(':');
        port.filter(|_| is_host).map(|port| Self { host: host.to_owned(), port }).ok_or(NoTarget)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameServers => f.write_str("dns"),
            Self::NameServer(address) => write!(f, "dns://{address}"),
            Self::Tcp(endpoint) => write!(f, "tcp://{endpoint}"),
            Self::Http(endpoint, path) if endpoint.port == 80 && !endpoint.host.contains(':') => {
                write!(f, "http://{}{path}", endpoint.host)
            }
            Self::Http(endpoint, path) => write!(f, "http://{endpoint}{path}"),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = NoTarget;

    fn try_from(text: String) -> Result<Self, NoTarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// A question to the internet through one modem's interface: the targets one after another, until one answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// Names the question in its answer.
    pub number: u64,
    /// Whom to ask, the first first.
    pub targets: Vec<Target>,
    /// The addresses that the interface has, and the name servers that belong to them.
    pub ip: IpSettings,
}

/// What came of a [`Probe`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probed {
    /// This target answered.
    Answered(Target),
    /// Somebody else answered in its name.
    Portal(Portal),
    /// None answered.
    Unanswered(Elsewhere),
    /// There was nobody to ask; in words.
    NobodyToAsk(String),
}

/// Who answers in another's name: a page to pay or to log in at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Portal {
    /// Who was asked.
    pub target: Target,
    /// The HTTP status of the answer, which should have been 204.
    pub status: u16,
}

/// How the same targets answer through another of the host's interfaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Elsewhere {
    /// There is no other way out, or none to these targets.
    NoOtherWay,
    /// They answer there.
    Answered,
    /// They do not answer there either.
    Unanswered,
}

/// How many packets an interface has carried since it came up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Packets {
    /// Sent.
    pub tx: u64,
    /// Received.
    pub rx: u64,
}

/// What is believed of the internet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Internet {
    /// Data passes.
    Reached(Proof),
    /// Nothing comes back.
    Unanswered {
        /// Questions in a row that nobody answered.
        tries: u32,
        /// How the same targets answer elsewhere.
        elsewhere: Elsewhere,
    },
    /// Somebody else answers.
    Portal(Portal),
    /// It is not looked at; why.
    NotLookedAt(String),
}

/// What shows that data passes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Packets go and come.
    Traffic,
    /// A target answered.
    Answer(Target),
}

impl Internet {
    /// The reason of the condition, in CamelCase.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Reached(_) => "Reached",
            Self::Unanswered { .. } => "Unanswered",
            Self::Portal(_) => "Portal",
            Self::NotLookedAt(_) => "NotLookedAt",
        }
    }

    /// Whether it is known that data does not pass, or not to whom it should.
    #[must_use]
    pub const fn is_cut_off(&self) -> bool {
        matches!(self, Self::Unanswered { .. } | Self::Portal(_))
    }
}

impl fmt::Display for Internet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached(Proof::Traffic) => f.write_str("packets go and come"),
            Self::Reached(Proof::Answer(target)) => write!(f, "{target} answers"),
            Self::Unanswered { tries, elsewhere } => {
                write!(f, "nothing comes back: {tries} questions in a row went unanswered")?;
                f.write_str(match elsewhere {
                    Elsewhere::NoOtherWay => "",
                    Elsewhere::Answered => "; through another interface they are answered",
                    Elsewhere::Unanswered => "; through another interface they are not answered either",
                })
            }
            Self::Portal(Portal { target, status }) => {
                write!(f, "{target} is answered with {status} instead of 204: a page to pay or to log in at?")
            }
            Self::NotLookedAt(why) => write!(f, "not looked at: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_itself_and_is_understood() {
        for text in [
            "dns",
            "dns://9.9.9.9",
            "dns://2620:fe::9",
            "tcp://example.com:443",
            "tcp://[2620:fe::9]:53",
            "http://example.com/generate_204",
            "http://example.com:8080/",
            "http://[2001:db8::1]:80/a?b=c",
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
        }
        assert_eq!("http://example.com".parse::<Target>().unwrap().to_string(), "http://example.com/");
        for bad in [
            "",
            "ping",
            "dns://",
            "dns://example.com",
            "tcp://example.com",
            "tcp://:80",
            "tcp://a:0",
            "tcp://a:70000",
            "tcp://a b:80",
            "http://",
            "http:///x",
            "http://a/b c",
            "https://example.com/",
            "tcp://[::1:80",
            "tcp://::1:80",
        ] {
            assert_eq!(bad.parse::<Target>(), Err(NoTarget), "{bad}");
        }
    }
}
