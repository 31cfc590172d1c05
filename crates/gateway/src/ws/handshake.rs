//! From a request to a WebSocket. Who asks was found out before, as for every request.

use super::{MESSAGE_BYTES_MAX, places::LinePlace, serve};
use crate::{
    Arrival, Doors, Refusal,
    auth::{Admitted, is_websocket},
    serve::{Ending, Place},
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::{ErrorCode, Failure};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

/// The one version of the protocol that there is.
const VERSION: &str = "13";
/// A word that a page names beside its secret, so that the answer can name one of both.
const PROTOCOL: &str = "oikos";
/// What is read at a time: an idle line holds this much.
const READ_BYTES: usize = 2 << 10;

/// A connection that became a WebSocket.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A line that was opened.
pub(super) struct Opened {
    pub(super) socket: Socket,
    pub(super) arrival: Arrival,
    /// Among the connections for as long as it is open.
    pub(super) place: Option<Place>,
    /// And among the lines.
    pub(super) line: LinePlace,
}

/// Opens a line.
pub(crate) async fn open(State(doors): State<Doors>, request: Request) -> Response {
    let mut parts = request.into_parts().0;
    let key = match checked(&parts) {
        Ok(key) => key,
        Err(wrong) => return refused(wrong),
    };
    let found = (
        parts.extensions.remove::<Admitted>(),
        parts.extensions.remove::<Arrival>(),
        parts.extensions.remove::<Ending>(),
        parts.extensions.remove::<OnUpgrade>(),
    );
    let (Some(admitted), Some(arrival), Some(ending), Some(upgrade)) = found else {
        let failure = Failure::new(ErrorCode::NotAvailable, "this connection cannot become a WebSocket");
        return Refusal::from(failure.hint("HTTP/1.1, by the port or the socket")).into_response();
    };
    let line = match doors.lines().place(admitted.caller.owner, arrival) {
        Ok(line) => line,
        Err(failure) => return Refusal::from(failure).into_response(),
    };
    let place = parts.extensions.remove::<Place>();
    let has_protocol = words(&parts, &header::SEC_WEBSOCKET_PROTOCOL).any(|word| word == PROTOCOL);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        serve(Opened { socket, arrival, place, line }, doors, admitted, ending).await;
    });
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.extend(HeaderValue::try_from(key).ok().map(|key| (header::SEC_WEBSOCKET_ACCEPT, key)));
    if has_protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    answer
}

/// Whether a request asks for a WebSocket in the right words; what the answer says to it, or what is wrong.
fn checked(parts: &Parts) -> Result<String, &'static str> {
    let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    let version = parts.headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes);
    match () {
        () if !is_websocket(parts) => Err("this is a WebSocket: the request has no Upgrade: websocket"),
        () if version != Some(VERSION.as_bytes()) => Err("the WebSocket is of another version than 13"),
        // Sixteen bytes in base64.
        () if key.len() != 24 || !key.ends_with(b"==") => Err("the request has no Sec-WebSocket-Key"),
        () => Ok(derive_accept_key(key)),
    }
}

fn refused(wrong: &str) -> Response {
    let failure = Failure::new(ErrorCode::InvalidInput, wrong).hint("docs/guides/calling-the-api.md");
    let mut refused = Refusal::from(failure).with(StatusCode::UPGRADE_REQUIRED).into_response();
    let headers = refused.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    refused
}

fn words<'a>(parts: &'a Parts, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
