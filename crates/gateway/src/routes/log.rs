//! What happened.

use crate::{
    asked::Asked,
    bodies::{Log, LogQuery, Verified},
    extract::Asking,
};
use axum::response::Response;
use protocol::api::Request;

/// What happened, in sentences
#[utoipa::path(get, path = "/api/v1/log", tag = "log", operation_id = "log", params(LogQuery),
    responses((status = 200, body = Log), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn read(asked: Asked, Asking(query): Asking<LogQuery>) -> Response {
    let LogQuery { app, run, limit } = query;
    asked.answer::<Log>(Request::Log { app, run, limit }).await
}

/// Prove the log from its first entry to its last, and against the signed heads
#[utoipa::path(get, path = "/api/v1/log/verify", tag = "log", operation_id = "log_verify",
    responses((status = 200, body = Verified)))]
pub(crate) async fn verify(asked: Asked) -> Response {
    asked.answer::<Verified>(Request::LogVerify).await
}
