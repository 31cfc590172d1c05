//! HTTP to one server: headers, tokens, bodies within their bounds. Nothing of the protocol's messages.

use super::{
    Bounds, CallError, HttpBody, HttpSender, Web,
    core::{OpenCall, OpenQuestion},
    events::{Event, Events},
    oauth::{AuthorizationError, Challenge, Refused},
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use std::{collections::VecDeque, sync::Arc};
use url::Url;

/// What is read of an answer that is an error.
const ERROR_BYTES: usize = 64 * 1024;

/// The way to one server.
pub(crate) struct Door {
    pub(crate) web: Web,
    pub(crate) bounds: Bounds,
}

/// One request, as it may have to be sent more than once.
pub(crate) struct Knock<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) accept: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What it is for, for errors.
    pub(crate) what: &'a str,
    /// Who sends it instead of the session's own sender.
    pub(crate) sender: Option<&'a Arc<dyn HttpSender>>,
    /// The call that waits for it: while somebody signs in, its time stands still. Without one, nobody is asked to sign in.
    pub(crate) open: Option<&'a OpenCall>,
}

impl Door {
    /// Sends a request with whatever lets us in, and gets in first where it has to.
    pub(crate) async fn knock(&self, knock: Knock<'_>) -> Result<Response<HttpBody>, CallError> {
        let sender = knock.sender.unwrap_or(&self.web.sender);
        let mut refusals = 0;
        loop {
            let token = match &self.web.authorizer {
                Some(authorizer) => authorizer.token(&self.web.url, sender.as_ref()).await?,
                None => None,
            };
            let mut request = Request::new(knock.body.clone());
            *request.method_mut() = knock.method.clone();
            *request.uri_mut() =
                knock.url.as_str().parse().map_err(|_| broken(knock.what, "its address cannot be asked"))?;
            let headers = request.headers_mut();
            headers.extend(self.web.headers.clone());
            headers.extend(knock.headers.clone());
            headers.insert(ACCEPT, HeaderValue::from_static(knock.accept));
            if !knock.body.is_empty() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            if let Some(token) = &token {
                let bearer = zeroize::Zeroizing::new(format!("Bearer {}", token.as_str()));
                let mut value = HeaderValue::from_str(&bearer)
                    .map_err(|_| AuthorizationError::Untrusted("the token cannot stand in a header"))?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
            let response = sender.send(request).await?;
            let challenge = match response.status() {
                StatusCode::UNAUTHORIZED => Challenge::of(response.headers()),
                StatusCode::FORBIDDEN => match Challenge::of(response.headers()) {
                    challenge if challenge.error.as_deref() == Some("insufficient_scope") => challenge,
                    _ => return Ok(response),
                },
                _ => return Ok(response),
            };
            let wants_more = response.status() == StatusCode::FORBIDDEN;
            drop(response);
            let authorizer = self.web.authorizer.as_ref().ok_or(AuthorizationError::NotSetUp)?;
            if refusals >= self.bounds.repeats {
                return Err(AuthorizationError::Again { times: refusals }.into());
            }
            refusals += 1;
            let _asked = knock.open.map(OpenQuestion::of);
            let used = token.as_ref().map(|token| token.as_str());
            let refused = Refused { challenge: &challenge, used, wants_more, attended: knock.open.is_some() };
            authorizer.refused(&self.web.url, sender.as_ref(), refused).await?;
        }
    }

    /// A whole body.
    pub(crate) async fn body(&self, response: Response<HttpBody>) -> Result<Vec<u8>, CallError> {
        collect(response.into_body(), self.bounds.message_bytes, "bytes in a message").await
    }

    /// As much of an error's body as says what it is.
    pub(crate) async fn error_body(response: Response<HttpBody>) -> Vec<u8> {
        collect(response.into_body(), ERROR_BYTES, "bytes in an error").await.unwrap_or_default()
    }
}

/// A body within a bound.
pub(crate) async fn collect(mut body: HttpBody, most: usize, what: &'static str) -> Result<Vec<u8>, CallError> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        if bytes.len() + piece.len() > most {
            return Err(CallError::TooMuch { what, most });
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Whether an answer is of a media type.
pub(crate) fn is_of(response: &Response<HttpBody>, kind: &str) -> bool {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|found| found.trim().eq_ignore_ascii_case(kind))
}

pub(crate) fn broken(method: &str, why: impl Into<String>) -> CallError {
    CallError::Broken { method: method.to_owned(), why: why.into() }
}

pub(crate) fn status(method: &str, status: StatusCode) -> CallError {
    CallError::Status { method: method.to_owned(), status: status.as_u16() }
}

/// A stream of events.
pub(crate) struct Stream {
    body: HttpBody,
    events: Events,
    ready: VecDeque<Event>,
    most: usize,
}

impl Stream {
    pub(crate) fn new(response: Response<HttpBody>, most: usize) -> Self {
        Self { body: response.into_body(), events: Events::new(most), ready: VecDeque::new(), most }
    }

    /// The next event; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, CallError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let Some(piece) = self.body.next().await else { return Ok(None) };
            let complete = self.events.feed(&piece?);
            self.ready.extend(complete.map_err(|_| CallError::TooMuch { what: "bytes in an event", most: self.most })?);
        }
    }

    /// Where it can be taken up again.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.events.last_id.as_deref().filter(|id| !id.is_empty())
    }

    /// How long to wait before that, where it says so.
    pub(crate) fn retry_ms(&self) -> Option<u64> {
        self.events.retry_ms
    }
}
