//! Which modem this is: asks for IMEI and model on a port that is not yet anybody's, and leaves nothing behind in the modem.

use std::time::Duration;

use super::line::{Line, LineError};
use crate::model::Imei;
use crate::qmi::{Frame, Kind, Piece, Request, Response, Service, Splitter, ctl, dms};
use crate::reconcile::{Hardware, PortKind};

/// A healthy modem answers each of four requests in milliseconds; one that boots, or sleeps deeply, in seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a modem is not known.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// It says nothing.
    #[error("it does not tell who it is: no answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// It says no, or something else.
    #[error("it does not tell who it is")]
    Refused,
    /// The port is lost.
    #[error("it does not tell who it is")]
    Lost(#[from] LineError),
}

/// What a modem says of itself; `None`: it does not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    imei: Option<Imei>,
    model: Option<String>,
}

impl Identity {
    /// Whether these are the marks that are asked for.
    pub(super) fn is(&self, wanted: &Hardware) -> bool {
        let model = |wanted: &String| self.model.as_ref().is_some_and(|model| model.eq_ignore_ascii_case(wanted));
        wanted.imei.as_ref().is_none_or(|imei| self.imei.as_ref() == Some(imei))
            && wanted.model.as_ref().is_none_or(model)
    }
}

/// Who the modem at the other end is. The client id that asks is given back.
///
/// # Errors
/// It does not tell, or not in time.
pub(super) async fn identity(line: &mut Line, kind: &PortKind) -> Result<Identity, IdentifyError> {
    tokio::time::timeout(PATIENCE, ask(line, kind)).await.map_err(|_| IdentifyError::Silent)?
}

async fn ask(line: &mut Line, kind: &PortKind) -> Result<Identity, IdentifyError> {
    let mut splitter = Splitter::default();
    if let PortKind::Proxy { device } = kind {
        let open = ctl::proxy_open::Request { device: Some(device.clone()), ..Default::default() };
        answer(line, &mut splitter, &open, 0, 3).await?;
    }
    let dms = Some(Service::Dms);
    let allocate = ctl::allocate_cid::Request { service: dms, ..Default::default() };
    let client = answer(line, &mut splitter, &allocate, 0, 1).await?.client.ok_or(IdentifyError::Refused)?;
    let ids = answer(line, &mut splitter, &dms::get_ids::Request::default(), client.client, 1).await;
    let model = answer(line, &mut splitter, &dms::get_model::Request::default(), client.client, 2).await;
    let release = ctl::release_cid::Request { client: Some(client), ..Default::default() };
    answer(line, &mut splitter, &release, 0, 2).await?;
    let imei = said(ids)?.and_then(|ids| ids.imei).and_then(|imei| Imei::parse(&imei).ok());
    Ok(Identity { imei, model: said(model)?.and_then(|model| model.model).map(|model| model.trim().to_owned()) })
}

/// What it said, if it did not refuse to.
fn said<T>(answer: Result<T, IdentifyError>) -> Result<Option<T>, IdentifyError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(IdentifyError::Refused) => Ok(None),
        Err(lost) => Err(lost),
    }
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
