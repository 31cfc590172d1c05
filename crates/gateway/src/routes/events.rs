//! What starts apps: events and the clock.

use crate::{
    asked::Asked,
    bodies::{Emitted, EventBody, Schedules},
    extract::Said,
};
use axum::response::Response;
use protocol::api::Request;

/// Send an event, as the owner
///
/// Answers once it was heard, or once the deadline for telling is over.
#[utoipa::path(post, path = "/api/v1/events", tag = "events", operation_id = "event_emit", request_body = EventBody,
    responses((status = 200, body = Emitted)))]
pub(crate) async fn emit(asked: Asked, Said(said): Said<EventBody>) -> Response {
    asked.answer::<Emitted>(Request::EventEmit { topic: said.topic, payload: said.payload }).await
}

/// What the clock starts, with next times and last results
#[utoipa::path(get, path = "/api/v1/schedules", tag = "events", operation_id = "schedule_list",
    responses((status = 200, body = Schedules)))]
pub(crate) async fn schedules(asked: Asked) -> Response {
    asked.answer::<Schedules>(Request::ScheduleList).await
}
