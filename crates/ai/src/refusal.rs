//! What a provider means when it says no. Providers say it in a status, in a word of their own and in prose; the word counts most.

use crate::{ModelError, ModelFault};
use http::HeaderMap;
use protocol::Timestamp;
use serde_json::Value;

/// A no, as a wire found it.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// The provider's codes and types.
    pub(crate) words: Vec<String>,
    /// Its prose.
    pub(crate) message: String,
    /// How long to stay away, where the body says so.
    pub(crate) retry_after_ms: Option<u64>,
}

/// Words of providers, and what they mean. From the types of their SDKs and the source of their servers.
const WORDS: &[(&str, ModelFault)] = &[
    // OpenAI, and those that follow it.
    ("context_length_exceeded", ModelFault::ContextTooLong),
    ("string_above_max_length", ModelFault::ContextTooLong),
    ("insufficient_quota", ModelFault::QuotaUsedUp),
    ("billing_hard_limit_reached", ModelFault::QuotaUsedUp),
    ("rate_limit_exceeded", ModelFault::RateLimited),
    ("invalid_api_key", ModelFault::Authentication),
    ("model_not_found", ModelFault::NotFound),
    ("content_filter", ModelFault::Refused),
    ("content_policy_violation", ModelFault::Refused),
    ("image_content_policy_violation", ModelFault::Refused),
    ("misalignment_policy_violation", ModelFault::Refused),
    ("bio_policy", ModelFault::Refused),
    ("server_error", ModelFault::Server),
    ("invalid_prompt", ModelFault::BadRequest),
    // llama.cpp.
    ("exceed_context_size_error", ModelFault::ContextTooLong),
    ("unavailable_error", ModelFault::Overloaded),
    // Anthropic.
    ("authentication_error", ModelFault::Authentication),
    ("permission_error", ModelFault::Permission),
    ("billing_error", ModelFault::QuotaUsedUp),
    ("not_found_error", ModelFault::NotFound),
    ("rate_limit_error", ModelFault::RateLimited),
    ("overloaded_error", ModelFault::Overloaded),
    ("timeout_error", ModelFault::Server),
    ("api_error", ModelFault::Server),
    // Google.
    ("UNAUTHENTICATED", ModelFault::Authentication),
    ("API_KEY_INVALID", ModelFault::Authentication),
    ("PERMISSION_DENIED", ModelFault::Permission),
    ("NOT_FOUND", ModelFault::NotFound),
    ("RESOURCE_EXHAUSTED", ModelFault::RateLimited),
    ("UNAVAILABLE", ModelFault::Overloaded),
    ("DEADLINE_EXCEEDED", ModelFault::Server),
    ("INTERNAL", ModelFault::Server),
];

/// Words that only say that the request is wrong: a status says more, where there is one.
const OF_REQUEST: &[&str] = &["invalid_request_error", "INVALID_ARGUMENT", "FAILED_PRECONDITION"];

/// Prose by which providers say that too much was said; they share no word for it.
const TOO_LONG: &[&str] = &[
    "context length",
    "context window",
    "context size",
    "context_length",
    "prompt is too long",
    "maximum number of tokens",
    "input is too long",
    "too many tokens",
    "input length exceeds",
];

impl Refusal {
    /// From an object that has a type, a code and a message under the names that nearly all have for them.
    pub(crate) fn read(object: &Value) -> Self {
        let words = ["code", "type", "status"].iter().filter_map(|name| object[*name].as_str());
        let named = || ["message", "detail", "error"].iter().find_map(|name| object[*name].as_str());
        // Some say no more than a sentence.
        let message = object.as_str().or_else(named);
        Self {
            words: words.map(str::to_owned).collect(),
            message: message.unwrap_or_default().to_owned(),
            retry_after_ms: None,
        }
    }

    /// What it means.
    pub(crate) fn error(self, status: Option<u16>) -> ModelError {
        let by_word =
            self.words.iter().find_map(|word| WORDS.iter().find(|(known, _)| known == word)).map(|(_, fault)| *fault);
        let of_request = by_word.is_none_or(|fault| fault == ModelFault::BadRequest);
        let fault = match status {
            Some(400 | 413 | 422) | None if of_request && self.is_too_long() => ModelFault::ContextTooLong,
            status => by_word.or_else(|| status.map(by_status)).unwrap_or_else(|| self.without_status()),
        };
        let error = ModelError::new(fault).said(&self.message).retry_after_ms(self.retry_after_ms);
        match status {
            Some(status) => error.status(status),
            None => error,
        }
    }

