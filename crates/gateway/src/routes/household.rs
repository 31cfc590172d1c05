//! Who answers, and whether all is well.

use crate::{
    asked::Asked,
    bodies::{Checks, Status},
};
use axum::response::Response;
use protocol::api::Request;

/// Who answers
///
/// Over the local socket with `Accept: text/event-stream`, the stream stays open after its one frame: as long as it
/// does, the process that answers does not end by itself.
#[utoipa::path(get, path = "/api/v1/status", tag = "household", operation_id = "status",
    responses((status = 200, body = Status)))]
pub(crate) async fn status(asked: Asked) -> Response {
    asked.stream_or::<Status>(Request::Hello).await
}

/// Look at everything that could be wrong
#[utoipa::path(get, path = "/api/v1/doctor", tag = "household", operation_id = "doctor",
    responses((status = 200, body = Checks)))]
pub(crate) async fn doctor(asked: Asked) -> Response {
    asked.answer::<Checks>(Request::Doctor).await
}
