//! The server over HTTP, both kinds of revisions at one address. It stands behind the door's guard: who asks was said, and
//! from where a request comes was looked at.

use super::{
    body::{self, Body},
    headers::{self, LAST_EVENT, SESSION, VERSION, accepts},
    household::{Client, ProtocolError},
    json::Members,
    listen::{self, Listening},
    message::{
        self, HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, Id, Incoming, METHOD_NOT_FOUND, MISSING_CAPABILITY,
        UNSUPPORTED_VERSION,
    },
    revision::{CAPABILITIES_KEY, POLLING_SINCE, STATELESS, VERSION_KEY, WITH_SESSIONS, meta_of},
    running::Next,
    server::{Attached, From, Inner, Reply, Server},
    session::{Held, Session},
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http::{Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::BodyExt as _;
use serde_json::value::RawValue;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Bytes of one message. What is larger is handed over as a file.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a message may take to come.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(60);
/// How long a client waits for an answer in one piece, before it gets a stream that can tell it more.
const PATIENCE: Duration = Duration::from_secs(1);

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

impl Server {
    /// Answers a request. Its extensions hold the [`Client`].
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
    {
        let (mut parts, body) = request.into_parts();
        let Some(client) = parts.extensions.remove::<Client>() else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "nobody said who asks\n");
        };
        let is_stateless = parts.headers.get(&VERSION).is_some_and(|version| version == STATELESS);
        match parts.method {
            Method::POST => post(&self.inner, client, &parts, body).await,
            Method::GET if !is_stateless => get(&self.inner, &client, &parts),
            Method::DELETE if !is_stateless => delete(&self.inner, &client, &parts),
            _ => {
                let allowed = if is_stateless { "POST" } else { "GET, POST, DELETE" };
                let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "this method does nothing here\n");
                response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
                response
            }
        }
    }
}

impl<B> tower::Service<Request<B>> for Server
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.clone();
        Box::pin(async move { Ok(server.handle(request).await) })
    }
}

fn response(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    response(status, "text/plain; charset=utf-8", Body::whole(text))
}

fn whole(status: StatusCode, message: Bytes) -> Response<Body> {
    response(status, JSON, Body::whole(message))
}

fn refused(status: StatusCode, id: Option<&Id>, error: &ProtocolError) -> Response<Body> {
    whole(status, message::failure(id, error))
}

fn streamed(events: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    let mut response = response(StatusCode::OK, EVENTS, Body::events(events));
    // What stands between must not collect events before it hands them on.
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A message, as far as it may be long.
async fn read<B: http_body::Body<Data = Bytes> + Send>(body: B) -> Result<Bytes, Response<Body>> {
    let too_large = || plain(StatusCode::PAYLOAD_TOO_LARGE, "a message has at most 4 MiB\n");
    let hint = body.size_hint().lower();
    if hint > MESSAGE_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let mut body = std::pin::pin!(body);
    let all = async {
        let mut pieces: Option<Bytes> = None;
        let mut all = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return Err(plain(StatusCode::BAD_REQUEST, "the message broke off\n")) };
            let Ok(piece) = frame.into_data() else { continue };
            if all.len() + pieces.as_ref().map_or(0, Bytes::len) + piece.len() > MESSAGE_BYTES_MAX {
                return Err(too_large());
            }
            // Most messages come in one piece, which is not copied.
            match pieces.take() {
                None if all.is_empty() => pieces = Some(piece),
                None => all.extend_from_slice(&piece),
                Some(first) => {
                    all.extend_from_slice(&first);
                    all.extend_from_slice(&piece);
                }
            }
        }
        Ok(pieces.unwrap_or_else(|| all.freeze()))
    };
    let timed = tokio::time::timeout(MESSAGE_TIME_MAX, all).await;
    timed.unwrap_or_else(|_| Err(plain(StatusCode::REQUEST_TIMEOUT, "the message took too long\n")))
}

