//! Requests in a session: whoever leaves may come back.

use super::super::{
    body::{self, Body},
    dispatch::{Attached, From, Inner, Reply},
    household::{Client, ProtocolError},
    json::Members,
    listen::{self, Changed},
    message::{self, INVALID_REQUEST, Id},
    revision::POLLING_SINCE,
    running::Next,
    session::{Held, Session},
};
use super::{
    PATIENCE,
    replies::{accepted, streamed, whole},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Response, StatusCode};
use serde_json::value::RawValue;
use std::sync::Arc;

pub(super) async fn in_session(
    inner: &Arc<Inner>,
    client: &Client,
    session: Arc<Session>,
    id: &Id,
    method: &str,
    params: Option<&RawValue>,
    meta: Option<Members>,
) -> Response<Body> {
    // Its rights are those of now, and not of when the session began.
    let from = From { client, session: Some(&session), headers: None };
    match inner.answer(from, id, method, params, meta).await {
        Reply::Now(result) => {
            let is_invalid = result.as_ref().is_err_and(|error| error.code == INVALID_REQUEST);
            let status = if is_invalid { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            whole(status, message::answer(id, &result))
        }
        Reply::Listening(_) => whole(StatusCode::OK, message::failure(Some(id), &ProtocolError::method(method))),
        Reply::Running(attached) => {
            let next = tokio::select! {
                next = tokio::time::timeout(PATIENCE, attached.running.next(attached.from)) => next,
                () = attached.running.cancel.cancelled() => return accepted(),
            };
            let is_paused = matches!(next, Ok(Next::Paused));
            if let Ok(next) = next
                && let Some(result) = inner.settle(&session.client, &attached, next)
            {
                session.end(id);
                return whole(StatusCode::OK, message::answer(id, &result));
            }
            let number = session.stream_open(id.clone(), &attached);
            let can_return = session.version >= POLLING_SINCE;
            let first = can_return.then(|| body::beginning(number));
            if is_paused && can_return {
                return streamed(stream::iter(first));
            }
            let from = attached.from;
            let rest = session_events(Arc::clone(inner), session, id.clone(), attached, number, from);
            streamed(stream::iter(first).chain(rest))
        }
    }
}

/// What happens in a call of a session, from a number on. Who leaves may come back: the call goes on.
pub(super) fn session_events(
    inner: Arc<Inner>,
    session: Arc<Session>,
    id: Id,
    attached: Attached,
    number: u64,
    from: u64,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let held = session.hold();
    let ended = session.ended.clone();
    let state = Some((inner, session, id, attached, from, held, ended));
    stream::unfold(state, move |state| async move {
        let (inner, session, id, attached, from, held, ended) = state?;
        loop {
            let next = tokio::select! {
                next = attached.running.next(from) => next,
                () = ended.cancelled() => return None,
            };
            match next {
                // An event's number is that of the message after it: there is where a reader goes on.
                Next::Message(at, bytes) => {
                    let event = body::event(Some((number, at + 1)), &bytes);
                    return Some((event, Some((inner, session, id, attached, at + 1, held, ended))));
                }
                Next::Paused if session.version >= POLLING_SINCE => return None,
                Next::Paused => {}
                next => {
                    // Given up by the client itself, which wants no answer any more.
                    if attached.running.cancel.is_cancelled() && matches!(next, Next::Done(Err(_))) {
                        session.stream_close(number);
                        return None;
                    }
                    let result = inner.settle(&session.client, &attached, next)?;
                    session.end(&id);
                    let event = body::event(Some((number, from + 1)), &message::answer(&id, &result));
                    return Some((event, None));
                }
            }
        }
    })
}

/// What changes, to the one who listens now.
pub(super) fn changes(session: Arc<Session>) -> impl Stream<Item = Bytes> + Send + 'static {
    let (mine, is_again) = session.listen();
    let held: Held = session.hold();
    let mut first: Vec<Bytes> = Vec::new();
    if session.version >= POLLING_SINCE {
        first.push(body::beginning(0));
    }
    if is_again {
        let watches = session.watches.lock();
        let unknown = Changed::unknown(watches.uris());
        first.extend(listen::in_session(&unknown, &watches).iter().map(|message| body::event(None, message)));
    }
    let rest = stream::unfold((session, mine, held), |(session, mine, held)| async move {
        loop {
            let told = {
                let mut changes = tokio::select! {
                    changes = session.changes.lock() => changes,
                    () = mine.cancelled() => return None,
                };
                tokio::select! {
                    changed = listen::next(&mut changes) => {
                        let changed = changed?;
                        listen::in_session(&changed, &session.watches.lock())
                    }
                    () = mine.cancelled() => return None,
                }
            };
            let events: Vec<u8> = told.iter().flat_map(|message| body::event(None, message)).collect();
            if !events.is_empty() {
                return Some((Bytes::from(events), (session, mine, held)));
            }
        }
    });
    stream::iter(first).chain(rest)
}
