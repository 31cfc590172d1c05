//! The door for MCP clients: who asks is said here, as for every door; what they are answered, by the household.
//!
//! A request is answered as the protocol's HTTP has it. One that asks for an upgrade to [`LINES`] becomes the protocol's other
//! transport, a message a line: that is how `oikos mcp serve` joins a program's pipes with the household.

use crate::{
    Doors, Refusal,
    auth::Admitted,
    serve::{Ending, Place},
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::{ErrorCode, Failure};

/// Where it is.
pub(crate) const PATH: &str = "/mcp";
/// What a connection becomes that carries lines.
pub(crate) const LINES: &str = "oikos-mcp-lines";

/// A connection that carries lines.
pub type McpLines = TokioIo<Upgraded>;

/// Any message to it.
pub(crate) async fn answer(State(doors): State<Doors>, mut request: Request) -> Response {
    let Some(admitted) = request.extensions_mut().remove::<Admitted>() else {
        return Refusal::from(Failure::new(ErrorCode::Unauthenticated, "nobody said who asks")).into_response();
    };
    let (household, access) = match (doors.household(), doors.access()) {
        (Ok(household), Ok(access)) => (household, access),
        (Err(failure), _) | (_, Err(failure)) => return Refusal::from(failure).into_response(),
    };
    if request.headers().get(header::UPGRADE).is_none_or(|wanted| wanted != LINES) {
        let answered = household.mcp(admitted, access, request).await;
        return answered.unwrap_or_else(|failure| Refusal::from(failure).into_response());
    }
    let extensions = request.extensions_mut();
    let (Some(upgrade), Some(mut ending)) = (extensions.remove::<OnUpgrade>(), extensions.remove::<Ending>()) else {
        let failure = Failure::new(ErrorCode::NotAvailable, "this connection cannot carry lines");
        return Refusal::from(failure.hint("HTTP/1.1, by the port or the socket")).into_response();
    };
    let place = extensions.remove::<Place>();
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        tokio::select! {
            () = household.mcp_lines(admitted, access, TokioIo::new(upgraded)) => {}
            () = ending.come() => {}
        }
        drop(place);
    });
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static(LINES));
    answer
}
