//! Start, watch, stop, take back.

use crate::{
    asked::Asked,
    bodies::{Page, RunBody, RunEnd, Runs, Stopped, StreamQuery, Undone},
    extract::{Asking, Named, Said},
    stream::FrameEvent,
};
use axum::response::{IntoResponse as _, Response};
use protocol::{
    RunId,
    api::{Request, StopTarget},
};

/// Runs under way, and the last ended ones
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", operation_id = "run_list", params(Page),
    responses((status = 200, body = Runs), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn list(asked: Asked, Asking(page): Asking<Page>) -> Response {
    asked.page::<Runs>(Request::RunList, &page).await
}

/// Start a run
///
/// Answers when it has ended, or with `Accept: text/event-stream` with each frame as it comes. Asking twice with the
/// same `request_id` starts one run and gives both the same answer.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", operation_id = "run_start", request_body = RunBody,
    responses((status = 200, description = "How it ended, or each step on the way to it", content(
        (RunEnd = "application/json"), (FrameEvent = "text/event-stream")))))]
pub(crate) async fn start(asked: Asked, Said(said): Said<RunBody>) -> Response {
    let RunBody { request_id: id, app, action, input, files } = said;
    asked.stream_or::<RunEnd>(Request::RunStart { id, app, action, input, files }).await
}

/// How a run ended
///
/// Waits for its end.
#[utoipa::path(get, path = "/api/v1/runs/{run}", tag = "runs", operation_id = "run_report",
    params(("run" = RunId, Path, description = "The run")), responses((status = 200, body = RunEnd)))]
pub(crate) async fn report(asked: Asked, Named(run): Named<RunId>) -> Response {
    // Behind every chunk there could be: only the end is of interest.
    asked.answer::<RunEnd>(Request::RunFollow { run, after_seq: u64::MAX }).await
}

/// Stream a run that somebody started, from a place in its stream
#[utoipa::path(get, path = "/api/v1/runs/{run}/stream", tag = "runs", operation_id = "run_follow",
    params(("run" = RunId, Path, description = "The run"), StreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "As after_seq, said by the client's own machinery",
            maximum = 9_223_372_036_854_775_807_u64)),
    responses((status = 200, body = FrameEvent, content_type = "text/event-stream")))]
pub(crate) async fn follow(asked: Asked, Named(run): Named<RunId>, Asking(from): Asking<StreamQuery>) -> Response {
    let known = match asked.last_event_id() {
        Ok(known) => known,
        Err(refusal) => return refusal.into_response(),
    };
    let after_seq = from.after_seq.or(known).unwrap_or_default();
    asked.stream(Request::RunFollow { run, after_seq }).await
}

/// Stop a run
///
/// Its next effect fails, its sandbox goes.
#[utoipa::path(post, path = "/api/v1/runs/{run}/stop", tag = "runs", operation_id = "run_stop",
    params(("run" = RunId, Path, description = "The run")), responses((status = 200, body = Stopped)))]
pub(crate) async fn stop(asked: Asked, Named(run): Named<RunId>) -> Response {
    asked.answer::<Stopped>(Request::RunStop { target: StopTarget::Run(run) }).await
}

/// Stop every run
#[utoipa::path(post, path = "/api/v1/stop", tag = "runs", operation_id = "run_stop_all",
    responses((status = 200, body = Stopped)))]
pub(crate) async fn stop_all(asked: Asked) -> Response {
    asked.answer::<Stopped>(Request::RunStop { target: StopTarget::All }).await
}

/// Take back what a run did to files
///
/// Refused with a conflict where a file changed since.
#[utoipa::path(post, path = "/api/v1/runs/{run}/undo", tag = "runs", operation_id = "undo",
    params(("run" = RunId, Path, description = "The run")), responses((status = 200, body = Undone)))]
pub(crate) async fn undo(asked: Asked, Named(run): Named<RunId>) -> Response {
    asked.answer::<Undone>(Request::Undo { run }).await
}
