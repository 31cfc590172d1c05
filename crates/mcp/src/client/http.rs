//! How HTTP leaves here: through whoever opened the session, request by request.

use bytes::Bytes;
use futures_util::{future::BoxFuture, stream::BoxStream};

/// An answer's body, as it comes. Dropping it closes the stream, which is how a call is taken back on the newest wire.
pub type HttpBody = BoxStream<'static, Result<Bytes, HttpError>>;

/// Why HTTP did not get there. The text is the sender's own, never the server's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct HttpError {
    /// What went wrong, in plain words.
    pub why: String,
    /// Whether the request has surely not been heard, so that asking again does nothing twice.
    pub unheard: bool,
}

impl HttpError {
    /// An error of a request that may have been heard.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), unheard: false }
    }
}

/// Sends one request. What is behind it decides whether it may go at all; redirects are answers like any other.
pub trait HttpSender: Send + Sync {
    /// Sends it, and waits for the head of the answer.
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<HttpBody>, HttpError>>;
}
