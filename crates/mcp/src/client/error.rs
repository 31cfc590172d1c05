//! Why there is no answer.

use super::{AskRefused, HttpError, oauth::AuthorizationError};
use serde_json::Value;

/// What a server says when it says no: its own code and words. Foreign text.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// JSON-RPC's code.
    pub code: i64,
    /// The server's words.
    pub message: String,
    /// What it adds.
    pub data: Option<Value>,
}

/// Why a call has no answer. Texts are ours but for [`Refusal`], which are the server's.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the message says")]
pub enum CallError {
    /// The server answered with an error.
    #[error("the server refused {method}: {} (code {})", .refusal.message, .refusal.code)]
    Refused { method: String, refusal: Refusal },
    /// The caller took it back.
    #[error("{method} was cancelled")]
    Cancelled { method: String },
    /// Nothing came in time.
    #[error("the server did not answer {method} within {after_ms} ms")]
    Slow { method: String, after_ms: u64 },
    /// The server is no longer there.
    #[error("the server has gone: {why}")]
    Gone { why: String },
    /// It knew the session no more and was greeted again, and the call was meant for what it was before ([`Call::greeting`]).
    ///
    /// [`Call::greeting`]: super::Call::greeting
    #[error("the server was greeted again, and may be another one now")]
    Regreeted,
    /// What came is not what the protocol says.
    #[error("the server's answer to {method} is not understood: {why}")]
    Broken { method: String, why: String },
    /// More than its bound.
    #[error("the server sends more than {most} {what}")]
    TooMuch { what: &'static str, most: usize },
    /// HTTP did not get there.
    #[error("{0}")]
    Http(HttpError),
    /// HTTP got there and was not let in.
    #[error("the server answers {method} with HTTP status {status}")]
    Status { method: String, status: u16 },
    /// Nobody let us in.
    #[error("{0}")]
    Authorization(AuthorizationError),
    /// The server asked more often, or for more, than one call may.
    #[error("the server asks too much for one {method}: more than {most} {what}")]
    AsksTooMuch { method: String, what: &'static str, most: usize },
    /// A question of the server has no answer, and without it there is no result.
    #[error("the server asks {asks} for {method}, and that has no answer: {why}")]
    Unanswered { method: String, asks: String, why: AskRefused },
    /// The session has too much to do.
    #[error("{most} {what} already")]
    Busy { most: usize, what: &'static str },
    /// The server says that it cannot do that.
    #[error("the server does not offer {what}")]
    NotOffered { what: &'static str },
}

/// Why a session was not opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// The server did not get as far as saying who it is.
    #[error("the server cannot be opened: {0}")]
    Failed(CallError),
    /// A program ended when it was asked which revisions it speaks, as some old ones do: start it again and open it with
    /// [`Known::initialize`](super::Known::initialize).
    #[error("the server ended when it was asked which revisions it speaks")]
    EndedAtProbe,
    /// It speaks none of ours.
    #[error("the server speaks no revision that oikos knows; it names {}", .offered.join(", "))]
    NoRevision {
        /// What it said it speaks.
        offered: Vec<String>,
    },
}

impl From<HttpError> for CallError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<AuthorizationError> for CallError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorization(error)
    }
}

impl From<CallError> for OpenError {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}
