//! The control socket under good and bad clients: limits hold, and the others go on being served.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use wwan::api::types::{EventsView, Happening};
use wwan::api::{
    Call, Client, ClientError, ErrorCode, EventView, Limits, Reply, Request, Response, Server, ServerError,
};
use wwan::host::clock::Clock;
use wwan::model::Instant;

const LIMITS: Limits = Limits {
    clients: 4,
    request: 1024,
    send_within: Duration::from_millis(200),
    take_within: Duration::from_millis(200),
};

/// A server on a thread of its own, whose daemon answers `done` to everything but `events`.
struct Scene {
    path: PathBuf,
    events: broadcast::Sender<EventView>,
    _dir: tempfile::TempDir,
    _end: mpsc::Sender<()>,
}

impl Scene {
    fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let (events, _) = broadcast::channel(16);
        let (end, mut ended) = mpsc::channel::<()>(1);
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (socket, live) = (path.clone(), events.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (tell, calls) = mpsc::channel(4);
                let server = Server::bind(&socket).unwrap();
                ready.send(()).unwrap();
                tokio::select! {
                    () = server.serve(limits, tell) => {}
                    () = answer(calls, live) => {}
                    _ = ended.recv() => {}
                }
            });
        });
        is_ready.recv().unwrap();
        Self { path, events, _dir: dir, _end: end }
    }

    fn client(&self) -> Client {
        Client::connect(&self.path).unwrap()
    }

    /// A connection that sends these bytes, and all that is answered before the end.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(&self.path).unwrap();
        // The server may have hung up already.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }
}

async fn answer(mut calls: mpsc::Receiver<Call>, live: broadcast::Sender<EventView>) {
    while let Some(call) = calls.recv().await {
        let reply = match call.request {
            Request::Events { .. } => {
                Reply::Follow(Response::Events(EventsView { events: Vec::new() }), live.subscribe())
            }
            _ => Reply::Once(Response::Done),
        };
        let _ = call.reply.send(reply);
    }
}

/// Waits for what another thread does.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let clock = Clock::start();
    while !holds() {
        assert!(clock.now() < Instant::from_secs(20), "not in time: {what}");
        std::thread::yield_now();
    }
}

fn event(number: u64, report: String) -> EventView {
    let what = Happening::ConfigRejected { report };
    EventView { number, at: String::new(), uptime_ms: 0, modem: None, what }
}

#[test]
fn a_client_asks_as_often_as_it_likes() {
    let scene = Scene::new(LIMITS);
    let mut client = scene.client();
    for _ in 0..10 {
        assert_eq!(client.ask(&Request::Status).unwrap(), Response::Done);
    }
}

#[test]
fn the_socket_is_for_owner_and_group_and_goes_with_the_server() {
    let scene = Scene::new(LIMITS);
    assert_eq!(fs::metadata(&scene.path).unwrap().permissions().mode() & 0o777, 0o660);
    let Scene { path, _dir, _end: end, .. } = scene;
    drop(end);
    eventually("the socket is removed", || !path.exists());
}

