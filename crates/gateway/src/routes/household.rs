//! Who answers, and whether all is well.

use crate::{
    asked::Asked,
    bodies::{Checks, Metrics, Status, View},
    extract::Named,
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

/// A view of oikos' own
///
/// One HTML document that draws what its renderer draws in the page, for any host of MCP Apps: `ui://oikos/{name}`.
#[utoipa::path(get, path = "/api/v1/views/{name}", tag = "household", operation_id = "view",
    params(("name" = String, Path, description = "The renderer", pattern = "^[a-z-]{1,40}$")),
    responses((status = 200, body = View)))]
pub(crate) async fn view(asked: Asked, Named(name): Named<String>) -> Response {
    asked.answer::<View>(Request::View { name }).await
}

/// What the answering process counts, as Prometheus reads it
///
/// For the first owner, or a key of theirs with the right `read`: it is about all owners together.
#[utoipa::path(get, path = "/metrics", tag = "household", operation_id = "metrics",
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(asked: Asked) -> Response {
    asked.text::<Metrics>(Request::Metrics, "text/plain; version=0.0.4; charset=utf-8").await
}
