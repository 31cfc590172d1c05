//! What a request says: path, query, body. What cannot be read is refused in words, with a bound on size and time.

use crate::{
    Arrival, Doors, NEWCOMER_BYTES_MAX, REQUEST_BYTES_MAX, REQUEST_WAIT, Refusal, auth::Authenticator, auth::Peer,
};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use http_body_util::BodyExt as _;
use protocol::{ErrorCode, Failure, limit::FILE_PIECE_BYTES_MAX};
use serde::de::DeserializeOwned;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::time::timeout;

/// What bytes are called that are nothing else.
pub(crate) const OCTET_STREAM: &str = "application/octet-stream";
/// How long the largest piece of a file may take, over a telephone's line. Only who was let in is waited for so long.
const PIECE_WAIT: Duration = Duration::from_secs(60);
/// How long what was refused may go on talking, so that it hears why.
const LINGER: Duration = Duration::from_secs(1);

/// Somebody who is not let in yet, and sends what lets them in.
pub(crate) struct Newcomer {
    pub(crate) access: Arc<Authenticator>,
    pub(crate) parts: Parts,
    pub(crate) address: IpAddr,
}

impl FromRequestParts<Doors> for Newcomer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, doors: &Doors) -> Result<Self, Refusal> {
        let access = doors.access()?;
        match parts.extensions.get::<Arrival>().map(|arrival| arrival.peer()) {
            Some(Peer::Address(address)) => {
                // Before the body is read: what is not meant for us takes no more of our time.
                access.meant_for_us(parts, address)?;
                Ok(Self { access, parts: parts.clone(), address })
            }
            _ => Err(Refusal::new(
                ErrorCode::NotAvailable,
                "who comes in through the socket is let in without this",
                "leave it out",
            )),
        }
    }
}

/// The names in a path.
pub(crate) struct Named<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(refused) => Err(Refusal::unreadable(&refused.body_text())),
        }
    }
}

/// What stands behind the question mark.
pub(crate) struct Asking<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Asking<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(asking)) => Ok(Self(asking)),
            Err(refused) => Err(Refusal::unreadable(&refused.body_text())),
        }
    }
}

/// A piece of a file: bytes as they are.
pub(crate) struct Piece(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Piece {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, &parts.headers, FILE_PIECE_BYTES_MAX, PIECE_WAIT).await?;
        if !bytes.is_empty() && kind(&parts.headers) != OCTET_STREAM {
            let failure = Failure::new(ErrorCode::InvalidInput, "a piece of a file is bytes, and not said to be such");
            let refusal = Refusal::from(failure.hint("content-type: application/octet-stream"));
            return Err(refusal.with(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        Ok(Self(bytes))
    }
}

/// What the body says, as JSON. No body says nothing: `{}`.
pub(crate) struct Said<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequest<S> for Said<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        said(request, REQUEST_BYTES_MAX).await.map(Self)
    }
}

/// The same of somebody who is not let in yet, and so gets little room.
pub(crate) struct SaidBriefly<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequest<S> for SaidBriefly<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        said(request, NEWCOMER_BYTES_MAX).await.map(Self)
    }
}

async fn said<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, Refusal> {
    let (parts, body) = request.into_parts();
    let bytes = read(body, &parts.headers, bytes_max, REQUEST_WAIT).await?;
    if bytes.is_empty() {
        return parse(b"{}");
    }
    if kind(&parts.headers) != "application/json" {
        let failure = Failure::new(ErrorCode::InvalidInput, "the body is not said to be JSON");
        let refusal = Refusal::from(failure.hint("content-type: application/json"));
        return Err(refusal.with(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    parse(&bytes)
}

/// Reads JSON: an object.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // Which is which in a list, only we would know.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Refusal::unreadable("the request cannot be read: it is a list, and an object is wanted"));
    }
    serde_json::from_slice(bytes).map_err(|error| Refusal::unreadable(&format!("the request cannot be read: {error}")))
}

/// What kind of body it is said to be, in small letters.
fn kind(headers: &HeaderMap) -> String {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads a body, to a bound and for a time.
pub(crate) async fn read(
    body: Body,
    headers: &HeaderMap,
    bytes_max: usize,
    wait: Duration,
) -> Result<Vec<u8>, Refusal> {
    let read = timeout(wait, collect(body, bytes_max)).await.map_err(|_| {
        let waited = protocol::Arg::Millis(wait.as_millis().try_into().unwrap_or(u64::MAX));
        Refusal::unreadable(&format!("the request did not come to its end within {waited}"))
    })??;
    match read {
        Collected::Whole(bytes) => Ok(bytes),
        Collected::TooLarge(rest) => {
            // What is still on its way is taken and thrown away, or the system would throw away the answer with it. A
            // client that asks before it sends is not told to go on.
            if !headers.contains_key(header::EXPECT) {
                drop(timeout(LINGER, swallow(rest)).await);
            }
            Err(too_large(bytes_max).into())
        }
    }
}

enum Collected {
    Whole(Vec<u8>),
    TooLarge(Body),
}

async fn collect(mut body: Body, bytes_max: usize) -> Result<Collected, Refusal> {
    use axum::body::HttpBody as _;
    if body.size_hint().lower() > bytes_max as u64 {
        return Ok(Collected::TooLarge(body));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::unreadable(&format!("the request broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Ok(Collected::TooLarge(body));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Collected::Whole(bytes))
}

async fn swallow(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A request that is larger than one may be.
pub(crate) fn too_large(bytes_max: usize) -> Failure {
    let most = protocol::Arg::Bytes(bytes_max as u64);
    let failure = Failure::new(ErrorCode::TooLarge, format!("the request is larger than {most}"));
    match bytes_max {
        REQUEST_BYTES_MAX => failure.hint("hand large data over as a file: --file NAME=PATH"),
        FILE_PIECE_BYTES_MAX => failure.hint("hand a file over in smaller pieces"),
        _ => failure,
    }
}
