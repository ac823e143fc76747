//! Two sockets: one to ask and tell the kernel, and one that hears what changes. They are two so that a flood of changes
//! cannot lose an answer.

use std::io;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::Stream;
use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressMessage;
use rtnetlink::packet_route::link::{LinkAttribute, LinkMessage};
use rtnetlink::packet_route::route::{RouteAttribute, RouteMessage, RouteProtocol};
use rtnetlink::packet_route::rule::RuleAttribute;
use rtnetlink::{Handle, MulticastGroup};
use rustix::io::Errno;
use tokio::task::JoinHandle;

use crate::host::data_path::DataPathError;
use crate::link::PROTOCOL;

/// The kernel answers at once; what has not come by then does not come.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Everything that can change about an interface, its addresses and what leads to it.
const GROUPS: [MulticastGroup; 7] = [
    MulticastGroup::Link,
    MulticastGroup::Ipv4Ifaddr,
    MulticastGroup::Ipv6Ifaddr,
    MulticastGroup::Ipv4Route,
    MulticastGroup::Ipv6Route,
    MulticastGroup::Ipv4Rule,
    MulticastGroup::Ipv6Rule,
];

/// Why the kernel did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NetlinkError {
    /// No socket.
    #[error("cannot talk to the kernel")]
    Open(#[source] io::Error),
    /// It said no.
    #[error(transparent)]
    Refused(io::Error),
    /// It said nothing.
    #[error("the kernel does not answer")]
    Silent,
    /// The driver does not frame packets as it is told.
    #[error(transparent)]
    Framing(#[from] DataPathError),
    /// A setting below `/proc/sys`.
    #[error("cannot write {path}")]
    Setting {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl NetlinkError {
    /// Whether the kernel said no for one of these reasons.
    pub(super) fn is_one_of(&self, reasons: &[Errno]) -> bool {
        matches!(self, Self::Refused(error) if Errno::from_io_error(error).is_some_and(|reason| reasons.contains(&reason)))
    }
}

/// The sockets.
pub(super) struct Netlink {
    handle: Handle,
    events: Box<dyn Stream<Item = NetlinkMessage<RouteNetlinkMessage>> + Send + Unpin>,
    connections: [JoinHandle<()>; 2],
}

/// What an event means for an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum News {
    /// Something about it may have changed.
    Changed,
    /// Changes were lost: anything may be otherwise.
    Lost,
    /// There will be no more news.
    Closed,
}

impl Netlink {
    pub(super) fn open() -> Result<Self, NetlinkError> {
        let (listening, _, events) = rtnetlink::new_multicast_connection(&GROUPS).map_err(NetlinkError::Open)?;
        // Strict: the kernel filters a dump of routes itself (Linux 4.20); where it cannot, `dump` does anyway.
        let asking = rtnetlink::new_connection_with_strict_check().or_else(|_| rtnetlink::new_connection());
        let (asking, handle, _) = asking.map_err(NetlinkError::Open)?;
        let connections = [tokio::spawn(listening), tokio::spawn(asking)];
        Ok(Self { handle, events: Box::new(events.map(|(message, _)| message)), connections })
    }

    /// Everything the kernel has of a kind.
    pub(super) async fn dump(&mut self, what: RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>, NetlinkError> {
        self.request(what, NLM_F_DUMP).await
    }

    /// A change, with more flags than that it is one and wants an answer.
    pub(super) async fn change(&mut self, what: RouteNetlinkMessage, flags: u16) -> Result<(), NetlinkError> {
        self.request(what, NLM_F_ACK | flags).await.map(drop)
    }

    async fn request(
        &mut self,
        what: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<Vec<RouteNetlinkMessage>, NetlinkError> {
        let mut message = NetlinkMessage::from(what);
        message.header.flags = NLM_F_REQUEST | flags;
        let mut answers = self.handle.request(message).map_err(|_| NetlinkError::Silent)?;
        let collect = async {
            let mut all = Vec::new();
            while let Some(answer) = answers.next().await {
                match answer.payload {
                    NetlinkPayload::InnerMessage(one) => all.push(one),
                    NetlinkPayload::Error(error) if error.code.is_some() => {
                        return Err(NetlinkError::Refused(error.to_io()));
                    }
                    _ => {}
                }
            }
            Ok(all)
        };
        tokio::time::timeout(ANSWERS_WITHIN, collect).await.unwrap_or(Err(NetlinkError::Silent))
    }

    /// Waits for something that may concern the interface of this name, or of this number.
    pub(super) async fn news(&mut self, name: &str, index: Option<u32>) -> News {
        loop {
            let Some(message) = self.events.next().await else { return News::Closed };
            match &message.payload {
                NetlinkPayload::Overrun(_) => return News::Lost,
                NetlinkPayload::InnerMessage(message) if concerns(message, name, index) => return News::Changed,
                _ => {}
            }
        }
    }
}

impl Drop for Netlink {
    fn drop(&mut self) {
        self.connections.iter().for_each(JoinHandle::abort);
    }
}

/// Whether a change may be one of the interface, of what is on it or of what leads to it.
fn concerns(message: &RouteNetlinkMessage, name: &str, index: Option<u32>) -> bool {
    use RouteNetlinkMessage as M;
    match message {
        M::NewLink(link) | M::DelLink(link) => Some(link.header.index) == index || is_called(link, name),
        M::NewAddress(address) | M::DelAddress(address) => is_on(address, index),
        M::NewRoute(route) | M::DelRoute(route) => leads_through(route, index),
        M::NewRule(rule) | M::DelRule(rule) => rule.attributes.iter().any(
            |attribute| matches!(attribute, RuleAttribute::Protocol(protocol) if *protocol == RouteProtocol::Other(PROTOCOL)),
        ),
        _ => false,
    }
}

fn is_called(link: &LinkMessage, name: &str) -> bool {
    link.attributes.iter().any(|attribute| matches!(attribute, LinkAttribute::IfName(other) if other == name))
}

fn is_on(address: &AddressMessage, index: Option<u32>) -> bool {
    Some(address.header.index) == index
}

fn leads_through(route: &RouteMessage, index: Option<u32>) -> bool {
    route.attributes.iter().any(|attribute| match attribute {
        RouteAttribute::Oif(oif) => Some(*oif) == index,
        RouteAttribute::MultiPath(hops) => hops.iter().any(|hop| Some(hop.interface_index) == index),
        _ => false,
    })
}
