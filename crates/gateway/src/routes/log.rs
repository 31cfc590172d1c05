//! What happened.

use crate::{
    asked::Asked,
    bodies::{Log, LogQuery, Verified},
    extract::Asking,
    stream::FrameEvent,
};
use axum::response::{IntoResponse as _, Response};
use protocol::api::Request;

/// What happened, in sentences
#[utoipa::path(get, path = "/api/v1/log", tag = "log", operation_id = "log", params(LogQuery),
    responses((status = 200, body = Log), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn read(asked: Asked, Asking(query): Asking<LogQuery>) -> Response {
    let LogQuery { app, run, after_seq, limit } = query;
    asked.answer::<Log>(Request::Log { app, run, after_seq, limit }).await
}

/// What happens, as it happens
///
/// Ends when the answering process is about to; whoever then asks again from the last entry misses nothing and gets
/// nothing twice.
#[utoipa::path(get, path = "/api/v1/log/stream", tag = "log", operation_id = "log_follow", params(LogQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "As after_seq, said by the client's own machinery",
            maximum = 9_223_372_036_854_775_807_u64)),
    responses((status = 200, body = FrameEvent, content_type = "text/event-stream")))]
pub(crate) async fn follow(asked: Asked, Asking(query): Asking<LogQuery>) -> Response {
    let LogQuery { app, run, after_seq, limit } = query;
    let known = match asked.last_event_id() {
        Ok(known) => known,
        Err(refusal) => return refusal.into_response(),
    };
    let after_seq = after_seq.or(known);
    asked.stream(Request::LogFollow { app, run, after_seq, limit }).await
}

/// Prove the log from its first entry to its last, and against the signed heads
#[utoipa::path(get, path = "/api/v1/log/verify", tag = "log", operation_id = "log_verify",
    responses((status = 200, body = Verified)))]
pub(crate) async fn verify(asked: Asked) -> Response {
    asked.answer::<Verified>(Request::LogVerify).await
}
