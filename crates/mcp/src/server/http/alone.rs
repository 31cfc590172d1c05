//! Requests that stand alone: whoever leaves gives up what they asked for.

use super::super::{
    body::{self, Body},
    dispatch::{Attached, From, Inner, Reply},
    headers,
    household::{Client, ProtocolError},
    json::{Json, Members},
    listen::Listening,
    message::{
        self, HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, Id, METHOD_NOT_FOUND, MISSING_CAPABILITY,
        UNSUPPORTED_VERSION,
    },
    revision::{CAPABILITIES_KEY, VERSION_KEY},
    running::Next,
};
use super::{
    PATIENCE,
    replies::{plain, refused, streamed, whole},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Response, StatusCode, request::Parts};
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The status for an error, where a request stands alone.
fn status_of(error: &ProtocolError) -> StatusCode {
    match error.code {
        UNSUPPORTED_VERSION | MISSING_CAPABILITY | HEADER_MISMATCH | INVALID_REQUEST => StatusCode::BAD_REQUEST,
        METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

pub(super) async fn alone(
    inner: &Arc<Inner>,
    client: Client,
    parts: &Parts,
    id: &Id,
    method: &str,
    params: Option<&RawValue>,
    meta: Option<Members>,
) -> Response<Body> {
    if let Err(error) = headers::version_check(&parts.headers, meta.as_ref()) {
        return refused(StatusCode::BAD_REQUEST, Some(id), &error);
    }
    let is_complete =
        meta.as_ref().is_some_and(|meta| meta.text(VERSION_KEY).is_some() && meta.object(CAPABILITIES_KEY).is_some());
    let from = From { client: &client, session: None, headers: Some(&parts.headers) };
    match inner.answer(from, id, method, params, meta).await {
        Reply::Now(result) => {
            let status = match &result {
                Ok(_) => StatusCode::OK,
                Err(error) if error.code == INVALID_PARAMS && !is_complete => StatusCode::BAD_REQUEST,
                Err(error) => status_of(error),
            };
            whole(status, message::answer(id, &result))
        }
        Reply::Running(attached) => alone_running(inner, client, id.clone(), attached).await,
        Reply::Listening(listening) => streamed(listening_events(listening, client.revoked)),
    }
}

/// Nobody reads what a client without a session left: it is given up.
struct Reading {
    inner: Arc<Inner>,
    client: Client,
    id: Id,
    attached: Attached,
    unless_dropped: Option<DropGuard>,
}

impl Reading {
    /// The answer, where what comes next is one.
    fn settle(&mut self, next: Next) -> Option<Result<Json, ProtocolError>> {
        let answer = self.inner.settle(&self.client, &self.attached, next)?;
        if let Some(guard) = self.unless_dropped.take() {
            guard.disarm();
        }
        Some(answer)
    }
}

async fn alone_running(inner: &Arc<Inner>, client: Client, id: Id, attached: Attached) -> Response<Body> {
    let unless_dropped = Some(attached.running.cancel.clone().drop_guard());
    let mut reading = Reading { inner: Arc::clone(inner), client, id, attached, unless_dropped };
    let mut from = reading.attached.from;
    let mut first = Vec::new();
    let cancelled = reading.client.revoked.clone();
    let next = tokio::select! {
        next = tokio::time::timeout(PATIENCE, reading.attached.running.next(from)) => next,
        () = cancelled.cancelled() => return plain(StatusCode::UNAUTHORIZED, "the credential was revoked\n"),
    };
    match next {
        Ok(Next::Message(number, bytes)) => {
            from = number + 1;
            first.push(body::event(None, &bytes));
        }
        Ok(next) => {
            if let Some(result) = reading.settle(next) {
                let status = result.as_ref().err().map_or(StatusCode::OK, status_of);
                return whole(status, message::answer(&reading.id, &result));
            }
        }
        Err(_) => {
            if let Some(Ok(result)) = inner.left(&reading.client, &reading.attached) {
                if let Some(guard) = reading.unless_dropped.take() {
                    guard.disarm();
                }
                return whole(StatusCode::OK, message::response(&reading.id, &result));
            }
        }
    }
    let rest = stream::unfold(Some((reading, from)), |state| async move {
        let (mut reading, from) = state?;
        loop {
            let next = tokio::select! {
                next = reading.attached.running.next(from) => next,
                () = reading.client.revoked.cancelled() => return None,
            };
            if let Next::Message(number, bytes) = next {
                return Some((body::event(None, &bytes), Some((reading, number + 1))));
            }
            if let Some(result) = reading.settle(next) {
                return Some((body::event(None, &message::answer(&reading.id, &result)), None));
            }
        }
    });
    streamed(stream::iter(first).chain(rest))
}

fn listening_events(listening: Listening, revoked: CancellationToken) -> impl Stream<Item = Bytes> + Send + 'static {
    let first = listening.acknowledged();
    let changes = stream::unfold(Some(listening), move |state| {
        let revoked = revoked.clone();
        async move {
            let mut listening = state?;
            let told = tokio::select! {
                told = listening.next() => told,
                () = revoked.cancelled() => None,
            };
            let Some(told) = told else { return Some((body::event(None, &listening.ended()), None)) };
            let events: Vec<u8> = told.iter().flat_map(|message| body::event(None, message)).collect();
            Some((events.into(), Some(listening)))
        }
    });
    let first = stream::iter([body::event(None, &first)]);
    first.chain(changes.filter(|bytes: &Bytes| std::future::ready(!bytes.is_empty())))
}
