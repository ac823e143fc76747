//! The server's side: accepts, reads one request a line, hands it to the daemon, writes the answer.
//!
//! Nothing a client does costs more than a slot of 32, 64 KiB and five seconds; nothing it sends is waited for by
//! the daemon's loop.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::time::timeout;

use super::types::{ChangeView, ErrorCode, EventView, Request, Response, VERSION};
use crate::property;

/// What a client may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clients at a time.
    pub clients: usize,
    /// Octets of one request.
    pub request: usize,
    /// Time to send a request, from connecting or from the last answer.
    pub send_within: Duration,
    /// Time to take an answer.
    pub take_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 32,
            request: 64 * 1024,
            send_within: Duration::from_secs(5),
            take_within: Duration::from_secs(5),
        }
    }
}

/// A request for the daemon's loop.
#[derive(Debug)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Reply>,
}

/// The loop's answer.
#[derive(Debug)]
pub enum Reply {
    /// One line.
    Once(Response),
    /// One line, and then every event until the client goes.
    Follow(Response, broadcast::Receiver<EventView>),
    /// One line, and then every change that it watches until the client goes.
    Watch(Response, Watching),
}

/// What a client watches.
#[derive(Debug)]
pub struct Watching {
    /// Every change, those of one moment together.
    pub changes: broadcast::Receiver<Changes>,
    /// Those it wants.
    pub pattern: String,
    /// Held as long as it watches.
    pub interest: Arc<()>,
}

/// Changes of one moment.
pub type Changes = Arc<[ChangeView]>;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The lock beside the socket cannot be taken for another reason than being taken.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another daemon holds the lock.
    #[error("another daemon serves {}", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket lies where the socket shall be.
    #[error("{} is there and is no socket", path.display())]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// The socket cannot be made.
    #[error("cannot listen on {}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A listening socket. It is removed when this is dropped.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    /// Held as long as we listen: whoever holds it may replace what lies at `path`.
    _lock: File,
}

impl Server {
    /// Listens at `path`, for the owner and the group. A socket that an earlier daemon left behind is replaced.
    ///
    /// # Errors
    /// A daemon is alive there, or the socket cannot be made.
    pub fn bind(path: &Path) -> Result<Self, ServerError> {
        let lock = lock(path)?;
        match fs::symlink_metadata(path) {
            Ok(meta) if !meta.file_type().is_socket() => return Err(ServerError::NoSocket { path: path.to_owned() }),
            Ok(_) => drop(fs::remove_file(path)),
            Err(_) => {}
        }
        let listen = |source| ServerError::Listen { path: path.to_owned(), source };
        let listener = UnixListener::bind(path).map_err(listen)?;
        fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(listen)?;
        Ok(Self { listener, path: path.to_owned(), _lock: lock })
    }

