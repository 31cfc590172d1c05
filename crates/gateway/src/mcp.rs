//! The door for MCP clients: who asks is said here, as for every door; what they are answered, by the household.

use crate::{Doors, Refusal, auth::Admitted};
use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use protocol::{ErrorCode, Failure};

/// Where it is.
pub(crate) const PATH: &str = "/mcp";

/// Any message to it.
pub(crate) async fn answer(State(doors): State<Doors>, mut request: Request) -> Response {
    let Some(admitted) = request.extensions_mut().remove::<Admitted>() else {
        return Refusal::from(Failure::new(ErrorCode::Unauthenticated, "nobody said who asks")).into_response();
    };
    let answered = match (doors.household(), doors.access()) {
        (Ok(household), Ok(access)) => household.mcp(admitted, access, request).await,
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    };
    answered.unwrap_or_else(|failure| Refusal::from(failure).into_response())
}
