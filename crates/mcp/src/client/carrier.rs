//! What carries messages to a server and its messages here: lines of a program, streamable HTTP, or HTTP and SSE.

use super::{
    CallError, HttpSender, Refusal, Said,
    core::OpenCall,
    message::{self, Message},
};
use futures_util::future::BoxFuture;
use http::HeaderName;
use parking_lot::Mutex;
use protocol::Verbatim;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::oneshot;

/// A request on its way.
pub(crate) struct Asking {
    /// The call that it belongs to, whose id it bears.
    pub(crate) open: Arc<OpenCall>,
    pub(crate) method: String,
    pub(crate) params: Value,
    /// Arguments as somebody wrote them, in place of those among the parameters.
    pub(crate) arguments: Option<Verbatim>,
    /// Who sends it, where that is HTTP and not the session's own sender.
    pub(crate) sender: Option<Arc<dyn HttpSender>>,
    /// Arguments that go into headers too.
    pub(crate) mirrored: Vec<(HeaderName, String)>,
}

impl Asking {
    /// The message.
    pub(crate) fn written(&self) -> Vec<u8> {
        let arguments = self.arguments.as_ref().map(Verbatim::raw);
        message::request(self.open.id, &self.method, &self.params, arguments)
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The server knows the session no more. It has not heard the request.
    SessionLost,
    /// Anything else.
    Call(CallError),
}

impl<E: Into<CallError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Call(error.into())
    }
}

/// What a server answered.
pub(crate) type Outcome = Result<Said, Refusal>;

/// Carries messages. Questions and notices of the server go to the session's core by themselves.
pub(crate) trait Carrier: Send + Sync {
    /// Sends a request and waits for its answer. Dropping it forgets the request.
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Outcome, Fault>>;
    /// Sends something that has no answer.
    fn tell(&self, message: Vec<u8>) -> BoxFuture<'_, Result<(), CallError>>;
    /// Whether a request is taken back by dropping it, without a word.
    fn drops_silently(&self) -> bool {
        false
    }
    /// The greeting is over: what a server says without being asked may come now.
    fn greeted(&self) {}
    /// Says goodbye, where that is done.
    fn leave(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Requests that wait for their answers on a channel that all share.
#[derive(Default)]
pub(crate) struct Waiting {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    waiting: HashMap<u64, oneshot::Sender<Result<Outcome, CallError>>>,
    /// Why nothing comes any more.
    gone: Option<CallError>,
}

impl Waiting {
    /// A place for an answer.
    pub(crate) fn place(&self, id: u64) -> Result<Place<'_>, CallError> {
        let mut inner = self.inner.lock();
        if let Some(gone) = &inner.gone {
            return Err(gone.clone());
        }
        let (sender, receiver) = oneshot::channel();
        inner.waiting.insert(id, sender);
        Ok(Place { waiting: self, id, receiver })
    }

    /// Gives an answer to who waits for it; a message that is none comes back. An answer to nothing is left out.
    pub(crate) fn settle(&self, message: Message) -> Option<Message> {
        let (id, outcome) = match message {
            Message::Answer { id, outcome } => (id, outcome),
            // On a shared channel this is how a server ends what it was asked to keep telling of.
            Message::Notice { method, params } if method == "notifications/cancelled" => {
                let id = params.get("requestId").and_then(Value::as_u64);
                match id.and_then(|id| self.inner.lock().waiting.remove(&id)) {
                    Some(place) => {
                        drop(place.send(Ok(Ok(Said::null()))));
                        return None;
                    }
                    None => return Some(Message::Notice { method, params }),
                }
            }
            message => return Some(message),
        };
        match id.and_then(|id| self.inner.lock().waiting.remove(&id)) {
            // Whoever waited has left in this moment.
            Some(place) => drop(place.send(Ok(outcome))),
            None => tracing::debug!("an answer to nothing is left out"),
        }
        None
    }

    /// An answer came that is not read.
    pub(crate) fn fail(&self, id: u64, why: CallError) {
        if let Some(place) = self.inner.lock().waiting.remove(&id) {
            drop(place.send(Err(why)));
        }
    }

    /// Nobody knows whose answer this was: all that wait are told why they get none.
    pub(crate) fn fail_all(&self, why: &CallError) {
        for (_, place) in self.inner.lock().waiting.drain() {
            drop(place.send(Err(why.clone())));
        }
    }

    /// Nothing comes any more.
    pub(crate) fn end(&self, why: CallError) {
        let mut inner = self.inner.lock();
        let why = inner.gone.get_or_insert(why).clone();
        for (_, place) in inner.waiting.drain() {
            drop(place.send(Err(why.clone())));
        }
    }
}

/// A place for one answer, given up when dropped.
pub(crate) struct Place<'a> {
    waiting: &'a Waiting,
    id: u64,
    receiver: oneshot::Receiver<Result<Outcome, CallError>>,
}

impl Place<'_> {
    pub(crate) async fn answer(mut self) -> Result<Outcome, CallError> {
        let gone = || CallError::Gone { why: "its connection was closed".to_owned() };
        (&mut self.receiver).await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.inner.lock().waiting.remove(&self.id);
    }
}
