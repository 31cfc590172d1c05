//! Messages in, answers out: heads and bodies.

use super::super::{
    body::{self, Body},
    household::ProtocolError,
    message::{self, Id},
};
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::{Response, StatusCode, header};
use http_body_util::BodyExt as _;
use std::time::Duration;

/// Bytes of one message. What is larger is handed over as a file.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a message may take to come.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(60);

pub(super) const JSON: &str = "application/json";
pub(super) const EVENTS: &str = "text/event-stream";

/// The answer to what is not even looked at.
pub(super) type Refused = Box<Response<Body>>;

/// An answer in one piece as a stream of one event, for a client that would rather have that.
pub(super) fn as_event(response: Response<Body>) -> Response<Body> {
    let is_message = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == JSON);
    if !is_message || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(EVENTS));
    Response::from_parts(parts, body.map_whole(|message| body::event(None, message)))
}

pub(super) fn response(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    response(status, "text/plain; charset=utf-8", Body::whole(text))
}

pub(super) fn whole(status: StatusCode, message: Bytes) -> Response<Body> {
    response(status, JSON, Body::whole(message))
}

pub(super) fn refused(status: StatusCode, id: Option<&Id>, error: &ProtocolError) -> Response<Body> {
    whole(status, message::failure(id, error))
}

pub(super) fn streamed(events: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    let mut response = response(StatusCode::OK, EVENTS, Body::events(events));
    // What stands between must not collect events before it hands them on.
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

pub(super) fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A message, as far as it may be long.
pub(super) async fn read<B: http_body::Body<Data = Bytes> + Send>(body: B) -> Result<Bytes, Refused> {
    let too_large = || Box::new(plain(StatusCode::PAYLOAD_TOO_LARGE, "a message has at most 4 MiB\n"));
    let hint = body.size_hint().lower();
    if hint > MESSAGE_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let mut body = std::pin::pin!(body);
    let all = async {
        let mut pieces: Option<Bytes> = None;
        let mut all = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Err(Box::new(plain(StatusCode::BAD_REQUEST, "the message broke off\n")));
            };
            let Ok(piece) = frame.into_data() else { continue };
            if all.len() + pieces.as_ref().map_or(0, Bytes::len) + piece.len() > MESSAGE_BYTES_MAX {
                return Err(too_large());
            }
            // Most messages come in one piece, which is not copied.
            match pieces.take() {
                None if all.is_empty() => pieces = Some(piece),
                None => all.extend_from_slice(&piece),
                Some(first) => {
                    all.extend_from_slice(&first);
                    all.extend_from_slice(&piece);
                }
            }
        }
        Ok(pieces.unwrap_or_else(|| all.freeze()))
    };
    let timed = tokio::time::timeout(MESSAGE_TIME_MAX, all).await;
    timed.unwrap_or_else(|_| Err(Box::new(plain(StatusCode::REQUEST_TIMEOUT, "the message took too long\n"))))
}
