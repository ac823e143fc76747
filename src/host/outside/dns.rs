//! Questions to name servers (RFC 1035) through one interface.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, TYPE};
use tokio::net::UdpSocket;

use super::ask::{AskError, Way, is_refusal};

/// A datagram may be lost: after this long without an answer the question is sent once more.
const AGAIN_AFTER: Duration = Duration::from_millis(1200);
/// No answer that we ask for is longer: without extensions it has 512 octets at most (RFC 1035 section 4.2.1).
const LARGEST: usize = 1500;
/// The port of name servers.
const PORT: u16 = 53;

/// Whether a name server answers, whatever it says. It is asked for the address of the root: that has none, so the answer
/// is short, and no program's cache is disturbed.
pub(super) async fn is_there(way: &Way, server: IpAddr) -> Result<(), AskError> {
    ask(way, server, ".", TYPE::A).await.map(drop)
}

/// The addresses of a host, in the IP versions that the way has.
pub(super) async fn addresses(way: &Way, servers: &[IpAddr], host: &str) -> Result<Vec<IpAddr>, AskError> {
    let Some(server) = servers.iter().find(|server| way.has_family(**server)) else {
        return Err(AskError::NoNameServer);
    };
    let mut found = Vec::new();
    for kind in [(way.ipv4, TYPE::A), (way.ipv6, TYPE::AAAA)].into_iter().filter_map(|(has, kind)| has.then_some(kind))
    {
        let answer = ask(way, *server, host, kind).await?;
        let Ok(packet) = Packet::parse(&answer) else { continue };
        found.extend(packet.answers.iter().filter_map(|record| match &record.rdata {
            RData::A(a) => Some(IpAddr::V4(Ipv4Addr::from_bits(a.address))),
            RData::AAAA(aaaa) => Some(IpAddr::V6(Ipv6Addr::from_bits(aaaa.address))),
            _ => None,
        }));
    }
    Ok(found)
}

/// The bytes of the answer; none where the server's host says that there is none, which is an answer too.
async fn ask(way: &Way, server: IpAddr, name: &str, kind: TYPE) -> Result<Vec<u8>, AskError> {
    let id = RandomState::new().hash_one(()) as u16;
    let Some(question) = question(id, name, kind) else { return Err(AskError::Silent) };
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await.map_err(|why| way.unusable(why))?;
    socket.bind_device(Some(way.interface.as_bytes())).map_err(|why| way.unusable(why))?;
    if socket.connect((server, PORT)).await.is_err() {
        return Err(AskError::Silent);
    }
    for _ in 0..2 {
        if let Err(why) = socket.send(&question).await {
            return if is_refusal(&why) { Ok(Vec::new()) } else { Err(AskError::Silent) };
        }
        match tokio::time::timeout(AGAIN_AFTER, answer(&socket, id)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(why)) if is_refusal(&why) => return Ok(Vec::new()),
            Ok(Err(_)) => return Err(AskError::Silent),
            Err(_) => {}
        }
    }
    Err(AskError::Silent)
}

async fn answer(socket: &UdpSocket, id: u16) -> std::io::Result<Vec<u8>> {
    const IS_RESPONSE: u8 = 0x80;
    let mut buffer = [0; LARGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let [high, low, flags, ..] = buffer[..length]
            && u16::from_be_bytes([high, low]) == id
            && flags & IS_RESPONSE != 0
        {
            return Ok(buffer[..length].to_vec());
        }
    }
}

fn question(id: u16, name: &str, kind: TYPE) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(if name == "." { "" } else { name }).ok()?;
    packet.questions.push(Question::new(name, kind.into(), CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_as_short_as_can_be() {
        let bytes = question(0x1234, ".", TYPE::A).unwrap();
        assert_eq!(bytes, [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
        assert!(
            question(1, "example.com", TYPE::AAAA)
                .unwrap()
                .ends_with(&[7, b'e', b'x', b'a', b'm', b'p', b'l', b'e', 3, b'c', b'o', b'm', 0, 0, 28, 0, 1])
        );
        assert!(question(1, &"a".repeat(70), TYPE::A).is_none());
    }
}
