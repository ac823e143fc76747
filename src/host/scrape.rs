//! A page over HTTP for whoever scrapes metrics: `GET /metrics` and nothing else.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Where the address is taken, or not there yet, it is tried again after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Connections at once: a scraper needs one.
const CONNECTIONS: usize = 8;
/// Whoever says nothing for this long is hung up on.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves pages at an address, for ever. Each page is asked for anew.
pub async fn serve(address: SocketAddr, pages: mpsc::Sender<oneshot::Sender<String>>) {
    let listener = listen(address).await;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let pages = pages.clone();
                tokio::spawn(async move {
                    attend(stream, pages).await;
                    drop(place);
                });
            }
            Err(why) => {
                // No descriptors left, say: others are needed more.
                tracing::debug!(%why, "a scrape was not accepted");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

async fn listen(address: SocketAddr) -> TcpListener {
    let mut said = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                tracing::info!("metrics are served at http://{address}/metrics");
                return listener;
            }
            Err(why) if !std::mem::replace(&mut said, true) => {
                tracing::warn!("metrics cannot be served at {address}: {why}; trying again");
            }
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn attend(stream: TcpStream, pages: mpsc::Sender<oneshot::Sender<String>>) {
    let answer = |request: Request<Incoming>| answer(request, pages.clone());
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    if let Err(why) = connection.await {
        tracing::debug!(%why, "a scrape ended early");
    }
}

async fn answer(
    request: Request<Incoming>,
    pages: mpsc::Sender<oneshot::Sender<String>>,
) -> Result<Response<String>, Infallible> {
    let plain = |status, text: &str| {
        let mut response = Response::new(text.to_owned());
        *response.status_mut() = status;
        response
    };
    if request.uri().path() != "/metrics" {
        return Ok(plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n"));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(response);
    }
    let (ask, page) = oneshot::channel();
    if pages.send(ask).await.is_err() {
        return Ok(plain(StatusCode::SERVICE_UNAVAILABLE, "the daemon ends\n"));
    }
    let Ok(page) = page.await else { return Ok(plain(StatusCode::SERVICE_UNAVAILABLE, "the daemon ends\n")) };
    let mut response = Response::new(page);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}
