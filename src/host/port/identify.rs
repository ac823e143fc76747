//! Which modem this is: asks for the IMEI on a port that is not yet anybody's, and leaves nothing behind in the modem.

use std::time::Duration;

use super::line::{Line, LineError};
use crate::model::Imei;
use crate::qmi::{Frame, Kind, Piece, Request, Response, Service, Splitter, ctl, dms};
use crate::reconcile::PortKind;

/// A healthy modem answers each of three requests in milliseconds; one that boots, or sleeps deeply, in seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a modem is not known.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// It says nothing.
    #[error("it does not tell its IMEI: no answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// It says no, or something else.
    #[error("it does not tell its IMEI")]
    Refused,
    /// The port is lost.
    #[error("it does not tell its IMEI")]
    Lost(#[from] LineError),
}

/// The IMEI of the modem at the other end. The client id that asks is given back.
///
/// # Errors
/// It does not tell, or not in time.
pub(super) async fn imei(line: &mut Line, kind: &PortKind) -> Result<Imei, IdentifyError> {
    tokio::time::timeout(PATIENCE, ask(line, kind)).await.map_err(|_| IdentifyError::Silent)?
}

async fn ask(line: &mut Line, kind: &PortKind) -> Result<Imei, IdentifyError> {
    let mut splitter = Splitter::default();
    if let PortKind::Proxy { device } = kind {
        let open = ctl::proxy_open::Request { device: Some(device.clone()), ..Default::default() };
        answer(line, &mut splitter, &open, 0, 3).await?;
    }
    let dms = Some(Service::Dms);
    let allocate = ctl::allocate_cid::Request { service: dms, ..Default::default() };
    let client = answer(line, &mut splitter, &allocate, 0, 1).await?.client.ok_or(IdentifyError::Refused)?;
    let ids = answer(line, &mut splitter, &dms::get_ids::Request::default(), client.client, 1).await;
    let release = ctl::release_cid::Request { client: Some(client), ..Default::default() };
    answer(line, &mut splitter, &release, 0, 2).await?;
    ids?.imei.and_then(|imei| Imei::parse(&imei).ok()).ok_or(IdentifyError::Refused)
}

/// What is answered to one request; everything else that comes is not for us.
async fn answer<R: Request>(
    line: &mut Line,
    splitter: &mut Splitter,
    request: &R,
    client: u8,
    transaction: u16,
) -> Result<R::Response, IdentifyError> {
    let request = request.frame(client, transaction);
    line.queue(request.encode());
    loop {
        for piece in splitter.push(&line.turn().await?) {
            if let Piece::Frame(frame) = piece
                && answers(&frame, &request)
            {
                let answer = R::Response::decode(&frame).ok().and_then(Result::ok);
                return answer.ok_or(IdentifyError::Refused);
            }
        }
    }
}

fn answers(frame: &Frame, request: &Frame) -> bool {
    let same = (frame.key(), frame.client, frame.transaction) == (request.key(), request.client, request.transaction);
    frame.kind == Kind::Response && same
}
