//! Who is told of a call, and asked for it.

use super::{Abilities, Greeting, HttpSender};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How far a call has come. Numbers and text are the server's.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// How much is done. The protocol wants it to grow; nobody checks.
    pub progress: f64,
    /// Of how much, where the server knows.
    pub total: Option<f64>,
    /// What it is doing.
    pub message: Option<String>,
}

/// A line that a server wants in a log. Foreign text.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// The level's word: `debug`, `info`, `notice`, `warning`, `error`, `critical`, `alert` or `emergency`.
    pub level: String,
    /// Which part of the server.
    pub logger: Option<String>,
    /// What it says.
    pub data: Value,
}

/// What a server asks of its client: `elicitation/create`, `sampling/createMessage` or `roots/list`, whichever way it came.
#[derive(Clone, Debug, PartialEq)]
pub struct InputRequest {
    /// The method.
    pub method: String,
    /// Its parameters, as the server said them.
    pub params: Value,
    /// The server's name for it among all that it asks at once. Only the newest revision has such names.
    pub key: Option<String>,
    /// Whether this call asks it for sure. On the old wire of a program nothing says to which of several open calls a question
    /// belongs; it is then put to the one that was begun last.
    pub certain: bool,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskRefused {
    /// Nobody here answers questions of that kind.
    #[error("this client does not answer that")]
    NotSupported,
    /// A person or a rule said no to the question itself. A person who declines a form *answers* `{"action": "decline"}`.
    #[error("{0}")]
    Refused(String),
}

/// Who stands behind a call. The methods are called from the session's own tasks: they return at once and keep what they want.
pub trait CallHost: Send + Sync {
    /// The call goes on.
    fn progress(&self, _progress: Progress) {}

    /// The server logs something. On the old wire, what belongs to no call goes to the session's own host.
    fn log(&self, _line: LogLine) {}

    /// The server asks: all that it wants to know at once, which on the old wire is one question. Each answer is the result of its
    /// question's method, in their order. A refusal is one for all of them. Dropped when the server or the caller takes the
    /// questions back.
    fn ask(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>>;
}

/// Nobody: wants to hear nothing and answers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl CallHost for Nobody {
    fn ask(&self, _requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        Box::pin(async { Err(AskRefused::NotSupported) })
    }
}

/// How one call is made. Dropping the future of a call takes it back too, and the server is told.
#[derive(Clone)]
pub struct Call {
    /// Who is told and asked.
    pub host: Arc<dyn CallHost>,
    /// Takes the call back.
    pub cancel: CancellationToken,
    /// Who sends this call's HTTP instead of the session's own sender: each run has permits of its own.
    pub sender: Option<Arc<dyn HttpSender>>,
    /// What may be asked for this call, instead of what the session said: whoever stands behind it may be able to do less. Only
    /// the newest revision hears of it call by call; on the old ones the rest is refused when it is asked.
    pub abilities: Option<Abilities>,
    /// Goes into the request's `_meta` (`traceparent` and what a foreign view sends along). Keys of the protocol are ours.
    pub meta: Map<String, Value>,
    /// Shorter than the bound's time for a call.
    pub call_ms: Option<u64>,
    /// Which of the server's log lines are wanted, from which level on. Only the newest revision asks for them call by call.
    pub log_level: Option<&'static str>,
    /// Only for the server that was greeted then: of one that was greeted again, what is known has to be asked again first.
    pub greeting: Option<Greeting>,
}

impl Call {
    /// A call for a host, with nothing else said.
    pub fn new(host: Arc<dyn CallHost>) -> Self {
        let cancel = CancellationToken::new();
        let (sender, abilities, meta) = (None, None, Map::new());
        Self { host, cancel, sender, abilities, meta, call_ms: None, log_level: None, greeting: None }
    }

    /// A call that nobody stands behind.
    pub fn unattended() -> Self {
        Self::new(Arc::new(Nobody))
    }
}
