//! No, and with which status.

use http::StatusCode;
use protocol::{ErrorCode, Failure};

/// Why a request does not come in. It says nothing about what there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Why, for the one who asked. Never holds what was sent as a credential.
    pub failure: Failure,
    /// For `Retry-After`, where waiting helps.
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { failure: Failure::new(code, message).hint(hint), retry_after_ms: None }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self.failure.code {
            ErrorCode::HostRefused => StatusCode::MISDIRECTED_REQUEST,
            ErrorCode::OriginRefused | ErrorCode::PermissionDenied => StatusCode::FORBIDDEN,
            ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorCode::ContentTypeRefused => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::OwnerNotFound | ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::DiskFull | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whole seconds for `Retry-After`, never too few.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_ms.map(|ms| ms.div_ceil(1_000).max(1))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}