async fn post<B>(inner: &Arc<Inner>, client: Client, parts: &Parts, body: B) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send,
{
    if !accepts(&parts.headers, JSON) || !accepts(&parts.headers, EVENTS) {
        return plain(StatusCode::NOT_ACCEPTABLE, "a client takes application/json and text/event-stream\n");
    }
    if !headers::is_json(&parts.headers) {
        return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a message is application/json\n");
    }
    let bytes = match read(body).await {
        Ok(bytes) => bytes,
        Err(response) => return response,
    };
    let incoming = match message::read(&bytes) {
        Ok(incoming) => incoming,
        Err((id, error)) => return refused(StatusCode::BAD_REQUEST, id.as_ref(), &error),
    };
    let version = match headers::one(&parts.headers, &VERSION) {
        Ok(version) => version,
        Err(error) => return refused(StatusCode::BAD_REQUEST, None, &error),
    };
    match incoming {
        Incoming::Request { id, method, params } => {
            let meta = match meta_of(params) {
                Ok(meta) => meta,
                Err(error) => return refused(StatusCode::BAD_REQUEST, Some(&id), &error),
            };
            let says_all = meta
                .as_ref()
                .is_some_and(|meta| meta.get(VERSION_KEY).is_some() || meta.get(CAPABILITIES_KEY).is_some());
            let is_alone =
                says_all || (method != "initialize" && (version == Some(STATELESS) || method == "server/discover"));
            if is_alone {
                return alone(inner, client, parts, &id, &method, params, meta).await;
            }
            if let Some(response) = version_refused(version, Some(&id)) {
                return response;
            }
            if method == "initialize" {
                return initialize(inner, client, &id, version, params);
            }
            match session_of(inner, &client, parts) {
                Ok(session) => in_session(inner, session, &id, &method, params, meta).await,
                Err(response) => response,
            }
        }
        // Without sessions nothing is told this way: who closes a stream gives up what it was for.
        Incoming::Notification { .. } if version == Some(STATELESS) => accepted(),
        Incoming::Response { .. } if version == Some(STATELESS) => {
            let error = ProtocolError::new(INVALID_REQUEST, "nothing was asked that could be answered this way");
            refused(StatusCode::BAD_REQUEST, None, &error)
        }
        Incoming::Notification { method, params } => {
            match version_refused(version, None).map_or_else(|| session_of(inner, &client, parts), Err) {
                Ok(session) => {
                    notified(&session, &method, params);
                    accepted()
                }
                Err(response) => response,
            }
        }
        Incoming::Response { id, result } => {
            match version_refused(version, None).map_or_else(|| session_of(inner, &client, parts), Err) {
                Ok(session) => {
                    session.answered(&id, result);
                    accepted()
                }
                Err(response) => response,
            }
        }
    }
}

/// The revision that a request in a session names has to be one that there is.
fn version_refused(version: Option<&str>, id: Option<&Id>) -> Option<Response<Body>> {
    let version = version.filter(|version| !WITH_SESSIONS.contains(version) && *version != STATELESS)?;
    Some(refused(StatusCode::BAD_REQUEST, id, &super::revision::unsupported(version)))
}

fn session_of(inner: &Inner, client: &Client, parts: &Parts) -> Result<Arc<Session>, Response<Body>> {
    let id = headers::one(&parts.headers, &SESSION).map_err(|error| refused(StatusCode::BAD_REQUEST, None, &error))?;
    let Some(id) = id else {
        let error = ProtocolError::new(
            INVALID_REQUEST,
            "the header Mcp-Session-Id is missing; a session begins with initialize",
        );
        return Err(refused(StatusCode::BAD_REQUEST, None, &error));
    };
    inner.sessions.get(id, client).ok_or_else(|| {
        let error = ProtocolError::new(INVALID_REQUEST, "there is no such session; begin a new one with initialize");
        refused(StatusCode::NOT_FOUND, None, &error)
    })
}

/// What a client tells, on any wire with sessions.
pub(crate) fn notified(session: &Session, method: &str, params: Option<&RawValue>) {
    if method == "notifications/cancelled"
        && let Some(id) = cancelled_id(params)
    {
        session.cancel(&id);
    }
}

/// Which request is given up.
pub(crate) fn cancelled_id(params: Option<&RawValue>) -> Option<Id> {
    let params = Members::parse(params?.get()).ok()?;
    let id = params.get("requestId")?.get();
    serde_json::from_str(id).map(Id::Number).or_else(|_| serde_json::from_str(id).map(Id::Text)).ok()
}

