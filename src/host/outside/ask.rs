//! One question to one target through one interface.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};

use super::dns;
use crate::model::{Endpoint, IpSettings, Target};

/// Whoever has not answered by then does not. Long enough for a slow network, and short enough that three questions fit
/// into half a minute.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A way out of this host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Way {
    pub(super) interface: String,
    pub(super) ipv4: bool,
    pub(super) ipv6: bool,
    /// Who knows names on this way; `None`: whoever the host asks.
    name_servers: Option<Vec<IpAddr>>,
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered,
    /// Somebody else did, with this HTTP status.
    Portal(u16),
    Silent,
    /// It cannot be asked on this way; why.
    NotAsked(String),
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    /// It takes an IP version that the way does not have.
    #[error("no address of its IP version")]
    Family,
    /// The network gave no name server of an IP version that the way has.
    #[error("the network gave no name server")]
    NoNameServer,
    /// Nothing can be sent through the interface.
    #[error("the interface {interface} cannot be used: {why}")]
    Interface {
        /// Its name.
        interface: String,
        /// What the kernel says.
        why: io::Error,
    },
    /// Nobody answered.
    #[error("no answer")]
    Silent,
}

impl Way {
    /// Through a modem's interface, with the addresses and name servers that the network gave.
    pub(super) fn of_modem(interface: &str, ip: &IpSettings) -> Self {
        let (ipv4, ipv6) = (ip.ipv4.is_some(), ip.ipv6.is_some());
        Self { interface: interface.to_owned(), ipv4, ipv6, name_servers: Some(ip.dns.clone()) }
    }

    /// Through another interface of the host, in one IP version to begin with.
    pub(super) fn of_host(interface: String, is_ipv6: bool) -> Self {
        Self { interface, ipv4: !is_ipv6, ipv6: is_ipv6, name_servers: None }
    }

    pub(super) fn add_family(&mut self, is_ipv6: bool) {
        *(if is_ipv6 { &mut self.ipv6 } else { &mut self.ipv4 }) = true;
    }

    pub(super) async fn ask(&self, target: &Target) -> Outcome {
        let asked = tokio::time::timeout(ANSWERS_WITHIN, self.ask_at_leisure(target)).await;
        match asked.unwrap_or(Err(AskError::Silent)) {
            Ok(None | Some(204)) => Outcome::Answered,
            Ok(Some(status)) => Outcome::Portal(status),
            Err(AskError::Silent) => Outcome::Silent,
            Err(why) => Outcome::NotAsked(why.to_string()),
        }
    }

    /// The HTTP status of the answer, if that is what the target answers with.
    async fn ask_at_leisure(&self, target: &Target) -> Result<Option<u16>, AskError> {
        match target {
            Target::NameServers => {
                let mut last = AskError::NoNameServer;
                // Two is what networks give; of more, the time of one question is enough for two.
                for server in self.name_servers.iter().flatten().filter(|server| self.has_family(**server)).take(2) {
                    match dns::is_there(self, *server).await {
                        Ok(()) => return Ok(None),
                        Err(why) => last = why,
                    }
                }
                Err(last)
            }
            Target::NameServer(server) if self.has_family(*server) => dns::is_there(self, *server).await.map(|()| None),
            Target::NameServer(_) => Err(AskError::Family),
            Target::Tcp(endpoint) => self.connect(endpoint).await.map(|_| None),
            Target::Http(endpoint, path) => match self.connect(endpoint).await? {
                Some(stream) => status(stream, endpoint, path).await.map(Some),
                // A refusal is an answer, though not the one of a server that says 204.
                None => Ok(None),
            },
        }
    }

    pub(super) fn has_family(&self, address: IpAddr) -> bool {
        if address.is_ipv4() { self.ipv4 } else { self.ipv6 }
    }

    /// A connection; `None`: it was refused, by whom is all the same.
    async fn connect(&self, endpoint: &Endpoint) -> Result<Option<TcpStream>, AskError> {
        let mut last = AskError::Family;
        for address in self.addresses(&endpoint.host).await?.into_iter().filter(|address| self.has_family(*address)) {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let socket = socket.map_err(|why| self.unusable(why))?;
            socket.bind_device(Some(self.interface.as_bytes())).map_err(|why| self.unusable(why))?;
            match socket.connect(SocketAddr::new(address, endpoint.port)).await {
                Ok(stream) => return Ok(Some(stream)),
                Err(why) if is_refusal(&why) => return Ok(None),
                Err(_) => last = AskError::Silent,
            }
        }
        Err(last)
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, AskError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        match &self.name_servers {
            Some(servers) => dns::addresses(self, servers, host).await,
            None => match tokio::net::lookup_host((host, 0)).await {
                Ok(found) => Ok(found.map(|address| address.ip()).collect()),
                Err(_) => Err(AskError::Silent),
            },
        }
    }

    pub(super) fn unusable(&self, why: io::Error) -> AskError {
        AskError::Interface { interface: self.interface.clone(), why }
    }
}

/// Whether somebody said no: the way there and back is open.
pub(super) fn is_refusal(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
}

async fn status(stream: TcpStream, endpoint: &Endpoint, path: &str) -> Result<u16, AskError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| AskError::Silent)?;
    let request = Request::get(path).header(HOST, endpoint.to_string()).header(CONNECTION, "close").body(String::new());
    let Ok(request) = request else { return Err(AskError::Silent) };
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // Whoever hangs up may have answered before.
        _ = connection => answer.await,
    };
    answer.map(|answer| answer.status().as_u16()).map_err(|_| AskError::Silent)
}
