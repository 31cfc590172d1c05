//! Why there is no answer.

use crate::bounds::{RETRY_AFTER_MS_MAX, SAID_CHARS_MAX};
use protocol::text::shorten;
use serde::{Deserialize, Serialize};

/// Why a provider gave no answer, or no whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelFault {
    /// The key is missing or not taken.
    Authentication,
    /// The key may not do this.
    Permission,
    /// There is no such model, or nothing at this address.
    NotFound,
    /// Too many requests.
    RateLimited,
    /// The account has no more money, or its plan no more room. Waiting does not help.
    QuotaUsedUp,
    /// The provider has too much to do.
    Overloaded,
    /// More was said than the model can hold.
    ContextTooLong,
    /// The provider does not answer to this content.
    Refused,
    /// The provider does not understand or take the request.
    BadRequest,
    /// A fault of the provider's.
    Server,
    /// Nobody could be connected to. Said by the transport.
    Unreachable,
    /// Nothing came in time. Said by the transport.
    Slow,
    /// What came is not what the wire says.
    Malformed,
    /// The answer stopped before its end, without a word.
    Truncated,
    /// More came than its bound.
    TooMuch,
    /// Another model was to go on with an answer, and said something else.
    Diverged,
}

impl ModelFault {
    fn sentence(self) -> &'static str {
        match self {
            Self::Authentication => "the provider does not take the key",
            Self::Permission => "the provider does not allow this with this key",
            Self::NotFound => "the provider has no such model",
            Self::RateLimited => "the provider asks for fewer requests",
            Self::QuotaUsedUp => "the account at the provider is used up",
            Self::Overloaded => "the provider has too much to do",
            Self::ContextTooLong => "more was said than the model can hold",
            Self::Refused => "the provider does not answer to this",
            Self::BadRequest => "the provider does not take the request",
            Self::Server => "the provider has a fault of its own",
            Self::Unreachable => "the provider cannot be reached",
            Self::Slow => "the provider did not answer in time",
            Self::Malformed => "the provider's answer is not understood",
            Self::Truncated => "the answer stopped before its end",
            Self::TooMuch => "the provider sends more than is taken in",
            Self::Diverged => "the answer broke off, and the next model did not go on where it stopped",
        }
    }

    /// What a person can do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Authentication => "give a new key with `oikos key add`, and try it with `oikos key test`",
            Self::Permission => "look in the provider's console what the key may do",
            Self::NotFound => "look at the name of the model and at the provider's address",
            Self::RateLimited | Self::Overloaded => "wait a little, or name a second provider to fall back on",
            Self::QuotaUsedUp => "look at the balance and the limits in the provider's console",
            Self::ContextTooLong => "begin a new conversation, or choose a model that holds more",
            Self::Refused => "say it in another way, or ask another model",
            Self::BadRequest => "this model may not know what was asked for; the provider's words say more",
            Self::Server | Self::Unreachable | Self::Slow | Self::Truncated => {
                "try again, or name a second provider to fall back on"
            }
            Self::Malformed | Self::TooMuch => "look whether the address is that of a model API",
            Self::Diverged => "ask again: what was said so far is kept",
        }
    }
}

/// Why there is no answer, or no whole one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{}\nhint: {}", .fault.sentence(), InWords(.said.as_deref()), .fault.hint())]
#[serde(rename_all = "camelCase")]
pub struct ModelError {
    /// Of which kind.
    pub fault: ModelFault,
    /// The status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// More about it, often in the provider's own words: foreign text, safe to show and short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// How long the provider asks us to stay away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

struct InWords<'a>(Option<&'a str>);

impl std::fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |said| write!(f, ": {said}"))
    }
}

impl ModelError {
    /// An error of a kind.
    pub fn new(fault: ModelFault) -> Self {
        Self { fault, status: None, said: None, retry_after_ms: None }
    }

    /// With more about it.
    #[must_use]
    pub fn said(mut self, said: &str) -> Self {
        let said = said.trim();
        self.said = (!said.is_empty()).then(|| shorten(said, SAID_CHARS_MAX));
        self
    }

    /// With the status of the answer.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With how long to stay away.
    #[must_use]
    pub fn retry_after_ms(mut self, ms: Option<u64>) -> Self {
        self.retry_after_ms = ms.map(|ms| ms.min(RETRY_AFTER_MS_MAX));
        self
    }

    pub(crate) fn malformed(why: &str) -> Self {
        Self::new(ModelFault::Malformed).said(why)
    }

    pub(crate) fn too_much(what: &str) -> Self {
        Self::new(ModelFault::TooMuch).said(what)
    }

    /// Whether the same request to the same provider may go better later.
    pub fn may_retry(&self) -> bool {
        matches!(
            self.fault,
            ModelFault::RateLimited
                | ModelFault::Overloaded
                | ModelFault::Server
                | ModelFault::Unreachable
                | ModelFault::Slow
                | ModelFault::Malformed
                | ModelFault::Truncated
        )
    }

    /// Whether another provider may do better. Not where the fault is in what was said: it stands in each of them, and a
    /// refusal is not to be got around by asking elsewhere.
    pub fn may_fall_back(&self) -> bool {
        !matches!(self.fault, ModelFault::Refused | ModelFault::BadRequest)
    }

    /// Whether it says something about the provider's health, and not about the request.
    pub fn is_of_provider(&self) -> bool {
        self.may_retry() && self.fault != ModelFault::RateLimited
    }
}

impl From<serde_json::Error> for ModelError {
    fn from(error: serde_json::Error) -> Self {
        Self::malformed(&error.to_string())
    }
}
