//! Streamable HTTP: each message is a request of its own, and its answer a body or a stream.

use super::{
    CallError,
    carrier::{Asking, Carrier, Fault, Outcome},
    core::Core,
    door::{Door, Knock, Stream, broken, is_of, status},
    message::{Message, Unread},
    mirrored::encoded,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::{CancellationToken, DropGuard};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const RESUME: HeaderName = HeaderName::from_static("last-event-id");
const EITHER: &str = "application/json, text/event-stream";
const EVENTS: &str = "text/event-stream";
/// How long to wait before a stream is taken up again, where the server does not say, and at most.
const RETRY_MS: u64 = 1_000;
const RETRY_MS_MAX: u64 = 60_000;

/// A server behind one address.
pub(crate) struct Streamable {
    shared: Arc<Shared>,
    /// Ends the stream that nobody asked for.
    _end: DropGuard,
}

struct Shared {
    core: Arc<Core>,
    door: Arc<Door>,
    session: Mutex<Option<HeaderValue>>,
    ended: CancellationToken,
}

impl Streamable {
    pub(crate) fn new(core: &Arc<Core>, door: &Arc<Door>) -> Self {
        let ended = core.closed.child_token();
        let shared = Shared { core: core.clone(), door: door.clone(), session: Mutex::new(None), ended: ended.clone() };
        Self { shared: Arc::new(shared), _end: ended.drop_guard() }
    }
}

impl Shared {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(session) = self.session.lock().clone() {
            headers.insert(SESSION, session);
        }
        if let Some(revision) = self.core.revision() {
            headers.insert(VERSION, HeaderValue::from_static(revision.word()));
        }
        headers
    }

    fn request_headers(&self, asking: &Asking) -> Result<HeaderMap, CallError> {
        let mut headers = self.headers();
        if asking.method == "initialize" {
            headers.remove(VERSION);
            headers.remove(SESSION);
        }
        // What the body says of the revision is what the header says, whichever was settled since.
        let standing = &asking.params["_meta"]["io.modelcontextprotocol/protocolVersion"];
        let Some(revision) = standing.as_str() else { return Ok(headers) };
        let mut put = |name: HeaderName, value: &str| {
            let value =
                HeaderValue::from_str(value).map_err(|_| broken(&asking.method, "it cannot stand in a header"))?;
            headers.insert(name, value);
            Ok::<_, CallError>(())
        };
        put(VERSION, revision)?;
        put(HeaderName::from_static("mcp-method"), &encoded(&asking.method))?;
        let name = match asking.method.as_str() {
            "tools/call" | "prompts/get" => asking.params["name"].as_str(),
            "resources/read" => asking.params["uri"].as_str(),
            _ => None,
        };
        if let Some(name) = name {
            put(HeaderName::from_static("mcp-name"), &encoded(name))?;
        }
        for (name, value) in &asking.mirrored {
            put(name.clone(), value)?;
        }
        Ok(headers)
    }

    fn post<'a>(&'a self, what: &'a str, headers: HeaderMap, body: Vec<u8>) -> Knock<'a> {
        let url = &self.door.web.url;
        Knock {
            method: Method::POST,
            url,
            accept: EITHER,
            headers,
            body: Bytes::from(body),
            what,
            sender: None,
            open: None,
        }
    }

    async fn ask(&self, asking: &Asking) -> Result<Outcome, Fault> {
        let body = asking.written();
        let mut knock = self.post(&asking.method, self.request_headers(asking)?, body);
        knock.sender = asking.sender.as_ref();
        knock.open = Some(&asking.open);
        let had_session = knock.headers.contains_key(SESSION);
        let response = self.door.knock(knock).await?;
        let code = response.status();
        if code.is_success() {
            if asking.method == "initialize" {
                *self.session.lock() = response.headers().get(SESSION).cloned();
            }
            if is_of(&response, EVENTS) {
                let stream = Stream::new(response, self.door.bounds.message_bytes);
                return Ok(self.follow(asking, stream).await?);
            }
            if !is_of(&response, "application/json") {
                return Err(broken(&asking.method, "it is neither JSON nor a stream of events").into());
            }
            let body = self.door.body(response).await?;
            let answer = self.answer_in(asking, &body)?;
            return answer.ok_or_else(|| broken(&asking.method, "it does not answer what was asked").into());
        }
        let body = Door::error_body(response).await;
        let refusal = Message::read(&body).ok().into_iter().flatten().find_map(|message| match message {
            Message::Answer { outcome: Err(refusal), .. } => Some(refusal),
            _ => None,
        });
        match refusal {
            Some(refusal) if refusal.is_modern() => Ok(Err(refusal)),
            _ if code == StatusCode::NOT_FOUND && had_session => Err(Fault::SessionLost),
            // A server of the old transport may say this in JSON too.
            Some(_) if asking.method == "initialize" && (code == 404 || code == 405) => {
                Err(status(&asking.method, code).into())
            }
            Some(refusal) => Ok(Err(refusal)),
            None => Err(status(&asking.method, code).into()),
        }
    }

    /// The answer among messages; whatever else is there is heard.
    fn answer_in(&self, asking: &Asking, bytes: &[u8]) -> Result<Option<Outcome>, CallError> {
        let mut answer = None;
        let messages = Message::read(bytes).map_err(|unread| match unread {
            Unread::Not(why) => broken(&asking.method, why),
            Unread::TooMuch { what, most, .. } => CallError::TooMuch { what, most },
        })?;
        for message in messages {
            match message {
                Message::Answer { id, outcome } if id == Some(asking.open.id) => answer = answer.or(Some(outcome)),
                // An error without an id is about the only thing that was asked here.
                Message::Answer { id: None, outcome: Err(refusal) } => answer = answer.or(Some(Err(refusal))),
                message => self.core.hear(message, Some(asking.open.id)),
            }
        }
        Ok(answer)
    }

    /// Reads a stream until it answers. Where it breaks off, it is taken up again as often as it may be.
    async fn follow(&self, asking: &Asking, mut stream: Stream) -> Result<Outcome, CallError> {
        let mut resumptions = 0;
        let mut place: Option<String> = None;
        let mut retry_ms = RETRY_MS;
        loop {
            let ended = loop {
                match stream.next().await {
                    Ok(Some(event)) if event.data.is_empty() || !matches!(event.kind.as_str(), "" | "message") => {}
                    Ok(Some(event)) => {
                        if let Some(answer) = self.answer_in(asking, event.data.as_bytes())? {
                            return Ok(answer);
                        }
                    }
                    Ok(None) => break broken(&asking.method, "its stream ended before the answer"),
                    Err(error @ CallError::TooMuch { .. }) => return Err(error),
                    Err(error) => break error,
                }
            };
            place = stream.last_id().map(str::to_owned).or(place);
            retry_ms = stream.retry_ms().unwrap_or(retry_ms).min(RETRY_MS_MAX);
            let is_old = self.core.revision().is_none_or(|revision| !revision.is_stateless());
            let Some(from) = place.as_deref().filter(|_| is_old) else { return Err(ended) };
            if resumptions >= self.door.bounds.resumptions {
                return Err(ended);
            }
            resumptions += 1;
            tokio::time::sleep(Duration::from_millis(retry_ms)).await;
            match self.listen(Some(from), asking.sender.as_ref()).await {
                Ok(Some(taken_up)) => stream = taken_up,
                Ok(None) | Err(_) if resumptions < self.door.bounds.resumptions => {}
                Ok(None) => return Err(ended),
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens the stream for what nobody asked for, or takes up one that broke off. None where the server has no such thing.
    async fn listen(
        &self,
        from: Option<&str>,
        sender: Option<&Arc<dyn super::HttpSender>>,
    ) -> Result<Option<Stream>, CallError> {
        let what = "the stream of events";
        let mut headers = self.headers();
        if let Some(from) = from {
            let value = HeaderValue::from_str(from).map_err(|_| broken(what, "its place cannot stand in a header"))?;
            headers.insert(RESUME, value);
        }
        let url = &self.door.web.url;
        let (method, body) = (Method::GET, Bytes::new());
        let response =
            self.door.knock(Knock { method, url, accept: EVENTS, headers, body, what, sender, open: None }).await?;
        let code = response.status();
        match code {
            _ if code.is_success() && is_of(&response, EVENTS) => {
                Ok(Some(Stream::new(response, self.door.bounds.message_bytes)))
            }
            _ if code.is_server_error() => Err(status(what, code)),
            _ => Ok(None),
        }
    }

    /// Hears what nobody asked for, as long as the session lasts and the server has a stream for it. One that breaks off is asked
    /// for again, more and more seldom where nothing comes of it: a server may be away for a night.
    async fn overhear(&self) {
        let (mut place, mut failures, mut retry_ms) = (None::<String>, 0_u32, RETRY_MS);
        let mut had_one = false;
        loop {
            match self.listen(place.as_deref(), None).await {
                Ok(None) => {
                    // It had one: it knows the session no more, and what it offers may be something else.
                    if had_one {
                        self.core.hub.tell(super::Change::Missed);
                    }
                    return;
                }
                // Whoever is not let in is not let in by asking again: a person has to sign in, and then there is another session.
                Err(CallError::Authorization(error)) => {
                    tracing::debug!(%error, "a server's stream of events is for those whom it knows");
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "a server's stream of events is not to be had");
                    failures = failures.saturating_add(1);
                }
                Ok(Some(mut stream)) => {
                    if failures > 0 || had_one {
                        self.core.hub.tell(super::Change::Missed);
                    }
                    had_one = true;
                    // One that ends without having said anything counts as a failure, or it would be asked for without end.
                    failures = failures.saturating_add(1);
                    while let Ok(Some(event)) = stream.next().await {
                        if event.data.is_empty() {
                            continue;
                        }
                        let heard = Message::read(event.data.as_bytes()).unwrap_or_default();
                        failures = if heard.is_empty() { failures } else { 0 };
                        heard.into_iter().for_each(|message| self.core.hear(message, None));
                    }
                    place = stream.last_id().map(str::to_owned).or(place);
                    retry_ms = stream.retry_ms().unwrap_or(retry_ms);
                }
            }
            let wait = retry_ms.saturating_mul(1 << failures.min(6)).min(RETRY_MS_MAX);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }
}

impl Carrier for Streamable {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Outcome, Fault>> {
        Box::pin(self.shared.ask(asking))
    }

    fn tell(&self, message: Vec<u8>) -> BoxFuture<'_, Result<(), CallError>> {
        Box::pin(async move {
            let response =
                self.shared.door.knock(self.shared.post("a message", self.shared.headers(), message)).await?;
            let code = response.status();
            if code.is_success() { Ok(()) } else { Err(status("a message", code)) }
        })
    }

    fn drops_silently(&self) -> bool {
        self.shared.core.revision().is_some_and(super::Revision::is_stateless)
    }

    fn greeted(&self) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = shared.ended.cancelled() => {}
                () = shared.overhear() => {}
            }
        });
    }

    fn leave(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let headers = self.shared.headers();
            if !headers.contains_key(SESSION) {
                return;
            }
            let (method, url, body) = (Method::DELETE, &self.shared.door.web.url, Bytes::new());
            let knock = Knock {
                method,
                url,
                accept: EITHER,
                headers,
                body,
                what: "the end of the session",
                sender: None,
                open: None,
            };
            let patience = Duration::from_millis(self.shared.door.bounds.write_ms);
            if !matches!(tokio::time::timeout(patience, self.shared.door.knock(knock)).await, Ok(Ok(_))) {
                tracing::debug!("a server was not told that its session has ended");
            }
        })
    }
}