    /// Serves for ever; ends when it is dropped.
    pub async fn serve(self, limits: Limits, calls: mpsc::Sender<Call>) {
        let slots = Arc::new(Semaphore::new(limits.clients));
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: a pause, or we would spin until one is free.
                    tracing::debug!(%error, "a client was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                let busy = Response::error(ErrorCode::Busy, format!("{} clients are connected", limits.clients));
                // It fits into the buffer of a new socket, or the client does without.
                let _ = stream.try_write(busy.line().as_bytes());
                continue;
            };
            let calls = calls.clone();
            tokio::spawn(async move {
                let _slot = slot;
                Connection::new(stream, limits).attend(&calls).await;
            });
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn lock(socket: &Path) -> Result<File, ServerError> {
    let path = socket.with_extension("lock");
    let failed = |source| ServerError::Lock { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(ServerError::Taken { path: socket.to_owned() }),
        Err(e) => Err(failed(e.into())),
    }
}

/// One client.
struct Connection {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    limits: Limits,
    unread: Vec<u8>,
}

impl Connection {
    fn new(stream: UnixStream, limits: Limits) -> Self {
        let (read, write) = stream.into_split();
        Self { read, write, limits, unread: Vec::new() }
    }

    async fn attend(mut self, calls: &mpsc::Sender<Call>) {
        loop {
            let line = match timeout(self.limits.send_within, self.line()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => return,
                Ok(Err(TooLong)) => {
                    let limit = self.limits.request;
                    self.refuse(ErrorCode::TooLarge, format!("a request has at most {limit} octets")).await;
                    return;
                }
                Err(_) => return self.refuse(ErrorCode::TooSlow, "no request in time".to_owned()).await,
            };
            let request = match parse(&line) {
                Ok(request) => request,
                Err((code, message)) => return self.refuse(code, message).await,
            };
            let (reply, answer) = oneshot::channel();
            if calls.send(Call { request, reply }).await.is_err() {
                return;
            }
            let sent = match answer.await {
                Ok(Reply::Once(response)) => self.send(&response).await,
                Ok(Reply::Follow(response, events)) => {
                    if self.send(&response).await {
                        self.follow(events).await;
                    }
                    return;
                }
                Ok(Reply::Watch(response, watching)) => {
                    if self.send(&response).await {
                        self.watch(watching).await;
                    }
                    return;
                }
                Err(_) => return,
            };
            if !sent {
                return;
            }
        }
    }

    /// The next line without its end; `None` at the end of the stream.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.unread[searched..].iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.unread.drain(..=searched + end).collect();
                line.pop();
                return if line.len() > self.limits.request { Err(TooLong) } else { Ok(Some(line)) };
            }
            searched = self.unread.len();
            if searched > self.limits.request {
                return Err(TooLong);
            }
            match self.read.read_buf(&mut self.unread).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }

    async fn follow(&mut self, mut events: broadcast::Receiver<EventView>) {
        let mut ignored = [0; 256];
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => if !self.send(&Response::Event(event)).await { return },
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        return self.refuse(ErrorCode::TooSlow, format!("{missed} events were not taken")).await;
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                // A follower has nothing more to say; this is how we notice that it went.
                read = self.read.read(&mut ignored) => if !matches!(read, Ok(1..)) { return },
            }
        }
    }

    async fn watch(&mut self, watching: Watching) {
        let Watching { mut changes, pattern, interest: _interest } = watching;
        let mut ignored = [0; 256];
        loop {
            tokio::select! {
                together = changes.recv() => match together {
                    Ok(together) => {
                        for change in together.iter().filter(|change| property::selects(&pattern, &change.name)) {
                            if !self.send(&Response::Change(change.clone())).await {
                                return;
                            }
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        return self.refuse(ErrorCode::TooSlow, format!("{missed} changes were not taken")).await;
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                read = self.read.read(&mut ignored) => if !matches!(read, Ok(1..)) { return },
            }
        }
    }

    async fn refuse(&mut self, code: ErrorCode, message: String) {
        self.send(&Response::error(code, message)).await;
    }

    /// Whether the client took it in time.
    async fn send(&mut self, response: &Response) -> bool {
        matches!(timeout(self.limits.take_within, self.write.write_all(response.line().as_bytes())).await, Ok(Ok(())))
    }
}

/// A line is longer than allowed.
struct TooLong;

/// A line from a client.
///
/// # Errors
/// It is not JSON, not a request, or of a version that is not spoken here.
pub fn parse(line: &[u8]) -> Result<Request, (ErrorCode, String)> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        version: Option<u32>,
    }
    let bad = |e: serde_json::Error| (ErrorCode::BadRequest, e.to_string());
    let Envelope { version } = serde_json::from_slice(line).map_err(bad)?;
    match version.unwrap_or(VERSION) {
        VERSION => serde_json::from_slice(line).map_err(bad),
        other => Err((ErrorCode::Version, format!("version {other} is not spoken here, only {VERSION}"))),
    }
}
