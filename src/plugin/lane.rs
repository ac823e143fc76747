//! The way to one outlet: a queue of bounded length, and one message after the other.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::message::Message;
use super::post::post;
use crate::model::Outlet;

/// Messages that wait: with one a minute, what a modem that is offline for four hours has to say.
const WAITING: usize = 256;
/// Bytes that wait.
const WAITING_BYTES: usize = 1 << 20;
/// Between two messages: nobody is to be flooded by an exporter that sends too much.
const BETWEEN: Duration = Duration::from_millis(50);
/// The first pause after a message that could not be delivered, doubled with each.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest one: soon enough after a modem has come online again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A file of this size is begun anew.
const FILE: u64 = 16 << 20;

/// The way to one outlet.
pub(super) struct Lane {
    outlet: Outlet,
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Default)]
struct Queue {
    /// Each with its number: the first may be dropped while it is being sent.
    messages: VecDeque<(u64, Message)>,
    bytes: usize,
    number: u64,
    lost: u64,
    /// Why nothing can be delivered now, or why the last message was lost.
    why: Option<String>,
}

/// What became of a message.
enum Outcome {
    Delivered,
    /// Perhaps next time.
    Later(String),
    /// It will not be any better.
    Lost(String),
}

impl Lane {
    pub(super) fn new(outlet: Outlet) -> Self {
        Self { outlet, queue: Mutex::default(), filled: Notify::new() }
    }

    /// Puts a message into the queue; the oldest go if that is too much.
    pub(super) fn put(&self, message: Message) {
        let mut queue = self.queue();
        queue.bytes += message.bytes.len();
        queue.number += 1;
        let number = queue.number;
        queue.messages.push_back((number, message));
        while queue.messages.len() > WAITING || queue.bytes > WAITING_BYTES {
            queue.drop_first();
            queue.lost += 1;
        }
        drop(queue);
        self.filled.notify_one();
    }

    /// Messages that were lost, and why the last one was.
    pub(super) fn lost(&self) -> (u64, String) {
        let queue = self.queue();
        let why = queue.why.as_deref().unwrap_or("more is sent than it takes");
        (queue.lost, format!("{}: {why}", self.outlet))
    }

    /// Delivers what comes, for ever. `stir` is called when a message was lost.
    pub(super) async fn serve(&self, stir: &(impl Fn() + Sync)) {
        let mut pause = PAUSE;
        loop {
            let Some((number, message)) = self.first() else {
                self.filled.notified().await;
                continue;
            };
            match self.deliver(&message).await {
                Outcome::Later(why) => {
                    self.queue().why = Some(why);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
                Outcome::Delivered => self.done(number, None),
                Outcome::Lost(why) => {
                    self.done(number, Some(why));
                    stir();
                }
            }
            pause = PAUSE;
            tokio::time::sleep(BETWEEN).await;
        }
    }

    fn first(&self) -> Option<(u64, Message)> {
        self.queue().messages.front().cloned()
    }

    fn done(&self, number: u64, lost: Option<String>) {
        let mut queue = self.queue();
        queue.lost += u64::from(lost.is_some());
        queue.why = lost;
        if queue.messages.front().is_some_and(|(first, _)| *first == number) {
            queue.drop_first();
        }
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        match &self.outlet {
            Outlet::HttpPost(url) => match post(url, &message.content_type, message.bytes.clone()).await {
                Ok(status) => of_status(status),
                Err(error) => Outcome::Later(error.to_string()),
            },
            Outlet::Udp(address) => match datagram(*address, &message.bytes).await {
                Ok(()) => Outcome::Delivered,
                // A datagram is about now: nobody waits for an old one.
                Err(error) => Outcome::Lost(error.to_string()),
            },
            // A disk that hangs holds up this exporter's thread of delivery, and nothing else.
            Outlet::Append(path) => match append(Path::new(path), &message.bytes) {
                Ok(()) => Outcome::Delivered,
                Err(error) => Outcome::Later(error.to_string()),
            },
        }
    }

    /// Nothing panics while it holds the lock, so what it guards is whole.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn drop_first(&mut self) {
        if let Some((_, message)) = self.messages.pop_front() {
            self.bytes -= message.bytes.len();
        }
    }
}

fn of_status(status: StatusCode) -> Outcome {
    let again = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    match status {
        status if status.is_success() => Outcome::Delivered,
        status if again || status.is_server_error() => Outcome::Later(format!("status {status}")),
        status => Outcome::Lost(format!("status {status}")),
    }
}

async fn datagram(address: SocketAddr, bytes: &[u8]) -> io::Result<()> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).await?.send_to(bytes, address).await.map(drop)
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Never through a symbolic link that somebody put there, and never waiting for the reader of a FIFO.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let open = || {
        let mut options = File::options();
        options.append(true).create(true).mode(0o640).custom_flags(flags.bits().cast_signed()).open(path)
    };
    let mut file = open()?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if meta.len() + bytes.len() as u64 > FILE {
        let mut before = path.as_os_str().to_owned();
        before.push(".1");
        std::fs::rename(path, before)?;
        file = open()?;
    }
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Message {
        Message { outlet: 0, content_type: String::new(), bytes: vec![b'x'; bytes].into() }
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let lane = Lane::new(Outlet::HttpPost("http://nobody".into()));
        (0..WAITING + 3).for_each(|_| lane.put(message(1)));
        assert_eq!((lane.lost().0, lane.first().unwrap().0), (3, 4));
        lane.put(message(WAITING_BYTES));
        assert_eq!((lane.lost().0, lane.first().unwrap().0), (3 + WAITING as u64, WAITING as u64 + 4), "by size, too");
        assert!(lane.lost().1.contains("more is sent than it takes"));
    }

    /// A message that was dropped while it was being sent does not take the next one with it.
    #[test]
    fn what_was_dropped_meanwhile_is_not_done_twice() {
        let lane = Lane::new(Outlet::HttpPost("http://nobody".into()));
        (0..=WAITING).for_each(|_| lane.put(message(1)));
        lane.done(1, None);
        assert_eq!(lane.first().unwrap().0, 2);
        lane.done(2, Some("status 404 Not Found".into()));
        assert_eq!(lane.first().unwrap().0, 3);
        assert_eq!(lane.lost(), (2, "http://nobody: status 404 Not Found".to_owned()));
    }

    #[test]
    fn what_a_status_means() {
        let meaning = |status: u16| match of_status(StatusCode::from_u16(status).unwrap()) {
            Outcome::Delivered => "delivered",
            Outcome::Later(_) => "later",
            Outcome::Lost(_) => "lost",
        };
        for (meant, all) in
            [("delivered", [200, 202, 204, 299]), ("later", [408, 429, 500, 503]), ("lost", [301, 400, 401, 404])]
        {
            assert_eq!(all.map(meaning), [meant; 4]);
        }
    }

    #[test]
    fn a_file_grows_to_its_size_and_is_begun_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("e");
        append(&path, b"one\n").unwrap();
        append(&path, b"two\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
        File::options().write(true).open(&path).unwrap().set_len(FILE - 1).unwrap();
        append(&path, b"three\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three\n");
        assert_eq!(std::fs::metadata(scratch.path().join("e.1")).unwrap().len(), FILE - 1);
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(append(&link, b"x").is_err() && append(scratch.path(), b"x").is_err());
    }
}
