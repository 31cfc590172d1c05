//! Why we are not let in.

use super::StoreError;
use crate::client::HttpError;

/// Why we are not let in. Texts are ours; words of foreign servers stand in quotation marks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the message says")]
pub enum AuthorizationError {
    /// The server wants a token and nobody here gets one.
    #[error("the server wants to know who asks, and no sign-in is set up for it")]
    NotSetUp,
    /// A document that leads the way is missing or says what it must not.
    #[error("{what} of the server is of no use: {why}")]
    Metadata { what: &'static str, why: String },
    /// The authorization server knows no way to know us.
    #[error("{issuer} lets nobody in whom it does not know: register oikos there and give its client id")]
    NotRegistered { issuer: String },
    /// The credentials that were set up are another server's.
    #[error("the sign-in was set up for {expected}, and the server now names {found}")]
    OtherIssuer { expected: String, found: String },
    /// It said no.
    #[error("{at} refused: \"{code}\"{}", .description.as_deref().map(|text| format!(" (\"{text}\")")).unwrap_or_default())]
    Refused { at: &'static str, code: String, description: Option<String> },
    /// What came back is not for us, or not from whom we asked.
    #[error("the answer of the sign-in is not accepted: {0}")]
    Untrusted(&'static str),
    /// No person signed in.
    #[error("nobody signed in: {0}")]
    Person(String),
    /// It was signed in more than once, and the server still refuses.
    #[error("the server still refuses after {times} sign-ins")]
    Again { times: usize },
    /// It took too long.
    #[error("{what} took longer than {after_ms} ms")]
    Slow { what: &'static str, after_ms: u64 },
    /// HTTP did not get there.
    #[error("{0}")]
    Http(#[from] HttpError),
    /// What keeps tokens could not.
    #[error("{0}")]
    Store(#[from] StoreError),
}