#[test]
fn a_request_may_be_as_long_as_the_limit_and_no_longer() {
    let scene = Scene::new(LIMITS);
    let request = r#"{"request":"status","ignored":""}"#;
    let padded = |length: usize| request.replace(r#""""#, &format!("\"{}\"", "x".repeat(length - request.len())));
    assert_eq!(padded(1024).len(), 1024);
    let answer = scene.raw(format!("{}\n", padded(1024)).as_bytes());
    assert!(answer.starts_with(r#"{"response":"done"}"#), "{answer}");
    for ending in ["\n", ""] {
        let answer = scene.raw(format!("{}{ending}", padded(1025)).as_bytes());
        assert!(answer.contains(r#""code":"too-large""#), "{answer}");
    }
}

#[test]
fn nonsense_is_refused_in_one_line() {
    let scene = Scene::new(LIMITS);
    let deep = "[".repeat(1000);
    for (bad, code) in [
        ("{\"request\":", "bad-request"),
        ("status", "bad-request"),
        ("", "bad-request"),
        ("{}", "bad-request"),
        ("{\"request\":\"explode\"}", "bad-request"),
        ("\u{0}\u{1}\u{fffd}", "bad-request"),
        (&deep, "bad-request"),
        ("{\"version\":2,\"request\":\"status\"}", "version"),
        ("{\"version\":-1,\"request\":\"status\"}", "bad-request"),
    ] {
        let answer = scene.raw(format!("{bad}\n").as_bytes());
        assert_eq!(answer.lines().count(), 1, "{bad}: {answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{bad}: {answer}");
    }
    assert!(scene.raw(b"\xff\xfe\n").contains("bad-request"));
    assert_eq!(scene.client().ask(&Request::Status).unwrap(), Response::Done);
}

#[test]
fn half_a_request_is_not_waited_for() {
    let scene = Scene::new(LIMITS);
    let mut stream = UnixStream::connect(&scene.path).unwrap();
    stream.write_all(b"{\"request\":").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("too-slow"), "{answer}");
}

#[test]
fn one_client_too_many_is_told_so_and_a_place_is_free_again_later() {
    let limits = Limits { send_within: Duration::from_secs(60), ..LIMITS };
    let scene = Scene::new(limits);
    let mut clients: Vec<Client> = (0..4).map(|_| scene.client()).collect();
    for client in &mut clients {
        client.ask(&Request::Status).unwrap();
    }
    let mut late = String::new();
    BufReader::new(UnixStream::connect(&scene.path).unwrap()).read_line(&mut late).unwrap();
    assert!(late.contains(r#""code":"busy""#), "{late}");
    clients.pop();
    // The server notices the free place when it is told that the client went.
    eventually("a place is free", || matches!(scene.client().ask(&Request::Status), Ok(Response::Done)));
}

#[test]
fn followers_see_every_event_until_they_go() {
    let scene = Scene::new(LIMITS);
    let mut client = scene.client();
    client.ask(&Request::Events { last: 0, follow: true }).unwrap();
    for number in 1..=3 {
        scene.events.send(event(number, String::new())).unwrap();
        let Ok(Response::Event(event)) = client.next(None) else { panic!() };
        assert_eq!(event.number, number);
    }
    assert!(matches!(client.next(Some(Duration::from_millis(10))), Err(ClientError::TimedOut)));
    drop(client);
    eventually("the follower is let go", || scene.events.receiver_count() == 0);
}

#[test]
fn a_follower_that_does_not_read_is_let_go() {
    let scene = Scene::new(LIMITS);
    let mut client = scene.client();
    client.ask(&Request::Events { last: 0, follow: true }).unwrap();
    eventually("it is let go", || scene.events.send(event(1, "x".repeat(100_000))).is_err());
    assert_eq!(scene.client().ask(&Request::Status).unwrap(), Response::Done);
}

fn bind(path: &Path) -> Result<Server, ServerError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Server::bind(path) })
}

#[test]
fn a_second_daemon_is_refused_and_a_dead_one_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    // What a daemon leaves behind that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let first = Server::bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(ServerError::Taken { .. })));
    assert!(UnixStream::connect(&path).is_ok(), "the refused one must not take the socket away");
    drop(first);
    bind(&path).unwrap();
}

#[test]
fn what_is_no_socket_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    fs::write(&path, "precious").unwrap();
    assert!(matches!(bind(&path), Err(ServerError::NoSocket { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert!(matches!(bind(&dir.path().join("missing/control.sock")), Err(ServerError::Lock { .. })));
}

#[test]
fn a_refusal_reaches_the_client_as_an_error() {
    let scene = Scene::new(LIMITS);
    let mut client = scene.client();
    let request = Request::Explain { modem: Some("x".repeat(2000)) };
    let Err(ClientError::Refused { code, .. }) = client.ask(&request) else { panic!() };
    assert_eq!(code, ErrorCode::TooLarge);
}