fn initialize(
    inner: &Inner,
    client: Client,
    id: &Id,
    header: Option<&str>,
    params: Option<&RawValue>,
) -> Response<Body> {
    let (version, capabilities, result) = match inner.initialized(params) {
        Ok(initialized) => initialized,
        Err(error) => return refused(StatusCode::BAD_REQUEST, Some(id), &error),
    };
    let offered = params.and_then(|params| Members::parse(params.get()).ok()?.text("protocolVersion"));
    if header.is_some_and(|header| offered.as_deref() != Some(header)) {
        let error = ProtocolError::new(
            HEADER_MISMATCH,
            "the header MCP-Protocol-Version says another revision than the request",
        );
        return refused(StatusCode::BAD_REQUEST, Some(id), &error);
    }
    let changes = inner.household.changes(&client);
    let session = Session::new(inner.sessions.new_id(), client, version, capabilities, changes);
    let name = session.id.clone();
    if inner.sessions.insert(session).is_err() {
        let error = ProtocolError::new(message::INTERNAL, "there are too many sessions, and all are in use");
        return refused(StatusCode::SERVICE_UNAVAILABLE, Some(id), &error);
    }
    let mut response = whole(StatusCode::OK, message::response(id, &result));
    response.headers_mut().insert(SESSION, name.parse().expect("hex digits are a header's value"));
    response
}

/// The status for an error, where a request stands alone.
fn status_of(error: &ProtocolError) -> StatusCode {
    match error.code {
        UNSUPPORTED_VERSION | MISSING_CAPABILITY | HEADER_MISMATCH | INVALID_REQUEST => StatusCode::BAD_REQUEST,
        METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

async fn alone(
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
    fn settle(&mut self, next: Next) -> Option<Result<super::json::Json, ProtocolError>> {
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
        Err(_) => {}
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
    streamed(futures_util::StreamExt::chain(stream::iter(first), rest))
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
    let told = futures_util::StreamExt::filter(changes, |bytes: &Bytes| std::future::ready(!bytes.is_empty()));
    futures_util::StreamExt::chain(first, told)
}

async fn in_session(
    inner: &Arc<Inner>,
    session: Arc<Session>,
    id: &Id,
    method: &str,
    params: Option<&RawValue>,
    meta: Option<Members>,
) -> Response<Body> {
    let from = From { client: &session.client, session: Some(&session), headers: None };
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
            if let Ok(next) = next
                && let Some(result) = inner.settle(&session.client, &attached, next)
            {
                session.end(id);
                return whole(StatusCode::OK, message::answer(id, &result));
            }
            let number = session.stream_open(id.clone(), &attached);
            let can_return = session.version >= POLLING_SINCE;
            let first = can_return.then(|| body::beginning(number));
            let from = attached.from;
            let rest = session_events(Arc::clone(inner), session, id.clone(), attached, number, from);
            streamed(futures_util::StreamExt::chain(stream::iter(first), rest))
        }
    }
}

/// What happens in a call of a session, from a number on. Who leaves may come back: the call goes on.
fn session_events(
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

fn get(inner: &Arc<Inner>, client: &Client, parts: &Parts) -> Response<Body> {
    if !accepts(&parts.headers, EVENTS) {
        return plain(StatusCode::NOT_ACCEPTABLE, "a client takes text/event-stream\n");
    }
    let session = match session_of(inner, client, parts) {
        Ok(session) => session,
        Err(response) => return response,
    };
    if let Some(last) = parts.headers.get(&LAST_EVENT) {
        let found = last.to_str().ok().and_then(body::event_id);
        if let Some((number, from)) = found
            && let Some((id, attached)) = session.stream(number)
        {
            return streamed(session_events(Arc::clone(inner), session, id, attached, number, from));
        }
        // Where a client lost its place in changes it is told of new ones; where it lost a call nobody knows any more, it is
        // told nothing, and does not ask for ever.
        if found.is_some_and(|(number, _)| number > 0) {
            return streamed(stream::empty());
        }
    }
    streamed(changes(session))
}

/// What changes, to the one who listens now.
fn changes(session: Arc<Session>) -> impl Stream<Item = Bytes> + Send + 'static {
    let mine = session.listen();
    let held: Held = session.hold();
    let first = (session.version >= POLLING_SINCE).then(|| body::beginning(0));
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
                        listen::in_session(&changed, |uri| session.watches.lock().contains_key(uri))
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
    futures_util::StreamExt::chain(stream::iter(first), rest)
}

fn delete(inner: &Inner, client: &Client, parts: &Parts) -> Response<Body> {
    let session = match session_of(inner, client, parts) {
        Ok(session) => session,
        Err(response) => return response,
    };
    inner.sessions.remove(&session.id, client);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
