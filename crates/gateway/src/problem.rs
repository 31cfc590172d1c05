//! Failures as HTTP says them: a status from one table, and a body after RFC 9457 with our stable code.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{ErrorCode, Failure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a body of this kind is called.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// When to try again, where something is busy: a second is long for what waits here.
const RETRY_AFTER_SECONDS: u64 = 1;

/// A failure as it goes over the wire (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The code again, as a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, in a sentence that is the same each time.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What was tried and what was wrong. May hold several lines.
    pub detail: String,
    /// The stable code, one of the reference page.
    pub code: String,
    /// The next step, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// A failure, without what is for the log only.
    pub fn new(failure: &Failure) -> Self {
        let code = failure.code;
        Self {
            kind: format!("urn:oikos:error:{code}"),
            title: code.meaning().to_owned(),
            status: status(code).as_u16(),
            detail: failure.message.clone(),
            code: code.word().to_owned(),
            hint: failure.hint.clone(),
        }
    }

    /// The failure again. A code that only a newer oikos knows becomes `internal`; its words stay.
    pub fn into_failure(self) -> Failure {
        let code = ErrorCode::ALL.iter().copied().find(|code| code.word() == self.code).unwrap_or(ErrorCode::Internal);
        Failure { code, message: self.detail, hint: self.hint, log: None }
    }
}

/// The status that goes with a code. Without a rest: a new code says here what it is over HTTP.
pub fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::InvalidInput | E::Usage | E::CredentialInUrl => StatusCode::BAD_REQUEST,
        E::Unauthenticated => StatusCode::UNAUTHORIZED,
        E::OriginRefused
        | E::PermissionDenied
        | E::ToolNotAccepted
        | E::NotInActivation
        | E::LeaseRevoked
        | E::ConsentMissing => StatusCode::FORBIDDEN,
        E::NotFound | E::OwnerNotFound | E::AppNotFound | E::ActionNotFound | E::PublisherNotFound | E::RunNotFound => {
            StatusCode::NOT_FOUND
        }
        // What is asked cannot be done to things as they stand now.
        E::OwnerExists
        | E::AppDisabled
        | E::AppStopped
        | E::Conflict
        | E::DependencyMissing
        // The household itself let the caller in: no 401, after which a client would look for another credential.
        | E::SignInNeeded
        | E::FilesFull
        | E::PublisherExists
        | E::Stopped => StatusCode::CONFLICT,
        E::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // The request was understood; what it names is not as it must be, or did not come to a good end.
        E::AppFailed
        | E::HookFailed
        | E::ToolFailed
        | E::ProgramFailed
        | E::UpgradeFailed
        | E::FileUnusable
        | E::DocumentUnreadable
        | E::WorkerFailed
        | E::PassphraseWrong
        | E::KeyUnreadable
        | E::PackageInvalid
        | E::PackageFormUnknown
        | E::PackageUnsafePath
        | E::PackageNotCanonical
        | E::PackageTooLarge
        | E::PackageChecksumMismatch
        | E::PackageFileUnlisted
        | E::PackageFileMissing
        | E::PackageSumsMalformed
        | E::PackageDowngrade
        | E::SignatureMissing
        | E::SignatureUnreadable
        | E::SignatureLegacy
        | E::SignatureInvalid
        | E::SignatureCommentMismatch
        | E::PublisherKeyInvalid
        | E::PublisherUnknown
        | E::PublisherUntrusted
        | E::PublisherMismatch
        | E::PublisherClaimMismatch
        | E::PublisherNameTaken
        | E::PublisherSuperseded
        | E::SuccessorInvalid
        | E::PackageBareImport
        | E::PackageCodeInvalid
        | E::PackageUnreadable
        | E::PackageZoneRefused
        | E::PackageEngineRefused
        | E::Timeout
        | E::CpuLimit
        | E::MemoryLimit
        | E::StreamLimit
        | E::OperationLimit
        | E::HostLimit => StatusCode::UNPROCESSABLE_ENTITY,
        E::HostRefused => StatusCode::MISDIRECTED_REQUEST,
        E::ContentTypeRefused => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        E::EventLimit | E::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        E::Internal | E::BindRefused | E::StoreDamaged | E::StoreNewer | E::HomeUnusable | E::VaultDamaged => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        E::NetworkFailed => StatusCode::BAD_GATEWAY,
        E::NotAvailable | E::BoxRefused => StatusCode::NOT_IMPLEMENTED,
        E::HomeLocked | E::HostBusy | E::VaultLocked => StatusCode::SERVICE_UNAVAILABLE,
        E::DiskFull | E::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// Why a request is not answered. To whoever was not let in it says nothing about what there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Why, for the one who asked. Never holds what was sent as a credential.
    pub failure: Failure,
    /// For `Retry-After`, where it is known how long waiting helps.
    pub retry_after_ms: Option<u64>,
    status: StatusCode,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let status = status(failure.code);
        Self { failure, retry_after_ms: None, status }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure::new(code, message).hint(hint).into()
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whole seconds for `Retry-After`, never too few.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let known = self.retry_after_ms.map(|ms| ms.div_ceil(1_000).max(1));
        let is_busy = matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        known.or(is_busy.then_some(RETRY_AFTER_SECONDS))
    }

    /// What could not be read of a request, in words that do not grow with it.
    pub(crate) fn unreadable(what: &str) -> Self {
        Failure::new(ErrorCode::InvalidInput, protocol::text::shorten(what, 300)).into()
    }

    /// With a status that says more than the one of its code, about HTTP itself.
    pub(crate) fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after_seconds();
        let Self { failure, status, .. } = self;
        match &failure.log {
            // What went wrong in oikos itself. Of all else the details may be the caller's own words.
            Some(log) if failure.code == ErrorCode::Internal => tracing::error!(%log, "a request failed"),
            _ => tracing::debug!(code = %failure.code, "a request was refused"),
        }
        // Who asked for a name that is not ours may be a page that had it pointed at us. It reads nothing of ours.
        if failure.code == ErrorCode::HostRefused {
            return status.into_response();
        }
        let problem = Problem { status: status.as_u16(), ..Problem::new(&failure) };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        // What is wrong now need not be wrong the next time.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(retry_after.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"oikos\""));
            // Who is let in no more is a stranger again, and their connection with them.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_a_failure_and_reads_back() {
        for code in ErrorCode::ALL {
            assert!(status(*code).as_u16() >= 400, "{code}");
            let failure = Failure::new(*code, "what was wrong").hint("what next");
            let problem = Problem::new(&failure.clone().log("/secret/path"));
            let text = serde_json::to_string(&problem).expect("is written");
            assert!(!text.contains("secret"), "{text}");
            let read: Problem = serde_json::from_str(&text).expect("is read");
            assert_eq!(read.into_failure(), failure);
        }
    }

    #[test]
    fn a_code_of_a_newer_oikos_keeps_its_words() {
        let problem =
            Problem { code: "out_of_tea".to_owned(), ..Problem::new(&Failure::new(ErrorCode::Internal, "no tea")) };
        assert_eq!(problem.into_failure(), Failure::new(ErrorCode::Internal, "no tea"));
    }
}
