//! The server over HTTP, both kinds of revisions at one address. It stands behind the door's guard: who asks was said, and
//! from where a request comes was looked at.

mod alone; // requests that stand alone
mod in_session; // requests in a session
mod replies; // messages in, answers out

pub use replies::MESSAGE_BYTES_MAX;

use super::{
    body::{self, Body},
    dispatch::{Inner, Server},
    headers::{self, LAST_EVENT, SESSION, VERSION, accepts, prefers_events},
    household::{Client, ProtocolError},
    json::Members,
    message::{self, HEADER_MISMATCH, INVALID_REQUEST, Id, Incoming},
    revision::{CAPABILITIES_KEY, STATELESS, VERSION_KEY, WITH_SESSIONS, meta_of, unsupported},
    session::Session,
};
use alone::alone;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode, header, request::Parts};
use in_session::{changes, in_session, session_events};
use replies::{EVENTS, JSON, Refused, accepted, as_event, plain, read, refused, streamed, whole};
use serde_json::value::RawValue;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// How long a client waits for an answer in one piece, before it gets a stream that can tell it more.
const PATIENCE: Duration = Duration::from_secs(1);

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
        let answered = match parts.method {
            Method::POST => {
                let answered = post(&self.inner, client, &parts, body).await;
                answered.map(|answer| if prefers_events(&parts.headers) { as_event(answer) } else { answer })
            }
            Method::GET if !is_stateless => get(&self.inner, &client, &parts),
            Method::DELETE if !is_stateless => delete(&self.inner, &client, &parts),
            _ => {
                let allowed = if is_stateless { "POST" } else { "GET, POST, DELETE" };
                let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "this method does nothing here\n");
                response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
                Ok(response)
            }
        };
        answered.unwrap_or_else(|refused| *refused)
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

async fn post<B>(inner: &Arc<Inner>, client: Client, parts: &Parts, body: B) -> Result<Response<Body>, Refused>
where
    B: http_body::Body<Data = Bytes> + Send,
{
    if !accepts(&parts.headers, JSON) || !accepts(&parts.headers, EVENTS) {
        let text = "a client takes application/json and text/event-stream\n";
        return Ok(plain(StatusCode::NOT_ACCEPTABLE, text));
    }
    if !headers::is_json(&parts.headers) {
        return Ok(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a message is application/json\n"));
    }
    let bytes = read(body).await?;
    let refused = |id: Option<&Id>, error: &ProtocolError| Box::new(refused(StatusCode::BAD_REQUEST, id, error));
    let incoming = message::read(&bytes).map_err(|(id, error)| refused(id.as_ref(), &error))?;
    let version = headers::one(&parts.headers, &VERSION).map_err(|error| refused(None, &error))?;
    let id = match &incoming {
        Incoming::Request { id, .. } => Some(id.clone()),
        _ => None,
    };
    let is_known = |version: &str| version == STATELESS || WITH_SESSIONS.contains(&version);
    let known = match version {
        Some(version) if !is_known(version) => Err(refused(id.as_ref(), &unsupported(version))),
        _ => Ok(()),
    };
    match incoming {
        Incoming::Request { id, method, params } => {
            let meta = meta_of(params).map_err(|error| refused(Some(&id), &error))?;
            let says_all = |meta: &Members| meta.get(VERSION_KEY).is_some() || meta.get(CAPABILITIES_KEY).is_some();
            let is_alone = meta.as_ref().is_some_and(says_all)
                || (method != "initialize" && (version == Some(STATELESS) || method == "server/discover"));
            if is_alone {
                return Ok(alone(inner, client, parts, &id, &method, params, meta).await);
            }
            known?;
            if method == "initialize" {
                return Ok(initialize(inner, client, &id, version, params));
            }
            let session = session_of(inner, &client, parts)?;
            Ok(in_session(inner, &client, session, &id, &method, params, meta).await)
        }
        // Without sessions nothing is told this way: who closes a stream gives up what it was for.
        Incoming::Notification { .. } if version == Some(STATELESS) => Ok(accepted()),
        Incoming::Response { .. } if version == Some(STATELESS) => {
            let error = ProtocolError::new(INVALID_REQUEST, "nothing was asked that could be answered this way");
            Err(refused(None, &error))
        }
        Incoming::Notification { method, params } => {
            known?;
            notified(&*session_of(inner, &client, parts)?, &method, params);
            Ok(accepted())
        }
        Incoming::Response { id, result } => {
            known?;
            session_of(inner, &client, parts)?.answered(&id, result);
            Ok(accepted())
        }
    }
}

/// The session that a request names, for the client whose it is.
fn session_of(inner: &Inner, client: &Client, parts: &Parts) -> Result<Arc<Session>, Refused> {
    let refused = |status: StatusCode, error: &ProtocolError| Box::new(refused(status, None, error));
    let id = headers::one(&parts.headers, &SESSION).map_err(|error| refused(StatusCode::BAD_REQUEST, &error))?;
    let Some(id) = id else {
        let text = "the header Mcp-Session-Id is missing; a session begins with initialize";
        return Err(refused(StatusCode::BAD_REQUEST, &ProtocolError::new(INVALID_REQUEST, text)));
    };
    inner.sessions.get(id, client).ok_or_else(|| {
        let error = ProtocolError::new(INVALID_REQUEST, "there is no such session; begin a new one with initialize");
        refused(StatusCode::NOT_FOUND, &error)
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

fn get(inner: &Arc<Inner>, client: &Client, parts: &Parts) -> Result<Response<Body>, Refused> {
    if !accepts(&parts.headers, EVENTS) {
        return Ok(plain(StatusCode::NOT_ACCEPTABLE, "a client takes text/event-stream\n"));
    }
    let session = session_of(inner, client, parts)?;
    if let Some(last) = parts.headers.get(&LAST_EVENT) {
        let found = last.to_str().ok().and_then(body::event_id);
        if let Some((number, from)) = found
            && let Some((id, attached)) = session.stream(number)
        {
            return Ok(streamed(session_events(Arc::clone(inner), session, id, attached, number, from)));
        }
        // Where a client lost its place in changes it is told of new ones; where it lost a call nobody knows any more, it is
        // told nothing, and does not ask for ever.
        if found.is_some_and(|(number, _)| number > 0) {
            return Ok(streamed(stream::empty()));
        }
    }
    Ok(streamed(changes(session)))
}

fn delete(inner: &Inner, client: &Client, parts: &Parts) -> Result<Response<Body>, Refused> {
    let session = session_of(inner, client, parts)?;
    inner.sessions.remove(&session.id, client);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