    /// Of what is said in the middle of an answer: whose fault it is.
    fn without_status(&self) -> ModelFault {
        let is_ours = self.words.iter().any(|word| OF_REQUEST.contains(&word.as_str()));
        if is_ours { ModelFault::BadRequest } else { ModelFault::Server }
    }

    fn is_too_long(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        TOO_LONG.iter().any(|words| message.contains(words))
    }
}

fn by_status(status: u16) -> ModelFault {
    match status {
        401 => ModelFault::Authentication,
        402 => ModelFault::QuotaUsedUp,
        403 => ModelFault::Permission,
        404 => ModelFault::NotFound,
        408 | 504 => ModelFault::Slow,
        413 => ModelFault::ContextTooLong,
        429 => ModelFault::RateLimited,
        503 | 529 => ModelFault::Overloaded,
        400..=499 => ModelFault::BadRequest,
        500..=599 => ModelFault::Server,
        // Not an error at all, or a redirect: a model API has neither.
        _ => ModelFault::Malformed,
    }
}

/// How long the head of an answer asks us to stay away.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|text| seconds_ms(text).map(|ms| ms / 1_000)) {
        return Some(ms);
    }
    let text = text("retry-after")?;
    seconds_ms(text).or_else(|| {
        let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        Some(Timestamp(at.as_millisecond()).since_ms(now))
    })
}

/// Seconds with or without a fraction, and with or without an `s`, in milliseconds, rounded up.
pub(crate) fn seconds_ms(text: &str) -> Option<u64> {
    let text = text.strip_suffix('s').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let seconds = whole.parse::<u64>().unwrap_or(u64::MAX);
    let digit = |place: usize| u64::from(fraction.as_bytes().get(place).map_or(0, |byte| byte - b'0'));
    let more = fraction.bytes().skip(3).any(|byte| byte != b'0');
    let ms = digit(0) * 100 + digit(1) * 10 + digit(2) + u64::from(more);
    Some(seconds.saturating_mul(1_000).saturating_add(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str], message: &str, status: Option<u16>) -> ModelFault {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Refusal { words, message: message.to_owned(), retry_after_ms: None }.error(status).fault
    }

    #[test]
    fn words_count_before_the_status() {
        assert_eq!(said(&["insufficient_quota"], "", Some(429)), ModelFault::QuotaUsedUp);
        assert_eq!(said(&["overloaded_error"], "", None), ModelFault::Overloaded);
        assert_eq!(said(&["unheard_of"], "", Some(529)), ModelFault::Overloaded);
        assert_eq!(said(&[], "", Some(301)), ModelFault::Malformed);
        assert_eq!(said(&[], "", None), ModelFault::Server);
    }

    #[test]
    fn too_much_said_is_known_by_prose_where_it_has_no_word() {
        let prose = "prompt is too long: 210000 tokens > 200000 maximum";
        assert_eq!(said(&["invalid_request_error"], prose, Some(400)), ModelFault::ContextTooLong);
        // Prose that a server repeats from a request decides nothing where the status says something else.
        assert_eq!(said(&[], prose, Some(401)), ModelFault::Authentication);
        assert_eq!(said(&["authentication_error"], prose, Some(400)), ModelFault::Authentication);
    }

    #[test]
    fn how_long_to_stay_away_is_read_in_each_form() {
        let now = Timestamp(784_111_777_000);
        let after = |name: &'static str, value: &'static str| {
            retry_after(
                &HeaderMap::from_iter([(http::HeaderName::from_static(name), http::HeaderValue::from_static(value))]),
                now,
            )
        };
        assert_eq!(after("retry-after", "2"), Some(2_000));
        assert_eq!(after("retry-after", "0.0301"), Some(31));
        assert_eq!(after("retry-after-ms", "1500"), Some(1_500));
        assert_eq!(after("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"), Some(3_000));
        assert_eq!(after("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT"), Some(0));
        assert_eq!(after("retry-after", "soon"), None);
        assert_eq!(after("retry-after", "-1"), None);
        assert_eq!(seconds_ms("34.074824224s"), Some(34_075));
        assert_eq!(seconds_ms("99999999999999999999999"), Some(u64::MAX));
    }
}
