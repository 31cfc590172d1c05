//! What is asked by an id: the same again is the same run, and anything else by that id is refused.

use crate::run::RunRequest;
use protocol::{Digest, ErrorCode, Failure, RequestId, RunId, sha256};
use serde_json::json;

/// What a caller calls a run by, and what it asks for: one id is one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    digest: Digest,
}

impl Asked {
    /// A request by its id. An input that says nothing is an empty one; the order of its fields says nothing either.
    pub(crate) fn of(request: &RunRequest) -> Option<Self> {
        let id = request.id?;
        let input = Some(&request.input).filter(|input| !input.is_null());
        let said = json!([request.app, request.action, input.unwrap_or(&json!({})), request.files]).to_string();
        Some(Self { id, digest: sha256(said.as_bytes()) })
    }

    /// As the store keeps it with the run that it stands for.
    pub(crate) fn row(&self, run: RunId) -> Vec<u8> {
        format!("{run} {}", self.digest).into_bytes()
    }

    /// The run that a row names, if it was asked for by the same request. Rows of before have a run alone.
    pub(crate) fn run(&self, row: &[u8]) -> Result<Option<RunId>, Failure> {
        let Ok(row) = std::str::from_utf8(row) else { return Ok(None) };
        let (run, digest) = row.split_once(' ').map_or((row, None), |(run, digest)| (run, Some(digest)));
        match digest {
            Some(digest) if digest != self.digest.to_string() => Err(another_request()),
            _ => Ok(run.parse().ok()),
        }
    }
}

pub(crate) fn another_request() -> Failure {
    Failure::new(ErrorCode::Conflict, "something else was run by this request id")
        .hint("a new UUID for each new request")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(input: &str) -> Asked {
        let request = RunRequest {
            id: Some("0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a".parse().expect("an id")),
            app: "notes".parse().expect("a name"),
            action: "add".parse().expect("a name"),
            input: serde_json::from_str(input).expect("JSON"),
            files: vec![],
        };
        Asked::of(&request).expect("has an id")
    }

    #[test]
    fn the_same_in_other_words_is_the_same() {
        assert_eq!(asked(r#"{ "a": 1, "b": { "c": [null], "d": 2 } }"#), asked(r#"{"b":{"d":2,"c":[null]},"a":1}"#));
        assert_eq!(asked("null"), asked("{}"));
        assert_ne!(asked("[1, 2]"), asked("[2, 1]"));
        assert_ne!(asked(r#"{ "a": "1" }"#), asked(r#"{ "a": 1 }"#));
    }

    #[test]
    fn rows_name_a_run_and_what_was_asked() {
        let run: RunId = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2b".parse().expect("an id");
        let (one, other) = (asked(r#"{ "a": 1 }"#), asked(r#"{ "a": 2 }"#));
        assert_eq!(one.run(&one.row(run)), Ok(Some(run)));
        assert_eq!(other.run(&one.row(run)).expect_err("another").code, ErrorCode::Conflict);
        assert_eq!(one.run(run.to_string().as_bytes()), Ok(Some(run)), "as it was kept before");
        assert_eq!((one.run(b"x"), one.run(&[0xff])), (Ok(None), Ok(None)));
    }
}
