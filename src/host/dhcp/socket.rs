//! A UDP socket at the port of DHCP clients that hears and speaks through one interface only.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use tokio::net::UdpSocket;

use crate::dhcp::CLIENT_PORT;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    /// No socket, or not on this interface.
    #[error("cannot ask a DHCP server through {interface}: {source}")]
    Interface {
        /// Its name.
        interface: String,
        /// What the kernel says.
        source: io::Error,
    },
    /// The port is one that not everybody may use.
    #[error("may not listen on UDP port 68: give the daemon CAP_NET_BIND_SERVICE")]
    Forbidden,
    /// Another program listens there.
    #[error("UDP port 68 is taken: another DHCP client of this host has to leave this interface alone")]
    Taken,
}

/// Opens one on an interface.
pub(super) fn open(interface: &str) -> Result<UdpSocket, SocketError> {
    let on = |source| SocketError::Interface { interface: interface.to_owned(), source };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None).map_err(|why| on(why.into()))?;
    // Clients of other interfaces, ours and others', have the same port.
    sockopt::set_socket_reuseaddr(&socket, true).map_err(|why| on(why.into()))?;
    sockopt::set_socket_broadcast(&socket, true).map_err(|why| on(why.into()))?;
    let socket = UdpSocket::from_std(socket.into()).map_err(on)?;
    // Before it is bound: two sockets of one port have to differ in something.
    socket.bind_device(Some(interface.as_bytes())).map_err(on)?;
    match bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT_PORT)).map_err(io::Error::from) {
        Ok(()) => Ok(socket),
        Err(why) if why.kind() == io::ErrorKind::PermissionDenied => Err(SocketError::Forbidden),
        Err(why) if why.kind() == io::ErrorKind::AddrInUse => Err(SocketError::Taken),
        Err(why) => Err(on(why)),
    }
}
