//! HTTP and SSE, as 2024-11-05 had it: one stream that all answers come on, and an address beside it where messages go.

use super::{
    Call, CallError,
    attending::{Patience, wait},
    carrier::{Asking, Carrier, Fault, Outcome, Waiting},
    core::{Core, OpenCall},
    door::{Door, Knock, Stream, broken, is_of, status},
    message::{Message, Unread},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode};
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

const STREAM: &str = "the stream of events";
/// Events that may come before the one that names the address.
const EVENTS_BEFORE: usize = 16;

/// A server of the old transport.
pub(crate) struct Paired {
    door: Arc<Door>,
    waiting: Arc<Waiting>,
    address: Url,
    _end: DropGuard,
}

impl Paired {
    /// Opens the stream, and learns where messages go.
    pub(crate) async fn open(core: &Arc<Core>, door: &Arc<Door>) -> Result<Self, CallError> {
        let (open, after_ms) = (core.open(STREAM, &Call::unattended())?, door.bounds.open_ms);
        let patience = Patience { silent_ms: after_ms, most_ms: after_ms };
        let opening = async { Ok(Self::first_event(door, &open).await?) };
        let opened = wait(core, &open, STREAM, &CancellationToken::new(), patience, opening).await;
        core.close(&open);
        let (mut stream, address) = opened.map_err(|fault| match fault {
            Fault::Call(error) => error,
            Fault::SessionLost => status(STREAM, StatusCode::NOT_FOUND),
        })?;
        let (waiting, ended) = (Arc::<Waiting>::default(), core.closed.child_token());
        let (core, heard, end) = (core.clone(), waiting.clone(), ended.clone());
        tokio::spawn(async move {
            let why = loop {
                let event = tokio::select! {
                    () = end.cancelled() => break CallError::Gone { why: "its connection was closed".to_owned() },
                    event = stream.next() => event,
                };
                match event {
                    Ok(Some(event)) => match Message::read(event.data.as_bytes()) {
                        Ok(messages) => {
                            let other = messages.into_iter().filter_map(|message| heard.settle(message));
                            other.for_each(|message| core.hear(message, None));
                        }
                        Err(Unread::TooMuch { id: Some(id), what, most }) => {
                            heard.fail(id, CallError::TooMuch { what, most });
                        }
                        Err(why) => tracing::debug!(?why, "an event of a server is no message"),
                    },
                    Ok(None) => break CallError::Gone { why: "its stream has ended".to_owned() },
                    Err(error) => break error,
                }
            };
            heard.end(why);
            core.hub.tell(super::Change::Missed);
        });
        Ok(Self { door: door.clone(), waiting, address, _end: ended.drop_guard() })
    }

    async fn first_event(door: &Door, open: &OpenCall) -> Result<(Stream, Url), CallError> {
        let what = STREAM;
        let (method, url, headers, body) = (Method::GET, &door.web.url, HeaderMap::new(), Bytes::new());
        let knock =
            Knock { method, url, accept: "text/event-stream", headers, body, what, sender: None, open: Some(open) };
        let response = door.knock(knock).await?;
        if !response.status().is_success() {
            return Err(status(what, response.status()));
        }
        if !is_of(&response, "text/event-stream") {
            return Err(broken(what, "it is no stream of events"));
        }
        let mut stream = Stream::new(response, door.bounds.message_bytes);
        for _ in 0..EVENTS_BEFORE {
            let Some(event) = stream.next().await? else { break };
            if event.kind == "endpoint" {
                let address =
                    url.join(event.data.trim()).map_err(|_| broken(what, "it names no address for messages"))?;
                // Else a server could have our token sent wherever it likes.
                if address.origin() != url.origin() {
                    return Err(broken(what, "it wants messages sent to another host"));
                }
                return Ok((stream, address));
            }
        }
        Err(broken(what, "it names no address for messages"))
    }

    async fn say(&self, what: &str, message: Vec<u8>, asking: Option<&Asking>) -> Result<(), CallError> {
        let (sender, open) =
            (asking.and_then(|asking| asking.sender.as_ref()), asking.map(|asking| asking.open.as_ref()));
        let (method, headers, body) = (Method::POST, HeaderMap::new(), Bytes::from(message));
        let knock = Knock { method, url: &self.address, accept: "application/json", headers, body, what, sender, open };
        let code = self.door.knock(knock).await?.status();
        if code.is_success() { Ok(()) } else { Err(status(what, code)) }
    }
}

impl Carrier for Paired {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Outcome, Fault>> {
        Box::pin(async move {
            // Its stream has ended meanwhile, and with it the session: the server has heard nothing of this yet.
            let Ok(place) = self.waiting.place(asking.open.id) else { return Err(Fault::SessionLost) };
            let body = asking.written();
            match self.say(&asking.method, body, Some(asking)).await {
                Err(CallError::Status { status: 404, .. }) => Err(Fault::SessionLost),
                Err(error) => Err(error.into()),
                Ok(()) => Ok(place.answer().await?),
            }
        })
    }

    fn tell(&self, message: Vec<u8>) -> BoxFuture<'_, Result<(), CallError>> {
        Box::pin(self.say("a message", message, None))
    }
}
