//! One POST request over HTTP/1.1, each with a connection of its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// From the first packet to the status: a server that takes longer is as good as none, and the message is kept.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    /// The URL is none.
    #[error("no URL of a server")]
    Url,
    /// There is no connection.
    #[error("{0}")]
    Connect(#[source] std::io::Error),
    /// The request cannot be made.
    #[error("{0}")]
    Request(#[source] hyper::http::Error),
    /// What is on the connection is not HTTP, or ended too early.
    #[error("{0}")]
    Talk(#[source] hyper::Error),
    /// It took too long.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Silent,
}

/// Sends it; the status that was answered.
///
/// # Errors
/// None was.
pub(super) async fn post(url: &str, content_type: &str, body: Bytes) -> Result<StatusCode, PostError> {
    let answered = tokio::time::timeout(PATIENCE, exchange(url, content_type, body));
    answered.await.unwrap_or(Err(PostError::Silent))
}

async fn exchange(url: &str, content_type: &str, body: Bytes) -> Result<StatusCode, PostError> {
    let uri: Uri = url.parse().map_err(|_| PostError::Url)?;
    let (Some(host), Some(authority)) = (uri.host(), uri.authority()) else { return Err(PostError::Url) };
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await.map_err(PostError::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(PostError::Talk)?;
    let request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, authority.as_str())
        .header(USER_AGENT, concat!("wwan/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, content_type)
        .header(CONNECTION, "close")
        .body(Whole(Some(body)))
        .map_err(PostError::Request)?;
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    // Only the status counts: whatever else the server has to say is not waited for.
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // Whoever hangs up may have answered before.
        _ = connection => answer.await,
    };
    Ok(answer.map_err(PostError::Talk)?.status())
}

/// A body in one piece.
struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}
